"""What the fields of an agent's record hold, and who is left out."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from integrations.capabilities import AgentSnapshot
from integrations.providers.adherence import STATE_CODES, reason_code

from .layout import CONTROL, Field, Value, units

STAMP = "%Y%m%d%H%M%S"
STATE_NAMES = {
    "READY": "Ready", "BUSY": "Busy", "ACW": "After Call Work", "SUPERVISING": "Supervising",
    "NOT_READY": "Not Ready", "LOGGED_OUT": "Logged Out",
}  # fmt: skip
IDENTITIES = ("agent_id", "login_id", "employee_id")  # never cut: half an identity is somebody else's


@dataclass(frozen=True, slots=True)
class Coding:
    """How this account turns an agent into values. `agent_id` names the attribute that the receiver knows agents by."""

    agent_id: str
    codes: Mapping[str, int]
    unmapped: int

    def values(self, agent: AgentSnapshot, at: datetime, record: Iterable[Field]) -> dict[str, Value]:
        """What the record's fields hold, and no more: ten thousand agents are written at once."""
        return {field.name: VALUES[field.name](self, agent, at) for field in record if field.name in VALUES}

    def identity(self, agent: AgentSnapshot) -> str:
        return str(getattr(agent, self.agent_id) or "")

    def obstacle(self, agent: AgentSnapshot, record: Iterable[Field]) -> str:
        """Why this agent cannot be told, as a sentence; empty where they can."""
        if not self.identity(agent):
            return f"Agent “{agent.login_id}” is left out: no {self.agent_id.replace('_', ' ')} to know them by."
        for field in record:
            if field.name not in IDENTITIES:
                continue
            text = str(VALUES[field.name](self, agent, agent.state_since))
            if units(text) > field.size:
                return f"Agent “{agent.login_id}” is left out: “{text}” does not fit into {field.size} characters."
            if CONTROL.search(text):
                return f"Agent “{agent.login_id}” is left out: the identity holds a control character."
        return ""


VALUES: dict[str, Callable[[Coding, AgentSnapshot, datetime], Value]] = {
    "agent_id": lambda coding, agent, at: coding.identity(agent),
    "login_id": lambda coding, agent, at: agent.login_id,
    "employee_id": lambda coding, agent, at: agent.employee_id or "",
    "extension": lambda coding, agent, at: agent.extension or "",
    "first_name": lambda coding, agent, at: agent.first_name or "",
    "last_name": lambda coding, agent, at: agent.last_name or "",
    "team": lambda coding, agent, at: agent.team or "",
    "state_code": lambda coding, agent, at: STATE_CODES.get(agent.state, 0),
    "state_name": lambda coding, agent, at: STATE_NAMES.get(agent.state, agent.state),
    "reason_code": lambda coding, agent, at: reason_code(agent, coding.codes, coding.unmapped),
    "reason_name": lambda coding, agent, at: agent.reason or "",
    "time_in_state": lambda coding, agent, at: int((at - agent.state_since).total_seconds()),
    "event_time": lambda coding, agent, at: stamp(agent.state_since),
    "timestamp": lambda coding, agent, at: stamp(at),
    "workgroup": lambda coding, agent, at: agent.active.service if agent.active else "",
}


def changes(
    before: Mapping[str, AgentSnapshot], now: Mapping[str, AgentSnapshot], at: datetime
) -> Iterator[AgentSnapshot]:
    """Who is in another state, reason or service than the receiver knows, and who has logged out since."""
    for login, agent in now.items():
        known = before.get(login)
        if known is None or essence(known) != essence(agent):
            yield agent
    for login, known in before.items():
        if login not in now:
            yield known._replace(state="LOGGED_OUT", reason=None, state_since=at, active=None)


def essence(agent: AgentSnapshot) -> tuple[str, str | None, str]:
    return agent.state, agent.reason, agent.active.service if agent.active else ""


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(STAMP)
