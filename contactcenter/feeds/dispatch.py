"""When each feed is due, and how a workforce feed is sent.

The dispatcher runs every quarter of a second (`manage.py run_feeds`). It finds due rows, moves each to its next tick
and hands the work to a worker. Whoever moves the row owns the tick, so two dispatchers do no harm; ticks that were
missed are dropped, so an outage never ends in a burst. Intervals live on the accounts and count as soon as an account
is saved.

Rule of the administrator's guide for workforce feeds: errors are ignored, the next request is made after the
interval. Ignored means no retry and no back-off; it does not mean invisible: everything is counted, and the account's
health shows it."""

import logging
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from integrations import leases
from integrations.capabilities import ConnectedFeed, RecordingFeed, WorkforceFeed
from integrations.errors import IntegrationError
from integrations.models import IntegrationAccount
from integrations.providers import registry

from .. import nudge, tasks
from ..models import FeedState, RecordingQueueItem
from ..recorders import queue
from .counters import count_failure, count_picture, count_skip, next_context
from .snapshots import snapshot

__all__ = ["dispatch_due", "push", "snapshot"]

logger = logging.getLogger(__name__)

AT_ONCE = 500
QUEUE_AGAIN = timedelta(seconds=2)
CLOCK_SLACK = timedelta(seconds=5)
LONGEST_LEASE = timedelta(seconds=60)  # of those on a feed: `lease_seconds`, `lines` and the recorders' queue
LONGEST_RETRY = timedelta(hours=1)  # above what a receiver that limits us may ask for

# How a due piece of work reaches whoever does it: task, account, seconds after which it is worthless.
HandOver = Callable[[Any, int, float], None]


def to_worker(task: Any, account_id: int, expires: float) -> None:
    nudge.send(task, account_id, expires=expires)


# -- the dispatcher


def dispatch_due(now: datetime | None = None, hand_over: HandOver = to_worker) -> int:
    """Hand out everything that is due at `now`; how many pieces of work that was."""
    now = now or timezone.now()
    adopt_new(now)
    follow_the_clock(now)
    plan_saved(now)
    rest_disabled(now, hand_over)
    begin_sessions()
    return dispatch_ticks(now, hand_over) + dispatch_queues(now, hand_over)


def keys_of(capability: type) -> list[str]:
    """Keys of the providers with a capability."""
    return [key for key, provider in registry().items() if issubclass(provider, capability)]


def interval_of(account: IntegrationAccount) -> float:
    """Seconds between two ticks of this account, as it is set now; 0: none."""
    provider = account.connect()
    return float(provider.interval if isinstance(provider, WorkforceFeed) else provider.keep_alive_interval)


def adopt_new(now: datetime) -> None:
    """Give every enabled account that feeds somebody its row, due at once."""
    keys = keys_of(WorkforceFeed) + keys_of(RecordingFeed)
    for account in IntegrationAccount.objects.filter(enabled=True, provider__in=keys, feed__isnull=True):
        plan = {"due_at": now, "interval": interval_of(account), "planned_at": account.updated_at}
        FeedState.objects.get_or_create(account=account, defaults={**plan, "quiet_since": now})


def plan_saved(now: datetime) -> None:
    """Accounts saved since their tick was planned: take the new interval, and let a stopped recorder try again.

    A row that has no plan, because its account is new or was disabled, is due at once."""
    saved = Q(planned_at__isnull=True) | ~Q(account__updated_at=F("planned_at"))  # earlier: the clock was set back
    for feed in FeedState.objects.filter(saved, account__enabled=True).select_related("account"):
        interval = interval_of(feed.account)
        moved = feed.due_at + timedelta(seconds=interval - feed.interval)
        FeedState.objects.filter(pk=feed.pk, due_at=feed.due_at).update(
            due_at=moved if feed.planned_at else now,
            interval=interval,
            planned_at=feed.account.updated_at,
            stopped=False,
            retry_at=None,
            retries=0,
            quiet_since=feed.quiet_since if feed.planned_at else now,
        )


def follow_the_clock(now: datetime) -> None:
    """After the clock was set back, every plan lies too far ahead: what is planned for later than can be is due now.

    A lease that lies too far ahead is over. Its holder, if alive, extends it all the same unless somebody was quicker;
    then a picture may go out twice, which harms less than none for hours."""
    ahead = (
        Q(due_at__gt=now)
        | Q(handed_out_at__gt=now)
        | Q(retry_at__gt=now)
        | Q(leased_until__gt=now + LONGEST_LEASE + CLOCK_SLACK)
    )
    for feed in FeedState.objects.filter(ahead, account__enabled=True):
        late: dict[str, Any] = {}
        if feed.due_at > now + timedelta(seconds=feed.interval) + CLOCK_SLACK:
            late |= {"due_at": now}
        if feed.handed_out_at and feed.handed_out_at > now + CLOCK_SLACK:
            late |= {"handed_out_at": None}
        if feed.retry_at and feed.retry_at > now + LONGEST_RETRY:
            late |= {"retry_at": now}
        if feed.leased_until and feed.leased_until > now + LONGEST_LEASE + CLOCK_SLACK:
            late |= {"leased_until": None}
        if late:
            FeedState.objects.filter(pk=feed.pk, due_at=feed.due_at).update(**late)


def rest_disabled(now: datetime, hand_over: HandOver) -> None:
    """Disabled accounts get nothing and have no plan. Recorders are told."""
    disabled = FeedState.objects.filter(account__enabled=False)
    disabled.filter(planned_at__isnull=False).update(planned_at=None)
    for feed in disabled.filter(rested(now), session_open=True):
        if take_queue(feed, now):
            hand_over(tasks.close_recording, feed.account_id, QUEUE_AGAIN.total_seconds())


def renew_sessions() -> None:
    """At the start of the dispatcher: every recorder gets the state of everything again."""
    FeedState.objects.filter(session_open=True, account__enabled=True).update(session_open=False)


def begin_sessions() -> None:
    waiting = FeedState.objects.filter(
        session_open=False, account__enabled=True, account__provider__in=keys_of(RecordingFeed)
    )
    for feed in waiting:
        queue.begin(feed)


def dispatch_ticks(now: datetime, hand_over: HandOver) -> int:
    due = FeedState.objects.filter(due_at__lte=now, interval__gt=0, account__enabled=True)
    due = due.exclude(account__provider__in=keys_of(ConnectedFeed))  # see `lines`
    with transaction.atomic():
        mine = [feed for feed in due.select_related("account").order_by("due_at")[:AT_ONCE] if take_tick(feed, now)]
    workforce = keys_of(WorkforceFeed)
    for feed in mine:
        if feed.account.provider not in workforce:
            hand_over(tasks.send_keep_alive, feed.account_id, feed.interval)
        elif feed.leased_until and feed.leased_until > now:
            count_skip(feed)
        else:
            hand_over(tasks.push_feed, feed.account_id, feed.interval)
    return len(mine)


def take_tick(feed: FeedState, now: datetime) -> bool:
    """Move the row to its next tick; False when another dispatcher was quicker."""
    moved = next_due(feed.due_at, feed.interval, now)
    return bool(FeedState.objects.filter(pk=feed.pk, due_at=feed.due_at).update(due_at=moved))


def next_due(due_at: datetime, interval: float, now: datetime) -> datetime:
    """The first tick after `now` on the grid of `due_at`: no drift, and missed ticks are dropped."""
    missed = math.floor((now - due_at).total_seconds() / interval)
    return due_at + timedelta(seconds=interval * (missed + 1))


def dispatch_queues(now: datetime, hand_over: HandOver) -> int:
    """Recorders with events to send and nobody at it: a lost message, or the time for the next try has come."""
    waiting = RecordingQueueItem.objects.filter(account_id=OuterRef("account_id"))
    feeds = FeedState.objects.filter(
        Q(retry_at__isnull=True) | Q(retry_at__lte=now),
        rested(now),
        leases.free(now),
        Exists(waiting) | Q(keep_alive_due=True),
        account__enabled=True,
        stopped=False,
    )
    count = 0
    for feed in feeds[:AT_ONCE]:
        if take_queue(feed, now):
            hand_over(tasks.push_recording, feed.account_id, QUEUE_AGAIN.total_seconds())
            count += 1
    return count


def rested(now: datetime) -> Q:
    """Condition: the queue was not handed out a moment ago."""
    return Q(handed_out_at__isnull=True) | Q(handed_out_at__lte=now - QUEUE_AGAIN)


def take_queue(feed: FeedState, now: datetime) -> bool:
    """The right to hand this queue out now; False when another dispatcher was quicker."""
    return bool(FeedState.objects.filter(rested(now), pk=feed.pk).update(handed_out_at=now))


# -- one push: in a worker, never inside a transaction


def push(account_id: int) -> None:
    """Send one picture to a workforce system, unless the one before is still under way."""
    feed = FeedState.objects.filter(account_id=account_id, account__enabled=True).select_related("account").first()
    if feed is None:
        return
    with leases.held(feed, seconds=lease_seconds(feed.interval)) as owner:
        if not owner:
            count_skip(feed)
            return
        send(feed)


def send(feed: FeedState) -> None:
    provider = feed.account.connect()
    context = next_context(feed, provider.interval)
    picture = snapshot()
    try:
        pushed = provider.push(picture, context)
    except IntegrationError as error:
        count_failure(feed, error)
        return
    count_picture(feed, picture, pushed)


def lease_seconds(interval: float) -> float:
    """Longer than a push may take (the provider stops after 0.8 intervals, 30 s at most), so never two in flight."""
    return max(2 * interval, 10.0) if interval < 20 else 40.0
