"""LINE's Messaging API: one channel, its webhook, reply tokens that work once, and a monthly quota.

Written from `line/line-openapi` (messaging-api.yml, webhook.yml). Customers in the setting `blocked` get nothing while
the sender is told 200, as at LINE; those in `unknown` are not known.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from . import faults
from .messengers import Call, MessengerSimulator, Said, compact, milliseconds
from .pictures import SAMPLES

TOKEN = "demo-line-channel-access-token"  # noqa: S105 - the published token of a simulator
SECRET = "demo-line-channel-secret"  # noqa: S105 - the published secret of a simulator
BOT = "U00000000000000000000000000000000"
REPLY_SECONDS = 60
BAD_TOKEN = "Authentication failed due to the following reason: invalid token. Confirm that the access token in the authorization header is valid."  # noqa: E501, S105 - the vendor's sentence
REFUSALS = {
    "bad_credentials": (401, BAD_TOKEN),
    "expired_token": (401, BAD_TOKEN),
    "revoked_token": (401, BAD_TOKEN),
    "missing_permission": (403, "Access to this API is not available for your account"),
    "rate_limit": (429, "The API rate limit has been exceeded. Try again later."),
    "server_error": (500, "Internal server error"),
}


class Line(MessengerSimulator):
    key = "messenger_line"
    title = "LINE"
    description = "One official account: replies, pushes, retry keys, a quota, and signed events."
    kinds = ("message", "postback", "unsend", "follow", "unfollow", "beacon", "check")
    customer = "U11111111111111111111111111111111"
    call_seconds = 2.0
    has_batches = True
    default_settings = {
        "token": TOKEN,
        "channel_secret": SECRET,
        "webhook_url": "",
        "use_webhook": True,
        "quota": 1000,
        "unknown": ["U404"],
        "blocked": ["U403"],
        "https_only": False,  # the real one takes https pictures and webhooks only; the demo has no certificate
    }

    def reset(self) -> None:
        super().reset()
        self.reply_tokens: dict[str, tuple[str, float]] = {}
        self.keys: dict[str, dict[str, Any]] = {}
        self.contents: dict[str, str] = {}
        self.used = 0

    def secrets(self) -> list[str]:
        mine = [self.settings["token"], self.settings["channel_secret"]] if self.settings else []
        return [TOKEN, SECRET, *mine]

    def vendor_routes(self) -> list[BaseRoute]:
        return [
            Route("/v2/bot/info", self.guarded(self.info), methods=["GET"]),
            Route("/v2/bot/channel/webhook/endpoint", self.guarded(self.endpoint), methods=["GET", "PUT"]),
            Route("/v2/bot/message/reply", self.guarded(self.reply), methods=["POST"]),
            Route("/v2/bot/message/push", self.guarded(self.push), methods=["POST"]),
            Route("/v2/bot/message/quota", self.guarded(self.quota), methods=["GET"]),
            Route("/v2/bot/message/quota/consumption", self.guarded(self.consumption), methods=["GET"]),
            Route("/v2/bot/profile/{user}", self.guarded(self.profile), methods=["GET"]),
            Route("/v2/bot/message/{id}/content", self.guarded(self.content), methods=["GET"]),
        ]

    def guarded(self, handler: Any) -> Any:
        async def endpoint(request: Request) -> Response:
            if request.headers.get("authorization") != f"Bearer {self.settings['token']}":
                return refusal(401, BAD_TOKEN)
            try:
                body = json.loads(await request.body() or b"{}")
            except ValueError:
                return refusal(400, "The request body could not be parsed as JSON")
            response: Response = handler(request, body)
            response.headers["x-line-request-id"] = str(uuid.uuid4())
            return response

        return endpoint

    def info(self, request: Request, body: Any) -> Response:
        bot = {"userId": BOT, "basicId": "@demo", "displayName": "Demo", "chatMode": "bot", "markAsReadMode": "manual"}
        return JSONResponse(bot)

    def endpoint(self, request: Request, body: Any) -> Response:
        if request.method == "GET":
            url = self.settings["webhook_url"]
            known = {"endpoint": url, "active": self.settings["use_webhook"]}
            return JSONResponse(known) if url else refusal(404, "Not found")
        url = str(body.get("endpoint", ""))
        wanted = "https://" if self.settings["https_only"] else "http"
        if not url.startswith(wanted) or len(url) > 500:
            return refusal(400, "Invalid webhook endpoint URL")
        self.settings["webhook_url"] = url
        return JSONResponse({})

    def quota(self, request: Request, body: Any) -> Response:
        return JSONResponse({"type": "limited", "value": self.settings["quota"]})

    def consumption(self, request: Request, body: Any) -> Response:
        return JSONResponse({"totalUsage": self.used})

    def profile(self, request: Request, body: Any) -> Response:
        user = request.path_params["user"]
        if user in self.settings["unknown"] + self.settings["blocked"]:
            return refusal(404, "Not found")
        return JSONResponse({"userId": user, "displayName": "Robin Example"})

    # -- messages to customers

    def reply(self, request: Request, body: Any) -> Response:
        if "x-line-retry-key" in request.headers:
            return refusal(400, "The retry key is not supported by this API")
        problem = self._problem(body)
        user, at = self.reply_tokens.pop(str(body.get("replyToken")), ("", 0.0))
        if problem is None and (not user or time.monotonic() - at > REPLY_SECONDS):
            return refusal(400, "Invalid reply token")
        return problem or JSONResponse(self._take(user, body["messages"]))

    def push(self, request: Request, body: Any) -> Response:
        key, user = request.headers.get("x-line-retry-key", ""), str(body.get("to", ""))
        if key in self.keys:
            return refusal(409, "The retry key is already accepted", **self.keys[key])
        problem = self._problem(body) or self._push_problem(key, user)
        if problem is not None:
            return problem
        self.used += 1
        answer = self._take(user, body["messages"])
        if key:
            self.keys[key] = answer
        return JSONResponse(answer)

    def _push_problem(self, key: str, user: str) -> Response | None:
        if key and not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", key):
            return refusal(400, "The retry key is invalid")
        if not user:
            return refusal(400, "The property, 'to', in the request body is invalid")
        if user in self.settings["unknown"]:
            return refusal(400, "Failed to send messages")
        if self.used >= self.settings["quota"]:
            return refusal(429, "You have reached your monthly limit.")
        return None

    def _problem(self, body: Any) -> Response | None:
        messages = body.get("messages") if isinstance(body, dict) else None
        if not isinstance(messages, list) or not 1 <= len(messages) <= 5:
            return wrong("messages", "Size must be between 1 and 5")
        for number, message in enumerate(messages):
            place = f"messages[{number}]"
            if message.get("type") == "text":
                if not 1 <= len(str(message.get("text", "")).encode("utf-16-le")) // 2 <= 5000:
                    return wrong(f"{place}.text", "Length must be between 1 and 5000")
            elif message.get("type") == "image":
                for name in ("originalContentUrl", "previewImageUrl"):
                    if not str(message.get(name, "")).startswith("https://" if self.settings["https_only"] else "http"):
                        return wrong(f"{place}.{name}", "invalid uri scheme")
            else:
                return wrong(f"{place}.type", "must be one of the values")
        return None

    def _take(self, user: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
        sent = []
        for message in messages:
            if user not in self.settings["blocked"]:
                url = str(message.get("originalContentUrl", ""))
                self.look_later(self.note_line("out", user, str(message.get("text", "")), url))
            sent.append({"id": str(460_000_000_000_000_000 + next(self.numbers)), "quoteToken": uuid.uuid4().hex})
        return {"sentMessages": sent}

    def content(self, request: Request, body: Any) -> Response:
        """What a customer sent, on a host of its own at LINE."""
        sample = SAMPLES.get(self.contents.get(request.path_params["id"], ""))
        return sample.response() if sample else refusal(404, "Not found")

    # -- what customers do

    def calls_for(self, said: Said) -> list[Call]:
        count = 0 if said.kind == "check" else 2 if said.batch else 1
        body = compact({"destination": BOT, "events": [self.event(said) for _ in range(count)]})
        secret = "wrong" if said.wrong_signature else self.settings["channel_secret"]
        signed = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
        return [Call(body, {"Content-Type": "application/json; charset=utf-8", "x-line-signature": signed})]

    def event(self, said: Said) -> dict[str, Any]:
        number = str(460_000_000_000_000_000 + next(self.numbers))
        text = {"id": number, "type": "text", "text": said.text, "quoteToken": uuid.uuid4().hex}
        shapes: dict[str, dict[str, Any]] = {
            "message": {"message": self.file(number, said) if said.picture else text},
            "postback": {"postback": {"data": said.text}},
            "unsend": {"unsend": {"messageId": number}},
            "follow": {"follow": {"isUnblocked": False}},
            "unfollow": {},
            "beacon": {"beacon": {"hwid": "d41d8cd98f", "type": "enter"}},
        }
        event: dict[str, Any] = {
            "type": said.kind, "mode": "active", "timestamp": milliseconds(),
            "source": {"type": "user", "userId": said.user}, "webhookEventId": f"01{uuid.uuid4().hex[:24].upper()}",
            "deliveryContext": {"isRedelivery": False},
        }  # fmt: skip
        if said.kind in ("message", "postback", "follow", "beacon"):
            event["replyToken"] = uuid.uuid4().hex
            self.reply_tokens[event["replyToken"]] = (said.user, time.monotonic())
        return {**event, **shapes[said.kind]}

    def file(self, number: str, said: Said) -> dict[str, Any]:
        """A sample lies at LINE, under the message's id; an address lies elsewhere."""
        if said.sample is None:
            where = {"type": "external", "originalContentUrl": said.picture}
            return {"id": number, "type": "image", "quoteToken": uuid.uuid4().hex, "contentProvider": where}
        self.contents[number] = said.picture
        if not said.sample.is_picture:
            return {"id": number, "type": "file", "fileName": said.picture, "fileSize": len(said.sample.content)}
        return {"id": number, "type": "image", "quoteToken": uuid.uuid4().hex, "contentProvider": {"type": "line"}}

    def fault_response(self, fault: faults.Fault, request: Request) -> Response:
        return refusal(*REFUSALS[fault.name]) if fault.name in REFUSALS else super().fault_response(fault, request)


def refusal(status: int, message: str, **more: Any) -> Response:
    return JSONResponse({"message": message, **more}, status)


def wrong(place: str, message: str) -> Response:
    details = [{"message": message, "property": place}]
    return JSONResponse({"message": "The request body has 1 error(s)", "details": details}, 400)
