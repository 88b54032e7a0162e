"""What the speech providers share: the buttons with which an administrator tries an account."""

import re
from collections.abc import Iterator

from django import forms
from django.core.exceptions import ValidationError

from integrations import sound
from integrations.actions import Result, action
from integrations.capabilities import Audio, Codec, SpeechToText, Utterance
from integrations.providers.base import Provider

PIECE_SECONDS = 0.25
LONGEST_SECONDS = 120
LARGEST_FILE = 12 * 1024 * 1024


class RecordingForm(forms.Form):
    """A recording to be written down."""

    recording = forms.FileField(
        label="Recording",
        widget=forms.FileInput(attrs={"accept": ".wav,audio/wav,audio/x-wav"}),
        help_text=(
            f"A WAV file of up to {LONGEST_SECONDS // 60} minutes: linear samples, mu-law or A-law, one or two "
            "channels. It is sent to the recogniser and not kept."
        ),
    )

    def clean_recording(self) -> sound.Sound:
        upload = self.cleaned_data["recording"]
        if upload.size > LARGEST_FILE:
            raise ValidationError(f"This file is larger than {LARGEST_FILE // 1_048_576} MB.")
        try:
            found = sound.read_wav(upload.read())
        except sound.NotASound as problem:
            raise ValidationError(str(problem)) from None
        if not 0 < found.seconds <= LONGEST_SECONDS:
            raise ValidationError(f"The recording has to last from a moment to {LONGEST_SECONDS} seconds.")
        return found


class Recogniser(SpeechToText, Provider):
    """Base of the recognisers."""

    @action(
        "Transcribe a recording",
        form=RecordingForm,
        help_text="Sends a recording to the recogniser and shows what it understood. The vendor counts its seconds.",
    )
    def transcribe_recording(self, recording: sound.Sound) -> Result:
        finals = [found for found in self.transcribe(audio_of(recording)) if found.final]
        if not finals:
            return Result(True, f"No speech was found in {recording.seconds:.1f} seconds.")
        text = " ".join(found.text for found in finals)
        return Result(True, f"Understood: {text}", rows=tuple(map(_row, finals)))


def audio_of(recording: sound.Sound) -> Audio:
    """A recording as a call would bring it. Rates that the telephone does not know are lowered to the next one."""
    rate = 16_000 if recording.rate > 16_000 else 8000 if recording.rate < 16_000 else 16_000
    return Audio(pieces(sound.resampled(recording, rate)), Codec.LINEAR, rate)


def pieces(recording: sound.Sound) -> Iterator[bytes]:
    size = 2 * int(recording.rate * PIECE_SECONDS)
    for begin in range(0, len(recording.samples), size):
        yield recording.samples[begin : begin + size]


def _row(found: Utterance) -> tuple[str, str]:
    """When and how surely, and what was said."""
    when = "" if found.start is None or found.end is None else f"{found.start:.1f} to {found.end:.1f} s"
    sure = "" if found.confidence is None else f"{found.confidence:.0%} sure"
    return ", ".join(filter(None, (when, sure))) or "Utterance", found.text


def tidy(text: str) -> str:
    """A transcript without marks for unknown words and without double blanks."""
    return " ".join(re.sub(r"<UNK>", " ", text, flags=re.IGNORECASE).split())
