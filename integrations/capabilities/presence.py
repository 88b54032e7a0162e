"""Systems that give work to our agents by a status of their own, which can be read and set from outside."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PresenceStatus:
    """One status of the vendor's. `available`: whether it lets work in, None where the vendor does not say."""

    id: str
    name: str
    available: bool | None = None


class AgentPresence(ABC):
    """A system with a presence for each of its users. All methods raise `IntegrationError`."""

    presence_batch: int = 20  # how many users one piece of work asks for

    @abstractmethod
    def statuses(self, user_id: str) -> list[PresenceStatus]:
        """The statuses that this user can have, in the vendor's order. Some vendors have the same for everybody."""

    @abstractmethod
    def presence_of(self, user_ids: Sequence[str]) -> dict[str, PresenceStatus]:
        """The present status by user. Users whom the vendor does not know as agents are left out."""

    @abstractmethod
    def set_presence(self, user_id: str, status_id: str) -> None:
        """Set it. Repeating it is harmless. `Rejected` where the user or the status is unknown, or a right is missing
        (cause `no_permission`)."""
