"""Reminders of what ends: 30, 7 and 1 days ahead, by e-mail to those who may change accounts.

Each reminder is a row with a unique key, and a row is claimed before it is sent: a second scheduler, a crash or a
mail server that is away neither repeats it nor loses it. What was renewed meanwhile is not told any more."""

from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from .. import account_mails, leases, marks
from ..models import IntegrationAccount, Reminder
from .expiries import Expiry
from .horizon import Ending, endings

AHEAD = (1, 7, 30)
KEPT = timedelta(days=400)
Key = tuple[int, str, datetime, int]


def remind() -> int:
    """Note what is due and send what was not sent; returns how many reminders went out. Never raises for a mail server
    that does not answer: the next turn tries again."""
    due = {key_of(ending, days): ending for ending in _endings() if (days := days_ahead(ending.expiry))}
    rows = [Reminder(account_id=a, label=label, ends_at=when, days=days) for a, label, when, days in due]
    Reminder.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    return _send(due)


def _endings() -> list[Ending]:
    """Simulated accounts are for trying out; nobody is woken for them."""
    return endings(IntegrationAccount.objects.filter(enabled=True, simulated=False).select_related("token"))


def days_ahead(expiry: Expiry) -> int:
    """The reminder that is due now: the closest of `AHEAD` that is not behind us, 0 for none.

    A term that is as short as the reminder is long has none: its token is renewed all the time."""
    left = expiry.when - timezone.now()
    term = expiry.when - expiry.since if expiry.since else None
    if left <= timedelta(0):
        return 0
    closest = next((days for days in AHEAD if left <= timedelta(days=days)), 0)
    return closest if term is None or timedelta(days=closest) < term else 0


def key_of(ending: Ending, days: int) -> Key:
    return ending.account.pk, ending.expiry.label[:120], ending.expiry.when, days


def _send(due: dict[Key, Ending]) -> int:
    claimed: dict[Key, tuple[Reminder, str]] = {}
    for row in Reminder.objects.filter(sent_at__isnull=True):
        key = (row.account_id, row.label, row.ends_at, row.days)
        if key not in due:
            row.delete()  # renewed meanwhile, or a closer reminder has taken its place
        elif owner := leases.claim(row, seconds=account_mails.LEASE_SECONDS, where=Q(sent_at__isnull=True)):
            claimed[key] = (row, owner)
    if not claimed:
        return 0
    sent = _mailed({key: due[key] for key in claimed})
    for row, owner in claimed.values():
        if sent:
            Reminder.objects.filter(pk=row.pk, lease_owner=owner).update(sent_at=timezone.now())
        leases.release(row, owner)
    return len(claimed) if sent else 0


def _mailed(told: dict[Key, Ending]) -> bool:
    return account_mails.sent(partial(message, told), f"{len(told)} reminders wait")


def message(told: dict[Key, Ending], to: list[str]) -> EmailMessage:
    """One mail for all that is due."""
    first = next(iter(told.values()))
    subject = (
        f"{first.account.name}: {first.expiry.label} ends {marks.until(first.expiry.when)}"
        if len(told) == 1
        else f"Integration accounts: {len(told)} things end soon"
    )
    parts = [
        "Something of your integration accounts ends soon. Nothing has stopped working yet.",
        *(_paragraph(ending) for ending in told.values()),
        f"All accounts: {settings.PUBLIC_URL}{reverse('admin:index')}",
    ]
    return account_mails.message(subject, parts, to, identity=repr(sorted(told)))


def _paragraph(ending: Ending) -> str:
    account, expiry = ending.account, ending.expiry
    page = reverse("admin:integrations_integrationaccount_change", args=[account.pk])
    return (
        f"{account.name}: {expiry.label} ends {marks.until(expiry.when)}, on {marks.day(expiry.when)}.\n"
        f"{expiry.what_then}\n{settings.PUBLIC_URL}{page}"
    )


def prune() -> int:
    """Forget what ended long ago."""
    return Reminder.objects.filter(ends_at__lt=timezone.now() - KEPT).delete()[0]
