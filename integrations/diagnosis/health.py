"""The health of an account, with one writer: this module. It logs changes, not states.

All writes are single UPDATEs that look at the stored row, so two processes that see the same failure log it once, and
neither the change history nor a page that is being saved is touched."""

import logging
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils import timezone

from ..errors import Cause, IntegrationError
from ..models import Health, IntegrationAccount

logger = logging.getLogger(__name__)

# How exactly "last worked" is told.
FRESH = timedelta(seconds=5)
NEEDS_A_PERSON = (Cause.NEVER_AUTHORISED, Cause.REFRESH_REVOKED)


def succeeded(account: IntegrationAccount, identity: str = "") -> None:
    """The vendor did what we asked."""
    now = timezone.now()
    if not identity and _was_well(account, now):
        return
    changes = {"last_success_at": now, "consecutive_failures": 0, **({"identity": identity[:200]} if identity else {})}
    rows = IntegrationAccount.objects.filter(pk=account.pk)
    recovered = rows.exclude(health=Health.OK).update(
        health=Health.OK, health_cause="", health_message="", health_changed_at=now, **changes
    )
    if recovered:
        logger.info('Account "%s" works.', account.name)
    else:
        rows.update(**changes)
    _refresh(account)


def _was_well(account: IntegrationAccount, now: datetime) -> bool:
    """Whether the account worked a moment ago, so that another success is no news: a busy one has hundreds a minute."""
    last = account.last_success_at
    recent = last is not None and now - FRESH < last <= now
    return recent and account.health == Health.OK and not account.consecutive_failures


def failed(account: IntegrationAccount, error: IntegrationError) -> None:
    """The vendor did not do what we asked. What only a person can mend is told as such."""
    if error.cause in NEEDS_A_PERSON:
        needs_authorisation(account, error)
    else:
        _not_well(account, Health.FAILING, error)


def needs_authorisation(account: IntegrationAccount, error: IntegrationError) -> None:
    """The vendor takes our tokens no more: somebody has to log in there again."""
    _not_well(account, Health.NEEDS_AUTHORISATION, error)


def _not_well(account: IntegrationAccount, health: Health, error: IntegrationError) -> None:
    now = timezone.now()
    told = {"health_cause": error.cause.value, "health_message": str(error)[:2000]}
    counted = {"last_error_at": now, "consecutive_failures": F("consecutive_failures") + 1}
    rows = IntegrationAccount.objects.filter(pk=account.pk)
    changed = rows.exclude(Q(health=health) & Q(health_cause=error.cause.value)).update(
        health=health, health_changed_at=now, **told, **counted
    )
    if changed:
        logger.warning('Account "%s": %s (%s). %s', account.name, health.label, error.cause.value, error)
    else:
        rows.update(**told, **counted)
    _refresh(account)


def _refresh(account: IntegrationAccount) -> None:
    """The object in hand says what the row says."""
    fields = ("health", "health_cause", "health_message", "health_changed_at", "identity")
    account.refresh_from_db(fields=[*fields, "last_success_at", "last_error_at", "consecutive_failures"])
