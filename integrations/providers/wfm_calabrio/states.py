"""What an agent's state is called at Calabrio: a text that its administrator maps to a state group.

The names are those that the comparable feed of this product family sends: Ready, Busy, After Call Work, Not Ready or
the reason in its place. The older generation cut codes at 25 characters without a word, so no code is longer here."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from integrations.capabilities import AgentSnapshot

LONGEST_CODE = 25
LOGGED_OFF = "LOGGED-OFF"
NAMES = {
    "READY": "Ready", "BUSY": "Busy", "ACW": "After Call Work", "SUPERVISING": "Supervising", "NOT_READY": "Not Ready",
}  # fmt: skip


class Told(NamedTuple):
    """One agent's state for the wire. `user` is the agent's log-on there, `seconds` how long it has lasted."""

    user: str
    code: str
    seconds: int = 0
    logged_on: bool = True


@dataclass(frozen=True, slots=True)
class Naming:
    """`agent_id` names the attribute by which Calabrio knows agents."""

    agent_id: str

    def told(self, agents: Iterable[AgentSnapshot], at: datetime) -> dict[str, Told]:
        """Every agent who can be told, by user code."""
        found = {}
        for agent in agents:
            user = self.user(agent)
            if user:
                found[user] = Told(user, code_of(agent), max(0, int((at - agent.state_since).total_seconds())))
        return found

    def user(self, agent: AgentSnapshot) -> str:
        return str(getattr(agent, self.agent_id) or "").strip()

    def remarks(self, agents: Iterable[AgentSnapshot]) -> Iterator[str]:
        cut: set[str] = set()
        for agent in agents:
            if not self.user(agent):
                name = self.agent_id.replace("_", " ")
                yield f"Agent “{agent.login_id}” is left out: no {name} to know them by."
            whole = wording(agent)
            if len(whole) > LONGEST_CODE and whole not in cut:
                cut.add(whole)
                yield f"The reason “{whole}” is sent as “{code_of(agent)}”, in {LONGEST_CODE} characters at most."


def wording(agent: AgentSnapshot) -> str:
    reason = (agent.reason or "").strip() if agent.state == "NOT_READY" else ""
    return reason or NAMES.get(agent.state, agent.state)


def code_of(agent: AgentSnapshot) -> str:
    return wording(agent)[:LONGEST_CODE].rstrip()


def changes(before: Mapping[str, Told], now: Mapping[str, Told]) -> list[Told]:
    """Who has another code than the receiver knows, and who has logged out since."""
    found = [told for user, told in now.items() if user not in before or before[user].code != told.code]
    return found + [Told(user, LOGGED_OFF, logged_on=False) for user in before if user not in now]
