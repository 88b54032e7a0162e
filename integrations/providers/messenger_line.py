"""LINE: an official account in which customers write to us (Messaging API, `line/line-openapi`).

The channel access token sends; the channel secret proves that a webhook call is LINE's. Answers are free while the
reply token of an event is fresh, pushed messages count against the monthly quota."""

import base64
import hashlib
import hmac
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import requests
from django import forms
from django.http import HttpRequest

from integrations.actions import Result, action
from integrations.answers import vendor_words
from integrations.capabilities import Media, OutgoingMessage
from integrations.diagnosis.doctor import Advice, Passed
from integrations.diagnosis.verdict import THEIR_ADMINISTRATOR, YOU
from integrations.errors import Cause, IntegrationError, RateLimited, Rejected, Stage, Unavailable
from integrations.http import HttpClient, error_from_response
from integrations.properties import PropertiesForm, SecretField
from integrations.property_fields import CaCertificateField
from integrations.providers import messenger
from integrations.vendor_json import inner, object_of, objects, other_shape, text_of
from integrations.webhooks import UNKNOWN, Inbound

ENDPOINT = "https://api.line.me"
CONTENT_ENDPOINT = "https://api-data.line.me"
WITH_CONTENT = ("image", "video", "audio", "file")
WEBHOOK = "/v2/bot/channel/webhook/endpoint"
LONGEST_TEXT, MOST_MESSAGES = 5000, 5
ACCEPTED_ALREADY, BEING_PREPARED = 409, 202
KINDS = {
    "message": messenger.MESSAGE,
    "postback": messenger.MESSAGE,
    "unsend": messenger.DELETED,
    "follow": messenger.OPTED_IN,
    "unfollow": messenger.OPTED_OUT,
}
STALE_TOKEN = "Invalid reply token"  # noqa: S105 - words of an error
ADVICE = {
    Cause.BAD_CREDENTIALS: Advice(
        "LINE does not accept the channel access token: it was mistyped, reissued or has run out.",
        YOU,
        "Issue a long-lived token and paste it into Token.",
        (
            "Open developers.line.biz and choose the provider and the channel",
            "Open the tab Messaging API",
            "Press Issue at Channel access token (long-lived) and copy it",
        ),
    ),
    Cause.NO_PERMISSION: Advice(
        "This LINE account is not entitled to what was tried.",
        THEIR_ADMINISTRATOR,
        "Check the plan of the official account, and that the channel is a Messaging API channel.",
    ),
}


class LineProperties(PropertiesForm):
    advanced = ("api_endpoint", "content_endpoint", "ca_certificate")
    needed_for_real = ("channel_secret",)

    token = SecretField(
        label="Token",
        help_text=(
            "The access token for your LINE@ account: developers.line.biz, your channel, tab Messaging API, Channel "
            "access token (long-lived)."
        ),
    )
    channel_secret = SecretField(
        label="Channel secret",
        required=False,
        help_text=(
            "Proves that a message is LINE's: developers.line.biz, your channel, tab Basic settings, Channel secret. "
            "Without it every incoming message is refused."
        ),
    )
    notify = forms.BooleanField(
        label="Notify customers",
        required=False,
        initial=True,
        help_text="Whether the customer's phone announces our messages. LINE's own setting of the user comes first.",
    )
    api_endpoint = messenger.endpoint_field(ENDPOINT, "LINE")
    content_endpoint = messenger.endpoint_field(CONTENT_ENDPOINT, "LINE", label="Content endpoint")
    ca_certificate = CaCertificateField()


class StaleReplyToken(Rejected):
    """A reply token works once and for about a minute: push instead."""


class Line(messenger.MessengerProvider):
    """An official account in LINE."""

    key = "messenger_line"
    label = "LINE"
    documentation_url = "https://developers.line.biz/en/reference/messaging-api/"
    advice = ADVICE
    Properties = LineProperties
    picture_types = ("image/png", "image/jpeg")
    largest_picture = 1024 * 1024  # the preview's limit: one address serves both

    # -- sending

    def send(self, recipient: str, message: OutgoingMessage) -> str:
        """By the reply token where there is one, else pushed. A pushed message carries a key, so that one that timed
        out may be sent again without doubling it."""
        messenger.need_content(message)
        parts = messages_of(message)
        sent = ""
        for start in range(0, len(parts), MOST_MESSAGES):
            token = message.reply_token if start == 0 else ""
            sent = self._send(recipient, parts[start : start + MOST_MESSAGES], token, key_of(message.key, start))
        return sent

    def _send(self, recipient: str, parts: list[dict[str, Any]], reply_token: str, key: str) -> str:
        body = {"messages": parts, "notificationDisabled": not self.properties["notify"]}
        if reply_token:
            try:
                return self._message("reply", {**body, "replyToken": reply_token}, {})
            except StaleReplyToken:
                pass
        return self._message("push", {**body, "to": recipient}, {"X-Line-Retry-Key": key})

    def _message(self, how: str, body: dict[str, Any], headers: dict[str, str]) -> str:
        response = self.http.post(f"/v2/bot/message/{how}", json=body, headers=headers, purpose="Send a message")
        sent = objects(object_of(response, self.label).get("sentMessages"))
        if not sent:
            raise other_shape(self.label)
        return text_of(sent[-1].get("id"))

    # -- pictures and files of customers

    def fetch_media(self, entry: Mapping[str, Any]) -> Media:
        """From LINE's host for content, by the message's id; what lies outside of LINE comes with an address."""
        if entry.get("url"):
            return super().fetch_media(entry)
        client = HttpClient(
            self.account, base_url=self._content_url, interpret=self.interpret, authorise=self.authorise
        )
        path = f"/v2/bot/message/{text_of(entry.get('ref'))}/content"
        response = client.get(path, headers=messenger.ANYTHING, purpose=messenger.FETCH)
        if response.status_code == BEING_PREPARED:
            raise Unavailable("LINE is still preparing this file. Try again in a moment.", cause=Cause.TIMEOUT)
        return messenger.media_from(response, entry)

    @property
    def _content_url(self) -> str:
        return self.base_url if self.account.simulated else str(self.properties["content_endpoint"])

    # -- the webhook

    @action(
        "Set Webhook",
        help_text="Has LINE send customers' messages to this account. Switch “Use webhook” on in LINE's console too.",
    )
    def set_the_webhook(self) -> Result:
        url = self.webhook_address()
        return self.webhook_result(self.set_webhook(url), url)

    def set_webhook(self, url: str) -> str:
        before = text_of(self._webhook().get("endpoint"))
        self.http.put(WEBHOOK, json={"endpoint": url}, purpose="Set webhook")
        return before

    def _webhook(self) -> dict[str, Any]:
        """Where LINE sends events; empty where nothing was ever set, which LINE answers with 404."""
        try:
            response = self.http.get(WEBHOOK, purpose="Look at the webhook")
        except Rejected as error:
            if error.status == 404:
                return {}
            raise
        return object_of(response, self.label)

    def verify(self, request: HttpRequest) -> None:
        expected = signature(self.account.secret("channel_secret"), messenger.raw_body(request))
        messenger.must_equal(request.headers.get("X-Line-Signature"), expected, what="LINE's signature")

    def parse_events(self, request: HttpRequest) -> Iterator[Inbound]:
        """None in a check of the address (`events` is empty), else each with an id that a redelivery repeats."""
        body = messenger.json_object(request)
        for found in objects(body.get("events")):
            yield event_of(found)

    # -- the test

    def probes(self) -> Iterator[Passed]:
        response = self.http.get("/v2/bot/info", purpose="Test connection")
        bot = object_of(response, self.label)
        name, basic_id = text_of(bot.get("displayName")), text_of(bot.get("basicId"))
        if not basic_id:
            raise other_shape(self.label)
        yield Passed(Stage.AUTHENTICATION, f"Signed in as {name} ({basic_id})", identity=f"{name} {basic_id}".strip())
        state = self._webhook()
        words = self.webhook_words(text_of(state.get("endpoint")))
        off = state and state.get("active") is False
        yield Passed(
            Stage.WEBHOOK, f"{words}. “Use webhook” is off in the LINE console: switch it on" if off else words
        )

    # -- the wire

    def authorise(self, request: requests.PreparedRequest) -> None:
        request.headers["Authorization"] = f"Bearer {self.account.secret('token')}"

    def interpret(self, response: requests.Response) -> IntegrationError | None:
        if response.status_code == ACCEPTED_ALREADY and "sentMessages" in response.text:
            return None  # the retry key was accepted before: this message is on its way
        error = error_from_response(response)
        return told(error, response) if error is not None else None


def told(error: IntegrationError, response: requests.Response) -> IntegrationError:
    words = vendor_words(response)
    more: dict[str, Any] = {"status": response.status_code, "vendor_message": words}
    if response.status_code == 400 and STALE_TOKEN in words:
        return StaleReplyToken("The reply token is used or too old.", **more)
    if response.status_code == 400 and words.startswith("Failed to send messages"):
        return messenger.unreachable_customer("LINE knows no such customer.", **more)
    if response.status_code == 429 and "monthly limit" in words:
        return RateLimited("The monthly number of messages is used up.", retry_after=3600.0, stage=Stage.LIMITS, **more)
    return error


def signature(secret: str, body: bytes) -> str:
    """Base64 of HMAC-SHA256 over the raw body; empty without a secret."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode() if secret else ""


def key_of(key: str, start: int) -> str:
    """The retry key of one call: ours where it is a UUID, and another one for each further call of a long message."""
    try:
        base = uuid.UUID(key)
    except ValueError:
        base = uuid.uuid4()
    return str(uuid.uuid5(base, str(start)) if start else base)


def messages_of(message: OutgoingMessage) -> list[dict[str, Any]]:
    """A picture goes first; LINE fetches it, and its preview, by address."""
    parts: list[dict[str, Any]] = []
    if message.picture:
        parts.append({"type": "image", "originalContentUrl": message.picture, "previewImageUrl": message.picture})
    return parts + [{"type": "text", "text": part} for part in messenger.split_text(message.text, LONGEST_TEXT)]


def event_of(found: dict[str, Any]) -> Inbound:
    """`mode` standby means that another system owns the chat: kept, but not as a message to answer."""
    source, message = inner(found, "source"), inner(found, "message")
    kind = KINDS.get(text_of(found.get("type")), UNKNOWN) if found.get("mode") != "standby" else UNKNOWN
    where = next((source[name] for name in ("groupId", "roomId", "userId") if source.get(name)), "")
    return messenger.event(
        messenger.key_of("event", found.get("webhookEventId"), found), kind, found,
        user=text_of(source.get("userId")), conversation=text_of(where),
        text=text_of(message.get("text")), media=list(media_of(message)),
        at=messenger.moment(found.get("timestamp"), per_second=1000),
        message_id=text_of(message.get("id") or inner(found, "unsend").get("messageId")),
        reply=text_of(found.get("replyToken")),
        button=text_of(inner(found, "postback").get("data")),
    )  # fmt: skip


def media_of(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Content is fetched by the message's id, or by address where it lies outside of LINE."""
    kind = text_of(message.get("type"))
    if kind in ("", "text"):
        return
    provider = inner(message, "contentProvider")
    known: dict[str, Any] = {
        name: message[name] for name in ("title", "address", "latitude", "longitude", "fileName") if name in message
    }
    yield {
        "type": "picture" if kind == "image" else kind,
        "ref": text_of(message.get("id")) if kind in WITH_CONTENT else "",
        "url": text_of(provider.get("originalContentUrl")),
        **known,
    }
