"""Logging in: faults stand on their field, guessing is slowed down, and every failure ends in a log-in."""

import json
import re

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from contactcenter.models import Agent
from tests.factories import AccountFactory, AgentFactory, UserFactory

pytestmark = pytest.mark.django_db
URL = "/agentdesktop/login/"


@pytest.fixture(autouse=True)
def agent() -> Agent:
    cache.clear()
    return AgentFactory(login="ana", state="LOGGED_OUT")


def log_in(client: Client, **changes: str):
    return client.post(URL, {"username": "ana", "password": "ana", **changes})


def error(response, field: str) -> str:
    found = re.search(rf'id="{field}-error".*?<span>(.*?)</span>', response.content.decode(), re.DOTALL)
    return found.group(1) if found else ""


def test_an_agent_logs_in_with_the_softphone_unless_another_is_chosen(client: Client, agent: Agent) -> None:
    response = log_in(client)
    assert (response.status_code, response["Location"]) == (302, "/agentdesktop/")
    agent.refresh_from_db()
    assert (agent.state, agent.device, agent.host_account) == ("NOT_READY", "softphone", None)
    assert client.get("/agentdesktop/").status_code == 200


def test_an_external_phone_needs_its_number(client: Client, agent: Agent) -> None:
    response = log_in(client, device="external")
    assert "Enter the number of the phone" in error(response, "device-number")
    assert log_in(client, device="external", device_number="+1 415 555 0199").status_code == 302
    agent.refresh_from_db()
    assert (agent.device, agent.device_number) == ("external", "+1 415 555 0199")


def test_a_number_left_over_from_another_device_is_not_kept(client: Client, agent: Agent) -> None:
    log_in(client, device="softphone", device_number="204")
    agent.refresh_from_db()
    assert agent.device_number == ""


def test_a_wrong_password_is_said_on_the_field_and_then_the_right_one_works(client: Client) -> None:
    response = log_in(client, password="wrong")
    assert "do not match" in error(response, "password")
    assert "wrong" not in response.content.decode()
    assert log_in(client).status_code == 302


def test_an_empty_form_names_each_missing_field(client: Client) -> None:
    response = client.post(URL, {})
    assert error(response, "username") == "Enter your user name."
    assert error(response, "password") == "Enter your password."


def test_guessing_is_slowed_down_per_user_and_address(client: Client) -> None:
    AgentFactory(login="ben")
    for _ in range(5):
        log_in(client, password="wrong")
    assert "Too many wrong passwords" in error(log_in(client), "password")
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert log_in(elsewhere).status_code == 302
    assert log_in(client, username="ben", password="ben").status_code == 302
    cache.clear()
    assert log_in(client).status_code == 302


def test_a_user_who_is_no_agent_is_told_what_to_do(client: Client) -> None:
    user = UserFactory(username="visitor")
    assert "This user is not an agent" in error(log_in(client, username="visitor", password="visitor"), "username")
    AgentFactory(user=user)
    assert log_in(client, username="visitor", password="visitor").status_code == 302


def test_a_page_that_was_open_too_long_offers_the_form_again() -> None:
    browser = Client(enforce_csrf_checks=True)
    response = log_in(browser)
    assert response.status_code == 400
    assert "This page was open too long" in response.content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', response.content.decode())
    assert token
    assert log_in(browser, csrfmiddlewaretoken=token.group(1)).status_code == 302


def test_the_log_in_page_can_ask_whether_its_cookie_came_back(client: Client) -> None:
    assert client.get("/agentdesktop/login/cookie").json() == {"cookie": False}
    client.get(URL)
    assert client.get("/agentdesktop/login/cookie").json() == {"cookie": True}


def test_the_host_of_the_frame_becomes_the_host_of_the_agent(client: Client, agent: Agent) -> None:
    account = AccountFactory(name="ServiceNow demo")
    address = f"{URL}?page=ServiceNow.jsp&topDomain={settings.SIMULATOR_URL}"
    response = client.post(address, {"username": "ana", "password": "ana"})
    assert response["Location"].startswith("/agentdesktop/ServiceNow.jsp?topDomain=http")
    agent.refresh_from_db()
    assert agent.host_account == account


def test_the_same_session_opened_in_a_host_page_takes_the_host_over(client: Client, agent: Agent) -> None:
    account = AccountFactory(name="ServiceNow demo")
    log_in(client, device="external", device_number="+1 415 555 0199")
    page = client.get("/agentdesktop/ServiceNow.jsp", {"topDomain": settings.SIMULATOR_URL})
    agent.refresh_from_db()
    assert agent.host_account == account
    assert agent.device_number == "+1 415 555 0199"
    assert f'<script src="{settings.SIMULATOR_URL}/' in page.content.decode()


def test_an_agent_who_is_logged_out_elsewhere_logs_in_again(client: Client, agent: Agent) -> None:
    log_in(client)
    Agent.objects.update(state="LOGGED_OUT")
    assert client.get("/agentdesktop/")["Location"] == URL
    assert client.get(URL).status_code == 200
    log_in(client)
    assert client.get(URL)["Location"] == "/agentdesktop/"


def test_the_page_speaks_japanese_to_a_japanese_browser(client: Client) -> None:
    response = client.get(URL, headers={"accept-language": "ja"})
    assert 'lang="ja"' in response.content.decode()
    assert "ログイン" in response.content.decode()
    words = client.get("/agentdesktop/words.js", headers={"accept-language": "ja"}).content.decode()
    assert json.dumps("応答").strip('"') in words
