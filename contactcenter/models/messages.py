"""What people are told: sentences on agents' desktops, by scenarios and colleagues, and mail by scenarios."""

from django.db import models
from django.db.models import Q

from integrations.leases import Leasable

from .agents import Agent
from .interactions import Interaction


class InternalMessage(models.Model):
    """A sentence for one agent, shown on the desktop until it is dismissed. One writer: `contactcenter.messages`."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="messages")
    # The colleague who wrote it; none where a scenario did.
    sender = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")
    # What it was sent for; the same key is the same message to the agent.
    key = models.CharField(max_length=160)
    interaction = models.ForeignKey(Interaction, models.SET_NULL, null=True, related_name="+")
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    dismissed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["agent", "key"], name="internal_message_once")]
        indexes = [
            models.Index(fields=["agent", "id"], name="messages_to_read", condition=Q(dismissed_at__isnull=True))
        ]

    def __str__(self) -> str:
        return self.text[:60]


class OutgoingMail(Leasable):
    """A mail of a scenario: a row before it leaves. One writer: `contactcenter.mails`, which explains the states."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Not sent"
        UNCERTAIN = "uncertain", "Perhaps not sent"

    key = models.CharField(max_length=160, unique=True)
    interaction = models.ForeignKey(Interaction, models.SET_NULL, null=True, related_name="mails")
    to = models.JSONField(default=list, help_text="Addresses.")
    subject = models.CharField(max_length=250, blank=True)
    body = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["id"], name="mails_to_send", condition=Q(status__in=["waiting", "sending"]))]

    def __str__(self) -> str:
        return self.subject or ", ".join(self.to)
