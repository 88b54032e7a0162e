"""What a block sees of the run that it works for, and the little memory that the engine keeps beside the variables."""

from typing import Any

from contactcenter.models import Agent, Interaction, ScenarioRun

from .settings_fields import OBJECT_TYPE
from .substitution import Unsafe, only_variable, substitute, substitute_url
from .values import Marker, Values

# The engine's own part of `ScenarioRun.variables`; no scenario can name it.
MEMORY = "_engine"


class CannotRun(Exception):
    """The block cannot do its work with these settings and values: the Failed exit, with this sentence."""


class Memory:
    """The engine's notes: how often each block ran, where a branch returns to, which accounts do not answer."""

    def __init__(self, variables: dict[str, Any]) -> None:
        self.notes: dict[str, Any] = variables.setdefault(MEMORY, {})

    def visit(self, block: str) -> int:
        """Counts one more visit of the block; the first is 1. Kept with the step, so a replay counts the same."""
        visits = self.notes.setdefault("visits", {})
        visits[block] = visits.get(block, 0) + 1
        return int(visits[block])

    # -- branches of a waiting block

    def leave_for_branch(self, block: str, *, final: bool) -> None:
        self.notes["return"] = {"block": block, "final": final}

    def take_return(self) -> tuple[str, bool]:
        """Where the branch that has ended came from, and whether it was the last one. Empty: from nowhere."""
        place = self.notes.pop("return", {})
        return str(place.get("block", "")), bool(place.get("final"))

    # -- the agent of the event that started the branch

    @property
    def agent_id(self) -> int | None:
        return self.notes.get("agent")

    def note_agent(self, agent_id: int | None) -> None:
        if agent_id is not None:
            self.notes["agent"] = agent_id

    # -- accounts that did not answer while the caller waits

    def is_away(self, account_id: int) -> bool:
        return account_id in self.notes.get("away", [])

    def note_away(self, account_id: int) -> None:
        self.notes["away"] = sorted({*self.notes.get("away", []), account_id})

    def forget_away(self) -> None:
        self.notes.pop("away", None)

    # -- accounts that a Select Account block chose, by type

    def selected_account(self, account_type: str) -> str:
        return str(self.notes.get("accounts", {}).get(account_type, ""))

    def select_account(self, account_type: str, name: str) -> None:
        self.notes["accounts"] = {**self.notes.get("accounts", {}), account_type: name}

    # -- what the next Log block writes down

    @property
    def failure(self) -> dict[str, Any]:
        return dict(self.notes.get("failure", {}))

    def note_failure(self, failure: dict[str, Any]) -> None:
        self.notes["failure"] = failure


class Context:
    """One block at work. Settings are read through `text`, `query`, `address` and `fields`, which fill in variables.

    `resolved` and `outcome` go into the recorded step."""

    def __init__(
        self, run: ScenarioRun, interaction: Interaction, block: dict[str, Any], settings: dict[str, Any]
    ) -> None:
        self.run = run
        self.interaction = interaction
        self.block = block
        self.settings = settings
        self.memory = Memory(run.variables)
        self.visit = self.memory.visit(block["key"])
        self.values = Values(run.variables, interaction, self._agent())
        self.resolved: dict[str, Any] = {**settings}
        self.outcome: dict[str, Any] = {}

    @property
    def key(self) -> str:
        """The idempotency key of what this visit of the block writes: the same in every replay.

        There is one run per interaction, so the interaction's public id names it, also after a database was rebuilt."""
        return f"{self.interaction.public_id.hex}:{self.block['key']}:{self.visit}"

    @property
    def title(self) -> str:
        return str(self.block.get("title") or self.block["key"])

    def text(self, name: str) -> str:
        return self._resolve(name, "text")

    def object_type(self, name: str = "object_type") -> str:
        """The CRM's name of a table or object, which a variable may have named."""
        found = self.text(name)
        if not OBJECT_TYPE.fullmatch(found):
            raise CannotRun(f'{self.title}: "{found[:80]}" is not the name of a table or object.')
        return found

    def query(self, name: str, language: str) -> str:
        return self._resolve(name, language)

    def address(self, name: str) -> str:
        try:
            self.resolved[name] = substitute_url(self.settings[name], self.values.text)
        except Unsafe as error:
            raise CannotRun(f"{self.title}: {error}") from error
        return str(self.resolved[name])

    def reference(self, name: str) -> str | Marker:
        """An id: as text, or as the marker of a record that is still to be made."""
        found = self._leaf(self.settings[name])
        self.resolved[name] = found
        return found if isinstance(found, dict) else str(found)

    def fields(self, name: str) -> dict[str, Any]:
        """Fields of a record. What is empty after filling in is left out: an unknown caller clears nothing.

        A field that is written as empty ("") is kept: that is how a scenario clears one."""
        templates = self.settings[name]
        filled = {field: self._leaf(value) for field, value in templates.items()}
        self.resolved[name] = {
            field: value for field, value in filled.items() if value not in ("", None) or templates[field] == ""
        }
        return dict(self.resolved[name])

    def set(self, name: str, value: Any) -> None:
        """Set a variable of the scenario. An empty name sets nothing."""
        if name:
            self.run.variables[name] = value

    def _agent(self) -> Agent | None:
        if self.memory.agent_id is not None:
            return Agent.objects.select_related("user", "team", "reason").filter(pk=self.memory.agent_id).first()
        return self.interaction.agent

    def _resolve(self, name: str, language: str) -> str:
        try:
            self.resolved[name] = substitute(self.settings[name], self.values.text, language)
        except Unsafe as error:
            raise CannotRun(f"{self.title}: {error}") from error
        return str(self.resolved[name])

    def _leaf(self, template: Any) -> Any:
        if not isinstance(template, str):
            return template
        name = only_variable(template)
        marker = self.values.marker(name) if name else None
        return marker or substitute(template, self.values.text)
