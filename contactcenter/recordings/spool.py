"""The folder where recordings lie until the storage has them, and for good where there is none.

A file has its final name only when all of it is on the disk. Its row is written after that: a crash in between leaves a
file without a row, which `prune` removes."""

import hashlib
import os
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from django.conf import settings

from ..errors import NotPossible
from ..models import CallRecording

BLOCK = 256 * 1024
PART = ".part"
# A file without a row is somebody's unfinished work at first.
LEFT_OVER_AFTER = 24 * 3600.0
State = CallRecording.State
IN_FOLDER = (State.FETCHING, State.STORING, State.LOCAL, State.STUCK, State.DELETING)


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class TooLarge(NotPossible):
    """More bytes than a recording may have."""

    def __init__(self) -> None:
        most = settings.LARGEST_RECORDING / 1_048_576
        super().__init__(f"A recording may have {most:,.0f} MB at most; this one has more and was not kept.", "body")


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is complete: `size` in bytes, `sha256` in hex."""

    path: Path
    size: int
    sha256: str

    @property
    def columns(self) -> dict[str, Any]:
        return {"size": self.size, "sha256": self.sha256}


def path_of(public_id: uuid.UUID) -> Path:
    return folder() / public_id.hex


def folder() -> Path:
    """Made at the first use; nobody else of this machine may look into it."""
    root = Path(settings.RECORDINGS_ROOT)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    return root


def keep(pieces: Iterable[bytes], public_id: uuid.UUID) -> Kept:
    """Write a file and force it to the disk. Raises `TooLarge`, `OSError`, and what `pieces` raises; leaves nothing
    behind then."""
    path, digest, size = path_of(public_id), hashlib.sha256(), 0
    part = path.with_suffix(PART)
    try:
        with part.open("wb") as file:
            for piece in pieces:
                size += len(piece)
                if size > settings.LARGEST_RECORDING:
                    raise TooLarge
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return Kept(path, size, digest.hexdigest())


def blocks(stream: Readable | BinaryIO) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        yield block


def remove(public_id: uuid.UUID) -> None:
    path_of(public_id).unlink(missing_ok=True)


def prune() -> int:
    """Remove files that nobody needs: without a row, stored, or deleted; returns how many."""
    old = time.time() - LEFT_OVER_AFTER
    left_over = [path for path in folder().iterdir() if path.stat().st_mtime < old and not _is_needed(path)]
    for path in left_over:
        path.unlink(missing_ok=True)
    return len(left_over)


def _is_needed(path: Path) -> bool:
    try:
        public_id = uuid.UUID(path.name)
    except ValueError:
        return not path.name.endswith(PART)  # what somebody else has put there is theirs
    return CallRecording.objects.filter(public_id=public_id, state__in=IN_FOLDER).exists()
