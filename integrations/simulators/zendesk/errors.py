"""Zendesk's error bodies. It has two shapes for the same status: `{"error": text, "description": text}` and
`{"error": {"title", "message"}}`; a few endpoints answer a third, `{"errors": [{"code", "title"}]}`.

Wording from developer.zendesk.com and what public client libraries report. The web pages (unknown, suspended and
cancelled help desk) are assumptions: their text is not published."""

from __future__ import annotations

from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

NO_ACCESS = "You do not have access to this page. Please contact the account owner of this help desk for further help."
INVALID_GRANT = (
    "The provided access grant is invalid, expired, or revoked (e.g. invalid assertion, expired authorization token, "
    "bad end-user password credentials, or mismatching authorization code and redirection URI)."
)
INVALID_TOKEN = "The access token provided is expired, revoked, malformed or invalid for other reasons."  # noqa: S105


class Refused(Exception):
    """Ends a request with one of the vendor's answers."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def described(status: int, error: str, description: str, **more: Any) -> JSONResponse:
    """The older shape."""
    return JSONResponse({"error": error, "description": description, **more}, status)


def titled(status: int, title: str, message: str) -> JSONResponse:
    """The newer shape."""
    return JSONResponse({"error": {"title": title, "message": message}}, status)


def oauth(status: int, error: str, description: str) -> JSONResponse:
    return JSONResponse({"error": error, "error_description": description}, status)


def unauthenticated() -> JSONResponse:
    headers = {"WWW-Authenticate": 'Basic realm="Web Password"'}
    return JSONResponse({"error": "Couldn't authenticate you"}, 401, headers)


def invalid_token() -> JSONResponse:
    realm = 'Bearer realm="Zendesk::OAuth Bearer Token Authentication"'
    body = {"error": "invalid_token", "error_description": INVALID_TOKEN}
    header = f'{realm}, error="invalid_token", error_description="{INVALID_TOKEN}"'
    return JSONResponse(body, 401, {"WWW-Authenticate": header})


def forbidden(shape: str = "titled") -> JSONResponse:
    if shape == "described":
        return described(403, "Forbidden", NO_ACCESS)
    if shape == "listed":
        return JSONResponse({"errors": [{"code": "Forbidden", "title": NO_ACCESS}]}, 403)
    return titled(403, "Forbidden", NO_ACCESS)


def missing_scope(scope: str) -> JSONResponse:
    return described(403, "Forbidden", f"You are missing the following required scopes: {scope}")


def not_found() -> JSONResponse:
    return described(404, "RecordNotFound", "Not found")


def no_endpoint() -> JSONResponse:
    return described(404, "InvalidEndpoint", "Not found")


def invalid_attribute(name: str, what: str) -> JSONResponse:
    message = f"You passed an invalid value for the {name} attribute. Invalid parameter: {name} {what}"
    return titled(400, "Invalid attribute", message)


def record_invalid(**details: str | tuple[str, str]) -> JSONResponse:
    """`field="words"` or `field=("words", "BlankValue")`."""
    listed = {}
    for field, told in details.items():
        words, code = told if isinstance(told, tuple) else (told, "")
        listed[field] = [{"description": words, **({"error": code} if code else {})}]
    return described(422, "RecordInvalid", "Record validation errors", details=listed)


def conflict() -> JSONResponse:
    return described(409, "UpdateConflict", "Safe Update prevented the update due to outdated ticket data.")


def too_many(retry_after: int, *, text: bool = True) -> Response:
    headers = {"Retry-After": str(retry_after)}
    words = "Number of allowed API requests per minute exceeded"
    if text:
        return PlainTextResponse(words, 429, headers)
    return JSONResponse({"error": "APIRateLimitExceeded", "description": words}, 429, headers)


def page(status: int, heading: str, text: str, headers: dict[str, str] | None = None) -> HTMLResponse:
    html = (
        f"<!DOCTYPE html><html><head><title>{heading}</title></head><body><h1>{heading}</h1><p>{text}</p></body></html>"
    )
    return HTMLResponse(html, status, headers)
