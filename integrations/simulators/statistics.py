"""A statistics receiver that listens on TCP, profile `stats-ndjson-1`: the port after the simulators' own.

Strict: `hello` first, lines numbered from 1 without a gap, no line over 1 MiB, a block counts only when its `end`
agrees with what came. Nothing is ever answered. Faults: `server_error` closes after the greeting, `reset` breaks the
connection off, `html` answers like a web server.
"""

from __future__ import annotations

import json
import socket
import socketserver
import struct
import threading
from typing import Any

from starlette.routing import BaseRoute

from . import checks
from .boards import Board, BoardSimulator, Table

LONGEST_LINE = 1024 * 1024
IDLE_SECONDS = 60
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


class Handler(socketserver.StreamRequestHandler):
    timeout = IDLE_SECONDS
    server: Listener

    def handle(self) -> None:
        talk = Talk()
        try:
            while line := self.rfile.readline(LONGEST_LINE + 1):
                if not self.server.simulator.take_line(talk, line, self.connection):
                    return
        except OSError:
            return


class Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, simulator: Statistics, address: tuple[str, int]) -> None:
        self.simulator = simulator
        super().__init__(address, Handler)


class Statistics(BoardSimulator):
    key = "statistics"
    title = "Statistics data receiver"
    description = "Listens on TCP for the figures of services and agents."
    lead = "Connect by TCP to the address below; this page only shows what came."
    default_counts = {"connections": 0, "lines": 0, "blocks": 0, "pings": 0}
    listener: Listener | None = None
    listening = "not started"

    def reset(self) -> None:
        super().reset()
        self.services: list[dict[str, Any]] = []
        self.agents: list[dict[str, Any]] = []
        self.problems: list[str] = []
        self.goodbyes: list[str] = []

    def routes(self) -> list[BaseRoute]:
        return self.board_routes()

    def listen(self, host: str, port: int) -> bool:
        try:
            self.listener = Listener(self, (host, port))
        except OSError as error:
            self.listening = f"not listening: {host}:{port}: {error.strerror}"
            return False
        self.listening = f"{host}:{port}"
        threading.Thread(target=self.listener.serve_forever, daemon=True).start()
        return True

    def stop_listening(self) -> None:
        if self.listener is not None:
            self.listener.shutdown()
            self.listener.server_close()
            self.listener = None

    # -- one line

    def take_line(self, talk: Talk, raw: bytes, connection: socket.socket) -> bool:
        """False where the connection ends here."""
        if talk.seq == 0:
            self.counts["connections"] += 1
            if self._meets_fault(connection):
                return False
        self.counts["lines"] += 1
        found, line = self._read(talk, raw)
        if found:
            self.problems = (found + self.problems)[:50]
            return False
        self._apply(talk, line)
        return bool(line["t"] != "bye")

    def _meets_fault(self, connection: socket.socket) -> bool:
        fault = self.faults.take("/tcp", self.may_meet)
        if fault is None:
            return False
        if fault.name == "html":
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html></html>")
        if fault.name == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        return fault.name in ("html", "reset", "server_error", "half_close")

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
        elif kind == "ping":
            self.counts["pings"] += 1
        else:
            self.goodbyes = [line["reason"], *self.goodbyes][:50]

    def board(self) -> Board:
        figures = ("waiting", "longest_wait", "agents_ready", "agents_busy", "received", "answered", "sl_percent")
        services = [(s["name"], *(s["stats"].get(name) for name in figures)) for s in self.services]
        agents = [(a["login_id"], a["state"], a["time_in_state"], a["stats"].get("reason") or "") for a in self.agents]
        heads = tuple(name.replace("_", " ").capitalize() for name in figures)
        counts = [(name.capitalize(), self.counts[name]) for name in self.default_counts]
        return Board(
            facts=[("Listening (TCP)", self.listening), *counts],
            tables=[
                Table("Services", ("Service", *heads), services),
                Table("Agents", ("Agent", "State", "Seconds", "Reason"), agents),
            ],
            problems=self.problems,
        )

    def state(self) -> dict[str, Any]:
        return {"services": self.services, "agents": self.agents, "problems": self.problems,
                "goodbyes": self.goodbyes, "listening": self.listening, **self.default_counts,
                **self.counts}  # fmt: skip
