"""OAuth of the simulated instance (ServiceNow docs, OAuth inbound)."""

from __future__ import annotations

import base64
import hashlib
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from .conftest import CLIENT, Bearer, Instance

REFUSED = {"error_description": "access_denied", "error": "server_error"}
REDIRECT = "http://127.0.0.1:18999/callback"


def test_the_password_grant_answers_both_tokens_with_the_vendors_keys(instance: Instance) -> None:
    body = instance.password_token()
    assert set(body) == {"access_token", "refresh_token", "scope", "token_type", "expires_in"}
    assert (body["scope"], body["token_type"], body["expires_in"]) == ("useraccount", "Bearer", 1799)


def test_asking_again_answers_the_same_token_with_the_seconds_that_are_left(instance: Instance) -> None:
    first = instance.password_token()
    time.sleep(1.1)
    second = instance.password_token()
    assert second["access_token"] == first["access_token"]
    assert second["expires_in"] < first["expires_in"]


def test_the_token_opens_the_table_api_and_names_its_user(instance: Instance) -> None:
    token = instance.password_token()["access_token"]
    query = "user_name=javascript:gs.getUserName()"
    rows = instance.rows("sys_user", query, auth=Bearer(token), sysparm_fields="user_name")
    assert rows == [{"user_name": "integration.user"}]


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "password", "username": "integration.user", "password": "wrong"},
        {"grant_type": "password", "username": "nobody", "password": "demo-password"},
        {"grant_type": "password", "username": "inactive.user", "password": "demo-password"},
        {"grant_type": "password", "username": "locked.user", "password": "demo-password"},
        {"grant_type": "password", "username": "webservice.user", "password": "demo-password"},
        {"grant_type": "refresh_token", "refresh_token": "never-issued"},
        {"grant_type": "something_else"},
        {"grant_type": "authorization_code", "code": "never-issued", "redirect_uri": REDIRECT},
        {"grant_type": "password", "username": "integration.user", "password": "demo-password", "client_secret": "no"},
        {"grant_type": "password", "username": "integration.user", "password": "demo-password", "client_id": "no"},
    ],
)
def test_every_refusal_has_the_same_body(instance: Instance, form: dict[str, str]) -> None:
    answer = instance.token(**form)
    assert (answer.status_code, answer.json()) == (401, REFUSED)


def test_parameters_count_only_in_a_form_body(instance: Instance) -> None:
    form = {**CLIENT, "grant_type": "password", "username": "integration.user", "password": "demo-password"}
    assert instance.call("POST", "/oauth_token.do", auth=None, json=form).json() == REFUSED
    assert instance.call("POST", "/oauth_token.do", auth=None, params=form, data={"x": "y"}).json() == REFUSED


def test_a_refresh_keeps_the_refresh_token_and_is_counted(instance: Instance) -> None:
    instance.settings(access_token_seconds=1)
    first = instance.password_token()
    time.sleep(1.1)
    second = instance.token(grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert second["refresh_token"] == first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    counts = instance.call("GET", "/_counts").json()
    assert (counts["token_refreshes"], counts["token_requests"]) == (1, 2)


def test_rotation_can_be_switched_on_and_kills_the_old_refresh_token(instance: Instance) -> None:
    instance.settings(rotate_refresh_tokens=True)
    old = instance.password_token()["refresh_token"]
    new = instance.token(grant_type="refresh_token", refresh_token=old).json()["refresh_token"]
    assert new != old
    assert instance.token(grant_type="refresh_token", refresh_token=old).status_code == 401


def test_an_expired_token_is_refused_like_a_wrong_password(instance: Instance) -> None:
    instance.settings(access_token_seconds=1)
    token = instance.password_token()["access_token"]
    time.sleep(1.1)
    answer = instance.table("GET", "incident", auth=Bearer(token))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Service-now"'
    assert answer.json() == {
        "error": {"message": "User Not Authenticated", "detail": "Required to provide Auth information"},
        "status": "failure",
    }


def test_the_password_grant_can_be_switched_off(instance: Instance) -> None:
    instance.settings(password_grant=False)
    answer = instance.token(grant_type="password", username="integration.user", password="demo-password")
    assert answer.json() == REFUSED


def test_client_credentials_need_the_property_and_a_user(instance: Instance) -> None:
    good = instance.token(grant_type="client_credentials").json()
    assert "access_token" in good and "refresh_token" not in good
    instance.settings(oauth_application_user="")
    answer = instance.token(grant_type="client_credentials")
    assert answer.status_code == 401 and answer.json()["error"] == "unauthorized_client"
    instance.settings(client_credentials_grant=False)
    assert instance.token(grant_type="client_credentials").json() == REFUSED


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_revoking_needs_no_login_and_ends_the_token(instance: Instance, kind: str) -> None:
    tokens = instance.password_token()
    assert instance.call("GET", "/oauth_revoke_token.do", auth=None, params={"token": tokens[kind]}).status_code == 200
    if kind == "access_token":
        assert instance.table("GET", "incident", auth=Bearer(tokens[kind])).status_code == 401
    else:
        assert instance.token(grant_type="refresh_token", refresh_token=tokens[kind]).status_code == 401


def asked(**changes: str) -> dict[str, str]:
    parameters = {"response_type": "code", "client_id": CLIENT["client_id"], "redirect_uri": REDIRECT, "state": "s1"}
    return {key: value for key, value in {**parameters, **changes}.items() if value}


def allow(instance: Instance, parameters: dict[str, str], decision: str = "allow") -> dict[str, list[str]]:
    form = {"user": "integration.user", "decision": decision}
    answer = instance.call("POST", "/oauth_auth.do", auth=None, params=parameters, data=form)
    assert answer.status_code == 302, answer.text
    return parse_qs(urlsplit(answer.headers["Location"]).query)


def test_the_code_flow_brings_tokens_and_a_code_works_once(instance: Instance) -> None:
    answer = allow(instance, asked())
    assert answer["state"] == ["s1"]
    form = {"grant_type": "authorization_code", "code": answer["code"][0], "redirect_uri": REDIRECT}
    assert "refresh_token" in instance.token(**form).json()
    assert instance.token(**form).json() == REFUSED


def test_denying_comes_back_with_an_error_and_the_state(instance: Instance) -> None:
    assert allow(instance, asked(), "deny") == {"state": ["s1"], "error": ["access_denied"]}


def test_the_state_parameter_is_compulsory_unless_switched_off(instance: Instance) -> None:
    page = instance.call("GET", "/oauth_auth.do", auth=None, params=asked(state=""))
    assert page.status_code == 400 and "Missing State parameter in request" in page.text
    instance.settings(state_required=False)
    assert instance.call("GET", "/oauth_auth.do", auth=None, params=asked(state="")).status_code == 200


@pytest.mark.parametrize("redirect", ["https://evil.example/callback", "javascript:alert(1)", "nowhere"])
def test_a_foreign_redirect_address_is_refused(instance: Instance, redirect: str) -> None:
    assert instance.call("GET", "/oauth_auth.do", auth=None, params=asked(redirect_uri=redirect)).status_code == 400


def test_a_public_client_uses_pkce_instead_of_a_secret(instance: Instance) -> None:
    client = "demo-public-client-0123456789abcd"
    verifier = "v" * 50
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    without = instance.call("GET", "/oauth_auth.do", auth=None, params=asked(client_id=client))
    assert without.status_code == 400 and "PKCE" in without.text
    parameters = asked(client_id=client, code_challenge=challenge, code_challenge_method="S256")
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "client_id": client, "client_secret": ""}
    wrong = {**form, "code": allow(instance, parameters)["code"][0], "code_verifier": "wrong"}
    assert instance.token(**wrong).json() == REFUSED
    right = {**form, "code": allow(instance, parameters)["code"][0], "code_verifier": verifier}
    assert instance.token(**right).status_code == 200


def test_answers_set_the_session_cookies_and_sending_them_back_is_warned_about(instance: Instance) -> None:
    answer = instance.table("GET", "incident", params={"sysparm_limit": "1"})
    names = {"JSESSIONID", "glide_user_route", "glide_session_store", "BIGipServerpool_simulator"}
    assert names <= set(answer.cookies.keys())
    assert "SameSite=None; Secure; HttpOnly" in answer.headers["Set-Cookie"]
    cookie = f"JSESSIONID={answer.cookies['JSESSIONID']}"
    instance.table("GET", "incident", headers={"Cookie": cookie})
    assert any("cookie" in text for text in instance.last_warnings())


def test_a_cookie_outlives_the_token_only_where_the_instance_is_old(instance: Instance) -> None:
    cookie = f"JSESSIONID={instance.table('GET', 'incident').cookies['JSESSIONID']}"
    dead = Bearer("no-longer-valid")
    assert instance.table("GET", "incident", auth=dead, headers={"Cookie": cookie}).status_code == 401
    instance.settings(cookie_outlives_token=True)
    assert instance.table("GET", "incident", auth=dead, headers={"Cookie": cookie}).status_code == 200


def test_the_application_registry_shows_what_an_account_needs(instance: Instance) -> None:
    """The form of a simulated account sends people here for Client ID, Client Secret, user and password."""
    page = instance.call("GET", "/oauth_entity_list.do", auth=None).text
    for value in (CLIENT["client_id"], CLIENT["client_secret"], "integration.user", "demo-password"):
        assert f"<code>{value}</code>" in page
    assert "locked.user" not in page
