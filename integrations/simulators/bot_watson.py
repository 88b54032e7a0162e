"""Watson Assistant: a workspace (v1) and an assistant with sessions (v2), both with the rules of `watson_dialog`.

Written from IBM's SDK (ibm-watson 11) and documentation. Assumptions of ours, because IBM does not tell: the 400 for a
missing version and for a line break in the text, and the words of both.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from .boards import Board, Table
from .ibm import API_KEY, PASSWORD, USERNAME, WatsonSimulator, failure, unauthorised
from .recorder import warn
from .watson_dialog import Turn, take_turn

WORKSPACE, ASSISTANT, ENVIRONMENT = "demo-workspace", "demo-assistant", "demo-live"
LONGEST_TEXT = 2048
VERSION = re.compile(r"20\d\d-\d\d-\d\d")
NOT_ALLOWED = re.compile(r"[\r\n\t]")
REMEMBERED = 50
Handler = Callable[[Request], Awaitable[Response]]


class Refusal(Exception):
    """A request that Watson refuses, with its status and words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


class WatsonAssistant(WatsonSimulator):
    key = "bot_watson"
    title = "Watson Assistant"
    description = "A bot with a workspace (v1) and an assistant with sessions (v2): greetings, opening hours, orders."
    service = "assistant"
    old_service = "conversation"
    lead = (
        f"Workspace {WORKSPACE}; assistant {ASSISTANT}, environment {ENVIRONMENT}. User {USERNAME}, password "
        f"{PASSWORD}; or API key {API_KEY}."
    )
    default_counts = {**WatsonSimulator.default_counts, "messages": 0, "sessions": 0}
    default_settings = {**WatsonSimulator.default_settings, "session_seconds": 300.0}

    def reset(self) -> None:
        super().reset()
        self.said: list[tuple[str, ...]] = []
        self.sessions: dict[str, dict[str, Any]] = {}
        self.silent_since: dict[str, float] = {}

    def api_routes(self) -> list[BaseRoute]:
        environment = "/v2/assistants/{assistant}/environments/{environment}"
        table: list[tuple[str, Handler, str]] = [
            ("/v1/workspaces/{workspace}", self.workspace, "GET"),
            ("/v1/workspaces/{workspace}/message", self.message_v1, "POST"),
            (environment, self.environment, "GET"),
            (f"{environment}/sessions", self.open_session, "POST"),
            (f"{environment}/sessions/{{session}}", self.end_session, "DELETE"),
            (f"{environment}/sessions/{{session}}/message", self.message_v2, "POST"),
            (f"{environment}/message", self.message_stateless, "POST"),
        ]
        return [Route(path, self._guarded(handler), methods=[method]) for path, handler, method in table]

    def _guarded(self, handler: Handler) -> Handler:
        """Signing in, the version, and that the place exists, before anything else; refusals in IBM's shape."""

        async def endpoint(request: Request) -> Response:
            if not self.is_signed_in(request):
                return unauthorised()
            try:
                check_version(request)
                check_place(request)
                return await handler(request)
            except Refusal as refusal:
                warn(request, refusal.words)
                return failure(refusal.status, refusal.words)

        return endpoint

    # -- v1

    async def workspace(self, request: Request) -> Response:
        return JSONResponse(
            {"name": "Demo dialog", "language": "en", "workspace_id": WORKSPACE, "learning_opt_out": False}
        )

    async def message_v1(self, request: Request) -> Response:
        body = await json_object(request)
        text, context = text_in(body), body.get("context", {})
        if not isinstance(context, dict):
            raise Refusal(400, "context must be an object")
        turn = take_turn(text, context)
        conversation = str(context.get("conversation_id") or uuid.uuid4())
        self._remember("v1", conversation, text, turn)
        counter = _number(context.get("system", {})) + 1
        return JSONResponse(
            {
                "input": {"text": text},
                "intents": turn.intents if body.get("alternate_intents") else turn.intents[:1],
                "entities": turn.entities,
                "context": {
                    **turn.variables,
                    "conversation_id": conversation,
                    "system": {"initialized": True, "dialog_turn_counter": counter},
                },
                "output": {
                    "text": turn.texts(), "generic": turn.generic, "nodes_visited": [turn.node], "log_messages": [],
                },
                "alternate_intents": bool(body.get("alternate_intents")),
            }
        )  # fmt: skip

    # -- v2

    async def environment(self, request: Request) -> Response:
        return JSONResponse(
            {
                "name": "Demo live", "assistant_id": ASSISTANT, "environment_id": ENVIRONMENT, "environment": "live",
                "session_timeout": int(self.settings["session_seconds"]),
            }
        )  # fmt: skip

    async def open_session(self, request: Request) -> Response:
        session = str(uuid.uuid4())
        self.sessions[session] = {}
        self.silent_since[session] = time.monotonic()
        self.counts["sessions"] += 1
        return JSONResponse({"session_id": session}, 201)

    async def end_session(self, request: Request) -> Response:
        self.sessions.pop(self._session(request), None)
        return JSONResponse({})

    async def message_v2(self, request: Request) -> Response:
        session = self._session(request)
        body = await json_object(request)
        text = text_in(body)
        turn = take_turn(text, self.sessions[session])
        self.sessions[session], self.silent_since[session] = turn.variables, time.monotonic()
        self._remember("v2", session, text, turn)
        return JSONResponse({"output": output_v2(turn), "user_id": body.get("user_id") or session})

    async def message_stateless(self, request: Request) -> Response:
        body = await json_object(request)
        text, context = text_in(body), body.get("context") or {}
        turn = take_turn(text, context.get("skills", {}).get("main skill", {}).get("user_defined", {}))
        self._remember("v2 stateless", str(body.get("user_id") or ""), text, turn)
        context = {"skills": {"main skill": {"user_defined": turn.variables}}}
        return JSONResponse({"output": output_v2(turn), "context": context, "user_id": body.get("user_id") or ""})

    def _session(self, request: Request) -> str:
        """The session of a path. One that was silent for too long is gone, as one that never was."""
        session = str(request.path_params["session"])
        silent = time.monotonic() - self.silent_since.get(session, 0)
        if session not in self.sessions or silent > self.settings["session_seconds"]:
            self.sessions.pop(session, None)
            raise Refusal(404, "Invalid Session")
        return session

    # -- what there is to see

    def _remember(self, generation: str, conversation: str, text: str, turn: Turn) -> None:
        self.counts["messages"] += 1
        first = turn.intents[0]
        row = (text, generation, conversation[:8], f"{first['intent']} {first['confidence']:.2f}", turn.in_short())
        self.said = [row, *self.said][:REMEMBERED]

    def board(self) -> Board:
        open_now = [(session[:8], json.dumps(values) if values else "") for session, values in self.sessions.items()]
        head = ("Message", "API", "Conversation", "Intent", "Reply")
        return Board(
            facts=[("Messages", self.counts["messages"]), ("Sessions opened", self.counts["sessions"])],
            tables=[
                Table("Latest messages", head, list(self.said), "Nobody has written anything."),
                Table("Sessions of v2", ("Session", "Remembered"), open_now, "No session is open."),
            ],
        )


def output_v2(turn: Turn) -> dict[str, Any]:
    intents = [{**intent, "skill": "main skill"} for intent in turn.intents]
    return {"generic": turn.generic, "intents": intents, "entities": turn.entities}


def check_version(request: Request) -> None:
    version = request.query_params.get("version", "")
    if not VERSION.fullmatch(version):
        raise Refusal(400, f"Invalid version: {version}" if version else "Missing required parameter: version")


def check_place(request: Request) -> None:
    known = {"workspace": WORKSPACE, "assistant": ASSISTANT, "environment": ENVIRONMENT}
    if any(request.path_params.get(name, wanted) != wanted for name, wanted in known.items()):
        raise Refusal(404, "Resource not found")


async def json_object(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        raise Refusal(400, "Invalid JSON") from None
    if not isinstance(body, dict):
        raise Refusal(400, "The body must be an object")
    return body


def text_in(body: dict[str, Any]) -> str:
    """The customer's text; without one the conversation begins, as with an empty one."""
    given = body.get("input") or {}
    text = given.get("text", "") if isinstance(given, dict) else None
    if not isinstance(text, str):
        raise Refusal(400, "input.text must be a string")
    if len(text) > LONGEST_TEXT:
        raise Refusal(400, f"input.text cannot be longer than {LONGEST_TEXT} characters")
    if NOT_ALLOWED.search(text):
        raise Refusal(400, "input.text cannot contain carriage return, newline, or tab characters")
    return text


def _number(system: Any) -> int:
    counter = system.get("dialog_turn_counter") if isinstance(system, dict) else 0
    return counter if isinstance(counter, int) else 0
