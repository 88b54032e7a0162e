"""What Connect REST's error codes mean (B2C Service docs, "Error Codes").

A body is `{"type", "title", "status", "detail", "instance", "o:errorCode": "OSC-CREST-00014"}`. The code decides; where
there is none, the status does. What the site answers to a wrong password, and to a right one from a wrong address, is
not published: both are told apart by the words as far as that goes, and the advice names the other one."""

import re
from typing import Any

import requests

from integrations import pauses
from integrations.answers import is_page, told_wait
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Stage, Unavailable
from integrations.http import error_from_response, retry_after

PREFIX = "OSC-CREST-"
NEXT_REQUEST = "osvc-crest-next-request-after"
ADDRESS_WORDS = re.compile(r"\bip\b|network address|valid host|not allowed from", re.IGNORECASE)
Meaning = tuple[type[IntegrationError], Cause, Stage, str]
MEANINGS: dict[str, Meaning] = {
    "00002": (Rejected, Cause.INVALID_DATA, Stage.ANSWER, "The site does not take this HTTP method here."),
    "00003": (Rejected, Cause.INVALID_DATA, Stage.SETTINGS, "The site does not have this version of Connect REST."),
    "00004": (Unavailable, Cause.REMOTE_ERROR, Stage.ANSWER, "The site cannot load this version of Connect REST."),
    "00005": (AuthenticationFailed, Cause.NO_PERMISSION, Stage.PERMISSION, "The staff account may not read this."),
    "00006": (Rejected, Cause.INVALID_DATA, Stage.ANSWER, "The site did not take the change."),
    "00007": (Rejected, Cause.INVALID_DATA, Stage.ANSWER, "The site does not understand the query."),
    "00008": (Unavailable, Cause.REMOTE_ERROR, Stage.ANSWER, "The site failed while it worked on the request."),
    "00009": (Rejected, Cause.INVALID_DATA, Stage.ANSWER, "The site did not delete the record."),
    "00010": (Rejected, Cause.INVALID_DATA, Stage.ANSWER, "The site received no content."),
    "00011": (Rejected, Cause.INVALID_DATA, Stage.ANSWER, "The site could not read the content as JSON."),
    "00012": (Rejected, Cause.INVALID_DATA, Stage.ANSWER, "The site did not make the record."),
    "00013": (Rejected, Cause.NOT_FOUND, Stage.ANSWER, "The site has no such object or record."),
    "00014": (AuthenticationFailed, Cause.BAD_CREDENTIALS, Stage.AUTHENTICATION, "The site does not let us in."),
    "00015": (AuthenticationFailed, Cause.API_DISABLED, Stage.PERMISSION, "Connect REST is switched off on this site."),
    "00016": (
        AuthenticationFailed, Cause.NO_PERMISSION, Stage.PERMISSION,
        "The staff account's profile does not allow the public REST API.",
    ),
    "00017": (
        Rejected, Cause.INVALID_DATA, Stage.SETTINGS, "The account's Language is not that of the site's interface.",
    ),
    "00018": (Rejected, Cause.INVALID_DATA, Stage.SETTINGS, "The site refuses the headers of the request."),
}  # fmt: skip
FIELDS = {"00003": "api_version", "00017": "language", "00018": "application_context", "00002": "override_method"}


def interpret(response: requests.Response) -> IntegrationError | None:
    pause = _asked_pause(response)
    if pause is not None:
        pauses.note(pause)
    general = error_from_response(response)
    if isinstance(general, RateLimited) and told_wait(response) is None and pause is not None:
        general.retry_after = pause
    if response.status_code < 400 or is_page(response) or response.status_code == 429:
        return general
    body = _body(response)
    code = str(body.get("o:errorCode") or "").upper()
    details: dict[str, Any] = {
        "status": response.status_code, "vendor_code": code, "vendor_message": _words(body),
    }  # fmt: skip
    return _waited(_special(response, code, details) or _by_code(code, details) or general, response)


def _asked_pause(response: requests.Response) -> float | None:
    """Seconds. Every answer may say how many milliseconds have to pass before the next call (Oracle B2C Service,
    "Custom Headers", from CCOM v1.4)."""
    told = response.headers.get(NEXT_REQUEST, "").strip()
    return int(told) / 1000 if told.isdecimal() else None


def _special(response: requests.Response, code: str, details: dict[str, Any]) -> IntegrationError | None:
    """What the code alone does not tell."""
    number = code.removeprefix(PREFIX)
    if response.status_code in (401, 403) and ADDRESS_WORDS.search(details["vendor_message"]):
        return AuthenticationFailed(
            "The site does not let this staff account in from our address.",
            cause=Cause.IP_RESTRICTED, stage=Stage.AUTHENTICATION, **details,
        )  # fmt: skip
    if response.status_code == 404 and number in ("00005", "00013", ""):
        return Rejected("The site has no such object or record.", cause=Cause.NOT_FOUND, **details)
    if response.status_code == 401 and number in ("00014", "") and _scheme(response) in ("bearer", "session"):
        what = "access token" if _scheme(response) == "bearer" else "agent's session"
        return AuthenticationFailed(
            f"The site does not accept the {what} (any more).",
            cause=Cause.TOKEN_EXPIRED, stage=Stage.AUTHENTICATION, **details,
        )  # fmt: skip
    return None


def _by_code(code: str, details: dict[str, Any]) -> IntegrationError | None:
    number = code.removeprefix(PREFIX)
    if number not in MEANINGS:
        return None
    kind, cause, stage, sentence = MEANINGS[number]
    more: dict[str, Any] = {"field": FIELDS.get(number)} if kind is Rejected else {}
    if kind is Unavailable:
        more["maybe_done"] = True
    return kind(sentence, cause=cause, stage=stage, **details, **more)


def _waited(error: IntegrationError | None, response: requests.Response) -> IntegrationError | None:
    """A busy site says with Retry-After how long it wants to be left alone, whatever its status."""
    if error is not None and "Retry-After" in response.headers:
        error.message += f" It asks for {retry_after(response):.0f} seconds of rest."
        if isinstance(error, Unavailable):
            error.retry_after = told_wait(response)
    return error


def _scheme(response: requests.Response) -> str:
    sent = response.request.headers.get("Authorization", "") if response.request is not None else ""
    return sent.partition(" ")[0].lower()


def _body(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _words(body: dict[str, Any]) -> str:
    """Title and detail, without saying the same twice."""
    return ": ".join(dict.fromkeys(str(body[name]).strip(" .") for name in ("title", "detail") if body.get(name)))[:500]
