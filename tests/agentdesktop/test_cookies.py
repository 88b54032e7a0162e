"""The desktop's own session cookie: partitioned, only under its path, and never mixed up with the ordinary one."""

from http.cookies import Morsel

import pytest
from django.test import Client

from tests.factories import AgentFactory

pytestmark = pytest.mark.django_db


def log_in(client: Client, login: str = "ana", password: str = "ana"):
    return client.post("/agentdesktop/login/", {"username": login, "password": password})


def test_the_cookie_of_the_desktop_survives_in_a_foreign_frame(client: Client) -> None:
    AgentFactory(login="ana")
    cookie = log_in(client).headers and client.cookies["desktop_session"]
    rendered = log_in(client).cookies["desktop_session"].OutputString()
    assert cookie["path"] == "/agentdesktop/"
    for attribute in ("Partitioned", "SameSite=None", "Secure", "HttpOnly", "Path=/agentdesktop/"):
        assert attribute in rendered.split("; ")


def test_the_ordinary_session_is_not_touched_by_the_desktop(client: Client) -> None:
    AgentFactory(login="ana")
    response = log_in(client)
    assert "sessionid" not in response.cookies


def test_an_ordinary_session_does_not_open_the_desktop(client: Client) -> None:
    agent = AgentFactory(login="ana", state="READY")
    client.force_login(agent.user)
    assert client.get("/agentdesktop/overview").status_code == 401
    assert log_in(client).status_code == 302
    assert client.get("/agentdesktop/overview").status_code == 200


def test_logging_out_takes_the_cookie_back_in_the_same_partition(client: Client) -> None:
    AgentFactory(login="ana")
    log_in(client)
    cookie = client.post("/agentdesktop/logout/").cookies["desktop_session"]
    assert cookie["max-age"] == 0
    assert "Partitioned" in cookie.OutputString()
    assert cookie["path"] == "/agentdesktop/"


def test_other_cookies_of_the_process_stay_as_they_are() -> None:
    assert "partitioned" not in Morsel() or Morsel()["partitioned"] == ""
