"""What *Test connection* tries on Zendesk after name, TCP and TLS: who we are, and whether we may search and read.

Whoever is not let in gets a good answer about an anonymous user from `/users/me`, so the status proves nothing. It
never writes; a light agent is known by its role."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import requests

from integrations.diagnosis.doctor import Passed
from integrations.errors import AuthenticationFailed, Cause, Stage
from integrations.http import json_of

from .answers import list_in, record_in, wrong_shape

if TYPE_CHECKING:
    from integrations.providers.base import Provider

TEAM = ("agent", "admin")
LIGHT_AGENT = 1  # `role_type`: 0 custom agent, 1 light agent, 2 chat agent, 4 administrator


def probes(provider: "Provider") -> Iterator[Passed]:
    user = who_am_i(provider)
    name = ", ".join(str(user[part]) for part in ("name", "email", "role") if user.get(part))
    yield Passed(Stage.AUTHENTICATION, f"Signed in as {name}", identity=name)
    yield found_by_search(provider)
    response = provider.http.get("/api/v2/tickets.json", params={"page[size]": "1"}, purpose="May we read tickets")
    list_in(response, "tickets")
    yield Passed(Stage.PERMISSION, "Tickets may be read. Not tried, because a test must not write: making tickets.")
    yield limits(response)


def who_am_i(provider: "Provider") -> dict[str, Any]:
    """Our user at Zendesk. Raises `AuthenticationFailed` for an anonymous, suspended, customer's or light user."""
    response = provider.http.get("/api/v2/users/me.json", purpose="Who am I")
    body = json_of(response)
    anonymous = isinstance(body, dict) and isinstance(body.get("user"), dict) and body["user"].get("id", 0) is None
    if anonymous:
        raise AuthenticationFailed(
            "Zendesk treats us as an anonymous visitor: API token access is switched off, or our credentials do not "
            "arrive there.",
            cause=Cause.API_DISABLED, stage=Stage.AUTHENTICATION, status=200,
        )  # fmt: skip
    user = record_in(response, "user")
    if user.get("suspended"):
        raise _refused(f"Our user {user.get('email')} is suspended.", Cause.BAD_CREDENTIALS, Stage.AUTHENTICATION)
    if user.get("role") not in TEAM:
        raise _refused(f"Our user {user.get('email')} is a customer (end-user), not an agent.", Cause.NO_PERMISSION)
    if user.get("role_type") == LIGHT_AGENT:
        words = "a light agent, who may neither make tickets nor change them"
        raise _refused(f"Our user {user.get('email')} is {words}.", Cause.NO_PERMISSION)
    return user


def _refused(text: str, cause: Cause, stage: Stage = Stage.PERMISSION) -> AuthenticationFailed:
    return AuthenticationFailed(text, cause=cause, stage=stage, status=200)


def found_by_search(provider: "Provider") -> Passed:
    parameters = {"query": "type:user role:end-user"}
    response = provider.http.get("/api/v2/search/count.json", params=parameters, purpose="May we search")
    body = json_of(response)
    if not isinstance(body, dict) or not isinstance(body.get("count"), int):
        raise wrong_shape(response, '"count"')
    return Passed(Stage.PERMISSION, f"The search works: {body['count']} customers")


def limits(response: requests.Response) -> Passed:
    """From the headers of the last answer, under the older or the newer names."""
    headers = response.headers
    most = headers.get("X-Rate-Limit") or headers.get("ratelimit-limit") or ""
    left = headers.get("X-Rate-Limit-Remaining") or headers.get("ratelimit-remaining") or ""
    told = f"{left} of {most} calls are left in this minute" if most and left else "Zendesk does not tell its limit"
    return Passed(Stage.LIMITS, told)
