"""Nexmo's SMS API: one account with a balance, numbers with fixed fates, webhooks by GET, form or JSON, signed or not.

Written from the vendor's SMS and Account descriptions. Numbers by their last two digits: 09 barred, 33 deactivated.
"""

from __future__ import annotations

import hashlib
import hmac
import time
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from . import faults
from .basic import decoded
from .messengers import Call, MessengerSimulator, Said, compact, parameters

KEY, SECRET = "demo-key", "demo-nexmo-secret"
REFUSALS = {
    "bad_credentials": (401, "authentication failed"),
    "expired_token": (401, "authentication failed"),
    "revoked_token": (401, "authentication failed"),
    "missing_permission": (403, "forbidden"),
    "rate_limit": (429, "too many requests"),
    "server_error": (500, "internal error"),
}
SMS_STATUS = {"missing_permission": ("8", "Partner account barred"), "rate_limit": ("1", "Throughput Rate Exceeded")}
FATES = {"09": ("7", "Number barred"), "33": ("33", "Number deactivated")}
PRICE = 0.03


class Nexmo(MessengerSimulator):
    key = "messenger_nexmo"
    title = "Nexmo"
    description = "One account for SMS: takes text messages, counts the balance, sends inbound messages and receipts."
    kinds = ("message", "delivered", "failed", "buffered", "part")
    customer = "447700900000"
    has_pictures = False
    default_settings = {
        "key": KEY,
        "secret": SECRET,
        "balance": 10.0,
        "webhook_url": "",
        "webhook_format": "form",
        "signature_secret": "",
        "signature_method": "md5hash",
    }

    def secrets(self) -> list[str]:
        mine = [self.settings["secret"], self.settings["signature_secret"]] if self.settings else []
        return [SECRET, *filter(None, mine)]

    def vendor_routes(self) -> list[BaseRoute]:
        return [
            Route("/sms/json", self.sms, methods=["POST"]),
            Route("/account/get-balance", self.balance, methods=["GET"]),
            Route("/account/settings", self.account_settings, methods=["POST"]),
        ]

    def _known(self, request: Request, given: dict[str, Any]) -> bool:
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        pair = (
            decoded(credentials) if scheme.lower() == "basic" else f"{given.get('api_key')}:{given.get('api_secret')}"
        )
        return hmac.compare_digest(pair.encode(), f"{self.settings['key']}:{self.settings['secret']}".encode())

    async def balance(self, request: Request) -> Response:
        if not self._known(request, dict(request.query_params)):
            return refusal(*REFUSALS["bad_credentials"])
        return JSONResponse({"value": round(self.settings["balance"], 2), "autoReload": False})

    async def account_settings(self, request: Request) -> Response:
        given = await parameters(request)
        if not self._known(request, given):
            return refusal(*REFUSALS["bad_credentials"])
        if "moCallBackUrl" in given:
            self.settings["webhook_url"] = str(given["moCallBackUrl"])
        url = self.settings["webhook_url"]
        limits = {"max-outbound-request": 30, "max-inbound-request": 30, "max-calls-per-second": 30}
        return JSONResponse({"mo-callback-url": url, "dr-callback-url": url, **limits})

    async def sms(self, request: Request) -> Response:
        given = await parameters(request)
        if not self._known(request, given):
            return part("4", "Bad Credentials")
        to, text = str(given.get("to", "")), str(given.get("text", ""))
        missing = next((name for name in ("from", "to", "text") if not given.get(name)), "")
        if missing:
            return part("2", f"Missing {missing} param")
        if not to.isdigit() or len(to) > 15:
            return part("3", "Invalid to param")
        if to[-2:] in FATES:
            return part(*FATES[to[-2:]])
        if self.settings["balance"] < PRICE:
            return part("9", "Quota Exceeded - rejected")
        self.settings["balance"] -= PRICE
        self.note_line("out", to, text)
        left = f"{self.settings['balance']:.2f}"
        return part("0", **{"to": to, "message-id": uuid.uuid4().hex[:16].upper(), "remaining-balance": left})

    # -- what customers do

    def calls_for(self, said: Said) -> list[Call]:
        values = {**self.values(said), "api-key": self.settings["key"]}
        if self.settings["signature_secret"]:
            values |= {"timestamp": str(int(time.time())), "nonce": uuid.uuid4().hex}
            secret = "wrong" if said.wrong_signature else self.settings["signature_secret"]
            values["sig"] = signed(values, secret, self.settings["signature_method"])
        elif said.wrong_signature:
            values["api-key"] = "somebody-else"
        return [self.shaped(values)]

    def shaped(self, values: dict[str, str]) -> Call:
        if self.settings["webhook_format"] == "get":
            return Call(method="GET", query=values)
        if self.settings["webhook_format"] == "json":
            return Call(compact(values), {"Content-Type": "application/json"})
        return Call(urlencode(values).encode(), {"Content-Type": "application/x-www-form-urlencoded"})

    def values(self, said: Said) -> dict[str, str]:
        now = datetime.now(UTC)
        head = {
            "msisdn": said.user, "to": "447700900999", "messageId": uuid.uuid4().hex[:16].upper(),
            "message-timestamp": now.strftime("%Y-%m-%d %H:%M:%S"),
        }  # fmt: skip
        if said.kind not in ("message", "part"):
            failed = "2" if said.kind == "failed" else "0"
            return {**head, "status": said.kind, "err-code": failed, "scts": now.strftime("%y%m%d%H%M")}
        text = f"{said.text} {said.picture}".strip()
        words = {"text": text, "type": "text" if text.isascii() else "unicode", "keyword": text.split(" ")[0].upper()}
        more = {"concat": "true", "concat-ref": "7", "concat-total": "2", "concat-part": "1"}
        return {**head, **words, **(more if said.kind == "part" else {})}

    def fault_response(self, fault: faults.Fault, request: Request) -> Response:
        if request.url.path.endswith("/sms/json") and fault.name in SMS_STATUS:
            return part(*SMS_STATUS[fault.name])
        if request.url.path.endswith("/sms/json") and REFUSALS.get(fault.name, (0, ""))[0] == 401:
            return part("4", "Bad Credentials")
        return refusal(*REFUSALS[fault.name]) if fault.name in REFUSALS else super().fault_response(fault, request)


def signed(values: dict[str, str], secret: str, method: str) -> str:
    text = "".join(f"&{k}={v.replace('&', '_').replace('=', '_')}" for k, v in sorted(values.items()))
    if method == "md5hash":
        return hashlib.md5((text + secret).encode()).hexdigest()  # noqa: S324 - the vendor's default
    return hmac.new(secret.encode(), text.encode(), method).hexdigest()


def part(status: str, words: str = "", **more: str) -> Response:
    entry = {"status": status, **({"error-text": words} if words else {}), **more}
    return JSONResponse({"message-count": "1", "messages": [entry]})


def refusal(status: int, label: str) -> Response:
    return JSONResponse({"error-code": str(status), "error-code-label": label}, status)
