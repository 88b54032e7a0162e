"""Presence kept alike here and in a CRM: the switch of each account, its rules, and where each agent stands."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from integrations.leases import Leasable
from integrations.models import IntegrationAccount

from .agents import Agent, AgentState, NotReadyReason


class PresenceSync(Leasable):
    """Whether and how one account takes part. Leased while its statuses are read.

    `statuses`: [[id, name, available]] as the CRM has them, for forms and pages. `cursor`: the last agent that was
    looked at in this round; 0 between rounds."""

    account = models.OneToOneField(IntegrationAccount, models.CASCADE, related_name="presence_sync")
    enabled = models.BooleanField(default=False)
    poll_seconds = models.PositiveIntegerField(default=30, validators=[MaxValueValidator(3600)])
    changes_per_minute = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(2), MaxValueValidator(60)]
    )
    statuses = models.JSONField(default=list)
    cursor = models.BigIntegerField(default=0)
    round_began = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    failures = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"Presence in {self.account_id}"

    def name_of(self, status_id: str) -> str:
        """The CRM's name of a status; the id where it is not known."""
        return next((name for known, name, _available in self.statuses if known == status_id), status_id)


class PresenceRule(models.Model):
    """Ours to theirs: an agent who becomes `state` (`reason`), coming from `from_state` (`from_reason`), gets
    `their_status`. Theirs to ours: `their_status` makes the agent, who is in `from_state`, `state` (`reason`).

    An empty state or reason stands for any; the first rule that fits counts."""

    class Direction(models.TextChoices):
        OUT = "out", "Ours to theirs"
        IN = "in", "Theirs to ours"

    class Condition(models.TextChoices):
        ANY = "any", "Always"
        ON_CALL = "on_call", "Only while a call or chat rings, runs or is wrapped up"
        OFF_CALL = "off_call", "Only while there is no call or chat"

    account = models.ForeignKey(IntegrationAccount, models.CASCADE, related_name="presence_rules")
    direction = models.CharField(max_length=3, choices=Direction.choices)
    enabled = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)
    from_state = models.CharField(max_length=12, choices=AgentState.choices, blank=True)
    from_reason = models.ForeignKey(NotReadyReason, models.CASCADE, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=12, choices=AgentState.choices, blank=True)
    reason = models.ForeignKey(NotReadyReason, models.CASCADE, null=True, blank=True, related_name="+")
    condition = models.CharField(max_length=8, choices=Condition.choices, default=Condition.ANY)
    their_status = models.CharField(max_length=80)

    class Meta:
        ordering = ["direction", "position", "pk"]
        indexes = [models.Index(fields=["account", "direction"], name="presence_rules_of_account")]

    def __str__(self) -> str:
        return f"{self.direction} {self.state or '*'} {self.their_status}"


class AgentPresenceRow(Leasable):
    """Where one agent stands at one account. Leased while `wanted` is sent.

    `wanted`: the status to be sent, empty when nothing is; a newer one replaces it. `sent`: the last status that we let
    go, noted before the request leaves; empty again once the other side has changed it. `before`: what they had then.
    `seen`: what they have, as far as we know. `echo_state` and `echo_reason`: the state of ours that `seen` stands for,
    where they changed first: becoming it is not sent back. `changes`: times (seconds since 1970) of changes within the
    last minute, in both directions."""

    class Origin(models.TextChoices):
        OURS = "ours", "Us"
        THEIRS = "theirs", "CRM"

    account = models.ForeignKey(IntegrationAccount, models.CASCADE, related_name="agent_presences")
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="presences")
    wanted = models.CharField(max_length=80, blank=True)
    wanted_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    sent = models.CharField(max_length=80, blank=True)
    sent_at = models.DateTimeField(null=True)
    before = models.CharField(max_length=80, blank=True)
    seen = models.CharField(max_length=80, blank=True)
    seen_at = models.DateTimeField(null=True)
    # The page around the agent's desktop said that something changed: look soon.
    look_at = models.DateTimeField(null=True)
    echo_state = models.CharField(max_length=12, blank=True)
    echo_reason = models.ForeignKey(NotReadyReason, models.SET_NULL, null=True, related_name="+")
    origin = models.CharField(max_length=6, choices=Origin.choices, blank=True)
    changed_at = models.DateTimeField(null=True)
    changes = models.JSONField(default=list)
    held_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    trouble = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "agent"], name="one_presence_per_agent_and_account")]
        indexes = [
            models.Index(fields=["due_at"], condition=~Q(wanted=""), name="presences_to_send"),
            models.Index(fields=["look_at"], condition=Q(look_at__isnull=False), name="presences_to_look_at"),
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} at {self.account_id}: {self.seen or '?'}"
