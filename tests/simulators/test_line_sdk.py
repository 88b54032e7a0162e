"""LINE's own Python client (`line-bot-sdk`, v3), unmodified, works against the simulator over TLS, and its parser
accepts what the simulator signs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from linebot.v3 import WebhookParser
from linebot.v3.exceptions import InvalidSignatureError
from linebot.v3.messaging import (
    ApiClient,
    Configuration,
    ImageMessage,
    MessagingApi,
    PushMessageRequest,
    ReplyMessageRequest,
    SetWebhookEndpointRequest,
    TextMessage,
)
from linebot.v3.messaging.exceptions import ApiException
from linebot.v3.webhooks import BeaconEvent, FollowEvent, MessageEvent, PostbackEvent, UnfollowEvent, UnsendEvent

from integrations.simulators.app import create_app
from integrations.simulators.base import Surroundings
from integrations.simulators.messenger_line import BOT, SECRET, TOKEN, Line
from integrations.simulators.messengers import Said
from integrations.simulators.server import running

from . import certificate

USER = "U11111111111111111111111111111111"
PICTURE = "https://pictures.example.com/a.png"


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder: Path = tmp_path_factory.mktemp("tls")
    return certificate.write(folder)


@pytest.fixture
def secure(trusted: tuple[str, str]) -> Iterator[str]:
    with running(certificate=trusted[0], private_key=trusted[1]) as base:
        yield base


def client(base: str, trusted: tuple[str, str], token: str = TOKEN) -> MessagingApi:
    address = f"{base}/messenger_line"
    assert address.startswith("https://")
    return MessagingApi(ApiClient(Configuration(host=address, access_token=token, ssl_ca_cert=trusted[0])))


@pytest.fixture
def api(secure: str, trusted: tuple[str, str]) -> MessagingApi:
    return client(secure, trusted)


def text(words: str) -> TextMessage:
    return TextMessage(text=words)


def test_the_client_says_who_the_bot_is_and_who_writes(api: MessagingApi) -> None:
    assert (api.get_bot_info().user_id, api.get_bot_info().basic_id) == (BOT, "@demo")
    assert api.get_profile(USER).display_name == "Robin Example"
    assert (api.get_message_quota().value, api.get_message_quota_consumption().total_usage) == (1000, 0)


def test_the_client_pushes_texts_and_pictures(api: MessagingApi) -> None:
    picture = ImageMessage(originalContentUrl=PICTURE, previewImageUrl=PICTURE)
    answer = api.push_message(PushMessageRequest(to=USER, messages=[text("こんにちは"), picture]))
    assert len(answer.sent_messages) == 2 and answer.sent_messages[0].id.isdigit()
    assert api.get_message_quota_consumption().total_usage == 1


def test_the_client_sees_that_a_retry_key_was_accepted_before(api: MessagingApi) -> None:
    key, message = str(uuid.uuid4()), PushMessageRequest(to=USER, messages=[text("Once")])
    first = api.push_message(message, x_line_retry_key=key)
    with pytest.raises(ApiException) as repeated:
        api.push_message(message, x_line_retry_key=key)
    assert repeated.value.status == 409 and first.sent_messages[0].id in repeated.value.body


def test_the_client_sets_the_webhook(api: MessagingApi) -> None:
    with pytest.raises(ApiException) as nothing:
        api.get_webhook_endpoint()
    assert nothing.value.status == 404
    api.set_webhook_endpoint(SetWebhookEndpointRequest(endpoint="https://hub.example/webhook"))
    assert api.get_webhook_endpoint().endpoint == "https://hub.example/webhook"


def test_a_wrong_token_is_an_error_of_the_client(secure: str, trusted: tuple[str, str]) -> None:
    with pytest.raises(ApiException) as refused:
        client(secure, trusted, "wrong").get_bot_info()
    assert refused.value.status == 401 and "invalid token" in refused.value.body


def test_an_unknown_customer_is_an_error_of_the_client(api: MessagingApi) -> None:
    with pytest.raises(ApiException) as refused:
        api.push_message(PushMessageRequest(to="U404", messages=[text("x")]))
    assert refused.value.status == 400
    with pytest.raises(ApiException) as missing:
        api.get_profile("U404")
    assert missing.value.status == 404


# -- what the simulator signs


def signed(**said: object) -> tuple[str, str]:
    (call,) = Line(Surroundings("http://desktop.example")).calls_for(Said(user=USER, **said))  # type: ignore[arg-type]
    return call.body.decode(), call.headers["x-line-signature"]


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("message", MessageEvent), ("postback", PostbackEvent), ("unsend", UnsendEvent), ("follow", FollowEvent),
        ("unfollow", UnfollowEvent), ("beacon", BeaconEvent),
    ],
)  # fmt: skip
def test_the_parser_reads_every_kind_of_event(kind: str, event: type) -> None:
    (found,) = WebhookParser(SECRET).parse(*signed(kind=kind, text="héllo 😀"))
    assert isinstance(found, event)
    assert found.source.user_id == USER and not found.delivery_context.is_redelivery
    if isinstance(found, MessageEvent):
        assert found.message.text == "héllo 😀"


def test_the_parser_reads_pictures_batches_and_the_check_of_the_address() -> None:
    parser = WebhookParser(SECRET)
    assert parser.parse(*signed(picture=PICTURE))[0].message.content_provider.original_content_url == PICTURE
    assert len(parser.parse(*signed(batch=True))) == 2
    assert parser.parse(*signed(kind="check")) == []


def test_the_parser_refuses_a_wrong_signature_and_a_changed_body() -> None:
    parser = WebhookParser(SECRET)
    with pytest.raises(InvalidSignatureError):
        parser.parse(*signed(wrong_signature=True))
    body, signature = signed()
    with pytest.raises(InvalidSignatureError):
        parser.parse(body.replace(",", ", ", 1), signature)


def test_the_client_answers_with_the_reply_token_of_an_event_once(
    trusted: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app("http://desktop.example")
    monkeypatch.setattr("integrations.simulators.server.create_app", lambda *given: app)
    simulator = app.state.simulators["messenger_line"]
    with running(certificate=trusted[0], private_key=trusted[1]) as base:
        (call,) = simulator.calls_for(Said(user=USER))
        (event,) = WebhookParser(SECRET).parse(call.body.decode(), call.headers["x-line-signature"])
        request = ReplyMessageRequest(replyToken=event.reply_token, messages=[text("Hello")])
        api = client(base, trusted)
        assert api.reply_message(request).sent_messages
        with pytest.raises(ApiException) as used:
            api.reply_message(request)
    assert used.value.status == 400 and "Invalid reply token" in used.value.body
