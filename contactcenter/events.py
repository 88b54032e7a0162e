"""What an agent's desktop must be told: a numbered row in the transaction that causes it, and the bell after it.

Kinds: "state", "interaction", "screen_pop", "notice", "logout". A desktop that was away asks for everything after the
last number that it saw, so nothing depends on a connection being up at the right moment."""

from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from . import bell
from .models import Agent, AgentEvent

KEEP = timedelta(hours=24)
MOST_AT_ONCE = 500


@transaction.atomic(savepoint=False)  # nobody goes on after a failure of it, so it needs no point to go back to
def tell(agent: Agent, kind: str, data: dict[str, Any]) -> AgentEvent:
    """Add one event for the agent's desktop to the caller's transaction. `data` is JSON.

    The number comes from the agent's row, whose lock keeps two writers from taking the same one."""
    mine = Agent.objects.filter(pk=agent.pk)
    mine.update(last_event_number=F("last_event_number") + 1)
    agent.last_event_number = mine.values_list("last_event_number", flat=True).get()
    event = AgentEvent.objects.create(agent_id=agent.pk, number=agent.last_event_number, kind=kind, data=data)
    transaction.on_commit(partial(bell.ring, event))
    return event


def notice(agent: Agent, text: str, *, level: str = "info") -> AgentEvent:
    """A sentence on the desktop. `level`: "info", "warning" or "error"."""
    return tell(agent, "notice", {"level": level, "text": text})


def since(agent: Agent, number: int) -> list[AgentEvent]:
    """The agent's events after `number`, oldest first, at most 500: ask again until the list is empty.

    Where the first one is not `number + 1`, older ones are pruned: show the overview afresh."""
    return list(agent.desktop_events.filter(number__gt=number).order_by("number")[:MOST_AT_ONCE])


def prune(keep: timedelta = KEEP) -> int:
    """Forget events older than `keep`; returns how many."""
    return AgentEvent.objects.filter(created_at__lt=timezone.now() - keep).delete()[0]
