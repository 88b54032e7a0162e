"""The OAuth callback: who may come, what comes back, and what the person is told."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from integrations.models import IntegrationAccount, OAuthToken
from integrations.oauth import access
from tests.factories import AdminFactory, UserFactory

from .local_server import Answer, LocalServer

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/admin/integrations/oauth/callback/"


@pytest.fixture
def state(rotating: IntegrationAccount, server: LocalServer) -> str:
    rotating.properties["grant"] = "authorization_code"
    rotating.save()
    server.on("/token", Answer(body={"access_token": "canary-a", "refresh_token": "canary-r", "expires_in": 60}))
    return parse_qs(urlsplit(access.start_code_flow(rotating.connect())).query)["state"][0]


@pytest.fixture
def administrator() -> Client:
    client = Client()
    client.force_login(AdminFactory())
    return client


def told(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def test_the_callback_lies_where_vendors_were_told(settings: Any) -> None:
    assert settings.PUBLIC_URL + reverse("integrations:oauth_callback") == access.callback_url()
    assert reverse("integrations:oauth_callback") == URL


def test_a_code_makes_the_account_authorised(state: str, administrator: Client, rotating: IntegrationAccount) -> None:
    response = administrator.get(URL, {"state": state, "code": "canary-code"})
    assert response["Location"].endswith(f"/{rotating.pk}/change/")
    assert "is authorised" in told(response)
    assert OAuthToken.objects.get().status == OAuthToken.Status.VALID
    assert "no-store" in response["Cache-Control"]
    again = administrator.get(URL, {"state": state, "code": "canary-code"})
    assert "used already" in told(again)


def test_a_no_at_the_vendor_is_told_and_the_state_is_used_up(state: str, administrator: Client) -> None:
    response = administrator.get(
        URL, {"state": state, "error": "access_denied", "error_description": "User said <b>no</b>"}
    )
    assert "User said <b>no</b>" in told(response)
    assert "as it was before" in told(response)
    assert "used already" in told(administrator.get(URL, {"state": state, "code": "x"}))


def test_a_code_that_the_vendor_does_not_take_is_told(state: str, administrator: Client, server: LocalServer) -> None:
    server.on("/token", Answer(400, {"error": "invalid_grant", "error_description": "code expired"}))
    response = administrator.get(URL, {"state": state, "code": "canary-code"})
    assert "code expired" in told(response)
    assert "canary" not in told(response)


@pytest.mark.parametrize("query", [{}, {"state": "made-up"}, {"code": "x"}, {"state": "made-up", "code": "x"}])
def test_a_made_up_callback_changes_nothing(state: str, administrator: Client, query: dict[str, str]) -> None:
    assert "Not authorised" in told(administrator.get(URL, query))
    assert OAuthToken.objects.get().pending_state == state


def test_only_staff_who_may_change_accounts_come_in(state: str) -> None:
    client = Client()
    assert client.get(URL, {"state": state, "code": "x"}).status_code == 302
    person = UserFactory(is_staff=True)
    client.force_login(person)
    assert client.get(URL, {"state": state, "code": "x"}).status_code == 403
    assert OAuthToken.objects.get().pending_state == state
    person.user_permissions.add(Permission.objects.get(codename="change_integrationaccount"))
    assert "is authorised" in told(client.get(URL, {"state": state, "code": "canary-code"}))


def test_the_callback_is_for_browsers_that_were_sent_there(administrator: Client) -> None:
    assert administrator.post(URL).status_code == 405
