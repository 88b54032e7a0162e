"""Connect REST's error codes (B2C Service docs, "Error Codes") and its error bodies, after RFC 7807."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

MEDIA = "application/vnd.oracle.resource+json"
CODES = {
    "00002": (400, "An unsupported HTTP method was used"),
    "00003": (400, "An unsupported version of Connect REST API was used"),
    "00005": (403, "An attempt to read a resource that cannot be read was made"),
    "00006": (400, "An attempt to write a resource failed"),
    "00007": (400, "An invalid query parameter was used"),
    "00008": (500, "An internal error occurred during the processing of the request"),
    "00010": (400, "No POST data was found in the request"),
    "00011": (400, "Bad JavaScript Object Notation (JSON) syntax was found in the request"),
    "00012": (400, "A problem occurred when attempting to create a resource"),
    "00013": (404, "The resource identified in the URI was not recognized"),
    "00014": (401, "You are not authorized to use this site"),
    "00015": (403, "The Connect REST API is not enabled"),
    "00016": (403, "Unsupported access"),
    "00017": (400, "The language of the request does not match the interface"),
    "00018": (400, "A header of the request is missing or not valid"),
}
FAULTS = {
    "bad_credentials": ("00014", "Invalid user name or password"),
    "expired_token": ("00014", "The session or token has expired"),
    "revoked_token": ("00014", "The token was revoked"),
    "missing_permission": ("00016", "The profile does not permit Public REST API access"),
    "rest_disabled": ("00015", "Connect REST is not enabled on this site"),
    "language_mismatch": ("00017", "Accept-Language is not en_US"),
    "server_error": ("00008", "Internal error"),
}


class Refused(Exception):
    """One of the vendor's errors: its number and what is wrong in detail."""

    def __init__(self, number: str, detail: str, *, status: int | None = None) -> None:
        super().__init__(detail)
        self.number, self.detail, self.status = number, detail, status


def problem(
    request: Request, number: str, detail: str, *, status: int | None = None, headers: dict[str, str] | None = None
) -> Response:
    """The vendor's error body (after RFC 7807)."""
    usual, title = CODES[number]
    code = f"OSC-CREST-{number}"
    body = {
        "type": f"{request.url.scheme}://{request.url.netloc}/services/rest/connect/exceptions/{code}",
        "title": title, "status": status or usual, "detail": detail, "instance": str(request.url.replace(query="")),
        "o:errorCode": code,
    }  # fmt: skip
    return JSONResponse(body, status or usual, headers, media_type=f"{MEDIA}; type=error")
