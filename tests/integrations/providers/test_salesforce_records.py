"""Records by SOQL, calls as tasks, callers digit by digit, limits, pages: what is written and what is read."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from contactcenter.scenarios.substitution import Unsafe, check, substitute
from integrations.capabilities import Activity, CallFacts, Crm, EmbedHost, PeopleDirectory, Record, RecordRef
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected
from integrations.fields import Sealed
from integrations.models import ApiCall, IntegrationAccount
from integrations.oauth import tokens
from integrations.providers.salesforce import Salesforce, errors, soql
from integrations.providers.salesforce.limits import usage, words
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.salesforce import DATA, Organisation, connect

pytestmark = pytest.mark.django_db(transaction=True)
DON, BETH, NORA, IDA = "+14155550132", "+14155550143", "+14155550171", "+14155550188"


@pytest.fixture
def salesforce(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("salesforce")


@pytest.fixture
def organisation(salesforce: Vendor) -> Organisation:
    made = Organisation(salesforce)
    salesforce.forget_requests()
    return made


@pytest.fixture
def crm(organisation: Organisation) -> Salesforce:
    return connect()


def asked(salesforce: Vendor, part: str) -> list[dict[str, Any]]:
    return [exchange for exchange in salesforce.arrived() if part in exchange["path"]]


def refusal(act: Callable[[], Any]) -> IntegrationError:
    with pytest.raises(IntegrationError) as caught:
        act()
    return caught.value


def names(records: tuple[Record, ...] | list[Record]) -> list[str]:
    return [record.title for record in records]


def test_the_account_can_do_what_the_catalogue_promises(crm: Salesforce) -> None:
    assert isinstance(crm, Crm) and isinstance(crm, PeopleDirectory) and isinstance(crm, EmbedHost)
    assert (crm.query_language, crm.host_module) == ("soql", "salesforce")


# -- records


def test_a_condition_becomes_a_query_on_all_fields(crm: Salesforce, salesforce: Vendor) -> None:
    found = crm.search("Case", "Status != 'Closed' ORDER BY CaseNumber", limit=10)
    assert names(found) == ["00001001", "00001002"]
    assert asked(salesforce, "/query")[0]["query"]["q"] == (
        "SELECT FIELDS(ALL) FROM Case WHERE Status != 'Closed' ORDER BY CaseNumber LIMIT 10"
    )
    assert found[0].fields["Subject"] == "Laptop does not start" and found[0].fields["IsClosed"] == "false"
    assert found[0].ref.kind == "Case" and found[0].url == crm.record_url(found[0].ref)


def test_a_whole_select_is_sent_as_it_is(crm: Salesforce, salesforce: Vendor) -> None:
    query = "SELECT Id, Name, Account.Name FROM Contact WHERE Email = 'greta.vogel@example.com'"
    (greta,) = crm.search("Contact", query)
    assert (greta.title, greta.fields["Account.Name"]) == ("Greta Vogel", "Lagerhaus")
    assert asked(salesforce, "/query")[0]["query"]["q"] == f"{query} LIMIT 50"


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        ("", "SELECT FIELDS(ALL) FROM Lead LIMIT 5"),
        ("ORDER BY Name", "SELECT FIELDS(ALL) FROM Lead ORDER BY Name LIMIT 5"),
        ("limit 2", "SELECT FIELDS(ALL) FROM Lead limit 2"),
        ("Company = 'LIMIT 3'", "SELECT FIELDS(ALL) FROM Lead WHERE Company = 'LIMIT 3' LIMIT 5"),
        ("Company = 'A';", "SELECT FIELDS(ALL) FROM Lead WHERE Company = 'A' LIMIT 5"),
    ],
)
def test_a_limit_is_added_where_there_is_none(wanted: str, sent: str) -> None:
    assert soql.select("Lead", wanted, 5) == sent


def test_all_fields_are_asked_for_with_at_most_200_rows() -> None:
    assert soql.select("Lead", "", 1000).endswith("LIMIT 200")
    assert soql.select("Lead", "SELECT Id FROM Lead", 1000).endswith("LIMIT 1000")


def test_rows_are_read_page_by_page_until_the_limit(crm: Salesforce, salesforce: Vendor) -> None:
    salesforce.settings(query_page_size=3)
    assert len(crm.search("User", "SELECT Id FROM User", limit=50)) == 8
    assert len(asked(salesforce, "/query")) == 3
    salesforce.forget_requests()
    assert len(crm.search("User", "SELECT Id FROM User", limit=2)) == 2
    assert len(asked(salesforce, "/query")) == 1


def test_a_record_is_created_read_and_changed(crm: Salesforce, organisation: Organisation) -> None:
    ref = crm.create("Case", {"Subject": "No sound", "Origin": "Phone"})
    assert crm.get(ref).fields["Status"] == "New"
    crm.update(ref, {"Status": "Closed"})
    crm.update(ref, {"Status": "Closed"})
    read = crm.get(ref)
    assert (read.fields["IsClosed"], read.fields["Subject"]) == ("true", "No sound")


def test_a_record_that_is_not_there_is_not_found(crm: Salesforce) -> None:
    error = refusal(lambda: crm.get(RecordRef("Case", "500Dm00000000zzIAA")))
    assert (type(error), error.cause) == (Rejected, Cause.NOT_FOUND)


@pytest.mark.parametrize("kind,id_", [("Case; DELETE", "500Dm0000000001"), ("Case", "../Contact"), ("Case", "5' OR")])
def test_what_is_no_object_or_no_id_is_not_sent(crm: Salesforce, salesforce: Vendor, kind: str, id_: str) -> None:
    for act in (crm.get, crm.record_url, lambda ref: crm.update(ref, {})):
        assert refusal(lambda: act(RecordRef(kind, id_))).cause == Cause.INVALID_DATA  # noqa: B023
    assert asked(salesforce, "/services/data") == []


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"Subject": "x" * 256}, "STRING_TOO_LONG", "Subject"),
        ({"Status": "Odd"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Status"),
        ({"CaseNumber": "7"}, "INVALID_FIELD_FOR_INSERT_UPDATE", "CaseNumber"),
        ({"ContactId": "odd"}, "MALFORMED_ID", "ContactId"),
        ({"Nonsense": "1"}, "INVALID_FIELD", None),
    ],
)
def test_a_refused_field_is_named(crm: Salesforce, fields: dict[str, str], code: str, field: str | None) -> None:
    error = refusal(lambda: crm.create("Case", fields))
    assert isinstance(error, Rejected)
    assert (error.cause, error.vendor_code, error.field) == (Cause.INVALID_DATA, code, field)
    assert crm.create("Case", {"Subject": "Good"})


def test_a_duplicate_rule_is_a_conflict(crm: Salesforce, salesforce: Vendor) -> None:
    salesforce.settings(duplicate_rule=True)
    twin = {"LastName": "Twin", "Email": "don.goodliffe@example.com"}
    error = refusal(lambda: crm.create("Contact", twin))
    assert (type(error), error.cause) == (Rejected, Cause.CONFLICT)
    salesforce.settings(duplicate_rule=False)
    assert crm.create("Contact", twin)


def test_the_days_limit_is_a_limit_with_a_pause(crm: Salesforce, salesforce: Vendor) -> None:
    salesforce.settings(daily_api_requests=0)
    error = refusal(lambda: crm.search("Case", ""))
    assert isinstance(error, RateLimited) and error.retry_after == 900.0
    assert (error.status, error.vendor_code) == (403, "REQUEST_LIMIT_EXCEEDED")
    salesforce.settings(daily_api_requests=15_000)
    assert crm.search("Case", "")


@pytest.mark.parametrize(
    ("words", "seconds"), [("TotalRequests Limit exceeded.", 900.0), ("ConcurrentRequests Limit exceeded.", 20.0)]
)
def test_too_many_calls_at_once_are_over_sooner_than_too_many_of_a_day(words: str, seconds: float) -> None:
    error = errors.CODES["REQUEST_LIMIT_EXCEEDED"].error(vendor_code="REQUEST_LIMIT_EXCEEDED", vendor_message=words)
    assert isinstance(error, RateLimited) and error.retry_after == seconds


def test_a_right_that_is_missing_is_no_wrong_content(crm: Salesforce, salesforce: Vendor) -> None:
    salesforce.settings(permissions={"Case": ["read"]})
    error = refusal(lambda: crm.create("Case", {"Subject": "x"}))
    assert (type(error), error.cause) == (AuthenticationFailed, Cause.NO_PERMISSION)
    salesforce.settings(permissions={"Case": []})
    error = refusal(lambda: crm.search("Case", ""))
    assert (error.cause, error.vendor_code) == (Cause.NO_PERMISSION, "INVALID_TYPE")
    salesforce.settings(permissions={"Case": ["read", "create"]})
    assert crm.create("Case", {"Subject": "x"})


# -- made once


def test_a_created_record_is_found_again_by_its_description(crm: Salesforce, organisation: Organisation) -> None:
    made = crm.create("Lead", {"LastName": "New", "Company": "Co", "Description": "Called twice."}, key="abc:1")
    crm.create("Lead", {"LastName": "Other", "Company": "Co"}, key="abc:11")
    assert crm.get(made).fields["Description"] == "Called twice.\nCall reference abc:1"
    assert crm.find_created("Lead", "abc:1") == made
    assert crm.find_created("Lead", "abc:2") is None


def test_a_task_carries_the_key_where_telephony_has_its_field(crm: Salesforce, salesforce: Vendor) -> None:
    made = crm.create("Task", {"Subject": "Call back"}, key="abc:1")
    assert crm.get(made).fields["CallObject"] == "abc:1" and crm.get(made).fields["Description"] == ""
    assert crm.find_created("Task", "abc:1") == made
    assert crm.find_created("Task", "abc' OR Subject != '") is None


def test_with_an_external_id_field_a_record_is_made_once(organisation: Organisation, salesforce: Vendor) -> None:
    crm = connect(external_id_field="Call_Reference__c")
    first = crm.create("Case", {"Subject": "One"}, key="call/1:case")
    assert crm.create("Case", {"Subject": "One"}, key="call/1:case") == first
    assert crm.find_created("Case", "call/1:case") == first
    sent = [exchange for exchange in salesforce.arrived() if exchange["method"] == "PATCH"]
    assert len(sent) == 2 and len(organisation.rows("SELECT Id FROM Case WHERE Subject = 'One'")) == 1
    assert "Description" not in sent[0]["body"]


def test_an_external_id_that_is_not_unique_is_a_conflict(organisation: Organisation, salesforce: Vendor) -> None:
    salesforce.settings(external_ids_unique=False)
    for subject in ("One", "Two"):
        organisation.insert("Case", Subject=subject, Call_Reference__c="k")
    crm = connect(external_id_field="Call_Reference__c")
    error = refusal(lambda: crm.create("Case", {"Subject": "Three"}, key="k"))
    assert (type(error), error.cause, error.status) == (Rejected, Cause.CONFLICT, 300)
    assert crm.create("Case", {"Subject": "Three"}, key="another")


def test_a_record_whose_answer_was_lost_is_found(crm: Salesforce, salesforce: Vendor) -> None:
    crm.search("Case", "")
    salesforce.fault("truncated", times=1, path=f"{DATA}/sobjects/Case")
    error = refusal(lambda: crm.create("Case", {"Subject": "Lost"}, key="lost:1"))
    assert error.maybe_done
    found = crm.find_created("Case", "lost:1")
    assert found is not None and crm.get(found).fields["Subject"] == "Lost"


# -- the activity history

CALL = Activity(
    key="c-1",
    subject="Call from (415) 555-0132",
    text="Notes: all good",
    started_at=datetime(2026, 3, 1, 9, 5, tzinfo=UTC),
    duration_seconds=187,
    disposition="Resolved",
    direction="inbound",
    extra={"Recording": "https://example.com/1"},
)


def test_a_call_becomes_a_completed_task_of_a_contact(crm: Salesforce, organisation: Organisation) -> None:
    don = organisation.id_of("Contact", "Name = 'Don Goodliffe'")
    crm.add_activity(RecordRef("Contact", don), CALL)
    (task,) = organisation.rows("SELECT FIELDS(ALL) FROM Task LIMIT 5")
    assert {name: task[name] for name in ("Subject", "Status", "TaskSubtype", "CallType", "CallDurationInSeconds")} == {
        "Subject": "Call from (415) 555-0132", "Status": "Completed", "TaskSubtype": "Call", "CallType": "Inbound",
        "CallDurationInSeconds": 187,
    }  # fmt: skip
    assert (task["CallDisposition"], task["CallObject"], task["ActivityDate"]) == ("Resolved", "c-1", "2026-03-01")
    assert (task["WhoId"], task["WhatId"]) == (don, None)
    assert task["Description"] == "Notes: all good\nRecording: https://example.com/1"


@pytest.mark.parametrize(
    ("kind", "where", "who", "what"),
    [("Lead", "LastName = 'Newman'", True, False), ("Case", "CaseNumber = '00001001'", False, True),
     ("Account", "Name = 'Boxeo'", False, True)],
)  # fmt: skip
def test_people_are_who_and_everything_else_is_what(
    crm: Salesforce, organisation: Organisation, kind: str, where: str, who: bool, what: bool
) -> None:
    ref = RecordRef(kind, organisation.id_of(kind, where))
    crm.add_activity(ref, CALL)
    (task,) = organisation.rows("SELECT WhoId, WhatId FROM Task")
    assert (task["WhoId"] == ref.id, task["WhatId"] == ref.id) == (who, what)
    assert crm.has_activity(ref, "c-1") and not crm.has_activity(ref, "c-2")


def test_the_calls_own_task_is_completed_and_not_doubled(crm: Salesforce, organisation: Organisation) -> None:
    ref = crm.create("Task", {"Subject": "Ringing", "TaskSubtype": "Call"}, key="i:1")
    assert not crm.has_activity(ref, "c-1")
    crm.add_activity(ref, CALL)
    (task,) = organisation.rows("SELECT Id, Status, CallDurationInSeconds FROM Task")
    assert (task["Id"], task["Status"], task["CallDurationInSeconds"]) == (ref.id, "Completed", 187)
    assert crm.has_activity(ref, "c-1") and not crm.has_activity(ref, "c-2")


def test_the_key_that_a_task_was_made_with_is_no_history_yet(crm: Salesforce, salesforce: Vendor) -> None:
    ref = crm.create("Task", {"Subject": "Ringing", "TaskSubtype": "Call"}, key="c-1")
    assert crm.find_created("Task", "c-1") == ref
    assert not crm.has_activity(ref, "c-1")
    crm.add_activity(ref, CALL)
    assert crm.has_activity(ref, "c-1")


def test_a_record_is_deleted_once(crm: Salesforce, salesforce: Vendor) -> None:
    ref = crm.create("Case", {"Subject": "By mistake"})
    crm.delete(ref)
    assert (salesforce.arrived()[-1]["method"], salesforce.arrived()[-1]["path"]) == (
        "DELETE", f"/services/data/v60.0/sobjects/Case/{ref.id}"
    )  # fmt: skip
    for act in (crm.delete, crm.get):
        with pytest.raises(Rejected) as refused:
            act(ref)
        assert refused.value.cause == Cause.NOT_FOUND


def test_sosl_finds_records_of_several_objects_up_to_the_limit(crm: Salesforce, organisation: Organisation) -> None:
    organisation.insert("Case", Subject="Goodliffe called")
    search = "FIND {Goodliffe} IN ALL FIELDS RETURNING Contact(Id, Name), Case(Id, Subject)"
    found = crm.search("Case", search)
    assert [(record.ref.kind, record.title) for record in found] == [
        ("Contact", "Don Goodliffe"), ("Case", "Goodliffe called"),
    ]  # fmt: skip
    assert found[0].url.endswith(f"/lightning/r/Contact/{found[0].ref.id}/view")
    assert len(crm.search("Case", search, limit=1)) == 1


def test_the_task_belongs_to_the_agent_where_salesforce_knows_one(crm: Salesforce, organisation: Organisation) -> None:
    ava = crm.find_agent(email="agent1@example.com", login="")
    assert ava is not None and crm.activity_has_owner
    crm.add_activity(RecordRef("Account", organisation.id_of("Account", "Name = 'Boxeo'")), replace(CALL, owner=ava.id))
    (task,) = organisation.rows("SELECT Owner.Name FROM Task")
    assert task["Owner"]["Name"] == "Ava Martin"


def test_long_texts_fit_and_an_outbound_call_is_outbound(crm: Salesforce, organisation: Organisation) -> None:
    long = Activity(key="k", subject="s" * 400, text="t" * 40_000, started_at=CALL.started_at, direction="outbound")
    crm.add_activity(RecordRef("Account", organisation.id_of("Account", "Name = 'Boxeo'")), long)
    (task,) = organisation.rows("SELECT Subject, Description, CallType FROM Task")
    assert (len(task["Subject"]), len(task["Description"]), task["CallType"]) == (255, 32_000, "Outbound")


# -- people


@pytest.mark.parametrize(
    ("number", "found"),
    [(DON, ["Don Goodliffe"]), ("+14155550133", ["Beth Anglin"]), (BETH, ["Beth Anglin"]), (NORA, ["Nora Lindqvist"]),
     ("+493090182010", ["Greta Vogel"]), (IDA, ["Ida Newman"]), ("+14155550150", ["Boxeo"]), ("+14155559999", [])],
)  # fmt: skip
def test_a_caller_is_found_however_the_number_is_spelt(crm: Salesforce, number: str, found: list[str]) -> None:
    assert names(crm.find_by_phone(number, number).people) == found


def test_the_usual_look_up_is_one_search(crm: Salesforce, salesforce: Vendor) -> None:
    matches = crm.find_by_phone(DON, "4155550132")
    assert len(asked(salesforce, "/services/data")) == 1
    assert asked(salesforce, "/search")[0]["query"]["q"] == matches.query
    assert matches.query.startswith("FIND {14155550132 OR 4155550132} IN PHONE FIELDS RETURNING Contact(")
    person = matches.people[0]
    assert (person.fields["company"], person.fields["email"]) == ("Boxeo", "don.goodliffe@example.com")


def test_a_neighbour_with_the_same_ending_is_not_the_caller(crm: Salesforce, organisation: Organisation) -> None:
    organisation.insert("Contact", LastName="Neighbour", Phone="+1 (212) 555-0132")
    organisation.insert("Contact", LastName="Longer", Phone="99 4155550132")
    assert names(crm.find_by_phone(DON, DON).people) == ["Don Goodliffe"]


def test_a_contact_that_the_index_does_not_have_yet_is_found(
    crm: Salesforce, organisation: Organisation, salesforce: Vendor
) -> None:
    salesforce.settings(search_index_lag_seconds=120.0)
    organisation.insert("Contact", LastName="Justnow", MobilePhone="(415) 555-0111")
    matches = crm.find_by_phone("+14155550111", "")
    assert names(matches.people) == ["Justnow"]
    assert "SystemModstamp >= " in asked(salesforce, "/query")[-1]["query"]["q"]


def test_only_the_chosen_objects_are_searched(organisation: Organisation, salesforce: Vendor) -> None:
    crm = connect(look_up_in="Contact")
    assert crm.find_by_phone(IDA, IDA).people == ()
    assert all("Lead" not in str(exchange["query"]) for exchange in salesforce.arrived())


@pytest.mark.parametrize("number", ["", "anonymous", "7"])
def test_what_is_no_number_asks_nobody(crm: Salesforce, salesforce: Vendor, number: str) -> None:
    assert crm.find_by_phone("", number).people == ()
    assert asked(salesforce, "/services") == []


def test_reserved_characters_of_a_search_are_escaped() -> None:
    assert soql.term("a-b {c} (d)?") == r"a\-b \{c\} \(d\)\?"


@pytest.mark.parametrize(
    ("rule", "email", "login", "found"),
    [
        ("email", "agent1@example.com", "agent1", "Ava Martin"),
        ("email", "unknown@example.com", "agent2@demo.example", "Ben Clarke"),
        ("username", "agent1@example.com", "agent3@demo.example", "Chiyo Mori"),
        ("federation", "unknown@example.com", "agent4", "David Stein"),
        ("federation", "agent5@example.com", "nobody", "Emma Rossi"),
        ("email", "gone@example.com", "", ""),
        ("mapping", "agent1@example.com", "agent1", ""),
        ("email", "' OR Name != '", "", ""),
    ],
)
def test_an_agent_is_found_by_the_accounts_rule(
    organisation: Organisation, rule: str, email: str, login: str, found: str
) -> None:
    agent = connect(agent_map_key=rule).find_agent(email=email, login=login)
    assert (agent.name if agent else "") == found


def test_two_users_with_one_address_are_nobody_and_a_found_one_is_remembered(
    crm: Salesforce, organisation: Organisation, salesforce: Vendor
) -> None:
    organisation.insert("User", Username="twin@demo.example", Email="agent1@example.com")
    assert crm.find_agent(email="agent1@example.com", login="") is None
    crm.find_agent(email="agent2@example.com", login="")
    before = len(asked(salesforce, "/query"))
    assert crm.find_agent(email="agent2@example.com", login="") is not None
    assert len(asked(salesforce, "/query")) == before


# -- pages


def test_a_record_opens_by_its_id_inside_and_by_its_address_outside(crm: Salesforce, salesforce: Vendor) -> None:
    ref = RecordRef("Contact", "003Dm0000000001IAA")
    pop = crm.screen_pop(ref, CallFacts(phone=DON, name="Don Goodliffe"))
    assert (pop.title, pop.entity, pop.query) == ("Don Goodliffe", "Contact", ref.id)
    assert pop.relative_url == f"/lightning/r/Contact/{ref.id}/view"
    assert pop.url == salesforce.address + pop.relative_url == crm.record_url(ref)


def test_without_a_record_a_new_one_is_filled_with_the_call(crm: Salesforce) -> None:
    pop = crm.screen_pop(None, CallFacts(phone=DON, name="Smith, Ann", fields={"Priority": "High", "bad name": "x"}))
    assert pop.relative_url.startswith("/lightning/o/Case/new?")
    (filled,) = parse_qs(urlsplit(pop.relative_url).query)["defaultFieldValues"]
    values = {name: unquote(value) for name, _, value in (part.partition("=") for part in filled.split(","))}
    assert values == {"SuppliedPhone": DON, "Origin": "Phone", "Priority": "High", "Subject": "Call from Smith, Ann"}


def test_lightning_pages_have_an_origin_of_their_own() -> None:
    crm = connect(simulated=False, url="https://example--uat.sandbox.my.salesforce.com", sandbox_environment=True)
    assert crm.web_origin() == "https://example--uat.sandbox.lightning.force.com"
    assert crm.client_library() == (
        "https://example--uat.sandbox.my.salesforce.com/support/api/60.0/lightning/opencti_min.js"
    )
    assert crm.record_url(RecordRef("Case", "500Dm0000000001")).startswith("https://example--uat.sandbox.lightning.")


def test_without_a_url_the_pages_are_where_the_last_token_came_from() -> None:
    crm = connect(simulated=False, grant_type="authorization_code")
    ref = RecordRef("Case", "500Dm0000000001")
    assert crm.web_origin() == "https://login.salesforce.com"
    answer = {"access_token": "00D!x", "refresh_token": "5Aep", "instance_url": "https://example.my.salesforce.com"}
    tokens.store(tokens.row_of(crm.account), crm.oauth_config(), answer, force=True)
    assert crm.record_url(ref) == "https://example.lightning.force.com/lightning/r/Case/500Dm0000000001/view"
    tokens.store(tokens.row_of(crm.account), crm.oauth_config(), {**answer, "instance_url": "https://evil.example"})
    assert crm.web_origin() == "https://login.salesforce.com"
    IntegrationAccount.objects.update(secrets=Sealed("1:damaged"))
    damaged: Salesforce = IntegrationAccount.objects.get().connect()
    assert damaged.web_origin() == "https://login.salesforce.com"


# -- limits


def test_check_limits_shows_the_fullest_first(crm: Salesforce, salesforce: Vendor) -> None:
    result = crm.check_limits()
    assert result.ok and result.message == "14 limits. The fullest is Single email: 92% used."
    assert [meter.label for meter in result.meters[:2]] == ["Single email", "Data storage MB"]
    assert [meter.share for meter in result.meters] == sorted((m.share for m in result.meters), reverse=True)
    assert result.rows[0] == ("Single email", "4,600 of 5,000 used (92%)")
    salesforce.settings(daily_api_requests=2)
    assert crm.check_limits().meters[0].label == "Daily API requests"


def test_limits_that_the_user_may_not_see_are_told_and_no_failure_of_the_connection(
    crm: Salesforce, salesforce: Vendor
) -> None:
    salesforce.settings(limits_visible=False)
    result = crm.check_limits()
    assert not result.ok and "View Setup and Configuration" in result.message
    tested = crm.test_connection()
    assert tested.ok and ("limits", "Connected; the limits are not visible to this user") in tested.rows
    salesforce.settings(limits_visible=True)
    assert crm.check_limits().ok


@pytest.mark.parametrize("value", [None, 3, {"Max": 1}, {"Max": "1", "Remaining": 0}, {"SomeApp": {"Max": 1}}])
def test_entries_of_another_shape_are_no_limits(value: Any) -> None:
    assert usage(value) is None


def test_the_names_of_limits_are_words() -> None:
    assert words("DailyBulkV2QueryFileStorageMB") == "Daily bulk V2 query file storage MB"
    assert words("DailyApiRequests") == "Daily API requests"


# -- test connection


def test_test_connection_names_user_version_objects_and_calls(crm: Salesforce) -> None:
    rows = [text for _, text in crm.test_connection().rows]
    assert any(text.startswith("Signed in as Integration User (integration.user@demo.example)") for text in rows)
    assert "API version 60.0 is there; the newest is 66.0" in rows
    assert {"Contact: we may read", "Case: we may create", "Task: we may create"} <= set(rows)
    assert any(text.startswith("API calls of the last 24 hours: ") for text in rows)


def test_test_connection_writes_nothing(crm: Salesforce, salesforce: Vendor) -> None:
    assert crm.test_connection().ok
    assert {call.method for call in ApiCall.objects.exclude(url__contains="/token")} == {"GET"}


def test_a_version_that_is_not_there_is_told(organisation: Organisation) -> None:
    crm = connect(api_version="55.0")
    verdict = crm.test_connection().verdict
    assert verdict is not None and verdict.cause == Cause.INCOMPLETE and "66.0" in verdict.message


@pytest.mark.parametrize(("kind", "rights"), [("Lead", []), ("Task", ["read"]), ("Case", ["read"])])
def test_an_object_that_we_may_not_use_is_named(
    crm: Salesforce, salesforce: Vendor, kind: str, rights: list[str]
) -> None:
    salesforce.settings(permissions={kind: rights})
    verdict = crm.test_connection().verdict
    assert verdict is not None and verdict.cause == Cause.NO_PERMISSION and kind in verdict.message
    salesforce.settings(permissions={kind: ["read", "create", "edit", "delete"]})
    assert crm.test_connection().ok


# -- values of a scenario inside SOQL


@pytest.mark.parametrize(
    ("template", "value", "result"),
    [
        ("Name = '$(x)'", "O'Neill \\", r"Name = 'O\'Neill \\'"),
        ("Name = '$(x)'", "' OR Name != '", r"Name = '\' OR Name != \''"),
        ("Name LIKE '$(x)%'", "50%_a", r"Name LIKE '50\%\_a%'"),
        ("Name = '$(x)'", "50%_a", "Name = '50%_a'"),
        ("Name IN ('$(x)', 'b')", "a\nb", r"Name IN ('a\nb', 'b')"),
        ("Name LIKE 'it\\'s $(x)'", "x_y", r"Name LIKE 'it\'s x\_y'"),
    ],
)
def test_a_value_stays_a_value(crm: Salesforce, template: str, value: str, result: str) -> None:
    assert substitute(template, lambda name: value, "soql") == result
    crm.search("Account", result)


@pytest.mark.parametrize("template", ["Name = $(x)", "$(x)", "Name = 'a' $(x)", "Name = '$(x)", "LIMIT $(x)"])
def test_a_variable_outside_of_a_string_is_refused(template: str) -> None:
    with pytest.raises(Unsafe, match="inside a quoted string"):
        check(template, "soql")
