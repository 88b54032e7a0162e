"""What each feed did, minute by minute: one row per minute, counted up by one UPDATE per tick.

The delay of a change is the time from the moment at which an agent entered a state to the moment at which that state
was written to the wire. Counted are the agents whose state is younger than the newest picture that arrived before; a
log-out is not counted, because it is told by the agent's absence. Errors are ignored by rule; a gap in the data that
the receiver has is not: it is kept here and shown on the feed's page."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from integrations.capabilities import Snapshot

from ..models import FeedMinute, FeedState

KEPT = timedelta(days=7)
BOUNDS = tuple(FeedMinute.BOUNDS.values())
COLUMNS = (*FeedMinute.BOUNDS, "longer")
GAP_FACTOR = 1.5
GAP_SLACK = 2.0  # seconds: a short interval is not kept to the tenth


def longest_quiet(interval: float) -> float:
    """Seconds without an update that are no gap yet."""
    return max(GAP_FACTOR * interval, interval + GAP_SLACK)


def delays(picture: Snapshot, since: datetime | None, written_at: datetime) -> list[float]:
    """Seconds from change to wire of the agents whose state is younger than `since`, the picture before. None for the
    first picture: how long those states have been waiting for a feed says nothing about it."""
    if since is None:
        return []
    return [max(0.0, (written_at - a.state_since).total_seconds()) for a in picture.agents if a.state_since > since]


def note(feed: FeedState, at: datetime, *, waited: Iterable[float] = (), **counted: int) -> None:
    """Add to the row of this minute: `sent`, `failed`, `skipped`, `connected`, and seconds that changes waited."""
    changes: dict[str, Any] = {name: F(name) + number for name, number in counted.items() if number}
    seconds = list(waited)
    for column, number in Counter(COLUMNS[bisect_left(BOUNDS, each)] for each in seconds).items():
        changes[column] = F(column) + number
    if seconds:
        changes["longest_delay"] = Greatest(F("longest_delay"), Value(max(seconds)))
    _add(feed, at, changes | (_gap(feed, at) if counted.get("sent") else {}))


def _gap(feed: FeedState, at: datetime) -> dict[str, Any]:
    """The gap that this success ends, if it was one."""
    if feed.quiet_since is None or feed.interval <= 0:
        return {}
    seconds = (at - feed.quiet_since).total_seconds()
    if seconds <= longest_quiet(feed.interval):
        return {}
    return {"gap_seconds": F("gap_seconds") + seconds, "gap_from": feed.quiet_since, "gap_until": at}


def _add(feed: FeedState, at: datetime, changes: dict[str, Any]) -> None:
    minute = at.replace(second=0, microsecond=0)
    row = FeedMinute.objects.filter(feed_id=feed.pk, minute=minute)
    if not changes or row.update(**changes):
        return
    if FeedState.objects.filter(pk=feed.pk).exists():  # the account may have been deleted meanwhile
        FeedMinute.objects.bulk_create([FeedMinute(feed_id=feed.pk, minute=minute)], ignore_conflicts=True)
        row.update(**changes)


def prune() -> int:
    """Forget minutes of more than a week ago."""
    return FeedMinute.objects.filter(minute__lt=timezone.now() - KEPT).delete()[0]
