"""Changes of agents' states for whoever comes to fetch them, each with a number: ask again with the last one.

The key of a row will not do as that number. Two changes that are made at the same time get theirs before they are
committed, and the higher one may be seen first; whoever has read it would never ask for the lower one. So changes are
numbered when they are fetched, by one reader at a time: whoever sees a number has seen, or can see, all before it.

States are called what workforce feeds call them. Kept for 72 hours, as the comparable feeds do."""

from datetime import timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import F, Max
from django.utils import timezone

from ..models import AgentStateChange, StateNumbering
from .snapshots import STATES

KEPT = timedelta(hours=72)
AT_ONCE = 5000  # numbered for one request: more than it may ask for
TABLE = AgentStateChange._meta.db_table
NUMBER_NEW = f"""
UPDATE {TABLE} SET sequence = fresh.number FROM (
    SELECT id, %s + ROW_NUMBER() OVER (ORDER BY id) AS number FROM (
        SELECT id FROM {TABLE} WHERE sequence IS NULL AND began_at >= %s ORDER BY id LIMIT {AT_ONCE} {{lock}}
    ) AS free
) AS fresh WHERE {TABLE}.id = fresh.id
"""  # noqa: S608 - names of our own


class Page(NamedTuple):
    """`next`: the number to ask with the next time. `more`: there are further changes already."""

    changes: list[dict[str, Any]]
    next: int
    more: bool


class Forgotten(Exception):
    """What comes after the number is not all there any more; the message says why and what to do."""


def after(since: int, limit: int) -> Page:
    """At most `limit` changes whose numbers are above `since`, in their order; 0: from the oldest that is kept.

    Raises `Forgotten` where changes after `since` are no longer kept."""
    number_new()
    known = StateNumbering.objects.get(pk=1)
    if since > known.last or 0 < since < known.forgotten:
        raise Forgotten(why_not(since, known))
    rows = AgentStateChange.objects.filter(sequence__gt=max(since, known.forgotten)).order_by("sequence")
    found = list(rows.select_related("agent__user", "agent__team", "reason")[: limit + 1])
    page = found[:limit]
    last = page[-1].sequence or since if page else since
    return Page([shown(row) for row in page], last, len(found) > limit)


def why_not(since: int, known: StateNumbering) -> str:
    kept = f"older than {KEPT.total_seconds() / 3600:.0f} hours and no longer kept"
    reason = f"The number {since} was never given here." if since > known.last else f"Changes after {since} are {kept}."
    return f"{reason} Ask with since=0 for all that is kept, and go on with the next number of that answer."


def number_new() -> None:
    """Give committed changes that have none the next numbers. Who comes meanwhile waits for the row.

    A change that somebody is ending at this moment is left for the next time, instead of waiting for them. What follows
    it is not committed yet, so an agent's changes keep their order."""
    lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    StateNumbering.objects.get_or_create(pk=1)
    with transaction.atomic():
        StateNumbering.objects.filter(pk=1).update(last=F("last"))  # a lock on both databases
        last = StateNumbering.objects.values_list("last", flat=True).get(pk=1)
        with connection.cursor() as cursor:
            cursor.execute(
                NUMBER_NEW.format(lock=lock), [last, connection.ops.adapt_datetimefield_value(timezone.now() - KEPT)]
            )
            numbered = cursor.rowcount
        if numbered:
            StateNumbering.objects.filter(pk=1).update(last=last + numbered)


def shown(row: AgentStateChange) -> dict[str, Any]:
    agent = row.agent
    return {
        "sequence": row.sequence,
        "login_id": agent.login,
        "employee_id": agent.employee_id or None,
        "extension": agent.extension or None,
        "team": agent.team.name if agent.team else None,
        "state": STATES.get(row.state, row.state),
        "reason": row.reason.name if row.reason and row.state == "NOT_READY" else None,
        "since": row.began_at,
        "until": row.ended_at,
    }


def prune() -> None:
    """Forget the numbers of what began before the time that is kept. The changes themselves stay, for reports."""
    forgotten = StateNumbering.objects.filter(pk=1).values_list("forgotten", flat=True).first() or 0
    old = AgentStateChange.objects.filter(sequence__gt=forgotten, began_at__lt=timezone.now() - KEPT)
    highest = old.aggregate(highest=Max("sequence"))["highest"]
    if highest:
        StateNumbering.objects.filter(pk=1).update(forgotten=highest)
