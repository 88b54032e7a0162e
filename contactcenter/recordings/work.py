"""Which recordings and transcripts are due, and bringing them on. Few at once: they are large, and vendors are slow."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from integrations import leases

from ..models import CallRecording, Transcript
from ..nudge import nudge
from . import deleting, fetching, holds, storages, storing, transcribing

State = CallRecording.State
STEPS = {State.FETCHING: fetching.fetch, State.STORING: storing.store, State.DELETING: deleting.delete}
OPEN = Q(state__in=list(STEPS))
# A transcript needs the sound, wherever it lies.
OPEN_TRANSCRIPT = Q(state=Transcript.State.WAITING, recording__size__gt=0)
MOST_AT_ONCE = 3
MESSAGE_SECONDS = 5.0  # the next sweep has sent another message then


def send_due() -> int:
    """Hand out what is due, every second; returns how many recordings."""
    from ..tasks import bring_recording_on

    found = [*_due(CallRecording.objects.filter(OPEN)).values_list("pk", flat=True)]
    found += _due(Transcript.objects.filter(OPEN_TRANSCRIPT)).values_list("recording_id", flat=True)
    for pk in dict.fromkeys(found):
        nudge(bring_recording_on, pk, expires=MESSAGE_SECONDS)
    return len(found)


def _due(rows: QuerySet[Any]) -> QuerySet[Any]:
    now = timezone.now()
    room = MOST_AT_ONCE - rows.filter(leased_until__gt=now).count()
    return rows.filter(leases.free(now), due_at__lte=now).order_by("due_at", "pk")[: max(0, room)]


def bring_on(recording_id: int) -> None:
    """Go on with a recording until it waits for something, then with its transcript."""
    from .. import activities

    recording = CallRecording.objects.filter(pk=recording_id).first()
    if recording is None:
        return
    while recording.state in STEPS:
        step = STEPS[State(recording.state)]
        if not holds.carry_out(recording, step, where=Q(state=recording.state)):
            break
        recording.refresh_from_db()
    transcript = Transcript.objects.filter(OPEN_TRANSCRIPT, recording=recording).first()
    if transcript is not None:
        holds.carry_out(transcript, transcribing.transcribe, where=Q(state=Transcript.State.WAITING))
        activities.add_transcript(recording.interaction_id)


def retry(recording: CallRecording) -> bool:
    """*Try again*: what is stuck or waits is due now. False where there is nothing to do."""
    now = timezone.now()
    fresh = {"due_at": now, "attempts": 0}
    waiting = CallRecording.objects.filter(pk=recording.pk, state__in=(*STEPS, State.LOCAL, State.STUCK))
    tried = waiting.update(state=_open_state(recording), **fresh)
    unheard = Transcript.objects.filter(recording=recording).exclude(state=Transcript.State.DONE)
    tried += unheard.update(state=Transcript.State.WAITING, **fresh)
    if tried:
        holds.soon(recording)
    return bool(tried)


def _open_state(recording: CallRecording) -> State:
    """The state in which a recording goes on that got stuck."""
    if recording.deletion_reason:
        return State.DELETING
    return State.STORING if recording.size else State.FETCHING


def store_those_kept_here() -> int:
    """Recordings that stayed here for want of an account go to the storage, if there is one now. Every hour."""
    if storages.default_account() is None:
        return 0
    return CallRecording.objects.filter(state=State.LOCAL).update(state=State.STORING, due_at=timezone.now())
