"""Telegram: a bot of ours in which customers write to us (Bot API 10, core.telegram.org/bots/api).

The bot's token stands in the path of every request. What proves that a webhook call is Telegram's is a secret that we
hand over with `setWebhook`; it is derived from the token, so that nobody has to type or store it."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import requests
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.http import HttpRequest

from integrations.actions import Result, action
from integrations.answers import retry_after
from integrations.capabilities import Media, OutgoingMessage
from integrations.diagnosis.doctor import Advice, Passed
from integrations.diagnosis.verdict import YOU
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Stage
from integrations.http import error_from_response
from integrations.properties import PropertiesForm, SecretField
from integrations.property_fields import CaCertificateField
from integrations.providers import messenger
from integrations.vendor_json import inner, object_of, objects, other_shape, text_of
from integrations.webhooks import UNKNOWN, Inbound
from integrations.wire import redaction

ENDPOINT = "https://api.telegram.org"
WANTED = ["message", "edited_message", "callback_query", "my_chat_member"]
LONGEST_TEXT, LONGEST_CAPTION = 4096, 1024
TOO_BIG = "file is too big"
FILES = ("document", "voice", "video", "video_note", "audio", "animation", "sticker")
MEMBER = {"kicked": messenger.OPTED_OUT, "left": messenger.OPTED_OUT, "member": messenger.OPTED_IN}
# Words of a 403 or 400 that mean: this customer is out of reach.
OUT_OF_REACH = ("blocked by the user", "user is deactivated", "was kicked", "can't initiate", "chat not found")
NEW_CHAT = "migrate_to_chat_id"
ADVICE = {
    Cause.BAD_CREDENTIALS: Advice(
        "Telegram knows no bot with this token: it was mistyped, or a newer one has been made.",
        YOU,
        "Copy the token again from @BotFather and save it.",
        ("Open the chat with @BotFather in Telegram", "Send /mybots and choose the bot", "Press API Token and copy it"),
    ),
    Cause.INCOMPLETE: Advice(
        "Bot Username and Token belong to two different bots, or a field is empty.",
        YOU,
        "Compare both with what @BotFather shows under /mybots, correct them and save.",
    ),
    Cause.CONFLICT: Advice(
        "Another program fetches this bot's messages at the same time. A bot can be read by one system only.",
        YOU,
        "Stop the other program, or make a second bot for it, then press Set Webhook.",
    ),
}


class TelegramProperties(PropertiesForm):
    advanced = ("api_endpoint", "ca_certificate")

    bot_username = forms.CharField(
        label="Bot Username",
        max_length=64,
        help_text="The exact username of your Telegram bot. @BotFather shows it under /mybots; it ends in “bot”.",
    )
    token = SecretField(
        label="Token",
        validators=[
            RegexValidator(r"^[A-Za-z0-9:_-]+\Z", "A token has letters, digits, and one colon. Copy it again.")
        ],
        help_text="The API token for your Telegram bot: @BotFather, /mybots, choose the bot, API Token.",
    )
    api_endpoint = messenger.endpoint_field(ENDPOINT, "Telegram")
    ca_certificate = CaCertificateField()

    def clean_bot_username(self) -> str:
        name = str(self.cleaned_data["bot_username"]).removeprefix("https://t.me/").removeprefix("@")
        if not name.replace("_", "").isalnum():
            raise ValidationError("A username has letters, digits and underscores only. Example: example_help_bot")
        return name


class MovedChat(Rejected):
    """The group has become a supergroup: the same people under another id."""

    def __init__(self, chat: str) -> None:
        super().__init__("The group has a new id.", cause=Cause.CONFLICT)
        self.chat = chat


class Telegram(messenger.MessengerProvider):
    """A bot in Telegram."""

    key = "messenger_telegram"
    label = "Telegram"
    documentation_url = "https://core.telegram.org/bots/api"
    advice = ADVICE
    Properties = TelegramProperties
    largest_picture = 5 * 1024 * 1024  # sent by address

    # -- sending

    def send(self, recipient: str, message: OutgoingMessage) -> str:
        messenger.need_content(message)
        try:
            return self._send(recipient, message)
        except MovedChat as moved:
            return self._send(moved.chat, message)

    def _send(self, chat: str, message: OutgoingMessage) -> str:
        """No parse_mode: an agent's text is text. There is no idempotency key, so nothing is ever repeated here."""
        text, sent = message.text, ""
        if message.picture:
            caption = text if len(text.encode("utf-16-le")) // 2 <= LONGEST_CAPTION else ""
            text = "" if caption else text
            sent = self._message(
                "sendPhoto", chat_id=chat, photo=message.picture, **({"caption": caption} if caption else {})
            )
        for part in messenger.split_text(text, LONGEST_TEXT):
            sent = self._message("sendMessage", chat_id=chat, text=part)
        return sent

    def _message(self, method: str, **parameters: Any) -> str:
        result = self._call(method, purpose="Send a message", **parameters)
        if not isinstance(result, dict) or "message_id" not in result:
            raise other_shape(self.label)
        return str(result["message_id"])

    # -- pictures and files of customers

    def fetch_media(self, entry: Mapping[str, Any]) -> Media:
        """By its id, which leads to a path that is good for an hour. The token stands in both addresses."""
        found = self._call("getFile", purpose="Look for a customer's file", file_id=text_of(entry.get("ref")))
        path = text_of(found.get("file_path")) if isinstance(found, dict) else ""
        if not path:
            raise other_shape(self.label)
        address = f"/file/bot{self.account.secret('token')}/{quote(path)}"
        return messenger.media_from(self.http.get(address, headers=messenger.ANYTHING, purpose=messenger.FETCH), entry)

    # -- the webhook

    @action("Set Webhook", help_text="Has Telegram send customers' messages to this account. A bot has one webhook.")
    def set_the_webhook(self) -> Result:
        url = self.webhook_address()
        return self.webhook_result(self.set_webhook(url), url)

    def set_webhook(self, url: str) -> str:
        before = text_of(self._webhook().get("url"))
        values: dict[str, Any] = {"url": url, "secret_token": self.webhook_secret(), "allowed_updates": WANTED}
        self._call("setWebhook", purpose="Set webhook", **values)
        return before

    def webhook_secret(self) -> str:
        """What Telegram repeats in a header of each call. Changes with the token: set the webhook again then."""
        key = self.account.secret("token").encode()
        found = hmac.new(key, f"webhook:{self.account.public_id}".encode(), hashlib.sha256).hexdigest()
        redaction.register(found)
        return found

    def verify(self, request: HttpRequest) -> None:
        sent = request.headers.get("X-Telegram-Bot-Api-Secret-Token")
        messenger.must_equal(sent, self.webhook_secret(), what="Telegram's secret token")

    def parse_events(self, request: HttpRequest) -> Iterator[Inbound]:
        """One update per call. Ids have 64 bits; `update_id` is unique per bot."""
        update = messenger.json_object(request)
        key = messenger.key_of("update", update.get("update_id"), update)
        if update.get("message"):
            yield said(key, messenger.MESSAGE, update, inner(update, "message"))
        elif update.get("edited_message"):
            yield said(key, messenger.EDITED, update, inner(update, "edited_message"))
        elif update.get("callback_query"):
            yield pressed(key, update)
        elif update.get("my_chat_member"):
            yield membership(key, update)
        else:
            yield messenger.event(key, UNKNOWN, update)

    # -- the test

    def probes(self) -> Iterator[Passed]:
        bot = self._call("getMe", method="GET", purpose="Test connection")
        name = text_of(bot.get("username")) if isinstance(bot, dict) else ""
        if not name:
            raise other_shape(self.label)
        wanted = str(self.properties["bot_username"])
        if name.lower() != wanted.lower():
            raise messenger.another_account(f"The token belongs to @{name}, not to @{wanted}.", "bot_username")
        yield Passed(Stage.AUTHENTICATION, f"Signed in as @{name}", identity=f"@{name}")
        state = self._webhook()
        words = self.webhook_words(text_of(state.get("url")))
        trouble = text_of(state.get("last_error_message"))
        yield Passed(Stage.WEBHOOK, f"{words}. Telegram's last trouble with it: {trouble}" if trouble else words)

    def _webhook(self) -> dict[str, Any]:
        state = self._call("getWebhookInfo", method="GET", purpose="Look at the webhook")
        if not isinstance(state, dict):
            raise other_shape(self.label)
        return state

    # -- the wire

    def _call(self, name: str, *, method: str = "POST", purpose: str, **parameters: Any) -> Any:
        path = f"/bot{self.account.secret('token')}/{name}"
        response = self.http.request(method, path, json=parameters or None, purpose=purpose)
        body = object_of(response, self.label)
        if body.get("ok") is not True or "result" not in body:
            raise other_shape(self.label)
        return body["result"]

    def interpret(self, response: requests.Response) -> IntegrationError | None:
        error = error_from_response(response)
        if error is None or response.status_code >= 500:
            return error
        return told(error, response)


def told(error: IntegrationError, response: requests.Response) -> IntegrationError:
    """Telegram's own meaning of a refusal: number and description, in the body and as the status."""
    try:
        body = response.json()
    except ValueError:
        return error
    words = text_of(body.get("description")) if isinstance(body, dict) else ""
    more: dict[str, Any] = {"status": response.status_code, "vendor_message": words}
    parameters = inner(body, "parameters") if isinstance(body, dict) else {}
    if parameters.get(NEW_CHAT):
        return MovedChat(str(parameters[NEW_CHAT]))
    if any(sign in words for sign in OUT_OF_REACH):
        return messenger.unreachable_customer("Telegram cannot deliver to this customer.", **more)
    if response.status_code == 404 and words == "Not Found":
        return AuthenticationFailed("Telegram knows no bot with this token.", stage=Stage.AUTHENTICATION, **more)
    if TOO_BIG in words:
        return Rejected("The file is larger than the 20 MB that Telegram hands out.", **more)
    if "not enough rights" in words or response.status_code == 403:
        return AuthenticationFailed(
            "The bot may not write here.", cause=Cause.NO_PERMISSION, stage=Stage.PERMISSION, **more
        )
    if response.status_code == 429:
        return slow_down(parameters, response, more)
    return error


def slow_down(parameters: dict[str, Any], response: requests.Response, more: dict[str, Any]) -> RateLimited:
    """Only this answer is authoritative: the published rates are rough."""
    told_seconds = parameters.get("retry_after")
    wait = float(told_seconds) if isinstance(told_seconds, int) else retry_after(response)
    return RateLimited(
        f"Too many messages: wait {wait:.0f} s.", retry_after=min(wait, 3600.0), stage=Stage.LIMITS, **more
    )


def said(key: str, kind: str, update: dict[str, Any], message: dict[str, Any]) -> Inbound:
    """A message of a customer. A picture or file is named by its `file_id`: the address to fetch it holds the token."""
    sender, chat = inner(message, "from"), inner(message, "chat")
    text = text_of(message.get("text") or message.get("caption"))
    return messenger.event(
        key, kind, update,
        **people(sender, chat),
        text=text, media=list(media_of(message)), at=messenger.moment(message.get("date")),
        message_id=text_of(message.get("message_id")),
    )  # fmt: skip


def media_of(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    sizes = objects(message.get("photo"))
    if sizes:
        yield {"type": "picture", "ref": text_of(sizes[-1].get("file_id"))}  # the last is the largest
    for name in FILES:
        found = inner(message, name)
        if found:
            named = {"name": found["file_name"]} if found.get("file_name") else {}
            yield {"type": name, "ref": text_of(found.get("file_id")), **named}
    for name in ("location", "contact"):
        if inner(message, name):
            yield {"type": name, **inner(message, name)}


def pressed(key: str, update: dict[str, Any]) -> Inbound:
    """A button under a message of ours."""
    query = inner(update, "callback_query")
    sender = inner(query, "from")
    chat = inner(query, "message", "chat")
    return messenger.event(
        key, messenger.MESSAGE, update,
        **people(sender, chat),
        button=text_of(query.get("data")), message_id=text_of(query.get("id")),
    )  # fmt: skip


def membership(key: str, update: dict[str, Any]) -> Inbound:
    """The customer blocked the bot, or let it in again."""
    change = inner(update, "my_chat_member")
    sender, chat = inner(change, "from"), inner(change, "chat")
    status = text_of(inner(change, "new_chat_member").get("status"))
    return messenger.event(
        key, MEMBER.get(status, UNKNOWN), update,
        **people(sender, chat),
        at=messenger.moment(change.get("date")),
    )  # fmt: skip


def people(sender: dict[str, Any], chat: dict[str, Any]) -> dict[str, Any]:
    """Who wrote, and where an answer goes: a chat is a person or a group."""
    ids = {"user": text_of(sender.get("id")), "conversation": text_of(chat.get("id"))}
    return {**ids, "name": full_name(sender)}


def full_name(person: dict[str, Any]) -> str:
    return " ".join(filter(None, (text_of(person.get(name)) for name in ("first_name", "last_name"))))
