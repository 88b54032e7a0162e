"""What a CRM's history of a call is told of its recordings: the address at once, the transcript where the service wants
it there.

The address is derived from the call, so it never has to be waited for. A transcript has: the history leaves when it is
there, and without it after `WAIT`; what is at the CRM then is not written again."""

from datetime import timedelta

from django.utils import timezone

from ..models import CallRecording, Interaction, Service, Transcript
from . import addresses
from .playing import GONE
from .transcribing import AGENT, CUSTOMER

WAIT = timedelta(minutes=5)
LONGEST = 10_000  # characters
NAMES = {AGENT: "Agent: ", CUSTOMER: "Customer: ", "": ""}


def wants_transcript(interaction: Interaction) -> bool:
    service = interaction.service
    wanted = service is not None and service.recordings == Service.Recordings.IN_HISTORY
    return wanted and bool(addresses.to_be_told(interaction))


def transcript(interaction: Interaction) -> str:
    """What was said, a line for each utterance; empty where nothing is known, or the service does not want it told."""
    if not wants_transcript(interaction):
        return ""
    done = Transcript.objects.filter(recording__interaction=interaction, state=Transcript.State.DONE)
    utterances = [each for found in done.order_by("recording_id") for each in found.utterances]
    text = "\n".join(f"{NAMES.get(each['who'], '')}{each['text']}" for each in utterances)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ... (cut; all of it is at the recording)"


def seconds_to_wait(interaction: Interaction) -> float:
    """How long the history may wait for the transcript; 0 where nothing is to come."""
    if not wants_transcript(interaction) or is_settled(interaction):
        return 0
    ended = interaction.ended_at or timezone.now()
    return max(0.0, (ended + WAIT - timezone.now()).total_seconds())


def is_settled(interaction: Interaction) -> bool:
    """Whether there is a recording, and of no recording a transcript to come."""
    recordings = CallRecording.objects.filter(interaction=interaction)
    to_come = recordings.filter(transcript__state=Transcript.State.WAITING).exclude(state__in=GONE)
    return recordings.exists() and not to_come.exists()
