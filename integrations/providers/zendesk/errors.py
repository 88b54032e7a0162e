"""What Zendesk's answers mean. Decided by status, content type and body together.

Bodies after developer.zendesk.com ("Response format", each API's page) and what public client libraries report:
`{"error": text, "description": text, "details": {field: [{"description"}]}}`, `{"error": {"title", "message"}}`,
`{"errors": [{"code", "title"}]}`, and plain text. What an unknown, suspended or cancelled help desk says is not
published: its pages are recognised by their words, and an unknown page counts as a wrong address."""

import re
from typing import Any

import requests

from integrations import pauses
from integrations.answers import is_page, told_wait
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Stage, Unavailable
from integrations.http import error_from_response, retry_after

SUSPENDED = re.compile(r"suspended", re.IGNORECASE)
CANCELLED = re.compile(r"cancell?ed|trial (has )?(ended|expired)", re.IGNORECASE)
HEADING = re.compile(r"<(?:h1|title)[^>]*>([^<]{1,200})<", re.IGNORECASE)
CLOSED = re.compile(r"closed prevents", re.IGNORECASE)
NEED_SCOPE = re.compile(r"scopes?: ?(.+)$", re.IGNORECASE)


def interpret(response: requests.Response) -> IntegrationError | None:
    """The error an answer stands for, None when it is good. A page comes first, then the status."""
    if is_page(response):
        return page(response)
    _note_last_call(response)
    code, _, _ = told(response)
    if code == "unavailable":  # the search back end is busy; which status it comes with is not documented
        return Unavailable("Zendesk's search is busy. Try again in a moment.", **_facts(response, Cause.REMOTE_ERROR))
    by_status = {
        400: _bad_request, 401: _unauthorised, 403: _forbidden, 404: _not_found, 409: _conflict, 422: _invalid,
        429: _too_many, 503: _down,
    }  # fmt: skip
    mapper = by_status.get(response.status_code)
    return mapper(response) if mapper else error_from_response(response)


def page(response: requests.Response) -> IntegrationError:
    """A web page where data is due."""
    text = response.content[:20_000].decode(errors="replace")
    heading = HEADING.search(text)
    title = " ".join(heading[1].split()) if heading else ""
    facts: dict[str, Any] = {"status": response.status_code, "vendor_message": title}
    if response.status_code == 503:
        return _down(response, title)
    if SUSPENDED.search(text) or CANCELLED.search(text):
        state = "suspended" if SUSPENDED.search(text) else "cancelled"
        return AuthenticationFailed(
            f"The help desk is {state}: it answers with a web page that says so.", cause=Cause.API_DISABLED, **facts
        )
    if response.status_code == 404:
        return Unavailable("There is no help desk at this address.", cause=Cause.WRONG_HOST, **facts)
    error = error_from_response(response) or Unavailable(
        "A web page came back where data was due.", cause=Cause.WRONG_HOST
    )
    error.status, error.vendor_message = response.status_code, title
    return error


def told(response: requests.Response) -> tuple[str, str, dict[str, Any]]:
    """The vendor's code, its words, and what it says of single fields, from whichever shape the body has."""
    try:
        body = response.json()
    except ValueError:
        plain = "text/plain" in response.headers.get("Content-Type", "")
        return "", response.text[:200].strip() if plain else "", {}
    if not isinstance(body, dict):
        return "", "", {}
    error, details = body.get("error"), body.get("details")
    if isinstance(error, dict):
        return str(error.get("title") or ""), str(error.get("message") or ""), {}
    listed = body.get("errors")
    if isinstance(listed, list) and listed and isinstance(listed[0], dict):
        return str(listed[0].get("code") or ""), str(listed[0].get("title") or ""), {}
    words = body.get("description") or body.get("error_description") or body.get("message") or ""
    return str(error or ""), str(words), details if isinstance(details, dict) else {}


def of_fields(details: dict[str, Any]) -> list[tuple[str, str]]:
    """(field, sentence) for everything that Zendesk has against a record."""
    return [
        (field, str(entry.get("description") or entry.get("error") or "refused"))
        for field, entries in details.items()
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict)
    ]


def _facts(response: requests.Response, cause: Cause, stage: Stage = Stage.ANSWER) -> dict[str, Any]:
    code, words, _ = told(response)
    return {
        "cause": cause,
        "stage": stage,
        "status": response.status_code,
        "vendor_code": code,
        "vendor_message": words,
    }


def _unauthorised(response: requests.Response) -> IntegrationError:
    scheme = response.request.headers.get("Authorization", "").partition(" ")[0].lower()
    if scheme == "bearer":
        text, cause = "Zendesk does not accept the access token (any more).", Cause.TOKEN_EXPIRED
    else:
        text = "Zendesk does not accept the user name with this API token."
        cause = Cause.BAD_CREDENTIALS
    return AuthenticationFailed(text, **_facts(response, cause, Stage.AUTHENTICATION))


def _forbidden(response: requests.Response) -> IntegrationError:
    _, words, _ = told(response)
    scope = NEED_SCOPE.search(words)
    text = (
        f"The token lacks the scope {scope[1]}."
        if scope
        else "Our Zendesk user may not do this, or the access token has no scope for it."
    )
    return AuthenticationFailed(text, **_facts(response, Cause.NO_PERMISSION, Stage.PERMISSION))


def _not_found(response: requests.Response) -> IntegrationError:
    return Rejected("Zendesk has no such record.", **_facts(response, Cause.NOT_FOUND))


def _bad_request(response: requests.Response) -> IntegrationError:
    code, _, _ = told(response)
    if code == "IdempotentRequestError":
        # The earlier request with this key did make its ticket: whoever asks can find it.
        text = "A ticket was made with this key before, with another content."
        return Rejected(text, maybe_done=True, **_facts(response, Cause.CONFLICT))
    return Rejected("Zendesk does not understand the request.", **_facts(response, Cause.INVALID_DATA))


def _conflict(response: requests.Response) -> IntegrationError:
    code, _, _ = told(response)
    if code == "UpdateConflict":
        text = "Somebody changed the ticket since it was read, so nothing was written."
        return Rejected(text, **_facts(response, Cause.CONFLICT))
    text = "Zendesk was changing the same record at that moment. The next attempt usually works."
    return Unavailable(text, **_facts(response, Cause.REMOTE_ERROR))


def _invalid(response: requests.Response) -> IntegrationError:
    found = of_fields(told(response)[2])
    facts = _facts(response, Cause.INVALID_DATA)
    if any(CLOSED.search(sentence) for _, sentence in found):
        return Rejected("The ticket is closed, which is final: nothing can be written to it any more.", **facts)
    if not found:
        return Rejected("Zendesk refuses the content of the request.", **facts)
    sentences = " ".join(f"{sentence.rstrip('.')}." for _, sentence in found)
    return Rejected(f"Zendesk refuses the record. {sentences}", field=found[0][0], **facts)


def _too_many(response: requests.Response) -> IntegrationError:
    """`ratelimit-reset` (seconds) where there is no Retry-After.

    Calls that the account has left say that a narrower limit was hit, as that of the updates of one ticket
    (developer.zendesk.com, "Rate limits": endpoint limits beside the account's)."""
    reset = response.headers.get("ratelimit-reset", "")
    wait = retry_after(response, default=float(reset) if reset.isdecimal() else 60.0)
    left = _calls_left(response)
    what = "of this kind " if left else ""
    text = f"Zendesk allows no more calls {what}for now; the next one may go in {wait:.0f} seconds."
    facts = _facts(response, Cause.RATE_LIMITED, Stage.LIMITS)
    return RateLimited(text, retry_after=wait, whole_account=not left, **facts)


def _calls_left(response: requests.Response) -> int | None:
    """How many calls the account has left in this minute; None where the answer does not say."""
    left = response.headers.get("X-Rate-Limit-Remaining") or response.headers.get("ratelimit-remaining") or ""
    return int(left) if left.isdecimal() else None


def _note_last_call(response: requests.Response) -> None:
    """The account's last call of this minute was this one: the next one has to wait for the next minute."""
    reset = response.headers.get("ratelimit-reset", "")
    if _calls_left(response) == 0 and reset.isdecimal():
        pauses.note(float(reset))


def _down(response: requests.Response, title: str = "") -> IntegrationError:
    wait = f" It asks to wait {retry_after(response):.0f} seconds." if response.headers.get("Retry-After") else ""
    facts = _facts(response, Cause.REMOTE_ERROR)
    facts["vendor_message"] = title or facts["vendor_message"]
    text = f"Zendesk is away for maintenance or overloaded.{wait}"
    return Unavailable(text, maybe_done=True, retry_after=told_wait(response), **facts)
