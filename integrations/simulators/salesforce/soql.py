"""SOQL, as much of it as clients of a call centre use: SELECT, WHERE with AND, OR, NOT, comparisons, LIKE and IN, ORDER
BY, LIMIT, OFFSET, COUNT(), FIELDS() and parents' fields (SOQL and SOSL Reference). Everything else is refused in
Salesforce's words instead of being guessed at."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import schema
from .errors import Refused
from .store import Row, Store
from .values import compare, folded, like_pattern, malformed, moments, unescaped

TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^'\\]|\\.)*')|(?P<date>\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))?)|"
    r"(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w.]*(?::\d+)?)|(?P<mark><=|>=|!=|<>|[=<>(),]))",
    re.DOTALL,
)
COMPARISONS = ("=", "!=", "<>", "<", ">", "<=", ">=")
MOST_WITH_FIELDS = 200
Hidden = Callable[[str, str], bool]
Test = Callable[[Row], bool]


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    at: int

    def says(self, *words: str) -> bool:
        return self.kind in ("name", "mark") and self.text.upper() in words


@dataclass
class Query:
    entity: schema.Entity
    fields: list[str]
    test: Test = lambda row: True
    order: list[tuple[str, bool, bool]] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0
    counts: bool = False


def tokens_of(text: str) -> list[Token]:
    found, place = [], 0
    while text[place:].strip():
        match = TOKEN.match(text, place)
        if not match:
            at = place + len(text[place:]) - len(text[place:].lstrip())
            character = text[at]
            raise malformed(f"line 1:{at} no viable alternative at character '{character}'")
        kind = str(match.lastgroup)
        found.append(Token(kind, match[kind], match.start(kind)))
        place = match.end()
    return found


class Parser:
    """Recursive descent. `hidden(object, field)` says what the user may not see: it does not exist for a query."""

    def __init__(self, text: str, store: Store, hidden: Hidden, readable: Callable[[str], bool]) -> None:
        self.tokens = tokens_of(text)
        self.place = 0
        self.store = store
        self.hidden = hidden
        self.readable = readable

    # -- tokens

    def peek(self) -> Token:
        return self.tokens[self.place] if self.place < len(self.tokens) else Token("end", "<EOF>", 0)

    def next(self) -> Token:
        token = self.peek()
        self.place += 1
        return token

    def takes(self, *words: str) -> bool:
        if self.peek().says(*words):
            self.place += 1
            return True
        return False

    def needs(self, *words: str) -> None:
        token = self.next()
        if not token.says(*words):
            raise malformed(f"unexpected token: '{token.text}' (expected {' or '.join(words)})")

    def name(self) -> str:
        token = self.next()
        if token.kind != "name":
            raise malformed(f"unexpected token: '{token.text}'")
        return token.text

    def number(self) -> int:
        token = self.next()
        if token.kind != "number" or not token.text.isdigit():
            raise malformed(f"unexpected token: '{token.text}'")
        return int(token.text)

    # -- the statement

    def query(self) -> Query:
        self.needs("SELECT")
        start = self.place
        while not self.peek().says("FROM") and self.peek().kind != "end":
            self.place += 1
        end = self.place
        self.needs("FROM")
        entity = entity_of(self.name(), self.readable)
        query = self._selected(entity, self.tokens[start:end])
        self._rest(query)
        if self.peek().kind != "end":
            raise malformed(f"unexpected token: '{self.peek().text}'")
        return query

    def condition(self, entity: schema.Entity) -> Test:
        return self._either(entity)

    def _selected(self, entity: schema.Entity, listed: list[Token]) -> Query:
        text = "".join(token.text for token in listed)
        if text.upper() == "COUNT()":
            return Query(entity, [], counts=True)
        names = text.split(",") if text else [""]
        fields: list[str] = []
        for name in names:
            group = re.fullmatch(r"FIELDS\((ALL|STANDARD|CUSTOM)\)", name, re.IGNORECASE)
            found = self._group(entity, group[1].upper()) if group else [self._path(entity, name)]
            duplicate = next((each for each in found if each in fields), "")
            if duplicate:
                raise malformed(f"duplicate field selected: {duplicate}", "INVALID_FIELD")
            fields += found
        query = Query(entity, fields)
        query.offset = -1 if re.search(r"FIELDS\((ALL|CUSTOM)\)", text, re.IGNORECASE) else 0
        return query

    def _group(self, entity: schema.Entity, which: str) -> list[str]:
        names = [name for name in entity.fields if not self.hidden(entity.name, name)]
        if which == "ALL":
            return names
        return [name for name in names if name.endswith("__c") == (which == "CUSTOM")]

    def _path(self, entity: schema.Entity, text: str) -> str:
        """`Phone` or `Account.Name`, spelt as the organisation spells it."""
        if not re.fullmatch(r"[A-Za-z_][\w.]*", text):
            raise malformed(f"unexpected token: '{text or 'FROM'}'")
        parent, dot, name = text.rpartition(".")
        if not dot:
            found = schema.field_name(entity, name)
            if not found or self.hidden(entity.name, found):
                raise no_column(name, entity.name)
            return found
        reference = schema.relation(entity, parent)
        if not reference or self.hidden(entity.name, reference):
            raise malformed(
                f"Didn't understand relationship '{parent}' in field path. If you are attempting to use a custom "
                "relationship, be sure to append the '__r' after the custom relationship name.", "INVALID_FIELD",
            )  # fmt: skip
        target = schema.ENTITIES[entity.fields[reference].to[0]]
        return f"{entity.fields[reference].relation}.{self._path(target, name)}"

    def _rest(self, query: Query) -> None:
        needs_limit = query.offset < 0
        query.offset = 0
        if self.takes("WHERE"):
            query.test = self.condition(query.entity)
        if self.takes("ORDER"):
            self.needs("BY")
            query.order = self._order(query.entity)
        if self.takes("LIMIT"):
            query.limit = self.number()
        if self.takes("OFFSET"):
            query.offset = self.number()
        if needs_limit and (query.limit is None or query.limit > MOST_WITH_FIELDS):
            raise malformed("The SOQL FIELDS function must have a LIMIT of at most 200")

    def _order(self, entity: schema.Entity) -> list[tuple[str, bool, bool]]:
        found = []
        while True:
            name = self._path(entity, self.name())
            falling = not self.takes("ASC") and self.takes("DESC")
            last = False
            if self.takes("NULLS"):
                last = self.peek().says("LAST")
                self.needs("FIRST", "LAST")
            found.append((name, falling, last))
            if not self.takes(","):
                return found

    # -- conditions: AND and OR may not stand beside each other without parentheses

    def _either(self, entity: schema.Entity) -> Test:
        tests = [self._single(entity)]
        joint = ""
        while self.peek().says("AND", "OR"):
            word = self.next().text.upper()
            if joint and word != joint:
                raise malformed(f"unexpected token: '{word}'")
            joint = word
            tests.append(self._single(entity))
        every = all if joint != "OR" else any
        return lambda row: every(test(row) for test in tests)

    def _single(self, entity: schema.Entity) -> Test:
        if self.takes("NOT"):
            inner = self._single(entity)
            return lambda row: not inner(row)
        if self.takes("("):
            inner = self._either(entity)
            self.needs(")")
            return inner
        return self._comparison(entity)

    def _comparison(self, entity: schema.Entity) -> Test:
        path = self._path(entity, self.name())
        kind = kind_of(entity, path)
        if not kind.filterable:
            raise malformed(f"field '{path}' can not be filtered in a query call", "INVALID_FIELD")
        if self.takes("LIKE"):
            return self._like(entity, path)
        negated = self.takes("NOT")
        if self.takes("IN"):
            values = self._list(path, kind)
            return lambda row: (folded(self.value(entity, row, path)) in values) != negated
        token = self.next()
        if negated or not token.says(*COMPARISONS):
            raise malformed(f"unexpected token: '{token.text}'")
        low, high = self._operand(path, kind)
        return lambda row: compare(token.text, folded(self.value(entity, row, path)), low, high)

    def _like(self, entity: schema.Entity, path: str) -> Test:
        token = self.next()
        if token.kind != "string":
            raise malformed(f"unexpected token: '{token.text}'")
        pattern = re.compile(like_pattern(token.text[1:-1]), re.IGNORECASE | re.DOTALL)
        return lambda row: bool(pattern.fullmatch(str(self.value(entity, row, path) or "")))

    def _list(self, path: str, kind: schema.Field) -> list[Any]:
        self.needs("(")
        found = [self._operand(path, kind)[0]]
        while self.takes(","):
            found.append(self._operand(path, kind)[0])
        self.needs(")")
        return found

    def _operand(self, path: str, kind: schema.Field) -> tuple[Any, Any]:
        """The value, and for a day or a range of days its end."""
        token = self.next()
        if token.says("NULL"):
            return None, None
        if token.kind == "string" and kind.type in schema.TEXTUAL:
            value = folded(unescaped(token.text[1:-1]))
            return (value, value)
        if token.says("TRUE", "FALSE") and kind.type == schema.BOOLEAN:
            return (token.text.upper() == "TRUE",) * 2
        if token.kind == "number" and kind.type == schema.INTEGER:
            return (float(token.text),) * 2
        if kind.type in (schema.DATETIME, schema.DATE) and token.kind in ("date", "name"):
            return moments(token.text, kind.type)
        quoted = "and should be enclosed in quotes" if kind.type in schema.TEXTUAL else "and should not be in quotes"
        raise malformed(
            f"value of filter criterion for field '{path}' must be of type {kind.type} {quoted}", "INVALID_FIELD"
        )

    # -- values of rows

    def value(self, entity: schema.Entity, row: Row, path: str) -> Any:
        return value_of(self.store, entity, row, path)


def entity_of(name: str, readable: Callable[[str], bool]) -> schema.Entity:
    entity = schema.by_name(name)
    if entity is None or not readable(entity.name):
        raise malformed(f"sObject type '{name}' is not supported.", "INVALID_TYPE")
    return entity


def no_column(name: str, entity: str) -> Refused:
    return malformed(
        f"No such column '{name}' on entity '{entity}'. If you are attempting to use a custom field, be sure to append "
        "the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate "
        "names.", "INVALID_FIELD",
    )  # fmt: skip


def kind_of(entity: schema.Entity, path: str) -> schema.Field:
    parent, dot, name = path.rpartition(".")
    if not dot:
        return entity.fields[name]
    reference = entity.fields[schema.relation(entity, parent)]
    return schema.ENTITIES[reference.to[0]].fields[name]


def value_of(store: Store, entity: schema.Entity, row: Row, path: str) -> Any:
    parent, dot, name = path.rpartition(".")
    if not dot:
        return row.get(name)
    found = store.find(str(row.get(schema.relation(entity, parent)) or ""))
    return found[1].get(name) if found else None


def run(query: Query, store: Store) -> list[Row]:
    """The rows, sorted and cut; nulls first unless said otherwise."""
    found = [row for row in store.of(query.entity) if query.test(row)]
    for path, falling, last in reversed(query.order):
        filled = [row for row in found if value_of(store, query.entity, row, path) is not None]
        empty = [row for row in found if value_of(store, query.entity, row, path) is None]
        filled.sort(key=lambda row: folded(value_of(store, query.entity, row, path)), reverse=falling)
        found = filled + empty if last else empty + filled
    end = None if query.limit is None else query.offset + query.limit
    return found[query.offset : end]
