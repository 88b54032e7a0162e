"""Whatever both sides do, in whatever order, with whatever rules: presence comes to rest, and then the sides agree.

The CRM may answer by itself (another integration, an automatic status); then the limit keeps the pace. Workers die in
the middle of a request. The properties:

* with nobody changing anything any more, no more than a bounded number of requests follows, and nothing waits;
* where the CRM does not answer by itself, what we believe it has is what it has;
* a CRM is never given more statuses within a minute than the limit."""

from datetime import timedelta
from typing import Any
from unittest import mock

import time_machine
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TransactionTestCase

from contactcenter import agents
from contactcenter.agent_states import Trigger
from contactcenter.errors import NotPossible
from contactcenter.models import AgentPresenceRow, PresenceRule
from contactcenter.presence import sending
from integrations.providers import registry
from tests.contactcenter import presence as there
from tests.contactcenter.presence import FakePresence, agent, desk, look

STATES = ("READY", "NOT_READY", "SUPERVISING", "LOGGED_OUT", "BUSY", "")
SETTABLE = ("READY", "NOT_READY", "LOGGED_OUT")
THEIRS = ("on", "away", "off", "meet")
LIMIT = 4

out_rules = st.lists(st.tuples(st.sampled_from(STATES), st.sampled_from(THEIRS)), max_size=5)
in_rules = st.lists(st.tuples(st.sampled_from(THEIRS), st.sampled_from(SETTABLE)), max_size=4)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("ours"), st.sampled_from(("READY", "NOT_READY", "dial", "end", "in", "out"))),
        st.tuples(st.just("theirs"), st.sampled_from(THEIRS)),
        st.tuples(st.just("work"), st.sampled_from(("send", "look", "die before", "die after"))),
        st.tuples(st.just("wait"), st.sampled_from((1, 2, 11, 65))),
    ),
    max_size=25,
)  # fmt: skip
answers = st.dictionaries(st.sampled_from(THEIRS), st.sampled_from(THEIRS), max_size=3)


class Killed(BaseException):
    """The process ended here."""


class World:
    def __init__(self, clock: Any, given_out: Any, given_in: Any, reactions: dict[str, str]) -> None:
        self.clock = clock
        self.account = there.begin(changes_per_minute=LIMIT)
        PresenceRule.objects.all().delete()
        for place, (state, status) in enumerate(given_out):
            self._rule("out", place, state, status)
        for place, (status, state) in enumerate(given_in):
            self._rule("in", place, state, status)
        desk.answers = reactions
        self.times: list[float] = []

    def _rule(self, direction: str, place: int, state: str, status: str) -> None:
        PresenceRule.objects.create(
            account=self.account, direction=direction, position=place, state=state, their_status=status
        )

    def do(self, what: str, which: Any) -> None:
        getattr(self, what)(which)

    def ours(self, which: str) -> None:
        mine = agent()
        try:
            if which == "dial":
                agents.change(mine, Trigger.DIAL)
            elif which == "end":
                agents.change(mine, Trigger.WITHDRAW)
            elif which == "in":
                agents.log_in(mine)
            elif which == "out":
                agents.log_out(mine)
            else:
                agents.choose(mine, which)
        except NotPossible:
            pass

    def theirs(self, status: str) -> None:
        desk.of["u1"] = status

    def wait(self, seconds: int) -> None:
        self.clock.shift(timedelta(seconds=seconds))

    def work(self, which: str) -> None:
        if which == "look":
            look(self.account)
        elif which == "send":
            self._send()
        else:
            self._die(which.removeprefix("die "))

    def _send(self) -> None:
        before = len(desk.set_by_us)
        sending.send(self.account.pk)
        self.times += [timezone.now().timestamp()] * (len(desk.set_by_us) - before)

    def _die(self, moment: str) -> None:
        def die() -> None:
            raise Killed

        setattr(desk, moment, die)
        before = len(desk.set_by_us)
        try:
            with mock.patch.object(sending.leases, "release"), mock.patch.object(sending.breakers, "hand_back"):
                sending.send(self.account.pk)
        except Killed:
            pass
        setattr(desk, moment, None)
        self.times += [timezone.now().timestamp()] * (len(desk.set_by_us) - before)

    def rest(self, turns: int) -> int:
        """Nobody does anything but the workers; how many statuses were set meanwhile."""
        before = len(desk.set_by_us)
        for _ in range(turns):
            self.wait(15)
            self._send()
            look(self.account)
        return len(desk.set_by_us) - before


class PresenceComesToRest(TransactionTestCase):
    def setUp(self) -> None:
        patched = mock.patch.dict(registry(), {"fake_presence": FakePresence})
        patched.start()
        self.addCleanup(patched.stop)

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(out_rules, in_rules, steps)
    def test_both_sides_settle_and_agree(self, given_out: Any, given_in: Any, done: Any) -> None:
        with time_machine.travel(timezone.now(), tick=False) as clock:
            world = World(clock, given_out, given_in, {})
            for what, which in done:
                world.do(what, which)
            world.rest(14)  # leases, holds and waits end
            assert world.rest(4) == 0, "something goes on although nobody does anything"
            mine = row_or_none(world.account)
            if mine is not None:
                assert mine.wanted == ""
                if agent().state != "LOGGED_OUT" and mine.seen:
                    assert mine.seen == desk.of["u1"]

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(out_rules, in_rules, steps, answers)
    def test_a_crm_that_answers_by_itself_is_kept_to_the_limit(
        self, given_out: Any, given_in: Any, done: Any, reactions: dict[str, str]
    ) -> None:
        with time_machine.travel(timezone.now(), tick=False) as clock:
            world = World(clock, given_out, given_in, reactions)
            for what, which in done:
                world.do(what, which)
                world.rest(1)
            for first in world.times:
                # A request that died and is repeated is the same change.
                again = sum(1 for what, which in done if what == "work" and "die" in str(which))
                within = [each for each in world.times if first <= each < first + 60]
                assert len(within) <= LIMIT + again


def row_or_none(account: Any) -> AgentPresenceRow | None:
    return AgentPresenceRow.objects.filter(account=account).first()
