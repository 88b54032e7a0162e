"""What is due: turns the passing of time into runs, each window once.

Every report remembers what comes next (`next_day`, `next_interval`). A run and the step forward are one transaction
that only goes through from the remembered place: two schedulers make one run, one that was away for days makes the
missed ones one by one, and nothing depends on when exactly this is called."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from contactcenter.models import Report, ReportRun
from contactcenter.models.reports import Mode

from .intervals import A_DAY, day_of, interval_at, midnight, utc

MOST_AT_ONCE = 50  # missed runs of one report that one call makes up for; the next call goes on


def begin(report: Report, now: datetime | None = None) -> None:
    """Let a report start from now: with today, and with the interval that runs. Does not save."""
    now = now or timezone.now()
    report.next_day = day_of(now, report.zone)
    report.next_interval = utc(interval_at(int(now.timestamp()), report.zone, report.interval).start)


def work(now: datetime | None = None) -> int:
    """Make the runs that are due; returns how many."""
    now = now or timezone.now()
    made = 0
    for report in Report.objects.filter(enabled=True).exclude(mode=Mode.ON_DEMAND):
        for _ in range(MOST_AT_ONCE):
            step = _next_day(report, now) + _next_interval(report, now)
            if not step:
                break
            made += step
    return made


def day_due(report: Report, day: date) -> datetime:
    """When the report about a day is made: at the first run time after the day's end."""
    zone = ZoneInfo(report.run_time_zone)
    over = utc(midnight(day + A_DAY, report.zone))
    at = over.astimezone(zone).date()
    while (moment := datetime.combine(at, report.run_time, zone).astimezone(UTC)) < over:
        at += A_DAY
    return moment


def interval_due(report: Report, start: datetime) -> datetime:
    """When the report about an interval is made: so many minutes after its end."""
    window = interval_at(int(start.timestamp()), report.zone, report.interval)
    return utc(window.end) + timedelta(minutes=report.delay_minutes)


def next_run(report: Report) -> datetime | None:
    """The next moment at which something is made by itself."""
    if not report.enabled or report.mode == Mode.ON_DEMAND:
        return None
    if report.mode == Mode.CONTINUOUS:
        return interval_due(report, report.next_interval) if report.next_interval else None
    return day_due(report, report.next_day) if report.next_day else None


def _next_day(report: Report, now: datetime) -> int:
    """The daily run; of a continuous report the rebuild of the whole day at night."""
    day = report.next_day
    if day is None or day_due(report, day) > now:
        return 0
    daily = report.mode == Mode.DAILY
    reason = ReportRun.Reason.DAILY if daily else ReportRun.Reason.REBUILD
    values = {"reason": reason, "day": day} if daily or report.nightly_rebuild else None
    return _step(report, "next_day", day + A_DAY, f"{reason}:{day}", values)


def _next_interval(report: Report, now: datetime) -> int:
    start = report.next_interval
    if report.mode != Mode.CONTINUOUS or start is None or interval_due(report, start) > now:
        return 0
    window = interval_at(int(start.timestamp()), report.zone, report.interval)
    reason = ReportRun.Reason.INTERVAL
    values = {"reason": reason, "day": window.local(0).date(), "start": utc(window.start)}
    return _step(report, "next_interval", utc(window.end), f"{reason}:{window.start}", values)


@transaction.atomic
def _step(report: Report, field: str, after: Any, key: str, values: dict[str, Any] | None) -> int:
    """Go forward and make the run, unless somebody else has just done so."""
    before = {field: getattr(report, field)}
    setattr(report, field, after)
    if Report.objects.filter(pk=report.pk, **before).update(**{field: after}) and values is not None:
        ReportRun.objects.get_or_create(report=report, key=key, defaults=values)
    return 1
