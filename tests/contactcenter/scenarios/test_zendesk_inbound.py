"""The ready-made Zendesk scenario against the simulator, from the reported call to the note in its ticket."""

from collections.abc import Callable
from typing import Any

import pytest

from contactcenter import desk
from contactcenter.models import Agent, Interaction
from contactcenter.scenarios.definition import problems, warnings
from integrations.models import IntegrationAccount
from tests.contactcenter import flow
from tests.contactcenter.reports import told
from tests.factories import AgentFactory
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.zendesk import comments, make_account, person

pytestmark = pytest.mark.django_db(transaction=True)
LIBRARY = "zendesk_inbound"


@pytest.fixture
def zendesk(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("zendesk")


@pytest.fixture
def account(zendesk: Vendor) -> IntegrationAccount:
    return make_account()


@pytest.fixture
def agent(account: IntegrationAccount) -> Agent:
    """Their desktop stands alone: it is in no page of Zendesk."""
    made: Agent = AgentFactory(login="agent1", state="READY", services=[flow.service(flow.library(LIBRARY))])
    return made


def the_ticket(zendesk: Vendor) -> dict[str, Any]:
    (ticket,) = [row for row in zendesk.board()["tickets"] if row["external_id"]]
    return ticket


def notes(zendesk: Vendor) -> list[dict[str, Any]]:
    """What was said in the ticket after its first comment."""
    return comments(zendesk, the_ticket(zendesk)["id"])[1:]


def test_it_can_be_saved_and_leaves_no_warning(db: None) -> None:
    assert problems(flow.library(LIBRARY)) == []
    assert warnings(flow.library(LIBRARY)) == []


def test_a_call_is_one_ticket_from_new_to_solved_with_one_internal_note(agent: Agent, zendesk: Vendor) -> None:
    interaction = flow.play("offered")
    don = person(zendesk, "Don Goodliffe")
    assert interaction.state == "ringing"
    assert interaction.caller["name"] == "Don Goodliffe"
    ticket = the_ticket(zendesk)
    assert (ticket["status"], ticket["requester_id"], ticket["assignee_id"]) == ("new", don["id"], None)
    assert (ticket["subject"], ticket["tags"]) == ("Call from +14155550132", ["phone_call"])
    assert ticket["external_id"] == interaction.reference

    flow.work(flow.report("answered", agent="agent1"))
    ticket = the_ticket(zendesk)
    assert (ticket["status"], ticket["assignee_id"]) == ("open", person(zendesk, "Ava Martin")["id"])

    interaction = flow.work(flow.report("released"))
    assert the_ticket(zendesk)["status"] == "solved"
    Interaction.objects.filter(pk=interaction.pk).update(notes="New toner sent")
    interaction = flow.work(flow.complete(interaction))
    (note,) = notes(zendesk)
    assert note["public"] is False
    assert "Notes: New toner sent" in note["body"]
    assert note["body"].endswith(f"Call reference {interaction.reference}")
    assert flow.status_of(interaction) == {"enabled": True, "status": "posted", "text": "Posted"}
    assert zendesk.warnings() == []
    assert zendesk.board()["mails"] == []


def test_the_callers_profile_opens_when_it_rings(agent: Agent, zendesk: Vendor) -> None:
    flow.play("offered")
    (pop,) = told(agent, "screen_pop")
    assert (pop["entity"], pop["query"]) == ("user", str(person(zendesk, "Don Goodliffe")["id"]))
    assert pop["relativeUrl"] == f"agent/users/{pop['query']}"


def test_the_ticket_opens_instead_where_the_account_says_so(
    agent: Agent, zendesk: Vendor, account: IntegrationAccount
) -> None:
    account.properties |= {"screen_pop": "interaction"}
    account.save()
    flow.play("offered")
    (pop,) = told(agent, "screen_pop")
    assert (pop["entity"], pop["query"]) == ("ticket", str(the_ticket(zendesk)["id"]))


def test_for_an_unknown_caller_the_ticket_of_the_call_opens(agent: Agent, zendesk: Vendor) -> None:
    interaction = flow.play("offered", from_number="+14155550198")
    assert interaction.caller["status"] == "none"
    (pop,) = told(agent, "screen_pop")
    assert (pop["entity"], pop["query"]) == ("ticket", str(the_ticket(zendesk)["id"]))


def test_a_withheld_number_makes_a_ticket_and_asks_for_nobody(agent: Agent, zendesk: Vendor) -> None:
    interaction = flow.play("offered", from_number="anonymous")
    assert the_ticket(zendesk)["subject"] == "Call from anonymous"
    assert not [sent for sent in zendesk.arrived() if "search" in sent["path"]]
    assert interaction.state == "ringing"


def test_of_several_callers_the_agents_choice_becomes_the_requester(agent: Agent, zendesk: Vendor) -> None:
    interaction = flow.play("offered", from_number="+14155550136")
    assert interaction.caller["status"] == "several"
    assert told(agent, "screen_pop") == []
    evan = person(zendesk, "Evan Shaw")
    assert the_ticket(zendesk)["requester_id"] != evan["id"]
    flow.work(flow.report("answered", agent="agent1"))
    number = [candidate["name"] for candidate in interaction.caller["candidates"]].index("Evan Shaw")
    desk.choose_caller(agent, str(interaction.public_id), number)
    flow.work(interaction)
    assert the_ticket(zendesk)["requester_id"] == evan["id"]
    assert told(agent, "screen_pop")[-1]["query"] == str(evan["id"])


def test_an_abandoned_call_stays_new_as_a_missed_call(agent: Agent, zendesk: Vendor) -> None:
    flow.play("offered", "abandoned")
    ticket = the_ticket(zendesk)
    assert (ticket["status"], ticket["subject"]) == ("new", "Missed call from +14155550132")


def test_an_agent_whom_zendesk_does_not_know_leaves_the_assignee_out(agent: Agent, zendesk: Vendor) -> None:
    agent.user.email = "stranger@example.com"
    agent.user.save()
    interaction = flow.whole_call()
    assert (the_ticket(zendesk)["status"], the_ticket(zendesk)["assignee_id"]) == ("solved", None)
    assert flow.status_of(interaction)["status"] == "posted"


# -- Zendesk is away


@pytest.mark.parametrize(
    "fault", ["html", "server_error", "missing_permission", "rate_limit", "reset", "truncated", "wrong_shape"]
)
def test_whatever_zendesk_does_the_call_rings_and_there_is_one_solved_ticket_with_one_note_in_the_end(
    fault: str, agent: Agent, zendesk: Vendor
) -> None:
    zendesk.fault(fault)
    interaction = flow.whole_call()
    assert interaction.ringing_at
    assert ("find_caller", "failed") in flow.steps(interaction)
    zendesk.healthy()
    flow.made_up_for(interaction)
    assert the_ticket(zendesk)["status"] == "solved"
    (note,) = notes(zendesk)
    assert f"Call reference {interaction.reference}" in note["body"]
    assert flow.status_of(interaction)["status"] == "posted"


def test_no_second_ticket_is_offered_while_the_first_waits_in_the_outbox(agent: Agent, zendesk: Vendor) -> None:
    zendesk.fault("server_error")
    interaction = flow.play("offered")
    assert told(agent, "screen_pop") == []
    assert flow.status_of(interaction)["text"] == "Saved, will post later"
    zendesk.healthy()
    flow.time_passes()
    flow.work(interaction)
    assert the_ticket(zendesk)["status"] == "new"
