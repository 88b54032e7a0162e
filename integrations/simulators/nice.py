"""A recording system that follows calls and agents, and says when their story makes no sense.

Profile `rec-json-1` over HTTP Basic. Recording depends on order, so the receiver checks it: `session.start` first,
each call offered, started, held and retrieved, ended. Prefixes must be on our agents exactly once and never on a
customer's number. Events are told apart by `id`; a repeated one is counted and forgotten.
"""

from __future__ import annotations

import hmac
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from . import checks, control, nice_rules, pages
from .base import Simulator
from .basic import decoded
from .recorder import warn
from .truth import Adherence, Belief, with_reason

USERNAME = "demo-nice"
PASSWORD = "demo-nice-password"  # noqa: S105 - the published password of a simulator
KEPT = 500

ENVELOPE: dict[str, checks.Check] = {
    "version": lambda value: value == 1,
    "account": checks.text,
    "sequence": checks.count,
    "sent_at": checks.timestamp,
    "events": checks.listing,
}


@dataclass
class Story:
    """What the recorder has understood so far."""

    session: bool = False
    agents: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    events: list[dict[str, Any]] = field(default_factory=list)
    duplicates: int = 0
    keepalives: int = 0
    last_keepalive: float | None = None
    largest_gap: float = 0
    problems: list[str] = field(default_factory=list)
    last_sequence: int | None = None


class Nice(Adherence, Simulator):
    key = "nice"
    title = "NICE recording receiver"
    description = "Takes agent and call events for recording, checks their order and prefixes, counts keep-alives."
    pages = (("Recording board", "/"),)
    default_counts = {"events": 0, "duplicates": 0, "keepalives": 0, "problems": 0}
    more_heads = ("Extension",)
    default_settings = {
        "strict": True,
        "username": USERNAME,
        "password": PASSWORD,
        "agent_prefix": "",
        "extension_prefix": "",
    }

    def reset(self) -> None:
        super().reset()
        self.story = Story()

    def secrets(self) -> list[str]:
        return [PASSWORD, *([self.settings["password"]] if self.settings else [])]

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/events", self.events, methods=["POST"]),
            Route("/_board", self.board_json, methods=["GET"]),
            Route("/_live/board", self.board_live, methods=["GET"]),
            Route("/", self.board_page, methods=["GET"]),
            *self.truth_routes(),
        ]

    async def events(self, request: Request) -> Response:
        if not self._credentials_right(request):
            headers = {"WWW-Authenticate": 'Basic realm="NICE"'}
            return JSONResponse({"status": "refused", "errors": ["credentials rejected"]}, 401, headers)
        try:
            data = json.loads(await request.body())
        except ValueError:
            return JSONResponse({"status": "refused", "errors": ["the body is not JSON"]}, 400)
        found = checks.problems(data, ENVELOPE, "batch") or self._shape_problems(data)
        if found:
            self._note(request, found)
            return JSONResponse({"status": "refused", "errors": found}, 422)
        found = self._take(data)
        self._note(request, found)
        return JSONResponse({"status": "accepted", "sequence": data["sequence"], "warnings": found})

    def _credentials_right(self, request: Request) -> bool:
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        wanted = f"{self.settings['username']}:{self.settings['password']}"
        return scheme.lower() == "basic" and hmac.compare_digest(decoded(credentials).encode(), wanted.encode())

    def _shape_problems(self, data: dict[str, Any]) -> list[str]:
        found = []
        for number, event in enumerate(data["events"]):
            found += nice_rules.shape_problems(event, f"events[{number}]")
        return found

    def _take(self, data: dict[str, Any]) -> list[str]:
        """Applies the batch; an event that makes no sense is kept, with a problem beside it."""
        story, found = self.story, []
        if story.last_sequence is not None and data["sequence"] <= story.last_sequence and data["events"]:
            fresh = [event for event in data["events"] if event["id"] not in story.seen]
            if fresh:
                found.append(f"sequence {data['sequence']} does not follow {story.last_sequence}")
        story.last_sequence = max(data["sequence"], story.last_sequence or 0)
        for event in data["events"]:
            if event["id"] in story.seen:
                story.duplicates += 1
                self.counts["duplicates"] += 1
                continue
            found += self._one(event)
        self.compare()
        return found

    def _one(self, event: dict[str, Any]) -> list[str]:
        story = self.story
        story.seen.add(event["id"])
        self.counts["events"] += 1
        if event["type"] == "keepalive":
            self._keepalive()
        found = nice_rules.order_problems(story, event)
        found += nice_rules.prefix_problems(event, self.settings["agent_prefix"], self.settings["extension_prefix"])
        nice_rules.apply(story, event)
        about = event["agents"] if event["type"] == "session.start" else [event]
        self.hear(each["agent_id"] for each in about if each.get("agent_id"))
        story.events.insert(0, {**event, "problems": found})
        del story.events[KEPT:]
        return found

    def _keepalive(self) -> None:
        story, now = self.story, time.monotonic()
        if story.last_keepalive is not None:
            story.largest_gap = max(story.largest_gap, now - story.last_keepalive)
        story.last_keepalive = now
        story.keepalives += 1
        self.counts["keepalives"] += 1

    def _note(self, request: Request, found: list[str]) -> None:
        self.counts["problems"] += len(found)
        self.story.problems = (found + self.story.problems)[:KEPT]
        for text in found:
            warn(request, text)

    def believed(self) -> dict[str, Belief]:
        """Who has logged in and no state yet is seen as such: the next event brings it."""
        return {
            name: Belief(
                with_reason(a.get("state") or "no state", a.get("reason")), a.get("state") or "LOGGED_OUT",
                seconds_since(a.get("since")), (a.get("extension") or "",),
            )
            for name, a in list(self.story.agents.items())
        }  # fmt: skip

    def name_of(self, agent: dict[str, Any]) -> str:
        return f"{self.settings['agent_prefix']}{agent['login_id']}"

    def complaints(self) -> list[str]:
        return self.story.problems

    def view(self) -> dict[str, Any]:
        story = self.story
        age = None if story.last_keepalive is None else round(time.monotonic() - story.last_keepalive, 1)
        return {
            "session": story.session,
            "agents": [story.agents[name] for name in sorted(story.agents)],
            "calls": list(story.calls.values())[::-1][:100],
            "events": story.events[:100],
            "duplicates": story.duplicates,
            "keepalives": story.keepalives,
            "seconds_since_keepalive": age,
            "largest_keepalive_gap": round(story.largest_gap, 2),
            "last_sequence": story.last_sequence,
            "problems": story.problems[:100],
        }

    async def board_json(self, request: Request) -> Response:
        return JSONResponse(self.view())

    async def board_live(self, request: Request) -> Response:
        return pages.render(request, "_nice_board.html", simulator=self, board=self.view())

    async def board_page(self, request: Request) -> Response:
        if control.wants_json(request):
            return JSONResponse(self.view())
        return pages.render(request, "nice_board.html", simulator=self, board=self.view())


def seconds_since(at: str | None) -> int | None:
    return max(0, int((datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds())) if at else None
