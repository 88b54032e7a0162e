"""A look at a CRM's status of an agent, and what follows here where they changed it.

What we sent ourselves is recognised, also where its answer never came. A look that began before something of ours left
tells nothing. The value from before our own change may show for a few seconds after it and is then not theirs. The
first look only notes: switching on changes nobody."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from contactcenter import agents
from contactcenter.agent_states import CHOICES, Trigger
from contactcenter.errors import NotPossible
from contactcenter.models import Agent, AgentPresenceRow, AgentState, PresenceRule, PresenceSync

from . import pace, rules
from .rules import Direction, Stand
from .wanting import is_uncertain, locked_row

# How long the value from before our change may still show.
SETTLE = timedelta(seconds=10)
# A wish of ours that is younger than this comes before a change of theirs; an older one (the CRM was away) after it.
OURS_FIRST = timedelta(seconds=10)
TRIGGERS = {**CHOICES, AgentState.LOGGED_OUT: Trigger.LOG_OUT}


@transaction.atomic
def observe(sync: PresenceSync, agent: Agent, status: str, began: datetime) -> None:
    """The CRM had this status for the agent in an answer to a question that was asked at `began`."""
    mine = agents.lock([agent.pk])[agent.pk]
    row, now = locked_row(sync.account_id, agent.pk), timezone.now()
    if _tells_nothing(row, began, now):
        return
    row.seen_at, row.look_at = now, row.look_at if row.look_at and row.look_at > began else None
    row.save(update_fields=["seen_at", "look_at"])
    if not row.seen:
        _set_seen(row, status)
    elif status == row.seen:
        _still_there(row, status, now)
    elif status in (row.sent, row.wanted):
        _arrived(row, status)
    elif not _ours_first(row, status, now):
        _take_over(sync, mine, row, status, now)


def _tells_nothing(row: AgentPresenceRow, began: datetime, now: datetime) -> bool:
    under_way = row.leased_until is not None and row.leased_until > now
    return under_way or (row.sent_at is not None and row.sent_at >= began)


def _set_seen(row: AgentPresenceRow, status: str) -> None:
    row.seen = status
    if row.wanted == status:
        row.wanted, row.due_at = "", None
    row.save(update_fields=["seen", "wanted", "due_at"])


def _still_there(row: AgentPresenceRow, status: str, now: datetime) -> None:
    """They have what they had. Something of ours whose answer never came has not arrived, once it had the time."""
    if row.sent not in ("", status) and row.sent_at and now > row.sent_at + SETTLE and not row.wanted:
        row.sent = status
        row.save(update_fields=["sent"])
    if row.wanted == status and not is_uncertain(row):
        row.wanted, row.due_at = "", None
        row.save(update_fields=["wanted", "due_at"])


def _arrived(row: AgentPresenceRow, status: str) -> None:
    """What they have now is what we sent, although we did not see the answer; or what we were about to send."""
    row.seen, row.sent = status, status
    row.origin, row.changed_at = AgentPresenceRow.Origin.OURS, timezone.now()
    if row.wanted == status:
        row.wanted, row.due_at, row.attempts, row.trouble = "", None, 0, ""
    row.save()


def _ours_first(row: AgentPresenceRow, status: str, now: datetime) -> bool:
    if row.wanted and row.wanted_at and now < row.wanted_at + OURS_FIRST:
        return True
    return bool(row.sent_at) and status == row.before and now < row.sent_at + SETTLE  # type: ignore[operator]


def _take_over(sync: PresenceSync, agent: Agent, row: AgentPresenceRow, status: str, now: datetime) -> None:
    """They changed it. What the rules say is done as the agent's own choice would be; then the two sides agree."""
    if not pace.may_change(row, sync.changes_per_minute, now):
        row.save(update_fields=pace.FIELDS)
        return
    found = rules.in_(rules.of_account(sync.account_id, Direction.IN), status, Stand(agent.state, agent.reason_id))
    row.seen, row.sent, row.before, row.wanted, row.due_at, row.attempts = status, "", "", "", None, 0
    row.origin, row.changed_at, row.trouble = AgentPresenceRow.Origin.THEIRS, now, ""
    row.echo_state, row.echo_reason = (found.state, found.reason) if found else ("", None)
    row.save()
    if found:
        trouble = carry_out(agent, found)
        if trouble:
            AgentPresenceRow.objects.filter(pk=row.pk).update(trouble=trouble, echo_state="", echo_reason=None)


def carry_out(agent: Agent, rule: PresenceRule) -> str:
    """Put the agent into the rule's state; while busy it becomes the next one. A sentence where that cannot be."""
    if agent.state == AgentState.LOGGED_OUT:
        return "" if rule.state == AgentState.LOGGED_OUT else "The agent is logged out here, so nothing was changed."
    reason = rule.reason if rule.state == AgentState.NOT_READY else None
    try:
        with transaction.atomic():
            agents.change(agent, TRIGGERS[rule.state], reason=reason)
    except NotPossible as refusal:
        return str(refusal)
    return ""
