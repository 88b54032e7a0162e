"""Makes the files of a run, and the deliveries of those files, in one transaction.

A worker that dies before it has made nothing: the run's lease runs out and another one makes the same bytes."""

import hashlib
import logging
import time
import uuid
from collections.abc import Iterator
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from contactcenter.models import Report, ReportDelivery, ReportFile, ReportRun, ReportTarget
from contactcenter.models.reports import Kind, Layout
from integrations import leases

from . import figures, layouts
from .intervals import FIRST_DAY, Window, day_of, day_window, interval_at, utc, whole_day
from .layouts import Look

logger = logging.getLogger(__name__)

LANE_SECONDS = 20.0  # how long one task goes on; the next one takes over
LEASE_SECONDS = 120.0
MOST_ATTEMPTS = 3
KEPT = timedelta(days=31)  # contents; what is known of a file stays for a year
REMEMBERED = timedelta(days=366)
GIVE_UP_AFTER = timedelta(hours=24)
LONGEST_RANGE = 92  # days that one request may name
# NICE IEX: at most 30 characters; the first for its import, the second as its own queue files are called.
BY_MINUTE: dict[str, str] = {
    Layout.FileName.NICE_IEX: "History-{:%y%m%d%H%M}.txt",
    Layout.FileName.CT_QUEUE: "ctQueue_{:%m%d%y_%H%M}.txt",
}


class NotPossible(Exception):
    """A sentence for the person who asked."""


def ask(report: Report, first: date, last: date, by: str, *, deliver: bool) -> list[ReportRun]:
    """Have past days made (again), one run for each. Raises `NotPossible` for days that are not over."""
    if last < first:
        raise NotPossible("The last day lies before the first one.")
    if (last - first).days >= LONGEST_RANGE:
        raise NotPossible(f"At most {LONGEST_RANGE} days at once. Ask for the rest afterwards.")
    if first < FIRST_DAY:
        raise NotPossible(f"Nothing is known of days before {FIRST_DAY}.")
    if last >= day_of(timezone.now(), report.zone):
        raise NotPossible(f"{last} is not over in {report.time_zone}, so its figures are not complete.")
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    rows = [
        ReportRun(
            report=report, key=f"asked:{uuid.uuid4().hex}", reason=ReportRun.Reason.ASKED, day=day, asked_by=by,
            deliver=deliver,
        )
        for day in days
    ]  # fmt: skip
    return ReportRun.objects.bulk_create(rows)


def work(seconds: float = LANE_SECONDS) -> int:
    """Make what waits, the oldest first, for so long; returns how much was made."""
    deadline, made = time.monotonic() + seconds, 0
    while time.monotonic() < deadline and (run := waiting().first()) is not None:
        owner = leases.claim(run, seconds=LEASE_SECONDS, where=Q(state=ReportRun.State.WAITING))
        if owner:
            made += _make(run, owner)
    return made


def _make(run: ReportRun, owner: str) -> int:
    mine = ReportRun.objects.filter(pk=run.pk, lease_owner=owner)
    mine.update(attempts=F("attempts") + 1)
    if run.attempts >= MOST_ATTEMPTS:  # it took its worker down each time
        mine.update(state=ReportRun.State.FAILED, error="Making the report did not come to an end, three times.")
        return 0
    try:
        store(run, owner, written(run.report, run.day, run.start))
    except IntegrityError:
        leases.release(run, owner)  # another run took a name at the same moment; the next turn takes the next name
        return 0
    except Exception:
        logger.exception('The report "%s" of %s could not be made.', run.report, run.day)
        failed = run.attempts + 1 >= MOST_ATTEMPTS
        mine.update(
            state=ReportRun.State.FAILED if failed else ReportRun.State.WAITING,
            error="The report could not be made. The log of the worker says why.",
            leased_until=timezone.now() + timedelta(seconds=60),
        )
        return 0
    return 1


def waiting() -> QuerySet[ReportRun]:
    """Runs that anybody may take now."""
    rows = ReportRun.objects.filter(leases.free(), state=ReportRun.State.WAITING)
    return rows.select_related("report").order_by("id")


def look_of(layout: dict[str, Any]) -> Look:
    """A stored layout; what it does not say is as it was before there was the choice."""
    known = {field.name for field in fields(Look)}
    return Look(**{name: value for name, value in layout.items() if name in known})


def rules_of(report: Report, queues: list[int] | None = None) -> figures.Rules:
    chosen = queues if queues is not None else list(report.services.values_list("pk", flat=True))
    return figures.Rules(
        report.kind, report.attribution, report.zero_rows, report.short_abandon_seconds, frozenset(chosen)
    )


def window_for(
    report: Report, day: date, start: datetime | None = None, *, until: float | None = None
) -> Window | None:
    """What the report is about. `until`: only intervals that are over by then; None where there are none."""
    if start is not None:
        return interval_at(int(start.timestamp()), report.zone, report.interval)
    if report.kind == Kind.AGENT_DAY:
        return whole_day(day, report.zone, until=until)
    return day_window(day, report.zone, report.interval, until=until)


def written(report: Report, day: date, start: datetime | None = None) -> list[layouts.Written]:
    """The files of a report for a day or for one interval of it, without storing anything."""
    window = window_for(report, day, start)
    if window is None:
        raise ValueError(f"{day} has no interval.")
    table = figures.table(rules_of(report), window, day)
    return layouts.files(table, look_of(report.layout()), report.interval)


@transaction.atomic
def store(run: ReportRun, owner: str, made: list[layouts.Written]) -> None:
    """Keep the files and what is to be delivered; nothing where the lease was lost meanwhile."""
    now = timezone.now()
    done = {"state": ReportRun.State.DONE, "finished_at": now, "error": "", "layout": run.report.layout()}
    mine = ReportRun.objects.filter(pk=run.pk, lease_owner=owner, state=ReportRun.State.WAITING)
    if not mine.update(**done, lease_owner="", leased_until=None):
        return
    names = free_names(run, now)
    files = [_file(run, number, next(names), written) for number, written in enumerate(made, 1)]
    targets = run.report.targets.filter(enabled=True) if run.deliver else ReportTarget.objects.none()
    for target in targets:
        for file in files:
            ReportDelivery.objects.create(file=file, target=target, due_at=now, give_up_at=now + GIVE_UP_AFTER)


def _file(run: ReportRun, number: int, name: str, made: layouts.Written) -> ReportFile:
    digest = hashlib.sha256(made.content).hexdigest()
    return ReportFile.objects.create(
        run=run,
        number=number,
        name=name,
        content=made.content,
        size=len(made.content),
        rows=made.rows,
        sha256=digest,
        unchanged_since=unchanged_since(run, number, digest),
    )


def unchanged_since(run: ReportRun, number: int, digest: str) -> datetime | None:
    """When these bytes were made first, if the latest file for the same window has them already."""
    same = ReportFile.objects.filter(run__report=run.report, run__day=run.day, run__start=run.start, number=number)
    latest = same.exclude(run=run).order_by("-id").values("sha256", "unchanged_since", "created_at").first()
    if latest is None or latest["sha256"] != digest:
        return None
    since: datetime = latest["unchanged_since"] or latest["created_at"]
    return since


def free_names(run: ReportRun, now: datetime) -> Iterator[str]:
    """Names that no file ever had: nothing is overwritten at a receiver."""
    report = run.report
    if report.file_name in BY_MINUTE:
        yield from _names_by_minute(BY_MINUTE[report.file_name], now)
    window = window_for(report, run.day, run.start)
    stamp = f"{utc(window.start):%Y%m%dT%H%MZ}" if window else ""
    stem = f"{report.kind}_{report.account_name}_{stamp}"
    number = ReportFile.objects.filter(name__startswith=f"{stem}_").count()
    while True:
        number += 1
        name = f"{stem}_{number:02d}.csv"
        if not ReportFile.objects.filter(name=name).exists():
            yield name


def _names_by_minute(pattern: str, now: datetime) -> Iterator[str]:
    """Two files of one minute get following ones. In UTC, where no hour comes twice."""
    while True:
        name = pattern.format(now)
        if not ReportFile.objects.filter(name=name).exists():
            yield name
        now += timedelta(minutes=1)


def prune() -> int:
    """Forget contents after a month and the rest after a year; what is still to be delivered stays."""
    now = timezone.now()
    old = ReportFile.objects.filter(created_at__lt=now - KEPT, content__isnull=False)
    old.exclude(deliveries__state=ReportDelivery.State.WAITING).update(content=None)
    return ReportRun.objects.filter(created_at__lt=now - REMEMBERED).delete()[0]
