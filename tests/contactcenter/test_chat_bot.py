"""A bot that answers customers by itself, as chosen on the chat service, until it hands over to an agent."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from contactcenter import desk, tasks
from contactcenter.chats import bot, sending, view
from contactcenter.feeds.snapshots import snapshot
from contactcenter.models import Agent, Chat, ChatMessage, Interaction, ScenarioRun, Service
from integrations.models import IntegrationAccount
from tests.factories import AccountFactory, AgentFactory, ScenarioVersionFactory, ServiceFactory
from tests.integrations.providers.conftest import Vendor

from .conftest import telegram_account, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def watson(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("bot_watson")


@pytest.fixture
def engine(watson: Vendor) -> IntegrationAccount:
    made: IntegrationAccount = AccountFactory(
        provider="bot_watson", name="Robot",
        properties={"workspace_id": "demo-workspace", "username": "demo-watson"},
        secrets={"password": "demo-watson-password"},
    )  # fmt: skip
    return made


@pytest.fixture
def account(telegram: Vendor) -> IntegrationAccount:
    return telegram_account()


@pytest.fixture
def service(engine: IntegrationAccount) -> Service:
    made: Service = ServiceFactory(name="Chats", code="chats", media=Service.Media.CHAT, chat_bot=engine)
    return made


@pytest.fixture
def agent(service: Service) -> Agent:
    made: Agent = AgentFactory(state="READY", device="none", services=[service])
    return made


def answered() -> Interaction:
    """Let the bot answer what is open, and send it."""
    chat = Chat.objects.get()
    bot.answer(chat.pk)
    sending.send(chat.pk)
    return Interaction.objects.get()


def said() -> list[tuple[str, bool]]:
    return [(message.text, message.by_bot) for message in ChatMessage.objects.order_by("id")]


def test_the_bot_answers_by_itself_and_no_agent_hears_of_it(
    account: IntegrationAccount, agent: Agent, telegram: Vendor
) -> None:
    write(account, "Where is my order 10023?")
    interaction = answered()
    assert said() == [("Where is my order 10023?", False), ("Order 10023 arrives tomorrow.", True)]
    assert ChatMessage.objects.get(by_bot=True).status == "sent", "the customer has it"
    assert (interaction.state, interaction.agent, interaction.answered_at) == ("active", None, None)
    agent.refresh_from_db()
    assert agent.state == "READY" and not agent.desktop_events.filter(kind="interaction").exists()
    assert [event.kind for event in interaction.events.all()] == ["offered", "served_by_bot"]


def test_the_bot_remembers_and_each_message_is_answered_once(account: IntegrationAccount, service: Service) -> None:
    write(account, "Where is my order?")
    answered()
    assert bot.answer(Chat.objects.get().pk) == 0, "it is answered already"
    write(account, "10023")
    answered()
    assert said()[-1] == ("Order 10023 arrives tomorrow.", True)
    assert len(said()) == 4


def test_messages_that_came_together_are_one_question(
    account: IntegrationAccount, service: Service, watson: Vendor
) -> None:
    write(account, "Where is my order?")
    write(account, "10023")
    answered()
    assert said()[-1] == ("Order 10023 arrives tomorrow.", True)
    assert len(watson.arrived()) == 1


def test_whoever_wants_a_person_reaches_an_agent_with_all_that_was_said(
    account: IntegrationAccount, agent: Agent, service: Service
) -> None:
    write(account, "Hello")
    arrived = answered().offered_at
    write(account, "I want to talk to an agent")
    interaction = answered()
    assert said()[-1] == ("I am connecting you with a colleague.", True)
    assert (interaction.state, interaction.agent, interaction.service) == ("ringing", agent, service)
    assert interaction.offered_at > arrived, "it arrives at the service now"
    told = agent.desktop_events.filter(kind="interaction").last().data["chat"]["messages"]
    assert [line["byBot"] for line in told] == [False, True, False, True]
    desk.accept(agent, str(interaction.public_id))
    assert "Bot: I am connecting you with a colleague." in view.transcript(interaction)


def test_after_the_hand_over_the_bot_is_silent(account: IntegrationAccount, agent: Agent, service: Service) -> None:
    write(account, "I want to talk to an agent")
    answered()
    write(account, "Are you there?")
    answered()
    assert said()[-1] == ("Are you there?", False)
    assert bot.answer_due() == 0


def test_the_scenario_of_the_service_begins_when_the_bot_hands_over(
    account: IntegrationAccount, service: Service
) -> None:
    version = ScenarioVersionFactory()
    service.scenario = version.scenario
    service.save()
    write(account, "Hello")
    interaction = answered()
    assert not ScenarioRun.objects.exists() and interaction.service is None
    write(account, "I want to talk to an agent")
    answered()
    assert ScenarioRun.objects.get().version == version


@pytest.mark.parametrize("fault", ["server_error", "bad_credentials"])
def test_a_bot_that_cannot_be_asked_hands_over(
    account: IntegrationAccount, agent: Agent, watson: Vendor, fault: str
) -> None:
    watson.fault(fault)
    write(account, "Hello")
    interaction = answered()
    assert (interaction.state, interaction.agent) == ("ringing", agent)
    assert said() == [("Hello", False)], "nothing is said in the bot's name"


def test_what_a_bot_cannot_see_is_for_an_agent(account: IntegrationAccount, agent: Agent, watson: Vendor) -> None:
    write(account, "", media=[{"type": "picture", "url": "https://vendor.example/1.png"}])
    assert answered().agent == agent
    assert watson.arrived() == [], "the bot was not asked"


@pytest.mark.parametrize(
    ("words", "text", "reaches"),
    [
        ("agent, real person", "Can I have a REAL person?", True),
        ("order", "Where are my orders?", False),
        ("担当者", "担当者と話したい", True),
        ("", "I want to know your opening hours", False),
        (" , ", "Hello", False),
    ],
)
def test_a_word_for_an_agent_leads_there_whatever_the_bot_would_say(
    account: IntegrationAccount, agent: Agent, service: Service, watson: Vendor, words: str, text: str, reaches: bool
) -> None:
    service.agent_words = words
    service.save()
    write(account, text)
    assert (answered().agent == agent) is reaches
    assert (watson.arrived() == []) is reaches, "the bot is asked only where its answer counts"


def test_a_bot_that_was_switched_off_takes_no_chat_and_gives_back_those_it_has(
    account: IntegrationAccount, agent: Agent, engine: IntegrationAccount
) -> None:
    write(account, "Hello")
    answered()
    engine.enabled = False
    engine.save()
    write(account, "Are you there?")
    assert answered().agent == agent
    write(account, "And I?", user="3003", conversation="3003")
    assert Interaction.objects.order_by("-id")[0].state == "queued"


def test_no_queue_counts_what_the_bot_does_alone(account: IntegrationAccount, service: Service) -> None:
    write(account, "Hello")
    answered()
    before = next(each for each in snapshot().services if each.name == service.name)
    assert (before.active, before.waiting, before.received) == (0, 0, 0)
    write(account, "I want to talk to an agent")
    answered()
    after = next(each for each in snapshot().services if each.name == service.name)
    assert (after.active, after.waiting, after.received) == (0, 1, 1)


def test_a_silent_chat_ends_and_the_next_message_begins_a_new_one(
    account: IntegrationAccount, service: Service
) -> None:
    write(account, "Hello")
    interaction = answered()
    assert bot.end_silent() == 0, "something was said just now"
    assert bot.end_silent(timezone.now() + bot.SILENCE + timedelta(minutes=1)) == 1
    interaction.refresh_from_db()
    assert (interaction.state, interaction.cause) == ("completed", "bot")
    write(account, "Hello again")
    assert Interaction.objects.count() == 2


def test_routing_leaves_the_bots_chats_alone_and_the_sweep_answers_what_was_lost(
    account: IntegrationAccount, agent: Agent
) -> None:
    write(account, "Hello")
    Interaction.objects.update(offered_at=timezone.now() - timedelta(minutes=20))
    tasks.sweep()
    assert Interaction.objects.get().agent is None
    assert bot.answer_due() == 1
    answered()
    assert bot.answer_due() == 0


def test_without_a_chat_bot_agents_answer_from_the_first_message_on(
    account: IntegrationAccount, agent: Agent, service: Service
) -> None:
    service.chat_bot = None
    service.save()
    write(account, "Hello")
    assert Interaction.objects.get().agent == agent
