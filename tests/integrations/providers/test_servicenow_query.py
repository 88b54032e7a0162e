"""Values on their way into an encoded query, and rows on their way back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import Rejected
from integrations.providers.servicenow import query


@pytest.mark.parametrize(
    "text", ["javascript:gs.log()", "JavaScript:x", " java^script:x", "^javascript:x", "\njavascript:1"]
)
def test_a_value_that_would_be_executed_is_refused(text: str) -> None:
    with pytest.raises(Rejected, match="script"):
        query.value(text)


def test_a_value_cannot_end_its_condition() -> None:
    assert query.value("x^ORactive=false^NQrole=admin") == "xORactive=falseNQrole=admin"
    assert query.value("  Müller & Söhne ") == "Müller & Söhne"


@given(st.text())
def test_no_value_brings_a_caret_or_a_script_with_it(text: str) -> None:
    try:
        escaped = query.value(text)
    except Rejected:
        return
    assert "^" not in escaped
    assert not escaped.lower().startswith("javascript:")


def test_a_comma_does_not_split_a_value_of_a_list() -> None:
    assert query.one_of(["+1 415", "a,b", ""]) == "+1 415,a b"


def test_one_condition_over_several_columns() -> None:
    assert query.any_of(("phone", "mobile_phone"), "IN", "1,2") == "phoneIN1,2^ORmobile_phoneIN1,2"


def test_a_column_that_the_row_lacks_was_ignored_by_the_instance() -> None:
    row = {"sys_id": "1", "active": "true"}
    assert query.unknown_columns("active=true^colour=blue^ORDERBYname", row) == ["colour"]
    assert query.unknown_columns("active=1^nameLIKEx", row) == []


@pytest.mark.parametrize(
    ("text", "contradicts"),
    [
        ("active=true^state=2", True),
        ("active=true^state=1", False),
        ("active=1", False),
        ("ACTIVE=false", False),
        ("state=2^ORstate=1", False),
        ("state=2^ORDERBYname", True),
        ("state=2^NQstate=1", False),
        ("caller_id.name=Don", False),
        ("state=javascript:gs.x()", False),
        ("name=don goodliffe", False),
    ],
)
def test_a_row_is_held_against_the_question(text: str, contradicts: bool) -> None:
    row = {"active": "true", "state": "1", "name": "Don Goodliffe"}
    assert query.contradicts(text, row) is contradicts
