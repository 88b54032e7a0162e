"""The page of what arrived: readable by a person, what went wrong first in sight."""

from typing import Any

import pytest

from integrations.simulators.pages import readable

from .conftest import Instance

HTML = {"Accept": "text/html"}


def page(instance: Instance, query: str = "") -> str:
    return str(instance.call("GET", f"/_requests{query}", headers=HTML, auth=None).text)


def test_query_headers_and_bodies_are_shown_as_pairs_and_indented(instance: Instance) -> None:
    instance.call("GET", "/api/now/table/incident?sysparm_limit=7", auth=None)
    shown = page(instance)
    assert "<dt>sysparm_limit</dt><dd>7</dd>" in shown
    assert "Answered 401" in shown and "&#34;error&#34;: {" in shown


def test_the_first_warning_stands_on_the_row_itself(instance: Instance) -> None:
    instance.table("POST", "interaction", json={"type": "phone", "nonsense": "1"})
    summary = page(instance).partition("<summary>")[2].partition("</summary>")[0]
    assert "nonsense" in summary


def test_only_what_went_wrong_can_be_shown(instance: Instance) -> None:
    instance.call("GET", "/api/now/table/incident?sysparm_limit=11")
    assert "Nothing went wrong so far." in page(instance, "?troubled")
    instance.call("GET", "/api/now/table/incident?sysparm_fields=refused", auth=None)
    shown = page(instance, "?troubled")
    assert "refused" in shown and "<dd>11</dd>" not in shown
    assert 'data-live="_requests?format=fragment&amp;troubled"' in shown, "it stays so while it refreshes"


def test_a_fault_is_named_as_one(instance: Instance) -> None:
    instance.fault("server_error")
    instance.table("GET", "incident")
    assert "fault: server_error" in page(instance, "?troubled")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"a": ["é"]}, '{\n  "a": [\n    "é"\n  ]\n}'),
        ("<a><b>1</b><c/><d><e>2</e></d></a>", "<a>\n  <b>1</b>\n  <c/>\n  <d>\n    <e>2</e>\n  </d>\n</a>"),
        ('<?xml version="1.0"?><a x="1"><b>1</b></a>', '<?xml version="1.0"?>\n<a x="1">\n  <b>1</b>\n</a>'),
        ("</b></b><a>", "</b>\n</b>\n<a>"),
        ("plain text", "plain text"),
        ("", ""),
    ],
)
def test_bodies_are_indented_without_being_parsed(value: Any, shown: str) -> None:
    assert readable(value) == shown
