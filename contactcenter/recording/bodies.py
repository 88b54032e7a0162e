"""The bodies of recorder events, profile `rec-json-1`, without the receiver's prefixes."""

from typing import Any

from ..models import Agent, Interaction, InteractionEvent, InteractionState

# The recorder's words for the state of a call in progress.
CALL_STATES = {
    InteractionState.RINGING: "offered",
    InteractionState.ACTIVE: "started",
    InteractionState.HELD: "held",
}
# Words of telephone systems and of our desktop for who ended a call; anything else was the system.
ENDED_BY = {"agent": "agent", "customer": "customer", "caller": "customer", "remote": "customer"}


def agent_body(agent: Agent) -> dict[str, Any]:
    """An agent in the picture at the start of a session."""
    return {
        "agent_id": agent.login,
        "extension": agent.extension,
        "state": agent.state,
        "reason": agent.reason.name if agent.reason else None,
        "since": agent.state_since.isoformat() if agent.state_since else None,
    }


def running_call(interaction: Interaction) -> dict[str, Any]:
    """A call in the picture at the start of a session."""
    state = CALL_STATES[InteractionState(interaction.state)]
    return {**call(interaction), "state": state, "parties": parties(interaction, interaction.agent)}


def call_body(kind: str, interaction: Interaction, event: InteractionEvent, agent: Agent | None) -> dict[str, Any]:
    """The body of one call event, with what its kind requires."""
    body: dict[str, Any] = {"call": call(interaction), "parties": parties(interaction, agent), "cause": None}
    if agent:
        body["agent_id"] = agent.login
    if kind == "call.ended":
        body |= {"cause": cause(interaction), "duration": duration(interaction)}
    elif kind == "call.transferred" and agent:
        to = {"role": "service", "name": interaction.service.name if interaction.service else None}
        body |= {"from_agent_id": agent.login, "party": to, **event.data.get("transfer", {})}
    return body


def call(interaction: Interaction) -> dict[str, Any]:
    """The call as recorders know it: `from` and `to` by direction, in E.164 where there is such a form."""
    customer, ours = interaction.customer_e164 or interaction.customer_number, interaction.service_number
    inbound = interaction.direction == Interaction.Direction.INBOUND
    return {
        "id": interaction.call_id,
        "global_id": str(interaction.public_id),
        "direction": str(interaction.direction),
        "media": str(interaction.media),
        "service": interaction.service.name if interaction.service else None,
        "from": customer if inbound else ours,
        "to": ours if inbound else customer,
    }


def parties(interaction: Interaction, agent: Agent | None) -> list[dict[str, Any]]:
    """Our agent, if there is one, and the customer."""
    ours = [{"role": "agent", "agent_id": agent.login, "extension": agent.extension}] if agent else []
    return [*ours, {"role": "customer", "number": interaction.customer_e164 or interaction.customer_number}]


def cause(interaction: Interaction) -> str:
    """Who ended the call, in the recorder's four words."""
    if interaction.answered_at is None:
        return "abandoned"
    return ENDED_BY.get(interaction.cause.lower(), "system")


def duration(interaction: Interaction) -> int:
    """Whole seconds between answer and end; 0 for a call that was not answered."""
    if not (interaction.answered_at and interaction.ended_at):
        return 0
    return max(0, int((interaction.ended_at - interaction.answered_at).total_seconds()))
