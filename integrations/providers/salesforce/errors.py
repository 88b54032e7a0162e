"""What Salesforce's answers mean. Decided by status, content type and error code together, never by the status alone.

The REST API answers an array, `[{"message", "errorCode", "fields"}]`; the token endpoint an object, `{"error",
"error_description"}` (Salesforce REST API guide, "Status Codes and Error Responses"; help, "OAuth 2.0 Errors"). Two
kinds of 401 carry the same code: only one of them is a session that ended."""

import re
from dataclasses import dataclass
from typing import Any

import requests

from integrations.answers import is_page
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Stage, Unavailable
from integrations.http import error_from_response

# An IP range, a session of high assurance, an app that may not use the API: a new token changes nothing.
NOT_EXPIRED = re.compile(r"not valid for use with the REST API|not attached to", re.IGNORECASE)
# The limit counts the last 24 hours, so calls come free bit by bit.
LIMIT_SECONDS = 900.0
# The same code stands for too many calls at the same time ("ConcurrentRequests Limit exceeded."): over in seconds.
CONCURRENT = re.compile(r"concurrent", re.IGNORECASE)
CONCURRENT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Meaning:
    kind: type[IntegrationError]
    cause: Cause
    stage: Stage
    text: str

    def error(self, **told: Any) -> IntegrationError:
        if self.kind is RateLimited:
            concurrent = CONCURRENT.search(f"{told.get('vendor_code', '')} {told.get('vendor_message', '')}")
            told["retry_after"] = CONCURRENT_SECONDS if concurrent else LIMIT_SECONDS
        return self.kind(self.text, cause=self.cause, stage=self.stage, **told)


def _login(cause: Cause, text: str) -> Meaning:
    return Meaning(AuthenticationFailed, cause, Stage.AUTHENTICATION, text)


def _right(text: str) -> Meaning:
    return Meaning(AuthenticationFailed, Cause.NO_PERMISSION, Stage.PERMISSION, text)


def _later(cause: Cause, text: str) -> Meaning:
    return Meaning(Unavailable, cause, Stage.ANSWER, text)


def _refused(cause: Cause, text: str) -> Meaning:
    return Meaning(Rejected, cause, Stage.ANSWER, text)


RESTRICTED = _login(Cause.IP_RESTRICTED, "Salesforce does not let this session use the API: its address, its level of "
                    "security or the app is restricted. The session has not ended.")  # fmt: skip
API_OFF = Meaning(AuthenticationFailed, Cause.API_DISABLED, Stage.PERMISSION, "The API is switched off for this "
                  "organisation or for the integration user.")  # fmt: skip
CODES: dict[str, Meaning] = {
    "INVALID_SESSION_ID": _login(Cause.TOKEN_EXPIRED, "Salesforce does not accept the access token (any more)."),
    "INVALID_AUTH_HEADER": _login(Cause.TOKEN_EXPIRED, "Salesforce does not accept the access token (any more)."),
    "INVALID_OPERATION_WITH_EXPIRED_PASSWORD": _login(
        Cause.BAD_CREDENTIALS, "The integration user's password has expired: until a new one is set, nothing works."
    ),
    "INVALID_LOGIN": _login(Cause.BAD_CREDENTIALS, "The integration user cannot log in."),
    "PASSWORD_LOCKOUT": _login(Cause.BAD_CREDENTIALS, "The integration user is locked out."),
    "LOGIN_MUST_USE_SECURITY_TOKEN": RESTRICTED,
    "API_DISABLED_FOR_ORG": API_OFF,
    "API_CURRENTLY_DISABLED": API_OFF,
    "ORG_LOCKED": _later(Cause.ASLEEP, "The organisation is locked by Salesforce."),
    "TRIAL_EXPIRED": _later(Cause.ASLEEP, "The trial organisation has ended."),
    "REQUEST_LIMIT_EXCEEDED": Meaning(
        RateLimited, Cause.RATE_LIMITED, Stage.LIMITS, "The organisation's API calls of the last 24 hours are used up."
    ),
    "CONCURRENT_API_REQUESTS_EXCEEDED": Meaning(
        RateLimited, Cause.RATE_LIMITED, Stage.LIMITS, "Too many long calls run at the same time."
    ),
    "SERVER_UNAVAILABLE": _later(Cause.REMOTE_ERROR, "Salesforce is down for maintenance or overloaded."),
    "FUNCTIONALITY_TEMPORARILY_UNAVAILABLE": _later(Cause.REMOTE_ERROR, "A part of Salesforce is off for now."),
    "QUERY_TIMEOUT": _later(Cause.TIMEOUT, "The query took Salesforce too long."),
    "REQUEST_RUNNING_TOO_LONG": _later(Cause.TIMEOUT, "The request took Salesforce too long."),
    "UNABLE_TO_LOCK_ROW": _later(Cause.CONFLICT, "Somebody else is writing the same record at this moment."),
    "DUPLICATES_DETECTED": _refused(Cause.CONFLICT, "A duplicate rule of the organisation stopped the record."),
    "DUPLICATE_VALUE": _refused(Cause.CONFLICT, "Records have the same value in a field that should be unique."),
    "NOT_FOUND": _refused(
        Cause.NOT_FOUND, "Salesforce has no such record or object, or hides it from the integration user."
    ),
    "ENTITY_IS_DELETED": _refused(Cause.NOT_FOUND, "The record was deleted."),
    "INVALID_TYPE": _right("There is no such object, or the integration user may not see it."),
    "INVALID_FIELD": _refused(Cause.INVALID_DATA, "There is no such field, or the integration user may not see it."),
    "INVALID_FIELD_FOR_INSERT_UPDATE": _refused(Cause.INVALID_DATA, "A field cannot be written."),
    "REQUIRED_FIELD_MISSING": _refused(Cause.INVALID_DATA, "A required field is missing."),
    "MALFORMED_QUERY": _refused(Cause.INVALID_DATA, "Salesforce does not understand the query."),
    "MALFORMED_SEARCH": _refused(Cause.INVALID_DATA, "Salesforce does not understand the search."),
}  # fmt: skip
# Token endpoint: error, and in its description what tells the cases of `invalid_grant` apart. The first match counts.
TOKEN_CODES: dict[str, Meaning] = {
    "invalid_client_id": _login(
        Cause.BAD_CREDENTIALS, "Salesforce does not know the Consumer key here. Is this a sandbox, or is it none?"
    ),
    "invalid_client": _login(Cause.BAD_CREDENTIALS, "The Consumer secret does not belong to the Consumer key."),
    "invalid_app_access": _right("The user is not allowed to use the app: it must be approved for the profile."),
    "inactive_user": _login(Cause.BAD_CREDENTIALS, "The integration user is not active."),
    "inactive_org": _later(Cause.ASLEEP, "The organisation is not active: a sandbox that was put to sleep or deleted, "
                           "a trial that ended, or one that is locked."),
    "rate_limit_exceeded": Meaning(
        RateLimited, Cause.RATE_LIMITED, Stage.LIMITS, "Too many log-ins of this user in a short time."
    ),
    "redirect_uri_mismatch": _login(Cause.BAD_CREDENTIALS, "Our callback address is not entered in the app."),
    "unsupported_grant_type": _login(
        Cause.API_DISABLED, "The app does not offer this grant: its flow is switched off."
    ),
    "invalid_scope": _login(Cause.API_DISABLED, "The app lacks one of the scopes api and refresh_token."),
}  # fmt: skip
INVALID_GRANT: tuple[tuple[str, Meaning], ...] = (
    (r"ip restricted|ip address", _login(Cause.IP_RESTRICTED, "The app lets in only certain addresses, not ours.")),
    (r"not supported on this domain", _login(
        Cause.WRONG_HOST, "Client credentials work at the My Domain only: enter it as Url.")),
    (r"no client credentials user", _login(
        Cause.API_DISABLED, "The app has no Run As user for the Client credentials flow.")),
    (r"hasn.t approved this consumer|not approved", _right(
        "The user of the JWT bearer grant has not been approved for the app.")),
    (r"audience", _login(
        Cause.BAD_CREDENTIALS, "The assertion was made for another log-in page. Is this a sandbox, or is it none?")),
    (r"assertion|signature", _login(
        Cause.BAD_CREDENTIALS, "The private key does not belong to the certificate in the app.")),
    (r"authorization code|code verifier", _login(
        Cause.TOKEN_EXPIRED, "The authorisation took too long or was used already. Press Request token again.")),
    (r"inactive user|user is inactive", _login(Cause.BAD_CREDENTIALS, "The integration user is not active.")),
    (r"locked", _login(Cause.BAD_CREDENTIALS, "The integration user is locked out.")),
    (r"password", _login(Cause.BAD_CREDENTIALS, "The integration user's password has expired.")),
    (r"expired access/refresh token", _login(
        Cause.REFRESH_REVOKED, "Salesforce does not accept the refresh token any more.")),
)  # fmt: skip


def interpret(response: requests.Response) -> IntegrationError | None:
    """The error an answer stands for, None when it is good."""
    if response.status_code == 300:
        return CODES["DUPLICATE_VALUE"].error(status=300)
    if response.status_code < 400 or is_page(response):
        return _maintenance(response) or error_from_response(response)
    code, message, fields = first_of(response)
    if response.status_code == 403 and response.text[:20].endswith("_OAuth_Token"):  # userinfo speaks plain text
        code, message = "INVALID_SESSION_ID", response.text[:80]
    told: dict[str, Any] = {"status": response.status_code, "vendor_code": code, "vendor_message": message}
    if code == "INVALID_SESSION_ID" and NOT_EXPIRED.search(message):
        return RESTRICTED.error(**told)
    meaning = CODES.get(code) or (_right("The integration user has no right to this.") if _no_right(code) else None)
    if meaning is None:
        return _by_status(response, code, message, fields)
    error = meaning.error(**told)
    if isinstance(error, Rejected):
        error.field = fields[0] if fields else None
    return error


def _no_right(code: str) -> bool:
    return code.startswith("INSUFFICIENT_ACCESS") or code == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"


def _maintenance(response: requests.Response) -> IntegrationError | None:
    if response.status_code != 503:
        return None
    return CODES["SERVER_UNAVAILABLE"].error(status=503)


def _by_status(response: requests.Response, code: str, message: str, fields: list[str]) -> IntegrationError | None:
    """An error code that we have no sentence for: most are rules about one field, in the vendor's own words."""
    if code and response.status_code == 400:
        return Rejected(
            f"Salesforce refuses the content ({code}).", field=fields[0] if fields else None,
            status=400, vendor_code=code, vendor_message=message,
        )  # fmt: skip
    error = error_from_response(response)
    if error is not None:
        error.vendor_code = code
    return error


def session_ended(response: requests.Response) -> bool:
    """Whether a 401 says that the session ended, so that a new token helps."""
    return not NOT_EXPIRED.search(first_of(response)[1])


def token_error(response: requests.Response) -> IntegrationError:
    """Why the token endpoint gave no token. 400 throughout; the description tells the cases apart."""
    body = _json(response)
    body = body if isinstance(body, dict) else {}
    code, description = str(body.get("error") or ""), str(body.get("error_description") or "")
    told: dict[str, Any] = {"status": response.status_code, "vendor_code": code, "vendor_message": description}
    if code == "invalid_grant":
        return _grant_refused(description).error(**told)
    if code in TOKEN_CODES:
        return TOKEN_CODES[code].error(**told)
    if code:
        return AuthenticationFailed("Salesforce did not let us in.", stage=Stage.AUTHENTICATION, **told)
    return error_from_response(response) or Rejected(
        "The token endpoint answered without a token.", cause=Cause.REMOTE_ERROR, **told
    )


def _grant_refused(description: str) -> Meaning:
    for pattern, meaning in INVALID_GRANT:
        if re.search(pattern, description, re.IGNORECASE):
            return meaning
    return _login(Cause.BAD_CREDENTIALS, "Salesforce did not let us in.")


def first_of(response: requests.Response) -> tuple[str, str, list[str]]:
    """errorCode, message and fields of the first error; empty where the body has another shape."""
    body = _json(response)
    error = body[0] if isinstance(body, list) and body else body
    if not isinstance(error, dict):
        return "", "", []
    fields = error.get("fields")
    named = [str(name) for name in fields] if isinstance(fields, list) else []
    return str(error.get("errorCode") or ""), str(error.get("message") or ""), named


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None
