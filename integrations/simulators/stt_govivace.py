"""GoVivace's telephony engine: the protocol of kaldi-gstreamer-server, with PocketSphinx behind it.

Known: the address, the query `content-type`, the end mark `EOS` as text or binary, the shape of the answers, the status
codes, that the server closes after the last one. Assumptions of ours: that a wrong key is refused at the handshake
(setting `refuse_with`), and its name in the query (`key_parameter`).
"""

from __future__ import annotations

import hmac
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from . import faults
from .boards import Board, BoardSimulator
from .recorder import warn
from .speech.listener import Heard
from .speech.wire import CannotDecode, Form, Memory, Stream, caps_of, refuse

API_KEY = "demo-govivace-key"
END = "EOS"
OK, NO_SPEECH, ABORTED, NOT_ALLOWED, NO_RECOGNISER = 0, 1, 2, 5, 9
OWN_FAULTS = {
    "no_recogniser": (NO_RECOGNISER, "No decoder available, try again later"),
    "aborted": (ABORTED, "Recognition was aborted"),
    "not_allowed": (NOT_ALLOWED, "Not allowed"),
}
UNCERTAIN = 0.02  # the engine's word for something that it cannot name is <UNK>
WORDS = {
    "bad_credentials": "Unauthorized",
    "expired_token": "Unauthorized",
    "revoked_token": "Unauthorized",
    "missing_permission": "Forbidden",
    "rate_limit": "Too Many Requests",
    "server_error": "Internal Server Error",
}


class GoVivace(BoardSimulator):
    key = "stt_govivace"
    title = "GoVivace telephony"
    description = "Writes down what it hears, over a WebSocket. PocketSphinx listens."
    lead = f"API key {API_KEY}, in the query as key; a WebSocket at telephony."
    extra_faults = tuple(OWN_FAULTS)
    default_counts = {"sessions": 0, "utterances": 0, "refused": 0}
    default_settings = {"api_key": API_KEY, "key_parameter": "key", "refuse_with": "handshake", "confidence": False}

    def reset(self) -> None:
        super().reset()
        self.heard = Memory()

    def secrets(self) -> list[str]:
        return [API_KEY, *([str(self.settings["api_key"])] if self.settings else [])]

    def routes(self) -> list[BaseRoute]:
        sockets = [WebSocketRoute(path, self.telephony) for path in ("/telephony", "/client/ws/speech")]
        return [*sockets, *self.board_routes()]

    def fault_response(self, fault: faults.Fault, request: Request) -> Response:
        if fault.name not in WORDS:
            return super().fault_response(fault, request)
        status, headers = self._generic_status(fault)
        return Response(WORDS[fault.name], status, headers, media_type="text/plain")

    def board(self) -> Board:
        return self.heard.board(self.figures())

    # -- a session

    async def telephony(self, socket: WebSocket) -> None:
        known = self._key_right(socket)
        if not known and self.settings["refuse_with"] == "handshake":
            await refuse(socket, Response(WORDS["bad_credentials"], 401, media_type="text/plain"))
            return
        await socket.accept()
        self.counts["sessions"] += 1
        fault = socket.scope.get("simulator.fault")
        try:
            if not known:
                await end(socket, NOT_ALLOWED, "Not allowed")
            elif fault is not None and fault.name in OWN_FAULTS:
                await end(socket, *OWN_FAULTS[fault.name])
            else:
                await self._hold(socket)
        except WebSocketDisconnect:
            return

    def _key_right(self, socket: WebSocket) -> bool:
        given = socket.query_params.get(str(self.settings["key_parameter"]), "")
        right = hmac.compare_digest(given.encode(), str(self.settings["api_key"]).encode())
        self.counts["refused"] += not right
        return right

    async def _hold(self, socket: WebSocket) -> None:
        declared = socket.query_params.get("content-type", "")
        form = form_of(declared)
        if declared and form is None:
            warn(Request({**socket.scope, "type": "http", "method": "GET"}), f"content-type not understood: {declared}")
            await end(socket, NOT_ALLOWED, "The declared content-type cannot be decoded")
            return
        stream, said = Stream(form), []
        while (data := await audio_of(socket)) is not None:
            said += await self._tell(socket, await stream.feed(data))
        try:
            said += await self._tell(socket, await stream.end())
        except CannotDecode as failure:
            await end(socket, NOT_ALLOWED, str(failure))
            return
        self.counts["utterances"] += len(said)
        self.heard.keep(stream, said)
        if said:
            await socket.close(1000)
        else:
            await end(socket, NO_SPEECH, "")

    async def _tell(self, socket: WebSocket, found: list[Heard]) -> list[str]:
        for heard in found:
            best: dict[str, Any] = {"transcript": transcript_of(heard)}
            if heard.final and self.settings["confidence"]:
                best["confidence"] = round(heard.confidence, 2)
            await socket.send_json({"status": OK, "result": {"hypotheses": [best], "final": heard.final}})
        return [heard.text for heard in found if heard.final]


async def audio_of(socket: WebSocket) -> bytes | None:
    """The next piece of sound; None at the end mark. Other texts are passed over."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code") or 1005)
        text, data = message.get("text"), message.get("bytes")
        if text == END or data == END.encode():
            return None
        if data:
            return bytes(data)


async def end(socket: WebSocket, status: int, message: str) -> None:
    """After a status that is not 0 the server closes."""
    await socket.send_json({"status": status, **({"message": message} if message else {})})
    await socket.close(1000)


def form_of(content_type: str) -> Form | None:
    """None: the first bytes will tell, or the declaration makes no sense."""
    if not content_type.startswith("audio/x-raw"):
        return None
    caps = caps_of(content_type)
    if caps.get("format") != "S16LE" or caps.get("channels") != "1" or not caps.get("rate", "").isdecimal():
        return None
    return Form("l16", int(caps["rate"])) if int(caps["rate"]) >= 8000 else None


def transcript_of(heard: Heard) -> str:
    return " ".join("<UNK>" if word.confidence < UNCERTAIN else word.text for word in heard.words)
