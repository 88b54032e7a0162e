"""What ends when: the shape of it, and how a provider tells its own ends.

Dates that a vendor has announced are data, `announced` on the provider. Ends that depend on the account's settings,
as a certificate's does, come from a method `expiries`. Tokens and private authorities need neither (`horizon`)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from ..providers.base import Provider


@dataclass(frozen=True, slots=True)
class Expiry:
    """One end. `label` names what ends ("Certificate of the identity provider"), `when` is the moment (aware),
    `what_then` is a sentence or two: what happens then, and what to do before.

    `since`, where it is known, is when the term began: nobody is reminded further ahead than the whole term."""

    label: str
    when: datetime
    what_then: str
    since: datetime | None = None


@runtime_checkable
class Expires(Protocol):
    """A provider whose account has ends of its own. Reads stored properties only: calls no vendor, raises nothing."""

    def expiries(self) -> list[Expiry]: ...


@dataclass(frozen=True, slots=True)
class Announced:
    """A day from which a vendor ends something. Only published dates: `source` names the vendor's page.

    `applies(provider)` says whether it concerns the account; without it, every account of the provider."""

    label: str
    on: date
    what_then: str
    source: str
    applies: "Callable[[Any], bool] | None" = None

    def expiry(self) -> Expiry:
        return Expiry(self.label, datetime.combine(self.on, time.min, UTC), f"{self.what_then} ({self.source})")


def announced_for(provider: "Provider") -> list[Expiry]:
    """What the vendor has announced and concerns this account."""
    return [a.expiry() for a in provider.announced if a.applies is None or a.applies(provider)]
