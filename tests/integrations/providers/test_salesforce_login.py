"""The three ways into Salesforce, rotation without a second use, and a token that stays at Salesforce's hosts."""

import base64
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import connection
from django.test import Client

from integrations.actions import actions_of
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Unavailable
from integrations.models import ApiCall, Health, IntegrationAccount, OAuthToken
from integrations.oauth import access
from integrations.providers.salesforce import Salesforce, assertion
from tests.factories import AdminFactory
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.salesforce import CLIENT, KEY, SECRET, TOKEN, allow, by_person, connect

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def salesforce(vendor: Callable[[str], Vendor], settings: Any) -> Vendor:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"  # the desktop that the simulator's app knows
    return vendor("salesforce")


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(AdminFactory())
    return client


def who(provider: Salesforce) -> str:
    return next(iter(provider.probes())).identity


def authorised(**properties: Any) -> Salesforce:
    provider = by_person(**properties)
    back = allow(provider.request_token().redirect)
    access.finish_code_flow(back["state"], back["code"])
    return again(provider)


def again(provider: Salesforce) -> Salesforce:
    fresh: Salesforce = IntegrationAccount.objects.get(pk=provider.account.pk).connect()
    return fresh


def token_forms(salesforce: Vendor) -> list[dict[str, Any]]:
    return [exchange["body"] for exchange in salesforce.arrived() if exchange["path"] == TOKEN]


def failure(act: Callable[[], Any]) -> IntegrationError:
    with pytest.raises(IntegrationError) as caught:
        act()
    return caught.value


# -- authorisation code


def test_request_token_asks_with_pkce_and_comes_back_to_the_address_of_the_guide(salesforce: Vendor) -> None:
    parts = urlsplit(by_person().request_token().redirect)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert parts.path == "/salesforce/services/oauth2/authorize"
    assert asked["redirect_uri"] == "http://127.0.0.1:8000/admin/salesforcecallback.html"
    assert (asked["response_type"], asked["client_id"], asked["scope"]) == ("code", KEY, "api refresh_token")
    assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43 and asked["state"]


def test_the_callback_of_the_guide_finishes_the_authorisation(salesforce: Vendor, admin: Client) -> None:
    salesforce.settings(pkce_required=True)
    provider = by_person()
    back = allow(provider.request_token().redirect)
    answer = admin.get("/admin/salesforcecallback.html", back)
    assert answer.status_code == 302 and answer.headers["Location"].endswith(f"/{provider.account.pk}/change/")
    assert who(again(provider)) == "Integration User (integration.user@demo.example)"
    form = token_forms(salesforce)[0]
    assert form["grant_type"] == "authorization_code" and form["redirect_uri"].endswith(
        "/admin/salesforcecallback.html"
    )
    assert "code_verifier" in form
    assert admin.get("/admin/salesforcecallback.html", back).headers["Location"].endswith("/integrationaccount/")
    assert who(again(provider)).startswith("Integration User")


def test_the_callback_is_for_administrators(salesforce: Vendor, client: Client) -> None:
    back = allow(by_person().request_token().redirect)
    answer = client.get("/admin/salesforcecallback.html", back)
    assert answer.status_code == 302 and "login" in answer.headers["Location"]
    assert OAuthToken.objects.get().status == OAuthToken.Status.NONE


def test_a_person_who_denies_leaves_the_account_as_it_was(salesforce: Vendor, admin: Client) -> None:
    provider = authorised()
    back = allow(provider.request_token().redirect, decision="deny")
    assert back["error"] == "access_denied"
    page = admin.get("/admin/salesforcecallback.html", back, follow=True)
    assert "end-user denied authorization" in page.content.decode()
    assert who(again(provider)).startswith("Integration User")


def test_an_account_that_nobody_authorised_says_so(salesforce: Vendor) -> None:
    provider = by_person()
    error = failure(lambda: who(provider))
    assert (type(error), error.cause) == (AuthenticationFailed, Cause.NEVER_AUTHORISED)
    verdict = provider.test_connection().verdict
    assert verdict is not None and "Request token" in verdict.next_step


def test_request_token_is_there_for_the_grant_that_needs_a_person(salesforce: Vendor) -> None:
    button = actions_of(Salesforce)["request_token"]
    assert button.label == "Request token" and button.applies is not None
    assert [button.applies(provider) for provider in (by_person(),)] == [True]
    IntegrationAccount.objects.all().delete()
    assert not button.applies(connect())
    assert actions_of(Salesforce)["check_limits"].label == "Check limits"


def test_a_code_that_is_used_late_is_told_as_such(salesforce: Vendor) -> None:
    provider = by_person()
    back = allow(provider.request_token().redirect)
    error = failure(lambda: access.finish_code_flow(back["state"], "aPrx-somebody-elses"))
    assert (error.cause, error.vendor_message) == (Cause.TOKEN_EXPIRED, "invalid authorization code")
    back = allow(provider.request_token().redirect)
    assert access.finish_code_flow(back["state"], back["code"]).pk == provider.account.pk


# -- renewing


def test_a_session_that_ended_is_renewed_in_the_same_request(salesforce: Vendor) -> None:
    provider = authorised()
    salesforce.fault("expired_token", times=1)
    assert who(provider).startswith("Integration User")
    assert salesforce.count("token_refreshes") == 1
    assert "scope" not in token_forms(salesforce)[-1]


def test_without_rotation_the_refresh_token_is_kept(salesforce: Vendor) -> None:
    provider = authorised()
    before = OAuthToken.objects.get().refresh.reveal()
    salesforce.fault("expired_token", times=1)
    who(provider)
    assert OAuthToken.objects.get().refresh.reveal() == before
    assert OAuthToken.objects.get().access_expires_at is None


def test_with_rotation_each_refresh_token_is_used_once(salesforce: Vendor) -> None:
    salesforce.settings(rotate_refresh_tokens=True)
    provider = authorised()
    seen = [OAuthToken.objects.get().refresh.reveal()[0]]
    for _ in range(3):
        salesforce.fault("expired_token", times=1)
        assert who(again(provider)).startswith("Integration User")
        seen.append(OAuthToken.objects.get().refresh.reveal()[0])
    assert len(set(seen)) == 4


def test_many_at_once_renew_once_where_a_second_use_would_kill_the_grant(salesforce: Vendor) -> None:
    salesforce.settings(rotate_refresh_tokens=True)
    provider = authorised()
    salesforce.settings(session_seconds=0.001)
    access = OAuthToken.objects.get().access.reveal()[0]
    salesforce.settings(session_seconds=7200.0)
    requests.post(f"{salesforce.address}/services/oauth2/revoke", data={"token": access}, timeout=5)

    def one(_: int) -> str:
        try:
            return who(again(provider))
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        names = set(pool.map(one, range(6)))
    assert names == {"Integration User (integration.user@demo.example)"}
    assert salesforce.count("token_refreshes") == 1


def test_a_grant_that_died_asks_for_a_person_once_and_a_person_heals_it(salesforce: Vendor) -> None:
    provider = authorised()
    salesforce.fault("revoked_token", times=1)
    error = failure(lambda: who(provider))
    assert (error.cause, error.vendor_message) == (Cause.REFRESH_REVOKED, "expired access/refresh token")
    asked = salesforce.count("token_refreshes")
    assert failure(lambda: who(again(provider))).cause == Cause.REFRESH_REVOKED
    assert salesforce.count("token_refreshes") == asked
    assert again(provider).account.health == Health.NEEDS_AUTHORISATION
    back = allow(provider.request_token().redirect)
    access.finish_code_flow(back["state"], back["code"])
    assert again(provider).test_connection().ok


def test_the_sixth_authorisation_of_a_user_ends_the_first(salesforce: Vendor) -> None:
    provider = authorised()
    for _ in range(5):
        url = provider.request_token().redirect
        allow_elsewhere(salesforce, url)
    salesforce.fault("expired_token", times=1)
    assert failure(lambda: who(provider)).cause == Cause.REFRESH_REVOKED


def allow_elsewhere(salesforce: Vendor, url: str) -> None:
    """Somebody else's program gets tokens for the same user and app."""
    asked = parse_qs(urlsplit(url).query)
    plain = url.replace(f"&code_challenge={asked['code_challenge'][0]}", "")
    form = {"grant_type": "authorization_code", "code": allow(plain)["code"], "redirect_uri": asked["redirect_uri"][0]}
    assert requests.post(f"{salesforce.address}{TOKEN}", data={**CLIENT, **form}, timeout=5).ok


# -- a refresh token from elsewhere


def foreign_refresh_token(salesforce: Vendor) -> str:
    provider = by_person()
    url = provider.request_token().redirect
    provider.account.delete()
    asked = parse_qs(urlsplit(url).query)
    plain = url.replace(f"&code_challenge={asked['code_challenge'][0]}", "")
    form = {"grant_type": "authorization_code", "code": allow(plain)["code"], "redirect_uri": asked["redirect_uri"][0]}
    answer = requests.post(f"{salesforce.address}{TOKEN}", data={**CLIENT, **form}, timeout=5)
    return str(answer.json()["refresh_token"])


def test_a_refresh_token_that_was_pasted_is_taken_over_and_used_once(salesforce: Vendor) -> None:
    salesforce.settings(rotate_refresh_tokens=True)
    pasted = foreign_refresh_token(salesforce)
    provider = connect({"consumer_secret": SECRET, "refresh_token": pasted}, grant_type="authorization_code")
    assert provider.test_connection().ok
    account = again(provider).account
    assert account.stored_secret_names() == {"consumer_secret"}
    assert OAuthToken.objects.get().refresh.reveal()[0] != pasted
    salesforce.fault("expired_token", times=1)
    assert again(provider).test_connection().ok
    assert pasted not in repr(list(ApiCall.objects.values()))


def test_a_pasted_token_replaces_one_that_was_refused(salesforce: Vendor) -> None:
    fresh = foreign_refresh_token(salesforce)
    provider = connect(
        {"consumer_secret": SECRET, "refresh_token": "5Aep861-worn-out"}, grant_type="authorization_code"
    )
    assert failure(lambda: who(provider)).cause == Cause.REFRESH_REVOKED
    account = again(provider).account
    account.apply(account.properties, {"refresh_token": fresh})
    account.save()
    assert who(account.connect()).startswith("Integration User")


# -- without a person


def test_client_credentials_sign_in_as_the_run_as_user(salesforce: Vendor) -> None:
    assert who(connect()) == "Integration User (integration.user@demo.example)"
    form = token_forms(salesforce)[0]
    assert form["grant_type"] == "client_credentials" and form["client_id"] == KEY


@pytest.mark.parametrize(
    ("switch", "cause", "said"),
    [
        ({"my_domain": False}, Cause.WRONG_HOST, "My Domain"),
        ({"client_credentials_flow": False}, Cause.API_DISABLED, "grant"),
        ({"run_as_user": ""}, Cause.API_DISABLED, "Run As"),
        ({"consumer_key": "another-app"}, Cause.BAD_CREDENTIALS, "sandbox"),
        ({"consumer_secret": "another-secret"}, Cause.BAD_CREDENTIALS, "secret"),
    ],
)
def test_a_refusal_of_client_credentials_is_told_and_heals(
    salesforce: Vendor, switch: dict[str, Any], cause: Cause, said: str
) -> None:
    usual = requests.get(f"{salesforce.address}/_settings", timeout=5).json()
    provider = connect()
    salesforce.settings(**switch)
    error = failure(lambda: who(provider))
    assert (type(error), error.cause) == (AuthenticationFailed, cause)
    assert said in error.message
    salesforce.settings(**{name: usual[name] for name in switch})
    assert provider.test_connection().ok


@pytest.fixture(scope="session")
def key_pair() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def by_key(private: str, **properties: Any) -> Salesforce:
    given = {"grant_type": "jwt_bearer", "username": "integration.user@demo.example", **properties}
    provider = connect({"private_key": private}, **given)
    provider.account.full_clean()
    return provider


def test_jwt_bearer_signs_an_assertion_that_salesforce_verifies(salesforce: Vendor, key_pair: tuple[str, str]) -> None:
    salesforce.settings(certificate=key_pair[1])
    provider = by_key(key_pair[0])
    assert who(provider) == "Integration User (integration.user@demo.example)"
    assert set(token_forms(salesforce)[0]) == {"grant_type", "assertion"}
    assert key_pair[0][40:80] not in repr(list(ApiCall.objects.values()))
    salesforce.fault("expired_token", times=1)
    assert who(again(provider)).startswith("Integration User")
    assert len(token_forms(salesforce)) == 2


@pytest.mark.parametrize(
    ("properties", "cause", "said"),
    [
        ({"sandbox_environment": True}, Cause.BAD_CREDENTIALS, "sandbox"),
        ({"username": "agent1@demo.example"}, Cause.NO_PERMISSION, "approved"),
        ({"consumer_key": "another-app"}, Cause.BAD_CREDENTIALS, "Consumer key"),
    ],
)
def test_a_refused_assertion_is_told(
    salesforce: Vendor, key_pair: tuple[str, str], properties: dict[str, Any], cause: Cause, said: str
) -> None:
    salesforce.settings(certificate=key_pair[1])
    error = failure(lambda: who(by_key(key_pair[0], **properties)))
    assert (type(error), error.cause) == (AuthenticationFailed, cause) and said in error.message
    IntegrationAccount.objects.all().delete()
    assert by_key(key_pair[0]).test_connection().ok


def test_a_key_without_its_certificate_in_the_app_is_refused(salesforce: Vendor, key_pair: tuple[str, str]) -> None:
    provider = by_key(key_pair[0])
    error = failure(lambda: who(provider))
    assert (error.cause, "certificate" in error.message) == (Cause.BAD_CREDENTIALS, True)
    salesforce.settings(certificate=key_pair[1])
    assert provider.test_connection().ok


def test_an_assertion_names_who_for_whom_and_until_when(key_pair: tuple[str, str]) -> None:
    made = assertion.signed(
        consumer_key="app", username="u@example.com", audience="https://test.salesforce.com", private_key=key_pair[0]
    )
    head, claims, _ = (json.loads(base64.urlsafe_b64decode(p + "==")) if n < 2 else p for n, p in
                       enumerate(made.split(".")))  # fmt: skip
    assert head == {"alg": "RS256", "typ": "JWT"}
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("app", "u@example.com", "https://test.salesforce.com")
    assert "=" not in made


# -- where the API is


def test_calls_go_to_the_instance_of_the_token_answer(salesforce: Vendor) -> None:
    provider = connect()
    who(provider)
    assert provider.http.base_url == salesforce.address
    assert provider.token_fact("instance_url") == salesforce.address


@pytest.mark.parametrize(
    "instance", ["https://evil.example", "https://my.salesforce.com.evil.example", "http://a.my.salesforce.com"]
)
def test_no_token_is_sent_to_a_host_that_is_not_salesforces(salesforce: Vendor, instance: str) -> None:
    salesforce.settings(instance_url=instance)
    provider = connect()
    error = failure(lambda: who(provider))
    assert (type(error), error.cause) == (Rejected, Cause.WRONG_HOST)
    assert {urlsplit(call.url).netloc for call in ApiCall.objects.all()} == {urlsplit(salesforce.address).netloc}
    salesforce.settings(instance_url="")
    provider.forget_tokens()
    assert provider.test_connection().ok


def test_the_log_in_host_follows_url_and_sandbox_box() -> None:
    assert connect(simulated=False).base_url == "https://login.salesforce.com"
    IntegrationAccount.objects.all().delete()
    assert connect(simulated=False, sandbox_environment=True).base_url == "https://test.salesforce.com"
    IntegrationAccount.objects.all().delete()
    own = connect(simulated=False, url="https://example.my.salesforce.com")
    assert own.oauth_config().token_url == "https://example.my.salesforce.com/services/oauth2/token"


# -- faults


@pytest.mark.parametrize(
    ("fault", "kind", "cause"),
    [
        ("ip_restricted", AuthenticationFailed, Cause.IP_RESTRICTED),
        ("api_disabled", AuthenticationFailed, Cause.API_DISABLED),
        ("password_expired", AuthenticationFailed, Cause.BAD_CREDENTIALS),
        ("inactive_org", Unavailable, Cause.ASLEEP),
        ("maintenance", Unavailable, Cause.REMOTE_ERROR),
        ("rate_limit", RateLimited, Cause.RATE_LIMITED),
        ("row_locked", Unavailable, Cause.CONFLICT),
    ],
)
def test_salesforces_own_faults_are_told_apart(
    salesforce: Vendor, fault: str, kind: type[IntegrationError], cause: Cause
) -> None:
    provider = connect()
    assert who(provider)
    salesforce.fault(fault, path="/services/oauth2/userinfo")
    error = failure(lambda: who(provider))
    assert (type(error), error.cause) == (kind, cause)
    verdict = again(provider).test_connection().verdict
    assert verdict is not None and verdict.cause == cause and verdict.who and verdict.clicks
    salesforce.healthy()
    assert again(provider).test_connection().ok


def test_a_restricted_session_is_not_taken_for_one_that_ended(salesforce: Vendor) -> None:
    """Both are 401 INVALID_SESSION_ID; renewing would only burn log-ins."""
    provider = connect()
    who(provider)
    asked = salesforce.count("token_requests")
    salesforce.fault("ip_restricted", path="/services/data")
    error = failure(lambda: provider.search("Contact", "LastName = 'Anglin'"))
    assert (error.status, error.vendor_code, error.cause) == (401, "INVALID_SESSION_ID", Cause.IP_RESTRICTED)
    assert salesforce.count("token_requests") == asked
    salesforce.healthy()
    assert provider.search("Contact", "LastName = 'Anglin'")


@pytest.mark.parametrize(
    ("fault", "kind", "cause"),
    [
        ("ip_restricted", AuthenticationFailed, Cause.IP_RESTRICTED),
        ("inactive_org", Unavailable, Cause.ASLEEP),
        ("password_expired", AuthenticationFailed, Cause.BAD_CREDENTIALS),
        ("maintenance", Unavailable, Cause.REMOTE_ERROR),
    ],
)
def test_the_token_endpoints_own_faults_are_told_apart(
    salesforce: Vendor, fault: str, kind: type[IntegrationError], cause: Cause
) -> None:
    provider = connect()
    salesforce.fault(fault, path=TOKEN)
    error = failure(lambda: who(provider))
    assert (type(error), error.cause) == (kind, cause)
    salesforce.healthy()
    assert provider.test_connection().ok
