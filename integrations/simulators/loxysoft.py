"""A Loxysoft server that takes call flow data, profile `loxysoft-json-1`: agents and the figures of skills.

Strict: the token, every key, agents sorted by `id`, skills by `code`, every skill of an agent among the skills listed,
the sequence rising. A `test` changes nothing.
"""

from __future__ import annotations

import hmac
import json
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from . import checks
from .boards import Board, BoardSimulator, Table
from .recorder import warn
from .truth import Adherence, Belief, with_reason

TOKEN = "demo-loxysoft-token"  # noqa: S105 - the published token of a simulator
STATES = ("READY", "BUSY", "ACW", "SUPERVISING", "NOT_READY", "LOGGED_OUT")
ENVELOPE: dict[str, checks.Check] = {
    "version": lambda value: value == 1,
    "type": checks.one_of("full", "test"),
    "sequence": checks.count,
    "timestamp": checks.timestamp,
    "agents": checks.listing,
    "skills": checks.listing,
}
AGENT: dict[str, checks.Check] = {
    "id": checks.text,
    "state": checks.one_of(*STATES),
    "reason": checks.optional(checks.text),
    "since": checks.timestamp,
    "seconds": checks.count,
    "skills": checks.listing,
}
FIGURES = ("waiting", "longest_wait", "agents_ready", "agents_busy", "received", "answered", "abandoned")
SKILL: dict[str, checks.Check] = {
    "code": checks.text,
    "name": checks.text,
    **dict.fromkeys(FIGURES, checks.count),
}


class Loxysoft(Adherence, BoardSimulator):
    key = "loxysoft"
    title = "Loxysoft WFM"
    description = "Takes agent states and skill figures every interval, by the skills mapping."
    lead = f"Submit to feed below this address; Bearer {TOKEN}."
    fragment = "_adherence_board.html"
    more_heads = ("Skills",)
    default_counts = {"accepted": 0, "refused": 0, "tests": 0}
    default_settings = {"token": TOKEN, "token_header": "Authorization", "token_scheme": "Bearer"}

    def reset(self) -> None:
        super().reset()
        self.agents: list[dict[str, Any]] = []
        self.skills: list[dict[str, Any]] = []
        self.last_sequence = 0
        self.told_at = 0.0
        self.problems: list[str] = []

    def secrets(self) -> list[str]:
        return [TOKEN, *([self.settings["token"]] if self.settings else [])]

    def routes(self) -> list[BaseRoute]:
        return [Route("/feed", self.feed, methods=["POST"]), *self.truth_routes(), *self.board_routes()]

    async def feed(self, request: Request) -> Response:
        if not self._token_right(request):
            return self._refuse(request, 401, ["token rejected"])
        try:
            data = json.loads(await request.body())
        except ValueError:
            return self._refuse(request, 400, ["the body is not JSON"])
        found = self._problems(data)
        if found:
            return self._refuse(request, 422, found)
        self._accept(data)
        return JSONResponse({"result": "ok", "sequence": data["sequence"]})

    def _token_right(self, request: Request) -> bool:
        scheme = self.settings["token_scheme"]
        wanted = f"{scheme} {self.settings['token']}" if scheme else self.settings["token"]
        return hmac.compare_digest(request.headers.get(self.settings["token_header"], "").encode(), wanted.encode())

    def _problems(self, data: Any) -> list[str]:
        found = checks.problems(data, ENVELOPE, "message")
        if found:
            return found
        for number, agent in enumerate(data["agents"]):
            found += checks.problems(agent, AGENT, f"agents[{number}]")
        for number, skill in enumerate(data["skills"]):
            found += checks.problems(skill, SKILL, f"skills[{number}]")
        return found or self._contradictions(data)

    def _contradictions(self, data: dict[str, Any]) -> list[str]:
        found = []
        for name, key in (("agents", "id"), ("skills", "code")):
            keys = [entry[key] for entry in data[name]]
            if keys != sorted(set(keys)):
                found.append(f"{name} are not sorted by {key} or repeat one")
        known = {skill["code"] for skill in data["skills"]}
        strange = sorted({code for agent in data["agents"] for code in agent["skills"]} - known)
        found += [f"agents have the skill {code!r}, which is not listed" for code in strange]
        if data["type"] == "test" and (data["agents"] or data["skills"]):
            found.append("a test carries empty lists")
        if data["type"] == "full" and data["sequence"] <= self.last_sequence:
            found.append(f"sequence {data['sequence']} does not follow {self.last_sequence}")
        return found

    def _accept(self, data: dict[str, Any]) -> None:
        self.counts["accepted"] += 1
        if data["type"] == "test":
            self.counts["tests"] += 1
            return
        self.last_sequence = data["sequence"]
        self.agents, self.skills = data["agents"], data["skills"]
        self.hear(agent["id"] for agent in self.agents)
        self.told_at = time.monotonic()
        self.compare()

    def _refuse(self, request: Request, status: int, found: list[str]) -> Response:
        self.counts["refused"] += 1
        self.problems = (found + self.problems)[:50]
        for text in found:
            warn(request, text)
        return JSONResponse({"result": "error", "message": "; ".join(found)[:500]}, status)

    def believed(self) -> dict[str, Belief]:
        extra = int(time.monotonic() - self.told_at)
        return {
            a["id"]: Belief(
                with_reason(a["state"], a["reason"]), a["state"], a["seconds"] + extra, (", ".join(a["skills"]),)
            )
            for a in self.agents
            if a["state"] != "LOGGED_OUT"
        }

    def complaints(self) -> list[str]:
        return self.problems

    def board(self) -> Board:
        skills = [(s["code"], s["name"], *(s[name] for name in FIGURES)) for s in self.skills]
        heads = tuple(name.replace("_", " ").capitalize() for name in FIGURES)
        return Board(
            facts=[("Last sequence", self.last_sequence or "none"), ("Tests", self.counts["tests"])],
            tables=[
                Table("Skills", ("Code", "Services", *heads), skills, "No skill is mapped."),
            ],
            problems=self.problems,
        )

    def state(self) -> dict[str, Any]:
        return {"agents": self.agents, "skills": self.skills, "last_sequence": self.last_sequence,
                "tests": self.counts["tests"], "errors": self.problems}  # fmt: skip
