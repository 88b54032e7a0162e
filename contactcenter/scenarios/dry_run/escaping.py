"""What became of a variable's value on its way into a query, an address or a field: the value as it came, and the text
as it was written, with what was added, removed or kept."""

import re
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from typing import Any

from contactcenter.scenarios.substitution import VARIABLE, names

KEPT, ADDED, REMOVED = "kept", "added", "removed"
LONGEST = 2000
MOST_VALUES = 40


def values_of(template: Any, written: Any, lookup: Callable[[str], str]) -> list[dict[str, Any]]:
    """One entry per variable of the template: {"name", "raw", "written", "pieces", "changed"}; `written` is None where
    the text was never put together. `pieces` is a list of (what, text).

    Templates inside objects and lists (fields of a record) are looked at one by one."""
    found: list[dict[str, Any]] = []
    for one, text in _leaves(template, written):
        parts = _parts(one, text) if isinstance(text, str) else {}
        for name in names(one):
            if not any(each["name"] == name and each["written"] == parts.get(name) for each in found):
                found.append(_entry(name, lookup(name)[:LONGEST], parts.get(name)))
    return found[:MOST_VALUES]


def _leaves(template: Any, written: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(template, str):
        yield template, written
    elif isinstance(template, dict):
        for name, each in template.items():
            yield from _leaves(each, written.get(name) if isinstance(written, dict) else None)


def _parts(template: str, written: str) -> dict[str, str]:
    """The text that stands in the place of each variable. What is around the variables is the same in both."""
    pattern, place, seen = "", 0, []
    for number, match in enumerate(VARIABLE.finditer(template)):
        pattern += re.escape(template[place : match.start()])
        # The same name twice has the same text in most languages; the first one is shown.
        pattern += f"(?P<v{number}>.*?)"
        seen.append(match[1])
        place = match.end()
    found = re.fullmatch(pattern + re.escape(template[place:]), written[: 10 * LONGEST], re.DOTALL)
    if not found:
        return {}
    parts: dict[str, str] = {}
    for number, name in enumerate(seen):
        parts.setdefault(name, found[f"v{number}"][:LONGEST])
    return parts


def _entry(name: str, raw: str, written: str | None) -> dict[str, Any]:
    pieces = list(pieces_of(raw, written)) if written is not None else []
    return {"name": name, "raw": raw, "written": written, "pieces": pieces, "changed": written not in (None, raw)}


def pieces_of(raw: str, written: str) -> Iterator[tuple[str, str]]:
    """The two texts as one: what stayed, what was added for safety, what was left out."""
    for what, i1, i2, j1, j2 in SequenceMatcher(None, raw, written, autojunk=False).get_opcodes():
        if what == "equal":
            yield KEPT, raw[i1:i2]
            continue
        if i2 > i1:
            yield REMOVED, raw[i1:i2]
        if j2 > j1:
            yield ADDED, written[j1:j2]
