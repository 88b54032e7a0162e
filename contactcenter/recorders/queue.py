"""A recorder's queue: sessions, order, and what happens when the receiver does not answer.

A session of events begins with `session.start`, the state of everything at that moment, and the events follow it.
The head of a queue that cannot be delivered is tried again after 1, 2, 4 ... 60 seconds. A queue that grows too long
or too old is dropped whole, and a new session begins: half a story is worse for a recording than a fresh start. A
receiver that refuses our credentials gets no events until a keep-alive goes through or the account is saved."""

import logging
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from integrations import leases
from integrations.capabilities import Delivered, RecordingEvent
from integrations.errors import AuthenticationFailed, IntegrationError, RateLimited

from ..feeds.counters import count_failure, count_skip, count_success, next_context
from ..models import Agent, AgentState, FeedState, Interaction, InteractionState, Service
from ..models import RecordingQueueItem as Item
from ..nudge import nudge
from . import refusals
from .bodies import CLOSING, agent_body, closed, running_call

logger = logging.getLogger(__name__)

BATCH = 100
LONGEST_QUEUE = 10_000
OLDEST_EVENT = timedelta(minutes=15)
LONGEST_WAIT = 60.0
LEASE_SECONDS = 60.0
NUDGE_EXPIRES = 5.0
IN_PROGRESS = (InteractionState.RINGING, InteractionState.ACTIVE, InteractionState.HELD)


def enqueue(account_id: int, kind: str, at: datetime, body: dict[str, Any]) -> None:
    """Queue one event, in the caller's transaction."""
    Item.objects.create(account_id=account_id, event_id=uuid.uuid4().hex, type=kind, at=at, body=body)
    wake(account_id)


def wake(account_id: int) -> None:
    from ..tasks import push_recording

    nudge(push_recording, account_id, expires=NUDGE_EXPIRES)


# -- sessions


@transaction.atomic
def begin(
    feed: FeedState,
    *,
    without_agent: Agent | None = None,
    without_call: Interaction | None = None,
    unheard: dict[str, Any] | None = None,
) -> bool:
    """Open a session, unless somebody else just did: queue the state of everything as its first event.

    `unheard`: what is over without the recorder's having heard it (`bodies.closed`)."""
    opened = FeedState.objects.filter(pk=feed.pk, session_open=False).update(session_open=True)
    if opened:
        agents = logged_in().exclude(pk=without_agent.pk if without_agent else 0)
        calls = in_progress().exclude(pk=without_call.pk if without_call else 0)
        body = {**picture(agents, calls), **({"closed": unheard} if unheard else {})}
        enqueue(feed.account_id, "session.start", timezone.now(), body)
    return bool(opened)


def picture(agents: QuerySet[Agent], calls: QuerySet[Interaction]) -> dict[str, Any]:
    """The state of these, calls that nobody of us is in left out."""
    with_agent = calls.select_related("agent__user", "service").filter(agent__isnull=False)
    return {
        "agents": [agent_body(agent) for agent in agents.select_related("user", "reason")],
        "calls": [running_call(call) for call in with_agent],
    }


def logged_in() -> QuerySet[Agent]:
    return Agent.objects.exclude(state=AgentState.LOGGED_OUT)


def in_progress() -> QuerySet[Interaction]:
    return Interaction.objects.filter(media=Service.Media.VOICE, state__in=IN_PROGRESS)


@transaction.atomic
def start_again(feed: FeedState) -> None:
    """Drop the queue whole and begin a new session, which tells what has ended meanwhile."""
    unheard = closed_unheard(feed.account_id)
    dropped = Item.objects.filter(account_id=feed.account_id).delete()[0]
    FeedState.objects.filter(pk=feed.pk).update(session_open=False)
    count_skip(feed, dropped)
    logger.warning(
        "Recorder %s: %d events could not be delivered for too long and were dropped; a new session begins.",
        feed.account_id,
        dropped,
    )
    begin(feed, unheard=unheard)


def closed_unheard(account_id: int) -> dict[str, Any]:
    """What the queue still had to say of ends."""
    return closed(Item.objects.filter(account_id=account_id, type__in=CLOSING).values_list("type", "body"))


def too_old(feed: FeedState, now: datetime) -> bool:
    oldest = Item.objects.filter(account_id=feed.account_id).values_list("at", flat=True).first()
    return oldest is not None and now - oldest > OLDEST_EVENT


def overflowed(feed: FeedState, now: datetime) -> bool:
    """Whether the queue holds more events, or older ones, than a recorder may be sent."""
    return too_old(feed, now) or Item.objects.filter(account_id=feed.account_id).count() > LONGEST_QUEUE


# -- sending: in a worker, never inside a transaction


def push(account_id: int) -> None:
    """Send what waits for one recorder, in order, until the queue is empty or the receiver fails."""
    feed = FeedState.objects.filter(account_id=account_id, account__enabled=True).select_related("account").first()
    if feed is None or not may_send(feed):
        return
    with leases.held(feed, seconds=LEASE_SECONDS) as owner:
        if not owner:
            return
        feed.refresh_from_db()
        went_well = may_send(feed) and drain(feed, owner)
        send_asked_keep_alive(feed)
    # An event may have been queued after the last look at the queue, and its nudge found the lease taken.
    if went_well and Item.objects.filter(account_id=account_id).exists():
        wake(account_id)


def may_send(feed: FeedState) -> bool:
    return not feed.stopped and (feed.retry_at is None or feed.retry_at <= timezone.now())


def drain(feed: FeedState, owner: str) -> bool:
    """Send batch after batch; False when the receiver failed or the lease was lost."""
    provider = feed.account.connect()
    while leases.extend(feed, owner, seconds=LEASE_SECONDS):
        if overflowed(feed, timezone.now()):
            start_again(feed)
        items = list(Item.objects.filter(account_id=feed.account_id)[:BATCH])
        if not items:
            return True
        if not send_batch(provider, feed, items):
            return False
        send_asked_keep_alive(feed)
    return False


def send_batch(provider: Any, feed: FeedState, items: Sequence[Item]) -> bool:
    events = [RecordingEvent(item.event_id, item.type, item.at, item.body) for item in items]
    try:
        delivered = provider.push_events(events, next_context(feed, provider.keep_alive_interval))
    except IntegrationError as error:
        failed(feed, error)
        return False
    through = items[: delivered.events]
    with transaction.atomic():
        Item.objects.filter(pk__in=[item.pk for item in through]).delete()
        refusals.keep(feed, delivered.refused)
    now = timezone.now()
    succeeded(feed, [max(0.0, (now - item.at).total_seconds()) for item in through], delivered)
    return True


def close(account_id: int) -> None:
    """The account was switched off: end the session at the recorder, once, and forget what was still to be said."""
    feed = FeedState.objects.filter(account_id=account_id, account__enabled=False).select_related("account").first()
    if feed is None or not FeedState.objects.filter(pk=feed.pk, session_open=True).update(session_open=False):
        return
    unheard, left = closed_unheard(account_id), picture(logged_in(), in_progress())
    over = {name: [*unheard[name], *left[name]] for name in left}
    Item.objects.filter(account_id=account_id).delete()
    provider = feed.account.connect()
    body = {"reason": "disabled", "closed": over}
    event = RecordingEvent(uuid.uuid4().hex, "session.end", timezone.now(), body)
    try:
        provider.push_events([event], next_context(feed, provider.keep_alive_interval))
    except IntegrationError as error:
        logger.info("Recorder %s was switched off and could not be told so: %s", feed.account, error)


# -- keep-alives: due whatever happens to the events, but never beside them, so that sequence numbers arrive in order


def keep_alive(account_id: int) -> None:
    """One keep-alive now; after the batch that is under way, where another worker sends events."""
    feed = FeedState.objects.filter(account_id=account_id, account__enabled=True).select_related("account").first()
    if feed is None:
        return
    with leases.held(feed, seconds=LEASE_SECONDS) as owner:
        if owner:
            send_keep_alive(feed)
            return
    FeedState.objects.filter(pk=feed.pk).update(keep_alive_due=True)


def send_asked_keep_alive(feed: FeedState) -> None:
    if FeedState.objects.filter(pk=feed.pk, keep_alive_due=True).update(keep_alive_due=False):
        send_keep_alive(feed)


def send_keep_alive(feed: FeedState) -> None:
    """When it goes through after the credentials were refused, events may flow again."""
    provider = feed.account.connect()
    context = next_context(feed, provider.keep_alive_interval)
    try:
        provider.keep_alive(context, active_agents=logged_in().count(), active_calls=in_progress().count())
    except IntegrationError as error:
        count_failure(feed, error)
        return
    count_success(feed)
    if FeedState.objects.filter(pk=feed.pk, stopped=True).update(stopped=False, retry_at=None, retries=0):
        wake(feed.account_id)


def succeeded(feed: FeedState, waited: Sequence[float], delivered: Delivered) -> None:
    """A batch has arrived; its events have waited so many seconds."""
    heard = {"last_heard": delivered.heard, "last_heard_at": timezone.now()} if delivered.heard else {}
    FeedState.objects.filter(pk=feed.pk).update(retries=0, retry_at=None)
    count_success(feed, waited, last_kind="events", last_agents=0, last_size=0, last_warning=delivered.warning, **heard)


def failed(feed: FeedState, error: IntegrationError) -> None:
    """Plan the next try of the head of the queue, or stop where our credentials are refused."""
    feed.retries += 1
    wait = min(LONGEST_WAIT, 2.0 ** (feed.retries - 1))
    if isinstance(error, RateLimited):
        wait = max(wait, error.retry_after)
    FeedState.objects.filter(pk=feed.pk).update(
        retries=feed.retries,
        retry_at=timezone.now() + timedelta(seconds=wait),
        stopped=isinstance(error, AuthenticationFailed),
    )
    count_failure(feed, error)
