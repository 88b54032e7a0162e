"""IBM Watson Speech to Text: the WebSocket protocol, with PocketSphinx behind it.

Written from IBM's page on the WebSocket interface and from what its SDK sends (which spells `content_type`). It hears
American English whatever the model is called. Assumptions of ours: the words of a refused model or rate.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from .boards import Board
from .ibm import WatsonSimulator, failure, unauthorised
from .recorder import warn
from .speech.listener import Heard
from .speech.wire import CannotDecode, Form, Memory, Stream, parameters_of, refuse

LEAST_BYTES, MOST_BYTES = 100, 100 * 1024 * 1024
ERROR_CODE, ERROR_REASON = 1011, "see the previous message for the error details."
MODELS = {
    "en-US_Telephony": ("en-US", 8000, "US English telephony model for narrowband audio (8kHz)"),
    "en-GB_Telephony": ("en-GB", 8000, "GB English telephony model for narrowband audio (8kHz)"),
    "es-LA_Telephony": ("es-LA", 8000, "Latin American Spanish telephony model for narrowband audio (8kHz)"),
    "ja-JP_Telephony": ("ja-JP", 8000, "Japanese telephony model for narrowband audio (8kHz)"),
    "en-US_Multimedia": ("en-US", 16000, "US English multimedia model for broadband audio (16kHz or more)"),
    "en-US": ("en-US", 8000, "US English large speech model"),
}
FORMER_DEFAULT = "en-US_BroadbandModel"
KNOWN = {
    "action", "content-type", "content_type", "interim_results", "timestamps", "word_confidence", "inactivity_timeout",
    "smart_formatting", "profanity_filter", "redaction", "speaker_labels", "end_of_phrase_silence_time",
    "split_transcript_at_phrase_end", "max_alternatives", "background_audio_suppression", "low_latency",
    "speech_detector_sensitivity", "character_insertion_bias", "speech_begin_event", "word_alternatives_threshold",
    "keywords", "keywords_threshold", "processing_metrics", "processing_metrics_interval", "audio_metrics",
    "smart_formatting_version", "grammar_name", "customization_weight", "customization_id", "sad_module",
}  # fmt: skip
CODECS = {"audio/mulaw": "mulaw", "audio/alaw": "alaw", "audio/l16": "l16"}
OWN_FAULTS = {
    "error_frame": "unable to transcode data stream audio/mulaw -> audio/x-float-array",
    "inactivity": "No speech detected for 30s.",
    "session_timeout": "Session timed out due to inactivity after 30 seconds.",
}


class Refusal(Exception):
    """Ends the session: the text goes into an error frame, then the connection is closed."""


class Start(NamedTuple):
    """What a `start` asks for."""

    form: Form | None
    interim: bool
    timestamps: bool
    confidences: bool
    inactivity: float
    warnings: list[str]


class WatsonStt(WatsonSimulator):
    key = "stt_watson"
    title = "Watson Speech to Text"
    description = "Writes down what it hears, over a WebSocket. PocketSphinx listens."
    service = "speech-to-text"
    extra_faults = tuple(OWN_FAULTS)
    default_counts = {**WatsonSimulator.default_counts, "sessions": 0, "utterances": 0}
    default_settings = {
        **WatsonSimulator.default_settings,
        "inactivity_seconds": 30.0,
        "session_seconds": 30.0,
        "confidence": True,
    }

    def reset(self) -> None:
        super().reset()
        self.heard = Memory()

    def api_routes(self) -> list[BaseRoute]:
        return [
            Route("/v1/models", self.models, methods=["GET"]),
            Route("/v1/models/{name}", self.model, methods=["GET"]),
            WebSocketRoute("/v1/recognize", self.recognize),
        ]

    def may_meet(self, fault: str, path: str) -> bool:
        return fault not in OWN_FAULTS or path.endswith("/recognize")

    def board(self) -> Board:
        return self.heard.board(self.figures())

    # -- models

    async def models(self, request: Request) -> Response:
        if not self.is_signed_in(request):
            return unauthorised()
        return JSONResponse({"models": [described(request, name) for name in MODELS]})

    async def model(self, request: Request) -> Response:
        if not self.is_signed_in(request):
            return unauthorised()
        name = request.path_params["name"]
        return JSONResponse(described(request, name)) if name in MODELS else failure(404, f"Model '{name}' not found")

    # -- a session

    async def recognize(self, socket: WebSocket) -> None:
        if not self.is_signed_in(socket):
            await refuse(socket, unauthorised())
            return
        await socket.accept()
        self.counts["sessions"] += 1
        try:
            await self._hold(socket)
        except Refusal as refusal:
            await socket.send_json({"error": str(refusal)})
            await socket.close(ERROR_CODE, ERROR_REASON)
        except WebSocketDisconnect:
            return

    async def _hold(self, socket: WebSocket) -> None:
        name = socket.query_params.get("model") or FORMER_DEFAULT
        if name not in MODELS:
            raise Refusal(f"Model '{name}' not found")
        start: Start | None = None
        while True:
            order, data = await self._next(socket)
            if order.get("action") == "start":
                start = self._start(order)
                await self._listening(socket, start)
            elif start is None or not data:
                raise Refusal("A session begins with the action start.")
            await self._request(socket, start, data)  # without a new start the old parameters hold

    async def _request(self, socket: WebSocket, start: Start, data: bytes) -> None:
        """Until its `stop`."""
        stream, talk = Stream(start.form), Results(socket, start, bool(self.settings["confidence"]))
        while True:
            if data:
                await self._hear(stream, data, start, talk)
            order, data = await self._next(socket)
            if order.get("action") == "start":
                start = self._start(order)
                stream, talk = Stream(start.form), Results(socket, start, bool(self.settings["confidence"]))
                await self._listening(socket, start)
            elif order.get("action") == "stop":
                await self._finish(stream, talk)
                await socket.send_json({"state": "listening"})
                return
            elif not data:
                raise Refusal("The action is neither start nor stop.")

    async def _next(self, socket: WebSocket) -> tuple[dict[str, Any], bytes]:
        """The next order, or the next piece of sound; an empty piece is the order to stop."""
        seconds = float(self.settings["session_seconds"])
        try:
            message = await asyncio.wait_for(socket.receive(), seconds)
        except TimeoutError:
            raise Refusal(f"Session timed out due to inactivity after {seconds:.0f} seconds.") from None
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code") or 1005)
        if message.get("text") is not None:
            return order_of(message["text"]), b""
        return ({}, message["bytes"]) if message.get("bytes") else ({"action": "stop"}, b"")

    async def _listening(self, socket: WebSocket, start: Start) -> None:
        for text in start.warnings:
            warn(Request({**socket.scope, "type": "http", "method": "GET"}), text)
        await socket.send_json({"state": "listening", **({"warnings": start.warnings} if start.warnings else {})})
        fault = socket.scope.get("simulator.fault")
        if fault is not None and fault.name in OWN_FAULTS:
            raise Refusal(OWN_FAULTS[fault.name])

    async def _hear(self, stream: Stream, data: bytes, start: Start, talk: Results) -> None:
        if stream.size + len(data) > MOST_BYTES:
            raise Refusal("Payload exceeds the 104857600 bytes limit.")
        for found in await stream.feed(data):
            await talk.take(found)
        if 0 <= start.inactivity < stream.silent_for:
            raise Refusal(f"No speech detected for {start.inactivity:.0f}s.")

    async def _finish(self, stream: Stream, talk: Results) -> None:
        if stream.size < LEAST_BYTES:
            raise Refusal(f"Stream was {stream.size} bytes but needs to be at least {LEAST_BYTES} bytes.")
        try:
            for found in await stream.end():
                await talk.take(found)
        except CannotDecode:
            raise Refusal("unable to transcode data stream audio/wav -> audio/x-float-array") from None
        await talk.end()
        self.counts["utterances"] += len(talk.finals)
        self.heard.keep(stream, [found.text for found in talk.finals])

    def _start(self, order: dict[str, Any]) -> Start:
        unknown = [name for name in order if name not in KNOWN]
        return Start(
            form=form_of(str(order.get("content-type") or order.get("content_type") or "")),
            interim=order.get("interim_results") is True,
            timestamps=order.get("timestamps") is True,
            confidences=order.get("word_confidence") is True,
            inactivity=float(order.get("inactivity_timeout", self.settings["inactivity_seconds"])),
            warnings=[f"Unknown arguments: {', '.join(unknown)}."] if unknown else [],
        )


class Results:
    """Tells what was heard: each utterance as it comes, or all together at the end."""

    def __init__(self, socket: WebSocket, start: Start, with_confidence: bool) -> None:
        self.socket, self.start, self.with_confidence = socket, start, with_confidence
        self.finals: list[Heard] = []

    async def take(self, found: Heard) -> None:
        if self.start.interim:
            index = len(self.finals)
            await self.socket.send_json({"result_index": index, "results": [self._result(found)]})
        if found.final:
            self.finals.append(found)

    async def end(self) -> None:
        if not self.start.interim:
            await self.socket.send_json({"result_index": 0, "results": [self._result(f) for f in self.finals]})

    def _result(self, found: Heard) -> dict[str, Any]:
        best: dict[str, Any] = {"transcript": f"{found.text} "}
        if found.final and self.with_confidence:
            best["confidence"] = round(found.confidence, 2)
        if found.final and self.start.timestamps:
            best["timestamps"] = [[w.text, w.start, w.end] for w in found.words]
        if found.final and self.start.confidences:
            best["word_confidence"] = [[w.text, w.confidence] for w in found.words]
        return {"final": found.final, "alternatives": [best]}


def order_of(text: str) -> dict[str, Any]:
    try:
        order = json.loads(text)
    except ValueError:
        raise Refusal("JSON parsing error") from None
    if not isinstance(order, dict):
        raise Refusal("JSON parsing error")
    return order


def form_of(content_type: str) -> Form | None:
    """None: the first bytes will tell."""
    name, parameters = parameters_of(content_type)
    if name == "audio/basic":
        return Form("mulaw")
    if name in CODECS:
        if not parameters.get("rate", "").isdecimal():
            raise Refusal(f"The sampling rate of {name} has to be specified: rate is missing.")
        return Form(CODECS[name], int(parameters["rate"]))
    if name in ("audio/wav", "audio/x-wav"):
        return Form("wav")
    if name in ("", "application/octet-stream"):
        return None
    raise Refusal(f"unable to transcode data stream {name} -> audio/x-float-array")


def described(request: Request, name: str) -> dict[str, Any]:
    language, rate, words = MODELS[name]
    features = {"custom_language_model": True, "custom_acoustic_model": False, "speaker_labels": True,
                "low_latency": True}  # fmt: skip
    url = f"{request.url.scheme}://{request.url.netloc}/stt_watson/v1/models/{name}"
    return {"name": name, "language": language, "rate": rate, "url": url, "supported_features": features,
            "description": words}  # fmt: skip
