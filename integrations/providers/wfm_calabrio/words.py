"""What Calabrio answers, as our errors and in plain words.

REST says yes with HTTP 200 and an empty body, and no with the text of an exception; SOAP answers a number or a fault.
In the queued generation yes means that the key is right and the queue has room: whether source and agents are known
turns out later, and is told to nobody."""

import requests
from lxml import etree

from integrations.answers import is_page, page_error
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected
from integrations.http import error_from_response

PARSER = {"resolve_entities": False, "no_network": True, "huge_tree": False}
RESULT = "{http://tempuri.org/}SaveBatchExternalUserStateResult"
PROCESSED, EMPTY, SOME_UNKNOWN = 1, 0, -100
SOME_UNKNOWN_WORDS = (
    "Calabrio took the update and does not know some of the agents in it (-100). Compare what the account sends as "
    "agent ID with the external log-ons of the people there."
)
CODES = {
    -200: ("Calabrio says that the platform is missing (-200).", Cause.INVALID_DATA),
    -300: ("Calabrio does not know the Source ID (-300).", Cause.NOT_FOUND),
    -430: ("Calabrio says that our time is more than 59 minutes ahead of its own (-430).", Cause.INVALID_DATA),
    -500: ("Calabrio could not process the update (-500).", Cause.REMOTE_ERROR),
}


def error_of(response: requests.Response) -> IntegrationError | None:
    """The error that a REST or SOAP answer stands for; None when it is good."""
    if response.status_code < 300 and is_page(response):
        return page_error(response)
    if response.status_code not in (400, 500):
        return error_from_response(response)
    words = told(response)
    for found, error in _known(words):
        if found in words.casefold():
            error.status, error.vendor_message = response.status_code, words[:500]
            return error
    return error_from_response(response)


def _known(words: str) -> tuple[tuple[str, IntegrationError], ...]:
    return (
        ("authentication key", AuthenticationFailed("Calabrio does not accept the Auth key.")),
        ("flooded", RateLimited("Calabrio's input queue is full: it takes no states until it has worked them off.")),
        ("source", Rejected("Calabrio does not know the Source ID.", cause=Cause.NOT_FOUND)),
        ("user code", Rejected("Calabrio does not know an agent of this update, and took none of it.")),
        ("state code", Rejected("Calabrio does not accept the code of a state.")),
        ("batch", Rejected("Calabrio does not take so many states at once.")),
    )


def told(response: requests.Response) -> str:
    """The words of a refusal: of a SOAP fault its text, else the body."""
    root = parsed(response.content)
    fault = root.find(".//faultstring") if root is not None else None
    if fault is not None and fault.text:
        return str(fault.text)
    body = response.content[:2000].decode(errors="replace")
    return "" if body.lstrip().startswith("<") else body


def warning_of(response: requests.Response, *, states: int) -> str:
    """What the number in a SOAP answer means: empty when all is well, a sentence when some agents are unknown.
    `states` is how many were sent. Raises `IntegrationError` where nothing of it was taken."""
    code = number(response)
    if code == PROCESSED or (code == EMPTY and not states):
        return ""
    if code in (SOME_UNKNOWN, EMPTY):
        return SOME_UNKNOWN_WORDS
    message, cause = CODES.get(code, (f"Calabrio answered {code}, which is not in its documentation.", None))
    raise Rejected(message, cause=cause, vendor_code=str(code))


def number(response: requests.Response) -> int:
    root = parsed(response.content)
    found = root.find(f".//{RESULT}") if root is not None else None
    try:
        return int(found.text or "") if found is not None else int("")
    except ValueError:
        raise Rejected("What came back is not an answer of Calabrio's RTA service.", cause=Cause.INVALID_DATA) from None


def parsed(content: bytes) -> "etree._Element | None":
    try:
        return etree.fromstring(content, etree.XMLParser(**PARSER)) if content.lstrip().startswith(b"<") else None
    except etree.XMLSyntaxError:
        return None
