"""The generic faults, and three of the vendor's own, in ServiceNow's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from ..exchange import own_path
from ..faults import Fault
from . import errors

if TYPE_CHECKING:
    from . import ServiceNow

OPERATION_OF = {"POST": "Insert", "PUT": "Update", "PATCH": "Update", "DELETE": "Delete"}


def is_token_path(path: str) -> bool:
    return path.startswith("/oauth_")


def response(simulator: ServiceNow, fault: Fault, request: Request) -> Response | None:
    """The vendor's answer, or None where the generic one is right."""
    handler = HANDLERS.get(fault.name)
    return handler(simulator, fault, request) if handler else None


def bad_credentials(simulator: ServiceNow, fault: Fault, request: Request) -> Response:
    return errors.token_refused() if is_token_path(own_path(request.scope)) else errors.not_authenticated()


def expired_token(simulator: ServiceNow, fault: Fault, request: Request) -> Response:
    """The token that was sent really ends, so that a refresh brings another one."""
    simulator.tokens.expire(bearer(request))
    return errors.not_authenticated()


def revoked_token(simulator: ServiceNow, fault: Fault, request: Request) -> Response:
    """Somebody revoked the grant: access and refresh tokens of this user end, a person must allow again."""
    if is_token_path(own_path(request.scope)):
        simulator.tokens.access.clear()
        simulator.tokens.refresh.clear()
        return errors.token_refused()
    user_name = simulator.tokens.user_of(bearer(request))
    if user_name:
        simulator.tokens.revoke_grants_of(user_name)
    return errors.not_authenticated()


def bearer(request: Request) -> str:
    return request.headers.get("authorization", "").partition(" ")[2].strip()


def missing_permission(simulator: ServiceNow, fault: Fault, request: Request) -> Response:
    operation = OPERATION_OF.get(request.method)
    return errors.acl_refused(operation) if operation else errors.not_authorized()


def rate_limit(simulator: ServiceNow, fault: Fault, request: Request) -> Response:
    return errors.rate_limited(int(fault.option("retry_after", 5)), int(fault.option("limit", 100)))


def server_error(simulator: ServiceNow, fault: Fault, request: Request) -> Response:
    detail = "Transaction cancelled: maximum execution time exceeded. Check logs for error trace."
    return errors.error(int(fault.option("status", 500)), "Transaction cancelled", detail)


def hibernating(simulator: ServiceNow, fault: Fault, request: Request) -> Response:
    return errors.asleep("Your instance is hibernating", "Sign in to the site to wake your instance")


def offline(simulator: ServiceNow, fault: Fault, request: Request) -> Response:
    return errors.asleep("Your instance is currently offline", "Please try again in a few minutes")


def ip_restricted(simulator: ServiceNow, fault: Fault, request: Request) -> Response:
    return errors.error(403, "Access restricted", "The request was refused by the IP address access policy")


HANDLERS = {
    "bad_credentials": bad_credentials,
    "expired_token": expired_token,
    "revoked_token": revoked_token,
    "missing_permission": missing_permission,
    "rate_limit": rate_limit,
    "server_error": server_error,
    "hibernating": hibernating,
    "offline": offline,
    "ip_restricted": ip_restricted,
}
