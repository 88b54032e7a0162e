"""Hands the sound of a recording out, from this server or from its storage, and keeps who listened."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import BinaryIO

from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.capabilities import OpenRecording
from integrations.wire import wirelog

from ..errors import NotPossible
from ..models import CallRecording
from . import spool
from .holds import Later, Stuck
from .storages import storage_of

GONE = (CallRecording.State.DELETING, CallRecording.State.DELETED)
# A player asks for a recording in many parts: that is one listening.
ONE_LISTENING = timedelta(minutes=10)
LISTENED = "Listened to the recording"


@contextmanager
def opened(recording: CallRecording, *, start: int = 0, length: int | None = None) -> Iterator[OpenRecording]:
    """The sound from byte `start` on. Raises `NotPossible` with a sentence for the listener, and `IntegrationError`."""
    if recording.state in GONE or not recording.size:
        raise NotPossible("There is no sound: " + recording.get_state_display().lower() + ".")
    try:
        file = spool.path_of(recording.public_id).open("rb")
    except FileNotFoundError:
        with _from_storage(recording, start, length) as found:
            yield found
        return
    with file:
        file.seek(start)
        yield OpenRecording(recording.size, start, recording.content_type, _limited(file, length))


@contextmanager
def _from_storage(recording: CallRecording, start: int, length: int | None) -> Iterator[OpenRecording]:
    recording.refresh_from_db()  # it may have been stored since it was read
    if recording.account is None or not recording.object_key:
        raise NotPossible("The file is not here any more, and no storage account is known for it.")
    try:
        storage = storage_of(recording.account)
    except (Later, Stuck) as reason:
        raise NotPossible(str(reason)) from None
    with ExitStack() as stack:
        with wirelog.for_interaction(recording.interaction.public_id):  # not longer: the flow may end in another thread
            found = stack.enter_context(storage.open(recording.object_key, start=start, length=length))
        yield found


def _limited(file: BinaryIO, length: int | None) -> Iterator[bytes]:
    left = length
    while left is None or left > 0:
        block = file.read(spool.BLOCK if left is None else min(spool.BLOCK, left))
        if not block:
            return
        left = None if left is None else left - len(block)
        yield block


@contextmanager
def whole(recording: CallRecording) -> Iterator[BinaryIO]:
    """All of it as a file that can be sought in."""
    try:
        here = spool.path_of(recording.public_id).open("rb")
    except FileNotFoundError:
        with tempfile.TemporaryFile() as copy, opened(recording) as found:
            for piece in found.pieces:
                copy.write(piece)
            yield copy
        return
    with here:
        yield here


def note_listening(recording: CallRecording, listener: User) -> None:
    """Who has heard it and when, in its change history: once for all the parts that one player asks for."""
    recent = LogEntry.objects.get_for_object(recording).filter(
        action=LogEntry.Action.ACCESS, actor=listener, timestamp__gt=timezone.now() - ONE_LISTENING
    )
    if not recent.exists():
        LogEntry.objects.log_create(
            recording, force_log=True, action=LogEntry.Action.ACCESS, actor=listener,
            additional_data={"sentence": LISTENED},
        )  # fmt: skip
