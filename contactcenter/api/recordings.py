"""Where telephone systems hand over recordings."""

from typing import Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Status
from ninja.errors import HttpError

from contactcenter.models import CallRecording
from contactcenter.recordings import addresses, intake, spool

from .auth import RecordingToken, announced
from .schemas import Problem, RecordingAddress, RecordingOut, RecordingTold, Text

router = Router(tags=["Recordings"])
FILE = {"schema": {"type": "string", "format": "binary"}}
BODY = {"requestBody": {"required": True, "content": dict.fromkeys(("audio/wav", "audio/mpeg", "audio/ogg"), FILE)}}
PROBLEMS = {401: Problem, 404: Problem, 413: Problem, 422: Problem}
CALL_ID = Path(max_length=128, description="Your id of the call, as in its reports.")


@router.post(
    "/{call_id}/recordings",
    auth=RecordingToken(),
    response={200: RecordingOut, 201: RecordingOut, **PROBLEMS, 503: Problem},
    summary="Send a recording",
    openapi_extra=BODY,
)
def take_recording(request: HttpRequest, told: Query[RecordingTold], call_id: Text = CALL_ID) -> Status[dict[str, Any]]:
    """The body is the file itself: WAV, MP3 or Ogg. 201: it is kept; 200: it was here already.

    Send it again after 503 and after an answer that did not come. Refused with 422: a file of another kind, other
    contents under the same id, a service that keeps no recordings, and a call that must not be recorded; nothing of the
    body is kept then."""
    try:
        recording, new = intake.receive(offer_of(call_id, told), spool.blocks(request), announced=announced(request))
    except intake.UnknownCall as unknown:
        raise HttpError(404, unknown.sentence) from None
    except spool.TooLarge as large:
        raise HttpError(413, large.sentence) from None
    except OSError as trouble:
        raise HttpError(503, f"The recording cannot be kept just now ({trouble.strerror}). Send it again.") from None
    return Status(201 if new else 200, shown(recording))


@router.post(
    "/{call_id}/recordings/fetch",
    response={200: RecordingOut, 202: RecordingOut, **PROBLEMS},
    summary="Have a recording fetched",
)
def fetch_recording(request: HttpRequest, told: RecordingAddress, call_id: Text = CALL_ID) -> Status[dict[str, Any]]:
    """It is fetched soon, and tried again for a day while the address does not answer. Addresses in internal networks
    are fetched only where the administrator allows that network."""
    try:
        recording, new = intake.announce(offer_of(call_id, told), told.url)
    except intake.UnknownCall as unknown:
        raise HttpError(404, unknown.sentence) from None
    return Status(202 if new else 200, shown(recording))


@router.get(
    "/{call_id}/recordings",
    response={200: list[RecordingOut], 401: Problem, 404: Problem},
    summary="Read what became of a call's recordings",
)
def read_recordings(request: HttpRequest, call_id: Text = CALL_ID) -> list[dict[str, Any]]:
    """The oldest first."""
    found = CallRecording.objects.filter(interaction__call_id=call_id).select_related("interaction").order_by("pk")
    return [shown(recording) for recording in found[:100]]


def offer_of(call_id: str, told: RecordingTold) -> intake.Offer:
    return intake.Offer(
        call_id=call_id,
        key=told.recording_id,
        started_at=told.started_at,
        duration_ms=round(told.duration_seconds * 1000),
        channels=told.channels,
        agent_channel=told.agent_channel,
    )


def shown(recording: CallRecording) -> dict[str, Any]:
    """The fields of `RecordingOut`."""
    return {
        "recording_id": recording.key,
        "state": recording.state,
        "why": recording.last_error,
        "content_type": recording.content_type,
        "size": recording.size,
        "sha256": recording.sha256,
        "duration_seconds": recording.duration_ms / 1000,
        "channels": recording.channels,
        "started_at": recording.started_at,
        "address": addresses.of_call(recording.interaction),
    }
