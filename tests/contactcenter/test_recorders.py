"""What recorders are told, against the simulated NICE receiver, which knows when a story makes no sense."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone

from contactcenter.feeds import dispatch
from contactcenter.models import FeedState
from contactcenter.models import RecordingQueueItem as Item
from contactcenter.recorders import queue
from integrations import leases
from integrations.models import IntegrationAccount
from tests.factories import (
    AccountFactory,
    AgentFactory,
    InteractionFactory,
    NotReadyReasonFactory,
    RecordingQueueItemFactory,
    ServiceFactory,
)
from tests.simulated import Simulators

from .recorders import begin, entered, feed, happened, queued, whole_call

pytestmark = pytest.mark.django_db
PREFIXES = {"agent_id_prefix": "BP-", "extension_prefix": "9-"}


@pytest.fixture
def recorder() -> IntegrationAccount:
    return nice()


def nice(**options: Any) -> IntegrationAccount:
    interval = options.pop("interval", 60)
    properties = {"username": "demo-nice", "keep_alive_update_interval": interval, **PREFIXES}
    secrets = {"password": "demo-nice-password"}
    return AccountFactory(provider="nice", properties=properties, secrets=secrets, **options)


def test_no_gap_between_keep_alives_is_longer_than_one_and_a_half_intervals_in_ten_minutes_of_load(
    simulated: Simulators, time_machine
):
    """Ten minutes of a clock that is set on by a second, with news of an agent every five."""
    start, interval = timezone.now(), 5
    time_machine.move_to(start, tick=False)
    recorder = nice(interval=interval)
    agent = AgentFactory(login="ava", state="READY")
    begin(recorder)
    told: list[float] = []

    def carry_out(task: Any, account_id: int, expires: float) -> None:
        before = simulated.board("nice")["keepalives"]
        task(account_id)
        if simulated.board("nice")["keepalives"] > before:
            told.append((timezone.now() - start).total_seconds())

    for second in range(600):
        time_machine.move_to(start + timedelta(seconds=second), tick=False)
        if second % 5 == 2:
            entered(agent, "BUSY" if second % 2 else "READY", agent.state)
        dispatch.dispatch_due(timezone.now(), carry_out)
    gaps = [later - earlier for earlier, later in pairwise(told)]
    assert len(told) >= 600 / interval - 1 and max(gaps) <= 1.5 * interval
    assert simulated.board("nice")["problems"] == [] and queued() == []


# -- what is told


def test_a_session_begins_with_everybody_who_is_there(recorder, simulated: Simulators):
    lunch = NotReadyReasonFactory(key="lunch", name="Lunch")
    ava = AgentFactory(login="ava", extension="1001", state="BUSY")
    AgentFactory(login="ben", extension="1002", state="NOT_READY", reason=lunch)
    AgentFactory(login="gone", state="LOGGED_OUT")
    now = timezone.now()
    InteractionFactory(agent=ava, state="held", call_id="c-1", ringing_at=now, answered_at=now)
    begin(recorder)

    queue.push(recorder.pk)

    board = simulated.board("nice")
    assert [(a["agent_id"], a["extension"], a["reason"]) for a in board["agents"]] == [
        ("BP-ava", "9-1001", None),
        ("BP-ben", "9-1002", "Lunch"),
    ]
    assert [(call["id"], call["state"]) for call in board["calls"]] == [("c-1", "held")]
    assert board["problems"] == []
    assert not Item.objects.exists()


def test_the_story_of_a_call_makes_sense_to_the_recorder(recorder, simulated: Simulators):
    simulated.settings("nice", agent_prefix="BP-", extension_prefix="9-")
    begin(recorder)
    ava = AgentFactory(login="ava", extension="1001", state="READY")
    whole_call(ava, call_id="c-1", service=ServiceFactory(name="Customer Support"))

    queue.push(recorder.pk)

    board = simulated.board("nice")
    (call,) = board["calls"]
    assert call["steps"] == ["offered", "started", "held", "retrieved", "ended"]
    assert (call["from"], call["to"], call["service"]) == ("+14155550132", "+14155550100", "Customer Support")
    assert board["problems"] == []
    ended = board["events"][0]
    assert (ended["type"], ended["duration"], ended["cause"]) == ("call.ended", 95, "customer")
    assert ended["parties"] == [
        {"role": "agent", "agent_id": "BP-ava", "extension": "9-1001"},
        {"role": "customer", "number": "+14155550132"},
    ]


def test_agents_log_in_change_and_log_out(recorder, simulated: Simulators):
    begin(recorder)
    lunch = NotReadyReasonFactory(key="lunch", name="Lunch")
    ava = AgentFactory(login="ava", extension="1001")
    entered(ava, "NOT_READY", "LOGGED_OUT", "log_in")
    entered(ava, "READY", "NOT_READY")
    entered(ava, "NOT_READY", "READY", reason=lunch)
    entered(ava, "LOGGED_OUT", "NOT_READY", "log_out")

    queue.push(recorder.pk)

    events = simulated.board("nice")["events"][::-1]
    assert [event["type"] for event in events] == [
        "session.start", "agent.login", "agent.state", "agent.state", "agent.state", "agent.logout",
    ]  # fmt: skip
    assert (events[4]["state"], events[4]["reason"], events[4]["previous_state"]) == ("NOT_READY", "Lunch", "READY")
    assert events[5]["reason"] == "log_out"
    assert simulated.board("nice")["problems"] == []


def test_a_call_that_rings_at_a_second_agent_is_offered_again(recorder, simulated: Simulators):
    begin(recorder)
    call = InteractionFactory(agent=AgentFactory(login="ava"))
    happened(call, "ringing", state="ringing", ringing_at=timezone.now())
    happened(call, "no_answer", state="queued")
    happened(call, "ringing", state="ringing", agent=AgentFactory(login="ben"))
    happened(call, "answered", state="active", answered_at=timezone.now())

    queue.push(recorder.pk)

    board = simulated.board("nice")
    assert board["calls"][0]["steps"] == ["offered", "offered", "started"]
    assert board["events"][0]["parties"][0]["agent_id"] == "BP-ben"
    assert board["problems"] == []


def test_a_call_that_is_given_away_goes_on_at_the_next_agent(recorder, simulated: Simulators):
    begin(recorder)
    now = timezone.now()
    call = InteractionFactory(agent=AgentFactory(login="ava"), service=ServiceFactory(name="Sales"))
    happened(call, "ringing", state="ringing", ringing_at=now)
    happened(call, "answered", state="active", answered_at=now)
    happened(call, "transferred", state="queued")
    happened(call, "ringing", state="ringing", agent=AgentFactory(login="ben"))
    happened(call, "answered", state="active")
    happened(call, "released", state="wrap_up", ended_at=now, cause="agent")

    queue.push(recorder.pk)

    board = simulated.board("nice")
    assert board["calls"][0]["steps"] == ["offered", "started", "transferred", "started", "ended"]
    moved = next(event for event in board["events"] if event["type"] == "call.transferred")
    assert (moved["from_agent_id"], moved["party"]["name"]) == ("BP-ava", "Sales")
    assert board["problems"] == []


def test_reports_out_of_order_still_make_a_story(recorder, simulated: Simulators):
    begin(recorder)
    now = timezone.now()
    call = InteractionFactory(agent=AgentFactory(login="ava"))
    happened(call, "held", state="held", answered_at=now)
    happened(call, "answered", state="held")
    happened(call, "released", state="wrap_up", ended_at=now)
    happened(call, "resumed")
    happened(call, "released")

    queue.push(recorder.pk)

    board = simulated.board("nice")
    assert board["calls"][0]["steps"] == ["started", "held", "started", "ended"]
    assert board["problems"] == []


@pytest.mark.parametrize("kinds", [["queued", "abandoned"], ["offered", "queued", "released"]])
def test_a_call_that_reached_nobody_is_not_told(recorder, kinds):
    begin(recorder)
    call = InteractionFactory(agent=None)
    for kind in kinds:
        happened(call, kind)

    assert queued() == ["session.start"]


def test_a_caller_who_hangs_up_while_it_rings_has_abandoned(recorder, simulated: Simulators):
    begin(recorder)
    call = InteractionFactory(agent=AgentFactory(login="ava"))
    happened(call, "ringing", state="ringing", ringing_at=timezone.now())
    happened(call, "released", state="abandoned", ended_at=timezone.now(), cause="customer")

    queue.push(recorder.pk)

    ended = simulated.board("nice")["events"][0]
    assert (ended["cause"], ended["duration"]) == ("abandoned", 0)


@pytest.mark.parametrize(
    ("cause", "told"), [("agent", "agent"), ("CUSTOMER", "customer"), ("", "system"), ("x", "system")]
)
def test_who_ended_a_call_is_told_in_the_recorders_words(recorder, cause, told):
    begin(recorder)
    now = timezone.now()
    call = InteractionFactory(agent=AgentFactory(), answered_at=now)
    happened(call, "answered", state="active")
    happened(call, "released", state="wrap_up", ended_at=now, cause=cause)

    assert Item.objects.last().body["cause"] == told


def test_an_outbound_call_goes_from_us_to_the_customer(recorder, simulated: Simulators):
    begin(recorder)
    call = InteractionFactory(agent=AgentFactory(login="ava"), direction="outbound")
    happened(call, "dialled", state="ringing", ringing_at=timezone.now())
    happened(call, "answered", state="active", answered_at=timezone.now())

    queue.push(recorder.pk)

    board = simulated.board("nice")
    assert (board["calls"][0]["from"], board["calls"][0]["to"]) == ("+14155550100", "+14155550132")
    assert board["problems"] == []


def test_chats_are_not_recorded(recorder):
    begin(recorder)
    happened(InteractionFactory(agent=AgentFactory(), media="chat"), "answered", answered_at=timezone.now())

    assert queued() == ["session.start"]


def test_without_a_recorder_nothing_is_written():
    ava = AgentFactory()
    entered(ava, "READY", "LOGGED_OUT")
    whole_call(ava)

    assert not Item.objects.exists()
    assert not FeedState.objects.exists()


def test_every_recorder_that_is_switched_on_is_told(recorder):
    nice(name="second")
    nice(name="off", enabled=False)
    entered(AgentFactory(), "READY", "LOGGED_OUT")

    per_account = list(Item.objects.order_by("account_id", "id").values_list("account__name", "type"))
    types = ["session.start", "agent.login", "agent.state"]
    assert per_account == [(recorder.name, kind) for kind in types] + [("second", kind) for kind in types]


def test_the_first_event_begins_the_session_itself_and_introduces_nobody_twice(recorder, simulated: Simulators):
    ava = AgentFactory(login="ava")
    call = InteractionFactory(agent=ava, call_id="c-1")
    happened(call, "ringing", state="ringing", ringing_at=timezone.now())
    happened(call, "answered", state="active", answered_at=timezone.now())

    queue.push(recorder.pk)

    board = simulated.board("nice")
    assert board["calls"][0]["steps"] == ["offered", "started"]
    assert board["problems"] == []


# -- how it gets there


def test_events_arrive_in_order_in_batches(recorder, simulated: Simulators, monkeypatch):
    monkeypatch.setattr(queue, "BATCH", 4)
    begin(recorder)
    ava = AgentFactory(login="ava")
    for number in range(3):
        whole_call(ava, call_id=f"c-{number}")

    queue.push(recorder.pk)

    board = simulated.board("nice")
    assert len(board["events"]) == 16
    assert board["problems"] == []
    sequences = [exchange["body"]["sequence"] for exchange in simulated.requests("nice")]
    assert sequences == sorted(set(sequences)) and len(sequences) == 4


def test_the_head_of_the_queue_waits_1_2_4_up_to_60_seconds(recorder, simulated: Simulators, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    begin(recorder)
    simulated.fault("nice", "server_error")
    waits = []
    for _ in range(8):
        queue.push(recorder.pk)
        tried = len(simulated.requests("nice"))
        queue.push(recorder.pk)
        assert len(simulated.requests("nice")) == tried, "not before its time"
        waits.append((feed().retry_at - timezone.now()).total_seconds())
        time_machine.shift(waits[-1])

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    simulated.heal("nice")
    queue.push(recorder.pk)
    assert queued() == []
    assert (feed().retries, feed().retry_at, feed().consecutive_failures) == (0, None, 0)


def test_a_receiver_that_says_how_long_to_wait_is_obeyed(recorder, simulated: Simulators):
    begin(recorder)
    simulated.fault("nice", "rate_limit", options={"retry_after": 30}, times=1)

    queue.push(recorder.pk)

    assert 25 < (feed().retry_at - timezone.now()).total_seconds() <= 31
    FeedState.objects.update(retry_at=None)
    queue.push(recorder.pk)
    assert queued() == []


def test_an_event_that_arrived_without_our_seeing_the_answer_is_sent_again_and_told_apart(
    recorder, simulated: Simulators
):
    begin(recorder)
    simulated.fault("nice", "half_close", times=1)
    queue.push(recorder.pk)
    assert queued() == ["session.start"]

    FeedState.objects.update(retry_at=None)
    queue.push(recorder.pk)

    assert queued() == []
    assert simulated.board("nice")["problems"] == []


def test_refused_credentials_stop_events_and_a_keep_alive_that_goes_through_lets_them_flow(
    recorder, simulated: Simulators
):
    begin(recorder)
    simulated.settings("nice", password="another")
    queue.push(recorder.pk)
    assert feed().stopped
    FeedState.objects.update(retry_at=None)
    tried = len(simulated.requests("nice"))
    queue.push(recorder.pk)
    assert len(simulated.requests("nice")) == tried, "events stay here"
    queue.keep_alive(recorder.pk)
    assert feed().stopped, "the keep-alive is refused too"
    assert len(simulated.requests("nice")) == tried + 1

    simulated.settings("nice", password="demo-nice-password")
    queue.keep_alive(recorder.pk)
    queue.push(recorder.pk)

    assert not feed().stopped
    assert queued() == []


def test_saving_the_account_lets_a_stopped_recorder_try_again(recorder, simulated: Simulators):
    begin(recorder)
    FeedState.objects.update(stopped=True)
    recorder.save()
    handed: list[str] = []

    dispatch.dispatch_due(timezone.now() + timedelta(seconds=3), lambda task, *_: handed.append(task.name))

    assert any("push_recording" in name for name in handed)
    queue.push(recorder.pk)
    assert queued() == []


@pytest.mark.parametrize("why", ["too many", "too old"])
def test_a_queue_that_overflows_is_dropped_whole(recorder, simulated: Simulators, monkeypatch, why):
    begin(recorder)
    at = timezone.now() - (timedelta(minutes=16) if why == "too old" else timedelta(0))
    for _ in range(5):
        RecordingQueueItemFactory(account=recorder, at=at)
    monkeypatch.setattr(queue, "LONGEST_QUEUE", 5 if why == "too many" else 100)
    Item.objects.filter(type="session.start").update(at=at)

    queue.push(recorder.pk)

    assert [event["type"] for event in simulated.board("nice")["events"]] == ["session.start"]
    assert feed().skipped == 6
    assert queued() == []


def test_a_queue_that_nobody_empties_does_not_grow_for_ever(recorder):
    begin(recorder)
    Item.objects.update(at=timezone.now() - timedelta(minutes=16))

    entered(AgentFactory(login="ava"), "READY", "NOT_READY")

    assert queued() == ["session.start", "agent.state"]
    assert feed().skipped == 1


def test_a_keep_alive_tells_how_much_is_going_on(recorder, simulated: Simulators):
    begin(recorder)
    InteractionFactory(agent=AgentFactory(state="BUSY"), state="active")
    AgentFactory(state="READY")

    queue.keep_alive(recorder.pk)

    event = simulated.requests("nice")[-1]["body"]["events"][0]
    assert (event["type"], event["active_agents"], event["active_calls"]) == ("keepalive", 2, 1)
    assert simulated.board("nice")["keepalives"] == 1


def test_a_keep_alive_during_a_batch_follows_it_so_that_numbers_arrive_in_order(recorder, simulated: Simulators):
    begin(recorder)
    with leases.held(feed()) as owner:
        assert owner
        queue.keep_alive(recorder.pk)
        assert simulated.requests("nice") == []

    queue.push(recorder.pk)

    kinds = [[e["type"] for e in exchange["body"]["events"]] for exchange in simulated.requests("nice")]
    assert kinds == [["session.start"], ["keepalive"]]
    assert not feed().keep_alive_due


def test_a_keep_alive_asked_of_a_worker_that_was_killed_is_not_forgotten(recorder):
    begin(recorder)
    Item.objects.all().delete()
    FeedState.objects.update(keep_alive_due=True)
    handed: list[str] = []

    dispatch.dispatch_due(timezone.now() + timedelta(seconds=5), lambda task, *_: handed.append(task.name))

    assert "contactcenter.tasks.push_recording" in handed


def test_a_recorder_that_is_switched_off_hears_the_end_of_the_session_once(recorder, simulated: Simulators):
    begin(recorder)
    queue.push(recorder.pk)
    RecordingQueueItemFactory(account=recorder)
    recorder.enabled = False
    recorder.save()
    handed: list[str] = []
    dispatch.dispatch_due(timezone.now() + timedelta(seconds=3), lambda task, *_: handed.append(task.name))
    assert handed == ["contactcenter.tasks.close_recording"]

    queue.close(recorder.pk)
    queue.close(recorder.pk)
    queue.push(recorder.pk)
    queue.keep_alive(recorder.pk)

    kinds = [event["type"] for event in simulated.board("nice")["events"]]
    assert kinds == ["session.end", "session.start"]
    assert not Item.objects.exists()


def test_a_recorder_that_is_away_when_it_is_switched_off_does_no_harm(recorder, simulated: Simulators):
    begin(recorder)
    recorder.enabled = False
    recorder.save()
    simulated.fault("nice", "server_error")

    queue.close(recorder.pk)

    assert not feed().session_open
    simulated.heal("nice")
    recorder.enabled = True
    recorder.save()
    begin(recorder)
    queue.push(recorder.pk)
    assert simulated.board("nice")["session"] is True


def test_starting_the_dispatcher_tells_every_recorder_the_state_of_everything(recorder):
    begin(recorder)
    Item.objects.all().delete()

    dispatch.renew_sessions()
    begin(recorder)

    assert queued() == ["session.start"]


def test_one_event_is_nudged_at_once_and_the_dispatcher_repairs_a_lost_nudge(
    recorder, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks() as callbacks:
        begin(recorder)
    assert len(callbacks) == 1
    handed: list[float] = []
    now = timezone.now()

    for second in (3.0, 3.25, 4.0, 5.0, 5.25):
        moment = now + timedelta(seconds=second)
        dispatch.dispatch_due(moment, lambda task, *_, s=second: handed.append(s) if "recording" in task.name else None)

    assert handed == [3.0, 5.0]
