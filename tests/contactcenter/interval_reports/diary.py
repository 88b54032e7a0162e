"""A contact centre that works for a while at random, the same for every seed, and somebody who watches and writes down
what happens to every call. The product is told by its own doors: reports of a telephone system, choices of agents.

The diary knows nothing of the product's history of calls; states of agents are read from the rows that they leave."""

import random
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from contactcenter import agents, calls, interactions
from contactcenter.call_reports import CallReport
from contactcenter.errors import NotPossible
from contactcenter.models import Agent, AgentState, Interaction, Service

PAUSES = (0.4, 3, 3, 9.7, 9.7, 30, 95, 260, 1500)  # seconds between two things that happen
MOST_OPEN = 4  # calls at once, or nobody would ever wait for one
SILENT = ("new", "queued", "ringing")
TALKING = ("active", "held")


@dataclass
class Talk:
    agent: int | None
    began: datetime
    ended: datetime | None = None
    wrapped: datetime | None = None
    given_on: bool = False


@dataclass
class Stay:
    """A call in one queue; `queue` None: with agents directly."""

    queue: int | None
    dialled: bool
    came: datetime
    caller: int | None  # the agent who dialled
    from_queue: bool = False
    to_queue: bool = False
    left: datetime | None = None
    talks: list[Talk] = field(default_factory=list)


class Centre:
    """`live()` lets time pass until a moment; `stays` is the diary."""

    def __init__(self, seed: int, clock: Any, services: list[Service], people: list[Agent]) -> None:
        self.chance = random.Random(seed)
        self.clock, self.services, self.people = clock, services, people
        self.stays: dict[int, list[Stay]] = {}

    def live(self, until: datetime) -> None:
        while timezone.now() < until:
            step = (
                self.goes_on
                if len(self.open_calls()) > MOST_OPEN
                else self.chance.choice(
                    [self.arrives] * 3 + [self.goes_on] * 16 + [self.chooses] * 4 + [self.dials, self.rings_directly]
                )
            )
            try:
                step()
            except NotPossible:
                pass  # people try things that are not possible, too; nothing has changed then
            self.clock.shift(self.chance.choice(PAUSES))

    def tour(self) -> None:
        """One of each thing that chance may leave out. `people[0]` serves `services[1]`."""
        self.close()
        agents.log_in(Agent.objects.get(pk=self.people[0].pk), state=AgentState.READY)
        self.clock.shift(60)
        call = self.arrives(self.services[1])
        self.clock.shift(3)
        self.answered(self.tell(call.call_id, "answered"))
        self.clock.shift(30)
        self.over(self.tell(call.call_id, "released"))
        self.clock.shift(10)
        self.completes(call)
        agents.log_out(Agent.objects.get(pk=self.people[0].pk))
        for patience in (3, 9.7, 95):
            call = self.arrives(self.services[1])
            self.clock.shift(patience)
            self.over(self.tell(call.call_id, "abandoned"))

    def close(self) -> None:
        """Everybody goes home, and every call ends."""
        for agent in Agent.objects.all():
            agents.log_out(agent)
        for call in self.open_calls():
            if call.state in SILENT:
                self.over(self.tell(call.call_id, "abandoned"))
            elif call.state in TALKING:
                self.over(self.tell(call.call_id, "released"))
            self.clock.shift(1)
        for call in self.open_calls():
            self.completes(call)

    # -- what can happen

    def arrives(self, service: Service | None = None) -> Interaction:
        service = service or self.chance.choice(self.services)
        call = self.tell(self.new_id(), "offered", service=service.code)
        self.begin(call, service.pk)
        return call

    def rings_directly(self) -> None:
        self.begin(self.tell(self.new_id(), "offered", agent=self.somebody().login), None)

    def dials(self) -> None:
        call = self.tell(
            self.new_id(), "offered", agent=self.somebody().login, direction="outbound", to_number="+14155550777"
        )
        self.stays[call.pk] = [Stay(None, True, timezone.now(), call.agent_id)]

    def begin(self, call: Interaction, queue: int | None) -> None:
        self.stays[call.pk] = [Stay(queue, False, timezone.now(), None)]

    def chooses(self) -> None:
        agent = Agent.objects.get(pk=self.somebody().pk)
        if agent.state == AgentState.LOGGED_OUT:
            agents.log_in(agent, state=self.chance.choice(["READY", "NOT_READY"]))
        elif self.chance.random() < 0.1:
            agents.log_out(agent)
        else:
            agents.choose(
                agent, *self.chance.choice([("READY",), ("READY",), ("NOT_READY", "lunch"), ("NOT_READY", "paper")])
            )

    def goes_on(self) -> None:
        """One of the open calls takes its next step."""
        open_calls = self.open_calls()
        if not open_calls:
            return
        call = self.chance.choice([*open_calls, *open_calls[-1:] * len(open_calls)])  # mostly the newest
        dice = self.chance.random()
        if call.state == "wrap_up":
            self.completes(call)
        elif call.state in TALKING:
            self.talks_on(call, dice)
        else:
            self.waits_on(call, dice)

    def waits_on(self, call: Interaction, dice: float) -> None:
        stay = self.stays[call.pk][-1]
        if (call.state == "ringing" and dice < 0.6) or (stay.dialled and dice < 0.8):
            self.answered(self.tell(call.call_id, "answered"))
        elif call.state == "ringing" and dice < 0.7 and not stay.dialled:
            self.tell(call.call_id, "rejected")
        elif dice < 0.8 and not stay.dialled:
            self.given_on(call)
        elif dice < 0.95:
            self.over(self.tell(call.call_id, "abandoned"))

    def talks_on(self, call: Interaction, dice: float) -> None:
        if dice < 0.2:
            self.tell(call.call_id, "held" if call.state == "active" else "resumed")
        elif dice < 0.4:
            self.given_on(call)
        elif dice < 0.9:
            self.over(self.tell(call.call_id, "released"))

    def given_on(self, call: Interaction) -> None:
        """To a queue, or to a colleague within the same one."""
        stay, now = self.stays[call.pk][-1], timezone.now()
        before = call.service_id
        colleagues = [p for p in self.people if p.pk != call.agent_id]
        if self.chance.random() < 0.5:
            call = self.tell(call.call_id, "transferred", service=self.chance.choice(self.services).code)
        else:
            call = self.tell(call.call_id, "transferred", agent=self.chance.choice(colleagues).login)
        if stay.talks and stay.talks[-1].ended is None:
            stay.talks[-1].ended, stay.talks[-1].given_on = now, True
        if call.service_id != before:
            stay.left, stay.to_queue = now, True
            self.stays[call.pk].append(Stay(call.service_id, stay.dialled, now, stay.caller, from_queue=True))

    def completes(self, call: Interaction) -> None:
        with transaction.atomic():
            interactions.complete(interactions.locked(call.pk))
        self.stays[call.pk][-1].talks[-1].wrapped = timezone.now()

    # -- what is written down

    def answered(self, call: Interaction) -> None:
        self.stays[call.pk][-1].talks.append(Talk(call.agent_id, timezone.now()))

    def over(self, call: Interaction) -> None:
        stay, now = self.stays[call.pk][-1], timezone.now()
        stay.left = now
        if stay.talks and stay.talks[-1].ended is None:
            stay.talks[-1].ended = now
            stay.talks[-1].wrapped = now if call.agent_id is None else None

    # -- small hands

    def open_calls(self) -> list[Interaction]:
        return list(Interaction.objects.exclude(state__in=("completed", "abandoned")).order_by("pk"))

    def somebody(self) -> Agent:
        return self.chance.choice(self.people)

    def new_id(self) -> str:
        return f"call-{len(self.stays)}-{self.chance.random()}"

    def tell(self, call_id: str, event: str, **facts: str) -> Interaction:
        caller = {} if facts.get("direction") else {"from_number": "+14155550132"}
        calls.apply(CallReport(call_id, event, at=timezone.now(), **{**caller, **facts}))
        return Interaction.objects.get(call_id=call_id)
