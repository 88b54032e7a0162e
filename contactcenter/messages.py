"""Internal messages: sentences of scenarios on agents' desktops, until they are dismissed. An agent who is logged out
finds them at the next log-in."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from . import events
from .models import Agent, Interaction, InternalMessage

KEEP = timedelta(days=30)
SHOWN = 20


@transaction.atomic
def send(agents: Iterable[Agent], text: str, *, key: str, interaction: Interaction | None = None) -> int:
    """Tell each agent; returns how many were told now. The same key is the same message to an agent."""
    told = 0
    for agent in sorted(
        agents, key=lambda agent: agent.pk
    ):  # one order, so that two senders cannot wait for each other
        message, is_new = InternalMessage.objects.get_or_create(
            agent=agent, key=key, defaults={"text": text, "interaction": interaction}
        )
        if is_new:
            events.tell(agent, "message", view(message))
            told += 1
    return told


def unread(agent: Agent) -> list[dict[str, Any]]:
    """The newest messages that the agent has not dismissed, the oldest of them first."""
    newest = agent.messages.filter(dismissed_at=None).select_related("interaction").order_by("-id")[:SHOWN]
    return [view(message) for message in reversed(newest)]


def view(message: InternalMessage) -> dict[str, Any]:
    interaction = message.interaction
    return {
        "id": message.pk,
        "text": message.text,
        "at": message.created_at.isoformat(),
        "reference": interaction.reference if interaction else "",
    }


@transaction.atomic
def dismiss(agent: Agent, message_id: int) -> None:
    """The agent has read it: gone on every tab. Harmless when it is gone already."""
    mine = InternalMessage.objects.filter(agent=agent, pk=message_id, dismissed_at=None)
    if mine.update(dismissed_at=timezone.now()):
        events.tell(agent, "message_dismissed", {"id": message_id})


def prune(keep: timedelta = KEEP) -> int:
    """Forget messages older than `keep`; returns how many."""
    return InternalMessage.objects.filter(created_at__lt=timezone.now() - keep).delete()[0]
