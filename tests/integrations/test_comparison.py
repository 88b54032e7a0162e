"""A call beside the last one that went well: only what differs, by meaning."""

import json
from typing import Any

import pytest

from integrations.models import ApiCall
from integrations.wire import comparison
from tests.factories import AccountFactory, ApiCallFactory

pytestmark = pytest.mark.django_db
URL = "https://vendor.example.com/api/now/table/incident"


def parts(here: ApiCall, there: ApiCall) -> dict[str, list[tuple[str, str | None, str | None]]]:
    found = comparison.compare(here, there)
    return {part.title: [(row.name, row.here, row.there) for row in part.rows] for part in found if part.rows}


def pair(here: dict[str, Any], there: dict[str, Any]) -> tuple[ApiCall, ApiCall]:
    account = AccountFactory()
    return ApiCallFactory(account=account, **here), ApiCallFactory(account=account, **there)


def test_the_last_success_is_of_the_same_account_method_and_path() -> None:
    account = AccountFactory()
    ApiCallFactory(account=account, url=f"{URL}?sysparm_limit=1")
    wanted = ApiCallFactory(account=account, url=f"{URL}?sysparm_limit=2")
    failed = ApiCallFactory(account=account, url=f"{URL}?sysparm_limit=3", status=403)
    ApiCallFactory(url=URL)
    ApiCallFactory(account=account, url=URL, method="POST")
    ApiCallFactory(account=account, url=f"{URL}s")
    ApiCallFactory(account=account, url=f"{URL}/1")
    ApiCallFactory(account=account, url=URL, status=200, error="The answer is no JSON.")
    assert comparison.last_success(failed) == wanted
    assert comparison.last_success(wanted) != wanted


def test_without_a_success_or_an_account_there_is_nothing_to_compare_with() -> None:
    assert comparison.last_success(ApiCallFactory(status=500)) is None
    ApiCallFactory(account=None)
    assert comparison.last_success(ApiCallFactory(account=None)) is None


def test_alike_exchanges_have_no_differences() -> None:
    same = {"url": f"{URL}?a=1", "request_body": '{"a": 1}', "response_body": "<a>1</a>"}
    here, there = pair(
        {**same, "response_headers": {"Date": "Mon"}}, {**same, "response_headers": {"date": "Tue"}}
    )  # fmt: skip
    assert parts(here, there) == {}
    assert sum(part.same for part in comparison.compare(here, there)) == 3  # a query, a value sent, a status


def test_query_headers_status_and_error_are_compared_by_name() -> None:
    here, there = pair(
        {"url": f"{URL}?limit=5&new=1", "status": None, "error": "No answer in time.",
         "request_headers": {"Accept": "application/json", "If-Match": "1"}},
        {"url": f"{URL}?limit=10", "request_headers": {"accept": "application/json"}},
    )  # fmt: skip
    assert parts(here, there) == {
        "Query": [("limit", "5", "10"), ("new", "1", None)],
        "Headers sent": [("if-match", "1", None)],
        "Result": [("Status", "no answer", "200"), ("Error", "No answer in time.", None)],
    }


def test_json_is_compared_by_its_values_not_by_its_order() -> None:
    here, there = pair(
        {"response_body": json.dumps({"result": [{"name": "Don", "vip": False}], "count": 1})},
        {"response_body": json.dumps({"count": 1, "result": [{"vip": True, "name": "Don"}, {"name": "Beth"}]})},
    )
    assert parts(here, there) == {
        "Body of the answer": [("result[0].vip", "false", "true"), ("result[1].name", None, "Beth")]
    }


def test_an_object_beside_nothing_is_read_as_an_object() -> None:
    here, there = pair({"request_body": ""}, {"request_body": '{"a": {"b": null}, "c": []}'})
    assert parts(here, there) == {"Body sent": [("a.b", None, "null"), ("c", None, "[]")]}


def test_forms_are_compared_by_field_and_repeated_fields_are_numbered() -> None:
    here, there = pair({"request_body": "to=1&to=2&text=hello"}, {"request_body": "to=1&to=3&text=hello"})
    assert parts(here, there) == {"Body sent": [("to (2)", "2", "3")]}


def test_everything_else_is_compared_by_line_and_tags_are_lines() -> None:
    here, there = pair({"response_body": "<a><b>1</b><c>2</c></a>"}, {"response_body": "<a><b>1</b><c>3</c></a>"})
    assert parts(here, there) == {"Body of the answer": [("Line 3", "<c>2</c>", "<c>3</c>")]}


def test_a_page_in_place_of_json_is_shown_beside_it() -> None:
    here, there = pair({"response_body": "<html>Log in</html>"}, {"response_body": '{"result": []}'})
    assert parts(here, there) == {"Body of the answer": [("Line 1", "<html>Log in</html>", '{"result": []}')]}


def test_hundreds_of_differences_are_cut_and_counted() -> None:
    here, there = pair(
        {"response_body": json.dumps({str(n): 1 for n in range(130)})},
        {"response_body": json.dumps({str(n): 2 for n in range(130)})},
    )
    body = comparison.compare(here, there)[-1]
    assert (len(body.rows), body.left_out, body.same) == (100, 30, 0)
