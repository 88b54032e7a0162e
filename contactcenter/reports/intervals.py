"""Days and their intervals in a time zone. All moments here are whole seconds since 1970, all lengths seconds.

A day lasts from its midnight to the next one: 23, 25 or 23.5 hours where clocks are changed. Intervals begin where
the clock on the wall shows a multiple of their length. Where a change of the clocks falls into one (Lord Howe Island
changes by half an hour), it ends there and a shorter one follows, so that the intervals of a day always tile it."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LENGTHS = (15, 30, 60)  # minutes
A_DAY = timedelta(days=1)
FIRST_DAY = date(2000, 1, 1)  # no contact centre of ours is older; far from where calendars end


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time that a report covers, cut at `borders`: n intervals have n + 1 of them, in order."""

    zone: ZoneInfo
    borders: tuple[int, ...]

    @property
    def start(self) -> int:
        return self.borders[0]

    @property
    def end(self) -> int:
        return self.borders[-1]

    @property
    def count(self) -> int:
        return len(self.borders) - 1

    def index(self, moment: float) -> int | None:
        """The number of the interval that a moment falls into; None outside of the window."""
        if not self.start <= moment < self.end:
            return None
        return bisect_right(self.borders, moment) - 1

    def length(self, index: int) -> int:
        return self.borders[index + 1] - self.borders[index]

    def local(self, index: int) -> datetime:
        """What the clock on the wall showed at the start of the interval."""
        return datetime.fromtimestamp(self.borders[index], self.zone)

    def split(self, start: int, end: int) -> list[tuple[int, int]]:
        """The part of a stretch that lies in each interval as (interval, seconds). They sum up to what lies inside of
        the window, to the second."""
        start, end = max(start, self.start), min(end, self.end)
        found: list[tuple[int, int]] = []
        if start >= end:
            return found
        index = bisect_right(self.borders, start) - 1
        while start < end:
            stop = min(end, self.borders[index + 1])
            found.append((index, stop - start))
            start, index = stop, index + 1
        return found


def midnight(day: date, zone: ZoneInfo) -> int:
    """The moment at which a day begins. Where midnight is left out, the moment of the change; where it comes twice, the
    first one."""
    return int(datetime.combine(day, time(), zone).timestamp())


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def day_window(day: date, zone: ZoneInfo, minutes: int, *, until: float | None = None) -> Window | None:
    """A whole day; `until` leaves out intervals that are not over by then. None where nothing is left."""
    start, end = midnight(day, zone), midnight(day + A_DAY, zone)
    borders = [start, *_cut(start, end, zone, minutes * 60)]
    kept = tuple(border for border in borders if until is None or border <= until)
    return Window(zone, kept) if len(kept) > 1 else None


def whole_day(day: date, zone: ZoneInfo, *, until: float | None = None) -> Window | None:
    """A day as one interval; None while it is not over by `until`."""
    window = Window(zone, (midnight(day, zone), midnight(day + A_DAY, zone)))
    return window if until is None or window.end <= until else None


def interval_at(moment: int, zone: ZoneInfo, minutes: int) -> Window:
    """The one interval that a moment falls into."""
    day = datetime.fromtimestamp(moment, zone).date()
    whole = day_window(day, zone, minutes)
    index = whole.index(moment) if whole else None
    if whole is None or index is None:
        raise ValueError(f"The moment {moment} lies outside of its own day.")
    return Window(zone, whole.borders[index : index + 2])


def _cut(start: int, end: int, zone: ZoneInfo, length: int) -> list[int]:
    """The borders after `start`, up to and including `end`."""
    borders, at = [], start
    while at < end:
        shown = datetime.fromtimestamp(at, zone)
        into = (shown.hour * 3600 + shown.minute * 60 + shown.second) % length
        at = min(_not_beyond_change(at, at + length - into, zone), end)
        borders.append(at)
    return borders


def _not_beyond_change(start: int, end: int, zone: ZoneInfo) -> int:
    """`end`, or the moment at which the clocks are changed where that comes first."""
    if _offset(start, zone) == _offset(end, zone):
        return end
    low, high = start, end  # the change lies in (low, high]
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(middle, zone) == _offset(start, zone) else (low, middle)
    return high


def _offset(moment: int, zone: ZoneInfo) -> timedelta | None:
    return datetime.fromtimestamp(moment, zone).utcoffset()


def utc(moment: int) -> datetime:
    return datetime.fromtimestamp(moment, UTC)
