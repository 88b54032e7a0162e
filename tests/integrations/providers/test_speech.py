"""Speech there and back: what a voice says, a recogniser writes down. And the buttons with which both are tried."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from integrations import sound
from integrations.capabilities import Audio
from integrations.forms import account_form
from integrations.models import IntegrationAccount
from integrations.providers import registry
from integrations.providers.speech import LONGEST_SECONDS, RecordingForm, audio_of
from tests.factories import AccountFactory, AdminFactory
from tests.integrations.providers.conftest import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
FIXTURES = Path(__file__).parents[2] / "fixtures" / "speech"
ACCOUNTS = {
    "stt_watson": ({}, {"api_key": "demo-watson-api-key"}),
    "stt_govivace": ({}, {"api_key": "demo-govivace-key"}),
    "tts_watson": ({"voice": "en-US_MichaelV3Voice"}, {"api_key": "demo-watson-api-key"}),
    "tts_google": ({"voice": "en-US-Neural2-D"}, {"api_key": "demo-google-api-key-0123456789"}),
}


@pytest.fixture
def make(vendor: Callable[[str], Vendor]) -> Callable[..., IntegrationAccount]:
    """`make("tts_google")`: an account of that provider, its simulator as fresh as on the first day."""

    def made(provider: str, **properties: Any) -> IntegrationAccount:
        vendor(provider)
        plain, secrets = ACCOUNTS[provider]
        account: IntegrationAccount = AccountFactory(
            provider=provider, name=provider, properties={**plain, **properties}, secrets=secrets
        )
        return account

    return made


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(AdminFactory())
    return client


def change_url(account: IntegrationAccount) -> str:
    return reverse("admin:integrations_integrationaccount_change", args=[account.pk])


def action_url(account: IntegrationAccount, key: str) -> str:
    return reverse("admin:integrations_integrationaccount_action", args=[account.pk, key])


def as_a_call_brings_it(mulaw: bytes) -> Iterator[bytes]:
    """Packets of 20 ms, with a pause before and after."""
    line = b"\xff" * 4000 + mulaw + b"\xff" * 4000
    for begin in range(0, len(line), 160):
        yield line[begin : begin + 160]


@pytest.mark.parametrize(("speaker", "recogniser"), [("tts_watson", "stt_watson"), ("tts_google", "stt_govivace")])
def test_a_spoken_sentence_comes_back_as_words(
    make: Callable[..., IntegrationAccount], speaking: None, speaker: str, recogniser: str
) -> None:
    speech = make(speaker).connect().synthesize("I am very angry because the delivery was late.")
    audio = Audio(as_a_call_brings_it(speech.data))
    words = " ".join(u.text for u in make(recogniser).connect().transcribe(audio) if u.final).split()
    wanted = {"very", "angry", "because", "delivery", "late"}
    assert len(wanted & set(words)) >= 4, words


# -- a recording is written down


def upload(data: bytes, name: str = "call.wav") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="audio/wav")


def test_a_recording_is_transcribed_on_the_accounts_page(
    make: Callable[..., IntegrationAccount], admin: Client
) -> None:
    account = make("stt_watson")
    form = admin.get(action_url(account, "transcribe_recording")).content.decode()
    assert 'enctype="multipart/form-data"' in form and 'type="file"' in form
    recording = upload((FIXTURES / "good_morning.wav").read_bytes())
    page = admin.post(action_url(account, "transcribe_recording"), {"recording": recording}).content.decode()
    assert re.search(r"Understood: .*morning", page) and re.search(r"0\.\d to \d\.\d s, \d+% sure", page)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"no sound at all", "not a WAV file"),
        (sound.wav_of(sound.Sound(b"", 8000)), "has to last"),
        (sound.wav_of(sound.silence(LONGEST_SECONDS + 1, 8000)), "has to last"),
        (bytes(12 * 1024 * 1024 + 1), "larger than"),
    ],
)
def test_a_file_that_cannot_be_transcribed_is_told_on_its_field(data: bytes, words: str) -> None:
    form = RecordingForm(data={}, files={"recording": upload(data)})
    assert words in " ".join(form.errors["recording"])


def test_a_form_without_its_file_asks_for_it(make: Callable[..., IntegrationAccount], admin: Client) -> None:
    page = admin.post(action_url(make("stt_govivace"), "transcribe_recording"), {}).content.decode()
    assert "This field is required." in page


def test_the_command_line_takes_the_path_of_a_recording(
    make: Callable[..., IntegrationAccount], tmp_path: Path
) -> None:
    account = make("stt_govivace")
    silent = tmp_path / "silent.wav"
    silent.write_bytes(sound.wav_of(sound.silence(0.5, 8000)))
    assert "No speech was found" in told(account, silent)["message"]
    assert "No such file" in told(account, tmp_path / "elsewhere.wav")["message"]


def told(account: IntegrationAccount, path: Path) -> dict[str, Any]:
    out = StringIO()
    try:
        call_command("run_action", account.name, "transcribe_recording", f"recording={path}", "--json", stdout=out)
    except SystemExit:
        pass
    return dict(json.loads(out.getvalue()))


@pytest.mark.parametrize(("given", "sent"), [(8000, 8000), (11_025, 8000), (16_000, 16_000), (44_100, 16_000)])
def test_a_recording_of_any_rate_goes_out_at_one_that_recognisers_know(given: int, sent: int) -> None:
    audio = audio_of(sound.silence(1, given))
    assert audio.rate == sent
    assert sum(map(len, audio.chunks)) == pytest.approx(2 * sent, rel=0.01)


# -- voices are loaded, chosen and heard


@pytest.mark.parametrize("provider", ["tts_watson", "tts_google"])
def test_a_voice_is_chosen_from_a_list_after_loading(
    make: Callable[..., IntegrationAccount], admin: Client, provider: str
) -> None:
    account = make(provider)
    before = admin.get(change_url(account)).content.decode()
    assert '<input type="text" name="voice"' in before
    page = admin.post(action_url(account, "load_voices")).content.decode()
    assert "voices loaded. Choose one under Voice and save." in page and "en-US" in page
    after = admin.get(change_url(account)).content.decode()
    assert '<select name="voice"' in after and '<optgroup label="en-US">' in after
    chosen = account.properties["voice"]
    assert f'<option value="{chosen}" selected>' in after


def test_saving_the_form_keeps_the_list_and_the_choice(make: Callable[..., IntegrationAccount], admin: Client) -> None:
    account = make("tts_google")
    account.connect().load_voices()
    entered = {
        "name": "Google", "enabled": "on", "simulated": "on", "url": "https://texttospeech.googleapis.com",
        "voice": "en-US-Standard-C", "language": "en-US", "_continue": "",
    }  # fmt: skip
    assert admin.post(change_url(account), entered).status_code == 302
    saved = IntegrationAccount.objects.get()
    assert saved.values()["voice"] == "en-US-Standard-C" and saved.known("voices")
    assert "known" not in saved.values(), "neither the export nor the provider takes the list for a setting"
    assert '<select name="voice"' in admin.get(change_url(account)).content.decode()


def test_what_was_saved_while_the_vendor_was_asked_is_kept(make: Callable[..., IntegrationAccount]) -> None:
    provider = make("tts_watson").connect()
    IntegrationAccount.objects.update(properties={"voice": "en-US_AllisonV3Voice"})
    provider.load_voices()
    saved = IntegrationAccount.objects.get()
    assert saved.values()["voice"] == "en-US_AllisonV3Voice" and saved.known("voices")


def test_a_list_of_another_place_is_not_offered(make: Callable[..., IntegrationAccount]) -> None:
    account = make("tts_watson")
    account.connect().load_voices()
    form = account_form(registry()["tts_watson"])
    assert "<select" in str(form(instance=account)["voice"])
    account.simulated = False
    assert "<select" not in str(form(instance=account)["voice"])


def test_a_voice_that_is_no_longer_offered_stays_chosen_until_somebody_changes_it(
    make: Callable[..., IntegrationAccount],
) -> None:
    account = make("tts_watson", voice="en-US_LisaVoice")
    account.connect().load_voices()
    html = str(account_form(registry()["tts_watson"])(instance=account)["voice"])
    assert "No longer offered" in html and '<option value="en-US_LisaVoice" selected>' in html


def test_an_account_without_voices_is_told_so(make: Callable[..., IntegrationAccount]) -> None:
    result = make("tts_google", language="xx").connect().load_voices()
    assert not result.ok and "no voices" in result.message


def test_a_sentence_is_heard_on_the_accounts_page(
    make: Callable[..., IntegrationAccount], admin: Client, speaking: None
) -> None:
    account = make("tts_watson")
    form = admin.get(action_url(account, "listen"))
    assert "Thank you for calling" in form.content.decode()
    page = admin.post(action_url(account, "listen"), {"text": "Good morning"})
    found = re.search(r'<audio [^>]*src="data:audio/wav;base64,([^"]+)"', page.content.decode())
    assert found, "the page plays it"
    assert 0.5 < sound.read_wav(base64.b64decode(found[1])).seconds < 3
    assert "media-src 'self' blob: data:" in page.headers["Content-Security-Policy"]


def test_a_text_that_the_vendor_does_not_take_is_told_on_its_field(
    make: Callable[..., IntegrationAccount], admin: Client
) -> None:
    page = admin.post(action_url(make("tts_watson"), "listen"), {"text": "<speak>unclosed"}).content.decode()
    assert "well-formed" in page and "<audio" not in page


def test_many_languages_and_voices_are_summed_up() -> None:
    from integrations.capabilities import Voice
    from integrations.providers.voices import by_language

    many = [Voice(f"l{language:02}-voice{n}", f"l{language:02}") for language in range(20) for n in range(10)]
    rows = by_language(many)
    assert rows[0][1].endswith("and 2 more") and rows[-1] == ("More", "8 other languages") and len(rows) == 13


# -- notices


def test_an_old_address_is_pointed_out_on_the_accounts_page(
    make: Callable[..., IntegrationAccount], admin: Client
) -> None:
    account = make("tts_watson")
    assert "December 2019" not in admin.get(change_url(account)).content.decode(), "nobody is asked there"
    IntegrationAccount.objects.update(simulated=False)
    page = admin.get(change_url(account)).content.decode()
    assert "December 2019" in page and "Move to today&#x27;s address" in page
