"""Viber's REST Bot API: one bot, answers of status 200 with the truth inside, and a webhook that is tried at once.

Written from `Viber/creators-hub`. Fates by user id (setting `fates`): the number of the refusal.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from . import faults
from .messengers import Call, MessengerSimulator, Said, compact, milliseconds

TOKEN = "demo-viber-0123456789-token"  # noqa: S105 - the published token of a simulator
WORDS = {
    0: "ok", 1: "invalidUrl", 2: "invalidAuthToken", 3: "badData", 4: "missingData", 5: "receiverNotRegistered",
    6: "receiverNotSubscribed", 7: "publicAccountBlocked", 8: "publicAccountNotFound", 9: "publicAccountSuspended",
    10: "webhookNotSet", 11: "receiverNoSuitableDevice", 12: "tooManyRequests", 15: "notAuthorized",
    21: "unsupportedCountry", 22: "paymentUnsupported", 23: "freeMessagesExceeded", 24: "noBalance",
}  # fmt: skip
REFUSALS = {"bad_credentials": 2, "expired_token": 2, "revoked_token": 2, "missing_permission": 15, "rate_limit": 12}
FIRST_TOKEN = 5_098_034_272_017_990_000
MOST_UNANSWERED = 100


class Viber(MessengerSimulator):
    key = "messenger_viber"
    title = "Viber"
    description = "One bot: takes messages for subscribers, tries the webhook at once, signs what customers write."
    kinds = (
        "message", "conversation_started", "subscribed", "unsubscribed", "delivered", "seen", "failed", "client_status",
    )  # fmt: skip
    customer = "01234567890A="
    default_settings = {
        "token": TOKEN,
        "name": "Demo Viber",
        "uri": "demoviber",
        "webhook_url": "",
        "https_only": False,  # the real one takes https only; the demo has no certificate
        "fates": {"unsubscribed": 6, "unknown": 5, "quota": 23},
    }

    def reset(self) -> None:
        super().reset()
        self.unsubscribed: set[str] = set()
        self.unanswered: dict[str, int] = {}

    def secrets(self) -> list[str]:
        return [TOKEN, *([self.settings["token"]] if self.settings else [])]

    def vendor_routes(self) -> list[BaseRoute]:
        return [
            Route("/{method}", self.method, methods=["POST"]),
            Route("/files/{name}", self.hand_out, methods=["GET"]),
        ]

    async def method(self, request: Request) -> Response:
        try:
            body = json.loads(await request.body() or b"{}")
        except ValueError:
            return status(3)
        if not isinstance(body, dict):
            return status(3)
        if (request.headers.get("x-viber-auth-token") or body.get("auth_token")) != self.settings["token"]:
            return status(2)
        name = request.path_params["method"]
        if name == "set_webhook":
            return await self.set_webhook(body)
        handlers = {"get_account_info": self.account_info, "send_message": self.send_message}
        return handlers[name](body) if name in handlers else JSONResponse({"error": "Not Found"}, 404)

    def account_info(self, body: dict[str, Any]) -> Response:
        return status(
            0, id="pa:75346594275468546724", name=self.settings["name"], uri=self.settings["uri"], country="XX",
            webhook=self.settings["webhook_url"], event_types=["delivered", "seen"], subscribers_count=1,
        )  # fmt: skip

    async def set_webhook(self, body: dict[str, Any]) -> Response:
        """The call to the address happens while this one is open."""
        url = str(body.get("url", ""))
        if url and not url.startswith("https://" if self.settings["https_only"] else "http"):
            return status(1)
        if url:
            ping = {"event": "webhook", "timestamp": milliseconds(), "message_token": self._message_token()}
            tried = await self.call("webhook", self._signed(ping), url=url)
            if tried["status"] != 200:
                return status(1, f"Result[invalidUrl] webhook answered {tried['status'] or tried['answer']}")
        self.settings["webhook_url"] = url
        kinds = ["message", "subscribed", "unsubscribed", *map(str, body.get("event_types") or [])]
        return status(0, event_types=kinds)

    def send_message(self, body: dict[str, Any]) -> Response:
        user, kind = str(body.get("receiver", "")), body.get("type")
        sender = body.get("sender")
        problem = self._content_problem(body, kind)
        if not user or not isinstance(sender, dict) or not 1 <= len(str(sender.get("name", ""))) <= 28:
            problem = 4
        if not self.settings["webhook_url"]:
            problem = 10
        problem = problem or self._fate(user)
        if problem:
            return status(problem)
        self.unanswered[user] = self.unanswered.get(user, 0) + 1
        self.look_later(self.note_line("out", user, str(body.get("text", "")), str(body.get("media", ""))))
        return status(0, message_token=self._message_token(), chat_hostname="SN-CHAT-00_", billing_status=1)

    def _content_problem(self, body: dict[str, Any], kind: Any) -> int:
        text = str(body.get("text", ""))
        if kind == "text":
            return 0 if 1 <= len(text) <= 7000 else 3
        if kind == "picture":
            return 0 if str(body.get("media", "")).startswith("http") and len(text) <= 768 else 3
        return 3

    def _fate(self, user: str) -> int:
        if user in self.unsubscribed:
            return 6
        if self.unanswered.get(user, 0) >= MOST_UNANSWERED:
            return 12
        return int(self.settings["fates"].get(user, 0))

    def _message_token(self) -> int:
        return FIRST_TOKEN + next(self.numbers)

    # -- what customers do

    def calls_for(self, said: Said) -> list[Call]:
        if said.kind == "unsubscribed":
            self.unsubscribed.add(said.user)
        if said.kind in ("message", "subscribed"):
            self.unsubscribed.discard(said.user)
            self.unanswered.pop(said.user, None)
        return [self._signed(self.event(said), wrong=said.wrong_signature)]

    def event(self, said: Said) -> dict[str, Any]:
        person = {"id": said.user, "name": said.name, "language": "en", "country": "GB", "api_version": 10}
        message: dict[str, Any] = {"type": "text", "text": said.text}
        if said.picture:
            message = {"type": "picture", "text": said.text, "media": self.file_address(said)}
        if said.sample and not said.sample.is_picture:
            message |= {"type": "file", "file_name": said.picture, "size": len(said.sample.content)}
        shapes: dict[str, dict[str, Any]] = {
            "message": {"sender": person, "message": message, "silent": False},
            "conversation_started": {"type": "open", "user": person, "subscribed": False},
            "subscribed": {"user": person},
            "failed": {"user_id": said.user, "desc": "failure description"},
            "client_status": {"user": person, "status": {"code": 0}},
        }
        head = {"event": said.kind, "timestamp": milliseconds(), "message_token": self._message_token()}
        return {**head, **shapes.get(said.kind, {"user_id": said.user})}

    def _signed(self, event: dict[str, Any], *, wrong: bool = False) -> Call:
        body, key = compact(event), "wrong" if wrong else self.settings["token"]
        signed = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
        return Call(body, {"Content-Type": "application/json", "X-Viber-Content-Signature": signed})

    def fault_response(self, fault: faults.Fault, request: Request) -> Response:
        return status(REFUSALS[fault.name]) if fault.name in REFUSALS else super().fault_response(fault, request)


def status(number: int, words: str = "", **more: Any) -> Response:
    return JSONResponse({"status": number, "status_message": words or WORDS.get(number, "generalError"), **more})
