"""Recorders that are told phone by phone, against the simulated Uptivity: no end is lost, nothing waits behind an event
that will never be taken."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contactcenter import showing
from contactcenter.models import FeedState, RefusedEvent
from contactcenter.models import RecordingQueueItem as Item
from contactcenter.recorders import queue
from integrations.models import IntegrationAccount
from tests.factories import AccountFactory, AdminFactory, AgentFactory, InteractionFactory
from tests.simulated import Simulators

from .recorders import begin, entered, feed, happened, queued, whole_call

KEY = "nice_uptivity"
COMMANDS = [
    {"event": "call.started", "command": "CALLSTART"}, {"event": "call.data", "command": "CALLUPDATE"},
    {"event": "call.ended", "command": "CALLSTOP"}, {"event": "agent.login", "command": "AGENTLOGIN"},
    {"event": "agent.logout", "command": "AGENTLOGOUT"},
]  # fmt: skip
MAPPING = [{"name": "Order", "column": "USER1"}]


@pytest.fixture
def uptivity(simulated: Simulators) -> IntegrationAccount:
    simulated.settings(KEY, extension_prefix="9-")
    properties = {"commands": COMMANDS, "data_mapping": MAPPING, "extension_prefix": "9-"}
    account: IntegrationAccount = AccountFactory(provider=KEY, properties=properties)
    return account


def commands(simulated: Simulators) -> list[str]:
    """What came, oldest first: the command and the phone."""
    told = simulated.board(KEY)["latest"][::-1]
    return [f"{name} {fields.partition(' ')[0].removeprefix('deviceid=9-')}" for _, name, fields, _ in told]


def in_call(simulated: Simulators) -> list[str]:
    return [phone["device"] for phone in simulated.board(KEY)["phones"] if phone["in_call"]]


def answered(agent: Any, call_id: str, **options: Any) -> Any:
    call = InteractionFactory(agent=agent, call_id=call_id, **options)
    happened(call, "ringing", ringing_at=timezone.now(), state="ringing")
    happened(call, "answered", answered_at=timezone.now(), state="active")
    return call


def released(call: Any) -> None:
    happened(call, "released", state="wrap_up", ended_at=timezone.now(), cause="customer")


def test_a_call_is_told_from_its_answer_to_its_end(uptivity, simulated: Simulators):
    begin(uptivity)
    whole_call(AgentFactory(login="ava", extension="1001"), call_id="c-1", attached_data={"Order": "35436"})

    queue.push(uptivity.pk)

    assert commands(simulated) == ["CALLSTART 1001", "CALLUPDATE 1001", "CALLSTOP 1001"]
    (phone,) = simulated.board(KEY)["phones"]
    assert (phone["call"], phone["values"]["USER1"], phone["in_call"]) == ("c-1", "35436", False)
    assert simulated.board(KEY)["problems"] == [] and queued() == []
    assert "API_OK" in feed().last_heard


def test_data_that_is_attached_while_they_talk_is_told_at_once(uptivity, simulated: Simulators):
    begin(uptivity)
    call = answered(AgentFactory(login="ava", extension="1001"), "c-1")
    showing.attach(call, {"Order": "<1>"})
    showing.attach(call, {"Order": "<1>"})

    queue.push(uptivity.pk)

    assert commands(simulated) == ["CALLSTART 1001", "CALLUPDATE 1001"]
    assert "“Order”" in feed().last_warning
    released(call)
    queue.push(uptivity.pk)
    assert feed().last_warning == ""


def test_data_that_is_attached_before_the_answer_waits_for_it(uptivity, simulated: Simulators):
    begin(uptivity)
    call = InteractionFactory(agent=AgentFactory(login="ava", extension="1001"), call_id="c-1")
    happened(call, "ringing", ringing_at=timezone.now(), state="ringing")
    showing.attach(call, {"Order": "1"})
    assert queued() == ["session.start", "call.offered"]
    happened(call, "answered", answered_at=timezone.now(), state="active")
    assert queued()[2:] == ["call.started", "call.data"]


@pytest.mark.parametrize("reported", [True, False])
def test_a_call_that_changes_hands_leaves_one_phone_for_another(uptivity, simulated: Simulators, reported: bool):
    begin(uptivity)
    call = answered(AgentFactory(login="ava", extension="1001"), "c-1")
    if reported:
        happened(call, "transferred", state="queued")
    happened(call, "answered", state="active", agent=AgentFactory(login="ben", extension="1002"))

    queue.push(uptivity.pk)

    assert commands(simulated) == ["CALLSTART 1001", "CALLSTOP 1001", "CALLSTART 1002"]
    assert simulated.board(KEY)["problems"] == []


def test_a_refused_event_is_listed_and_holds_nothing_up(uptivity, simulated: Simulators, client: Client):
    simulated.settings(KEY, unknown_phones=["9-1001"])
    begin(uptivity)
    whole_call(AgentFactory(login="ava", extension="1001"), call_id="poison")
    whole_call(AgentFactory(login="ben", extension="1002"), call_id="good")

    queue.push(uptivity.pk)

    assert queued() == [] and feed().retry_at is None
    assert [phone["device"] for phone in simulated.board(KEY)["phones"]] == ["9-1002"]
    refused = RefusedEvent.objects.first()
    assert refused is not None and (refused.type, refused.about) == ("call.ended", "poison")
    client.force_login(AdminFactory())
    page = client.get(reverse("admin:integrations_integrationaccount_feed", args=[uptivity.pk])).content.decode()
    assert "Refused for good" in page and "it does not know this phone (8 API_DEVICE_INVALID)" in page


def test_only_the_newest_refusals_are_kept(uptivity, simulated: Simulators, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(RefusedEvent, "KEPT", 3)
    begin(uptivity)
    nowhere = AgentFactory(extension="")
    for number in range(3):
        whole_call(nowhere, call_id=f"c-{number}")
    queue.push(uptivity.pk)
    whole_call(nowhere, call_id="last")
    queue.push(uptivity.pk)

    assert [event.about for event in RefusedEvent.objects.all()] == ["last", "last", "c-2"]
    assert simulated.board(KEY)["commands"] == 0


def test_what_came_through_before_a_cut_is_not_sent_again(uptivity, simulated: Simulators):
    begin(uptivity)
    queue.push(uptivity.pk)
    first = answered(AgentFactory(login="ava", extension="1001"), "c-1")
    queue.push(uptivity.pk)
    answered(AgentFactory(login="ben", extension="1002"), "c-2")
    released(first)
    simulated.fault(KEY, "refusal", times=2, options={"code": 6})
    queue.push(uptivity.pk)
    assert "scheduler" in feed().last_error and feed().retries == 1
    assert queued()[-2:] == ["call.started", "call.ended"]

    FeedState.objects.update(retry_at=None)
    queue.push(uptivity.pk)

    assert commands(simulated) == ["CALLSTART 1001", *["CALLSTART 1002"] * 3, "CALLSTOP 1001"]
    assert in_call(simulated) == ["9-1002"] and simulated.board(KEY)["problems"] == []


def test_a_worker_that_is_killed_between_telling_and_forgetting_does_no_harm(
    uptivity, simulated: Simulators, monkeypatch: pytest.MonkeyPatch
):
    begin(uptivity)
    whole_call(AgentFactory(login="ava", extension="1001"), call_id="c-1")
    answered(AgentFactory(login="ben", extension="1002"), "c-2")

    def killed(*_args: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr("contactcenter.recorders.refusals.keep", killed)
        with pytest.raises(SystemExit):
            queue.push(uptivity.pk)
    queue.push(uptivity.pk)

    assert in_call(simulated) == ["9-1002"]
    assert simulated.board(KEY)["problems"] == [] and queued() == []


def test_ends_that_were_dropped_with_the_queue_are_told_by_the_new_session(uptivity, simulated: Simulators):
    ava, ben = AgentFactory(login="ava", extension="1001"), AgentFactory(login="ben", extension="1002", state="BUSY")
    entered(ava, "READY", "LOGGED_OUT", "log_in")
    begin(uptivity)
    call = answered(ava, "c-1")
    queue.push(uptivity.pk)
    assert in_call(simulated) == ["9-1001"]
    released(call)
    entered(ava, "LOGGED_OUT", "READY", "log_out")
    answered(ben, "c-2")
    for _ in range(2):  # the second time, the session that tells of it is dropped itself
        Item.objects.update(at=timezone.now() - timedelta(minutes=16))
        simulated.fault(KEY, "server_error", times=1)
        FeedState.objects.update(retry_at=None)
        queue.push(uptivity.pk)
    assert queued() == ["session.start"]

    FeedState.objects.update(retry_at=None)
    queue.push(uptivity.pk)

    assert in_call(simulated) == ["9-1002"]
    assert simulated.board(KEY)["agents"] == ["ben"] and simulated.board(KEY)["problems"] == []


def test_a_recorder_that_is_switched_off_is_left_with_no_call(uptivity, simulated: Simulators):
    begin(uptivity)
    answered(AgentFactory(login="ava", extension="1001", state="BUSY"), "c-1")
    queue.push(uptivity.pk)
    uptivity.enabled = False
    uptivity.save()

    queue.close(uptivity.pk)

    assert in_call(simulated) == [] and simulated.board(KEY)["agents"] == []
    assert simulated.board(KEY)["problems"] == []


def test_the_keep_alive_is_the_echo_test(uptivity, simulated: Simulators):
    begin(uptivity)
    queue.keep_alive(uptivity.pk)
    assert (simulated.board(KEY)["tests"], feed().sent) == (1, 1)
