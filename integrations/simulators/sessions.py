"""The exchange layer's part for WebSockets: a session is recorded as one exchange, and faults happen to it too.

A vendor's refusal comes instead of the handshake, as an ordinary HTTP answer. `reset` and `hang` strike at the
handshake, or with the option `after` once so many frames have come. `slow` delays every frame that is sent, `truncated`
cuts it in half, `wrong_shape` puts something else in its place.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import faults, masking, wires
from .base import Simulator
from .recorder import Exchange

KEPT_TEXTS = 20
SWITCHING = 101
IN_THE_SESSION = (*faults.ANSWER_FAULTS, "wrong_shape")


async def hold(app: ASGIApp, simulator: Simulator, scope: Scope, receive: Receive, send: Send, path: str) -> None:
    """One session from its handshake to its end."""
    opening = await receive()
    request = Request({**scope, "type": "http", "method": "GET"})
    exchange = simulator.recorder.open(request, path, b"")
    scope["simulator.exchange"] = exchange
    simulator.counts["requests"] += 1
    try:
        fault = simulator.faults.met_by(request.headers, path, simulator.may_meet)
    except faults.BadFault as error:
        await refuse(simulator, exchange, wires.unknown_fault(error, simulator.faults), send)
        return
    exchange.fault = fault.name if fault else None
    if fault and fault.name in faults.WIRE_FAULTS and not fault.options.get("after"):
        await wires.break_wire(fault.name, scope, receive)
        simulator.recorder.close(exchange, None, b"", "")
    elif fault and fault.name in faults.VENDOR_FAULTS and fault.name not in IN_THE_SESSION:
        await refuse(simulator, exchange, simulator.fault_response(fault, request), send)
    else:
        await Talk(simulator, scope, receive, send, fault).run(app, opening)


async def refuse(simulator: Simulator, exchange: Exchange, response: Response, send: Send) -> None:
    """An HTTP answer in place of the handshake (ASGI: websocket.http.response)."""
    body = bytes(response.body)
    start = {"type": "websocket.http.response.start", "status": response.status_code, "headers": response.raw_headers}
    await send(start)
    await send({"type": "websocket.http.response.body", "body": body})
    simulator.recorder.close(exchange, response.status_code, body, response.headers.get("content-type", ""))


class Talk:
    """Stands between the vendor's code and the wire, counts, and lets faults happen."""

    def __init__(
        self, simulator: Simulator, scope: Scope, receive: Receive, send: Send, fault: faults.Fault | None
    ) -> None:
        self.simulator = simulator
        self.scope = scope
        self.scope["simulator.fault"] = fault  # the vendor's code lets its own faults happen
        self.wire_receive, self.wire_send = receive, send
        self.fault = fault
        self.status: int | None = SWITCHING
        self.code: int | None = None
        self.counts: Counter[str] = Counter()
        self.texts: dict[str, list[Any]] = {"received": [], "sent": []}
        self.waiting: list[Message] = []
        self.refusal = b""

    async def run(self, app: ASGIApp, opening: Message) -> None:
        self.waiting = [opening]
        exchange: Exchange = self.scope["simulator.exchange"]
        try:
            await app(self.scope, self.receive, self.send)
        finally:
            exchange.body = masking.mask_json(self._told("received"), self.simulator.secrets())
            body = self.refusal or json.dumps({**self._told("sent"), "close": self.code}).encode()
            self.simulator.recorder.close(exchange, self.status, body, "application/json")

    async def receive(self) -> Message:
        if self.waiting:
            return self.waiting.pop()
        message = await self.wire_receive()
        if message["type"] == "websocket.disconnect":
            self.code = self.code or message.get("code")
            return message
        self._note("received", message)
        after = self.fault.options.get("after") if self.fault and self.fault.name in faults.WIRE_FAULTS else None
        if self.fault and after and self.counts["received text"] + self.counts["received binary"] >= int(after):
            await wires.break_wire(self.fault.name, self.scope, self.wire_receive)
            return {"type": "websocket.disconnect", "code": 1006}
        return message

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.send":
            message = await self._spoilt(message)
            self._note("sent", message)
        elif kind == "websocket.close":
            self.code = message.get("code")
        elif kind == "websocket.http.response.start":
            self.status = message["status"]
        elif kind == "websocket.http.response.body":
            self.refusal += message.get("body", b"")
        await self.wire_send(message)

    async def _spoilt(self, message: Message) -> Message:
        name = self.fault.name if self.fault else ""
        text = message.get("text")
        if self.fault and name == "slow":
            await asyncio.sleep(self.fault.option("delay", 3))
        if text is not None and name == "truncated":
            return {**message, "text": text[: max(1, len(text) // 2)]}
        if text is not None and name == "wrong_shape":
            return {**message, "text": '{"unexpected": [1, 2, 3]}'}
        return message

    def _note(self, way: str, message: Message) -> None:
        text, data = message.get("text"), message.get("bytes")
        self.counts[f"{way} {'text' if text is not None else 'binary'}"] += 1
        self.counts[f"{way} bytes"] += len((text or "").encode() or data or b"")
        if text is not None:
            self.texts[way] = [*self.texts[way], parsed(text)][-KEPT_TEXTS:]

    def _told(self, way: str) -> dict[str, Any]:
        counts = {kind: self.counts[f"{way} {kind}"] for kind in ("text", "binary", "bytes")}
        return {"frames": counts, "texts": self.texts[way]}


def parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
