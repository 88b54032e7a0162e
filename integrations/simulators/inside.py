"""Simulators without a server: one request goes straight into the application and its answer comes back.

For dry runs. Every `Inside` has simulators of its own in their first state, so two runs of the same call see the same
vendor, whatever people do with the simulators that are running meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.applications import Starlette
from starlette.types import Message

from . import SIMULATORS
from .app import DEFAULT_DESKTOP, mount
from .base import Simulator, Surroundings

CLASSES = {simulator.key: simulator for simulator in SIMULATORS}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Inside:
    """The simulators of one dry run, each made when it is first spoken to."""

    def __init__(self, fault: str = "") -> None:
        """`fault`: the name of a fault that every vendor has from now on, see `faults`."""
        self.fault = fault
        self._apps: dict[str, Starlette] = {}

    def knows(self, url: str) -> bool:
        return self._key(url) in CLASSES

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Raises `LookupError` for an address of no simulator."""
        app = self._app(self._key(url))
        # A loop of its own in a thread of its own: the caller may be inside of one, and stands behind shut doors.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, _exchange(app, method, url, headers, body)).result()

    @staticmethod
    def _key(url: str) -> str:
        return urlsplit(url).path.lstrip("/").partition("/")[0]

    def _app(self, key: str) -> Starlette:
        if key not in CLASSES:
            raise LookupError(f"There is no simulator {key!r}.")
        if key not in self._apps:
            simulator: Simulator = CLASSES[key](Surroundings(desktop_url=DEFAULT_DESKTOP))
            if self.fault:
                simulator.faults.replace({"fault": self.fault})
            self._apps[key] = Starlette(routes=[mount(simulator), *simulator.root_routes()])
        return self._apps[key]


async def _exchange(app: Starlette, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    status, found, parts = 0, {}, []
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        nonlocal status, found
        if message["type"] == "http.response.start":
            status = message["status"]
            found = {name.decode("latin-1"): value.decode("latin-1") for name, value in message["headers"]}
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(_scope(method, url, headers, body), receive, send)
    return Answer(status, found, b"".join(parts))


def _scope(method: str, url: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    parts = urlsplit(url)
    sent = {"host": parts.netloc, **{name.lower(): str(value) for name, value in headers.items()}}
    sent.setdefault("content-length", str(len(body)))
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": parts.scheme, "path": unquote(parts.path), "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(), "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent.items()],
        "server": (parts.hostname or "localhost", parts.port or 80), "client": ("127.0.0.1", 0),
    }  # fmt: skip
