"""What the fields of an agent's record hold, and who is left out."""

from collections.abc import Iterator, Mapping
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

    def values(self, agent: AgentSnapshot, at: datetime) -> dict[str, Value]:
        return {
            "agent_id": self.identity(agent),
            "login_id": agent.login_id,
            "employee_id": agent.employee_id or "",
            "extension": agent.extension or "",
            "first_name": agent.first_name or "",
            "last_name": agent.last_name or "",
            "team": agent.team or "",
            "state_code": STATE_CODES.get(agent.state, 0),
            "state_name": STATE_NAMES.get(agent.state, agent.state),
            "reason_code": reason_code(agent, self.codes, self.unmapped),
            "reason_name": agent.reason or "",
            "time_in_state": int((at - agent.state_since).total_seconds()),
            "event_time": stamp(agent.state_since),
            "timestamp": stamp(at),
            "workgroup": agent.active.service if agent.active else "",
        }

    def identity(self, agent: AgentSnapshot) -> str:
        return str(getattr(agent, self.agent_id) or "")

    def obstacle(self, agent: AgentSnapshot, record: tuple[Field, ...]) -> str:
        """Why this agent cannot be told, as a sentence; empty where they can."""
        values = {"agent_id": self.identity(agent), "login_id": agent.login_id, "employee_id": agent.employee_id or ""}
        if not values["agent_id"]:
            return f"Agent “{agent.login_id}” is left out: no {self.agent_id.replace('_', ' ')} to know them by."
        for field in record:
            text = values.get(field.name, "") if field.name in IDENTITIES else ""
            if units(text) > field.size:
                return f"Agent “{agent.login_id}” is left out: “{text}” does not fit into {field.size} characters."
            if CONTROL.search(text):
                return f"Agent “{agent.login_id}” is left out: the identity holds a control character."
        return ""


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
