"""`manage.py run_scenario NAME --json [KEY=VALUE...]`: run a scenario, dry or for real, or its saved tests.

Exit status 0 when it came to its end without a failure (or when every test is as it was saved), 1 when not. With
`--json` standard output holds exactly one JSON object, without secrets."""

import json
import sys
import uuid
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from contactcenter import calls
from contactcenter.errors import NotPossible
from contactcenter.models import Scenario, ScenarioRun, Service
from contactcenter.scenarios import engine, runs
from contactcenter.scenarios.dry_run import Call, rehearse, saved
from contactcenter.scenarios.dry_run.answers import Answers
from contactcenter.scenarios.dry_run.calls import BadCall
from contactcenter.scenarios.pytest_plugin import definition_of
from contactcenter.scenarios.settings_fields import NAME
from integrations.models import IntegrationAccount
from integrations.wire import redaction

# What describes the call; every other KEY=VALUE is a variable of the scenario.
CALL_KEYS = {
    "call.number": "number", "call.called": "called", "call.service": "service", "call.at": "at", "call.agent": "agent",
    "call.page": "page", "call.outcome": "outcome", "call.disposition": "disposition", "call.notes": "notes",
    "call.fault": "fault",
}  # fmt: skip
HELP = """Runs a scenario. KEY=VALUE sets a variable; call.KEY=VALUE describes the call:
  number, called, service, at, agent, page, outcome (released, answered, abandoned, ringing), disposition, notes, fault.

With --dry-run nothing real is touched: simulators answer, everything happens in memory.

Without it the call is REAL, though nobody has dialled: an inbound interaction is made for a service of the scenario,
agents are rung, accounts that are not simulated are asked and written to, histories and statistics count it. That needs
--for-real, and is refused without. The call is not ended by this command; hang it up as any other.

With --test or --all-tests saved tests are run instead, with --file one that lies in a file."""


class NotRun(Exception):
    """It cannot be run like this. The sentence says why and what to do."""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        """`--version` names the scenario's here, not Django's; values may stand before and after the options."""
        parser = super().create_parser(
            *args, formatter_class=RawDescriptionHelpFormatter, conflict_handler="resolve", **kwargs
        )
        parser.parse_args = parser.parse_intermixed_args  # type: ignore[method-assign]
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", default="", help="The scenario's name. May be left out with --file.")
        parser.add_argument("values", nargs="*", metavar="KEY=VALUE", help="Variables, and call.KEY=VALUE.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--dry-run", action="store_true", help="Touch nothing real.")
        how.add_argument("--for-real", action="store_true", help="Make a real call that agents and vendors see.")
        how.add_argument("--test", metavar="NAME", default="", help="Run one saved test.")
        how.add_argument("--all-tests", action="store_true", help="Run every saved test of the scenario.")
        how.add_argument("--file", metavar="FILE", default="", help="Run a saved test that lies in a file.")
        parser.add_argument(
            "--version", metavar="N", type=int, default=0, dest="number", help="Dry run of this version; else of the "
            "working copy."
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = _found(options)
        except (NotRun, BadCall, saved.BadFile, NotPossible) as problem:
            found = {"ok": False, "message": str(problem)}
        if options["json"]:
            self.stdout.write(redaction.mask(json.dumps(found, ensure_ascii=False, default=str)))
        else:
            self.stdout.write(redaction.mask("\n".join(_lines(found))))
        if not found["ok"]:
            sys.exit(1)


def _found(options: dict[str, Any]) -> dict[str, Any]:
    if options["file"]:
        return _file(Path(options["file"]), options["name"])
    scenario = _scenario(options["name"])
    if options["all_tests"] or options["test"]:
        return _tests(scenario, options["test"])
    call = call_of(options["values"])
    if options["dry_run"]:
        return _dry(scenario, call, options["number"])
    return _real(scenario, call, confirmed=options["for_real"])


def _scenario(name: str) -> Scenario:
    found = Scenario.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(f'"{each}"' for each in Scenario.objects.values_list("name", flat=True)[:20])
        raise NotRun(f'There is no scenario "{name}". Known: {known or "none yet"}.')
    return found


def call_of(values: list[str]) -> Call:
    """The call and its variables. Raises `NotRun` and `BadCall`."""
    described: dict[str, Any] = {"outcome": "ringing"}
    variables: dict[str, str] = {}
    for each in values:
        key, equals, value = each.partition("=")
        if not equals:
            raise NotRun(f'"{each}" is not of the form KEY=VALUE.')
        if key in CALL_KEYS:
            described[CALL_KEYS[key]] = value
        elif key.startswith("call."):
            raise NotRun(f'A call has no "{key}". Known: {", ".join(CALL_KEYS)}.')
        elif not NAME.fullmatch(key) or key.startswith("_"):
            raise NotRun(f'"{key}" is no name of a variable.')
        else:
            variables[key] = value
    if described.get("agent") and "call.outcome" not in {each.partition("=")[0] for each in values}:
        described["outcome"] = "released"
    return Call.from_json({**described, "variables": variables})


# -- dry


def _dry(scenario: Scenario, call: Call, number: int) -> dict[str, Any]:
    version = scenario.versions.filter(number=number).first() if number else None
    if number and version is None:
        raise NotRun(f"{scenario} has no version {number}.")
    answers = Answers(recorded=None, fault=call.fault)
    definition = version.definition if version else scenario.definition
    story = rehearse(definition, call, answers, scenario=scenario, number=number or 1)
    return {**_told(scenario.name, story), "dry_run": True}


def _told(name: str, story: dict[str, Any]) -> dict[str, Any]:
    blocks = [card for card in story["cards"] if card["type"] in ("block", "heard")]
    failed = [card for card in blocks if card["tone"] == "bad"]
    ok = story["status"] in ("finished", "waiting") and not failed
    message = story["error"] or (failed[0]["error"] if failed else "")
    return {
        "ok": ok,
        "message": message or ("It went to its end." if story["status"] == "finished" else "It waits."),
        "scenario": name,
        "status": story["status"],
        "steps": [{"block": c["key"], "title": c["title"], "exit": c["exit"], "error": c["error"]} for c in blocks],
        "requests": [
            {name: each[name] for name in ("account", "method", "url", "status", "error", "by")}
            for card in story["cards"] for each in card.get("requests", [])
        ],
        "writes": [
            {name: each[name] for name in ("operation", "account", "status", "payload")}
            for card in story["cards"] for each in card.get("writes", []) if not each["again"]
        ],
        "variables": story["variables"],
    }  # fmt: skip


# -- tests


def _tests(scenario: Scenario, name: str) -> dict[str, Any]:
    tests = list(scenario.tests.filter(name=name) if name else scenario.tests.all())
    if name and not tests:
        raise NotRun(f'{scenario} has no saved test "{name}".')
    results = [{"name": test.name, **_run_test(test)} for test in tests]
    failed = sum(not result["ok"] for result in results)
    message = f"{failed} of {len(results)} differ." if failed else f"All {len(results)} came out as they were saved."
    return {"ok": not failed, "message": message, "scenario": scenario.name, "tests": results}


def _run_test(test: Any) -> dict[str, Any]:
    try:
        return saved.run_and_note(test).to_json()
    except BadCall as error:
        return {"ok": False, "differences": [str(error)]}


def _file(path: Path, name: str) -> dict[str, Any]:
    """A file runs on its own definition, or on the scenario that is named."""
    try:
        found = saved.from_yaml(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise NotRun(f"{path} cannot be read: {error}") from None
    if name:
        scenario = _scenario(name)
        result = saved.check({**found, "world": None}, scenario.definition, scenario)
    else:
        result = saved.check({"world": {}, **found}, definition_of(found, path))
    message = "It came out as it was saved." if result.ok else "It differs from what was saved."
    return {"ok": result.ok, "message": message, "tests": [{"name": found["name"], **result.to_json()}]}


# -- for real


def _real(scenario: Scenario, call: Call, *, confirmed: bool) -> dict[str, Any]:
    live = list(IntegrationAccount.objects.filter(enabled=True, simulated=False).values_list("name", flat=True)[:20])
    if not confirmed:
        whom = f" These accounts are not simulated: {', '.join(live)}." if live else ""
        raise NotRun(
            "This would be a real call: agents ring, and what the scenario writes is written." + whom
            + " Use --dry-run, or --for-real if that is what you want."
        )  # fmt: skip
    service = _service(scenario, call)
    report = calls.CallReport(
        call_id=f"run_scenario-{uuid.uuid4().hex[:12]}", event="offered", from_number=call.number,
        to_number=call.called, service=service.code,
    )  # fmt: skip
    with transaction.atomic():  # workers see the run with its variables
        interaction = calls.apply(report)
        run = ScenarioRun.objects.filter(interaction=interaction).first()
        if run is None:
            raise NotRun(f"{scenario} is not published, so a call does not run it. Publish it first.")
        run.variables = dict(call.variables)
        run.save(update_fields=["variables"])
    engine.advance(run.pk)
    run.refresh_from_db()
    steps = list(run.steps.values("block", "exit", "error"))
    return {
        "ok": run.status != ScenarioRun.Status.FAILED and not any(step["error"] for step in steps),
        "message": run.error or f"The call is {interaction.reference}. It goes on as any other.",
        "scenario": scenario.name, "status": run.status, "interaction": str(interaction.public_id), "steps": steps,
        "variables": dict(runs.variables_shown(run)), "dry_run": False,
    }  # fmt: skip


def _service(scenario: Scenario, call: Call) -> Service:
    mine = Service.objects.filter(scenario=scenario, enabled=True)
    found = mine.filter(code=call.service).first() if call.service else mine.order_by("pk").first()
    if found is None:
        raise NotRun(f"No service that is switched on runs {scenario}. Choose it on a service first.")
    return found


# -- for people


def _lines(found: dict[str, Any]) -> list[str]:
    lines = [found["message"]]
    for step in found.get("steps", []):
        lines.append(f"  {step.get('title') or step['block']} -> {step['exit']}{_because(step['error'])}")
    for test in found.get("tests", []):
        lines.append(f"  {'ok     ' if test['ok'] else 'DIFFERS'} {test['name']}")
        lines += [f"          {sentence}" for sentence in test["differences"]]
    return lines


def _because(error: str) -> str:
    return f": {error}" if error else ""
