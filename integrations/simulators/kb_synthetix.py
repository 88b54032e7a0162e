"""A Synthetix knowledge base with a handful of topics.

Known from the vendor: the two key headers and `external/views`. The routes and shapes of searching and submitting, and
the words of the errors, are assumptions of ours: the vendor does not publish them.
"""

from __future__ import annotations

import copy
import hmac
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from . import control, faults, pages
from .base import Simulator
from .recorder import warn

CONSUMER_KEY = "demo-consumer-key"
APPLICATION_KEY = "demo-application-key"
ARTICLES = [
    {"id": 101, "title": "Return a parcel", "body": "<p>Parcels can be returned within <b>30 days</b>.</p>"},
    {"id": 102, "title": "Reset a password", "body": "<p>Use <i>Forgot password</i> on the log-in page.</p>"},
    {"id": 103, "title": "Opening hours", "body": "<p>We are open from 8 to 18 &amp; on Saturdays to 13.</p>"},
]
WORDS = {
    "bad_credentials": "Invalid ApplicationKey or ConsumerKey",
    "expired_token": "Invalid ApplicationKey or ConsumerKey",
    "revoked_token": "Invalid ApplicationKey or ConsumerKey",
    "missing_permission": "Origin not allowed for this key",
    "rate_limit": "Rate limit exceeded",
    "server_error": "Internal Server Error",
}


class Synthetix(Simulator):
    key = "kb_synthetix"
    title = "Synthetix knowledge base"
    description = "Searches and takes topics; wants both keys on every request."
    pages = (("Topics", "/"),)
    default_counts = {"searches": 0, "submitted": 0, "refused": 0}
    default_settings = {"consumer_key": CONSUMER_KEY, "application_key": APPLICATION_KEY}

    def reset(self) -> None:
        super().reset()
        self.articles: list[dict[str, Any]] = copy.deepcopy(ARTICLES)
        self.searched: list[dict[str, Any]] = []

    def secrets(self) -> list[str]:
        return [CONSUMER_KEY, APPLICATION_KEY, *(map(str, self.settings.values()) if self.settings else ())]

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/1.1/external/views", self.views, methods=["GET"]),
            Route("/1.1/external/search", self.search, methods=["GET"]),
            Route("/1.1/external/articles", self.submit, methods=["POST"]),
            Route("/_board", self.board_json, methods=["GET"]),
            Route("/_live/board", self.board_live, methods=["GET"]),
            Route("/", self.board_page, methods=["GET"]),
        ]

    def fault_response(self, fault: faults.Fault, request: Request) -> Response:
        if fault.name not in WORDS:
            return super().fault_response(fault, request)
        status, headers = self._generic_status(fault)
        return failure(status, WORDS[fault.name], headers)

    def _keys_right(self, request: Request) -> bool:
        pairs = (("consumerkey", "consumer_key"), ("applicationkey", "application_key"))
        right = [
            hmac.compare_digest(request.headers.get(header, "").encode(), str(self.settings[name]).encode())
            for header, name in pairs
        ]
        self.counts["refused"] += not all(right)
        return all(right)

    async def views(self, request: Request) -> Response:
        if not self._keys_right(request):
            return failure(401, WORDS["bad_credentials"])
        return JSONResponse([{"id": 1, "name": "Public"}])

    async def search(self, request: Request) -> Response:
        if not self._keys_right(request):
            return failure(401, WORDS["bad_credentials"])
        words = request.query_params.get("query", "").casefold().split()
        limit = request.query_params.get("limit", "10")
        if not words or not limit.isdecimal():
            return failure(400, "query and limit are required")
        found = sorted(self.articles, key=lambda article: -matches(article, words))
        hits = [article for article in found if matches(article, words)][: int(limit)]
        self.counts["searches"] += 1
        self.searched = [{"query": " ".join(words), "found": len(hits)}, *self.searched][:50]
        return JSONResponse({"results": hits})

    async def submit(self, request: Request) -> Response:
        if not self._keys_right(request):
            return failure(401, WORDS["bad_credentials"])
        try:
            data = json.loads(await request.body())
        except ValueError:
            return failure(400, "the body is not JSON")
        if not isinstance(data, dict) or not all(isinstance(data.get(k), str) and data[k] for k in ("title", "body")):
            warn(request, "title and body are needed, both text")
            return failure(400, "title and body are required")
        article = {"id": 100 + len(self.articles) + 1, "title": data["title"], "body": data["body"]}
        self.articles.append(article)
        self.counts["submitted"] += 1
        return JSONResponse(article, 201)

    def view(self) -> dict[str, Any]:
        return {"articles": self.articles[::-1], "searches": self.searched}

    async def board_json(self, request: Request) -> Response:
        return JSONResponse(self.view())

    async def board_live(self, request: Request) -> Response:
        return pages.render(request, "_kb_board.html", simulator=self, board=self.view())

    async def board_page(self, request: Request) -> Response:
        if control.wants_json(request):
            return JSONResponse(self.view())
        return pages.render(request, "kb_board.html", simulator=self, board=self.view())


def matches(article: dict[str, Any], words: list[str]) -> int:
    """How many of the words are in the topic."""
    text = f"{article['title']} {article['body']}".casefold()
    return sum(word in text for word in words)


def failure(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": {"code": status, "message": message}}, status, headers)
