"""What vendors tell us: verified, stored once, answered at once, and handed upwards by a task.

A provider that receives events has the capability `WebhookReceiver`. The domain registers a handler while the apps
start; this app knows nothing about what events mean. Handing over is repeated until it succeeds, so a handler must
bear to see an event twice."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from . import leases
from .models import InboundEvent, IntegrationAccount
from .wire import redaction

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 20
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 600.0
KEEP_DAYS = 30
REFUSED = "refused"
UNKNOWN = "unknown"

Handler = Callable[[InboundEvent], None]
_handlers: list[Handler] = []


class NotGenuine(Exception):
    """A request does not prove that it comes from the vendor. The reason is for the account page only."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One event in our form. `key` is the vendor's id of it, unique within the account."""

    key: str
    kind: str = UNKNOWN
    payload: dict[str, Any] = field(default_factory=dict)


class WebhookReceiver(ABC):
    """Capability: a vendor that calls us."""

    takes_get: ClassVar[bool] = False  # whether the vendor also calls by GET: to check the address, or with events

    def greeting(self, request: HttpRequest) -> HttpResponse | None:
        """The answer to a request that only checks the address; None for one that brings events. Raises `NotGenuine`
        where the check itself proves nothing."""
        return None

    @abstractmethod
    def verify(self, request: HttpRequest) -> None:
        """Check the signature over the raw body, in constant time. Raises `NotGenuine`."""

    @abstractmethod
    def parse_events(self, request: HttpRequest) -> Iterable[Inbound]:
        """The events in a genuine request, without side effects. What is not known is kept as `UNKNOWN`."""


def register_handler(handler: Handler) -> Handler:
    """Have every event handed to this function. May be used as a decorator; a second registration is no second call."""
    if handler not in _handlers:
        _handlers.append(handler)
    return handler


def takes_get(account: IntegrationAccount) -> bool:
    """Whether this account's vendor calls by GET. A provider that is gone takes nothing."""
    try:
        return bool(getattr(account.provider_class, "takes_get", False))
    except LookupError:
        return False


def receiver_of(account: IntegrationAccount) -> WebhookReceiver:
    """The account's provider as the one who is called. Raises `NotGenuine` where it receives nothing."""
    provider = account.connect()
    if not isinstance(provider, WebhookReceiver):
        raise NotGenuine("Accounts of this provider receive no events.")
    return provider


def receive(account: IntegrationAccount, receiver: WebhookReceiver, request: HttpRequest) -> int:
    """Verify, parse and store; returns how many events are new. Raises `NotGenuine`."""
    receiver.verify(request)
    return sum(_store(account, event) for event in receiver.parse_events(request))


def _store(account: IntegrationAccount, event: Inbound) -> bool:
    """False for an event that is there already: inserted first, because most are new and a look before costs time."""
    row = InboundEvent(
        account=account, key=storable(event.key)[:200], kind=event.kind[:60], payload=storable(event.payload)
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        if InboundEvent.objects.filter(account=account, key=row.key).exists():
            return False
        raise  # another rule than the one about repetitions: the account was just deleted
    return True


def storable(value: Any) -> Any:
    """Without the character with the number 0, which no text of PostgreSQL can hold: a customer may send it."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, dict):
        return {storable(key): storable(member) for key, member in value.items()}
    return [storable(member) for member in value] if isinstance(value, list | tuple) else value


def note_refusal(account: IntegrationAccount, reason: str) -> None:
    """Count a request that was not genuine: one row per day and reason, shown with the account's events."""
    text = redaction.mask(reason)
    key = f"{REFUSED}:{timezone.now():%Y-%m-%d}:{text}"[:200]
    values = {"kind": REFUSED, "error": text, "processed_at": timezone.now()}
    with transaction.atomic():
        row, _ = InboundEvent.objects.get_or_create(account=account, key=key, defaults=values)
        InboundEvent.objects.filter(pk=row.pk).update(attempts=F("attempts") + 1)


def process_waiting(limit: int = 200) -> int:
    """Hand on what is stored and not yet processed, oldest first; returns how many went through."""
    if not _handlers:
        return 0
    waiting = InboundEvent.objects.filter(leases.free(), processed_at__isnull=True, attempts__lt=MOST_ATTEMPTS)
    return sum(_process(event) for event in waiting.order_by("id")[:limit])


def _process(event: InboundEvent) -> bool:
    owner = leases.claim(event)
    if not owner:
        return False
    event = InboundEvent.objects.select_related("account").get(pk=event.pk)
    if event.processed_at is not None:
        leases.release(event, owner)
        return False
    try:
        for handler in _handlers:
            handler(event)
    except Exception as error:  # whatever a handler does, the other events go on
        logger.exception("Event %s of account %s could not be processed.", event.key, event.account)
        return _pause(event, owner, error)
    done = InboundEvent.objects.filter(pk=event.pk, lease_owner=owner)
    return bool(done.update(processed_at=timezone.now(), error="", lease_owner="", leased_until=None))


def _pause(event: InboundEvent, owner: str, error: Exception) -> bool:
    """The lease is kept as the pause until the next attempt."""
    seconds = min(FIRST_PAUSE * 2**event.attempts, LONGEST_PAUSE)
    InboundEvent.objects.filter(pk=event.pk, lease_owner=owner).update(
        attempts=F("attempts") + 1,
        error=redaction.mask(f"{type(error).__name__}: {error}")[:2000],
        lease_owner="",
        leased_until=timezone.now() + timedelta(seconds=seconds),
    )
    return False


def prune() -> int:
    """Delete events that were processed more than 30 days ago."""
    oldest = timezone.now() - timedelta(days=KEEP_DAYS)
    return InboundEvent.objects.filter(processed_at__lt=oldest).delete()[0]
