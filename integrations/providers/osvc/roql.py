"""ROQL, RightNow's query language: `SELECT id, subject FROM incidents WHERE subject LIKE 'Call%' LIMIT 10`.

How a quote inside a text is written is not confirmed (a backslash, or doubled): a guess that is wrong would end the
text and let what follows become part of the query. So no quote ever leaves: it is refused, or becomes the wildcard `_`
where the answer is compared afterwards anyway. Names are not case-sensitive."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from integrations.errors import Cause, Rejected

# A dot leads to a part of the record (`name.first`) or into a package (`CO.Vehicle`).
NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_$]*(\.[A-Za-z][A-Za-z0-9_$]*)*$")
WHOLE_STATEMENT = re.compile(
    r"^select\s+(?P<columns>.+?)\s+from\s+(?P<kind>[A-Za-z][\w.$]*)\b", re.IGNORECASE | re.DOTALL
)
LIMITED = re.compile(r"\slimit\s+\d+(\s+offset\s+\d+|\s*,\s*\d+)?$", re.IGNORECASE)
ALIAS = re.compile(r"\sas\s+(\w+)$", re.IGNORECASE)
TEXT = re.compile(r"'[^']*'")
UNSAFE = re.compile(r"['\\\x00-\x1f]")


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT. `columns` are its columns in order, as asked: answers are read by position."""

    text: str
    columns: tuple[str, ...]


def name(text: str) -> str:
    """The text as the name of an object or column. Raises `Rejected`."""
    if not NAME.match(text):
        raise Rejected(f'"{text[:80]}" is not the name of an object in Oracle Service Cloud.', cause=Cause.INVALID_DATA)
    return text


def literal(text: str) -> str:
    """The text between quotes. Raises `Rejected` for what could end it."""
    if UNSAFE.search(text):
        raise Rejected(
            "The value holds a quote, a backslash or a control character, which cannot be asked for safely in ROQL. "
            "Nothing was sent.",
            cause=Cause.INVALID_DATA,
        )
    return f"'{text}'"


def one_of(column: str, texts: Iterable[str]) -> str:
    return f"{column} IN ({', '.join(map(literal, texts))})"


def containing(column: str, text: str) -> str:
    return f"{column} LIKE {literal(f'%{text}%')}"


def equal(column: str, text: str) -> str:
    """A condition that holds for this text, and with a quote in it for a few others: compare what comes back."""
    wider = UNSAFE.sub("_", text)
    return f"{column} {'=' if wider == text else 'LIKE'} {literal(wider)}"


def select(columns: Iterable[str], kind: str, condition: str, limit: int) -> Statement:
    chosen = tuple(columns)
    where = f" WHERE {condition}" if condition else ""
    text = f"SELECT {', '.join(chosen)} FROM {name(kind)}{where} LIMIT {limit}"  # noqa: S608 - values are `literal`s
    return Statement(text, chosen)


def written(query: str, kind: str, columns: Iterable[str], limit: int) -> Statement:
    """What an author wrote: a condition on `kind`, or a whole SELECT whose columns are then the author's choice.

    Raises `Rejected` for two statements in one, for another object than `kind`, and without the column `id`."""
    text = " ".join(query.split()).rstrip("; ")
    if ";" in TEXT.sub("", text):
        raise Rejected("The query holds more than one statement.", cause=Cause.INVALID_DATA)
    whole = WHOLE_STATEMENT.match(text)
    if whole is None:
        return select(columns, kind, text, limit)
    chosen = tuple(_columns(whole["columns"]))
    if whole["kind"].casefold() != kind.casefold():
        raise Rejected(f"The query selects from {whole['kind']}, the object type is {kind}.", cause=Cause.INVALID_DATA)
    if "id" not in map(str.casefold, chosen):
        raise Rejected("The query must select the column id, or its records cannot be used.", cause=Cause.INVALID_DATA)
    return Statement(text if LIMITED.search(text) else f"{text} LIMIT {limit}", chosen)


def _columns(text: str) -> list[str]:
    """Columns between commas that stand outside of brackets: `id, date_add(createdTime, 1) AS later`."""
    parts, depth = [""], 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [_called(part.strip()) for part in parts]


def _called(column: str) -> str:
    alias = ALIAS.search(column)
    return alias[1] if alias else column
