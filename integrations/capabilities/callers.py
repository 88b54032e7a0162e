"""Systems that identify unknown callers."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime

from integrations.field_mapping import Suggestion


@dataclass(frozen=True, slots=True)
class CallerProfile:
    """What a caller-data system knows about a phone number.

    `values` are the vendor's fields by path, as text; `suggestions` what the account's field mapping makes of them."""

    phone: str
    provider: str
    found_at: datetime
    values: dict[str, str]
    suggestions: tuple[Suggestion, ...] = ()


class CallerLookup(ABC):
    """A system that identifies unknown callers. For inbound callers only: the vendors' terms forbid solicitation."""

    @abstractmethod
    def lookup(self, phone: str) -> CallerProfile | None:
        """Who has this number (E.164); None where the system knows nobody. Raises `IntegrationError`, never waits
        long, never repeats: a caller is on the line."""
