"""Which user of each CRM our agents are, as the last check found it, and the checks themselves."""

from django.db import models
from django.db.models import Q

from integrations.agent_match import KEYS
from integrations.leases import Leasable
from integrations.models import IntegrationAccount

from .agents import Agent


class MatchStatus(models.TextChoices):
    """The values are those of `integrations.agent_match.Status`."""

    MATCHED = "matched", "Matched"
    BY_HAND = "by_hand", "Set by hand"
    MISSING = "missing", "Missing there"
    INACTIVE = "inactive", "Not active there"
    AMBIGUOUS = "ambiguous", "Several there"


GOOD = (MatchStatus.MATCHED, MatchStatus.BY_HAND)


class AgentMatch(models.Model):
    """What the last check found for one agent at one CRM. `since`: how long the status has been so."""

    account = models.ForeignKey(IntegrationAccount, models.CASCADE, related_name="agent_matches")
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="crm_matches")
    status = models.CharField(max_length=12, choices=MatchStatus.choices)
    vendor_id = models.CharField(max_length=80, blank=True)
    vendor_name = models.CharField(max_length=200, blank=True)
    key = models.CharField("Found by", max_length=20, blank=True, choices=list(KEYS.items()))
    note = models.CharField(max_length=400, blank=True)
    since = models.DateTimeField()
    checked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "agent"], name="one_match_per_agent_and_account")]
        indexes = [models.Index(fields=["account", "status"], name="agent_matches_by_status")]

    def __str__(self) -> str:
        return f"{self.agent_id} at {self.account_id}: {self.status}"


class AgentCheck(Leasable):
    """One look at all agents for one account; the row is the work and then the report.

    `day`: the contact centre's date for the daily check, empty for one that a person asked for. `open` is True while it
    goes on and NULL afterwards. `cursor`: the last agent that was looked at. `problems`: {agent id: status} of those
    without a user; `appeared` and `resolved`: ids that are new or gone in it since the daily check before."""

    account = models.ForeignKey(IntegrationAccount, models.CASCADE, related_name="agent_checks")
    day = models.DateField(null=True)
    asked_by = models.CharField(max_length=150, blank=True)
    asked_at = models.DateTimeField(auto_now_add=True)
    open = models.BooleanField(null=True, default=True, editable=False)
    cursor = models.BigIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    problems = models.JSONField(default=dict)
    appeared = models.JSONField(default=list)
    resolved = models.JSONField(default=list)
    to_tell = models.BooleanField(default=False)
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "open"], name="one_open_agent_check_per_account"),
            models.UniqueConstraint(fields=["account", "day"], name="one_agent_check_per_day"),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(open=True), name="agent_checks_open"),
            models.Index(fields=["id"], condition=Q(to_tell=True), name="agent_checks_to_tell"),
        ]

    def __str__(self) -> str:
        return f"Agents in {self.account}, {self.day or self.asked_by}"
