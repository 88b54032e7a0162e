"""A recording for people: on its own page, on the page of its call, and in the list."""

from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _t

from contactcenter.models import CallRecording, Transcript
from contactcenter.recordings import work
from contactcenter.recordings.playing import GONE
from contactcenter.recordings.transcribing import AGENT, CUSTOMER
from contactcenter.recordings.views import may_listen

State = CallRecording.State
TONES = {
    State.FETCHING: "info",
    State.STORING: "info",
    State.LOCAL: "ok",
    State.STORED: "ok",
    State.STUCK: "bad",
    State.DELETING: "warn",
    State.DELETED: "neutral",
}
TRANSCRIPT_TONES = {
    Transcript.State.WAITING: "info",
    Transcript.State.DONE: "ok",
    Transcript.State.STUCK: "bad",
}
VOICES = {AGENT: _t("Agent"), CUSTOMER: _t("Customer"), "": ""}


def shown(recording: CallRecording, reader: User | AnonymousUser) -> dict[str, Any]:
    transcript = transcript_of(recording)
    listens = may_listen(reader)
    has_sound = recording.state not in GONE and recording.size > 0
    return {
        "recording": recording,
        "tone": TONES[State(recording.state)],
        "why": why(recording),
        "seconds": recording.duration_ms / 1000 if recording.duration_ms else None,
        "transcript": transcript,
        "transcript_tone": TRANSCRIPT_TONES[Transcript.State(transcript.state)] if transcript else "",
        "lines": lines_of(transcript) if transcript and listens else [],
        "plays": has_sound and listens,
        "silent": has_sound and not listens,
        "may_retry": reader.has_perm("contactcenter.change_callrecording") and can_be_retried(recording),
        "may_delete": reader.has_perm("contactcenter.delete_callrecording") and recording.state not in GONE,
    }


def transcript_of(recording: CallRecording) -> Transcript | None:
    return getattr(recording, "transcript", None)


def can_be_retried(recording: CallRecording) -> bool:
    transcript = transcript_of(recording)
    unheard = transcript is not None and transcript.state != Transcript.State.DONE
    return recording.state in (*work.STEPS, State.LOCAL, State.STUCK) or unheard


def why(recording: CallRecording) -> str:
    """Why it is in its state, as a sentence; empty where the state says it all."""
    if recording.state in GONE:
        return recording.last_error or recording.deletion_reason
    if recording.state == State.LOCAL:
        return _("There is no Amazon AWS account, so it stays on this server.")
    return recording.last_error


def lines_of(transcript: Transcript) -> list[dict[str, Any]]:
    """What was said, one line for each utterance: who, when, and the words."""
    return [{**line, "voice": VOICES.get(line["who"], "")} for line in transcript.utterances]
