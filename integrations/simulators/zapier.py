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
CONNECT_SECONDS = 10


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

    def secrets(self) -> list[str]:
        return [PASSWORD, *([self.settings["password"]] if self.settings else [])]

    def routes(self) -> list[BaseRoute]:
        return [
            Route(PATH, self.door, methods=["GET"]),
            Route("/connect", self.connect, methods=["POST"]),
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

    def fault_response(self, fault: faults.Fault, request: Request) -> Response:
        if fault.name in ("bad_credentials", "expired_token", "revoked_token"):
            return wrong()
        return super().fault_response(fault, request)

    def board(self) -> Board:
        return Board(
            facts=[("Accepted at the stand-in door", self.counts["accepted"]), ("Refused", self.counts["refused"])],
            tables=[Table("Connections tried", ("User", "Status", "Zapier says"), list(self.tries))],
        )


def wrong() -> Response:
    headers = {"WWW-Authenticate": 'Basic realm="Contact centre"'}
    return JSONResponse({"message": "The username or password is not right."}, 401, headers)


def knock(desktop_url: str, user: str, password: str) -> dict[str, Any]:
    """One GET as Zapier sends it, and what Zapier makes of the answer."""
    parts = urlsplit(desktop_url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    line = kind(parts.hostname or "", parts.port, timeout=CONNECT_SECONDS)
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "User-Agent": "Zapier", "Accept": "application/json"}
    try:
        line.request("GET", f"{PATH}?tenantUrl={quote(desktop_url, safe='')}", headers=headers)
        answer = line.getresponse()
        return judged(answer.status, answer.read(100_000))
    except OSError as error:
        return {"ok": False, "status": 0, "says": f"No connection: {error}"}
    finally:
        line.close()


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
