"""Finds out who is calling: an API token, a bearer token, or nobody.

Nobody is an answer too: `/users/me` without a log-in is 200 with an anonymous user, and so is a call with an API token
on a help desk where token access is switched off (support.zendesk.com, "Turning on and off API access")."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from ..basic import decoded
from . import browser, errors
from .store import Record

if TYPE_CHECKING:
    from . import Zendesk

END_OF_API_TOKENS = "2027-04-30"
LIGHT_AGENT = 1


@dataclass(frozen=True)
class Caller:
    """`user` is None for an anonymous caller. `scope` is that of the token, None where there is no token."""

    user: Record | None
    scope: Any = None

    @property
    def is_light(self) -> bool:
        return self.user is not None and self.user["role_type"] == LIGHT_AGENT


def caller(simulator: Zendesk, request: Request) -> Caller:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _of_token(simulator, credentials.strip())
    if scheme.lower() == "basic":
        return _of_pair(simulator, decoded(credentials))
    return _of_browser(simulator, request)


def _of_token(simulator: Zendesk, token: str) -> Caller:
    grant = simulator.tokens.by_access(token)
    user = simulator.store.get("user", grant.user_id) if grant else None
    if grant is None or user is None:
        raise errors.Refused(errors.invalid_token())
    return Caller(user, grant.scope)


def _of_pair(simulator: Zendesk, pair: str) -> Caller:
    """`e-mail/token:API token`. A password is refused: Zendesk's interface takes none any more."""
    name, _, secret = pair.partition(":")
    email, slash, kind = name.rpartition("/")
    user = simulator.store.first("user", email=email) if slash and kind == "token" else None
    right = hmac.compare_digest(secret.encode(), str(simulator.settings["api_token"]).encode())
    ended = str(simulator.settings["simulated_date"]) >= END_OF_API_TOKENS
    if user is None or not right or ended:
        raise errors.Refused(errors.unauthenticated())
    return Caller(user if simulator.settings["token_access"] else None)


def _of_browser(simulator: Zendesk, request: Request) -> Caller:
    """The agent whose page calls (an app's `client.request`): reading needs the session, writing its token besides."""
    sent = request.headers.get("x-csrf-token", "")
    right = hmac.compare_digest(sent.encode(), browser.token(simulator, request).encode())
    return Caller(browser.user(simulator, request) if request.method == "GET" or right else None)


def agent(simulator: Zendesk, request: Request, *, writes: bool) -> Caller:
    """Somebody who may use the ticketing interface. Raises `Refused`: 401 for nobody, 403 for a customer or a scope."""
    found = caller(simulator, request)
    if found.user is None:
        raise errors.Refused(errors.unauthenticated())
    check_scope(found, "write" if writes else "read")
    if found.user["role"] == "end-user":
        raise errors.Refused(errors.forbidden())
    return found


def check_scope(found: Caller, needed: str) -> None:
    """A scope that was sent as a list got a token all the same, and every use of it is forbidden."""
    if found.scope is None:
        return
    if not isinstance(found.scope, str):
        raise errors.Refused(errors.forbidden("described"))
    # "tickets:read" and the like open a part; here they count for the whole.
    if not any(entry == needed or entry.endswith(f":{needed}") for entry in found.scope.split()):
        raise errors.Refused(errors.missing_scope(needed))
