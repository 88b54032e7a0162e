"""Starts the simulators: `serve` for a person or the demo, `running` for a test.

uvicorn is given its own protocol classes for one reason: the `reset` fault needs the connection itself, and the
only honest way to make a reset is to make one.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request as Handshake

from .app import create_app

DEFAULT_PORT = 9000
START_SECONDS = 10.0
ATTEMPTS = 100
LARGEST_FRAME = 4 * 1024 * 1024  # above it a session is closed with 1009, as IBM does


class ReachableTransport(HttpToolsProtocol):
    """Puts the connection into the scope, where the fault layer finds it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["simulator.transport"] = self.transport  # type: ignore[typeddict-unknown-key]


class ReachableSession(WebSocketsSansIOProtocol):
    """The same for WebSockets."""

    def handle_connect(self, event: Handshake) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):  # not where the handshake was none
            self.scope["simulator.transport"] = self.transport  # type: ignore[typeddict-unknown-key]


def configuration(app: Any, **options: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=ReachableTransport,
        loop="asyncio",
        ws=ReachableSession,
        ws_max_size=LARGEST_FRAME,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        lifespan="off",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        **{"log_level": "warning", **options},
    )


def serve(host: str = "127.0.0.1", port: int = DEFAULT_PORT, desktop_url: str | None = None) -> None:
    """Runs until SIGINT or SIGTERM; requests that hang on purpose are given one second."""
    app = create_app(desktop_url)
    start_listening(app, host, port)
    try:
        uvicorn.Server(configuration(app, host=host, port=port)).run()
    finally:
        stop_listening(app)


def start_listening(app: Any, host: str, port: int) -> bool:
    """Start what does not speak HTTP, on the ports after `port`. False when one is taken, which its page tells."""
    started = [simulator.listen(host, port) for simulator in app.state.simulators.values()]
    return all(started)


def stop_listening(app: Any) -> None:
    for simulator in app.state.simulators.values():
        simulator.stop_listening()


@contextmanager
def running(
    port: int = 0,
    desktop_url: str | None = None,
    certificate: str | None = None,
    private_key: str | None = None,
) -> Iterator[str]:
    """Runs the simulators in a thread and yields their address, on a free port unless told otherwise.

    With a certificate and its key they speak HTTPS (the public SDKs of some vendors refuse anything else).
    """
    app = create_app(desktop_url)
    listener = _listeners(app, port)
    options = {"ssl_certfile": certificate, "ssl_keyfile": private_key} if certificate else {}
    server = uvicorn.Server(configuration(app, log_level="critical", **options))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=START_SECONDS)
        stop_listening(app)


def _listeners(app: Any, port: int) -> socket.socket:
    """The HTTP port, with those after it started too; where any port will do, until neighbours are free."""
    for _ in range(ATTEMPTS):
        listener = _listener(port)
        if start_listening(app, "127.0.0.1", listener.getsockname()[1]) or port:
            return listener
        stop_listening(app)
        listener.close()
    raise RuntimeError("no neighbouring ports are free")


def _listener(port: int) -> socket.socket:
    """The protocol is named because asyncio sends without delay only where it sees TCP written down."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    return listener


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the simulators did not start")
        time.sleep(0.01)
