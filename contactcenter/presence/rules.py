"""What follows from a change: the first enabled rule that fits. Pure, so that the preview is the real thing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from contactcenter.agent_states import WORKING
from contactcenter.models import AgentState, NotReadyReason, PresenceRule

Direction, Condition = PresenceRule.Direction, PresenceRule.Condition
# What may be set from outside. Ringing, Busy, after-call work and Supervising are ours alone.
SETTABLE = (AgentState.READY, AgentState.NOT_READY, AgentState.LOGGED_OUT)


@dataclass(frozen=True, slots=True)
class Stand:
    """An agent's state, with the key of the reason's row."""

    state: str
    reason_id: int | None = None


def of_account(account_id: int, direction: str) -> list[PresenceRule]:
    rows = PresenceRule.objects.filter(account_id=account_id, direction=direction, enabled=True)
    return list(rows.select_related("reason", "from_reason"))


def out(rules: Iterable[PresenceRule], before: Stand, now: Stand) -> PresenceRule | None:
    """The rule for an agent of ours who changed."""
    return next(
        (
            rule
            for rule in rules
            if _fits(rule.from_state, rule.from_reason_id, before)
            and _fits(rule.state, rule.reason_id, now)
            and _holds(rule.condition, now.state)
        ),
        None,
    )


def in_(rules: Iterable[PresenceRule], their_status: str, now: Stand) -> PresenceRule | None:
    """The rule for a status that the CRM has changed, while the agent is `now` here."""
    return next(
        (
            rule
            for rule in rules
            if rule.their_status == their_status
            and rule.state in SETTABLE
            and _fits(rule.from_state, rule.from_reason_id, now)
            and _holds(rule.condition, now.state)
        ),
        None,
    )


def _fits(state: str, reason_id: int | None, stand: Stand) -> bool:
    return (not state or state == stand.state) and (reason_id is None or reason_id == stand.reason_id)


def _holds(condition: str, state: str) -> bool:
    if condition == Condition.ANY:
        return True
    return (state in WORKING) == (condition == Condition.ON_CALL)


def shadowed(rules: Sequence[PresenceRule]) -> set[int]:
    """Keys of enabled rules that an earlier one of the same direction always comes before."""
    found: set[int] = set()
    for place, rule in enumerate(rules):
        earlier = (each for each in rules[:place] if each.enabled and each.direction == rule.direction)
        if rule.enabled and any(_covers(each, rule) for each in earlier):
            found.add(rule.pk)
    return found


def _covers(wide: PresenceRule, narrow: PresenceRule) -> bool:
    if wide.condition not in (Condition.ANY, narrow.condition):
        return False
    if wide.direction == Direction.IN and wide.their_status != narrow.their_status:
        return False
    sides: list[tuple[Any, Any, Any, Any]] = [
        (wide.from_state, wide.from_reason_id, narrow.from_state, narrow.from_reason_id)
    ]
    if wide.direction == Direction.OUT:
        sides.append((wide.state, wide.reason_id, narrow.state, narrow.reason_id))
    return all(
        w_state in ("", n_state) and w_reason in (None, n_reason) for w_state, w_reason, n_state, n_reason in sides
    )


def stand_words(state: str, reason: NotReadyReason | None) -> str:
    """ "Not ready (Lunch)"."""
    label = str(AgentState(state).label)
    return f"{label} ({reason.name})" if reason else label
