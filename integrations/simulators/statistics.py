"""A statistics receiver that listens on TCP, profile `stats-ndjson-1`: the port after the simulators' own.

Strict: `hello` first, lines numbered from 1 without a gap, no line over 1 MiB, a block counts only when its `end`
agrees with what came. Nothing is ever answered.
"""

from __future__ import annotations

import json
import socket
import time
from io import BufferedIOBase
from typing import Any

from starlette.routing import BaseRoute

from . import checks
from .boards import Board, Table
from .listening import ListeningSimulator
from .truth import Adherence, Belief, with_reason

LONGEST_LINE = 1024 * 1024
LINES: dict[str, dict[str, checks.Check]] = {
    "hello": {"version": lambda value: value == 1, "source": checks.text, "interval": checks.number},
    "service": {"name": checks.text, "code": checks.optional(checks.text), "stats": checks.mapping},
    "agent": {"login_id": checks.text, "state": checks.text, "time_in_state": checks.count, "stats": checks.mapping},
    "end": {"services": checks.count, "agents": checks.count},
    "ping": {},
    "bye": {"reason": checks.text},
}
COMMON: dict[str, checks.Check] = {"t": checks.one_of(*LINES), "seq": checks.count, "ts": checks.timestamp}


class Talk:
    """One connection: what it has said so far."""

    def __init__(self) -> None:
        self.seq = 0
        self.greeted = False
        self.services: list[dict[str, Any]] = []
        self.agents: list[dict[str, Any]] = []


class Statistics(Adherence, ListeningSimulator):
    key = "statistics"
    title = "Statistics data receiver"
    description = "Listens on TCP for the figures of services and agents."
    lead = "Connect by TCP to the address below; this page only shows what came."
    fragment = "_adherence_board.html"
    default_counts = {"connections": 0, "lines": 0, "blocks": 0, "pings": 0}
    tcp_port = 1
    connects_each_time = True

    def reset(self) -> None:
        super().reset()
        self.services: list[dict[str, Any]] = []
        self.agents: list[dict[str, Any]] = []
        self.problems: list[str] = []
        self.goodbyes: list[str] = []
        self.told_at = 0.0

    def routes(self) -> list[BaseRoute]:
        return [*self.truth_routes(), *self.board_routes()]

    def talk(self, stream: BufferedIOBase, connection: socket.socket) -> None:
        talk = Talk()
        while line := stream.readline(LONGEST_LINE + 1):
            if not self.take_line(talk, line, connection):
                return

    # -- one line

    def take_line(self, talk: Talk, raw: bytes, connection: socket.socket) -> bool:
        """False where the connection ends here."""
        if talk.seq == 0:
            self.counts["connections"] += 1
            if self.meets_fault(connection):
                return False
        self.counts["lines"] += 1
        found, line = self._read(talk, raw)
        if found:
            self.problems = (found + self.problems)[:50]
            return False
        self._apply(talk, line)
        return bool(line["t"] != "bye")

    def _read(self, talk: Talk, raw: bytes) -> tuple[list[str], dict[str, Any]]:
        if not raw.endswith(b"\n") or len(raw) > LONGEST_LINE:
            return ["a line is not ended by LF, or is over 1 MiB"], {}
        try:
            line = json.loads(raw)
        except ValueError:
            return ["a line is not JSON"], {}
        found = checks.problems(line, COMMON, "line")
        found = found or checks.problems(line, LINES[line["t"]], line["t"])
        return found or self._order(talk, line), line if isinstance(line, dict) else {}

    def _order(self, talk: Talk, line: dict[str, Any]) -> list[str]:
        kind = line["t"]
        if line["seq"] != talk.seq + 1:
            return [f"seq {line['seq']} does not follow {talk.seq}"]
        if (kind == "hello") == talk.greeted:
            return ["hello comes first, and once"]
        if kind == "end" and (line["services"], line["agents"]) != (len(talk.services), len(talk.agents)):
            return ["the end does not agree with the block"]
        return []

    def _apply(self, talk: Talk, line: dict[str, Any]) -> None:
        talk.seq, kind = line["seq"], line["t"]
        if kind == "hello":
            talk.greeted = True
        elif kind == "service":
            talk.services.append(line)
        elif kind == "agent":
            talk.agents.append(line)
        elif kind == "end":
            self.services, self.agents = talk.services, talk.agents
            talk.services, talk.agents = [], []
            self.counts["blocks"] += 1
            self.told_at = time.monotonic()
            self.hear(agent["login_id"] for agent in self.agents)
            self.compare()
        elif kind == "ping":
            self.counts["pings"] += 1
        else:
            self.goodbyes = [line["reason"], *self.goodbyes][:50]

    def believed(self) -> dict[str, Belief]:
        extra = int(time.monotonic() - self.told_at)
        return {
            a["login_id"]: Belief(
                with_reason(a["state"], a["stats"].get("reason")), a["state"], a["time_in_state"] + extra
            )
            for a in self.agents
        }

    def complaints(self) -> list[str]:
        return self.problems

    def board(self) -> Board:
        figures = ("waiting", "longest_wait", "agents_ready", "agents_busy", "received", "answered", "sl_percent")
        services = [(s["name"], *(s["stats"].get(name) for name in figures)) for s in self.services]
        heads = tuple(name.replace("_", " ").capitalize() for name in figures)
        counts = [(name.capitalize(), self.counts[name]) for name in self.default_counts]
        return Board(
            facts=[("Listening (TCP)", self.listening), *counts],
            tables=[
                Table("Services", ("Service", *heads), services),
            ],
            problems=self.problems,
        )

    def state(self) -> dict[str, Any]:
        return {"services": self.services, "agents": self.agents, "problems": self.problems,
                "goodbyes": self.goodbyes, "listening": self.listening, **self.default_counts,
                **self.counts}  # fmt: skip
