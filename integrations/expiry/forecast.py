"""What expires when, in words and never in values: for the list of accounts and the account page.

Reads the row only: no decryption, no query besides the row itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from ..models import IntegrationAccount, OAuthToken

SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Forecast:
    """`when` is the moment it ends, None where that is unknown or past. `urgent`: a person should act soon."""

    label: str
    when: datetime | None
    text: str
    urgent: bool = False


def forecast(account: IntegrationAccount) -> list[Forecast]:
    """Everything of the account that runs out. Empty for an account without tokens."""
    row = getattr(account, "token", None)
    if row is None or row.status == OAuthToken.Status.NONE:
        return []
    if row.status == OAuthToken.Status.REFUSED:
        return [
            Forecast("Authorisation", None, "Needs authorisation: the vendor takes our tokens no more", urgent=True)
        ]
    return [_access(row), *_refresh(row)]


def _access(row: OAuthToken) -> Forecast:
    now = timezone.now()
    if row.failures:
        times = "once" if row.failures == 1 else f"{row.failures} times"
        return Forecast("Access token", row.access_expires_at, f"Access token: renewing failed {times}", urgent=True)
    if row.access_expires_at is None:
        return Forecast("Access token", None, "Access token: the vendor does not say when it ends")
    if row.access_expires_at <= now:
        return Forecast("Access token", None, "Access token: ended, renewed with the next use")
    return Forecast(
        "Access token", row.access_expires_at, f"Access token: renews itself, {_span(row.access_expires_at - now)} left"
    )


def _refresh(row: OAuthToken) -> list[Forecast]:
    ends, used = row.refresh_expires_at, row.refresh_used_at
    if not row.refresh:
        return []
    if ends is None or used is None:
        return [Forecast("Refresh token", None, "Refresh token: no known end")]
    now = timezone.now()
    if ends <= now:
        return [Forecast("Refresh token", None, "Refresh token: has ended, authorise again", urgent=True)]
    text = f"Refresh token: unused for {(now - used).days} of {_days(ends - used)} days"
    return [Forecast("Refresh token", ends, text, urgent=ends - now < SOON)]


def _days(length: timedelta) -> int:
    return round(length / timedelta(days=1))


def _span(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    if seconds < 90:
        return f"{seconds} s"
    return (
        f"{seconds // 60} min"
        if seconds < 7200
        else f"{seconds // 3600} h"
        if seconds < 172_800
        else f"{seconds // 86_400} days"
    )
