"""Where recordings are kept, and how they come back to be heard."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class StoredRecording:
    """`key` says where it lies. Keep it together with the account: another account has other recordings under the
    same key. `size` in bytes; `sha256` in hex, empty where it is not known."""

    key: str
    size: int
    stored_at: datetime | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class OpenRecording:
    """A recording, or a part of one, on its way. `total` is the size of the whole and `start` the first byte of this
    part. Iterating over `pieces` may raise `IntegrationError`."""

    total: int
    start: int
    content_type: str
    pieces: Iterator[bytes]


class RecordingStorage(ABC):
    """A place for recordings. All methods raise `IntegrationError`."""

    @abstractmethod
    def put(
        self,
        name: str,
        stream: BinaryIO,
        *,
        content_type: str = "audio/wav",
        about: Mapping[str, str] | None = None,
    ) -> StoredRecording:
        """Store what `stream` holds from its present position on. `name` may have folders ("support/2026/1.wav"); what
        cannot be part of a key is replaced. `about`: words that are kept beside it, names of letters, digits and `-`.
        A recording of the same name is replaced."""

    @abstractmethod
    def key_for(self, name: str) -> str:
        """The key under which `put` stores a recording of this name. Asks nobody."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove a recording; no error when there is none."""

    @abstractmethod
    def open(self, key: str, *, start: int = 0, length: int | None = None) -> AbstractContextManager[OpenRecording]:
        """The recording from byte `start` on, `length` bytes or all the rest."""

    @abstractmethod
    def playback_url(self, key: str, *, seconds: int = 300, content_type: str = "", file_name: str = "") -> str:
        """An address that plays the recording for that time and lets in whoever has it: give it to one person, after
        checking that they may listen. `file_name`: the name under which it is saved; empty: played in the browser."""

    @abstractmethod
    def newest(self, limit: int) -> list[StoredRecording]:
        """The latest recordings, the newest first."""
