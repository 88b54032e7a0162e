"""IBM's own SDK, unmodified, works against the simulated Watson services, with both ways to sign in."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from ibm_cloud_sdk_core.authenticators import Authenticator, BasicAuthenticator, IAMAuthenticator
from ibm_watson import ApiException, SpeechToTextV1, TextToSpeechV1
from ibm_watson.websocket import AudioSource, RecognizeCallback

from integrations import sound

FIXTURES = Path(__file__).parents[1] / "fixtures" / "speech"


@pytest.fixture(params=["Basic", "API key as password", "IAM"])
def sign_in(request: Any, address: str) -> Iterator[Any]:
    """`sign_in("tts_watson")`: an authenticator for that simulator."""
    for key in ("stt_watson", "tts_watson"):
        requests.post(f"{address}/{key}/_reset", timeout=5)

    def made(key: str) -> Authenticator:
        if request.param == "IAM":
            return IAMAuthenticator("demo-watson-api-key", url=f"{address}/{key}")
        pair = (
            ("demo-watson", "demo-watson-password") if request.param == "Basic" else ("apikey", "demo-watson-api-key")
        )
        return BasicAuthenticator(*pair)

    yield made


class Listener(RecognizeCallback):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.finals: list[str] = []
        self.errors: list[Any] = []

    def on_listening(self) -> None:
        self.said.append("listening")

    def on_transcription(self, transcript: Any) -> None:
        self.finals.append(transcript[0]["transcript"])

    def on_data(self, data: Any) -> None:
        self.said.append("data")

    def on_error(self, error: Any) -> None:
        self.errors.append(error)


def listen(address: str, authenticator: Authenticator, **more: Any) -> Listener:
    service = SpeechToTextV1(authenticator=authenticator)
    service.set_service_url(f"ws{address.removeprefix('http')}/stt_watson")  # the SDK rewrites https only
    heard = Listener()
    mulaw = sound.mulaw_of(sound.read_wav((FIXTURES / "good_morning.wav").read_bytes()).samples)
    options = {"content_type": "audio/mulaw;rate=8000", "model": "en-US_Telephony", "interim_results": True, **more}
    service.recognize_using_websocket(audio=AudioSource(io.BytesIO(mulaw)), recognize_callback=heard, **options)
    return heard


def test_the_sdk_writes_down_what_is_said(address: str, sign_in: Any) -> None:
    heard = listen(address, sign_in("stt_watson"))
    assert heard.errors == [] and heard.said[0] == "listening"
    assert len(heard.finals) == 1 and {"morning", "help"} <= set(heard.finals[0].split())


def test_the_sdk_is_told_of_an_unknown_model(address: str, sign_in: Any) -> None:
    heard = listen(address, sign_in("stt_watson"), model="en-US_BroadbandModel")
    assert heard.finals == [] and "not found" in str(heard.errors[0])


def test_the_sdk_lists_models(address: str, sign_in: Any) -> None:
    service = SpeechToTextV1(authenticator=sign_in("stt_watson"))
    service.set_service_url(f"{address}/stt_watson")
    assert "en-US_Telephony" in {model["name"] for model in service.list_models().get_result()["models"]}
    assert service.get_model("en-US").get_result()["language"] == "en-US"


def test_the_sdk_lists_voices_and_speaks(address: str, sign_in: Any, speaking: None) -> None:
    service = TextToSpeechV1(authenticator=sign_in("tts_watson"))
    service.set_service_url(f"{address}/tts_watson")
    assert "en-US_MichaelV3Voice" in {voice["name"] for voice in service.list_voices().get_result()["voices"]}
    assert service.get_voice("en-GB_JamesV3Voice").get_result()["gender"] == "male"
    answer = service.synthesize("Good morning", voice="en-US_MichaelV3Voice", accept="audio/basic").get_result()
    assert len(answer.content) > 4000
    wav = service.synthesize("Good morning", accept="audio/wav;rate=16000").get_result().content
    assert sound.read_wav(wav).rate == 16_000
    with pytest.raises(ApiException) as failure:
        service.synthesize("Good morning", voice="en-US_Nobody", accept="audio/basic")
    assert (failure.value.status_code, failure.value.message) == (404, "Model 'en-US_Nobody' not found")


@pytest.mark.parametrize(
    "authenticator",
    [BasicAuthenticator("demo-watson", "wrong"), BasicAuthenticator("apikey", "wrong")],
)
def test_the_sdk_is_refused_with_wrong_credentials(address: str, authenticator: Authenticator) -> None:
    service = TextToSpeechV1(authenticator=authenticator)
    service.set_service_url(f"{address}/tts_watson")
    with pytest.raises(ApiException) as failure:
        service.list_voices()
    assert failure.value.status_code == 401
    assert listen(address, authenticator).finals == []


def test_the_sdk_reads_why_iam_refuses_a_key(address: str) -> None:
    service = TextToSpeechV1(authenticator=IAMAuthenticator("wrong-key-of-nobody", url=f"{address}/tts_watson"))
    service.set_service_url(f"{address}/tts_watson")
    with pytest.raises(ApiException) as failure:
        service.list_voices()
    assert failure.value.status_code == 400 and "could not be found" in failure.value.message
