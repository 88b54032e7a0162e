"""SOSL: `FIND {term OR term} IN PHONE FIELDS RETURNING Contact(Id, Name WHERE ... LIMIT n), ... LIMIT n`.

The index is not the table: it lags behind, reads phone numbers without punctuation and finds parts of them (SOQL and
SOSL Reference, "FIND {SearchQuery}")."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from . import schema, soql
from .errors import Refused
from .store import Row, Store, now

STATEMENT = re.compile(
    r"\s*FIND\s*\{(?P<terms>(?:[^{}\\]|\\.)*)\}\s*(?:IN\s+(?P<where>ALL|NAME|EMAIL|PHONE|SIDEBAR)\s+FIELDS\s*)?"
    r"(?:RETURNING\s+(?P<returning>.*?))?(?:\s+LIMIT\s+(?P<limit>\d+))?\s*",
    re.IGNORECASE | re.DOTALL,
)
RESERVED = set("?&|!{}[]()^~:\"'+-\\")
WORD = re.compile(r'"(?:[^"\\]|\\.)*"|(?:[^\s"\\]|\\.)+|"')
FIELD_TYPES = {"PHONE": {schema.PHONE}, "EMAIL": {schema.EMAIL}, "NAME": set(), "ALL": {schema.PHONE, schema.EMAIL}}
SHORTEST, SHORTEST_ENDING, MOST = 2, 7, 2000


def malformed(message: str) -> Refused:
    return Refused(400, "MALFORMED_SEARCH", message)


def run(
    text: str, store: Store, hidden: soql.Hidden, readable: Callable[[str], bool], lag: float
) -> list[tuple[soql.Query, Row]]:
    match = STATEMENT.fullmatch(text)
    if not match:
        raise malformed("line 1:0 no viable alternative: FIND {...} IN ... FIELDS RETURNING ... is expected")
    words = terms(match["terms"])
    types = FIELD_TYPES.get((match["where"] or "ALL").upper(), FIELD_TYPES["ALL"])
    by_name = (match["where"] or "ALL").upper() in ("ALL", "NAME", "SIDEBAR")
    found: list[tuple[soql.Query, Row]] = []
    for part in split(match["returning"] or "Account(Id), Contact(Id), Lead(Id)"):
        query = returned(part, store, hidden, readable)
        rows = [row for row in soql.run(query, store) if indexed(row, lag)]
        found += [(query, row) for row in rows if matches(query.entity, row, words, types, by_name=by_name)]
    return found[: int(match["limit"] or MOST)]


def terms(text: str) -> list[list[str]]:
    """Alternatives of words that must all be there. Raises where a reserved character is not escaped."""
    alternatives = []
    for alternative in alternatives_of(text):
        words = [word for word in WORD.findall(alternative) if word.upper() != "AND"]
        alternatives.append([phrase(word) if word.startswith('"') else plain(word) for word in words])
    if not any(alternatives):
        raise malformed("search term must be longer than one character: ")
    return alternatives


def alternatives_of(text: str) -> list[str]:
    """The parts between OR, which is an operator outside of quotation marks only."""
    parts = [""]
    for word in WORD.findall(text):
        if word.upper() == "OR":
            parts.append("")
        else:
            parts[-1] += f" {word}"
    return parts


def phrase(quoted: str) -> str:
    """Words in quotation marks are found together, in this order."""
    if len(quoted) < 2 or not quoted.endswith('"'):
        raise malformed("line 1: mismatched character '\"'")
    return plain(quoted[1:-1])


def plain(word: str) -> str:
    """The word without escapes; a star may end it and not begin it."""
    bare = re.sub(r"\\.", "", word)
    wrong = next((character for character in bare if character in RESERVED), "")
    if wrong or bare.startswith("*"):
        raise malformed(f"line 1: mismatched character '{wrong or '*'}'")
    text = re.sub(r"\\(.)", r"\1", word)
    if len(text.rstrip("*")) < SHORTEST:
        raise malformed(f"search term must be longer than one character: {text}")
    return text


def split(text: str) -> list[str]:
    """The objects of RETURNING: commas inside parentheses do not count."""
    parts, depth = [""], 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    if depth or not all(re.match(r"\s*\w+\s*(\(|$)", part) for part in parts):
        raise malformed(f"unexpected token in RETURNING: '{text[:80]}'")
    return parts


def returned(part: str, store: Store, hidden: soql.Hidden, readable: Callable[[str], bool]) -> soql.Query:
    """`Contact(Id, Name WHERE ...)` is a query without FROM; it is put in place."""
    name, _, inside = part.partition("(")
    match = re.match(r"(.*?)(\s+(?:WHERE|ORDER\s+BY|LIMIT)\b.*)?$", inside.rstrip().removesuffix(")"), re.S | re.I)
    fields, rest = (match[1].strip() or "Id", match[2] or "") if match else ("Id", "")
    return soql.Parser(" ".join(("SELECT", fields, "FROM", name.strip(), rest)), store, hidden, readable).query()


def indexed(row: Row, lag: float) -> bool:
    changed = datetime.fromisoformat(str(row["SystemModstamp"]).replace("+0000", "+00:00"))
    return now() - changed >= timedelta(seconds=lag)


def matches(entity: schema.Entity, row: Row, alternatives: list[list[str]], types: set[str], *, by_name: bool) -> bool:
    texts = [(each.type, str(row.get(name) or "")) for name, each in entity.fields.items() if each.type in types]
    texts += [(schema.STRING, str(row.get("Name") or row.get("Subject") or ""))] if by_name else []
    return any(all(any(holds(*text, word) for text in texts) for word in words) for words in alternatives)


def holds(kind: str, text: str, word: str) -> bool:
    if kind != schema.PHONE:
        return re.search(rf"(?:^|\W){re.escape(word.rstrip('*'))}", text, re.IGNORECASE) is not None
    stored, wanted = re.sub(r"\D", "", text), re.sub(r"\D", "", word)
    return bool(wanted) and (stored == wanted or (len(wanted) >= SHORTEST_ENDING and stored.endswith(wanted)))
