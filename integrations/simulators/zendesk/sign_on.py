"""Single sign-on by JWT (support.zendesk.com, "Enabling JWT single sign-on" and "Anatomy of a JWT request").

An unknown visitor is sent to the remote log-in address with `return_to`; the browser comes back with a form POST of
`jwt` and `return_to`. HS256 only; `iat` within three minutes; a `jti` is good once; `email` and `name` are needed. A
refusal sends the browser to the remote log-out address with `kind` and `message`. The wording of the messages is an
assumption. Zendesk makes a user of whoever is unknown, a customer unless `role` says otherwise."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from . import browser, records
from .paging import base_url
from .store import Record

if TYPE_CHECKING:
    from . import Zendesk

SHARED_SECRET = "demo-zendesk-shared-secret"  # noqa: S105 - the published secret of a simulator
CLOCK_SECONDS = 180


class Refused(Exception):
    """Ends a log-in; the text goes to the remote log-out address."""


async def access(simulator: Zendesk, request: Request) -> Response:
    if request.method != "POST":
        return PlainTextResponse("The JWT must be sent as a form by POST.", 405, {"Allow": "POST"})
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    try:
        who = person(simulator, claims(simulator, form.get("jwt", "")))
        target = back(request, form.get("return_to", ""))
    except Refused as refused:
        simulator.warn(request, f"log-in refused: {refused}")
        return RedirectResponse(browser.remote_logout(simulator, kind="error", message=str(refused)), 302)
    response = RedirectResponse(target, 302)
    browser.sign_in(simulator, response, who)
    simulator.counts["jwt_log_ins"] += 1
    return response


def claims(simulator: Zendesk, token: str) -> dict[str, Any]:
    """The claims of a token that is signed, fresh and new. Raises `Refused`."""
    parts = token.split(".")
    if len(parts) != 3:
        raise Refused("Invalid JWT: not enough or too many segments")
    head, body = (_decoded(part) for part in parts[:2])
    if head.get("alg") != "HS256":
        raise Refused("Invalid JWT: the algorithm must be HS256")
    secret = str(simulator.settings["shared_secret"]).encode()
    expected = hmac.new(secret, f"{parts[0]}.{parts[1]}".encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(_base64(parts[2]), expected):
        raise Refused("Invalid JWT: signature verification failed")
    issued = body.get("iat")
    if not isinstance(issued, int) or abs(time.time() - issued) > CLOCK_SECONDS:
        raise Refused("Invalid JWT: iat is not within three minutes of our clock")
    known = str(body.get("jti") or "")
    if not known or known in simulator.used_jwts:
        raise Refused("Invalid JWT: jti is missing or was used before")
    simulator.used_jwts.add(known)
    return body


def person(simulator: Zendesk, told: dict[str, Any]) -> Record:
    """The user with this external id, else with this e-mail; a new customer for an unknown one. Raises `Refused`."""
    email, name, outside = (str(told.get(key) or "") for key in ("email", "name", "external_id"))
    if "@" not in email or not name:
        raise Refused("Invalid JWT: email and name are mandatory")
    found = simulator.store.first("user", external_id=outside) if outside else None
    found = found or simulator.store.first("user", email=email)
    if found is None:
        role = str(told.get("role") or "end-user")
        made = {"name": name, "email": email, "external_id": outside or None, "role": role, "skip_verify_email": True}
        return records.new_user(simulator, made)
    if found["suspended"]:
        raise Refused("User is suspended")
    simulator.store.change(
        "user", found, {"name": name, "email": email, "external_id": outside or found["external_id"]}
    )
    return found


def back(request: Request, wanted: str) -> str:
    """Where the browser goes afterwards: a page of this help desk, else its home."""
    home = f"{base_url(request)}/{browser.HOME}"
    if not wanted:
        return home
    mine, parts = urlsplit(base_url(request)), urlsplit(wanted)
    if (parts.scheme, parts.netloc) != (mine.scheme, mine.netloc):
        raise Refused("return_to is not an address of this help desk")
    return wanted


def _decoded(part: str) -> dict[str, Any]:
    try:
        found = json.loads(_base64(part))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refused("Invalid JWT: a segment is not JSON")
    return found


def _base64(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        return b""
