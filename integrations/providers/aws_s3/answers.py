"""What S3 says: its XML, its error codes as our errors, and where a bucket really lives.

Codes: Amazon S3 API Reference, "Error responses". A HEAD has no body: there only the status speaks."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree

import requests

from integrations.answers import error_from_response, is_page, is_read, page_error, retry_after
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Stage, Unavailable

ALLOWED_SKEW = 900  # seconds
Element = ElementTree.Element

BAD_KEY = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken")
SLOW_DOWN = ("SlowDown", "RequestLimitExceeded", "TooManyRequests", "Throttling")
SWITCHED_OFF = ("AccountProblem", "AllAccessDisabled", "NotSignedUp", "OptInRequired", "InvalidPayer")
DAMAGED = ("BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "IncompleteBody")
ELSEWHERE = (
    "PermanentRedirect",
    "TemporaryRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
)


# -- documents


def document(body: bytes, root: str) -> Element:
    """An XML answer whose outermost element is `root`, without namespaces. Raises `Rejected` for anything else."""
    found = _parsed(body)
    if found is None or found.tag != root:
        raise Rejected("The answer is not what S3 sends, or was cut off on the way.", cause=Cause.REMOTE_ERROR)
    return found


def _parsed(body: bytes) -> Element | None:
    """None for what is no XML. S3 sends no document type, so one with entities to expand is not looked at."""
    if b"<!DOCTYPE" in body:
        return None
    try:
        found = ElementTree.fromstring(body)  # noqa: S314 - without a document type there are no entities
    except (ElementTree.ParseError, ValueError):
        return None
    for element in found.iter():
        element.tag = element.tag.rpartition("}")[2]
    return found


def text_of(element: Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


class Failure:
    """The fields of an error answer; all empty where there is no body."""

    def __init__(self, response: requests.Response) -> None:
        found = _parsed(response.content) if is_read(response) and response.content else None
        self.response = response
        self.element = found if found is not None and found.tag == "Error" else Element("Error")
        self.code, self.words = self["Code"], self["Message"]

    def __getitem__(self, name: str) -> str:
        return text_of(self.element, name)


# -- errors


def error_of(response: requests.Response) -> IntegrationError | None:
    """The error an answer stands for; None when it is good. Some answers have status 200 and an error inside."""
    failure = Failure(response)
    if response.status_code < 300 and not failure.code:
        genuine = "x-amz-request-id" in response.headers
        return page_error(response) if not genuine and is_page(response) else None
    error = _known(failure) or error_from_response(response) or _unknown(failure)
    error.status, error.vendor_code, error.vendor_message = response.status_code, failure.code, failure.words[:500]
    return error


def _known(failure: Failure) -> IntegrationError | None:
    for codes, make in MEANINGS:
        if failure.code in codes:
            return make(failure)
    return None


def _unknown(failure: Failure) -> IntegrationError:
    return Rejected(f"S3 refused the request ({failure.code}).", cause=Cause.INVALID_DATA)


def _bad_key(failure: Failure) -> IntegrationError:
    which = {
        "InvalidAccessKeyId": "The storage does not know this access key ID.",
        "SignatureDoesNotMatch": "The secret key does not belong to this access key ID.",
    }.get(failure.code, "These are temporary credentials that have ended.")
    return AuthenticationFailed(which, stage=Stage.AUTHENTICATION)


def _denied(failure: Failure) -> IntegrationError:
    if "expired" in failure.words.lower():
        return AuthenticationFailed("The link has expired.", cause=Cause.TOKEN_EXPIRED, stage=Stage.AUTHENTICATION)
    return AuthenticationFailed(
        "The storage knows the access key and does not let it do this.",
        cause=Cause.NO_PERMISSION,
        stage=Stage.PERMISSION,
    )


def _skewed(failure: Failure) -> IntegrationError:
    ahead = clock_difference(failure)
    told = f"{abs(ahead):,.0f} s {'ahead of' if ahead > 0 else 'behind'}" if ahead is not None else "far off"
    return AuthenticationFailed(
        f"The clock of this server is {told} the storage's; more than {ALLOWED_SKEW} s are not accepted.",
        cause=Cause.TOKEN_EXPIRED,
        stage=Stage.AUTHENTICATION,
    )


def clock_difference(failure: Failure) -> float | None:
    """Seconds by which our clock is ahead, by the times in the error or else by the answer's date."""
    theirs = _time(failure["ServerTime"]) or _date(failure.response.headers.get("Date", ""))
    return (datetime.now(UTC) - theirs).total_seconds() if theirs else None


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except ValueError:
        return None


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _no_bucket(failure: Failure) -> IntegrationError:
    name = failure["BucketName"]
    told = f"There is no bucket “{name}” in this storage." if name else "There is no such bucket in this storage."
    return Rejected(told, cause=Cause.NOT_FOUND, stage=Stage.PERMISSION, field="s3_bucket")


def _no_key(failure: Failure) -> IntegrationError:
    return Rejected("There is no recording under this key.", cause=Cause.NOT_FOUND)


def _elsewhere(failure: Failure) -> IntegrationError:
    region = region_told(failure.response)
    told = f"The bucket lives in another region: {region}." if region else "The bucket lives in another region."
    return Rejected(told, cause=Cause.WRONG_HOST, stage=Stage.AUTHENTICATION, field="region")


def _no_range(failure: Failure) -> IntegrationError:
    size = failure["ActualObjectSize"]
    return Rejected(f"The recording has only {size} bytes." if size else "The recording is shorter than that.")


def _missing_feature(failure: Failure) -> IntegrationError:
    return Rejected("This storage server lacks a feature that was used.", cause=Cause.API_DISABLED)


def _switched_off(failure: Failure) -> IntegrationError:
    return AuthenticationFailed(
        "Amazon has switched off this account, or S3 for it.", cause=Cause.API_DISABLED, stage=Stage.AUTHENTICATION
    )


def _archived(failure: Failure) -> IntegrationError:
    return Rejected("The recording is archived and has to be restored before it can be played.", cause=Cause.CONFLICT)


def _damaged(failure: Failure) -> IntegrationError:
    return Unavailable("What arrived at the storage is not what was sent: try again.", cause=Cause.REMOTE_ERROR)


def _bad_bucket(failure: Failure) -> IntegrationError:
    return Rejected("The storage does not accept this as a bucket's name.", field="s3_bucket")


MEANINGS: tuple[tuple[tuple[str, ...], Callable[[Failure], IntegrationError]], ...] = (
    (BAD_KEY, _bad_key),
    (("AccessDenied",), _denied),
    (("RequestTimeTooSkewed", "RequestExpired"), _skewed),
    (("NoSuchBucket",), _no_bucket),
    (("NoSuchKey",), _no_key),
    (ELSEWHERE, _elsewhere),
    (("InvalidRange",), _no_range),
    (("NotImplemented",), _missing_feature),
    (
        SLOW_DOWN,
        lambda f: RateLimited(
            "The storage asks us to slow down.", retry_after=retry_after(f.response), stage=Stage.LIMITS
        ),
    ),
    (("RequestTimeout",), lambda f: Unavailable("The storage waited too long for us.", cause=Cause.TIMEOUT)),
    (
        ("InternalError", "ServiceUnavailable"),
        lambda f: Unavailable("The storage failed.", cause=Cause.REMOTE_ERROR, maybe_done=True),
    ),
    (SWITCHED_OFF, _switched_off),
    (("InvalidObjectState",), _archived),
    (DAMAGED, _damaged),
    (("InvalidBucketName",), _bad_bucket),
)


# -- regions


def region_told(response: requests.Response) -> str:
    """The region that an answer names because the request came to the wrong one; empty when it names none."""
    failure = Failure(response)
    if response.status_code not in (301, 307, 400) or (failure.code and failure.code not in ELSEWHERE):
        return ""
    if not failure.code and "x-amz-bucket-region" not in response.headers:
        return ""
    in_words = re.search(r"expecting '([a-z0-9-]+)'", failure.words)
    in_address = re.search(r"\bs3[.-]([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws", failure["Endpoint"])
    told = (failure["Region"], response.headers.get("x-amz-bucket-region", ""), *(
        found[1] for found in (in_words, in_address) if found
    ))  # fmt: skip
    return next((region for region in told if region), "")
