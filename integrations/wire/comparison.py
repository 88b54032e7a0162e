"""Two exchanges side by side: what differs between a call and the last one that went well.

Bodies are compared by meaning where they have one: JSON by its values, forms by their fields, all others by line."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.db.models import Q

from ..models import ApiCall

MOST_ROWS = 100  # per part: nobody reads more
# Different in every exchange, so they explain nothing.
NOISE = {"date", "x-request-id", "x-correlation-id"}
BETWEEN_TAGS = re.compile(r">\s*<")


@dataclass(frozen=True, slots=True)
class Difference:
    """`here` is of the call that is looked at, `there` of the one beside it; None where it has no such thing."""

    name: str
    here: str | None
    there: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the exchanges. `same` counts what is alike, `left_out` the differences above `MOST_ROWS`."""

    title: str
    rows: list[Difference] = field(default_factory=list)
    same: int = 0
    left_out: int = 0


def last_success(call: ApiCall) -> ApiCall | None:
    """The latest other call of the same account, method and path that went well."""
    address = call.url.partition("?")[0]
    alike = ApiCall.objects.filter(account=call.account_id, method=call.method, error="").exclude(pk=call.pk)
    good = alike.filter(Q(url=address) | Q(url__startswith=f"{address}?"), status__gte=200, status__lt=300)
    return good.order_by("-id").first() if call.account_id else None


def compare(here: ApiCall, there: ApiCall) -> list[Part]:
    """The parts in the order in which an exchange happens."""
    return [
        _part("Query", _query(here), _query(there)),
        _part("Headers sent", _headers(here.request_headers), _headers(there.request_headers)),
        _part("Body sent", *_bodies(here.request_body, there.request_body)),
        _part("Result", _result(here), _result(there)),
        _part("Headers of the answer", _headers(here.response_headers), _headers(there.response_headers)),
        _part("Body of the answer", *_bodies(here.response_body, there.response_body)),
    ]


def _part(title: str, here: Mapping[str, str], there: Mapping[str, str]) -> Part:
    names = list(dict.fromkeys([*here, *there]))
    rows = [Difference(n, here.get(n), there.get(n)) for n in names if here.get(n) != there.get(n)]
    return Part(title, rows[:MOST_ROWS], len(names) - len(rows), max(0, len(rows) - MOST_ROWS))


def _query(call: ApiCall) -> dict[str, str]:
    return _pairs(urlsplit(call.url).query)


def _pairs(text: str) -> dict[str, str]:
    """A query or form by name; a name that comes several times is numbered."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        number = sum(1 for known in found if known == name or known.startswith(f"{name} ("))
        found[f"{name} ({number + 1})" if number else name] = value
    return found


def _headers(headers: Mapping[str, Any]) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in headers.items() if name.lower() not in NOISE}


def _result(call: ApiCall) -> dict[str, str]:
    result = {"Status": str(call.status) if call.status is not None else "no answer"}
    return {**result, **({"Error": call.error} if call.error else {})}


# -- bodies


def _bodies(here: str, there: str) -> tuple[dict[str, str], dict[str, str]]:
    values = _json(here), _json(there)
    if all(value is not None for value in values) or _one_is_empty(here, there, values):
        left, right = (dict(flattened(value)) if value is not None else {} for value in values)
        return left, right
    if _is_form(here) and _is_form(there):
        return _pairs(here), _pairs(there)
    return _lines(here, there)


def _json(text: str) -> Any:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict | list) else None


def _one_is_empty(here: str, there: str, values: tuple[Any, Any]) -> bool:
    """An object beside nothing at all is still read as an object."""
    return (not here and values[1] is not None) or (not there and values[0] is not None)


def flattened(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The leaves of a JSON value by their path: `result[0].name`."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from flattened(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from flattened(inner, f"{path}[{number}]")
    else:
        yield path or "(all)", value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _is_form(text: str) -> bool:
    return bool(re.fullmatch(r"[^\s=&<{]+=[^\s&<]*(&[^\s=&<]+=[^\s&<]*)*", text))


def _lines(here: str, there: str) -> tuple[dict[str, str], dict[str, str]]:
    """Lines that differ, named by their number in the call that is looked at."""
    left, right = (BETWEEN_TAGS.sub(">\n<", text).splitlines() for text in (here, there))
    ours: dict[str, str] = {}
    theirs: dict[str, str] = {}
    for kind, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        name = f"Line {a + 1}" if b - a <= 1 else f"Lines {a + 1} to {b}"
        if kind == "equal":
            continue
        if a < b:
            ours[name] = "\n".join(left[a:b])
        if c < d:
            theirs[name] = "\n".join(right[c:d])
    return ours, theirs
