"""Saved runs: a call, the answers it got and what must stay equal, run again as a test; and their files.

A file is YAML (JSON is YAML too): {"scenario", "name", "call", "compare", "expected", "simulated", "recorded", "world",
"definition"}. `recorded` may be left out: then simulators answer. `definition` is the scenario itself or the path of
its JSON file, seen from the test's file; `world` is described in `small_world`. Both let the file run by itself."""

import time
from dataclasses import dataclass
from typing import Any

import yaml
from django.utils import timezone

from contactcenter.models import Scenario, ScenarioTest

from . import facts, small_world
from .answers import Answers, neutral
from .calls import BadCall, Call
from .play import rehearse

FORMAT = "dry run of a scenario"
LARGEST_FILE = 2_000_000
PARTS = ("scenario", "name", "call", "compare", "expected", "simulated", "recorded", "world", "definition")


class BadFile(ValueError):
    """A file that holds no saved run; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Result:
    """`ok` when everything that is compared is as it was. `story` is the run that was compared."""

    ok: bool
    differences: list[str]
    took: float
    story: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {"ok": self.ok, "differences": self.differences, "seconds": round(self.took, 2)}


def save(scenario: Scenario, name: str, story: dict[str, Any], compare: list[str], *, recorded: bool) -> ScenarioTest:
    """Keep a run as a test, in the place of one with this name. Without `recorded` simulators answer again."""
    kept = facts.facts_of(story)
    call = {**story["call"]["input"], "at": story["cards"][0]["at"] if story["cards"] else ""}
    test, _made = ScenarioTest.objects.update_or_create(
        scenario=scenario,
        name=name,
        defaults={
            "call": call,
            "compare": compare,
            "expected": {kind: kept[kind] for kind in compare},
            "recorded": neutral(story["recordings"]) if recorded else None,
            "simulated": story.get("simulated", True),
            "last_ok": None,
            "last_result": {},
            "last_run_at": None,
        },
    )
    return test


def run(test: ScenarioTest, definition: Any = None) -> Result:
    """Run a test on its scenario's working copy, or on another definition. Stores nothing."""
    return check(test.to_json(), definition or test.scenario.definition, test.scenario)


def run_and_note(test: ScenarioTest) -> Result:
    """The same, and keep the result with the test."""
    result = run(test)
    test.last_ok, test.last_result, test.last_run_at = result.ok, result.to_json(), timezone.now()
    test.save(update_fields=["last_ok", "last_result", "last_run_at"])
    return result


def check(saved: dict[str, Any], definition: Any, scenario: Scenario | None = None) -> Result:
    """Run what a file or a row describes; a file with a `world` runs in that. Raises `BadCall`."""
    began = time.monotonic()
    answers = Answers(
        recorded=saved.get("recorded"),
        fault=str(saved["call"].get("fault", "")),
        simulated=saved.get("simulated", True),
    )
    story = rehearse(
        definition, Call.from_json(saved["call"]), answers, scenario=scenario, surroundings=saved.get("world")
    )
    found = facts.differences(saved["expected"], facts.facts_of(story), list(saved["compare"]))
    if story["status"] == "unusable":
        found = [story["error"]]
    return Result(not found, found, time.monotonic() - began, story)


# -- files


def renewed(found: dict[str, Any], definition: Any) -> dict[str, Any]:
    """A file's test as the run goes today: simulators answer anew, and what happens now is what is expected.

    Raises `BadCall`, and `BadFile` for a run that cannot be played."""
    call = Call.from_json(found["call"])
    story = rehearse(definition, call, Answers(recorded=None, fault=call.fault), surroundings=found["world"])
    if story["status"] == "unusable":
        raise BadFile(story["error"])
    kept = facts.facts_of(story)
    answers = {"recorded": neutral(story["recordings"])} if found.get("recorded") is not None else {}
    return {**found, **answers, "expected": {kind: kept[kind] for kind in found["compare"]}}


def to_yaml(test: ScenarioTest) -> str:
    definition, call = test.scenario.definition, Call.from_json(test.call)
    saved = {"scenario": test.scenario.name, **test.to_json()}
    if saved["recorded"] is None:
        del saved["recorded"]
    saved["world"] = small_world.seen_by(call, definition, test.recorded or [])
    saved["definition"] = definition
    return written(saved)


def written(saved: dict[str, Any]) -> str:
    """A saved run as the text of its file."""
    text = yaml.dump(saved, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return f"# {FORMAT.capitalize()}, saved as a test.\n{text}"


class _Dumper(yaml.SafeDumper):
    """Long texts as blocks of lines, so that a change of a recorded answer can be read in a comparison of files."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text.strip() else None)


_Dumper.add_representer(str, _text)


def from_yaml(text: str) -> dict[str, Any]:
    """What a file describes. Raises `BadFile` in words."""
    if len(text) > LARGEST_FILE:
        raise BadFile(f"The file is larger than {LARGEST_FILE:,} characters.")
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadFile(f"This is neither YAML nor JSON. {error}") from None
    if not isinstance(found, dict):
        raise BadFile("A saved run is an object with the names " + ", ".join(PARTS) + ".")
    unknown = sorted(set(found) - set(PARTS), key=str)
    if unknown:
        raise BadFile(f'A saved run has no "{unknown[0]}". It has: {", ".join(PARTS)}.')
    _check_parts(found)
    return found


def _check_parts(found: dict[str, Any]) -> None:
    for part, kind in (("name", str), ("call", dict), ("compare", list), ("expected", dict)):
        if not isinstance(found.get(part), kind):
            raise BadFile(f'"{part}" is missing, or is not what it should be.')
    for kind in found["compare"]:
        if kind not in facts.KINDS:
            raise BadFile(f'"{kind}" cannot be compared. Known: {", ".join(facts.KINDS)}.')
    if not isinstance(found.get("world"), dict | None):
        raise BadFile('"world" is an object of accounts, agents and a service.')
    if not isinstance(found.get("recorded"), list | None):
        raise BadFile('"recorded" is a list of requests with their answers.')
    try:
        Call.from_json(found["call"])
    except BadCall as error:
        raise BadFile(f"The call cannot be played. {error}") from None


def take_in(scenario: Scenario, text: str) -> ScenarioTest:
    """Add a file's test to a scenario, in the place of one with the same name. Raises `BadFile`."""
    found = from_yaml(text)
    test, _made = ScenarioTest.objects.update_or_create(
        scenario=scenario,
        name=str(found["name"])[:120],
        defaults={
            "call": Call.from_json(found["call"]).to_json(),
            "compare": found["compare"],
            "expected": found["expected"],
            "recorded": found.get("recorded"),
            "simulated": bool(found.get("simulated", True)),
            "last_ok": None,
        },
    )
    return test
