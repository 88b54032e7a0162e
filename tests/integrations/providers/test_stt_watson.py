"""IBM Watson Speech to Text: what is sent, what is understood, and every way in which a session ends badly."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from integrations import sound
from integrations.capabilities import Audio, Codec, SpeechToText, Utterance
from integrations.errors import AuthenticationFailed, Cause, Rejected, Unavailable
from integrations.models import ApiCall, IntegrationAccount
from integrations.providers.stt_watson import Reader, error_of, start_order
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.recognisers import QUIET, failure, pieces, samples, session_of, transcribed

pytestmark = pytest.mark.django_db(transaction=True)
USER = {"username": "demo-watson"}
PASSWORD = {"password": "demo-watson-password"}
KEY = {"api_key": "demo-watson-api-key"}


@pytest.fixture
def watson(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("stt_watson")


def make(secrets: dict[str, str] | None = None, **properties: Any) -> IntegrationAccount:
    values = secrets or PASSWORD
    made: IntegrationAccount = AccountFactory(
        provider="stt_watson", name="Watson", properties={**USER, **properties}, secrets=values
    )
    return made


# -- understanding


def test_a_sentence_of_the_telephone_comes_back_as_words_with_times(watson: Vendor) -> None:
    account = make()
    assert isinstance(account.connect(), SpeechToText)
    found = transcribed(account, Audio(pieces(sound.mulaw_of(samples("late_delivery")))))
    assert [u.final for u in found] == [False] * (len(found) - 1) + [True]
    final = found[-1]
    assert {"angry", "delivery"} <= set(final.text.split()) and final.text == final.text.strip()
    assert final.start is not None and final.end is not None and 0 <= final.start < final.end < 4
    assert final.confidence is not None and 0 < final.confidence <= 1
    assert " ".join(word.text for word in final.words) == final.text
    assert all(word.confidence is not None for word in final.words)
    arrived = session_of(watson, "/recognize")
    assert arrived["query"] == {"model": "en-US_Telephony"}
    assert arrived["body"]["texts"] == [start_order(Audio(())), {"action": "stop"}]
    assert arrived["body"]["texts"][0]["content-type"] == "audio/mulaw;rate=8000"
    assert watson.warnings() == []


def test_a_pause_divides_what_is_said_into_two_utterances(watson: Vendor) -> None:
    both = samples("good_morning") + bytes(2 * 10_000) + samples("late_delivery")
    found = [u for u in transcribed(make(KEY), Audio(pieces(both), Codec.LINEAR, 8000)) if u.final]
    assert len(found) == 2 and "morning" in found[0].text and "delivery" in found[1].text
    assert found[0].end < found[1].start  # type: ignore[operator]
    assert session_of(watson, "/recognize")["body"]["texts"][0]["content-type"] == "audio/l16;rate=8000"


def test_confidence_is_optional(watson: Vendor) -> None:
    watson.settings(confidence=False)
    found = transcribed(make(), Audio(pieces(sound.mulaw_of(samples("good_morning")))))
    assert found[-1].final and found[-1].confidence is None


def test_silence_has_no_utterances(watson: Vendor) -> None:
    assert transcribed(make(), Audio([QUIET] * 4)) == []


@pytest.mark.parametrize("chunks", [[], [b""], [b"\xff" * 10]])
def test_hardly_any_sound_is_no_failure(watson: Vendor, chunks: list[bytes]) -> None:
    assert transcribed(make(), Audio(chunks)) == []


def test_an_empty_piece_in_the_middle_does_not_end_the_session(watson: Vendor) -> None:
    assert transcribed(make(), Audio([QUIET, b"", QUIET])) == []
    assert session_of(watson, "/recognize")["body"]["frames"]["binary"] == 2


def test_the_chosen_model_is_always_named(watson: Vendor) -> None:
    transcribed(make(model="en-GB_Telephony"), Audio([QUIET]))
    assert session_of(watson, "/recognize")["query"]["model"] == "en-GB_Telephony"


def test_whoever_stops_listening_ends_the_session(watson: Vendor) -> None:
    def call_without_end() -> Iterator[bytes]:
        yield from pieces(sound.mulaw_of(samples("late_delivery")))
        while True:
            time.sleep(0.1)
            yield QUIET

    talk = make().connect().transcribe(Audio(call_without_end()))
    assert next(talk).text
    talk.close()
    assert session_of(watson, "/recognize")["body"]["texts"] == [start_order(Audio(()))], "nobody waited for the rest"
    assert ApiCall.objects.latest("id").duration_ms is not None


# -- refusals


@pytest.mark.parametrize("fault", ["inactivity", "session_timeout"])
def test_waiting_too_long_for_speech_is_a_timeout(watson: Vendor, fault: str) -> None:
    account = make()
    watson.fault(fault, times=1)
    error = failure(account)
    assert (type(error), error.cause) == (Unavailable, Cause.TIMEOUT) and error.vendor_message
    assert transcribed(account, Audio([QUIET])) == []


def test_an_error_frame_is_told_in_the_vendors_words(watson: Vendor) -> None:
    account = make()
    watson.fault("error_frame", times=1)
    error = failure(account, Audio([QUIET] * 200))
    assert isinstance(error, Rejected) and "unable to transcode" in str(error)
    assert "unable to transcode" in ApiCall.objects.latest("id").error
    assert transcribed(account, Audio([QUIET])) == []


def test_an_unknown_model_is_told_on_its_field_and_the_test_names_others(watson: Vendor) -> None:
    account = make(model="en-US_BroadbandModel")
    error = failure(account)
    assert isinstance(error, Rejected) and error.field == "model" and "not found" in str(error)
    result = account.connect().test_connection()
    assert not result.ok and "en-US_Telephony" in result.message
    assert result.verdict is not None and "Model (Advanced)" in result.verdict.next_step


@pytest.mark.parametrize(("fault", "kind"), [("bad_credentials", AuthenticationFailed), ("server_error", Unavailable)])
def test_a_refused_handshake_is_one_of_the_four_errors(watson: Vendor, fault: str, kind: type) -> None:
    account = make()
    watson.fault(fault, times=1, path="/v1/recognize")
    assert type(failure(account)) is kind
    assert transcribed(account, Audio([QUIET])) == []


@pytest.mark.parametrize(
    ("fault", "kind"), [("reset", Unavailable), ("truncated", Rejected), ("wrong_shape", Rejected)]
)
def test_a_session_that_goes_wrong_in_the_middle_is_told(watson: Vendor, fault: str, kind: type) -> None:
    account = make()
    watson.fault(fault, times=1, path="/v1/recognize", options={"after": 3})
    assert type(failure(account, Audio([QUIET] * 50))) is kind
    assert transcribed(account, Audio([QUIET])) == []


def test_a_session_that_falls_silent_is_given_up(watson: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.providers.stt_watson.ANSWER_SECONDS", 0.3)
    watson.fault("hang", times=1, path="/v1/recognize", options={"after": 2})
    assert failure(make()).cause == Cause.TIMEOUT


def test_a_token_that_ended_is_replaced_at_the_handshake(watson: Vendor) -> None:
    account = make(KEY)
    transcribed(account, Audio([QUIET]))
    watson.fault("expired_token", times=1, path="/v1/recognize")
    assert transcribed(account, Audio([QUIET])) == []
    assert watson.count("tokens") == 2


# -- reading frames


def frames(*messages: Any) -> list[Utterance]:
    reader = Reader()
    return [found for message in messages for found in reader.read(json.dumps(message))]


def test_events_and_labels_between_results_are_passed_over() -> None:
    said = {"final": True, "alternatives": [{"transcript": "yes "}]}
    found = frames(
        {"state": "listening"},
        {"results": [{"speech_begin_event": {"begin": 2.5}}]},
        {"speaker_labels": [{"from": 0.28, "to": 0.79, "speaker": 2, "confidence": 0.5, "final": False}]},
        {"warnings": ["Unknown arguments: x."]},
        {"result_index": 0, "results": [said, said]},
    )
    assert found == [Utterance("yes"), Utterance("yes")]


@pytest.mark.parametrize(
    "message",
    [
        {"results": [{"final": True, "alternatives": []}]},
        {"results": [{"final": True, "alternatives": [{}]}]},
        {"results": [{"alternatives": [{"transcript": "x"}]}]},
        {"results": [{"final": True, "alternatives": [{"transcript": "x", "timestamps": [["x", 1]]}]}]},
        {"results": 5},
        {"something": "else"},
        [1],
    ],
)
def test_a_shape_that_nobody_documented_is_told(message: Any) -> None:
    with pytest.raises(Rejected):
        frames(message)


def test_an_end_before_everything_was_said_is_told() -> None:
    with pytest.raises(Unavailable):
        list(Reader().read(None))


def test_the_vendors_sentence_decides_what_an_error_frame_means() -> None:
    assert error_of("No speech detected for 30s.").cause == Cause.TIMEOUT
    assert error_of("Session timed out.").cause == Cause.TIMEOUT
    assert isinstance(error_of("Stream was 0 bytes but needs to be at least 100 bytes."), Rejected)


# -- the account


@pytest.mark.parametrize("url", ["https://stream.watsonplatform.net", "ws://stream.watsonplatform.net", "wss://"])
def test_only_encrypted_websockets_are_taken(url: str) -> None:
    account = make(url=url)
    with pytest.raises(ValidationError, match="wss://"):
        account.full_clean()


def test_the_old_address_works_as_it_did_with_a_notice_and_a_way_on(watson: Vendor) -> None:
    account = make()
    account.simulated = False
    provider = account.connect()
    assert provider.properties["url"] == "wss://stream.watsonplatform.net"
    assert provider.base_url == "https://stream.watsonplatform.net/speech-to-text/api"
    assert "December 2019" in next(iter(provider.notices()))
    assert provider.move_to_todays_address().ok
    moved = IntegrationAccount.objects.get().connect()
    assert moved.properties["url"] == "wss://api.us-south.speech-to-text.watson.cloud.ibm.com"
    assert list(moved.notices()) == []


def test_the_test_tells_who_we_are_and_costs_nothing(watson: Vendor) -> None:
    result = make().connect().test_connection()
    assert result.ok and result.message == "Connection is valid (demo-watson)"
    assert [e["path"] for e in watson.arrived()] == ["/v1/models", "/v1/recognize"]
    assert session_of(watson, "/recognize")["body"]["frames"]["binary"] == 0
