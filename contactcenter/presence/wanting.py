"""What a CRM is to be told about an agent who changed: a row, in the transaction of the change.

The latest wins: what was not sent yet is replaced. Nothing is wanted where the CRM has the status already, and nothing
where the agent became what the CRM itself has asked for (`echo_state`)."""

from datetime import datetime, timedelta

from django.utils import timezone

from contactcenter.models import Agent, AgentPresenceRow, AgentState, PresenceSync

from . import rules
from .rules import Direction, Stand

# A state that lasts shorter is not told: Ready, Ringing, Ready within a second is no news.
QUIET = timedelta(seconds=1)
WANTED_FIELDS = ("wanted", "wanted_at", "due_at", "trouble", "echo_state", "echo_reason")


def agent_changed(agent: Agent, before: Stand) -> None:
    """Called by the one writer of agents' states, inside its transaction and with the agent's row locked."""
    for sync in PresenceSync.objects.filter(enabled=True, account__enabled=True).order_by("pk"):
        found = rules.out(rules.of_account(sync.account_id, Direction.OUT), before, Stand(agent.state, agent.reason_id))
        _note(sync, agent, before, found.their_status if found else "")


def _note(sync: PresenceSync, agent: Agent, before: Stand, status: str) -> None:
    """`status` empty: no rule says anything about this change, so what was wanted before still is."""
    row = locked_row(sync.account_id, agent.pk)
    if before.state == AgentState.LOGGED_OUT:
        # Nobody looked at an agent who was not here: what they have is unknown, and what is due is sent in any case.
        row.seen = row.sent = row.before = ""
        row.save(update_fields=["seen", "sent", "before"])
    if _is_echo(row, agent):
        want(row, row.seen, timezone.now(), keep_echo=True)
    elif status:
        want(row, status, timezone.now(), keep_echo=False)


def locked_row(account_id: int, agent_id: int) -> AgentPresenceRow:
    """The row, locked. Whoever needs the agent's row too has locked that before."""
    row, _made = AgentPresenceRow.objects.get_or_create(account_id=account_id, agent_id=agent_id)
    return AgentPresenceRow.objects.select_for_update(no_key=True).get(pk=row.pk)


def _is_echo(row: AgentPresenceRow, agent: Agent) -> bool:
    return bool(row.echo_state) and (row.echo_state, row.echo_reason_id) == (agent.state, agent.reason_id)


def want(row: AgentPresenceRow, status: str, now: datetime, *, keep_echo: bool) -> None:
    """Have a status sent, unless it is surely there. After a failure the wait for the next try stays."""
    if not keep_echo and status != row.seen:
        row.echo_state, row.echo_reason = "", None
    if status == row.seen and not is_uncertain(row):
        row.wanted, row.due_at = "", None
    elif status != row.wanted:
        later = now + QUIET
        row.due_at = max(later, row.due_at) if row.wanted and row.attempts and row.due_at else later
        row.wanted, row.wanted_at = status, now
    row.save(update_fields=WANTED_FIELDS)


def is_uncertain(row: AgentPresenceRow) -> bool:
    """Something was let go and its answer has not come: the CRM may have `sent` or `seen`."""
    return bool(row.sent) and row.sent != row.seen
