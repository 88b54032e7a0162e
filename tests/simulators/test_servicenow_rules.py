"""Queries and business rules of the simulated instance."""

from __future__ import annotations

import pytest

from .conftest import API_USER, Instance


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("name=Don Goodliffe", ["Don Goodliffe"]),
        ("phone=(415) 555-0132", ["Don Goodliffe"]),
        ("phoneIN4155550134,+1 415 555 0133", ["Beth Anglin", "Carla Reyes"]),
        ("phoneENDSWITH0136", ["Ella Shaw", "Evan Shaw"]),
        ("phoneENDSWITH0136^mobile_phoneISNOTEMPTY", ["Evan Shaw"]),
        ("phoneENDSWITH0132^ORmobile_phoneENDSWITH0143", ["Don Goodliffe", "Beth Anglin"]),
        ("phoneENDSWITH0132^NQmobile_phoneENDSWITH0143", ["Don Goodliffe", "Beth Anglin"]),
        ("phoneLIKE5555-01^ORDERBYDESCname", ["Kaoru Sato", "Ichiro Tanaka"]),
        ("nameSTARTSWITHIch", ["Ichiro Tanaka"]),
        ("city=Tokyo^nameNOT LIKEsato", ["Ichiro Tanaka"]),
        ("city=Tokyo^name!=Kaoru Sato", ["Ichiro Tanaka"]),
        ("country=JP^phoneNOT IN03-5555-0102", ["Ichiro Tanaka"]),
        ("country=DE^mobile_phoneISEMPTY", ["Greta Vogel"]),
        ("user_name=javascript:gs.getUserName()", ["System Administrator"]),
        ("123TEXTQUERY321=goodliffe", ["Don Goodliffe"]),
        ("name%Reyes", ["Carla Reyes"]),
        ("nameBETWEENBeth@Carla Z", ["Beth Anglin", "Carla Reyes"]),
    ],
)
def test_encoded_queries(instance: Instance, query: str, names: list[str]) -> None:
    found = [row["name"] for row in instance.rows("sys_user", query, sysparm_fields="name")]
    assert sorted(found) == sorted(n for n in found if n in names) and set(names) <= set(found)


def test_a_query_may_walk_along_a_reference(instance: Instance) -> None:
    rows = instance.rows(
        "incident", "caller_id.email=don.goodliffe@example.com^active=true", sysparm_fields="number,caller_id.city"
    )
    assert rows == [
        {"number": "INC0010001", "caller_id.city": "San Francisco"},
        {"number": "INC0010002", "caller_id.city": "San Francisco"},
    ]


def test_order_is_obeyed(instance: Instance) -> None:
    numbers = [row["number"] for row in instance.rows("incident", "ORDERBYDESCnumber", sysparm_limit="3")]
    assert numbers == ["INC0010009", "INC0010008", "INC0010007"]


@pytest.mark.parametrize("term", ["no_such_column=1", "numberFOOBARx", "phoneLIKE1"])
def test_an_unknown_term_is_ignored_and_the_answer_is_too_broad(instance: Instance, term: str) -> None:
    rows = instance.rows("incident", f"{term}^number=INC0010001")
    assert [row["number"] for row in rows] == ["INC0010001"]
    assert len(instance.rows("incident", term)) == 9
    assert "ignored" in instance.last_warnings()[0]


def test_the_property_turns_an_invalid_query_into_no_rows(instance: Instance) -> None:
    instance.settings(invalid_query_returns_no_rows=True)
    assert instance.rows("incident", "no_such_column=1^number=INC0010001") == []


def test_filters_and_a_query_exclude_each_other(instance: Instance) -> None:
    assert len(instance.table("GET", "incident", params={"number": "INC0010001"}).json()["result"]) == 1
    assert len(instance.rows("incident", "active=true", number="INC0010001")) > 1
    assert "sysparm_query" in instance.last_warnings()[0]


def test_a_foreign_script_in_a_query_is_reported(instance: Instance) -> None:
    instance.rows("incident", "number=javascript:gs.sleep(1)")
    assert "javascript:" in instance.last_warnings()[0]


def test_values_can_be_made_case_sensitive(instance: Instance) -> None:
    assert len(instance.rows("sys_user", "email=DON.goodliffe@example.com")) == 1
    instance.settings(case_sensitive_queries=True)
    assert instance.rows("sys_user", "email=DON.goodliffe@example.com") == []


def create(instance: Instance, **values: str) -> dict[str, str]:
    record: dict[str, str] = instance.table("POST", "incident", json=values).json()["result"]
    return record


@pytest.mark.parametrize(
    ("impact", "urgency", "priority"), [("1", "1", "1"), ("2", "2", "3"), ("3", "3", "5"), ("1", "3", "3")]
)
def test_priority_is_computed(instance: Instance, impact: str, urgency: str, priority: str) -> None:
    assert create(instance, impact=impact, urgency=urgency)["priority"] == priority


def test_a_posted_priority_is_overwritten_with_a_warning(instance: Instance) -> None:
    assert create(instance, priority="1")["priority"] == "5"
    assert "overwritten" in instance.last_warnings()[0]


def test_an_unlisted_choice_is_dropped_and_the_data_policy_then_refuses(instance: Instance) -> None:
    sys_id = create(instance)["sys_id"]
    change = {"state": "6", "close_code": "Solved (Permanently)", "close_notes": "done"}
    answer = instance.table("PATCH", f"incident/{sys_id}", json=change)
    assert answer.status_code == 403
    assert answer.json()["error"]["detail"] == (
        "Data Policy Exception: The following fields are mandatory: Resolution code"
    )
    assert any("not a listed choice" in text for text in instance.last_warnings())
    change["close_code"] = "Solution provided"
    record = instance.table("PATCH", f"incident/{sys_id}", json=change).json()["result"]
    assert (record["state"], record["incident_state"]) == ("6", "6") and record["resolved_at"]


def test_closing_without_notes_is_refused(instance: Instance) -> None:
    sys_id = create(instance)["sys_id"]
    answer = instance.table("PATCH", f"incident/{sys_id}", json={"state": "7", "close_code": "Solution provided"})
    assert "Resolution notes" in answer.json()["error"]["detail"]


def test_an_empty_value_clears_a_field_but_not_a_choice(instance: Instance) -> None:
    sys_id = create(instance, category="network", impact="1")["sys_id"]
    record = instance.table("PATCH", f"incident/{sys_id}", json={"category": "", "impact": ""}).json()["result"]
    assert (record["category"], record["impact"]) == ("", "1")


def test_the_journal_is_written_only_and_read_as_a_display_value(instance: Instance) -> None:
    sys_id = create(instance)["sys_id"]
    for text in ("first", "second"):
        answer = instance.table("PATCH", f"incident/{sys_id}", json={"work_notes": text})
        assert answer.json()["result"]["work_notes"] == ""
    fields = {"sysparm_fields": "work_notes,comments", "sysparm_display_value": "true"}
    stream = instance.table("GET", f"incident/{sys_id}", params=fields).json()["result"]["work_notes"]
    assert stream.index("second") < stream.index("first")
    assert " - System Administrator (Work notes)\nsecond\n\n" in stream
    assert len(instance.rows("sys_journal_field", f"element_id={sys_id}")) == 2
    assert instance.rows("sys_journal_field", f"element_id={sys_id}", auth=API_USER) == []


def test_choices_can_be_read_by_everybody(instance: Instance) -> None:
    query = "name=incident^element=close_code^inactive=false^language=en"
    assert "Solution provided" in [row["value"] for row in instance.rows("sys_choice", query, auth=API_USER)]
    assert instance.rows("sys_choice", "name=task^element=impact", auth=API_USER)


def test_the_life_of_an_interaction(instance: Instance) -> None:
    caller = instance.rows("sys_user", "name=Don Goodliffe")[0]["sys_id"]
    agent = instance.rows("sys_user", "email=agent1@example.com")[0]["sys_id"]
    new = {
        "type": "phone",
        "direction": "inbound",
        "state": "new",
        "opened_for": caller,
        "caller_phone_number": "+14155550132",
    }
    record = instance.table("POST", "interaction", json=new).json()["result"]
    assert record["number"].startswith("IMS") and record["active"] == "true"
    path = f"interaction/{record['sys_id']}"
    instance.table("PATCH", path, json={"state": "work_in_progress", "assigned_to": agent})
    closed = instance.table("PATCH", path, json={"state": "closed_complete"}).json()["result"]
    assert closed["closed_at"] and closed["active"] == "false"
    back = instance.table("PATCH", path, json={"state": "work_in_progress"})
    assert back.status_code == 200 and "went back" in instance.last_warnings()[0]


def test_a_related_record_can_be_linked_by_the_api_user(instance: Instance) -> None:
    body = {
        "interaction": "1" * 32,
        "document_table": "incident",
        "document_id": "2" * 32,
        "type": "task",
        "task": "2" * 32,
    }
    assert instance.table("POST", "interaction_related_record", auth=API_USER, json=body).status_code == 201


def test_a_phone_log_leaves_a_work_note_on_its_task(instance: Instance) -> None:
    task = instance.rows("incident", "number=INC0010001")[0]["sys_id"]
    instance.table("POST", "sn_openframe_phone_log", json={"call_id": "c-9", "phone_number": "+1", "task": task})
    assert any("c-9" in row["value"] for row in instance.rows("sys_journal_field", f"element_id={task}"))


def voice(instance: Instance, auth: tuple[str, str], body: dict[str, object]) -> tuple[int, dict[str, object]]:
    answer = instance.call("POST", "/api/now/openframe/voice-interaction", auth=auth, json=body)
    return answer.status_code, answer.json()


def test_the_openframe_door_checks_the_role(instance: Instance) -> None:
    body = {"interaction": {"userPhoneNumber": "+13035065360"}}
    status, answer = voice(instance, API_USER, body)
    assert status == 403 and answer["error"] == {
        "message": "User Not Authorized",
        "detail": "Failed API level ACL Validation",
    }


def test_the_openframe_door_makes_everything_in_one_call(instance: Instance) -> None:
    incident = instance.rows("incident", "number=INC0010001")[0]["sys_id"]
    body = {
        "interaction": {"userPhoneNumber": "+13035065360", "additionalParams": {"direction": "inbound", "junk": "1"}},
        "interactionContext": {"queue": "Support"},
        "phoneLogs": [{"call_id": "c-1", "start_time": "2026-01-15 09:00:00"}],
        "relatedRecords": [{"documentTable": "incident", "documentId": incident}],
    }
    status, answer = voice(instance, ("agent1", "agent1"), body)
    result = answer["result"]
    assert status == 200 and isinstance(result, dict) and result["status"] == "SUCCESS"
    sys_id = result["sysId"]
    assert instance.rows("interaction", f"sys_id={sys_id}")[0]["caller_phone_number"] == "+13035065360"
    for table in ("interaction_json_blob", "sn_openframe_phone_log", "interaction_related_record"):
        assert instance.rows(table, f"interaction={sys_id}"), table
    changed = instance.call(
        "PATCH", f"/api/now/openframe/voice-interaction/{sys_id}", auth=("agent1", "agent1"),
        json={"interaction": {"additionalParams": {"state": "closed_complete"}}},
    )  # fmt: skip
    assert changed.status_code == 200 and instance.rows("interaction")[0]["state"] == "closed_complete"


def test_the_openframe_door_needs_a_phone_number(instance: Instance) -> None:
    status, answer = voice(instance, ("agent1", "agent1"), {"interaction": {}})
    assert status == 400 and answer["result"]["status"] == "FAILURE"  # type: ignore[index]


def test_the_interaction_door_drops_extra_fields_although_it_answers_201(instance: Instance) -> None:
    body = {"channel": "Phone", "short_description": "lost"}
    answer = instance.call("POST", "/api/now/interaction", json=body)
    assert answer.status_code == 201 and "short_description" in instance.last_warnings()[0]
    sys_id = answer.json()["result"]["interaction"]
    assert instance.rows("interaction", f"sys_id={sys_id}")[0]["short_description"] == ""
    assert instance.call("POST", f"/api/now/interaction/{sys_id}/close", json={}).status_code == 200
    assert instance.call("POST", "/api/now/interaction", json={"channel": "Telegraph"}).status_code == 400


def test_the_voice_interaction_door_closes_with_one_state_only(instance: Instance) -> None:
    body = {"userId": "+13035065360", "agentId": "agent1"}
    answer = instance.call("POST", "/api/now/v1/cs/voice-interactions", json=body)
    sys_id = answer.json()["result"]["interactionId"]
    path = f"/api/now/v1/cs/voice-interactions/{sys_id}/state"
    assert instance.call("PATCH", path, json={"state": "new"}).status_code == 400
    assert instance.call("PATCH", path, json={"state": "closed_complete"}).json() == {"result": "Success"}
