"""Encoded queries, ServiceNow's filter language: `active=true^phoneIN1,2^ORmobile_phoneIN1,2`.

Two habits of the instance make care necessary. A value that begins with `javascript:` is run on the server, and an
unknown column or operator is ignored without a word, so that the answer is broader than the question (ServiceNow
docs, "Operators available for filters and queries"; REST API, Table API)."""

import re
from collections.abc import Iterable, Mapping

from integrations.errors import Cause, Rejected

EQUALITY = re.compile(r"^([a-z][a-z0-9_]*)=([^@]*)$")


def value(text: str) -> str:
    """The text as a value of a query: `^` would end it, a leading `javascript:` would be executed.

    Raises `Rejected` for the latter: what was meant cannot be asked."""
    plain = re.sub(r"[\x00-\x1f]", " ", text.replace("^", "")).strip()
    if plain.lower().replace(" ", "").startswith("javascript:"):
        raise Rejected(
            'The value begins with "javascript:", which ServiceNow would run as a script. Nothing was sent.',
            cause=Cause.INVALID_DATA,
        )
    return plain


def any_of(fields: Iterable[str], operator: str, operand: str) -> str:
    """One condition that holds when it holds for any of the fields. `operand` has to be escaped."""
    return "^OR".join(f"{field}{operator}{operand}" for field in fields)


def one_of(texts: Iterable[str]) -> str:
    """The operand of `IN`. A comma would split a value in two."""
    return ",".join(filter(None, (value(text.replace(",", " ")) for text in texts)))


def unknown_columns(query: str, row: Mapping[str, str]) -> list[str]:
    """Columns of simple equalities that a whole row does not have: ServiceNow ignored those conditions."""
    if "^NQ" in query:
        return []
    return [field for field, _ in _equalities(query) if field not in row]


def contradicts(query: str, row: Mapping[str, str]) -> bool:
    """Whether the row breaks one of the query's simple equalities. Computed and dot-walked values are not judged."""
    if "^NQ" in query:
        return False
    return any(field in row and _folded(row[field]) != _folded(wanted) for field, wanted in _equalities(query))


def _folded(text: str) -> str:
    """Values are compared as the instance does: without regard to case, and 1 for true."""
    return {"true": "1", "false": "0"}.get(text.casefold(), text.casefold())


def _equalities(query: str) -> list[tuple[str, str]]:
    """`field=value` terms that stand alone, that is, without an alternative joined by `^OR`."""
    terms = query.split("^")
    found = []
    for term, following in zip(terms, [*terms[1:], ""], strict=True):
        match = EQUALITY.match(term)
        # "ORDERBYx" begins like an alternative and is none.
        alternative = following.startswith("OR") and not following.startswith("ORDERBY")
        if match and not alternative and not match[2].lower().startswith("javascript:"):
            found.append((match[1], match[2]))
    return found
