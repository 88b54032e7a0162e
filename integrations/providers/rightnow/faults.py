"""What a SOAP fault of Connect Web Services means (Oracle RightNow adapter guide, "Understanding RightNow Exception
Codes").

A fault carries a `RequestErrorFault`, `ServerErrorFault` or `UnexpectedErrorFault` with `exceptionCode` and
`exceptionMessage`. The code decides; an unknown one counts by the kind of fault."""

from typing import Any

import requests

from integrations.answers import is_page, told_wait
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, Rejected, Stage, Unavailable
from integrations.http import error_from_response

from .envelope import Element, child, children, local, parse, text_of

Meaning = tuple[type[IntegrationError], Cause, Stage, str]
MEANINGS: dict[str, Meaning] = {
    "INVALID_LOGIN": (
        AuthenticationFailed, Cause.BAD_CREDENTIALS, Stage.AUTHENTICATION,
        "The site does not accept the user name and password.",
    ),
    "ACCESS_DENIED": (
        AuthenticationFailed, Cause.NO_PERMISSION, Stage.PERMISSION,
        "The site's interface, or the staff account's profile, does not allow the public SOAP API.",
    ),
    "INVALID_FIELD": (
        Rejected, Cause.INVALID_DATA, Stage.ANSWER, "A field does not exist, or may not be used in this request.",
    ),
    "BAD_ID": (Rejected, Cause.NOT_FOUND, Stage.ANSWER, "The site has no record with this id."),
    "MISSING_ARGUMENT": (Rejected, Cause.INVALID_DATA, Stage.ANSWER, "The site misses something in the request."),
    "QUERY_TIMEOUT": (
        Unavailable, Cause.TIMEOUT, Stage.ANSWER, "The query took the site too long, so it gave up.",
    ),
    "UNKNOWN_EXCEPTION": (Unavailable, Cause.REMOTE_ERROR, Stage.ANSWER, "The site failed and does not say why."),
}  # fmt: skip
BY_KIND: dict[str, Meaning] = {
    "RequestErrorFault": (Rejected, Cause.INVALID_DATA, Stage.ANSWER, "The site refuses the request."),
    "ServerErrorFault": (Unavailable, Cause.REMOTE_ERROR, Stage.ANSWER, "The site could not carry out the request."),
    "UnexpectedErrorFault": MEANINGS["UNKNOWN_EXCEPTION"],
}


def interpret(response: requests.Response) -> IntegrationError | None:
    """The fault in the answer, whatever its status; else what the status means. A page is told when it is read."""
    root = None if is_page(response) else parse(response.content)
    fault = child(root, "Body", "Fault") if root is not None else None
    if fault is None:
        return error_from_response(response)
    error = _meaning(fault, response.status_code)
    if isinstance(error, Unavailable):
        error.maybe_done, error.retry_after = True, told_wait(response)
    return error


def _meaning(fault: Element, status: int) -> IntegrationError:
    told = next(iter(children(child(fault, "detail"))), None)
    code = text_of(child(told, "exceptionCode"))
    words = text_of(child(told, "exceptionMessage")) or text_of(child(fault, "faultstring"))
    kind, cause, stage, sentence = _known(code, told) or _plain(fault)
    details: dict[str, Any] = {"vendor_code": code, "vendor_message": words, "status": status}
    return kind(sentence, cause=cause, stage=stage, **details)


def _known(code: str, told: Element | None) -> Meaning | None:
    return MEANINGS.get(code) or (BY_KIND.get(local(told)) if told is not None else None)


def _plain(fault: Element) -> Meaning:
    """A fault of the SOAP layer: WS-Security refuses without a word of RightNow's."""
    code = text_of(child(fault, "faultcode")).rpartition(":")[2]
    if code in ("FailedAuthentication", "InvalidSecurity", "InvalidSecurityToken", "FailedCheck"):
        return MEANINGS["INVALID_LOGIN"]
    return BY_KIND["RequestErrorFault" if code in ("Client", "MustUnderstand") else "ServerErrorFault"]
