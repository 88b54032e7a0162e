"""Which files are taken: told by their first bytes, never by what the sender calls them."""

from dataclasses import dataclass
from typing import Any, BinaryIO

from integrations import wav_files
from integrations.sound import NotASound

from ..errors import NotPossible

HEAD = 16  # bytes that `kind_of` wants to see
WAV, MP3, OGG = "audio/wav", "audio/mpeg", "audio/ogg"
ENDINGS = {WAV: "wav", MP3: "mp3", OGG: "ogg"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file says about itself; 0 where it does not."""

    content_type: str
    channels: int = 0
    duration_ms: int = 0


def columns(facts: Facts, *, channels: int, duration_ms: int) -> dict[str, Any]:
    """What is stored of a file. What it says itself wins over what was told about it."""
    return {
        "content_type": facts.content_type,
        "channels": facts.channels or channels or 1,
        "duration_ms": facts.duration_ms or duration_ms,
    }


def look(stream: BinaryIO) -> Facts:
    """Raises `NotPossible` for a file that is no recording."""
    stream.seek(0)
    kind = kind_of(stream.read(HEAD))
    if kind != WAV:
        return Facts(kind)
    try:
        wav = wav_files.look(stream)
    except NotASound as problem:
        raise NotPossible(f"{problem} It was not kept.", "body") from None
    return Facts(kind, wav.channels, round(wav.seconds * 1000))


def kind_of(head: bytes) -> str:
    """The content type: RIFF/WAVE, MPEG audio layer III (with or without an ID3 tag), or Ogg (RFC 3533)."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return WAV
    if head[:3] == b"ID3" or _begins_a_frame(head):
        return MP3
    if head[:4] == b"OggS":
        return OGG
    raise NotPossible("This is no WAV, MP3 or Ogg file, so it was not kept.", "body")


def _begins_a_frame(head: bytes) -> bool:
    """The eleven bits of a frame's sync, then a layer, bit rate and sample rate that exist (ISO/IEC 11172-3, 2.4.1)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    return version != 1 and layer == 1 and head[2] >> 4 not in (0, 15) and head[2] >> 2 & 3 != 3
