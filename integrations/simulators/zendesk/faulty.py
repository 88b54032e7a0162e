"""The general faults, and Zendesk's own, in its words. The texts of the web pages are assumptions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from ..exchange import own_path
from ..faults import Fault
from . import errors

if TYPE_CHECKING:
    from . import Zendesk

EXTRA = (
    "wrong_subdomain", "suspended_account", "cancelled_account", "maintenance", "search_unavailable",
    "database_conflict",
)  # fmt: skip
Answer = Callable[["Zendesk", Fault, Request], Response]


def is_token_path(path: str) -> bool:
    return path.startswith("/oauth/")


def response(simulator: Zendesk, fault: Fault, request: Request) -> Response | None:
    handler = HANDLERS.get(fault.name)
    return handler(simulator, fault, request) if handler else None


def _bearer(request: Request) -> str:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


def bad_credentials(simulator: Zendesk, fault: Fault, request: Request) -> Response:
    if is_token_path(own_path(request.scope)):
        return errors.oauth(401, "invalid_client", "Client authentication failed.")
    return errors.invalid_token() if _bearer(request) else errors.unauthenticated()


def expired_token(simulator: Zendesk, fault: Fault, request: Request) -> Response:
    """The token that was sent really ends, so that a refresh brings another one."""
    grant = simulator.tokens.by_access(_bearer(request))
    if grant:
        grant.access_ends = 0.0
    return bad_credentials(simulator, fault, request)


def revoked_token(simulator: Zendesk, fault: Fault, request: Request) -> Response:
    """Somebody withdrew the access in the Admin Center: all tokens end."""
    simulator.tokens.grants.clear()
    if is_token_path(own_path(request.scope)):
        return errors.oauth(400, "invalid_grant", errors.INVALID_GRANT)
    return bad_credentials(simulator, fault, request)


def missing_permission(simulator: Zendesk, fault: Fault, request: Request) -> Response:
    """In one of the three shapes: option `shape`, else the newer one."""
    return errors.forbidden(str(fault.options.get("shape", "titled")))


def rate_limit(simulator: Zendesk, fault: Fault, request: Request) -> Response:
    return errors.too_many(int(fault.option("retry_after", 5)), text=not fault.options.get("json"))


def server_error(simulator: Zendesk, fault: Fault, request: Request) -> Response:
    return errors.described(int(fault.option("status", 500)), "InternalError", "Something went wrong on our end.")


def html(simulator: Zendesk, fault: Fault, request: Request) -> Response:
    return errors.page(200, "Zendesk: sign in", "Sign in to continue.")


def wrong_subdomain(simulator: Zendesk, fault: Fault, request: Request) -> Response:
    return errors.page(404, "Oops, this help desk no longer exists", "No help desk at this address.")


def suspended_account(simulator: Zendesk, fault: Fault, request: Request) -> Response:
    return errors.page(403, "This help desk is suspended", "The account has been suspended. Contact its owner.")


def cancelled_account(simulator: Zendesk, fault: Fault, request: Request) -> Response:
    return errors.page(404, "This help desk has been cancelled", "The account was cancelled by its owner.")


def maintenance(simulator: Zendesk, fault: Fault, request: Request) -> Response:
    headers = {"Retry-After": str(int(fault.option("retry_after", 30)))}
    return errors.page(503, "Scheduled maintenance", "We will be back soon.", headers)


def search_unavailable(simulator: Zendesk, fault: Fault, request: Request) -> Response:
    words = "Sorry, we could not complete your search query. Please try again in a moment."
    return errors.described(503, "unavailable", words)


def database_conflict(simulator: Zendesk, fault: Fault, request: Request) -> Response:
    return errors.described(409, "DatabaseConflict", "Database collision")


HANDLERS: dict[str, Answer] = {
    "bad_credentials": bad_credentials,
    "expired_token": expired_token,
    "revoked_token": revoked_token,
    "missing_permission": missing_permission,
    "rate_limit": rate_limit,
    "server_error": server_error,
    "html": html,
    "wrong_subdomain": wrong_subdomain,
    "suspended_account": suspended_account,
    "cancelled_account": cancelled_account,
    "maintenance": maintenance,
    "search_unavailable": search_unavailable,
    "database_conflict": database_conflict,
}
