"""A small real web server for tests: answers as told, remembers what arrived, can speak TLS."""

import json
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.db import connections


@dataclass
class Arrived:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass
class Answer:
    """`drip`: seconds between the bytes. `cut`: close after that many bytes. `wait`: seconds before anything comes."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0
    drip: float = 0
    cut: int | None = None
    hang_up: bool = False

    def encoded(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


class LocalServer:
    """`server.on("/path", Answer(...), ...)`: the answers in turn, the last one again and again; or a function."""

    def __init__(self) -> None:
        self.arrived: list[Arrived] = []
        self.connections = 0
        self._scripts: dict[str, list[Any]] = {}
        self._lock = threading.Lock()
        self.address = ""

    def on(self, path: str, *answers: Answer | Callable[[Arrived], Answer]) -> None:
        self._scripts[path] = list(answers)

    def next_answer(self, request: Arrived) -> Answer:
        with self._lock:
            self.arrived.append(request)
            script = self._scripts.get(request.path, [Answer(404, {"error": "no such path"})])
            step = script.pop(0) if len(script) > 1 else script[0]
        if not callable(step):
            return step
        try:
            return step(request)
        finally:
            connections.close_all()  # a step may look into the database, in this thread of the server

    def paths(self) -> list[str]:
        return [request.path for request in self.arrived]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: LocalServer

    def setup(self) -> None:
        self.script.connections += 1
        super().setup()

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        request = Arrived(
            self.command, parts.path, parse_qs(parts.query), dict(self.headers.items()), self.rfile.read(length)
        )
        answer = self.script.next_answer(request)
        time.sleep(answer.wait)
        if answer.hang_up:
            self.close_connection = True
            return
        self._answer(answer)

    def _answer(self, answer: Answer) -> None:
        body = answer.encoded() if answer.body is not None else b""
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self._send_body(answer, body)
        except OSError:
            self.close_connection = True

    def _send_body(self, answer: Answer, body: bytes) -> None:
        if answer.cut is not None:
            self.wfile.write(body[: answer.cut])
            self.close_connection = True
        elif answer.drip:
            for byte in body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(answer.drip)
        else:
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve

    def log_message(self, *args: Any) -> None:
        pass


class _Quiet(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that refuse a certificate break the connection; that is what the test is about."""


@contextmanager
def serving(context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[LocalServer]:
    script = LocalServer()
    server = _Quiet((host, 0), type("Scripted", (Handler,), {"script": script}))
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    script.address = f"{'https' if context else 'http'}://{host}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()


# -- certificates


def make_authority(folder: Path) -> tuple[Path, Path]:
    key, certificate = folder / "ca.key", folder / "ca.pem"
    openssl(
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "30",
        "-subj", "/CN=Test authority", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
    )  # fmt: skip
    return key, certificate


def make_certificate(folder: Path, name: str, *, host: str = "127.0.0.1", expired: bool = False) -> ssl.SSLContext:
    """A server's certificate, signed by the folder's authority, for an address or a name."""
    key, request, certificate = (folder / f"{name}.{end}" for end in ("key", "csr", "pem"))
    extension = folder / f"{name}.ext"
    kind = "IP" if host[0].isdigit() else "DNS"
    extension.write_text(f"subjectAltName={kind}:{host}\nextendedKeyUsage=serverAuth\nauthorityKeyIdentifier=keyid\n")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={name}")
    dates = ["-not_before", "20240101000000Z", "-not_after", "20240201000000Z"] if expired else ["-days", "10"]
    signed_by = ["-CA", folder / "ca.pem", "-CAkey", folder / "ca.key", "-CAcreateserial"]
    try:
        openssl("x509", "-req", "-in", request, *signed_by, "-extfile", extension, "-out", certificate, *dates)
    except subprocess.CalledProcessError:
        # OpenSSL below 3.4 cannot name dates here: let it live one day that is over, by its own `ca` command.
        sign_in_the_past(folder, request, certificate, extension)
    return context_of(certificate, key)


def sign_in_the_past(folder: Path, request: Path, certificate: Path, extension: Path) -> None:
    database = folder / "index.txt"
    database.write_text("")
    (folder / "serial").write_text("01\n")
    settings = folder / "ca.cnf"
    settings.write_text(
        f"[ca]\ndefault_ca=d\n[d]\ndatabase={database}\nserial={folder / 'serial'}\nnew_certs_dir={folder}\n"
        f"certificate={folder / 'ca.pem'}\nprivate_key={folder / 'ca.key'}\ndefault_md=sha256\npolicy=p\n"
        "[p]\ncommonName=supplied\n"
    )
    openssl(
        "ca", "-batch", "-config", settings, "-in", request, "-out", certificate, "-extfile", extension,
        "-startdate", "20240101000000Z", "-enddate", "20240201000000Z", "-notext",
    )  # fmt: skip


def make_self_signed(folder: Path) -> ssl.SSLContext:
    key, certificate = folder / "own.key", folder / "own.pem"
    openssl(
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "10",
        "-subj", "/CN=own", "-addext", "subjectAltName=IP:127.0.0.1",
    )  # fmt: skip
    return context_of(certificate, key)


def context_of(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
