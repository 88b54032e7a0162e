"""Finds out who is calling: Basic, Bearer, or the session of a logged-in browser."""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from ..basic import decoded
from . import errors
from .store import Record

if TYPE_CHECKING:
    from . import ServiceNow

SESSION_COOKIE = "JSESSIONID"


def caller(simulator: ServiceNow, request: Request) -> Record:
    """The user of a REST call, or the 401 that ServiceNow answers."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if request.cookies.get(SESSION_COOKIE) and scheme:
        simulator.warn(request, "session cookie sent together with Authorization: use a fresh cookie jar per request")
    user = _of_header(simulator, scheme.lower(), credentials.strip())
    if user is None and not scheme:
        user = _of_browser(simulator, request)
    if user is None and simulator.settings["cookie_outlives_token"]:
        user = session_user(simulator, request)
    if user is None:
        raise errors.Refused(errors.not_authenticated())
    return user


def _of_header(simulator: ServiceNow, scheme: str, credentials: str) -> Record | None:
    if scheme == "bearer":
        user_name = simulator.tokens.user_of(credentials)
        return active_user(simulator, user_name) if user_name else None
    if scheme == "basic":
        user_name, _, password = decoded(credentials).partition(":")
        return check_password(simulator, user_name, password)
    return None


def _of_browser(simulator: ServiceNow, request: Request) -> Record | None:
    """Calls from a logged-in page need the page's X-UserToken besides the cookie."""
    session = request.cookies.get(SESSION_COOKIE, "")
    token = simulator.user_tokens.get(session, "")
    if token and hmac.compare_digest(token, request.headers.get("x-usertoken", "")):
        return session_user(simulator, request)
    return None


def active_user(simulator: ServiceNow, user_name: str) -> Record | None:
    user = simulator.store.first("sys_user", user_name=user_name)
    if user and user["active"] == "true" and user["locked_out"] != "true":
        return user
    return None


def check_password(simulator: ServiceNow, user_name: str, password: str) -> Record | None:
    user = active_user(simulator, user_name)
    if user and user["user_password"] and hmac.compare_digest(user["user_password"].encode(), password.encode()):
        return user
    return None


def session_user(simulator: ServiceNow, request: Request) -> Record | None:
    user_name = simulator.sessions.get(request.cookies.get(SESSION_COOKIE, ""))
    return active_user(simulator, user_name) if user_name else None


def new_session(simulator: ServiceNow, user_name: str) -> str:
    session = secrets.token_hex(16).upper()
    simulator.sessions[session] = user_name
    simulator.user_tokens[session] = secrets.token_hex(36)
    return session


def log_in(simulator: ServiceNow, response: Response, user_name: str) -> None:
    set_session(simulator, response, new_session(simulator, user_name))


def set_session(simulator: ServiceNow, response: Response, session: str) -> None:
    """The log-in of a browser. Lax is enough: the pages and their frames share one site."""
    response.set_cookie(SESSION_COOKIE, session, path=f"/{simulator.key}", httponly=True, samesite="lax")


def set_api_cookies(simulator: ServiceNow, request: Request, response: Response, user: Record) -> None:
    """Every answer of the instance sets these (ServiceNow docs, GlideHTTPResponse examples)."""
    if request.cookies.get(SESSION_COOKIE):
        return
    marks = f"; Path=/{simulator.key}; SameSite=None; Secure; HttpOnly"
    session = new_session(simulator, user["user_name"])
    for cookie in (
        f"{SESSION_COOKIE}={session}{marks}",
        f"glide_user_route=glide.{secrets.token_hex(16)}{marks}",
        f"glide_session_store={secrets.token_hex(16).upper()}; Max-Age=1800{marks}",
        f"BIGipServerpool_simulator=1745190666.40770.0000{marks}",
    ):
        response.headers.append("Set-Cookie", cookie)
