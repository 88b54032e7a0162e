"""The rules of the recording profile: what each event must carry, and which may follow which."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from . import checks

if TYPE_CHECKING:
    from .nice import Story

EVENT: dict[str, checks.Check] = {"id": checks.text, "type": checks.text, "at": checks.timestamp}
_AGENT = {"agent_id": checks.text, "extension": checks.optional(checks.text)}
_CALL = {"call": checks.mapping}
REQUIRED: dict[str, dict[str, checks.Check]] = {
    "session.start": {"agents": checks.listing, "calls": checks.listing},
    "session.end": {"reason": checks.optional(checks.text)},
    "keepalive": {"active_agents": checks.count, "active_calls": checks.count},
    "agent.login": _AGENT,
    "agent.logout": {**_AGENT, "reason": checks.optional(checks.text)},
    "agent.state": {
        **_AGENT,
        "state": checks.text,
        "reason": checks.optional(checks.text),
        "previous_state": checks.optional(checks.text),
    },
    "call.offered": {**_CALL, "parties": checks.listing},
    "call.started": {**_CALL, "parties": checks.listing},
    "call.held": {**_CALL, "agent_id": checks.text},
    "call.retrieved": {**_CALL, "agent_id": checks.text},
    "call.party_added": {**_CALL, "party": checks.mapping},
    "call.party_removed": {**_CALL, "party": checks.mapping},
    "call.transferred": {**_CALL, "from_agent_id": checks.text, "party": checks.mapping},
    "call.data": {**_CALL, "data": checks.mapping},
    "call.ended": {
        **_CALL,
        "duration": checks.number,
        "cause": checks.one_of("agent", "customer", "system", "abandoned"),
    },
}
#: From which states of a call each event may come, and where it leads ("" stays).
STEPS: dict[str, tuple[tuple[str, ...], str]] = {
    "call.offered": (("", "offered"), "offered"),
    "call.started": (("offered", "started", "held", ""), "started"),
    "call.held": (("started",), "held"),
    "call.retrieved": (("held",), "started"),
    "call.party_added": (("started", "held"), ""),
    "call.party_removed": (("started", "held"), ""),
    "call.transferred": (("started", "held"), ""),
    "call.data": (("offered", "started", "held"), ""),
    "call.ended": (("offered", "started", "held"), "ended"),
}


def shape_problems(event: Any, where: str) -> list[str]:
    found = checks.problems(event, EVENT, where)
    if found:
        return found
    required = REQUIRED.get(event["type"])
    if required is None:
        return [f"{where}: unknown type {event['type']!r}"]
    found = checks.problems(event, required, where)
    if "call" in required and not found:
        found = checks.problems(event["call"], {"id": checks.text}, f"{where}.call")
    return found


def order_problems(story: Story, event: dict[str, Any]) -> list[str]:
    kind = event["type"]
    # Keep-alives may come before the session: after a refusal only they keep probing.
    if kind not in ("session.start", "keepalive") and not story.session:
        return [f"{kind} came before session.start"]
    if kind not in STEPS:
        return []
    call_id = event["call"]["id"]
    state = story.calls.get(call_id, {}).get("state", "")
    allowed, _ = STEPS[kind]
    # Outbound calls begin with call.started; a call never restarts after its end.
    if state not in allowed:
        return [f"call {call_id}: {kind} after {state or 'nothing'}"]
    return []


def ours(event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every agent id and extension of ours in the event, with the name of the key."""
    holders = [event, *event.get("parties", []), *event.get("agents", [])]
    if isinstance(event.get("party"), dict):
        holders.append(event["party"])
    for holder in holders:
        for key in ("agent_id", "from_agent_id", "extension"):
            if isinstance(holder, dict) and holder.get(key):
                yield key, str(holder[key])


def prefix_problems(event: dict[str, Any], agent_prefix: str, extension_prefix: str) -> list[str]:
    found = []
    for key, value in ours(event):
        prefix = extension_prefix if key == "extension" else agent_prefix
        if prefix and not value.startswith(prefix):
            found.append(f"{event['type']}: {key} {value!r} lacks the prefix {prefix!r}")
        elif prefix and value.startswith(prefix * 2):
            found.append(f"{event['type']}: {key} {value!r} has the prefix {prefix!r} twice")
    return found + customer_problems(event, agent_prefix, extension_prefix)


def customer_problems(event: dict[str, Any], *prefixes: str) -> list[str]:
    return [
        f"{event['type']}: the customer's number {party['number']!r} carries a prefix"
        for party in event.get("parties", [])
        if isinstance(party, dict) and party.get("role") == "customer"
        if any(prefix and str(party.get("number", "")).startswith(prefix) for prefix in prefixes)
    ]


def apply(story: Story, event: dict[str, Any]) -> None:
    kind = event["type"]
    if kind == "session.start":
        story.session = True
        story.agents = {agent["agent_id"]: dict(agent) for agent in event["agents"] if isinstance(agent, dict)}
        story.calls = {
            c["id"]: {**c, "state": c.get("state", "started")} for c in event["calls"] if isinstance(c, dict)
        }
    elif kind == "session.end":
        story.session = False
    elif kind.startswith("agent."):
        _apply_agent(story, event)
    elif kind.startswith("call."):
        _apply_call(story, event)


def _apply_agent(story: Story, event: dict[str, Any]) -> None:
    if event["type"] == "agent.logout":
        story.agents.pop(event["agent_id"], None)
        return
    agent = story.agents.setdefault(event["agent_id"], {"agent_id": event["agent_id"]})
    agent.update({key: event[key] for key in ("extension", "state", "reason") if key in event})
    agent["since"] = event["at"]


def _apply_call(story: Story, event: dict[str, Any]) -> None:
    call = story.calls.setdefault(event["call"]["id"], {"state": "", "steps": []})
    call.update(event["call"])
    call["state"] = STEPS[event["type"]][1] or call["state"]
    call.setdefault("steps", []).append(event["type"].removeprefix("call."))
    call["cause"] = event.get("cause")
    if event["type"] == "call.transferred" and event.get("new_call_id"):
        story.calls[event["new_call_id"]] = {**call, "id": event["new_call_id"], "steps": ["transferred"]}
