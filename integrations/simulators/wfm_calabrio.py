"""Calabrio WFM's (Teleopti's) real-time adherence service, REST and SOAP, by the rules of the vendor's public source
(Teleopti/Stardust, Teleopti/RTASend-CSharp).

Settings choose the generation. `mode` "queued" (the newest) looks at the key, the state codes and the queue before it
says yes, and finds out later whether source and agents exist; "synchronous" says no at once. `rest` "snapshot_id" is
the generation whose snapshots have a name and a closing call. `soap` "old" takes 50 states at most and cuts codes at 25
characters. An empty list of `users` means that every user code is known. Further fault: `flooded`."""

from __future__ import annotations

import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from . import calabrio_soap as soap
from .boards import Board, BoardSimulator
from .faults import Fault
from .recorder import warn
from .truth import Adherence, Belief

KEY = "demo-calabrio-key"
LOGGED_OFF, SNAPSHOT_OUT = "LOGGED-OFF", "CCC Logged out"
OUT = (LOGGED_OFF, SNAPSHOT_OUT)
LONGEST_CODE, OLD_LONGEST_CODE = 300, 25
OLD_BATCH, FLOOD = 50, 1000
KEPT = 50
INVALID_KEY = "You supplied an invalid authentication key. Please verify the key and try again."
NAMES = {
    "READY": "Ready", "BUSY": "Busy", "ACW": "After Call Work", "SUPERVISING": "Supervising", "NOT_READY": "Not Ready",
}  # fmt: skip
COLORS = {name: state for state, name in NAMES.items()}


class Refused(Exception):
    """The service throws; the message is what the caller reads."""


@dataclass
class Known:
    """What the service knows of one agent."""

    code: str
    since: float
    snapshot: str = ""


@dataclass
class Batch:
    """A request in either language. `items`: user code, state code."""

    key: str
    source: str
    items: list[tuple[str, str]] = field(default_factory=list)
    snapshot: str = ""
    closes: bool = False


class Calabrio(Adherence, BoardSimulator):
    key = "wfm_calabrio"
    title = "Calabrio WFM"
    description = "Takes agents' states by REST or SOAP in several generations, and shows the adherence board."
    lead = f"Source 1, Auth key {KEY}. REST at Rta/State/Batch, SOAP at RTA/TeleoptiRtaService.svc."
    fragment = "_adherence_board.html"
    pages = (("Adherence board", "/"),)
    extra_faults = ("flooded",)
    default_counts = {"batches": 0, "snapshots": 0, "changes": 0, "tests": 0, "states": 0, "refused": 0, "unknown": 0}
    default_settings = {
        "authentication_key": KEY, "sources": ["1"], "users": [], "mode": "queued", "rest": "newest", "soap": "new",
    }  # fmt: skip
    more_heads = ("Source",)

    def reset(self) -> None:
        super().reset()
        self.agents: dict[tuple[str, str], Known] = {}
        self.problems: list[str] = []

    def secrets(self) -> list[str]:
        return [KEY, *([self.settings["authentication_key"]] if self.settings else [])]

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/Rta/State/Change", self.rest_change, methods=["POST"]),
            Route("/Rta/State/Batch", self.rest_batch, methods=["POST"]),
            Route("/Rta/State/CloseSnapshot", self.rest_close, methods=["POST"]),
            Route("/RTA/TeleoptiRtaService.svc", self.soap_service, methods=["POST"]),
            *self.truth_routes(),
            *self.board_routes(),
        ]

    def fault_response(self, fault: Fault, request: Request) -> Response:
        if fault.name == "bad_credentials":
            return self._no(request, INVALID_KEY)
        if fault.name == "flooded":
            return self._no(request, f"State queue is flooded with {FLOOD} batches")
        return super().fault_response(fault, request)

    # -- REST

    async def rest_change(self, request: Request) -> Response:
        data, found = await self._json(request, UserCode=str, StateCode=(str, type(None)))
        if found:
            return self._no(request, found)
        item = (data["UserCode"], data["StateCode"] or "")
        return self._rest(request, Batch(data["AuthenticationKey"], data["SourceId"], [item]))

    async def rest_batch(self, request: Request) -> Response:
        newest = self.settings["rest"] == "newest"
        data, found = await self._json(request, **({"IsSnapshot": bool} if newest else {}), States=list)
        wrong = not found and not all(
            isinstance(s, dict) and set(s) == {"UserCode", "StateCode"} and isinstance(s["UserCode"], str)
            for s in data["States"]
        )
        if found or wrong:
            return self._no(request, found or "States: each has UserCode and StateCode, and nothing else")
        items = [(state["UserCode"], state["StateCode"] or "") for state in data["States"]]
        snapshot = f"{time.time_ns()}" if data.get("IsSnapshot") else str(data.get("SnapshotId") or "")
        batch = Batch(data["AuthenticationKey"], data["SourceId"], items, snapshot, bool(data.get("IsSnapshot")))
        return self._rest(request, batch)

    async def rest_close(self, request: Request) -> Response:
        if self.settings["rest"] == "newest":
            return Response("No HTTP resource was found.", 404, media_type="text/plain")
        data, found = await self._json(request, SnapshotId=str)
        if found:
            return self._no(request, found)
        return self._rest(
            request, Batch(data["AuthenticationKey"], data["SourceId"], [], data["SnapshotId"], closes=True)
        )

    async def _json(self, request: Request, **members: Any) -> tuple[dict[str, Any], str]:
        try:
            data = json.loads(await request.body())
        except ValueError:
            return {}, "The body is not JSON"
        shape = {"AuthenticationKey": str, "SourceId": str, **members}
        if not isinstance(data, dict):
            return {}, "An object is expected"
        missing = [name for name, kind in shape.items() if not isinstance(data.get(name, ...), kind)]
        strange = sorted(set(data) - set(shape) - {"SnapshotId"})
        return data, "; ".join([f"{n} is missing or wrong" for n in missing] + [f"{n} is not known" for n in strange])

    def _rest(self, request: Request, batch: Batch) -> Response:
        try:
            self._take(batch, longest=LONGEST_CODE)
        except Refused as refusal:
            return self._no(request, str(refusal))
        return Response(status_code=200)

    # -- SOAP

    async def soap_service(self, request: Request) -> Response:
        old = self.settings["soap"] == "old"
        try:
            message = soap.read(await request.body(), request.headers.get("soapaction", ""))
            for text in message.complaints:
                self._note(text)
                warn(request, text)
            return soap.result(message.operation, self._soap(message, old=old))
        except (Refused, soap.Unreadable) as refusal:
            return self._no(request, str(refusal))

    def _soap(self, message: soap.Message, *, old: bool) -> int:
        if not self._key_right(message.key):
            raise Refused(INVALID_KEY)
        if old and len(message.states) > OLD_BATCH:
            raise Refused(f"{len(message.states)} states in one batch; keep below {OLD_BATCH}")
        if not message.platform:
            return -200
        if message.source not in self.settings["sources"]:
            self._note(f"source {message.source!r} is not known")
            return -300
        if not message.states:
            self.counts["tests"] += 1
            return 0
        before = self.counts["unknown"]
        last = message.states[-1]
        snapshot = message.states[0].batch if last.is_snapshot else ""
        items = [(s.user, s.code if s.logged_on else LOGGED_OFF) for s in message.states if s.user]
        closes = last.is_snapshot and not last.user
        self._take(Batch(message.key, message.source, items, snapshot, closes), longest=25 if old else LONGEST_CODE)
        return -100 if self.counts["unknown"] > before else 1

    # -- the rules of both

    def _key_right(self, key: str) -> bool:
        return hmac.compare_digest(key.encode(), str(self.settings["authentication_key"]).encode())

    def _take(self, batch: Batch, *, longest: int) -> None:
        """Raises `Refused`. The key is looked at first."""
        if not self._key_right(batch.key):
            raise Refused(INVALID_KEY)
        for user, code in batch.items:
            if not code:
                raise Refused("State code is required")
            if len(code) > LONGEST_CODE:
                raise Refused(f"State code can not exceed {LONGEST_CODE} characters")
            if len(code) > OLD_LONGEST_CODE:
                self._note(f"{user}: the code {code!r} is longer than {OLD_LONGEST_CODE}; an older generation cuts it")
        self.counts["batches"] += 1
        if not self._source_known(batch):
            return
        users = self._known_users(batch)
        self._learn(batch, users, longest=longest)
        if batch.closes:
            self._close(batch)
        elif not batch.snapshot:
            self.counts["changes" if batch.items else "tests"] += 1
        self.compare()

    def _source_known(self, batch: Batch) -> bool:
        if batch.source in self.settings["sources"]:
            return True
        text = f"Unknown source id {batch.source!r}"
        self._note(text)
        if self.settings["mode"] == "synchronous":
            raise Refused(f"Invalid source id: {text}")
        return False

    def _known_users(self, batch: Batch) -> dict[str, str]:
        """Trimmed user codes and their states. Who is not known is noted."""
        users: dict[str, str] = {}
        for user, code in batch.items:
            name = user.strip()
            if self.settings["users"] and name not in self.settings["users"]:
                self.counts["unknown"] += 1
                self._note(f"user code {name!r} is not known")
                continue
            if name in users and batch.snapshot:
                self._note(f"{name!r} is twice in one snapshot")
            users[name] = code
        if self.settings["mode"] == "synchronous" and len(users) < len({user.strip() for user, _ in batch.items}):
            raise Refused("Invalid user code: not every user code of the batch is known")
        return users

    def _learn(self, batch: Batch, users: dict[str, str], *, longest: int) -> None:
        now = time.monotonic()
        self.counts["states"] += len(users)
        self.hear(users)
        for name, code in users.items():
            known = self.agents.get((batch.source, name))
            code = code[:longest]
            if code == LOGGED_OFF and (known is None or known.code in OUT):
                self._note(f"{name} logs out and was not logged in")
            since = known.since if known and known.code == code else now
            self.agents[batch.source, name] = Known(code, since, batch.snapshot)

    def _close(self, batch: Batch) -> None:
        """Who is of this source, logged in, and was not in the snapshot, is logged out."""
        self.counts["snapshots"] += 1
        for (source, _), known in self.agents.items():
            if source == batch.source and known.code not in OUT and known.snapshot != batch.snapshot:
                known.code, known.since = SNAPSHOT_OUT, time.monotonic()

    def _no(self, request: Request, text: str) -> Response:
        self.counts["refused"] += 1
        if text != INVALID_KEY and "flooded" not in text:
            self._note(text)
        warn(request, text)
        if request.url.path.endswith(".svc"):
            return soap.fault(text)
        return Response(text, 400, media_type="text/plain")

    def _note(self, problem: str) -> None:
        self.problems = [problem, *self.problems][:KEPT]

    # -- the page

    def believed(self) -> dict[str, Belief]:
        now = time.monotonic()
        return {
            user: Belief(known.code, COLORS.get(known.code, "NOT_READY"), int(now - known.since), (source,))
            for (source, user), known in list(self.agents.items())
            if known.code not in OUT
        }

    def wording(self, agent: dict[str, Any]) -> str:
        reason = (agent.get("reason") or "").strip() if agent["state"] == "NOT_READY" else ""
        return str(reason or NAMES[agent["state"]])[:OLD_LONGEST_CODE].rstrip()

    def complaints(self) -> list[str]:
        return self.problems

    def board(self) -> Board:
        return Board(facts=self.figures(), tables=[], problems=self.problems)

    def state(self) -> dict[str, Any]:
        agents = [
            {"user": user, "source": source, "state": known.code}
            for (source, user), known in sorted(self.agents.items())
        ]
        return {"agents": agents, "problems": self.problems, **self.default_counts, **self.counts}
