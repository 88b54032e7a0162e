"""Walks interactions through their scenarios.

All that a run knows is in its row: the block to run next, the variables, how far it has heard the interaction's events.
A block's effects outside of that row are safe to repeat (see `blocks.base`), and the step, the variables and the new
position are saved in one transaction afterwards. So a worker can die at any instruction; the next one takes the lease
when it runs out and goes on from the last saved position.

Nobody sleeps here. A block that waits ends the task; an event of the interaction (`notify`) or the sweep begins the
next. A caller never waits for a faulty scenario: when a run fails or does not connect the call, routing acts."""

import json
import logging
import time
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from contactcenter import activities, interactions, routing
from contactcenter.models import (
    Interaction,
    InteractionEvent,
    InteractionState,
    ScenarioRun,
    ScenarioStep,
)
from contactcenter.nudge import nudge
from integrations import leases
from integrations.errors import IntegrationError

from . import definition
from .blocks import BY_KIND, Block
from .blocks.base import FAILED, NEXT, WAIT, Busy
from .context import CannotRun, Context, Memory

logger = logging.getLogger(__name__)

MOST_STEPS = 200
MOST_VARIABLES = 65_536
LONGEST_RUN = timedelta(hours=24)
MOST_AT_ONCE = 100
# A message to a worker is worthless after this: the next sweep has sent another one.
MESSAGE_SECONDS = 5.0
Status = ScenarioRun.Status
OPEN = (Status.RUNNING, Status.WAITING)


class Lost(Exception):
    """Our lease ran out and somebody else goes on with the run."""


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
    """Something happened to the interaction: let a worker look, after the caller's transaction."""
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
    unseen = InteractionEvent.objects.filter(interaction=OuterRef("interaction"), pk__gt=OuterRef("cursor"))
    overdue = Q(started_at__lte=now - LONGEST_RUN)
    open_runs = ScenarioRun.objects.filter(leases.free(now), status__in=OPEN)
    forgotten = open_runs.filter(Q(status=Status.RUNNING) | Exists(unseen) | overdue)
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
    run = _open_run(run_id)
    if run is None:
        return False
    owner = leases.claim(run, where=Q(status__in=OPEN))
    if not owner:
        return False
    try:
        Walk(ScenarioRun.objects.select_related("version", "interaction").get(pk=run_id), owner).go()
    except Busy as busy:
        logger.info("Run %s: %s is being done by another process; it goes on in a moment.", run_id, busy)
        return False
    except Lost:
        logger.warning("Run %s was taken over by another process.", run_id)
        return False
    finally:
        leases.release(run, owner)
    return _has_news(run_id)


def _open_run(run_id: int) -> ScenarioRun | None:
    return ScenarioRun.objects.filter(pk=run_id, status__in=OPEN).first()


def _has_news(run_id: int) -> bool:
    run = _open_run(run_id)
    return run is not None and (run.status == Status.RUNNING or _unseen(run).exists())


def _unseen(run: ScenarioRun) -> QuerySet[InteractionEvent]:
    return InteractionEvent.objects.filter(interaction_id=run.interaction_id, pk__gt=run.cursor).order_by("pk")


class Walk:
    """A run in the hands of the worker that holds its lease."""

    def __init__(self, run: ScenarioRun, owner: str) -> None:
        self.run = run
        self.owner = owner
        self.blocks: dict[str, definition.BlockData] = {}

    def go(self) -> None:
        try:
            self.blocks = definition.blocks_of(self.run.version.definition)
        except (KeyError, TypeError):
            self.fail("The published scenario cannot be read.")
            return
        while self.run.status == Status.RUNNING or (self.run.status == Status.WAITING and self.hear()):
            if not leases.extend(self.run, self.owner):
                raise Lost
            reason = self.limit()
            if reason:
                self.fail(reason)
            elif self.run.status == Status.RUNNING:
                self.step()

    def limit(self) -> str:
        if self.run.steps_taken >= MOST_STEPS:
            return f"The scenario was stopped after {MOST_STEPS} steps: it goes round in circles."
        if timezone.now() - self.run.started_at > LONGEST_RUN:
            return "The scenario was stopped after 24 hours."
        return ""

    # -- a block runs

    def step(self) -> None:
        block = self.blocks.get(self.run.block)
        kind = BY_KIND.get(block["kind"]) if block else None
        if block is None or kind is None:
            self.fail(f'There is no block "{self.run.block}" that this version can run.')
            return
        before, began = json.dumps(self.run.variables), time.monotonic()
        settings, faults = definition.settings_of(block)
        context = Context(self.run, self.interaction(), block, settings)
        exit, error = (FAILED, faults[0]) if faults else self.carry_out(kind(), context)
        if len(json.dumps(self.run.variables)) > MOST_VARIABLES:
            self.run.variables = json.loads(before)
            exit, error = FAILED, f"The variables of the run would take more than {MOST_VARIABLES:,} characters."
        took = int((time.monotonic() - began) * 1000)
        if exit == FAILED and FAILED not in kind.exits:
            self.fail(error, block=block, context=context, took=took)
        else:
            self.move(block, exit, context=context, error=error, took=took)

    def carry_out(self, block: Block, context: Context) -> tuple[str, str]:
        """The exit, and in words what went wrong. What the database does not allow is tried again by the sweep."""
        try:
            return block.run(context), ""
        except (CannotRun, IntegrationError) as error:
            return FAILED, str(error)
        except (Busy, DatabaseError):
            raise
        except Exception as error:
            logger.exception("Run %s: block %s broke.", self.run.pk, context.block["key"])
            return FAILED, f"A fault in this software: {type(error).__name__}. It is in the log."

    def interaction(self) -> Interaction:
        """As it is now: other processes change it while the scenario runs."""
        related = ("service", "agent__user", "agent__team", "contact", "disposition", "activity_account")
        return Interaction.objects.select_related(*related).get(pk=self.run.interaction_id)

    # -- a waiting block hears

    def hear(self) -> bool:
        """Look at the next event; True when there was one. A block that does not care stays where it is."""
        event = _unseen(self.run).first()
        if event is None:
            return False
        block = self.blocks[self.run.block]
        kind = BY_KIND[block["kind"]]
        exit = kind().hear(event)
        self.run.cursor = event.pk
        if not exit:
            self.save()
            return True
        memory = Memory(self.run.variables)
        memory.note_agent(event.agent_id)
        memory.leave_for_branch(block["key"], final=exit in kind.final)
        self.move(block, exit, outcome={"event": event.kind, "at": event.at.isoformat()})
        return True

    # -- to the next position

    def move(
        self,
        block: definition.BlockData,
        exit: str,
        *,
        context: Context | None = None,
        outcome: dict[str, Any] | None = None,
        error: str = "",
        took: int = 0,
    ) -> None:
        """Record the step and save where the run stands now, in one transaction."""
        if exit == WAIT:
            self.run.status = Status.WAITING
        else:
            self.run.block, self.run.status = self.following(block, exit)
        if self.run.status == Status.FINISHED:
            self.connect_anyway()
        with transaction.atomic():
            self.record(block, exit, context=context, outcome=outcome, error=error, took=took)
            if self.run.status == Status.FINISHED:
                self.finish()
            else:
                self.save()

    def following(self, block: definition.BlockData, exit: str) -> tuple[str, str]:
        """The next block and the run's status. The end of a branch leads back to the block that waits."""
        to = definition.target(block, exit)
        memory = Memory(self.run.variables)
        while not to:
            waiting, final = memory.take_return()
            if not waiting:
                return "", Status.FINISHED
            if not final:
                return waiting, Status.WAITING
            to = definition.target(self.blocks[waiting], NEXT)
        return to, Status.RUNNING

    def record(
        self,
        block: definition.BlockData,
        exit: str,
        *,
        context: Context | None,
        outcome: dict[str, Any] | None,
        error: str,
        took: int,
    ) -> None:
        missing = {"unknown": context.values.missing} if context and context.values.missing else {}
        self.run.steps_taken += 1
        ScenarioStep.objects.create(
            run=self.run,
            number=self.run.steps_taken,
            block=block["key"],
            kind=block["kind"],
            settings=context.resolved if context else {},
            outcome={**(context.outcome if context else outcome or {}), **missing},
            exit=exit,
            error=error,
            duration_ms=took,
        )

    def save(self) -> None:
        """Write the position, if the run is still ours. Raises `Lost`."""
        run = self.run
        changed = ScenarioRun.objects.filter(pk=run.pk, lease_owner=self.owner).update(
            status=run.status, block=run.block, variables=run.variables, cursor=run.cursor,
            steps_taken=run.steps_taken, error=run.error, finished_at=run.finished_at,
        )  # fmt: skip
        if not changed:
            raise Lost

    def finish(self) -> None:
        """The end. A history that waited for the record this scenario was to make is posted now."""
        interaction = interactions.locked(self.run.interaction_id)
        self.run.finished_at = timezone.now()
        self.save()
        if interaction.state == InteractionState.COMPLETED:
            activities.post_history(interaction)

    def fail(
        self,
        reason: str,
        *,
        block: definition.BlockData | None = None,
        context: Context | None = None,
        took: int = 0,
    ) -> None:
        """Stop the run, and let routing take the call."""
        logger.error("The scenario of call %s stopped. %s", self.run.interaction.call_id, reason)
        self.connect_anyway()
        with transaction.atomic():
            if block is not None:
                self.record(block, FAILED, context=context, outcome=None, error=reason, took=took)
            self.run.status, self.run.error = Status.FAILED, reason
            self.finish()

    def connect_anyway(self) -> None:
        interaction = self.interaction()
        if interaction.state == InteractionState.NEW and interaction.direction == Interaction.Direction.INBOUND:
            routing.place(interaction)
