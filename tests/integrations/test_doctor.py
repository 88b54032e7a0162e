"""The doctor's verdict: how far it came, what broke, who acts, and a message to forward."""

import socket
from typing import Any

import pytest

from integrations.diagnosis import doctor
from integrations.diagnosis.advice import GENERAL
from integrations.errors import Cause, Stage
from integrations.models import Health, IntegrationAccount, OAuthToken
from tests.factories import AccountFactory

from .local_server import Answer, LocalServer

pytestmark = pytest.mark.django_db(transaction=True)
ME = Answer(body={"name": "Ada"})


def test_success_uses_the_providers_sentence_and_says_who_we_are(
    plain: IntegrationAccount, server: LocalServer
) -> None:
    server.on("/me", ME)
    verdict = doctor.examine(plain.connect())
    assert (verdict.ok, verdict.message, verdict.identity) == (True, "It works (Ada)", "Ada")
    assert [stage for stage, _ in verdict.rows] == ["settings", "name", "tcp", "authentication"]
    plain.refresh_from_db()
    assert (plain.health, plain.identity) == (Health.OK, "Ada")


@pytest.mark.parametrize(
    ("answer", "cause", "stage", "who"),
    [
        (Answer(401, {"error": "no"}), Cause.BAD_CREDENTIALS, Stage.AUTHENTICATION, "you"),
        (Answer(403, {}), Cause.NO_PERMISSION, Stage.PERMISSION, "the vendor's administrator"),
        (Answer(429, {}), Cause.RATE_LIMITED, Stage.LIMITS, "the vendor's administrator"),
        (Answer(500, {}), Cause.REMOTE_ERROR, Stage.ANSWER, "the vendor"),
        (Answer(200, "<html>", {"Content-Type": "text/html"}), Cause.WRONG_HOST, Stage.ANSWER, "you"),
    ],
)
def test_a_failure_names_stage_cause_and_who_acts_and_recovers(
    plain: IntegrationAccount, server: LocalServer, answer: Answer, cause: Cause, stage: Stage, who: str
) -> None:
    server.on("/me", answer, ME)
    verdict = doctor.examine(plain.connect())
    assert (verdict.ok, verdict.cause, verdict.stage, verdict.who) == (False, cause, stage, who)
    assert verdict.rows[-1] == (stage.value, verdict.message)
    assert verdict.meaning
    assert verdict.next_step
    plain.refresh_from_db()
    assert (plain.health, plain.health_cause) == (Health.FAILING, cause.value)
    assert doctor.examine(plain.connect()).ok
    plain.refresh_from_db()
    assert plain.health == Health.OK


def test_the_vendors_advice_lies_over_the_general_one(plain: IntegrationAccount, server: LocalServer) -> None:
    server.on("/me", Answer(403, {"error": "right missing"}))
    verdict = doctor.examine(plain.connect())
    assert (verdict.meaning, verdict.clicks) == ("No right.", ("Open", "Click"))
    assert "HTTP 403" in verdict.came_back
    for text in ("Plain", server.address, "right missing", "Grant it.", "1. Open", "2. Click"):
        assert text in verdict.forward
    assert "canary" not in verdict.forward


def test_incomplete_settings_are_found_before_anything_is_sent(plain: IntegrationAccount, server: LocalServer) -> None:
    IntegrationAccount.objects.filter(pk=plain.pk).update(secrets=type(plain.secrets)(""))
    verdict = doctor.examine(IntegrationAccount.objects.get(pk=plain.pk).connect())
    assert (verdict.cause, verdict.stage) == (Cause.INCOMPLETE, Stage.SETTINGS)
    assert "api_key" in verdict.message
    assert server.connections == 0


def test_secrets_that_cannot_be_decrypted_are_a_verdict_too(plain: IntegrationAccount, settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="]
    verdict = doctor.examine(IntegrationAccount.objects.get(pk=plain.pk).connect())
    assert (verdict.cause, verdict.stage) == (Cause.INCOMPLETE, Stage.SETTINGS)
    assert "FIELD_ENCRYPTION_KEYS" in verdict.message


def test_a_closed_port_stops_after_the_name(plain: IntegrationAccount) -> None:
    plain.properties["url"] = "http://127.0.0.1:1"
    verdict = doctor.examine(plain.connect())
    assert [step.stage for step in verdict.passed] == [Stage.SETTINGS, Stage.NAME]
    assert (verdict.stage, verdict.cause, verdict.who) == (Stage.TCP, Cause.UNREACHABLE, "your network")


def test_a_blocked_address_is_the_networks_business(plain: IntegrationAccount, settings: Any) -> None:
    settings.INTEGRATIONS_ALLOWED_NETWORKS = []
    verdict = doctor.examine(plain.connect())
    assert (verdict.stage, verdict.cause, verdict.who) == (Stage.NAME, Cause.BLOCKED_ADDRESS, "your network")
    assert "INTEGRATIONS_ALLOWED_NETWORKS" in verdict.next_step


def test_every_cause_has_advice_for_somebody() -> None:
    assert set(GENERAL) == set(Cause) - {Cause.OK}
    assert {a.who for a in GENERAL.values()} <= {"you", "the vendor's administrator", "the vendor", "your network"}


def test_a_test_gives_refused_tokens_one_more_chance(rotating: IntegrationAccount, server: LocalServer) -> None:
    server.on(
        "/token", Answer(400, {"error": "invalid_client"}), Answer(body={"access_token": "a-1", "expires_in": 60})
    )
    server.on("/me", ME)
    rotating.properties["grant"] = "client_credentials"
    rotating.save()
    assert not doctor.examine(rotating.connect()).ok
    assert OAuthToken.objects.get(account=rotating).status == OAuthToken.Status.REFUSED
    assert doctor.examine(rotating.connect()).ok


def test_the_verdict_as_json_has_exactly_the_fixed_keys(plain: IntegrationAccount, server: LocalServer) -> None:
    server.on("/me", ME)
    keys = ["ok", "message", "stage", "cause", "who", "next_step", "identity"]
    assert list(doctor.examine(plain.connect()).to_json()) == keys


@pytest.mark.parametrize(
    ("endpoint", "who", "step"),
    [
        ("https://api.telegram.org", "your network", "name server"),
        ("https://gateway.example.com", "you", "letter by letter"),
    ],
)
def test_a_name_that_nobody_entered_is_not_compared_with_what_was_entered(
    monkeypatch: pytest.MonkeyPatch, endpoint: str, who: str, step: str
) -> None:
    def unknown(*args: Any, **more: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    account = AccountFactory(
        provider="messenger_telegram", simulated=False, secrets={"token": "1:abc"},
        properties={"bot_username": "example_bot", "api_endpoint": endpoint},
    )  # fmt: skip
    verdict = doctor.examine(account.connect())
    assert (verdict.cause, verdict.stage, verdict.who) == (Cause.WRONG_HOST, Stage.NAME, who)
    assert step in verdict.next_step
