"""What ends when: tokens, certificates, and what vendors have announced to switch off.

A provider that knows of an end declares it: dates that the vendor announced as `announced` (data), ends that depend on
the account's own settings, such as a certificate, by a method `expiries`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Expiry:
    """One end. `label` names what ends ("Certificate of the identity provider"), `when` is the moment (aware),
    `what_then` is a sentence or two: what happens then, and what to do before."""

    label: str
    when: datetime
    what_then: str


@runtime_checkable
class Expires(Protocol):
    """A provider whose account has ends of its own. Reads stored properties only: calls no vendor, raises nothing."""

    def expiries(self) -> list[Expiry]: ...
