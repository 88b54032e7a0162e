"""What an answer, or the lack of one, means in general: the one place where HTTP and sockets become our errors.

Decided by status, content type and body together: a web page with status 200 is no success, and a 404 with a web page
is another thing than a 404 with JSON. Providers extend this with what their vendor documents."""

import math
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from . import tcp
from .errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Stage, Unavailable

LONGEST_WAIT = 3600.0  # seconds: whatever a vendor asks for, somebody looks again after an hour
DEFAULT_WAIT = 60.0
SLEEPING = ("hibernating", "currently offline", "wake your instance", "instance is asleep")
MESSAGE_KEYS = ("message", "error_description", "detail", "description", "title", "error", "errors", "reason")


def error_from_response(response: requests.Response) -> IntegrationError | None:
    """The error an answer stands for by the general meaning of HTTP; None when it is good."""
    if response.status_code < 300:
        return page_error(response) if _wanted_json(response) and is_page(response) else None
    if response.status_code < 400:
        return _redirected(response)
    error = _by_status(response)
    error.status, error.vendor_message = response.status_code, vendor_words(response)[:500]
    return error


def is_read(response: requests.Response) -> bool:
    """Whether the body is here. That of a download is still on its way, and looking at it would fetch all of it."""
    return response._content is not False


def is_page(response: requests.Response) -> bool:
    """Whether a web page came back. Of a download only what its header says is known."""
    kind = response.headers.get("Content-Type", "").lower()
    start = response.content[:200] if is_read(response) else b""
    return "html" in kind or start.lstrip().lower().startswith((b"<!doctype html", b"<html"))


def page_error(response: requests.Response) -> Unavailable:
    """A web page where data is due: the system sleeps, or the address is somebody else's."""
    text = response.content[:20_000].decode(errors="replace").lower()
    asleep = any(word in text for word in SLEEPING)
    return Unavailable(
        "The system is asleep: it answered with a web page that says so."
        if asleep
        else "A web page came back where data was due: this is not the address of the interface, or something on the "
        "way (a log-in page, a proxy) answers instead.",
        cause=Cause.ASLEEP if asleep else Cause.WRONG_HOST,
        status=response.status_code,
    )


def _wanted_json(response: requests.Response) -> bool:
    return "json" in response.request.headers.get("Accept", "") if response.request is not None else True


def _redirected(response: requests.Response) -> Unavailable:
    target = requests.compat.urlsplit(response.headers.get("Location", "")).netloc
    return Unavailable(
        f"The address sends us on{f' to {target}' if target else ''}, which we do not follow. Enter the final address.",
        cause=Cause.WRONG_HOST,
        status=response.status_code,
    )


def _by_status(response: requests.Response) -> IntegrationError:
    status = response.status_code
    if status == 401:
        return AuthenticationFailed("The credentials were not accepted.", stage=Stage.AUTHENTICATION)
    if status == 403:
        return AuthenticationFailed(
            "We are known but may not do this.", cause=Cause.NO_PERMISSION, stage=Stage.PERMISSION
        )
    if status == 404:
        return _not_found(response)
    if status == 429:
        wait = retry_after(response)
        return RateLimited(f"Too many calls: wait {wait:.0f} s.", retry_after=wait, stage=Stage.LIMITS)
    if status == 408:
        return Unavailable("The server gave up waiting.", cause=Cause.TIMEOUT, maybe_done=True)
    if status >= 500:
        return Unavailable(
            f"The server failed (HTTP {status}).",
            cause=Cause.REMOTE_ERROR,
            maybe_done=True,
            retry_after=told_wait(response),
        )
    if status in (409, 412):
        return Rejected("The request contradicts what is stored there.", cause=Cause.CONFLICT)
    if status == 407:
        return Unavailable("A proxy on the way asks for a log-in.", cause=Cause.UNREACHABLE)
    return Rejected(f"The request was refused (HTTP {status}).", cause=Cause.INVALID_DATA)


def _not_found(response: requests.Response) -> IntegrationError:
    if is_page(response):
        return Unavailable("There is a web server at this address, but not this interface.", cause=Cause.WRONG_HOST)
    return Rejected("There is nothing under this address or id.", cause=Cause.NOT_FOUND)


def retry_after(response: requests.Response, *, default: float = DEFAULT_WAIT) -> float:
    """Seconds to wait by the Retry-After header (seconds or a date, RFC 9110 10.2.3), capped at an hour."""
    text = response.headers.get("Retry-After", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        seconds = _until(text, default)
    return min(max(seconds, 0.0), LONGEST_WAIT) if seconds == seconds else default


def told_wait(response: requests.Response) -> float | None:
    """Seconds by the Retry-After header; None where the vendor says nothing, or nothing that can be read."""
    wait = retry_after(response, default=math.nan)
    return None if math.isnan(wait) else wait


def _until(text: str, default: float) -> float:
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return default
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds()


def vendor_words(response: requests.Response) -> str:
    """The vendor's own message in a JSON error body of any usual shape; empty when there is none."""
    if is_page(response):
        return ""
    try:
        body = response.json()
    except ValueError:
        return response.text[:200].strip() if "text/plain" in response.headers.get("Content-Type", "") else ""
    return "; ".join(dict.fromkeys(_messages(body)))[:500]


def _messages(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and depth < 4:
        for entry in value[:5]:
            yield from _messages(entry, depth + 1)
    elif isinstance(value, dict) and depth < 4:
        for key in MESSAGE_KEYS:
            if value.get(key):
                yield from _messages(value[key], depth + 1)


def json_of(response: requests.Response) -> Any:
    """The decoded JSON. Raises `Unavailable` for a web page and `Rejected` for anything else that is not JSON."""
    try:
        return response.json()
    except ValueError:
        pass
    if is_page(response):
        raise page_error(response)
    raise Rejected(
        "The answer is not JSON, or was cut off on the way.",
        cause=Cause.REMOTE_ERROR,
        status=response.status_code,
        maybe_done=True,
    )


def error_from_exception(error: Exception, host: str) -> IntegrationError:
    """What a failed exchange stands for. The text of the original is not used: it holds the whole URL."""
    tls = next((e for e in _chain(error) if isinstance(e, ssl.SSLError)), None)
    if tls is not None:
        return tcp.tls_failure(tls, host)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return Unavailable(f"{host} did not answer in time.", cause=Cause.TIMEOUT, stage=Stage.TCP)
    if isinstance(error, requests.exceptions.Timeout) or any(isinstance(e, TimeoutError) for e in _chain(error)):
        return Unavailable(f"{host} took the request and did not answer in time.", cause=Cause.TIMEOUT, maybe_done=True)
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema):
        return Unavailable("The address is not a valid URL.", cause=Cause.WRONG_HOST, stage=Stage.NAME)
    return Unavailable(
        f"{host} broke off the connection before its answer was complete.", cause=Cause.UNREACHABLE, maybe_done=True
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The exception, what it wraps and what caused it; libraries hide the socket's own error several layers deep."""
    waiting, seen = [error], set()
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        wrapped = [a for a in (*current.args, getattr(current, "reason", None)) if isinstance(a, BaseException)]
        waiting += [current.__cause__, current.__context__, *wrapped]
