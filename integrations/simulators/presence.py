"""The presence of agents at a simulated vendor: who has which status, and a page on which anybody changes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from . import pages
from .base import Simulator


@dataclass
class Presences:
    """`statuses`: (id, name). `default`: what everybody begins with."""

    statuses: Sequence[tuple[str, str]]
    default: str
    of: dict[str, str] = field(default_factory=dict)
    #: Newest first: (time, agent, status, by whom).
    history: list[tuple[str, str, str, str]] = field(default_factory=list)

    def get(self, user: str) -> str:
        return self.of.get(user, self.default)

    def name(self, status: str) -> str:
        return dict(self.statuses).get(status, status)

    def set(self, user: str, status: str, *, agent: str, by: str) -> None:
        self.of[user] = status
        self.history.insert(0, (datetime.now(UTC).strftime("%H:%M:%S"), agent, self.name(status), by))
        del self.history[100:]


async def page(simulator: Simulator, presences: Presences, people: list[tuple[str, str]], request: Request) -> Response:
    """Every agent with a choice of statuses. `people`: (user id, name)."""
    if request.method == "POST":
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        user, status = form.get("user", ""), form.get("status", "")
        if user in dict(people) and status in dict(presences.statuses):
            presences.set(user, status, agent=dict(people)[user], by="on this page")
        return RedirectResponse(request.url.path, 303)
    rows: list[dict[str, Any]] = [{"id": user, "name": name, "status": presences.get(user)} for user, name in people]
    return pages.render(request, "presence.html", simulator=simulator, presences=presences, people=rows)
