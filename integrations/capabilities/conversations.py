"""Messengers, and bots that suggest answers."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """What we write to a customer: a text, a picture, or both. `picture` is an https address that the vendor fetches.

    `reply_token` answers one event, at vendors that hand out such tokens. `key`, a UUID, lets a vendor that can do so
    recognise a repetition."""

    text: str = ""
    picture: str = ""
    reply_token: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    """A picture or file of a customer. `content_type` and `name` are the vendor's words: claims, not facts."""

    content: bytes
    content_type: str = ""
    name: str = ""


class Messenger(ABC):
    """A messenger in which customers write to us.

    What they write arrives through `integrations.webhooks`: such an account is a `WebhookReceiver` too, with its
    `verify` and `parse_events`."""

    # Whether the vendor's id of a customer is their phone number, by which they can be looked up.
    customer_is_a_phone_number: ClassVar[bool] = False
    # What the vendor shows as a picture when it is given an address, and up to which size in bytes.
    picture_types: ClassVar[tuple[str, ...]] = ("image/png", "image/jpeg", "image/gif")
    largest_picture: ClassVar[int] = 8 * 1024 * 1024

    @abstractmethod
    def send(self, recipient: str, message: OutgoingMessage) -> str:
        """Send to a customer, known by the vendor's id of them; returns the vendor's id of the (last) message.

        Raises `Rejected` with `field="recipient"` where this customer cannot be reached any more."""

    @abstractmethod
    def fetch_media(self, entry: Mapping[str, Any]) -> Media:
        """What the customer sent: `entry` is one of a message event's `media`. Vendors keep it for hours or days only.

        Raises `Rejected` where the vendor has it no more, and above the size limit of `integrations.transport`."""

    @abstractmethod
    def set_webhook(self, url: str) -> str:
        """Have the vendor send events to `url`; returns the address that it replaced, empty where none is known."""


@dataclass(frozen=True, slots=True)
class BotContext:
    """The conversation a bot is asked about: our id of it, and what the bot wants back each time."""

    conversation: str
    state: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BotSuggestion:
    """One thing to say, as plain text. `confidence` from 0 to 1 where the bot tells it."""

    text: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class BotAnswer:
    """What a bot said. Give `state` back with the next text of the conversation. `hand_over`: it wants a person.

    `suggestions` are for an agent to choose from; `reply` is what the bot itself would say to the customer."""

    suggestions: tuple[BotSuggestion, ...] = ()
    state: dict[str, Any] = field(default_factory=dict)
    hand_over: bool = False
    reply: str = ""


class ChatBot(ABC):
    """An engine that proposes what to answer in a chat, or answers by itself."""

    @abstractmethod
    def suggest(self, text: str, context: BotContext) -> BotAnswer:
        """What could be answered to the customer's text, the best first. Raises `IntegrationError`."""
