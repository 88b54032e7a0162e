"""A clock that a dry run can set: `timezone.now()` is another time inside `standing_at`, in that thread alone.

There a wait costs nothing: the clock is put forward. `timezone.now` is replaced once per process, by the first dry run;
everywhere else it goes on to tell the time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from functools import cache

from django.utils import timezone


class Clock:
    """Stands still until it is put forward."""

    def __init__(self, now: datetime) -> None:
        self.began = self.now = now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=max(seconds, 0.0))

    def forward_to(self, moment: datetime) -> None:
        self.now = max(self.now, moment)

    @property
    def passed(self) -> float:
        """Seconds since the beginning."""
        return (self.now - self.began).total_seconds()


_clock: ContextVar[Clock | None] = ContextVar("clock", default=None)


@contextmanager
def standing_at(now: datetime) -> Iterator[Clock]:
    """`now` is aware. Yields the clock, which its holder puts forward."""
    _replace_now()
    clock = Clock(now)
    before = _clock.set(clock)
    try:
        yield clock
    finally:
        _clock.reset(before)


@cache
def _replace_now() -> None:
    timezone.now = _telling(timezone.now)


def _telling(real: Callable[[], datetime]) -> Callable[[], datetime]:
    def now() -> datetime:
        clock = _clock.get()
        return clock.now if clock else real()

    return now
