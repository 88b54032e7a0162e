"""Puts a recording into the storage account, and believes it only when it has come back as it was sent."""

import hashlib
from typing import BinaryIO, cast

from django.utils import timezone

from integrations.capabilities import RecordingStorage
from integrations.diagnosis import health
from integrations.errors import IntegrationError
from integrations.models import IntegrationAccount

from ..models import CallRecording
from . import consent, deleting, spool
from .audio_files import ENDINGS
from .holds import Hold, Later, Stuck, failed_at
from .storages import default_account, storage_of

State = CallRecording.State
NO_SERVICE = "no-service"


def store(recording: CallRecording, hold: Hold) -> None:
    """One attempt. A later one goes to the same place under the same name, so nothing is there twice."""
    if consent.must_not_record(recording.interaction):
        deleting.give_up(recording, hold, "The call's scenario forbids to record it.")
        return
    account = _account(recording)
    if account is None:
        hold.save(state=State.LOCAL, last_error="", attempts=0)
        return
    storage = storage_of(account)
    name = name_of(recording)
    hold.save(account=account, object_key=storage.key_for(name))
    try:
        _put(storage, name, recording, hold)
        _verify(storage, recording, hold)
    except IntegrationError as error:
        raise failed_at(recording, error) from None
    health.succeeded(account)
    hold.save(state=State.STORED, stored_at=timezone.now(), last_error="", attempts=0)
    spool.remove(recording.public_id)


def name_of(recording: CallRecording) -> str:
    """ "support/2026-01-15/090002_8f3a2c1d9e_51c0ffee.wav": service, day, time (UTC), the call's reference, and eight
    characters of the recording's own id. No number or name of a customer: names end up in other people's logs."""
    interaction = recording.interaction
    service = interaction.service.code if interaction.service else NO_SERVICE
    began, mark = recording.started_at, recording.public_id.hex[:8]
    ending = ENDINGS[recording.content_type]
    return f"{service}/{began:%Y-%m-%d}/{began:%H%M%S}_{interaction.reference}_{mark}.{ending}"


def _account(recording: CallRecording) -> IntegrationAccount | None:
    """The account of the first attempt while it is in use, else the default one."""
    return recording.account if recording.account and recording.account.enabled else default_account()


def _put(storage: RecordingStorage, name: str, recording: CallRecording, hold: Hold) -> None:
    about = {"interaction": recording.interaction.public_id.hex, "recording": recording.public_id.hex}
    try:
        with spool.path_of(recording.public_id).open("rb") as file:
            watched = cast(BinaryIO, Watched(file, hold))
            stored = storage.put(name, watched, content_type=recording.content_type, about=about)
    except FileNotFoundError:
        raise Stuck(
            "The file is not in the folder of recordings any more. Restore it from a backup and try again, or delete "
            "the recording."
        ) from None
    if (stored.size, stored.sha256) != (recording.size, recording.sha256):
        raise Stuck(
            "The file in the folder of recordings is not the one that arrived: its SHA-256 is another. Restore it from "
            "a backup and try again, or delete the recording."
        )


def _verify(storage: RecordingStorage, recording: CallRecording, hold: Hold) -> None:
    """Read it back. Raises `Later` when it is not what was sent."""
    digest, size = hashlib.sha256(), 0
    with storage.open(recording.object_key) as opened:
        for piece in opened.pieces:
            hold.keep()
            digest.update(piece)
            size += len(piece)
    if (size, digest.hexdigest()) != (recording.size, recording.sha256):
        raise Later("What came back from the storage is not what was sent there. It is sent again.")


class Watched:
    """A file that keeps the lease while it is read: large ones take longer than a lease."""

    def __init__(self, file: BinaryIO, hold: Hold) -> None:
        self.file = file
        self.hold = hold

    def read(self, size: int = -1) -> bytes:
        self.hold.keep()
        return self.file.read(size)

    def seek(self, place: int, whence: int = 0) -> int:
        return self.file.seek(place, whence)

    def tell(self) -> int:
        return self.file.tell()

    def seekable(self) -> bool:
        return True
