"""What the two simulated recognisers share: sound as it comes over the wire, and the board of what was heard."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response
from starlette.websockets import WebSocket

from integrations import sound

from ..boards import Board, Table
from .listener import Ear, Heard

TELEPHONE = 8000


class CannotDecode(ValueError):
    """The declared or recognised form of the sound is none that can be read."""


@dataclass(frozen=True)
class Form:
    """How sound travels: `codec` is "mulaw", "alaw", "l16" or "wav" (a file, whose head says the rest)."""

    codec: str
    rate: int = TELEPHONE

    def linear(self, data: bytes) -> bytes:
        if self.codec == "mulaw":
            return sound.linear_of(data)
        return sound.audioop.alaw2lin(data, 2) if self.codec == "alaw" else data


class Stream:
    """Sound that comes in pieces, of a form that is known from the begin or from the first bytes (WAV)."""

    def __init__(self, form: Form | None) -> None:
        self.form = form
        self.size = 0
        self.head = b""
        self.ear: Ear | None = None

    async def feed(self, data: bytes) -> list[Heard]:
        self.size += len(data)
        return await self._in_a_thread(lambda: self._feed(data))

    async def end(self) -> list[Heard]:
        return await self._in_a_thread(self._end)

    @property
    def silent_for(self) -> float:
        return self.ear.silent_for if self.ear else 0.0

    @property
    def seconds(self) -> float:
        return self.ear.position if self.ear else 0.0

    async def _in_a_thread(self, work: Callable[[], Iterator[Heard]]) -> list[Heard]:
        return await asyncio.to_thread(lambda: list(work()))

    def _feed(self, data: bytes) -> Iterator[Heard]:
        if self.form is None or self.form.codec == "wav":
            self.head += data  # a file is read when it is complete
            return
        self.ear = self.ear or Ear(self.form.rate)
        yield from self.ear.feed(self.form.linear(data))

    def _end(self) -> Iterator[Heard]:
        if self.head:
            yield from self._read_file()
        if self.ear:
            yield from self.ear.end()

    def _read_file(self) -> Iterator[Heard]:
        try:
            found = sound.read_wav(self.head)
        except sound.NotASound as failure:
            raise CannotDecode(str(failure)) from failure
        self.ear = Ear(found.rate)
        yield from self.ear.feed(found.samples)


def parameters_of(content_type: str) -> tuple[str, dict[str, str]]:
    """`audio/l16;rate=8000` as its name and its parameters, with any blanks."""
    name, *rest = (part.strip().lower() for part in content_type.split(";"))
    pairs = (part.partition("=") for part in rest)
    return name, {key.strip(): value.strip() for key, _, value in pairs}


def caps_of(content_type: str) -> dict[str, str]:
    """GStreamer's way: `audio/x-raw,+layout=(string)interleaved,+rate=(int)8000,...` as a dictionary."""
    return dict(re.findall(r"([a-z]+)=\([a-z]+\)([A-Za-z0-9]+)", content_type))


async def refuse(socket: WebSocket, response: Response) -> None:
    """An HTTP answer in place of the handshake."""
    await socket.receive()
    await socket.send_denial_response(response)


class Memory:
    """What a simulated recogniser has heard, for its page."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []

    def keep(self, stream: Stream, said: list[str]) -> None:
        form = f"{stream.form.codec}, {stream.form.rate} Hz" if stream.form else "WAV file"
        row = (f"{datetime.now(UTC):%H:%M:%S}", form, f"{stream.seconds:.1f}", " / ".join(said) or "(no speech)")
        self.rows = [row, *self.rows][:50]

    def board(self, counts: list[tuple[str, Any]]) -> Board:
        table = Table("Heard", ("When", "Form", "Seconds", "Words"), self.rows, empty="Nothing was said yet.")
        return Board(facts=[("Listens with", "PocketSphinx, American English"), *counts], tables=[table])
