"""Salesforce's own error bodies: an array from the REST API, an object from the token endpoint (REST API guide, "Status
Codes and Error Responses"; help, "OAuth 2.0 Errors"; wording as public clients report it)."""

from __future__ import annotations

from typing import Any

from starlette.responses import HTMLResponse, JSONResponse

EXPIRED = "Session expired or invalid"
NOT_FOR_REST = "This session is not valid for use with the REST API"


class Refused(Exception):
    """Ends a request with one of the vendor's error answers."""

    def __init__(self, status: int, code: str, message: str, fields: list[str] | None = None) -> None:
        super().__init__(code)
        self.response = error(status, code, message, fields)
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields or []


def error(
    status: int, code: str, message: str, fields: list[str] | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    body: dict[str, Any] = {"message": message, "errorCode": code}
    if fields is not None:
        body["fields"] = fields
    return JSONResponse([body], status, headers)


def session(message: str = EXPIRED) -> JSONResponse:
    """Two answers that look alike: only the first is a session that ended."""
    return error(401, "INVALID_SESSION_ID", message, headers={"WWW-Authenticate": "Token"})


def token(name: str, description: str, status: int = 400) -> JSONResponse:
    return JSONResponse({"error": name, "error_description": description}, status)


def limit_exceeded() -> JSONResponse:
    return error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


def not_found(message: str = "The requested resource does not exist") -> Refused:
    return Refused(404, "NOT_FOUND", message)


def maintenance() -> HTMLResponse:
    return HTMLResponse(
        "<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>We are down for maintenance</h1>"
        "<p>Sorry for the inconvenience. We'll be back shortly.</p></body></html>",
        503,
    )
