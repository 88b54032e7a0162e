"""The ways into Zendesk: each signs in, each refusal is told, renewing rotates, and the API token moves to OAuth."""

import base64
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.db import connection
from django.utils import timezone
from time_machine import travel

from integrations.actions import actions_of
from integrations.errors import AuthenticationFailed, Cause, Unavailable
from integrations.expiry.horizon import expiries_of
from integrations.models import ApiCall, Health, IntegrationAccount, OAuthToken
from integrations.oauth import access
from integrations.providers.zendesk import Zendesk
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.zendesk import CLIENT, SECRET, TOKEN, again, connect, make_account, sent

pytestmark = pytest.mark.django_db(transaction=True)
BY_PERSON: dict[str, Any] = {"authorization_type": "authorization_code", **CLIENT}
BY_CLIENT: dict[str, Any] = {"authorization_type": "client_credentials", **CLIENT}


def who(provider: Zendesk) -> str:
    return next(iter(provider.probes())).identity


def allow(redirect: str, user: str = "integration@example.com", decision: str = "allow") -> dict[str, list[str]]:
    """What a person does on the consent page; what the browser brings back."""
    answer = requests.post(redirect, data={"user": user, "decision": decision}, allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    return parse_qs(urlsplit(answer.headers["Location"]).query)


def authorised(**properties: Any) -> Zendesk:
    provider = connect(secrets=SECRET, **BY_PERSON, **properties)
    back = allow(provider.request_authorisation().redirect)
    access.finish_code_flow(back["state"][0], back["code"][0])
    return again(provider)


def let_end(provider: Zendesk) -> None:
    past = timezone.now() - timedelta(seconds=1)
    OAuthToken.objects.filter(account=provider.account).update(access_expires_at=past, next_attempt_at=past)


def kept(text: str) -> bool:
    rows = [*ApiCall.objects.values(), *IntegrationAccount.objects.values(), *OAuthToken.objects.values()]
    return text in repr(rows)


# -- each way


def test_an_api_token_goes_with_the_address_of_an_agent(zendesk: Vendor) -> None:
    provider = connect(secrets=TOKEN)
    assert who(provider) == "Integration User, integration@example.com, admin"
    assert zendesk.count("token_requests") == 0
    assert not kept(base64.b64encode(b"integration@example.com/token:demo-zendesk-api-token").decode())


def test_client_credentials_ask_in_json_for_the_lives_of_the_account(zendesk: Vendor) -> None:
    provider = connect(secrets=SECRET, access_token_life=600, scope="read", **BY_CLIENT)
    assert who(provider) == "Integration User, integration@example.com, admin"
    asked = sent(zendesk, "POST", "/oauth/tokens")[0]
    assert asked["headers"]["content-type"] == "application/json"
    assert asked["query"] == {} and asked["status"] == 201
    wanted = {"grant_type": "client_credentials", "scope": "read", "expires_in": 600, "client_id": CLIENT["client_id"]}
    assert wanted.items() <= asked["body"].items()
    assert "refresh_token_expires_in" not in asked["body"]
    ends = OAuthToken.objects.get().access_expires_at
    assert abs(ends - timezone.now() - timedelta(seconds=600)) < timedelta(seconds=10)


def test_a_person_allows_the_access_with_proof_of_who_began(zendesk: Vendor) -> None:
    provider = connect(secrets=SECRET, refresh_token_life=90, **BY_PERSON)
    with pytest.raises(AuthenticationFailed) as refusal:
        who(provider)
    assert refusal.value.cause == Cause.NEVER_AUTHORISED
    started = provider.request_authorisation()
    asked = parse_qs(urlsplit(started.redirect).query)
    assert (asked["response_type"], asked["scope"]) == (["code"], ["read write"])
    assert asked["code_challenge_method"] == ["S256"] and asked["state"] and asked["redirect_uri"]
    back = allow(started.redirect)
    assert access.finish_code_flow(back["state"][0], back["code"][0]).pk == provider.account.pk
    body = sent(zendesk, "POST", "/oauth/tokens")[0]["body"]
    assert {"code", "code_verifier", "redirect_uri", "client_secret"} <= set(body)
    assert body["refresh_token_expires_in"] == 90 * 86_400
    ends = OAuthToken.objects.get().refresh_expires_at
    assert abs(ends - timezone.now() - timedelta(days=90)) < timedelta(seconds=10)
    assert who(again(provider)) == "Integration User, integration@example.com, admin"
    assert not kept(back["code"][0])


def test_a_public_client_has_no_secret_and_proves_itself_by_the_verifier(zendesk: Vendor) -> None:
    provider = connect(secrets={}, authorization_type="authorization_code", client_id="demo_zendesk_public_client")
    back = allow(provider.request_authorisation().redirect)
    access.finish_code_flow(back["state"][0], back["code"][0])
    assert who(again(provider))
    assert "client_secret" not in sent(zendesk, "POST", "/oauth/tokens")[0]["body"]


def test_a_person_who_denies_leaves_everything_as_it_was(zendesk: Vendor) -> None:
    provider = connect(secrets=SECRET, **BY_PERSON)
    assert allow(provider.request_authorisation().redirect, decision="deny")["error"] == ["access_denied"]
    with pytest.raises(AuthenticationFailed):
        who(provider)


@pytest.mark.parametrize(
    ("properties", "secrets"),
    [
        ({}, {"api_token": "wrong-canary-token"}),
        ({"user_name": "nobody@example.com"}, TOKEN),
        (BY_CLIENT, {"client_secret": "wrong-canary-secret"}),
        ({**BY_CLIENT, "client_id": "unknown"}, SECRET),
    ],
)
def test_wrong_credentials_are_told_and_never_shown(
    zendesk: Vendor, properties: dict[str, Any], secrets: dict[str, str]
) -> None:
    provider = connect(secrets=secrets, **properties)
    result = provider.test_connection()
    assert not result.ok and result.verdict is not None
    assert result.verdict.cause == Cause.BAD_CREDENTIALS
    assert "OAuth clients" in " ".join(result.verdict.clicks)
    assert "canary" not in repr(result) and not kept("canary")
    provider.account.apply({**provider.account.properties, **CLIENT, "user_name": "integration@example.com"}, TOKEN)
    provider.account.apply(provider.account.properties, SECRET)
    provider.account.save()
    assert again(provider).test_connection().ok


# -- renewing


def test_a_renewal_rotates_and_the_new_refresh_token_is_kept(zendesk: Vendor) -> None:
    provider = authorised()
    for renewals in (1, 2):
        let_end(provider)
        assert who(again(provider))
        assert zendesk.count("token_refreshes") == renewals
    assert OAuthToken.objects.get().generation == 3


def test_a_token_that_was_ended_early_is_renewed_within_the_same_request(zendesk: Vendor) -> None:
    provider = authorised()
    zendesk.fault("expired_token", times=1)
    assert who(provider)
    assert zendesk.count("token_refreshes") == 1


def test_many_at_once_renew_once(zendesk: Vendor) -> None:
    """An old refresh token that came back would end the whole authorisation."""
    provider = authorised()
    let_end(provider)
    found: list[str] = []

    def work() -> None:
        try:
            found.append(who(again(provider)))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert zendesk.count("token_refreshes") == 1 and zendesk.warnings() == []


def test_a_withdrawn_permission_needs_a_person(zendesk: Vendor) -> None:
    provider = authorised()
    zendesk.fault("revoked_token", times=1)
    verdict = provider.test_connection().verdict
    assert verdict is not None and verdict.cause == Cause.REFRESH_REVOKED
    assert IntegrationAccount.objects.get().health == Health.NEEDS_AUTHORISATION
    back = allow(again(provider).request_authorisation().redirect)
    access.finish_code_flow(back["state"][0], back["code"][0])
    assert again(provider).test_connection().ok


def test_a_token_endpoint_under_maintenance_is_no_refusal(zendesk: Vendor) -> None:
    provider = authorised()
    let_end(provider)
    zendesk.fault("maintenance", path="/oauth/tokens")
    with pytest.raises(Unavailable) as failure:
        who(again(provider))
    assert failure.value.cause == Cause.REMOTE_ERROR and "30 seconds" in str(failure.value)
    assert OAuthToken.objects.get().status == OAuthToken.Status.VALID
    zendesk.healthy()
    assert who(again(provider))


def test_a_suspended_help_desk_is_told_from_its_token_endpoint_too(zendesk: Vendor) -> None:
    provider = connect(secrets=SECRET, **BY_CLIENT)
    zendesk.fault("suspended_account")
    verdict = provider.test_connection().verdict
    assert verdict is not None and verdict.cause == Cause.API_DISABLED and "suspended" in verdict.message
    zendesk.healthy()
    assert provider.test_connection().ok


def test_forgotten_tokens_are_gone(zendesk: Vendor) -> None:
    provider = authorised()
    assert provider.forget_tokens().ok
    with pytest.raises(AuthenticationFailed) as refusal:
        who(again(provider))
    assert refusal.value.cause == Cause.NEVER_AUTHORISED


# -- from the API token to OAuth


def test_the_move_makes_a_client_and_needs_one_click_and_one_consent(zendesk: Vendor) -> None:
    provider = connect(secrets=TOKEN)
    moved = provider.move_to_oauth()
    made = sent(zendesk, "POST", "/api/v2/oauth/clients.json")[0]["body"]["client"]
    assert made["redirect_uri"] == [access.callback_url()] and made["user_id"]
    account = IntegrationAccount.objects.get()
    account.full_clean()
    assert account.values()["client_id"] == made["identifier"]
    assert account.values()["authorization_type"] == "authorization_code"
    assert not kept(account.secret("client_secret"))
    # Until somebody has allowed the access, the old way goes on working.
    assert who(again(provider)) and zendesk.count("token_requests") == 0
    assert next(again(provider).notices()).endswith("Press Authorise to finish the move to OAuth.")
    back = allow(moved.redirect)
    access.finish_code_flow(back["state"][0], back["code"][0])
    zendesk.settings(token_access=False)
    assert who(again(provider)) == "Integration User, integration@example.com, admin"
    assert list(again(provider).notices()) == []


def test_the_move_uses_the_client_that_was_entered(zendesk: Vendor) -> None:
    provider = connect(**CLIENT)
    moved = provider.move_to_oauth()
    assert sent(zendesk, "POST", "/api/v2/oauth/clients.json") == []
    assert parse_qs(urlsplit(moved.redirect).query)["client_id"] == [CLIENT["client_id"]]


def test_an_agent_may_not_make_a_client_and_nothing_changes(zendesk: Vendor) -> None:
    provider = connect(secrets=TOKEN, user_name="agent1@example.com")
    with pytest.raises(AuthenticationFailed) as refusal:
        provider.move_to_oauth()
    assert refusal.value.cause == Cause.NO_PERMISSION
    assert IntegrationAccount.objects.get().values()["authorization_type"] == "api_token"
    assert who(again(provider))


def test_an_account_with_an_api_token_is_told_that_it_ends(zendesk: Vendor) -> None:
    notice = next(connect(secrets=TOKEN).notices())
    assert "30 April 2027" in notice and "Move to OAuth" in notice


def test_after_the_end_of_api_tokens_the_test_says_what_to_do(zendesk: Vendor) -> None:
    zendesk.settings(simulated_date="2027-04-30")
    verdict = connect(secrets=TOKEN).test_connection().verdict
    assert verdict is not None and verdict.cause == Cause.BAD_CREDENTIALS
    assert "30 April 2027" in verdict.meaning and "OAuth" in verdict.next_step
    zendesk.settings(simulated_date="2027-04-29")
    assert again(connect_existing()).test_connection().ok


def connect_existing() -> Zendesk:
    provider: Zendesk = IntegrationAccount.objects.get().connect()
    return provider


@pytest.mark.parametrize(
    ("way", "buttons"),
    [
        ("authorization_code", {"request_authorisation", "forget_tokens"}),
        ("client_credentials", {"forget_tokens"}),
        ("api_token", {"move_to_oauth"}),
    ],
)
def test_each_way_has_its_buttons(zendesk: Vendor, way: str, buttons: set[str]) -> None:
    provider = connect(authorization_type=way, **CLIENT)
    shown = {key for key, button in actions_of(Zendesk).items() if not button.applies or button.applies(provider)}
    assert shown == {"test_connection", "look_up", "app_package", *buttons}


@pytest.mark.parametrize(
    ("way", "told"), [("api_token", ["API token"]), ("client_credentials", []), ("authorization_code", [])]
)
def test_the_end_of_api_tokens_is_on_the_horizon_of_those_that_use_one(way: str, told: list[str]) -> None:
    with travel(datetime(2026, 12, 1, tzinfo=UTC)):
        assert [expiry.label for expiry in expiries_of(make_account(authorization_type=way))] == told
