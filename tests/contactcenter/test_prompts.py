"""Prompts of scenarios as sounds, for telephone systems that play files."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from contactcenter import digits
from contactcenter.models import DigitRequest
from integrations import sound
from integrations.models import IntegrationAccount
from tests.factories import AccountFactory, ApiTokenFactory, InteractionFactory
from tests.integrations.providers.conftest import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
HEADERS: dict[str, Any] = {"HTTP_AUTHORIZATION": "Bearer secret-value"}


@pytest.fixture(autouse=True)
def token() -> None:
    cache.clear()
    ApiTokenFactory(name="platform", value="secret-value")


@pytest.fixture
def watson(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("tts_watson")


@pytest.fixture
def account(watson: Vendor) -> IntegrationAccount:
    made: IntegrationAccount = AccountFactory(
        provider="tts_watson", name="Voices", properties={"username": "demo-watson"},
        secrets={"password": "demo-watson-password"},
    )  # fmt: skip
    return made


def asked(prompt: str = "Please enter the number of your ticket.") -> DigitRequest:
    wanted = digits.Wanted(prompt, max_digits=6, terminator="#", timeout_seconds=10)
    return digits.ask(InteractionFactory(), wanted, key=prompt)


def read(request: DigitRequest, **headers: Any) -> Any:
    return Client().get(f"/api/v1/calls/digits/{request.pk}/prompt.wav", **{**HEADERS, **headers})


def wanted() -> dict[str, Any]:
    (found,) = Client().get("/api/v1/calls/digits", **HEADERS).json()
    return dict(found)


def test_the_prompt_is_a_sound_at_the_address_that_is_told(account: IntegrationAccount, settings: Any) -> None:
    settings.PUBLIC_URL = "https://contact.example.com"
    request = asked()
    address = wanted()["prompt_audio"]
    assert address == f"https://contact.example.com/api/v1/calls/digits/{request.pk}/prompt.wav"
    answer = Client().get(address.removeprefix("https://contact.example.com"), **HEADERS)
    assert (answer.status_code, answer["Content-Type"]) == (200, "audio/wav")
    heard = sound.read_wav(answer.content)
    assert heard.rate == 8000 and heard.seconds > 0.2


def test_a_prompt_is_spoken_once_and_anew_in_another_voice(account: IntegrationAccount, watson: Vendor) -> None:
    request = asked()
    assert read(request).content == read(request).content
    assert len(watson.arrived()) == 1
    account.properties = {**account.properties, "voice": "en-GB_JamesV3Voice"}
    account.save()
    assert read(request).status_code == 200
    assert len(watson.arrived()) == 2 and "en-GB_JamesV3Voice" in str(watson.arrived())


def test_without_an_account_the_telephone_system_speaks_the_text() -> None:
    request = asked()
    assert wanted()["prompt_audio"] == ""
    answer = read(request)
    assert answer.status_code == 503 and "speak the text" in answer.json()["detail"]


def test_a_vendor_that_does_not_speak_is_told_with_what_to_do(account: IntegrationAccount, watson: Vendor) -> None:
    watson.fault("server_error")
    answer = read(asked())
    assert answer.status_code == 503 and "Voices could not speak the prompt: speak the text." in answer.json()["detail"]
    account.refresh_from_db()
    assert account.health == "failing"


def test_only_open_requests_are_spoken_and_only_to_who_has_a_token(account: IntegrationAccount, watson: Vendor) -> None:
    request = asked()
    assert read(request, HTTP_AUTHORIZATION="").status_code == 401
    digits.answer(request.pk, call_id=request.interaction.call_id, digits="12")
    assert read(request).status_code == 404
    assert watson.arrived() == []
