"""A receiver of Verint's real-time adherence events that listens on TCP, profile `verint-ndjson-1`.

Strict: one JSON object per line with exactly the documented names in their order; each connection begins with *feed
normal* (`extErrorCode` 1), after which nobody is logged in until a log-in says so; who logs in was out, who changes or
logs out was in; nothing comes after *shutdown* (4). It never answers. Further fault: `deaf` does not read."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import dataclass
from io import BufferedIOBase
from typing import Any

from starlette.routing import BaseRoute

from . import checks
from .boards import Board
from .listening import ListeningSimulator
from .truth import Adherence, Belief

LONGEST_LINE = 64 * 1024
LOGIN, LOGOUT, CHANGE = 26, 27, 28
MODES = {1: "READY", 2: "BUSY", 3: "ACW", 4: "SUPERVISING", 5: "NOT_READY", 27: "LOGGED_OUT"}
KEPT = 50


def at_most(length: int) -> checks.Check:
    return lambda value: isinstance(value, str) and len(value) <= length


def nothing(value: Any) -> bool:
    return bool(value == "")


EVENT: dict[str, checks.Check] = {
    "eventType": lambda value: value in (LOGIN, LOGOUT, CHANGE),
    "agentId": at_most(128),
    "monitorParty": nothing,
    "timeStamp": checks.timestamp,
    "agentMode": checks.count,
    "agentGroup": at_most(24),
    "agentData": nothing,
    "badDevType": nothing,
    "reasonCode": at_most(24),
    "extErrorCode": lambda value: value in (0, 1, 3, 4),
}


@dataclass
class Seen:
    mode: int
    reason: str
    group: str
    since: float


class Verint(Adherence, ListeningSimulator):
    key = "wfm_verint"
    title = "Verint adherence receiver"
    description = "Listens on TCP for Verint's agent events and shows the adherence board."
    lead = "Connect by TCP to the address below; this page only shows what came."
    fragment = "_adherence_board.html"
    pages = (("Adherence board", "/"),)
    tcp_port = 3
    idle_seconds = 4000.0  # nothing is sent while nothing changes
    extra_faults = ("deaf",)
    default_counts = {"connections": 0, "events": 0, "normal": 0, "unavailable": 0, "shutdowns": 0, "changes": 0}
    more_heads = ("Group",)

    def reset(self) -> None:
        super().reset()
        self.agents: dict[str, Seen] = {}
        self.problems: list[str] = []
        self.health = "no connection yet"

    def routes(self) -> list[BaseRoute]:
        return [*self.truth_routes(), *self.board_routes()]

    # -- one connection

    def talk(self, stream: BufferedIOBase, connection: socket.socket) -> None:
        self.counts["connections"] += 1
        if self.meets_fault(connection):
            return
        began = ended = False
        while line := stream.readline(LONGEST_LINE + 1):
            self._play_deaf()
            if self.meets_fault(connection):
                return
            event, found = read(line)
            if ended:
                found = found or ["an event came after the shutdown"]
            if not found and not began and event["extErrorCode"] != 1:
                found = ["the first event of a connection is not feed normal"]
            found = found or self._objections(event)
            if found:
                self.problems = (found + self.problems)[:KEPT]
                return
            began, ended = True, event["extErrorCode"] == 4
            self._learn(event)

    def _play_deaf(self) -> None:
        while any(fault.name == "deaf" for fault in self.faults.active()):
            time.sleep(0.05)

    def _objections(self, event: dict[str, Any]) -> list[str]:
        kind, name, mode = event["eventType"], event["agentId"], event["agentMode"]
        if event["extErrorCode"]:
            whole = kind == CHANGE and not name and not mode and not event["reasonCode"]
            return [] if whole else ["an event about the feed names an agent, a mode or a reason, or is not of type 28"]
        if not name or mode not in MODES:
            return [f"an event has no agent, or the unknown mode {mode}"]
        if (kind == LOGOUT) != (mode == LOGOUT):
            return [f"{name}: the event type {kind} and the mode {mode} contradict each other"]
        if event["reasonCode"] and mode != 5:
            return [f"{name}: a reason without Not Ready"]
        if (name in self.agents) == (kind == LOGIN):
            return [f"{name}: logs in twice" if kind == LOGIN else f"{name}: event {kind} before a log-in"]
        return []

    def _learn(self, event: dict[str, Any]) -> None:
        self.counts["events"] += 1
        code, name = event["extErrorCode"], event["agentId"]
        self.hear([name])
        if code:
            self.counts[{1: "normal", 3: "unavailable", 4: "shutdowns"}[code]] += 1
            self.health = {1: "normal", 3: "unavailable", 4: "shut down"}[code]
            self.agents = {} if code == 1 else self.agents
            self.compare()
            return
        if event["eventType"] == LOGOUT:
            self.agents.pop(name)
            self.compare_one(name)
            return
        self.counts["changes"] += event["eventType"] == CHANGE
        old = self.agents.get(name)
        same = old is not None and (old.mode, old.reason) == (event["agentMode"], event["reasonCode"])
        since = old.since if old is not None and same else time.monotonic()
        seen = self.agents[name] = Seen(event["agentMode"], event["reasonCode"], event["agentGroup"], since)
        self.compare_one(name, self._belief(seen, since).state)

    # -- the page

    def believed(self) -> dict[str, Belief]:
        now = time.monotonic()
        return {name: self._belief(seen, now) for name, seen in list(self.agents.items())}

    def _belief(self, seen: Seen, now: float) -> Belief:
        state = MODES[seen.mode]
        text = f"{state} ({seen.reason})" if seen.reason else state
        return Belief(text, state, int(now - seen.since), (seen.group,))

    def wording(self, agent: dict[str, Any]) -> str:
        reason = str(agent.get("reason") or "")[:24] if agent["state"] == "NOT_READY" else ""
        return f"{agent['state']} ({reason})" if reason else str(agent["state"])

    def complaints(self) -> list[str]:
        return self.problems

    def board(self) -> Board:
        facts: list[tuple[str, Any]] = [("Listening (TCP)", self.listening), ("Feed", self.health), *self.figures()]
        return Board(facts=facts, tables=[], problems=self.problems)

    def state(self) -> dict[str, Any]:
        agents = [
            {"agent_id": name, "state": MODES[s.mode], "reason": s.reason} for name, s in sorted(self.agents.items())
        ]
        return {
            "agents": agents, "problems": self.problems, "listening": self.listening, "health": self.health,
            **self.default_counts, **self.counts,
        }  # fmt: skip


def read(line: bytes) -> tuple[dict[str, Any], list[str]]:
    """One event, and what is wrong with it."""
    if not line.endswith(b"\n") or len(line) > LONGEST_LINE:
        return {}, ["a line is not ended by LF, or is over 64 KiB"]
    try:
        event = json.loads(line)
    except ValueError:
        return {}, ["a line is not JSON"]
    found = checks.problems(event, EVENT, "event")
    if not found and list(event) != list(EVENT):
        found = [f"the names are not the documented ones in their order: {', '.join(event)}"]
    return event, found
