"""What every simulated messenger has: a conversation that can be read, a form to write as a customer, and calls to the
webhook that the account has set, signed as the vendor signs them.

`POST /<key>/_send` does what the form does. The address is the setting `webhook_url`; the vendor's own call for setting
a webhook writes it there.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from abc import abstractmethod
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, ClassVar

import requests
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from . import control, pages
from .base import Simulator
from .pictures import SAMPLES, Album, File, NotFetched

KEPT = 200
NO_WEBHOOK = "No webhook is set. Press Set Webhook on the account, or write webhook_url into the settings."


@dataclass(frozen=True)
class Said:
    """What a customer does. `kind`: message, or another of the vendor's kinds that `kinds` names. `picture`: the name
    of a sample, or an address."""

    user: str = ""
    name: str = "Robin Example"
    text: str = "Hello, can you help me?"
    picture: str = ""
    kind: str = "message"
    wrong_signature: bool = False
    batch: bool = False
    repeat: int = 1

    @property
    def sample(self) -> File | None:
        return SAMPLES.get(self.picture)


@dataclass(frozen=True)
class Call:
    """One call to the webhook, ready to be sent."""

    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "POST"
    query: dict[str, str] = field(default_factory=dict)


class MessengerSimulator(Simulator):
    pages = (("Conversation", "/"),)
    default_counts = {"sent": 0, "delivered_calls": 0, "refused_calls": 0}
    kinds: ClassVar[tuple[str, ...]] = ("message",)
    customer: ClassVar[str] = "2002"
    call_seconds: ClassVar[float] = 5.0  # how long this vendor waits for an answer to its call
    has_batches: ClassVar[bool] = False
    has_pictures: ClassVar[bool] = True
    samples: ClassVar[tuple[str, ...]] = tuple(SAMPLES)

    def reset(self) -> None:
        super().reset()
        self.album = Album()
        self.looking: set[asyncio.Task[None]] = set()
        self.lines: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []
        self.here = ""
        self.numbers = itertools.count(1)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/_send", self.send, methods=["POST"]),
            Route("/_board", self.board_json, methods=["GET"]),
            Route("/_live/board", self.board_live, methods=["GET"]),
            Route("/_pictures/{number:int}", self.show_picture, methods=["GET"]),
            Route("/", self.board_page, methods=["GET"]),
            *self.vendor_routes(),
        ]

    @abstractmethod
    def vendor_routes(self) -> list[BaseRoute]:
        """The vendor's own addresses."""

    @abstractmethod
    def calls_for(self, said: Said) -> list[Call]:
        """What this vendor sends to the webhook when a customer does this, signed."""

    # -- the customer writes

    async def send(self, request: Request) -> Response:
        is_form = "json" not in request.headers.get("content-type", "")
        try:
            values = dict(await request.form()) if is_form else await control.json_body(request)
            said = self.said(values)
            self.here = f"{request.url.scheme}://{request.url.netloc}/{self.key}"
        except (TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)
        if not self.settings["webhook_url"]:
            answer: dict[str, Any] = {"error": NO_WEBHOOK}
            self.note_call(said.kind, None, NO_WEBHOOK)
        else:
            answer = {"webhook_url": self.settings["webhook_url"], "calls": await self.deliver(said)}
        if is_form:
            return RedirectResponse(f"/{self.key}/", 303)
        return JSONResponse(answer, 409 if "error" in answer else 200)

    def said(self, values: Any) -> Said:
        if not isinstance(values, dict):
            raise ValueError("an object is expected")
        known = {entry.name: type(entry.default) for entry in fields(Said)}
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise ValueError(f"unknown key {unknown[0]!r}; there are: {', '.join(known)}")
        given: dict[str, Any] = {name: of_type(known[name], value) for name, value in values.items()}
        given["user"] = given.get("user") or self.customer
        said = Said(**given)
        if said.kind not in self.kinds or not 1 <= said.repeat <= 20:
            raise ValueError(f"kind is one of {', '.join(self.kinds)}; repeat is 1 to 20")
        return said

    async def deliver(self, said: Said) -> list[dict[str, Any]]:
        """The same bytes as often as asked: a repetition is the same event."""
        if said.kind == "message":
            image = self.album.keep(said.sample) if said.sample and said.sample.is_picture else ""
            self.note_line("in", said.user, said.text, said.picture, image=image)
        calls = self.calls_for(said)
        return [await self.call(said.kind, call) for _ in range(said.repeat) for call in calls]

    async def call(self, kind: str, call: Call, *, url: str = "") -> dict[str, Any]:
        try:
            answer = await run_in_threadpool(self._post, call, url or str(self.settings["webhook_url"]))
        except requests.RequestException as error:
            return self.note_call(kind, None, type(error).__name__)
        return self.note_call(kind, answer.status_code, answer.text[:500])

    def _post(self, call: Call, url: str) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                call.method, url, params=call.query, data=call.body, headers=call.headers, timeout=self.call_seconds,
                allow_redirects=False,
            )  # fmt: skip

    # -- what is remembered

    def note_line(self, direction: str, user: str, text: str, picture: str = "", *, image: str = "") -> dict[str, Any]:
        """`image` is where the page finds the picture, `trouble` why it does not."""
        line = {
            "at": clock(), "direction": direction, "user": user, "text": text, "picture": picture, "image": image,
            "trouble": "",
        }  # fmt: skip
        self.lines.insert(0, line)
        del self.lines[KEPT:]
        if direction == "out":
            self.counts["sent"] += 1
        return line

    def look_later(self, line: dict[str, Any]) -> None:
        """Fetch the picture of a message that was taken already: what went wrong is not told to the sender."""
        if line["picture"]:
            task = asyncio.get_running_loop().create_task(self._look(line))
            self.looking.add(task)
            task.add_done_callback(self.looking.discard)

    async def _look(self, line: dict[str, Any]) -> None:
        try:
            line["image"] = await self.album.fetch(line["picture"])
        except NotFetched as reason:
            line["trouble"] = str(reason)

    async def show_picture(self, request: Request) -> Response:
        return await self.album.show(request)

    # -- files of customers, for the vendors that give an address

    def file_address(self, said: Said) -> str:
        return f"{self.here}/files/{said.picture}" if said.sample else said.picture

    async def hand_out(self, request: Request) -> Response:
        sample = SAMPLES.get(request.path_params["name"])
        return sample.response() if sample else Response("Not found", 404, media_type="text/plain")

    def note_call(self, kind: str, status: int | None, answer: str) -> dict[str, Any]:
        accepted = status is not None and 200 <= status < 300
        self.counts["delivered_calls" if accepted else "refused_calls"] += 1
        entry = {"at": clock(), "kind": kind, "status": status, "answer": answer}
        self.calls.insert(0, entry)
        del self.calls[KEPT:]
        return entry

    def view(self) -> dict[str, Any]:
        return {"webhook_url": self.settings["webhook_url"], "lines": self.lines, "calls": self.calls}

    async def board_json(self, request: Request) -> Response:
        return JSONResponse(self.view())

    async def board_live(self, request: Request) -> Response:
        return pages.render(request, "_messenger_board.html", simulator=self, board=self.view())

    async def board_page(self, request: Request) -> Response:
        if control.wants_json(request):
            return JSONResponse(self.view())
        empty = asdict(Said(user=self.customer))
        return pages.render(request, "messenger_board.html", simulator=self, board=self.view(), said=empty)


def of_type(kind: Any, value: Any) -> Any:
    """A value of a form or of JSON as the type that is wanted; a box that is ticked says "on"."""
    if kind is bool:
        return value is True or str(value).lower() in ("on", "true", "1")
    return int(value) if kind is int else str(value)


def clock() -> str:
    return datetime.now(UTC).strftime("%H:%M:%S")


def milliseconds() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


def compact(body: Any) -> bytes:
    """JSON as it travels: the signature is over these bytes."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


async def parameters(request: Request) -> dict[str, Any]:
    """Query, form and JSON together, the body first."""
    found: dict[str, Any] = dict(request.query_params)
    kind = request.headers.get("content-type", "")
    if "json" in kind:
        body = json.loads(await request.body() or b"{}")
        found |= body if isinstance(body, dict) else {}
    elif "form" in kind:
        found |= dict(await request.form())
    return found
