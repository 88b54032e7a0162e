"""No value leaves its place: for the encoded query, addresses and JSON, whatever a caller's number or name may be."""

import json
import re
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactcenter.scenarios.substitution import Unsafe, check, names, only_variable, substitute, substitute_url

# What breaks things: the languages' own marks, and anything else.
nasty = st.text(
    st.sampled_from(list("^=!<>,@&?#/%.:;+'\"\\{}[]()$ \n\r\t\x00")) | st.characters(codec="utf-8"), max_size=40
) | st.sampled_from(
    [
        "^NQactive=true",
        "^ORDERBYname",
        "javascript:gs.getUserID()",
        "JavaScript :x",
        "a^ORb=1",
        "=5",
        "..",
        "%2e%2e",
        ".",
    ]
)


def of(**values: str):
    return lambda name: values.get(name, "")


def test_names_are_found_once_and_in_order() -> None:
    assert names("$(a) $(item.customerPhone) $(a) $(RS.__count__) $(GLOBAL:url) $(1)") == [
        "a", "item.customerPhone", "RS.__count__", "GLOBAL:url",
    ]  # fmt: skip
    assert only_variable(" $(a) ") == "a"
    assert only_variable("$(a)$(b)") == ""


def test_text_takes_values_as_they_are() -> None:
    assert substitute("Call from $(n)!", of(n="^<b>$(x)")) == "Call from ^<b>$(x)!"


@pytest.mark.parametrize("template", ["$(", "$(a", "x $() y", "$(a b)"])
def test_an_unfinished_variable_is_refused_when_saved(template: str) -> None:
    with pytest.raises(Unsafe, match="without a name"):
        check(template)


# -- ServiceNow's encoded query


@given(nasty, nasty)
def test_a_query_keeps_its_conditions(first: str, second: str) -> None:
    template = "caller_id=$(a)^short_descriptionLIKE$(b)^active=true^ORDERBYDESCnumber"
    try:
        query = substitute(template, of(a=first, b=second), "servicenow")
    except Unsafe:
        assert "javascript:" in "".join((first + second).replace("^", "").replace("=", "").split()).casefold()
        return
    one, two, three, four = query.split("^")
    assert one.startswith("caller_id=") and two.startswith("short_descriptionLIKE")
    assert "=" not in one.removeprefix("caller_id=") and "=" not in two
    assert (three, four) == ("active=true", "ORDERBYDESCnumber")
    assert not any(ord(character) < 32 for character in query)


@given(nasty)
def test_a_query_never_runs_a_script(value: str) -> None:
    for spelled in (f"javascript:{value}", f" JAVA^SCRIPT:{value}", f"java\tscript: {value}", f"j=avascript:{value}"):
        with pytest.raises(Unsafe, match="script"):
            substitute("number=$(a)", of(a=spelled), "servicenow")


def test_a_script_put_together_from_two_values_is_refused() -> None:
    with pytest.raises(Unsafe, match="script"):
        substitute("number=$(a)$(b)", of(a="java", b="script:x"), "servicenow")


def test_the_author_may_use_a_script_of_their_own() -> None:
    query = "opened_by=javascript:gs.getUserID()^number=$(a)"
    assert substitute(query, of(a="1"), "servicenow") == "opened_by=javascript:gs.getUserID()^number=1"


@pytest.mark.parametrize("template", ["$(a)", "active=true^$(a)=1", "^NQ$(a)", "ORDERBY$(a)", "number$(a)5"])
def test_a_variable_in_place_of_a_column_or_operator_is_refused_when_saved(template: str) -> None:
    with pytest.raises(Unsafe, match="after a column and an operator"):
        check(template, "servicenow")


@pytest.mark.parametrize(
    "operator", ["=", "!=", "LIKE", "STARTSWITH", "ENDSWITH", "IN", "NOT IN", ">=", "<", "CONTAINS"]
)
def test_every_operator_takes_a_variable(operator: str) -> None:
    assert substitute(f"ORu_my.column{operator}$(a)", of(a="x"), "servicenow") == f"ORu_my.column{operator}x"


# -- addresses


@given(nasty, nasty)
def test_an_address_keeps_host_path_and_parameters(first: str, second: str) -> None:
    try:
        address = substitute("https://crm.example.com/people/$(a)/card?q=$(b)&x=1#top", of(a=first, b=second), "url")
    except Unsafe:
        assert first in (".", "..")
        return
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "crm.example.com", "top")
    assert [unquote(p) for p in parts.path.split("/")] == ["", "people", first, "card"]
    q, x = parts.query.split("&")
    assert (unquote(q.removeprefix("q=")), x) == (second, "x=1")


@pytest.mark.parametrize(
    "template", ["https://$(a)/x", "https://a$(b).example.com/", "$(a)/x", "javascript:$(a)", "//x"]
)
def test_no_value_chooses_the_host(template: str) -> None:
    with pytest.raises(Unsafe, match="host name without variables"):
        check(template, "url")


def test_dots_put_together_from_two_values_do_not_lead_elsewhere() -> None:
    with pytest.raises(Unsafe, match="another address"):
        substitute("https://a.example.com/x/$(a)$(b)/y", of(a=".", b="."), "url")


def test_a_variable_alone_is_a_whole_address_of_the_web() -> None:
    assert substitute_url("$(u)", of(u="https://a.example.com/?x=1")) == "https://a.example.com/?x=1"
    assert substitute_url("$(u)", of()) == ""
    assert substitute_url("https://a.example.com/$(u)", of(u="a/b")) == "https://a.example.com/a%2Fb"
    for address in ("javascript:alert(1)", "data:text/html,x", "//evil.example.com", "https://"):
        with pytest.raises(Unsafe, match="no http or https address"):
            substitute_url("$(u)", of(u=address))


# -- ROQL


@given(nasty)
def test_a_value_stays_inside_its_quotes_in_roql_or_nothing_is_asked(value: str) -> None:
    template = "subject LIKE '$(v)%' AND id > 5"
    try:
        result = substitute(template, of(v=value), "roql")
    except Unsafe:
        assert "'" in value or "\\" in value
        return
    inside = result.removeprefix("subject LIKE '").removesuffix("%' AND id > 5")
    assert result == f"subject LIKE '{inside}%' AND id > 5"
    assert not set(inside) & set("'\\%;\n\x00")


@given(nasty | st.integers().map(str))
def test_a_value_without_quotes_is_a_whole_number_in_roql_or_nothing_is_asked(value: str) -> None:
    try:
        result = substitute("primaryContact.id=$(v) AND subject = '$(w)'", of(v=value, w="x"), "roql")
    except Unsafe:
        return
    number = result.removeprefix("primaryContact.id=").removesuffix(" AND subject = 'x'")
    assert number.lstrip("-").isdigit()


@pytest.mark.parametrize(
    "template", ["$(column) = 'x'", "subject = 'x' $(more)", "subject = 'x' OR $(more)", "subject LIKE $(v)%"]
)
def test_a_variable_in_roql_is_a_value_and_nothing_else(template: str) -> None:
    with pytest.raises(Unsafe):
        check(template, "roql")


def test_roql_takes_variables_in_lists_and_limits() -> None:
    text = "id IN ($(a), $(b)) AND name.last = '$(c)' LIMIT $(d)"
    filled = substitute(text, of(a="1", b="2", c="50% Lee;", d="5"), "roql")
    assert filled == "id IN (1, 2) AND name.last = '50 Lee' LIMIT 5"


# -- SOSL

SOSL = """FIND {"$(a)" OR $(b)} IN ALL FIELDS RETURNING Contact(Id WHERE Name = '$(c)'), Case(Id)"""


def sosl_parts(text: str) -> tuple[str, str, str]:
    """The phrase, the word and the quoted text of `SOSL`, still escaped. Fails where a value has changed its shape."""
    string = r"(?:[^{0}\\]|\\.)*"
    shape = (
        rf"""FIND \{{"({string.format('"')})" OR ((?:[^\s{{}}"\\]|\\.)*)\}} IN ALL FIELDS RETURNING """
        rf"""Contact\(Id WHERE Name = '({string.format("'")})'\), Case\(Id\)"""
    )
    match = re.fullmatch(shape, text, re.DOTALL)
    assert match, text
    return match[1], match[2], match[3]


@given(nasty, nasty, nasty)
def test_a_value_stays_a_word_a_phrase_or_a_text_in_sosl(a: str, b: str, c: str) -> None:
    try:
        result = substitute(SOSL, of(a=a, b=b, c=c), "sosl")
    except Unsafe:
        word = re.sub(r"[\x00-\x1f\x7f]", " ", b).strip()
        assert re.search(r"\s", word) or word.casefold() in ("and", "or", "not")
        return
    phrase, word, _ = sosl_parts(result)
    for written in (phrase, word):
        assert not set(re.sub(r"\\.", "", written)) & set("?&|!{}[]()^~*:\"'+-\\")
    assert word.casefold() not in ("and", "or", "not")


@pytest.mark.parametrize("value", ["Don Goodliffe", "OR", "not", "a\tb", "a\u00a0b", "a\u2028b"])
def test_a_value_that_would_be_more_than_a_word_is_not_asked(value: str) -> None:
    with pytest.raises(Unsafe, match="Put quotation marks around it"):
        substitute("FIND {$(a)} RETURNING Contact(Id)", of(a=value), "sosl")


def test_a_number_is_searched_with_its_marks_escaped() -> None:
    search = substitute("FIND {$(a)} IN PHONE FIELDS RETURNING Contact(Id)", of(a="+1-415-555-0132"), "sosl")
    assert search == r"FIND {\+1\-415\-555\-0132} IN PHONE FIELDS RETURNING Contact(Id)"


@pytest.mark.parametrize(
    "template",
    [
        "$(a)", "FIND $(a) RETURNING Contact(Id)", "FIND {a$(a)}", "FIND {$(a)$(b)}", 'FIND {"$(a)}',
        "FIND {x} RETURNING $(a)(Id)", "FIND {x} RETURNING Contact(Id) LIMIT $(a)",
    ],
)  # fmt: skip
def test_a_variable_in_sosl_is_a_value_and_nothing_else(template: str) -> None:
    with pytest.raises(Unsafe):
        check(template, "sosl")


def test_sosl_takes_a_wildcard_behind_a_variable_and_brackets_around_it() -> None:
    assert substitute("FIND {($(a)* AND $(b))}", of(a="Good", b="Don"), "sosl") == "FIND {(Good* AND Don)}"


# -- JSON


@given(nasty, nasty)
def test_json_keeps_its_shape(first: str, second: str) -> None:
    template = '{"name": "$(a)", "list": ["x$(b)y", 1, null, true], "inner": {"n": "$(a)$(b)"}}'
    assert json.loads(substitute(template, of(a=first, b=second), "json")) == {
        "name": first,
        "list": [f"x{second}y", 1, None, True],
        "inner": {"n": first + second},
    }


@pytest.mark.parametrize("template", ['{"a": $(x)}', '{"a": "$(x)"', "$(x)", "nonsense"])
def test_json_with_a_variable_outside_of_a_text_is_refused(template: str) -> None:
    with pytest.raises(Unsafe, match="no JSON"):
        check(template, "json")


def test_json_with_a_variable_as_a_name_is_refused() -> None:
    with pytest.raises(Unsafe, match="name of a member"):
        check('[{"$(x)": 1}]', "json")


# -- Zendesk's search


@given(nasty, nasty)
def test_a_search_keeps_its_conditions(first: str, second: str) -> None:
    template = 'type:ticket requester:"$(a)" phone:*$(b) -tags:spam'
    try:
        query = substitute(template, of(a=first, b=second), "zendesk")
    except Unsafe:
        assert re.search(r"[\s\x00-\x1f\x7f]", second)
        return
    assert query.count('"') == 2 and query.count("*") == 1
    before, inside, after = query.split('"')
    assert before == "type:ticket requester:"
    assert not inside.startswith((":", "<", ">", "="))
    terms = after.split()
    assert len(terms) == 2 and terms[0].startswith("phone:*") and terms[1] == "-tags:spam"


@pytest.mark.parametrize("template", ["$(a)", "open $(a)", "$(a):x", "status$(a)", 'x"$(a)"', '"a" $(b)', "-$(a)"])
def test_a_variable_in_place_of_a_property_is_refused_when_saved(template: str) -> None:
    with pytest.raises(Unsafe, match="after a property"):
        check(template, "zendesk")


def test_a_blank_in_a_value_needs_quotation_marks_around_the_variable() -> None:
    with pytest.raises(Unsafe, match="quotation marks"):
        substitute("requester:$(a)", of(a="Don type:user"), "zendesk")
    assert substitute('requester:"$(a)"', of(a="Don type:user"), "zendesk") == 'requester:"Don type:user"'


@pytest.mark.parametrize("operator", [":", ">", "<", ">=", "<="])
def test_every_operator_of_a_search_takes_a_variable(operator: str) -> None:
    assert substitute(f"-created{operator}$(a)", of(a="=2026-01-01"), "zendesk") == f"-created{operator}2026-01-01"
    assert substitute('"$(a)"', of(a='two "words"'), "zendesk") == '"two words"'
