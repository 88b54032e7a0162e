"""Values of SOQL: quoted texts and their escapes, patterns of LIKE, times and date literals, comparisons (SOQL and SOSL
Reference, "Quoted String Escape Sequences", "Date Formats and Date Literals")."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from . import schema
from .errors import Refused

ESCAPE = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
DAY_LITERALS = {"TODAY": (0, 1), "YESTERDAY": (-1, 0), "TOMORROW": (1, 2)}


def malformed(message: str, code: str = "MALFORMED_QUERY") -> Refused:
    return Refused(400, code, message)


def unescaped(text: str) -> str:
    """A backslash may stand before certain characters only."""

    def one(match: re.Match[str]) -> str:
        if match[1] not in ESCAPE:
            raise malformed(f"line 1: Illegal character sequence '\\{match[1]}'", "MALFORMED_QUERY")
        return ESCAPE[match[1]]

    return re.sub(r"\\(.)", one, text, flags=re.DOTALL)


def like_pattern(text: str) -> str:
    """`%` any text, `_` one character; with a backslash before them they mean themselves."""
    parts = re.findall(r"\\.|.", text, re.DOTALL)
    marks = {"%": ".*", "_": ".", r"\%": "%", r"\_": "_"}
    return "".join(marks[part] if part in marks else re.escape(unescaped(part)) for part in parts)


def folded(value: Any) -> Any:
    """Texts are compared without regard to case; times as moments."""
    if isinstance(value, str):
        return moments(value, schema.DATETIME)[0] if re.match(r"\d{4}-\d\d-\d\dT", value) else value.casefold()
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def moments(text: str, kind: str) -> tuple[Any, Any]:
    """Start and end: of a moment both are the same, of a day or a range they are not."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    word, _, count = text.upper().partition(":")
    if word in DAY_LITERALS and not count:
        first, last = DAY_LITERALS[word]
        return today + timedelta(days=first), today + timedelta(days=last)
    if word == "LAST_N_DAYS" and count.isdigit():
        return today - timedelta(days=int(count)), today + timedelta(days=1)
    try:
        moment = datetime.fromisoformat(re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", text.replace("Z", "+00:00")))
    except ValueError:
        raise malformed(f"unexpected token: '{text}'") from None
    if kind == schema.DATETIME and "T" not in text:
        raise malformed("value of filter criterion must be of type dateTime", "INVALID_FIELD")
    return (text, text) if kind == schema.DATE else (moment, moment)


def compare(sign: str, value: Any, low: Any, high: Any) -> bool:
    """Nothing is larger or smaller than null. `=` with a range means inside of it."""
    inside = value == low if low == high else value is not None and low <= value < high
    if sign in ("=", "!=", "<>"):
        return inside == (sign == "=")
    if value is None or low is None or isinstance(value, str) != isinstance(low, str):
        return False
    return {"<": value < low, "<=": value <= high, ">": value > high, ">=": value >= low}[sign]
