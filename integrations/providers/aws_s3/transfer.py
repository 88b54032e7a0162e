"""Large bodies on their way: measured before they leave, sent in parts, checked when they come back."""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from integrations.errors import Cause, Rejected, Unavailable

PART = 8 * 1024 * 1024  # bytes; S3 takes 5 MB at least and 10,000 parts at most
MOST_PARTS = 10_000
BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Measured:
    """A body that can be read from `start` on, and what is known of it before it leaves."""

    stream: BinaryIO
    start: int
    size: int
    sha256: str

    @property
    def part_size(self) -> int:
        return max(PART, -(-self.size // MOST_PARTS))

    def parts(self) -> Iterator[bytes]:
        """The body in parts, one at a time in memory. Raises `Rejected` when it has changed since it was measured."""
        self.stream.seek(self.start)
        digest, left = hashlib.sha256(), self.size
        while left:
            part = self.stream.read(min(self.part_size, left))
            left -= len(part)
            digest.update(part)
            if not part or (not left and digest.hexdigest() != self.sha256):
                raise Rejected("The recording changed while it was sent.", cause=Cause.CONFLICT)
            yield part


@contextmanager
def measured(stream: BinaryIO) -> Iterator[Measured]:
    """Size and digest of what is left in the stream. One that cannot be read twice goes through a temporary file."""
    if stream.seekable():
        yield _measure(stream, stream.tell())
        return
    with tempfile.TemporaryFile() as copy:
        while block := stream.read(BLOCK):
            copy.write(block)
        copy.seek(0)
        yield _measure(copy, 0)


def _measure(stream: BinaryIO, start: int) -> Measured:
    digest, size = hashlib.sha256(), 0
    while block := stream.read(BLOCK):
        digest.update(block)
        size += len(block)
    return Measured(stream, start, size, digest.hexdigest())


def verified(pieces: Iterable[bytes], sha256: str) -> Iterator[bytes]:
    """The pieces; at their end `Unavailable` when they are not what was once stored."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
        yield piece
    if digest.hexdigest() != sha256:
        raise Unavailable(
            "The recording that came back is not the one that was stored: its SHA-256 is another.",
            cause=Cause.REMOTE_ERROR,
        )
