"""Nexmo, today Vonage: text messages by SMS (SMS API 1.2, `developer.vonage.com`).

Key and Secret send. What comes in is proved by a signature only where the vendor has switched that on for the account;
without it the address, which nobody can guess, is the only proof, and the key must be ours. SMS carries no pictures: a
picture goes out as its address."""

import hashlib
import hmac
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import requests
from django import forms
from django.http import HttpRequest

from integrations.actions import Result, action
from integrations.basic_auth import basic
from integrations.capabilities import OutgoingMessage
from integrations.diagnosis.doctor import Advice, Passed
from integrations.diagnosis.verdict import VENDOR, YOU
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Stage, Unavailable
from integrations.http import error_from_response
from integrations.properties import PropertiesForm, SecretField
from integrations.property_fields import CaCertificateField
from integrations.providers import messenger
from integrations.vendor_json import object_of, objects, other_shape, text_of
from integrations.webhooks import UNKNOWN, Inbound, NotGenuine

ENDPOINT = "https://rest.nexmo.com"
LONGEST_TEXT = 1000
OLDEST_SECONDS = 300
METHODS = ("md5hash", "md5", "sha1", "sha256", "sha512")
# Characters of GSM 03.38 with its extension; anything else needs type=unicode.
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)
THROTTLED, INVALID, CREDENTIALS = {1}, {2, 3, 6, 12, 15, 22, 23}, {4, 14, 32}
TEMPORARY, OUT_OF_REACH, NO_RIGHT, QUOTA = {5, 10}, {7, 33}, {8, 11, 29}, {9}
RECEIPTS = {
    "delivered": messenger.DELIVERED, "failed": messenger.FAILED, "rejected": messenger.FAILED,
    "expired": messenger.FAILED,
}  # fmt: skip
ADVICE = {
    Cause.BAD_CREDENTIALS: Advice(
        "Nexmo does not accept Key and Secret.",
        YOU,
        "Copy both again from the dashboard and save them.",
        ("Open dashboard.nexmo.com and log in", "Open API settings", "Copy API key and API secret"),
    ),
    Cause.NO_PERMISSION: Advice(
        "The Nexmo account is known, but may not do this: it is barred, on trial, or not enabled for it.",
        VENDOR,
        "Look at the account's state in the dashboard. A trial account writes to its listed numbers only.",
    ),
}


class NexmoProperties(PropertiesForm):
    advanced = ("signature_secret", "signature_method", "api_endpoint", "ca_certificate")
    needed_for_real = ("sender",)

    key = forms.CharField(
        label="Key",
        max_length=80,
        help_text=(
            "The API key that was created when you created a Nexmo account. You can find the API key and secret in "
            "your Nexmo Dashboard account settings."
        ),
    )
    secret = SecretField(
        label="Secret",
        help_text=(
            "The API secret that was created when you created a Nexmo account. You can find the API key and secret in "
            "your Nexmo Dashboard account settings."
        ),
    )
    sender = forms.CharField(
        label="Sender",
        required=False,
        max_length=15,
        help_text=(
            "The number that customers see and answer to, digits only: dashboard, Numbers, Your numbers. Some "
            "countries allow up to 11 letters instead, to which nobody can answer."
        ),
    )
    signature_secret = SecretField(
        label="Signature secret",
        required=False,
        help_text=(
            "Proves that a message is Nexmo's: dashboard, API settings, SMS settings. Signed webhooks are switched on "
            "by the vendor's support; enter it when they are: then unsigned messages are refused."
        ),
    )
    signature_method = forms.ChoiceField(
        label="Signature method",
        choices=[(name, name) for name in METHODS],
        initial="md5hash",
        help_text="As it is set in the dashboard, API settings, SMS settings, beside the signature secret.",
    )
    api_endpoint = messenger.endpoint_field(ENDPOINT, "Nexmo")
    ca_certificate = CaCertificateField()


class Nexmo(messenger.MessengerProvider):
    """Text messages through Nexmo."""

    key = "messenger_nexmo"
    label = "Nexmo"
    documentation_url = "https://developer.vonage.com/en/messaging/sms/overview"
    advice = ADVICE
    Properties = NexmoProperties
    customer_is_a_phone_number = True
    takes_get = True

    # -- sending

    def send(self, recipient: str, message: OutgoingMessage) -> str:
        messenger.need_content(message)
        text = "\n".join(part for part in (message.text.strip(), message.picture) if part)
        return [self._message(recipient, part) for part in messenger.split_text(text, LONGEST_TEXT)][-1]

    def _message(self, recipient: str, text: str) -> str:
        """One entry per part of a long text, and each can fail alone: `interpret` looks at all of them."""
        values = {
            "from": str(self.properties["sender"]), "to": recipient.lstrip("+"), "text": text,
            "type": "text" if set(text) <= GSM else "unicode",
        }  # fmt: skip
        response = self.http.post("/sms/json", data=values, purpose="Send a message")
        sent = objects(object_of(response, self.label).get("messages"))
        if not sent or not sent[0].get("message-id"):
            raise other_shape(self.label)
        return text_of(sent[0]["message-id"])

    # -- the webhook

    @action(
        "Set Webhook",
        help_text=(
            "Has Nexmo send customers' messages and receipts to this account. It changes the whole Nexmo account: "
            "another system that uses it gets them no more."
        ),
    )
    def set_the_webhook(self) -> Result:
        url = self.webhook_address()
        return self.webhook_result(self.set_webhook(url), url)

    def set_webhook(self, url: str) -> str:
        """Settings are told only when they are changed; a change of nothing tells the present ones."""
        before = object_of(self.http.post("/account/settings", purpose="Look at the webhook"), self.label)
        values = {"moCallBackUrl": url, "drCallBackUrl": url}
        self.http.post("/account/settings", data=values, purpose="Set webhook")
        return text_of(before.get("mo-callback-url"))

    def verify(self, request: HttpRequest) -> None:
        sent = parameters_of(request)
        secret = self.account.secret("signature_secret")
        if secret:
            expected = signature(sent, secret, str(self.properties["signature_method"]))
            messenger.must_equal(sent.get("sig", "").lower(), expected, what="Nexmo's signature")
            must_be_fresh(sent.get("timestamp", ""))
        elif sent.get("api-key", "") not in ("", str(self.properties["key"])):
            raise NotGenuine("The message is for another API key.")

    def parse_events(self, request: HttpRequest) -> Iterator[Inbound]:
        sent = {
            name: value for name, value in parameters_of(request).items() if name not in ("sig", "api-key", "nonce")
        }
        if sent.get("status") and sent.get("messageId"):
            yield receipt(sent)
        elif sent.get("messageId"):
            yield said(sent)
        elif sent:
            yield messenger.event(messenger.key_of("unknown", "", sent), UNKNOWN, sent)

    # -- the test

    def probes(self) -> Iterator[Passed]:
        """The balance: it needs Key and Secret, and costs nothing."""
        response = self.http.get("/account/get-balance", purpose="Test connection")
        balance = object_of(response, self.label).get("value")
        if isinstance(balance, bool) or not isinstance(balance, int | float):
            raise other_shape(self.label)
        yield Passed(
            Stage.AUTHENTICATION, f"Signed in; the balance is {balance:.2f}", identity=str(self.properties["key"])
        )

    # -- the wire

    def authorise(self, request: requests.PreparedRequest) -> None:
        pair = f"{self.properties['key']}:{self.account.secret('secret')}"
        request.headers["Authorization"] = basic(pair)

    def interpret(self, response: requests.Response) -> IntegrationError | None:
        """Sending answers 200 always, with a status for each part."""
        error = error_from_response(response)
        if error is not None:
            return error
        try:
            body = response.json()
        except ValueError:
            return None
        parts = objects(body.get("messages")) if isinstance(body, dict) else []
        failed = next((part for part in parts if str(part.get("status")) != "0"), None)
        return by_number(failed) if failed is not None else None


def by_number(part: Mapping[str, Any]) -> IntegrationError:
    code = text_of(part.get("status"))
    status = int(code) if code.isdigit() else -1
    more: dict[str, Any] = {"vendor_code": code, "vendor_message": text_of(part.get("error-text"))}
    if status in CREDENTIALS:
        return AuthenticationFailed("Nexmo does not accept Key and Secret.", stage=Stage.AUTHENTICATION, **more)
    if status in NO_RIGHT:
        words = "The Nexmo account may not do this."
        return AuthenticationFailed(words, cause=Cause.NO_PERMISSION, stage=Stage.PERMISSION, **more)
    if status in OUT_OF_REACH:
        return messenger.unreachable_customer("Nexmo cannot deliver to this number.", **more)
    if status in THROTTLED:
        return RateLimited("Too many messages in a second.", retry_after=1.0, stage=Stage.LIMITS, **more)
    if status in QUOTA:
        return RateLimited("The Nexmo account has no credit left.", retry_after=3600.0, stage=Stage.LIMITS, **more)
    if status in INVALID:
        return Rejected("Nexmo refuses the message.", **more)
    return Unavailable("Nexmo has a passing trouble.", cause=Cause.REMOTE_ERROR, maybe_done=True, **more)


def parameters_of(request: HttpRequest) -> dict[str, str]:
    """The vendor's account decides: GET with a query, POST with a form, or POST with JSON."""
    if request.method == "GET":
        return {name: str(value) for name, value in request.GET.items()}
    if "json" in (request.content_type or ""):
        return {name: text_of(value) for name, value in messenger.json_object(request).items()}
    messenger.raw_body(request)
    return {name: str(value) for name, value in request.POST.items()}


def signature(sent: Mapping[str, str], secret: str, method: str) -> str:
    """Over all parameters but `sig`, sorted, with & and = in the values replaced."""
    cleaned = {name: str(value).replace("&", "_").replace("=", "_") for name, value in sent.items() if name != "sig"}
    text = "".join(f"&{name}={cleaned[name]}" for name in sorted(cleaned))
    if method == "md5hash":
        return hashlib.md5(f"{text}{secret}".encode()).hexdigest()  # noqa: S324 - the vendor's default
    return hmac.new(secret.encode(), text.encode(), method).hexdigest()


def must_be_fresh(stamp: str) -> None:
    """A signed message that is older is somebody's copy of it."""
    sent = messenger.moment(stamp)
    if sent is None or abs(time.time() - sent.timestamp()) > OLDEST_SECONDS:
        raise NotGenuine("The signature is too old, or its time is missing.")


def vendor_time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def said(sent: dict[str, str]) -> Inbound:
    """A long message comes in parts, in any order: `part` says which of how many, `ref` which belong together."""
    part = {name: sent[f"concat-{name}"] for name in ("ref", "part", "total") if sent.get(f"concat-{name}")}
    return messenger.event(
        f"message:{sent['messageId']}", messenger.MESSAGE, sent,
        user=sent.get("msisdn", ""), text=sent.get("text", ""), at=vendor_time(sent.get("message-timestamp", "")),
        message_id=sent["messageId"], part=part,
    )  # fmt: skip


def receipt(sent: dict[str, str]) -> Inbound:
    """Accepted and buffered are on the way: stored, nothing more."""
    return messenger.event(
        f"receipt:{sent['messageId']}:{sent['status']}:{sent.get('err-code', '')}",
        RECEIPTS.get(sent["status"], UNKNOWN), sent,
        user=sent.get("msisdn", ""), message_id=sent["messageId"], at=vendor_time(sent.get("message-timestamp", "")),
        reason=sent.get("err-code", ""),
    )  # fmt: skip
