"""Telephone sound: what is written can be read, what is lowered holds nothing that the lower rate cannot carry."""

import math
import struct
from array import array
from pathlib import Path

import pytest

from integrations import sound
from integrations.sound import NotASound, Sound

FIXTURES = Path(__file__).parents[1] / "fixtures" / "speech"


def tone(hertz: float, rate: int, seconds: float = 0.2, level: int = 8000) -> Sound:
    steps = range(int(rate * seconds))
    return Sound(array("h", [int(level * math.sin(2 * math.pi * hertz * n / rate)) for n in steps]).tobytes(), rate)


def loudness(found: Sound) -> float:
    samples = array("h", found.samples)
    return math.sqrt(sum(value * value for value in samples) / len(samples))


def wav(form: int, channels: int, rate: int, bits: int, data: bytes, *, length: int | None = None) -> bytes:
    head = struct.pack("<HHIIHH", form, channels, rate, rate * channels * bits // 8, channels * bits // 8, bits)
    size = len(data) if length is None else length
    body = b"WAVE" + b"fmt " + struct.pack("<I", 16) + head + b"data" + struct.pack("<I", size) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_a_file_that_is_written_is_read_again() -> None:
    spoken = tone(440, 8000)
    assert sound.read_wav(sound.wav_of(spoken)) == spoken
    assert spoken.seconds == pytest.approx(0.2)


def test_mu_law_keeps_a_sound_within_its_steps() -> None:
    before = array("h", tone(440, 8000).samples)
    after = array("h", sound.linear_of(sound.mulaw_of(before.tobytes())))
    assert len(sound.mulaw_of(before.tobytes())) == len(before)
    assert all(abs(a - b) <= max(8, abs(b) // 16) for a, b in zip(after, before, strict=True))


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_linear_samples_of_every_width_are_read(bits: int) -> None:
    quiet = b"\x80" if bits == 8 else bytes(bits // 8)
    assert sound.read_wav(wav(sound.PCM, 1, 8000, bits, quiet * 10)) == Sound(bytes(20), 8000)


def test_both_telephone_codecs_are_read() -> None:
    linear = tone(440, 8000).samples
    assert sound.read_wav(wav(sound.MULAW, 1, 8000, 8, sound.mulaw_of(linear))).samples == sound.linear_of(
        sound.mulaw_of(linear)
    )
    assert sound.read_wav(wav(sound.ALAW, 1, 8000, 8, b"\xd5" * 5)).samples == struct.pack("<5h", *[8] * 5)


def test_two_channels_become_one() -> None:
    both = struct.pack("<4h", 1000, 3000, -2000, 0)
    assert sound.read_wav(wav(sound.PCM, 2, 16_000, 16, both)).samples == struct.pack("<2h", 2000, -1000)


@pytest.mark.parametrize("length", [0xFFFFFFFF, 1_000_000])
def test_a_length_beyond_the_end_means_until_the_end(length: int) -> None:
    data = tone(440, 8000).samples
    assert sound.read_wav(wav(sound.PCM, 1, 8000, 16, data, length=length)).samples == data


def test_a_form_of_its_own_extension_is_understood() -> None:
    extended = struct.pack("<HHIIHHHHIH", 0xFFFE, 1, 8000, 16_000, 2, 16, 22, 16, 4, sound.PCM) + bytes(14)
    body = b"WAVE" + b"fmt " + struct.pack("<I", len(extended)) + extended + b"data" + struct.pack("<I", 4) + bytes(4)
    assert sound.read_wav(b"RIFF" + struct.pack("<I", len(body)) + body) == Sound(bytes(4), 8000)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a WAV"),
        (b"ID3\x04 something else entirely", "not a WAV"),
        (b"RIFF\0\0\0\0WAVE", "damaged"),
        (b"RIFF\0\0\0\0WAVEfmt \x02\0\0\0\1\0", "damaged"),
        (wav(85, 1, 8000, 16, b"\0\0"), "compressed"),
        (wav(sound.PCM, 6, 8000, 16, bytes(12)), "one or two channels"),
        (wav(sound.PCM, 1, 8000, 12, b"\0\0"), "compressed"),
    ],
)
def test_what_cannot_be_read_is_said(data: bytes, words: str) -> None:
    with pytest.raises(NotASound, match=words):
        sound.read_wav(data)


def test_a_lower_rate_keeps_speech_and_drops_what_it_cannot_carry() -> None:
    low = sound.resampled(tone(500, 16_000), 8000)
    assert low.rate == 8000 and low.seconds == pytest.approx(0.2, abs=0.01)
    assert loudness(low) == pytest.approx(loudness(tone(500, 16_000)), rel=0.1)
    assert loudness(sound.resampled(tone(6000, 16_000), 8000)) < 0.05 * loudness(tone(6000, 16_000))


def test_the_same_rate_changes_nothing() -> None:
    spoken = tone(440, 8000)
    assert sound.resampled(spoken, 8000) is spoken


def test_a_stream_is_raised_without_clicks_between_its_pieces() -> None:
    samples = tone(300, 8000).samples
    in_one = sound.Raiser(8000, 16_000)(samples)
    raiser = sound.Raiser(8000, 16_000)
    in_pieces = b"".join(raiser(samples[begin : begin + 250]) for begin in range(0, len(samples), 250))
    assert in_pieces == in_one
    assert sound.Raiser(16_000, 16_000)(samples) == samples


def test_the_fixtures_are_telephone_sound() -> None:
    for name in ("good_morning", "late_delivery"):
        found = sound.read_wav((FIXTURES / f"{name}.wav").read_bytes())
        assert found.rate == 8000 and 2 < found.seconds < 4 and loudness(found) > 500
