"""One step of a recording or a transcript, by whoever holds its lease: how long it is held, and what failures lead to.

*Later* and *Unavailable* wait with growing pauses, *Stuck* and *Rejected* need a person; a step that dies with its
process is done again when the lease has run out, so every step may be repeated."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from integrations import leases
from integrations.errors import AuthenticationFailed, IntegrationError, RateLimited, Rejected
from integrations.fields import SecretUnreadable
from integrations.http import cleansed
from integrations.wire import wirelog

from ..crm_access import note_health
from ..models import CallRecording, Transcript
from ..nudge import nudge
from ..outbox.delivery import LONGEST_BACK_OFF, back_off

logger = logging.getLogger(__name__)
LEASE_SECONDS = 120.0
REFUSED_PAUSE = 60.0  # seconds; an administrator has to act
Row = CallRecording | Transcript


def soon(recording: CallRecording) -> None:
    """Have it brought on after the caller's transaction."""
    from ..tasks import bring_recording_on

    nudge(bring_recording_on, recording.pk)


class Stuck(Exception):
    """A person has to act; the sentence says what happened and what to do."""


class Later(Exception):
    """Not now: the same again after a pause."""


class Lost(Exception):
    """The lease ran out, or the row is gone: leave everything to whoever has it now."""


class Hold:
    """The right to work on a row, as long as `keep` is called now and then."""

    def __init__(self, row: Row, owner: str) -> None:
        self.row = row
        self.owner = owner
        self.extended = time.monotonic()

    def keep(self) -> None:
        """Called for every piece of a long piece of work. Raises `Lost`."""
        if time.monotonic() - self.extended < LEASE_SECONDS / 4:
            return
        if not leases.extend(self.row, self.owner, seconds=LEASE_SECONDS):
            raise Lost
        self.extended = time.monotonic()

    def save(self, **changes: Any) -> None:
        """Write while the row is ours and in the state in which we took it. Raises `Lost`."""
        mine = type(self.row).objects.filter(pk=self.row.pk, lease_owner=self.owner, state=self.row.state)
        if not mine.update(**changes):
            raise Lost
        for name, value in changes.items():
            setattr(self.row, name, value)


def carry_out(row: Row, step: Callable[[Any, Hold], None], *, where: Q) -> bool:
    """Do one step for the row if it is due and free; False where it was not, or did not come to its end."""
    due = where & Q(due_at__lte=timezone.now())
    owner = leases.claim(row, seconds=LEASE_SECONDS, where=due)
    if not owner:
        return False
    row.refresh_from_db()
    hold = Hold(row, owner)
    try:
        return _guarded(row, step, hold)
    except Lost:
        logger.warning("%s %s was taken over while it was worked on.", type(row).__name__, row.pk)
        return False
    finally:
        leases.release(row, owner)


def _guarded(row: Row, step: Callable[[Any, Hold], None], hold: Hold) -> bool:
    call = row.interaction if isinstance(row, CallRecording) else row.recording.interaction
    try:
        with wirelog.for_interaction(call.public_id):
            step(row, hold)
        return True
    except (Stuck, Rejected) as reason:
        hold.save(state=row.State.STUCK, last_error=_words(reason), attempts=row.attempts + 1)
    except (Later, IntegrationError, SecretUnreadable, OSError) as reason:
        _wait(row, hold, _pause(reason, row.attempts), _words(reason))
    except Lost:
        raise
    except Exception as fault:
        logger.exception("%s %s could not be worked on; it is tried again.", type(row).__name__, row.pk)
        _wait(row, hold, LONGEST_BACK_OFF, f"A fault in this software: {type(fault).__name__}. It is in the log.")
    return False


def _words(reason: Exception) -> str:
    return str(cleansed(reason) if isinstance(reason, IntegrationError) else reason)


def _pause(reason: Exception, attempts: int) -> float:
    own = back_off(attempts + 1) * float(settings.BACK_OFF_SCALE)
    if isinstance(reason, RateLimited):
        return max(own, reason.retry_after)
    return max(own, REFUSED_PAUSE) if isinstance(reason, AuthenticationFailed | SecretUnreadable) else own


def _wait(row: Row, hold: Hold, seconds: float, words: str) -> None:
    due = timezone.now() + timedelta(seconds=seconds)
    hold.save(due_at=due, last_error=words, attempts=row.attempts + 1)


def failed_at(row: Row, error: IntegrationError) -> IntegrationError:
    """Tell the account's health what happened on its way; returns the error."""
    if row.account is not None:
        note_health(row.account, error)
    return error
