"""The limit of changes per minute and agent. Systems that answer each other are held, told about, and go on."""

from datetime import datetime, timedelta

from contactcenter.models import AgentPresenceRow

WINDOW = 60.0
HOLD = timedelta(seconds=60)


def may_change(row: AgentPresenceRow, most: int, now: datetime) -> bool:
    """Count one change, or hold the row for a minute. Changes the row, does not save it (`FIELDS`)."""
    if is_held(row, now):
        return False
    stamp = now.timestamp()
    recent = [each for each in row.changes if stamp - WINDOW < each <= stamp]
    if len(recent) >= most:
        row.held_until, row.changes = now + HOLD, []
        row.trouble = (
            f"{most} changes within a minute. Perhaps two systems answer each other: look at the rules here and at "
            "automatic status changes in the CRM. It goes on by itself after a minute."
        )
        return False
    row.changes = [*recent, stamp]
    if row.held_until is not None:
        row.held_until, row.trouble = None, ""
    return True


def is_held(row: AgentPresenceRow, now: datetime) -> bool:
    return row.held_until is not None and row.held_until > now


FIELDS = ("changes", "held_until", "trouble")
