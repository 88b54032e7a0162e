"""The recordings that the bucket begins with: short tones as telephones record them, 8 kHz and 16 bits."""

from __future__ import annotations

import io
import math
import struct
import wave
from functools import cache

RATE = 8000
TUNES = {
    "recordings/support/2026-01-15/1001_090000_agent1.wav": (440.0, 554.4, 659.3),
    "recordings/support/2026-01-15/1002_091530_agent2.wav": (392.0, 493.9, 587.3),
}
NOTE_SECONDS = 0.4


@cache
def wav(notes: tuple[float, ...]) -> bytes:
    """The notes one after the other, faded in and out so that they do not click."""
    target = io.BytesIO()
    with wave.open(target, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        for note in notes:
            out.writeframes(b"".join(struct.pack("<h", sample(note, n)) for n in range(int(RATE * NOTE_SECONDS))))
    return target.getvalue()


def sample(note: float, number: int) -> int:
    at = number / RATE
    loud = min(1.0, at / 0.02, (NOTE_SECONDS - at) / 0.1)
    return int(9000 * loud * math.sin(2 * math.pi * note * at))
