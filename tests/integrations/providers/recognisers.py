"""What the tests of all recognisers need: sentences of the telephone, and what became of a session."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integrations import sound
from integrations.capabilities import Audio, Utterance
from integrations.errors import IntegrationError
from integrations.models import IntegrationAccount
from tests.integrations.providers.conftest import Vendor

FIXTURES = Path(__file__).parents[2] / "fixtures" / "speech"
QUIET = b"\xff" * 2000  # a quarter of a second of silence in mu-law


def samples(name: str) -> bytes:
    """A sentence in linear samples of 8 kHz."""
    return sound.read_wav((FIXTURES / f"{name}.wav").read_bytes()).samples


def pieces(data: bytes, size: int = 2000) -> Iterator[bytes]:
    for begin in range(0, len(data), size):
        yield data[begin : begin + size]


def transcribed(account: IntegrationAccount, audio: Audio) -> list[Utterance]:
    return list(account.connect().transcribe(audio))


def failure(account: IntegrationAccount, audio: Audio | None = None) -> IntegrationError:
    with pytest.raises(IntegrationError) as found:
        transcribed(account, audio or Audio([QUIET] * 4))
    return found.value


def session_of(vendor: Vendor, path: str) -> dict[str, Any]:
    """The last session at the path, once the simulator has finished it."""
    for _ in range(100):
        found = [exchange for exchange in vendor.arrived() if exchange["path"].endswith(path)]
        if found and found[-1]["duration_ms"] is not None:
            return found[-1]
        time.sleep(0.05)
    raise AssertionError("no session was recorded")
