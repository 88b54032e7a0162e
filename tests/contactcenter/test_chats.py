"""Chats: a customer writes in a messenger, an agent answers, nothing is lost and nothing is sent twice."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from django.urls import reverse
from django.utils import timezone

from contactcenter import activities, desk, routing
from contactcenter.chats import conversation, mood, sending, suggestions
from contactcenter.demo.messengers import set_webhooks
from contactcenter.errors import NotPossible
from contactcenter.models import Agent, Chat, ChatMessage, Interaction, Service
from integrations import tasks as integration_tasks
from integrations.errors import RateLimited, Unavailable
from integrations.models import InboundEvent, IntegrationAccount
from integrations.providers.messenger_telegram import Telegram
from tests.factories import AccountFactory, AgentFactory, ServiceFactory
from tests.integrations.providers.conftest import Vendor

from .conftest import telegram_account, write

pytestmark = pytest.mark.django_db(transaction=True)
Status = ChatMessage.Status


@pytest.fixture
def account(telegram: Vendor) -> IntegrationAccount:
    return telegram_account()


@pytest.fixture
def service() -> Service:
    made: Service = ServiceFactory(name="Chats", code="chats", media=Service.Media.CHAT)
    return made


@pytest.fixture
def agent(service: Service) -> Agent:
    made: Agent = AgentFactory(state="READY", device="none", services=[service])
    return made


def accepted(agent: Agent) -> Interaction:
    interaction = Interaction.objects.get(agent=agent)
    return desk.accept(agent, str(interaction.public_id))


def say(agent: Agent, interaction: Interaction, text: str = "Good morning", picture: str = "") -> ChatMessage:
    return conversation.say(agent, str(interaction.public_id), uuid.uuid4(), text, picture)


# -- what customers write


def test_the_first_message_rings_at_an_agent_who_needs_no_phone(account: IntegrationAccount, agent: Agent) -> None:
    write(account, "My parcel is lost")
    interaction = Interaction.objects.get()
    assert (interaction.media, interaction.state, interaction.agent) == ("chat", "ringing", agent)
    told = agent.desktop_events.filter(kind="interaction").last().data
    assert told["chat"]["channel"] == "Telegram"
    assert [line["text"] for line in told["chat"]["messages"]] == ["My parcel is lost"]
    assert told["caller"]["rule"] == "Writes by Telegram as Robin Example."
    assert told["controls"] == ["accept", "reject"]


def test_further_messages_join_the_open_chat_and_a_repeated_event_changes_nothing(
    account: IntegrationAccount, agent: Agent
) -> None:
    event = write(account, "One")
    write(account, "Two")
    conversation.take_in(event)
    assert Interaction.objects.count() == 1
    assert [message.text for message in ChatMessage.objects.all()] == ["One", "Two"]


def test_another_customer_is_another_chat(account: IntegrationAccount, agent: Agent) -> None:
    write(account, "One")
    write(account, "Two", user="3003", conversation="3003")
    assert [chat.conversation for chat in Chat.objects.order_by("id")] == ["2002", "3003"]
    assert Interaction.objects.filter(state="queued").count() == 1


def test_whoever_writes_after_the_end_begins_a_new_chat(account: IntegrationAccount, agent: Agent) -> None:
    write(account, "One")
    interaction = accepted(agent)
    desk.end(agent, str(interaction.public_id))
    write(account, "Again")
    assert Interaction.objects.count() == 2
    assert Interaction.objects.order_by("-id").first().chat.messages.get().text == "Again"


def test_a_chat_whose_interaction_ended_by_another_way_takes_no_further_message(
    account: IntegrationAccount, agent: Agent
) -> None:
    write(account, "One")
    Interaction.objects.update(state="completed", agent=None)
    write(account, "Two")
    assert Interaction.objects.count() == 2


def test_without_a_service_the_event_is_kept_with_the_reason(account: IntegrationAccount) -> None:
    InboundEvent.objects.create(account=account, key="message:x", kind="message", payload={"user": "1", "text": "Hi"})
    assert integration_tasks.process_events() == 0
    event = InboundEvent.objects.get()
    assert "No service takes the messages of “Telegram”" in event.error
    ServiceFactory(name="Late", code="late", media=Service.Media.CHAT)
    InboundEvent.objects.update(leased_until=None)
    assert integration_tasks.process_events() == 1
    assert ChatMessage.objects.get().text == "Hi"


def test_a_messenger_reaches_the_service_that_it_was_added_to(account: IntegrationAccount, service: Service) -> None:
    other = ServiceFactory(name="Sales chats", code="sales", media=Service.Media.CHAT)
    with pytest.raises(NotPossible):
        write(account)
    other.messengers.create(account=account)
    write(account)
    assert Interaction.objects.get().service == other


def test_edits_deletions_and_refusals_are_shown(account: IntegrationAccount, agent: Agent) -> None:
    write(account, "One", message_id="a")
    write(account, "Two", message_id="b")
    write(account, "One, corrected", kind="edited", message_id="a")
    write(account, "", kind="deleted", message_id="b")
    assert [m.text for m in ChatMessage.objects.all()] == ["One, corrected", "(deleted by the customer)"]
    write(account, "", kind="opted_out")
    assert Chat.objects.get().out_of_reach
    write(account, "", kind="opted_in")
    assert not Chat.objects.get().out_of_reach
    write(account, "x", kind="unknown")
    assert ChatMessage.objects.count() == 2


def test_a_chat_needs_no_phone_and_a_call_does(account: IntegrationAccount, agent: Agent, service: Service) -> None:
    voice = ServiceFactory(name="Calls", code="calls")
    agent.services.add(voice)
    Interaction.objects.create(call_id="c1", service=voice, state="queued", offered_at=timezone.now())
    assert routing.offer_waiting() == 0
    assert routing.assign_waiting(agent) == 0
    Interaction.objects.create(call_id="c2", service=service, media="chat", state="queued", offered_at=timezone.now())
    Chat.objects.create(interaction=Interaction.objects.get(call_id="c2"), account=account, conversation="9")
    assert routing.offer_waiting() == 1


# -- what agents answer


@pytest.fixture
def open_chat(account: IntegrationAccount, agent: Agent) -> Iterator[Interaction]:
    write(account, "Hello?")
    yield accepted(agent)


def test_an_answer_reaches_the_customer(
    open_chat: Interaction, agent: Agent, telegram: Vendor, account: IntegrationAccount
) -> None:
    say(agent, open_chat, "We found it")
    assert sending.send(open_chat.chat.pk) == 1
    message = ChatMessage.objects.get(agent=agent)
    assert (message.status, bool(message.vendor_id)) == (Status.SENT, True)
    lines = telegram.board()["lines"]
    assert [(line["direction"], line["user"]) for line in lines][:1] == [("out", "2002")]
    assert "We found it" in str(lines)
    assert account.calls.filter(interaction=str(open_chat.public_id)).exists()
    assert sending.send(open_chat.chat.pk) == 0


def test_the_same_order_twice_is_one_message(open_chat: Interaction, agent: Agent, telegram: Vendor) -> None:
    key = uuid.uuid4()
    for _ in range(2):
        conversation.say(agent, str(open_chat.public_id), key, "Once")
    sending.send(open_chat.chat.pk)
    assert ChatMessage.objects.filter(agent=agent).count() == 1
    assert str(telegram.board()["lines"]).count("Once") == 1


def test_messages_leave_in_order_and_wait_behind_one_that_waits(
    open_chat: Interaction, agent: Agent, telegram: Vendor
) -> None:
    telegram.fault("rate_limit", times=1, options={"retry_after": 30})
    for text in ("First", "Second"):
        say(agent, open_chat, text)
    assert sending.send(open_chat.chat.pk) == 0
    assert list(ChatMessage.objects.filter(agent=agent).values_list("status", flat=True)) == [Status.WAITING] * 2
    assert sending.send(open_chat.chat.pk) == 0, "the second must not overtake the first"
    ChatMessage.objects.update(not_before=timezone.now())
    assert sending.send_due() == 1
    assert sending.send(open_chat.chat.pk) == 2
    sent = [line["text"] for line in telegram.board()["lines"] if line["direction"] == "out"]
    assert sent == ["Second", "First"]  # the board shows the newest first


def test_what_may_have_arrived_is_not_repeated_until_the_agent_says_so(
    open_chat: Interaction, agent: Agent, telegram: Vendor
) -> None:
    telegram.fault("server_error", times=1)
    message = say(agent, open_chat, "Perhaps")
    sending.send(open_chat.chat.pk)
    message.refresh_from_db()
    assert (message.status, message.error) == (Status.UNCERTAIN, sending.NOT_KNOWN)
    assert sending.send_due() == 0
    conversation.say_again(agent, str(open_chat.public_id), message.pk)
    assert sending.send(open_chat.chat.pk) == 1
    message.refresh_from_db()
    assert message.status == Status.SENT


def test_a_worker_that_dies_while_sending_leaves_the_message_uncertain(
    open_chat: Interaction, agent: Agent, telegram: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*args: Any) -> str:
        raise Killed

    message = say(agent, open_chat, "Cut")
    with monkeypatch.context() as patch:
        patch.setattr(Telegram, "send", die)
        with pytest.raises(Killed):
            sending.send(open_chat.chat.pk)
    message.refresh_from_db()
    assert message.status == Status.SENDING
    assert sending.send_due() == 1
    assert sending.send(open_chat.chat.pk) == 0
    message.refresh_from_db()
    assert (message.status, message.error) == (Status.UNCERTAIN, sending.CUT_SHORT)
    assert telegram.count("sent") == 0


def test_a_customer_out_of_reach_is_told_to_the_agent(open_chat: Interaction, agent: Agent, telegram: Vendor) -> None:
    telegram.settings(fates={"2002": "blocked"})
    message = say(agent, open_chat)
    sending.send(open_chat.chat.pk)
    message.refresh_from_db()
    assert message.status == Status.FAILED
    assert Chat.objects.get().out_of_reach
    assert agent.desktop_events.filter(kind="interaction").last().data["chat"]["outOfReach"]


def test_a_connection_that_never_came_about_is_tried_again(
    open_chat: Interaction, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([Unavailable("No way"), Unavailable("No way"), RateLimited("Slow down", retry_after=1)])

    def fail(*args: Any) -> str:
        raise next(failures)

    message = say(agent, open_chat)
    with monkeypatch.context() as patch:
        patch.setattr(Telegram, "send", fail)
        for attempt in (1, 2, 3):
            ChatMessage.objects.update(not_before=None)
            sending.send(open_chat.chat.pk)
            message.refresh_from_db()
            assert (message.status, message.attempts) == (Status.WAITING, attempt)
    ChatMessage.objects.update(not_before=None)
    assert sending.send(open_chat.chat.pk) == 1


@pytest.mark.parametrize(
    ("text", "picture", "field"),
    [("  ", "", "text"), ("x" * 5001, "", "text"), ("", "http://example.com/a.png", "picture")],
)
def test_what_cannot_be_sent_is_told_on_its_field(
    open_chat: Interaction, agent: Agent, text: str, picture: str, field: str
) -> None:
    with pytest.raises(NotPossible) as refusal:
        say(agent, open_chat, text, picture)
    assert refusal.value.field == field
    say(agent, open_chat, "Right now")


def test_only_the_agent_of_the_chat_writes_in_it(open_chat: Interaction, agent: Agent) -> None:
    with pytest.raises(NotPossible):
        say(AgentFactory(), open_chat)
    desk.end(agent, str(open_chat.public_id))
    with pytest.raises(NotPossible):
        say(agent, open_chat)


def test_receipts_only_move_forward(open_chat: Interaction, agent: Agent, account: IntegrationAccount) -> None:
    message = say(agent, open_chat)
    sending.send(open_chat.chat.pk)
    message.refresh_from_db()
    for kind, then in (("seen", "seen"), ("delivered", "seen"), ("failed", "failed"), ("seen", "failed")):
        write(account, kind=kind, message_id=message.vendor_id)
        message.refresh_from_db()
        assert message.status == then


def test_a_receipt_that_overtakes_our_own_call_is_tried_again(account: IntegrationAccount, agent: Agent) -> None:
    with pytest.raises(NotPossible):
        write(account, kind="delivered", message_id="not-known-yet")


# -- the rest of the work


def test_a_chat_is_rejected_ended_and_completed_like_a_call(account: IntegrationAccount, agent: Agent) -> None:
    write(account, "Hello")
    interaction = Interaction.objects.get()
    desk.reject(agent, str(interaction.public_id))
    interaction.refresh_from_db()
    assert interaction.state == "queued"
    routing.forgive(agent)
    assert routing.assign_waiting(Agent.objects.get(pk=agent.pk)) in (0, 1)
    Agent.objects.filter(pk=agent.pk).update(state="READY")
    routing.offer_waiting()
    interaction = accepted(agent)
    with pytest.raises(NotPossible):
        desk.hold(agent, str(interaction.public_id))
    desk.end(agent, str(interaction.public_id))
    done = desk.complete(agent, str(interaction.public_id), "", "All well")
    assert done.state == "completed"
    assert [event.kind for event in done.events.all()][-2:] == ["released", "completed"]


def test_the_activity_history_holds_the_conversation(
    open_chat: Interaction, agent: Agent, account: IntegrationAccount
) -> None:
    say(agent, open_chat, "We found it")
    write(account, "Thanks", media=[{"type": "picture", "url": "https://vendor.example/secret.png"}])
    interaction = Interaction.objects.get(pk=open_chat.pk)
    written = activities.activity(interaction)
    assert written["subject"] == "Chat by Telegram with Robin Example"
    assert "Customer: Hello?" in written["text"]
    assert f"{agent}: We found it" in written["text"] and "Customer: Thanks (picture)" in written["text"]
    assert "vendor.example" not in written["text"]


def test_sms_customers_are_looked_up_by_their_number(service: Service, agent: Agent) -> None:
    nexmo = AccountFactory(provider="messenger_nexmo", name="SMS", properties={"key": "k"}, secrets={"secret": "s"})
    write(nexmo, user="14155550132", conversation="14155550132", name="")
    interaction = Interaction.objects.get()
    assert interaction.customer_e164 == "+14155550132"


def test_the_bot_proposes_and_the_proposals_go_with_the_answer(
    open_chat: Interaction,
    agent: Agent,
    account: IntegrationAccount,
    vendor: Callable[[str], Vendor],
) -> None:
    assert suggestions.suggest(open_chat.chat.pk) == 0, "there is no bot yet"
    bot = vendor("bot_alterra")
    AccountFactory(provider="bot_alterra", name="Bot", properties={}, secrets={"api_key": "demo-alterra-key"})
    assert suggestions.suggest(open_chat.chat.pk) == 1
    told = agent.desktop_events.filter(kind="interaction").last().data["chat"]
    assert len(told["suggestions"]) == 1 and told["suggestions"][0]["text"]
    say(agent, open_chat, "My own words")
    assert Chat.objects.get().suggestions == []
    assert suggestions.suggest(open_chat.chat.pk) == 0, "nothing was asked since"
    write(account, "Hello, are you there?")
    bot.fault("server_error")
    assert suggestions.suggest(open_chat.chat.pk) == 0
    bot.healthy()
    assert suggestions.suggest(open_chat.chat.pk) == 1


def test_the_mood_of_a_message_is_read_and_shown(
    open_chat: Interaction, agent: Agent, account: IntegrationAccount, vendor: Callable[[str], Vendor]
) -> None:
    write(account, "This is terrible, I am very angry!")
    message = ChatMessage.objects.order_by("-id").first()
    assert message is not None
    assert mood.read(message.pk) == "", "nobody can be asked yet"
    AccountFactory(provider="nlu_local", name="Mood", is_default=True, properties={}, secrets={})
    assert mood.read(message.pk) == "negative"
    shown = agent.desktop_events.filter(kind="interaction").last().data["chat"]["messages"]
    assert [line["mood"] for line in shown] == ["", "negative"]
    assert mood.read(say(agent, open_chat, "We are sorry").pk) == "", "our own words are not judged"


def test_an_engine_that_is_away_costs_the_mood_alone(
    open_chat: Interaction, account: IntegrationAccount, vendor: Callable[[str], Vendor]
) -> None:
    watson = vendor("nlu_watson")
    AccountFactory(
        provider="nlu_watson", name="Watson", is_default=True, properties={},
        secrets={"api_key": "demo-watson-api-key"},
    )  # fmt: skip
    watson.fault("server_error")
    message = open_chat.chat.messages.get()
    assert mood.read(message.pk) == ""
    watson.healthy()
    assert mood.read(message.pk) in ("positive", "neutral")


def test_a_service_has_its_own_suggestion_engine(
    open_chat: Interaction, service: Service, vendor: Callable[[str], Vendor]
) -> None:
    alterra, watson = vendor("bot_alterra"), vendor("bot_watson")
    own = AccountFactory(provider="bot_alterra", name="Bot", properties={}, secrets={"api_key": "demo-alterra-key"})
    AccountFactory(
        provider="bot_watson", name="Default", is_default=True,
        properties={"workspace_id": "demo-workspace", "username": "demo-watson"},
        secrets={"password": "demo-watson-password"},
    )  # fmt: skip
    service.suggestion_engine = own
    service.save()
    suggestions.suggest(open_chat.chat.pk)
    assert (len(alterra.arrived()), len(watson.arrived())) == (1, 0)
    service.suggestion_engine = None
    service.save()
    suggestions.suggest(open_chat.chat.pk)
    assert (len(alterra.arrived()), len(watson.arrived())) == (1, 1)


def test_a_bot_that_answers_too_late_proposes_nothing(
    open_chat: Interaction,
    agent: Agent,
    vendor: Callable[[str], Vendor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vendor("bot_alterra")
    AccountFactory(provider="bot_alterra", name="Bot", properties={}, secrets={"api_key": "demo-alterra-key"})
    keep = suggestions._keep

    def late(*args: Any) -> int:
        say(agent, open_chat, "Quicker than the bot")
        return keep(*args)

    monkeypatch.setattr(suggestions, "_keep", late)
    assert suggestions.suggest(open_chat.chat.pk) == 0
    assert Chat.objects.get().suggestions == []


def test_a_message_goes_the_whole_way_through_the_webhook(
    account: IntegrationAccount, agent: Agent, telegram: Vendor, live_server: Any, settings: Any
) -> None:
    settings.PUBLIC_URL = live_server.url
    account.connect().set_webhook(live_server.url + reverse("integrations:webhook", args=[account.public_id]))
    answer = requests.post(f"{telegram.address}/_send", json={"text": "From the phone"}, timeout=20)
    assert answer.status_code == 200, answer.text
    integration_tasks.process_events()
    interaction = accepted(agent)
    assert interaction.chat.messages.get().text == "From the phone"


def test_the_demo_sets_the_webhooks_of_its_messengers_and_lives_without(
    account: IntegrationAccount, telegram: Vendor, vendor: Callable[[str], Vendor], caplog: pytest.LogCaptureFixture
) -> None:
    line = AccountFactory(provider="messenger_line", name="LINE", properties={}, secrets={"token": "wrong-token"})
    vendor("messenger_line")
    AccountFactory(provider="messenger_viber", name="Real", properties={"bot_username": "x"}, simulated=False)
    assert set_webhooks() == 1
    assert telegram.board()["webhook_url"] == account.connect().webhook_address()
    assert f"“{line}” is not set" in caplog.text and "Real" not in caplog.text
