"""Presence kept alike here and in a CRM: the latest wins, nothing comes back or is lost, and loops come to rest."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from contactcenter import agents
from contactcenter.agent_states import Trigger
from contactcenter.models import AgentPresenceRow, AgentState, PresenceRule, PresenceSync
from contactcenter.outbox import breakers
from contactcenter.presence import ready_set, rules, sending, watching
from contactcenter.presence.rules import Stand
from integrations.errors import Cause, RateLimited, Rejected, Unavailable
from integrations.models import IntegrationAccount
from integrations.providers import registry
from tests.contactcenter import presence as there
from tests.contactcenter.presence import FakePresence, agent, desk, look, lunch, row, rule, send, settle

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """The process ended here."""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setitem(registry(), "fake_presence", FakePresence)
    with time_machine.travel(timezone.now(), tick=False) as moved:
        yield moved


@pytest.fixture
def account(clock: Any) -> IntegrationAccount:
    """The agent is logged in, not ready, and both sides agree."""
    found = there.begin()
    settle(clock, found)
    assert desk.of["u1"] == "away"
    desk.set_by_us.clear()
    clock.shift(timedelta(minutes=2))
    return found


def make_busy() -> None:
    agents.change(agent(), Trigger.DIAL)


# -- ours to theirs


def test_a_state_of_ours_is_set_there(account: IntegrationAccount, clock: Any) -> None:
    agents.choose(agent(), AgentState.READY)
    assert send(clock, account) == 1
    mine = row(account)
    assert desk.set_by_us == [("u1", "on")]
    assert (mine.wanted, mine.sent, mine.seen, mine.origin) == ("", "on", "on", "ours")


def test_the_wish_is_part_of_the_transaction_of_the_change(account: IntegrationAccount) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        agents.choose(agent(), AgentState.READY)
        assert row(account).wanted == "on"
        raise RuntimeError
    assert row(account).wanted == ""


def test_of_several_changes_only_the_latest_is_sent(account: IntegrationAccount, clock: Any) -> None:
    agents.choose(agent(), AgentState.READY)
    agents.choose(agent(), AgentState.NOT_READY)
    agents.log_out(agent())
    send(clock, account)
    assert desk.set_by_us == [("u1", "off")]


def test_a_state_that_passes_within_a_second_is_not_told(account: IntegrationAccount, clock: Any) -> None:
    agents.choose(agent(), AgentState.READY)
    agents.choose(agent(), AgentState.NOT_READY)
    assert send(clock, account) == 0 and desk.set_by_us == []


def test_what_they_have_already_is_not_sent(account: IntegrationAccount, clock: Any) -> None:
    make_busy()  # away is right for a call, too
    assert send(clock, account) == 0


def test_an_account_that_is_not_switched_on_is_told_nothing(account: IntegrationAccount, clock: Any) -> None:
    PresenceSync.objects.update(enabled=False)
    agents.choose(agent(), AgentState.READY)
    assert send(clock, account) == 0 and row(account).wanted == ""


def test_without_a_rule_nothing_follows(account: IntegrationAccount, clock: Any) -> None:
    PresenceRule.objects.all().delete()
    agents.choose(agent(), AgentState.READY)
    assert send(clock, account) == 0


def test_the_first_rule_that_fits_counts_and_a_reason_narrows(account: IntegrationAccount, clock: Any) -> None:
    rule(account, "out", state=AgentState.NOT_READY, reason=lunch(), their_status="meet")
    PresenceRule.objects.filter(direction="out").exclude(their_status="meet").update(position=9)
    agents.choose(agent(), AgentState.NOT_READY, "lunch")
    send(clock, account)
    assert desk.of["u1"] == "meet"


def test_an_agent_without_a_user_there_is_told_in_words(account: IntegrationAccount, clock: Any) -> None:
    there.unknown_user(account)
    agents.choose(agent(), AgentState.READY)
    assert send(clock, account) == 0
    assert "No user of the CRM is known" in row(account).trouble and row(account).wanted == ""


# -- failures and recovery


@pytest.mark.parametrize("error", [Unavailable("away"), RateLimited("slow down", retry_after=30)])
def test_what_could_not_be_sent_is_sent_when_they_are_back(
    account: IntegrationAccount, clock: Any, error: Exception
) -> None:
    def fail() -> None:
        raise error

    agents.choose(agent(), AgentState.READY)
    desk.before = fail
    send(clock, account)
    assert row(account).wanted == "on" and row(account).trouble
    desk.before = None
    send(clock, account, 61)
    assert desk.of["u1"] == "on" and row(account).trouble == ""


def test_a_limit_of_the_account_holds_back_everybody(account: IntegrationAccount, clock: Any) -> None:
    def fail() -> None:
        raise RateLimited("slow down", retry_after=30)

    agents.choose(agent(), AgentState.READY)
    desk.before = fail
    send(clock, account)
    assert breakers.find_open(account) and not sending.due().exists()


def test_a_missing_right_is_tried_again_and_told(account: IntegrationAccount, clock: Any) -> None:
    def fail() -> None:
        raise Rejected("needs the role", cause=Cause.NO_PERMISSION)

    agents.choose(agent(), AgentState.READY)
    desk.before = fail
    send(clock, account)
    account.refresh_from_db()
    assert row(account).trouble == "needs the role" and account.health != "failing"
    desk.before = None
    send(clock, account, 61)
    assert desk.of["u1"] == "on"


def test_what_they_refuse_is_given_up_and_the_next_change_is_sent(account: IntegrationAccount, clock: Any) -> None:
    del desk.of["u1"]
    agents.choose(agent(), AgentState.READY)
    send(clock, account)
    assert row(account).trouble == "No such agent." and row(account).wanted == ""
    desk.of["u1"] = "off"
    agents.choose(agent(), AgentState.NOT_READY)
    agents.log_out(agent())
    send(clock, account)
    assert desk.set_by_us == [("u1", "off")] and row(account).trouble == ""


def test_a_newer_state_during_the_request_is_sent_afterwards(account: IntegrationAccount, clock: Any) -> None:
    agents.choose(agent(), AgentState.READY)
    desk.after = lambda: agents.choose(agent(), AgentState.NOT_READY) and None
    send(clock, account)
    desk.after = None
    assert row(account).wanted == "away"
    send(clock, account)
    assert desk.set_by_us == [("u1", "on"), ("u1", "away")]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_that_dies_loses_nothing_and_its_change_is_not_taken_for_theirs(
    account: IntegrationAccount, clock: Any, moment: str
) -> None:
    def die() -> None:
        raise Killed

    agents.choose(agent(), AgentState.READY)
    setattr(desk, moment, die)
    clock.shift(timedelta(seconds=2))
    with pytest.raises(Killed):
        kill_in(account)
    setattr(desk, moment, None)
    clock.shift(timedelta(seconds=40))  # the lease is over
    look(account)
    settle(clock, account)
    assert desk.of["u1"] == "on" and agent().state == AgentState.READY
    assert row(account).wanted == "" and row(account).origin == "ours"


def kill_in(account: IntegrationAccount) -> None:
    """Nothing of the process runs after its end: no lease is given back."""
    keep = sending.leases.release, sending.breakers.hand_back
    sending.leases.release = lambda row, owner: None
    sending.breakers.hand_back = lambda given: None
    try:
        sending.send(account.pk)
    finally:
        sending.leases.release, sending.breakers.hand_back = keep


def test_nobody_sends_a_row_that_somebody_else_holds(account: IntegrationAccount, clock: Any) -> None:
    agents.choose(agent(), AgentState.READY)
    clock.shift(timedelta(seconds=2))
    desk.before = lambda: sending.send(account.pk) and None
    assert sending.send(account.pk) == 1 and desk.set_by_us == [("u1", "on")]


# -- theirs to ours


def test_the_first_look_changes_nobody(clock: Any) -> None:
    account = there.begin()
    AgentPresenceRow.objects.all().delete()
    desk.of["u1"] = "on"
    look(account)
    assert agent().state == AgentState.NOT_READY and row(account).seen == "on"


def test_a_change_of_theirs_is_taken_over_and_not_sent_back(account: IntegrationAccount, clock: Any) -> None:
    desk.of["u1"] = "on"
    look(account)
    assert agent().state == AgentState.READY
    assert (row(account).seen, row(account).origin) == ("on", "theirs")
    settle(clock, account)
    assert desk.set_by_us == []


def test_a_status_that_ours_would_send_otherwise_is_kept(account: IntegrationAccount, clock: Any) -> None:
    """Meeting is Not Ready here; Not Ready would be Away there. Their Meeting stays."""
    rule(account, "in", their_status="meet", state=AgentState.NOT_READY, reason=lunch())
    desk.of["u1"] = "meet"
    look(account)
    settle(clock, account)
    assert agent().reason == lunch() and desk.of["u1"] == "meet" and desk.set_by_us == []
    agents.choose(agent(), AgentState.READY)
    assert send(clock, account) == 1 and desk.of["u1"] == "on"


@pytest.mark.parametrize("state", ["BUSY", "RINGING", "ACW", "SUPERVISING", ""])
def test_states_that_are_ours_alone_are_never_set_from_outside(
    account: IntegrationAccount, clock: Any, state: str
) -> None:
    PresenceRule.objects.filter(direction="in").delete()
    rule(account, "in", their_status="on", state=state)
    desk.of["u1"] = "on"
    look(account)
    assert agent().state == AgentState.NOT_READY


def test_a_change_during_a_call_becomes_the_next_state(account: IntegrationAccount, clock: Any) -> None:
    make_busy()
    rule(account, "in", their_status="meet", state=AgentState.NOT_READY, reason=lunch())
    desk.of["u1"] = "meet"
    look(account)
    assert (agent().state, agent().next_state, agent().next_reason) == ("BUSY", "NOT_READY", lunch())
    agents.change(agent(), Trigger.WITHDRAW)
    settle(clock, account)
    assert (agent().state, agent().reason) == ("NOT_READY", lunch()) and desk.of["u1"] == "meet"


def test_the_agents_own_later_choice_counts_more(account: IntegrationAccount, clock: Any) -> None:
    make_busy()
    desk.of["u1"] = "off"
    look(account)
    agents.choose(agent(), AgentState.READY)
    agents.change(agent(), Trigger.WITHDRAW)
    settle(clock, account)
    assert agent().state == AgentState.READY and desk.of["u1"] == "on"


def test_a_look_that_began_before_our_change_left_tells_nothing(account: IntegrationAccount, clock: Any) -> None:
    from contactcenter.presence.taking_over import observe

    began = timezone.now()
    agents.choose(agent(), AgentState.READY)
    send(clock, account)
    observe(account.presence_sync, agent(), "away", began)
    assert agent().state == AgentState.READY


def test_the_value_from_before_may_show_for_a_moment_after_our_change(account: IntegrationAccount, clock: Any) -> None:
    agents.choose(agent(), AgentState.READY)
    send(clock, account)
    desk.of["u1"] = "away"  # a copy of theirs that lags behind
    clock.shift(timedelta(seconds=2))
    look(account)
    assert agent().state == AgentState.READY
    clock.shift(timedelta(seconds=20))
    look(account)
    assert agent().state == AgentState.NOT_READY


def test_of_two_changes_at_once_ours_counts(account: IntegrationAccount, clock: Any) -> None:
    agents.choose(agent(), AgentState.READY)
    desk.of["u1"] = "off"
    look(account)
    settle(clock, account)
    assert agent().state == AgentState.READY and desk.of["u1"] == "on"


def test_an_agent_who_is_logged_out_is_not_asked_for(account: IntegrationAccount, clock: Any) -> None:
    agents.log_out(agent())
    settle(clock, account)
    desk.of["u1"] = "on"
    assert look(account) == 0 and agent().state == AgentState.LOGGED_OUT


def test_logging_in_again_sends_what_is_due_whatever_was_seen_before(account: IntegrationAccount, clock: Any) -> None:
    agents.log_out(agent())
    send(clock, account)
    desk.of["u1"] = "on"  # by hand, while nobody looked
    agents.log_in(agent())
    settle(clock, account)
    assert desk.of["u1"] == "away" and agent().state == AgentState.NOT_READY


# -- watching


def test_a_round_asks_in_batches_and_begins_again_after_the_interval(clock: Any) -> None:
    account = there.begin(count=5, poll_seconds=30)
    assert watching.watch(account.presence_sync.pk) == 5
    assert not watching.due().exists()
    clock.shift(timedelta(seconds=31))
    assert watching.due().exists()


def test_a_failing_look_waits_longer_is_told_and_recovers(clock: Any) -> None:
    account = there.begin(poll_seconds=5)

    def fail() -> None:
        raise Unavailable("away")

    desk.before = fail
    watching.watch(account.presence_sync.pk)
    sync = PresenceSync.objects.get()
    assert sync.error == "away" and sync.failures == 1 and not watching.due().exists()
    desk.before = None
    clock.shift(timedelta(seconds=30))
    assert watching.watch(sync.pk) == 1
    sync.refresh_from_db()
    assert (sync.error, sync.failures) == ("", 0)


def test_the_page_around_the_desktop_rings_the_bell_also_without_an_interval(account: Any, clock: Any) -> None:
    PresenceSync.objects.update(poll_seconds=0)
    mine = agent()
    mine.host_account = account
    mine.save()
    desk.of["u1"] = "on"
    assert not watching.due().exists() and watching.look_soon(mine)
    assert watching.watch(account.presence_sync.pk) == 1
    assert agent().state == AgentState.READY and not watching.due().exists()


def test_the_bell_of_an_account_that_is_off_does_nothing(account: Any) -> None:
    PresenceSync.objects.update(enabled=False)
    mine = agent()
    mine.host_account = account
    assert not watching.look_soon(mine)


# -- loops


def test_two_systems_that_answer_each_other_are_held_told_about_and_go_on(account: Any, clock: Any) -> None:
    """Theirs turns Available into Away by itself; here a rule turns Away into Ready."""
    PresenceSync.objects.update(changes_per_minute=4)
    PresenceRule.objects.filter(direction="in").update(state=AgentState.READY, reason=None)
    rule(account, "in", their_status="meet", state=AgentState.READY)
    desk.answers = {"on": "meet", "away": "meet"}
    held = 0
    for turn in range(60):
        agents.choose(agent(), (AgentState.READY, AgentState.NOT_READY)[turn % 2])
        send(clock, account)
        clock.shift(timedelta(seconds=1))
        look(account)
        held += bool(row(account).held_until and row(account).held_until > timezone.now())
    assert held and len(desk.set_by_us) <= 4 * 3
    desk.answers = {}
    clock.shift(timedelta(minutes=2))
    agents.choose(agent(), AgentState.NOT_READY)
    agents.choose(agent(), AgentState.READY)
    settle(clock, account)
    assert desk.of["u1"] == "on" and agent().state == AgentState.READY and row(account).trouble == ""


def test_a_row_that_is_held_says_why(account: Any, clock: Any) -> None:
    PresenceSync.objects.update(changes_per_minute=2)
    for state in (AgentState.READY, AgentState.NOT_READY, AgentState.READY):
        agents.choose(agent(), state)
        send(clock, account)
    assert "2 changes within a minute" in row(account).trouble
    assert desk.of["u1"] == "away" and row(account).wanted == "on"
    send(clock, account, 61)
    assert desk.of["u1"] == "on" and row(account).trouble == ""


# -- rules


def test_the_ready_set_blocks_other_work_during_calls_and_calls_during_breaks(account: Any) -> None:
    def out(state: str, before: str = "READY") -> str:
        found = rules.out(rules.of_account(account.pk, "out"), Stand(before), Stand(state))
        return found.their_status if found else ""

    assert [out(state) for state in ("READY", "RINGING", "BUSY", "ACW", "NOT_READY", "LOGGED_OUT")] == [
        "on", "away", "away", "away", "away", "off",
    ]  # fmt: skip


def test_the_ready_set_needs_a_status_of_each_kind(account: Any) -> None:
    sync = PresenceSync.objects.get()
    sync.statuses = [["on", "Available", True]]
    with pytest.raises(ready_set.TooFew):
        ready_set.make(sync)
    assert PresenceRule.objects.exists()


def test_a_rule_that_an_earlier_one_always_comes_before_is_found(account: Any) -> None:
    late = PresenceRule.objects.create(
        account=account, direction="out", position=9, state="NOT_READY", reason=lunch(), their_status="meet"
    )
    assert rules.shadowed(list(PresenceRule.objects.filter(account=account))) == {late.pk}
