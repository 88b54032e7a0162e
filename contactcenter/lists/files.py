"""Uploaded files: read once, while they arrive, into parts of 2,000 rows that any worker can take in.

CSV with commas, semicolons or tabs, in UTF-8, UTF-16 or Windows-1252. The text of the whole file is never in memory."""

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

from contactcenter.errors import NotPossible

PART_ROWS = 2000
LARGEST_FILE = 100 * 1024 * 1024
LONGEST_VALUE = 10_000
MOST_COLUMNS = 200
CHUNK = 65_536
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
NAMES = {"utf-8-sig": "UTF-8", "utf-8": "UTF-8", "utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16",
         "cp1252": "Windows-1252"}  # fmt: skip
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
# A row: its number as a spreadsheet counts, the heading being 1, and its values.
FileRow = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class ListFile:
    """An open file, its encoding and separator found. `parts` reads it from the beginning."""

    source: IO[bytes]
    encoding: str
    separator: str
    columns: tuple[str, ...]

    @property
    def facts(self) -> dict[str, str]:
        """How it was read, for people."""
        return {"encoding": NAMES[self.encoding], "separator": SEPARATORS[self.separator]}

    def parts(self) -> Iterator[list[FileRow]]:
        """Rows without the heading and without empty ones. Raises `NotPossible` where the file breaks off."""
        rows = self._rows()
        next(rows, None)
        while part := list(islice(rows, PART_ROWS)):
            yield part

    def _rows(self) -> Iterator[FileRow]:
        number = 0
        try:
            for number, values in enumerate(
                csv.reader(_lines(self.source, self.encoding), delimiter=self.separator), 1
            ):
                if any(value.strip() for value in values):
                    yield number, [value.strip()[:LONGEST_VALUE] for value in values]
        except csv.Error as error:
            raise NotPossible(
                f"Row {number + 1} cannot be read ({error}). Often a quotation mark is not closed there. Correct the "
                "file, then upload it again.",
                "file",
            ) from None


def read(source: IO[bytes], size: int) -> ListFile:
    """Find out how the file is written. Raises `NotPossible` with field "file" where no list can be made of it."""
    if size > LARGEST_FILE:
        raise NotPossible(f"The file is larger than {LARGEST_FILE >> 20} MB. Divide it.", "file")
    encoding = _encoding(source)
    heading = next(_lines(source, encoding), "")
    separator = max(SEPARATORS, key=lambda mark: _outside_quotes(heading).count(mark))
    found = next(ListFile(source, encoding, separator, ())._rows(), (0, []))[1]
    if not found:
        raise NotPossible("The file is empty. The first row must name the columns.", "file")
    if len(found) > MOST_COLUMNS:
        raise NotPossible(f"The file has {len(found)} columns; at most {MOST_COLUMNS} can be read.", "file")
    return ListFile(source, encoding, separator, _named(found))


def _encoding(source: IO[bytes]) -> str:
    source.seek(0)
    start = source.read(4)
    marked = next((name for mark, name in MARKS if start.startswith(mark)), None)
    if start[:2] == b"PK":
        raise NotPossible("This is a workbook, not a CSV file. Save it as CSV, then upload that.", "file")
    if marked or not start:
        return marked or "utf-8"
    if len(start) == 4 and 0 in start:
        return "utf-16-le" if start[1] == 0 else "utf-16-be"
    return "utf-8" if _is_utf8(source) else "cp1252"


def _is_utf8(source: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    source.seek(0)
    try:
        while piece := source.read(CHUNK):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _lines(source: IO[bytes], encoding: str) -> Iterator[str]:
    """Lines with their ends, decoded piece by piece. Characters that do not exist become a question mark."""
    decoder, rest = codecs.getincrementaldecoder(encoding)(errors="replace"), ""
    source.seek(0)
    while piece := source.read(CHUNK):
        text = (rest + decoder.decode(piece)).replace("\0", "")
        held = "\r" if text.endswith("\r") else ""  # its line feed may be in the next piece
        *whole, rest = text[: len(text) - len(held)].replace("\r\n", "\n").replace("\r", "\n").split("\n")
        rest += held
        yield from (f"{line}\n" for line in whole)
    rest = (rest + decoder.decode(b"", final=True)).rstrip("\r")
    if rest:
        yield rest


def _outside_quotes(line: str) -> str:
    return "".join(line.split('"')[::2])


def _named(heading: list[str]) -> tuple[str, ...]:
    """A name for each column, none of them twice."""
    names: list[str] = []
    for number, text in enumerate(heading, 1):
        name = text[:100] or f"Column {number}"
        same = sum(1 for each in names if each == name or each.startswith(f"{name} ("))
        names.append(f"{name} ({same + 1})" if same else name)
    return tuple(names)


def values_of(columns: list[Any], values: list[str]) -> tuple[dict[str, str], str]:
    """The values by column, and what is wrong with the row, if anything."""
    more = [value for value in values[len(columns) :] if value]
    problem = f"The row has {len(values)} values, the heading {len(columns)}." if more else ""
    return dict(zip(columns, values, strict=False)), problem
