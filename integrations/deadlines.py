"""How long a piece of work with a vendor may take altogether: with its retries, its pauses and the token it may need.

A time limit per request is not enough where a caller waits: two requests with two retries each are six limits."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ends: ContextVar[float | None] = ContextVar("ends", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Requests made inside the `with` block end after so many seconds from now, all together."""
    own = time.monotonic() + seconds
    outer = _ends.get()
    before = _ends.set(own if outer is None else min(own, outer))
    try:
        yield
    finally:
        _ends.reset(before)


def left(most: float) -> float:
    """Seconds that are left, at most `most`. Zero or less: the time is up."""
    ends = _ends.get()
    return most if ends is None else min(most, ends - time.monotonic())
