"""What an outbox entry remembers of its attempts: when, what came of it, in whose words. Kept in its own row."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from ..models import OutboxEntry

# Of so many attempts; the first ones are forgotten.
LENGTH = 20
LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Trail:
    """The attempts before the present one, and when that began. The methods return the list to store."""

    before: list[dict[str, Any]]
    began: datetime

    def with_failure(self, cause: str, text: str, status: int | None = None) -> list[dict[str, Any]]:
        return self._with(outcome="failed", cause=cause, text=text[:LONGEST_TEXT], status=status)

    def with_success(self) -> list[dict[str, Any]]:
        return self._with(outcome="done")

    def _with(self, **told: Any) -> list[dict[str, Any]]:
        times = {"at": self.began.isoformat(), "ended": timezone.now().isoformat()}
        return [*self.before, {**times, **told}][-LENGTH:]


def of(entry: OutboxEntry, began: datetime) -> Trail:
    """With a line about an attempt before this one that left no outcome: its process was killed."""
    if entry.status != OutboxEntry.Status.SENDING or entry.sent_at is None:
        return Trail(entry.trail, began)
    text = "The process ended before the answer came. Whether the CRM has it is looked up before anything is sent."
    lost = {"at": entry.sent_at.isoformat(), "ended": "", "outcome": "lost", "text": text}
    return Trail([*entry.trail, lost], began)
