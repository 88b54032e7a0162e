"""What all messengers share: where their API is, the address they call, neutral events, and texts cut to their limits.

An account of a messenger is a `WebhookReceiver`: events come in through `integrations.webhooks`, one row each."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import requests
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from integrations import catalogue
from integrations.actions import Result
from integrations.capabilities import Media, Messenger, OutgoingMessage
from integrations.errors import Cause, Rejected, Stage
from integrations.http import HttpClient
from integrations.property_fields import VendorUrlField
from integrations.providers.base import Provider
from integrations.vendor_json import text_of
from integrations.webhooks import Inbound, NotGenuine, WebhookReceiver

# Neutral kinds of events; whatever else a vendor sends is stored as `webhooks.UNKNOWN`.
MESSAGE, EDITED, DELETED, ECHO = "message", "edited", "deleted", "echo"
DELIVERED, SEEN, FAILED = "delivered", "seen", "failed"
OPTED_IN, OPTED_OUT, PING = "opted_in", "opted_out", "ping"

LARGEST_BODY = 2_000_000
ANYTHING = {"Accept": "*/*"}
FETCH = "Fetch a customer's file"


class MessengerProvider(Messenger, WebhookReceiver, Provider):
    """Base of the messengers. The vendor's fixed address is the default of the advanced property `api_endpoint`."""

    type = catalogue.MESSENGER

    @property
    def base_url(self) -> str:
        return self.account.simulator_url if self.account.simulated else str(self.properties["api_endpoint"])

    def fetch_media(self, entry: Mapping[str, Any]) -> Media:
        """By the address that came with the message, and without our credentials: it leads wherever the vendor says."""
        url = text_of(entry.get("url"))
        if not url:
            raise Rejected("The messenger hands out no file for this.", cause=Cause.NOT_FOUND)
        return media_from(HttpClient(self.account, base_url=url).get(url, headers=ANYTHING, purpose=FETCH), entry)

    def webhook_address(self) -> str:
        """Where the vendor reaches us for this account; its id cannot be guessed."""
        path = reverse("integrations:webhook", args=[self.account.public_id])
        return f"{settings.PUBLIC_URL}{path}"

    def webhook_result(self, replaced: str, url: str) -> Result:
        """What *Set Webhook* tells: the address before and after, because taking it over is silent at the vendor."""
        rows = (("Address now", url), ("Address before", replaced or "none"))
        taken = bool(replaced) and replaced != url
        more = " The other address gets no messages any more." if taken else ""
        return Result(True, f"{self.label} sends messages to this account now.{more}", rows=rows)

    def webhook_words(self, stored: str) -> str:
        """Where the vendor sends events at present, for the doctor."""
        if not stored:
            return "No webhook is set: customers' messages do not arrive. Press Set Webhook"
        if stored == self.webhook_address():
            return "Customers' messages are sent to this account"
        return f"Customers' messages are sent to another address: {stored}. Press Set Webhook to change that"


def endpoint_field(default: str, vendor: str, *, label: str = "API endpoint") -> VendorUrlField:
    """The advanced property that overrides a vendor's fixed address."""
    return VendorUrlField(
        label=label,
        initial=default,
        https_only=True,
        max_length=300,
        help_text=f"Leave as it is. Another address only where {vendor} is reached through a gateway of your own.",
    )


# -- what comes in


def event(
    key: str, kind: str, raw: Mapping[str, Any], *, user: str = "", name: str = "", conversation: str = "",
    text: str = "", media: Sequence[Mapping[str, Any]] = (), at: datetime | None = None, message_id: str = "",
    **more: Any,
) -> Inbound:  # fmt: skip
    """One neutral event. `raw` is what the vendor sent; `conversation` is where an answer goes."""
    payload = {
        "user": user,
        "name": name,
        "conversation": conversation or user,
        "text": text,
        "media": [dict(entry) for entry in media],
        "at": at.isoformat() if at else None,
        "message_id": message_id,
        **more,
        "raw": dict(raw),
    }
    return Inbound(key, kind, payload)


def json_object(request: HttpRequest) -> dict[str, Any]:
    """The body as an object. Raises `NotGenuine`: no vendor signs anything else."""
    try:
        found = json.loads(raw_body(request))
    except (ValueError, RecursionError):
        raise NotGenuine("The body is not JSON.") from None
    if not isinstance(found, dict):
        raise NotGenuine("The body is not a JSON object.")
    return found


def raw_body(request: HttpRequest) -> bytes:
    """The bytes as they came: signatures are over these, and a body parsed and written again is another one."""
    body = request.body
    if len(body) > LARGEST_BODY:
        raise NotGenuine("The body is larger than any event.")
    return body


def must_equal(sent: str | None, expected: str, *, what: str) -> None:
    """Compare in constant time. Raises `NotGenuine` with a reason that holds neither value."""
    if not expected:
        raise NotGenuine(f"{what} cannot be checked: the account has no secret for it.")
    if not sent:
        raise NotGenuine(f"{what} is missing.")
    if not hmac.compare_digest(sent.encode(), expected.encode()):
        raise NotGenuine(f"{what} does not match.")


def key_of(kind: str, id: Any, raw: Mapping[str, Any]) -> str:
    """What a repetition has in common with the first: the vendor's id, without one the whole content."""
    content = json.dumps(raw, sort_keys=True).encode()
    return f"{kind}:{text_of(id) or hashlib.sha256(content).hexdigest()}"


def moment(value: Any, *, per_second: int = 1) -> datetime | None:
    """A vendor's time stamp; None where it makes no sense."""
    try:
        return datetime.fromtimestamp(float(value) / per_second, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def media_from(response: requests.Response, entry: Mapping[str, Any]) -> Media:
    """The file in an answer. Its name is given in one of three ways."""
    names = (text_of(entry.get(key)) for key in ("name", "fileName", "file_name"))
    return Media(response.content, response.headers.get("Content-Type", ""), next(filter(None, names), ""))


# -- what goes out


def need_content(message: OutgoingMessage) -> None:
    if not message.text.strip() and not message.picture:
        raise Rejected("There is nothing to send: write a text or choose a picture.", field="text")
    if message.picture and not message.picture.lower().startswith(("https://", "http://")):
        raise Rejected("A picture is given as an address that the messenger can fetch.", field="picture")


def unreachable_customer(words: str, **more: Any) -> Rejected:
    """This customer cannot be written to any more: do not repeat, show it."""
    return Rejected(words, field="recipient", cause=Cause.NOT_FOUND, **more)


def another_account(words: str, field: str) -> Rejected:
    """The credentials are somebody's, but not those of the name that the account shows."""
    return Rejected(words, field=field, cause=Cause.INCOMPLETE, stage=Stage.AUTHENTICATION)


BREAKS = (re.compile(r"\n\s*\n"), re.compile(r"\n|(?<=[.!?。！？])\s*"), re.compile(r"\s+"))  # noqa: RUF001


def split_text(text: str, limit: int) -> list[str]:
    """Parts of at most `limit` UTF-16 units, cut between paragraphs, sentences or words where that is possible."""
    parts, rest = [], text.strip()
    while _units(rest) > limit:
        place = _place_to_cut(rest, limit)
        parts.append(rest[:place].rstrip())
        rest = rest[place:].lstrip()
    return [part for part in (*parts, rest) if part]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _place_to_cut(text: str, limit: int) -> int:
    """A break in the second half of what fits; without one, as much as fits."""
    most = limit
    while _units(text[:most]) > limit:
        most -= max(1, (_units(text[:most]) - limit) // 2)
    for pattern in BREAKS:
        ends = [found.start() for found in pattern.finditer(text, 0, most) if found.start() > most // 2]
        if ends:
            return ends[-1]
    return most
