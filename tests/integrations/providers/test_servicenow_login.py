"""The four ways in, against the simulator: each signs in, each refusal is told, and no password is kept."""

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.utils import timezone

from integrations.actions import actions_of
from integrations.errors import AuthenticationFailed, Cause
from integrations.models import ApiCall, IntegrationAccount, OAuthToken
from integrations.oauth import access
from integrations.providers.servicenow import ServiceNow
from integrations.providers.servicenow.login import SignInForm, remaining
from tests.integrations.providers.conftest import Vendor, make_account

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "demo-password"


def connect(**properties: Any) -> ServiceNow:
    provider: ServiceNow = make_account(**properties).connect()
    return provider


def who(provider: ServiceNow) -> str:
    return next(iter(provider.probes())).identity


def kept(text: str) -> bool:
    """Whether the text stands anywhere in our tables."""
    rows = [*ApiCall.objects.values(), *IntegrationAccount.objects.values(), *OAuthToken.objects.values()]
    return text in repr(rows)


def test_client_credentials_sign_in_as_the_application_user(servicenow: Vendor) -> None:
    assert who(connect(grant_type="client_credentials")) == "Integration User (integration.user)"
    token_request = next(exchange for exchange in servicenow.arrived() if exchange["path"] == "/oauth_token.do")
    assert token_request["query"] == {}
    assert token_request["headers"]["content-type"].startswith("application/x-www-form-urlencoded")


def test_basic_signs_in_with_every_request(servicenow: Vendor) -> None:
    account = make_account(grant_type="basic", user_name="integration.user")
    account.apply(account.properties, {"password": PASSWORD})
    account.save()
    assert who(account.connect()) == "Integration User (integration.user)"
    assert servicenow.count("token_requests") == 0
    assert not kept(base64.b64encode(f"integration.user:{PASSWORD}".encode()).decode())


def test_a_wrong_basic_password_is_told_and_a_right_one_heals(servicenow: Vendor) -> None:
    account = make_account(grant_type="basic", user_name="integration.user")
    account.apply(account.properties, {"password": "wrong-canary-password"})
    with pytest.raises(AuthenticationFailed, match="user name and password") as refusal:
        who(account.connect())
    assert refusal.value.cause == Cause.BAD_CREDENTIALS
    assert not kept("wrong-canary-password")
    account.apply(account.properties, {"password": PASSWORD})
    assert who(account.connect())


def test_request_refresh_token_signs_in_once_and_forgets_the_password(servicenow: Vendor) -> None:
    provider = connect(grant_type="password")
    with pytest.raises(AuthenticationFailed) as refusal:
        who(provider)
    assert refusal.value.cause == Cause.NEVER_AUTHORISED
    result = provider.request_refresh_token(username="integration.user", password=PASSWORD)
    assert result.ok, result.message
    assert (
        dict(result.rows)["Refresh token"].startswith("valid for 9") or "100 days" in dict(result.rows)["Refresh token"]
    )
    assert who(provider) == "Integration User (integration.user)"
    assert not kept(PASSWORD)
    token = OAuthToken.objects.get()
    assert PASSWORD not in repr(token.access.reveal()) + repr(token.refresh.reveal())


@pytest.mark.parametrize("user", ["integration.user", "inactive.user", "locked.user", "webservice.user", "nobody"])
def test_a_refused_user_is_told_every_possible_cause_and_the_next_try_heals(servicenow: Vendor, user: str) -> None:
    provider = connect(grant_type="password")
    password = "wrong-canary-password" if user == "integration.user" else PASSWORD
    result = provider.request_refresh_token(username=user, password=password)
    assert not result.ok
    assert "locked" in result.message and "switched off" in result.message
    assert password not in result.message and not kept(password)
    assert provider.request_refresh_token(username="integration.user", password=PASSWORD).ok


def test_a_grant_that_is_switched_off_is_refused_and_works_when_it_is_back(servicenow: Vendor) -> None:
    servicenow.settings(password_grant=False)
    provider = connect(grant_type="password")
    assert not provider.request_refresh_token(username="integration.user", password=PASSWORD).ok
    servicenow.settings(password_grant=True)
    assert provider.request_refresh_token(username="integration.user", password=PASSWORD).ok


def test_a_wrong_client_secret_never_shows(servicenow: Vendor) -> None:
    provider = make_account(secret="wrong-canary-secret").connect()
    with pytest.raises(AuthenticationFailed) as refusal:
        who(provider)
    assert "Client Secret" in refusal.value.message
    assert "canary" not in str(refusal.value) + repr(provider) and not kept("wrong-canary-secret")


def test_an_access_token_that_ended_early_is_renewed_in_the_same_request(servicenow: Vendor) -> None:
    provider = connect(grant_type="password")
    provider.request_refresh_token(username="integration.user", password=PASSWORD)
    servicenow.fault("expired_token", times=1)
    assert who(provider) == "Integration User (integration.user)"
    assert servicenow.count("token_refreshes") == 1


def test_a_revoked_permission_needs_a_person(servicenow: Vendor) -> None:
    provider = connect(grant_type="password")
    provider.request_refresh_token(username="integration.user", password=PASSWORD)
    servicenow.fault("revoked_token", times=1)
    with pytest.raises(AuthenticationFailed) as refusal:
        who(provider)
    assert refusal.value.cause == Cause.REFRESH_REVOKED
    assert provider.request_refresh_token(username="integration.user", password=PASSWORD).ok
    assert who(provider)


def test_a_person_allows_the_access_in_the_browser(servicenow: Vendor) -> None:
    provider = connect(grant_type="authorization_code")
    started = provider.request_authorisation()
    asked = parse_qs(urlsplit(started.redirect).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["state"] and asked["redirect_uri"]
    answer = requests.post(
        started.redirect, data={"user": "integration.user", "decision": "allow"}, allow_redirects=False, timeout=5
    )
    back = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert access.finish_code_flow(back["state"][0], back["code"][0]).pk == provider.account.pk
    assert who(provider) == "Integration User (integration.user)"


def test_forgotten_tokens_are_gone(servicenow: Vendor) -> None:
    provider = connect(grant_type="password")
    provider.request_refresh_token(username="integration.user", password=PASSWORD)
    assert provider.forget_tokens().ok
    with pytest.raises(AuthenticationFailed):
        who(make_provider_again(provider))
    assert provider.request_refresh_token(username="integration.user", password=PASSWORD).ok
    assert who(make_provider_again(provider))


def make_provider_again(provider: ServiceNow) -> ServiceNow:
    fresh: ServiceNow = IntegrationAccount.objects.get(pk=provider.account.pk).connect()
    return fresh


@pytest.mark.parametrize(
    ("grant", "buttons"),
    [
        ("password", {"test_connection", "request_refresh_token", "forget_tokens"}),
        ("client_credentials", {"test_connection", "forget_tokens"}),
        ("authorization_code", {"test_connection", "request_authorisation", "forget_tokens"}),
        ("basic", {"test_connection"}),
    ],
)
def test_each_grant_has_its_buttons(grant: str, buttons: set[str]) -> None:
    provider = connect(grant_type=grant)
    shown = {key for key, button in actions_of(ServiceNow).items() if not button.applies or button.applies(provider)}
    assert shown == buttons


def test_the_dialog_never_shows_the_password_again() -> None:
    dialog = SignInForm({"username": "u", "password": "canary-password"})
    assert dialog.is_valid()
    assert "canary-password" not in str(dialog)


def test_a_client_secret_goes_into_the_body_and_not_into_the_address() -> None:
    config = connect(grant_type="password").oauth_config()
    assert (config.client_auth, config.grant, config.pkce) == ("body", "password", True)
    assert config.token_url.endswith("/servicenow/oauth_token.do")
    assert config.refresh_life == timedelta(days=100)


def test_the_remaining_life_is_told_in_words() -> None:
    assert remaining(timezone.now() + timedelta(days=99, hours=1)).startswith("valid for 99 days")
    assert remaining(timezone.now() + timedelta(minutes=30, seconds=5)).startswith("valid for 30 minutes")
