"""What is pushed to workforce, recording and statistics systems, and the interfaces that take it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple


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


class Pushed(NamedTuple):
    """What went over the wire: `kind` is full, delta, keep_alive or events; `size` in bytes.

    `warning`: a sentence of what the receiver minded although it took the update."""

    kind: str
    agents: int = 0
    size: int = 0
    warning: str = ""


class WorkforceFeed(ABC):
    """Receives every agent's state each interval."""

    @property
    @abstractmethod
    def interval(self) -> float:
        """Seconds between two pushes."""

    @abstractmethod
    def push(self, snapshot: Snapshot, context: FeedContext) -> Pushed:
        """Send one picture. Raises `IntegrationError`; the caller counts and never repeats."""

    def remarks(self, snapshot: Snapshot) -> list[str]:
        """What of this picture does not arrive as it is, as sentences for the account page."""
        return []


class FeedLine(ABC):
    """One open connection of a feed. Every method may raise `IntegrationError`; then it is of no more use."""

    @abstractmethod
    def push(self, snapshot: Snapshot, context: FeedContext) -> Pushed:
        """Send what the receiver does not know yet; everything, where this is the first time."""

    @abstractmethod
    def listen(self) -> bytes:
        """Notice without waiting that the other side is gone; what it has said meanwhile, which may be nothing."""

    @property
    def is_pending(self) -> bool:
        """The update before was written, and the receiver's system has not acknowledged it yet."""
        return False

    def unavailable(self) -> None:  # noqa: B027 - most receivers have no word for it
        """The states cannot be read just now: tell the receiver, where it can be told."""

    @abstractmethod
    def close(self, context: FeedContext | None = None) -> None:
        """Hang up; with a context, after saying goodbye. Never raises."""


class ConnectedFeed(WorkforceFeed):
    """A feed that keeps its connection: `manage.py run_feeds` holds it, because workers come and go."""

    @abstractmethod
    def open_line(self) -> FeedLine:
        """Connect. Raises `IntegrationError`."""

    def push(self, snapshot: Snapshot, context: FeedContext) -> Pushed:
        """Everything, on a connection of its own."""
        line = self.open_line()
        try:
            return line.push(snapshot, context)
        finally:
            line.close()


@dataclass(frozen=True, slots=True)
class RecordingEvent:
    """One thing a recorder must know. `body` is the event without prefixes; `id` lets the receiver deduplicate."""

    id: str
    type: str
    at: datetime
    body: dict[str, Any]


class Refusal(NamedTuple):
    """An event that the receiver will never take, and why, as a sentence."""

    event: RecordingEvent
    reason: str


class Delivered(NamedTuple):
    """How far a batch came: the first so many events, at least one, need not be sent again, the `refused` among them.

    `warning`: a sentence of what did not arrive as it is although the events were taken. `heard`: what the receiver
    said last, where no other log keeps it."""

    events: int
    refused: tuple[Refusal, ...] = ()
    warning: str = ""
    heard: str = ""


class RecordingFeed(ABC):
    """Receives agent and call events in order, and a keep-alive."""

    @property
    @abstractmethod
    def keep_alive_interval(self) -> float:
        """Seconds between two keep-alives; 0 switches them off."""

    @abstractmethod
    def push_events(self, events: Sequence[RecordingEvent], context: FeedContext) -> Delivered:
        """Send a batch in order, or as much of it from its front as is quickly done. Raises `IntegrationError` where
        not even the first event came through; the caller keeps what did not and tries again."""

    @abstractmethod
    def keep_alive(self, context: FeedContext, *, active_agents: int, active_calls: int) -> None:
        """Show the receiver that the way is open."""


class StatisticsFeed(WorkforceFeed):
    """Receives the figures of all services and agents each interval; the dispatcher drives it like any such feed."""
