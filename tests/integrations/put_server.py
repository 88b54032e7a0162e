"""A small real HTTPS server that takes files by PUT into one folder, as a WebDAV server does."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FOLDER = "/daily/"


@dataclass
class PutServer:
    """`refusal`: (status, content type, body) for every PUT. `header`, `secret`: what a request must carry."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    header: str = "Authorization"
    secret: str = ""
    overwrites: bool = False
    shows: bool = True
    deletes: bool = True
    refusal: tuple[int, str, bytes] | None = None
    # Stores the file and breaks off instead of answering.
    dies_after_storing: bool = False


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: PutServer

    def do_PUT(self) -> None:
        state, content = self.server_state, self.rfile.read(int(self.headers["Content-Length"]))
        if self._not_let_in():
            return
        if state.refusal:
            self._answer(*state.refusal)
        elif not self.path.startswith(FOLDER):
            self._answer(409)
        elif self._name() in state.files and self.headers["If-None-Match"] == "*" and not state.overwrites:
            self._answer(412)
        else:
            state.files[self._name()], state.types[self._name()] = content, self.headers["Content-Type"]
            if state.dies_after_storing:
                self.close_connection = True
                return
            self._answer(201, "text/html", b"<!DOCTYPE html><title>201 Created</title>")

    def do_GET(self) -> None:
        if self._not_let_in():
            return
        found = self.server_state.files.get(self._name())
        shown = self.server_state.shows and found is not None
        self._answer(200 if shown else 403, "text/csv", found if shown and found else b"")

    def do_DELETE(self) -> None:
        if not self._not_let_in():
            if self.server_state.deletes:
                self.server_state.files.pop(self._name(), None)
            self._answer(204 if self.server_state.deletes else 405)

    def _not_let_in(self) -> bool:
        state = self.server_state
        if not state.secret or self.headers.get(state.header) == state.secret:
            return False
        self._answer(401)
        return True

    def _name(self) -> str:
        return self.path.removeprefix(FOLDER)

    def _answer(self, status: int, kind: str = "text/plain", body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Location", "https://elsewhere.example.com/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that refuse a certificate break the connection."""


@contextmanager
def taking_files(context: ssl.SSLContext) -> Iterator[PutServer]:
    state = PutServer()
    server = Quiet(("127.0.0.1", 0), type("Stateful", (Handler,), {"server_state": state}))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    state.address = f"https://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
