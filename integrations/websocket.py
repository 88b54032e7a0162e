"""WebSocket sessions with vendors, under the rules of the HTTP client: checked addresses, TLS, time limits, a row in
the wire log, the four errors.

The socket comes from `tcp`; the `websockets` library speaks the protocol on it. A handshake that the vendor refuses is
an ordinary HTTP answer, which the client's `interpret` and `renew` judge as they judge every other."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from websockets.client import ClientProtocol
from websockets.exceptions import (
    ConnectionClosed,
    ConnectionClosedOK,
    InvalidHandshake,
    InvalidStatus,
    InvalidURI,
)
from websockets.http11 import Response as HandshakeResponse
from websockets.sync.client import ClientConnection
from websockets.uri import WebSocketURI, parse_uri

from . import deadlines, http, tcp
from .errors import Cause, IntegrationError, Rejected, Stage, Unavailable
from .http import HttpClient, cleansed, refuse_inside_transaction
from .wire import wirelog

CLOSE_SECONDS = 2.0
SEND_SECONDS = 30.0  # how long the other side may take to read what is sent
LARGEST_FRAME = 4 * 1024 * 1024
KEPT_TEXTS, KEPT_CHARACTERS = 5, 600  # of the session's texts in the wire log: the last ones, each cut
TOO_BIG, SERVER_ERROR = 1009, 1011
# The library writes headers, and with them credentials, into its debug log.
quiet = logging.getLogger("integrations.websocket.frames")
quiet.setLevel(logging.WARNING)


class Session:
    """An open WebSocket. Raises `IntegrationError` and nothing else of its own."""

    def __init__(self, connection: ClientConnection, host: str) -> None:
        self.connection = connection
        self.host = host
        self.counts = {"sent text": [0, 0], "sent binary": [0, 0], "received text": [0, 0], "received binary": [0, 0]}
        self.texts: list[str] = []

    def send(self, frame: str | bytes) -> bool:
        """One text or binary frame. False when the other side has closed: `receive` gives what it said last, or why."""
        try:
            self.connection.send(frame)
        except (ConnectionClosed, OSError):
            return False
        self._count("sent", frame)
        return True

    def receive(self, seconds: float) -> str | bytes | None:
        """The next frame; None when the other side closed in good order. `Unavailable` when nothing comes in time."""
        try:
            frame = self.connection.recv(timeout=max(deadlines.left(seconds), 0))
        except ConnectionClosedOK:
            return None
        except TimeoutError:
            raise Unavailable(f"{self.host} was silent for too long.", cause=Cause.TIMEOUT, maybe_done=True) from None
        except (ConnectionClosed, OSError) as failure:
            raise self._broken(failure) from None
        self._count("received", frame)
        return frame

    def waiting(self) -> Iterator[str | bytes]:
        """The frames that have come already. A closed session is `receive`'s to tell."""
        while True:
            try:
                frame = self.connection.recv(timeout=0)
            except (TimeoutError, ConnectionClosed, OSError):
                return
            self._count("received", frame)
            yield frame

    def rest(self, seconds: float) -> Iterator[str | bytes]:
        """The frames that still come, until the other side closes in good order. `seconds` is for each of them."""
        while (frame := self.receive(seconds)) is not None:
            yield frame

    def _count(self, way: str, frame: str | bytes) -> None:
        kind, size = ("text", len(frame.encode())) if isinstance(frame, str) else ("binary", len(frame))
        count = self.counts[f"{way} {kind}"]
        count[0], count[1] = count[0] + 1, count[1] + size
        if isinstance(frame, str):
            self.texts = [*self.texts[1 - KEPT_TEXTS :], f"{'>' if way == 'sent' else '<'} {frame[:KEPT_CHARACTERS]}"]

    def _broken(self, failure: Exception) -> IntegrationError:
        received = getattr(failure, "rcvd", None)
        code, reason = (received.code, received.reason) if received is not None else (0, "")
        details: dict[str, Any] = {"vendor_code": str(code or ""), "vendor_message": reason}
        if code == TOO_BIG:
            return Rejected(f"{self.host} takes no frames of this size.", cause=Cause.INVALID_DATA, **details)
        if code == SERVER_ERROR:
            return Unavailable(f"{self.host} ended the session by a fault.", cause=Cause.REMOTE_ERROR, **details)
        if code:
            return Rejected(f"{self.host} ended the session (code {code}).", cause=Cause.REMOTE_ERROR, **details)
        sent = getattr(failure, "sent", None)
        if sent is not None and sent.code == TOO_BIG:
            return Rejected(f"A frame from {self.host} is larger than 4 MB.", cause=Cause.REMOTE_ERROR)
        return Unavailable(
            f"{self.host} broke off the session before its end.", cause=Cause.UNREACHABLE, maybe_done=True
        )

    def summary(self) -> str:
        """What the wire log keeps of the session: how many frames, how many bytes, the last texts."""
        lines = [f"{name}: {frames} frames, {size} bytes" for name, (frames, size) in self.counts.items() if frames]
        return "\n".join([*lines, *self.texts])


@contextmanager
def session(
    client: HttpClient, url: str, *, purpose: str = "", timeout: http.Timeout | None = None
) -> Iterator[Session]:
    """A session at a ws or wss address, signed by the client's `authorise` where it is of the client's own origin.

    `timeout`: seconds, or (connecting, waiting for the handshake). Closed at the end of the `with` block; an error that
    leaves the block is in the wire log too."""
    refuse_inside_transaction()
    exchange = None
    talk: Session | None = None
    error = ""
    try:
        connection, exchange = _connected(client, url, purpose, timeout or client.timeout)
        talk = Session(connection, urlsplit(url).hostname or "")
        with connection:
            yield talk
    except IntegrationError as failure:
        error = str(failure)
        raise cleansed(failure) from None
    except Exception as failure:
        error = type(failure).__name__
        raise
    finally:
        if exchange is not None and talk is not None:
            exchange.finish(response=_log_of(talk), error=error)


def as_http(url: str) -> str:
    """The same address in the scheme of its handshake."""
    return "http" + url[2:] if url.lower().startswith(("ws://", "wss://")) else url


def is_home(client: HttpClient, url: str) -> bool:
    """Whether the address is of the origin that the client's credentials are for."""
    return http.origin(urlsplit(as_http(url))) == http.origin(urlsplit(as_http(client.base_url)))


# -- the handshake


def _connected(
    client: HttpClient, url: str, purpose: str, timeout: http.Timeout
) -> tuple[ClientConnection, wirelog.Exchange]:
    """The open connection and its row. On a 401 new credentials are tried once."""
    address = _parsed(url)
    renewed = False
    while True:
        request = _signed(client, url)
        exchange = wirelog.begin(client.account, request, purpose=purpose)
        response = None
        try:
            return _opened(client, address, request, timeout), exchange
        except InvalidStatus as refusal:
            response = _as_response(refusal.response, request, url)
            error = client.interpret(response) or _no_websocket(address.host, response.status_code)
            exchange.finish(response=response, error=str(error))
        except IntegrationError as failure:
            exchange.finish(error=str(failure))
            raise
        if response.status_code != 401 or renewed or client.renew is None or not is_home(client, url):
            raise error
        renewed = True
        if not client.renew(response):
            raise error


def _parsed(url: str) -> WebSocketURI:
    try:
        return parse_uri(url)
    except (InvalidURI, ValueError):
        raise Unavailable("The address is not a valid URL.", cause=Cause.WRONG_HOST, stage=Stage.NAME) from None


def _signed(client: HttpClient, url: str) -> requests.PreparedRequest:
    request = requests.PreparedRequest()
    request.prepare_method("GET")
    request.url = url
    request.prepare_headers({"Accept": "application/json", "User-Agent": http.USER_AGENT})
    if client.authorise is not None and is_home(client, url):
        client.authorise(request)
    return request


def _opened(
    client: HttpClient, address: WebSocketURI, request: requests.PreparedRequest, timeout: http.Timeout
) -> ClientConnection:
    """Connect and shake hands. Raises `InvalidStatus` where the vendor answers with something else."""
    connecting, waiting = http.bounded(timeout)
    plain = tcp.connect(address.host, address.port, account=client.account, tls=address.secure, timeout=connecting)
    tcp.limit_sending(plain, SEND_SECONDS)
    protocol = ClientProtocol(address, max_size=LARGEST_FRAME, logger=quiet)
    connection = ClientConnection(plain, protocol, ping_interval=None, close_timeout=CLOSE_SECONDS)
    try:
        connection.handshake(dict(request.headers), None, waiting)
    except InvalidStatus:
        plain.close()
        raise
    except Exception as failure:
        plain.close()
        raise _handshake_failure(failure, address.host) from None
    return connection


def _handshake_failure(failure: Exception, host: str) -> IntegrationError:
    if isinstance(failure, TimeoutError):
        return Unavailable(f"{host} took the request and did not answer in time.", cause=Cause.TIMEOUT)
    if isinstance(failure.__cause__, EOFError) or isinstance(failure, OSError | EOFError | ConnectionClosed):
        return Unavailable(f"{host} broke off the connection before its answer was complete.", cause=Cause.UNREACHABLE)
    if isinstance(failure, InvalidHandshake):
        return _no_websocket(host, None)
    if isinstance(failure, ValueError):
        return http.unsendable()
    return Unavailable(f"{host} could not be asked for a session.", cause=Cause.REMOTE_ERROR)


def _no_websocket(host: str, status: int | None) -> Unavailable:
    return Unavailable(
        f"{host} answers, but opens no WebSocket at this address.", cause=Cause.WRONG_HOST, status=status
    )


def _as_response(answer: HandshakeResponse, request: requests.PreparedRequest, url: str) -> requests.Response:
    response = requests.Response()
    response.status_code, response.reason = answer.status_code, answer.reason_phrase
    response.headers.update(dict(answer.headers.raw_items()))
    response._content = bytes(answer.body or b"")
    response.url, response.request = as_http(url), request
    return response


def _log_of(talk: Session) -> requests.Response:
    response = requests.Response()
    response.status_code = 101
    handshake = talk.connection.response
    response.headers.update(dict(handshake.headers.raw_items()) if handshake is not None else {})
    response._content = talk.summary().encode()
    return response
