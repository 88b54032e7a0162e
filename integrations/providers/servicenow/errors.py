"""What ServiceNow's answers mean. Decided by status, content type and body together, never by the status alone.

Bodies after ServiceNow docs ("REST API response codes", "Inbound REST API rate limiting") and what public connectors
report: `{"error": {"message", "detail"}, "status": "failure"}` from the REST API, `{"error", "error_description"}`
from the token endpoint, and a web page where an instance sleeps or the host is another one."""

import re
import time
from typing import Any
from urllib.parse import parse_qs

import requests

from integrations.answers import is_page
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Stage, Unavailable
from integrations.http import error_from_response

TABLE_IN_PATH = re.compile(r"/api/now/(?:v\d/)?table/([^/?]+)")
OPERATIONS = {"POST": "create", "PUT": "change", "PATCH": "change", "DELETE": "delete"}
DATA_POLICY = re.compile(r"data policy|mandatory|aborted by business rule", re.IGNORECASE)
ADDRESS_POLICY = re.compile(r"\bip\b|access policy|access restricted", re.IGNORECASE)
TITLE = re.compile(r"<(?:h1|title)[^>]*>([^<]{1,200})<", re.IGNORECASE)
SLEEPING = re.compile(r"hibernating|currently offline|wake your instance", re.IGNORECASE)
LONGEST_WAIT = 3600.0
CAUSES_OF_ACCESS_DENIED = (
    "user name, password, Client ID or Client Secret wrong; user inactive, locked or for web services only; this grant "
    "switched off on the instance; refresh token revoked or unused for more than 100 days"
)


def interpret(response: requests.Response) -> IntegrationError | None:
    """The error an answer stands for, None when it is good. Order matters: a page first, then the status."""
    if is_page(response) and response.status_code in (200, 404):
        return _page(response)
    if response.status_code < 400:
        return error_from_response(response)
    by_status = {400: _bad_request, 401: _unauthorised, 403: _forbidden, 404: _not_found, 429: _too_many}
    mapper = by_status.get(response.status_code)
    return mapper(response) if mapper and not is_page(response) else error_from_response(response)


def token_error(response: requests.Response) -> IntegrationError:
    """Why the token endpoint gave no token. Nearly every refusal is the same `access_denied`: all causes are named."""
    if is_page(response):
        return _page(response)
    if response.status_code == 429:
        return _too_many(response)
    if response.status_code not in (400, 401, 403):
        return error_from_response(response) or Rejected(
            "The token endpoint answered without a token.", cause=Cause.INVALID_DATA, status=response.status_code
        )
    body = _body(response)
    code, description = str(body.get("error", "")), str(body.get("error_description", ""))
    refresh = _grant_of(response) == "refresh_token"
    if code == "unauthorized_client":
        message = "ServiceNow knows no user for this client: its record needs an OAuth Application User."
    elif refresh:
        message = f"ServiceNow refused to renew the access. It does not say why; possible: {CAUSES_OF_ACCESS_DENIED}."
    else:
        message = f"ServiceNow refused to sign us in. It does not say why; possible: {CAUSES_OF_ACCESS_DENIED}."
    return AuthenticationFailed(
        message,
        cause=Cause.REFRESH_REVOKED if refresh else Cause.BAD_CREDENTIALS,
        stage=Stage.AUTHENTICATION,
        status=response.status_code,
        vendor_code=code,
        vendor_message=description,
    )


def _page(response: requests.Response) -> IntegrationError:
    if response.status_code == 404:
        return Rejected(
            "There is a web server at this address, but no ServiceNow instance.",
            cause=Cause.WRONG_HOST, stage=Stage.ANSWER, status=404,
        )  # fmt: skip
    title, sleeping = TITLE.search(response.text[:20_000]), SLEEPING.search(response.text[:20_000])
    return Unavailable(
        "The instance is asleep: it answered with a web page instead of data."
        if sleeping
        else "A web page came instead of data: the instance is asleep, or this is not the address of an instance.",
        cause=Cause.ASLEEP,
        stage=Stage.ANSWER,
        status=response.status_code,
        vendor_message=" ".join(title[1].split()) if title else "",
    )


def _unauthorised(response: requests.Response) -> IntegrationError:
    message, detail = _words(response)
    scheme = response.request.headers.get("Authorization", "").partition(" ")[0].lower() if response.request else ""
    if response.headers.get("X-MFA_TOKEN", "").lower() == "invalid":
        text = "ServiceNow wants a second factor from this user, which a server cannot give."
        cause = Cause.BAD_CREDENTIALS
    elif scheme == "bearer":
        text, cause = "ServiceNow does not accept the access token (any more).", Cause.TOKEN_EXPIRED
    else:
        text, cause = "ServiceNow does not accept the user name and password.", Cause.BAD_CREDENTIALS
    return AuthenticationFailed(
        text, cause=cause, stage=Stage.AUTHENTICATION, status=401, vendor_code=message, vendor_message=detail or message
    )


def _forbidden(response: requests.Response) -> IntegrationError:
    message, detail = _words(response)
    told: dict[str, Any] = {"status": 403, "vendor_code": message, "vendor_message": detail or message}
    if DATA_POLICY.search(f"{message} {detail}"):
        text = f"A rule of the instance refused the record in {_table(response)}: a value is missing or not allowed."
        return Rejected(text, cause=Cause.INVALID_DATA, stage=Stage.ANSWER, **told)
    if ADDRESS_POLICY.search(f"{message} {detail}"):
        text = "The instance accepts this user only from certain addresses, and ours is not one of them."
        return AuthenticationFailed(text, cause=Cause.IP_RESTRICTED, stage=Stage.PERMISSION, **told)
    operation = OPERATIONS.get(str(response.request.method), "read")
    text = f"The integration user may not {operation} records of {_table(response)}."
    return AuthenticationFailed(text, cause=Cause.NO_PERMISSION, stage=Stage.PERMISSION, **told)


def _not_found(response: requests.Response) -> IntegrationError:
    message, detail = _words(response)
    return Rejected(
        f"ServiceNow has no such record in {_table(response)}, or hides it from the integration user.",
        cause=Cause.NOT_FOUND, stage=Stage.ANSWER, status=404, vendor_code=message, vendor_message=detail or message,
    )  # fmt: skip


def _bad_request(response: requests.Response) -> IntegrationError:
    message, detail = _words(response)
    told: dict[str, Any] = {"status": 400, "vendor_code": message, "vendor_message": detail or message}
    if "invalid table" in message.lower():
        text = f"The instance has no table {_table(response)}: the plugin that brings it is not active."
        return Rejected(text, cause=Cause.API_DISABLED, stage=Stage.PERMISSION, **told)
    return Rejected("ServiceNow does not understand the request.", cause=Cause.INVALID_DATA, **told)


def _too_many(response: requests.Response) -> IntegrationError:
    """There is no "remaining" header; the wait comes from Retry-After, else from the time of the next hour's reset."""
    message, detail = _words(response)
    general = error_from_response(response)
    wait = general.retry_after if isinstance(general, RateLimited) else 60.0
    reset = response.headers.get("X-RateLimit-Reset", "")
    if "Retry-After" not in response.headers and reset.isdigit():
        wait = min(max(1.0, float(reset) - time.time()), LONGEST_WAIT)
    text = f"ServiceNow allows no more calls for now; the next one may go in {wait:.0f} seconds."
    return RateLimited(
        text, retry_after=wait, stage=Stage.LIMITS, status=429, vendor_code=message, vendor_message=detail or message
    )


def _table(response: requests.Response) -> str:
    match = TABLE_IN_PATH.search(str(response.url))
    return match[1] if match else "this API"


def _grant_of(response: requests.Response) -> str:
    body = response.request.body if response.request is not None else ""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or "")
    return parse_qs(text).get("grant_type", [""])[0]


def _words(response: requests.Response) -> tuple[str, str]:
    """The vendor's message and detail, empty where the body has another shape."""
    error = _body(response).get("error")
    if isinstance(error, dict):
        return str(error.get("message") or ""), str(error.get("detail") or "")
    return (error, "") if isinstance(error, str) else ("", "")


def _body(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
