"""At most so many calls to a vendor per day, counted over all threads, processes and workers.

One row per account and day, and one `UPDATE ... WHERE calls < limit`: a changed row is the right to make one call. No
lock is held while the vendor answers. The day begins at midnight in the account's time zone, which is the contact
centre's unless the account names another."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.db.models import F
from django.utils import timezone

from .errors import IntegrationError, RateLimited, Stage
from .models import DailyCount, IntegrationAccount
from .property_fields import TimeZoneField

KEEP_DAYS = 400
# A call that failed here was never made, so it is given back.
NEVER_LEFT = (Stage.SETTINGS, Stage.NAME, Stage.TCP, Stage.TLS)


class MaxApiCallsField(forms.IntegerField):
    """The property `max_api_calls_per_day`; 0 or empty is no limit."""

    def __init__(self, **kwargs: Any) -> None:
        texts = {
            "label": "Max API calls per day",
            "required": False,
            "min_value": 0,
            "max_value": 100_000_000,
            "initial": 0,
            "help_text": (
                "The maximum number of calls per day, over everything that uses this account: a guard against charges "
                "above the volume in your contract with the vendor. 0: no limit."
            ),
        }
        super().__init__(**{**texts, **kwargs})


class DayZoneField(TimeZoneField):
    """The property `time_zone`."""

    def __init__(self, **kwargs: Any) -> None:
        texts = {
            "help_text": (
                "At whose midnight the count for Max API calls per day begins anew, for example America/New_York: "
                "where the vendor's billing day begins. Empty: the time zone of the contact centre."
            )
        }
        super().__init__(**{**texts, **kwargs})


@dataclass(frozen=True, slots=True)
class Use:
    """What an account has used on its present day. `limit` 0: no limit. `ends`: its next midnight, with its zone."""

    calls: int
    limit: int
    ends: datetime

    @property
    def used_up(self) -> bool:
        return bool(self.limit) and self.calls >= self.limit

    @property
    def seconds_left(self) -> float:
        return max((self.ends - timezone.now()).total_seconds(), 1.0)

    def __str__(self) -> str:
        return f"{self.calls:,} of {self.limit:,}" if self.limit else f"{self.calls:,}, no limit"


class DailyQuota:
    """For providers whose accounts have the properties `max_api_calls_per_day` and `time_zone`."""

    account: IntegrationAccount

    @contextmanager
    def one_call(self) -> Iterator[None]:
        """Make one call to the vendor inside the `with` block. Raises `RateLimited` when today's are used up."""
        day = today(self.account)
        if not take(self.account, day):
            raise used_up(use_of(self.account))
        try:
            yield
        except IntegrationError as error:
            if error.stage in NEVER_LEFT:
                give_back(self.account, day)
            raise


# -- counting


def take(account: IntegrationAccount, day: date) -> bool:
    """The right to make one call on that day, or False when there is none left."""
    row, _ = DailyCount.objects.get_or_create(account=account, day=day)
    limit = limit_of(account)
    rows = DailyCount.objects.filter(pk=row.pk, **({"calls__lt": limit} if limit else {}))
    return bool(rows.update(calls=F("calls") + 1))


def give_back(account: IntegrationAccount, day: date) -> None:
    DailyCount.objects.filter(account=account, day=day, calls__gt=0).update(calls=F("calls") - 1)


def use_of(account: IntegrationAccount) -> Use:
    """What is used today, for people and for messages."""
    day, zone = today(account), zone_of(account)
    row = DailyCount.objects.filter(account=account, day=day).first()
    return Use(row.calls if row else 0, limit_of(account), midnight_after(day, zone))


def used_up(use: Use) -> RateLimited:
    """The refusal, with the seconds until the account's midnight."""
    minutes = math.ceil(use.seconds_left / 60)
    wait = f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
    return RateLimited(
        f"Today's calls are used up ({use}): nothing was sent. Calls go on after midnight ({use.ends.tzinfo}), in "
        f"{wait}.",
        retry_after=use.seconds_left,
        stage=Stage.LIMITS,
    )


def prune() -> int:
    """Forget the counts of days long past."""
    oldest = timezone.now().date() - timedelta(days=KEEP_DAYS)
    return DailyCount.objects.filter(day__lt=oldest).delete()[0]


# -- the account's day


def limit_of(account: IntegrationAccount) -> int:
    return int(account.values().get("max_api_calls_per_day") or 0)


def zone_of(account: IntegrationAccount) -> ZoneInfo:
    return ZoneInfo(str(account.values().get("time_zone") or _house_zone()))


def today(account: IntegrationAccount) -> date:
    return timezone.now().astimezone(zone_of(account)).date()


def midnight_after(day: date, zone: ZoneInfo) -> datetime:
    """When the day ends there; days of 23 and 25 hours included."""
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)


def _settings_zone() -> str:
    return str(settings.TIME_ZONE)


_house_zone: Callable[[], str] = _settings_zone


def register_zone(zone: Callable[[], str]) -> None:
    """Where the zone of accounts that name none is found. The domain says so; this app knows of no contact centre."""
    global _house_zone
    _house_zone = zone
