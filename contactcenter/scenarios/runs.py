"""Real runs, as people look at them: where one stands, what it waits for, and the two things a person can do."""

from typing import Any

from django.db.models import Q
from django.utils import timezone

from contactcenter.models import ScenarioRun, ScenarioVersion
from integrations import leases
from integrations.wire import redaction

from . import definition, engine
from .blocks import BY_KIND
from .blocks.base import FAILED, NEXT
from .memory import MEMORY, Memory

Status = ScenarioRun.Status
LONGEST_VALUE = 400


def block_of(run: ScenarioRun) -> dict[str, Any]:
    """The block at which the run stands, in the scenario that is at work; empty where that cannot be read."""
    entered = Memory(dict(run.variables)).version_id
    at_work = ScenarioVersion.objects.filter(pk=entered).first() if entered else run.version
    try:
        return definition.blocks_of(at_work.definition).get(run.block, {}) if at_work else {}
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
    owner = leases.claim(run, where=Q(status__in=engine.OPEN))
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
    waiting.filter(due_at__gt=timezone.now()).update(due_at=timezone.now())
    if not waiting.exists():
        return False
    engine.notify(run.interaction)
    return True
