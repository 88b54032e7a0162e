"""Blocks towards CRMs: accounts, exits, variables, and what the agent gets to see."""

from typing import Any

import pytest

from contactcenter.models import OutboxEntry
from contactcenter.scenarios import engine
from contactcenter.scenarios.blocks import BY_KIND
from contactcenter.scenarios.blocks.crm_read import RECORDSET_BYTES
from integrations import leases
from integrations.errors import AuthenticationFailed, Rejected, Unavailable
from tests.contactcenter import flow
from tests.contactcenter.flow import block
from tests.factories import AccountFactory, AgentFactory

pytestmark = pytest.mark.django_db(transaction=True)

CONNECT = block("connect", "connect_call")
CREATE = {"object_type": "incident", "values": {"short_description": "$(item.customerPhone)"}, "id_variable": "made"}


def played(*blocks: dict[str, Any]) -> Any:
    AgentFactory(login="agent1", state="READY", services=[flow.service(flow.flow(*blocks, CONNECT))])
    return flow.play("offered")


def one(kind: str, settings: dict[str, Any], **exits: str) -> Any:
    """The recorded step of one block in front of the connection; and the call rings in any case."""
    names = dict.fromkeys(("next", "failed", "no_data", "several"), "connect")
    connected = {name: to for name, to in names.items() if name in BY_KIND[kind].exits}
    interaction = played(block("one", kind, settings, **{**connected, **exits}))
    assert interaction.state == "ringing"
    return flow.run_of(interaction).steps.get(block="one")


# -- which account


def test_the_named_account_is_used(account: Any, crm: Any) -> None:
    AccountFactory(provider="fake_crm", name="Second")
    assert one("servicenow_create", {**CREATE, "account": "Second"}).outcome["account"] == "Second"


def test_the_only_account_needs_no_tick(account: Any, crm: Any) -> None:
    account.is_default = False
    account.save()
    assert one("servicenow_create", CREATE).exit == "next"


@pytest.mark.parametrize("fault", ["none", "two", "off", "renamed", "no crm"])
def test_an_account_that_cannot_be_used_takes_the_failed_exit_in_words(fault: str, account: Any, crm: Any) -> None:
    settings = dict(CREATE)
    words = {
        "none": "no default account",
        "two": "no default account",
        "off": "switched off",
        "renamed": "no integration",
    }
    if fault == "none":
        account.delete()
    if fault == "two":
        AccountFactory(provider="fake_crm")
        account.is_default = False
        account.save()
    if fault == "off":
        settings["account"] = account.name
        account.enabled = False
        account.save()
    if fault == "renamed":
        settings["account"] = "Old name"
    if fault == "no crm":
        settings["account"] = AccountFactory(provider="wfm_http", name="WFM").name
    step = one("servicenow_create", settings)
    assert step.exit == "failed"
    assert words.get(fault, "no customer record system") in step.error
    assert crm.calls == []


# -- search


def test_a_search_fills_a_recordset_and_the_result_variables(account: Any, crm: Any) -> None:
    settings = {"query": "caller_id=don^active=true", "recordset": "inc", "limit": 5}
    step = one("servicenow_search", settings)
    assert (step.exit, step.outcome["found"]) == ("next", 1)
    recordset = step.run.variables["inc"]
    assert recordset["count"] == 1
    assert recordset["records"][0]["number"] == "INC0010001"
    assert recordset["records"][0]["__url__"] == "https://fake.example.com/incident/inc1"
    assert step.run.variables["integrationResultCode"] == ""


def test_a_search_that_finds_nothing_says_so(account: Any, crm: Any) -> None:
    step = one("servicenow_search", {"query": "caller_id=nobody", "recordset": "inc"})
    assert (step.exit, step.run.variables["inc"]) == ("no_data", {"records": [], "count": 0})


def test_a_search_for_an_empty_value_is_not_asked(account: Any, crm: Any) -> None:
    step = one("servicenow_search", {"query": "caller_id=$(item.callerId)", "recordset": "inc"})
    assert step.exit == "no_data"
    assert "$(item.callerId) is empty" in step.outcome["note"]
    assert crm.calls == []


def test_a_value_that_would_run_a_script_is_not_asked(account: Any, crm: Any) -> None:
    search = block(
        "one", "servicenow_search", {"query": "number=$(x)", "recordset": "r"}, next="connect", failed="connect"
    )
    interaction = played(block("x", "set_variable", {"name": "x", "value": "javascript:gs.log()"}, next="one"), search)
    step = flow.run_of(interaction).steps.get(block="one")
    assert step.exit == "failed"
    assert "run as a script" in step.error
    assert crm.calls == []


def test_a_recordset_keeps_to_its_room(account: Any, crm: Any) -> None:
    crm.incidents = [{"sys_id": f"i{n}", "caller_id": "don", "text": "x" * 5000} for n in range(50)]
    crm.incidents[0] |= {f"column{n}": "y" * 400 for n in range(30)}
    step = one("servicenow_search", {"query": "caller_id=don", "recordset": "inc", "limit": 50})
    recordset = step.run.variables["inc"]
    assert recordset["count"] == 50
    assert len(recordset["records"]) < 50
    assert len(recordset["records"][1]["text"]) == 500
    assert len(str(recordset)) < 2 * RECORDSET_BYTES
    assert "were kept" in step.outcome["note"]


def test_the_result_of_a_refused_search_is_in_the_variables(account: Any, crm: Any) -> None:
    crm.when("search:before", Rejected("No", status=400, vendor_message="Invalid table interaction"))
    step = one("servicenow_search", {"query": "caller_id=don", "recordset": "inc"})
    assert step.run.variables["integrationResultCode"] == "400"
    assert step.run.variables["integrationResultBody"] == "Invalid table interaction"
    account.refresh_from_db()
    assert account.health == "unknown"


# -- create, relate, update


def test_a_created_record_can_be_named_in_texts_and_fields(account: Any, crm: Any) -> None:
    interaction = played(
        block("make", "servicenow_create", {**CREATE, "interaction_record": False}, next="say"),
        block("say", "set_variable", {"name": "said", "value": "Made $(made)"}, next="connect"),
    )
    assert flow.run_of(interaction).variables["said"] == "Made incident1"
    assert "interaction" not in interaction.records
    assert crm.records["incident1"]["key"] == f"{interaction.reference}-make-1"


def test_a_record_to_come_is_empty_in_texts_until_it_is_there(account: Any, crm: Any) -> None:
    crm.when("create:before", Unavailable("Away"))
    interaction = played(
        block("make", "servicenow_create", CREATE, next="say", failed="say"),
        block("say", "set_variable", {"name": "said", "value": "[$(made)]"}, next="connect"),
    )
    run = flow.run_of(interaction)
    assert run.variables["said"] == "[]"
    assert run.variables["made"] == {"$ref": f"{interaction.public_id.hex}:make:1"}


def test_two_visits_of_a_block_make_two_records(account: Any, crm: Any) -> None:
    counting = block("if", "if", {"left": "$(n)", "right": "x"}, yes="connect", no="count")
    interaction = played(
        block("make", "servicenow_create", CREATE, next="if", failed="connect"),
        counting,
        block("count", "set_variable", {"name": "n", "value": "x"}, next="make"),
    )
    assert len(crm.records) == 2
    assert interaction.outbox.count() == 2


def test_an_update_without_a_record_finds_no_data(account: Any, crm: Any) -> None:
    step = one("servicenow_update", {"object_id": "$(nothing)", "values": {"state": "new"}})
    assert (step.exit, step.outcome["note"]) == ("no_data", "There is no record to update.")


def test_empty_values_are_left_out_but_a_written_empty_text_clears(account: Any, crm: Any) -> None:
    crm.records["r1"] = {"kind": "interaction", "key": ""}
    values = {"unknown": "$(nothing)", "cleared": "", "number": 3, "yes": True}
    one("servicenow_update", {"object_id": "r1", "values": values})
    assert crm.records["r1"] == {"kind": "interaction", "key": "", "cleared": "", "number": 3, "yes": True}


def test_an_account_that_refuses_us_is_not_asked_again_before_the_call_rings(account: Any, crm: Any) -> None:
    crm.when("create:before", AuthenticationFailed("Wrong secret", status=401))
    interaction = played(
        block("a", "servicenow_create", CREATE, next="b", failed="b"),
        block("b", "servicenow_create", CREATE, next="connect", failed="connect"),
    )
    first, second = flow.run_of(interaction).steps.filter(kind="servicenow_create").order_by("number")
    assert first.error == "Wrong secret It is saved and will be sent later."
    assert "has just failed" in second.error
    assert interaction.outbox.filter(status="waiting").count() == 2


def test_an_entry_that_another_process_is_sending_is_waited_for(account: Any, crm: Any) -> None:
    support = flow.service(flow.flow(block("a", "servicenow_create", CREATE, next="connect"), CONNECT))
    AgentFactory(login="agent1", state="READY", services=[support])
    interaction = flow.report("offered")
    crm.moments["create:before"] = lambda server: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        engine.advance(flow.run_of(interaction).pk)
    crm.healthy()
    entry = OutboxEntry.objects.get()
    owner = leases.claim(entry)
    engine.advance(flow.run_of(interaction).pk)
    assert flow.run_of(interaction).steps.count() == 0
    leases.release(entry, owner)
    engine.advance(flow.run_of(interaction).pk)
    assert flow.steps(interaction) == [("a", "next"), ("connect", "wait")]
    assert len(crm.records) == 1


# -- screen pop


def test_an_address_can_be_opened_instead_of_a_record(account: Any, crm: Any) -> None:
    step = one("servicenow_screen_pop", {"address": "https://wiki.example.com/$(item.customerPhone)"})
    assert step.outcome["pop"]["url"] == "https://wiki.example.com/%2B14155550132"
    assert step.outcome["pop"]["entity"] == ""


def test_there_is_nothing_to_open_without_an_address(account: Any, crm: Any) -> None:
    step = one("servicenow_screen_pop", {"address": "$(GLOBAL:screenpopurl)"})
    assert (step.exit, step.error) == ("failed", "There is no address to open.")


def test_an_address_that_is_none_of_the_web_is_not_opened(account: Any, crm: Any) -> None:
    interaction = played(
        block("x", "set_variable", {"name": "x", "value": "javascript:alert(1)"}, next="pop"),
        block("pop", "servicenow_screen_pop", {"address": "$(x)"}, next="connect", failed="connect"),
    )
    assert "no http or https address" in flow.run_of(interaction).steps.get(block="pop").error
    assert interaction.records.get("screen_pops") is None


def test_a_pop_that_the_provider_refuses_takes_the_failed_exit(
    account: Any, crm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Any, ref: Any, facts: Any) -> Any:
        raise Rejected("This is no sys_id.")

    monkeypatch.setattr(type(account.connect()), "screen_pop", refuse)
    step = one("servicenow_screen_pop", {"object_id": "$(item.customerPhone)"})
    assert (step.exit, step.error) == ("failed", "This is no sys_id.")
