"""A Real-Time Adherence server that listens on TCP for fixed-width records, profile `rta-fixed-1`.

Strict: it reads exactly the sizes of its own settings and says at which byte the first field does not fit, closes then
(fixed widths cannot find their place again), and wants everything (`F`) before changes (`D`) on each connection. It
never answers. With `gapless`, as by default, a number that is missing between two updates of a connection is noted; an
account without keep-alives leaves numbers out. Further fault: `deaf` accepts connections and does not read.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BufferedIOBase
from typing import Any

from starlette.routing import BaseRoute

from .boards import Board
from .listening import ListeningSimulator
from .truth import Adherence, Belief

STATES = {1: "READY", 2: "BUSY", 3: "ACW", 4: "SUPERVISING", 5: "NOT_READY", 27: "LOGGED_OUT"}
LOGGED_OUT = 27
HEADER = [["signature", 4], ["msg_type", 1], ["timestamp", 14], ["sequence", 8], ["count", 5]]
RECORD = [
    ["agent_id", 10], ["extension", 6], ["state_code", 3], ["reason_code", 5], ["time_in_state", 6], ["workgroup", 20],
]  # fmt: skip
KEPT = 50


def number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def moment(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return False
    return True


def identity(text: str) -> bool:
    return bool(text.strip()) and not text.startswith(" ")


CHECKS: dict[str, Callable[[str], bool]] = {
    "signature": lambda text: text == "RTA1",
    "msg_type": lambda text: text in ("F", "D", "K", "E"),
    "timestamp": moment,
    "event_time": moment,
    "sequence": number,
    "count": number,
    "agent_id": identity,
    "state_code": lambda text: number(text) and int(text) in STATES,
    "reason_code": number,
    "time_in_state": number,
}


class Unreadable(Exception):
    """What came is not what the settings say; the message names the byte."""


@dataclass
class Reader:
    """Takes fields of fixed width from a connection, however the bytes arrive."""

    stream: BufferedIOBase
    encoding: str
    separator: str
    offset: int = 0

    @property
    def width(self) -> int:
        """Bytes of one unit."""
        return 1 if self.encoding == "ascii" else 2

    def take(self, fields: list[list[Any]]) -> dict[str, str] | None:
        """One header or record; None where the connection ends between two."""
        size = sum(int(each[1]) for each in fields) * self.width
        end = self.separator.encode(self.encoding)
        data = self.stream.read(size + len(end))
        if not data:
            return None
        if len(data) < size + len(end):
            raise Unreadable(f"the connection ended inside a record, at offset {self.offset + len(data)}")
        if data[size:] != end:
            raise Unreadable(f"separator check failed at offset {self.offset + size}")
        found = self._split(data, fields)
        self.offset += len(data)
        return found

    def _split(self, data: bytes, fields: list[list[Any]]) -> dict[str, str]:
        found: dict[str, str] = {}
        start = 0
        for name, units in fields:
            part = data[start : start + int(units) * self.width]
            try:
                text = part.decode(self.encoding)
            except UnicodeDecodeError:
                raise Unreadable(f"{name} check failed at offset {self.offset + start}: no {self.encoding}") from None
            if not CHECKS.get(name, lambda _: True)(text):
                raise Unreadable(f"{name} check failed at offset {self.offset + start}: {text!r}")
            found[name] = text
            start += len(part)
        return found


class Aspect(Adherence, ListeningSimulator):
    key = "wfm_aspect"
    title = "Aspect RTA server"
    description = "Listens on TCP for fixed-width records of agents' states and shows the adherence board."
    lead = "Connect by TCP to the address below; this page only shows what came."
    fragment = "_adherence_board.html"
    more_heads = ("Code", "Reason code", "Extension", "Workgroup")
    tcp_port = 2
    idle_seconds = 4000.0  # an interval may be an hour
    extra_faults = ("deaf",)
    default_counts = {"connections": 0, "full": 0, "delta": 0, "keep_alive": 0, "records": 0, "goodbyes": 0, "tests": 0}
    default_settings = {"encoding": "utf-16-le", "separator": "", "header": HEADER, "record": RECORD, "gapless": True}

    def reset(self) -> None:
        super().reset()
        self.agents: dict[str, dict[str, Any]] = {}
        self.problems: list[str] = []
        self.last_sequence = 0
        self.last_at: float | None = None

    def routes(self) -> list[BaseRoute]:
        return [*self.truth_routes(), *self.board_routes()]

    # -- one connection

    def talk(self, stream: BufferedIOBase, connection: socket.socket) -> None:
        self.counts["connections"] += 1
        reader = Reader(stream, str(self.settings["encoding"]), str(self.settings["separator"]))
        try:
            self._take_messages(reader, connection)
        except Unreadable as problem:
            self._note(str(problem))

    def _take_messages(self, reader: Reader, connection: socket.socket) -> None:
        knows_all = False
        while True:
            self._play_deaf()
            header = (
                reader.take(self.settings["header"]) if self.settings["header"] else {"msg_type": "D", "count": "1"}
            )
            if header is None or self.meets_fault(connection):
                return
            records = [reader.take(self.settings["record"]) for _ in range(int(header["count"]))]
            if None in records:
                if self.settings["header"]:
                    raise Unreadable(f"{header['count']} records were announced and fewer came")
                return
            self._check_order(header, knows_all=knows_all or not self.settings["header"])
            knows_all = knows_all or header["msg_type"] == "F"
            self._apply(header, [record for record in records if record is not None])

    def _play_deaf(self) -> None:
        while any(fault.name == "deaf" for fault in self.faults.active()):
            time.sleep(0.05)

    def _check_order(self, header: dict[str, str], *, knows_all: bool) -> None:
        kind, count, sequence = header["msg_type"], int(header["count"]), int(header.get("sequence", "0"))
        if kind in ("K", "E") and count:
            raise Unreadable(f"a message of type {kind} has {count} records")
        if kind == "D" and not knows_all:
            raise Unreadable("changes came before everything on this connection")
        missing = self.settings["gapless"] and knows_all and kind in ("D", "K") and sequence > self.last_sequence + 1
        if "sequence" in header and missing:
            self._note(f"sequence {sequence} comes after {self.last_sequence}: an update is missing")
        if "sequence" in header and sequence <= self.last_sequence and not (kind == "K" and sequence == 0):
            raise Unreadable(f"sequence {sequence} does not follow {self.last_sequence}")

    def _apply(self, header: dict[str, str], records: list[dict[str, str]]) -> None:
        kind, sequence = header["msg_type"], int(header.get("sequence", "0"))
        if kind == "K" and sequence == 0 and "sequence" in header:
            self.counts["tests"] += 1
            return
        names = {"F": "full", "D": "delta", "K": "keep_alive", "E": "goodbyes"}
        self.counts[names[kind]] += 1
        self.counts["records"] += len(records)
        self.last_sequence, self.last_at = sequence, time.monotonic()
        if kind == "F":
            self.agents = {}
        for record in records:
            self._learn(record)
        self.compare()

    def _learn(self, record: dict[str, str]) -> None:
        name, code = record["agent_id"].strip(), int(record["state_code"])
        self.hear([name])
        if code == LOGGED_OUT:
            if self.agents.pop(name, None) is None:
                self._note(f"{name} logs out and was not logged in")
            return
        self.agents[name] = {
            "agent_id": name,
            "extension": record.get("extension", "").strip(),
            "state": STATES[code],
            "state_code": code,
            "reason_code": int(record.get("reason_code") or 0),
            "workgroup": record.get("workgroup", "").strip(),
            "told_at": time.monotonic(),
            "time_in_state": int(record.get("time_in_state") or 0),
        }

    def _note(self, problem: str) -> None:
        self.problems = [problem, *self.problems][:KEPT]

    # -- the page

    def rows(self) -> list[dict[str, Any]]:
        """The agents as this receiver sees them, with their age in seconds now."""
        now = time.monotonic()
        return [
            {**agent, "age": agent["time_in_state"] + int(now - agent["told_at"])}
            for _, agent in sorted(self.agents.copy().items())
        ]

    def believed(self) -> dict[str, Belief]:
        """Of reasons it knows numbers only, so the states are compared without them."""
        return {a["agent_id"]: Belief(a["state"], a["state"], a["age"], described(a)) for a in self.rows()}

    def wording(self, agent: dict[str, Any]) -> str:
        return str(agent["state"])

    def complaints(self) -> list[str]:
        return self.problems

    def board(self) -> Board:
        last = "none yet" if self.last_at is None else f"{time.monotonic() - self.last_at:.0f} s ago"
        counts = [(name.replace("_", " ").capitalize(), self.counts[name]) for name in self.default_counts]
        facts: list[tuple[str, Any]] = [("Listening (TCP)", self.listening), ("Last update", last), *counts]
        return Board(facts=facts, tables=[], problems=self.problems)

    def state(self) -> dict[str, Any]:
        return {
            "agents": self.rows(),
            "problems": self.problems,
            "listening": self.listening,
            "last_sequence": self.last_sequence,
            **self.default_counts,
            **self.counts,
        }


def described(agent: dict[str, Any]) -> tuple[Any, ...]:
    return agent["state_code"], agent["reason_code"] or "", agent["extension"], agent["workgroup"]
