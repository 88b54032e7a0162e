"""Walks interactions through their scenarios.

All that a run knows is in its row: the block to run next, the variables, how far it has heard the interaction's events.
A block's effects outside of that row are safe to repeat (see `blocks.base`), and the step, the variables and the new
position are saved in one transaction afterwards. So a worker can die at any instruction; the next one takes the lease
when it runs out and goes on from the last saved position.

Nobody sleeps here. A block that waits ends the task; an event of the interaction (`notify`) or the sweep begins the
next. A caller never waits for a faulty scenario: when a run fails or does not connect the call, routing acts. How one
run is walked through is in `walk`."""

import logging
from contextvars import ContextVar

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from contactcenter.models import Interaction, InteractionEvent, ScenarioRun
from contactcenter.nudge import nudge
from integrations import leases

from .blocks.base import Busy
from .walk import LONGEST_RUN, MOST_STEPS, MOST_VARIABLES, OF_INTERACTION, OPEN, Lost, Status, Walk

__all__ = ["LONGEST_RUN", "MOST_STEPS", "MOST_VARIABLES", "OPEN", "Lost", "Walk", "advance", "notify", "start", "sweep"]

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 100
# A message to a worker is worthless after this: the next sweep has sent another one.
MESSAGE_SECONDS = 5.0
# The interaction whose run this thread holds.
_held: ContextVar[int | None] = ContextVar("held", default=None)


# -- the doors


def start(interaction: Interaction) -> ScenarioRun | None:
    """Begin the scenario of the interaction's service in its latest published version; None where there is none.

    Belongs into the caller's transaction. Repeating it returns the run that is there."""
    scenario = interaction.service.scenario if interaction.service else None
    version = scenario.versions.order_by("-number").first() if scenario else None
    if version is None:
        return None
    run, created = ScenarioRun.objects.get_or_create(
        interaction=interaction,
        defaults={"version": version, "block": str(version.definition.get("start", ""))},
    )
    if created:
        _send(run.pk)
    return run


def notify(interaction: Interaction) -> None:
    """Something happened to the interaction: let a worker look, after the caller's transaction.

    Who holds the run needs no message: another worker would be turned away, and `advance` looks again at the end."""
    if _held.get() == interaction.pk:
        return
    run_id = ScenarioRun.objects.filter(interaction=interaction, status__in=OPEN).values_list("pk", flat=True).first()
    if run_id is not None:
        _send(run_id)


def advance(run_id: int) -> None:
    """Go on with a run as far as it goes. Harmless when somebody else has it, or when there is nothing to do."""
    while _advance(run_id):
        continue  # something happened while we held the lease, and whoever was told of it has been turned away


def sweep() -> int:
    """Send workers to runs that nobody goes on with; returns how many. Called every second."""
    now = timezone.now()
    overdue = Q(started_at__lte=now - LONGEST_RUN)
    open_runs = ScenarioRun.objects.filter(leases.free(now), status__in=OPEN)
    wait_is_over = Q(status=Status.WAITING, due_at__lte=now)
    forgotten = open_runs.filter(Q(status=Status.RUNNING) | wait_is_over | _news() | overdue)
    found = list(forgotten.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE])
    for run_id in found:
        _send(run_id, expires=MESSAGE_SECONDS)
    return len(found)


def _send(run_id: int, *, expires: float | None = None) -> None:
    from contactcenter.tasks import advance_run

    nudge(advance_run, run_id, expires=expires)


# -- one turn under the lease


def _advance(run_id: int) -> bool:
    """One turn; True when there is news to go on with."""
    run = ScenarioRun(pk=run_id)
    owner = leases.claim(run, where=Q(status__in=OPEN))
    if not owner:
        return False
    try:
        _walk(run_id, owner)
    except Busy as busy:
        logger.info("Run %s: %s is being done by another process; it goes on in a moment.", run_id, busy)
        return False
    except Lost:
        logger.warning("Run %s was taken over by another process.", run_id)
        return False
    finally:
        leases.release(run, owner)
    return _has_news(run_id)


def _walk(run_id: int, owner: str) -> None:
    related = ("version", *(f"interaction__{name}" for name in OF_INTERACTION))
    run = ScenarioRun.objects.select_related(*related).get(pk=run_id)
    before = _held.set(run.interaction_id)
    try:
        Walk(run, owner).go()
    finally:
        _held.reset(before)


def _news() -> Exists:
    """Condition: something happened to the interaction that the run has not looked at."""
    return Exists(InteractionEvent.objects.filter(interaction=OuterRef("interaction"), pk__gt=OuterRef("cursor")))


def _has_news(run_id: int) -> bool:
    return ScenarioRun.objects.filter(Q(status=Status.RUNNING) | _news(), pk=run_id, status__in=OPEN).exists()
