"""Zapier, which calls and is not called: its connection test, tried from here.

`GET clientweb/api/v1/workflow-trigger` stands for the door of a contact centre, so that a simulated account has
something to knock at. The form on the page does the real thing: it calls the running product as Zapier would, with
Basic credentials and Zapier's User-Agent, follows no redirect, and shows what Zapier would say.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import http.client
import json
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from . import control, faults, pages
from .basic import decoded
from .boards import Board, BoardSimulator, Table

USERNAME = "demo-zapier"
PASSWORD = "demo-zapier-password"  # noqa: S105 - the published password of a simulator
PATH = "/clientweb/api/v1/workflow-trigger"
EVENTS = "/clientweb/api/v1/workflow-events"
CONNECT_SECONDS = 10
LARGEST_ANSWER = 6_000_000


class BadAnswer(Exception):
    """What Zapier would tell the person who builds the zap."""


class Zapier(BoardSimulator):
    key = "zapier"
    title = "Zapier"
    description = "Calls us: tries the connection test of a Zapier app against the running product."
    lead = f"The stand-in door knows user {USERNAME}, password {PASSWORD}."
    default_counts = {"accepted": 0, "refused": 0}
    default_settings = {"username": USERNAME, "password": PASSWORD}

    def reset(self) -> None:
        super().reset()
        self.tries: list[tuple[str, ...]] = []
        self.polls: list[tuple[str, ...]] = []
        self.runs: list[tuple[str, ...]] = []
        self.remembered: dict[str, set[str]] = {}

    def secrets(self) -> list[str]:
        return [PASSWORD, *([self.settings["password"]] if self.settings else [])]

    def routes(self) -> list[BaseRoute]:
        return [
            Route(PATH, self.door, methods=["GET"]),
            Route("/connect", self.connect, methods=["POST"]),
            Route("/poll", self.poll, methods=["POST"]),
            Route("/", self.page, methods=["GET"]),
            *self.board_routes(),
        ]

    async def page(self, request: Request) -> Response:
        if control.wants_json(request):
            return JSONResponse(self.state())
        return pages.render(request, "zapier.html", simulator=self, board=self.board())

    async def door(self, request: Request) -> Response:
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        wanted = f"{self.settings['username']}:{self.settings['password']}"
        right = scheme.lower() == "basic" and hmac.compare_digest(decoded(credentials).encode(), wanted.encode())
        self.counts["accepted" if right else "refused"] += 1
        if not right:
            return wrong()
        return JSONResponse({"id": "simulated", "account": "Simulated", "username": self.settings["username"]})

    async def connect(self, request: Request) -> Response:
        """Zapier's test of a new connection, against the product itself."""
        form = await request.form()
        user, password = str(form.get("username", "")), str(form.get("password", ""))
        verdict = await asyncio.to_thread(knock, self.surroundings.desktop_url, user, password)
        self.tries.insert(0, (user, str(verdict["status"]), verdict["says"]))
        del self.tries[20:]
        if control.wants_json(request):
            return JSONResponse(verdict)
        return RedirectResponse("./", 303)

    async def poll(self, request: Request) -> Response:
        """One turn of a zap. The first fills Zapier's memory and runs nothing; later ones run what is new, once."""
        form = await request.form()
        user, password, event = (str(form.get(name, "")) for name in ("username", "password", "event"))
        address = f"{EVENTS}/{quote(event, safe='')}"
        try:
            answer = await asyncio.to_thread(get, self.surroundings.desktop_url, address, user, password)
            verdict = self._digest(event, items_of(*answer))
        except (OSError, BadAnswer) as error:
            verdict = {"ok": False, "says": str(error), "items": []}
        self.polls = [(event, verdict["says"]), *self.polls][:20]
        if control.wants_json(request):
            return JSONResponse(verdict)
        return RedirectResponse("./", 303)

    def _digest(self, event: str, items: list[dict[str, Any]]) -> dict[str, Any]:
        known = self.remembered.get(event)
        fresh = [item for item in items if known is not None and str(item["id"]) not in known]
        self.remembered[event] = (known or set()) | {str(item["id"]) for item in items}
        told = [(event, str(item["id"]), json.dumps(item, ensure_ascii=False)[:400]) for item in fresh]
        self.runs = [*told, *self.runs][:20]
        says = f"Switched on, {len(items)} remembered" if known is None else f"{len(fresh)} new of {len(items)}"
        return {"ok": True, "says": says, "items": fresh}

    def fault_response(self, fault: faults.Fault, request: Request) -> Response:
        if fault.name in ("bad_credentials", "expired_token", "revoked_token"):
            return wrong()
        return super().fault_response(fault, request)

    def board(self) -> Board:
        return Board(
            facts=[("Accepted at the stand-in door", self.counts["accepted"]), ("Refused", self.counts["refused"])],
            tables=[
                Table("Runs of zaps", ("Event", "Id", "Data"), list(self.runs), "No zap has run."),
                Table("Polls", ("Event", "Zapier says"), list(self.polls), "Nothing has been polled."),
                Table("Connections tried", ("User", "Status", "Zapier says"), list(self.tries)),
            ],
        )


def wrong() -> Response:
    headers = {"WWW-Authenticate": 'Basic realm="Contact centre"'}
    return JSONResponse({"message": "The username or password is not right."}, 401, headers)


def knock(desktop_url: str, user: str, password: str) -> dict[str, Any]:
    """Zapier's test of a new connection, and what Zapier makes of the answer."""
    try:
        return judged(*get(desktop_url, f"{PATH}?tenantUrl={quote(desktop_url, safe='')}", user, password))
    except OSError as error:
        return {"ok": False, "status": 0, "says": f"No connection: {error}"}


def get(desktop_url: str, path: str, user: str, password: str) -> tuple[int, bytes]:
    """One GET as Zapier sends it: status and body. Raises `OSError`."""
    parts = urlsplit(desktop_url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    line = kind(parts.hostname or "", parts.port, timeout=CONNECT_SECONDS)
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "User-Agent": "Zapier", "Accept": "application/json"}
    try:
        line.request("GET", path, headers=headers)
        answer = line.getresponse()
        return answer.status, answer.read(LARGEST_ANSWER)
    finally:
        line.close()


def items_of(status: int, body: bytes) -> list[dict[str, Any]]:
    """The items of a polling trigger. Raises `BadAnswer` where Zapier's core would."""
    try:
        data = json.loads(body)
    except ValueError:
        data = None
    if status != 200:
        raise BadAnswer(f"HTTP {status}: {data.get('message', '') if isinstance(data, dict) else ''}"[:250])
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise BadAnswer("A trigger has to answer with an array of objects.")
    ids = [item.get("id") for item in data]
    if not all(isinstance(id, str | int) for id in ids) or len(set(ids)) < len(ids):
        raise BadAnswer("Each item needs an id, and no two may have the same.")
    return data


def judged(status: int, body: bytes) -> dict[str, Any]:
    """200 with an object is a connection; anything else is a failure, a redirect to a log-in page included."""
    try:
        data = json.loads(body)
    except ValueError:
        data = None
    if status == 200 and isinstance(data, dict):
        return {"ok": True, "status": status, "says": "Connected", "data": data}
    told = data.get("message", "") if isinstance(data, dict) else "the answer is not a JSON object"
    return {"ok": False, "status": status, "says": f"Authentication failed: {told}"[:250]}
