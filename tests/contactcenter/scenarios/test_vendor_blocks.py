"""The blocks of each vendor, one by one, against its simulator: settings, exits, and what arrives there."""

from collections.abc import Callable
from typing import Any

import pytest

from contactcenter.models import Interaction, ScenarioStep
from contactcenter.scenarios.blocks import BLOCKS, BY_KIND
from contactcenter.scenarios.blocks.crm_account import CrmSelectAccount
from contactcenter.scenarios.blocks.crm_base import CrmBlock
from contactcenter.scenarios.definition import problems
from integrations.capabilities import Crm
from integrations.providers import registry
from tests.contactcenter import flow
from tests.contactcenter.flow import block
from tests.contactcenter.reports import told
from tests.factories import AccountFactory, AgentFactory
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.salesforce import Organisation
from tests.integrations.providers.salesforce import connect as salesforce_account
from tests.integrations.providers.zendesk import make_account as zendesk_account
from tests.integrations.providers.zendesk import person, ticket

pytestmark = pytest.mark.django_db(transaction=True)
CONNECT = block("connect", "connect_call")


def played(*blocks: dict[str, Any], **call: Any) -> Interaction:
    """A call through these blocks, each of whose exits leads to the next one; it rings in any case."""
    keys = [each["key"] for each in blocks[1:]] + ["connect"]
    for each, following in zip(blocks, keys, strict=True):
        each["exits"] = dict.fromkeys(BY_KIND[each["kind"]].exits, following)
    AgentFactory(login="agent1", state="READY", services=[flow.service(flow.flow(*blocks, CONNECT))])
    interaction = flow.play("offered", **call)
    assert interaction.state == "ringing"
    return interaction


def step(interaction: Interaction, key: str = "one") -> ScenarioStep:
    return flow.run_of(interaction).steps.get(block=key)


# -- every CRM


def crm_types() -> set[str]:
    return {provider.type.key for provider in registry().values() if issubclass(provider, Crm)}


@pytest.mark.parametrize("account_type", sorted(crm_types()))
def test_every_crm_has_its_blocks_with_the_exits_of_the_guide(account_type: str) -> None:
    mine = {kind.kind: kind for kind in BLOCKS if getattr(kind, "account_type", "") == account_type}
    names = {name.removeprefix(f"{account_type}_") for name in mine}
    assert {"search", "update", "screen_pop", "select_account"} <= names
    assert names & {"create", "insert"}
    for name, kind in mine.items():
        wanted = {"next"} if issubclass(kind, CrmSelectAccount) else {"next", "failed"}
        assert wanted <= set(kind.exits)
        assert ("no_data" in kind.exits) == name.endswith(("_search", "_update", "_delete", "_relate", "_request"))


@pytest.mark.parametrize("kind", [kind for kind in BLOCKS if issubclass(kind, CrmBlock | CrmSelectAccount)])
def test_every_setting_is_explained(kind: Any) -> None:
    for name, field in kind.Settings.base_fields.items():
        assert field.label and field.help_text, name


def test_an_account_of_another_vendor_is_not_used(vendor: Callable[[str], Vendor]) -> None:
    zendesk = vendor("zendesk")
    zendesk_account()
    settings = {"account": "Zendesk demo", "object_id": "1", "values": {"Status": "Completed"}}
    found = step(played(block("one", "salesforce_update", settings)))
    assert found.exit == "failed"
    assert found.error == 'The account "Zendesk demo" is not one of Salesforce.com, which this step is for.'
    assert zendesk.arrived() == []


# -- Select Account


def test_the_account_that_was_selected_is_used_by_later_blocks_of_its_type_only(
    vendor: Callable[[str], Vendor],
) -> None:
    vendor("zendesk"), vendor("salesforce")
    zendesk_account()
    second = AccountFactory(provider="zendesk", name="Second help desk", is_default=True)
    salesforce_account()
    search = {"query": "status<solved", "recordset": "found"}
    interaction = played(
        block("before", "zendesk_search", search),
        block("select", "zendesk_select_account", {"account": "Zendesk demo"}),
        block("after", "zendesk_search", search),
        block("named", "zendesk_search", {**search, "account": second.name}),
        block("other", "salesforce_search", {"query": "IsClosed = false", "recordset": "cases"}),
    )
    used = [step(interaction, key).outcome["account"] for key in ("before", "after", "named", "other")]
    assert used == ["Second help desk", "Zendesk demo", "Second help desk", "Salesforce demo"]
    assert step(interaction, "after").exit == "next"


def test_a_selected_account_that_is_gone_fails_where_it_is_used(vendor: Callable[[str], Vendor]) -> None:
    vendor("zendesk")
    interaction = played(
        block("select", "zendesk_select_account", {"account": "Gone"}),
        block("one", "zendesk_search", {"query": "status<solved", "recordset": "found"}),
    )
    assert step(interaction, "select").exit == "next"
    assert 'no integration account "Gone"' in step(interaction).error


def test_select_account_needs_an_account() -> None:
    (sentence,) = problems(flow.flow(block("a", "zendesk_select_account", next="connect"), CONNECT))
    assert sentence.startswith('Block "a", Account:')


# -- Salesforce


@pytest.fixture
def organisation(vendor: Callable[[str], Vendor]) -> Organisation:
    found = Organisation(vendor("salesforce"))
    salesforce_account()
    return found


def test_soql_finds_records_by_a_condition_with_a_value_of_the_call(organisation: Organisation) -> None:
    interaction = played(
        block("who", "salesforce_search", {"look_up": "phone", "recordset": "caller"}),
        block("one", "salesforce_search", {
            "object_type": "Case", "query": "ContactId = '$(item.callerId)' ORDER BY CaseNumber", "recordset": "cases",
        }),
    )  # fmt: skip
    found = flow.run_of(interaction).variables["cases"]
    assert step(interaction).exit == "next"
    assert [record["Subject"] for record in found["records"]] == ["Laptop does not start", "Invoice 2231 arrived twice"]
    assert (found["records"][0]["__kind__"], found["count"]) == ("Case", 2)


def test_sosl_finds_records_of_several_objects(organisation: Organisation) -> None:
    organisation.insert("Case", Subject="Don Goodliffe called")
    interaction = played(
        block("who", "salesforce_search", {"look_up": "phone", "recordset": "caller"}),
        block("one", "salesforce_search", {
            "query_language": "sosl", "recordset": "found",
            "query": 'FIND {"$(item.callerName)"} IN ALL FIELDS RETURNING Contact(Id, Name), Case(Id, Subject)',
        }),
    )  # fmt: skip
    assert step(interaction).exit == "next"
    records = flow.run_of(interaction).variables["found"]["records"]
    assert [record["__kind__"] for record in records] == ["Contact", "Case"]


def test_a_search_that_finds_nothing_and_one_that_is_refused_take_their_exits(organisation: Organisation) -> None:
    interaction = played(
        block("none", "salesforce_search", {"query": "Subject = 'Nothing'", "recordset": "a"}),
        block("wrong", "salesforce_search", {"query": "NoSuchField = 1", "recordset": "b"}),
    )
    assert step(interaction, "none").exit == "no_data"
    assert step(interaction, "wrong").exit == "failed"
    variables = flow.run_of(interaction).variables
    assert variables["integrationResultCode"] == "400"
    assert "INVALID_FIELD" in variables["integrationResultBody"]


@pytest.mark.parametrize(
    ("language", "statement", "words"),
    [
        ("soql", "Phone = $(item.customerPhone)", "inside a quoted string"),
        ("sosl", "Phone = '1'", "begins with FIND"),
        ("sosl", "FIND {x$(item.callerName)} RETURNING Contact(Id)", "stand alone"),
        ("sosl", "FIND {x} RETURNING Contact(Id WHERE Name = $(item.callerName))", "inside a quoted string"),
    ],
)
def test_a_statement_that_could_be_broken_open_is_refused_when_saved(language: str, statement: str, words: str) -> None:
    settings = {"query_language": language, "query": statement, "recordset": "r"}
    (sentence,) = problems(flow.flow(block("a", "salesforce_search", settings, next="connect"), CONNECT))
    assert sentence.startswith('Block "a", Statement:') and words in sentence


def test_what_was_made_is_deleted_and_what_is_gone_is_no_data(organisation: Organisation) -> None:
    interaction = played(
        block("make", "salesforce_insert", {
            "object_type": "Case", "values": {"Subject": "By mistake"}, "id_variable": "made",
        }),
        block("one", "salesforce_delete", {"object_type": "Case", "object_id": "$(made)"}),
        block("again", "salesforce_delete", {"object_type": "Case", "object_id": "$(made)"}),
        block("nothing", "salesforce_delete", {"object_type": "Case", "object_id": "$(unknown)"}),
    )  # fmt: skip
    assert [step(interaction, key).exit for key in ("one", "again", "nothing")] == ["next", "no_data", "no_data"]
    assert organisation.rows("SELECT Id FROM Case WHERE Subject = 'By mistake'") == []
    assert "interaction" not in interaction.records
    assert flow.entries(interaction) == [("create", "done"), ("delete", "done"), ("delete", "done")]


def test_a_record_that_could_not_be_made_yet_is_deleted_after_it_was(
    organisation: Organisation, vendor: Callable[[str], Vendor]
) -> None:
    organisation.vendor.fault("server_error")
    values = {"object_type": "Case", "values": {"Subject": "By mistake"}, "id_variable": "made"}
    interaction = played(
        block("make", "salesforce_insert", values),
        block("one", "salesforce_delete", {"object_type": "Case", "object_id": "$(made)"}),
    )
    assert step(interaction).exit == "failed"
    organisation.vendor.healthy()
    flow.time_passes()
    flow.work(interaction)
    assert flow.entries(interaction) == [("create", "done"), ("delete", "done")]
    assert organisation.rows("SELECT Id FROM Case WHERE Subject = 'By mistake'") == []


def test_a_deletion_that_is_forbidden_fails_and_waits_for_the_right(organisation: Organisation) -> None:
    laptop = "Subject = 'Laptop does not start'"
    case = organisation.id_of("Case", laptop)
    organisation.vendor.settings(permissions={"Case": ["read", "create", "edit"]})
    interaction = played(block("one", "salesforce_delete", {"object_type": "Case", "object_id": case}))
    assert step(interaction).exit == "failed"
    assert "no right to this" in step(interaction).error
    assert organisation.id_of("Case", laptop) == case
    organisation.vendor.settings(permissions={"Case": ["read", "create", "edit", "delete"]})
    flow.time_passes()
    flow.work(interaction)
    assert flow.entries(interaction) == [("delete", "done")]
    assert organisation.rows(f"SELECT Id FROM Case WHERE {laptop}") == []


def test_the_calls_own_record_is_forgotten_with_its_deletion(organisation: Organisation) -> None:
    interaction = played(
        block("make", "salesforce_insert", {"values": {"Subject": "Test call"}, "id_variable": "made"}),
        block("one", "salesforce_delete", {"object_type": "Task", "object_id": "$(made)"}),
    )
    assert step(interaction).exit == "next"
    assert "interaction" not in interaction.records
    flow.work(flow.report("answered", agent="agent1"))
    interaction = flow.work(flow.complete(flow.work(flow.report("released"))))
    assert flow.entries(interaction) == [("create", "done"), ("delete", "done")]


def test_a_salesforce_address_opens_instead_of_a_record(organisation: Organisation) -> None:
    settings = {"address": "https://acme.lightning.force.com/lightning/n/Calls?from=$(item.customerPhone)"}
    interaction = played(block("one", "salesforce_screen_pop", settings))
    (pop,) = told(interaction.agent, "screen_pop")
    assert pop["url"] == "https://acme.lightning.force.com/lightning/n/Calls?from=%2B14155550132"


def test_an_object_type_from_a_variable_must_be_a_name(organisation: Organisation) -> None:
    interaction = played(
        block("x", "set_variable", {"name": "kind", "value": "Case/../User"}),
        block("one", "salesforce_update", {"object_type": "$(kind)", "object_id": "1", "values": {"Status": "New"}}),
    )
    assert "is not the name of a table or object" in step(interaction).error
    assert interaction.outbox.count() == 0


# -- Zendesk


def test_zendesk_finds_and_changes_the_callers_open_ticket(vendor: Callable[[str], Vendor]) -> None:
    zendesk = vendor("zendesk")
    zendesk_account()
    interaction = played(
        block("who", "zendesk_search", {"look_up": "phone", "object_type": "user", "recordset": "caller"}),
        block("find", "zendesk_search", {"query": 'requester:"$(item.callerId)" status:open', "recordset": "tickets"}),
        block("one", "zendesk_update", {
            "object_type": "ticket", "object_id": "$(tickets.id)", "values": {"priority": "urgent"},
        }),
    )  # fmt: skip
    assert step(interaction).exit == "next"
    number = flow.run_of(interaction).variables["tickets"]["records"][0]["id"]
    changed = ticket(zendesk, number)
    assert (changed["priority"], changed["requester_id"]) == ("urgent", person(zendesk, "Don Goodliffe")["id"])


# -- RightNow and Oracle Service Cloud: one story through both doors

DOORS = {
    "rightnow": {
        "secrets": {"password": "demo-rightnow-password"}, "incident": "Incident", "contact": "Contact",
        "values": {"Subject": "Call from $(item.customerPhone)", "PrimaryContact.Contact.ID": "$(item.callerId)"},
        "change": {"Subject": "Call answered"},
    },
    "oracle_service_cloud": {
        "secrets": {"password": "demo-oracle-password"}, "incident": "incidents", "contact": "contacts",
        "values": {"subject": "Call from $(item.customerPhone)", "primaryContact.id": "$(item.callerId)"},
        "change": {"subject": "Call answered"},
    },
}  # fmt: skip


@pytest.mark.parametrize("door", DOORS)
def test_the_caller_is_found_an_incident_made_found_changed_and_shown(
    door: str, vendor: Callable[[str], Vendor]
) -> None:
    vendor(door)
    words: dict[str, Any] = DOORS[door]
    account = AccountFactory(provider=door, properties={"user_name": "integration"}, secrets=words["secrets"])
    incident, contact = words["incident"], words["contact"]
    made = {"object_type": incident, "id_variable": "made", "values": words["values"]}
    interaction = played(
        block("who", f"{door}_search", {"look_up": "phone", "object_type": contact, "recordset": "caller"}),
        block("make", f"{door}_create", made),
        block("change", f"{door}_update", {"object_id": "$(made)", "values": words["change"]}),
        block("find", f"{door}_search", {"query": "id = $(made)", "recordset": "found"}),
        block("pop", f"{door}_screen_pop", {"object_type": contact, "object_id": "$(item.callerId)"}),
    )
    assert {exit for _, exit in flow.steps(interaction)} <= {"next", "wait"}
    assert interaction.caller["name"] == "Don Goodliffe"
    assert interaction.records["interaction"]["kind"] == incident
    (found,) = flow.run_of(interaction).variables["found"]["records"]
    assert found["subject"].startswith("Call answered")
    (pop,) = told(interaction.agent, "screen_pop")
    assert (pop["entity"], pop["query"]) == ("Contact", interaction.caller["candidates"][0]["id"])

    flow.work(flow.report("answered", agent="agent1"))
    interaction = flow.work(flow.complete(flow.work(flow.report("released"))))
    assert interaction.activity_account == account
    assert flow.status_of(interaction)["status"] == "posted"


# -- Delete at every other CRM

DELETES: dict[str, dict[str, Any]] = {
    "servicenow": {
        "create": "servicenow_create", "kind": "incident", "values": {"short_description": "By mistake"},
        "account": {
            "properties": {"client_id": "demo-client-id-0123456789abcdef", "grant_type": "client_credentials"},
            "secrets": {"client_secret": "demo-client-secret"},
        },
    },
    "zendesk": {"create": "zendesk_create", "kind": "ticket", "values": {"subject": "By mistake"}},
    **{
        door: {
            "create": f"{door}_create", "kind": words["incident"], "values": words["values"],
            "account": {"properties": {"user_name": "integration"}, "secrets": words["secrets"]},
        }
        for door, words in DOORS.items()
    },
}  # fmt: skip


@pytest.mark.parametrize("name", DELETES)
def test_what_was_made_at_any_crm_is_deleted_once_and_then_no_data(name: str, vendor: Callable[[str], Vendor]) -> None:
    simulator, words = vendor(name), DELETES[name]
    if name == "servicenow":
        rights = {"sys_user": ["read"], "incident": ["create", "read", "delete"]}
        simulator.settings(acl={"integration.user": rights})
    if "account" in words:
        AccountFactory(provider=name, **words["account"])
    else:
        zendesk_account()
    made = {"object_type": words["kind"], "id_variable": "made", "values": words["values"]}
    gone = {"object_type": words["kind"], "object_id": "$(made)"}
    interaction = played(
        block("who", f"{name}_search", {"look_up": "phone", "recordset": "caller"}),
        block("make", words["create"], made),
        block("one", f"{name}_delete", gone),
        block("again", f"{name}_delete", gone),
        block("nothing", f"{name}_delete", {"object_type": words["kind"], "object_id": "$(unknown)"}),
    )
    exits = {key: step(interaction, key).exit for key in ("make", "one", "again", "nothing")}
    assert exits == {"make": "next", "one": "next", "again": "no_data", "nothing": "no_data"}
    assert flow.entries(interaction) == [("create", "done"), ("delete", "done"), ("delete", "done")]
