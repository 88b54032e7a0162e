"""The ready-made Salesforce scenario against the simulator, from the reported call to the completed Task."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from contactcenter import desk
from contactcenter.models import Agent, Interaction
from contactcenter.scenarios import engine
from contactcenter.scenarios.definition import problems, warnings
from integrations.models import ApiCall, IntegrationAccount
from tests.contactcenter import flow
from tests.contactcenter.reports import told
from tests.factories import AccountFactory, AgentFactory
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.salesforce import Organisation, connect

pytestmark = pytest.mark.django_db(transaction=True)
LIBRARY = "salesforce_inbound"


@pytest.fixture
def salesforce(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("salesforce")


@pytest.fixture
def organisation(salesforce: Vendor) -> Organisation:
    """As its administrator sees it; signed in before anything goes wrong."""
    return Organisation(salesforce)


@pytest.fixture
def account(salesforce: Vendor) -> IntegrationAccount:
    return connect().account


@pytest.fixture
def agent(account: IntegrationAccount) -> Agent:
    """Their desktop stands alone: it is in no page of Salesforce."""
    made: Agent = AgentFactory(login="agent1", state="READY", services=[flow.service(flow.library(LIBRARY))])
    return made


def tasks(organisation: Organisation) -> list[dict[str, Any]]:
    return organisation.rows("SELECT FIELDS(ALL) FROM Task LIMIT 50")


def the_task(organisation: Organisation) -> dict[str, Any]:
    (task,) = tasks(organisation)
    return task


def test_it_can_be_saved_and_leaves_no_warning(db: None) -> None:
    assert problems(flow.library(LIBRARY)) == []
    assert warnings(flow.library(LIBRARY)) == []


def test_the_agent_reads_where_the_caller_is_looked_for(agent: Agent) -> None:
    assert flow.report("offered").caller["rule"] == "Looking for +1 415-555-0132 in Salesforce.com."


def test_a_call_is_one_task_from_its_arrival_to_its_history(agent: Agent, organisation: Organisation) -> None:
    interaction = flow.play("offered")
    don = organisation.id_of("Contact", "Name = 'Don Goodliffe'")
    assert interaction.state == "ringing"
    assert interaction.caller["name"] == "Don Goodliffe"
    task = the_task(organisation)
    assert (task["Status"], task["TaskSubtype"], task["CallType"]) == ("Not Started", "Call", "Inbound")
    assert (task["Subject"], task["WhoId"], task["WhatId"]) == ("Call from +14155550132", don, None)

    flow.work(flow.report("answered", agent="agent1"))
    task = the_task(organisation)
    assert (task["Status"], task["OwnerId"]) == (
        "In Progress", organisation.id_of("User", "Email = 'agent1@example.com'")
    )  # fmt: skip

    interaction = flow.work(flow.report("released"))
    assert the_task(organisation)["Status"] == "Completed"
    Interaction.objects.filter(pk=interaction.pk).update(notes="Laptop replaced")
    interaction = flow.work(flow.complete(interaction))
    task = the_task(organisation)
    assert "Notes: Laptop replaced" in task["Description"]
    assert (task["CallObject"], task["WhoId"]) == (interaction.reference, don)
    assert flow.status_of(interaction) == {"enabled": True, "status": "posted", "text": "Posted"}
    assert flow.run_of(interaction).status == "finished"
    assert not ApiCall.objects.exclude(interaction=str(interaction.public_id)).exclude(url__contains="oauth").exists()


def test_the_callers_record_opens_when_it_rings(
    agent: Agent, organisation: Organisation, account: IntegrationAccount
) -> None:
    flow.play("offered")
    (pop,) = told(agent, "screen_pop")
    don = organisation.id_of("Contact", "Name = 'Don Goodliffe'")
    assert (pop["entity"], pop["query"]) == ("Contact", don)
    assert pop["relativeUrl"] == f"/lightning/r/Contact/{don}/view"
    assert pop["account"] == str(account.public_id)


def test_a_company_stands_in_related_to(agent: Agent, organisation: Organisation) -> None:
    boxeo = organisation.insert("Account", Name="Printing House", Phone="+1 415 555 0199")
    flow.play("offered", from_number="+14155550199")
    assert (the_task(organisation)["WhoId"], the_task(organisation)["WhatId"]) == (None, boxeo)
    assert told(agent, "screen_pop")[0]["entity"] == "Account"


def test_an_unknown_caller_gets_a_new_record_with_the_number(agent: Agent, organisation: Organisation) -> None:
    interaction = flow.play("offered", from_number="+14155550198")
    assert interaction.caller["status"] == "none"
    assert the_task(organisation)["WhoId"] is None
    (pop,) = told(agent, "screen_pop")
    assert pop["relativeUrl"].startswith("/lightning/o/Case/new?defaultFieldValues=")
    assert "14155550198" in pop["relativeUrl"]


def test_of_several_callers_the_agents_choice_is_entered(agent: Agent, organisation: Organisation) -> None:
    twin = organisation.insert("Contact", LastName="Twin", Phone="415-555-0132")
    interaction = flow.play("offered")
    assert interaction.caller["status"] == "several"
    assert the_task(organisation)["WhoId"] is None
    assert told(agent, "screen_pop") == []
    flow.work(flow.report("answered", agent="agent1"))
    number = [candidate["id"] for candidate in interaction.caller["candidates"]].index(twin)
    desk.choose_caller(agent, str(interaction.public_id), number)
    flow.work(interaction)
    assert the_task(organisation)["WhoId"] == twin
    assert told(agent, "screen_pop")[-1]["query"] == twin


def test_a_company_that_was_chosen_stands_in_related_to(agent: Agent, organisation: Organisation) -> None:
    company = organisation.insert("Account", Name="Printing House", Phone="415-555-0132")
    interaction = flow.play("offered")
    flow.work(flow.report("answered", agent="agent1"))
    number = [candidate["id"] for candidate in interaction.caller["candidates"]].index(company)
    desk.choose_caller(agent, str(interaction.public_id), number)
    flow.work(interaction)
    assert the_task(organisation)["WhatId"] == company


def test_an_abandoned_call_is_completed_as_abandoned(agent: Agent, organisation: Organisation) -> None:
    interaction = flow.play("offered", "abandoned")
    task = the_task(organisation)
    assert (task["Status"], task["CallDisposition"]) == ("Completed", "Abandoned")
    assert interaction.state == "abandoned"


# -- Salesforce is away


@pytest.mark.parametrize(
    "fault", ["html", "server_error", "missing_permission", "rate_limit", "reset", "truncated", "wrong_shape"]
)
def test_whatever_salesforce_does_the_call_rings_and_there_is_one_complete_task_in_the_end(
    fault: str, agent: Agent, salesforce: Vendor, organisation: Organisation
) -> None:
    salesforce.fault(fault)
    interaction = flow.whole_call()
    assert interaction.ringing_at
    assert ("find_caller", "failed") in flow.steps(interaction)
    salesforce.healthy()
    flow.made_up_for(interaction)
    task = the_task(organisation)
    assert (task["Status"], task["CallObject"]) == ("Completed", interaction.reference)
    assert task["Description"].count(f"Call reference {interaction.reference}") == 1
    assert flow.status_of(interaction)["status"] == "posted"


def test_an_organisation_that_never_answers_delays_the_ring_by_five_seconds_at_the_most(
    agent: Agent, salesforce: Vendor, organisation: Organisation
) -> None:
    salesforce.fault("hang")
    began = time.monotonic()
    interaction = flow.report("offered")
    engine.advance(flow.run_of(interaction).pk)
    took = time.monotonic() - began
    interaction.refresh_from_db()
    assert interaction.state == "ringing"
    assert 4 < took < 7
    assert told(agent, "interaction")[-1]["activity"]["text"] == "Saved, will post later"
    salesforce.healthy()
    flow.time_passes()
    flow.work(interaction)
    assert the_task(organisation)["Status"] == "Not Started"


def test_a_history_whose_answer_was_lost_is_not_taken_for_posted_because_the_task_is_there(
    agent: Agent, salesforce: Vendor, organisation: Organisation
) -> None:
    """The Task carries the call's reference since it was made: that alone proves nothing about the history."""
    flow.play("offered")
    flow.work(flow.report("answered", agent="agent1"))
    interaction = flow.work(flow.report("released"))
    salesforce.fault("reset")
    flow.work(flow.complete(interaction))
    assert interaction.outbox.get(operation="activity").status == "waiting"
    salesforce.healthy()
    flow.time_passes()
    flow.work(interaction)
    assert the_task(organisation)["Description"].endswith(f"Call reference {interaction.reference}")


# -- which history


def test_in_a_page_of_servicenow_the_history_still_goes_to_the_record_of_the_scenario(
    agent: Agent, account: IntegrationAccount, organisation: Organisation
) -> None:
    agent.host_account = AccountFactory(name="ServiceNow demo")
    agent.save()
    interaction = flow.whole_call()
    assert interaction.activity_account == account
    assert "Call reference" in the_task(organisation)["Description"]
