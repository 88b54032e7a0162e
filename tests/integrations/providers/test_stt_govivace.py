"""GoVivace: what is sent, what is understood, and what its status codes become."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from integrations import sound
from integrations.capabilities import Audio, Codec, SpeechToText, Utterance
from integrations.errors import AuthenticationFailed, Cause, RateLimited, Rejected, Unavailable
from integrations.models import ApiCall, IntegrationAccount
from integrations.providers.stt_govivace import utterances_of
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.recognisers import QUIET, failure, samples, session_of, transcribed

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "demo-govivace-key"


@pytest.fixture
def engine(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("stt_govivace")


def make(key: str = KEY, **properties: Any) -> IntegrationAccount:
    made: IntegrationAccount = AccountFactory(
        provider="stt_govivace", name="GoVivace", properties=properties, secrets={"api_key": key}
    )
    return made


def test_telephone_sound_goes_out_as_linear_samples_and_comes_back_as_words(engine: Vendor) -> None:
    account = make()
    assert isinstance(account.connect(), SpeechToText)
    mulaw = sound.mulaw_of(samples("late_delivery"))
    found = transcribed(account, Audio([mulaw[:9000], b"", mulaw[9000:]]))
    assert [u.final for u in found] == [False] * (len(found) - 1) + [True]
    assert {"angry", "delivery"} <= set(found[-1].text.split())
    assert (found[-1].start, found[-1].confidence, found[-1].words) == (None, None, ())
    arrived = session_of(engine, "/telephony")
    assert arrived["query"]["key"] == "•••"
    caps = "audio/x-raw, layout=(string)interleaved, rate=(int)8000, format=(string)S16LE, channels=(int)1"
    assert arrived["query"]["content-type"] == caps
    assert arrived["body"]["frames"] == {"text": 1, "binary": 2, "bytes": 2 * len(mulaw) + 3}
    assert arrived["body"]["texts"] == ["EOS"]
    assert KEY not in repr(list(ApiCall.objects.values()))


def test_linear_sound_of_another_rate_is_declared_as_such(engine: Vendor) -> None:
    assert transcribed(make(), Audio([bytes(6400)], Codec.LINEAR, 16_000)) == []
    assert "rate=(int)16000" in session_of(engine, "/telephony")["query"]["content-type"]
    assert session_of(engine, "/telephony")["body"]["frames"]["bytes"] == 6403


def test_the_name_of_the_key_is_a_setting_and_hidden_under_every_name(engine: Vendor) -> None:
    engine.settings(key_parameter="apikey")
    account = make(key_parameter="apikey")
    assert transcribed(account, Audio([QUIET])) == []
    assert KEY not in repr(list(ApiCall.objects.values())) and "apikey=***" in ApiCall.objects.latest("id").url
    engine.settings(key_parameter="door")
    account.properties = {"key_parameter": "door"}
    account.save()
    assert transcribed(account, Audio([QUIET])) == []
    assert KEY not in repr(list(ApiCall.objects.values()))


@pytest.mark.parametrize("way", ["handshake", "status"])
def test_a_wrong_key_is_told_however_the_vendor_says_it(engine: Vendor, way: str) -> None:
    engine.settings(refuse_with=way)
    account = make("some-other-key")
    error = failure(account)
    assert (type(error), error.cause) == (AuthenticationFailed, Cause.BAD_CREDENTIALS)
    result = account.connect().test_connection()
    assert result.verdict is not None and "Key parameter" in result.verdict.next_step
    account.apply(account.properties, {"api_key": KEY})
    assert account.connect().test_connection().ok


@pytest.mark.parametrize(
    ("fault", "kind", "cause"),
    [
        ("no_recogniser", RateLimited, Cause.RATE_LIMITED),
        ("aborted", Unavailable, Cause.REMOTE_ERROR),
        ("not_allowed", AuthenticationFailed, Cause.BAD_CREDENTIALS),
    ],
)
def test_a_status_becomes_the_error_that_fits(engine: Vendor, fault: str, kind: type, cause: Cause) -> None:
    account = make()
    engine.fault(fault, times=1)
    error = failure(account)
    assert (type(error), error.cause) == (kind, cause)
    assert error.vendor_message and error.vendor_code.isdigit()
    assert transcribed(account, Audio([QUIET])) == []


@pytest.mark.parametrize(
    ("fault", "kind"), [("reset", Unavailable), ("truncated", Rejected), ("wrong_shape", Rejected)]
)
def test_a_session_that_goes_wrong_in_the_middle_is_told(engine: Vendor, fault: str, kind: type) -> None:
    account = make()
    engine.fault(fault, times=1, options={"after": 3})
    assert type(failure(account, Audio([QUIET] * 20))) is kind
    assert transcribed(account, Audio([QUIET])) == []


def test_the_test_sends_a_moment_of_silence(engine: Vendor) -> None:
    result = make().connect().test_connection()
    assert result.ok and result.message == "Connection is valid"
    assert session_of(engine, "/telephony")["body"]["frames"] == {"text": 1, "binary": 1, "bytes": 3203}


def answer(status: Any, **more: Any) -> list[Utterance]:
    return list(utterances_of(json.dumps({"status": status, **more})))


def test_marks_of_unknown_words_are_taken_out() -> None:
    result = {"hypotheses": [{"transcript": "<UNK> my  order <unk> please", "confidence": 0.5}], "final": True}
    assert answer(0, result=result) == [Utterance("my order please", confidence=0.5)]
    nothing = {"hypotheses": [{"transcript": "<UNK>"}], "final": True}
    assert answer(0, result=nothing) == []
    assert answer(0, result={"hypotheses": [], "final": False}) == []
    assert answer(0) == [] and answer(1) == []


@pytest.mark.parametrize(
    "result", [5, {"final": True}, {"hypotheses": [{}], "final": True}, {"hypotheses": [{"transcript": "x"}]}]
)
def test_a_result_of_another_shape_is_told(result: Any) -> None:
    with pytest.raises(Rejected):
        answer(0, result=result)


@pytest.mark.parametrize("status", ["0", None, 8])
def test_a_status_that_nobody_knows_is_told(status: Any) -> None:
    with pytest.raises(Rejected):
        answer(status)


def test_only_encrypted_websockets_are_taken_but_any_port() -> None:
    account = make(url="wss://services.govivace.com:49155/telephony")
    account.full_clean()
    for url in ("ws://services.govivace.com/telephony", "https://services.govivace.com/telephony"):
        account.properties = {"url": url}
        with pytest.raises(ValidationError, match="wss://"):
            account.full_clean()


def test_an_address_with_a_query_of_its_own_keeps_it() -> None:
    account = make(url="wss://services.govivace.com/telephony?model=uk")
    account.simulated = False
    with pytest.raises(Unavailable):  # nobody answers there in a test; what was tried is in the wire log
        transcribed(account, Audio([QUIET]))
    assert ApiCall.objects.latest("id").url.startswith("wss://services.govivace.com/telephony?model=uk&key=")


def test_the_default_moves_between_the_recognisers_when_it_is_confirmed(engine: Vendor, client: Any) -> None:
    from tests.factories import AdminFactory

    make()
    IntegrationAccount.objects.update(is_default=True)
    client.force_login(AdminFactory())
    address = "/admin/integrations/integrationaccount/add/?provider=stt_watson"
    entered = {
        "name": "Watson", "enabled": "on", "simulated": "on", "is_default": "on", "username": "demo-watson",
        "password": "demo-watson-password", "url": "wss://stream.watsonplatform.net", "model": "en-US_Telephony",
    }  # fmt: skip
    page = client.post(address, entered)
    assert page.status_code == 200 and "is the default account of this type now" in page.content.decode()
    assert client.post(address, {**entered, "move_default": "on"}).status_code == 302
    assert IntegrationAccount.objects.get(is_default=True).provider == "stt_watson"
