"""What an account can do. `isinstance(account.connect(), Crm)` is the only feature test in the product.

Data handed around is frozen dataclasses; vendor JSON stays inside the provider."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.http import HttpRequest

from .field_mapping import Suggestion


@dataclass(frozen=True, slots=True)
class RecordRef:
    """A record at the vendor: `kind` is the vendor's own name of the table or object."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Record:
    """A record as read. `fields` holds plain strings; references are resolved to ids. `title` names it to a person."""

    ref: RecordRef
    fields: dict[str, str]
    title: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class CrmAgent:
    """How the vendor knows one of our agents."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Activity:
    """One interaction as it is written into the activity history. `key` finds it again after a crash."""

    key: str
    subject: str
    text: str
    started_at: datetime
    duration_seconds: int = 0
    disposition: str = ""
    extra: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PhoneMatches:
    """Result of a look-up by phone: verified people, and the query as sent, for the explanation."""

    people: tuple[Record, ...]
    query: str = ""


class Crm(ABC):
    """A system that holds the customer's record. All methods raise `IntegrationError`."""

    query_language: str = ""  # names the escaping rule of `contactcenter.scenarios.substitution`

    @abstractmethod
    def search(self, kind: str, query: str, *, limit: int = 50) -> list[Record]:
        """Rows of `kind` that match a query in `query_language`."""

    @abstractmethod
    def get(self, ref: RecordRef) -> Record:
        """One record; `Rejected` with cause `not_found` when it is not there or hidden."""

    @abstractmethod
    def create(self, kind: str, fields: dict[str, Any], *, key: str = "") -> RecordRef:
        """A new record. `key` marks it so that `find_created` recognises it later."""

    @abstractmethod
    def find_created(self, kind: str, key: str) -> RecordRef | None:
        """The record that an earlier `create` with this key made, where its answer was lost."""

    @abstractmethod
    def update(self, ref: RecordRef, fields: dict[str, Any]) -> None:
        """Change named fields. Repeating it is harmless."""

    @abstractmethod
    def add_activity(self, ref: RecordRef, activity: Activity) -> None:
        """Append to the record's activity history. Not idempotent at the vendor: see `has_activity`."""

    @abstractmethod
    def has_activity(self, ref: RecordRef, key: str) -> bool:
        """Whether the record's history already holds the activity with this key."""

    @abstractmethod
    def record_url(self, ref: RecordRef) -> str:
        """Where a person opens the record in a browser."""


class PeopleDirectory(ABC):
    """A system that knows customers by phone and our agents as its users."""

    @abstractmethod
    def find_by_phone(self, e164: str, received: str) -> PhoneMatches:
        """People with this number. Every row is verified digit by digit, because vendors widen queries silently."""

    @abstractmethod
    def find_agent(self, *, email: str, login: str) -> CrmAgent | None:
        """Our agent among the vendor's users, by the account's mapping rule; None when there is none."""


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What a screen pop may tell the vendor about the call."""

    phone: str = ""
    name: str = ""
    task_id: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    # The record made for the interaction itself, where the account pops that instead of the caller's record.
    interaction: RecordRef | None = None


@dataclass(frozen=True, slots=True)
class ScreenPop:
    """How to open something in front of the agent.

    Inside the vendor's page the host module uses `entity` + `query` (a form) or `relative_url` (the vendor's own
    call page); anywhere else `url` opens in a new tab."""

    title: str
    url: str
    entity: str = ""
    query: str = ""
    relative_url: str = ""


class EmbedHost(ABC):
    """A system whose pages can hold our desktop in a frame."""

    host_module: str = ""  # the desktop's host module: "servicenow", "salesforce", "zendesk"

    @abstractmethod
    def web_origin(self) -> str:
        """Origin of the vendor's pages: `https://host[:port]`; the only `topDomain` that is accepted."""

    @abstractmethod
    def client_library(self) -> str:
        """Absolute URL of the vendor's script that the host module loads; empty when it needs none."""

    @abstractmethod
    def screen_pop(self, ref: RecordRef | None, facts: CallFacts) -> ScreenPop:
        """Open a record, or the vendor's call page where the account chooses that."""


@dataclass(frozen=True, slots=True)
class ActiveInteraction:
    service: str
    media: str
    direction: str
    started_at: datetime
    on_hold: bool = False


class AgentSnapshot(NamedTuple):
    """`state` is READY, BUSY, ACW, SUPERVISING, NOT_READY or LOGGED_OUT; `reason` only with NOT_READY.

    A tuple, because thousands are made each interval and a frozen dataclass costs three times as much."""

    login_id: str
    employee_id: str | None
    extension: str | None
    first_name: str | None
    last_name: str | None
    team: str | None
    state: str
    reason: str | None
    state_since: datetime
    services: tuple[str, ...] = ()
    active: ActiveInteraction | None = None


@dataclass(frozen=True, slots=True)
class ServiceSnapshot:
    """Figures since `since` (the contact centre's midnight). Seconds; percentages are computed by the profile."""

    name: str
    code: str
    media: str
    since: datetime
    waiting: int = 0
    longest_wait: int = 0
    active: int = 0
    agents_logged_in: int = 0
    agents_ready: int = 0
    agents_busy: int = 0
    agents_acw: int = 0
    agents_not_ready: int = 0
    received: int = 0
    queued: int = 0
    answered: int = 0
    abandoned: int = 0
    abandoned_short: int = 0
    answered_in_sl: int = 0
    sl_threshold: int = 20
    asa: float | None = None
    aht: float | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One consistent picture of all agents and services. Agents are sorted by login, services by name."""

    taken_at: datetime
    agents: tuple[AgentSnapshot, ...]
    services: tuple[ServiceSnapshot, ...]
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class FeedContext:
    """Where a feed stands: `sequence` is per account, monotonic, and survives a restart."""

    sequence: int
    interval: float


class WorkforceFeed(ABC):
    """Receives every agent's state each interval."""

    @property
    @abstractmethod
    def interval(self) -> float:
        """Seconds between two pushes."""

    @abstractmethod
    def push(self, snapshot: Snapshot, context: FeedContext) -> None:
        """Send one picture. Raises `IntegrationError`; the caller counts and never repeats."""


@dataclass(frozen=True, slots=True)
class RecordingEvent:
    """One thing a recorder must know. `body` is the event without prefixes; `id` lets the receiver deduplicate."""

    id: str
    type: str
    at: datetime
    body: dict[str, Any]


class RecordingFeed(ABC):
    """Receives agent and call events in order, and a keep-alive."""

    @property
    @abstractmethod
    def keep_alive_interval(self) -> float:
        """Seconds between two keep-alives; 0 switches them off."""

    @abstractmethod
    def push_events(self, events: Sequence[RecordingEvent], context: FeedContext) -> None:
        """Send a batch in order. Raises `IntegrationError`; the caller keeps the events and tries again."""

    @abstractmethod
    def keep_alive(self, context: FeedContext, *, active_agents: int, active_calls: int) -> None:
        """Show the receiver that the way is open."""


@dataclass(frozen=True, slots=True)
class CallerProfile:
    """What a caller-data system knows about a phone number.

    `values` are the vendor's fields by path, as text; `suggestions` what the account's field mapping makes of them."""

    phone: str
    provider: str
    found_at: datetime
    values: dict[str, str]
    suggestions: tuple[Suggestion, ...] = ()


class CallerLookup(ABC):
    """A system that identifies unknown callers. For inbound callers only: the vendors' terms forbid solicitation."""

    @abstractmethod
    def lookup(self, phone: str) -> CallerProfile | None:
        """Who has this number (E.164); None where the system knows nobody. Raises `IntegrationError`, never waits
        long, never repeats: a caller is on the line."""


@dataclass(frozen=True, slots=True)
class AutomationEvent:
    """Something that happened here and may start a workflow elsewhere. `id` is stable, so that repeats are seen."""

    id: str
    kind: str
    at: datetime
    fields: dict[str, Any] = field(default_factory=dict)


class AutomationEndpoint(ABC):
    """A platform that calls us, with credentials that were made up here for it."""

    @abstractmethod
    def authenticate(self, request: HttpRequest) -> bool:
        """Whether the request carries this account's credentials; compared in constant time."""

    @abstractmethod
    def payload(self, event: AutomationEvent) -> dict[str, Any]:
        """The event in the form in which the platform takes it."""


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """What we write to a customer: a text, a picture, or both. `picture` is an https address that the vendor fetches.

    `reply_token` answers one event, at vendors that hand out such tokens. `key`, a UUID, lets a vendor that can do so
    recognise a repetition."""

    text: str = ""
    picture: str = ""
    reply_token: str = ""
    key: str = ""


class Messenger(ABC):
    """A messenger in which customers write to us.

    What they write arrives through `integrations.webhooks`: such an account is a `WebhookReceiver` too, with its
    `verify` and `parse_events`."""

    @abstractmethod
    def send(self, recipient: str, message: OutgoingMessage) -> str:
        """Send to a customer, known by the vendor's id of them; returns the vendor's id of the (last) message.

        Raises `Rejected` with `field="recipient"` where this customer cannot be reached any more."""

    @abstractmethod
    def set_webhook(self, url: str) -> str:
        """Have the vendor send events to `url`; returns the address that it replaced, empty where none is known."""


class StatisticsFeed(WorkforceFeed):
    """Receives the figures of all services and agents each interval; the dispatcher drives it like any such feed."""


@dataclass(frozen=True, slots=True)
class Article:
    """A topic of a knowledge base. `text` is plain text: a vendor's HTML never leaves its provider."""

    title: str
    text: str = ""
    id: str = ""
    url: str = ""


class KnowledgeBase(ABC):
    """A knowledge base outside the product. Both methods raise `IntegrationError`."""

    @property
    @abstractmethod
    def exclusive(self) -> bool:
        """True: used instead of the product's own. False: asked only where the own one finds nothing."""

    @abstractmethod
    def search(self, text: str, *, limit: int = 10) -> list[Article]:
        """Topics for the words, the best first. Short time limit and no repetition: an agent is waiting."""

    @abstractmethod
    def submit(self, article: Article) -> Article:
        """A new topic, returned with the vendor's id. Never repeated: the vendor would keep two."""


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
    """What a bot said. Give `state` back with the next text of the conversation."""

    suggestions: tuple[BotSuggestion, ...] = ()
    state: dict[str, Any] = field(default_factory=dict)


class ChatBot(ABC):
    """An engine that proposes what to answer in a chat."""

    @abstractmethod
    def suggest(self, text: str, context: BotContext) -> BotAnswer:
        """What could be answered to the customer's text, the best first. Raises `IntegrationError`."""
