"""Small, strict checks of JSON that the receivers share: each names the place and what is wrong there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

# RFC 3339, UTC, written with Z.
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")

Check = Callable[[Any], bool]


def integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def count(value: Any) -> bool:
    return integer(value) and value >= 0


def text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def timestamp(value: Any) -> bool:
    return isinstance(value, str) and TIME.fullmatch(value) is not None


def listing(value: Any) -> bool:
    return isinstance(value, list)


def mapping(value: Any) -> bool:
    return isinstance(value, dict)


def one_of(*values: str) -> Check:
    return lambda value: value in values


def optional(check: Check) -> Check:
    """The key must be there; its value may be null."""
    return lambda value: value is None or check(value)


def problems(data: Any, shape: dict[str, Check], where: str) -> list[str]:
    if not isinstance(data, dict):
        return [f"{where}: an object is expected"]
    found = [f"{where}: {key!r} is missing" for key in shape if key not in data]
    found += [
        f"{where}: {key!r} has a wrong value: {data[key]!r}"
        for key in shape
        if key in data and not shape[key](data[key])
    ]
    return found
