"""What the page of a feed shows of a stretch of time: a strip of cells, gaps, and how long changes waited.

A cell is as long as it takes for an update to be certain in it: a minute, or one and a half intervals where they are
longer. Percentiles come from counts per bound and are as fine as the bounds (`FeedMinute.BOUNDS`)."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from ..models import FeedMinute, FeedState
from .history import BOUNDS, COLUMNS, GAP_FACTOR, longest_quiet

MINUTE = timedelta(minutes=1)
CELLS = 120
GAPS_SHOWN = 20
OK, PARTIAL, GAP, NONE = "ok", "partial", "gap", "none"
WORST_FIRST = (GAP, PARTIAL, OK, NONE)


class Gap(NamedTuple):
    """The receiver heard nothing from `began` to `ended`; None: it lasts."""

    began: datetime
    ended: datetime | None
    seconds: float


class Run(NamedTuple):
    """Cells of one kind, one after the other: `start` and `length` in cells."""

    kind: str
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one stretch of time. Delays in seconds; None where no change was told."""

    began: datetime
    cell: timedelta
    runs: list[Run]
    gaps: list[Gap]
    minutes: list[FeedMinute]
    sent: int
    failed: int
    skipped: int
    connected: int
    changes: int
    p50: float | None
    p99: float | None
    longest: float

    def minutes_in(self, kind: str) -> int:
        """How many minutes of the strip are of one kind."""
        return round(sum(run.length for run in self.runs if run.kind == kind) * self.cell.total_seconds() / 60)


def figures(feed: FeedState, stretch: timedelta, now: datetime) -> Figures:
    cell = cell_length(feed.interval, stretch)
    count = math.ceil(stretch / cell)
    began = now.replace(second=0, microsecond=0) + MINUTE - count * cell
    minutes = list(feed.minutes.filter(minute__gte=began).order_by("minute"))
    gaps = gaps_of(feed, minutes, now)
    counts = [sum(getattr(row, column) for row in minutes) for column in COLUMNS]
    longest = max((row.longest_delay for row in minutes), default=0.0)
    return Figures(
        began=began,
        cell=cell,
        runs=runs(kinds(minutes, gaps, began, cell, count, now)),
        gaps=gaps[::-1][:GAPS_SHOWN],
        minutes=minutes[::-1],
        **{name: sum(getattr(row, name) for row in minutes) for name in ("sent", "failed", "skipped", "connected")},
        changes=sum(counts),
        p50=percentile(counts, 0.5, longest),
        p99=percentile(counts, 0.99, longest),
        longest=longest,
    )


def cell_length(interval: float, stretch: timedelta) -> timedelta:
    needed = max(stretch.total_seconds() / CELLS, GAP_FACTOR * interval)
    return MINUTE * math.ceil(needed / 60)


def gaps_of(feed: FeedState, minutes: Iterable[FeedMinute], now: datetime) -> list[Gap]:
    """Oldest first; the one that lasts is the last."""
    found = [
        Gap(row.gap_from, row.gap_until, (row.gap_until - row.gap_from).total_seconds())
        for row in minutes
        if row.gap_from and row.gap_until
    ]
    quiet = quiet_seconds(feed, now)
    if feed.quiet_since and quiet > longest_quiet(feed.interval):
        found.append(Gap(feed.quiet_since, None, quiet))
    return found


def quiet_seconds(feed: FeedState, now: datetime) -> float:
    """How long the receiver has heard nothing although it should; 0 where nothing is due."""
    if not feed.account.enabled or feed.quiet_since is None or feed.interval <= 0:
        return 0.0
    return max(0.0, (now - feed.quiet_since).total_seconds())


def kinds(
    minutes: Iterable[FeedMinute], gaps: Iterable[Gap], began: datetime, cell: timedelta, count: int, now: datetime
) -> list[str]:
    """The kind of each cell: the worst that happened in it."""
    found = [NONE] * count
    for row in minutes:
        worsen(found, (row.minute - began) // cell, kind_of(row))
    for gap in gaps:
        first = max(0, (gap.began - began) // cell)
        last = min(count - 1, ((gap.ended or now) - began) // cell)
        for number in range(first, last + 1):
            worsen(found, number, GAP)
    return found


def worsen(found: list[str], number: int, kind: str) -> None:
    if 0 <= number < len(found) and WORST_FIRST.index(kind) < WORST_FIRST.index(found[number]):
        found[number] = kind


def kind_of(row: FeedMinute) -> str:
    if row.failed or row.skipped:
        return PARTIAL
    return OK if row.sent else NONE


def runs(found: Sequence[str]) -> list[Run]:
    joined: list[Run] = []
    for number, kind in enumerate(found):
        if joined and joined[-1].kind == kind:
            joined[-1] = joined[-1]._replace(length=joined[-1].length + 1)
        else:
            joined.append(Run(kind, number, 1))
    return joined


def percentile(counts: Sequence[int], share: float, longest: float) -> float | None:
    """Seconds within which this share of changes was told: between two bounds, as far as the share is along."""
    wanted, passed, lower = share * sum(counts), 0, 0.0
    if not wanted:
        return None
    for number, upper in zip(counts, (*BOUNDS, max(longest, BOUNDS[-1])), strict=True):
        if number and passed + number >= wanted:
            return min(longest, lower + (upper - lower) * (wanted - passed) / number)
        passed, lower = passed + number, upper
    return longest
