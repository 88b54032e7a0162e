"""The small interface of all ways to deliver a file, and what they share."""

import uuid
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import ClassVar

from integrations.diagnosis.verdict import Passed
from integrations.errors import Cause, Rejected, Stage

CONNECT_SECONDS, ANSWER_SECONDS = 8.0, 20.0
TRIAL = b"A test delivery. This file may be deleted.\n"


class Part(ABC):
    """An open connection, in the folder where files go. All methods raise `IntegrationError`."""

    @abstractmethod
    def write(self, name: str, content: bytes) -> None:
        """Write a file, over what an earlier attempt left under that name."""

    @abstractmethod
    def rename(self, name: str, to: str) -> None:
        """Give it its name. Never over another file, as far as the server can tell."""

    @abstractmethod
    def read(self, name: str, limit: int) -> bytes | None:
        """What a file holds, at most `limit` bytes; None where there is none."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Remove a file; no error where there is none."""


class FileDoor(ABC):
    """One place for files. `stages`: what a test goes through, in order."""

    stages: ClassVar[tuple[Stage, ...]]

    @abstractmethod
    def opened(self, passed: list[Passed]) -> AbstractContextManager[Part]:
        """Connect, log in and enter the folder; tells each stage that went well in `passed`."""

    def put(self, name: str, content: bytes) -> str:
        """Deliver a file; returns the last words about it. Doing it again does no harm."""
        with self.opened([]) as part:
            there = part.read(name, len(content) + 1)
            if there is not None:
                return known(there, content, name, Stage.RENAME)
            part.write(f"{name}.part", content)
            part.rename(f"{name}.part", name)
        return f"{name} was written and renamed."

    def test(self, passed: list[Passed]) -> None:
        """Go through all stages with a small file, which is deleted again; tells each that went well in `passed`.
        Raises `IntegrationError` at the first fault."""
        name = f"test-{uuid.uuid4().hex[:8]}.txt"
        with self.opened(passed) as part:
            part.write(f"{name}.part", TRIAL)
            passed.append(Passed(Stage.WRITE, f"A file of {len(TRIAL)} bytes was written"))
            try:
                part.rename(f"{name}.part", name)
                passed.append(Passed(Stage.RENAME, "It was renamed, and is deleted again"))
            finally:
                part.delete(name)
                part.delete(f"{name}.part")


def known(there: bytes, content: bytes, name: str, stage: Stage) -> str:
    """The last words about a file whose name is taken by the same bytes. Raises `Rejected` where it holds others."""
    if there == content:
        return f"{name} was there already, with the same bytes."
    raise Rejected(
        f"There is another file with the name {name}. It was left as it is.",
        cause=Cause.CONFLICT,
        stage=stage,
    )
