"""WAV files piece by piece: their head, one channel, and rates that the telephone does not know."""

import io
import math
import struct

import pytest

from integrations import wav_files
from integrations.sound import ALAW, MULAW, NotASound, Sound, mulaw_of, read_wav, silence, stereo_wav_of, wav_of


def tone(pitch: float, *, rate: int, seconds: float = 1.0) -> Sound:
    samples = (round(8000 * math.sin(2 * math.pi * pitch * n / rate)) for n in range(int(rate * seconds)))
    return Sound(struct.pack(f"<{int(rate * seconds)}h", *samples), rate)


def heard(data: bytes, number: int = 1) -> Sound:
    stream = io.BytesIO(data)
    wav = wav_files.look(stream)
    return Sound(b"".join(wav_files.channel(stream, wav, number)), wav.heard_rate)


def test_each_channel_comes_by_itself() -> None:
    left, right = tone(440, rate=8000, seconds=2.5), tone(660, rate=8000, seconds=1.5)
    file = stereo_wav_of(left, right)
    assert wav_files.look(io.BytesIO(file)).seconds == 2.5
    assert heard(file, 1) == left
    assert heard(file, 2).samples == right.samples + bytes(2 * 8000)


def test_the_second_voice_takes_the_rate_of_the_first() -> None:
    assert wav_files.look(io.BytesIO(stereo_wav_of(silence(1, 8000), silence(1, 16_000)))).seconds == 1


@pytest.mark.parametrize(("rate", "as_heard"), [(8000, 8000), (11_025, 8000), (16_000, 16_000), (44_100, 16_000)])
def test_other_rates_are_lowered_to_one_that_recognisers_know(rate: int, as_heard: int) -> None:
    found = heard(wav_of(tone(440, rate=rate, seconds=3)))
    assert found.rate == as_heard and abs(found.seconds - 3) < 0.01
    crossings = sum(1 for a, b in zip(found.samples[1::2], found.samples[3::2], strict=False) if (a ^ b) & 0x80)
    assert abs(crossings / 3 / 2 - 440) < 5


def test_it_reads_what_the_reader_of_whole_files_reads() -> None:
    data = mulaw_of(tone(500, rate=8000, seconds=1.2).samples)
    for form in (MULAW, ALAW):
        head = struct.pack("<4sIHHIIHH", b"fmt ", 16, form, 1, 8000, 8000, 1, 8)
        body = head + struct.pack("<4sI", b"data", len(data)) + data
        file = struct.pack("<4sI4s", b"RIFF", 4 + len(body), b"WAVE") + body
        assert heard(file) == read_wav(file)


def test_only_one_piece_is_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    class Watched(io.BytesIO):
        largest = 0

        def read(self, size: int | None = -1) -> bytes:
            found = super().read(size)
            Watched.largest = max(Watched.largest, len(found))
            return found

    stream = Watched(wav_of(silence(30, 8000)))
    wav = wav_files.look(stream)
    assert sum(map(len, wav_files.channel(stream, wav, 1))) == 30 * 16_000 and Watched.largest == 16_000


@pytest.mark.parametrize("data", [b"", b"RIFF", b"ID3" + bytes(100), wav_of(silence(1, 8000))[:20]])
def test_what_is_no_wav_file_is_told(data: bytes) -> None:
    with pytest.raises(NotASound):
        wav_files.look(io.BytesIO(data))
