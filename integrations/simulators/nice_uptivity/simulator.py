"""A NICE Uptivity API server: XML over TCP on a port of its own, and the web API below this prefix.

Strict: one REQUEST per line to the byte, a REQUESTID that is a number and grows within a connection, known parameters,
prefixes exactly once, and for each phone a start before an update and an end, and no second call while one is on it.
What merely repeats itself (a start of the same call, an end of a call that has ended) is counted and is no mistake.

Over TCP `server_error` is the RESULT of a scheduler that does not run (6). Further faults: `split` sends an answer byte
by byte, `twice` sends it two times in one packet, `other_id` answers another request, `refusal` answers with the
RESULTCODE of the option `code` (23), `oversized` never ends, `entities` declares some."""

from __future__ import annotations

import hmac
import socket
import time
from datetime import UTC, datetime
from io import BufferedIOBase
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from .. import silence
from ..basic import decoded
from ..boards import Board, Table
from ..faults import Fault
from ..listening import ListeningSimulator
from ..recorder import warn
from ..truth import Adherence, Belief
from . import rules
from .packets import packets, spoilt
from .phones import Phones

LONGEST_LINE = 64 * 1024
KEPT, SHOWN = 200, 25
HANG_SECONDS = 30.0
IN, OUT = "LOGGED_IN", "LOGGED_OUT"


class NiceUptivity(Adherence, ListeningSimulator):
    key = "nice_uptivity"
    title = "NICE Uptivity API server"
    description = "Takes calls and agents' log-ins as XML over TCP or by its web API, and checks each phone's story."
    lead = "Connect by TCP to the address below, or GET /nice_uptivity/webAPI.aspx?type=test&requestid=1. No log-in."
    fragment = "_adherence_board.html"
    pages = (("Recorder's board", "/"),)
    tcp_port = 4
    connects_each_time = True
    extra_faults = ("split", "twice", "other_id", "refusal", "oversized", "entities")
    default_counts = {"connections": 0, "commands": 0, "tests": 0, "repeats": 0, "refused": 0}
    more_heads = ("Phone",)
    default_settings = {
        # The names that this server knows; those of log-ins are made up.
        "start": "CALLSTART", "update": "CALLUPDATE", "stop": "CALLSTOP",
        "login": "AGENTLOGIN", "logout": "AGENTLOGOUT",
        "agent_prefix": "", "extension_prefix": "",
        "unknown_phones": [],
        # Where both are set, the web API asks for HTTP Basic, as a proxy in front of it would.
        "username": "demo-uptivity", "password": "",
    }  # fmt: skip

    def reset(self) -> None:
        super().reset()
        self.phones = Phones(self._complain, self.counts)
        self.requests: list[tuple[str, str, str, str]] = []
        self.problems: list[str] = []
        self.tested_at: float | None = None

    def secrets(self) -> list[str]:
        return [self.settings["password"]] if self.settings and self.settings["password"] else []

    def routes(self) -> list[BaseRoute]:
        web = Route("/webAPI.aspx", self.web_api, methods=["GET"])
        return [web, *self.truth_routes(), *self.board_routes()]

    # -- TCP

    def talk(self, stream: BufferedIOBase, connection: socket.socket) -> None:
        self.counts["connections"] += 1
        last = 0
        while line := stream.readline(LONGEST_LINE + 1):
            fault = self.faults.take("/tcp", self.may_meet)
            if fault is not None and fault.name in ("half_close", "reset", "hang", "silent"):
                self._break(fault.name, stream, connection)
                return
            answer, last = self._line(line, last, fault)
            for packet in packets(answer, fault):
                connection.sendall(packet)
            if fault is not None and fault.name in ("html", "truncated", "oversized"):
                return

    def _break(self, name: str, stream: BufferedIOBase, connection: socket.socket) -> None:
        if name == "reset":
            self.cut(connection)
            return
        if name == "half_close":
            connection.shutdown(socket.SHUT_WR)
        if name == "silent":
            silence.fall_silent(connection)
        if name in ("half_close", "hang", "silent"):
            connection.settimeout(HANG_SECONDS)
            stream.read(1)

    def _line(self, line: bytes, last: int, fault: Fault | None) -> tuple[bytes, int]:
        try:
            elements = rules.read_line(line)
        except rules.Unreadable as problem:
            return self._reject("", str(problem)), last
        if [name for name, _ in elements[:2]] != ["TYPE", "REQUESTID"] or not elements[1][1].isdigit():
            return self._reject(elements[0][1], "the request does not begin with TYPE and a REQUESTID in digits"), last
        (_, name), (_, number), *fields = elements
        if int(number) <= last:
            self._complain(f"REQUESTID {number} does not follow {last}")
        return self._answer(name, number, fields, fault) + b"\r\n", int(number)

    def _reject(self, name: str, problem: str) -> bytes:
        self._complain(problem)
        return rules.result_xml("0", name, rules.BAD_FORMAT) + b"\r\n"

    # -- HTTP

    async def web_api(self, request: Request) -> Response:
        if not self._may_enter(request):
            return Response("", 401, {"WWW-Authenticate": 'Basic realm="proxy"'})
        pairs = [(name.upper(), value) for name, value in request.query_params.multi_items()]
        given = dict(pairs)
        before = len(self.problems)
        if not all(name.islower() or not name.isalpha() for name in request.query_params):
            self._complain("a parameter is not written in small letters")
        if not given.get("REQUESTID", "").isdigit() or "TYPE" not in given:
            self._complain("type or requestid is missing, or requestid is no number")
            return xml(rules.result_xml("0", given.get("TYPE", ""), rules.BAD_FORMAT))
        fields = [(name, value) for name, value in pairs if name not in ("TYPE", "REQUESTID")]
        answer = self._answer(given["TYPE"].upper(), given["REQUESTID"], fields, None)
        for text in self.problems[: len(self.problems) - before]:
            warn(request, text)
        return xml(answer)

    def _may_enter(self, request: Request) -> bool:
        if not self.settings["password"]:
            return True
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        wanted = f"{self.settings['username']}:{self.settings['password']}"
        return scheme.lower() == "basic" and hmac.compare_digest(decoded(credentials).encode(), wanted.encode())

    def fault_response(self, fault: Fault, request: Request) -> Response:
        number, name = request.query_params.get("requestid", ""), request.query_params.get("type", "").upper()
        if fault.name in ("split", "twice", "other_id", "refusal", "oversized", "entities"):
            answer = rules.result_xml(number, name, forced(fault) or rules.OK)
            return xml(b"".join(packets(spoilt(answer, fault), fault)))
        return super().fault_response(fault, request)

    # -- what a command means

    def _answer(self, name: str, number: str, fields: list[tuple[str, str]], fault: Fault | None) -> bytes:
        code = forced(fault) or self._carry_out(name, fields)
        self.counts["refused"] += code not in (rules.OK, rules.REPEATED)
        at = datetime.now(UTC).strftime("%H:%M:%S")
        told = " ".join(f"{key.lower()}={value}" for key, value in fields)
        self.requests = [(at, name, told, f"{code} {rules.RESULTS.get(code, '')}"), *self.requests][:KEPT]
        return spoilt(rules.result_xml(number, name, code), fault)

    def _carry_out(self, name: str, fields: list[tuple[str, str]]) -> int:
        kinds = {self.settings[kind]: kind for kind in ("start", "update", "stop", "login", "logout")}
        kind = kinds.get(name) or ("test" if name == "TEST" else "")
        if not kind:
            return rules.UNKNOWN_COMMAND
        found = rules.shape_problems(kind, fields)
        found += rules.prefix_problems(fields, self.settings["agent_prefix"], self.settings["extension_prefix"])
        for problem in found:
            self._complain(f"{name}: {problem}")
        self.counts["tests" if kind == "test" else "commands"] += 1
        if kind == "test":
            self.tested_at = time.monotonic()
            return rules.OK
        values = dict(fields)
        if values.get("DEVICEID") in self.settings["unknown_phones"]:
            return rules.UNKNOWN_PHONE
        if found and not set(rules.WHO) & set(values):
            return rules.BLANK
        return self._agent(kind, values) if kind in ("login", "logout") else self.phones.take(kind, name, values)

    def _agent(self, kind: str, values: dict[str, str]) -> int:
        agent = values.get("SYS_USER") or values.get("CRM_USER") or ""
        self.hear([agent])
        if kind == "login":
            self.phones.log_in(agent, values.get("DEVICEID", ""))
            self.compare_one(agent, IN)
        else:
            self.phones.log_out(agent)
            self.compare_one(agent)
        return rules.OK

    def _complain(self, problem: str) -> None:
        self.problems = [problem, *self.problems][:KEPT]

    # -- the board

    def believed(self) -> dict[str, Belief]:
        now = time.monotonic()
        return {
            name: Belief(IN, "READY", int(now - since), (device,))
            for name, (device, since) in list(self.phones.agents.items())
        }

    def name_of(self, agent: dict[str, Any]) -> str:
        return f"{self.settings['agent_prefix']}{agent['login_id']}"

    def wording(self, agent: dict[str, Any]) -> str:
        return IN if agent["state"] != OUT else OUT

    def readable(self, state: str) -> str:
        return {IN: "Logged in", OUT: "Logged out"}.get(state, state)

    def complaints(self) -> list[str]:
        return self.problems

    def board(self) -> Board:
        tested = "never" if self.tested_at is None else f"{time.monotonic() - self.tested_at:.0f} s ago"
        in_call = sum(phone.in_call for phone in self.phones.known.values())
        facts: list[tuple[str, Any]] = [
            ("Listening (TCP)", self.listening), ("Last TEST", tested), ("In call", in_call), *self.figures(),
            ("Problems", len(self.problems)),
        ]  # fmt: skip
        phones = Table("Phones", ("Phone", "Call", "State", "Agent", "For", "Last command", "Columns"),
                       list(self.phones.rows()), "No command has named a phone.")  # fmt: skip
        latest = Table("Latest requests", ("Command", "At", "Parameters", "Result"),
                       [(name, at, told, code) for at, name, told, code in self.requests[:SHOWN]])  # fmt: skip
        return Board(facts=facts, tables=[phones, latest], problems=self.problems)

    def state(self) -> dict[str, Any]:
        phones = [
            {"device": p.device, "call": p.call, "in_call": p.in_call, "values": p.values, "calls": p.calls}
            for p in self.phones.known.values()
        ]
        return {
            "phones": phones, "agents": sorted(self.phones.agents), "latest": self.requests,
            "problems": self.problems, "listening": self.listening, **self.default_counts, **self.counts,
        }  # fmt: skip


def forced(fault: Fault | None) -> int:
    """The RESULTCODE that a fault puts in the place of any work; 0 for none. Over TCP a server error is one too."""
    if fault is None or fault.name not in ("refusal", "server_error"):
        return 0
    return int(fault.option("code", 23)) if fault.name == "refusal" else rules.SCHEDULER_NOT_RUNNING


def xml(body: bytes) -> Response:
    return Response(body, media_type="text/xml")
