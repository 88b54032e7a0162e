"""Deletes recordings: when somebody asks, when their time is over, and when they should never have been kept.

The sound goes, in the storage too, and so does what was said; that there was a recording, and who wanted it gone, stays
known."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from integrations.errors import IntegrationError
from integrations.fields import Sealed

from ..models import CallRecording, ContactCenter, Transcript
from . import spool
from .holds import Hold, failed_at, soon
from .storages import storage_of

State = CallRecording.State
ALIVE = (State.FETCHING, State.STORING, State.LOCAL, State.STORED, State.STUCK)


def ask(recording: CallRecording, reason: str) -> bool:
    """Have a recording deleted. False where it is, or is about to be."""
    alive = CallRecording.objects.filter(pk=recording.pk, state__in=ALIVE)
    asked = alive.update(state=State.DELETING, deletion_reason=reason[:200], due_at=timezone.now(), attempts=0)
    if asked:
        soon(recording)
    return bool(asked)


def retire() -> int:
    """Have everything deleted that is older than the contact centre keeps; returns how many. Called every hour."""
    days = ContactCenter.current().recordings_kept_days
    if not days:
        return 0
    old = CallRecording.objects.filter(state__in=ALIVE, received_at__lt=timezone.now() - timedelta(days=days))
    return old.update(
        state=State.DELETING, deletion_reason=f"Kept for {days} days", due_at=timezone.now(), attempts=0
    )  # fmt: skip


def delete(recording: CallRecording, hold: Hold) -> None:
    """One attempt. The object goes first: a crash in between leaves a row that still says what is to be deleted."""
    if recording.account is not None and recording.object_key:
        try:
            storage_of(recording.account).delete(recording.object_key)
        except IntegrationError as error:
            raise failed_at(recording, error) from None
    give_up(recording, hold, recording.deletion_reason)


def give_up(recording: CallRecording, hold: Hold, reason: str) -> None:
    """The row of a recording that is in no storage any more, and its file here."""
    spool.remove(recording.public_id)
    with transaction.atomic():
        Transcript.objects.filter(recording=recording).delete()
        hold.save(
            state=State.DELETED, deleted_at=timezone.now(), deletion_reason=reason[:200], last_error="",
            source=Sealed(""), account=None, attempts=0,
        )  # fmt: skip
