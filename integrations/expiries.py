"""What of an account ends at a known moment, besides its tokens: certificates, keys, contracts."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Expiry:
    """`what_then` says in one sentence what happens at that moment, and what to do before it."""

    label: str
    when: datetime
    what_then: str
