"""Recordings of calls and what was said in them. `contactcenter.recordings` writes both."""

import uuid

from django.db import models
from django.db.models import Q

from integrations.fields import EncryptedField
from integrations.leases import Leasable
from integrations.models import IntegrationAccount

from .interactions import Interaction


class CallRecording(Leasable):
    """One recording of one call, from the moment it was handed over. What is known of it outlives its sound."""

    class State(models.TextChoices):
        FETCHING = "fetching", "To be fetched"
        STORING = "storing", "To be stored"
        LOCAL = "local", "Kept on this server"
        STORED = "stored", "Stored"
        STUCK = "stuck", "Needs attention"
        DELETING = "deleting", "To be deleted"
        DELETED = "deleted", "Deleted"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    interaction = models.ForeignKey(Interaction, models.PROTECT, related_name="recordings")
    key = models.CharField(max_length=160, help_text="The telephone system's id of the recording.")
    # Where the sound is to be fetched, until it was: such addresses often carry a password.
    source = EncryptedField()
    content_type = models.CharField(max_length=40, blank=True)
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes.")
    sha256 = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField()
    duration_ms = models.PositiveBigIntegerField(default=0, help_text="0: not known.")
    channels = models.PositiveSmallIntegerField(default=1)
    agent_channel = models.PositiveSmallIntegerField(default=1, help_text="Of two channels the one with the agent.")
    received_at = models.DateTimeField(auto_now_add=True)

    state = models.CharField(max_length=8, choices=State.choices, default=State.STORING)
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)
    # Where it was put. Noted before it leaves: a later attempt goes to the same place. An account that holds recordings
    # cannot be removed, or nobody could delete them any more.
    account = models.ForeignKey(IntegrationAccount, models.PROTECT, null=True, related_name="+")
    object_key = models.CharField(max_length=1024, blank=True)
    stored_at = models.DateTimeField(null=True)
    # Who or what wanted it deleted; empty: nobody.
    deletion_reason = models.CharField(max_length=200, blank=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "recording"
        permissions = [("listen_callrecording", "Can listen to recordings and read transcripts")]
        constraints = [models.UniqueConstraint(fields=["interaction", "key"], name="call_recording_once")]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="call_recordings_due",
                condition=Q(state__in=["fetching", "storing", "deleting"]),
            ),
            models.Index(fields=["state", "received_at"], name="call_recordings_by_state"),
        ]

    def __str__(self) -> str:
        return f"Recording of {self.interaction}"


class Transcript(Leasable):
    """What was said in a recording, as a recogniser understood it."""

    class State(models.TextChoices):
        WAITING = "waiting", "To be transcribed"
        DONE = "done", "Transcribed"
        STUCK = "stuck", "Needs attention"

    recording = models.OneToOneField(CallRecording, models.CASCADE, related_name="transcript")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)
    account = models.ForeignKey(IntegrationAccount, models.SET_NULL, null=True, related_name="+")
    # {"who": "agent", "customer" or "", "start": seconds, "end": seconds, "text", "confidence"}, in the order of time;
    # times and confidence None where the recogniser does not tell them.
    utterances = models.JSONField(default=list, blank=True)
    # The same words in one piece, for searching.
    text = models.TextField(blank=True)
    made_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["due_at"], name="transcripts_due", condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return f"Transcript of {self.recording}"
