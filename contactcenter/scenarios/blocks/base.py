"""A block is declared like a provider: a fact sheet, an inner `Settings` form, and one short method.

`run` does the work and names the exit. It may be repeated from its beginning after a crash, so whatever it does
outside of the run is an entry of the outbox with `context.key`, or a call of the domain that may be repeated."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from contactcenter.models import InteractionEvent
from contactcenter.scenarios.context import Context
from contactcenter.scenarios.settings_fields import BlockSettings

NEXT, FAILED, NO_DATA = "next", "failed", "no_data"
# Returned by `run`: the block stays where it is until the interaction has news for `hear`, or until `poll` is over.
WAIT = "wait"
# Returned by `run`: the scenario in `context.enters` runs now, and comes back to this block's "next".
START = "start"


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
    # True: the block waits for a time or for something other than events; see `poll`.
    polls: ClassVar[bool] = False
    # True: nothing leads to it; the engine goes there by itself.
    entry: ClassVar[bool] = False

    class Settings(BlockSettings):
        """What an administrator sets on this block."""

    @abstractmethod
    def run(self, context: Context) -> str:
        """Do the work; the exit to take, WAIT or START. Raises `CannotRun` for Failed, `Busy` to come back."""

    def poll(self, context: Context) -> str:
        """For a block that `polls` and waits: called when the interaction has news and when `context.wait` is over.
        The exit, or WAIT while it is not over. May be repeated like `run`."""
        return NEXT

    def hear(self, event: InteractionEvent) -> str:
        """For a block that waits: the exit that this event of the interaction opens, or nothing."""
        return ""

    @classmethod
    def can_fail(cls, settings: dict[str, Any]) -> bool:
        """Whether a block with these settings can take the Failed exit."""
        return FAILED in cls.exits
