"""Listens: finds the utterances in a stream of sound and writes down their words, with PocketSphinx.

Its American model comes with the package and hears 16 kHz, so telephone sound is raised to that rate. There is one
decoder per process, loaded when it is first needed; it works under a lock, and callers put it into a thread. An
utterance is decoded as a whole when it has ended (a decoder that follows the stream hears worse, because it knows the
loudness only later); while it lasts, guesses come whenever its length has doubled, so all of them together cost about
as much as the final pass.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from integrations.sound import Raiser

RATE = 16_000
FIRST_GUESS = 1.0  # seconds of speech
FRAMES_PER_SECOND = 100
SHORTEST = 0.15  # seconds; shorter noises are no speech
_lock = threading.Lock()


@dataclass(frozen=True)
class Word:
    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True)
class Heard:
    """One utterance, or a guess at the one that is under way. Seconds count from the begin of the stream."""

    words: tuple[Word, ...]
    final: bool

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def confidence(self) -> float:
        return sum(word.confidence for word in self.words) / len(self.words) if self.words else 0.0


class Ear:
    """Follows one stream. Every call may take as long as the sound itself: call it in a thread."""

    def __init__(self, rate: int) -> None:
        from pocketsphinx import Endpointer  # a big library, loaded by the first listener

        self.rate = rate
        self.raised = Raiser(rate, RATE)
        self.endpointer: Any = Endpointer(sample_rate=RATE)
        self.half = b""  # the first byte of a sample whose second one is still to come
        self.waiting = b""  # less than a frame of the endpointer
        self.speech = bytearray()
        self.next_guess = FIRST_GUESS
        self.heard_until = 0.0  # when speech was last heard
        self.position = 0.0

    def feed(self, samples: bytes) -> Iterator[Heard]:
        """More linear samples of the stream."""
        self.half += samples
        whole, self.half = self.half[: len(self.half) // 2 * 2], self.half[len(self.half) // 2 * 2 :]
        self.position += len(whole) / 2 / self.rate
        self.waiting += self.raised(whole)
        size = self.endpointer.frame_bytes
        while len(self.waiting) > size:  # one frame is kept: `end_stream` wants less than a whole one, and some
            frame, self.waiting = self.waiting[:size], self.waiting[size:]
            yield from self._take(self.endpointer.process(frame))

    def end(self) -> Iterator[Heard]:
        """The stream is over: what was under way is an utterance now."""
        was_speaking = self.endpointer.in_speech
        rest = self.endpointer.end_stream(self.waiting)
        self.waiting = b""
        if was_speaking or rest:
            self.speech += rest or b""
            yield from self._close()

    @property
    def silent_for(self) -> float:
        """Seconds of sound since speech was last heard."""
        return 0.0 if self.endpointer.in_speech else self.position - self.heard_until

    def _take(self, speech: bytes | None) -> Iterator[Heard]:
        if speech is None:
            return
        self.speech += speech
        self.heard_until = self.position
        if not self.endpointer.in_speech:
            yield from self._close()
        elif self._length() >= self.next_guess:
            self.next_guess = 2 * self._length()
            yield Heard(self._decoded(), final=False)

    def _close(self) -> Iterator[Heard]:
        words = self._decoded() if self._length() >= SHORTEST else ()
        self.speech.clear()
        self.next_guess = FIRST_GUESS
        if words:
            yield Heard(words, final=True)

    def _length(self) -> float:
        return len(self.speech) / 2 / RATE

    def _decoded(self) -> tuple[Word, ...]:
        return decoded(bytes(self.speech), float(self.endpointer.speech_start))


def decoded(samples: bytes, offset: float) -> tuple[Word, ...]:
    """The words in 16 kHz samples."""
    with _lock:
        decoder = _decoder()
        decoder.start_utt()
        decoder.process_raw(samples, full_utt=True)
        decoder.end_utt()
        found = list(decoder.seg() or ()) if decoder.hyp() is not None else []
        return tuple(_word(piece, offset) for piece in found if piece.word[0] not in "<[+")


def _word(piece: Any, offset: float) -> Word:
    """`to(3)` is the third way of saying "to"."""
    return Word(
        text=str(piece.word).partition("(")[0],
        start=round(offset + piece.start_frame / FRAMES_PER_SECOND, 2),
        end=round(offset + (piece.end_frame + 1) / FRAMES_PER_SECOND, 2),
        confidence=round(min(max(float(piece.prob), 0.0), 1.0), 2),
    )


@cache
def _decoder() -> Any:
    from pocketsphinx import Decoder

    return Decoder(samprate=RATE, loglevel="FATAL")
