"""Writes the rows of a report as files of one layout, and knows the layouts that receivers ask for.

Nothing of the present moment gets into a file: the same rows in the same layout are the same bytes."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from contactcenter.models.reports import Kind, Layout

from .figures import COLUMNS, Row, Table
from .intervals import utc

LONGEST_NAME = 50  # characters of a queue's or agent's name that Teleopti's tables keep
MEGABYTE = 1_000_000
LINE_ENDS = {"crlf": "\r\n", "lf": "\n"}
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
A_DAY = 1440  # minutes
# A spreadsheet takes a text that begins so for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")

# What receivers ask for, as values of a report's fields. Calabrio: "Teleopti WFM integrations - standard historical
# data"; Eleveo: 15-minute rows of the whole day, comma, UTC timestamps, 2 MB per file; NICE IEX: the name that
# its import reads, or name and pipes of its own export files (ctQueue).
PRESETS: dict[str, dict[str, Any]] = {
    "calabrio": {},
    "eleveo": {
        "delimiter": ",",
        "header": True,
        "start_columns": Layout.Start.UTC,
        "largest_file": 2 * MEGABYTE,
        "interval": 15,
        "zero_rows": True,
        "ids": Layout.Ids.CODE,
    },
    "nice_iex": {"delimiter": ",", "file_name": Layout.FileName.NICE_IEX, "ids": Layout.Ids.CODE},
    "nice_iex_pipe": {"delimiter": "|", "file_name": Layout.FileName.CT_QUEUE, "ids": Layout.Ids.CODE},
}


@dataclass(frozen=True, slots=True)
class Look:
    """A layout at work; the fields of `models.reports.Layout`."""

    delimiter: str = ";"
    header: bool = False
    date_format: str = "%Y%m%d"
    start_columns: str = "local"
    decimal_separator: str = "."
    decimals: int = 0
    line_end: str = "crlf"
    byte_order_mark: bool = False
    ids: str = "number"
    file_name: str = "unique"
    largest_file: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    content: bytes
    rows: int


def header(kind: str, look: Look) -> list[str]:
    """The names of the columns."""
    about, figures = COLUMNS[kind]
    if look.start_columns == Layout.Start.UTC:
        return ["interval", "utc_start", *about, *figures]
    last = ["utc_start"] if look.start_columns == Layout.Start.LOCAL_AND_UTC else []
    return ["interval", "date_from", "time", *about, *figures, *last]


def lines(table: Table, look: Look, minutes: int) -> Iterator[list[str]]:
    """The cells of every row as text."""
    shown_minutes = str(A_DAY if table.kind == Kind.AGENT_DAY else minutes)
    starts = [_start(table, index, look) for index in range(table.window.count)]
    about = _about(table, look)
    for row in table.rows:
        first, last = starts[row.index]
        yield [shown_minutes, *first, *about(row), *(_figure(value, look) for value in row.figures), *last]


def _start(table: Table, index: int, look: Look) -> tuple[list[str], list[str]]:
    """The columns of time, before and after the others."""
    local = table.window.local(index)
    stamp = f"{utc(table.window.borders[index]):%Y-%m-%dT%H:%M:%SZ}"
    if look.start_columns == Layout.Start.UTC:
        return [stamp], []
    last = [stamp] if look.start_columns == Layout.Start.LOCAL_AND_UTC else []
    return [local.strftime(look.date_format), f"{local:%H:%M}"], last


def _about(table: Table, look: Look) -> Callable[[Row], list[str]]:
    """The id and name of agent and queue of a row."""
    agents = {p.pk: [_agent_id(p, look), _name(p.name)] for p in table.roster.agents.values()}
    if table.kind not in (Kind.QUEUE, Kind.AGENT_QUEUE):
        return lambda row: agents[row.about[0]]
    found = [table.roster.queue(pk) for pk in {row.about[-1] for row in table.rows}]
    queues = {q.pk: [str(q.pk) if look.ids == Layout.Ids.NUMBER else q.code, _name(q.name)] for q in found}
    if table.kind == Kind.QUEUE:
        return lambda row: queues[row.about[0]]
    return lambda row: [*agents[row.about[0]], *queues[row.about[1]]]


def _agent_id(person: Any, look: Look) -> str:
    if look.ids == Layout.Ids.NUMBER:
        return str(person.pk)
    return (person.employee_id if look.ids == Layout.Ids.EMPLOYEE else "") or str(person.login)


def _name(text: str) -> str:
    """On one line: receivers read line by line, whatever the quotes say."""
    return " ".join(text.split())[:LONGEST_NAME]


def _figure(value: Any, look: Look) -> str:
    if not isinstance(value, tuple):
        return str(value)
    seconds, length = value
    step = Decimal(1).scaleb(-look.decimals)
    average = (Decimal(seconds) / Decimal(length)).quantize(step, ROUND_HALF_UP)
    return f"{average:f}".replace(".", look.decimal_separator) if average else "0"


def files(table: Table, look: Look, minutes: int) -> list[Written]:
    """The report as one file, or as several where the layout limits their size; each has the header then. A report
    without rows is one file without rows."""
    writer = _Lines(look)
    head = writer.line(header(table.kind, look)) if look.header else b""
    start = (BYTE_ORDER_MARK if look.byte_order_mark else b"") + head
    done: list[Written] = []
    pieces, size, rows = [start], len(start), 0
    for cells in lines(table, look, minutes):
        line = writer.line(cells)
        if look.largest_file and rows and size + len(line) > look.largest_file:
            done.append(Written(b"".join(pieces), rows))
            pieces, size, rows = [start], len(start), 0
        pieces.append(line)
        size, rows = size + len(line), rows + 1
    return [*done, Written(b"".join(pieces), rows)]


class _Lines:
    """Turns cells into one line of bytes."""

    def __init__(self, look: Look) -> None:
        self.buffer = io.StringIO()
        self.writer = csv.writer(self.buffer, delimiter=look.delimiter, lineterminator=LINE_ENDS[look.line_end])

    def line(self, cells: Iterable[str]) -> bytes:
        self.buffer.seek(0)
        self.buffer.truncate()
        self.writer.writerow(cells)
        return self.buffer.getvalue().encode()


def guarded(content: bytes, look: Look) -> bytes:
    """The same file for people: texts that a spreadsheet would run as a formula begin with an apostrophe."""
    mark = BYTE_ORDER_MARK if content.startswith(BYTE_ORDER_MARK) else b""
    text = content[len(mark) :].decode()
    writer = _Lines(look)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=look.delimiter)
    return mark + b"".join(
        writer.line([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row]) for row in reader
    )
