"""What is waiting, stuck or failing, as lines in the text format of Prometheus."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count
from django.utils import timezone

from integrations.models import Health, InboundEvent, IntegrationAccount

from ..models import Agent, FeedState, Heartbeat, Interaction, OutboxEntry, RecordingQueueItem
from ..models.interactions import ENDED

# A feed whose tick is overdue by more than this has nobody who drives it.
LATE = timedelta(seconds=5)


def metric_lines() -> Iterator[str]:
    """One family of figures after the other, each with its help text."""
    outbox = OutboxEntry.objects.exclude(status__in=["done", "dropped"])
    yield from by_label("contactcenter_outbox_entries", "Writes to CRMs that are not done.", "status", outbox)
    open_interactions = Interaction.objects.exclude(state__in=ENDED)
    yield from by_label("contactcenter_interactions", "Interactions that are not over.", "state", open_interactions)
    yield from by_label("contactcenter_agents", "Agents by state.", "state", Agent.objects.all())
    yield from single("contactcenter_feeds_late", "Feeds whose tick is overdue.", late_feeds())
    yield from single("contactcenter_recording_queue", "Events not yet at the recorders.", queued_events())
    yield from single("contactcenter_inbound_events_open", "Vendors' messages not yet handled.", open_inbound())
    yield from single("contactcenter_accounts_failing", "Enabled accounts that do not work.", failing_accounts())
    yield from turns()


def family(name: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} gauge"


def single(name: str, text: str, value: float) -> Iterator[str]:
    yield from family(name, text)
    yield f"{name} {value}"


def by_label(name: str, text: str, label: str, rows: object) -> Iterator[str]:
    yield from family(name, text)
    for row in rows.order_by().values(label).annotate(number=Count("pk")):  # type: ignore[attr-defined]
        yield f'{name}{{{label}="{row[label]}"}} {row["number"]}'


def late_feeds() -> int:
    due = timezone.now() - LATE
    return FeedState.objects.filter(account__enabled=True, interval__gt=0, due_at__lt=due).count()


def queued_events() -> int:
    return RecordingQueueItem.objects.count()


def open_inbound() -> int:
    return InboundEvent.objects.filter(processed_at__isnull=True).count()


def failing_accounts() -> int:
    bad = [Health.FAILING, Health.NEEDS_AUTHORISATION]
    return IntegrationAccount.objects.filter(enabled=True, health__in=bad).count()


def turns() -> Iterator[str]:
    name = "contactcenter_seconds_since_turn"
    yield from family(name, "Seconds since a background process turned.")
    now = timezone.now()
    for beat in Heartbeat.objects.order_by("name"):
        yield f'{name}{{process="{beat.name}"}} {(now - beat.at).total_seconds():.1f}'
