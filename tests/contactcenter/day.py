"""A judge for feeds: a day of many agents, played against a simulated receiver through the code that feeds really use.

The judge knows the truth from its own book, not from our pictures. It tells the receiver, compares after every
interval, and counts: what came, what the receiver objected to, who is seen wrongly at the end, and for how many
intervals anybody was seen wrongly at the most."""

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from contactcenter.feeds import dispatch
from contactcenter.feeds.lines import Line
from contactcenter.models import Agent, AgentStateChange, FeedState, NotReadyReason, Team
from contactcenter.recorders import queue, reporting
from integrations.capabilities import ConnectedFeed, RecordingFeed
from integrations.models import IntegrationAccount
from tests.factories import AccountFactory, UserFactory
from tests.simulated import Simulators

STATES = ("READY", "BUSY", "BUSY", "ACW", "NOT_READY", "SUPERVISING", "LOGGED_OUT")
REASONS = ("Lunch", "Break", "Training on the phones")
SETTLE_SECONDS = 3.0
SHOWN = (
    "receiver",
    "pushes",
    "fulls",
    "deltas",
    "failed",
    "skipped",
    "complaints",
    "wrong at the end",
    "longest wrong",
)


@dataclass
class Verdict:
    """One line of the table. `longest`: intervals for which an agent was seen wrongly, faults included."""

    receiver: str
    pushes: int = 0
    fulls: int = 0
    deltas: int = 0
    failed: int = 0
    skipped: int = 0
    complaints: list[str] = field(default_factory=list)
    differences: list[dict[str, Any]] = field(default_factory=list)
    longest: int = 0
    wrong_in_calm: list[int] = field(default_factory=list)

    def row(self) -> list[str]:
        counts = [self.pushes, self.fulls, self.deltas, self.failed, self.skipped]
        found = [len(self.complaints), len(self.differences)]
        return [self.receiver, *(str(count) for count in counts + found), f"{self.longest} intervals"]


@dataclass
class Fault:
    """Something that happens to a receiver before an interval. `lasts`: how many more intervals it may show."""

    at: int
    name: str
    lasts: int = 2
    options: dict[str, Any] = field(default_factory=dict)


class Day:
    """`clock` is a time machine that the day is played on; `size` agents, `ticks` intervals."""

    def __init__(self, simulators: Simulators, clock: Any, *, size: int, ticks: int) -> None:
        self.simulators, self.clock, self.ticks = simulators, clock, ticks
        self.random = random.Random(4711)
        self.reasons = [NotReadyReason.objects.create(key=f"r{n}", name=name) for n, name in enumerate(REASONS)]
        team = Team.objects.create(name="Day")
        self.agents = [
            Agent(user=UserFactory(username=f"agent{n:03}"), extension=str(1000 + n), team=team, state="LOGGED_OUT",
                  state_since=timezone.now())
            for n in range(size)
        ]  # fmt: skip
        Agent.objects.bulk_create(self.agents)
        self.step = timedelta(days=1) / ticks

    def play(self, key: str, faults: list[Fault], **account: Any) -> Verdict:
        receiver = Receiver(self.simulators, key, **account)
        until_calm = 0
        for tick in range(self.ticks):
            for fault in faults:
                if fault.at == tick:
                    self._happen(receiver, fault)
                    until_calm = tick + fault.lasts
            self._move()
            receiver.told(self.truth())
            receiver.push()
            receiver.look(calm=tick > until_calm)
        receiver.end()
        return receiver.verdict

    def _happen(self, receiver: "Receiver", fault: Fault) -> None:
        if fault.name == "clock":
            self.clock.shift(fault.options["by"])
        elif fault.name == "restart":
            receiver.restart()
        else:
            self.simulators.fault(receiver.key, fault.name, **fault.options)

    def _move(self) -> None:
        """A tenth of the agents enter another state, somewhere within the interval."""
        changed = self.random.sample(self.agents, max(1, len(self.agents) // 10))
        self.clock.shift(self.step / 2)
        before = {agent.pk: agent.state for agent in changed}
        for agent in changed:
            agent.state = self.random.choice(STATES)
            agent.reason = self.random.choice(self.reasons) if agent.state == "NOT_READY" else None
            agent.state_since = timezone.now()
        with transaction.atomic():
            write_states(changed)
            if reporting.recorders():
                report_states(changed, before)
        self.clock.shift(self.step / 2)

    def truth(self) -> list[dict[str, Any]]:
        return [
            {"login_id": a.user.username, "extension": a.extension, "employee_id": None, "state": a.state,
             "reason": a.reason.name if a.reason else None}
            for a in self.agents
            if a.state != "LOGGED_OUT"
        ]  # fmt: skip


def write_states(changed: list[Agent]) -> None:
    """One INSERT that updates: Django's `bulk_update` of fifty rows takes longer than the feed of all."""
    Agent.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["id"], update_fields=["state", "reason", "state_since"]
    )


def report_states(changed: list[Agent], before: dict[int, str]) -> None:
    """To recorders, as the product does it."""
    for agent in changed:
        if agent.state != before[agent.pk]:
            stretch = AgentStateChange(agent=agent, state=agent.state, reason=agent.reason, began_at=agent.state_since)
            reporting.agent_changed(stretch, before[agent.pk], "choose")


class Receiver:
    """One account and its simulator."""

    def __init__(self, simulators: Simulators, key: str, *, settings: dict[str, Any], **account: Any) -> None:
        IntegrationAccount.objects.all().delete()
        self.simulators, self.key = simulators, key
        simulators.call("POST", f"/{key}/_reset")
        self.settings = settings
        if settings:
            simulators.settings(key, **settings)
        self.account: IntegrationAccount = AccountFactory(provider=key, **account)
        self.verdict = Verdict(str(account.get("name", key)))
        self.line: Line | None = None
        self.kinds: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()

    def told(self, agents: list[dict[str, Any]]) -> None:
        self.simulators.call("PUT", f"/{self.key}/_truth", json={"agents": agents})

    def restart(self) -> None:
        """The receiver forgets everything and drops the connection."""
        self.verdict.complaints += self._seen()["complaints"]
        self.simulators.call("POST", f"/{self.key}/_reset")
        if self.settings:
            self.simulators.settings(self.key, **self.settings)
        self.simulators.fault(self.key, "reset", times=1)

    def push(self) -> None:
        """What the dispatcher and its workers do at one look, in this thread."""
        dispatch.dispatch_due(timezone.now(), lambda task, account_id, _expires: task(account_id))
        if issubclass(self.account.provider_class, ConnectedFeed):
            self.line = self.line or Line(self.account.pk, self.account.updated_at)
            self.line.turn()
            self._wait_for_the_system(self.line)
        elif issubclass(self.account.provider_class, RecordingFeed):
            queue.push(self.account.pk)
        self.kinds[FeedState.objects.values_list("last_kind", flat=True).get()] += 1

    def _wait_for_the_system(self, line: Line) -> None:
        """An interval of this day is over before the system gives a silent connection up."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while line.line is not None and line.line.is_pending and time.monotonic() < deadline:
            time.sleep(0.02)
            line.turn()

    def look(self, *, calm: bool) -> None:
        """Compare; where nothing is broken, wait until a receiver that reads in its own time has read."""
        deadline = time.monotonic() + (SETTLE_SECONDS if calm else 0.1)
        seen = self._seen()
        while seen["differences"] and time.monotonic() < deadline:
            time.sleep(0.01)
            seen = self._seen()
        wrong = {each["agent"] for each in seen["differences"]}
        self.wrong = Counter({name: self.wrong[name] + 1 for name in wrong})
        self.verdict.longest = max([self.verdict.longest, *self.wrong.values()])
        if calm and wrong:
            self.verdict.wrong_in_calm.append(len(wrong))

    def _seen(self) -> dict[str, Any]:
        seen: dict[str, Any] = self.simulators.call("GET", f"/{self.key}/_truth")
        return seen

    def end(self) -> None:
        seen, feed, verdict = self._seen(), FeedState.objects.get(), self.verdict
        verdict.differences = seen["differences"]
        verdict.complaints += seen["complaints"]
        verdict.pushes, verdict.failed, verdict.skipped = feed.sent, feed.failed, feed.skipped
        verdict.fulls, verdict.deltas = self.kinds["full"], self.kinds["delta"] + self.kinds["events"]
        if self.line is not None:
            self.line._hang_up()


def table(verdicts: list[Verdict]) -> str:
    rows = [list(SHOWN), *(verdict.row() for verdict in verdicts)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(SHOWN))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
