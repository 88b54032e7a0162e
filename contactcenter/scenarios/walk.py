"""One run in the hands of the worker that holds its lease: step after step, each saved before the next.

Three things end a step besides the exits of a block. A block that *waits* gives the run back (`hear`, `look`). A block
that *starts another scenario* leads into its version and comes back behind the block (`Memory.enter`). And what goes
wrong without a connected Failed exit goes to the scenario's exception handler, where there is one (`rescue`). Where
that leads is the business of the `Course`."""

import json
import logging
import time
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from contactcenter import activities, interactions, routing
from contactcenter.crm_access import Accounts
from contactcenter.models import (
    Interaction,
    InteractionEvent,
    InteractionState,
    ScenarioRun,
    ScenarioStep,
    ScenarioVersion,
)
from integrations import deadlines, leases
from integrations.errors import IntegrationError

from . import definition, positions
from .blocks import BY_KIND, Block
from .blocks.base import FAILED, WAIT, Busy
from .context import CannotRun, Context
from .course import Course, Status

logger = logging.getLogger(__name__)

MOST_STEPS = 200
MOST_VARIABLES = 65_536
LONGEST_RUN = timedelta(hours=24)
# What a block may take of vendors' time, all its requests together; within a lease.
BLOCK_SECONDS = 20.0
# Seconds after which the lease is extended; with a block's own limit well within a lease.
LEASE_IS_FRESH = 3.0
# What the exception handler of a run that was stopped gets besides.
HANDLER_STEPS = 20
HANDLER_TIME = timedelta(minutes=5)
OPEN = (Status.RUNNING, Status.WAITING)
# What a step reads with the interaction; the rest is read by the few steps that ask for it.
OF_INTERACTION = ("service", "agent__user")


class Lost(Exception):
    """Our lease ran out and somebody else goes on with the run."""


def unseen(run: ScenarioRun) -> QuerySet[InteractionEvent]:
    """What happened to the interaction since the waiting block looked, oldest first."""
    return InteractionEvent.objects.filter(interaction_id=run.interaction_id, pk__gt=run.cursor).order_by("pk")


class Walk(Course):
    """A run in the hands of the worker that holds its lease."""

    def __init__(self, run: ScenarioRun, owner: str) -> None:
        super().__init__(run)
        self.owner = owner
        self.kept_at = time.monotonic()  # just claimed
        self.just_read: Interaction | None = run.interaction
        self.accounts = Accounts()

    def go(self) -> None:
        if not self.read():
            self.fail("The published scenario cannot be read.")
        while self.run.status == Status.RUNNING or (self.run.status == Status.WAITING and self.hear()):
            self.keep_lease()
            reason = self.limit()
            if reason:
                self.fail(reason)
            elif self.run.status == Status.RUNNING:
                self.step()

    def keep_lease(self) -> None:
        """Not before every step: most take milliseconds, and whoever saves one looks whether the run is still ours."""
        if time.monotonic() - self.kept_at < LEASE_IS_FRESH:
            return
        if not leases.extend(self.run, self.owner):
            raise Lost
        self.kept_at = time.monotonic()

    def limit(self) -> str:
        stopped = bool(self.memory.stopped)
        if self.run.steps_taken >= MOST_STEPS + (HANDLER_STEPS if stopped else 0):
            return f"The scenario was stopped after {MOST_STEPS} steps: it goes round in circles."
        if timezone.now() - self.run.started_at > LONGEST_RUN + (HANDLER_TIME if stopped else timedelta(0)):
            return "The scenario was stopped after 24 hours."
        return ""

    # -- a block runs

    def step(self, *, again: bool = False) -> None:
        block = self.blocks.get(self.run.block)
        kind = BY_KIND.get(block["kind"]) if block else None
        if block is None or kind is None:
            self.fail(f'There is no block "{self.run.block}" that this version can run.')
            return
        before, began = json.dumps(self.run.variables), time.monotonic()
        settings, faults = definition.settings_of(block)
        context = Context(self.run, self.interaction(), block, settings, accounts=self.accounts, again=again)
        exit, error = (FAILED, faults[0]) if faults else self.carry_out(kind(), context)
        if len(json.dumps(self.run.variables)) > MOST_VARIABLES:
            self.run.variables = json.loads(before)
            exit, error = FAILED, f"The variables of the run would take more than {MOST_VARIABLES:,} characters."
        if again and exit == WAIT:
            if self.keeps_waiting(context):
                return
            exit, error = FAILED, "The block did not end its wait in time."
        took = int((time.monotonic() - began) * 1000)
        can_go_on = definition.is_connected(block, FAILED) or kind.can_fail(block.get("settings", {}))
        if exit == FAILED and not can_go_on:
            self.fail(error, block=block, context=context, took=took)
        else:
            self.move(block, exit, context=context, error=error, took=took)

    def keeps_waiting(self, context: Context) -> bool:
        self.run.due_at = context.wake_at or self.run.due_at
        if context.is_due:
            return False
        self.save()
        return True

    def carry_out(self, block: Block, context: Context) -> tuple[str, str]:
        """The exit, and in words what went wrong. What the database does not allow is tried again by the sweep."""
        try:
            with deadlines.within(BLOCK_SECONDS):
                return (block.poll(context) if context.again else block.run(context)), ""
        except (CannotRun, IntegrationError) as error:
            return FAILED, str(error)
        except (Busy, DatabaseError):
            raise
        except Exception as error:
            logger.exception("Run %s: block %s broke.", self.run.pk, context.block["key"])
            return FAILED, f"A fault in this software: {type(error).__name__}. It is in the log."

    def interaction(self) -> Interaction:
        """As it is now: other processes change it while the scenario runs. The first step has it from the run."""
        read, self.just_read = self.just_read, None
        return read or Interaction.objects.select_related(*OF_INTERACTION).get(pk=self.run.interaction_id)

    # -- a waiting block hears

    def hear(self) -> bool:
        """Look at what is new; True when something leads on. What the block does not care about is passed over."""
        self.just_read = None  # what is heard may have happened after that
        block = self.blocks.get(self.run.block)
        kind = BY_KIND.get(block["kind"]) if block else None
        if block is None or kind is None:
            self.fail(f'There is no block "{self.run.block}" that this version can run.')
            return True
        if kind.polls:
            return self.look()
        before = self.run.cursor
        for event in unseen(self.run):
            self.run.cursor = event.pk
            self.memory.note_heard(event.pk)
            exit = kind().hear(event)
            if exit:
                self.take_branch(block, exit, event)
                return True
        if self.run.cursor == before:
            return False
        self.save()
        return bool(self.limit())  # news wakes a run whose time is over, too

    def take_branch(self, block: definition.BlockData, exit: str, event: InteractionEvent) -> None:
        self.memory.note_agent(event.agent_id)
        self.memory.leave_for_branch(block["key"], final=exit in BY_KIND[block["kind"]].final)
        self.move(block, exit, outcome={"event": event.kind, "at": event.at.isoformat()})

    def look(self) -> bool:
        """Let a block that waits for something of its own look whether it is there. Events stay unheard: they are for
        the block that connects the call."""
        last = unseen(self.run).values_list("pk", flat=True).last()
        due = self.run.due_at is not None and self.run.due_at <= timezone.now()
        if last is None and not due:
            return False
        self.run.cursor = last or self.run.cursor
        self.step(again=True)
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
        """Record the step and save where the run stands now, both or neither."""
        version = self.version
        self.stand(block, exit, context, error)
        if self.run.status == Status.FINISHED:
            self.connect_anyway()
        step = self.step_of(block, exit, context=context, outcome=outcome, error=error, took=took, version=version)
        if self.run.status == Status.FINISHED:
            with transaction.atomic():
                step.save(force_insert=True)
                self.finish()
        elif not positions.save_with_step(step, self.owner):
            raise Lost

    # -- what goes wrong

    def fail(
        self,
        reason: str,
        *,
        block: definition.BlockData | None = None,
        context: Context | None = None,
        took: int = 0,
    ) -> None:
        """Stop the run and let routing take the call. An exception handler may have the last word."""
        logger.error("The scenario of call %s stopped. %s", self.run.interaction.call_id, reason)
        self.connect_anyway()
        first = not self.memory.stopped
        version = self.version
        with transaction.atomic():
            if block is not None:
                step = self.step_of(
                    block, FAILED, context=context, outcome=None, error=reason, took=took, version=version
                )
                step.save(force_insert=True)
            if first:
                self.memory.note_stopped(reason)
                if self.rescue(block, reason, outward=True):
                    self.save()
                    return
            self.finish()

    # -- storing

    def step_of(
        self,
        block: definition.BlockData,
        exit: str,
        *,
        context: Context | None,
        outcome: dict[str, Any] | None,
        error: str,
        took: int,
        version: ScenarioVersion,
    ) -> ScenarioStep:
        """The step that was just done, not yet stored."""
        missing = {"unknown": context.values.missing} if context and context.values.missing else {}
        self.run.steps_taken += 1
        return ScenarioStep(
            run=self.run,
            number=self.run.steps_taken,
            version=version if version.pk != self.run.version_id else None,
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
        if not positions.save(self.run, self.owner):
            raise Lost

    def finish(self) -> None:
        """The end. A history that waited for the record this scenario was to make is posted now."""
        interaction = interactions.locked(self.run.interaction_id)
        self.run.requests.all().delete()  # their answers were for this run alone
        stopped = self.memory.stopped
        self.run.status, self.run.error = (Status.FAILED, stopped) if stopped else (Status.FINISHED, "")
        self.run.finished_at = timezone.now()
        self.save()
        if interaction.state == InteractionState.COMPLETED:
            activities.post_history(interaction)

    def connect_anyway(self) -> None:
        interaction = self.interaction()
        if interaction.state == InteractionState.NEW and interaction.direction == Interaction.Direction.INBOUND:
            routing.place(interaction)
