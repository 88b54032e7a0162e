"""Whatever a telephone system reports and agents do, in whatever order: the rules that hold all the time.

* An agent has at most one call at a time.
* An agent is Ringing, Busy or in After-call work exactly while a call of theirs is open in the matching state.
* The stretches of an agent's states tile the time.
* Every call of an agent can be brought to its end by the agent.

Agents work in two browsers at once, processes die in the middle of what they do, and the clock is set.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from contactcenter import agents, calls, desk, events, routing, telephony
from contactcenter.call_reports import EVENTS, CallReport
from contactcenter.errors import NotPossible
from contactcenter.interaction_view import is_calling_out
from contactcenter.interactions import ENDED, WITH_AGENT
from contactcenter.models import Agent, ContactCenter, Interaction, Service
from tests.factories import AgentFactory, NotReadyReasonFactory, ServiceFactory

from .test_calls import at_once

LOGINS = ("ann", "bob", "cem")
CALL_IDS = tuple(f"c-{number}" for number in range(1, 9))
SERVICES = ("support", "sales")
NINE = timezone.now() - timedelta(hours=1)
# The state of the agent while their call is in this state; an outbound call that rings there keeps them busy.
AT_WORK = {"ringing": "RINGING", "active": "BUSY", "held": "BUSY", "wrap_up": "ACW"}

logins = st.sampled_from(LOGINS)
browsers = st.sampled_from(("first", "second"))


class Killed(BaseException):
    """The process ended here: whatever its transaction had done is undone by the database."""


# -- what holds


def agents_and_their_calls_agree() -> None:
    for agent in Agent.objects.all():
        open_calls = list(Interaction.objects.filter(agent=agent, state__in=WITH_AGENT))
        assert len(open_calls) <= 1, f"{agent.login} has {len(open_calls)} calls"
        if open_calls:
            assert agent.state == expected(open_calls[0])
        else:
            assert agent.state not in AT_WORK.values(), f"{agent.login} is {agent.state} without a call"
            assert agent.next_state == ""


def expected(interaction: Interaction) -> str:
    return "BUSY" if is_calling_out(interaction) else AT_WORK[interaction.state]


def calls_without_an_agent_are_where_they_may_be() -> None:
    lonely = Interaction.objects.filter(agent=None).values_list("state", flat=True)
    assert "ringing" not in lonely and "wrap_up" not in lonely
    assert not Interaction.objects.filter(state__in=("new", "queued")).exclude(agent=None).exists()
    assert not Interaction.objects.filter(state__in=ENDED, ended_at=None).exists()


def stretches_tile() -> None:
    for agent in Agent.objects.all():
        stretches = list(agent.state_changes.order_by("id"))
        assert all(a.ended_at == b.began_at and a.began_at <= b.began_at for a, b in pairwise(stretches))
        assert stretches[-1].ended_at is None
        assert (stretches[-1].state, stretches[-1].reason_id) == (agent.state, agent.reason_id)


def events_are_numbered_without_holes() -> None:
    for agent in Agent.objects.all():
        numbers = list(agent.desktop_events.order_by("id").values_list("number", flat=True))
        assert numbers == list(range(1, agent.last_event_number + 1))


# -- one after the other


class Centre(RuleBasedStateMachine):
    """Three agents, two services, four call ids that are used again and again, and everything that can happen."""

    def __init__(self) -> None:
        super().__init__()
        self.travel = time_machine.travel(timezone.now(), tick=True)
        self.clock = self.travel.start()
        self.last_breath: int | None = None
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        services = [ServiceFactory(code=code) for code in SERVICES]
        NotReadyReasonFactory(key="lunch")
        ContactCenter.current()
        self.agents = {
            login: AgentFactory(login=login, services=services[: 1 + n % 2]) for n, login in enumerate(LOGINS)
        }
        # What the other browser knows of its agent is as old as its last command.
        self.others = {login: Agent.objects.get(user__username=login) for login in LOGINS}

    def teardown(self) -> None:
        self.last_breath = None
        self.agents_can_finish()
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)
        self.travel.stop()

    # -- what happens

    @rule(
        call=st.sampled_from(CALL_IDS),
        event=st.sampled_from(EVENTS),
        agent=st.sampled_from(("", *LOGINS)),
        service=st.sampled_from(("", *SERVICES)),
        direction=st.sampled_from(("inbound", "inbound", "outbound")),
        second=st.one_of(st.none(), st.integers(0, 20)),
    )
    def a_report(self, call: str, event: str, agent: str, service: str, direction: str, second: int | None) -> None:
        at = NINE + timedelta(seconds=second) if second is not None else None
        self.attempt(
            calls.apply,
            CallReport(
                call, str(event), direction, "+14155550132", "+14155550100", service=service, agent=agent, at=at
            ),
        )

    @rule(breath=st.integers(0, 3))
    def the_next_one_dies_on_the_way(self, breath: int) -> None:
        self.last_breath = breath

    @rule(seconds=st.sampled_from((-3600, -7, -1, 1, 90)))
    def the_clock_is_set(self, seconds: int) -> None:
        self.clock.shift(seconds)

    @rule(login=logins, browser=browsers, ready=st.booleans(), device=st.sampled_from(("softphone", "none")))
    def log_in(self, login: str, browser: str, ready: bool, device: str) -> None:
        state = "READY" if ready else "NOT_READY"
        self.attempt(agents.log_in, self.seen_by(browser, login), device=device, state=state)

    @rule(login=logins, browser=browsers)
    def log_out(self, login: str, browser: str) -> None:
        self.attempt(agents.log_out, self.seen_by(browser, login))

    @rule(login=logins)
    def lose_the_connection(self, login: str) -> None:
        self.attempt(agents.connection_lost, self.agents[login])

    @rule(login=logins, browser=browsers, state=st.sampled_from(("READY", "READY", "NOT_READY", "SUPERVISING")))
    def choose(self, login: str, browser: str, state: str) -> None:
        self.attempt(agents.choose, self.seen_by(browser, login), state, "lunch" if state == "NOT_READY" else "")
        routing.assign_waiting(Agent.objects.get(user__username=login))

    @rule(
        login=logins, command=st.sampled_from((desk.accept, desk.accept, desk.reject, desk.hold, desk.resume, desk.end))
    )
    def control(self, login: str, command: Any) -> None:
        for interaction in self.open_of(login):
            self.attempt(command, self.agents[login], str(interaction.public_id))

    @rule(login=logins)
    def complete(self, login: str) -> None:
        for interaction in self.open_of(login):
            self.attempt(desk.complete, self.agents[login], str(interaction.public_id), "", "")

    @rule(login=logins, service=st.sampled_from(("", "support")))
    def dial(self, login: str, service: str) -> None:
        self.attempt(desk.dial, self.agents[login], "+14155550132", service)

    @rule(service=st.sampled_from(SERVICES))
    def offer_waiting(self, service: str) -> None:
        routing.assign_waiting(Service.objects.get(code=service))

    @rule(seconds=st.sampled_from((0, 3, 25, 125, 4000)))
    def time_passes_for_the_sweep(self, seconds: int) -> None:
        now = timezone.now() + timedelta(seconds=seconds)
        routing.expire_ringing(now)
        routing.finish_overdue_wrap_up(now)
        routing.offer_waiting(now)
        telephony.tick(now)

    @invariant()
    def all_rules(self) -> None:
        agents_and_their_calls_agree()
        calls_without_an_agent_are_where_they_may_be()
        stretches_tile()
        events_are_numbered_without_holes()

    def agents_can_finish(self) -> None:
        """From wherever this ended, each agent comes out of work with the controls on the screen."""
        for login in LOGINS:
            for _ in range(4):
                for interaction in self.open_of(login):
                    self.press(self.agents[login], interaction)
            agent = Agent.objects.get(user__username=login)
            assert agent.state not in AT_WORK.values(), f"{login} is stuck in {agent.state}"

    # -- helpers

    def press(self, agent: Agent, interaction: Interaction) -> None:
        shown = calls.view(interaction)["controls"]
        if "end" in shown:
            desk.end(agent, str(interaction.public_id))
        elif "complete" in shown:
            desk.complete(agent, str(interaction.public_id), "", "")
        else:
            desk.accept(agent, str(interaction.public_id))

    def seen_by(self, browser: str, login: str) -> Agent:
        return (self.agents if browser == "first" else self.others)[login]

    def open_of(self, login: str) -> list[Interaction]:
        return list(Interaction.objects.filter(agent__user__username=login, state__in=WITH_AGENT))

    def attempt(self, act: Any, *args: Any, **kwargs: Any) -> None:
        """A refusal in words is a fine answer; anything else that is raised is a fault."""
        breath, self.last_breath = self.last_breath, None
        try:
            with dying_after(breath):
                act(*args, **kwargs)
        except NotPossible as refusal:
            assert refusal.sentence
        except Killed:
            assert breath is not None


@contextmanager
def dying_after(breath: int | None) -> Iterator[None]:
    """The process dies when it is about to tell a desktop something, after `breath` times: halfway through its work."""
    if breath is None:
        yield
        return
    tell, left = events.tell, [breath]

    def told(*args: Any, **kwargs: Any) -> Any:
        if not left[0]:
            raise Killed
        left[0] -= 1
        return tell(*args, **kwargs)

    with transaction.atomic(), mock.patch.object(events, "tell", told):
        yield


class CentreTest(TestCase):
    def test_the_rules_hold_whatever_is_reported_and_done(self) -> None:
        run_state_machine_as_test(
            Centre,
            settings=settings(
                max_examples=40,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
            ),
        )


# -- all at once


@pytest.mark.django_db(transaction=True)
def test_the_rules_hold_when_everybody_acts_at_once() -> None:
    services = [ServiceFactory(code=code) for code in SERVICES]
    team = [AgentFactory(login=login, state="READY", services=services) for login in LOGINS]
    ContactCenter.current()
    assert at_once(8, lambda number: a_busy_minute(Random(number), team)) == []
    agents_and_their_calls_agree()
    calls_without_an_agent_are_where_they_may_be()
    stretches_tile()
    events_are_numbered_without_holes()


def a_busy_minute(chance: Random, team: list[Agent]) -> None:
    """What a telephone system, three agents and the sweep do, from one thread of several."""
    for _ in range(15):
        agent = Agent.objects.get(pk=chance.choice(team).pk)
        facts = {
            "service": chance.choice(SERVICES),
            "agent": chance.choice(("", *LOGINS)),
            "from_number": "+14155550132",
        }
        mine = [str(i.public_id) for i in Interaction.objects.filter(agent=agent, state__in=WITH_AGENT)]
        acts = [
            lambda f=facts: calls.apply(CallReport(chance.choice(CALL_IDS), "offered", **f)),
            lambda f=facts: calls.apply(CallReport(chance.choice(CALL_IDS), "transferred", **f)),
            lambda: calls.apply(CallReport(chance.choice(CALL_IDS), chance.choice(("answered", "released")))),
            lambda a=agent: agents.choose(a, "READY"),
            lambda a=agent: desk.dial(a, "+14155550132"),
            lambda: routing.expire_ringing(timezone.now() + timedelta(seconds=30)),
            lambda: routing.offer_waiting(),
            *[lambda a=agent, i=i: chance.choice((desk.accept, desk.end, desk.reject))(a, i) for i in mine],
            *[lambda a=agent, i=i: desk.complete(a, i, "", "") for i in mine],
        ]
        try:
            chance.choice(acts)()
        except NotPossible:
            continue
