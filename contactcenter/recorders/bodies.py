"""The bodies of recorder events, profile `rec-json-1`, without the receiver's prefixes."""

from collections.abc import Iterable
from typing import Any

from ..models import Agent, Interaction, InteractionEvent, InteractionState

# The recorder's words for the state of a call in progress.
CALL_STATES = {
    InteractionState.RINGING: "offered",
    InteractionState.ACTIVE: "started",
    InteractionState.HELD: "held",
}
# After these a call, or its part at one agent, is over, or an agent is gone; a new session tells of ends before it.
CLOSING = ("session.start", "call.ended", "call.transferred", "agent.logout")
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
    told = {"state": state, "parties": parties(interaction, interaction.agent), "data": interaction.attached_data}
    return {**call(interaction), **told}


def closed(unheard: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """What is over without the recorder's having heard it, from the (type, body) of events that are dropped, in order.

    A recorder that takes a new session as the whole picture needs none of it; one that is told of phone by phone would
    wait for these ends for ever. Of each agent it is the first call: later ones the recorder has not heard of."""
    calls: dict[str, dict[str, Any]] = {}
    agents: dict[str, dict[str, Any]] = {}
    for kind, body in unheard:
        told = body.get("closed") or {}  # of a session that never got through
        agents |= {agent["agent_id"]: agent for agent in told.get("agents", ())}
        calls = {call["parties"][0]["agent_id"]: call for call in told.get("calls", ())} | calls
        if kind == "agent.logout":
            agents[body["agent_id"]] = {"agent_id": body["agent_id"], "extension": body["extension"]}
        elif kind in CLOSING and body.get("agent_id"):
            calls.setdefault(body["agent_id"], {**body["call"], "parties": body["parties"]})
    return {"agents": list(agents.values()), "calls": list(calls.values())}


def data_body(interaction: Interaction, agent: Agent | None) -> dict[str, Any]:
    """What is attached to a call, all of it."""
    return {"call": call(interaction), "parties": parties(interaction, agent), "data": interaction.attached_data}


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
