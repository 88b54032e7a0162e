"""The adherence board of a receiver: each agent as the receiver sees them, how long ago it heard so, and how that
differs from the truth.

A receiver knows only what it was sent. Whoever knows better (a test, the demo) says so with `PUT /<key>/_truth`; the
board shows then who is seen wrongly, since when, and the longest time that anybody ever was. `GET /<key>/_truth` gives
the same to programs.

    {"agents": [{"login_id": "ava", "employee_id": null, "extension": "1001", "state": "NOT_READY", "reason": "Lunch"}]}

Who is not listed is logged out."""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from . import checks
from .base import Simulator

OUT = "LOGGED_OUT"
STATES = ("READY", "BUSY", "ACW", "SUPERVISING", "NOT_READY", OUT)
WORDS = {
    "READY": "Ready", "BUSY": "Busy", "ACW": "After call work", "SUPERVISING": "Supervising",
    "NOT_READY": "Not ready", OUT: "Logged out",
}  # fmt: skip
SHAPE: dict[str, checks.Check] = {"login_id": checks.text, "state": checks.one_of(*STATES)}


@dataclass(frozen=True)
class Belief:
    """An agent as the receiver sees them: in its own words, as one of our colours, for how many seconds."""

    state: str
    color: str
    age: int | None = None
    more: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Line:
    """One agent on the board. `truth`: what the receiver should call it, None where nobody told."""

    agent: str
    belief: Belief
    truth: str | None = None

    @property
    def wrong(self) -> bool:
        return self.truth is not None and self.truth != self.belief.state


@dataclass
class Truth:
    """What was told, and for how long the receiver was wrong about whom (seconds of its own clock)."""

    states: dict[str, str] | None = None
    wrong_since: dict[str, float] = field(default_factory=dict)
    longest: float = 0.0


class Adherence(Simulator):
    """Mixed into a receiver."""

    #: Titles of `Belief.more`.
    more_heads: tuple[str, ...] = ()

    def reset(self) -> None:
        super().reset()
        self.truth = Truth()
        self.truth_lock = threading.Lock()
        self.heard: dict[str, float] = {}

    @abstractmethod
    def believed(self) -> dict[str, Belief]:
        """Everybody who is logged in, as far as the receiver knows, by its own name for them."""

    @abstractmethod
    def complaints(self) -> list[str]:
        """What was wrong with what came, newest first."""

    def name_of(self, agent: dict[str, Any]) -> str:
        """What the receiver calls an agent of the truth."""
        return str(agent["login_id"])

    def wording(self, agent: dict[str, Any]) -> str:
        """What the receiver should call the state of an agent of the truth."""
        return with_reason(agent["state"], agent.get("reason"))

    # -- hearing

    def hear(self, names: Iterable[str]) -> None:
        """States of these agents have come just now, whether they are news or not."""
        self.heard.update(dict.fromkeys(names, time.monotonic()))

    def heard_ago(self, name: str) -> int | None:
        """Seconds since anything was heard of an agent; None: nothing ever was."""
        at = self.heard.get(name)
        return None if at is None else int(time.monotonic() - at)

    # -- comparing

    def lines(self) -> list[Line]:
        """The board, by agent: everybody whom the receiver or the truth knows as logged in."""
        seen, true = self.believed(), self.truth.states
        absent = Belief(OUT, OUT)
        names = sorted({*seen, *(true or ())})
        return [Line(name, seen.get(name, absent), true.get(name, OUT) if true is not None else None) for name in names]

    def compare(self) -> list[Line]:
        """Who is seen wrongly now. Called after whatever may have changed it, so that times are exact."""
        with self.truth_lock:
            now, wrong = time.monotonic(), [line for line in self.lines() if line.wrong]
            names = {line.agent for line in wrong}
            truth = self.truth
            for name in names:
                truth.wrong_since.setdefault(name, now)
            truth.longest = max([truth.longest, *(now - since for since in truth.wrong_since.values())])
            truth.wrong_since = {name: truth.wrong_since[name] for name in names}
            return wrong

    def compare_one(self, name: str, state: str = OUT) -> None:
        """The same for one agent whom the receiver sees so now: where changes come one by one."""
        with self.truth_lock:
            truth, now = self.truth, time.monotonic()
            if truth.states is None:
                return
            since = truth.wrong_since.setdefault(name, now)
            truth.longest = max(truth.longest, now - since)
            if truth.states.get(name, OUT) == state:
                del truth.wrong_since[name]

    def readable(self, state: str) -> str:
        """A state of ours in words; the receiver's own words as they are."""
        base, bracket, reason = state.partition(" (")
        return WORDS.get(base, base) + bracket + reason

    def wrong_for(self, name: str) -> int:
        return int(time.monotonic() - self.truth.wrong_since.get(name, time.monotonic()))

    # -- addresses

    def truth_routes(self) -> list[BaseRoute]:
        return [
            Route("/_truth", self._take_truth, methods=["PUT"]),
            Route("/_truth", self._tell_truth, methods=["GET"]),
        ]

    async def _take_truth(self, request: Request) -> Response:
        data = await request.json()
        agents = data.get("agents") if isinstance(data, dict) else None
        if not isinstance(agents, list):
            return JSONResponse({"errors": ["agents: a list is expected"]}, 422)
        found = [text for n, agent in enumerate(agents) for text in checks.problems(agent, SHAPE, f"agents[{n}]")]
        if found:
            return JSONResponse({"errors": found[:20]}, 422)
        self.truth.states = {self.name_of(a): self.wording(a) for a in agents if a["state"] != OUT}
        return JSONResponse(self.verdict())

    async def _tell_truth(self, request: Request) -> Response:
        return JSONResponse(self.verdict())

    def verdict(self) -> dict[str, Any]:
        wrong = self.compare()
        return {
            "told": self.truth.states is not None,
            "agents": len(self.believed()),
            "differences": [
                {"agent": w.agent, "seen": w.belief.state, "truth": w.truth, "seconds": self.wrong_for(w.agent)}
                for w in wrong
            ],
            "longest_wrong": round(self.truth.longest, 3),
            "complaints": self.complaints(),
        }


def with_reason(state: str, reason: Any) -> str:
    return f"{state} ({reason})" if state == "NOT_READY" and reason else state
