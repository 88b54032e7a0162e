"""Transferring: to a colleague, to a service, to a number; and who may not be given a call."""

from typing import Any

import pytest

from contactcenter import desk, transfers
from contactcenter.errors import NotPossible
from contactcenter.models import Agent, Interaction, Service
from integrations.models import IntegrationAccount
from tests.factories import AgentFactory, ServiceFactory
from tests.integrations.providers.conftest import Vendor

from .conftest import telegram_account
from .reports import history, offer, state_of, told
from .test_chats import accepted, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def service() -> Any:
    return ServiceFactory(code="support", name="Customer Support")


@pytest.fixture
def agent(service: Any) -> Any:
    return AgentFactory(login="agent1", state="READY", services=[service])


@pytest.fixture
def colleague(service: Any) -> Any:
    return AgentFactory(login="agent2", extension="202", state="READY", services=[service])


@pytest.fixture
def call(service: Any, agent: Any) -> str:
    """A call that the agent talks on, with notes."""
    interaction_id = str(offer(service, agent="agent1").public_id)
    desk.accept(agent, interaction_id)
    desk.save_wrap_up(agent, interaction_id, "", "Order 7 is late.")
    return interaction_id


def the(interaction_id: str) -> Interaction:
    return Interaction.objects.get(public_id=interaction_id)


def test_the_call_rings_at_the_colleague_with_its_notes_and_the_giver_is_free(
    agent: Agent, colleague: Agent, call: str
) -> None:
    sentence = transfers.transfer(agent, call, colleague="agent2")
    assert sentence == f"Transferred to {colleague}."
    assert (the(call).state, the(call).agent, state_of(colleague), state_of(agent)) == (
        "ringing", colleague, "RINGING", "READY",
    )  # fmt: skip
    shown = told(colleague, "interaction")[-1]
    assert (shown["transferredBy"], shown["notes"], shown["controls"]) == (
        str(agent), "Order 7 is late.", ["accept", "reject"],
    )  # fmt: skip
    gone = told(agent, "interaction")[-1]
    assert (gone["mine"], gone["controls"]) == (False, [])


def test_recorders_and_reports_learn_who_took_it(agent: Agent, colleague: Agent, call: str) -> None:
    transfers.transfer(agent, call, colleague="agent2")
    event = the(call).events.get(kind="transferred")
    assert event.agent == agent
    assert event.data["transfer"]["party"] == {"role": "agent", "agent_id": "agent2", "extension": "202"}
    assert event.data["queues"] == [the(call).service_id] * 2


def test_a_call_on_hold_can_be_given_away_and_goes_on_at_the_colleague(
    agent: Agent, colleague: Agent, call: str
) -> None:
    desk.hold(agent, call)
    transfers.transfer(agent, call, colleague="agent2")
    assert desk.accept(colleague, call).state == "active"
    assert history(the(call))[-3:] == ["transferred", "ringing", "answered"]


def test_a_service_takes_the_call_and_whoever_is_ready_there_rings(agent: Agent, call: str) -> None:
    sales = ServiceFactory(code="sales", name="Sales")
    seller = AgentFactory(login="agent3", state="READY", services=[sales])
    assert transfers.transfer(agent, call, service="sales") == "Transferred to Sales."
    assert (the(call).service, the(call).agent, the(call).state) == (sales, seller, "ringing")


def test_with_nobody_ready_there_it_waits_and_does_not_come_back_to_the_giver(agent: Agent, call: str) -> None:
    transfers.transfer(agent, call, service="support")
    assert (the(call).state, the(call).agent, state_of(agent)) == ("queued", None, "READY")


def test_a_number_outside_ends_the_call_for_us(agent: Agent, call: str) -> None:
    assert transfers.transfer(agent, call, number="+1 415 555 0199") == "Transferred to +1 415 555 0199."
    assert (the(call).state, the(call).cause, state_of(agent)) == ("wrap_up", "transferred", "ACW")
    assert the(call).events.get(kind="transferred").data["number"] == "+1 415 555 0199"
    assert the(call).customer_number != "+1 415 555 0199"


@pytest.mark.parametrize(
    ("theirs", "sentence"),
    [
        ({"state": "BUSY"}, r"is not ready now \(Busy\). Choose somebody else, or a service."),
        ({"state": "LOGGED_OUT"}, "is not ready now"),
        ({"state": "READY", "device": "none"}, "is logged in without a phone"),
    ],
)
def test_who_cannot_take_it_now_is_refused_and_the_talk_goes_on(
    agent: Agent, call: str, theirs: dict[str, str], sentence: str
) -> None:
    AgentFactory(login="agent2", **theirs)
    with pytest.raises(NotPossible, match=sentence):
        transfers.transfer(agent, call, colleague="agent2")
    assert (the(call).state, the(call).agent, state_of(agent)) == ("active", agent, "BUSY")


@pytest.mark.parametrize(
    ("to", "sentence"),
    [
        ({}, "Choose a colleague or a service, or type a number."),
        ({"colleague": "agent2", "number": "+14155550199"}, "Choose a colleague or a service, or type a number."),
        ({"colleague": "agent1"}, "This colleague does not exist any more."),
        ({"colleague": "nobody"}, "This colleague does not exist any more."),
        ({"service": "nothing"}, "This service does not take it."),
        ({"service": "chats"}, "This service does not take it."),
        ({"number": "reception"}, "This is not a phone number."),
        ({"number": "1" * 61}, "This is not a phone number."),
    ],
)
def test_a_destination_that_is_none_is_refused(agent: Agent, call: str, to: dict[str, str], sentence: str) -> None:
    ServiceFactory(code="chats", media=Service.Media.CHAT)
    with pytest.raises(NotPossible, match=sentence):
        transfers.transfer(agent, call, **to)
    assert the(call).state == "active"


def test_a_call_that_is_over_or_of_somebody_else_is_not_given_away(agent: Agent, colleague: Agent, call: str) -> None:
    with pytest.raises(NotPossible, match="not with you any more"):
        transfers.transfer(colleague, call, colleague="agent1")
    desk.end(agent, call)
    with pytest.raises(NotPossible, match="The call is over"):
        transfers.transfer(agent, call, colleague="agent2")


# -- chats


@pytest.fixture
def account(telegram: Vendor) -> IntegrationAccount:
    return telegram_account()


@pytest.mark.django_db(transaction=True)
def test_a_chat_rings_at_the_colleague_with_everything_that_was_said(account: IntegrationAccount) -> None:
    chats = ServiceFactory(code="chats", media=Service.Media.CHAT)
    agent = AgentFactory(state="READY", device="none", services=[chats])
    write(account, "My parcel is lost")
    interaction = accepted(agent)
    other = AgentFactory(login="agent2", state="READY", device="none", services=[])
    transfers.transfer(agent, str(interaction.public_id), colleague="agent2")
    shown = told(other, "interaction")[-1]
    assert [line["text"] for line in shown["chat"]["messages"]] == ["My parcel is lost"]
    assert (state_of(agent), state_of(other)) == ("READY", "RINGING")
    write(account, "Hello?")
    assert Interaction.objects.count() == 1
    assert told(other, "interaction")[-1]["chat"]["messages"][-1]["text"] == "Hello?"


@pytest.mark.django_db(transaction=True)
def test_a_chat_goes_to_no_telephone(account: IntegrationAccount) -> None:
    chats = ServiceFactory(code="chats", media=Service.Media.CHAT)
    agent = AgentFactory(state="READY", device="none", services=[chats])
    write(account)
    interaction = accepted(agent)
    with pytest.raises(NotPossible, match="not to a phone number"):
        transfers.transfer(agent, str(interaction.public_id), number="+14155550199")
    assert (the(str(interaction.public_id)).state, state_of(agent)) == ("active", "BUSY")
