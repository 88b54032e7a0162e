"""What came of calling a person, as it is written to the CRM."""

from contactcenter.models import ListRow, OutboxEntry
from contactcenter.phone import normalise
from integrations.capabilities import Activity, CallResult, RecordRef

NOT_REACHED = "Not reached"


def outcome(row: ListRow) -> str:
    """In one or two words, for people; empty before the first call."""
    if row.disposition is not None:
        return row.disposition.name
    if not row.attempts:
        return ""
    return "Reached" if row.reached else NOT_REACHED


def outcome_code(row: ListRow) -> str:
    """The disposition's code, empty for somebody who was not reached or not judged: the key of the list's statuses."""
    return row.disposition.code if row.disposition is not None else ""


def status_of(row: ListRow) -> str:
    """The member's status that this outcome leads to; empty where it changes nothing."""
    return str(row.calling_list.statuses.get(outcome_code(row)) or "") if row.member_id else ""


def call_result(row: ListRow, owner: str) -> CallResult:
    """The latest call of the row. `owner`: the CRM's user for the agent, empty where there is none."""
    assert row.called_at is not None  # noqa: S101 - rows without a call have nothing to export
    activity = Activity(
        key=row.result_key,
        subject=f"Call to {normalise(row.e164).display}",
        text="\n".join(f"{label}: {text}" for label, text in _facts(row) if text),
        started_at=row.called_at,
        duration_seconds=row.talk_seconds,
        disposition=outcome(row),
        direction="outbound",
        owner=owner,
    )
    return CallResult(RecordRef(row.record_kind, row.record_id), activity, row.campaign_id)


def _facts(row: ListRow) -> list[tuple[str, str]]:
    return [
        ("Calling list", row.calling_list.name),
        ("Number", normalise(row.e164).display),
        ("Agent", str(row.agent or "")),
        ("Called", f"{row.called_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("Attempts", str(row.attempts)),
        ("Talk time", f"{row.talk_seconds // 60}:{row.talk_seconds % 60:02d}"),
        ("Result", outcome(row)),
        ("Notes", row.notes.strip()),
    ]


def is_written_elsewhere(row: ListRow) -> bool:
    """Whether the outbox writes this call into the same CRM's history: then it is not written a second time."""
    if row.interaction_id is None:
        return False
    entries = OutboxEntry.objects.filter(interaction_id=row.interaction_id, operation=OutboxEntry.Operation.ACTIVITY)
    return entries.filter(account_id=row.calling_list.account_id).exclude(status=OutboxEntry.Status.DROPPED).exists()
