"""Agent states: what may follow what, what waits until the work is done, and that no moment is lost."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from contactcenter import agent_states, agents
from contactcenter.agent_states import TRANSITIONS, Trigger
from contactcenter.errors import NotPossible
from contactcenter.models import Agent, AgentEvent, AgentState, AgentStateChange, NotReadyReason
from tests.factories import AccountFactory, AgentFactory, InteractionFactory, NotReadyReasonFactory, TeamFactory

pytestmark = pytest.mark.django_db


def told(agent: Agent, kind: str = "state") -> list[dict[str, Any]]:
    return [event.data for event in AgentEvent.objects.filter(agent=agent, kind=kind).order_by("number")]


# -- the table


def test_every_target_of_the_table_is_a_state_or_one_of_the_two_special_targets() -> None:
    special = {agent_states.RESUME, agent_states.LATER}
    assert set(TRANSITIONS.values()) <= {*AgentState.values, *special}


def test_every_state_can_be_left_and_every_trigger_is_used() -> None:
    assert {state for state, _ in TRANSITIONS} == set(AgentState.values)
    assert {trigger for _, trigger in TRANSITIONS} == set(Trigger)


@pytest.mark.parametrize("state", AgentState.values)
@pytest.mark.parametrize("trigger", list(Trigger))
def test_a_transition_outside_the_table_is_refused_in_words_and_changes_nothing(state: str, trigger: Trigger) -> None:
    if (state, trigger) in TRANSITIONS:
        return
    agent = AgentFactory(state=state)
    with pytest.raises(NotPossible) as refusal:
        agents.change(agent, trigger)
    assert refusal.value.sentence.endswith(".")
    agent.refresh_from_db()
    assert agent.state == state
    assert AgentStateChange.objects.filter(agent=agent).count() == 1
    assert AgentEvent.objects.count() == 0


# -- logging in and out


def test_logging_in_makes_the_agent_not_ready_with_the_chosen_device() -> None:
    account = AccountFactory()
    agent = agents.log_in(AgentFactory(), device="external", device_number=" +1 415 555 0132 ", host_account=account)
    assert (agent.state, agent.device, agent.device_number) == ("NOT_READY", "external", "+1 415 555 0132")
    assert Agent.objects.get().host_account == account
    assert told(agent)[-1]["state"] == "NOT_READY"


def test_logging_in_as_ready_is_possible() -> None:
    assert agents.log_in(AgentFactory(), state="READY").state == "READY"


def test_logging_in_as_busy_is_refused_and_as_ready_succeeds_afterwards() -> None:
    agent = AgentFactory()
    with pytest.raises(NotPossible, match="Ready or Not Ready"):
        agents.log_in(agent, state="BUSY")
    assert agents.log_in(agent, state="READY").state == "READY"


@pytest.mark.parametrize(
    ("device", "number", "field"),
    [("pigeon", "", "device"), ("external", " ", "device_number"), ("hardphone", "1" * 41, "device_number")],
)
def test_a_device_that_cannot_ring_is_refused_on_its_field(device: str, number: str, field: str) -> None:
    agent = AgentFactory()
    with pytest.raises(NotPossible) as refusal:
        agents.log_in(agent, device=device, device_number=number)
    assert refusal.value.field == field
    assert agents.log_in(agent, device="softphone").state == "NOT_READY"


def test_logging_in_again_during_a_call_takes_over_the_device_and_calls_off_a_pending_log_out() -> None:
    agent = AgentFactory(state="BUSY", next_state="LOGGED_OUT")
    agents.log_in(agent, device="hardphone", device_number="204")
    agent.refresh_from_db()
    assert (agent.state, agent.next_state, agent.device_number) == ("BUSY", "", "204")


def test_logging_out_tells_the_desktop() -> None:
    agent = agents.log_out(AgentFactory(state="READY"))
    assert agent.state == "LOGGED_OUT"
    assert told(agent, "logout") == [{"reason": "You are logged out."}]


def test_logging_out_twice_is_harmless() -> None:
    agent = agents.log_out(AgentFactory())
    assert agent.state == "LOGGED_OUT"
    assert AgentEvent.objects.count() == 0


def test_logging_out_during_a_call_waits_until_the_work_is_done() -> None:
    agent = agents.log_out(AgentFactory(state="BUSY"))
    assert (agent.state, agent.next_state) == ("BUSY", "LOGGED_OUT")
    assert told(agent)[-1]["next"]["reason"] == {"key": "pending_logout", "name": "Pending logout"}
    agents.change(agent, Trigger.RELEASE)
    assert agent.state == "ACW"
    agents.change(agent, Trigger.COMPLETE)
    assert (agent.state, agent.next_state) == ("LOGGED_OUT", "")
    assert told(agent, "logout")


# -- choosing a state


def test_ready_and_not_ready_follow_each_other_as_chosen() -> None:
    agent = AgentFactory(state="NOT_READY")
    assert agents.choose(agent, "READY").state == "READY"
    assert agents.choose(agent, "NOT_READY").state == "NOT_READY"


@pytest.mark.parametrize("state", ["RINGING", "BUSY", "ACW"])
def test_a_choice_while_at_work_becomes_the_next_state_and_the_latest_counts(state: str) -> None:
    lunch = NotReadyReasonFactory(key="lunch")
    agent = AgentFactory(state=state)
    agents.choose(agent, "READY")
    agents.choose(agent, "NOT_READY", "lunch")
    assert (agent.state, agent.next_state, agent.next_reason) == (state, "NOT_READY", lunch)
    assert told(agent)[-1]["next"] == {
        "state": "NOT_READY",
        "label": "Not ready",
        "reason": {"key": "lunch", "name": "Lunch"},
    }


def test_the_next_state_comes_after_the_work_and_is_used_up() -> None:
    NotReadyReasonFactory(key="lunch")
    agent = AgentFactory(state="ACW")
    agents.choose(agent, "NOT_READY", "lunch")
    agents.change(agent, Trigger.COMPLETE)
    assert (agent.state, agent.reason.key, agent.next_state, agent.next_reason) == ("NOT_READY", "lunch", "", None)


def test_a_later_choice_by_hand_wins_over_a_queued_one() -> None:
    agent = AgentFactory(state="ACW", next_state="NOT_READY")
    agents.choose(agent, "READY")
    agents.change(agent, Trigger.COMPLETE)
    assert agent.state == "READY"


def test_where_reasons_exist_one_must_be_picked() -> None:
    NotReadyReasonFactory(key="lunch")
    agent = AgentFactory(state="READY")
    with pytest.raises(NotPossible, match="Choose why you are not ready: Lunch") as refusal:
        agents.choose(agent, "NOT_READY")
    assert refusal.value.field == "reason"
    assert agents.choose(agent, "NOT_READY", "lunch").reason.key == "lunch"


def test_reasons_of_other_teams_and_of_the_system_cannot_be_chosen() -> None:
    team = TeamFactory()
    NotReadyReasonFactory(key="training", team=team)
    NotReadyReasonFactory(key="no_answer", is_system=True)
    stranger, member = AgentFactory(state="READY"), AgentFactory(state="READY", team=team)
    for key in ("training", "no_answer"):
        with pytest.raises(NotPossible):
            agents.choose(stranger, "NOT_READY", key)
    assert [reason.key for reason in agents.reasons_for(member)] == ["training"]
    assert agents.choose(member, "NOT_READY", "training").state == "NOT_READY"


def test_another_reason_for_the_same_state_begins_a_new_stretch_and_the_same_choice_again_does_not() -> None:
    NotReadyReasonFactory(key="lunch")
    NotReadyReasonFactory(key="meeting")
    agent = AgentFactory(state="READY")
    for key in ("lunch", "lunch", "meeting"):
        agents.choose(agent, "NOT_READY", key)
    reasons = [change.reason and change.reason.key for change in agent.state_changes.order_by("id")]
    assert reasons == [None, "lunch", "meeting"]


@pytest.mark.parametrize("state", ["BUSY", "ACW", "RINGING", "LOGGED_OUT", "", "nonsense"])
def test_states_that_only_work_brings_cannot_be_chosen(state: str) -> None:
    with pytest.raises(NotPossible, match="Choose Ready or Not Ready"):
        agents.choose(AgentFactory(state="READY"), state)


def test_supervising_is_for_supervisors() -> None:
    agent = AgentFactory(state="READY")
    with pytest.raises(NotPossible, match="Only supervisors"):
        agents.choose(agent, "SUPERVISING")
    agent.user.is_staff = True
    assert agents.choose(agent, "SUPERVISING").state == "SUPERVISING"


def test_a_logged_out_agent_is_told_to_log_in() -> None:
    with pytest.raises(NotPossible, match="Log in first"):
        agents.choose(AgentFactory(), "READY")


# -- reasons that the system gives


def test_no_answer_makes_the_agent_not_ready_with_a_visible_reason() -> None:
    agent = agents.change(AgentFactory(state="RINGING"), Trigger.NO_ANSWER)
    assert told(agent)[-1]["reason"] == {"key": "no_answer", "name": "No answer"}
    assert agents.choose(agent, "READY").state == "READY"


def test_a_system_reason_keeps_the_name_that_an_administrator_gave_it() -> None:
    NotReadyReasonFactory(key="no_answer", name="Missed a call", is_system=True)
    agent = agents.change(AgentFactory(state="RINGING"), Trigger.NO_ANSWER)
    assert agent.reason.name == "Missed a call"


def test_a_reason_of_the_administrators_with_the_name_of_a_system_reason_is_no_obstacle() -> None:
    NotReadyReasonFactory(key="custom", name="No answer")
    agent = agents.change(AgentFactory(state="RINGING"), Trigger.NO_ANSWER)
    assert agent.reason.name == "No answer (system)"
    assert agent.reason.is_system


def test_an_agent_who_was_leaving_and_does_not_answer_is_logged_out() -> None:
    agent = agents.change(AgentFactory(state="RINGING", next_state="LOGGED_OUT"), Trigger.NO_ANSWER)
    assert agent.state == "LOGGED_OUT"


def test_a_lost_connection_makes_a_ready_agent_not_ready() -> None:
    agent = agents.connection_lost(AgentFactory(state="READY"))
    assert (agent.state, agent.reason.key) == ("NOT_READY", "connection_lost")
    assert agents.choose(agent, "READY").state == "READY"


def test_a_lost_connection_during_a_call_counts_after_it_unless_the_agent_comes_back() -> None:
    agent = agents.connection_lost(AgentFactory(state="BUSY"))
    assert (agent.state, agent.next_reason.key) == ("BUSY", "connection_lost")
    agents.log_in(agent)
    assert agent.next_state == ""


@pytest.mark.parametrize(
    ("state", "next_state"), [("LOGGED_OUT", ""), ("NOT_READY", ""), ("BUSY", "NOT_READY"), ("ACW", "LOGGED_OUT")]
)
def test_a_lost_connection_does_not_change_what_the_agent_has_chosen(state: str, next_state: str) -> None:
    agent = agents.connection_lost(AgentFactory(state=state, next_state=next_state))
    assert (agent.state, agent.next_state, agent.reason) == (state, next_state, None)


# -- work from a state other than Ready


def test_a_failed_outbound_call_brings_back_the_reason_from_before() -> None:
    lunch = NotReadyReasonFactory(key="lunch")
    agent = AgentFactory(state="NOT_READY", reason=lunch)
    agents.change(agent, Trigger.DIAL)
    assert (agent.state, agent.next_state, agent.next_reason) == ("BUSY", "NOT_READY", lunch)
    agents.change(agent, Trigger.WITHDRAW)
    assert (agent.state, agent.reason, agent.next_state) == ("NOT_READY", lunch, "")


def test_choosing_ready_during_such_a_call_wins_over_the_way_back() -> None:
    agent = AgentFactory(state="NOT_READY")
    agents.change(agent, Trigger.DIAL)
    agents.choose(agent, "READY")
    agents.change(agent, Trigger.RELEASE)
    agents.change(agent, Trigger.COMPLETE)
    assert agent.state == "READY"


# -- time


def test_stretches_of_time_tile_without_gap_or_overlap() -> None:
    agent = AgentFactory()
    interaction = InteractionFactory()
    agents.log_in(agent, state="READY")
    for trigger in (Trigger.RING, Trigger.ANSWER, Trigger.RELEASE, Trigger.COMPLETE):
        agents.change(agent, trigger, interaction=interaction)
    agents.log_out(agent)
    stretches = list(agent.state_changes.order_by("id"))
    assert [s.state for s in stretches] == ["LOGGED_OUT", "READY", "RINGING", "BUSY", "ACW", "READY", "LOGGED_OUT"]
    assert all(a.ended_at == b.began_at for a, b in pairwise(stretches))
    assert stretches[-1].ended_at is None
    assert stretches[3].interaction == interaction


def test_a_clock_that_is_set_back_does_not_make_stretches_of_negative_length() -> None:
    agent = AgentFactory(state="READY", state_since=timezone.now())
    with time_machine.travel(timezone.now() - timedelta(hours=1), tick=False):
        agents.choose(agent, "NOT_READY")
    closed = agent.state_changes.get(ended_at__isnull=False)
    assert closed.ended_at == closed.began_at == agent.state_since


def test_a_new_agent_without_any_stretch_can_log_in() -> None:
    agent = AgentFactory(open_stretch=False, state_since=None)
    agents.log_in(agent)
    assert [s.state for s in agent.state_changes.all()] == ["NOT_READY"]


@time_machine.travel(datetime(2026, 1, 15, 9, tzinfo=UTC), tick=False)
def test_the_desktop_reads_state_label_reason_and_since_when() -> None:
    NotReadyReasonFactory(key="lunch")
    agent = agents.choose(AgentFactory(state="READY", device="hardphone", device_number="204"), "NOT_READY", "lunch")
    assert agents.view(agent) == {
        "state": "NOT_READY",
        "label": "Not ready",
        "reason": {"key": "lunch", "name": "Lunch"},
        "since": "2026-01-15T09:00:00+00:00",
        "next": None,
        "device": "hardphone",
        "deviceNumber": "204",
    }


def test_the_host_can_change_while_logged_in() -> None:
    agent, account = AgentFactory(state="READY"), AccountFactory()
    assert agents.log_in(agent, host_account=account).state == "READY"
    agent.refresh_from_db()
    assert agent.host_account == account


def test_system_reasons_are_made_once() -> None:
    for _ in range(2):
        agents.change(AgentFactory(state="RINGING"), Trigger.NO_ANSWER)
    assert NotReadyReason.objects.filter(key="no_answer", is_system=True).count() == 1


def test_a_ready_agent_whose_desktop_is_silent_gets_no_more_calls() -> None:
    now = timezone.now()
    silent = AgentFactory(state=AgentState.READY, last_seen_at=now - timedelta(seconds=91))
    present = AgentFactory(state=AgentState.READY, last_seen_at=now - timedelta(seconds=80))
    assert agents.part_with_silent(now) == 1
    silent.refresh_from_db()
    present.refresh_from_db()
    assert (silent.state, silent.reason.key) == (AgentState.NOT_READY, agents.CONNECTION_LOST)
    assert present.state == AgentState.READY
    assert agents.choose(silent, AgentState.READY).state == AgentState.READY


def test_a_desktop_that_asks_for_something_counts_as_present() -> None:
    agent = AgentFactory(state=AgentState.READY, last_seen_at=timezone.now() - timedelta(seconds=91))
    agents.seen(agent)
    assert agents.part_with_silent(timezone.now()) == 0
