"""What an agent's desktop must be told, numbered per agent."""

from django.db import models

from .agents import Agent


class AgentEvent(models.Model):
    """One message to a desktop. Written in the transaction that causes it; resumed by number after any gap."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="desktop_events")
    number = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=24)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering = ["agent", "number"]
        constraints = [models.UniqueConstraint(fields=["agent", "number"], name="agent_event_number")]

    def __str__(self) -> str:
        return f"{self.agent_id}/{self.number} {self.kind}"
