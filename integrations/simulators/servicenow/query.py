"""Encoded queries: `active=true^phoneIN1,2^ORmobile_phoneIN1,2^ORDERBYname`.

Grammar after ServiceNow docs, "Operators available for filters and queries": `^` and, `^OR` or with the condition
before it, `^NQ` begins another group. A term that cannot be understood is ignored and the rest runs, so the
answer is broader than what was asked; the property `glide.invalid_query.returns_no_rows` turns that around.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from .schema import columns
from .store import Record, Store

# Longest first: "NOT IN" must win over "IN", ">=" over ">".
OPERATORS = (
    "DOES NOT CONTAIN", "ISNOTEMPTY", "STARTSWITH", "ENDSWITH", "NOT LIKE", "NOTLIKE", "CONTAINS", "ISEMPTY",
    "BETWEEN", "NSAMEAS", "NOT IN", "SAMEAS", "LIKE", "IN", "!=", ">=", "<=", "=", ">", "<", "*", "%",
)  # fmt: skip
FIELD = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*")
TEXT_SEARCH = "123TEXTQUERY321="
CARET = "\x00"  # stands for the escaped "^^" while a query is cut into terms


@dataclass(frozen=True)
class Condition:
    path: str
    operator: str
    value: str


@dataclass
class Query:
    groups: list[list[list[Condition]]] = field(default_factory=list)  # or of (and of (or of conditions))
    order: list[tuple[str, bool]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def parse(text: str, table: str, store: Store, evaluate: Callable[[str], str]) -> Query:
    query = Query()
    for group in text.replace("^^", CARET).split("^NQ"):
        query.groups.append(_group(group, table, store, evaluate, query))
    return query


def _group(text: str, table: str, store: Store, evaluate: Callable[[str], str], query: Query) -> list[list[Condition]]:
    conditions: list[list[Condition]] = []
    for term in filter(None, text.split("^")):
        if term == "EQ" or _order(term, table, query):
            continue
        alternative = term.startswith("OR")
        condition = _condition(term[2:] if alternative else term, table, store, evaluate)
        if condition is None:
            query.ignored.append(term.replace(CARET, "^"))
        elif alternative and conditions:
            conditions[-1].append(condition)
        else:
            conditions.append([condition])
    return conditions


def _order(term: str, table: str, query: Query) -> bool:
    match = re.fullmatch(r"(?:ORDERBY|GROUPBY)(DESC)?([a-z0-9_.]+)", term)
    if not match:
        return False
    if match[2].split(".")[0] in columns(table):
        query.order.append((match[2], bool(match[1])))
    else:
        query.ignored.append(term)
    return True


def _condition(term: str, table: str, store: Store, evaluate: Callable[[str], str]) -> Condition | None:
    if term.startswith(TEXT_SEARCH):
        return Condition("", TEXT_SEARCH, term[len(TEXT_SEARCH) :])
    match = FIELD.match(term)
    if not match or not _exists(match[0], table):
        return None
    rest = term[match.end() :]
    operator = next((known for known in OPERATORS if rest.startswith(known)), None)
    if operator is None:
        return None
    value = rest[len(operator) :].replace(CARET, "^")
    # ServiceNow evaluates the value on the server; the reason why callers must never pass it on unchecked.
    if value.lower().startswith("javascript:"):
        value = evaluate(value[len("javascript:") :])
    return Condition(match[0], operator, value)


def _exists(path: str, table: str) -> bool:
    for step in path.split("."):
        column = columns(table).get(step) if table else None
        if column is None or column.kind == "password":
            return False
        table = column.target if column.kind == "reference" else ""
    return True


def matches(query: Query, record: Record, store: Store, *, case_sensitive: bool) -> bool:
    if not any(query.groups):
        return True
    return any(
        all(any(_holds(c, record, store, case_sensitive) for c in alternatives) for alternatives in group)
        for group in query.groups
    )


def _holds(condition: Condition, record: Record, store: Store, case_sensitive: bool) -> bool:
    fold = (lambda text: text) if case_sensitive else str.casefold
    if condition.operator == TEXT_SEARCH:
        haystack = fold(" ".join(value for key, value in record.items() if key != "user_password"))
        return all(word in haystack for word in fold(condition.value).split())
    found = store.walk(record, condition.path)
    actual = found[1].get(found[2], "") if found else ""
    return COMPARE[condition.operator](fold(actual), fold(condition.value), record, store)


def _numbers(left: str, right: str) -> tuple[float, float] | tuple[str, str]:
    try:
        return float(left), float(right)
    except ValueError:
        return left, right


def _before(left: str, right: str) -> bool:
    pair = _numbers(left, right)
    return pair[0] < pair[1]  # type: ignore[operator]


def _between(left: str, right: str) -> bool:
    low, _, high = right.partition("@")
    return not _before(left, low) and not _before(high, left)


def _same_as(left: str, right: str, record: Record, store: Store) -> bool:
    found = store.walk(record, right.lower())
    return bool(found) and left == found[1].get(found[2], "").casefold()  # type: ignore[index]


COMPARE: dict[str, Callable[[str, str, Record, Store], bool]] = {
    "=": lambda a, b, r, s: a == b,
    "!=": lambda a, b, r, s: a != b,
    ">": lambda a, b, r, s: _before(b, a),
    "<": lambda a, b, r, s: _before(a, b),
    ">=": lambda a, b, r, s: not _before(a, b),
    "<=": lambda a, b, r, s: not _before(b, a),
    "LIKE": lambda a, b, r, s: b in a,
    "CONTAINS": lambda a, b, r, s: b in a,
    "*": lambda a, b, r, s: b in a,
    "NOT LIKE": lambda a, b, r, s: b not in a,
    "NOTLIKE": lambda a, b, r, s: b not in a,
    "DOES NOT CONTAIN": lambda a, b, r, s: b not in a,
    "STARTSWITH": lambda a, b, r, s: a.startswith(b),
    "ENDSWITH": lambda a, b, r, s: a.endswith(b),
    "%": lambda a, b, r, s: a.endswith(b),
    "IN": lambda a, b, r, s: a in b.split(","),
    "NOT IN": lambda a, b, r, s: a not in b.split(","),
    "ISEMPTY": lambda a, b, r, s: not a,
    "ISNOTEMPTY": lambda a, b, r, s: bool(a),
    "BETWEEN": lambda a, b, r, s: _between(a, b),
    "SAMEAS": _same_as,
    "NSAMEAS": lambda a, b, r, s: not _same_as(a, b, r, s),
}


def ordered(query: Query, records: list[Record], store: Store) -> list[Record]:
    for path, descending in reversed(query.order):

        def key(record: Record, path: str = path) -> str:
            found = store.walk(record, path)
            return found[1].get(found[2], "").casefold() if found else ""

        records = sorted(records, key=key, reverse=descending)
    return records
