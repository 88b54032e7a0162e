"""Records through the Table API, against the simulator with the rights of the integration guide."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from integrations.capabilities import RecordRef
from integrations.errors import AuthenticationFailed, Cause, Rejected, Unavailable
from integrations.models import IntegrationAccount
from integrations.providers.servicenow import ServiceNow
from integrations.providers.servicenow.answers import created, many_rows
from tests.integrations.providers.conftest import Vendor

NEW_CALL = {
    "type": "phone",
    "direction": "inbound",
    "state": "new",
    "short_description": "Call from +1 415-555-0132",
    "caller_phone_number": "+14155550132",
}


@pytest.fixture
def crm(account: IntegrationAccount) -> ServiceNow:
    provider = account.connect()
    assert isinstance(provider, ServiceNow)
    return provider


def test_an_interaction_is_created_without_the_right_to_read_it(crm: ServiceNow, servicenow: Vendor) -> None:
    ref = crm.create("interaction", NEW_CALL, key="k1")
    stored = servicenow.rows("interaction")[0]
    assert (ref.kind, ref.id) == ("interaction", stored["sys_id"])
    assert stored["state"] == "new"
    assert stored["short_description"] == "Call from +1 415-555-0132 (ref k1)"
    assert servicenow.warnings() == []


def test_an_interaction_is_changed_by_name_of_field(crm: ServiceNow, servicenow: Vendor) -> None:
    ref = crm.create("interaction", NEW_CALL)
    agent = servicenow.user("agent1")["sys_id"]
    crm.update(ref, {"state": "work_in_progress", "assigned_to": agent})
    crm.update(ref, {"state": "work_in_progress", "assigned_to": agent})
    stored = servicenow.rows("interaction")[0]
    assert (stored["state"], stored["assigned_to"]) == ("work_in_progress", agent)


def test_a_record_reads_as_plain_text_with_title_and_address(crm: ServiceNow, servicenow: Vendor) -> None:
    incident = servicenow.rows("incident", "number=INC0010001")[0]
    record = crm.get(RecordRef("incident", incident["sys_id"]))
    assert record.fields["caller_id"] == incident["caller_id"]
    assert all(isinstance(value, str) for value in record.fields.values())
    assert record.title == "INC0010001"
    assert record.url == f"{servicenow.address}/nav_to.do?uri=incident.do%3Fsys_id%3D{incident['sys_id']}"


def test_a_hidden_and_a_missing_record_are_alike_and_both_possibilities_are_told(crm: ServiceNow) -> None:
    with pytest.raises(Rejected) as refusal:
        crm.get(RecordRef("incident", "0" * 32))
    assert refusal.value.cause == Cause.NOT_FOUND
    assert "or hides it" in refusal.value.message


def test_search_finds_what_was_asked(crm: ServiceNow, servicenow: Vendor) -> None:
    don = servicenow.user("don.goodliffe")["sys_id"]
    found = crm.search("incident", f"caller_id={don}^active=true^ORDERBYnumber")
    assert [record.title for record in found] == ["INC0010001", "INC0010002"]


def test_an_ignored_condition_is_refused_instead_of_returning_everybody(crm: ServiceNow, servicenow: Vendor) -> None:
    with pytest.raises(Rejected, match="no readable column colour"):
        crm.search("incident", "colour=blue^active=true")
    servicenow.settings(invalid_query_returns_no_rows=True)
    assert crm.search("incident", "colour=blue^active=true") == []


def test_search_follows_the_pages_and_not_their_length(
    crm: ServiceNow, servicenow: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.providers.servicenow.tables.PAGE", 3)
    everything = {record.ref.id for record in crm.search("incident", "ORDERBYnumber", limit=50)}
    visible = {row["sys_id"] for row in servicenow.rows("incident") if row["number"] != "INC0010009"}
    assert everything == visible  # one page was shorter, because a record on it is hidden
    assert len(crm.search("incident", "ORDERBYnumber", limit=4)) == 4


def test_a_table_without_its_plugin_says_so(crm: ServiceNow) -> None:
    with pytest.raises(Rejected) as refusal:
        crm.search("u_missing_table", "active=true")
    assert refusal.value.cause == Cause.API_DISABLED
    assert "u_missing_table" in refusal.value.message


@pytest.mark.parametrize("kind", ["../oauth_token.do", "sys_user?x=1", "", "Incident", "a" * 90])
def test_only_table_names_get_into_an_address(crm: ServiceNow, kind: str) -> None:
    with pytest.raises(Rejected, match="name of a ServiceNow table"):
        crm.get(RecordRef(kind, "0" * 32))


@pytest.mark.parametrize("record_id", ["", "INC0010001", "../../x", "A" * 32])
def test_only_sys_ids_get_into_an_address(crm: ServiceNow, record_id: str) -> None:
    with pytest.raises(Rejected, match="sys_id"):
        crm.update(RecordRef("incident", record_id or "-"), {"state": "2"})


def test_a_missing_right_names_table_and_operation_and_heals(crm: ServiceNow, servicenow: Vendor) -> None:
    servicenow.allow("interaction", "update")
    with pytest.raises(AuthenticationFailed, match="create records of interaction"):
        crm.create("interaction", NEW_CALL)
    servicenow.allow("interaction", "create", "update")
    assert crm.create("interaction", NEW_CALL)


def test_a_relation_is_made_once_where_relations_may_be_read(crm: ServiceNow, servicenow: Vendor) -> None:
    ref = crm.create("interaction", NEW_CALL)
    incident = servicenow.rows("incident")[0]["sys_id"]
    relation = {
        "interaction": ref.id, "document_table": "incident", "document_id": incident, "type": "task", "task": incident,
    }  # fmt: skip
    crm.create("interaction_related_record", relation, key="k1")
    crm.create("interaction_related_record", relation, key="k1")
    assert len(servicenow.rows("interaction_related_record")) == 2  # the guide grants only CREATE
    servicenow.allow("interaction_related_record", "create", "read")
    again = crm.create("interaction_related_record", relation, key="k1")
    assert len(servicenow.rows("interaction_related_record")) == 2
    assert again.kind == "interaction_related_record"


def test_a_value_that_the_instance_drops_is_logged(
    crm: ServiceNow, servicenow: Vendor, caplog: pytest.LogCaptureFixture
) -> None:
    servicenow.allow("interaction", "create", "read", "update")
    with caplog.at_level(logging.WARNING):
        ref = crm.create("interaction", {**NEW_CALL, "state": "no_such_state"})
        crm.update(ref, {"state": "queued", "work_notes": "said"})
    told = [record.getMessage() for record in caplog.records if record.name.endswith("servicenow.tables")]
    assert len(told) == 1 and "['state'] in interaction" in told[0]


def answer(body: bytes, *, location: str = "", method: str = "POST") -> requests.Response:
    response = requests.Response()
    response.status_code, response._content, response.url = 201, body, "https://x.example/api/now/table/interaction"
    response.headers["Content-Type"] = "application/json"
    response.headers.update({"Location": location} if location else {})
    response.request = requests.Request(method, response.url).prepare()
    return response


@pytest.mark.parametrize("body", [b"", b"{}", b'{"result": {}}', b'{"result": [', b'{"result": {"sys_id": ""}}'])
def test_the_new_sys_id_is_taken_from_the_location_where_the_body_lacks_it(body: bytes) -> None:
    place = "https://x.example/api/now/table/interaction/" + "a" * 32
    assert created(answer(body, location=place))[0] == "a" * 32


def test_a_creation_without_any_sys_id_may_have_happened() -> None:
    with pytest.raises(Rejected) as refusal:
        created(answer(b'{"result": {}}'))
    assert refusal.value.maybe_done


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"result": {}}', b'{"result": [1]}', b'{"result": null}', b'{"resu'])
def test_a_list_of_another_shape_is_refused(body: bytes) -> None:
    with pytest.raises((Rejected, Unavailable)):
        many_rows(answer(body, method="GET"))


def test_references_read_the_same_in_every_form() -> None:
    rows: Iterator[Any] = iter(
        many_rows(answer(b'{"result": [{"a": {"link": "l", "value": "v"}, "b": "", "c": null}]}'))
    )
    assert next(rows) == {"a": "v", "b": "", "c": ""}
