"""IBM Watson Text to Speech: voices, prompts for the telephone, and what IBM refuses."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from integrations.capabilities import Speech, TextToSpeech, Voice
from integrations.errors import Cause, IntegrationError, Rejected, Unavailable
from integrations.models import IntegrationAccount
from integrations.simulators.speech import voices as engines
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def watson(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("tts_watson")


def make(**properties: Any) -> IntegrationAccount:
    made: IntegrationAccount = AccountFactory(
        provider="tts_watson",
        name="Watson TTS",
        properties={"username": "demo-watson", **properties},
        secrets={"password": "demo-watson-password"},
    )
    return made


def refusal(account: IntegrationAccount, text: str, voice: str = "") -> IntegrationError:
    with pytest.raises(IntegrationError) as found:
        account.connect().synthesize(text, voice)
    return found.value


def test_voices_are_sorted_whatever_the_vendors_order(watson: Vendor) -> None:
    provider = make().connect()
    assert isinstance(provider, TextToSpeech)
    found = provider.voices()
    assert found == sorted(found, key=lambda voice: (voice.language, voice.name))
    assert Voice("en-US_MichaelV3Voice", "en-US", "male", "Michael: en-US male voice.") in found
    assert provider.voices() == found


def test_a_text_becomes_sound_for_the_telephone(watson: Vendor, speaking: None) -> None:
    speech = make(voice="en-US_HenryV3Voice").connect().synthesize("Good morning")
    assert isinstance(speech, Speech) and speech.content_type == "audio/basic"
    assert 4000 < len(speech.data) < 20_000
    arrived = watson.arrived()[-1]
    assert (arrived["method"], arrived["path"]) == ("POST", "/v1/synthesize")
    assert arrived["query"] == {"voice": "en-US_HenryV3Voice"} and arrived["body"] == {"text": "Good morning"}
    assert arrived["headers"]["accept"] == "audio/basic"


def test_without_a_voice_the_vendor_chooses_and_a_call_may_name_another(watson: Vendor, speaking: None) -> None:
    provider = make().connect()
    provider.synthesize("Hello")
    provider.synthesize("Hello", "en-GB_JamesV3Voice")
    assert [exchange["query"] for exchange in watson.arrived()] == [{}, {"voice": "en-GB_JamesV3Voice"}]


def test_signs_of_markup_in_a_plain_text_are_spoken_not_refused(watson: Vendor, speaking: None) -> None:
    make().connect().synthesize("Tom & Jerry say 1 < 2")
    assert watson.arrived()[-1]["body"] == {"text": "Tom &amp; Jerry say 1 &lt; 2"}
    assert watson.board()["tables"][0]["rows"][0][4] == "Tom &amp; Jerry say 1 &lt; 2"


def test_markup_is_sent_as_it_is_and_a_fault_in_it_is_told(watson: Vendor, speaking: None) -> None:
    account = make()
    account.connect().synthesize("<speak>Hello <break time='1s'/> there</speak>")
    assert watson.arrived()[-1]["body"]["text"].startswith("<speak>")
    error = refusal(account, '<speak><say-as interpret-as="currency">5</say-as></speak>')
    assert isinstance(error, Rejected) and "interpret-as=currency" in str(error)


def test_a_text_that_is_too_long_or_empty_is_not_sent(watson: Vendor) -> None:
    account = make()
    for text, words in (("ü" * 2561, "5122 bytes"), ("  ", "no text")):
        error = refusal(account, text)
        assert isinstance(error, Rejected) and error.field == "text" and words in str(error)
    assert watson.arrived() == []


def test_a_voice_that_is_gone_is_told_by_the_test_and_by_the_prompt(watson: Vendor) -> None:
    account = make(voice="en-US_LisaVoice")
    assert "not found" in str(refusal(account, "Hello"))
    result = account.connect().test_connection()
    assert not result.ok and result.verdict is not None and result.verdict.cause == Cause.NOT_FOUND
    assert "Load Voices" in result.verdict.next_step
    account.properties["voice"] = ""
    account.save()
    assert account.connect().test_connection().message == "Account credentials appear to be valid."


def test_an_answer_that_is_no_telephone_sound_is_told(watson: Vendor) -> None:
    watson.fault("wrong_shape", path="/v1/synthesize")
    assert isinstance(refusal(make(), "Hello"), Rejected)


def test_a_vendor_that_cannot_speak_is_away(watson: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines.shutil, "which", lambda name: None)
    error = refusal(make(), "Hello")
    assert isinstance(error, Unavailable) and "apt-get install flite" in str(error)


URLS = [
    ("https://stream.watsonplatform.net/text-to-speech/api/v1/", "https://stream.watsonplatform.net/text-to-speech/api"),
    ("https://api.eu-de.text-to-speech.watson.cloud.ibm.com/instances/1b2",
     "https://api.eu-de.text-to-speech.watson.cloud.ibm.com/instances/1b2"),
    ("https://api.eu-de.text-to-speech.watson.cloud.ibm.com/instances/1b2/v1/",
     "https://api.eu-de.text-to-speech.watson.cloud.ibm.com/instances/1b2"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "root"), URLS)
def test_both_shapes_of_addresses_lead_to_the_service(url: str, root: str) -> None:
    account = make(url=url)
    account.full_clean()
    account.simulated = False
    assert account.connect().base_url == root
    assert bool(list(account.connect().notices())) == ("watsonplatform" in url)


def test_an_unencrypted_address_is_refused() -> None:
    with pytest.raises(ValidationError, match="https://"):
        make(url="http://stream.watsonplatform.net/text-to-speech/api/v1/").full_clean()
