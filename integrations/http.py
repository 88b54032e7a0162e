"""The one HTTP client of the product.

Time limits always, TLS 1.2 or later, addresses checked when connecting (`addresses`), no proxy or credentials from the
environment, no cookies, no redirect to another host, no endless answer; every exchange in the wire log; every failure
one of the four errors. Providers use `self.http` and never import a client library."""

import io
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from django.db import connection
from urllib3.exceptions import HTTPError

from . import deadlines, doors, tcp, transport
from .addresses import guard_for
from .answers import error_from_exception, error_from_response, is_read, json_of, retry_after
from .diagnosis.verdict import Passed
from .errors import AuthenticationFailed, Cause, IntegrationError, Stage, Unavailable
from .wire import redaction, wirelog

if TYPE_CHECKING:
    from .models import IntegrationAccount

__all__ = ["HttpClient", "error_from_response", "json_of", "probe_connection", "retry_after"]

CONNECT_SECONDS, READ_SECONDS = 5.0, 20.0
IDEMPOTENT = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}
RETRIES = 2
RETRY_STATUSES = {502, 503, 504}
LONGEST_PAUSE = 5.0  # seconds in which a Retry-After is waited for here; longer ones are the scheduler's business
MOST_REDIRECTS = 3
DEFAULT_PORTS = {"http": 80, "https": 443}
PROBED_PORTS = {**DEFAULT_PORTS, "ws": 80, "wss": 443}
SECURE = ("https", "wss", "tls")
USER_AGENT = "contactcenter/0.1"

Interpret = Callable[[requests.Response], IntegrationError | None]
Timeout = float | tuple[float, float]


# -- the client


class HttpClient:
    """Speaks HTTP for one account (or none).

    `authorise(request)` puts the credentials on requests to the origin of `base_url`, on no others. `interpret` says
    what each answer means. On a 401 `renew(response)` may fetch new credentials: True is worth one more try.
    `timeout` is seconds, or (connecting, waiting for each part of the answer). `ca`: a private authority as PEM, where
    it does not come from an account."""

    def __init__(
        self,
        account: "IntegrationAccount | None",
        *,
        base_url: str,
        interpret: Interpret = error_from_response,
        authorise: Callable[[requests.PreparedRequest], None] | None = None,
        renew: Callable[[requests.Response], bool] | None = None,
        timeout: Timeout = (CONNECT_SECONDS, READ_SECONDS),
        ca: str = "",
    ) -> None:
        self.account = account
        self.base_url = base_url.rstrip("/")
        self.interpret = interpret
        self.authorise = authorise
        self.renew = renew
        self.timeout = timeout
        self.ca = ca or tcp.ca_of(account)

    def request(
        self,
        method: str,
        path_or_url: str,
        *,
        params: Any = None,
        json: Any = None,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: Timeout | None = None,
        purpose: str = "",
        retry: int | None = None,
        on_answer: Callable[[requests.Response], None] | None = None,
        stream: bool = False,
        in_blocks: bool = False,
    ) -> requests.Response:
        """One request and its good answer. Raises `IntegrationError` and nothing else of its own.

        `retry`: how often to try again where that is harmless; two times for idempotent methods, else never.
        `on_answer` sees a good answer before anything else happens with it, the wire log included. `stream`: the body
        of a good answer is left unread (see `download`). `in_blocks`: the time limit counts for each small block of
        the body that is sent, as megabytes on a slow line need, and not for all of it."""
        refuse_inside_transaction()
        template = requests.Request(
            method.upper(), self._url(path_or_url), params=params, json=json, data=data, headers=_headers(headers)
        )
        attempt = _Attempt(
            self, template, timeout or self.timeout, purpose, on_answer, stream=stream, in_blocks=in_blocks
        )
        retries = retry if retry is not None else RETRIES if method.upper() in IDEMPOTENT else 0
        try:
            return attempt.run(retries)
        except IntegrationError as error:
            raise cleansed(error) from None

    def get(self, path_or_url: str, **kwargs: Any) -> requests.Response:
        return self.request("GET", path_or_url, **kwargs)

    def download(self, path_or_url: str, **kwargs: Any) -> transport.Download:
        """GET for a body too large for memory. The wire log gets its length only. Close it: it holds a connection."""
        return transport.Download(self.request("GET", path_or_url, stream=True, **kwargs))

    def post(self, path_or_url: str, **kwargs: Any) -> requests.Response:
        return self.request("POST", path_or_url, **kwargs)

    def put(self, path_or_url: str, **kwargs: Any) -> requests.Response:
        return self.request("PUT", path_or_url, **kwargs)

    def patch(self, path_or_url: str, **kwargs: Any) -> requests.Response:
        return self.request("PATCH", path_or_url, **kwargs)

    def delete(self, path_or_url: str, **kwargs: Any) -> requests.Response:
        return self.request("DELETE", path_or_url, **kwargs)

    def _url(self, path_or_url: str) -> str:
        absolute = path_or_url.lower().startswith(("http://", "https://"))
        url = (
            path_or_url if absolute else f"{self.base_url}/{path_or_url.lstrip('/')}" if path_or_url else self.base_url
        )
        try:
            parts = urlsplit(url)
            usable = parts.scheme in DEFAULT_PORTS and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise Unavailable("The address is not a valid URL.", cause=Cause.WRONG_HOST, stage=Stage.NAME)
        return url

    def is_home(self, url: str) -> bool:
        """Whether a URL is of the origin that the credentials are for."""
        return same_origin(url, self.base_url)


class _Attempt:
    """One call of `request`: first try, retries, renewal of credentials, redirects."""

    def __init__(
        self,
        client: HttpClient,
        template: requests.Request,
        timeout: Timeout,
        purpose: str,
        on_answer: Callable[[requests.Response], None] | None,
        *,
        stream: bool,
        in_blocks: bool,
    ) -> None:
        self.client = client
        self.template = template
        self.timeout = timeout
        self.purpose = purpose
        self.on_answer = on_answer
        self.stream = stream
        self.in_blocks = in_blocks
        self.redirects = 0
        self.renewed = False

    def run(self, retries: int) -> requests.Response:
        pauses = [0.2 * 4**n for n in range(retries)]
        while True:
            try:
                response, error = self._once()
            except Unavailable as failure:
                if not pauses or not _harmless_to_repeat(failure) or deadlines.left(pauses[0]) < pauses[0]:
                    raise
                pause = pauses.pop(0)
            else:
                if error is None:
                    return response
                if self._try_other_way(response):
                    continue
                pause = retry_after(response, default=pauses[0] if pauses else 0)
                if response.status_code not in RETRY_STATUSES or not pauses or pause > LONGEST_PAUSE:
                    raise error
                pause = max(pause, pauses.pop(0))
                if deadlines.left(pause) < pause:
                    raise error
            time.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - spreads retries, no secret

    def _try_other_way(self, response: requests.Response) -> bool:
        """New credentials or the next hop of a redirect: True when the request is worth sending again at once."""
        if response.status_code == 401 and self.client.renew is not None and not self.renewed:
            self.renewed = True
            return self.client.is_home(response.url) and self.client.renew(response)
        if response.is_redirect and self.template.method == "GET" and self.redirects < MOST_REDIRECTS:
            self.redirects += 1
            return self._follow(response)
        return False

    def _follow(self, response: requests.Response) -> bool:
        here, there = urlsplit(response.url), urlsplit(urljoin(response.url, response.headers["Location"]))
        downgrade = here.scheme == "https" and there.scheme != "https"
        if there.hostname != here.hostname or there.scheme not in DEFAULT_PORTS or downgrade:
            return False
        self.template.url, self.template.params = there.geturl(), {}
        return True

    def _once(self) -> tuple[requests.Response, IntegrationError | None]:
        """One exchange: sent, read, logged, interpreted."""
        try:
            request = self.template.prepare()
        except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, UnicodeError):
            raise Unavailable("The address is not a valid URL.", cause=Cause.WRONG_HOST, stage=Stage.NAME) from None
        if self.client.authorise is not None and self.client.is_home(request.url or ""):
            self.client.authorise(request)
        exchange = wirelog.begin(self.client.account, request, purpose=self.purpose)
        try:
            response = self._send(request)
        except Exception as failure:
            exchange.finish(error=str(failure) if isinstance(failure, IntegrationError) else type(failure).__name__)
            raise
        error = None
        try:
            error = self.client.interpret(response)
            if error is None and self.on_answer is not None:
                self.on_answer(response)
        finally:
            exchange.finish(response=response, error=str(error or ""))
        if error is not None and not is_read(response):
            response.close()
        return response, error

    def _send(self, request: requests.PreparedRequest) -> requests.Response:
        account = self.client.account
        keeper = doors.current()
        if keeper is not None:
            return keeper.answer(account, request, purpose=self.purpose)
        connections = transport.adapter(guard_for(account), self.client.ca, os.getpid())
        if self.in_blocks and isinstance(request.body, bytes):
            # urllib3 reads a file block by block; bytes it sends in one go.
            request.body = io.BytesIO(request.body)  # type: ignore[assignment]
        try:
            response = connections.send(request, stream=True, timeout=bounded(self.timeout), verify=True)
            unread = self.stream and response.status_code < 300
            return response if unread else transport.read_whole(response)
        except (requests.exceptions.RequestException, HTTPError, OSError) as failure:
            raise error_from_exception(failure, urlsplit(request.url or "").hostname or "") from None
        except ValueError:
            raise unsendable() from None


def _headers(given: Mapping[str, str] | None) -> dict[str, str]:
    return {"Accept": "application/json", "User-Agent": USER_AGENT, **(given or {})}


def bounded(timeout: Timeout) -> tuple[float, float]:
    """Limits of the next request, within the time that its piece of work has left. `Unavailable` when that is over."""
    connecting, waiting = timeout if isinstance(timeout, tuple) else (timeout, timeout)
    if deadlines.left(waiting) <= 0:
        raise Unavailable("The time for this piece of work is over.", cause=Cause.TIMEOUT, stage=Stage.ANSWER)
    return deadlines.left(connecting), deadlines.left(waiting)


def unsendable() -> AuthenticationFailed:
    """The library refuses a header, and names the header's value. What we put into headers are credentials."""
    return AuthenticationFailed(
        "The credentials hold a character that cannot be sent in an HTTP header: a line break, or one outside of "
        "Latin-1. Enter them again.",
        stage=Stage.SETTINGS,
    )


def _harmless_to_repeat(failure: Unavailable) -> bool:
    """Only what never left: a connection that did not come about for a passing reason."""
    return failure.stage in (Stage.NAME, Stage.TCP) and failure.cause in (Cause.UNREACHABLE, Cause.TIMEOUT)


def cleansed(error: IntegrationError) -> IntegrationError:
    """The error without secrets: vendors repeat in their messages what they were sent."""
    error.message = redaction.mask(error.message)
    error.vendor_message = redaction.mask(error.vendor_message)
    error.vendor_code = redaction.mask(error.vendor_code)
    error.args = (error.message,)
    return error


def origin(parts: SplitResult) -> tuple[str, str, int | None]:
    return parts.scheme, (parts.hostname or "").lower(), parts.port or DEFAULT_PORTS.get(parts.scheme)


def same_origin(url: str, other: str) -> bool:
    return origin(urlsplit(url)) == origin(urlsplit(other))


def refuse_inside_transaction() -> None:
    """A vendor may take half a minute, and a transaction must not: rows stay locked, and a rollback would deny what the
    vendor has done and what the wire log says about it. Raises `RuntimeError`, because this is a mistake of ours."""
    if connection.in_atomic_block:
        raise RuntimeError(
            "A vendor must not be called inside a database transaction. Store what is to be sent, let the transaction "
            "end, then call. (In a test: use a transactional database.)"
        )


def probe_connection(url: str, account: "IntegrationAccount | None", *, ca: str = "") -> Iterator[Passed]:
    """The doctor's first steps: name, TCP and, where the URL asks for it, TLS. Raises `Unavailable` at the first fault.

    Knows http, https, ws, wss, tcp and tls URLs; the last two need a port."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PROBED_PORTS.get(parts.scheme, 0)
    if not host or not port:
        raise Unavailable("The address is not a valid URL.", cause=Cause.WRONG_HOST, stage=Stage.NAME)
    guard = guard_for(account)
    yield Passed(Stage.NAME, f"{host} is {', '.join(guard.resolve(host, port)[:3])}")
    opened = tcp.open_socket(guard, host, port, timeout=CONNECT_SECONDS)
    try:
        yield Passed(Stage.TCP, f"{host} accepts connections on port {port}")
        if parts.scheme in SECURE:
            opened = secured = tcp.secure(opened, host, tcp.tls_context(ca or tcp.ca_of(account)))
            yield Passed(Stage.TLS, f"{secured.version()}, certificate valid")
    finally:
        opened.close()
