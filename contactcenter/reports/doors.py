"""What a target leads to: for each kind, the door through which its files go."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any, Protocol

from django.conf import settings
from django.core.mail import EmailMessage

from contactcenter.models import ReportTarget
from integrations.addresses import guard_for
from integrations.capabilities import RecordingStorage
from integrations.diagnosis.verdict import Passed
from integrations.errors import Cause, Rejected, Stage, Unavailable
from integrations.fields import SecretUnreadable
from integrations.file_transfer import Folder, Ftp, HttpsPut, Sftp, ftp, sftp
from integrations.models import IntegrationAccount

CONTENT_TYPE = "text/csv"


class Door(Protocol):
    """Where files go. Both methods raise `IntegrationError`."""

    @property
    def stages(self) -> tuple[Stage, ...]: ...

    def put(self, name: str, content: bytes) -> str: ...

    def test(self, passed: list[Passed]) -> None: ...


def door_of(target: ReportTarget) -> Door:
    """Raises `Rejected` where the target's settings or secrets cannot be used."""
    try:
        secrets = target.secrets.reveal()
    except SecretUnreadable as error:
        raise Rejected(str(error), cause=Cause.INCOMPLETE, stage=Stage.SETTINGS) from None
    return DOORS[target.kind](target, secrets)


def _sftp(target: ReportTarget, secrets: dict[str, str]) -> Door:
    return Sftp(
        guard_for(None), target.host, target.port or sftp.PORT, target.user_name, target.folder, target.host_key,
        **secrets,
    )  # fmt: skip


def _ftp(target: ReportTarget, secrets: dict[str, str]) -> Door:
    return Ftp(
        guard_for(None), target.host, target.port or ftp.PORT, target.user_name, target.folder,
        secrets.get("password", ""), target.kind == ReportTarget.Kind.FTPS, target.ca_certificate,
    )  # fmt: skip


def _put(target: ReportTarget, secrets: dict[str, str]) -> Door:
    return HttpsPut(
        target.url, target.user_name, secrets.get("password", ""), secrets.get("token", ""), target.token_header,
        target.token_scheme, target.ca_certificate,
    )  # fmt: skip


def _folder(target: ReportTarget, secrets: dict[str, str]) -> Door:
    return Folder(settings.REPORTS_ROOT, target.folder)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Mail cannot be taken back or asked for: a worker that dies while it sends sends again, under the same Message-ID
    and with the same file, by which mailboxes know it."""

    addresses: tuple[str, ...]
    report: str
    key: str
    stages = (Stage.WRITE,)

    def put(self, name: str, content: bytes) -> str:
        subject = f"{self.report}: {name}"
        self._send(subject, f"The report “{self.report}” is attached.", f"{name}.{self.key}", (name, content))
        return f"Sent to {', '.join(self.addresses)}."

    def test(self, passed: list[Passed]) -> None:
        self._send(f"{self.report}: test delivery", "Reports will come to this address.", "", None)
        passed.append(Passed(Stage.WRITE, f"The mail server took a mail to {', '.join(self.addresses)}"))

    def _send(self, subject: str, text: str, key: str, file: tuple[str, bytes] | None) -> None:
        host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
        headers = {"Message-ID": f"<{key}@{host}>"} if key else {}
        mail = EmailMessage(subject, text, to=list(self.addresses), headers=headers)
        if file:
            mail.attach(file[0], file[1], CONTENT_TYPE)
        try:
            mail.send()
        except OSError as error:  # what the library raises is one, too
            raise Unavailable(
                "The mail server did not take the mail.", stage=Stage.WRITE, vendor_message=str(error)
            ) from None


def _mailbox(target: ReportTarget, secrets: dict[str, str]) -> Door:
    return Mailbox(tuple(target.addresses.split()), target.report.name, f"target{target.pk}")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A folder in the storage of an Amazon AWS account. S3 shows an object when all of it is there, so there is nothing
    to rename; storing the same object again leaves it as it is."""

    account: IntegrationAccount | None
    folder: str
    stages = (Stage.SETTINGS, Stage.WRITE)

    @contextmanager
    def _storage(self) -> Iterator[RecordingStorage]:
        if self.account is None or not self.account.enabled:
            raise Rejected(
                "The Amazon AWS account of this delivery is missing or disabled.",
                cause=Cause.INCOMPLETE,
                stage=Stage.SETTINGS,
            )
        try:
            provider = self.account.connect()
        except (SecretUnreadable, LookupError) as error:
            raise Rejected(str(error), cause=Cause.INCOMPLETE, stage=Stage.SETTINGS) from None
        if not isinstance(provider, RecordingStorage):
            raise Rejected("This account has no storage.", cause=Cause.INCOMPLETE, stage=Stage.SETTINGS)
        yield provider

    def put(self, name: str, content: bytes) -> str:
        with self._storage() as storage:
            stored = storage.put(self._key(name), io.BytesIO(content), content_type=CONTENT_TYPE)
        return f"Stored as {stored.key}."

    def test(self, passed: list[Passed]) -> None:
        with self._storage() as storage:
            passed.append(Passed(Stage.SETTINGS, "The account is complete"))
            stored = storage.put(self._key("test-delivery.txt"), io.BytesIO(b"test\n"), content_type="text/plain")
            passed.append(Passed(Stage.WRITE, f"Stored as {stored.key}"))

    def _key(self, name: str) -> str:
        return f"{self.folder.strip('/')}/{name}".lstrip("/")


def _bucket(target: ReportTarget, secrets: dict[str, str]) -> Door:
    return Bucket(target.account, target.folder)


DOORS: dict[str, Any] = {
    ReportTarget.Kind.SFTP: _sftp,
    ReportTarget.Kind.FTPS: _ftp,
    ReportTarget.Kind.FTP: _ftp,
    ReportTarget.Kind.PUT: _put,
    ReportTarget.Kind.S3: _bucket,
    ReportTarget.Kind.EMAIL: _mailbox,
    ReportTarget.Kind.FOLDER: _folder,
}


def stages_of(target: ReportTarget) -> tuple[Stage, ...]:
    """What a test of this target goes through, in order."""
    try:
        return door_of(target).stages
    except Rejected:
        return (Stage.SETTINGS,)
