"""What a vendor says about the next call while it answers the present one well: "not before so many seconds".

An answer that is good raises nothing, so this is the way from the one who reads the answer (the provider's `interpret`)
to the one who decides about the next call (the outbox). Nobody listens outside of `heard`, and then it is dropped."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

LONGEST = 3600.0  # seconds, as for Retry-After


class Told:
    """`seconds`: the longest pause that was asked for; 0 where none was."""

    def __init__(self) -> None:
        self.seconds = 0.0


_told: ContextVar[Told | None] = ContextVar("told", default=None)


def note(seconds: float) -> None:
    """The vendor asks that the next call waits so long."""
    told = _told.get()
    if told is not None:
        told.seconds = max(told.seconds, min(seconds, LONGEST))


@contextmanager
def heard() -> Iterator[Told]:
    """Collects what vendors ask for inside the `with` block."""
    told = Told()
    before = _told.set(told)
    try:
        yield told
    finally:
        _told.reset(before)
