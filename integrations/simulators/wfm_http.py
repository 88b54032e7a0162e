"""A workforce-management server that takes agent states by HTTP POST, and the board it keeps from them.

Profile `rta-json-1`. The receiver is strict: keys always present, agents sorted by `login_id`, times in UTC with Z,
the sequence always rising. A `test` changes nothing on the board; absence from a `full` means logged out.
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

from . import checks, control, pages
from .base import Simulator
from .recorder import warn
from .truth import Adherence, Belief, with_reason

TOKEN = "demo-wfm-token"  # noqa: S105 - the published token of a simulator
STATES = ("READY", "BUSY", "ACW", "SUPERVISING", "NOT_READY", "LOGGED_OUT", "RINGING")
ERRORS_KEPT = 50
# A tick that comes this much after its time is late; twice the interval means that one was missed.
LATE_FACTOR = 1.5

ENVELOPE: dict[str, checks.Check] = {
    "version": lambda value: value == 1,
    "feed": lambda value: value == "wfm-rta",
    "account": checks.text,
    "tenant": checks.optional(checks.text),
    "type": checks.one_of("full", "delta", "test"),
    "sequence": checks.count,
    "timestamp": checks.timestamp,
    "interval": checks.number,
    "agents": checks.listing,
    "services": checks.listing,
}
AGENT: dict[str, checks.Check] = {
    "login_id": checks.text,
    "employee_id": checks.optional(checks.text),
    "extension": checks.optional(checks.text),
    "first_name": checks.optional(checks.text),
    "last_name": checks.optional(checks.text),
    "team": checks.optional(checks.text),
    "state": checks.one_of(*STATES),
    "state_code": checks.count,
    "reason": checks.optional(checks.text),
    "reason_code": checks.optional(checks.count),
    "state_since": checks.timestamp,
    "time_in_state": checks.count,
    "services": checks.listing,
    "active": checks.optional(checks.mapping),
}
COUNTS = (
    "waiting", "longest_wait", "active", "agents_logged_in", "agents_ready", "agents_busy", "agents_acw",
    "agents_not_ready", "received", "queued", "answered", "abandoned", "abandoned_short", "answered_in_sl",
    "sl_threshold",
)  # fmt: skip
SERVICE: dict[str, checks.Check] = {
    "name": checks.text,
    "code": checks.optional(checks.text),
    "media": checks.text,
    **{name: checks.optional(checks.count) for name in COUNTS},
    **{name: checks.optional(checks.number) for name in ("sl_percent", "asa", "aht")},
    "since": checks.timestamp,
}


@dataclass
class Board:
    """What the receiver believes about the agents."""

    agents: dict[str, dict[str, Any]] = field(default_factory=dict)
    services: list[dict[str, Any]] = field(default_factory=list)
    last_sequence: dict[str, int] = field(default_factory=dict)
    last_at: float | None = None
    last_type: str = ""
    interval: float = 0
    received: int = 0
    tests: int = 0
    late: int = 0
    missed: int = 0
    errors: list[dict[str, str]] = field(default_factory=list)


class Wfm(Adherence, Simulator):
    key = "wfm_http"
    title = "WFM receiver"
    description = (
        "Takes agent states by HTTP POST every interval and shows the adherence board that a WFM server would."
    )
    pages = (("Adherence board", "/"),)
    default_counts = {"accepted": 0, "refused": 0, "tests": 0}
    more_heads = ("Name", "Team", "Services")
    default_settings = {"strict": True, "token": "", "token_header": "Authorization", "token_scheme": "Bearer"}

    def reset(self) -> None:
        super().reset()
        self.board = Board()

    def secrets(self) -> list[str]:
        return [TOKEN, *([self.settings["token"]] if self.settings else [])]

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/feed", self.feed, methods=["POST"]),
            Route("/_board", self.board_json, methods=["GET"]),
            Route("/_live/board", self.board_live, methods=["GET"]),
            Route("/", self.board_page, methods=["GET"]),
            *self.truth_routes(),
        ]

    async def feed(self, request: Request) -> Response:
        if not self._token_right(request):
            return self._refuse(401, ["the token is missing or wrong"])
        try:
            data = json.loads(await request.body())
        except ValueError:
            return self._refuse(400, ["the body is not JSON"])
        found = self._problems(request, data)
        if found:
            for text in found:
                warn(request, text)
            return self._refuse(422, found)
        self._accept(data)
        return JSONResponse({"status": "accepted", "sequence": data["sequence"]})

    def _token_right(self, request: Request) -> bool:
        """Checked when a token is configured, in whatever header the account sends it."""
        if not self.settings["token"]:
            return True
        scheme = self.settings["token_scheme"]
        wanted = f"{scheme} {self.settings['token']}" if scheme else self.settings["token"]
        sent = request.headers.get(self.settings["token_header"], "")
        return hmac.compare_digest(sent.encode(), wanted.encode())

    def _problems(self, request: Request, data: Any) -> list[str]:
        found = checks.problems(data, ENVELOPE, "feed")
        if found:
            return found
        if not request.headers.get("content-type", "").startswith("application/json"):
            found.append("the content type is not application/json")
        for number, agent in enumerate(data["agents"]):
            found += checks.problems(agent, AGENT, f"agents[{number}]")
        for number, service in enumerate(data["services"]):
            found += checks.problems(service, SERVICE, f"services[{number}]")
        return found or self._order_problems(request, data)

    def _order_problems(self, request: Request, data: dict[str, Any]) -> list[str]:
        found = []
        for name, key in (("agents", "login_id"), ("services", "name")):
            keys = [entry[key] for entry in data[name]]
            if keys != sorted(keys) or len(set(keys)) != len(keys):
                found.append(f"{name} are not sorted by {key} or repeat one")
        sequence = request.headers.get("x-feed-sequence")
        if sequence is not None and sequence != str(data["sequence"]):
            found.append("X-Feed-Sequence differs from the body")
        if data["type"] == "test" and (data["agents"] or data["services"]):
            found.append("a test carries empty lists")
        # A test stands outside the sequence: whoever presses the button does not know where the feed is.
        last = None if data["type"] == "test" else self.board.last_sequence.get(data["account"])
        if data["type"] != "test" and last is not None and data["sequence"] <= last:
            found.append(f"sequence {data['sequence']} does not follow {last}")
        if data["type"] == "delta" and last is not None and data["sequence"] > last + 1:
            found.append(f"sequence {data['sequence']} comes after {last}: changes are missing")
        if data["type"] == "delta" and not self.board.last_type:
            found.append("a delta came before the first full")
        return found

    def _accept(self, data: dict[str, Any]) -> None:
        board = self.board
        self.counts["accepted"] += 1
        if data["type"] == "test":
            # Never a full: an empty full would log everybody out.
            board.tests += 1
            self.counts["tests"] += 1
            return
        board.last_sequence[data["account"]] = data["sequence"]
        self._time(float(data["interval"]))
        if data["type"] == "full":
            board.agents = {}
        for agent in data["agents"]:
            board.agents[agent["login_id"]] = agent
        self.hear(agent["login_id"] for agent in data["agents"])
        board.services = data["services"] or board.services
        board.last_type = data["type"]
        board.received += 1
        self.compare()

    def _time(self, interval: float) -> None:
        board, now = self.board, time.monotonic()
        gap = now - board.last_at if board.last_at is not None else 0
        if interval > 0 and gap > LATE_FACTOR * interval:
            board.late += 1
            board.missed += max(0, round(gap / interval) - 1)
        board.last_at, board.interval = now, interval

    def _refuse(self, status: int, found: list[str]) -> Response:
        self.counts["refused"] += 1
        at = datetime.now(UTC).strftime("%H:%M:%S")
        self.board.errors = [{"at": at, "text": text} for text in found[:5]] + self.board.errors
        del self.board.errors[ERRORS_KEPT:]
        return JSONResponse({"status": "refused", "errors": found}, status)

    def believed(self) -> dict[str, Belief]:
        extra = 0 if self.board.last_at is None else int(time.monotonic() - self.board.last_at)
        return {
            name: Belief(with_reason(a["state"], a["reason"]), a["state"], a["time_in_state"] + extra, described(a))
            for name, a in list(self.board.agents.items())
            if a["state"] != "LOGGED_OUT"
        }

    def complaints(self) -> list[str]:
        return [f"{error['at']} {error['text']}" for error in self.board.errors]

    def view(self) -> dict[str, Any]:
        board = self.board
        age = None if board.last_at is None else round(time.monotonic() - board.last_at, 1)
        extra = int(age or 0)
        return {
            "agents": [
                {**agent, "age": agent["time_in_state"] + extra}
                for _, agent in sorted(board.agents.items())
                if agent["state"] != "LOGGED_OUT"
            ],
            "services": board.services,
            "last_sequence": max(board.last_sequence.values(), default=None),
            "last_type": board.last_type or None,
            "seconds_since_last": age,
            "interval": board.interval,
            "received": board.received,
            "tests": board.tests,
            "late": board.late,
            "missed": board.missed,
            "errors": board.errors,
        }

    async def board_json(self, request: Request) -> Response:
        return JSONResponse(self.view())

    async def board_live(self, request: Request) -> Response:
        return pages.render(request, "_wfm_board.html", simulator=self, board=self.view())

    async def board_page(self, request: Request) -> Response:
        if control.wants_json(request):
            return JSONResponse(self.view())
        return pages.render(request, "wfm_board.html", simulator=self, board=self.view())


def described(agent: dict[str, Any]) -> tuple[str, str, str]:
    name = " ".join(filter(None, (agent["first_name"], agent["last_name"])))
    return name, agent["team"] or "", ", ".join(agent["services"])
