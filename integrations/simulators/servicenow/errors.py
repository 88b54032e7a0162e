"""ServiceNow's own error bodies (ServiceNow docs, REST API reference; wording as public connectors report it)."""

from __future__ import annotations

import time
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse

RATE_RULE = "3f1b2c4d5e6f708192a3b4c5d6e7f809"


class Refused(Exception):
    """Ends a request with one of the vendor's error answers."""

    def __init__(self, response: JSONResponse) -> None:
        super().__init__(response.status_code)
        self.response = response


def error(status: int, message: str, detail: str | None, headers: dict[str, str] | None = None) -> JSONResponse:
    body: dict[str, Any] = {"error": {"message": message, "detail": detail}, "status": "failure"}
    return JSONResponse(body, status, headers)


def not_authenticated() -> JSONResponse:
    detail = "Required to provide Auth information"
    return error(401, "User Not Authenticated", detail, {"WWW-Authenticate": 'Basic realm="Service-now"'})


def not_authorized() -> JSONResponse:
    return error(403, "User Not Authorized", "Failed API level ACL Validation")


def acl_refused(operation: str) -> JSONResponse:
    return error(403, "Operation Failed", f"ACL Exception {operation} Failed due to security constraints")


def no_record() -> JSONResponse:
    return error(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")


def invalid_table() -> JSONResponse:
    return error(400, "Invalid table interaction", None)


def data_policy(fields: list[str]) -> JSONResponse:
    names = ", ".join(fields)
    return error(403, "Operation Failed", f"Data Policy Exception: The following fields are mandatory: {names}")


def rate_limited(retry_after: int, limit: int) -> JSONResponse:
    headers = {
        # There is no "remaining" header on ServiceNow; a client cannot count down.
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Reset": str(int(time.time()) + retry_after),
        "X-RateLimit-Rule": RATE_RULE,
        "Retry-After": str(retry_after),
    }
    detail = f"Rate limit of {limit} requests per hour for Table API exceeded"
    return error(429, "Rate limit exceeded", detail, headers)


def token_refused(name: str = "server_error", description: str = "access_denied") -> JSONResponse:
    """One body for every refusal of the token endpoint; the causes cannot be told apart."""
    return JSONResponse({"error_description": description, "error": name}, 401)


def asleep(heading: str, text: str) -> HTMLResponse:
    """A web page where JSON is due: how a sleeping developer instance answers everything."""
    return HTMLResponse(
        f"<!DOCTYPE html><html><head><title>ServiceNow Developers</title></head><body><h1>{heading}</h1><p>{text}</p>"
        '<p><a href="https://developer.servicenow.com/">Developer site</a></p></body></html>'
    )
