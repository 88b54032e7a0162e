"""`/oauth/authorizations/new` with PKCE, `/oauth/tokens`, and the clients of the help desk."""

from __future__ import annotations

import hmac
import json
import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from .. import pages
from . import errors, identity, tokens

if TYPE_CHECKING:
    from . import Zendesk

LOOPBACK = ("127.0.0.1", "localhost", "::1")


async def token(simulator: Zendesk, request: Request) -> Response:
    """JSON only; the answer to a good request is 201."""
    simulator.counts["token_requests"] += 1
    try:
        asked = await _asked(simulator, request)
        wish = _wish(asked)
        answer = _granted(simulator, request, asked, wish)
    except errors.Refused as refused:
        return refused.response
    return JSONResponse(answer, 201)


async def _asked(simulator: Zendesk, request: Request) -> dict[str, Any]:
    if not request.headers.get("content-type", "").startswith("application/json"):
        simulator.warn(request, "the token endpoint takes application/json only")
        raise errors.Refused(errors.oauth(400, "invalid_request", "The request body must be JSON."))
    try:
        asked = json.loads(await request.body())
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise errors.Refused(errors.oauth(400, "invalid_request", "The request body must be a JSON object."))
    return asked


def _wish(asked: dict[str, Any]) -> tokens.Wish:
    access = _within(asked, "expires_in", tokens.ACCESS_RANGE, tokens.ACCESS_SECONDS)
    refresh = _within(asked, "refresh_token_expires_in", tokens.REFRESH_RANGE, tokens.REFRESH_SECONDS)
    return tokens.Wish(access, refresh, asked.get("scope", "read write"))


def _within(asked: dict[str, Any], name: str, bounds: tuple[int, int], default: int) -> int:
    value = asked.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not bounds[0] <= value <= bounds[1]:
        words = f"{name} must be an integer between {bounds[0]} and {bounds[1]}"
        raise errors.Refused(errors.oauth(400, "invalid_request", words))
    return value


def _granted(simulator: Zendesk, request: Request, asked: dict[str, Any], wish: tokens.Wish) -> dict[str, Any]:
    client_id, grant_type = str(asked.get("client_id", "")), asked.get("grant_type")
    if client_id not in simulator.clients:
        raise errors.Refused(errors.oauth(401, "invalid_client", "Client authentication failed."))
    if grant_type == "authorization_code":
        return _by_code(simulator, client_id, asked, wish)
    _authenticate(simulator, client_id, asked)
    if grant_type == "refresh_token":
        return _by_refresh(simulator, request, client_id, asked, wish)
    if grant_type == "client_credentials" and simulator.clients[client_id] is not None:
        user = simulator.store.first("user", email=simulator.settings["client_credentials_user"])
        if user is None:
            raise errors.Refused(errors.oauth(400, "invalid_grant", errors.INVALID_GRANT))
        return simulator.tokens.begin(client_id, user["id"], wish, with_refresh=False)
    raise errors.Refused(errors.oauth(400, "unsupported_grant_type", "The grant type is not supported."))


def _authenticate(simulator: Zendesk, client_id: str, asked: dict[str, Any]) -> None:
    """A confidential client shows its secret; a public one has none."""
    secret = simulator.client_secret(client_id)
    if secret is not None and not hmac.compare_digest(secret.encode(), str(asked.get("client_secret", "")).encode()):
        raise errors.Refused(errors.oauth(401, "invalid_client", "Client authentication failed."))


def _by_code(simulator: Zendesk, client_id: str, asked: dict[str, Any], wish: tokens.Wish) -> dict[str, Any]:
    """The secret, or for a public client the verifier, proves that the code is asked for by who began."""
    code = simulator.tokens.take_code(str(asked.get("code", "")))
    if code is None or code.client_id != client_id or code.redirect_uri != asked.get("redirect_uri"):
        raise errors.Refused(errors.oauth(400, "invalid_grant", errors.INVALID_GRANT))
    if code.challenge and code.challenge != tokens.s256(str(asked.get("code_verifier", ""))):
        raise errors.Refused(errors.oauth(400, "invalid_grant", errors.INVALID_GRANT))
    _authenticate(simulator, client_id, asked)
    granted = tokens.Wish(wish.access, wish.refresh, asked.get("scope", code.scope))
    return simulator.tokens.begin(client_id, code.user_id, granted, with_refresh=True)


def _by_refresh(
    simulator: Zendesk, request: Request, client_id: str, asked: dict[str, Any], wish: tokens.Wish
) -> dict[str, Any]:
    value = str(asked.get("refresh_token", ""))
    grant = simulator.tokens.by_refresh(value, client_id)
    if grant is not None:
        simulator.counts["token_refreshes"] += 1
        return simulator.tokens.renew(grant, wish)
    reused = simulator.tokens.by_used(value, client_id)
    if reused is not None:
        simulator.warn(request, "a refresh token came back that was used before: two refreshes at once?")
        if simulator.settings["reuse_ends_authorisation"]:
            simulator.tokens.end(reused)
    raise errors.Refused(errors.oauth(400, "invalid_grant", errors.INVALID_GRANT))


# -- a person allows the access


async def authorize(simulator: Zendesk, request: Request) -> Response:
    problem = _problem(simulator, request)
    if problem:
        return pages.render(request, "zendesk/refused.html", status=400, problem=problem, simulator=simulator)
    if request.method == "POST":
        return await _decide(simulator, request)
    people = [user for user in simulator.store.rows("user") if user["role"] != "end-user"]
    return pages.render(request, "zendesk/allow.html", people=people, simulator=simulator)


def _problem(simulator: Zendesk, request: Request) -> str:
    asked = request.query_params
    client_id = asked.get("client_id", "")
    if client_id not in simulator.clients:
        return "Invalid Authorization Request: No such client"
    if asked.get("response_type") != "code":
        return "Invalid Authorization Request: response_type must be code"
    if not _registered(simulator, client_id, asked.get("redirect_uri", "")):
        return "Invalid Authorization Request: redirect_uri does not match a redirect URL of the client"
    if not asked.get("scope"):
        return "Invalid Authorization Request: scope is required"
    if simulator.clients[client_id] is None and not asked.get("code_challenge"):
        return "Invalid Authorization Request: a public client must use PKCE"
    if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
        return "Invalid Authorization Request: code_challenge_method must be S256"
    return ""


def _registered(simulator: Zendesk, client_id: str, address: str) -> bool:
    """https, or this machine; that of the desktop, or one that was registered with the client."""
    target, desktop = urlsplit(address), urlsplit(simulator.surroundings.desktop_url)
    if address in simulator.redirects.get(client_id, ()):
        return True
    same_origin = (target.scheme, target.netloc) == (desktop.scheme, desktop.netloc)
    return target.scheme in ("http", "https") and (target.hostname in LOOPBACK or same_origin)


async def _decide(simulator: Zendesk, request: Request) -> Response:
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    asked = request.query_params
    user = simulator.store.first("user", email=form.get("user", ""))
    answer = {"state": asked["state"]} if asked.get("state") else {}
    if form.get("decision") == "allow" and user:
        ends = time.time() + tokens.CODE_SECONDS
        challenge, scope = asked.get("code_challenge", ""), asked["scope"]
        code = tokens.Code(asked["client_id"], user["id"], asked["redirect_uri"], challenge, scope, ends)
        answer["code"] = simulator.tokens.new_code(code)
    else:
        answer |= {"error": "access_denied", "error_description": "The end-user or authorization server denied."}
    joint = "&" if urlsplit(asked["redirect_uri"]).query else "?"
    return RedirectResponse(f"{asked['redirect_uri']}{joint}{urlencode(answer)}", 302)


# -- clients


async def create_client(simulator: Zendesk, request: Request, who: identity.Caller, body: dict[str, Any]) -> Response:
    """Admins only; the secret is shown in full this once ("OAuth Clients")."""
    if who.user is None or who.user["role"] != "admin":
        raise errors.Refused(errors.forbidden())
    asked = body.get("client")
    if not isinstance(asked, dict):
        raise errors.Refused(errors.invalid_attribute("client", "must be an object"))
    missing = [name for name in ("name", "identifier", "user_id") if not asked.get(name)]
    if missing:
        details = {name: (f"{name.capitalize()}: cannot be blank", "BlankValue") for name in missing}
        raise errors.Refused(errors.record_invalid(**details))
    identifier, addresses = str(asked["identifier"]), asked.get("redirect_uri", [])
    if identifier in simulator.clients:
        taken = ("Unique identifier: has already been taken", "DuplicateValue")
        raise errors.Refused(errors.record_invalid(identifier=taken))
    if not isinstance(addresses, list):
        raise errors.Refused(errors.invalid_attribute("redirect_uri", "must be an array"))
    secret = simulator.add_client(identifier, secrets.token_hex(32), [str(address) for address in addresses])
    shown = {"id": 1000 + len(simulator.clients), "name": asked["name"], "identifier": identifier}
    return JSONResponse({"client": {**shown, "redirect_uri": addresses, "secret": secret}}, 201)
