"""Telling administrators that a feed fails, and that it works again: by e-mail, once each.

Failed updates are not repeated and nobody is woken for one of them. When as many as the contact centre's settings say
have failed one after the other, or as the account says in their place, a row is made for the mail; the first success
after it makes the other. Simulated accounts are for trying out: nobody is told."""

from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from integrations import account_mails, marks
from integrations.models import IntegrationAccount

from ..models import ContactCenter, FeedAlert, FeedState

KEPT = timedelta(days=90)
UNTOLD = Q(told_at__isnull=True)


def limit_of(account: IntegrationAccount) -> int:
    """How many updates have to fail one after the other; 0: nobody is told."""
    own = account.values().get("alert_after_failed_updates")
    return ContactCenter.current().feed_alert_after if own is None else int(own)


@transaction.atomic
def note_failure(feed: FeedState, error: str) -> None:
    """After a failed update: ask for a mail when there were enough, and nobody was told yet."""
    enough = limit_of(feed.account)
    failing = FeedState.objects.filter(
        pk=feed.pk, alerted=False, consecutive_failures__gte=enough, account__simulated=False
    )
    if enough and failing.update(alerted=True):
        feed.refresh_from_db(fields=["consecutive_failures", "quiet_since", "alerted"])
        FeedAlert.objects.create(
            account_id=feed.account_id,
            at=timezone.now(),
            failures=feed.consecutive_failures,
            quiet_since=feed.quiet_since,
            error=error,
        )


@transaction.atomic
def note_recovery(feed: FeedState) -> None:
    """After an update that arrived: ask for the other mail, if there was a first one."""
    if FeedState.objects.filter(pk=feed.pk, alerted=True).update(alerted=False):
        FeedAlert.objects.create(
            account_id=feed.account_id, recovered=True, at=timezone.now(), quiet_since=feed.quiet_since
        )


def tell() -> int:
    """Send what was not sent; returns how many mails went out."""
    return account_mails.tell_each(FeedAlert, UNTOLD, message, "news of a feed waits")


def message(alert: FeedAlert, to: list[str]) -> EmailMessage:
    name = alert.account.name
    subject = f"{name}: the feed works again" if alert.recovered else f"{name}: {alert.failures} updates have failed"
    page = f"{settings.PUBLIC_URL}{reverse('admin:integrations_integrationaccount_feed', args=[alert.account_id])}"
    parts = [*(_recovery(alert) if alert.recovered else _failure(alert)), f"What it did and does: {page}"]
    return account_mails.message(subject, parts, to, identity=f"feed:{alert.account.public_id}:{alert.pk}")


def _failure(alert: FeedAlert) -> list[str]:
    since = f" since {marks.plain_time(alert.quiet_since)}" if alert.quiet_since else ""
    return [
        f"The receiver of {alert.account.name} has had no update{since}: {alert.failures} failed one after the other.",
        f"The last error: {alert.error}",
        "Updates go on at every interval, and the next one that arrives brings everything. What the receiver shows "
        "until then is old. You are told once, and again when it works.",
    ]


def _recovery(alert: FeedAlert) -> list[str]:
    gap = f" The gap began at {marks.plain_time(alert.quiet_since)}." if alert.quiet_since else ""
    return [
        f"The receiver of {alert.account.name} takes updates again since {marks.plain_time(alert.at)}.{gap}",
        "Nothing of the gap is sent later: adherence of that time has to be corrected in the receiving system.",
    ]


def prune() -> int:
    """Forget what was told long ago."""
    return FeedAlert.objects.filter(at__lt=timezone.now() - KEPT).delete()[0]
