"""Interactions and their history."""

import uuid

from django.db import models

from integrations.models import IntegrationAccount

from .agents import Agent
from .contacts import Contact
from .services import Disposition, Service


class InteractionState(models.TextChoices):
    NEW = "new", "New"
    QUEUED = "queued", "Waiting"
    RINGING = "ringing", "Ringing"
    ACTIVE = "active", "In progress"
    HELD = "held", "On hold"
    WRAP_UP = "wrap_up", "After-call work"
    COMPLETED = "completed", "Completed"
    ABANDONED = "abandoned", "Abandoned"


ENDED = (InteractionState.COMPLETED, InteractionState.ABANDONED)


class Interaction(models.Model):
    """One call or chat, from arrival to the end of after-call work. `contactcenter.interactions` writes its state."""

    class Direction(models.TextChoices):
        INBOUND = "inbound", "Inbound"
        OUTBOUND = "outbound", "Outbound"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    call_id = models.CharField(max_length=128, unique=True, help_text="The telephony platform's id of the call.")
    media = models.CharField(max_length=8, choices=Service.Media.choices, default=Service.Media.VOICE)
    direction = models.CharField(max_length=8, choices=Direction.choices, default=Direction.INBOUND)
    state = models.CharField(max_length=10, choices=InteractionState.choices, default=InteractionState.NEW)
    service = models.ForeignKey(Service, models.PROTECT, null=True, related_name="interactions")
    agent = models.ForeignKey(Agent, models.PROTECT, null=True, related_name="interactions")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="interactions")
    # The customer's and our number, as received and in E.164 (or the raw text where it has no such form).
    customer_number = models.CharField(max_length=128, blank=True)
    customer_e164 = models.CharField(max_length=128, blank=True, db_index=True)
    service_number = models.CharField(max_length=128, blank=True)
    # Who we think it is and why: {"name", "rule", "received", "normalised", "query", "candidates": [...]}.
    caller = models.JSONField(default=dict, blank=True)
    # Records at CRMs: {"interaction": {...}, "caller": {...}, "related": [...]}, each {"account", "kind", "id", "url",
    # "title"}.
    records = models.JSONField(default=dict, blank=True)
    # What scenarios attached, by name: travels to the desktop, the activity history, host pages and automation.
    attached_data = models.JSONField(default=dict, blank=True)
    # The account whose page the answering desktop is embedded in; None: no activity history for this interaction.
    activity_account = models.ForeignKey(IntegrationAccount, models.SET_NULL, null=True, related_name="+")
    disposition = models.ForeignKey(Disposition, models.PROTECT, null=True, blank=True)
    notes = models.TextField(blank=True)
    cause = models.CharField(max_length=40, blank=True)
    offered_at = models.DateTimeField()
    queued_at = models.DateTimeField(null=True)
    ringing_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    # Agents who let it ring out or rejected it are passed over for this interaction.
    declined_by = models.ManyToManyField(Agent, blank=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["agent", "state"], name="interactions_of_agent"),
            models.Index(
                fields=["state", "id"],
                name="interactions_open",
                condition=~models.Q(state__in=["completed", "abandoned"]),
            ),
            models.Index(fields=["service", "offered_at"], name="interactions_of_service"),
            models.Index(fields=["offered_at"], name="interactions_by_arrival"),
            models.Index(fields=["ended_at"], name="interactions_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} {self.media} {self.customer_number or 'anonymous'}"

    @property
    def reference(self) -> str:
        """Short name for people and for finding what we wrote at a vendor: 10 hex characters of the public id."""
        return self.public_id.hex[:10]


class InteractionEvent(models.Model):
    """One thing that happened to an interaction. `key` makes repeated reports of the same thing one row."""

    interaction = models.ForeignKey(Interaction, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=24)
    key = models.CharField(max_length=160)
    at = models.DateTimeField(help_text="When it happened, by the reporter's clock.")
    recorded_at = models.DateTimeField(auto_now_add=True)
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["interaction", "key"], name="interaction_event_once")]
        indexes = [models.Index(fields=["kind", "-id"], name="interaction_events_of_kind")]

    def __str__(self) -> str:
        return self.kind
