"""Orders from the page: carried out, refused in words, or not understood in words."""

import json
from typing import Any

import pytest
from django.test import Client

from contactcenter.models import Agent, AgentPresenceRow, PresenceSync
from tests.factories import (
    AccountFactory,
    AgentFactory,
    InteractionFactory,
    NotReadyReasonFactory,
    ServiceFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(client: Client) -> Agent:
    agent = AgentFactory(login="ana", state="LOGGED_OUT", services=[ServiceFactory(code="support")])
    client.post("/agentdesktop/login/", {"username": "ana", "password": "ana"})
    agent.refresh_from_db()
    return agent


def order(client: Client, name: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
    text = body if isinstance(body, str) else json.dumps(body or {})
    response = client.post(f"/agentdesktop/commands/{name}", text, content_type="application/json", headers=headers)
    return response.status_code, response.json()


def test_a_state_is_chosen(client: Client, agent: Agent) -> None:
    assert order(client, "state", {"state": "READY"}) == (200, {"ok": True})
    agent.refresh_from_db()
    assert agent.state == "READY"


def test_what_is_not_possible_is_said_with_its_field_and_then_works(client: Client, agent: Agent) -> None:
    NotReadyReasonFactory(key="lunch", name="Lunch")
    order(client, "state", {"state": "READY"})
    status, answer = order(client, "state", {"state": "NOT_READY", "reason": ""})
    assert (status, answer["ok"], answer["field"]) == (409, False, "reason")
    assert "Choose why you are not ready" in answer["error"]
    assert order(client, "state", {"state": "NOT_READY", "reason": "lunch"})[0] == 200


def test_a_number_that_is_none_is_said_on_the_field(client: Client, agent: Agent) -> None:
    status, answer = order(client, "dial", {"number": "hello", "service": "support"})
    assert (status, answer["field"]) == (409, "number")


def test_an_unknown_command_is_404_in_words(client: Client, agent: Agent) -> None:
    status, answer = order(client, "explode")
    assert (status, answer["error"]) == (404, 'There is no command "explode".')


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("{", "The command is not valid JSON."),
        ("[]", "The command must be a JSON object."),
        ("{}", 'The command needs "state" as text.'),
        ('{"state": 7}', 'The command needs "state" as text.'),
    ],
)
def test_a_malformed_command_is_400_in_words(client: Client, agent: Agent, body: str, sentence: str) -> None:
    assert order(client, "state", body) == (
        400,
        {"ok": False, "error": sentence, "field": "state" if "needs" in sentence else None},
    )
    assert order(client, "state", {"state": "READY"})[0] == 200


@pytest.mark.parametrize("index", ["0", -1, True, None, 1.5])
def test_a_candidate_is_chosen_by_a_whole_number(client: Client, agent: Agent, index: Any) -> None:
    assert order(client, "choose_caller", {"interaction": "x", "index": index})[0] == 400


def test_a_call_of_somebody_else_cannot_be_accepted(client: Client, agent: Agent) -> None:
    other = InteractionFactory(agent=AgentFactory(), state="ringing")
    status, answer = order(client, "accept", {"interaction": str(other.public_id)})
    assert (status, answer["field"]) == (409, "interaction")


def test_without_a_session_every_request_is_401_in_words(client: Client) -> None:
    status, answer = order(client, "state", {"state": "READY"})
    assert (status, answer["ok"]) == (401, False)
    assert client.get("/agentdesktop/overview").status_code == 401
    assert client.post("/agentdesktop/logout/").status_code == 401


def test_a_command_without_the_token_of_the_page_is_403_in_words() -> None:
    AgentFactory(login="ana", state="LOGGED_OUT")
    page = Client(enforce_csrf_checks=True)
    token = page.get("/agentdesktop/login/").context["csrf"]
    page.post("/agentdesktop/login/", {"username": "ana", "password": "ana", "csrfmiddlewaretoken": token})
    status, answer = order(page, "state", {"state": "READY"})
    assert (status, answer["error"]) == (403, "This page has been open too long. Reload it and try again.")
    token = page.get("/agentdesktop/").context["config"]["csrf"]
    assert order(page, "state", {"state": "READY"}, **{"X-CSRFToken": token})[0] == 200


def test_commands_are_posted_and_the_overview_is_read(client: Client, agent: Agent) -> None:
    assert client.get("/agentdesktop/commands/state").status_code == 405
    assert client.post("/agentdesktop/overview").status_code == 405
    overview = client.get("/agentdesktop/overview").json()
    assert (overview["agent"]["login"], overview["state"]["state"]) == ("ana", "NOT_READY")


def test_logging_out_ends_the_session(client: Client, agent: Agent) -> None:
    assert client.post("/agentdesktop/logout/").json() == {"ok": True, "later": False}
    agent.refresh_from_db()
    assert agent.state == "LOGGED_OUT"
    assert client.get("/agentdesktop/overview").status_code == 401


def test_logging_out_during_a_call_waits_for_its_end(client: Client, agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(state="BUSY")
    assert client.post("/agentdesktop/logout/").json() == {"ok": True, "later": True}
    assert client.get("/agentdesktop/overview").json()["state"]["next"]["state"] == "LOGGED_OUT"


def test_under_wsgi_the_stream_says_what_it_needs(client: Client, agent: Agent) -> None:
    response = client.get("/agentdesktop/events")
    assert response.status_code == 503
    assert "uvicorn" in response.json()["error"]


# -- the record beside a number that was clicked


def test_a_clicked_record_is_passed_on_with_its_address(agent: Agent) -> None:
    from agentdesktop.commands import clicked_record

    agent.host_account = AccountFactory(name="ServiceNow demo")
    told = {"kind": "customer_contact", "id": "0" * 32, "title": "Don Goodliffe"}
    record = clicked_record(agent, told)
    assert record is not None
    assert record["account"] == str(agent.host_account.public_id)
    assert "customer_contact" in record["url"]
    assert record["url"].startswith("http")


@pytest.mark.parametrize(
    "told",
    [
        None,
        "text",
        {"kind": "incident.do?x=", "id": "0" * 32},
        {"kind": "incident", "id": "1^ORsys_idISNOTEMPTY"},
        {"kind": "", "id": ""},
    ],
)
def test_a_clicked_record_that_cannot_be_trusted_is_left_out(agent: Agent, told: Any) -> None:
    from agentdesktop.commands import clicked_record

    agent.host_account = AccountFactory(name="ServiceNow demo")
    assert clicked_record(agent, told) is None


def test_without_a_host_no_record_is_believed(agent: Agent) -> None:
    from agentdesktop.commands import clicked_record

    assert clicked_record(agent, {"kind": "incident", "id": "0" * 32}) is None


def test_a_change_of_presence_in_the_page_around_us_is_looked_at_soon(client: Client, agent: Agent) -> None:
    account = AccountFactory()
    Agent.objects.filter(pk=agent.pk).update(host_account=account)
    assert order(client, "presence_changed") == (200, {"ok": True})
    assert not AgentPresenceRow.objects.exists(), "the account does not keep presence alike"
    PresenceSync.objects.create(account=account, enabled=True)
    order(client, "presence_changed", {"status": "what the page says is not read"})
    row = AgentPresenceRow.objects.get(agent=agent, account=account)
    assert row.look_at is not None and row.seen == ""
