"""The generic faults, and the vendor's own, in Salesforce's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from ..exchange import own_path
from ..faults import Fault
from . import errors
from .oauth import EXPIRED

if TYPE_CHECKING:
    from . import Salesforce

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - an address
Handler = Callable[["Salesforce", Fault, Request], Response]


def at_token(request: Request) -> bool:
    return own_path(request.scope) == TOKEN_PATH


def response(simulator: Salesforce, fault: Fault, request: Request) -> Response | None:
    """The vendor's answer, or None where the generic one is right."""
    handler = HANDLERS.get(fault.name)
    return handler(simulator, fault, request) if handler else None


def bad_credentials(simulator: Salesforce, fault: Fault, request: Request) -> Response:
    return errors.token("invalid_client", "invalid client credentials") if at_token(request) else errors.session()


def expired_token(simulator: Salesforce, fault: Fault, request: Request) -> Response:
    """The session that was sent really ends, so that a refresh brings another one."""
    simulator.tokens.end(simulator.bearer(request))
    return errors.session()


def revoked_token(simulator: Salesforce, fault: Fault, request: Request) -> Response:
    """Somebody withdrew everything: a person must allow again."""
    simulator.tokens.grants.clear()
    return errors.token("invalid_grant", EXPIRED) if at_token(request) else errors.session()


def missing_permission(simulator: Salesforce, fault: Fault, request: Request) -> Response:
    return errors.error(403, "INSUFFICIENT_ACCESS", "insufficient access rights on object id")


def rate_limit(simulator: Salesforce, fault: Fault, request: Request) -> Response:
    if at_token(request):
        return errors.token("rate_limit_exceeded", "login rate exceeded")
    return errors.limit_exceeded()


def server_error(simulator: Salesforce, fault: Fault, request: Request) -> Response:
    text = "An unexpected error occurred. Please include this ErrorId if you contact support: 1234567-89012 (123456789)"
    return errors.error(int(fault.option("status", 500)), "UNKNOWN_EXCEPTION", text)


def ip_restricted(simulator: Salesforce, fault: Fault, request: Request) -> Response:
    return errors.token("invalid_grant", "ip restricted") if at_token(request) else errors.session(errors.NOT_FOR_REST)


def api_disabled(simulator: Salesforce, fault: Fault, request: Request) -> Response:
    return errors.error(403, "API_CURRENTLY_DISABLED", "API is disabled for this User")


def password_expired(simulator: Salesforce, fault: Fault, request: Request) -> Response:
    if at_token(request):
        return errors.token("invalid_grant", "expired password")
    text = "The users password has expired, you must call SetPassword before attempting any other API operations"
    return errors.error(403, "INVALID_OPERATION_WITH_EXPIRED_PASSWORD", text)


def inactive_org(simulator: Salesforce, fault: Fault, request: Request) -> Response:
    if at_token(request):
        return errors.token("inactive_org", "organization is inactive")
    return errors.error(403, "ORG_LOCKED", "This organization is locked")


def maintenance(simulator: Salesforce, fault: Fault, request: Request) -> Response:
    return errors.maintenance()


def row_locked(simulator: Salesforce, fault: Fault, request: Request) -> Response:
    return errors.error(400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", [])


HANDLERS: dict[str, Handler] = {
    "bad_credentials": bad_credentials,
    "expired_token": expired_token,
    "revoked_token": revoked_token,
    "missing_permission": missing_permission,
    "rate_limit": rate_limit,
    "server_error": server_error,
    "ip_restricted": ip_restricted,
    "api_disabled": api_disabled,
    "password_expired": password_expired,
    "inactive_org": inactive_org,
    "maintenance": maintenance,
    "row_locked": row_locked,
}
OWN = ("ip_restricted", "api_disabled", "password_expired", "inactive_org", "maintenance", "row_locked")
