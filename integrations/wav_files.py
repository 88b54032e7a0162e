"""WAV files too large for memory: what their head says, and one channel of them piece by piece.

`sound` reads small ones whole."""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from .sound import ALAW, EXTENSIBLE, MULAW, PCM, NotASound, Sound, audioop, linear_samples, resampled

MOST_CHUNKS = 64  # before the sound; files of recorders have two or three
PIECE_SECONDS = 1.0
# A rate that has to be changed is filtered in long pieces: each begins afresh.
RESAMPLED_SECONDS = 20.0
TELEPHONE, WIDE = 8000, 16_000


@dataclass(frozen=True, slots=True)
class WavFile:
    """`start` and `length` of the sound, in bytes from the begin of the file."""

    form: int
    channels: int
    rate: int
    bits: int
    start: int
    length: int

    @property
    def frame(self) -> int:
        """Bytes of one moment in all channels."""
        return self.channels * self.bits // 8

    @property
    def seconds(self) -> float:
        return self.length / self.frame / self.rate

    @property
    def heard_rate(self) -> int:
        """The rate at which recognisers are given it: one of the two that the telephone knows."""
        return WIDE if self.rate >= WIDE else TELEPHONE


def look(stream: BinaryIO) -> WavFile:
    """What the head says, however large the file is. Raises `NotASound`.

    A length that is unknown (recorders that stream) or too long means: until the end of the file."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    head = stream.read(12)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise NotASound("This is not a WAV file.")
    described: tuple[int, int, int, int] | None = None
    for _number in range(MOST_CHUNKS):
        name, length = struct.unpack("<4sI", stream.read(8).ljust(8, b"\0"))
        place = stream.tell()
        if name == b"data" and described is not None:
            return _checked(*described, place, max(0, min(length, size - place)))
        if name == b"fmt ":
            described = _format(stream.read(min(length, 40)))
        if place + length >= size:
            break
        stream.seek(place + length + length % 2)
    raise NotASound("This WAV file is damaged: its format or its data is missing.")


def _format(chunk: bytes) -> tuple[int, int, int, int]:
    """Form, channels, rate and bits."""
    if len(chunk) < 16:
        raise NotASound("This WAV file is damaged: its format is cut off.")
    form, channels, rate, _, _, bits = struct.unpack("<HHIIHH", chunk[:16])
    if form == EXTENSIBLE and len(chunk) >= 26:
        form = struct.unpack("<H", chunk[24:26])[0]
    return form, channels, rate, bits


def _checked(form: int, channels: int, rate: int, bits: int, start: int, length: int) -> WavFile:
    known = bits == 8 if form in (MULAW, ALAW) else form == PCM and bits in (8, 16, 24, 32)
    if not known:
        raise NotASound("This WAV file is compressed. Linear samples, mu-law and A-law can be read.")
    if channels not in (1, 2) or not 4000 <= rate <= 192_000:
        raise NotASound("Only WAV files of one or two channels can be read.")
    return WavFile(form, channels, rate, bits, start, length)


def channel(stream: BinaryIO, wav: WavFile, number: int) -> Iterator[bytes]:
    """Channel 1 or 2 as linear samples of 16 bits at `wav.heard_rate`, a piece at a time in memory."""
    changed = wav.rate != wav.heard_rate
    seconds = RESAMPLED_SECONDS if changed else PIECE_SECONDS
    size, left = wav.frame * int(wav.rate * seconds), wav.length // wav.frame * wav.frame
    stream.seek(wav.start)
    while left and (data := stream.read(min(size, left))):
        left -= len(data)
        samples = linear_samples(data, wav.form, wav.bits)
        if wav.channels == 2:
            whole = samples[: len(samples) // 4 * 4]
            samples = audioop.tomono(whole, 2, float(number == 1), float(number == 2))
        yield resampled(Sound(samples, wav.rate), wav.heard_rate).samples if changed else samples
