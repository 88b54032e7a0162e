"""Messages between colleagues: read at once, later, once; and who wrote what to whom."""

import uuid

import pytest

from contactcenter import messages
from contactcenter.errors import NotPossible
from contactcenter.models import Agent, InternalMessage
from tests.factories import AgentFactory

from .reports import told

pytestmark = pytest.mark.django_db


@pytest.fixture
def ava() -> Agent:
    made: Agent = AgentFactory(login="agent1", state="READY")
    return made


@pytest.fixture
def ben() -> Agent:
    made: Agent = AgentFactory(login="agent2", state="READY")
    return made


def write(sender: Agent, to: str, text: str = "Can you take over?") -> str:
    return messages.write(sender, to, uuid.uuid4(), text)


def test_a_message_is_on_the_colleagues_desktop_with_the_name_of_who_wrote_it(ava: Agent, ben: Agent) -> None:
    assert write(ava, "agent2", " Can you take over? ") == ""
    shown = told(ben, "message")[-1]
    assert (shown["text"], shown["from"]) == ("Can you take over?", {"login": "agent1", "name": str(ava)})
    assert [message["from"]["login"] for message in messages.unread(ben)] == ["agent1"]


def test_sent_again_after_a_lost_answer_it_is_the_same_message(ava: Agent, ben: Agent) -> None:
    key = uuid.uuid4()
    messages.write(ava, "agent2", key, "Hello")
    messages.write(ava, "agent2", key, "Hello")
    assert InternalMessage.objects.count() == len(told(ben, "message")) == 1


def test_who_is_logged_out_finds_it_later_and_the_sender_is_told_so(ava: Agent) -> None:
    AgentFactory(login="agent2", state="LOGGED_OUT")
    assert "is logged out and finds it at the next log-in." in write(ava, "agent2")


def test_both_see_the_same_talk_and_nobody_else_does(ava: Agent, ben: Agent) -> None:
    write(ava, "agent2", "One")
    write(ben, "agent1", "Two")
    write(AgentFactory(login="agent3"), "agent1", "Something else")
    messages.send([ava], "From a scenario", key="k")
    for reader, other in ((ava, "agent2"), (ben, "agent1")):
        lines = messages.between(reader, other)
        assert [(line["from"]["login"], line["text"]) for line in lines] == [("agent1", "One"), ("agent2", "Two")]


@pytest.mark.parametrize(
    ("to", "text", "sentence"),
    [
        ("agent2", "  ", "There is nothing to send yet"),
        ("agent2", "x" * 1001, "at most 1000 characters; this one has 1001"),
        ("agent1", "To myself", "This colleague does not exist any more"),
        ("nobody", "Hello", "This colleague does not exist any more"),
    ],
)
def test_what_cannot_be_sent_is_refused(ava: Agent, ben: Agent, to: str, text: str, sentence: str) -> None:
    with pytest.raises(NotPossible, match=sentence):
        write(ava, to, text)
    assert not InternalMessage.objects.exists()
