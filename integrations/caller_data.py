"""What caller-data systems share: numbers of the North American plan, and vendor JSON as flat text values."""

import re
from collections.abc import Iterator
from typing import Any

NORTH_AMERICAN = re.compile(r"^\+?1?([2-9]\d{2}[2-9]\d{6})$")
DEPTH = 4


def ten_digits(phone: str) -> str:
    """The ten digits of a North American number, empty for any other."""
    found = NORTH_AMERICAN.match(re.sub(r"[\s().-]", "", phone))
    return found[1] if found and (phone.startswith("+1") or not phone.startswith("+")) else ""


def flat(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Paths and texts of nested JSON: `phone.0.number`. Null and empty values are left out."""
    if isinstance(value, dict) and depth < DEPTH:
        for key, member in value.items():
            yield from flat(member, f"{path}.{key}" if path else str(key), depth + 1)
    elif isinstance(value, list) and depth < DEPTH:
        for number, member in enumerate(value[:10]):
            yield from flat(member, f"{path}.{number}", depth + 1)
    elif isinstance(value, bool):
        yield path, "true" if value else "false"
    elif isinstance(value, str | int | float) and str(value).strip():
        yield path, str(value).strip()


def e164(number: str) -> str:
    """A North American number as +1 and ten digits; anything else as it is."""
    digits = ten_digits(number)
    return f"+1{digits}" if digits else number


def name_case(text: str) -> str:
    """Names that come in capitals only, as a person writes them."""
    return text.title() if text.isupper() else text


def joined(*parts: str, by: str = " ") -> str:
    return by.join(part for part in parts if part)
