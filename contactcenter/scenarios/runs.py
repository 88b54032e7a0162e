"""Real runs, as people look at them: where one stands, what it waits for, and the two things a person can do."""

from datetime import datetime
from typing import Any

from django.db import models as columns
from django.utils import timezone

from contactcenter.models import ScenarioRun
from integrations import leases, redaction

from . import definition, engine
from .blocks import BY_KIND
from .blocks.base import FAILED, NEXT
from .context import MEMORY

Status = ScenarioRun.Status
LONGEST_VALUE = 400
NOT_A_WAIT = ("leased_until", "started_at", "finished_at")


def end_of_wait(run: ScenarioRun) -> datetime | None:
    """When the waiting run goes on by itself; None where it waits for events alone. Whichever column holds it."""
    times = [time for time in (getattr(run, name) for name in _waiting_columns()) if time is not None]
    return max(times, default=None)


def _waiting_columns() -> list[str]:
    dates = (field for field in ScenarioRun._meta.concrete_fields if isinstance(field, columns.DateTimeField))
    return [field.name for field in dates if field.name not in NOT_A_WAIT]


def block_of(run: ScenarioRun) -> dict[str, Any]:
    """The block at which the run stands; empty where its definition cannot be read."""
    try:
        return definition.blocks_of(run.version.definition).get(run.block, {})
    except (KeyError, TypeError):
        return {}


def title_of(run: ScenarioRun) -> str:
    block = block_of(run)
    return str(block.get("title") or run.block)


def waits_for(run: ScenarioRun) -> list[str]:
    """The exits that an event may open, by their labels; empty for a run that does not wait."""
    kind = BY_KIND.get(str(block_of(run).get("kind", "")))
    if run.status != Status.WAITING or kind is None:
        return []
    return [str(label) for exit, label in kind.exits.items() if exit not in (NEXT, FAILED)]


def variables_shown(run: ScenarioRun) -> list[tuple[str, Any]]:
    """Names and values, masked where they are secret, long ones cut."""
    found: list[tuple[str, Any]] = []
    for name, value in sorted(run.variables.items()):
        if name == MEMORY:
            continue
        if redaction.is_sensitive(name):
            found.append((name, redaction.MASK))
            continue
        masked = redaction.mask(value) if isinstance(value, str) else redaction.mask_json(value)
        found.append((name, masked[:LONGEST_VALUE] if isinstance(masked, str) else masked))
    return found


# -- what a person can do


def stop(run: ScenarioRun, by: str) -> bool:
    """End the run; routing connects the caller. False where a worker is at it this very moment, or it is over."""
    owner = leases.claim(run, where=columns.Q(status__in=engine.OPEN))
    if not owner:
        return False
    try:
        held = ScenarioRun.objects.select_related("version", "interaction").get(pk=run.pk)
        engine.Walk(held, owner).fail(f"Stopped by {by}.")
    finally:
        leases.release(run, owner)
    return True


def go_on(run: ScenarioRun) -> bool:
    """End the wait, where it is one of time, and send a worker. False where the run is over."""
    waiting = ScenarioRun.objects.filter(pk=run.pk, status__in=engine.OPEN)
    for name in _waiting_columns():
        waiting.filter(**{f"{name}__gt": timezone.now()}).update(**{name: timezone.now()})
    if not waiting.exists():
        return False
    engine.notify(run.interaction)
    return True
