"""Accounts without tokens to renew are tested on a schedule, so that their health is true before somebody needs them.

The account's token row carries the schedule for them too: `next_attempt_at` is when the next test is due."""

import logging
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from .. import leases
from ..errors import Cause
from ..models import IntegrationAccount, OAuthToken
from ..oauth.access import OAuth2
from ..oauth.tokens import row_of
from . import doctor

logger = logging.getLogger(__name__)

EVERY = timedelta(minutes=30)
# Repeating a wrong password locks the user at many vendors; a person has to act first.
LEAVE_ALONE = (Cause.BAD_CREDENTIALS, Cause.NEVER_AUTHORISED, Cause.REFRESH_REVOKED)
RENEWED = ("password", "authorization_code")


def check_due() -> int:
    """Test every account whose test is due; returns how many were tested. Two callers at once do no harm."""
    now = timezone.now()
    due = IntegrationAccount.objects.filter(
        Q(token__isnull=True) | Q(token__next_attempt_at__isnull=True) | Q(token__next_attempt_at__lte=now),
        ~Q(health_cause__in=[cause.value for cause in LEAVE_ALONE]),
        Q(token__isnull=True) | Q(token__status=OAuthToken.Status.NONE),
        enabled=True,
        created_at__lt=now - EVERY,
    )
    return sum(_check(account) for account in due.select_related("token"))


def _check(account: IntegrationAccount) -> bool:
    row = row_of(account)
    with leases.held(row) as owner:
        if not owner or not _still_due(row):
            return False
        # First the next date, then the test: one that breaks this process must not be tried again at once.
        OAuthToken.objects.filter(pk=row.pk).update(next_attempt_at=timezone.now() + EVERY)
        try:
            provider = account.connect()
            if _waits_for_a_person(provider):
                return False
            doctor.examine(provider)
        except Exception:  # one account must not keep the others from being tested
            logger.exception('Account "%s" could not be tested.', account)
            return False
    return True


def _still_due(row: OAuthToken) -> bool:
    fresh = OAuthToken.objects.get(pk=row.pk)
    return fresh.next_attempt_at is None or fresh.next_attempt_at <= timezone.now()


def _waits_for_a_person(provider: Any) -> bool:
    """There is no token, and only a person can get the first one."""
    return isinstance(provider, OAuth2) and provider.oauth_config().grant in RENEWED
