"""Vendors' HTML as plain text, and vendors' JSON whose shape is not to be trusted."""

from typing import Any

import pytest

from integrations.plain_text import plain
from integrations.vendor_json import inner, number_of, objects, text_of


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a &amp; b</p><script>alert(1)</script><style>x", "a & b"),
        ("one<br/>two\n three", "one two three"),
        ("<!-- hidden\n<b>more</b> -->seen", "seen"),
        ("Within <b>30 days</b>. <a href='x'>More</a>, <strong>now</strong>!", "Within 30 days. More, now!"),
        ("<li>one</li><li>two</li><br><big>three</big>", "one two three"),
        ("5 < 7 and 9 > 8", "5 < 7 and 9 > 8"),
        ("", ""),
    ],
)
def test_markup_and_scripts_are_no_text(html: str, text: str) -> None:
    assert plain(html) == text


@pytest.mark.parametrize("value", [None, "x", 7, {"a": 1}, ["x", 7]])
def test_only_a_list_of_objects_has_objects(value: Any) -> None:
    assert objects(value) == []


def test_what_is_not_there_is_nothing() -> None:
    assert objects([{"a": 1}, "x"]) == [{"a": 1}]
    assert inner({"a": {"b": {"c": 1}}}, "a", "b") == {"c": 1}
    assert inner({"a": "x"}, "a", "b") == inner({}, "a") == {}
    assert [text_of(value) for value in ("x", 7, None, {}, [])] == ["x", "7", "", "", ""]
    assert [number_of(value) for value in (0.5, 1, True, "1", None)] == [0.5, 1.0, None, None, None]
