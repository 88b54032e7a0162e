"""An Alterra bot with a few answers. One POST with JSON; the key in the Authorization header.

The vendor's contract is not public: request and answer follow its published FAQ interface as far as that goes.
"""

from __future__ import annotations

import hmac
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from . import control, pages
from .base import Simulator

API_KEY = "demo-alterra-key"
ANSWERS = {
    "hello": ("Hello! How can I help you?",),
    "parcel": ("Your parcel arrives within two days.", "You can return a parcel within 30 days."),
    "password": ("Use “Forgot password” on the log-in page.",),
}


class Alterra(Simulator):
    key = "bot_alterra"
    title = "Alterra bot"
    description = "Answers greetings and questions about parcels and passwords."
    pages = (("Conversations", "/"),)
    default_counts = {"asked": 0, "refused": 0}
    default_settings = {"api_key": API_KEY}

    def reset(self) -> None:
        super().reset()
        self.asked: list[dict[str, Any]] = []

    def secrets(self) -> list[str]:
        return [API_KEY, *([str(self.settings["api_key"])] if self.settings else [])]

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/demo/api", self.ask, methods=["POST"]),
            Route("/_board", self.board_json, methods=["GET"]),
            Route("/_live/board", self.board_live, methods=["GET"]),
            Route("/", self.board_page, methods=["GET"]),
        ]

    async def ask(self, request: Request) -> Response:
        key = request.headers.get("authorization", "")
        if not hmac.compare_digest(key.encode(), str(self.settings["api_key"]).encode()):
            self.counts["refused"] += 1
            return JSONResponse({"error": "invalid key"}, 401)
        try:
            data = json.loads(await request.body())
        except ValueError:
            return JSONResponse({"error": "the body is not JSON"}, 400)
        if not isinstance(data, dict) or not all(isinstance(data.get(k), str) for k in ("query", "session_id")):
            return JSONResponse({"error": "query and session_id are required"}, 400)
        found = [text for word, texts in ANSWERS.items() if word in data["query"].casefold() for text in texts]
        self.counts["asked"] += 1
        row = {"session": data["session_id"], "query": data["query"], "answers": found}
        self.asked = [row, *self.asked][:50]
        return JSONResponse({"results": [{"text": text} for text in found]})

    async def board_json(self, request: Request) -> Response:
        return JSONResponse({"asked": self.asked})

    async def board_live(self, request: Request) -> Response:
        return pages.render(request, "_alterra_board.html", simulator=self, asked=self.asked)

    async def board_page(self, request: Request) -> Response:
        if control.wants_json(request):
            return JSONResponse({"asked": self.asked})
        return pages.render(request, "alterra_board.html", simulator=self, asked=self.asked)
