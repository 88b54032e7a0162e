"""Counters and sequence numbers of feeds: what was sent, what failed, what was left out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from integrations.capabilities import FeedContext, Pushed, Snapshot
from integrations.diagnosis import health
from integrations.errors import IntegrationError

from ..models import FeedState
from . import alerts, history


def next_context(feed: FeedState, interval: float) -> FeedContext:
    """A sequence number that no other request of this account has, also after a restart. `interval` in seconds."""
    with transaction.atomic():
        FeedState.objects.filter(pk=feed.pk).update(sequence=F("sequence") + 1)
        sequence = FeedState.objects.values_list("sequence", flat=True).get(pk=feed.pk)
    return FeedContext(sequence, interval)


def count_picture(feed: FeedState, picture: Snapshot, pushed: Pushed, *, connected: int = 0) -> None:
    """A picture has arrived, on the wire until now; `connected` says how many connections were opened for it."""
    now = timezone.now()
    _count_success(feed, now, history.delays(picture, feed.picture_at, now), connected, **_told(picture, pushed))


def count_success(feed: FeedState, waited: Sequence[float] = (), **told: Any) -> None:
    """Something else has arrived: events, which have waited so many seconds each, or a keep-alive."""
    _count_success(feed, timezone.now(), waited, 0, **told)


def _told(picture: Snapshot, pushed: Pushed) -> dict[str, Any]:
    return {
        "picture_at": picture.taken_at,
        "last_kind": pushed.kind,
        "last_agents": pushed.agents,
        "last_size": pushed.size,
        "last_warning": pushed.warning,
    }


def _count_success(feed: FeedState, now: datetime, waited: Sequence[float], connected: int, **told: Any) -> None:
    history.note(feed, now, waited=waited, sent=1, connected=connected)
    FeedState.objects.filter(pk=feed.pk).update(
        sent=F("sent") + 1, consecutive_failures=0, last_sent_at=now, quiet_since=now, **told
    )
    if feed.alerted:
        alerts.note_recovery(feed)
    feed.quiet_since, feed.alerted = now, False
    health.succeeded(feed.account)


def count_failure(feed: FeedState, error: IntegrationError, *, connected: int = 0) -> None:
    now = timezone.now()
    FeedState.objects.filter(pk=feed.pk).update(
        failed=F("failed") + 1,
        consecutive_failures=F("consecutive_failures") + 1,
        last_failed_at=now,
        last_error=str(error),
    )
    history.note(feed, now, failed=1, connected=connected)
    if not feed.alerted:
        alerts.note_failure(feed, str(error))
    health.failed(feed.account, error)


def count_lost(feed: FeedState, before: datetime | None) -> None:
    """The last update was counted when it was written, and never arrived: the receiver has heard nothing since
    `before`."""
    if before is not None:
        FeedState.objects.filter(pk=feed.pk).update(quiet_since=before)
        feed.quiet_since = before


def count_skip(feed: FeedState, number: int = 1) -> None:
    FeedState.objects.filter(pk=feed.pk).update(skipped=F("skipped") + number)
    history.note(feed, timezone.now(), skipped=number)
