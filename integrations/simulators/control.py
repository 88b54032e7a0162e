"""The control addresses of every simulator, all below `/<key>/_...`.

They are the hands of a tester: see what arrived, switch faults and settings, count, and start afresh.
Programs get JSON, people get a page; which of the two is decided by `Accept` or `?format=json`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import faults, pages
from .base import BadSetting, Simulator
from .recorder import Exchange

SHOWN = 200
# What the page shows, by the word in its address: everything, what a tester has to look at, the vendor's interface.
ONLY: dict[str, Callable[[Exchange], bool]] = {
    "all": lambda row: True,
    "troubled": lambda row: row.troubled,
    "": lambda row: not row.page,
}


def routes(simulator: Simulator) -> list[Route]:
    handlers: dict[str, tuple[Callable[[Simulator, Request], Any], list[str]]] = {
        "_requests": (requests_page, ["GET", "DELETE"]),
        "_faults": (faults_resource, ["GET", "PUT", "DELETE"]),
        "_settings": (settings_resource, ["GET", "PUT"]),
        "_counts": (counts, ["GET"]),
        "_reset": (reset, ["POST"]),
        "_controls": (controls_page, ["GET"]),
    }
    return [Route(f"/{name}", bound(simulator, handler), methods=m) for name, (handler, m) in handlers.items()]


def bound(simulator: Simulator, handler: Callable[[Any, Request], Any]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        response: Response = await handler(simulator, request)
        return response

    return endpoint


def wants_json(request: Request) -> bool:
    if "format" in request.query_params:
        return request.query_params["format"] == "json"
    return "application/json" in request.headers.get("accept", "")


async def json_body(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except ValueError as error:
        raise HTTPException(400, "the body is not JSON") from error


async def requests_page(simulator: Simulator, request: Request) -> Response:
    if request.method == "DELETE":
        simulator.recorder.clear()
        return Response(status_code=204)
    if wants_json(request):
        return JSONResponse([exchange.as_json() for exchange in reversed(simulator.recorder.newest_first())])
    only = next((name for name in ONLY if name in request.query_params), "")
    rows = [row for row in simulator.recorder.newest_first() if ONLY[only](row)][:SHOWN]
    fragment = request.query_params.get("format") == "fragment"
    template = "_requests_table.html" if fragment else "requests.html"
    return pages.render(request, template, simulator=simulator, rows=rows, only=only)


async def faults_resource(simulator: Simulator, request: Request) -> Response:
    table = simulator.faults
    if request.method == "DELETE":
        table.clear()
    elif request.method == "PUT":
        try:
            table.replace(await json_body(request))
        except (faults.BadFault, TypeError, ValueError) as error:
            return JSONResponse({"error": str(error), "faults": list(table.names)}, 400)
    simulator.faults_changed()
    return JSONResponse({"active": [fault.as_json() for fault in table.active()], "faults": list(table.names)})


async def settings_resource(simulator: Simulator, request: Request) -> Response:
    if request.method == "PUT":
        changes = await json_body(request)
        if not isinstance(changes, dict):
            return JSONResponse({"error": "an object of settings is expected"}, 400)
        try:
            simulator.change_settings(changes)
        except BadSetting as error:
            return JSONResponse({"error": str(error)}, 400)
    return JSONResponse(simulator.settings)


async def counts(simulator: Simulator, request: Request) -> Response:
    return JSONResponse({"requests": 0, **simulator.default_counts, **simulator.counts})


async def reset(simulator: Simulator, request: Request) -> Response:
    simulator.reset()
    simulator.faults_changed()
    return JSONResponse({"reset": True})


async def controls_page(simulator: Simulator, request: Request) -> Response:
    return pages.render(request, "controls.html", simulator=simulator, active=simulator.faults.active())
