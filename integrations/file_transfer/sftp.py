"""SFTP, with a pinned host key: the server proves by its key that it is the one that an administrator has accepted."""

import base64
import binascii
import hashlib
import io
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import paramiko

from integrations import deadlines, tcp
from integrations.addresses import Guard
from integrations.diagnosis.verdict import Passed
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, Rejected, Stage, Unavailable
from integrations.http import refuse_inside_transaction

from .base import ANSWER_SECONDS, CONNECT_SECONDS, FileDoor, Part

PORT = 22
KEYS: tuple[Any, ...] = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


class HostKeyUnknown(Rejected):
    """The server shows a key that nobody has accepted. `key` is "type base64"."""

    def __init__(self, message: str, *, key: str) -> None:
        super().__init__(message, cause=Cause.NEVER_AUTHORISED, stage=Stage.HOST_KEY)
        self.key = key


def fingerprint(key: str) -> str:
    """As `ssh-keygen -l` shows it: "ssh-ed25519 SHA256:..."."""
    kind, _, data = key.partition(" ")
    try:
        digest = hashlib.sha256(base64.b64decode(data)).digest()
    except binascii.Error:
        return key
    return f"{kind} SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def private_key(text: str, passphrase: str = "") -> Any:
    """A private key from its text. Raises `ValueError` in words."""
    for kind in KEYS:
        try:
            return kind.from_private_key(io.StringIO(text.strip() + "\n"), passphrase or None)
        except paramiko.PasswordRequiredException:
            raise ValueError("The private key is protected: enter its passphrase, too.") from None
        except (paramiko.SSHException, ValueError, IndexError, UnicodeError, TypeError):
            continue
    raise ValueError(
        "This is no private key in OpenSSH or PEM form (Ed25519, ECDSA or RSA), or the passphrase is another one."
    )


@dataclass
class Sftp(FileDoor):
    guard: Guard
    host: str
    port: int = PORT
    user_name: str = ""
    folder: str = ""
    host_key: str = ""
    password: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    passphrase: str = field(default="", repr=False)

    stages = (
        Stage.NAME, Stage.TCP, Stage.HOST_KEY, Stage.AUTHENTICATION, Stage.FOLDER, Stage.WRITE, Stage.RENAME,
    )  # fmt: skip

    @contextmanager
    def opened(self, passed: list[Passed]) -> Iterator[Part]:
        refuse_inside_transaction()
        plain = tcp.open_socket(self.guard, self.host, self.port, timeout=deadlines.left(CONNECT_SECONDS))
        passed.append(Passed(Stage.NAME, f"{self.host} is {plain.getpeername()[0]}"))
        passed.append(Passed(Stage.TCP, f"{self.host} accepts connections on port {self.port}"))
        with speaking(Stage.HOST_KEY, self.host):
            transport = paramiko.Transport(plain)
        try:
            with speaking(Stage.HOST_KEY, self.host):
                passed.append(self._prove(transport))
            with speaking(Stage.AUTHENTICATION, self.host):
                passed.append(self._log_in(transport))
            with speaking(Stage.FOLDER, self.host):
                part = self._enter(transport)
            passed.append(Passed(Stage.FOLDER, f"The folder {self.folder or '(start)'} is there"))
            yield part
        finally:
            transport.close()

    def _prove(self, transport: paramiko.Transport) -> Passed:
        """Exchange keys, and compare the server's with the accepted one before anything secret is said."""
        transport.banner_timeout = transport.auth_timeout = ANSWER_SECONDS
        if self.host_key:
            self._ask_for_kind(transport)
        transport.start_client(timeout=deadlines.left(ANSWER_SECONDS))
        shown = transport.get_remote_server_key()
        key = f"{shown.get_name()} {shown.get_base64()}"
        if not self.host_key:
            raise HostKeyUnknown(
                f"{self.host} shows the key {fingerprint(key)}. Nobody has accepted it yet, so nothing was sent.",
                key=key,
            )
        if key != self.host_key:
            raise HostKeyUnknown(
                f"{self.host} shows another key than the accepted one: {fingerprint(key)} instead of "
                f"{fingerprint(self.host_key)}. Nothing was sent.",
                key=key,
            )
        return Passed(Stage.HOST_KEY, f"The accepted key: {fingerprint(key)}")

    def _ask_for_kind(self, transport: paramiko.Transport) -> None:
        """A server with several keys shows one of the kind that we name first."""
        options = transport.get_security_options()
        accepted = self.host_key.partition(" ")[0]
        names = [n for n in options.key_types if n == accepted or (accepted == "ssh-rsa" and n.startswith("rsa-"))]
        options.key_types = (*names, *(n for n in options.key_types if n not in names))

    def _log_in(self, transport: paramiko.Transport) -> Passed:
        if self.private_key:
            try:
                key = private_key(self.private_key, self.passphrase)
            except ValueError as error:
                raise AuthenticationFailed(str(error), stage=Stage.AUTHENTICATION) from None
            transport.auth_publickey(self.user_name, key)
        else:
            transport.auth_password(self.user_name, self.password)
        if not transport.is_authenticated():
            raise AuthenticationFailed(
                f"{self.host} asks {self.user_name} for a second proof, which a machine cannot give.",
                stage=Stage.AUTHENTICATION,
            )
        return Passed(Stage.AUTHENTICATION, f"Logged in as {self.user_name}", identity=self.user_name)

    def _enter(self, transport: paramiko.Transport) -> "SftpPart":
        client = paramiko.SFTPClient.from_transport(transport)
        if client is None:
            raise Unavailable(f"{self.host} offers no SFTP.", stage=Stage.FOLDER)
        client.get_channel().settimeout(ANSWER_SECONDS)  # type: ignore[union-attr]
        if self.folder:
            found = client.stat(self.folder)
            if found.st_mode is not None and not stat.S_ISDIR(found.st_mode):
                raise Rejected(f"{self.folder} is no folder.", cause=Cause.NOT_FOUND, stage=Stage.FOLDER)
            client.chdir(self.folder)
        return SftpPart(client, self.host)


class SftpPart(Part):
    def __init__(self, client: paramiko.SFTPClient, host: str) -> None:
        self.client, self.host = client, host

    def write(self, name: str, content: bytes) -> None:
        with speaking(Stage.WRITE, self.host):
            self.client.putfo(io.BytesIO(content), name, file_size=len(content), confirm=True)

    def rename(self, name: str, to: str) -> None:
        """The plain renaming of SFTP, which servers refuse where the name is taken (draft-ietf-secsh-filexfer-02)."""
        with speaking(Stage.RENAME, self.host):
            self.client.rename(name, to)

    def read(self, name: str, limit: int) -> bytes | None:
        with speaking(Stage.FOLDER, self.host):
            try:
                size = self.client.stat(name).st_size or 0
                with self.client.open(name, "rb") as file:
                    file.prefetch(min(size, limit))
                    return file.read(limit)
            except (FileNotFoundError, PermissionError):
                return None  # in a folder to write into only, nothing can be seen

    def delete(self, name: str) -> None:
        with suppress(OSError, paramiko.SSHException, EOFError):
            self.client.remove(name)


@contextmanager
def speaking(stage: Stage, host: str) -> Iterator[None]:
    """Failures of the library become ours, with the server's own words."""
    try:
        yield
    except IntegrationError:
        raise
    except paramiko.AuthenticationException as error:
        raise AuthenticationFailed(
            f"{host} does not accept the user name, password or key.", stage=stage, vendor_message=str(error)
        ) from None
    except (TimeoutError, paramiko.ssh_exception.SSHException, EOFError, OSError) as error:
        raise failure(error, stage, host) from None


def failure(error: Exception, stage: Stage, host: str) -> IntegrationError:
    said = str(getattr(error, "strerror", None) or error or type(error).__name__)
    if isinstance(error, TimeoutError):
        return Unavailable(f"{host} did not answer in time.", cause=Cause.TIMEOUT, stage=stage)
    if isinstance(error, FileNotFoundError):
        return Unavailable(
            f"{host}: the folder or file is not there.", cause=Cause.NOT_FOUND, stage=stage, vendor_message=said
        )
    if isinstance(error, PermissionError):
        return Unavailable(f"{host} does not permit it.", cause=Cause.NO_PERMISSION, stage=stage, vendor_message=said)
    return Unavailable(f"{host} broke off or refused.", cause=Cause.REMOTE_ERROR, stage=stage, vendor_message=said)
