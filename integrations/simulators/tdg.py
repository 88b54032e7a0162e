"""The Data Group: version 3 (sign in, then a token of eight hours beside the key) and today's interface (key only).

Errors are `{"message": ...}`; nobody found is 204 without a body; the phone is a text of ten digits in version 3 and a
number today.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from . import faults
from .boards import Board, BoardSimulator, Table

USERNAME = "demo-tdg"
PASSWORD = "demo-tdg-password"  # noqa: S105 - the published password of a simulator
API_KEY = "demo-tdg-api-key"
TOKEN_SECONDS = 8 * 3600

PEOPLE: dict[str, dict[str, str]] = {
    "2125550123": {"first": "AVA", "last": "JOHNSON", "house": "12", "street": "SAMPLE", "city": "SPRINGFIELD"},
    "2125550124": {"first": "NOAH", "last": "LEE", "house": "7", "street": "EXAMPLE", "city": "RIVERTON"},
}


class Tdg(BoardSimulator):
    key = "tdg"
    title = "The Data Group (TDG)"
    description = "Says who has a phone number: version 3 with sign-in, and today's interface."
    lead = f"User {USERNAME}, password {PASSWORD}, API key {API_KEY}."
    default_counts = {"sign_ins": 0, "found": 0, "unknown": 0}
    default_settings = {
        "username": USERNAME,
        "password": PASSWORD,
        "api_key": API_KEY,
        "token_field": "AuthorizationToken",
        "token_seconds": TOKEN_SECONDS,
    }

    def reset(self) -> None:
        super().reset()
        self.tokens: dict[str, float] = {}
        self.lookups: list[tuple[str, ...]] = []

    def secrets(self) -> list[str]:
        if not self.settings:
            return [PASSWORD, API_KEY]
        return [PASSWORD, API_KEY, self.settings["password"], self.settings["api_key"], *self.tokens]

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/v3/auth", self.sign_in, methods=["POST"]),
            Route("/v3/sync/lookup/phone", self.old_lookup, methods=["POST"]),
            Route("/v2/lookup/phone", self.todays_lookup, methods=["POST"]),
            *self.board_routes(),
        ]

    async def sign_in(self, request: Request) -> Response:
        body = await json_of(request)
        right = same(body.get("username"), self.settings["username"])
        right &= same(body.get("password"), self.settings["password"])
        if not self._key_right(request) or not right:
            return message(401, "Invalid credentials")
        token = secrets.token_hex(24)
        self.tokens[token] = time.monotonic() + self.settings["token_seconds"]
        self.counts["sign_ins"] += 1
        return JSONResponse({self.settings["token_field"]: token})

    async def old_lookup(self, request: Request) -> Response:
        token = request.headers.get("authorizationtoken", "")
        if not self._key_right(request) or self.tokens.get(token, 0.0) < time.monotonic():
            return message(401, "Unauthorized")
        phone = (await json_of(request)).get("phone")
        if not isinstance(phone, str) or not re.fullmatch(r"\d{10}", phone):
            return message(400, "phone is not valid")
        return self._answer(phone, "v3", old_person)

    async def todays_lookup(self, request: Request) -> Response:
        if not self._key_right(request):
            return message(401, "Unauthorized")
        phone = (await json_of(request)).get("Phone")
        if isinstance(phone, bool) or not isinstance(phone, int) or not re.fullmatch(r"\d{10}", str(phone)):
            return message(400, "Phone is not valid")
        return self._answer(str(phone), "v2", todays_person)

    def _key_right(self, request: Request) -> bool:
        return same(request.headers.get("x-api-key"), self.settings["api_key"])

    def _answer(self, phone: str, version: str, form: Any) -> Response:
        person = PEOPLE.get(phone)
        self.counts["found" if person else "unknown"] += 1
        self.lookups.insert(0, (phone, version, f"{person['first']} {person['last']}" if person else "no match"))
        del self.lookups[50:]
        return JSONResponse(form(phone, person)) if person else Response(status_code=204)

    def fault_response(self, fault: faults.Fault, request: Request) -> Response:
        words = {
            "rate_limit": (429, "Too Many Requests"),
            "missing_permission": (403, "Forbidden"),
            "server_error": (int(fault.option("status", 500)), "Internal server error"),
            "bad_credentials": (401, "Unauthorized"),
            "expired_token": (401, "The token has expired"),
            "revoked_token": (401, "Unauthorized"),
        }
        if fault.name in words:
            return message(*words[fault.name])
        return super().fault_response(fault, request)

    def board(self) -> Board:
        known = [(number, f"{p['first']} {p['last']}", p["city"]) for number, p in PEOPLE.items()]
        return Board(
            facts=[(name.replace("_", " ").capitalize(), self.counts[name]) for name in self.default_counts],
            tables=[
                Table("Look-ups", ("Number", "Version", "Answer"), list(self.lookups)),
                Table("Known people", ("Number", "Name", "City"), known),
            ],
        )


def same(sent: Any, wanted: str) -> bool:
    return isinstance(sent, str) and hmac.compare_digest(sent.encode(), wanted.encode())


async def json_of(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def message(status: int, text: str) -> Response:
    return JSONResponse({"message": text}, status)


def old_person(phone: str, person: dict[str, str]) -> dict[str, Any]:
    """`LookupResponse`."""
    address = {"street_number": person["house"], "pre_direction": "", "street_name": person["street"],
               "street_type": "ST", "post_direction": "N", "unit_type": "APT", "unit_number": "4",
               "city": person["city"], "state": "NY", "zipcode": "10001"}  # fmt: skip
    return {"first_name": person["first"], "last_name": person["last"], "address": address}


def todays_person(phone: str, person: dict[str, str]) -> dict[str, Any]:
    return {
        "Person": {
            "Name": {"FName": person["first"], "MName": "", "LName": person["last"], "BusName": ""},
            "Address": {"House": person["house"], "PreDir": "", "Street": person["street"], "StrType": "ST",
                        "PostDir": "N", "AptType": "APT", "AptNbr": "4", "City": person["city"], "State": "NY",
                        "Zip": "10001", "Z4": "0004", "DPV": "Y"},
            "Phone": {"Phone": int(phone), "PhoneType": "L", "TelcoName": "Example Telecom", "PHV": "A"},
        }
    }  # fmt: skip
