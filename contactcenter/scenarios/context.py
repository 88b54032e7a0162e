"""What a block sees of the run that it works for."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from contactcenter.crm_access import Accounts
from contactcenter.models import Agent, Interaction, ScenarioRun, ScenarioVersion

from .memory import MEMORY, Memory
from .settings_fields import OBJECT_TYPE
from .substitution import Unsafe, only_variable, substitute, substitute_url
from .values import Marker, Values

__all__ = ["MEMORY", "CannotRun", "Context", "Memory"]


class CannotRun(Exception):
    """The block cannot do its work with these settings and values: the Failed exit, with this sentence."""


class Context:
    """One block at work. Settings are read through `text`, `query`, `address` and `fields`, which fill in variables.

    `resolved` and `outcome` go into the recorded step. `again`: the block has run and waits; this is another look.
    A block that waits for a time says until when (`wait`); one that starts a scenario says which (`enters`)."""

    def __init__(
        self,
        run: ScenarioRun,
        interaction: Interaction,
        block: dict[str, Any],
        settings: dict[str, Any],
        *,
        accounts: Accounts,
        again: bool = False,
    ) -> None:
        self.run = run
        self.accounts = accounts
        self.interaction = interaction
        self.block = block
        self.settings = settings
        self.memory = Memory(run.variables)
        self.again = again
        self.visit = self.memory.visits(block["key"]) if again else self.memory.visit(block["key"])
        self.values = Values(run.variables, interaction, self._agent())
        self.resolved: dict[str, Any] = {**settings}
        self.outcome: dict[str, Any] = {}
        self.wake_at: datetime | None = None
        self.enters: ScenarioVersion | None = None

    def wait(self, seconds: float) -> None:
        """The block is looked at again after so many seconds at the latest."""
        self.wake_at = timezone.now() + timedelta(seconds=seconds)

    @property
    def is_due(self) -> bool:
        """Whether the time that the block waits for is over."""
        return self.run.due_at is not None and self.run.due_at <= timezone.now()

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

    def addresses(self, name: str) -> dict[str, str]:
        """Addresses by label."""
        try:
            found = {label: substitute_url(address, self.values.text) for label, address in self.settings[name].items()}
        except Unsafe as error:
            raise CannotRun(f"{self.title}: {error}") from error
        self.resolved[name] = {label: address for label, address in found.items() if address}
        return dict(self.resolved[name])

    def texts(self, name: str, language: str = "text") -> dict[str, str]:
        """Texts by name, each written for `language`. What has no text yet is empty."""
        found = {key: substitute(str(value), self.values.text, language) for key, value in self.settings[name].items()}
        self.resolved[name] = found
        return dict(found)

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

    def set_result(self, status: int | None, body: str) -> None:
        """What the latest integration block was answered: the two variables that stand for it."""
        self.set("integrationResultCode", str(status or ""))
        self.set("integrationResultBody", body)

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
