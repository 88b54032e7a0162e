"""Telephone sound: mu-law and linear samples, other sample rates, and WAV files.

Samples are mono; linear ones 16 bits, little endian. `audioop` left the standard library with Python 3.13 and comes as
a package of its own there."""

import array
import math
import struct
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

MULAW, ALAW, PCM = 7, 6, 1  # format tags of WAV files (RFC 2361)
EXTENSIBLE = 0xFFFE
TAPS = 47


@dataclass(frozen=True, slots=True)
class Sound:
    """Linear samples, 16 bits, of one channel."""

    samples: bytes
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / 2 / self.rate


class NotASound(ValueError):
    """The bytes are no WAV file that can be read; says why in words."""


# -- samples


def mulaw_of(samples: bytes) -> bytes:
    return audioop.lin2ulaw(samples, 2)


def linear_of(mulaw: bytes) -> bytes:
    return audioop.ulaw2lin(mulaw, 2)


def resampled(sound: Sound, rate: int) -> Sound:
    """The same sound at another rate; what the lower rate cannot carry is filtered out first, or it would come back as
    noise."""
    if rate == sound.rate:
        return sound
    samples = low_passed(sound.samples, 0.44 * rate / sound.rate) if rate < sound.rate else sound.samples
    return Sound(audioop.ratecv(samples, 2, 1, sound.rate, rate, None)[0], rate)


class Raiser:
    """Raises a stream to a higher rate, chunk by chunk, without a click between two of them."""

    def __init__(self, rate: int, higher: int) -> None:
        self.rate, self.higher = rate, higher
        self.state: Any = None

    def __call__(self, samples: bytes) -> bytes:
        if self.rate == self.higher:
            return samples
        raised, self.state = audioop.ratecv(samples, 2, 1, self.rate, self.higher, self.state)
        return bytes(raised)


def low_passed(samples: bytes, cut_off: float) -> bytes:
    """A filter of finite response; `cut_off` is a share of the sample rate."""
    wide = audioop.lin2lin(samples, 2, 4)
    margin = bytes(4 * (TAPS // 2))
    padded, total = margin + wide + margin, bytes(len(wide))
    for place, weight in enumerate(weights(cut_off)):
        total = audioop.add(total, audioop.mul(padded[4 * place : 4 * place + len(wide)], 4, weight), 4)
    return audioop.lin2lin(total, 4, 2)


@cache
def weights(cut_off: float) -> tuple[float, ...]:
    """A sinc under a Hamming window, of sum one."""
    middle = TAPS // 2
    found = []
    for place in range(-middle, middle + 1):
        sinc = 2 * cut_off if place == 0 else math.sin(2 * math.pi * cut_off * place) / (math.pi * place)
        found.append(sinc * (0.54 + 0.46 * math.cos(math.pi * place / middle)))
    return tuple(weight / sum(found) for weight in found)


# -- WAV files


def wav_of(sound: Sound, *, channels: int = 1) -> bytes:
    """A WAV file with linear samples, which every browser plays; of two channels, if the samples take turns."""
    frame = 2 * channels
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, PCM, channels, sound.rate, frame * sound.rate, frame, 16)
    body = head + struct.pack("<4sI", b"data", len(sound.samples)) + sound.samples
    return struct.pack("<4sI4s", b"RIFF", 4 + len(body), b"WAVE") + body


def stereo_wav_of(left: Sound, right: Sound) -> bytes:
    """A WAV file with a voice on each channel, at the rate of the first and as long as the longer one."""
    second = resampled(right, left.rate).samples
    longest = max(len(left.samples), len(second))
    both = audioop.add(
        audioop.tostereo(left.samples.ljust(longest, b"\0"), 2, 1, 0),
        audioop.tostereo(second.ljust(longest, b"\0"), 2, 0, 1),
        2,
    )
    return wav_of(Sound(both, left.rate), channels=2)


def read_wav(data: bytes) -> Sound:
    """The sound in a WAV file with linear samples, mu-law or A-law; channels are mixed into one. Raises `NotASound`.

    A length that is unknown (streams) or too long means: until the end of the data."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise NotASound("This is not a WAV file.")
    chunks = _chunks(data)
    if len(chunks.get(b"fmt ", b"")) < 16 or b"data" not in chunks:
        raise NotASound("This WAV file is damaged: its format or its data is missing.")
    form, channels, rate, _, _, bits = struct.unpack("<HHIIHH", chunks[b"fmt "][:16])
    if form == EXTENSIBLE and len(chunks[b"fmt "]) >= 26:
        form = struct.unpack("<H", chunks[b"fmt "][24:26])[0]
    if channels not in (1, 2) or not 4000 <= rate <= 192_000:
        raise NotASound("Only WAV files of one or two channels can be read.")
    samples = linear_samples(chunks[b"data"], form, bits)
    return Sound(_one_channel(samples, channels), rate)


def _chunks(data: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    place = 12
    while place + 8 <= len(data):
        name, length = struct.unpack("<4sI", data[place : place + 8])
        found.setdefault(name, data[place + 8 : place + 8 + length])
        place += 8 + length + length % 2
    return found


def linear_samples(data: bytes, form: int, bits: int) -> bytes:
    """The data of a WAV file as linear samples of 16 bits. Raises `NotASound` for a form that cannot be read."""
    if form == MULAW:
        return audioop.ulaw2lin(data, 2)
    if form == ALAW:
        return audioop.alaw2lin(data, 2)
    if form != PCM or bits not in (8, 16, 24, 32):
        raise NotASound("This WAV file is compressed. Linear samples, mu-law and A-law can be read.")
    width = bits // 8
    whole = data[: len(data) // width * width]
    if width == 1:
        whole = audioop.bias(whole, 1, -128)  # eight bits are unsigned in WAV files
    return audioop.lin2lin(whole, width, 2)


def _one_channel(samples: bytes, channels: int) -> bytes:
    whole = samples[: len(samples) // (2 * channels) * 2 * channels]
    return audioop.tomono(whole, 2, 0.5, 0.5) if channels == 2 else whole


def silence(seconds: float, rate: int) -> Sound:
    return Sound(array.array("h", [0] * int(seconds * rate)).tobytes(), rate)
