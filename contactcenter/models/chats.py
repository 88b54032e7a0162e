"""Chats: conversations with customers who write in a messenger. Each is an interaction with messages."""

import uuid

from django.db import models

from integrations.leases import Leasable
from integrations.models import InboundEvent, IntegrationAccount

from .agents import Agent
from .interactions import Interaction
from .services import Service


class ServiceMessenger(models.Model):
    """A messenger account whose customers reach a service."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="messengers")
    account = models.OneToOneField(
        IntegrationAccount,
        models.CASCADE,
        related_name="+",
        limit_choices_to={"type": "messenger"},
        error_messages={"unique": "This messenger reaches another service already."},
    )

    def __str__(self) -> str:
        return str(self.account)


class Chat(Leasable):
    """What an interaction is at the messenger. Whoever holds the lease sends its messages, in order."""

    interaction = models.OneToOneField(Interaction, models.CASCADE, related_name="chat")
    account = models.ForeignKey(IntegrationAccount, models.PROTECT, related_name="+")
    # Where an answer goes, by the vendor's id; set while the chat is open, so that one customer has one open chat.
    conversation = models.CharField(max_length=200)
    open_key = models.CharField(max_length=240, unique=True, null=True)
    reply_token = models.CharField(max_length=200, blank=True)
    out_of_reach = models.BooleanField(default=False)
    # The bot's memory of the conversation, and what it proposes to answer: [{"text", "confidence"}].
    bot_state = models.JSONField(default=dict)
    suggestions = models.JSONField(default=list)
    # While the chat bot of a service answers by itself: that service, and the last message it has heard.
    bot_service = models.ForeignKey(Service, models.PROTECT, null=True, related_name="+")
    bot_heard = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.account}: {self.conversation}"


class ChatMessage(models.Model):
    """One thing that was said. Outgoing ones go from waiting over sending to sent; uncertain means that nobody knows
    whether the customer got it, so it is not repeated without being asked."""

    class Status(models.TextChoices):
        RECEIVED = "received", "Received"
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Sending"
        SENT = "sent", "Sent"
        DELIVERED = "delivered", "Delivered"
        SEEN = "seen", "Seen"
        FAILED = "failed", "Not sent"
        UNCERTAIN = "uncertain", "Perhaps not sent"

    chat = models.ForeignKey(Chat, models.CASCADE, related_name="messages")
    inbound = models.OneToOneField(InboundEvent, models.SET_NULL, null=True, related_name="+")
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")
    by_bot = models.BooleanField(default=False)
    # Outgoing: made up by the desktop, so that a second click or a repeated request is the same message.
    key = models.UUIDField(unique=True, null=True)
    text = models.TextField(blank=True)
    # [{"type": "picture", "url", "ref", ...}] as the provider tells it.
    media = models.JSONField(default=list)
    at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RECEIVED)
    # How the customer feels: positive, neutral or negative, and from -1 to 1; empty where nobody was asked.
    mood = models.CharField(max_length=10, blank=True)
    mood_score = models.FloatField(null=True)
    vendor_id = models.CharField(max_length=200, blank=True, db_index=True)
    error = models.TextField(blank=True)
    not_before = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["id"], name="chat_messages_to_send", condition=models.Q(status__in=["waiting", "sending"])
            )
        ]

    def __str__(self) -> str:
        return self.text[:60] or "(picture)"

    @property
    def is_ours(self) -> bool:
        return self.status != self.Status.RECEIVED


class ChatFile(models.Model):
    """A picture or file of a chat, kept for a while. In the database, where every process of the product finds it."""

    chat = models.ForeignKey(Chat, models.CASCADE, related_name="files")
    # None while an agent's picture is uploaded and not yet sent. `number` is its place in the message's `media`.
    message = models.ForeignKey(ChatMessage, models.CASCADE, null=True, related_name="files")
    number = models.PositiveSmallIntegerField(default=0)
    public_id = models.UUIDField(unique=True, default=uuid.uuid4)
    name = models.CharField(max_length=200, blank=True)
    # By the first bytes, where it is a picture that browsers show; empty for everything else.
    content_type = models.CharField(max_length=20, blank=True)
    content = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "number"], name="one_file_at_a_place")]

    def __str__(self) -> str:
        return self.name or str(self.public_id)
