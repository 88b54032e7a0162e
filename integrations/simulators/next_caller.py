"""Next Caller, interface 2.1 and 3, live and sandbox, as its published clients know it.

Ten digits or a 400 with code 555; one record per known number; 404 for a number without one; 429 with code 1061 and the
X-Rate-Limit headers. Authentication comes before validation here.
"""

from __future__ import annotations

import hmac
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from . import faults
from .basic import decoded
from .boards import Board, BoardSimulator, Table
from .recorder import warn

USERNAME = "demo-nextcaller"
PASSWORD = "demo-nextcaller-password"  # noqa: S105 - the published password of a simulator
RATE = {"X-Rate-Limit-Limit": "20", "X-Rate-Limit-Reset": "3"}
JSON = "application/json; charset=utf-8"


def person(number: str, first: str, last: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{number}a1b2c3d4e5f6a7b8c9d0"[:30],
        "first_name": first,
        "last_name": last,
        "name": f"{first} {last}".title(),
        "language": "English",
        "phone": [{"number": number, "carrier": "Example Telecom", "line_type": "LAN"}],
        "address": [
            {"line1": "12 Sample St", "line2": "Apt 4", "city": "Springfield", "state": "NY", "zip_code": "10001",
             "extended_zip": "0004", "country": "USA"}
        ],
        "email": f"{first}.{last}@example.com".lower(),
        "social_links": [{"type": "linkedin", "url": f"https://social.example/{first.lower()}"}],
        "age": "45-54",
        "gender": "",
        "occupation": "Engineer",
        "spoof": "false",
        "fraud_threat": "low",
        **more,
    }  # fmt: skip


PEOPLE = {
    "live": {
        "2125550123": person("2125550123", "AVA", "JOHNSON"),
        "2125550124": person("2125550124", "Noah", "Lee", email=None, address=[], spoof="unknown"),
    },
    "sandbox": {"2125550100": person("2125550100", "Sandy", "Box")},
}


class NextCaller(BoardSimulator):
    key = "next_caller"
    title = "Next Caller"
    description = "Says who has a phone number: live and sandbox, with the vendor's error codes."
    lead = f"Records below live/v2.1/records/ and sandbox/v2.1/records/; user {USERNAME}, password {PASSWORD}."
    default_counts = {"found": 0, "unknown": 0}
    default_settings = {"username": USERNAME, "password": PASSWORD}

    def reset(self) -> None:
        super().reset()
        self.lookups: list[tuple[str, ...]] = []

    def secrets(self) -> list[str]:
        return [PASSWORD, *([self.settings["password"]] if self.settings else [])]

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/{host:str}/v2.1/records/", self.records, methods=["GET"]),
            Route("/{host:str}/v3/id/", self.records, methods=["GET"]),
            *self.board_routes(),
        ]

    async def records(self, request: Request) -> Response:
        if not self._credentials_right(request):
            return refusal(401, "401", "Unauthorized", "Incorrect username or password.")
        host = request.path_params["host"]
        number = self._number(request)
        if host not in PEOPLE:
            return refusal(404, "404", "Not Found", "There is no such address.")
        if request.query_params.get("format") != "json":
            warn(request, "format is not json: the live system would answer XML")
        if not number:
            return refusal(400, "555", "Bad Request", "The number you have entered is invalid. Use 10 digits.")
        return self._answer(host, number)

    def _credentials_right(self, request: Request) -> bool:
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        wanted = f"{self.settings['username']}:{self.settings['password']}"
        return scheme.lower() == "basic" and hmac.compare_digest(decoded(credentials).encode(), wanted.encode())

    def _number(self, request: Request) -> str:
        """Ten digits; version 3 takes +1 before them."""
        sent = request.query_params.get("phone", "")
        newer = "/v3/" in request.url.path
        found = re.fullmatch(r"(?:\+1)?(\d{10})" if newer else r"(\d{10})", sent)
        return found[1] if found else ""

    def _answer(self, host: str, number: str) -> Response:
        record = PEOPLE[host].get(number)
        outcome = record["name"] if record else "no record"
        self.lookups.insert(0, (number, host, outcome))
        del self.lookups[50:]
        self.counts["found" if record else "unknown"] += 1
        if record is None:
            return refusal(404, "404", "Not Found", "No record was found for this number.")
        return JSONResponse({"records": [record]}, media_type=JSON)

    def fault_response(self, fault: faults.Fault, request: Request) -> Response:
        if fault.name == "rate_limit":
            return refusal(429, "1061", "Throttled", "Requests per second exceeded.", RATE)
        if fault.name == "missing_permission":
            return refusal(403, "403", "Forbidden", "Your account has no access to this resource.")
        if fault.name == "server_error":
            status = int(fault.option("status", 500))
            return JSONResponse({"error_message": "Sorry, this request could not be processed."}, status)
        if fault.name in ("bad_credentials", "expired_token", "revoked_token"):
            return refusal(401, "401", "Unauthorized", "Incorrect username or password.")
        return super().fault_response(fault, request)

    def board(self) -> Board:
        known = [
            (number, host, record["name"], record["email"] or "")
            for host, people in PEOPLE.items()
            for number, record in people.items()
        ]
        return Board(
            facts=[("Found", self.counts["found"]), ("Without a record", self.counts["unknown"])],
            tables=[
                Table("Look-ups", ("Number", "Host", "Answer"), list(self.lookups)),
                Table("Known people", ("Number", "Host", "Name", "E-mail"), known),
            ],
        )


def refusal(status: int, code: str, kind: str, message: str, headers: dict[str, str] | None = None) -> Response:
    """The vendor's error body."""
    body = {"error": {"message": message, "code": code, "type": kind, "description": {}}}
    return JSONResponse(body, status, headers, media_type=JSON)
