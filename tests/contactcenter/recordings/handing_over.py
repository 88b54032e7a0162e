"""What telephone systems hand over, and what becomes of it."""

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from contactcenter.models import CallRecording, Transcript
from contactcenter.recordings import work
from integrations.sound import Sound, silence, stereo_wav_of, wav_of
from tests.integrations.providers.recognisers import samples

STARTED = datetime(2026, 1, 15, 9, 0, 2, tzinfo=UTC)
WAV = wav_of(silence(1, 8000))
MP3 = b"\xff\xfb\x90\x64" + bytes(400)
OGG = b"OggS" + bytes(60)


def conversation() -> bytes:
    """The agent says good morning on the left channel, then the customer complains on the right one."""
    agent, customer = samples("good_morning"), samples("late_delivery")
    return stereo_wav_of(Sound(agent + bytes(len(customer)), 8000), Sound(bytes(len(agent)) + customer, 8000))


def bring_on(recording: CallRecording, *, again: bool = False) -> CallRecording:
    """What a worker does; `again`: after the pause of a failure."""
    if again:
        CallRecording.objects.filter(pk=recording.pk).update(due_at=timezone.now(), leased_until=None)
        Transcript.objects.filter(recording=recording).update(due_at=timezone.now(), leased_until=None)
    work.bring_on(recording.pk)
    return CallRecording.objects.select_related("interaction__service", "account").get(pk=recording.pk)


def objects(bucket: Any) -> dict[str, Any]:
    """What the simulated bucket holds beside the recordings it begins with, by key."""
    return {
        each["key"]: each
        for each in bucket.board()["objects"]
        if "1001_" not in each["key"] and "1002_" not in each["key"]
    }
