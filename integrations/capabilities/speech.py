"""Speech: what is said becomes text, and text is said."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Codec(StrEnum):
    """How samples are written down: mu-law (one byte each), or linear (16 bits, little endian)."""

    MULAW = "mulaw"
    LINEAR = "linear"


@dataclass(frozen=True, slots=True)
class Audio:
    """What one person says, in pieces as they come: of a call that is going on, or of a recording.

    One channel. Where agent and customer are on two, each is transcribed by itself: cross-talk survives that."""

    chunks: Iterable[bytes]
    codec: Codec = Codec.MULAW
    rate: int = 8000


@dataclass(frozen=True, slots=True)
class Word:
    """One word with its seconds from the begin of the audio. `confidence` from 0 to 1 where the vendor tells it."""

    text: str
    start: float
    end: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Utterance:
    """What was said between two pauses. Times (seconds from the begin), words and confidence where they are known.

    `final=False` is a guess that the next utterance of the stream replaces."""

    text: str
    start: float | None = None
    end: float | None = None
    confidence: float | None = None
    words: tuple[Word, ...] = ()
    final: bool = True


class SpeechToText(ABC):
    """An engine that writes down what is said."""

    @abstractmethod
    def transcribe(self, audio: Audio) -> Iterator[Utterance]:
        """Utterances as they become known, while the audio still comes. Raises `IntegrationError`.

        Reads `audio.chunks` in the caller's thread; closing the iterator ends the session at the vendor."""


@dataclass(frozen=True, slots=True)
class Voice:
    """`name` is the vendor's; `language` a tag as "en-US"; `gender` "male", "female" or empty."""

    name: str
    language: str
    gender: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Speech:
    """A spoken text. For the telephone: mu-law at 8 kHz, which is what `audio/basic` means (RFC 2046)."""

    data: bytes
    content_type: str = "audio/basic"


class TextToSpeech(ABC):
    """An engine that speaks. Both methods raise `IntegrationError`."""

    @abstractmethod
    def voices(self) -> list[Voice]:
        """All voices, sorted by language and name."""

    @abstractmethod
    def synthesize(self, text: str, voice: str = "") -> Speech:
        """The text (or SSML, where it begins with `<speak`) as telephone sound; without `voice` in the account's own.

        Raises `Rejected` with `field="text"` for a text that is too long or no valid SSML."""
