"""Viber: a bot (public account) in which customers write to us (REST Bot API, `Viber/creators-hub`).

Viber answers 200 to everything and tells in `status` what became of it. The token sends and is also the key of the
signature on what comes in. Message tokens have 64 bits and are kept as texts."""

import hashlib
import hmac
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import requests
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from integrations.actions import Result, action
from integrations.capabilities import OutgoingMessage
from integrations.diagnosis.doctor import Advice, Passed
from integrations.diagnosis.verdict import VENDOR, YOU
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Stage, Unavailable
from integrations.http import error_from_response
from integrations.properties import PropertiesForm, SecretField
from integrations.property_fields import CaCertificateField, is_host
from integrations.providers import messenger
from integrations.vendor_json import inner, object_of, other_shape, text_of
from integrations.webhooks import UNKNOWN, Inbound

ENDPOINT = "https://chatapi.viber.com/pa"
LONGEST_TEXT, LONGEST_CAPTION, LONGEST_SENDER = 7000, 768, 28
WANTED = ["delivered", "seen", "failed", "conversation_started"]
KINDS = {
    "message": messenger.MESSAGE, "subscribed": messenger.OPTED_IN, "unsubscribed": messenger.OPTED_OUT,
    "delivered": messenger.DELIVERED, "seen": messenger.SEEN, "failed": messenger.FAILED, "webhook": messenger.PING,
}  # fmt: skip
INVALID, OUT_OF_REACH = {1, 3, 4, 13, 14, 16, 17, 19, 20}, {5, 6, 11, 21}
NO_RIGHT, QUOTA = {7, 8, 9, 10, 15, 22}, {23, 24}
BAD_TOKEN, TOO_MANY = 2, 12
ADVICE = {
    Cause.BAD_CREDENTIALS: Advice(
        "Viber knows no bot with this token.",
        YOU,
        "Copy the token again from Viber's Admin Panel and save it.",
        ("Open partners.viber.com and log in", "Choose the bot under Info", "Copy the token"),
    ),
    Cause.NO_PERMISSION: Advice(
        "The token is right, but the bot may not do this: it is blocked or suspended, or no webhook is set.",
        VENDOR,
        "Press Set Webhook first. If that is done, ask Viber's support about the state of the bot and its contract.",
    ),
    Cause.INCOMPLETE: Advice(
        "Bot Username and Token belong to two different bots, or a field is empty.",
        YOU,
        "Compare the name with the one in Viber's Admin Panel, correct it and save.",
    ),
}


class ViberProperties(PropertiesForm):
    advanced = ("sender_name", "api_endpoint", "ca_certificate")

    bot_username = forms.CharField(
        label="Bot Username",
        max_length=100,
        help_text="The exact name of your Viber Public Account, as partners.viber.com shows it under Info.",
    )
    token = SecretField(
        label="Token",
        help_text="The password that is given to you after your Public Account application is approved.",
    )
    sender_name = forms.CharField(
        label="Sender name",
        required=False,
        max_length=LONGEST_SENDER,
        help_text="The name that customers see beside our messages, at most 28 characters. Empty: the Bot Username.",
    )
    api_endpoint = messenger.endpoint_field(ENDPOINT, "Viber")
    ca_certificate = CaCertificateField()

    def clean_token(self) -> str:
        token = str(self.cleaned_data["token"])
        if not token.isascii() or not token.isprintable():
            raise ValidationError("The token holds characters that cannot travel in a header. Copy it again.")
        return token


def our_host() -> str:
    return urlsplit(settings.PUBLIC_URL).netloc


class WebhookWindow(forms.Form):
    """The window *Set Webhook*."""

    webhook_url = forms.CharField(
        label="Webhook url (host and port)",
        initial=our_host,
        max_length=300,
        help_text=(
            "The address of your server and port number, for example “office.yourcompany.com:1234”. If you do not know "
            "the server URL or port number, ask your system administrator."
        ),
    )

    def clean_webhook_url(self) -> str:
        text = str(self.cleaned_data["webhook_url"]).removeprefix("https://").rstrip("/")
        try:
            parts = urlsplit(f"//{text}")
            usable = is_host(parts.hostname or "") and parts.port != 0 and parts.netloc == text and "@" not in text
        except ValueError:
            usable = False
        if not usable:
            raise ValidationError("Only host and port are needed here. Example: office.yourcompany.com:1234")
        return text


class Viber(messenger.MessengerProvider):
    """A bot in Viber."""

    key = "messenger_viber"
    label = "Viber"
    documentation_url = "https://developers.viber.com/docs/api/rest-bot-api/"
    advice = ADVICE
    Properties = ViberProperties
    largest_picture = 3 * 1024 * 1024  # on Android; the vendor names 1 MB for iOS

    # -- sending

    def send(self, recipient: str, message: OutgoingMessage) -> str:
        messenger.need_content(message)
        text, sent = message.text.strip(), ""
        if message.picture:
            caption = text if len(text) <= LONGEST_CAPTION else ""
            text = "" if caption else text
            sent = self._message(recipient, type="picture", media=message.picture, text=caption)
        for part in messenger.split_text(text, LONGEST_TEXT):
            sent = self._message(recipient, type="text", text=part)
        return sent

    def _message(self, recipient: str, **content: Any) -> str:
        name = str(self.properties["sender_name"] or self.properties["bot_username"])[:LONGEST_SENDER]
        body = {"receiver": recipient, "sender": {"name": name}, **content}
        sent = text_of(self._call("send_message", body, purpose="Send a message").get("message_token"))
        if not sent:
            raise other_shape(self.label)
        return sent

    # -- the webhook

    @action("Set Webhook", form=WebhookWindow, help_text="Has Viber send customers' messages to this account.")
    def set_the_webhook(self, webhook_url: str) -> Result:
        url = self.address_at(webhook_url)
        return self.webhook_result(self.set_webhook(url), url)

    def address_at(self, host: str) -> str:
        """Our address as it is reached at this host and port: https, except at our own while that is not."""
        ours = urlsplit(self.webhook_address())
        scheme = ours.scheme if host == ours.netloc else "https"
        return f"{scheme}://{host}{ours.path}"

    def set_webhook(self, url: str) -> str:
        """Viber calls the address while it answers us; another worker takes that call."""
        before = text_of(self._account_info("Look at the webhook").get("webhook"))
        values = {"url": url, "event_types": WANTED, "send_name": True, "send_photo": True}
        self._call("set_webhook", values, purpose="Set webhook")
        return before

    def verify(self, request: HttpRequest) -> None:
        expected = signature(self.account.secret("token"), messenger.raw_body(request))
        messenger.must_equal(request.headers.get("X-Viber-Content-Signature"), expected, what="Viber's signature")

    def parse_events(self, request: HttpRequest) -> Iterator[Inbound]:
        """One event per call; it does not say for which bot, which is why each account has an address of its own."""
        yield event_of(messenger.json_object(request))

    # -- the test

    def probes(self) -> Iterator[Passed]:
        bot = self._account_info("Test connection")
        name, uri = text_of(bot.get("name")), text_of(bot.get("uri"))
        if not name:
            raise other_shape(self.label)
        wanted = str(self.properties["bot_username"])
        if wanted.lower() not in (name.lower(), uri.lower()):
            raise messenger.another_account(f"The token belongs to “{name}”, not to “{wanted}”.", "bot_username")
        yield Passed(Stage.AUTHENTICATION, f"Signed in as {name}", identity=name)
        yield Passed(Stage.WEBHOOK, self.webhook_words(text_of(bot.get("webhook"))))

    def _account_info(self, purpose: str) -> dict[str, Any]:
        return self._call("get_account_info", {}, purpose=purpose)

    # -- the wire

    def _call(self, method: str, body: dict[str, Any], *, purpose: str) -> dict[str, Any]:
        found = object_of(self.http.post(f"/{method}", json=body, purpose=purpose), self.label)
        if found.get("status") != 0:
            raise other_shape(self.label)
        return found

    def authorise(self, request: requests.PreparedRequest) -> None:
        request.headers["X-Viber-Auth-Token"] = self.account.secret("token")

    def interpret(self, response: requests.Response) -> IntegrationError | None:
        """The number inside decides; the status of the answer is 200 always, except where it is not Viber's."""
        error = error_from_response(response)
        if error is not None:
            return error
        try:
            body = response.json()
        except ValueError:
            return None
        status = body.get("status") if isinstance(body, dict) else None
        if not isinstance(status, int) or status == 0:
            return None
        return by_number(status, text_of(body.get("status_message")))


def by_number(status: int, words: str) -> IntegrationError:
    more: dict[str, Any] = {"vendor_code": str(status), "vendor_message": words}
    if status == BAD_TOKEN:
        return AuthenticationFailed("Viber does not accept the token.", stage=Stage.AUTHENTICATION, **more)
    if status in OUT_OF_REACH:
        return messenger.unreachable_customer("Viber cannot deliver to this customer.", **more)
    if status in NO_RIGHT:
        said = "The bot may not do this."
        return AuthenticationFailed(said, cause=Cause.NO_PERMISSION, stage=Stage.PERMISSION, **more)
    if status == TOO_MANY:
        return RateLimited("Too many messages: wait until the customer answers.", stage=Stage.LIMITS, **more)
    if status in QUOTA:
        return RateLimited("The bot's messages are used up.", retry_after=3600.0, stage=Stage.LIMITS, **more)
    if status in INVALID:
        return Rejected("Viber refuses the request.", **more)
    return Unavailable("Viber has a passing trouble.", cause=Cause.REMOTE_ERROR, maybe_done=True, **more)


def signature(token: str, body: bytes) -> str:
    """Hex HMAC-SHA256 over the raw body; empty without a token."""
    return hmac.new(token.encode(), body, hashlib.sha256).hexdigest() if token else ""


def event_of(found: dict[str, Any]) -> Inbound:
    """Delivered and seen come once per device of the user: the same key, so once here."""
    name, message = text_of(found.get("event")), inner(found, "message")
    person = inner(found, "sender") or inner(found, "user")
    user = text_of(person.get("id") or found.get("user_id"))
    token = text_of(found.get("message_token"))
    return messenger.event(
        messenger.key_of(name, f"{token}:{user}" if token else "", found), KINDS.get(name, UNKNOWN), found,
        user=user, name=text_of(person.get("name")), text=text_of(message.get("text")),
        media=list(media_of(message)), at=messenger.moment(found.get("timestamp"), per_second=1000),
        message_id=token, reason=text_of(found.get("desc")),
    )  # fmt: skip


def media_of(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Addresses of media run out: fetch them on arrival."""
    kind = text_of(message.get("type"))
    if kind in ("", "text"):
        return
    known: dict[str, Any] = {
        name: message[name] for name in ("file_name", "location", "contact", "sticker_id") if name in message
    }
    yield {"type": kind, "url": text_of(message.get("media")), **known}
