"""Counts what a piece of work asks the database: statements by place in the project, and transactions."""

import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
ROOMS = tuple(str(ROOT / room) for room in ("integrations", "contactcenter", "agentdesktop"))
# What a statement is: its verb and the table it is about.
KIND = re.compile(r'\s*(?P<verb>\w+)(?:(?:.*?\s(?:FROM|INTO))?\s+"(?P<table>\w+)")?', re.DOTALL)


class Statements:
    """`counted` maps (place, kind) to how often; `seconds` is the time until all answers were there."""

    def __init__(self) -> None:
        self.counted: Counter[tuple[str, str]] = Counter()
        self.seconds = 0.0

    @property
    def total(self) -> int:
        return self.counted.total()

    def note(self, kind: str) -> None:
        self.counted[_place(), kind] += 1

    def execute(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.note(_kind(str(sql)))
        return self.timed(lambda: execute(sql, params, many, context))

    def timed(self, work: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        try:
            return work()
        finally:
            self.seconds += time.perf_counter() - began

    def rows(self) -> list[list[object]]:
        """How often, what and where; in the order of the first time."""
        return [[count, kind, place] for (place, kind), count in self.counted.items()]


@contextmanager
def counted() -> Iterator[Statements]:
    """Counts inside the `with` block, on this thread's connection. BEGIN and COMMIT are journeys too."""
    found = Statements()
    commit, begin = connection._commit, connection.set_autocommit  # type: ignore[attr-defined]

    def committed() -> Any:
        found.note("COMMIT")
        return found.timed(commit)

    def switched(autocommit: bool, **how: Any) -> Any:
        if not autocommit and connection.vendor == "postgresql":  # SQLite's BEGIN is executed like a statement
            found.note("BEGIN")
        return begin(autocommit, **how)

    patched = mock.patch.multiple(connection, _commit=committed, set_autocommit=switched)
    with patched, connection.execute_wrapper(found.execute):
        yield found


def _kind(sql: str) -> str:
    found = KIND.match(sql)
    return f"{found['verb']} {found['table'] or ''}".strip() if found else sql[:40]


def _place() -> str:
    """The innermost line of the project that asks."""
    frame = sys._getframe(1)
    while frame is not None and not frame.f_code.co_filename.startswith(ROOMS):
        frame = frame.f_back  # type: ignore[assignment]
    if frame is None:
        return "(outside of the project)"
    path = Path(frame.f_code.co_filename).relative_to(ROOT)
    return f"{path}:{frame.f_lineno} {frame.f_code.co_name}"
