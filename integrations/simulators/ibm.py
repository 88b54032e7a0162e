"""What the simulated Watson services share: IBM Cloud's token endpoint, both generations of addresses, IBM's refusals.

Signing in works with Basic (user name and password, or the user `apikey` with the key) and with the bearer tokens that
`/identity/token` hands out: decodable JWTs with `iat` and `exp`, because IBM's SDK reads its times from there.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
import uuid
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qs

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from . import faults
from .basic import decoded
from .boards import BoardSimulator
from .recorder import warn

USERNAME = "demo-watson"
PASSWORD = "demo-watson-password"  # noqa: S105 - the published password of a simulator
API_KEY = "demo-watson-api-key"
TOKEN_SECONDS = 3600
TOKEN_PATH = "/identity/token"  # noqa: S105 - an address
GRANT = "urn:ibm:params:oauth:grant-type:apikey"
WORDS = {
    "bad_credentials": "Unauthorized",
    "expired_token": "Unauthorized",
    "revoked_token": "Unauthorized",
    "missing_permission": "Forbidden",
    "rate_limit": "Rate limit exceeded",
    "server_error": "Internal Server Error",
}
# At the token endpoint these three look alike.
KEY_FAULTS = ("bad_credentials", "expired_token", "revoked_token")


class WatsonSimulator(BoardSimulator):
    """Base of the Watson simulators. `api_routes` are the service's own, as `/v1/...`; they are served at the root,
    below `/<old service>/api` (the old hosts) and below `/instances/<id>`."""

    service: ClassVar[str]
    old_service: ClassVar[str] = ""  # in the paths of the old hosts, where it is another word
    default_counts = {"tokens": 0, "refused": 0}
    default_settings: ClassVar[dict[str, Any]] = {
        "username": USERNAME,
        "password": PASSWORD,
        "api_key": API_KEY,
        "token_seconds": TOKEN_SECONDS,
    }
    lead = f"User {USERNAME}, password {PASSWORD}; or API key {API_KEY}."

    def reset(self) -> None:
        super().reset()
        self.tokens: dict[str, float] = {}

    def secrets(self) -> list[str]:
        if not self.settings:
            return [PASSWORD, API_KEY]
        return [PASSWORD, API_KEY, self.settings["password"], self.settings["api_key"], *self.tokens]

    @abstractmethod
    def api_routes(self) -> list[BaseRoute]:
        """The service's own addresses."""

    def routes(self) -> list[BaseRoute]:
        return [
            Route(TOKEN_PATH, self.identity_token, methods=["POST"]),
            *self.api_routes(),
            Mount(f"/{self.old_service or self.service}/api", routes=self.api_routes()),
            Mount("/instances/{instance}", routes=self.api_routes()),
            *self.board_routes(),
        ]

    # -- signing in

    async def identity_token(self, request: Request) -> Response:
        """`POST /identity/token`; an unknown key is a 400, not a 401."""
        form = parse_qs((await request.body()).decode(errors="replace"))
        if "x-www-form-urlencoded" not in request.headers.get("content-type", ""):
            warn(request, "the token endpoint takes a form only")
            return iam_failure(415, "BXNIM0106E", "Unsupported content type.")
        if form.get("grant_type") != [GRANT]:
            return iam_failure(400, "BXNIM0104E", "The grant type is not supported.")
        if not same(form.get("apikey", [""])[0], str(self.settings["api_key"])):
            self.counts["refused"] += 1
            return iam_failure(400, "BXNIM0415E", "Provided API key could not be found.")
        return JSONResponse(self.issue())

    def issue(self) -> dict[str, Any]:
        self.counts["tokens"] += 1
        seconds, now = int(self.settings["token_seconds"]), int(time.time())
        token = jwt(
            {"iss": "https://iam.cloud.ibm.com/identity", "iat": now, "exp": now + seconds, "jti": uuid.uuid4().hex}
        )
        self.tokens[token] = now + seconds
        return {
            "access_token": token,
            "refresh_token": "not_supported",
            "token_type": "Bearer",
            "expires_in": seconds,
            "expiration": now + seconds,
            "scope": "ibm openid",
        }

    def is_signed_in(self, connection: HTTPConnection) -> bool:
        """Works for requests and for the handshake of a WebSocket, which may carry the token in its query."""
        right = self._known(connection.headers, connection.query_params)
        self.counts["refused"] += not right
        return right

    def _known(self, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            pairs = ((self.settings["username"], self.settings["password"]), ("apikey", self.settings["api_key"]))
            return any(same(decoded(credentials), f"{user}:{password}") for user, password in pairs)
        token = credentials if scheme.lower() == "bearer" else query.get("access_token", "")
        return self.tokens.get(token, 0) > time.time()

    # -- refusing

    def fault_response(self, fault: faults.Fault, request: Request) -> Response:
        if fault.name not in WORDS:
            return super().fault_response(fault, request)
        status, headers = self._generic_status(fault)
        if request.url.path.endswith(TOKEN_PATH) and fault.name in KEY_FAULTS:
            return iam_failure(400, "BXNIM0415E", "Provided API key could not be found.")
        return failure(status, WORDS[fault.name], headers)


def failure(status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A refusal of a Watson service. The body of a 401 is an assumption of ours; those of 400 and 404 are known."""
    trace = {"X-Global-Transaction-ID": uuid.uuid4().hex}
    return JSONResponse({"code": status, "error": message}, status, {**trace, **(headers or {})})


def unauthorised() -> JSONResponse:
    return failure(401, WORDS["bad_credentials"])


def iam_failure(status: int, code: str, message: str) -> JSONResponse:
    context = {"requestId": uuid.uuid4().hex[:12], "url": "https://iam.cloud.ibm.com", "instanceId": "simulated"}
    return JSONResponse({"errorCode": code, "errorMessage": message, "context": context}, status)


def same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def jwt(claims: Mapping[str, Any]) -> str:
    """A token in three parts whose signature nobody can check, because its key is forgotten at once."""
    head = {"alg": "HS256", "typ": "JWT"}
    parts = ".".join(urlsafe(json.dumps(part).encode()) for part in (head, claims))
    signature = hmac.new(secrets.token_bytes(32), parts.encode(), hashlib.sha256).digest()
    return f"{parts}.{urlsafe(signature)}"


def urlsafe(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
