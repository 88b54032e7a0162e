"""No value leaves its place, judged by parsers that know nothing of how we escape: those of the simulators, and the
standard library's."""

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contactcenter.scenarios.substitution import Unsafe, check, substitute
from integrations.simulators.osvc import roql
from integrations.simulators.salesforce import soql, sosl
from integrations.simulators.salesforce.errors import Refused
from integrations.simulators.salesforce.values import unescaped
from integrations.simulators.servicenow import query as encoded
from integrations.simulators.zendesk import query as zendesk

from .test_substitution import nasty, of

attacks = nasty | st.sampled_from(
    [
        "' OR Name != '", "\\' OR Name != \\'", "\\", "x\\", "%' OR Id != '", "') OR (Name LIKE '%", "'; --",
        "' LIMIT 1 --", '" type:user "', "} RETURNING User(Id", '" OR "', "a AND b", "5 OR 1=1", "%", "_",
    ]
)  # fmt: skip


# -- SOQL


def shape(text: str) -> list[tuple[str, str]]:
    """Kinds of the tokens, and the texts of all but strings."""
    return [(token.kind, "" if token.kind == "string" else token.text) for token in soql.tokens_of(text)]


@given(attacks, attacks)
def test_a_value_in_soql_is_one_string(first: str, second: str) -> None:
    template = "SELECT Id FROM Contact WHERE Phone = '$(a)' AND (Name LIKE '$(b)%' OR Title IN ('$(a)', 'x')) LIMIT 5"
    filled = substitute(template, of(a=first, b=second), "soql")
    assert shape(filled) == shape(template.replace("$(a)", "x").replace("$(b)", "x"))
    strings = [token.text for token in soql.tokens_of(filled) if token.kind == "string"]
    spoken = "".join(" " if (ord(c) < 32 and c not in "\n\r\t\b\f") or ord(c) == 127 else c for c in first)
    if spoken == first:
        assert unescaped(strings[0][1:-1]) == first
        assert unescaped(strings[2][1:-1]) == first


@given(st.text(st.sampled_from("ab%_'\\"), max_size=12))
def test_a_wildcard_of_a_value_stands_for_itself_in_like(value: str) -> None:
    filled = substitute("Name LIKE '$(a)%'", of(a=value), "soql")
    (string,) = [token.text for token in soql.tokens_of(filled) if token.kind == "string"]
    inside = string[1:-2]
    unescaped_marks = [
        i for i, c in enumerate(inside) if c in "%_" and (len(inside[:i]) - len(inside[:i].rstrip("\\"))) % 2 == 0
    ]
    assert unescaped_marks == []


@pytest.mark.parametrize(
    "template", ["Name = $(a)", "$(a) = 'x'", "Name = 'x' $(a)", "Name = 'x\\' $(a)", "LIMIT $(a)"]
)
def test_a_variable_outside_of_a_string_is_refused_in_soql(template: str) -> None:
    with pytest.raises(Unsafe):
        substitute(template, of(a="1"), "soql")


# -- SOSL


@given(attacks, attacks)
def test_a_value_in_sosl_is_one_phrase_or_one_word(first: str, second: str) -> None:
    template = 'FIND {"$(a)" OR $(b)} IN ALL FIELDS RETURNING Contact(Id)'
    try:
        filled = substitute(template, of(a=first, b=second), "sosl")
    except Unsafe:
        return
    begin, end = filled.index("{") + 1, filled.rindex("}")
    inside = filled[begin:end]
    try:
        alternatives = sosl.terms(inside)
    except Refused as refusal:
        assert "longer than one character" in str(refusal.message), refusal
        return
    assert len(alternatives) == 2
    assert all(len(words) <= 1 for words in alternatives)


# -- ServiceNow


@given(attacks, attacks)
def test_a_value_in_an_encoded_query_is_the_value_of_its_condition(first: str, second: str) -> None:
    template = "caller_id=$(a)^short_descriptionLIKE$(b)^ORnumber=$(a)^active=true"
    try:
        filled = substitute(template, of(a=first, b=second), "servicenow")
    except Unsafe:
        return
    scripts: list[str] = []

    def script(text: str) -> str:
        scripts.append(text)
        return ""

    parsed = encoded.parse(filled, "incident", None, script)  # type: ignore[arg-type]
    assert scripts == [] and parsed.ignored == [] and parsed.order == []
    (group,) = parsed.groups
    found = [[(condition.path, condition.operator) for condition in alternatives] for alternatives in group]
    assert found == [[("caller_id", "=")], [("short_description", "LIKE"), ("number", "=")], [("active", "=")]]


# -- Zendesk


@given(attacks, attacks)
def test_a_value_in_zendesks_search_is_the_value_of_its_term(first: str, second: str) -> None:
    try:
        filled = substitute('requester:"$(a)" phone:$(b) status<solved -tags:spam', of(a=first, b=second), "zendesk")
    except Unsafe:
        return
    assume("phone: " not in filled and 'requester:""' not in filled)
    terms = [(term.field, term.operator, term.negated) for term in zendesk.parse(filled)]
    assert terms == [("requester", ":", False), ("phone", ":", False), ("status", "<", False), ("tags", ":", True)]


# -- ROQL


@given(attacks, attacks)
def test_a_value_in_roql_is_one_string_or_one_number(first: str, second: str) -> None:
    template = "SELECT id FROM incidents WHERE subject = '$(a)' AND id > $(b) LIMIT 5"
    try:
        filled = substitute(template, of(a=first, b=second), "roql")
    except Unsafe:
        return

    def kinds(text: str) -> list[str]:
        return [token.kind for token in roql.tokens(text)]

    assert kinds(filled) == kinds(template.replace("$(a)", "x").replace("$(b)", "5"))


# -- addresses


@given(attacks, attacks)
def test_a_value_in_a_path_and_a_query_is_one_part(first: str, second: str) -> None:
    try:
        filled = substitute("/api/v2/users/$(a)/x.json?q=$(b)&n=1", of(a=first, b=second), "path")
    except Unsafe:
        assert first in (".", "..")
        return
    parts = urlsplit(filled)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("", "", "")
    assert [unquote(part) for part in parts.path.split("/")] == ["", "api", "v2", "users", first, "x.json"]
    assert parse_qs(parts.query, keep_blank_values=True) == {"q": [second], "n": ["1"]}


# -- headers


@given(attacks | st.text(max_size=30))
def test_a_value_in_a_header_is_one_line(value: str) -> None:
    filled = substitute("Call of $(a)", of(a=value), "header")
    assert len(f"x{filled}x".splitlines()) == 1
    assert not any(ord(character) < 32 or ord(character) == 127 for character in filled)


@pytest.mark.parametrize("language", ["text", "header"])
def test_templates_without_rules_of_their_own_are_taken(language: str) -> None:
    template: Any = "x $(a) y"
    check(template, language)
