"""Puts values in the place of `$(name)`, escaped for the language that they land in.

A caller decides what a number, a name or a message looks like. So a value must never become more than a value: not
another condition of a query, not another part of an address, not another member of a JSON object. Every language
says how a value is written (`escape`), where a variable may stand (`check`), and what the result must not be
(`inspect`). A provider names its language as `Crm.query_language`."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

Lookup = Callable[[str], str]

VARIABLE = re.compile(r"\$\(([A-Za-z_][\w.:]*)\)")
NAME = re.compile(r"[A-Za-z_][\w.:]*")
CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


class Unsafe(ValueError):
    """This value cannot be put there, or this template has a variable where none may stand. The text says why."""


@dataclass(frozen=True, slots=True)
class Language:
    """`check` looks at a template when it is saved, `inspect` at the result when it is used; both raise `Unsafe`.

    `fill` is for a language in which a value is written differently from place to place."""

    escape: Callable[[str], str] = str
    fill: Callable[[str, Lookup], str] | None = None
    check: Callable[[str], None] = lambda template: None
    inspect: Callable[[str, str], None] = lambda template, result: None


def names(template: str) -> list[str]:
    """The variables of a template, in order, each once."""
    return list(dict.fromkeys(VARIABLE.findall(template)))


def only_variable(template: str) -> str:
    """The name, where the template is one variable and nothing else; otherwise empty."""
    match = VARIABLE.fullmatch(template.strip())
    return match[1] if match else ""


def check(template: str, language: str = "text") -> None:
    """Refuse a template that can never work. Raises `Unsafe` in words for its author. An empty one is no template."""
    if not template:
        return
    if "$(" in VARIABLE.sub("", template):
        raise Unsafe('There is "$(" without a name and a closing bracket. Write for example $(item.customerPhone).')
    if language == "json":
        _checked_json(template)
    else:
        LANGUAGES[language].check(template)


def substitute(template: str, lookup: Lookup, language: str = "text") -> str:
    """The template with every `$(name)` replaced by `lookup(name)`, written for `language` (see `LANGUAGES`, "json").

    Raises `Unsafe` where a value would not stay a value, `KeyError` for an unknown language."""
    check(template, language)
    if language == "json":
        return json.dumps(_walk(_checked_json(template), lookup), ensure_ascii=False)
    rules = LANGUAGES[language]
    if rules.fill is not None:
        return rules.fill(template, lookup)
    result = VARIABLE.sub(lambda match: rules.escape(lookup(match[1])), template)
    rules.inspect(template, result)
    return result


# -- ServiceNow's encoded query: `active=true^caller_id=...^ORDERBYnumber`

TERM_UP_TO_VALUE = re.compile(
    r"(?:OR|NQ)?(?:[a-z][a-z0-9_.]*(?:DOES NOT CONTAIN|STARTSWITH|ENDSWITH|NOT LIKE|CONTAINS|BETWEEN|NOT IN|LIKE|IN|"
    r"!=|>=|<=|=|>|<)|123TEXTQUERY321=)"
)


def encoded_value(value: str) -> str:
    """`^` ends a condition and `=` could complete an operator (`>` becomes `>=`): both are left out."""
    return CONTROL.sub(" ", value).replace("^", "").replace("=", "").strip()


def _check_encoded(template: str) -> None:
    """A variable that begins a condition could begin another group (`NQ`) or name another column."""
    for term in template.split("^"):
        before, variable, _ = term.partition("$(")
        if variable and not TERM_UP_TO_VALUE.match(before):
            raise Unsafe(f'In "{term}" the variable must come after a column and an operator, as in number=$(name).')


def _inspect_encoded(template: str, result: str) -> None:
    """ServiceNow runs a value that begins with `javascript:` on the server (Table API, encoded queries)."""
    for written, term in zip(template.split("^"), result.split("^"), strict=True):
        if "$(" in written and "javascript:" in re.sub(r"\s", "", term).casefold():
            raise Unsafe('A value contains "javascript:", which ServiceNow would run as a script. Nothing was asked.')


# -- ROQL of Oracle Service Cloud and RightNow: `subject LIKE 'Call%' AND primaryContact.id = $(item.callerId)`


def roql_value(value: str) -> str:
    """How a quote inside a text is written is not confirmed for ROQL, and a wrong guess would end the text. So none is
    sent. A wildcard (`%`) would match more than was said, and Connect REST splits queries at semicolons."""
    if "'" in value or "\\" in value:
        raise Unsafe("A value contains a quote or a backslash, which cannot be sent safely in ROQL. Nothing was asked.")
    return CONTROL.sub(" ", value).replace("%", "").replace(";", " ").strip()


def _check_roql(template: str) -> None:
    """Outside of quotes a variable may only stand for a number: after an operator, a bracket or a comma."""
    for part in template.split("'")[::2]:
        for variable in VARIABLE.finditer(part):
            if not re.search(r"(?:[=<>(,]|\b(?:limit|offset))\s*$", part[: variable.start()], re.IGNORECASE):
                raise Unsafe(f"{variable[0]} must stand between quotes, as in subject = '{variable[0]}'.")


def _inspect_roql(template: str, result: str) -> None:
    """Values hold no quotes, so both texts have their quotes at the same places."""
    for written, sent in zip(template.split("'")[::2], result.split("'")[::2], strict=True):
        pattern = r"-?\d+".join(map(re.escape, VARIABLE.sub("\0", written).split("\0")))
        if not re.fullmatch(pattern, sent):
            raise Unsafe("A value that stands without quotes is no whole number. Put the variable between quotes.")


# -- Zendesk's search: `requester:"..." status<solved -tags:spam`

TERM = re.compile(r'(?:"[^"]*"|[^\s"])+')
WITHIN_TERM = re.compile(r'(?:-?[A-Za-z_][\w.]*(?::|>=|<=|>|<)\*?)?"[^"]*|-?[A-Za-z_][\w.]*(?::|>=|<=|>|<)\*?')


def zendesk_value(value: str) -> str:
    """A quotation mark ends a value, an asterisk stands for anything, an operator in front completes another one."""
    plain = CONTROL.sub(" ", value).replace('"', "").replace("*", "")
    return re.sub(r"^[\s:<>=]+", "", plain).strip()


def _check_zendesk(template: str) -> None:
    """A variable stands inside quotation marks or right after a property: alone it could name a property itself."""
    for term in TERM.findall(template):
        before, variable, _ = term.partition("$(")
        if variable and not WITHIN_TERM.fullmatch(before):
            raise Unsafe(f'In "{term}" the variable must come after a property, as in requester:"$(name)".')


def _inspect_zendesk(template: str, result: str) -> None:
    """Outside of quotation marks a blank in a value would begin another condition."""
    if len(TERM.findall(template)) != len(TERM.findall(result)):
        raise Unsafe('A value has a blank in it. Put quotation marks around the variable: requester:"$(name)".')


# -- SOQL, Salesforce's query language: `Phone = '...' AND Name LIKE '...%'`

SOQL_STRING = re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL)
SOQL_LIKE = re.compile(r"\bLIKE\s*(?:\(\s*)?$", re.IGNORECASE)
SOQL_ESCAPES = {
    "\\": r"\\", "'": r"\'", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\b": r"\b", "\f": r"\f",
}  # fmt: skip


def soql_value(value: str) -> str:
    """The text inside a quoted string (SOQL and SOSL Reference, "Quoted String Escape Sequences")."""
    return "".join(SOQL_ESCAPES.get(character, CONTROL.sub(" ", character)) for character in value)


def _check_soql(template: str) -> None:
    """Outside of a quoted string a variable could add a condition, and no escape could prevent it."""
    if "$(" in SOQL_STRING.sub("", template):
        raise Unsafe("A variable must stand inside a quoted string, as in Phone = '$(item.customerPhone)'.")


def _fill_soql(template: str, lookup: Lookup) -> str:
    """`%` and `_` of a value stand for themselves in LIKE; elsewhere a backslash before them would be an error."""

    def filled(string: re.Match[str]) -> str:
        like = SOQL_LIKE.search(template, 0, string.start())
        return VARIABLE.sub(lambda match: written(soql_value(lookup(match[1])), bool(like)), string[0])

    def written(value: str, like: bool) -> str:
        return re.sub(r"([%_])", r"\\\1", value) if like else value

    return SOQL_STRING.sub(filled, template)


# -- SOSL, Salesforce's search language: `FIND {"$(name)"} IN ALL FIELDS RETURNING Contact(Id, Name), Case(Id, Subject)`

SOSL_SHAPE = re.compile(r"\s*FIND\s*\{(?P<terms>(?:[^{}\\]|\\.)*)\}(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
SOSL_RESERVED = re.compile(r"""([?&|!{}\[\]()^~*:\\"'+-])""")
SOSL_PHRASE = re.compile(r'"(?:[^"\\]|\\.)*"')
SOSL_ALONE = re.compile(r"(?<![^\s(])\$\([\w.:]+\)(?![^\s)*])")
SOSL_OPERATORS = ("and", "or", "not")


def sosl_term(value: str) -> str:
    """Reserved characters stand for themselves (SOQL and SOSL Reference, "FIND {SearchQuery}")."""
    return SOSL_RESERVED.sub(r"\\\1", CONTROL.sub(" ", value)).strip()


def sosl_word(value: str) -> str:
    """A value without quotation marks around it is one word, and none that Salesforce takes for an operator."""
    word = sosl_term(value)
    if re.search(r"\s", word) or word.casefold() in SOSL_OPERATORS:
        raise Unsafe('A value has a blank in it or is an operator. Put quotation marks around it: FIND {"$(name)"}.')
    return word


def _sosl_shape(template: str) -> re.Match[str]:
    shape = SOSL_SHAPE.fullmatch(template)
    if not shape:
        raise Unsafe("A search begins with FIND and what is searched in braces, as in FIND {$(item.customerPhone)}.")
    return shape


def _check_sosl(template: str) -> None:
    """Outside of quotation marks a variable is a word alone: together with others it could become an operator."""
    shape = _sosl_shape(template)
    if "$(" in SOSL_ALONE.sub("", SOSL_PHRASE.sub("", shape["terms"])):
        raise Unsafe('A variable must stand alone or between quotation marks, as in FIND {"$(name)"}.')
    _check_soql(shape["rest"])


def _fill_sosl(template: str, lookup: Lookup) -> str:
    """Values between the braces are words or phrases of a search; behind them they are texts of SOQL."""

    def filled(part: str, write: Callable[[str], str]) -> str:
        return VARIABLE.sub(lambda match: write(lookup(match[1])), part)

    at, end = _sosl_shape(template).span("terms")
    terms, written, place = template[at:end], "", 0
    for phrase in SOSL_PHRASE.finditer(terms):
        written += filled(terms[place : phrase.start()], sosl_word) + filled(phrase[0], sosl_term)
        place = phrase.end()
    return f"{template[:at]}{written}{filled(terms[place:], sosl_word)}{_fill_soql(template[end:], lookup)}"


# -- addresses


def _check_url(template: str) -> None:
    """Variables may stand in the path and after it: one in the host would let a caller choose the server."""
    if only_variable(template):
        return
    match = re.match(r"https?://[^/?#]*", template)
    if not match or "$(" in match[0]:
        raise Unsafe("An address begins with https:// and a host name without variables, or is one variable alone.")


def _check_path(template: str) -> None:
    """Below the account's own address: a path that begins with one slash."""
    if not re.match(r"/(?!/)", template) or "\\" in template:
        raise Unsafe('A path begins with one "/", as in /api/v2/tickets/$(ticket).json.')


def _inspect_url(template: str, result: str) -> None:
    if any(unquote(part) in (".", "..") for part in urlsplit(result).path.split("/")):
        raise Unsafe('A value is "." or "..", which would lead to another address.')


def substitute_url(template: str, lookup: Lookup) -> str:
    """An address. A template that is one variable stands for a whole address, which must be http or https."""
    name = only_variable(template)
    if not name:
        return substitute(template, lookup, "url")
    address = lookup(name)
    if address and not re.match(r"https?://[^/\s]+", address):
        raise Unsafe(f"$({name}) is no http or https address.")
    return address


# -- headers of mails and requests


def header_value(value: str) -> str:
    """A line break would begin another header (RFC 5322 section 2.2; RFC 9110 section 5.5). Other ends of lines that
    programs know are left out as well."""
    return " ".join(CONTROL.sub(" ", value).split())


# -- JSON: parsed first and filled in afterwards, so a value is always inside its own string


def _checked_json(template: str) -> Any:
    try:
        parsed = json.loads(template)
    except ValueError as error:
        raise Unsafe(f"This is no JSON: {error}. Variables stand inside quotation marks.") from None
    _check_keys(parsed)
    return parsed


def _check_keys(node: Any) -> None:
    if isinstance(node, dict):
        if any("$(" in key for key in node):
            raise Unsafe("A variable cannot be the name of a member.")
        for child in node.values():
            _check_keys(child)
    elif isinstance(node, list):
        for child in node:
            _check_keys(child)


def _walk(node: Any, lookup: Lookup) -> Any:
    if isinstance(node, dict):
        return {key: _walk(child, lookup) for key, child in node.items()}
    if isinstance(node, list):
        return [_walk(child, lookup) for child in node]
    return VARIABLE.sub(lambda match: lookup(match[1]), node) if isinstance(node, str) else node


LANGUAGES: dict[str, Language] = {
    "text": Language(),
    "servicenow": Language(encoded_value, check=_check_encoded, inspect=_inspect_encoded),
    "roql": Language(roql_value, check=_check_roql, inspect=_inspect_roql),
    "soql": Language(soql_value, _fill_soql, _check_soql),
    "sosl": Language(sosl_term, _fill_sosl, _check_sosl),
    "zendesk": Language(zendesk_value, check=_check_zendesk, inspect=_inspect_zendesk),
    "url": Language(lambda value: quote(value, safe=""), check=_check_url, inspect=_inspect_url),
    "path": Language(lambda value: quote(value, safe=""), check=_check_path, inspect=_inspect_url),
    "header": Language(header_value),
}
