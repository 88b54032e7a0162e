"""OAuth: the first tokens, renewing them before they end, and what is a refusal and what is not."""

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from integrations import leases, tasks
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Unavailable
from integrations.expiry import forecast
from integrations.fields import Sealed, SecretUnreadable
from integrations.models import ApiCall, Health, IntegrationAccount, OAuthToken
from integrations.oauth import access, endpoint, tokens

from .conftest import make_plain
from .local_server import Answer, Arrived, LocalServer

pytestmark = pytest.mark.django_db(transaction=True)
Status = OAuthToken.Status
REVOKED = Answer(400, {"error": "invalid_grant", "error_description": "Refresh token is expired"})


class Vendor:
    """A token endpoint that rotates refresh tokens: an old one ends the authorisation."""

    def __init__(self, server: LocalServer, *, life: int | None = 1800, rotate: bool = True) -> None:
        self.server = server
        self.life = life
        self.rotate = rotate
        self.issued = 0
        self.refresh = ""
        self.dead = False
        server.on("/token", self.token)
        server.on("/me", self.me)

    def token(self, request: Arrived) -> Answer:
        form = request.form
        if form["grant_type"] == "refresh_token":
            if self.dead or form["refresh_token"] != self.refresh:
                self.dead = True
                return REVOKED
        elif form["grant_type"] == "password" and form["password"] != "canary-password":
            return Answer(401, {"error": "invalid_client", "error_description": f"no {form['password']}"})
        self.issued += 1
        return Answer(body=self.answer(form["grant_type"]))

    def answer(self, grant: str) -> dict[str, Any]:
        body: dict[str, Any] = {"access_token": f"canary-access-{self.issued}", "token_type": "Bearer"}
        if self.life is not None:
            body["expires_in"] = self.life
        if grant != "client_credentials" and (self.rotate or not self.refresh):
            self.refresh = body["refresh_token"] = f"canary-refresh-{self.issued}"
        return body

    def me(self, request: Arrived) -> Answer:
        good = request.headers.get("Authorization") == f"Bearer canary-access-{self.issued}"
        return Answer(body={"name": "Ada"}) if good else Answer(401, {"error": "expired"})


@pytest.fixture
def vendor(server: LocalServer) -> Vendor:
    return Vendor(server)


@pytest.fixture
def signed_in(rotating: IntegrationAccount, vendor: Vendor) -> IntegrationAccount:
    access.obtain_with_password(rotating.connect(), "ada", "canary-password")
    return rotating


def row_of(account: IntegrationAccount) -> OAuthToken:
    return OAuthToken.objects.get(account=account)


def let_end(account: IntegrationAccount) -> None:
    past = timezone.now() - timedelta(seconds=1)
    OAuthToken.objects.filter(account=account).update(access_expires_at=past, next_attempt_at=past)


def fails(account: IntegrationAccount, kind: type[IntegrationError]) -> IntegrationError:
    with pytest.raises(kind) as failure:
        access.bearer(account.connect())
    return failure.value


def later(seconds: float, work: Callable[[], object]) -> threading.Timer:
    """Do something in another thread, while the test waits for it."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    timer = threading.Timer(seconds, run)
    timer.start()
    return timer


# -- the first tokens


def test_user_name_and_password_are_exchanged_and_forgotten(signed_in: IntegrationAccount, server: LocalServer) -> None:
    assert server.arrived[0].form == {
        "grant_type": "password", "username": "ada", "password": "canary-password", "client_id": "hub",
        "client_secret": "canary-client-secret",
    }  # fmt: skip
    assert access.bearer(signed_in.connect()) == "canary-access-1"
    row = row_of(signed_in)
    assert (row.status, row.generation) == (Status.VALID, 1)
    assert abs(row.access_expires_at - timezone.now() - timedelta(seconds=1800)) < timedelta(seconds=5)
    stored = " ".join(
        str(value) for model in (OAuthToken, ApiCall, IntegrationAccount) for value in model.objects.values()
    )
    assert "canary" not in stored
    assert signed_in.health == Health.OK


def test_a_wrong_password_changes_nothing_and_is_not_repeated(signed_in: IntegrationAccount, vendor: Vendor) -> None:
    with pytest.raises(AuthenticationFailed) as failure:
        access.obtain_with_password(signed_in.connect(), "ada", "canary-wrong-password")
    assert failure.value.cause == Cause.BAD_CREDENTIALS
    assert "canary" not in str(failure.value)
    assert access.bearer(signed_in.connect()) == "canary-access-1"
    access.obtain_with_password(signed_in.connect(), "ada", "canary-password")
    assert access.bearer(signed_in.connect()) == "canary-access-2"


def test_client_credentials_need_nobody(rotating: IntegrationAccount, vendor: Vendor, server: LocalServer) -> None:
    rotating.properties |= {"grant": "client_credentials", "client_auth": "basic", "scope": "api read"}
    assert rotating.connect().http.get("/me").json() == {"name": "Ada"}
    assert server.arrived[0].form == {"grant_type": "client_credentials", "scope": "api read"}
    basic = base64.b64encode(b"hub:canary-client-secret").decode()
    assert server.arrived[0].headers["Authorization"] == f"Basic {basic}"


def test_an_account_that_was_never_authorised_says_so_without_asking(
    rotating: IntegrationAccount, vendor: Vendor
) -> None:
    assert fails(rotating, AuthenticationFailed).cause == Cause.NEVER_AUTHORISED
    assert vendor.server.arrived == []
    access.obtain_with_password(rotating.connect(), "ada", "canary-password")
    assert access.bearer(rotating.connect())


def test_the_code_flow_proves_itself_and_works_once(
    rotating: IntegrationAccount, vendor: Vendor, server: LocalServer
) -> None:
    rotating.properties |= {"grant": "authorization_code", "scope": "api"}
    rotating.save()
    url = access.start_code_flow(rotating.connect())
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(f"{server.address}/auth?")
    assert query["redirect_uri"].endswith("/admin/integrations/oauth/callback/")
    assert (query["response_type"], query["code_challenge_method"], query["scope"]) == ("code", "S256", "api")

    assert access.finish_code_flow(query["state"], "canary-code-1").pk == rotating.pk
    form = server.arrived[0].form
    digest = hashlib.sha256(form["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == query["code_challenge"]
    assert (form["code"], form["redirect_uri"]) == ("canary-code-1", query["redirect_uri"])
    assert access.bearer(rotating.connect()) == "canary-access-1"

    with pytest.raises(Rejected, match="used already"):
        access.finish_code_flow(query["state"], "canary-code-1")
    assert len(server.arrived) == 1
    assert "canary" not in " ".join(str(row) for row in ApiCall.objects.values())


@pytest.mark.parametrize("state", ["", "made-up"])
def test_a_state_that_we_did_not_give_is_refused(rotating: IntegrationAccount, state: str) -> None:
    OAuthToken.objects.create(account=rotating)
    with pytest.raises(Rejected):
        access.finish_code_flow(state, "code")


def test_a_state_is_good_for_ten_minutes(rotating: IntegrationAccount, vendor: Vendor) -> None:
    url = access.start_code_flow(rotating.connect())
    OAuthToken.objects.update(pending_until=timezone.now() - timedelta(seconds=1))
    with pytest.raises(Rejected, match="older than ten minutes"):
        access.finish_code_flow(parse_qs(urlsplit(url).query)["state"][0], "code")


# -- renewing


def test_an_ended_token_is_renewed_before_the_request_leaves(signed_in: IntegrationAccount, vendor: Vendor) -> None:
    let_end(signed_in)
    assert signed_in.connect().http.get("/me").json() == {"name": "Ada"}
    assert vendor.server.paths() == ["/token", "/token", "/me"]


def test_a_401_renews_once_and_the_request_goes_out_again(signed_in: IntegrationAccount, vendor: Vendor) -> None:
    vendor.issued = 7  # the vendor has ended the first token
    vendor.refresh = "canary-refresh-1"
    assert signed_in.connect().http.get("/me").json() == {"name": "Ada"}
    assert vendor.server.paths() == ["/token", "/me", "/token", "/me"]


def test_after_a_401_a_token_that_another_process_has_renewed_is_simply_used(
    signed_in: IntegrationAccount, vendor: Vendor
) -> None:
    provider = signed_in.connect()
    server = vendor.server

    def answer(request: Arrived) -> Answer:
        if len(server.paths()) == 2:  # while the request is under way, another process renews
            let_end(signed_in)
            access.refresh_due()
        return vendor.me(request)

    server.on("/me", answer)
    assert provider.http.get("/me").ok
    assert server.paths().count("/token") == 2


def test_the_old_refresh_token_is_kept_when_none_comes_back(rotating: IntegrationAccount, server: LocalServer) -> None:
    vendor = Vendor(server, rotate=False)
    access.obtain_with_password(rotating.connect(), "ada", "canary-password")
    ends = row_of(rotating).refresh_expires_at
    for _ in range(3):
        let_end(rotating)
        assert access.bearer(rotating.connect()) == f"canary-access-{vendor.issued}"
    assert server.arrived[-1].form["refresh_token"] == "canary-refresh-1"
    assert row_of(rotating).refresh_expires_at == ends


def test_due_tokens_are_renewed_before_they_end(signed_in: IntegrationAccount, vendor: Vendor) -> None:
    row = row_of(signed_in)
    before_the_end = row.access_expires_at - row.next_attempt_at
    assert abs(before_the_end - timedelta(minutes=2)) < timedelta(seconds=2)
    assert tasks.refresh_due_tokens() == 0
    OAuthToken.objects.update(next_attempt_at=timezone.now())
    assert tasks.refresh_due_tokens() == 1
    assert tasks.refresh_due_tokens() == 0
    assert vendor.issued == 2


@pytest.mark.parametrize(
    "change",
    [{"enabled": False}, {"lease": True}],
)
def test_disabled_accounts_and_claimed_rows_are_left_alone(
    signed_in: IntegrationAccount, vendor: Vendor, change: dict[str, bool]
) -> None:
    let_end(signed_in)
    if "enabled" in change:
        IntegrationAccount.objects.update(enabled=False)
    else:
        assert leases.claim(row_of(signed_in))
    assert access.refresh_due() == 0
    assert vendor.issued == 1


def test_a_short_life_is_renewed_in_its_second_half(rotating: IntegrationAccount, server: LocalServer) -> None:
    Vendor(server, life=10)
    access.obtain_with_password(rotating.connect(), "ada", "canary-password")
    wait = row_of(rotating).next_attempt_at - timezone.now()
    assert timedelta(seconds=4) < wait <= timedelta(seconds=5)


def test_a_token_without_known_end_is_used_until_a_401_and_renewed_now_and_then(
    rotating: IntegrationAccount, server: LocalServer
) -> None:
    Vendor(server, life=None)
    access.obtain_with_password(rotating.connect(), "ada", "canary-password")
    row = row_of(rotating)
    assert row.access_expires_at is None
    assert row.next_attempt_at > timezone.now() + timedelta(minutes=29)
    assert access.bearer(rotating.connect()) == "canary-access-1"


def test_the_same_token_again_is_no_reason_to_ask_all_the_time(
    rotating: IntegrationAccount, server: LocalServer
) -> None:
    """ServiceNow answers with the living token and its remaining seconds until it has ended."""
    rotating.properties["grant"] = "client_credentials"
    rotating.save()
    remaining = Answer(body={"access_token": "canary-same", "expires_in": 100})
    server.on("/token", Answer(body={"access_token": "canary-same", "expires_in": 1799}), remaining)
    access.bearer(rotating.connect())
    OAuthToken.objects.update(next_attempt_at=timezone.now(), access_expires_at=timezone.now() + timedelta(seconds=100))
    assert access.refresh_due() == 1
    row = row_of(rotating)
    assert row.next_attempt_at == row.access_expires_at
    for _ in range(5):
        assert access.bearer(rotating.connect()) == "canary-same"
        assert access.refresh_due() == 0
    assert len(server.arrived) == 2


def test_in_its_last_seconds_the_same_token_is_used_to_its_very_end(
    rotating: IntegrationAccount, server: LocalServer
) -> None:
    rotating.properties["grant"] = "client_credentials"
    rotating.save()
    server.on("/token", Answer(body={"access_token": "canary-same", "expires_in": 1}))
    for _ in range(4):
        assert access.bearer(rotating.connect()) == "canary-same"
    assert len(server.arrived) <= 2


# -- what goes wrong


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(500), Unavailable),
        (Answer(503), Unavailable),
        (Answer(hang_up=True), Unavailable),
        (Answer(200, "<html>sleeping", {"Content-Type": "text/html"}), Unavailable),
        (Answer(403, "<html>firewall", {"Content-Type": "text/html"}), Unavailable),
        (Answer(403, {"message": "policy"}), AuthenticationFailed),
        (Answer(429, {}, {"Retry-After": "7"}), RateLimited),
        (Answer(200, '{"access_token": '), IntegrationError),
        (Answer(200, {"hello": "world"}), Rejected),
        (Answer(200, {"access_token": "x", "expires_in": "soon"}), Rejected),
        (Answer(503, {"error": "temporarily_unavailable"}), Unavailable),
        (Answer(400, {"error": "server_error"}), Unavailable),
    ],
)
def test_trouble_on_the_way_is_no_revocation(
    signed_in: IntegrationAccount, vendor: Vendor, answer: Answer, kind: type[IntegrationError]
) -> None:
    let_end(signed_in)
    vendor.server.on("/token", answer, vendor.token)
    fails(signed_in, kind)
    row = row_of(signed_in)
    assert (row.status, row.failures, row.leased_until) == (Status.VALID, 1, None)
    assert row.next_attempt_at > timezone.now() + timedelta(seconds=3)
    assert row.last_error
    assert access.bearer(signed_in.connect()) == "canary-access-2"
    assert (row_of(signed_in).failures, row_of(signed_in).last_error) == (0, "")


def test_a_living_token_is_used_while_its_renewal_fails(signed_in: IntegrationAccount, vendor: Vendor) -> None:
    OAuthToken.objects.update(next_attempt_at=timezone.now())
    vendor.server.on("/token", Answer(500), vendor.token)
    assert access.refresh_due() == 0
    assert access.bearer(signed_in.connect()) == "canary-access-1"
    assert access.refresh_due() == 0, "not before the pause is over"
    OAuthToken.objects.update(next_attempt_at=timezone.now())
    assert access.refresh_due() == 1


def test_pauses_grow_and_end_at_five_minutes(signed_in: IntegrationAccount) -> None:
    error = Unavailable("gone")
    waits = []
    for _ in range(9):
        tokens.note_failure(row_of(signed_in), error)
        waits.append(round((row_of(signed_in).next_attempt_at - timezone.now()).total_seconds()))
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    tokens.note_failure(row_of(signed_in), RateLimited("slow down", retry_after=900))
    assert row_of(signed_in).next_attempt_at > timezone.now() + timedelta(seconds=890)


def test_a_refusal_asks_for_a_person_once_and_the_vendor_never_again(
    signed_in: IntegrationAccount, vendor: Vendor, caplog: Any
) -> None:
    vendor.dead = True
    let_end(signed_in)
    assert fails(signed_in, AuthenticationFailed).cause == Cause.REFRESH_REVOKED
    asked = len(vendor.server.arrived)
    for _ in range(3):
        assert fails(signed_in, AuthenticationFailed).cause == Cause.REFRESH_REVOKED
        assert access.refresh_due() == 0
    assert len(vendor.server.arrived) == asked
    signed_in.refresh_from_db()
    assert (row_of(signed_in).status, signed_in.health) == (Status.REFUSED, Health.NEEDS_AUTHORISATION)
    assert len([r for r in caplog.records if r.name == "integrations.diagnosis.health"]) == 1

    vendor.dead = False
    access.obtain_with_password(signed_in.connect(), "ada", "canary-password")
    assert access.bearer(signed_in.connect()) == f"canary-access-{vendor.issued}"
    signed_in.refresh_from_db()
    assert signed_in.health == Health.OK


def test_a_corrected_account_gets_one_more_chance_with_its_old_refresh_token(
    signed_in: IntegrationAccount, vendor: Vendor
) -> None:
    let_end(signed_in)
    vendor.server.on("/token", Answer(401, {"error": "invalid_client"}), vendor.token)
    assert fails(signed_in, AuthenticationFailed).cause == Cause.BAD_CREDENTIALS
    fails(signed_in, AuthenticationFailed)
    signed_in.refresh_from_db()
    signed_in.save()
    assert access.bearer(signed_in.connect()) == "canary-access-2"
    assert row_of(signed_in).status == Status.VALID


def test_a_refusal_of_an_old_token_is_none_when_somebody_authorised_anew_meanwhile(
    signed_in: IntegrationAccount, vendor: Vendor
) -> None:
    let_end(signed_in)

    def refuse_slowly(request: Arrived) -> Answer:
        vendor.server.on("/token", vendor.token)
        access.obtain_with_password(signed_in.connect(), "ada", "canary-password")
        return REVOKED

    vendor.server.on("/token", refuse_slowly)
    assert access.bearer(signed_in.connect()) == "canary-access-2"
    assert row_of(signed_in).status == Status.VALID


def test_a_slow_answer_does_not_overwrite_a_newer_authorisation(signed_in: IntegrationAccount, vendor: Vendor) -> None:
    config = signed_in.connect().oauth_config()
    old = row_of(signed_in)
    access.obtain_with_password(signed_in.connect(), "ada", "canary-password")
    assert not tokens.store(old, config, {"access_token": "canary-late", "expires_in": 60})
    assert access.bearer(signed_in.connect()) == "canary-access-2"


def test_an_ended_token_without_refresh_token_needs_a_person(rotating: IntegrationAccount, server: LocalServer) -> None:
    server.on("/token", Answer(body={"access_token": "canary-only", "expires_in": 60}))
    access.obtain_with_password(rotating.connect(), "ada", "x")
    let_end(rotating)
    assert fails(rotating, AuthenticationFailed).cause == Cause.REFRESH_REVOKED
    assert len(server.arrived) == 1


def test_tokens_are_never_sent_to_another_place_than_they_came_from(
    signed_in: IntegrationAccount, vendor: Vendor, settings: Any
) -> None:
    """Switched to the simulator, the account must not show it the vendor's tokens; switched back, they still hold."""
    settings.SIMULATOR_URL = vendor.server.address
    signed_in.simulated = True
    assert fails(signed_in, AuthenticationFailed).cause == Cause.NEVER_AUTHORISED
    assert len(vendor.server.arrived) == 1
    signed_in.simulated = False
    assert access.bearer(signed_in.connect()) == "canary-access-1"


def test_tokens_that_cannot_be_decrypted_do_not_stop_the_renewal_of_others(
    signed_in: IntegrationAccount, vendor: Vendor, settings: Any, caplog: Any
) -> None:
    let_end(signed_in)
    right = settings.FIELD_ENCRYPTION_KEYS
    settings.FIELD_ENCRYPTION_KEYS = ["QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="]
    assert access.refresh_due() == 0
    assert "cannot be renewed" in caplog.text
    settings.FIELD_ENCRYPTION_KEYS = right
    OAuthToken.objects.update(next_attempt_at=timezone.now())
    assert access.refresh_due() == 1


def test_an_account_that_signs_in_otherwise_now_is_no_longer_renewed(
    signed_in: IntegrationAccount, vendor: Vendor
) -> None:
    let_end(signed_in)
    signed_in.properties["grant"] = "basic"
    signed_in.save()
    assert access.refresh_due() == 0
    assert row_of(signed_in).next_attempt_at is None
    assert vendor.issued == 1


# -- one at a time


@pytest.fixture
def held(signed_in: IntegrationAccount) -> Iterator[tuple[OAuthToken, str]]:
    let_end(signed_in)
    row = row_of(signed_in)
    yield row, leases.claim(row)


def test_who_waits_takes_what_the_holder_of_the_lease_has_got(
    signed_in: IntegrationAccount, vendor: Vendor, held: tuple[OAuthToken, str]
) -> None:
    row, owner = held
    config = signed_in.connect().oauth_config()

    def finish() -> None:
        tokens.store(row, config, {"access_token": "canary-by-the-other", "expires_in": 900})
        leases.release(row, owner)

    timer = later(0.3, finish)
    assert access.bearer(signed_in.connect()) == "canary-by-the-other"
    assert vendor.issued == 1
    timer.join()


def test_who_waits_does_not_repeat_the_failure_of_the_holder(
    signed_in: IntegrationAccount, vendor: Vendor, held: tuple[OAuthToken, str]
) -> None:
    row, owner = held
    timer = later(0.3, lambda: tokens.note_failure(row, Unavailable("the vendor is away")))
    assert "the vendor is away" in str(fails(signed_in, Unavailable))
    assert vendor.issued == 1
    timer.join()
    leases.release(row, owner)
    assert access.bearer(signed_in.connect()) == "canary-access-2"


def test_who_waits_does_not_wait_for_ever(
    signed_in: IntegrationAccount, vendor: Vendor, held: tuple[OAuthToken, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "WAIT_SECONDS", 0.3)
    assert fails(signed_in, Unavailable).cause == Cause.TIMEOUT


def test_a_holder_that_died_is_replaced_when_its_lease_ends(
    signed_in: IntegrationAccount, vendor: Vendor, held: tuple[OAuthToken, str]
) -> None:
    OAuthToken.objects.update(leased_until=timezone.now() + timedelta(seconds=0.4))
    assert access.bearer(signed_in.connect()) == "canary-access-2"
    assert vendor.issued == 2


# -- giving up, and telling


def test_forgetting_withdraws_at_the_vendor_and_deletes_here(
    signed_in: IntegrationAccount, server: LocalServer
) -> None:
    server.on("/revoke", Answer(200))
    access.forget(signed_in.connect())
    assert server.arrived[-1].form["token"] == "canary-refresh-1"
    row = row_of(signed_in)
    assert (row.status, bool(row.access), bool(row.refresh)) == (Status.NONE, False, False)
    assert fails(signed_in, AuthenticationFailed).cause == Cause.NEVER_AUTHORISED
    signed_in.refresh_from_db()
    assert signed_in.health == Health.NEEDS_AUTHORISATION
    access.obtain_with_password(signed_in.connect(), "ada", "canary-password")
    assert access.bearer(signed_in.connect()) == "canary-access-2"


def test_forgetting_works_while_the_vendor_is_away_or_the_key_is_lost(
    signed_in: IntegrationAccount, server: LocalServer, settings: Any
) -> None:
    server.on("/revoke", Answer(500))
    access.forget(signed_in.connect())
    assert row_of(signed_in).status == Status.NONE
    asked = len(server.arrived)
    access.forget(signed_in.connect())
    assert len(server.arrived) == asked, "there was nothing to withdraw"


def test_a_new_authorisation_replaces_tokens_that_cannot_be_read(signed_in: IntegrationAccount, vendor: Vendor) -> None:
    OAuthToken.objects.update(access=Sealed("v1:broken"), refresh=Sealed("v1:broken"))
    with pytest.raises(SecretUnreadable):
        access.bearer(signed_in.connect())
    access.forget(signed_in.connect())
    OAuthToken.objects.update(access=Sealed("v1:broken"), refresh=Sealed("v1:broken"))
    access.obtain_with_password(signed_in.connect(), "ada", "canary-password")
    assert access.bearer(signed_in.connect()) == "canary-access-2"


def words(account: IntegrationAccount) -> list[str]:
    account = IntegrationAccount.objects.select_related("token").get(pk=account.pk)
    return [entry.text for entry in forecast.forecast(account)]


def test_the_forecast_says_what_ends_when_and_no_value(signed_in: IntegrationAccount) -> None:
    assert words(signed_in) == [
        "Access token: renews itself, 29 min left", "Refresh token: unused for 0 of 100 days",
    ]  # fmt: skip
    now = timezone.now()
    OAuthToken.objects.update(
        refresh_used_at=now - timedelta(days=92), refresh_expires_at=now + timedelta(days=8), failures=1
    )
    assert words(signed_in) == [
        "Access token: renewing failed once", "Refresh token: unused for 92 of 100 days",
    ]  # fmt: skip
    OAuthToken.objects.update(failures=0, access_expires_at=None, refresh_expires_at=now)
    assert words(signed_in) == [
        "Access token: the vendor does not say when it ends", "Refresh token: has ended, authorise again",
    ]  # fmt: skip
    OAuthToken.objects.update(access_expires_at=now, refresh_expires_at=None)
    assert words(signed_in) == [
        "Access token: ended, renewed with the next use", "Refresh token: no known end",
    ]  # fmt: skip
    OAuthToken.objects.update(refresh=Sealed(""))
    assert len(words(signed_in)) == 1
    OAuthToken.objects.update(status=Status.REFUSED)
    assert "Needs authorisation" in words(signed_in)[0]
    OAuthToken.objects.update(status=Status.NONE)
    assert words(signed_in) == []


@pytest.mark.parametrize(
    ("left", "text"), [(45, "44 s"), (600, "9 min"), (3 * 3600 + 9, "3 h"), (5 * 86_400 + 9, "5 days")]
)
def test_lengths_of_time_are_told_in_their_unit(signed_in: IntegrationAccount, left: int, text: str) -> None:
    OAuthToken.objects.update(access_expires_at=timezone.now() + timedelta(seconds=left))
    assert text in words(signed_in)[0]


def test_the_forecast_needs_no_query(signed_in: IntegrationAccount, django_assert_num_queries: Any) -> None:
    account = IntegrationAccount.objects.select_related("token").get(pk=signed_in.pk)
    with django_assert_num_queries(0):
        assert forecast.forecast(account)


# -- accounts without tokens


def age(account: IntegrationAccount, **delta: int) -> None:
    past = timezone.now() - timedelta(**delta)
    IntegrationAccount.objects.filter(pk=account.pk).update(created_at=past)


def test_accounts_that_cannot_be_renewed_are_tested_every_half_hour(
    plain: IntegrationAccount, server: LocalServer
) -> None:
    server.on("/me", Answer(body={"name": "Ada"}))
    assert tasks.check_accounts() == 0, "a new account is its administrator's"
    age(plain, minutes=31)
    assert tasks.check_accounts() == 1
    assert tasks.check_accounts() == 0
    plain.refresh_from_db()
    assert plain.health == Health.OK
    OAuthToken.objects.update(next_attempt_at=timezone.now())
    server.on("/me", Answer(500), Answer(body={"name": "Ada"}))
    assert tasks.check_accounts() == 1
    plain.refresh_from_db()
    assert plain.health == Health.FAILING
    OAuthToken.objects.update(next_attempt_at=timezone.now())
    assert tasks.check_accounts() == 1
    plain.refresh_from_db()
    assert plain.health == Health.OK


def test_a_wrong_password_is_not_tried_again_by_a_machine(plain: IntegrationAccount, server: LocalServer) -> None:
    server.on("/me", Answer(401, {}))
    age(plain, minutes=31)
    assert tasks.check_accounts() == 1
    OAuthToken.objects.update(next_attempt_at=timezone.now())
    assert tasks.check_accounts() == 0


def test_accounts_with_living_tokens_or_without_a_person_are_not_tested(
    signed_in: IntegrationAccount, vendor: Vendor
) -> None:
    age(signed_in, minutes=31)
    assert tasks.check_accounts() == 0
    tokens.erase(row_of(signed_in))
    assert tasks.check_accounts() == 0
    assert vendor.server.paths() == ["/token"]


def test_one_account_that_breaks_does_not_stop_the_others(
    plain: IntegrationAccount, server: LocalServer, caplog: Any
) -> None:
    other = make_plain(server.address, name="Z other")
    server.on("/me", Answer(body={"name": "Ada"}))
    for account in (plain, other):
        age(account, minutes=31)
    IntegrationAccount.objects.filter(pk=plain.pk).update(provider="vanished")
    assert tasks.check_accounts() == 1
    assert caplog.text.count("could not be tested") == 1


# -- what a token endpoint may want besides


def sent_by(config: tokens.OAuthConfig, form: str) -> tuple[str, str]:
    return endpoint._encoded(config, form)


def test_a_token_endpoint_that_reads_json_gets_json_with_the_wishes() -> None:
    config = tokens.OAuthConfig(
        "https://v.example/t", "c", "s", "client_credentials", encoding="json", wishes={"a": 300}
    )
    content_type, body = sent_by(config, "grant_type=client_credentials&scope=read+write&client_secret=a%26b")
    assert content_type == "application/json"
    wanted = {"grant_type": "client_credentials", "scope": "read write", "client_secret": "a&b", "a": 300}
    assert json.loads(body) == wanted


def test_a_token_endpoint_that_reads_a_form_gets_the_wishes_in_it() -> None:
    config = tokens.OAuthConfig("https://v.example/t", "c", "s", "client_credentials", wishes={"life": "a b"})
    content_type, body = sent_by(config, "grant_type=client_credentials")
    assert content_type == "application/x-www-form-urlencoded"
    assert parse_qs(body) == {"grant_type": ["client_credentials"], "life": ["a b"]}


def test_the_answer_may_say_how_long_the_refresh_token_lives(rotating: IntegrationAccount, vendor: Vendor) -> None:
    row, config = tokens.row_of(rotating), rotating.connect().oauth_config()
    answer = {"access_token": "canary-a", "refresh_token": "canary-r", "refresh_token_expires_in": 604_800}
    assert tokens.store(row, config, answer)
    ends = row_of(rotating).refresh_expires_at
    assert abs(ends - timezone.now() - timedelta(days=7)) < timedelta(seconds=5)
