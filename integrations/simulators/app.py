"""The one Starlette application that carries all simulators, each below `/<key>/`."""

from __future__ import annotations

import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from . import SIMULATORS, control, pages
from .base import Simulator, Surroundings
from .exchange import ExchangeLayer

DEFAULT_DESKTOP = "http://127.0.0.1:8000"


def create_app(desktop_url: str | None = None) -> Starlette:
    address = desktop_url or os.environ.get("PUBLIC_URL") or DEFAULT_DESKTOP
    surroundings = Surroundings(desktop_url=address.rstrip("/"))
    simulators = {simulator.key: simulator(surroundings) for simulator in SIMULATORS}
    routes: list[BaseRoute] = [Mount("/_static", StaticFiles(directory=pages.STATIC))]
    routes += [mount(simulator) for simulator in simulators.values()]
    for simulator in simulators.values():
        routes += simulator.root_routes()
    app = Starlette(routes=[Route("/", index), Route("/_reset", reset_all, methods=["POST"]), *routes])
    app.state.simulators = simulators
    return app


def mount(simulator: Simulator) -> Mount:
    inner = Starlette(routes=[*control.routes(simulator), *simulator.routes()])
    return Mount(f"/{simulator.key}", app=ExchangeLayer(inner, simulator), name=simulator.key)


async def index(request: Request) -> Response:
    simulators: list[Simulator] = list(request.app.state.simulators.values())
    if control.wants_json(request):
        return JSONResponse([described(simulator) for simulator in simulators])
    return pages.render(request, "index.html", simulators=simulators)


async def reset_all(request: Request) -> Response:
    for simulator in request.app.state.simulators.values():
        simulator.reset()
    return JSONResponse({"reset": True})


def described(simulator: Simulator) -> dict[str, str]:
    return {"key": simulator.key, "title": simulator.title, "description": simulator.description}
