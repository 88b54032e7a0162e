"""The Table API of the simulated instance (ServiceNow docs, Table API)."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from .conftest import API_USER, Instance

NO_RECORD = {
    "error": {"message": "No Record found", "detail": "Record doesn't exist or ACL restricts the record retrieval"},
    "status": "failure",
}
CONFIDENTIAL = "INC0010009"


def test_version_one_answers_404_for_an_empty_list_and_the_others_an_empty_list(instance: Instance) -> None:
    nothing = {"sysparm_query": "number=none"}
    assert instance.call("GET", "/api/now/v1/table/incident", params=nothing).json() == NO_RECORD
    for path in ("/api/now/table/incident", "/api/now/v2/table/incident"):
        answer = instance.call("GET", path, params=nothing)
        assert (answer.status_code, answer.json()) == (200, {"result": []})


def test_values_are_strings_and_references_are_objects(instance: Instance) -> None:
    incident = instance.rows("incident", "number=INC0010001")[0]
    assert incident["active"] == "true" and incident["priority"] == "3"
    assert set(incident["caller_id"]) == {"link", "value"}
    assert (
        requests.get(incident["caller_id"]["link"], auth=API_USER, timeout=5).json()["result"]["name"]
        == "Don Goodliffe"
    )
    assert re.fullmatch(r"[0-9a-f]{32}", incident["sys_id"])
    assert incident["assigned_to"] == ""


def test_display_values_have_three_forms(instance: Instance) -> None:
    def cell(field: str, **parameters: str) -> Any:
        return instance.rows("incident", "number=INC0010001", sysparm_fields=field, **parameters)[0][field]

    assert cell("caller_id", sysparm_exclude_reference_link="true") == cell("caller_id")["value"]
    shown = cell("caller_id", sysparm_display_value="true")
    assert set(shown) == {"display_value", "link"} and shown["display_value"] == "Don Goodliffe"
    everything = cell("caller_id", sysparm_display_value="all")
    assert set(everything) == {"display_value", "value", "link"}
    assert cell("state", sysparm_display_value="all") == {"display_value": "New", "value": "1"}


def test_the_limit_is_applied_before_the_access_rules(instance: Instance) -> None:
    everything = instance.table("GET", "incident", auth=API_USER)
    assert everything.headers["X-Total-Count"] == "9"
    assert len(everything.json()["result"]) == 8
    page = instance.table("GET", "incident", auth=API_USER, params={"sysparm_query": f"number={CONFIDENTIAL}"})
    assert page.json()["result"] == [] and page.headers["X-Total-Count"] == "1"


def test_links_lead_through_all_pages(instance: Instance) -> None:
    seen, address = [], f"{instance.base}/api/now/table/sys_user?sysparm_limit=5&sysparm_fields=user_name"
    while address:
        answer = requests.get(address, auth=API_USER, timeout=5)
        seen += [row["user_name"] for row in answer.json()["result"]]
        address = answer.links.get("next", {}).get("url", "")
    assert len(seen) == len(set(seen)) == int(answer.headers["X-Total-Count"])
    assert set(answer.links) == {"first", "prev", "last"}


def test_page_headers_can_be_switched_off(instance: Instance) -> None:
    parameters = {"sysparm_limit": "1", "sysparm_suppress_pagination_header": "true", "sysparm_no_count": "true"}
    answer = instance.table("GET", "sys_user", params=parameters)
    assert "Link" not in answer.headers and "X-Total-Count" not in answer.headers


def test_the_default_limit_can_be_made_small(instance: Instance) -> None:
    assert instance.call("GET", "/_settings").json()["default_limit"] == 10_000
    instance.settings(default_limit=2)
    assert len(instance.rows("sys_user")) == 2


@pytest.mark.parametrize(("parameter", "value"), [("sysparm_offset", "-1"), ("sysparm_limit", "many")])
def test_bad_paging_is_refused(instance: Instance, parameter: str, value: str) -> None:
    assert instance.table("GET", "sys_user", params={parameter: value}).status_code == 400


def test_unknown_fields_vanish_from_an_answer_with_a_warning(instance: Instance) -> None:
    row = instance.rows("incident", "number=INC0010001", sysparm_fields="number,no_such_field")[0]
    assert row == {"number": "INC0010001"}
    assert "no_such_field" in instance.last_warnings()[0]


def test_creating_answers_201_with_a_location(instance: Instance) -> None:
    answer = instance.table("POST", "incident", json={"short_description": "Hello", "nonsense": "1"})
    record = answer.json()["result"]
    assert answer.status_code == 201
    assert answer.headers["Location"].endswith(f"/api/now/table/incident/{record['sys_id']}")
    assert re.fullmatch(r"INC\d{7}", record["number"])
    assert "nonsense" not in record and "nonsense" in instance.last_warnings()[0]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_put_and_patch_change_only_the_named_fields(instance: Instance, method: str) -> None:
    sys_id = instance.table("POST", "incident", json={"short_description": "A", "category": "network"}).json()[
        "result"
    ]["sys_id"]
    answer = instance.table(method, f"incident/{sys_id}", json={"short_description": "B"})
    assert answer.status_code == 200
    assert answer.json()["result"]["short_description"] == "B"
    assert answer.json()["result"]["category"] == "network"


def test_deleting_answers_204_and_the_record_is_gone(instance: Instance) -> None:
    sys_id = instance.table("POST", "incident", json={}).json()["result"]["sys_id"]
    answer = instance.table("DELETE", f"incident/{sys_id}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert instance.table("GET", f"incident/{sys_id}").json() == NO_RECORD


def test_head_answers_headers_only(instance: Instance) -> None:
    answer = instance.table("HEAD", "incident")
    assert answer.status_code == 200 and answer.content == b"" and "X-Total-Count" in answer.headers


def test_an_unknown_table_is_an_invalid_interaction(instance: Instance) -> None:
    answer = instance.table("GET", "no_such_table")
    assert answer.status_code == 400
    assert answer.json()["error"] == {"message": "Invalid table interaction", "detail": None}


def test_header_rules(instance: Instance) -> None:
    address = f"{instance.base}/api/now/table/incident"

    def status(method: str, path: str = "", data: str | None = None, **headers: str | None) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.request(
            method, address + path, auth=("admin", "admin"), data=data, headers=named, timeout=5
        ).status_code

    assert status("GET", Accept=None) == 400
    assert status("GET", Accept="text/csv") == 406
    assert status("POST", data="{}", Accept="application/json") == 400
    assert status("POST", data="{}", Content_Type="text/plain") == 415
    assert status("PUT", data="{}", Content_Type="application/json") == 405
    assert status("POST", "/" + "0" * 32, data="{}", Content_Type="application/json") == 405
    assert status("POST", data="not json", Content_Type="application/json") == 400


def test_the_method_can_be_overridden_and_the_body_left_out(instance: Instance) -> None:
    sys_id = instance.rows("incident", "number=INC0010001")[0]["sys_id"]
    headers = {"X-http-method-override": "PATCH", "X-no-response-body": "true"}
    answer = instance.table("POST", f"incident/{sys_id}", json={"category": "x"}, headers=headers)
    assert (answer.status_code, answer.content) == (200, b"")
    assert instance.rows("incident", "number=INC0010001")[0]["category"] == "x"


def test_of_several_records_in_a_body_the_first_is_used(instance: Instance) -> None:
    answer = instance.table("POST", "incident", json=[{"short_description": "one"}, {"short_description": "two"}])
    assert answer.json()["result"]["short_description"] == "one"


def test_contacts_are_users_too(instance: Instance) -> None:
    assert instance.rows("sys_user", "user_name=mia.berg")[0]["sys_class_name"] == "customer_contact"
    assert (
        instance.rows("customer_contact", "user_name=mia.berg", sysparm_display_value="true")[0]["account"][
            "display_value"
        ]
        == "Boxeo"
    )


# The rights of the API user are those of the vendor's integration guide, each missing one with its own answer.


def refusal(operation: str) -> dict[str, Any]:
    detail = f"ACL Exception {operation} Failed due to security constraints"
    return {"error": {"message": "Operation Failed", "detail": detail}, "status": "failure"}


def test_the_api_user_reads_users_incidents_and_cases_only(instance: Instance) -> None:
    for table in ("sys_user", "customer_contact", "incident", "sn_customerservice_case"):
        assert instance.rows(table, auth=API_USER), table
    for table in ("interaction", "csm_consumer", "sys_journal_field"):
        assert instance.rows(table, auth=API_USER) == []


def test_the_api_user_cannot_create_or_change_incidents(instance: Instance) -> None:
    sys_id = instance.rows("incident", "number=INC0010001")[0]["sys_id"]
    created = instance.table("POST", "incident", auth=API_USER, json={})
    changed = instance.table("PATCH", f"incident/{sys_id}", auth=API_USER, json={"work_notes": "x"})
    deleted = instance.table("DELETE", f"incident/{sys_id}", auth=API_USER)
    assert (created.status_code, created.json()) == (403, refusal("Insert"))
    assert (changed.status_code, changed.json()) == (403, refusal("Update"))
    assert (deleted.status_code, deleted.json()) == (403, refusal("Delete"))


def test_a_right_can_be_given_while_running(instance: Instance) -> None:
    sys_id = instance.rows("incident", "number=INC0010001")[0]["sys_id"]
    instance.settings(acl={"integration.user": {"incident": ["read", "update"]}})
    assert instance.table("PATCH", f"incident/{sys_id}", auth=API_USER, json={"work_notes": "x"}).status_code == 200
    assert instance.rows("sys_user", auth=API_USER)


def test_a_new_interaction_is_known_by_its_location_only(instance: Instance) -> None:
    answer = instance.table("POST", "interaction", auth=API_USER, json={"type": "phone", "state": "new"})
    assert (answer.status_code, answer.json()) == (201, {"result": {}})
    sys_id = answer.headers["Location"].rsplit("/", 1)[1]
    changed = instance.table("PATCH", f"interaction/{sys_id}", auth=API_USER, json={"state": "work_in_progress"})
    assert changed.status_code == 200
    assert instance.table("GET", f"interaction/{sys_id}", auth=API_USER).json() == NO_RECORD
    assert instance.rows("interaction")[0]["state"] == "work_in_progress"


def test_a_hidden_record_looks_like_a_missing_one(instance: Instance) -> None:
    sys_id = instance.rows("incident", f"number={CONFIDENTIAL}")[0]["sys_id"]
    hidden = instance.table("GET", f"incident/{sys_id}", auth=API_USER)
    missing = instance.table("GET", f"incident/{'0' * 32}", auth=API_USER)
    assert (hidden.status_code, hidden.json()) == (missing.status_code, missing.json()) == (404, NO_RECORD)


def test_passwords_are_never_answered_or_searchable(instance: Instance) -> None:
    assert "user_password" not in instance.rows("sys_user", "user_name=admin")[0]
    assert instance.rows("sys_user", "user_name=admin", sysparm_fields="user_password") == [{}]
    assert len(instance.rows("sys_user", "user_password=admin")) > 1
