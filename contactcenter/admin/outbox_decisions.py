"""The two decisions about outbox entries, and the question that is asked before each."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from contactcenter.models import OutboxEntry
from contactcenter.outbox import entries as outbox

from .outbox_words import loss


@dataclass(frozen=True, slots=True)
class Decision:
    label: Any
    question: Any
    explanation: Any
    done: Any
    danger: bool
    run: Callable[[OutboxEntry], OutboxEntry]


DECISIONS = {
    "retry": Decision(
        label=_lazy("Send again"),
        question=_lazy("Send these entries again?"),
        explanation=_lazy(
            "They are tried at once. Where an earlier attempt may have succeeded unseen, the CRM is asked first, so "
            "that nothing is written twice."
        ),
        done=_lazy("%d entries will be sent again."),
        danger=False,
        run=outbox.retry,
    ),
    "drop": Decision(
        label=_lazy("Drop"),
        question=_lazy("Give these entries up?"),
        explanation=_lazy("They will never reach the CRM. What they contain stays readable here. This is lost:"),
        done=_lazy("%d entries were dropped."),
        danger=True,
        run=outbox.drop,
    ),
}


@dataclass(frozen=True, slots=True)
class Question:
    """One entry of the decision. `words`: what it costs, or what to know before."""

    entry: OutboxEntry
    words: str


def questions(entries: list[OutboxEntry], decision: Decision) -> list[Question]:
    """One query, however many entries are asked about."""
    if decision.danger:
        followers = followers_of(entries)
        return [Question(entry, loss(entry, followers[entry.pk])) for entry in entries]
    return [Question(entry, _before_retry(entry)) for entry in entries]


def _before_retry(entry: OutboxEntry) -> str:
    if entry.last_cause == outbox.UNKNOWN:
        return _("It may be in the CRM already. Sending it again says that you looked there and it is missing.")
    return entry.last_error


def followers_of(entries: list[OutboxEntry]) -> Counter[int]:
    """For each entry, how many open ones name the record that it would make."""
    makers = {entry.idempotency_key: entry.pk for entry in entries}
    records = {entry.record_key for entry in entries}
    later = OutboxEntry.objects.filter(record_key__in=records).exclude(status__in=["done", "dropped"])
    found: Counter[int] = Counter()
    for payload in later.values_list("payload", flat=True):
        found.update({makers[key] for key in outbox.references(payload) if key in makers})
    return found
