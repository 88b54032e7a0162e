"""Zendesk's search language, an honest part of it: `type:ticket status<solved -tags:spam requester:a@b.example "a b"`.

Terms are joined by AND, several values of one property by OR; `-` in front turns a term round; quotation marks hold
words together; `*` stands for the rest of a word (support.zendesk.com, "Zendesk Support search reference")."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .store import Record, Store, digits

TERM = re.compile(r'(?P<minus>-)?(?:(?P<field>[A-Za-z_][\w.]*)(?P<operator>>=|<=|:|>|<))?(?P<value>"[^"]*"|[^\s"]+)')
STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
PRIORITIES = ("low", "normal", "high", "urgent")
TIMES = {"created": "created_at", "updated": "updated_at"}
PEOPLE = {"requester": "requester_id", "assignee": "assignee_id", "submitter": "submitter_id"}
PLAIN: dict[str, tuple[str, ...]] = {
    "ticket": ("subject", "description", "external_id", "type", "group_id"),
    "user": ("name", "email", "role", "external_id", "notes", "details"),
    "organization": ("name", "external_id", "notes", "details"),
}
WORDS = {"ticket": ("subject", "description"), "user": ("name", "email", "notes"), "organization": ("name", "notes")}
Warn = Callable[[str], None]


@dataclass(frozen=True)
class Term:
    field: str
    operator: str
    value: str
    negated: bool


def parse(text: str) -> list[Term]:
    found = []
    for match in TERM.finditer(text):
        value = match["value"].strip('"')
        found.append(Term((match["field"] or "").lower(), match["operator"] or "", value, bool(match["minus"])))
    return found


def kinds(terms: list[Term]) -> set[str]:
    """Which kinds are searched: all, where the query does not say."""
    named = {term.value.lower() for term in terms if term.field == "type" and not term.negated}
    return named or {"ticket", "user", "organization"}


def matches(store: Store, kind: str, record: Record, terms: list[Term], warn: Warn) -> bool:
    wanted: dict[str, list[bool]] = {}
    for number, term in enumerate(terms):
        if term.field == "type":
            continue
        holds = _holds(store, kind, record, term, warn)
        if term.negated:
            if holds:
                return False
            continue
        # Bare words and comparisons must all hold; equal properties hold if one of their values does.
        group = term.field if term.operator == ":" else f"{number}"
        wanted.setdefault(group, []).append(holds)
    return all(any(group) for group in wanted.values())


def _holds(store: Store, kind: str, record: Record, term: Term, warn: Warn) -> bool:
    if not term.field:
        return any(_word(str(record.get(name) or ""), term.value) for name in WORDS[kind])
    if term.field in TIMES:
        return _compared(str(record[TIMES[term.field]])[: len(term.value)], term)
    if kind == "ticket" and term.field in ("status", "priority"):
        return _ranked(record.get(term.field), term, STATUSES if term.field == "status" else PRIORITIES)
    if kind == "ticket" and term.field in PEOPLE:
        return _person(store, record.get(PEOPLE[term.field]), term.value)
    if kind == "user" and term.field == "phone":
        return _phone(store, record, term.value, warn)
    if term.field == "tags":
        return _none(record["tags"], term) or term.value.lower() in [tag.lower() for tag in record["tags"]]
    if kind != "organization" and term.field == "organization":
        return _organization(store, record.get("organization_id"), term.value)
    if kind == "user" and term.field in ("suspended", "verified"):
        return str(record[term.field]).lower() == term.value.lower()
    if kind == "ticket" and term.field.startswith("custom_field_"):
        values = {f"custom_field_{f['id']}": f["value"] for f in record["custom_fields"]}
        return _text(values.get(term.field), term)
    if term.field in PLAIN[kind]:
        return _text(record.get(term.field), term)
    warn(f"search: {kind} has no property {term.field!r}; the term matches nothing")
    return False


def _none(value: Any, term: Term) -> bool:
    return term.value.lower() == "none" and not value


def _text(value: Any, term: Term) -> bool:
    if _none(value, term):
        return True
    text, wanted = str(value if value is not None else "").casefold(), term.value.casefold()
    if term.field in ("subject", "description", "name", "notes", "details"):
        return _word(text, wanted)
    return bool(re.fullmatch(re.escape(wanted).replace(r"\*", ".*"), text))


def _word(text: str, wanted: str) -> bool:
    pattern = re.escape(wanted.casefold()).replace(r"\*", r"\w*")
    return re.search(rf"(?<!\w){pattern}(?!\w)", text.casefold()) is not None


def _compared(value: str, term: Term) -> bool:
    tests = {":": value == term.value, ">": value > term.value, "<": value < term.value}
    tests |= {">=": value >= term.value, "<=": value <= term.value}
    return tests[term.operator]


def _ranked(value: Any, term: Term, order: tuple[str, ...]) -> bool:
    if term.operator == ":":
        return str(value or "none").lower() == term.value.lower()
    if value not in order or term.value.lower() not in order:
        return False
    return _compared(
        str(order.index(value)), Term(term.field, term.operator, str(order.index(term.value.lower())), False)
    )


def _person(store: Store, number: Any, wanted: str) -> bool:
    user = store.get("user", number) if number else None
    if user is None:
        return wanted.lower() == "none"
    known = {str(user["id"]), str(user["email"]).casefold(), user["name"].casefold()}
    return wanted.casefold() in known


def _organization(store: Store, number: Any, wanted: str) -> bool:
    home = store.get("organization", number) if number else None
    return wanted.lower() == "none" if home is None else wanted.casefold() in (str(home["id"]), home["name"].casefold())


def _phone(store: Store, user: Record, wanted: str, warn: Warn) -> bool:
    """Digits only, with an asterisk for any others in front or behind (Talk Partner Edition guide)."""
    if not wanted.strip("*").isdecimal():
        warn("search: phone takes digits only, with an asterisk or without; this matches nobody")
        return False
    pattern = re.escape(wanted).replace(r"\*", r"\d*")
    return any(re.fullmatch(pattern, digits(text)) for text in store.phones(user))
