"""A small honest reader of ROQL: what it does not know it refuses, as the product does.

`SELECT columns FROM object [alias] [WHERE ...] [ORDER BY column [ASC|DESC]] [LIMIT n] [OFFSET n]`, conditions with
AND, OR, NOT, brackets, =, !=, <>, <, <=, >, >=, [NOT] LIKE, [NOT] IN, IS [NOT] NULL. Names are not case-sensitive. A
path into a list (`phones.rawNumber`) joins: the record comes once per entry. A quote inside a text is written `\\'`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .store import LISTS, Record, Store, Unknown

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:\\.|[^'\\])*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w$]*(?:\.[A-Za-z_][\w$]*)*)"
    r"|(?P<sign><=|>=|!=|<>|[=<>(),;*]))"
)
# What SOAP calls the entries of a list, and the steps that lead to a referenced record, add nothing to a path.
SKIPPED = {"emaillist", "phonelist", "notelist", "threadlist", "contact"}
# Fields of the product that are empty on this site's records.
EMPTY = {
    "contacts": {"title", "organization.id", "organization.lookupname"},
    "incidents": {"assignedto.account.id", "organization.id", "primarycontact.id"},
    "organizations": set[str](),
    "accounts": set[str](),
}
LIST_FIELDS = {
    "phones": {"number", "rawnumber", "phonetype.id", "phonetype.lookupname", "id"},
    "emails": {"address", "addresstype.id", "addresstype.lookupname", "id"},
    "notes": {"text", "id", "createdtime"},
    "threads": {"text", "id", "createdtime", "entrytype.id", "entrytype.lookupname"},
}
Row = dict[str, Any]
Test = Callable[[Row], bool]
MOST_ROWS = 20_000


class BadQuery(Exception):
    """The words of the refusal."""


@dataclass
class Table:
    """The answer to one statement."""

    name: str
    columns: list[str]
    rows: list[list[str | None]]


@dataclass(frozen=True)
class Token:
    kind: str
    text: str


def run(store: Store, query: str) -> list[Table]:
    """All statements of the query, which are separated by semicolons. Raises `BadQuery`."""
    statements: list[list[Token]] = [[]]
    for token in tokens(query):
        if token.text == ";" and token.kind == "sign":
            statements.append([])
        else:
            statements[-1].append(token)
    found = [Reader(store, statement).table() for statement in statements if statement]
    if not found:
        raise BadQuery("The query is empty")
    return found


def tokens(query: str) -> list[Token]:
    found, place, text = [], 0, query.strip()
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise BadQuery(f"Syntax error near: {text[place : place + 20]}")
        kind = str(match.lastgroup)
        found.append(Token(kind, match[kind]))
        place = match.end()
    return found


class Reader:
    """One statement, read from left to right."""

    def __init__(self, store: Store, words: list[Token]) -> None:
        self.store, self.words, self.place = store, words, 0
        self.kind, self.alias = self._from()
        self.lists: set[str] = set()

    def table(self) -> Table:
        self._keyword("SELECT")
        columns, paths = self._columns()
        self._skip_from()
        test = self._or() if self._take("WHERE") else (lambda row: True)
        order, limit, offset = self._order(), self._number("LIMIT"), self._number("OFFSET")
        if self.place < len(self.words):
            raise BadQuery(f"Syntax error near: {self.words[self.place].text}")
        rows = [row for record in self.store.all(self.kind) for row in joined(record, self.lists) if test(row)]
        if order:
            path, descending = order
            rows.sort(key=lambda row: (value(row, path) is None, value(row, path)), reverse=descending)
        kept = rows[offset or 0 :][: min(MOST_ROWS if limit is None else limit, MOST_ROWS)]
        return Table(self.kind, columns, [[shown(value(row, path)) for path in paths] for row in kept])

    # -- parts

    def _from(self) -> tuple[str, str]:
        """Looked for first, because every column is checked against its object."""
        for number, word in enumerate(self.words[:-1]):
            if word.kind == "name" and word.text.upper() == "FROM":
                try:
                    kind = self.store.kind(self.words[number + 1].text)
                except Unknown:
                    raise BadQuery(f"Unknown table or object '{self.words[number + 1].text}'") from None
                following = self.words[number + 2] if number + 2 < len(self.words) else Token("", "")
                reserved = {"WHERE", "ORDER", "LIMIT", "OFFSET"}
                named = following.kind == "name" and following.text.upper() not in reserved
                return kind, following.text if named else ""
        raise BadQuery("Syntax error: SELECT ... FROM ... is expected")

    def _skip_from(self) -> None:
        self._keyword("FROM")
        self.place += 2 if self.alias else 1

    def _columns(self) -> tuple[list[str], list[str]]:
        columns, paths = [], []
        while True:
            word = self._next("name")
            columns.append(word.partition(".")[2] if self.alias and word.partition(".")[0] == self.alias else word)
            paths.append(self._path(word))
            if not self._take(","):
                return columns, paths

    def _path(self, text: str) -> str:
        steps = text.lower().split(".")
        if self.alias and steps[0] == self.alias.lower():
            steps = steps[1:]
        steps = [step for number, step in enumerate(steps) if not (number and step in SKIPPED)]
        path = ".".join(steps)
        if not self._known(path):
            raise BadQuery(f"Unknown column '{text}' on object '{self.kind}'")
        if steps[0] in LISTS:
            self.lists.add(steps[0])
        return path

    def _known(self, path: str) -> bool:
        head, _, rest = path.partition(".")
        records = self.store.all(self.kind)
        if head in LISTS:
            return rest in LIST_FIELDS[head] and any(head in record for record in records)
        return path in EMPTY[self.kind] or any(is_leaf(lower(record), path) for record in records)

    def _order(self) -> tuple[str, bool] | None:
        if not self._take("ORDER"):
            return None
        self._keyword("BY")
        path = self._path(self._next("name"))
        descending = self._take("DESC")
        if not descending:
            self._take("ASC")
        return path, descending

    def _number(self, keyword: str) -> int | None:
        return int(self._next("number")) if self._take(keyword) else None

    # -- conditions

    def _or(self) -> Test:
        tests = [self._and()]
        while self._take("OR"):
            tests.append(self._and())
        return lambda row: any(test(row) for test in tests)

    def _and(self) -> Test:
        tests = [self._not()]
        while self._take("AND"):
            tests.append(self._not())
        return lambda row: all(test(row) for test in tests)

    def _not(self) -> Test:
        if self._take("NOT"):
            inner = self._not()
            return lambda row: not inner(row)
        if self._take("("):
            grouped = self._or()
            self._keyword(")")
            return grouped
        return self._condition()

    def _condition(self) -> Test:
        path = self._path(self._next("name"))
        if self._take("IS"):
            absent = not self._take("NOT")
            self._keyword("NULL")
            return lambda row: (value(row, path) is None) is absent
        negative = self._take("NOT")
        if self._take("LIKE"):
            pattern = like(self._literal())
            return present(path, lambda found: bool(pattern.fullmatch(plain(found))) is not negative)
        if self._take("IN"):
            wanted = {folded(text) for text in self._literals()}
            return present(path, lambda found: (folded(found) in wanted) is not negative)
        return self._comparison(path)

    def _comparison(self, path: str) -> Test:
        sign = self._next("sign")
        comparisons: dict[str, Callable[[Any, Any], bool]] = {
            "=": lambda a, b: bool(a == b), "!=": lambda a, b: bool(a != b), "<>": lambda a, b: bool(a != b),
            "<": lambda a, b: bool(a < b), "<=": lambda a, b: bool(a <= b),
            ">": lambda a, b: bool(a > b), ">=": lambda a, b: bool(a >= b),
        }  # fmt: skip
        if sign not in comparisons:
            raise BadQuery(f"Syntax error near: {sign}")
        compare, wanted = comparisons[sign], self._literal()
        return present(path, lambda found: compare(*ordered(found, wanted)))

    def _literals(self) -> list[str]:
        self._keyword("(")
        found = [self._literal()]
        while self._take(","):
            found.append(self._literal())
        self._keyword(")")
        return found

    def _literal(self) -> str:
        word = self._next("text", "number", "name")
        if word.startswith("'"):
            return re.sub(r"\\(.)", r"\1", word[1:-1])
        if word[0].isalpha() and word.lower() not in ("true", "false"):
            raise BadQuery(f"Syntax error near: {word}")
        return word

    # -- words

    def _take(self, keyword: str) -> bool:
        word = self.words[self.place] if self.place < len(self.words) else Token("", "")
        if word.kind != "text" and word.text.upper() == keyword:
            self.place += 1
            return True
        return False

    def _keyword(self, keyword: str) -> None:
        if not self._take(keyword):
            raise BadQuery(f"Syntax error: {keyword} is expected")

    def _next(self, *kinds: str) -> str:
        if self.place >= len(self.words) or self.words[self.place].kind not in kinds:
            near = self.words[self.place].text if self.place < len(self.words) else "the end"
            raise BadQuery(f"Syntax error near: {near}")
        self.place += 1
        return self.words[self.place - 1].text


def present(path: str, test: Callable[[Any], bool]) -> Test:
    """Of what is empty only IS NULL holds, as in SQL."""
    return lambda row: value(row, path) is not None and test(value(row, path))


def joined(record: Record, lists: set[str]) -> list[Row]:
    """The record once per combination of entries of the lists that the statement mentions."""
    low = lower(record)
    names = sorted(name for name in lists if low.get(name))
    entries = [low[name] for name in names]
    empty: Row = {name: {} for name in lists}
    return [
        {**low, **empty, **dict(zip(names, combination, strict=True))} for combination in itertools.product(*entries)
    ]


def lower(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(name).lower(): lower(child) for name, child in node.items()}
    return [lower(child) for child in node] if isinstance(node, list) else node


def is_leaf(record: Row, path: str) -> bool:
    found = value(record, path)
    return found is not None and not isinstance(found, (dict, list))


def value(row: Row, path: str) -> Any:
    node: Any = row
    for step in path.split("."):
        node = node.get(step) if isinstance(node, dict) else None
    return node


def shown(found: Any) -> str | None:
    return None if found is None else plain(found)


def plain(found: Any) -> str:
    return "" if found is None else str(found).lower() if isinstance(found, bool) else str(found)


def folded(found: Any) -> str:
    return plain(found).casefold()


def ordered(found: Any, wanted: str) -> tuple[Any, Any]:
    if isinstance(found, int) and not isinstance(found, bool) and re.fullmatch(r"-?\d+", wanted):
        return found, int(wanted)
    return folded(found), folded(wanted)


def like(pattern: str) -> re.Pattern[str]:
    parts = [{"%": ".*", "_": "."}.get(character, re.escape(character)) for character in pattern]
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)
