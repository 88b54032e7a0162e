"""The simulated voices are as strict as the vendors and really speak. Google's part is checked against Google's
discovery document."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from integrations import sound
from integrations.simulators import tts_google
from integrations.simulators.speech import voices
from tests.discovery import valid

WATSON_AUTH = ("apikey", "demo-watson-api-key")
GOOGLE_KEY = {"X-Goog-Api-Key": "demo-google-api-key-0123456789"}


class Vendor:
    def __init__(self, base: str, **options: Any) -> None:
        self.base, self.options = base, options
        requests.post(f"{base}/_reset", timeout=5)

    def get(self, path: str, **more: Any) -> requests.Response:
        return requests.get(f"{self.base}{path}", timeout=20, **{**self.options, **more})

    def post(self, path: str, body: Any, **more: Any) -> requests.Response:
        return requests.post(f"{self.base}{path}", json=body, timeout=20, **{**self.options, **more})


@pytest.fixture
def watson(address: str) -> Iterator[Vendor]:
    yield Vendor(f"{address}/tts_watson", auth=WATSON_AUTH)


@pytest.fixture
def google(address: str) -> Iterator[Vendor]:
    yield Vendor(f"{address}/tts_google", headers=GOOGLE_KEY)


# -- Watson


def spoken(watson: Vendor, text: str = "Hello", accept: str = "audio/basic", **query: str) -> requests.Response:
    return watson.post("/v1/synthesize", {"text": text}, params=query, headers={"Accept": accept})


def test_watsons_voices_come_in_no_order(watson: Vendor) -> None:
    orders = {tuple(v["name"] for v in watson.get("/v1/voices").json()["voices"]) for _ in range(8)}
    assert len(orders) > 1 and len({frozenset(order) for order in orders}) == 1
    assert watson.get("/v1/voices/en-US_Nobody").status_code == 404
    assert watson.get("/v1/voices", auth=None).status_code == 401
    assert watson.get("/v1/voices/x", auth=None).status_code == 401
    assert spoken(Vendor(watson.base)).status_code == 401


@pytest.mark.parametrize(
    ("accept", "size_per_second"),
    [("audio/basic", 8000), ("audio/mulaw;rate=16000", 16_000), ("audio/alaw; rate=8000", 8000),
     ("audio/l16;rate=8000", 16_000)],
)  # fmt: skip
def test_watson_speaks_in_the_forms_of_the_telephone(
    watson: Vendor, speaking: None, accept: str, size_per_second: int
) -> None:
    answer = spoken(watson, "Good morning", accept)
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith(accept.split(";")[0])
    assert 0.5 < len(answer.content) / size_per_second < 3


def test_a_wav_of_watson_does_not_know_its_own_length(watson: Vendor, speaking: None) -> None:
    data = spoken(watson, accept="audio/wav").content
    assert data[4:8] == b"\xff\xff\xff\xff"
    assert sound.read_wav(data).rate == 22_050


def test_watson_takes_the_query_before_the_header_and_warns_of_what_it_does_not_know(
    watson: Vendor, speaking: None
) -> None:
    answer = watson.get("/v1/synthesize", params={"text": "Hi", "accept": "audio/basic", "speed": "2"})
    assert answer.headers["Content-Type"] == "audio/basic"
    assert answer.headers["Warnings"] == "Unknown arguments: speed."


def test_a_voice_of_the_first_generation_is_replaced_silently(watson: Vendor, speaking: None) -> None:
    assert spoken(watson, voice="en-US_MichaelVoice").status_code == 200
    assert "first generation" in watson.get("/_requests?format=json").json()[-1]["warnings"][0]


@pytest.mark.parametrize(
    ("text", "accept", "query", "status", "words"),
    [
        ("", "audio/basic", {}, 400, 'Required parameter "text" is missing.'),
        ("x" * 5121, "audio/basic", {}, 400, "longer than 5120 bytes"),
        ("Tom & Jerry", "audio/basic", {}, 400, "well-formed"),
        ("<speak>unclosed", "audio/basic", {}, 400, "well-formed"),
        ("<!DOCTYPE x>", "audio/basic", {}, 400, "not allowed"),
        (
            '<say-as interpret-as="currency">5</say-as>',
            "audio/basic",
            {},
            400,
            "invalid attribute interpret-as=currency",
        ),
        ("Hello", "audio/basic", {"voice": "en-US_Nobody"}, 404, "Model 'en-US_Nobody' not found"),
        ("Hello", "audio/l16", {}, 400, "rate is missing"),
        ("Hello", "audio/l16;rate=1", {}, 400, "not supported"),
        ("Hello", "*/*", {}, 406, "audio/ogg"),
    ],
)
def test_watson_refuses(watson: Vendor, text: str, accept: str, query: dict[str, str], status: int, words: str) -> None:
    answer = spoken(watson, text, accept, **query)
    assert answer.status_code == status and words in answer.json()["error"]


def test_a_body_that_is_no_json_is_refused_by_watson(watson: Vendor) -> None:
    answer = requests.post(f"{watson.base}/v1/synthesize", data="text=hello", auth=WATSON_AUTH, timeout=5)
    assert answer.status_code == 400


# -- Google


def order(**audio: Any) -> dict[str, Any]:
    return {
        "input": {"text": "Good morning"},
        "voice": {"languageCode": "en-US", "name": "en-US-Neural2-D"},
        "audioConfig": {"audioEncoding": "MULAW", "sampleRateHertz": 8000, **audio},
    }


def sound_in(answer: requests.Response) -> bytes:
    assert answer.status_code == 200, answer.text
    assert valid("SynthesizeSpeechResponse", answer.json())
    return base64.b64decode(answer.json()["audioContent"])


def test_googles_voices_have_the_shape_of_its_document_and_are_filtered(google: Vendor) -> None:
    everybody, americans = google.get("/v1/voices").json(), google.get("/v1/voices?languageCode=en-US").json()
    assert valid("ListVoicesResponse", everybody) and len(everybody["voices"]) > len(americans["voices"]) > 0
    assert {voice["languageCodes"][0] for voice in americans["voices"]} == {"en-US"}
    assert google.get("/v1/voices?languageCode=xx").json() == {"voices": []}


@pytest.mark.parametrize(("encoding", "tag"), [("MULAW", 7), ("ALAW", 6), ("LINEAR16", 1)])
def test_google_wraps_its_sound_in_a_wav_file(google: Vendor, speaking: None, encoding: str, tag: int) -> None:
    data = sound_in(google.post("/v1/text:synthesize", order(audioEncoding=encoding)))
    assert data[:4] == b"RIFF" and data[20] == tag
    assert sound.read_wav(data).rate == 8000 and 0.5 < sound.read_wav(data).seconds < 3


def test_google_leaves_the_container_out_for_pcm_only(google: Vendor, speaking: None) -> None:
    assert sound_in(google.post("/v1/text:synthesize", order(audioEncoding="PCM")))[:4] != b"RIFF"


def test_google_reads_ssml_and_chooses_a_voice_of_the_language(google: Vendor, speaking: None) -> None:
    body = {**order(), "input": {"ssml": "<speak>Hello <break/> there</speak>"}, "voice": {"languageCode": "en-GB"}}
    sound_in(google.post("/v1/text:synthesize", body))
    row = google.get("/_board").json()["tables"][0]["rows"][0]
    assert (row[1], row[4]) == ("en-GB-Standard-B", "Hello there")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"input": {}}, "invalid argument"),
        ({"input": {"text": "a", "ssml": "<speak/>"}}, "invalid argument"),
        ({"input": {"text": "x" * 5001}}, "5000 bytes"),
        ({"input": {"ssml": "no tags"}}, "invalid argument"),
        ({"voice": {}}, "invalid argument"),
        ({"voice": {"languageCode": "en-US", "name": "en-US-Nobody"}}, "does not exist"),
        ({"voice": {"languageCode": "de-DE", "name": "en-US-Neural2-D"}}, "doesn't match"),
        ({"audioConfig": {"audioEncoding": "MP3"}}, "does not make MP3"),
        ({"audioConfig": {"audioEncoding": "MULAW", "speakingRate": 3}}, "invalid argument"),
        ({"audioConfig": {"audioEncoding": "MULAW", "sampleRateHertz": 1}}, "invalid argument"),
        ({"audioConfig": None}, "invalid argument"),
        ({"audioConfig": {"encoding": "MULAW"}}, "Unknown name \"encoding\" at 'audio_config'"),
        ({"texts": []}, 'Unknown name "texts"'),
    ],
)
def test_google_refuses_with_its_status(google: Vendor, speaking: None, change: dict[str, Any], words: str) -> None:
    answer = google.post("/v1/text:synthesize", {**order(), **change})
    error = answer.json()["error"]
    assert (answer.status_code, error["status"]) == (400, "INVALID_ARGUMENT") and words in error["message"]


@pytest.mark.parametrize("body", ["", "[]"])
def test_google_refuses_a_body_that_is_no_object(google: Vendor, body: str) -> None:
    answer = requests.post(f"{google.base}/v1/text:synthesize", data=body, headers=GOOGLE_KEY, timeout=5)
    assert answer.status_code == 400


def test_googles_key_is_wrong_with_400_and_missing_with_403(google: Vendor) -> None:
    wrong = google.get("/v1/voices", headers={"X-Goog-Api-Key": "wrong"})
    assert (wrong.status_code, wrong.json()["error"]["details"][0]["reason"]) == (400, "API_KEY_INVALID")
    assert google.get("/v1/voices", headers={}).status_code == 403
    assert google.post("/v1/text:synthesize", order(), headers={}).status_code == 403
    assert google.get(f"/v1/voices?key={GOOGLE_KEY['X-Goog-Api-Key']}", headers={}).status_code == 200


def test_a_key_in_the_query_is_not_shown_to_testers(google: Vendor) -> None:
    google.get("/v1/voices?key=somebodys-real-key", headers={})
    assert "somebodys-real-key" not in google.get("/_requests?format=json").text


def test_the_simulator_knows_every_field_of_googles_document() -> None:
    from tests.discovery import schema

    parts = {"": "SynthesizeSpeechRequest", "input": "SynthesisInput", "voice": "VoiceSelectionParams",
             "audio_config": "AudioConfig"}  # fmt: skip
    for place, name in parts.items():
        assert tts_google.FIELDS[place] == set(schema(name)["properties"]), place


# -- a machine that cannot speak


def test_without_an_engine_the_vendor_is_away_and_the_page_says_what_to_install(
    watson: Vendor, google: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voices.shutil, "which", lambda name: None)
    assert spoken(watson).status_code == 503 and "apt-get install flite" in spoken(watson).json()["error"]
    answer = google.post("/v1/text:synthesize", order())
    assert (answer.status_code, answer.json()["error"]["status"]) == (503, "UNAVAILABLE")
    assert "apt-get install flite" in watson.get("/").text and "apt-get install flite" in google.get("/").text


@pytest.mark.espeak
def test_where_only_the_other_engine_is_it_speaks(watson: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    real = voices.shutil.which
    monkeypatch.setattr(voices.shutil, "which", lambda name: None if name == "flite" else real(name))
    assert len(spoken(watson).content) > 2000
    assert voices.engines() == "espeak-ng"
