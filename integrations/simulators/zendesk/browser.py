"""The browser of an agent who works in the help desk: its session, who can be chosen in it, and what it is told.

What the help desk pushes into an agent's browser (Talk Partner Edition's display, the apps' notify) is a numbered list
here; the agent workspace asks for what came after the last number that it knows."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from .store import Record

if TYPE_CHECKING:
    from . import Zendesk

COOKIE = "_zendesk_session"
HOME = "agent/dashboard"
KEPT = 200


@dataclass
class Browsers:
    """Sessions (user and the token that writes need), and what was pushed: (number, agent or None for all, message)."""

    sessions: dict[str, tuple[int, str]] = field(default_factory=dict)
    pushed: list[tuple[int, int | None, dict[str, Any]]] = field(default_factory=list)
    last: int = 0

    def push(self, agent: int | None, **message: Any) -> None:
        self.last += 1
        self.pushed = [*self.pushed[-KEPT:], (self.last, agent, message)]

    def after(self, number: int, agent: int) -> list[dict[str, Any]]:
        return [told for at, to, told in self.pushed if at > number and to in (None, agent)]


def user(simulator: Zendesk, request: Request) -> Record | None:
    """Who is signed in to the agent workspace in this browser."""
    known = simulator.browsers.sessions.get(request.cookies.get(COOKIE, ""))
    found = simulator.store.get("user", known[0]) if known else None
    return found if found is not None and not found["suspended"] else None


def token(simulator: Zendesk, request: Request) -> str:
    known = simulator.browsers.sessions.get(request.cookies.get(COOKIE, ""))
    return known[1] if known else ""


def sign_in(simulator: Zendesk, response: Response, who: Record) -> None:
    session = secrets.token_hex(16)
    simulator.browsers.sessions[session] = (who["id"], secrets.token_hex(16))
    response.set_cookie(COOKIE, session, path=f"/{simulator.key}", httponly=True, samesite="lax")


def team(simulator: Zendesk) -> list[Record]:
    """Those who can be chosen in the user switcher: team members who may sign in."""
    return [row for row in simulator.store.rows("user") if row["role"] != "end-user" and not row["suspended"]]


async def switch(simulator: Zendesk, request: Request) -> Response:
    """The user switcher; no password, this is a demo."""
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    response = RedirectResponse(f"/{simulator.key}/{HOME}", 303)
    who = next((row for row in team(simulator) if str(row["id"]) == form.get("user")), None)
    if who is not None:
        sign_in(simulator, response, who)
    return response


async def sign_out(simulator: Zendesk, request: Request) -> Response:
    """Where single sign-on by JWT is on, the browser goes on to the remote log-out address."""
    gone = simulator.browsers.sessions.pop(request.cookies.get(COOKIE, ""), None)
    who = simulator.store.get("user", gone[0]) if gone else None
    address = f"/{simulator.key}/{HOME}"
    if simulator.settings["jwt_sign_on"]:
        address = remote_logout(simulator, email=str((who or {}).get("email") or ""))
    response = RedirectResponse(address, 303)
    response.delete_cookie(COOKIE, path=f"/{simulator.key}")
    return response


def remote_logout(simulator: Zendesk, **query: str) -> str:
    address = (
        str(simulator.settings["remote_logout_url"]) or f"{simulator.surroundings.desktop_url}/agentdesktop?zout=true"
    )
    return with_query(address, **query)


def with_query(address: str, **query: str) -> str:
    added = urlencode({name: value for name, value in query.items() if value})
    return f"{address}{'&' if urlsplit(address).query else '?'}{added}" if added else address


async def told(simulator: Zendesk, request: Request) -> Response:
    """What was pushed to this agent after `?after=`, for the page that is open."""
    who = user(simulator, request)
    number = request.query_params.get("after", "")
    if who is None:
        return JSONResponse({"last": simulator.browsers.last, "messages": []}, 401)
    after = int(number) if number.isdecimal() else simulator.browsers.last
    return JSONResponse({"last": simulator.browsers.last, "messages": simulator.browsers.after(after, who["id"])})
