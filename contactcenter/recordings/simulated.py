"""What the simulated line records of its calls: a short talk, spoken by the voices of the simulated vendors, the agent
on the left channel and the customer on the right one. Where no voice is installed, tones."""

import array
import math
from collections.abc import Iterator

from integrations import sound
from integrations.simulators.speech.voices import CannotSpeak, speak
from integrations.sound import Sound

from ..models import CallRecording, Interaction
from . import consent, intake
from .transcribing import AGENT, CUSTOMER

RATE = 8000
PAUSE = 0.6  # seconds between two turns
TALK = (
    (AGENT, "Thank you for calling customer support. How can I help you today?"),
    (CUSTOMER, "My order has not arrived and I would like to cancel it."),
    (AGENT, "I am sorry to hear that. I will cancel the order for you."),
    (CUSTOMER, "Thank you very much for your help."),
)
VOICES = {AGENT: "rms", CUSTOMER: "kal16"}
TONES = {AGENT: 440.0, CUSTOMER: 660.0}
TONE_SECONDS = 1.5
LOUD = 6000


def record(interaction_id: int) -> CallRecording | None:
    """Hand a recording of the call over, as a telephone system does; None where none may be kept."""
    interaction = Interaction.objects.select_related("service").get(pk=interaction_id)
    if interaction.answered_at is None or consent.refusal(interaction):
        return None
    offer = intake.Offer(call_id=interaction.call_id, key="simulated", started_at=interaction.answered_at)
    return intake.receive(offer, [talk()])[0]


def talk() -> bytes:
    """The talk as a WAV file of two channels: while one speaks the other one is silent."""
    sides = {AGENT: b"", CUSTOMER: b""}
    pause = sound.silence(PAUSE, RATE).samples
    for who, said in turns():
        quiet = bytes(len(said.samples))
        sides = {side: heard + (said.samples if side == who else quiet) + pause for side, heard in sides.items()}
    return sound.stereo_wav_of(Sound(sides[AGENT], RATE), Sound(sides[CUSTOMER], RATE))


def turns() -> Iterator[tuple[str, Sound]]:
    for who, text in TALK:
        try:
            yield who, sound.resampled(speak(text, VOICES[who]), RATE)
        except CannotSpeak:
            yield who, tone(TONES[who])


def tone(pitch: float) -> Sound:
    heights = (LOUD * math.sin(2 * math.pi * pitch * n / RATE) for n in range(int(TONE_SECONDS * RATE)))
    return Sound(array.array("h", map(round, heights)).tobytes(), RATE)
