"""Which part of a file a request wants (RFC 9110, 14): one range of bytes, else the whole."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII | re.IGNORECASE)
LONGEST_NUMBER = 18  # digits


@dataclass(frozen=True, slots=True)
class Part:
    """From byte `first` to `last`, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1

    def header(self, size: int) -> str:
        return f"bytes {self.first}-{self.last}/{size}"


UNSATISFIABLE = Part(0, -1)


def wanted(headers: Mapping[str, str], *, size: int, tag: str) -> Part | None:
    """None: the whole, as for headers that make no sense, for several ranges at once, and for an `If-Range` of another
    file. `UNSATISFIABLE` where the file ends before the part begins."""
    found = RANGE.fullmatch(headers.get("Range", "").strip())
    if found is None or headers.get("If-Range", f'"{tag}"') != f'"{tag}"':
        return None
    first, last = found.groups()
    if not (first or last) or max(len(first), len(last)) > LONGEST_NUMBER:
        return None
    if first and last and int(last) < int(first):
        return None
    if not first:
        return Part(max(0, size - int(last)), size - 1) if int(last) and size else UNSATISFIABLE
    if int(first) >= size:
        return UNSATISFIABLE
    return Part(int(first), min(int(last), size - 1) if last else size - 1)
