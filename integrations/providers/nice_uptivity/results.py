"""What the API server answers, and what that means: "API Server Command Results".

A RESULT carries a code and its label. Most codes are about the one request: it is refused, and the next may well be
taken. A few say that nothing can be recorded at all just now. NICE's page lists 17 with the label of 16 and shows it in
its example as API_ERROR_NO_DEFAULT_RECORDING_PATH, so the label that came counts more than the code."""

import re
from typing import NamedTuple

from integrations.errors import Cause, IntegrationError, Rejected, Unavailable
from integrations.safe_xml import NotXml, parsed

LABELS = {
    0: "API_RECORDING_STARTED", 1: "API_ERROR_ALREADY_RECORDING", 2: "API_ERROR_OUT_OF_DISK_SPACE",
    3: "API_ERROR_NO_FREE_CHANNELS", 4: "API_ERROR_UNKNOWN", 5: "API_DEVICE_ALIAS_UNSPECIFIED",
    6: "API_ERROR_SCHEDULER_NOT_RUNNING", 7: "API_DEVICE_NOT_IN_CALL", 8: "API_DEVICE_INVALID",
    9: "API_DID_NOT_MATCH_A_SCHEDULE", 10: "API_UNKNOWN_MESSAGE_TYPE", 11: "API_ERROR_PROCESSING_MESSAGE",
    12: "API_DEVICE_NOT_RECORDING", 13: "API_RECORDING_STOPPED", 14: "API_REQUESTID_INVALID",
    15: "API_INVALID_REQUEST_TYPE", 16: "API_INVALID_MESSAGE_FORMAT", 17: "API_INVALID_MESSAGE_FORMAT",
    18: "API_ERROR_NO_DEFAULT_RECORDING_PATH", 20: "API_OK", 21: "API_ERROR_INVALID_ACTION",
    22: "API_ERROR_KEYS_NOT_UNIQUE", 23: "API_DATABASE_QUERY_ERROR", 24: "API_AGENT_NOT_FOUND",
    25: "API_AGENT_NOT_ACTIVE", 26: "API_BLANK_REQUIRED_VALUE", 27: "API_NO_GROUP", 28: "API_USER_NOT_FOUND",
    29: "API_MODE_INVALID", 30: "API_EVENT_TYPE_INVALID",
}  # fmt: skip
# Whether a call is recorded is the scheduler's business, and what has been said already was said.
TAKEN = {
    "API_OK", "API_RECORDING_STARTED", "API_RECORDING_STOPPED", "API_ERROR_ALREADY_RECORDING",
    "API_DID_NOT_MATCH_A_SCHEDULE",
}  # fmt: skip
# To the end of a call these say that it has ended already, as when an answer was lost and the command is repeated.
ENDED_ALREADY = frozenset({"API_DEVICE_NOT_IN_CALL", "API_DEVICE_NOT_RECORDING"})
# Nothing would be recorded whatever we say. (No free channel is not among these: the ends that wait behind free one.)
OUT_OF_ORDER = {
    "API_ERROR_OUT_OF_DISK_SPACE": "its disk is full",
    "API_ERROR_SCHEDULER_NOT_RUNNING": "its scheduler does not run",
    "API_ERROR_NO_DEFAULT_RECORDING_PATH": "it has no folder for recordings",
}
MEANINGS = {
    "API_ERROR_NO_FREE_CHANNELS": "all its channels are in use",
    "API_DEVICE_NOT_IN_CALL": "it knows of no call on this phone",
    "API_DEVICE_INVALID": "it does not know this phone",
    "API_UNKNOWN_MESSAGE_TYPE": "it does not know this command; compare the table of commands with its version",
    "API_INVALID_REQUEST_TYPE": "it does not know this command; compare the table of commands with its version",
    "API_DATABASE_QUERY_ERROR": "its database did not take the values",
    "API_AGENT_NOT_FOUND": "it does not know this agent",
    "API_USER_NOT_FOUND": "it does not know this agent",
    "API_AGENT_NOT_ACTIVE": "the agent is not active there",
    "API_BLANK_REQUIRED_VALUE": "it misses a value; compare the table of commands with its version",
}
LABEL = re.compile(r"API_[A-Z_]+")


class Result(NamedTuple):
    """One answer. `label` as listed for the code, or as it came."""

    request_id: str
    code: int
    label: str
    message: str

    @property
    def shown(self) -> str:
        return f"{self.code} {self.label}".strip()


class Refused(Rejected):
    """The API server will never take this one request."""


def read(data: bytes) -> Result:
    """A RESULT. Raises `Rejected` where it is none."""
    try:
        root = parsed(data)
    except NotXml as error:
        raise Rejected(f"The answer is no result of the API server. {error}", cause=Cause.REMOTE_ERROR) from None
    texts = {child.tag: (child.text or "").strip() for child in root if isinstance(child.tag, str)}
    code = texts.get("RESULTCODE", "")
    if root.tag != "RESULT" or "REQUESTID" not in texts or not (code.isascii() and code.isdigit() and len(code) < 6):
        raise Rejected("The answer is XML, but no result of the API server.", cause=Cause.INVALID_DATA)
    message = texts.get("RESULTMSG", "")
    told = LABEL.search(message) or LABEL.search(texts.get("RESULTTYPE", ""))
    label = told.group() if told else LABELS.get(int(code), "")
    return Result(texts["REQUESTID"], int(code), label, message)


def check(result: Result, request_id: int, *, also_fine: frozenset[str] = frozenset()) -> None:
    """Whether the request was taken. Raises `Refused` where it never will be, `Unavailable` where nothing is just now.

    `also_fine`: labels that say of this command that nothing is left to do."""
    if result.request_id != str(request_id):
        raise Unavailable(
            f"The API server answered request {result.request_id[:20]} when it was asked {request_id}.",
            cause=Cause.REMOTE_ERROR,
        )
    if result.label in TAKEN or result.label in also_fine:
        return
    raise _refusal(result)


def _refusal(result: Result) -> IntegrationError:
    code, words = result.shown, result.message if result.message != result.label else ""
    if result.label in OUT_OF_ORDER:
        message = f"The recorder cannot record just now: {OUT_OF_ORDER[result.label]} ({code})."
        return Unavailable(message, cause=Cause.REMOTE_ERROR, vendor_code=code, vendor_message=words)
    meaning = MEANINGS.get(result.label, "")
    message = f"Uptivity refused it{': ' if meaning else ''}{meaning} ({code})."
    return Refused(message, vendor_code=code, vendor_message=words)
