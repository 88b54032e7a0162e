"""Has a recording written down by the Speech To Text account: each channel by itself, so that cross-talk survives."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any, BinaryIO, TypeVar

from django.utils import timezone

from integrations import wav_files
from integrations.capabilities import Audio, Codec, SpeechToText, Utterance
from integrations.catalogue import STT
from integrations.diagnosis import health
from integrations.errors import IntegrationError
from integrations.models import IntegrationAccount
from integrations.sound import NotASound

from ..crm_access import NotConfigured, account_for
from ..errors import NotPossible
from ..models import CallRecording, Transcript
from . import playing
from .audio_files import ENDINGS, WAV
from .holds import Hold, Stuck, failed_at

AGENT, CUSTOMER = "agent", "customer"
T = TypeVar("T")


def transcribe(transcript: Transcript, hold: Hold) -> None:
    """One attempt, from the first word on; nothing is kept of one that breaks."""
    recording = transcript.recording
    if recording.content_type != WAV:
        kind = ENDINGS[recording.content_type].upper()
        raise Stuck(f"Only WAV files can be transcribed, and this one is {kind}. Have the telephone system send WAV.")
    account = _account()
    hold.save(account=account)
    try:
        with playing.whole(recording) as file:
            found = _heard(file, recording, account, hold)
    except IntegrationError as error:
        raise failed_at(transcript, error) from None
    except (NotASound, NotPossible) as problem:
        raise Stuck(str(problem)) from None
    health.succeeded(account)
    text = "\n".join(each["text"] for each in found)
    hold.save(
        state=Transcript.State.DONE, utterances=found, text=text, made_at=timezone.now(), last_error="", attempts=0
    )  # fmt: skip


def _account() -> IntegrationAccount:
    try:
        return account_for("", STT.key)
    except NotConfigured:
        raise Stuck(
            "There is no default Speech To Text account. Add one under Integration accounts, then try again."
        ) from None


def _heard(file: BinaryIO, recording: CallRecording, account: IntegrationAccount, hold: Hold) -> list[dict[str, Any]]:
    wav = wav_files.look(file)
    engine = account.connect()
    if not isinstance(engine, SpeechToText):
        raise Stuck(f'The account "{account.name}" does not transcribe.')
    found: list[dict[str, Any]] = []
    for number in range(1, wav.channels + 1):
        who = _who(recording, number) if wav.channels == 2 else ""
        audio = Audio(_kept(wav_files.channel(file, wav, number), hold), Codec.LINEAR, wav.heard_rate)
        with closing(engine.transcribe(audio)) as utterances:  # type: ignore[type-var]
            found += [_row(each, who) for each in _kept(utterances, hold) if each.final and each.text]
    return sorted(found, key=lambda row: row["start"] or 0.0)


def _who(recording: CallRecording, number: int) -> str:
    return AGENT if number == recording.agent_channel else CUSTOMER


def _kept(things: Iterable[T], hold: Hold) -> Iterator[T]:
    for thing in things:
        hold.keep()
        yield thing


def _row(said: Utterance, who: str) -> dict[str, Any]:
    return {"who": who, "start": said.start, "end": said.end, "text": said.text, "confidence": said.confidence}
