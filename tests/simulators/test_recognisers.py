"""The simulated recognisers are as strict as the vendors, and hear what is said: the protocol with silence, a few
sentences for real."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from integrations import sound
from integrations.simulators.speech.listener import Ear

FIXTURES = Path(__file__).parents[1] / "fixtures" / "speech"
API_KEY = "demo-watson-api-key"
BASIC = ("demo-watson", "demo-watson-password")
START = {"action": "start", "content-type": "audio/mulaw;rate=8000"}
SILENCE = b"\xff" * 8000  # one second
ERROR_END = (1011, "see the previous message for the error details.")


def samples(name: str) -> bytes:
    return sound.read_wav((FIXTURES / f"{name}.wav").read_bytes()).samples


class Watson:
    def __init__(self, base: str) -> None:
        self.base = f"{base}/stt_watson"
        requests.post(f"{self.base}/_reset", timeout=5)

    def open(self, query: str = "model=en-US_Telephony", *, signed: bool = True) -> Any:
        import base64

        basic = f"Basic {base64.b64encode(':'.join(BASIC).encode()).decode()}"
        headers = {"Authorization": basic} if signed else {}
        url = f"ws{self.base.removeprefix('http')}/v1/recognize?{query}"
        return connect(url, additional_headers=headers, proxy=None)

    def settings(self, **changes: Any) -> None:
        assert requests.put(f"{self.base}/_settings", json=changes, timeout=5).status_code == 200

    def fault(self, name: str) -> None:
        assert requests.put(f"{self.base}/_faults", json={"fault": name}, timeout=5).status_code == 200

    def warnings(self) -> list[str]:
        found = requests.get(f"{self.base}/_requests?format=json", timeout=5).json()
        return [text for exchange in found for text in exchange["warnings"]]

    def get(self, path: str, **more: Any) -> requests.Response:
        return requests.get(f"{self.base}{path}", timeout=5, **{"auth": BASIC, **more})


@pytest.fixture
def watson(address: str) -> Iterator[Watson]:
    yield Watson(address)
    requests.post(f"{address}/stt_watson/_reset", timeout=5)


def say(session: Any, order: Any) -> Any:
    session.send(json.dumps(order))
    return json.loads(session.recv(timeout=10))


def refused(session: Any) -> str:
    """The words of the error frame, which is the last one before the closing."""
    frames = [json.loads(frame) for frame in until_closed(session)]
    assert (session.close_code, session.close_reason) == ERROR_END
    return str(frames[-1]["error"])


def until_closed(session: Any) -> Iterator[str]:
    from websockets.exceptions import ConnectionClosed

    while True:
        try:
            yield session.recv(timeout=10)
        except ConnectionClosed:
            return


# -- Watson: the protocol


def test_both_spellings_of_the_content_type_are_taken(watson: Watson) -> None:
    with watson.open() as session:
        assert say(session, START) == {"state": "listening"}
        assert say(session, {"action": "start", "content_type": "audio/basic"}) == {"state": "listening"}


def test_unknown_arguments_are_warned_of_and_shown_to_the_tester(watson: Watson) -> None:
    with watson.open() as session:
        answer = say(session, {**START, "spelling": "british"})
    assert answer == {"state": "listening", "warnings": ["Unknown arguments: spelling."]}
    assert watson.warnings() == ["Unknown arguments: spelling."]


def test_sound_may_come_before_the_answer_to_the_start(watson: Watson) -> None:
    with watson.open() as session:
        session.send(json.dumps(START))
        session.send(SILENCE)
        session.send(b"")  # an empty frame is a stop
        frames = [json.loads(session.recv(timeout=10)) for _ in range(3)]
    assert frames == [{"state": "listening"}, {"result_index": 0, "results": []}, {"state": "listening"}]


def test_a_session_is_used_again_after_a_stop(watson: Watson) -> None:
    with watson.open() as session:
        say(session, START)
        for _ in range(2):
            session.send(SILENCE)
            assert say(session, {"action": "stop"}) == {"result_index": 0, "results": []}
            assert json.loads(session.recv(timeout=10)) == {"state": "listening"}


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ('{"action": "start", "content-type": "audio/l16"}', "sampling rate"),
        ('{"action": "start", "content-type": "audio/flac"}', "unable to transcode data stream audio/flac"),
        ('{"action": "pause"}', "begins with the action start"),
        ("{broken", "JSON parsing error"),
        ("[]", "JSON parsing error"),
        (b"sound without a start", "begins with the action start"),
    ],
)
def test_a_wrong_begin_ends_with_an_error_frame(watson: Watson, frame: str | bytes, words: str) -> None:
    with watson.open() as session:
        session.send(frame)
        assert words in refused(session)


def test_an_unknown_action_in_a_request_is_refused(watson: Watson) -> None:
    with watson.open() as session:
        say(session, START)
        session.send('{"action": "pause"}')
        assert "neither start nor stop" in refused(session)


def test_too_little_sound_is_an_error(watson: Watson) -> None:
    with watson.open() as session:
        say(session, START)
        session.send('{"action": "stop"}')
        assert refused(session) == "Stream was 0 bytes but needs to be at least 100 bytes."


@pytest.mark.parametrize("query", ["", "model=en-US_BroadbandModel"])
def test_the_discontinued_default_model_is_not_there(watson: Watson, query: str) -> None:
    with watson.open(query) as session:
        assert refused(session) == "Model 'en-US_BroadbandModel' not found"


def test_silence_ends_a_session_unless_it_is_allowed(watson: Watson) -> None:
    with watson.open() as session:
        say(session, {**START, "inactivity_timeout": 2})
        for _ in range(4):
            session.send(SILENCE)
        assert refused(session) == "No speech detected for 2s."
    with watson.open() as session:
        say(session, {**START, "inactivity_timeout": -1})
        for _ in range(40):
            session.send(SILENCE)
        assert say(session, {"action": "stop"}) == {"result_index": 0, "results": []}


def test_a_session_without_sound_times_out(watson: Watson) -> None:
    watson.settings(session_seconds=0.3)
    with watson.open() as session:
        say(session, START)
        assert refused(session).startswith("Session timed out due to inactivity")


@pytest.mark.parametrize("fault", ["error_frame", "inactivity", "session_timeout"])
def test_the_vendors_own_faults_are_error_frames(watson: Watson, fault: str) -> None:
    watson.fault(fault)
    with watson.open() as session:
        session.send(json.dumps(START))
        assert refused(session)
    assert watson.get("/v1/models").status_code == 200, "they happen to sessions only"


def test_nobody_gets_in_without_credentials(watson: Watson) -> None:
    with pytest.raises(InvalidStatus) as refusal, watson.open(signed=False):
        pass
    assert refusal.value.response.status_code == 401
    assert watson.get("/v1/models", auth=None).status_code == 401
    assert watson.get("/v1/models/en-US", auth=None).status_code == 401


def test_a_token_may_travel_in_the_query_of_a_session(watson: Watson) -> None:
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": API_KEY}
    token = requests.post(f"{watson.base}/identity/token", data=form, timeout=5).json()["access_token"]
    with watson.open(f"model=en-US_Telephony&access_token={token}", signed=False) as session:
        assert say(session, START) == {"state": "listening"}


def test_models_are_listed_and_shown_one_by_one(watson: Watson) -> None:
    names = [model["name"] for model in watson.get("/v1/models").json()["models"]]
    assert "en-US_Telephony" in names and "en-US" in names
    assert watson.get("/v1/models/en-US_Telephony").json()["rate"] == 8000
    assert watson.get("/speech-to-text/api/v1/models/en-US_Telephony").status_code == 200
    assert watson.get("/v1/models/none").json() == {"code": 404, "error": "Model 'none' not found"}


# -- Watson: hearing


def test_a_sentence_is_heard_with_its_times(watson: Watson) -> None:
    with watson.open() as session:
        say(session, {**START, "interim_results": True, "timestamps": True, "word_confidence": True})
        session.send(sound.mulaw_of(samples("good_morning")))
        session.send('{"action": "stop"}')
        frames = [json.loads(frame) for frame in iter(lambda: session.recv(timeout=60), '{"state":"listening"}')]
    results = [frame["results"][0] for frame in frames]
    assert [result["final"] for result in results] == [False] * (len(results) - 1) + [True]
    best = results[-1]["alternatives"][0]
    assert {"morning", "help"} <= set(best["transcript"].split()) and best["transcript"].endswith(" ")
    assert [word for word, _, _ in best["timestamps"]] == best["transcript"].split()
    assert all(0 <= begin < end <= 3 for _, begin, end in best["timestamps"])
    assert all(0 <= sure <= 1 for _, sure in best["word_confidence"]) and 0 <= best["confidence"] <= 1
    assert "morning" in requests.get(f"{watson.base}/_board", timeout=5).json()["tables"][0]["rows"][0][3]


def test_two_utterances_of_a_file_come_together_without_interim_results(watson: Watson) -> None:
    watson.settings(confidence=False)
    both = samples("good_morning") + bytes(2 * 8000 * 2) + samples("late_delivery")
    with watson.open() as session:
        say(session, {"action": "start", "content-type": "audio/wav"})
        session.send(sound.wav_of(sound.Sound(both, 8000)))
        session.send('{"action": "stop"}')
        answer = json.loads(session.recv(timeout=120))
    texts = [result["alternatives"][0]["transcript"] for result in answer["results"]]
    assert answer["result_index"] == 0 and len(texts) == 2
    assert "morning" in texts[0] and "delivery" in texts[1]
    assert "confidence" not in answer["results"][0]["alternatives"][0]


def test_a_file_that_is_none_cannot_be_decoded(watson: Watson) -> None:
    with watson.open() as session:
        say(session, {"action": "start"})
        session.send(b"not a file at all" * 20)
        session.send(b"")
        assert "unable to transcode" in refused(session)


# -- GoVivace


@pytest.fixture
def engine(address: str) -> Iterator[str]:
    base = f"{address}/stt_govivace"
    requests.post(f"{base}/_reset", timeout=5)
    yield base
    requests.post(f"{base}/_reset", timeout=5)


def stream(base: str, *frames: Any, content_type: str = "") -> list[dict[str, Any]]:
    query = f"key=demo-govivace-key&content-type={content_type}"
    with connect(f"ws{base.removeprefix('http')}/telephony?{query}", proxy=None) as session:
        for frame in frames:
            session.send(frame)
        found = [json.loads(frame) for frame in session]
    assert session.close_code == 1000
    return found


def raw(rate: int = 8000, form: str = "S16LE") -> str:
    return f"audio/x-raw,+layout=(string)interleaved,+rate=(int){rate},+format=(string){form},+channels=(int)1"


@pytest.mark.parametrize("mark", ["EOS", b"EOS"])
def test_the_end_mark_is_text_or_binary(engine: str, mark: Any) -> None:
    assert stream(engine, bytes(3200), mark, content_type=raw()) == [{"status": 1}]


def test_guesses_come_before_the_final_text(engine: str) -> None:
    found = stream(engine, samples("late_delivery"), "EOS", content_type=raw())
    assert [answer["status"] for answer in found] == [0] * len(found)
    assert [answer["result"]["final"] for answer in found] == [False] * (len(found) - 1) + [True]
    assert "delivery" in found[-1]["result"]["hypotheses"][0]["transcript"]
    assert "confidence" not in found[-1]["result"]["hypotheses"][0]


def test_the_head_of_a_file_is_read_where_nothing_is_declared(engine: str) -> None:
    requests.put(f"{engine}/_settings", json={"confidence": True}, timeout=5)
    found = stream(engine, (FIXTURES / "good_morning.wav").read_bytes(), "EOS")
    best = found[-1]["result"]["hypotheses"][0]
    assert "morning" in best["transcript"] and 0 <= best["confidence"] <= 1


@pytest.mark.parametrize("declared", [raw(rate=4000), raw(form="F32LE"), "audio/mystery"])
def test_a_declaration_that_it_cannot_decode_is_refused(engine: str, declared: str) -> None:
    assert stream(engine, content_type=declared)[0]["status"] == 5


def test_what_is_no_sound_is_refused(engine: str) -> None:
    assert stream(engine, b"no head at all", "EOS")[0]["status"] == 5


@pytest.mark.parametrize(("fault", "status"), [("no_recogniser", 9), ("aborted", 2), ("not_allowed", 5)])
def test_the_engines_own_faults_have_a_status_and_words(engine: str, fault: str, status: int) -> None:
    requests.put(f"{engine}/_faults", json={"fault": fault}, timeout=5)
    (answer,) = stream(engine)
    assert answer["status"] == status and answer["message"]


def test_a_wrong_key_may_be_refused_by_a_status(engine: str) -> None:
    requests.put(f"{engine}/_settings", json={"api_key": "another-key", "refuse_with": "status"}, timeout=5)
    assert stream(engine)[0] == {"status": 5, "message": "Not allowed"}


# -- the ear itself


def test_an_ear_hears_nothing_in_silence_and_knows_for_how_long() -> None:
    ear = Ear(8000)
    assert list(ear.feed(bytes(2 * 8000 * 3))) == [] and ear.silent_for == pytest.approx(3.0)
    assert list(ear.end()) == []


def test_an_ear_takes_sound_in_pieces_of_any_size() -> None:
    heard, ear = [], Ear(8000)
    data = samples("good_morning")
    for begin in range(0, len(data), 333):
        heard += list(ear.feed(data[begin : begin + 333]))
    heard += list(ear.end())
    finals = [found for found in heard if found.final]
    assert len(finals) == 1 and "morning" in finals[0].text
