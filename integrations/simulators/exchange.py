"""The layer around every simulated vendor: records the exchange and lets faults happen.

It reads the whole request first, so that even a request that meets a reset connection is recorded with its
body. Addresses whose first segment starts with an underscore are ours (controls, live data of the pages):
they are neither recorded nor disturbed, otherwise nobody could switch a fault off again.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import faults, sessions, wires
from .base import Simulator
from .recorder import Exchange


class ExchangeLayer:
    def __init__(self, app: ASGIApp, simulator: Simulator) -> None:
        self.app = app
        self.simulator = simulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = own_path(scope)
        if path.startswith("/_"):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await sessions.hold(self.app, self.simulator, scope, receive, send, path)
        else:
            await self._recorded(scope, receive, send, path)

    async def _recorded(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        body = await read_body(receive)
        request = Request(scope)
        exchange = self.simulator.recorder.open(request, path, body)
        scope["simulator.exchange"] = exchange
        self.simulator.counts["requests"] += 1
        try:
            fault = self.simulator.faults.met_by(request.headers, path, self.simulator.may_meet)
        except faults.BadFault as error:
            await self._finish(exchange, wires.unknown_fault(error, self.simulator.faults), scope, receive, send)
            return
        exchange.fault = fault.name if fault else None
        if fault and fault.name in faults.WIRE_FAULTS:
            await wires.break_wire(fault.name, scope, receive)
            self.simulator.recorder.close(exchange, None, b"", "")
            return
        response = await self._answer(fault, Request(scope, replay(body, receive)), exchange)
        await self._finish(exchange, response, scope, receive, send)

    async def _answer(self, fault: faults.Fault | None, request: Request, exchange: Exchange) -> Response:
        if fault and fault.name == "slow":
            return await self._slowly(fault, request)
        if fault and fault.name not in faults.ANSWER_FAULTS:
            return self.simulator.fault_response(fault, request)
        response = await collect(self.app, request)
        return truncated(response) if fault and fault.name == "truncated" else response

    async def _slowly(self, fault: faults.Fault, request: Request) -> Response:
        """Late before the work, or, with the option `carried_out`, late with the answer to work that is done."""
        delay = fault.option("delay", 3)
        if not fault.options.get("carried_out"):
            await asyncio.sleep(delay)
            return await collect(self.app, request)
        response = await collect(self.app, request)
        await asyncio.sleep(delay)
        return response

    async def _finish(self, exchange: Exchange, response: Response, scope: Scope, receive: Receive, send: Send) -> None:
        content_type = response.headers.get("content-type", "")
        body = b"" if content_type.startswith("text/html") else bytes(response.body)
        self.simulator.recorder.close(exchange, response.status_code, body, content_type)
        await response(scope, receive, send)


def own_path(scope: Scope) -> str:
    """The path below the mount point, which is the path that the real vendor would see."""
    path = str(scope.get("path", ""))
    root = str(scope.get("root_path", ""))
    return path[len(root) :] if root and path.startswith(root) else path


async def read_body(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return b"".join(chunks)


def replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def collect(app: ASGIApp, request: Request) -> Response:
    """Runs the vendor's code and keeps the answer instead of sending it."""
    response = Response()
    body: list[bytes] = []

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            response.status_code = message["status"]
            response.raw_headers = list(message.get("headers", []))
        else:
            body.append(message.get("body", b""))

    await app(request.scope, request.receive, keep)
    response.body = b"".join(body)
    return response


def truncated(response: Response) -> Response:
    """The first half only, with a length that fits it: the client gets a complete message of broken JSON."""
    text = bytes(response.body) or b'{"result": {"sys_id": '
    half = text[: max(1, len(text) // 2)]
    return Response(half, 200 if response.status_code == 204 else response.status_code, media_type="application/json")
