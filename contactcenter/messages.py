"""Internal messages: sentences of scenarios and colleagues on agents' desktops, until they are dismissed. An agent who
is logged out finds them at the next log-in."""

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from . import colleagues, events
from .errors import NotPossible
from .models import Agent, AgentState, Interaction, InternalMessage

KEEP = timedelta(days=30)
SHOWN = 20
SHOWN_OF_TALK = 50
LONGEST = 1_000


@transaction.atomic
def send(
    agents: Iterable[Agent],
    text: str,
    *,
    key: str,
    interaction: Interaction | None = None,
    sender: Agent | None = None,
) -> int:
    """Tell each agent; returns how many were told now. The same key is the same message to an agent."""
    told = 0
    for agent in sorted(
        agents, key=lambda agent: agent.pk
    ):  # one order, so that two senders cannot wait for each other
        message, is_new = InternalMessage.objects.get_or_create(
            agent=agent, key=key, defaults={"text": text, "interaction": interaction, "sender": sender}
        )
        if is_new:
            events.tell(agent, "message", view(message))
            told += 1
    return told


@transaction.atomic
def write(sender: Agent, login: str, key: uuid.UUID, text: str) -> str:
    """A message to a colleague. Returns a sentence where it can only be read later.

    Repeating it with its `key` is harmless. Raises `NotPossible` with the field."""
    text = text.strip()
    if not text:
        raise NotPossible(_("There is nothing to send yet. Write something first."), "text")
    if len(text) > LONGEST:
        words = {"most": LONGEST, "length": len(text)}
        raise NotPossible(_("A message has at most %(most)s characters; this one has %(length)s.") % words, "text")
    to = colleagues.find(sender, login)
    send([to], text, key=f"agent:{sender.pk}:{key}", sender=sender)
    if to.state == AgentState.LOGGED_OUT:
        return _("%(name)s is logged out and finds it at the next log-in.") % {"name": to}
    return ""


def between(agent: Agent, login: str) -> list[dict[str, Any]]:
    """What the agent and a colleague wrote to each other lately, oldest first."""
    theirs, ours = Q(agent=agent, sender__user__username=login), Q(sender=agent, agent__user__username=login)
    newest = InternalMessage.objects.filter(theirs | ours).select_related("interaction", "sender__user")
    return [view(message) for message in reversed(newest.order_by("-id")[:SHOWN_OF_TALK])]


def unread(agent: Agent) -> list[dict[str, Any]]:
    """The newest messages that the agent has not dismissed, the oldest of them first."""
    newest = agent.messages.filter(dismissed_at=None).select_related("interaction", "sender__user").order_by("-id")
    return [view(message) for message in reversed(newest[:SHOWN])]


def view(message: InternalMessage) -> dict[str, Any]:
    interaction, sender = message.interaction, message.sender
    return {
        "id": message.pk,
        "text": message.text,
        "at": message.created_at.isoformat(),
        "reference": interaction.reference if interaction else "",
        "from": {"login": sender.login, "name": str(sender)} if sender else None,
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
