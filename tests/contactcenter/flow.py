"""Playing a call through a scenario by hand: what workers and the sweep do, step by step and without a broker."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from contactcenter import activities, calls
from contactcenter.calls import CallReport
from contactcenter.models import Breaker, Interaction, OutboxEntry, Scenario, ScenarioRun, Service
from contactcenter.outbox import entries as outbox
from contactcenter.scenarios import engine
from tests.factories import ScenarioFactory, ServiceFactory

LIBRARY = Path(engine.__file__).parent / "library"


def library(name: str = "servicenow_inbound") -> dict[str, Any]:
    return json.loads((LIBRARY / f"{name}.json").read_text())


def scenario(definition: dict[str, Any]) -> Scenario:
    """With a version that runs, even where `publish` would refuse it: what was fine once may not be any more."""
    made = ScenarioFactory(definition=definition)
    made.versions.create(number=1, definition=definition)
    return made


def service(definition: dict[str, Any] | None = None) -> Service:
    return ServiceFactory(code="support", scenario=scenario(definition or library()))


def block(key: str, kind: str, settings: dict[str, Any] | None = None, **exits: str) -> dict[str, Any]:
    return {"key": key, "kind": kind, "title": key, "settings": settings or {}, "exits": exits}


def flow(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"start": blocks[0]["key"], "blocks": list(blocks)}


def report(event: str, call_id: str = "call-1", **more: Any) -> Interaction:
    """A telephony report, without any worker doing anything about it."""
    facts = {"from_number": "+14155550132", "service": "support", **more}
    return calls.apply(CallReport(call_id=call_id, event=event, **facts))


def run_of(interaction: Interaction) -> ScenarioRun:
    return ScenarioRun.objects.get(interaction=interaction)


def work(interaction: Interaction) -> Interaction:
    """Let the workers do everything that can be done now."""
    for _ in range(20):
        for run in ScenarioRun.objects.filter(interaction=interaction, status__in=engine.OPEN):
            engine.advance(run.pk)
        due = list(outbox.heads().values_list("record_key", flat=True))
        if not due:
            break
        for key in due:
            outbox.deliver_record(key)
    interaction.refresh_from_db()
    return interaction


def play(*events: str, call_id: str = "call-1", **more: Any) -> Interaction:
    """Report these events one after the other, with the workers keeping up."""
    interaction = None
    for event in events:
        interaction = work(report(event, call_id, **(more if event == "offered" else {})))
    assert interaction is not None
    return interaction


def complete(interaction: Interaction) -> Interaction:
    from contactcenter import interactions

    with transaction.atomic():
        interactions.complete(interactions.locked(interaction.pk))
    interaction.refresh_from_db()
    return interaction


def whole_call(**more: Any) -> Interaction:
    """A call that agent1 answers, ends and completes, with the workers keeping up."""
    play("offered", **more)
    work(report("answered", agent="agent1"))
    return work(complete(work(report("released"))))


def made_up_for(interaction: Interaction) -> Interaction:
    """The CRM is back: a person retries what needs attention, and every wait ends."""
    for entry in interaction.outbox.filter(status=OutboxEntry.Status.STUCK).order_by("pk"):
        activities.retry(entry)
    for _ in range(3):
        time_passes()
        work(interaction)
    return interaction


def leases_run_out() -> None:
    """A worker was killed a while ago."""
    past = timezone.now() - timedelta(seconds=1)
    for model in (ScenarioRun, OutboxEntry):
        model.objects.exclude(leased_until=None).update(leased_until=past)


def time_passes() -> None:
    """Every wait of the outbox is over."""
    OutboxEntry.objects.filter(status__in=outbox.OPEN).update(due_at=timezone.now())
    Breaker.objects.update(next_try_at=timezone.now())


def entries(interaction: Interaction) -> list[tuple[str, str]]:
    return [(entry.operation, entry.status) for entry in interaction.outbox.order_by("pk")]


def steps(interaction: Interaction) -> list[tuple[str, str]]:
    return [(step.block, step.exit) for step in run_of(interaction).steps.order_by("number")]


status_of = activities.status_of
