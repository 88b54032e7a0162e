"""Counters and sequence numbers of feeds: what was sent, what failed, what was left out."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from integrations import health
from integrations.capabilities import FeedContext
from integrations.errors import IntegrationError

from .models import FeedState


def next_context(feed: FeedState, interval: float) -> FeedContext:
    """A sequence number that no other request of this account has, also after a restart. `interval` in seconds."""
    with transaction.atomic():
        FeedState.objects.filter(pk=feed.pk).update(sequence=F("sequence") + 1)
        sequence = FeedState.objects.values_list("sequence", flat=True).get(pk=feed.pk)
    return FeedContext(sequence, interval)


def count_success(feed: FeedState) -> None:
    FeedState.objects.filter(pk=feed.pk).update(sent=F("sent") + 1, consecutive_failures=0, last_sent_at=timezone.now())
    health.succeeded(feed.account)


def count_failure(feed: FeedState, error: IntegrationError) -> None:
    FeedState.objects.filter(pk=feed.pk).update(
        failed=F("failed") + 1,
        consecutive_failures=F("consecutive_failures") + 1,
        last_failed_at=timezone.now(),
        last_error=str(error),
    )
    health.failed(feed.account, error)


def count_skip(feed: FeedState, number: int = 1) -> None:
    FeedState.objects.filter(pk=feed.pk).update(skipped=F("skipped") + number)
