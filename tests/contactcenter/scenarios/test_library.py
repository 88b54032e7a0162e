"""The ready scenarios that show one thing each, against the simulators."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contactcenter import digits
from contactcenter.models import DigitRequest, Interaction
from contactcenter.scenarios.definition import problems, warnings
from tests.contactcenter import flow
from tests.factories import AccountFactory, AgentFactory
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.salesforce import connect
from tests.integrations.providers.zendesk import make_account

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = sorted(Path(file).stem for file in flow.LIBRARY.glob("*.json"))
SIGN_IN = {
    "basic": ({"grant_type": "basic", "user_name": "integration.user"}, {"password": "demo-password"}),
    "oauth": (
        {"grant_type": "client_credentials", "client_id": "demo-client-id-0123456789abcdef"},
        {"client_secret": "demo-client-secret"},
    ),
}


@pytest.mark.parametrize("name", NAMES)
def test_every_ready_scenario_can_be_saved_and_leaves_no_warning(name: str) -> None:
    assert problems(flow.library(name)) == []
    assert warnings(flow.library(name)) == []


# -- the three steps of ServiceNow's guide


@pytest.fixture
def servicenow(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("servicenow")


def service_of(name: str, **agent: Any) -> None:
    AgentFactory(login="agent1", state="READY", services=[flow.service(flow.library(name))], **agent)


def account_signing_in_by(way: str) -> Any:
    properties, secrets = SIGN_IN[way]
    return AccountFactory(name="ServiceNow", is_default=True, properties=properties, secrets=secrets)


@pytest.mark.parametrize("way", SIGN_IN)
def test_an_interaction_is_new_then_in_progress_then_closed(way: str, servicenow: Vendor) -> None:
    account_signing_in_by(way)
    service_of("servicenow_interaction")
    interaction = flow.play("offered")
    assert interaction.state == "ringing"
    (record,) = servicenow.rows("interaction")
    assert (record["state"], record["opened_for"]) == ("new", servicenow.user("don.goodliffe")["sys_id"])
    (pop,) = interaction.records["screen_pops"]
    assert record["sys_id"] in pop["url"]
    flow.work(flow.report("answered", agent="agent1"))
    (record,) = servicenow.rows("interaction")
    assert (record["state"], record["assigned_to"]) == ("work_in_progress", servicenow.user("agent1")["sys_id"])
    interaction = flow.work(flow.report("released"))
    assert servicenow.rows("interaction")[0]["state"] == "closed_complete"
    assert flow.run_of(interaction).status == "finished"


def test_an_error_is_logged_the_call_rings_and_the_record_is_made_later(servicenow: Vendor) -> None:
    account_signing_in_by("oauth")
    service_of("servicenow_interaction")
    servicenow.fault("server_error")
    interaction = flow.play("offered")
    assert interaction.state == "ringing"
    log = flow.run_of(interaction).steps.get(block="log_error")
    assert "Find the user" in log.outcome["message"] and log.outcome["status"] == 500
    servicenow.healthy()
    flow.work(flow.report("answered", agent="agent1"))
    interaction = flow.work(flow.report("released"))
    assert flow.run_of(interaction).status == "finished"
    assert flow.steps(flow.play("offered", call_id="call-2"))[-1] == ("connect", "wait")


# -- Salesforce's template: look up, pop, connect


def test_the_callers_record_opens_and_the_call_rings(vendor: Callable[[str], Vendor]) -> None:
    vendor("salesforce")
    connect()
    service_of("salesforce_look_up")
    interaction = flow.play("offered")
    assert (interaction.state, interaction.caller["status"]) == ("ringing", "matched")
    (pop,) = interaction.records["screen_pops"]
    assert interaction.records["caller"]["id"] in pop["url"]
    assert not interaction.outbox.exists()


# -- Zendesk by ticket number


@pytest.fixture
def zendesk(vendor: Callable[[str], Vendor]) -> Vendor:
    found = vendor("zendesk")
    make_account()
    service_of("zendesk_ticket_number")
    return found


def typed(keys: str) -> Interaction:
    interaction = flow.play("offered")
    request = DigitRequest.objects.get()
    digits.answer(request.pk, call_id=interaction.call_id, digits=keys)
    return flow.work(interaction)


def test_a_ticket_number_opens_the_ticket(zendesk: Vendor) -> None:
    ticket = str(zendesk.board()["tickets"][0]["id"])
    interaction = typed(f"{ticket}#")
    assert interaction.state == "ringing"
    assert interaction.attached_data["Ticket"] == ticket and interaction.attached_data["Subject"]
    (pop,) = interaction.records["screen_pops"]
    assert pop["url"].endswith(f"/tickets/{ticket}")


@pytest.mark.parametrize("keys", ["", "999999999"])
def test_without_a_ticket_the_caller_is_looked_up_by_number(zendesk: Vendor, keys: str) -> None:
    interaction = typed(keys)
    assert (interaction.state, interaction.caller["name"]) == ("ringing", "Don Goodliffe")
    (pop,) = interaction.records["screen_pops"]
    assert "/users/" in pop["url"]


def test_zendesk_away_costs_the_caller_seconds_only(zendesk: Vendor) -> None:
    zendesk.fault("server_error")
    interaction = typed("1#")
    assert interaction.state == "ringing"
    assert flow.run_of(interaction).steps.filter(block="log_ticket").exists()
    assert flow.run_of(interaction).steps.filter(block="log_error").exists()
