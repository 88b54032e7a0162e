"""A page of what a simulated vendor has understood, for vendors that need no page of their own making: a few facts,
a few tables, the problems found. It refreshes itself; `/_board` gives the same to programs."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from . import control, pages
from .base import Simulator


@dataclass(frozen=True)
class Link:
    """A cell that leads to a page of the simulator; `path` begins below its prefix."""

    text: str
    path: str


@dataclass(frozen=True)
class Table:
    title: str
    head: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    empty: str = "Nothing yet."


@dataclass(frozen=True)
class Board:
    facts: list[tuple[str, Any]]
    tables: list[Table]
    problems: list[str] = field(default_factory=list)


class BoardSimulator(Simulator):
    pages: ClassVar[tuple[tuple[str, str], ...]] = (("What it knows", "/"),)
    #: One sentence below the heading: the addresses and the published credentials.
    lead: ClassVar[str] = ""

    @abstractmethod
    def board(self) -> Board:
        """What there is to see now."""

    def state(self) -> dict[str, Any]:
        """The same for programs; a simulator adds what its tests want to know."""
        return asdict(self.board())

    def board_routes(self) -> list[BaseRoute]:
        return [
            Route("/_board", self._board_json, methods=["GET"]),
            Route("/_live/board", self._board_live, methods=["GET"]),
            Route("/", self._board_page, methods=["GET"]),
        ]

    async def _board_json(self, request: Request) -> Response:
        return JSONResponse(self.state())

    async def _board_live(self, request: Request) -> Response:
        return pages.render(request, "_board.html", simulator=self, board=self.board())

    async def _board_page(self, request: Request) -> Response:
        if control.wants_json(request):
            return JSONResponse(self.state())
        return pages.render(request, "board.html", simulator=self, board=self.board())
