"""Plays a call through a scenario in the world of a dry run, from arrival to the end of after-call work."""

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from contactcenter import calls, desk, digits
from contactcenter.errors import NotPossible
from contactcenter.models import (
    Agent,
    Interaction,
    InteractionState,
    Scenario,
    ScenarioRun,
    ScenarioStep,
    ScenarioVersion,
)
from contactcenter.outbox import entries
from contactcenter.scenarios import definition as definitions
from contactcenter.scenarios import engine, runs
from contactcenter.scenarios.definition import BlockData
from integrations import deadlines, doors, http, leases
from integrations.clock import Clock, standing_at

from . import shadow, small_world, world
from .answers import Answers
from .calls import BadCall, Call, Outcome
from .story import JSONDict, Notebook, _own, shown

CALL_ID = "dry-run"
NAMESPACE = uuid.UUID("6f2a2c3e-6a5d-5d0e-9d53-0d4f5b1c7e11")
# The whole run, in real seconds: what takes longer is a fault of ours.
LONGEST = 60.0
MOST_ROUNDS = 50


def rehearse(
    definition: Any,
    call: Call,
    answers: Answers,
    *,
    scenario: Scenario | None = None,
    number: int = 1,
    surroundings: JSONDict | None = None,
) -> JSONDict:
    """The story of the call: {"status", "error", "cards", "variables", "call", "recordings", "version"}.

    `definition` may be unpublished and even wrong, which the story then tells. `number`: the version's, for show.
    `surroundings`: the world of a file (see `small_world`) instead of the one that is set up here; then no database is
    asked. Raises `BadCall` for a call that cannot be played, `RuntimeError` inside of a transaction."""
    http.refuse_inside_transaction()
    call.check()
    with standing_at(call.moment()) as clock:
        rows = (
            small_world.rows(surroundings)
            if surroundings is not None
            else world.copied(call, simulated=answers.recorded is None or answers.simulated)
        )
        with shadow.database(), doors.shut_by(answers), deadlines.within(LONGEST), _quietly():
            world.furnish(rows)
            wrong = definitions.problems(definition, scenario=scenario.name if scenario else "")
            if wrong:
                return _not_run(wrong, call)
            service = world.set_the_scene(call, definition, scenario.name if scenario else world.SERVICE, number)
            return _Play(call, answers, clock, service.code).story()


def _not_run(wrong: list[str], call: Call) -> JSONDict:
    return {
        "status": "unusable", "error": " ".join(wrong), "cards": [], "variables": {}, "recordings": [],
        "call": {"input": call.to_json()},
    }  # fmt: skip


@contextmanager
def _quietly() -> Iterator[None]:
    """What goes wrong in a dry run is in its story; in the server's log it would look like a real call."""
    quiet = _OnlyOthers()
    handlers = list(logging.getLogger().handlers)
    for handler in handlers:
        handler.addFilter(quiet)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(quiet)


class _OnlyOthers(logging.Filter):
    """Lets through what other threads log."""

    def filter(self, record: logging.LogRecord) -> bool:
        return doors.current() is None


class RehearsedWalk(engine.Walk):
    """The engine's own walk, with somebody who takes notes."""

    def __init__(self, run: ScenarioRun, owner: str, notebook: Notebook) -> None:
        super().__init__(run, owner)
        self.notebook = notebook

    def step_of(self, block: BlockData, exit: str, *, version: ScenarioVersion, **facts: Any) -> ScenarioStep:
        step = super().step_of(block, exit, version=version, **facts)
        self.notebook.step(self.interaction(), block, exit, self.run.variables, **facts)
        return step


class _Play:
    def __init__(self, call: Call, answers: Answers, clock: Clock, service: str) -> None:
        self.call = call
        self.answers = answers
        self.clock = clock
        self.service = service
        self.notebook = Notebook(answers, clock)
        self.digits = list(call.digits)
        self.interaction = Interaction()  # until it arrives

    # -- the acts

    def story(self) -> JSONDict:
        self.notebook.watch()
        self.arrive()
        if self.call.outcome == Outcome.ABANDONED:
            self.report("abandoned", after=self.call.ring_seconds)
        elif self.call.outcome in (Outcome.ANSWERED, Outcome.RELEASED):
            self.talk()
        self.notebook.afterwards()
        return self.told()

    def arrive(self) -> None:
        self.notebook.moment("offered", self.call.number or "number withheld")
        report = calls.CallReport(
            call_id=CALL_ID, event="offered", from_number=self.call.number, to_number=self.call.called,
            service=self.service, at=self.clock.now,
        )  # fmt: skip
        with transaction.atomic():
            self.interaction = calls.apply(report)
            self.name_it()
        self.preset()
        self.work()

    def name_it(self) -> None:
        """The same names in every run, so that what is written with them can be compared."""
        given = self.call.reference or str(uuid.uuid5(NAMESPACE, f"{self.service}:{self.call.number}"))
        Interaction.objects.filter(pk=self.interaction.pk).update(public_id=uuid.UUID(given))
        self.interaction.refresh_from_db()

    def preset(self) -> None:
        run = self.run()
        if run is not None and self.call.variables:
            run.variables = {**self.call.variables}
            run.save(update_fields=["variables"])
        self.notebook.variables = dict(self.call.variables)

    def talk(self) -> None:
        """The agent answers, chooses the caller, hangs up and completes."""
        agent = Agent.objects.get(user__username=self.call.agent)
        self.report("answered", agent=self.call.agent, after=self.call.ring_seconds)
        if self.call.chosen is not None:
            self.at_the_desk("caller_chosen", agent, self.choose)
        if self.call.outcome != Outcome.RELEASED:
            return
        self.report("released", after=self.call.talk_seconds)
        if self.now().state == InteractionState.WRAP_UP:
            self.at_the_desk("completed", agent, self.complete)

    def report(self, event: str, *, after: int, agent: str = "") -> None:
        self.clock.forward(after)
        self.notebook.moment(event, agent)
        calls.apply(calls.CallReport(call_id=CALL_ID, event=event, agent=agent, at=self.clock.now))
        self.work()

    def at_the_desk(self, event: str, agent: Agent, act: Any) -> None:
        self.notebook.moment(event, str(agent))
        agent.refresh_from_db()
        try:
            act(agent, str(self.now().public_id))
        except NotPossible as refusal:
            self.notebook.moment("refused", str(refusal), "bad")
        self.work()

    def choose(self, agent: Agent, public_id: str) -> None:
        desk.choose_caller(agent, public_id, self.call.chosen or 0)

    def complete(self, agent: Agent, public_id: str) -> None:
        desk.complete(agent, public_id, self.call.disposition, self.call.notes)

    # -- the workers

    def work(self) -> None:
        """Everything that engine and outbox would do by now. A wait of the scenario is over at once."""
        for _ in range(MOST_ROUNDS):
            self.walk()
            self.deliver()
            if not (self.press() or self.end_wait()):
                return

    def walk(self) -> None:
        run = self.run()
        while run is not None and run.status in engine.OPEN:
            owner = leases.claim(run)
            steps = run.steps_taken
            fresh = ScenarioRun.objects.select_related("version", "interaction").get(pk=run.pk)
            try:
                RehearsedWalk(fresh, owner, self.notebook).go()
            except engine.Busy:
                return
            finally:
                leases.release(run, owner)
            run = self.run()
            if run is None or run.steps_taken == steps:
                return

    def deliver(self) -> None:
        for key in list(entries.heads().values_list("record_key", flat=True)):
            entries.deliver_record(key)

    def end_wait(self) -> bool:
        """Put the clock forward to the end of the wait, where the run has one."""
        run = self.run()
        due = run.due_at if run is not None and run.status == ScenarioRun.Status.WAITING else None
        if due is None or due <= self.clock.now:
            return False
        self.notebook.moment("waited", f"{(due - self.clock.now).total_seconds():g} s", "neutral")
        self.clock.forward_to(due)
        return True

    def press(self) -> bool:
        """The caller presses what is asked for, as long as there is something to press."""
        request = digits.open_requests(self.interaction).first() if self.digits else None
        if request is None:
            return False
        pressed = self.digits.pop(0)
        self.notebook.moment("digits", pressed)
        try:
            digits.answer(request.pk, call_id=CALL_ID, digits=pressed)
        except NotPossible as refusal:
            self.notebook.moment("refused", str(refusal), "bad")
        return True

    # -- the end

    def told(self) -> JSONDict:
        interaction, run = self.now(), self.run()
        variables = _own(run.variables) if run else {}
        return {
            "status": run.status if run else "unusable",
            "error": run.error if run else "",
            "block": runs.title_of(run) if run else "",
            "cards": self.notebook.cards,
            "variables": {name: shown(name, value) for name, value in sorted(variables.items())},
            "recordings": self.answers.recordings,
            "simulated": self.answers.simulated,
            "call": {
                "input": {**self.call.to_json(), "service": self.service},
                "state": interaction.state, "state_label": str(interaction.get_state_display()),
                "agent": str(interaction.agent or ""), "caller": interaction.caller,
                "seconds": self.clock.passed, "reference": interaction.reference,
            },
        }  # fmt: skip

    def run(self) -> ScenarioRun | None:
        return ScenarioRun.objects.filter(interaction_id=self.interaction.pk).first()

    def now(self) -> Interaction:
        return Interaction.objects.select_related("agent__user").get(pk=self.interaction.pk)


__all__ = ["BadCall", "rehearse"]
