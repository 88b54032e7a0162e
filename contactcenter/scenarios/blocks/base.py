"""A block is declared like a provider: a fact sheet, an inner `Settings` form, and one short method.

`run` does the work and names the exit. It may be repeated from its beginning after a crash, so whatever it does
outside of the run is an entry of the outbox with `context.key`, or a call of the domain that may be repeated."""

from abc import ABC, abstractmethod
from typing import ClassVar

from contactcenter.models import InteractionEvent
from contactcenter.scenarios.context import Context
from contactcenter.scenarios.settings_fields import BlockSettings

NEXT, FAILED, NO_DATA = "next", "failed", "no_data"
# Returned by `run`: the block stays where it is until the interaction has news for `hear`.
WAIT = "wait"


class Busy(Exception):
    """Somebody else is doing this very piece of work. The engine stops here and comes back within a second."""


class Block(ABC):
    """`exits` maps each exit to its label. Those in `conditional` go on at "next" where they are not connected;
    `final` ones end the block's waiting."""

    kind: ClassVar[str]
    label: ClassVar[str]
    description: ClassVar[str] = ""
    account_type: ClassVar[str] = ""  # of the account in its settings, where it has one
    exits: ClassVar[dict[str, str]] = {NEXT: "Next"}
    conditional: ClassVar[tuple[str, ...]] = (FAILED, NO_DATA)
    final: ClassVar[tuple[str, ...]] = ()

    class Settings(BlockSettings):
        """What an administrator sets on this block."""

    @abstractmethod
    def run(self, context: Context) -> str:
        """Do the work; the exit to take, or WAIT. Raises `CannotRun` for the Failed exit, `Busy` to come back."""

    def hear(self, event: InteractionEvent) -> str:
        """For a block that waits: the exit that this event of the interaction opens, or nothing."""
        return ""
