"""Activity history: what is written to the CRM about an interaction, and what the agent is told about it.

The way to the CRM is the outbox; its functions are offered here too, because whoever writes to a CRM starts here:
`submit` adds an entry, `deliver` tries it at once, the workers do the rest."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from integrations import leases
from integrations.capabilities import Crm
from integrations.models import IntegrationAccount

from . import interactions
from .chats import view
from .models import ContactCenter, Interaction, OutboxEntry, Service
from .outbox.delivery import deliver
from .outbox.entries import deliver_due, deliver_record, drop, record_key, retry, send_soon, submit
from .phone import normalise
from .recordings import addresses
from .recordings import history as recordings

__all__ = [
    "account_of",
    "add_transcript",
    "deliver",
    "deliver_due",
    "deliver_record",
    "drop",
    "post_history",
    "record_begun",
    "record_key",
    "retry",
    "status_of",
    "submit",
]

Operation, Status = OutboxEntry.Operation, OutboxEntry.Status
TEXTS = {
    "off": "Activity history is off, because this desktop is not opened from a CRM page.",
    "none": "",
    "saved": "Saved, will post later",
    "posted": "Posted",
    "stuck": "Needs attention",
}


# -- posting


@transaction.atomic
def post_history(interaction: Interaction) -> OutboxEntry | None:
    """Put the finished interaction into the activity history of its record, once. Called when it is completed, and by
    the engine when a scenario ends after that. The interaction must be locked.

    None where there is nothing to write to: no account (`account_of`), the account is no CRM, no record was made - or
    not yet, and the running scenario will make one."""
    account = interaction.activity_account
    if account is None or not issubclass(account.provider_class, Crm):
        return None
    ref = _target(interaction, account)
    if ref is None:
        return None
    return submit(
        account=account,
        interaction=interaction,
        record_key=record_key(account, interaction),
        operation=Operation.ACTIVITY,
        payload={"ref": ref, "activity": activity(interaction), "agent": interaction.agent_id},
        key=history_key(interaction),
        wait=recordings.seconds_to_wait(interaction),
    )


@transaction.atomic
def add_transcript(pk: int) -> bool:
    """What was said is known, or will not be: a history that waits for it leaves. False where none does."""
    interaction = interactions.locked(pk)
    if not recordings.wants_transcript(interaction) or not recordings.is_settled(interaction):
        return False
    untouched = interaction.outbox.filter(leases.free(), status=Status.WAITING, attempts=0, sent_at=None)
    entry = untouched.filter(idempotency_key=history_key(interaction)).first()
    if entry is None:
        return False
    payload = {**entry.payload, "activity": activity(interaction)}
    left = untouched.filter(pk=entry.pk).update(payload=payload, due_at=timezone.now())
    send_soon(entry.record_key)
    return bool(left)


def history_key(interaction: Interaction) -> str:
    return f"{interaction.public_id.hex}:history"


def _target(interaction: Interaction, account: IntegrationAccount) -> dict[str, Any] | None:
    """The record whose history gets the call: {"kind", "id"}, the id possibly still to come ("$ref")."""
    mine = {"account": str(account.public_id)}
    if account.values().get("activity_record") == "related":
        related = [r for r in interaction.records.get("related", []) if mine.items() <= r.items()]
        if related:
            return {"kind": related[0]["kind"], "id": related[0]["id"]}
    made = interaction.records.get("interaction") or {}
    if mine.items() <= made.items():
        return {"kind": made["kind"], "id": made["id"]}
    return _target_to_come(interaction, account) or _called(interaction, account)


def _called(interaction: Interaction, account: IntegrationAccount) -> dict[str, Any] | None:
    """No scenario runs for a call out, so nothing is made for it: its history goes to the record that was called,
    where the CRM keeps a history with any record."""
    called = interaction.records.get("caller") or {}
    outbound = interaction.direction == Interaction.Direction.OUTBOUND
    ours = called.get("account") == str(account.public_id)
    if not (outbound and ours and account.provider_class.history_on_any_record):
        return None
    return {"kind": called["kind"], "id": called["id"]}


def _target_to_come(interaction: Interaction, account: IntegrationAccount) -> dict[str, Any] | None:
    for entry in _begun(interaction).filter(account=account).exclude(status=Status.DONE):
        if _stands_for_call(entry):
            return {"kind": entry.payload["kind"], "id": {"$ref": entry.idempotency_key}}
    return None


def _begun(interaction: Interaction) -> QuerySet[OutboxEntry]:
    return interaction.outbox.filter(operation=Operation.CREATE).exclude(status=Status.DROPPED)


def _stands_for_call(entry: OutboxEntry) -> bool:
    return (entry.payload.get("shows") or {}).get("as") == "interaction"


# -- where to


def account_of(interaction: Interaction, page: IntegrationAccount | None) -> IntegrationAccount | None:
    """The account whose history gets the call: the CRM in which the scenario keeps the call's own record, where that
    one takes it from anywhere, else `page`, the account in whose page the agent's desktop is open.

    ServiceNow takes it from its own page only: the guide says that without `topDomain` there is no history."""
    for entry in _begun(interaction).select_related("account"):
        if _stands_for_call(entry) and _takes_from_anywhere(entry.account):
            return entry.account
    return page


def _takes_from_anywhere(account: IntegrationAccount) -> bool:
    try:
        provider = account.provider_class
    except LookupError:
        return False
    return issubclass(provider, Crm) and provider.history_without_page


def record_begun(interaction: Interaction, account: IntegrationAccount) -> None:
    """A scenario has begun the call's own record at this account: the history may go there from now on."""
    if _takes_from_anywhere(account):
        _choose_account(interaction)


@transaction.atomic
def _choose_account(interaction: Interaction) -> None:
    fresh = interactions.locked(interaction.pk)
    account = account_of(fresh, fresh.activity_account)
    if account != fresh.activity_account:
        fresh.activity_account = account
        fresh.save(update_fields=["activity_account"])
        interactions.tell(fresh)
    interaction.activity_account = account


# -- the text


def activity(interaction: Interaction) -> dict[str, Any]:
    """The interaction as it goes into the history; the shape of `capabilities.Activity`, in JSON."""
    began = interaction.answered_at or interaction.offered_at
    outbound = interaction.direction == Interaction.Direction.OUTBOUND
    ours, theirs = interaction.service_number, interaction.customer_number
    return {
        "key": interaction.reference,
        "subject": subject(interaction),
        "text": "\n".join(f"{label}: {text}" for label, text in facts(interaction) if text),
        "started_at": began.isoformat(),
        "duration_seconds": duration(interaction),
        "disposition": interaction.disposition.name if interaction.disposition else "",
        "direction": str(interaction.direction),
        "from_number": _plain(ours if outbound else theirs),
        "to_number": _plain(theirs if outbound else ours),
        "recording_url": addresses.to_be_told(interaction),
        "extra": dict(interaction.attached_data),
    }


def subject(interaction: Interaction) -> str:
    if interaction.media == Service.Media.CHAT:
        return f"Chat by {interaction.chat.account.provider_class.label} with {_customer(interaction)}"
    number = _number(interaction)
    if interaction.direction == Interaction.Direction.OUTBOUND:
        return f"Call to {number}"
    return f"Call from {number}"


def facts(interaction: Interaction) -> list[tuple[str, str]]:
    """Label and text of every line, empty texts included."""
    service, disposition = interaction.service, interaction.disposition
    return [
        ("Caller", str(interaction.caller.get("name", ""))),
        ("Number", _number(interaction) if interaction.customer_number else ""),
        ("Service", service.name if service else ""),
        ("Agent", str(interaction.agent or "")),
        ("Offered", _time(interaction.offered_at)),
        ("Answered", _time(interaction.answered_at)),
        ("Ended", _time(interaction.ended_at)),
        ("Talk time", _clock(duration(interaction))),
        ("Disposition", disposition.name if disposition else ""),
        ("Notes", interaction.notes.strip()),
        ("Recording", addresses.to_be_told(interaction)),
        ("Transcript", _below(recordings.transcript(interaction))),
        ("Conversation", _below(view.transcript(interaction)) if interaction.media == Service.Media.CHAT else ""),
    ]


def _below(text: str) -> str:
    """A text of several lines, begun below its label."""
    return f"\n{text}" if text else ""


def duration(interaction: Interaction) -> int:
    """Seconds from answer to end; 0 for a call that nobody answered."""
    if interaction.answered_at is None or interaction.ended_at is None:
        return 0
    return max(0, int((interaction.ended_at - interaction.answered_at).total_seconds()))


def _customer(interaction: Interaction) -> str:
    return str(interaction.caller.get("name") or "") or _number(interaction)


def _plain(number: str) -> str:
    return normalise(number, ContactCenter.current().default_region).plain


def _number(interaction: Interaction) -> str:
    number = normalise(interaction.customer_number, ContactCenter.current().default_region)
    return number.display or "an unknown number"


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else ""


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02d}"


# -- what the agent sees


def status_of(interaction: Interaction) -> dict[str, Any]:
    """{"enabled", "status", "text"}: "off" without an account to post to; "stuck" when something needs attention, else
    "saved" while something is on its way, "posted" once the history is at the CRM, "none" before there is anything.

    For many interactions at once, prefetch "outbox"."""
    if interaction.activity_account_id is None:
        return _status("off")
    entries = [entry for entry in interaction.outbox.all() if entry.status != Status.DROPPED]
    stuck = next((entry for entry in entries if entry.status == Status.STUCK), None)
    if stuck is not None:
        return _status("stuck", f"{TEXTS['stuck']}: {stuck.last_error}")
    if any(entry.status != Status.DONE for entry in entries):
        return _status("saved")
    return _status("posted" if any(entry.operation == Operation.ACTIVITY for entry in entries) else "none")


def _status(status: str, text: str = "") -> dict[str, Any]:
    return {"enabled": status != "off", "status": status, "text": text or TEXTS[status]}
