"""A way from the product to the simulators that can be shut, or lose the answers."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

OPEN, LOSING = "open", "losing"


class Gate:
    """Passes connections on to `port`. `shut()`: refused, as by a machine that is off. `lose_answers()`: requests
    arrive and are carried out, their answers never come back."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.mode = OPEN
        self.listener: socket.socket | None = None
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.port = found.getsockname()[1]
        self.open()

    def open(self) -> None:
        self.mode = OPEN
        if self.listener is None:
            self.listener = socket.create_server(("127.0.0.1", self.port))
            threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def lose_answers(self) -> None:
        self.open()
        self.mode = LOSING

    def shut(self) -> None:
        if self.listener is not None:
            # Closing alone does not wake the thread that accepts.
            with suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _address = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        """One connection, until one side ends it or an answer is lost."""
        with client, suppress(OSError), socket.create_connection(("127.0.0.1", self.target)) as server:
            back = threading.Thread(target=self._back, args=(server, client), daemon=True)
            back.start()
            while data := client.recv(65_536):
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)
            back.join()

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65_536):
                if self.mode == LOSING or self.listener is None:
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)


@contextmanager
def gate_to(port: int) -> Iterator[Gate]:
    gate = Gate(port)
    try:
        yield gate
    finally:
        gate.shut()
