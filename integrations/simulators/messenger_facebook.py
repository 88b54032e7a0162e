"""Facebook's Graph API for Messenger: one page, one app, its webhook with the handshake, and the numbers of its errors.

Written from developers.facebook.com (Messenger Platform, Graph API reference). Fates by customer's id (setting
`fates`): blocked, unknown, late (outside the reply window).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from typing import Any

import requests
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from . import faults
from .messengers import Call, MessengerSimulator, Said, milliseconds, parameters
from .pictures import NotFetched

TOKEN = "demo-facebook-page-token"  # noqa: S105 - the published token of a simulator
SECRET = "demo-facebook-app-secret"  # noqa: S105 - the published secret of a simulator
PAGE, APP = "1001", "3003"
CHALLENGE = "1158201444"
REFUSALS: dict[str, tuple[int, int, int, str]] = {
    "bad_credentials": (400, 190, 0, "Invalid OAuth access token - Cannot parse access token"),
    "expired_token": (400, 190, 463, "Error validating access token: Session has expired"),
    "revoked_token": (400, 190, 467, "Error validating access token: The session has been invalidated"),
    "missing_permission": (403, 200, 0, "(#200) Requires pages_messaging permission to manage the object"),
    "rate_limit": (400, 613, 0, "(#613) Calls to this api have exceeded the rate limit."),
    "server_error": (500, 2, 0, "An unexpected error has occurred. Please retry your request later."),
}
FATES: dict[str, tuple[int, int, int, str]] = {
    "blocked": (400, 551, 1545041, "(#551) This person isn't available right now."),
    "unknown": (400, 100, 2018001, "(#100) No matching user found"),
    "late": (400, 10, 2018278, "(#10) This message is sent outside of allowed window."),
}
NOT_FETCHED = (400, 100, 2018008, "(#100) Failed to fetch the file from the url")
EMPTY = (400, 100, 2018034, "(#100) Message cannot be empty, must provide valid attachment or text")
LONG = (400, 100, 0, "(#100) Length of param message[text] must be less than or equal to 2000")


class Facebook(MessengerSimulator):
    key = "messenger_facebook"
    title = "Facebook Messenger"
    description = "One page and its app: takes answers, checks the webhook by GET, signs what customers write."
    kinds = ("message", "postback", "delivery", "read", "echo", "edit", "reaction", "standby")
    has_batches = True
    default_settings = {
        "token": TOKEN,
        "app_secret": SECRET,
        "page_id": PAGE,
        "app_id": APP,
        "username": "demo.page",
        "scopes": ["pages_messaging", "pages_manage_metadata"],
        "webhook_url": "",
        "fates": {"551": "blocked", "404": "unknown", "10": "late"},
    }

    def reset(self) -> None:
        super().reset()
        self.attached = ""

    def secrets(self) -> list[str]:
        mine = [self.settings["token"], self.settings["app_secret"]] if self.settings else []
        return [TOKEN, SECRET, *mine]

    def vendor_routes(self) -> list[BaseRoute]:
        return [
            Route("/{version}/me", self.me, methods=["GET"]),
            Route("/{version}/debug_token", self.debug_token, methods=["GET"]),
            Route("/{version}/{page}/messages", self.messages, methods=["POST"]),
            Route("/{version}/{page}/subscribed_apps", self.subscribed_apps, methods=["GET", "POST", "DELETE"]),
            Route("/{version}/{app}/subscriptions", self.subscriptions, methods=["GET", "POST"]),
            Route("/files/{name}", self.hand_out, methods=["GET"]),
        ]

    async def _given(self, request: Request) -> tuple[dict[str, Any], str]:
        """Parameters, and the token from wherever it came."""
        given = await parameters(request)
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        return given, str(given.get("access_token") or (bearer if scheme.lower() == "bearer" else ""))

    def _page_problem(self, token: str, page: str | None = None) -> Response | None:
        if token != self.settings["token"]:
            return refusal(*REFUSALS["bad_credentials"])
        if page is not None and page not in (self.settings["page_id"], "me"):
            return refusal(400, 100, 33, "Unsupported post request. Object does not exist or cannot be loaded")
        return None

    def _app_problem(self, token: str) -> Response | None:
        wanted = f"{self.settings['app_id']}|{self.settings['app_secret']}"
        return None if token == wanted else refusal(400, 190, 0, "Invalid OAuth access token signature.")

    async def me(self, request: Request) -> Response:
        _, token = await self._given(request)
        known = {"id": self.settings["page_id"], "name": "Demo Page", "username": self.settings["username"]}
        return self._page_problem(token) or JSONResponse(known)

    async def debug_token(self, request: Request) -> Response:
        given, token = await self._given(request)
        valid = given.get("input_token") == self.settings["token"]
        data = {
            "app_id": self.settings["app_id"], "type": "PAGE", "application": "Demo", "expires_at": 0,
            "is_valid": valid, "scopes": self.settings["scopes"] if valid else [],
        }  # fmt: skip
        return self._app_problem(token) or JSONResponse({"data": data})

    # -- messages to customers

    async def messages(self, request: Request) -> Response:
        given, token = await self._given(request)
        problem = self._page_problem(token, request.path_params["page"])
        if problem is not None:
            return problem
        recipient, message = given.get("recipient"), given.get("message")
        user = str(recipient.get("id", "")) if isinstance(recipient, dict) else ""
        if not user.isdigit():
            return refusal(400, 100, 0, "(#100) The parameter recipient is required")
        if user in self.settings["fates"]:
            return refusal(*FATES[self.settings["fates"][user]])
        return await self._taken(user, message if isinstance(message, dict) else {})

    async def _taken(self, user: str, message: dict[str, Any]) -> Response:
        text = str(message.get("text", ""))
        attachment = message.get("attachment")
        url = str(attachment["payload"]["url"]) if isinstance(attachment, dict) else ""
        if not text and not url:
            return refusal(*EMPTY)
        if len(text) > 2000:
            return refusal(*LONG)
        try:
            image = await self.album.fetch(url) if url else ""
        except NotFetched:
            return refusal(*NOT_FETCHED)
        self.note_line("out", user, text, url, image=image)
        return JSONResponse({"recipient_id": user, "message_id": f"m_{uuid.uuid4().hex}"})

    # -- the webhook

    async def subscribed_apps(self, request: Request) -> Response:
        given, token = await self._given(request)
        problem = self._page_problem(token, request.path_params["page"])
        if problem is not None:
            return problem
        if request.method == "POST" and not given.get("subscribed_fields"):
            return refusal(400, 100, 0, "(#100) The parameter subscribed_fields is required")
        if request.method != "GET":
            self.attached = str(given["subscribed_fields"]) if request.method == "POST" else ""
            return JSONResponse({"success": True})
        row = {"id": self.settings["app_id"], "subscribed_fields": self.attached.split(",")}
        return JSONResponse({"data": [row] if self.attached else []})

    async def subscriptions(self, request: Request) -> Response:
        given, token = await self._given(request)
        problem = self._app_problem(token)
        if problem is not None:
            return problem
        url = self.settings["webhook_url"]
        if request.method == "GET":
            row = {"object": "page", "callback_url": url, "active": True, "fields": []}
            return JSONResponse({"data": [row] if url else []})
        url = str(given.get("callback_url", ""))
        if given.get("object") != "page" or not given.get("verify_token") or not given.get("fields"):
            return refusal(400, 100, 0, "(#100) object, verify_token and fields are required")
        if not await self._handshake(url, str(given["verify_token"])):
            words = "(#2200) Callback verification failed: the challenge was not echoed"
            return refusal(400, 2200, 0, words)
        self.settings["webhook_url"] = url
        return JSONResponse({"success": True})

    async def _handshake(self, url: str, verify_token: str) -> bool:
        query = {"hub.mode": "subscribe", "hub.challenge": CHALLENGE, "hub.verify_token": verify_token}
        try:
            answer = await run_in_threadpool(self._post, Call(method="GET", query=query), url)
        except requests.RequestException:
            return False
        self.note_call("handshake", answer.status_code, answer.text[:100])
        return answer.status_code == 200 and answer.text == CHALLENGE

    # -- what customers do

    def calls_for(self, said: Said) -> list[Call]:
        events = [self.event(said) for _ in range(2 if said.batch else 1)]
        place = "standby" if said.kind == "standby" else "messaging"
        entries = [{"id": self.settings["page_id"], "time": milliseconds(), place: [event]} for event in events]
        # As on Facebook's wire: characters outside of ASCII are escaped, and the signature is over that form.
        body = json.dumps({"object": "page", "entry": entries}, separators=(",", ":")).encode()
        secret = "wrong" if said.wrong_signature else self.settings["app_secret"]
        signed = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return [Call(body, {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signed}"})]

    def event(self, said: Said) -> dict[str, Any]:
        now, mid = milliseconds(), f"m_{uuid.uuid4().hex}"
        kind = "file" if said.sample and not said.sample.is_picture else "image"
        files = [{"type": kind, "payload": {"url": self.file_address(said)}}]
        message: dict[str, Any] = {"mid": mid, "text": said.text}
        if said.picture:
            message["attachments"] = files
        shapes: dict[str, dict[str, Any]] = {
            "message": {"message": message},
            "standby": {"message": message},
            "echo": {"message": {**message, "is_echo": True, "app_id": int(self.settings["app_id"])}},
            "postback": {"postback": {"mid": mid, "title": said.text, "payload": said.text}},
            "delivery": {"delivery": {"mids": [mid], "watermark": now}},
            "read": {"read": {"watermark": now}},
            "edit": {"message_edit": {"mid": mid, "text": said.text, "num_edit": 1}},
            "reaction": {"reaction": {"mid": mid, "action": "react", "reaction": "love"}},
        }
        customer, page = {"id": said.user}, {"id": self.settings["page_id"]}
        sender, recipient = (page, customer) if said.kind == "echo" else (customer, page)
        return {"sender": sender, "recipient": recipient, "timestamp": now, **shapes[said.kind]}

    def fault_response(self, fault: faults.Fault, request: Request) -> Response:
        return refusal(*REFUSALS[fault.name]) if fault.name in REFUSALS else super().fault_response(fault, request)


def refusal(status: int, code: int, subcode: int, message: str) -> Response:
    error: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "Demo0123456789"}
    return JSONResponse({"error": {**error, **({"error_subcode": subcode} if subcode else {})}}, status)
