"""What simulators share that listen on a TCP port of their own: one of the ports after the simulators' HTTP port.

Faults: `server_error` closes after the first message, `reset` breaks the connection off, `html` answers like a web
server, `half_close` closes our side, `silent` acknowledges nothing more (see `silence`)."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from abc import abstractmethod
from collections.abc import Callable
from io import BufferedIOBase
from typing import Any, ClassVar

from . import silence
from .boards import BoardSimulator
from .faults import Fault

IDLE_SECONDS = 60.0


class Handler(socketserver.StreamRequestHandler):
    server: Listener

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(self.server.simulator.idle_seconds)

    def handle(self) -> None:
        try:
            self.server.simulator.talk(self.rfile, self.connection)
        except OSError:
            return


class Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, simulator: ListeningSimulator, address: tuple[str, int]) -> None:
        self.simulator = simulator
        super().__init__(address, Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.simulator.accepted(connection)
        return connection, address


class ListeningSimulator(BoardSimulator):
    #: How many ports after the simulators' HTTP port. Each listening simulator has a number of its own.
    tcp_port: ClassVar[int]
    #: A connection that is silent for so long is closed.
    idle_seconds: ClassVar[float] = IDLE_SECONDS
    #: Every update has a connection of its own: one that falls silent has to be so from its first byte.
    connects_each_time: ClassVar[bool] = False
    listener: Listener | None = None
    listening = "not started"

    @abstractmethod
    def talk(self, stream: BufferedIOBase, connection: socket.socket) -> None:
        """One connection, in a thread of its own; it is closed on return."""

    def listen(self, host: str, port: int) -> bool:
        port += self.tcp_port
        try:
            self.listener = Listener(self, (host, port))
        except OSError as error:
            self.listening = f"not listening: {host}:{port}: {error.strerror}"
            return False
        self.listening = f"{host}:{port}"
        threading.Thread(target=self.listener.serve_forever, daemon=True).start()
        return True

    def stop_listening(self) -> None:
        if self.listener is not None:
            self.listener.shutdown()
            self.listener.server_close()
            self.listener = None

    def faults_changed(self) -> None:
        if self.listener is None or not self.connects_each_time:
            return
        if any(fault.name == "silent" for fault in self.faults.active()):
            silence.fall_silent_when_accepted(self.listener.socket)
        else:
            silence.hear_again(self.listener.socket)

    def accepted(self, connection: socket.socket) -> None:
        """Called before anything is read of a new connection."""
        if self.connects_each_time and self._take(lambda name, _: name == "silent"):
            silence.fall_silent(connection)
            self.faults_changed()

    def _take(self, may_meet: Callable[[str, str], bool]) -> Fault | None:
        return self.faults.take("/tcp", may_meet)

    def meets_fault(self, connection: socket.socket) -> bool:
        """Let a fault happen, if one is switched on. True where the connection ends by it."""
        fault = self._take(self.may_meet)
        if fault is None:
            return False
        if fault.name == "html":
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html></html>")
        if fault.name == "silent":
            silence.fall_silent(connection)
        if fault.name == "reset":
            self.cut(connection)
        return fault.name in ("html", "reset", "server_error", "half_close")

    @staticmethod
    def cut(connection: socket.socket) -> None:
        """Break off: SO_LINGER with zero seconds makes the kernel send RST instead of FIN."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
