"""How the HTTP client's connections are made and its answers read: through the address guard, with our TLS rules, and
within limits of size and time."""

import io
import socket
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from . import deadlines, tcp
from .addresses import Guard
from .answers import error_from_exception
from .errors import Cause, Rejected, Unavailable

WHOLE_ANSWER_SECONDS = 60.0  # however slowly the bytes drip
LARGEST_ANSWER = 10 * 1024 * 1024
CHUNK = 65_536


class _GuardedHTTP(HTTPConnection):
    guard: Guard

    def _new_conn(self) -> socket.socket:
        return tcp.open_socket(self.guard, self._dns_host.strip("[]"), self.port, timeout=_seconds(self.timeout))


class _GuardedHTTPS(HTTPSConnection):
    guard: Guard

    def _new_conn(self) -> socket.socket:
        return tcp.open_socket(self.guard, self._dns_host.strip("[]"), self.port, timeout=_seconds(self.timeout))


def _seconds(timeout: Any) -> float:
    return float(timeout) if isinstance(timeout, int | float) else tcp.CONNECT_SECONDS


class Adapter(HTTPAdapter):
    """Connects through the guard; trusts the usual authorities and the account's own."""

    def __init__(self, guard: Guard, ca: str) -> None:
        self.guard = guard
        self.ca = ca
        super().__init__(pool_connections=20, pool_maxsize=20)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        plain = type("GuardedHTTP", (_GuardedHTTP,), {"guard": self.guard})
        secure = type("GuardedHTTPS", (_GuardedHTTPS,), {"guard": self.guard})
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        parts = urlsplit(request.url)
        host = {"scheme": parts.scheme, "host": parts.hostname, "port": parts.port}
        return host, {"ssl_context": tcp.tls_context(self.ca)} if parts.scheme == "https" else {}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """The context verifies already; loading the bundle again would cost milliseconds per connection."""
        conn.cert_reqs = "CERT_REQUIRED"


@lru_cache(maxsize=256)
def adapter(guard: Guard, ca: str, process: int) -> Adapter:
    """Connections are kept open per guard and authority, and never shared with a forked process."""
    return Adapter(guard, ca)


def read_whole(response: requests.Response) -> requests.Response:
    """Read the body within the limits of size and time and give the connection back."""
    deadline = time.monotonic() + deadlines.left(WHOLE_ANSWER_SECONDS)
    body = bytearray()
    try:
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            body += chunk
            if len(body) > LARGEST_ANSWER:
                raise Rejected(
                    f"The answer is larger than {LARGEST_ANSWER // 1_048_576} MB.",
                    cause=Cause.REMOTE_ERROR,
                    maybe_done=True,
                )
            if time.monotonic() > deadline:
                raise Unavailable("The answer came too slowly to its end.", cause=Cause.TIMEOUT, maybe_done=True)
    except BaseException:
        response.raw.close()
        raise
    response._content, response._content_consumed = bytes(body), True  # type: ignore[attr-defined]
    response.raw.release_conn()
    return response


def made_up(request: requests.PreparedRequest, status: int, headers: dict[str, str], body: bytes) -> requests.Response:
    """An answer that came over no wire, unread as one that did: for dry runs."""
    left_out = ("content-length", "content-encoding")
    plain = {name: value for name, value in headers.items() if name.lower() not in left_out}
    raw = HTTPResponse(body=io.BytesIO(body), headers=plain, status=status, preload_content=False)
    return HTTPAdapter().build_response(request, raw)


class Download:
    """A good answer whose body comes in pieces as they arrive: for what is too large for memory.

    It holds a connection, so use it in a `with` block. Each piece comes within the time limit of the request. Raises
    `Unavailable` while iterating when the connection breaks or ends before the announced length."""

    def __init__(self, response: requests.Response) -> None:
        self.response = response
        self.headers = response.headers

    def __enter__(self) -> "Download":
        return self

    def __exit__(self, *exception: object) -> None:
        self.response.close()

    def __iter__(self) -> Iterator[bytes]:
        try:
            while chunk := self.response.raw.read1(CHUNK, decode_content=True):
                yield chunk
        except (HTTPError, OSError) as failure:
            raise error_from_exception(failure, urlsplit(self.response.url).hostname or "") from None
        self.response.raw.release_conn()
