"""Telling administrators that a feed fails, and that it works again: by e-mail, once each.

Failed updates are not repeated and nobody is woken for one of them. When as many as the contact centre's settings say
have failed one after the other, a row is made for the mail; the first success after it makes the other. Simulated
accounts are for trying out: nobody is told."""

import hashlib
import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from integrations import leases, marks
from integrations.reminders import recipients

from .models import ContactCenter, FeedAlert, FeedState

logger = logging.getLogger(__name__)

LEASE_SECONDS = 90.0  # above the time limit of the mail server
KEPT = timedelta(days=90)
UNTOLD = Q(told_at__isnull=True)


@transaction.atomic
def note_failure(feed: FeedState, error: str) -> None:
    """After a failed update: ask for a mail when there were enough, and nobody was told yet."""
    enough = ContactCenter.current().feed_alert_after
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
    """Send what was not sent; returns how many mails went out. A mail server that is away is tried again at the next
    turn. The row is claimed before it is sent, so that two workers do not tell the same."""
    sent = 0
    for alert in FeedAlert.objects.filter(UNTOLD).select_related("account").order_by("id"):
        owner = leases.claim(alert, seconds=LEASE_SECONDS, where=UNTOLD)
        if owner and _mailed(alert):
            sent += FeedAlert.objects.filter(pk=alert.pk, lease_owner=owner).update(told_at=timezone.now())
        leases.release(alert, owner)
    return sent


def _mailed(alert: FeedAlert) -> bool:
    to = recipients()
    if not to:
        logger.warning("Nobody who may change accounts has an e-mail address: news of a feed waits.")
        return False
    try:
        message(alert, to).send()
    except Exception as error:  # the mail server's library raises what it likes
        logger.warning("The news of a feed could not be sent (%s).", type(error).__name__)
        return False
    return True


def message(alert: FeedAlert, to: list[str]) -> EmailMessage:
    """One mail per alert. The same alert makes the same Message-ID, by which mail systems know a repetition."""
    name = alert.account.name
    subject = f"{name}: the feed works again" if alert.recovered else f"{name}: {alert.failures} updates have failed"
    page = f"{settings.PUBLIC_URL}{reverse('admin:integrations_integrationaccount_feed', args=[alert.account_id])}"
    identity = hashlib.sha256(f"feed:{alert.account.public_id}:{alert.pk}".encode()).hexdigest()[:32]
    text = "\n\n".join([*(_recovery(alert) if alert.recovered else _failure(alert)), f"What it did and does: {page}"])
    return EmailMessage(subject, text + "\n", to=to, headers={"Message-ID": f"<{identity}@contactcenter.invalid>"})


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
