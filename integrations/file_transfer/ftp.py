"""FTP, and FTP with explicit TLS (RFC 4217) where both connections are encrypted and the certificate is verified.

Data connections go to the checked address of the control connection, whatever the server's answer to PASV names."""

import contextlib
import ftplib
import io
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from integrations import deadlines, tcp
from integrations.addresses import Guard
from integrations.diagnosis.verdict import Passed
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, Rejected, Stage, Unavailable
from integrations.http import refuse_inside_transaction

from .base import ANSWER_SECONDS, CONNECT_SECONDS, FileDoor, Part

PORT = 21
NOT_LOGGED_IN, NOT_AVAILABLE, NAME_NOT_ALLOWED = "530", "550", "553"


class Client(ftplib.FTP_TLS):
    """The library's client on a socket that we have opened."""

    def __init__(self, plain: socket.socket, host: str, context: ssl.SSLContext) -> None:
        super().__init__(context=context, timeout=ANSWER_SECONDS, encoding="utf-8")
        self.host = host
        self.sock = plain
        self.af = plain.family
        self.file = plain.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()

    def secure(self, plain: socket.socket) -> None:
        """Ask for TLS on the control connection."""
        self.voidcmd("AUTH TLS")
        self.sock = tcp.secure(plain, self.host, self.context)
        self.file = self.sock.makefile("r", encoding=self.encoding)

    def ntransfercmd(self, cmd: str, rest: Any = None) -> Any:
        """Servers want to see the control connection's TLS session again on the data connection: whoever is logged in
        is then the one who sends the file."""
        plain, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321 - FTP is what is asked for
        if not self._prot_p:  # type: ignore[attr-defined]
            return plain, size
        session = self.sock.session  # type: ignore[union-attr]
        return self.context.wrap_socket(plain, server_hostname=self.host, session=session), size


@dataclass
class Ftp(FileDoor):
    """`tls`: FTPS. Without it everything travels readable, the password included."""

    guard: Guard
    host: str
    port: int = PORT
    user_name: str = ""
    folder: str = ""
    password: str = field(default="", repr=False)
    tls: bool = True
    ca: str = ""

    @property
    def stages(self) -> tuple[Stage, ...]:  # type: ignore[override]
        first = (Stage.NAME, Stage.TCP, *((Stage.TLS,) if self.tls else ()))
        return (*first, Stage.AUTHENTICATION, Stage.FOLDER, Stage.WRITE, Stage.RENAME)

    @contextmanager
    def opened(self, passed: list[Passed]) -> Iterator[Part]:
        refuse_inside_transaction()
        plain = tcp.open_socket(self.guard, self.host, self.port, timeout=deadlines.left(CONNECT_SECONDS))
        with contextlib.closing(plain):
            passed.append(Passed(Stage.NAME, f"{self.host} is {plain.getpeername()[0]}"))
            plain.settimeout(ANSWER_SECONDS)
            with speaking(Stage.TCP, self.host):
                client = Client(plain, self.host, tcp.tls_context(self.ca))
            passed.append(Passed(Stage.TCP, f"{self.host} accepts connections on port {self.port}"))
            try:
                self._introduce(client, plain, passed)
                yield FtpPart(client, self.host)
                with suppress(*ftplib.all_errors):
                    client.quit()
            finally:
                client.close()

    def _introduce(self, client: Client, plain: socket.socket, passed: list[Passed]) -> None:
        if self.tls:
            with speaking(Stage.TLS, self.host):
                client.secure(plain)
            passed.append(Passed(Stage.TLS, f"{client.sock.version()}, certificate valid"))  # type: ignore[union-attr]
        with speaking(Stage.AUTHENTICATION, self.host):
            # Without the library's own AUTH, which would skip our check of the certificate.
            ftplib.FTP.login(client, self.user_name, self.password)  # noqa: S321
            if self.tls:
                client.prot_p()
        passed.append(Passed(Stage.AUTHENTICATION, f"Logged in as {self.user_name}", identity=self.user_name))
        if self.folder:
            with speaking(Stage.FOLDER, self.host):
                client.cwd(self.folder)
        passed.append(Passed(Stage.FOLDER, f"The folder {self.folder or '(start)'} is there"))


class FtpPart(Part):
    def __init__(self, client: Client, host: str) -> None:
        self.client, self.host = client, host

    def write(self, name: str, content: bytes) -> None:
        with speaking(Stage.WRITE, self.host):
            self.client.storbinary(f"STOR {name}", io.BytesIO(content))

    def rename(self, name: str, to: str) -> None:
        """Servers rename over what is there, so it is looked for first."""
        with speaking(Stage.RENAME, self.host):
            if self.read(to, 1) is not None:
                raise Rejected(f"There is another file with the name {to}.", cause=Cause.CONFLICT, stage=Stage.RENAME)
            self.client.rename(name, to)

    def read(self, name: str, limit: int) -> bytes | None:
        found = bytearray()
        with speaking(Stage.FOLDER, self.host):
            try:
                self.client.retrbinary(f"RETR {name}", found.extend)
            except ftplib.error_perm as refused:
                if str(refused).startswith(NOT_AVAILABLE):
                    return None
                raise
        return bytes(found[:limit])

    def delete(self, name: str) -> None:
        with suppress(*ftplib.all_errors):
            self.client.delete(name)


@contextmanager
def speaking(stage: Stage, host: str) -> Iterator[None]:
    """Failures of the library become ours, with the server's own words."""
    try:
        yield
    except IntegrationError:
        raise
    except ftplib.all_errors as error:
        raise failure(error, stage, host) from None


def failure(error: Any, stage: Stage, host: str) -> IntegrationError:
    said = str(error)
    if isinstance(error, ssl.SSLError):
        return tcp.tls_failure(error, host)
    if isinstance(error, TimeoutError):
        return Unavailable(f"{host} did not answer in time.", cause=Cause.TIMEOUT, stage=stage)
    if stage == Stage.TLS and isinstance(error, ftplib.error_perm):
        return Unavailable(
            f"{host} does not offer TLS on this port.", cause=Cause.TLS_FAILED, stage=stage, vendor_message=said
        )
    if said.startswith(NOT_LOGGED_IN) and stage == Stage.AUTHENTICATION:
        return AuthenticationFailed(
            f"{host} does not accept the user name or password.", stage=stage, vendor_message=said
        )
    if said.startswith((NOT_AVAILABLE, NAME_NOT_ALLOWED)):
        cause = Cause.NOT_FOUND if stage == Stage.FOLDER else Cause.NO_PERMISSION
        return Unavailable(f"{host} refuses it.", cause=cause, stage=stage, vendor_message=said)
    return Unavailable(f"{host} broke off or refused.", cause=Cause.REMOTE_ERROR, stage=stage, vendor_message=said)
