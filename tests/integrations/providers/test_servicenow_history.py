"""The activity stream, and finding again what an earlier attempt wrote before it was cut off."""

from datetime import UTC, datetime

import pytest

from integrations.capabilities import Activity, RecordRef
from integrations.errors import AuthenticationFailed, Cause, Unavailable
from integrations.models import IntegrationAccount
from integrations.providers.servicenow import ServiceNow
from integrations.providers.servicenow.history import entry
from tests.integrations.providers.conftest import Vendor

CALL = {"type": "phone", "state": "new", "short_description": "Call from +1 415-555-0132"}
ACTIVITY = Activity(
    key="8f3a2c1d9e",
    subject="Inbound call from +1 415-555-0132",
    text="Agent: Ava Martin\nNotes: wants a printer",
    started_at=datetime(2026, 1, 15, 9, 0, tzinfo=UTC),
    duration_seconds=95,
    extra={"Order": "4711"},
)


@pytest.fixture
def crm(account: IntegrationAccount, servicenow: Vendor) -> ServiceNow:
    servicenow.allow("interaction", "create", "read", "update")
    provider: ServiceNow = account.connect()
    return provider


def test_what_was_created_is_found_again_by_its_key(crm: ServiceNow) -> None:
    assert crm.find_created("interaction", "k1") is None
    ref = crm.create("interaction", CALL, key="k1")
    crm.create("interaction", CALL, key="k11")
    assert crm.find_created("interaction", "k1") == ref
    assert crm.find_created("interaction", "k") is None


def test_the_first_of_two_records_with_one_key_is_the_one(crm: ServiceNow) -> None:
    first = crm.create("interaction", CALL, key="k1")
    crm.create("interaction", CALL, key="k1")
    assert crm.find_created("interaction", "k1") == first


def test_the_key_survives_a_long_description(crm: ServiceNow, servicenow: Vendor) -> None:
    ref = crm.create("interaction", {**CALL, "short_description": "x" * 400}, key="k1")
    stored = servicenow.rows("interaction")[0]["short_description"]
    assert len(stored) <= 160 and stored.endswith("(ref k1)")
    assert crm.find_created("interaction", "k1") == ref


def test_a_record_without_a_description_is_marked_too(crm: ServiceNow, servicenow: Vendor) -> None:
    crm.create("interaction", {"type": "phone"}, key="k1")
    assert servicenow.rows("interaction")[0]["short_description"] == "(ref k1)"


def test_without_the_right_to_read_nobody_pretends_to_know(crm: ServiceNow, servicenow: Vendor) -> None:
    ref = crm.create("interaction", CALL, key="k1")
    servicenow.allow("interaction", "create", "update")
    assert crm.find_created("interaction", "another") is None
    with pytest.raises(AuthenticationFailed) as refused:
        crm.find_created("interaction", "k1")
    assert refused.value.cause == Cause.NO_PERMISSION
    servicenow.allow("interaction", "create", "read", "update")
    assert crm.find_created("interaction", "k1") == ref


def test_looking_for_a_record_fails_when_the_instance_is_away(crm: ServiceNow, servicenow: Vendor) -> None:
    ref = crm.create("interaction", CALL, key="k1")
    servicenow.fault("hibernating")
    with pytest.raises(Unavailable) as failure:
        crm.find_created("interaction", "k1")
    assert failure.value.cause == Cause.ASLEEP
    servicenow.healthy()
    assert crm.find_created("interaction", "k1") == ref


def test_the_call_is_in_the_activity_stream_and_is_found_there(crm: ServiceNow, servicenow: Vendor) -> None:
    ref = crm.create("interaction", CALL, key="k1")
    assert not crm.has_activity(ref, ACTIVITY.key)
    crm.add_activity(ref, ACTIVITY)
    assert crm.has_activity(ref, ACTIVITY.key)
    assert not crm.has_activity(ref, "8f3a2c1d9")
    journal = servicenow.rows("sys_journal_field", f"element_id={ref.id}")
    assert [row["element"] for row in journal] == ["work_notes"]
    assert journal[0]["value"] == entry(ACTIVITY)


def test_an_entry_ends_in_its_reference(crm: ServiceNow) -> None:
    lines = entry(ACTIVITY).splitlines()
    assert lines[0] == ACTIVITY.subject
    assert "Order: 4711" in lines
    assert lines[-1] == "Call reference 8f3a2c1d9e"


def test_a_note_that_only_mentions_the_reference_is_not_the_activity(crm: ServiceNow) -> None:
    ref = crm.create("interaction", CALL, key="k1")
    crm.update(ref, {"work_notes": "see Call reference 8f3a2c1d9e of yesterday"})
    assert not crm.has_activity(ref, "8f3a2c1d9e")


def test_writing_on_an_incident_needs_a_right_that_the_guide_does_not_list(crm: ServiceNow, servicenow: Vendor) -> None:
    incident = RecordRef("incident", servicenow.rows("incident", "number=INC0010001")[0]["sys_id"])
    with pytest.raises(AuthenticationFailed, match="change records of incident"):
        crm.add_activity(incident, ACTIVITY)
    servicenow.allow("incident", "read", "update")
    crm.add_activity(incident, ACTIVITY)
    assert crm.has_activity(incident, ACTIVITY.key)


def test_a_relation_is_not_looked_for_by_key(crm: ServiceNow, servicenow: Vendor) -> None:
    servicenow.forget_requests()
    assert crm.find_created("interaction_related_record", "k1") is None
    assert servicenow.arrived() == []
