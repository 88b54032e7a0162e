"""What the providers that speak share: the list of voices, the chosen voice, and the button that lets it be heard."""

from abc import abstractmethod
from typing import Any

from django import forms

from integrations import sound
from integrations.actions import Result, action
from integrations.capabilities import Speech, TextToSpeech, Voice
from integrations.errors import Cause, Rejected, Stage
from integrations.models import IntegrationAccount
from integrations.properties import PropertiesForm
from integrations.property_fields import PatternField
from integrations.providers.base import Provider

TELEPHONE_RATE = 8000
SENTENCE = "Thank you for calling. How can I help you?"
KNOWN = "voices"
VOICE_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.:-]*$"
SHOWN_LANGUAGES, SHOWN_NAMES = 12, 8


def voice_field(*, example: str) -> PatternField:
    return PatternField(
        regex=VOICE_NAME,
        says=f"A voice's name has no blanks. Example: {example}",
        label="Voice",
        required=False,
        initial="",
        max_length=120,
        help_text=(
            f"Who speaks the prompts, as {example}. Press Load Voices to choose from a list here, then Listen to hear "
            "the voice that is saved. Empty: the vendor's own choice."
        ),
    )


class SpeakingProperties(PropertiesForm):
    """Properties with a `voice`, which is chosen from a list once the voices have been loaded."""

    def offer(self, account: IntegrationAccount) -> None:
        known = account.known(KNOWN)
        if not known or known.get("of") != account.connect().base_url:
            return
        choices: dict[str, list[tuple[str, str]]] = {}
        for name, language, words in known["list"]:
            choices.setdefault(language, []).append((name, words))
        stored = account.values()["voice"]
        if stored and not any(stored == name for name, _, _ in known["list"]):
            choices["No longer offered"] = [(stored, stored)]
        groups = [(language, tuple(names)) for language, names in choices.items()]
        self.fields["voice"].widget = forms.Select(choices=[("", "The vendor's own choice"), *groups])


class SentenceForm(forms.Form):
    """What the voice is to say."""

    text = forms.CharField(
        label="Text",
        initial=SENTENCE,
        max_length=300,
        widget=forms.Textarea({"rows": 2}),
        help_text="Spoken once in the saved voice. The vendor counts its characters.",
    )


class Speaker(TextToSpeech, Provider):
    """Base of the providers that speak."""

    valid_message = "Account credentials appear to be valid."
    largest_text: int  # bytes, SSML included

    @abstractmethod
    def say(self, text: str, voice: str) -> bytes:
        """The text as mu-law at 8 kHz, from the vendor."""

    def synthesize(self, text: str, voice: str = "") -> Speech:
        words = text.strip()
        size = len(words.encode())
        if not words:
            raise Rejected("There is no text to speak.", field="text", cause=Cause.INVALID_DATA, stage=Stage.SETTINGS)
        if size > self.largest_text:
            raise Rejected(
                f"The text has {size} bytes; {self.label} speaks {self.largest_text} at a time.",
                field="text",
                cause=Cause.INVALID_DATA,
                stage=Stage.SETTINGS,
            )
        return Speech(self.say(words, voice or str(self.properties["voice"])))

    @action("Load Voices", help_text="Fetches the vendor's voices, so that one can be chosen under Voice.")
    def load_voices(self) -> Result:
        found = self.voices()
        rows = [(voice.name, voice.language, described(voice)) for voice in found]
        self.account.remember(KNOWN, {"of": self.base_url, "list": rows})
        if not found:
            return Result(False, "The vendor offers no voices to this account.")
        return Result(True, f"{len(found)} voices loaded. Choose one under Voice and save.", rows=by_language(found))

    @action("Listen", form=SentenceForm, help_text="Speaks a sentence in the saved voice and plays it here.")
    def listen(self, text: str) -> Result:
        speech = self.synthesize(text)
        heard = sound.Sound(sound.linear_of(speech.data), TELEPHONE_RATE)
        voice = str(self.properties["voice"]) or "the vendor's own choice of voice"
        rows = (("Voice", voice), ("Length", f"{heard.seconds:.1f} s"), ("Form", f"{speech.content_type}, 8 kHz"))
        return Result(True, "This is how callers hear it.", rows=rows, wav=sound.wav_of(heard))


def described(voice: Voice) -> str:
    return f"{voice.name} ({voice.gender})" if voice.gender else voice.name


def by_language(found: list[Voice]) -> tuple[tuple[str, str], ...]:
    """A small table of many voices: language, and the first of its names."""
    names: dict[str, list[str]] = {}
    for voice in found:
        names.setdefault(voice.language, []).append(voice.name)
    rows = [(language, shortened(many)) for language, many in list(names.items())[:SHOWN_LANGUAGES]]
    more = len(names) - SHOWN_LANGUAGES
    return (*rows, ("More", f"{more} other languages")) if more > 0 else tuple(rows)


def shortened(names: list[str]) -> str:
    more = len(names) - SHOWN_NAMES
    return ", ".join(names[:SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")


def in_order(found: list[Voice]) -> list[Voice]:
    """Vendors promise no order."""
    return sorted(found, key=lambda voice: (voice.language, voice.name))


def rows_of(answer: Any) -> list[dict[str, Any]]:
    """The voices in a vendor's answer. Raises `Rejected` where there are none."""
    rows = answer.get("voices") if isinstance(answer, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) and row.get("name") for row in rows):
        raise Rejected("The answer holds no list of voices.", cause=Cause.REMOTE_ERROR)
    return rows
