"""Addresses of ours that an administrator enters at the vendor, letter by letter: shown on the account's page."""

from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OurAddress:
    """`label` is the vendor's name of the field, `where` the way to it through the vendor's screens."""

    label: str
    address: str
    where: str


class EnteredAtVendor(ABC):
    """For providers whose vendor has to be told where we are."""

    @abstractmethod
    def our_addresses(self) -> list[OurAddress]:
        """In the order in which they are needed. Asks nobody, and works for an account that is not filled in yet."""
