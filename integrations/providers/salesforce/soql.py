"""SOQL and SOSL, Salesforce's query and search languages: what we build, and how values are written in them.

Escapes after the SOQL and SOSL Reference ("Quoted String Escape Sequences", "FIND {SearchQuery}")."""

import re
from collections.abc import Iterable

from .answers import object_name

ESCAPES = {
    "\\": r"\\", "'": r"\'", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\b": r"\b", "\f": r"\f",
}  # fmt: skip
RESERVED = re.compile(r"""([?&|!{}\[\]()^~*:\\"'+-])""")
TAIL = re.compile(r"\s*(?:ORDER\s+BY|LIMIT|OFFSET|WITH|GROUP\s+BY)\b", re.IGNORECASE)
LIMIT = re.compile(r"\bLIMIT\s+\d+", re.IGNORECASE)
LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL)
WHOLE = re.compile(r"\s*SELECT\b", re.IGNORECASE)
SOSL = re.compile(r"\s*FIND\s*\{", re.IGNORECASE)
MOST_WITH_ALL_FIELDS = 200  # FIELDS(ALL) is allowed with a LIMIT of at most this


def literal(text: str) -> str:
    """The text as a quoted value."""
    return "'" + "".join(ESCAPES.get(character, character) for character in text) + "'"


def containing(text: str) -> str:
    """The operand of a LIKE that holds for every value with the text in it; `%` and `_` stand for themselves."""
    inside = re.sub(r"([%_])", r"\\\1", literal(text)[1:-1])
    return f"'%{inside}%'"


def query(fields: Iterable[str], kind: str, where: str = "", *, newest: bool = False, limit: int = 0) -> str:
    """A query from parts that are SOQL already; values in `where` are `literal`s."""
    parts = ["SELECT", ", ".join(fields), "FROM", object_name(kind)]
    parts += ["WHERE", where] if where else []
    parts += ["ORDER BY CreatedDate DESC"] if newest else []
    parts += ["LIMIT", str(limit)] if limit else []
    return " ".join(parts)


def select(kind: str, wanted: str, limit: int) -> str:
    """A whole query from what an administrator wrote: a SELECT as it is, or a condition to all fields of an object.

    A missing LIMIT is added."""
    text = wanted.strip().rstrip(";")
    if not WHOLE.match(text):
        condition, tail = ("", text) if TAIL.match(text) else (text, "")
        text = f"{query(('FIELDS(ALL)',), kind, condition)} {tail}".strip()
        limit = min(limit, MOST_WITH_ALL_FIELDS)
    return text if LIMIT.search(LITERAL.sub("''", text)) else f"{text} LIMIT {limit}"


def is_sosl(wanted: str) -> bool:
    return bool(SOSL.match(wanted))


def term(text: str) -> str:
    """A word for FIND {...}: reserved characters stand for themselves."""
    return RESERVED.sub(r"\\\1", text)
