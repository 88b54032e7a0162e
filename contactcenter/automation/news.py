"""What happens here, for platforms that start workflows elsewhere (Zapier): the newest events of a kind, asked for by
polling.

Everything told is read from the history that is kept anyway, so nothing is lost while a platform is away, and an event
has the same id whenever it is told. What a scenario wants to tell beyond that it writes into the history (`signal`)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from integrations.capabilities import AutomationEvent

from .. import interactions
from ..models import AgentStateChange, Interaction, InteractionEvent

MOST_AT_ONCE = 100  # Zapier takes at most a hundred new items per poll
SIGNAL = "signal"
RELATED = ("interaction__service", "interaction__contact", "interaction__disposition", "interaction__agent__user")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event. `newest` gives at most so many, the newest first."""

    label: str
    description: str
    newest: Callable[[int], list[AutomationEvent]]


def described() -> list[dict[str, str]]:
    """The kinds, for a platform's drop-down list."""
    return [{"id": key, "name": kind.label, "description": kind.description} for key, kind in KINDS.items()]


@transaction.atomic
def signal(interaction: Interaction, name: str, fields: dict[str, Any], *, key: str) -> None:
    """Keep a scenario's signal with its fields. The same key given twice is one signal."""
    held = interactions.locked(interaction.pk)
    if not held.events.filter(key=key).exists():
        interactions.record(held, SIGNAL, key=key, agent=held.agent, data={"signal": name, "fields": fields})


# -- from the history


def _from_history(kind: str, history: str, most: int) -> list[AutomationEvent]:
    rows = InteractionEvent.objects.filter(kind=history).select_related("agent__user", *RELATED)
    return [AutomationEvent(f"event-{row.pk}", kind, row.at, _of_event(row)) for row in rows.order_by("-id")[:most]]


def _of_event(row: InteractionEvent) -> dict[str, Any]:
    """The same names in every event of a kind: what is not known is null, never absent."""
    told = row.data.get("fields", {}) if row.kind == SIGNAL else {}
    extra = {"signal": row.data.get("signal", "")} if row.kind == SIGNAL else {}
    agent = row.agent or row.interaction.agent
    return {**told, **extra, **_of_interaction(row.interaction), "agent": agent.login if agent else None}


def _of_interaction(interaction: Interaction) -> dict[str, Any]:
    contact, disposition = interaction.contact, interaction.disposition
    return {
        "interaction": str(interaction.public_id),
        "media": interaction.media,
        "direction": interaction.direction,
        "state": interaction.state,
        "service": interaction.service.name if interaction.service else None,
        "customer_number": interaction.customer_e164 or None,
        "customer_name": interaction.caller.get("name") or (str(contact) if contact else None),
        "customer_email": (contact.email or None) if contact else None,
        "disposition": disposition.name if disposition else None,
        "notes": interaction.notes or None,
        "attached_data": interaction.attached_data,
        "cause": interaction.cause or None,
        "arrived_at": interaction.offered_at,
        "answered_at": interaction.answered_at,
        "ended_at": interaction.ended_at,
        "talk_seconds": _seconds(interaction.answered_at, interaction.ended_at),
    }


def _seconds(begin: datetime | None, end: datetime | None) -> int | None:
    return max(int((end - begin).total_seconds()), 0) if begin and end else None


def _agent_states(most: int) -> list[AutomationEvent]:
    rows = AgentStateChange.objects.select_related("agent__user", "agent__team", "reason").order_by("-id")[:most]
    return [AutomationEvent(f"state-{row.pk}", "agent_state_changed", row.began_at, _of_state(row)) for row in rows]


def _of_state(row: AgentStateChange) -> dict[str, Any]:
    agent = row.agent
    return {
        "agent": agent.login,
        "agent_name": agent.user.get_full_name() or agent.login,
        "team": agent.team.name if agent.team else None,
        "state": row.state,
        "reason": row.reason.name if row.reason else None,
    }


# Name of the event -> how people call it, what it says, and the kind in the history.
FROM_HISTORY = {
    "interaction_offered": ("Interaction arrived", "A call or chat arrives.", "offered"),
    "interaction_answered": ("Interaction answered", "An agent talks with the customer.", "answered"),
    "interaction_abandoned": ("Interaction abandoned", "The customer left before anybody answered.", "abandoned"),
    "interaction_ended": (
        "Interaction ended", "The conversation is over; disposition and notes may still come.", "released",
    ),
    "interaction_completed": (
        "Interaction completed", "After-call work is done: disposition and notes are final.", "completed",
    ),
    "scenario_signal": (
        "Signal of a scenario", "A scenario came to a Zapier Signal block, which says what is told.", SIGNAL,
    ),
}  # fmt: skip
KINDS: dict[str, Kind] = {
    **{
        name: Kind(label, words, partial(_from_history, name, history))
        for name, (label, words, history) in FROM_HISTORY.items()
    },
    "agent_state_changed": Kind("Agent state changed", "An agent entered another state.", _agent_states),
}
