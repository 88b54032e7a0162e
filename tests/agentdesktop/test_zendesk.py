"""Zendesk's addresses at the desktop: the app's two pages, and the single sign-on that its Admin Center points to."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from contactcenter.models import Agent
from integrations.capabilities import CrmAgent
from integrations.errors import Cause, Unavailable
from integrations.fields import Sealed
from integrations.models import IntegrationAccount
from integrations.providers.zendesk import Zendesk
from tests.agentdesktop.test_hosts import directives
from tests.factories import AccountFactory, AgentFactory

pytestmark = pytest.mark.django_db
VENDOR = Path(settings.BASE_DIR) / "agentdesktop" / "static" / "agentdesktop" / "vendor"
SECRET = "shared-secret-of-the-help-desk"
HELP_DESK = "https://acme.zendesk.com"
APP = {"origin": HELP_DESK, "app_guid": "2f0e-11"}


@pytest.fixture(autouse=True)
def agent() -> Agent:
    cache.clear()
    made: Agent = AgentFactory(login="ana", state="NOT_READY", user__email="ana@example.com")
    return made


@pytest.fixture(autouse=True)
def account() -> IntegrationAccount:
    return AccountFactory(
        name="Help desk", provider="zendesk", simulated=False,
        properties={"url": HELP_DESK}, secrets={"shared_secret": SECRET},
    )  # fmt: skip


@pytest.fixture
def known() -> Iterator[Any]:
    """What Zendesk answers when it is asked for the agent."""
    with patch.object(Zendesk, "find_agent", return_value=CrmAgent("7", "Ana")) as asked:
        yield asked


@pytest.fixture
def inside(client: Client, agent: Agent) -> Client:
    """Logged in to the desktop."""
    client.post("/agentdesktop/login/", {"username": "ana", "password": "ana"})
    return client


# -- the app


def test_the_sdk_is_the_file_that_its_list_names() -> None:
    content = (VENDOR / "zaf_sdk.js").read_bytes()
    assert hashlib.sha256(content).hexdigest() in (VENDOR / "README.md").read_text()
    assert "Apache License" in (VENDOR / "zaf_sdk.LICENSE").read_text()


def test_zendesks_own_parameters_name_the_host_and_come_along_to_the_log_in_page_and_back(client: Client) -> None:
    out = client.get("/agentdesktop/Zendesk.jsp", APP)
    around = "origin=https%3A%2F%2Facme.zendesk.com&app_guid=2f0e-11"
    assert out["Location"] == f"/agentdesktop/login/?page=Zendesk.jsp&{around}"
    page = client.get(out["Location"])
    assert directives(page)["frame-ancestors"] == HELP_DESK
    back = client.post(out["Location"], {"username": "ana", "password": "ana"})
    assert back["Location"] == f"/agentdesktop/Zendesk.jsp?{around}"
    desktop = client.get(back["Location"])
    config = json.loads(re.search(r'<script id="config"[^>]*>(.*?)</script>', desktop.content.decode())[1])  # type: ignore[index]
    assert (config["host"]["module"], config["host"]["origin"]) == ("zendesk", HELP_DESK)
    assert config["page"] == back["Location"]
    assert directives(desktop)["script-src"] == "'self'"


def test_a_strange_guid_is_not_carried_on(client: Client) -> None:
    out = client.get("/agentdesktop/Zendesk.jsp", {"origin": HELP_DESK, "app_guid": "x y<script>"})
    assert out["Location"] == "/agentdesktop/login/?page=Zendesk.jsp&topDomain=https%3A%2F%2Facme.zendesk.com"


@pytest.mark.parametrize("page", ["Zendesk.jsp", "ZendeskBackground.jsp"])
def test_the_origin_of_no_account_is_refused_in_words(client: Client, page: str) -> None:
    refused = client.get(f"/agentdesktop/{page}", {"origin": "https://other.zendesk.com", "app_guid": "1"})
    assert refused.status_code == 403
    assert "add a Zendesk account with the URL https://other.zendesk.com" in refused.content.decode()
    broken = client.get(f"/agentdesktop/{page}", {"origin": "no address", "app_guid": "1"})
    assert "download the app package" in broken.content.decode()
    assert directives(broken)["frame-ancestors"] == "'none'"


def test_the_background_page_asks_nobody_to_log_in_and_only_the_help_desk_may_hold_it(client: Client) -> None:
    page = client.get("/agentdesktop/ZendeskBackground.jsp", APP)
    assert page.status_code == 200
    assert directives(page)["frame-ancestors"] == HELP_DESK
    assert "zendesk_background.js" in page.content.decode()
    assert not page.cookies


# -- in


def posted(response: Any) -> dict[str, Any]:
    """The form's fields, and the claims once the signature is right."""
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', response.content.decode()))
    head, body, signature = fields["jwt"].split(".")
    right = hmac.new(SECRET.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    assert hmac.compare_digest(right, base64.urlsafe_b64decode(signature + "=="))
    assert json.loads(base64.urlsafe_b64decode(head + "==")) == {"typ": "JWT", "alg": "HS256"}
    return {**fields, "claims": json.loads(base64.urlsafe_b64decode(body + "=="))}


def test_whoever_is_logged_in_goes_on_to_zendesk_with_a_signed_statement(
    inside: Client, agent: Agent, account: IntegrationAccount, known: Any
) -> None:
    wanted = f"{HELP_DESK}/agent/tickets/5"
    response = inside.get("/agentdesktop/", {"zin": "true", "return_to": wanted})
    sent = posted(response)
    assert f'action="{HELP_DESK}/access/jwt"' in response.content.decode()
    assert sent["return_to"] == wanted
    assert set(sent["claims"]) == {"iat", "jti", "name", "email", "external_id"}
    assert sent["claims"]["email"] == "ana@example.com"
    assert sent["claims"]["external_id"] == f"{account.public_id.hex}-agent-{agent.pk}"
    assert directives(response)["form-action"] == f"'self' {HELP_DESK}"
    assert "no-store" in response["Cache-Control"]
    again = posted(inside.get("/agentdesktop/", {"zin": "true"}))
    assert again["claims"]["jti"] != sent["claims"]["jti"]


def test_the_address_as_zendesk_has_it_without_a_slash_leads_there_too(inside: Client, known: Any) -> None:
    response = inside.get("/agentdesktop", {"zin": "true"}, follow=True)
    assert posted(response)["claims"]["name"]


def test_a_stranger_logs_in_first_and_then_goes_on(client: Client, known: Any) -> None:
    wanted = f"{HELP_DESK}/agent"
    out = client.get("/agentdesktop/", {"zin": "true", "return_to": wanted})
    page = client.get(out["Location"])
    assert "Log in here, and Zendesk lets you in." in page.content.decode()
    back = client.post(out["Location"], {"username": "ana", "password": "ana"})
    assert posted(client.get(back["Location"]))["return_to"] == wanted


@pytest.mark.parametrize(
    "foreign",
    ["https://evil.example/", "https://acme.zendesk.com.evil.example/", "http://acme.zendesk.com/", "//evil.example",
     "javascript:alert(1)", "https://acme.zendesk.com:8443/", "https://[/"],
)  # fmt: skip
def test_nobody_is_sent_to_a_foreign_address(inside: Client, known: Any, foreign: str) -> None:
    response = inside.get("/agentdesktop/", {"zin": "true", "return_to": foreign})
    text = response.content.decode()
    assert response.status_code == 403
    assert "belongs to none of our Zendesk accounts" in text
    assert "jwt" not in text and foreign not in text
    assert inside.get("/agentdesktop/", {"zin": "true", "return_to": f"{HELP_DESK}/agent"}).status_code == 200


def test_without_an_e_mail_address_or_an_agent_of_zendesks_the_page_says_who_acts(
    inside: Client, agent: Agent, known: Any
) -> None:
    known.return_value = None
    refused = inside.get("/agentdesktop/", {"zin": "true"})
    assert refused.status_code == 403
    assert "Zendesk has no active agent with the address ana@example.com. Ask your Zendesk" in refused.content.decode()
    known.return_value = CrmAgent("7", "Ana")
    assert inside.get("/agentdesktop/", {"zin": "true"}).status_code == 200
    type(agent.user).objects.filter(pk=agent.user.pk).update(email="")
    assert "has no e-mail address" in inside.get("/agentdesktop/", {"zin": "true"}).content.decode()


def test_a_help_desk_that_cannot_be_asked_decides_for_itself(inside: Client, known: Any) -> None:
    known.side_effect = Unavailable("away", cause=Cause.UNREACHABLE)
    assert posted(inside.get("/agentdesktop/", {"zin": "true"}))["claims"]


def test_without_a_shared_secret_the_page_says_what_is_missing(
    inside: Client, account: IntegrationAccount, known: Any
) -> None:
    IntegrationAccount.objects.filter(pk=account.pk).update(secrets=Sealed.of({}))
    assert "enter the Shared secret" in inside.get("/agentdesktop/", {"zin": "true"}).content.decode()


def test_of_several_help_desks_the_address_decides_else_the_default(
    inside: Client, account: IntegrationAccount, known: Any
) -> None:
    other = AccountFactory(
        name="Other", provider="zendesk", simulated=False,
        properties={"url": "https://other.zendesk.com"}, secrets={"shared_secret": SECRET},
    )  # fmt: skip
    query = {"zin": "true", "return_to": "https://other.zendesk.com/agent"}
    assert 'action="https://other.zendesk.com/access/jwt"' in inside.get("/agentdesktop/", query).content.decode()
    assert "several help desks" in inside.get("/agentdesktop/", {"zin": "true"}).content.decode()
    IntegrationAccount.objects.filter(pk=other.pk).update(is_default=True)
    assert 'action="https://other.zendesk.com' in inside.get("/agentdesktop/", {"zin": "true"}).content.decode()


# -- out


def test_zendesks_log_out_logs_out_of_the_desktop(inside: Client, agent: Agent) -> None:
    response = inside.get("/agentdesktop/", {"zout": "true", "email": "ana@example.com", "message": "Signed <out>"})
    text = response.content.decode()
    assert "You are logged out of the Agent Desktop too." in text and "Zendesk says: Signed &lt;out&gt;" in text
    agent.refresh_from_db()
    assert agent.state == "LOGGED_OUT"
    assert inside.get("/agentdesktop/").status_code == 302


def test_a_call_ends_first(inside: Client, agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(state="BUSY")
    response = inside.get("/agentdesktop/", {"zout": "true"})
    assert "logs you out when it is done" in response.content.decode()
    agent.refresh_from_db()
    assert (agent.state, agent.next_state) == ("BUSY", "LOGGED_OUT")
    assert inside.get("/agentdesktop/").status_code == 200


def test_a_refused_log_in_logs_nobody_out(inside: Client, agent: Agent) -> None:
    response = inside.get("/agentdesktop/", {"zout": "true", "kind": "error", "message": "User is suspended"})
    assert "Zendesk says: User is suspended" in response.content.decode()
    assert inside.get("/agentdesktop/").status_code == 200


def test_a_picture_in_a_foreign_page_logs_nobody_out(inside: Client, agent: Agent) -> None:
    inside.get("/agentdesktop/", {"zout": "true"}, headers={"Sec-Fetch-Dest": "image"})
    assert inside.get("/agentdesktop/").status_code == 200


def test_nobody_there_is_told_so(client: Client) -> None:
    assert "nobody was logged in" in client.get("/agentdesktop/", {"zout": "true"}).content.decode()
