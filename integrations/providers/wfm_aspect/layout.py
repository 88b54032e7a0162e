"""Fields of fixed width and the bytes they become.

A size counts UTF-16 code units: a letter outside of the basic plane takes two. There is never a byte order mark."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from integrations.errors import Cause, Rejected

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
NUMBERS = frozenset({"state_code", "reason_code", "time_in_state", "sequence", "count"})
Value = str | int


@dataclass(frozen=True, slots=True)
class Field:
    """`fill` is "right" or "left" (spaces on that side) or "zeros" (on the left)."""

    name: str
    size: int
    fill: str = "right"

    def text(self, value: Value) -> str:
        """The value in exactly `size` units. A number too large becomes all nines."""
        if isinstance(value, int):
            return self._padded(str(min(max(0, value), 10**self.size - 1)))
        return self._padded(cut(value if value.isprintable() else CONTROL.sub(" ", value), self.size))

    def _padded(self, text: str) -> str:
        missing = self.size - units(text)
        if self.fill == "right":
            return text + " " * missing
        return ("0" if self.fill == "zeros" else " ") * missing + text


@dataclass(frozen=True, slots=True)
class Layout:
    """Header and record of one account; no header where the receiver wants bare records."""

    header: tuple[Field, ...]
    record: tuple[Field, ...]
    encoding: str = "utf-16-le"
    separator: str = ""

    def line(self, fields: Iterable[Field], values: Mapping[str, Value]) -> str:
        return "".join(field.text(values.get(field.name, "")) for field in fields) + self.separator

    def message(self, header: Mapping[str, Value], records: Iterable[Mapping[str, Value]]) -> bytes:
        """A header, where there is one, and the records. Raises `Rejected` for more records than it can count."""
        lines = [self.line(self.record, record) for record in records]
        if not self.header:
            return self.encoded("".join(lines))
        room = next((field.size for field in self.header if field.name == "count"), 0)
        if room and len(lines) >= 10**room:
            raise Rejected(f"{len(lines):,} agents do not fit into a count of {room} digits.", cause=Cause.INVALID_DATA)
        return self.encoded(self.line(self.header, {**header, "count": len(lines)}) + "".join(lines))

    def encoded(self, text: str) -> bytes:
        return text.encode(self.encoding, "replace")


def layout_of(properties: Mapping[str, Any]) -> Layout:
    header = fields_of(properties["header_field_sizes"]) if properties["header"] == "on" else ()
    separator = {"none": "", "lf": "\n", "crlf": "\r\n"}[str(properties["record_separator"])]
    return Layout(header, fields_of(properties["record_field_sizes"]), str(properties["encoding"]), separator)


def fields_of(rows: Any) -> tuple[Field, ...]:
    return tuple(Field(str(row["field"]), int(row["size"]), str(row["fill"])) for row in rows)


def units(text: str) -> int:
    """UTF-16 code units."""
    return len(text) if text.isascii() else len(text) + sum(character > "\uffff" for character in text)


def cut(text: str, size: int) -> str:
    """At most `size` units, and never half a character."""
    if text.isascii():
        return text[:size]
    whole = text.encode("utf-16-le", "replace")[: 2 * size]
    return whole.decode("utf-16-le", "ignore")
