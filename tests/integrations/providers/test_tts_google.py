"""Google Cloud Text-to-Speech: requests as in Google's discovery document, sound out of a WAV file, and the reasons
that tell one refusal from another."""

import base64
import struct
from collections.abc import Callable
from typing import Any

import pytest
import requests

from integrations import sound
from integrations.capabilities import TextToSpeech, Voice
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Unavailable
from integrations.models import ApiCall, IntegrationAccount
from integrations.providers.tts_google import ROOT, SCOPE, reason_of, telephone_sound
from tests import discovery
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "demo-google-api-key-0123456789"


@pytest.fixture
def google(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("tts_google")


def make(key: str = KEY, **properties: Any) -> IntegrationAccount:
    made: IntegrationAccount = AccountFactory(
        provider="tts_google", name="Google", properties=properties, secrets={"api_key": key}
    )
    return made


def refusal(account: IntegrationAccount, text: str = "Hello") -> IntegrationError:
    with pytest.raises(IntegrationError) as found:
        account.connect().synthesize(text)
    return found.value


def test_the_voices_of_the_accounts_language_are_asked_for_as_the_document_says(google: Vendor) -> None:
    provider = make(language="en").connect()
    assert isinstance(provider, TextToSpeech)
    found = provider.voices()
    assert [voice.language for voice in found] == ["en-GB", *["en-US"] * 4]
    assert found[0] == Voice("en-GB-Standard-B", "en-GB", "male")
    arrived, method = google.arrived()[-1], discovery.method("voices", "list")
    assert (arrived["method"], arrived["path"]) == (method["httpMethod"], f"/{method['path']}")
    assert set(arrived["query"]) <= set(method["parameters"]) and arrived["query"] == {"languageCode": "en"}
    assert arrived["headers"]["x-goog-api-key"] == "•••" and KEY not in ApiCall.objects.latest("id").url


def test_a_language_without_voices_has_none(google: Vendor) -> None:
    assert make(language="xx").connect().voices() == []


def test_a_text_becomes_sound_for_the_telephone(google: Vendor, speaking: None) -> None:
    speech = make(voice="en-US-Neural2-D").connect().synthesize("Good morning")
    assert speech.content_type == "audio/basic" and speech.data[:4] != b"RIFF"
    assert 4000 < len(speech.data) < 20_000
    arrived, method = google.arrived()[-1], discovery.method("text", "synthesize")
    assert (arrived["method"], arrived["path"]) == (method["httpMethod"], f"/{method['path']}")
    assert discovery.valid(method["request"]["$ref"], arrived["body"])
    assert discovery.valid(method["response"]["$ref"], arrived["response_body"])
    assert arrived["body"] == {
        "input": {"text": "Good morning"},
        "voice": {"languageCode": "en-US", "name": "en-US-Neural2-D"},
        "audioConfig": {"audioEncoding": "MULAW", "sampleRateHertz": 8000},
    }


def test_markup_goes_as_ssml_and_the_language_follows_the_voice(google: Vendor, speaking: None) -> None:
    provider = make(language="de").connect()
    provider.synthesize("<speak>Hello there</speak>", "en-GB-Standard-B")
    body = google.arrived()[-1]["body"]
    assert body["input"] == {"ssml": "<speak>Hello there</speak>"} and body["voice"]["languageCode"] == "en-GB"
    assert discovery.valid("SynthesizeSpeechRequest", body)


def test_without_a_voice_the_language_is_enough(google: Vendor, speaking: None) -> None:
    make(language="en-GB").connect().synthesize("Hello there")
    assert google.arrived()[-1]["body"]["voice"] == {"languageCode": "en-GB"}


def test_a_text_that_is_too_long_is_not_sent(google: Vendor) -> None:
    error = refusal(make(), "x" * 5001)
    assert isinstance(error, Rejected) and error.field == "text" and google.arrived() == []


@pytest.mark.parametrize(
    ("fault", "kind", "cause", "reason"),
    [
        ("bad_credentials", AuthenticationFailed, Cause.BAD_CREDENTIALS, "API_KEY_INVALID"),
        ("service_disabled", AuthenticationFailed, Cause.API_DISABLED, "SERVICE_DISABLED"),
        ("billing_disabled", AuthenticationFailed, Cause.API_DISABLED, "BILLING_DISABLED"),
        ("key_blocked", AuthenticationFailed, Cause.NO_PERMISSION, "API_KEY_SERVICE_BLOCKED"),
        ("referrer_blocked", AuthenticationFailed, Cause.IP_RESTRICTED, "API_KEY_HTTP_REFERRER_BLOCKED"),
        ("missing_permission", AuthenticationFailed, Cause.NO_PERMISSION, "PERMISSION_DENIED"),
        ("rate_limit", RateLimited, Cause.RATE_LIMITED, "RATE_LIMIT_EXCEEDED"),
        ("server_error", Unavailable, Cause.REMOTE_ERROR, "INTERNAL"),
    ],
)
def test_the_reason_decides_what_a_refusal_means(
    google: Vendor, fault: str, kind: type, cause: Cause, reason: str
) -> None:
    account = make()
    google.fault(fault)
    error = refusal(account)
    assert (type(error), error.cause, error.vendor_code) == (kind, cause, reason)
    assert error.vendor_message, "Google's own words are passed on"
    verdict = account.connect().test_connection().verdict
    assert verdict is not None and verdict.cause == cause
    google.healthy()
    result = account.connect().test_connection()
    assert result.ok and result.message == "Account credentials appear to be valid."


def test_a_limit_is_waited_for_as_long_as_google_says(google: Vendor) -> None:
    google.fault("rate_limit", options={"retry_after": 17})
    error = refusal(make())
    assert isinstance(error, RateLimited) and error.retry_after == 17


def test_a_text_that_google_does_not_take_is_told(google: Vendor) -> None:
    error = refusal(make(), "<speak>unclosed")
    assert isinstance(error, Rejected) and "invalid argument" in str(error)


@pytest.mark.parametrize("body", ["<html>", "[]", '{"error": "text"}', '{"error": {"details": [5]}}', "{}"])
def test_an_error_body_of_another_kind_has_no_reason(body: str) -> None:
    response = requests.Response()
    response._content = body.encode()
    assert reason_of(response) == ""


# -- sound


def wav(tag: int, rate: int, data: bytes) -> dict[str, str]:
    form = struct.pack("<HHIIHH", tag, 1, rate, rate, 1, 8 if tag == sound.MULAW else 16)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data)) + data
    return {"audioContent": base64.b64encode(b"RIFF" + struct.pack("<I", len(body)) + body).decode()}


def test_the_container_is_taken_off() -> None:
    assert telephone_sound(wav(sound.MULAW, 8000, b"\xff\x80\x10" * 10)) == b"\xff\x80\x10" * 10


def test_another_rate_than_asked_for_is_lowered() -> None:
    assert len(telephone_sound(wav(sound.PCM, 16_000, bytes(3200)))) == pytest.approx(800, abs=2)


@pytest.mark.parametrize("answer", [{}, [], {"audioContent": 5}, {"audioContent": "%%%"}, {"audioContent": "AAAA"}])
def test_an_answer_without_sound_is_told(answer: Any) -> None:
    with pytest.raises(Rejected):
        telephone_sound(answer)


# -- the address


def test_the_guides_address_stands_for_googles_own_with_a_notice_and_a_way_on() -> None:
    account = make()
    account.full_clean()
    account.simulated = False
    account.save()
    provider = account.connect()
    assert provider.properties["url"] == SCOPE and provider.base_url == ROOT
    assert "permission" in next(iter(provider.notices()))
    assert provider.move_to_todays_address().ok
    moved = IntegrationAccount.objects.get().connect()
    assert (moved.properties["url"], moved.base_url, list(moved.notices())) == (ROOT, ROOT, [])
    assert not type(moved).move_to_todays_address.action.applies(moved)


def test_a_gateway_of_ones_own_is_used_as_entered() -> None:
    account = make(url="https://gateway.example/google/v1/")
    account.simulated = False
    assert account.connect().base_url == "https://gateway.example/google"
    assert discovery.document()["rootUrl"].rstrip("/") == ROOT
