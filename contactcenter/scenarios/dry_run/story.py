"""Writes down what a dry run does, block by block, as JSON that a page can show and a test can compare."""

import copy
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Max, Model

from contactcenter.models import Agent, AgentEvent, Interaction, InteractionEvent, OutboxEntry
from contactcenter.scenarios.blocks import BY_KIND
from contactcenter.scenarios.blocks.base import FAILED, WAIT
from contactcenter.scenarios.context import MEMORY, Context
from contactcenter.scenarios.definition import BlockData
from contactcenter.scenarios.values import Values
from integrations.clock import Clock
from integrations.wire import redaction

from .answers import Answers
from .escaping import values_of
from .shadow import models

CHANGING = re.compile(r'\s*(INSERT|UPDATE|DELETE|REPLACE)[^"]*"(\w+)"', re.IGNORECASE)
# Tables whose changes are told in words of their own, or that are the machinery of every run.
TOLD = {
    "agent", "agentcheck", "agentevent", "agentmatch", "agentstatechange", "apicall", "breaker", "checkresult",
    "contenttype", "dailycount",
    "feedstate", "integrationaccount", "interaction", "interactionevent", "oauthtoken", "outboxentry",
    "recordingqueueitem", "scenariorequest", "scenariorun", "scenariostep",
}  # fmt: skip
LONGEST_VALUE = 1000
MOST_ROWS = 20
JSONDict = dict[str, Any]


class Notebook:
    """The cards so far, and how far each table has been looked at."""

    def __init__(self, answers: Answers, clock: Clock) -> None:
        self.answers = answers
        self.clock = clock
        self.cards: list[JSONDict] = []
        self.variables: JSONDict = {}
        self.seen: JSONDict = {"exchanges": 0, "held": 0, "pops": 0}
        self.changes: dict[str, list[str]] = {}
        self.last: dict[type[Model], int] = {}
        self.entries: dict[int, str] = {}

    # -- looking at the tables

    def watch(self) -> None:
        """From now on what is written is news."""
        self.last = {model: _last(model) for model in models() if _has_number(model)}
        connection.execute_wrappers.append(self._note_change)

    def _note_change(self, execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        changing = CHANGING.match(sql)
        if changing:
            self.changes.setdefault(changing[2], []).append(changing[1].upper())
        return execute(sql, params, many, context)

    def new(self, model: type[Model]) -> list[Any]:
        """Rows that came since the last look, oldest first."""
        found = list(model._default_manager.filter(pk__gt=self.last.get(model, 0)).order_by("pk"))
        if found:
            self.last[model] = found[-1].pk
        return found

    # -- cards

    def moment(self, kind: str, detail: str = "", tone: str = "info") -> None:
        """Something happens to the call."""
        self.cards.append({"type": "event", "kind": kind, "detail": detail, "tone": tone, **self._at()})

    def step(
        self,
        interaction: Interaction,
        block: BlockData,
        exit: str,
        variables: JSONDict,
        *,
        context: Context | None,
        outcome: JSONDict | None,
        error: str,
        took: int,
    ) -> None:
        """A block ran, or a block that waits heard something (then there is no context)."""
        kind = BY_KIND[block["kind"]]
        before, after = self.variables, _own(variables)
        self.variables = copy.deepcopy(after)
        self.cards.append({
            "type": "block" if context else "heard",
            "number": len(self.cards) + 1,
            "key": block["key"],
            "kind": block["kind"],
            "kind_label": str(kind.label),
            "title": str(block.get("title") or kind.label),
            "exit": exit,
            "exit_label": "" if exit == WAIT else str(kind.exits.get(exit, exit)),
            "tone": "bad" if error or exit == FAILED else "info" if exit == WAIT else "ok",
            "error": _masked(error),
            "took": took,
            "settings": _settings(kind, block, context, before, interaction),
            "outcome": _masked(_outcome(context.outcome if context else outcome or {})),
            "unknown": context.values.missing if context else [],
            "variables": list(_changed(before, after)),
            **self.effects(),
            **self._at(),
        })  # fmt: skip

    def afterwards(self) -> None:
        """What workers would do when the scenario has let go: the history, what is sent later."""
        effects = self.effects()
        if any(effects[name] for name in ("requests", "writes", "rang", "pops", "rows")):
            self.cards.append({"type": "afterwards", "tone": "info", **effects, **self._at()})

    def effects(self) -> JSONDict:
        """Everything that happened since the last look."""
        exchanges, held = self.answers.exchanges, self.answers.held
        requests = copy.deepcopy(exchanges[self.seen["exchanges"] :])
        kept_back = [each for each in held[self.seen["held"] :] if each["what"] != "message"]
        self.seen |= {"exchanges": len(exchanges), "held": len(held)}
        return {
            "requests": requests,
            "writes": list(self._writes()),
            "rang": [
                {"what": event.kind, "agent": str(event.agent or ""), "login": event.agent.login if event.agent else ""}
                for event in self.new(InteractionEvent)
                if event.kind in ("ringing", "queued", "signal")
            ],
            "pops": [_masked(event.data) for event in self._pops()],
            "rows": list(self._rows()),
            "held": kept_back,
        }

    def _pops(self) -> Iterator[Any]:
        """Pages that open: told to an agent, or kept for the one whom it will ring."""
        self.new(AgentEvent)
        interaction = Interaction.objects.order_by("pk").first()
        pops = (interaction.records if interaction else {}).get("screen_pops", [])
        for pop in pops[self.seen["pops"] :]:
            yield _Pop(pop)
        self.seen["pops"] = len(pops)

    def _writes(self) -> Iterator[JSONDict]:
        """Entries of the outbox that are new, or that stand differently than at the last look."""
        self.last.pop(OutboxEntry, None)
        for entry in OutboxEntry.objects.select_related("account").order_by("pk"):
            standing = f"{entry.status}:{entry.last_error}"
            if self.entries.get(entry.pk) == standing:
                continue
            again = entry.pk in self.entries
            self.entries[entry.pk] = standing
            yield {
                "operation": entry.operation, "operation_label": str(entry.get_operation_display()),
                "account": entry.account.name, "status": entry.status, "status_label": str(entry.get_status_display()),
                "payload": _masked(_named(entry.payload)), "result": _masked(entry.result), "again": again,
                "error": _masked(entry.last_error), "entry": entry.pk,
            }  # fmt: skip

    def _rows(self) -> Iterator[JSONDict]:
        """Other tables that were written to: blocks that put mails, messages and the like on their way."""
        changes, self.changes = self.changes, {}
        for model in models():
            done = changes.get(model._meta.db_table)
            if not done or model._meta.model_name in TOLD or model._meta.app_label in ("sessions", "auditlog"):
                continue
            added = self.new(model)[:MOST_ROWS] if model in self.last else []
            yield {
                "table": str(model._meta.verbose_name_plural),
                "added": [_fields(row) for row in added],
                "changed": sum(what != "INSERT" for what in done),
            }

    def _at(self) -> JSONDict:
        return {"at": self.clock.now.isoformat(), "seconds": round(self.clock.passed, 1)}


class _Pop:
    def __init__(self, data: JSONDict) -> None:
        self.data = {name: value for name, value in data.items() if name != "interaction"}


def _has_number(model: type[Model]) -> bool:
    return model._meta.pk is not None and model._meta.pk.get_internal_type().endswith("AutoField")


def _last(model: type[Model]) -> int:
    return int(model._base_manager.aggregate(last=Max("pk"))["last"] or 0)


def _named(payload: Any) -> Any:
    """A payload with log-ins in the place of our agents' numbers: the same in every database, and readable."""
    if not isinstance(payload, dict):
        return payload
    return {
        name: _login(value) if name in ("$agent", "agent") and isinstance(value, int) else _named(value)
        for name, value in payload.items()
    }


def _login(number: int) -> str:
    agent = Agent.objects.select_related("user").filter(pk=number).first()
    return agent.login if agent else ""


def _own(variables: JSONDict) -> JSONDict:
    """The scenario's variables, without the engine's notes."""
    return {name: value for name, value in variables.items() if name != MEMORY}


def _changed(before: JSONDict, after: JSONDict) -> Iterator[JSONDict]:
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield {"name": name, "before": shown(name, before.get(name)), "after": shown(name, after.get(name))}


def shown(name: str, value: Any) -> Any:
    """A variable's value for people: short, and masked where name or value are secret."""
    if value is not None and redaction.is_sensitive(name):
        return redaction.MASK
    if isinstance(value, dict) and "records" in value:
        return _masked({"count": value.get("count"), "records": value["records"][:5]})
    return _masked(value)


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return redaction.mask(value)[: 4 * LONGEST_VALUE]
    return redaction.mask_json(json.loads(json.dumps(value, default=str)))


def _outcome(outcome: JSONDict) -> JSONDict:
    """What is shown elsewhere on the card is left out."""
    return {name: value for name, value in outcome.items() if name not in ("pop", "entry", "result")}


def _settings(
    kind: Any, block: BlockData, context: Context | None, before: JSONDict, interaction: Interaction
) -> list[JSONDict]:
    if context is None:
        return []
    form = kind.Settings
    given = form.with_defaults(block.get("settings", {}))
    lookup = Values(before, interaction, _agent_of(context)).text
    found = []
    for name, field in form.base_fields.items():
        template, text = given.get(name), context.resolved.get(name, given.get(name))
        if template in ("", None, {}, []) and text in ("", None, {}, []):
            continue
        found.append({
            "name": name, "label": str(field.label or name), "template": template, "text": _words(field, text),
            "values": values_of(template, text if text != template else None, lookup),
        })  # fmt: skip
    return found


def _words(field: Any, value: Any) -> Any:
    """What a setting says: for a choice the words of the form."""
    labels = dict(getattr(field, "choices", []))
    return str(labels[value]) if isinstance(value, str) and value in labels else _masked(value)


def _agent_of(context: Context) -> Agent | None:
    return context.values.agent


def _fields(row: Model) -> JSONDict:
    """A row for people: what it says, without keys and leases."""
    found = {}
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if field.primary_key or field.is_relation or field.name.startswith("lease") or value in ("", None, {}, []):
            continue
        text = value.isoformat() if isinstance(value, datetime) else value
        plain = text if isinstance(text, int | float | dict | list) else str(text)
        found[str(field.verbose_name)] = shown(field.name, plain)
    return found
