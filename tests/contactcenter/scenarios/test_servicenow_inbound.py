"""The ready-made ServiceNow scenario, from the call's arrival to the history (integration guide of the workspaces)."""

from typing import Any

import pytest

from contactcenter import desk
from contactcenter.models import AgentEvent
from contactcenter.scenarios import engine
from contactcenter.scenarios.definition import problems, warnings
from integrations.errors import AuthenticationFailed, Cause, Rejected, Unavailable
from integrations.models import IntegrationAccount
from tests.contactcenter import flow
from tests.factories import AgentCrmUserFactory, AgentFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def agent(account: IntegrationAccount, crm: Any) -> Any:
    support = flow.service()
    agent = AgentFactory(login="agent1", state="READY", services=[support], host_account=account)
    crm.agents["agent1@example.com"] = "ava"
    return agent


def the_record(crm: Any) -> dict[str, Any]:
    (record,) = crm.of_kind("interaction")
    return record


def told(agent: Any, kind: str) -> list[dict[str, Any]]:
    return [event.data for event in AgentEvent.objects.filter(agent=agent, kind=kind).order_by("number")]


def test_the_library_scenario_can_be_saved_and_leaves_no_warning(db: None) -> None:
    assert problems(flow.library()) == []
    assert warnings(flow.library()) == []


def test_before_queueing_the_interaction_record_is_new_and_opened_for_the_caller(agent: Any, crm: Any) -> None:
    interaction = flow.play("offered")
    record = the_record(crm)
    assert record["state"] == "new"
    assert (record["type"], record["direction"]) == ("phone", "inbound")
    assert record["short_description"] == "Call from +14155550132"
    assert record["caller_phone_number"] == "+14155550132"
    assert record["opened_for"] == "don"
    assert interaction.state == "ringing"
    assert interaction.records["interaction"]["kind"] == "interaction"
    assert flow.run_of(interaction).variables["GLOBAL:screenpopurl"].startswith("https://fake.example.com/interaction/")


def test_the_caller_and_their_open_incident_are_related(agent: Any, crm: Any) -> None:
    interaction = flow.play("offered")
    caller, incident = crm.of_kind("interaction_related_record")
    made = interaction.records["interaction"]["id"]
    assert (caller["interaction"], caller["document_table"], caller["document_id"]) == (made, "sys_user", "don")
    assert (incident["document_table"], incident["document_id"]) == ("incident", "inc1")
    assert (incident["type"], incident["task"]) == ("task", "inc1")
    assert [r["title"] for r in interaction.records["related"]] == ["INC0010001 Cannot print"]


def test_the_caller_is_named_and_their_record_opens_when_it_rings(agent: Any, crm: Any) -> None:
    interaction = flow.play("offered")
    (pop,) = told(agent, "screen_pop")
    assert (pop["entity"], pop["query"]) == ("sys_user", "sys_id=don")
    assert pop["interaction"] == str(interaction.public_id)
    assert "Don Goodliffe" in pop["why"]
    assert interaction.caller["status"] == "matched"


def test_a_whole_call_ends_closed_with_one_activity(agent: Any, crm: Any) -> None:
    interaction = flow.play("offered", "answered")
    assert (the_record(crm)["state"], the_record(crm)["assigned_to"]) == ("work_in_progress", "ava")
    interaction = flow.play("released")
    assert the_record(crm)["state"] == "closed_complete"
    interaction.refresh_from_db()
    interaction.notes = "Printer on fire"
    interaction.save()
    flow.work(flow.complete(interaction))
    ((kind, record_id, activity),) = crm.history
    assert (kind, record_id) == ("interaction", interaction.records["interaction"]["id"])
    assert activity.key == interaction.reference
    assert "Notes: Printer on fire" in activity.text
    assert flow.run_of(interaction).status == "finished"
    assert flow.status_of(interaction) == {"enabled": True, "status": "posted", "text": "Posted"}


def test_the_desktop_is_told_when_the_history_has_been_posted(agent: Any, crm: Any) -> None:
    interaction = flow.play("offered", "answered", "released")
    flow.complete(interaction)
    assert told(agent, "interaction")[-1]["activity"]["status"] == "saved"
    flow.work(interaction)
    assert told(agent, "interaction")[-1]["activity"]["status"] == "posted"


def test_the_history_goes_to_the_related_record_where_the_account_says_so(agent: Any, crm: Any, account: Any) -> None:
    account.properties = {"activity_record": "related"}
    account.save()
    crm.records["inc1"] = {"kind": "incident", "key": ""}
    flow.work(flow.complete(flow.play("offered", "answered", "released")))
    ((kind, record_id, _),) = crm.history
    assert (kind, record_id) == ("incident", "inc1")


def test_an_abandoned_call_is_closed_as_abandoned(agent: Any, crm: Any) -> None:
    interaction = flow.play("offered", "abandoned")
    assert the_record(crm)["state"] == "closed_abandoned"
    assert flow.run_of(interaction).status == "finished"


def test_a_caller_who_gave_up_before_the_scenario_began_is_closed_as_abandoned(agent: Any, crm: Any) -> None:
    flow.report("offered")
    interaction = flow.work(flow.report("abandoned"))
    assert the_record(crm)["state"] == "closed_abandoned"
    assert interaction.state == "abandoned"


def test_everything_that_happened_while_no_worker_was_there_is_made_up_for(agent: Any, crm: Any) -> None:
    for event in ("offered", "answered", "released"):
        interaction = flow.report(event, **({"agent": "agent1"} if event != "released" else {}))
    flow.complete(interaction)
    assert crm.calls == []
    interaction = flow.work(interaction)
    assert the_record(crm)["state"] == "closed_complete"
    assert the_record(crm)["assigned_to"] == "ava"
    assert len(crm.history) == 1


def test_where_the_account_says_so_the_agent_closes_the_record(agent: Any, crm: Any, account: Any) -> None:
    account.properties = {"close_on_release": False}
    account.save()
    flow.play("offered", "answered", "released")
    assert the_record(crm)["state"] == "work_in_progress"


def test_the_mapping_table_comes_before_e_mail_and_user_name(agent: Any, crm: Any, account: Any) -> None:
    AgentCrmUserFactory(agent=agent, account=account, vendor_id="mapped")
    flow.play("offered", "answered")
    assert the_record(crm)["assigned_to"] == "mapped"
    assert "find_agent" not in crm.calls


def test_an_agent_whom_the_crm_does_not_know_leaves_the_field_out_and_says_so(agent: Any, crm: Any) -> None:
    crm.agents.clear()
    interaction = flow.play("offered", "answered")
    assert the_record(crm)["state"] == "work_in_progress"
    assert "assigned_to" not in the_record(crm)
    update = interaction.outbox.get(operation="update")
    assert update.result["notes"] == ["assigned_to was left out: Fake CRM has no user for our agent."]


def test_after_a_transfer_the_record_is_assigned_to_the_next_agent(agent: Any, crm: Any) -> None:
    crm.agents["agent2@example.com"] = "ben"
    AgentFactory(login="agent2", state="READY", services=[agent.services.get()])
    flow.play("offered")
    flow.work(flow.report("answered", agent="agent1"))
    flow.work(flow.report("transferred", agent="agent2"))
    flow.work(flow.report("answered", agent="agent2"))
    assert the_record(crm)["assigned_to"] == "ben"


def test_of_several_callers_nobody_is_guessed_and_the_agents_choice_is_entered(agent: Any, crm: Any) -> None:
    crm.people = [
        {"sys_id": "ella", "name": "Ella Shaw", "phone": "1"},
        {"sys_id": "evan", "name": "Evan Shaw", "phone": "1"},
    ]
    interaction = flow.play("offered")
    assert "opened_for" not in the_record(crm)
    assert told(agent, "screen_pop") == []
    flow.work(flow.report("answered", agent="agent1"))
    desk.choose_caller(agent, str(interaction.public_id), 1)
    flow.work(interaction)
    assert the_record(crm)["opened_for"] == "evan"
    assert [r["document_id"] for r in crm.of_kind("interaction_related_record")] == ["evan"]
    assert told(agent, "screen_pop")[-1]["query"] == "sys_id=evan"


def test_an_unknown_caller_gets_a_new_record_form(agent: Any, crm: Any) -> None:
    crm.people = []
    flow.play("offered")
    assert "opened_for" not in the_record(crm)
    assert told(agent, "screen_pop")[0]["url"] == "https://fake.example.com/new?phone=+14155550132"
    assert "search" not in crm.calls


def test_a_withheld_number_is_not_looked_up(agent: Any, crm: Any) -> None:
    from contactcenter import calls

    interaction = flow.work(
        calls.apply(calls.CallReport(call_id="c", event="offered", from_number="anonymous", service="support"))
    )
    assert "find_by_phone" not in crm.calls
    assert the_record(crm)["short_description"] == "Call from anonymous"
    assert interaction.state == "ringing"


# -- a CRM that fails never stops the call


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("ServiceNow did not answer within 5 seconds.", cause=Cause.TIMEOUT),
        AuthenticationFailed("The token is not accepted.", status=401),
        Rejected("No such table.", status=400, vendor_message="Invalid table interaction"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_the_call_rings_whatever_the_crm_does_and_the_failures_are_written_down(
    error: Exception, agent: Any, crm: Any
) -> None:
    crm.when("*:before", error)
    interaction = flow.work(flow.report("offered"))
    assert interaction.state == "ringing"
    assert interaction.caller["status"] == "failed"
    first, second = flow.run_of(interaction).steps.filter(kind="log").order_by("number")[:2]
    assert (first.outcome["call_id"], first.outcome["table"]) == ("call-1", "sys_user")
    assert error.message in first.outcome["error"]
    assert first.outcome["status"] == error.status
    assert (second.block, second.outcome["table"]) in (("log_create", "interaction"), ("log_find_incident", "incident"))


def test_an_account_that_did_not_answer_is_not_asked_again_before_the_call_rings(agent: Any, crm: Any) -> None:
    crm.when("*:before", Unavailable("Away", cause=Cause.TIMEOUT))
    interaction = flow.report("offered")
    engine.advance(flow.run_of(interaction).pk)
    asked = [s.block for s in flow.run_of(interaction).steps.exclude(error="") if "Away" in s.error]
    assert asked == ["find_caller"]
    interaction.refresh_from_db()
    assert interaction.state == "ringing"


def test_what_a_crm_that_was_away_has_missed_is_delivered_later_in_order(agent: Any, crm: Any) -> None:
    crm.when("*:before", Unavailable("Away", cause=Cause.UNREACHABLE))
    interaction = flow.play("offered", "answered")
    assert flow.status_of(interaction)["status"] == "saved"
    assert told(agent, "interaction")[-1]["activity"]["text"] == "Saved, will post later"
    interaction = flow.complete(flow.play("released"))
    assert crm.records == {}
    crm.healthy()
    flow.time_passes()
    interaction = flow.work(interaction)
    record = the_record(crm)
    assert (record["state"], record["assigned_to"]) == ("closed_complete", "ava")
    assert len(crm.history) == 1
    assert set(flow.entries(interaction)) == {(operation, "done") for operation, _ in flow.entries(interaction)}
    assert told(agent, "interaction")[-1]["activity"]["status"] == "posted"
    assert interaction.records["interaction"]["id"]


def test_a_refused_record_needs_attention_and_everything_about_it_follows_once_it_is_retried(
    agent: Any, crm: Any
) -> None:
    from contactcenter import activities

    crm.when("create:before", Rejected("short_description is too long", status=403))
    interaction = flow.complete(flow.play("offered", "answered", "released"))
    flow.work(interaction)
    assert flow.status_of(interaction)["status"] == "stuck"
    assert {status for _, status in flow.entries(interaction)} == {"stuck"}
    crm.healthy()
    activities.retry(interaction.outbox.order_by("pk").first())
    flow.work(interaction)
    assert the_record(crm)["state"] == "closed_complete"
    assert len(crm.history) == 1
    assert flow.status_of(interaction)["status"] == "posted"
