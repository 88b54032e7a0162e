"""Rules to start from, made for the statuses that the CRM has: calls block other work, a break blocks calls."""

from collections.abc import Iterator, Sequence

from django.db import transaction

from contactcenter.models import AgentState, NotReadyReason, PresenceRule, PresenceSync
from integrations.models import IntegrationAccount

from .rules import Condition, Direction

OFFLINE = ("offline", "unavailable")
AWAY = ("away", "busy", "unavailable")


class TooFew(Exception):
    """The CRM has no status that lets work in, or none that does not. The sentence says what to do."""


@transaction.atomic
def make(sync: PresenceSync) -> int:
    """Put the ready set in the place of all rules; returns how many there are. Raises `TooFew`."""
    made = list(suggested(sync.account, sync.statuses))
    PresenceRule.objects.filter(account=sync.account).delete()
    PresenceRule.objects.bulk_create(made)
    return len(made)


def suggested(account: IntegrationAccount, statuses: Sequence[Sequence[object]]) -> Iterator[PresenceRule]:
    """Not saved. Raises `TooFew`."""
    ready = next((str(id_) for id_, _name, available in statuses if available), "")
    closed = {str(name).casefold(): str(id_) for id_, name, available in statuses if not available}
    away = next((closed[name] for name in AWAY if name in closed), next(iter(closed.values()), ""))
    offline = next((closed[name] for name in OFFLINE if name in closed), away)
    if not (ready and away):
        raise TooFew("The CRM needs one status that lets work in and one that does not. Load the statuses again.")
    yield from _out(account, ready, away, offline)
    yield from _in(account, ready, away, offline)


def _out(account: IntegrationAccount, ready: str, away: str, offline: str) -> Iterator[PresenceRule]:
    wishes = (
        ("", Condition.ON_CALL, away),
        (AgentState.READY, Condition.ANY, ready),
        (AgentState.NOT_READY, Condition.ANY, away),
        (AgentState.SUPERVISING, Condition.ANY, away),
        (AgentState.LOGGED_OUT, Condition.ANY, offline),
    )
    for position, (state, condition, status) in enumerate(wishes):
        yield PresenceRule(
            account=account, direction=Direction.OUT, position=position, state=state, condition=condition,
            their_status=status,
        )  # fmt: skip


def _in(account: IntegrationAccount, ready: str, away: str, offline: str) -> Iterator[PresenceRule]:
    reason = NotReadyReason.objects.filter(is_system=False, team__isnull=True).first()
    yield PresenceRule(
        account=account, direction=Direction.IN, position=0, their_status=ready, state=AgentState.READY
    )  # fmt: skip
    for position, status in enumerate(dict.fromkeys((away, offline)), start=1):
        yield PresenceRule(
            account=account, direction=Direction.IN, position=position, their_status=status,
            state=AgentState.NOT_READY, reason=reason,
        )  # fmt: skip
