"""Where the recordings of a call are found: an address that holds for ever and lets nobody in by itself.

It is made from the call and not from a recording, so a CRM can be given it before the recording is here. Whoever
follows it logs in, and is led to the call's page."""

from django.conf import settings
from django.urls import reverse

from ..models import Interaction
from . import consent


def of_call(interaction: Interaction) -> str:
    return f"{settings.PUBLIC_URL}{reverse('call_recording', args=[interaction.public_id])}"


def to_be_told(interaction: Interaction) -> str:
    """The address for an activity history; empty for a call of which no recording is kept, or that nobody answered."""
    if interaction.answered_at is None or consent.refusal(interaction):
        return ""
    return of_call(interaction)
