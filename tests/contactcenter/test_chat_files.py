"""Pictures and files of chats, both ways: what customers send reaches the agent alone, what agents send the messenger
alone."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
import time_machine
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from contactcenter import desk, interaction_view, tasks
from contactcenter.chats import conversation, files, sending, view
from contactcenter.chats.picture_types import picture_type
from contactcenter.errors import NotPossible
from contactcenter.models import Agent, ChatFile, ChatMessage, Interaction, Service
from integrations import tasks as integration_tasks
from integrations.models import IntegrationAccount
from integrations.simulators.pictures import SAMPLES
from tests.factories import AgentFactory, ServiceFactory
from tests.integrations.providers.conftest import Vendor

from .conftest import TELEGRAM_TOKEN, telegram_account

pytestmark = pytest.mark.django_db(transaction=True)
PNG = SAMPLES["sample.png"].content
Status = ChatMessage.Status


@pytest.fixture
def account(telegram: Vendor, live_server: Any, settings: Any) -> IntegrationAccount:
    settings.PUBLIC_URL = live_server.url
    made = telegram_account()
    made.connect().set_webhook(made.connect().webhook_address())
    return made


@pytest.fixture
def agent(client: Client) -> Agent:
    service = ServiceFactory(name="Chats", code="chats", media=Service.Media.CHAT)
    made: Agent = AgentFactory(login="ana", state="READY", device="none", services=[service])
    client.force_login(made.user)
    client.cookies["desktop_session"] = client.cookies["sessionid"].value
    return made


Writes = Callable[..., ChatMessage]


@pytest.fixture
def customer(account: IntegrationAccount, telegram: Vendor) -> Writes:
    """The customer writes, with a file, by the simulator's way."""

    def writes(picture: str = "", text: str = "Look") -> ChatMessage:
        answer = requests.post(f"{telegram.address}/_send", json={"text": text, "picture": picture}, timeout=20)
        assert answer.json()["calls"][0]["status"] == 200, answer.text
        integration_tasks.process_events()
        return ChatMessage.objects.latest("id")

    return writes


@pytest.fixture
def message(customer: Writes, agent: Agent) -> ChatMessage:
    """A picture in a chat that the agent has accepted."""
    sent = customer("sample.png")
    desk.accept(agent, str(sent.chat.interaction.public_id))
    return sent


def seen(client: Client, message: ChatMessage, number: int = 0) -> Any:
    return client.get(f"/agentdesktop/chat-media/{message.pk}/{number}")


# -- what customers send


def test_the_agent_sees_the_picture_and_the_vendor_is_asked_once(
    client: Client, message: ChatMessage, telegram: Vendor
) -> None:
    telegram.forget_requests()
    for _ in range(2):
        answer = seen(client, message)
        assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, PNG, "image/png")
    assert len(telegram.arrived()) == 2, "getFile and the download"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"] and "private" in answer["Cache-Control"]
    assert "sandbox" in answer["Content-Security-Policy"] and answer["Content-Disposition"].startswith("inline")


def test_it_is_fetched_on_arrival_because_vendors_keep_it_for_a_while_only(
    client: Client, message: ChatMessage, telegram: Vendor
) -> None:
    tasks.fetch_chat_files(message.pk)
    telegram.fault("bad_credentials")
    assert seen(client, message).content == PNG


def test_a_picture_that_does_not_come_on_arrival_is_tried_again_when_the_agent_looks(
    client: Client, message: ChatMessage, telegram: Vendor
) -> None:
    telegram.fault("bad_credentials")
    assert files.fetch_all(message.pk) == 0
    telegram.healthy()
    assert seen(client, message).content == PNG


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("bad_credentials", "Telegram does not accept our account"),
        ("rate_limit", "Telegram asks us to wait"),
        ("server_error", "Telegram does not hand it out at the moment"),
        ("wrong_shape", "It cannot be fetched from Telegram."),
    ],
)
def test_what_went_wrong_is_said_in_words_without_any_address_and_the_next_try_works(
    client: Client, message: ChatMessage, telegram: Vendor, fault: str, words: str
) -> None:
    telegram.fault(fault)
    answer = seen(client, message)
    assert answer.status_code == 409 and words in answer.json()["error"]
    assert "http" not in answer.json()["error"] and TELEGRAM_TOKEN not in answer.content.decode()
    telegram.healthy()
    assert seen(client, message).status_code == 200


def test_the_desktop_is_told_of_files_but_never_of_their_addresses(message: ChatMessage, agent: Agent) -> None:
    ChatMessage.objects.filter(pk=message.pk).update(
        media=[
            {"type": "picture", "url": "https://vendor.example/x?sig=1"},
            {"type": "file", "ref": "4711", "fileName": "plan.pdf"},
            {"type": "location", "ref": "12"},
        ]
    )
    told = view.view(Interaction.objects.get())
    media = [{name: entry[name] for name in ("type", "name", "there")} for entry in told["messages"][0]["media"]]
    assert media == [
        {"type": "picture", "name": "", "there": True},
        {"type": "file", "name": "plan.pdf", "there": True},
        {"type": "location", "name": "", "there": False},
    ]
    assert "vendor.example" not in str(told)


@pytest.mark.parametrize("sample", ["sample.txt", "fake.png"])
def test_what_is_no_picture_is_saved_and_never_shown(
    client: Client, message: ChatMessage, customer: Writes, sample: str
) -> None:
    answer = seen(client, customer(sample))
    assert answer.content == SAMPLES[sample].content
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert ("sample.txt" in answer["Content-Disposition"]) == (sample == "sample.txt")


def test_a_file_name_brings_no_header_and_no_folder_with_it(message: ChatMessage) -> None:
    assert files._plain_name("..\\..\\etc/pass\r\nSet-Cookie: x") == "passSet-Cookie: x"


def test_nobody_but_the_agent_of_the_chat_sees_it_and_only_while_it_lasts(
    client: Client, message: ChatMessage, agent: Agent
) -> None:
    assert Client().get(f"/agentdesktop/chat-media/{message.pk}/0").status_code == 401
    other = AgentFactory(login="ben")
    with pytest.raises(NotPossible):
        files.for_agent(other, message.pk, 0)
    interaction = str(message.chat.interaction.public_id)
    desk.end(agent, interaction)
    assert seen(client, message).status_code == 200
    desk.complete(agent, interaction, "", "")
    assert seen(client, message).status_code == 409
    assert seen(client, message, 7).status_code == 409


def test_a_tab_without_the_cookie_shows_one_file_by_its_pass_and_only_while_the_agent_has_the_chat(
    message: ChatMessage, agent: Agent, customer: Writes
) -> None:
    def opened(of: ChatMessage, key: str) -> Any:
        path = f"/agentdesktop/chat-media/{of.pk}/0"
        return Client().get(path, {"pass": key}, headers={"Sec-Fetch-Mode": "navigate"})

    told = view.view(Interaction.objects.get())["messages"][0]["media"][0]
    assert opened(message, told["pass"]).content == PNG
    for_another = interaction_view.view(Interaction.objects.get(), reader=AgentFactory(login="ben"))
    assert for_another["chat"]["messages"] == [], "who had it before gets no pass"
    for wrong in ("", "nonsense", f"{told['pass']}x", told["pass"].replace("-", "-1", 1)):
        refusal = opened(message, wrong)
        assert (refusal.status_code, refusal["Content-Type"]) == (401, "text/plain; charset=utf-8")
    assert opened(customer("sample.png"), told["pass"]).status_code == 401, "another file"
    desk.end(agent, str(message.chat.interaction.public_id))
    desk.complete(agent, str(message.chat.interaction.public_id), "", "")
    over = opened(message, told["pass"])
    assert (over.status_code, over.content.decode()) == (409, "This chat is not with you any more.")


def test_what_the_customer_takes_back_is_gone(
    client: Client, message: ChatMessage, account: IntegrationAccount
) -> None:
    assert seen(client, message).status_code == 200
    event = account.inbound_events.create(
        key="deleted:1", kind="deleted", payload={"user": "2002", "message_id": message.vendor_id}
    )
    conversation.take_in(event)
    assert not ChatFile.objects.exists()
    ChatFile.objects.create(chat=message.chat, message=message, content=PNG, content_type="image/png")  # came late
    answer = seen(client, message)
    assert answer.status_code == 409 and answer.json()["error"] == files.GONE


# -- what agents send


def upload(client: Client, message: ChatMessage, content: bytes = PNG, name: str = "parcel.png") -> Any:
    path = f"/agentdesktop/pictures/{message.chat.interaction.public_id}"
    return client.post(path, {"picture": ContentFile(content, name=name)})


def say(agent: Agent, message: ChatMessage, picture: str, text: str = "Is it this one?") -> ChatMessage:
    return conversation.say(agent, str(message.chat.interaction.public_id), uuid.uuid4(), text, picture)


def test_a_picture_of_the_agent_arrives_at_the_messenger(
    client: Client, message: ChatMessage, agent: Agent, telegram: Vendor
) -> None:
    picture = upload(client, message).json()["picture"]
    answer = say(agent, message, picture)
    assert sending.send(message.chat.pk) == 1
    line = telegram.board()["lines"][0]
    assert (line["direction"], line["text"]) == ("out", "Is it this one?")
    assert requests.get(f"{telegram.address}/{line['image']}", timeout=5).content == PNG
    assert line["picture"].endswith("/picture.png")
    assert seen(client, answer).content == PNG
    with pytest.raises(NotPossible):
        say(agent, message, picture)


def test_the_signed_address_is_good_for_one_picture_and_for_a_day(
    client: Client, message: ChatMessage, agent: Agent, live_server: Any
) -> None:
    answer = say(agent, message, upload(client, message).json()["picture"])
    address = files.address_for_vendor(answer)
    path = address.removeprefix(live_server.url)
    found = Client().get(path)
    assert (found.status_code, found.content, found["Content-Type"]) == (200, PNG, "image/png")
    assert found["X-Content-Type-Options"] == "nosniff"
    assert Client().head(path).status_code == 200 and Client().post(path).status_code == 405
    assert Client().get(path.replace("/chat-media/", "/chat-media/x")).status_code == 404
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=False):
        assert Client().get(path).status_code == 404
        assert Client().get(files.address_for_vendor(answer).removeprefix(live_server.url)).status_code == 200


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture that Telegram takes (PNG, JPEG, GIF)"),
        (b"RIFF0000WEBP", "no picture that Telegram takes"),
        (PNG + b"0" * 5 * 1024 * 1024, "at most 5 MB; this has 5.0."),
        (b"", "no picture"),
    ],
)
def test_what_the_messenger_does_not_take_is_refused_before_sending(
    client: Client, message: ChatMessage, content: bytes, words: str
) -> None:
    answer = upload(client, message, content)
    if content:
        assert answer.status_code == 409 and words in answer.json()["error"]
        assert answer.json()["field"] == "picture"
    assert not ChatFile.objects.exists()
    assert upload(client, message).status_code == 200


def test_a_request_without_a_picture_is_told_so(client: Client, message: ChatMessage) -> None:
    assert client.post(f"/agentdesktop/pictures/{message.chat.interaction.public_id}", {}).status_code == 400


def test_an_upload_needs_the_agent_of_the_chat_and_the_pages_token(
    client: Client, message: ChatMessage, agent: Agent
) -> None:
    for interaction in (str(uuid.uuid4()), "nonsense"):
        with pytest.raises(NotPossible):
            files.upload(agent, interaction, ContentFile(PNG))
    with pytest.raises(NotPossible):
        files.upload(AgentFactory(login="ben"), str(message.chat.interaction.public_id), ContentFile(PNG))
    assert upload(Client(), message).status_code == 401
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert upload(strict, message).status_code == 403


def test_a_picture_that_is_lost_before_it_is_sent_is_told(message: ChatMessage, agent: Agent) -> None:
    for picture in (str(uuid.uuid4()), "https://example.com/a.png"):
        with pytest.raises(NotPossible) as refusal:
            say(agent, message, picture)
        assert refusal.value.field == "picture"


def test_a_real_messenger_needs_an_https_address_of_ours(
    client: Client, message: ChatMessage, account: IntegrationAccount, settings: Any
) -> None:
    IntegrationAccount.objects.filter(pk=account.pk).update(simulated=False)
    answer = upload(client, message)
    assert answer.status_code == 409 and "PUBLIC_URL is no https address" in answer.json()["error"]
    assert view.view(Interaction.objects.get())["pictures"]["problem"] == answer.json()["error"]
    settings.PUBLIC_URL = "https://desk.example.com"
    assert upload(client, message).status_code == 200


def test_a_picture_that_the_messenger_cannot_fetch_fails_and_goes_when_it_can(
    client: Client, message: ChatMessage, agent: Agent, telegram: Vendor, settings: Any, live_server: Any
) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    answer = say(agent, message, upload(client, message).json()["picture"])
    sending.send(message.chat.pk)
    answer.refresh_from_db()
    assert answer.status == Status.FAILED and "failed to get HTTP URL content" in answer.error
    settings.PUBLIC_URL = live_server.url
    conversation.say_again(agent, str(message.chat.interaction.public_id), answer.pk)
    assert sending.send(message.chat.pk) == 1


# -- housekeeping


def test_files_are_forgotten_after_a_month_and_unsent_ones_after_a_day(
    client: Client, message: ChatMessage, agent: Agent
) -> None:
    seen(client, message)
    answer = say(agent, message, upload(client, message).json()["picture"])
    upload(client, message)
    for days, left in ((0.9, 3), (1.1, 2), (29.9, 2), (30.1, 0)):
        with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
            tasks.housekeeping()
        assert ChatFile.objects.count() == left
    sending.send(message.chat.pk)
    answer.refresh_from_db()
    assert (answer.status, answer.error) == (Status.FAILED, files.GONE)
    assert seen(client, answer).json()["error"] == files.GONE


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"), (b"\xff\xd8\xff\xe0JFIF", "image/jpeg"), (b"GIF89a..", "image/gif"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"), (b"RIFF\x10\x00\x00\x00WAVE", ""), (b"%PDF-1.7", ""),
        (b"<html>", ""), (b"", ""),
    ],
)  # fmt: skip
def test_what_a_file_is_is_told_by_its_first_bytes(content: bytes, kind: str) -> None:
    assert picture_type(content) == kind
