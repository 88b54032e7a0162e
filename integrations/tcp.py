"""Opens connections: to checked addresses only, with time limits, TLS 1.2 or later, and options that notice when the
peer is gone.

HTTP goes through it, and so do feeds that keep a TCP connection open."""

import errno
import fcntl
import os
import socket
import ssl
import struct
import sys
import termios
import time
from functools import lru_cache
from typing import TYPE_CHECKING

import certifi

from . import doors
from .addresses import Guard, guard_for
from .errors import Cause, IntegrationError, Stage, Unavailable

if TYPE_CHECKING:
    from .models import IntegrationAccount

CONNECT_SECONDS = 5.0
GOODBYE_SECONDS = 1.0  # for the other side to close, when all is said
LOOK_SECONDS = 0.1
# A dead path is noticed after 30 + 3 x 10 s of silence; the system's default would be over two hours.
KEEP_ALIVE = ((socket.TCP_KEEPIDLE, 30), (socket.TCP_KEEPINTVL, 10), (socket.TCP_KEEPCNT, 3))
SELF_SIGNED_CODES = {18, 19}
EXPIRED, NOT_YET_VALID, UNKNOWN_ISSUER, WRONG_NAME, WRONG_ADDRESS = 10, 9, 20, 62, 64
TLS_REASONS = {
    EXPIRED: "its certificate has expired",
    NOT_YET_VALID: "its certificate is not valid yet",
    UNKNOWN_ISSUER: "its certificate was issued by an authority that is not known here",
    WRONG_NAME: "its certificate was issued for another name",
    WRONG_ADDRESS: "its certificate was issued for another name",
}


def connect(
    host: str,
    port: int,
    *,
    account: "IntegrationAccount | None" = None,
    tls: bool = False,
    timeout: float = CONNECT_SECONDS,
    user_timeout: float | None = None,
) -> socket.socket:
    """A connected socket for a feed.

    `timeout` (seconds) limits connecting and stays as the time limit of each read and write. `user_timeout` (seconds)
    is how long sent data may stay unacknowledged before the connection counts as broken (RFC 5482). Raises
    `Unavailable` with stage name, tcp or tls."""
    plain = open_socket(guard_for(account), host, port, timeout=timeout)
    if user_timeout is not None:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(user_timeout * 1000))
    return secure(plain, host, tls_context(ca_of(account))) if tls else plain


def limit_sending(opened: socket.socket, seconds: float) -> None:
    """Wait without end for what comes, but only so long for the other side to read: for a socket on which one thread
    listens while another one writes. Sending fails with an `OSError` then."""
    opened.settimeout(None)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(seconds), int(seconds % 1 * 1e6)))


class Stream:
    """A connected socket to which we write, with its failures in our words. Use it in a `with` block."""

    def __init__(self, opened: socket.socket, host: str, port: int) -> None:
        self.opened = opened
        self.host, self.port = host, port

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *exception: object) -> None:
        self.opened.close()

    def send(self, data: bytes) -> None:
        """All of it, or `Unavailable`; then an unknown part has gone, and the connection is of no more use."""
        try:
            self.opened.sendall(data)
        except OSError as failure:
            raise self._broken(failure) from None

    def hear(self, seconds: float) -> bytes | None:
        """What the other side says within that time; nothing when it closes, None when it is silent."""
        self.opened.settimeout(seconds)
        try:
            return self.opened.recv(200)
        except OSError as failure:
            if is_patience_over(failure):
                return None
            raise self._broken(failure) from None

    @property
    def unacknowledged(self) -> int:
        """Bytes that were sent and that the other side's system has not acknowledged yet (SIOCOUTQ, tcp(7))."""
        return int.from_bytes(fcntl.ioctl(self.opened, termios.TIOCOUTQ, bytes(4)), sys.byteorder)

    def receive(self, seconds: float) -> bytes:
        """What the other side says next, within that time. Raises `Unavailable` where it is silent or closes."""
        self.opened.settimeout(max(seconds, 0.001))
        try:
            said = self.opened.recv(4096)
        except OSError as failure:
            if not is_patience_over(failure):
                raise self._broken(failure) from None
            raise Unavailable(
                f"{self.host} took what we sent and did not answer in time.", cause=Cause.TIMEOUT, maybe_done=True
            ) from None
        if not said:
            raise Unavailable(
                f"{self.host} closed the connection on port {self.port} before its answer was complete.",
                cause=Cause.UNREACHABLE,
                maybe_done=True,
            )
        return said

    def drain(self) -> bytes:
        """What has come in, without waiting. Raises `Unavailable` where the other side has closed or is gone: a one-way
        stream learns it in no other way before the next message is lost."""
        patience = self.opened.gettimeout()
        self.opened.settimeout(0)
        try:
            said = self.opened.recv(4096)
        except (BlockingIOError, ssl.SSLWantReadError):
            return b""
        except OSError as failure:
            raise self._broken(failure) from None
        finally:
            self.opened.settimeout(patience)
        if not said:
            raise Unavailable(f"{self.host} closed the connection on port {self.port}.", cause=Cause.UNREACHABLE)
        return said

    def finish(self, seconds: float) -> None:
        """Nothing more comes from us; wait a moment for the other side to have read it all.

        Raises `Unavailable` when its system has not acknowledged within so many seconds what was sent: a machine that
        is gone would look like one that reads."""
        try:
            self.opened.shutdown(socket.SHUT_WR)
        except OSError as failure:
            raise self._broken(failure) from None
        deadline = time.monotonic() + seconds
        said = self.hear(min(GOODBYE_SECONDS, seconds))
        while said is None and self.unacknowledged:
            if time.monotonic() > deadline:
                raise silent(self.host, self.port)
            said = self.hear(LOOK_SECONDS)

    def _broken(self, failure: OSError) -> Unavailable:
        if failure.errno == errno.ETIMEDOUT:
            return silent(self.host, self.port)
        if is_patience_over(failure):
            return Unavailable(f"{self.host} does not read what we send to port {self.port}.", cause=Cause.TIMEOUT)
        return broken_off(self.host, self.port)


def open_socket(guard: Guard, host: str, port: int, *, timeout: float | None) -> socket.socket:
    """Connect to the first checked address that answers. The time limit covers all attempts together."""
    doors.refuse_connection(host, port)
    addresses = guard.resolve(host, port)
    deadline = time.monotonic() + (timeout or CONNECT_SECONDS)
    failure: OSError = TimeoutError()
    for tried, address in enumerate(addresses):
        share = (deadline - time.monotonic()) / (len(addresses) - tried)
        try:
            opened = socket.create_connection((address, port), timeout=max(share, 0.05))
        except OSError as error:
            failure = error
            continue
        _set_options(opened)
        opened.settimeout(timeout or CONNECT_SECONDS)
        return opened
    raise connect_failure(failure, host, port)


def _set_options(opened: socket.socket) -> None:
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in KEEP_ALIVE:
        opened.setsockopt(socket.IPPROTO_TCP, option, value)


def connect_failure(error: OSError, host: str, port: int) -> Unavailable:
    if isinstance(error, TimeoutError):
        return Unavailable(f"{host} did not answer on port {port} in time.", cause=Cause.TIMEOUT, stage=Stage.TCP)
    if isinstance(error, ConnectionResetError):
        return broken_off(host, port)  # it was made, and broken off before we looked
    reason = os.strerror(error.errno) if error.errno else str(error)
    return Unavailable(
        f"No connection to {host} on port {port}: {reason.lower()}.", cause=Cause.UNREACHABLE, stage=Stage.TCP
    )


def broken_off(host: str, port: int) -> Unavailable:
    return Unavailable(f"{host} broke off the connection on port {port}.", cause=Cause.UNREACHABLE)


def silent(host: str, port: int) -> Unavailable:
    """The connection is there, and nothing comes back on it, not even an acknowledgement."""
    return Unavailable(
        f"{host} has fallen silent: it acknowledges nothing that is sent to port {port}.", cause=Cause.TIMEOUT
    )


def is_patience_over(failure: OSError) -> bool:
    """A time limit of ours has passed. The system's own verdict on a connection is a `TimeoutError` with a number."""
    return isinstance(failure, TimeoutError) and failure.errno is None


def listen_problem(host: str, port: int) -> str:
    """Why nobody can listen there, in words; empty when it is possible."""
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        return f"{host}:{port}: {(error.strerror or str(error)).lower()}"
    return ""


def ca_of(account: "IntegrationAccount | None") -> str:
    """The account's own certificate authority as PEM, where its provider offers that property."""
    return str(account.values().get("ca_certificate") or "") if account is not None else ""


@lru_cache(maxsize=64)
def tls_context(ca: str = "") -> ssl.SSLContext:
    """TLS 1.2 or later, certificate and name verified; `ca` (PEM) is trusted in addition. There is no way around it."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca:
        try:
            context.load_verify_locations(cadata=ca)
        except (ssl.SSLError, ValueError):
            raise Unavailable(
                "The certificate authority of this account cannot be read: it must be a certificate in PEM form.",
                cause=Cause.TLS_FAILED,
                stage=Stage.TLS,
            ) from None
    return context


def secure(plain: socket.socket, host: str, context: ssl.SSLContext) -> ssl.SSLSocket:
    """Speak TLS on a connected socket. Raises `Unavailable` (stage tls) and closes the socket."""
    try:
        return context.wrap_socket(plain, server_hostname=host)
    except (ssl.SSLError, OSError) as error:
        plain.close()
        raise tls_failure(error, host) from None


def tls_failure(error: Exception, host: str) -> IntegrationError:
    """Why no secure connection came about, in words. OpenSSL's codes: x509_vfy.h."""
    if isinstance(error, TimeoutError):
        return Unavailable(f"{host} did not finish the TLS handshake in time.", cause=Cause.TIMEOUT, stage=Stage.TLS)
    return Unavailable(
        f"No secure connection to {host}: {_tls_reason(error)}.", cause=Cause.TLS_FAILED, stage=Stage.TLS
    )


def _tls_reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in SELF_SIGNED_CODES:
            return "its certificate is self-signed, or issued by an authority that is not known here"
        return TLS_REASONS.get(error.verify_code, error.verify_message.lower().rstrip("."))
    text = str(getattr(error, "reason", "") or error).lower()
    if "wrong_version_number" in text or "record_layer" in text:
        return "the server does not speak TLS on this port"
    if "version" in text or "unsupported_protocol" in text:
        return "the server speaks no TLS version from 1.2 on"
    return "the handshake was broken off" + (f" ({text.replace('_', ' ')})" if text and "errno" not in text else "")
