"""Work for all five CRMs at once, as scenarios and the end of calls make it; a process inside a stack's settings.

    python -m tests.end_to_end.crm_load CALLS SECONDS [FIRST]

So many calls for each CRM, spread over so many seconds, numbered from FIRST (0).

Each call is one interaction with four entries: its record, two changes of it, its history."""

import os
import sys
import time
from typing import Any

import django

# Account, kind of record, its fields, and the two changes; {ref} is the call's number.
CRMS: dict[str, tuple[str, dict[str, str], dict[str, str], dict[str, str]]] = {
    "ServiceNow demo": (
        "interaction", {"type": "phone", "state": "new", "short_description": "Load {ref}"},
        {"state": "work_in_progress"}, {"state": "closed_complete"},
    ),
    "Salesforce demo": (
        "Task", {"Subject": "Load {ref}", "Status": "Not Started", "TaskSubtype": "Call"},
        {"Status": "In Progress", "Subject": "Load {ref} 1"}, {"Subject": "Load {ref} 2"},
    ),
    "Zendesk demo": (
        "ticket", {"subject": "Load {ref}", "description": "Load {ref}", "status": "new"},
        {"status": "open"}, {"status": "solved"},
    ),
    "Oracle Service Cloud demo": (
        "incidents", {"subject": "Load {ref}", "primaryContact.id": "1"},
        {"statusWithType.status.lookupName": "Waiting"}, {"statusWithType.status.lookupName": "Solved"},
    ),
    "RightNow demo": (
        "Incident", {"subject": "Load {ref}", "primaryContact.contact.id": "1"},
        {"statusWithType.status.name": "Waiting"}, {"statusWithType.status.name": "Solved"},
    ),
}  # fmt: skip


def main(calls: int, seconds: float, first: int = 0) -> None:
    from integrations.models import IntegrationAccount

    accounts = {account.name: account for account in IntegrationAccount.objects.filter(name__in=CRMS)}
    began = time.monotonic()
    for number in range(calls):
        for name in CRMS:
            call(accounts[name], f"{first + number:04d}")
        time.sleep(max(0.0, began + seconds * (number + 1) / calls - time.monotonic()))


def call(account: Any, ref: str) -> None:
    """One call and everything that has to be written about it, in one transaction as a scenario's step is."""
    from django.db import transaction

    with transaction.atomic():
        _submit(account, ref)


def _submit(account: Any, ref: str) -> None:
    from django.utils import timezone

    from contactcenter import activities
    from contactcenter.models import Interaction, OutboxEntry

    kind, fields, *changes = CRMS[account.name]
    now = timezone.now()
    interaction = Interaction.objects.create(
        call_id=f"load-{account.pk}-{ref}", customer_number="+14155550132", offered_at=now, answered_at=now,
        ended_at=now, activity_account=account, state="completed",
        notes=f"Load {ref}",
    )  # fmt: skip
    operation = OutboxEntry.Operation
    made = f"{interaction.public_id.hex}:create:1"
    about = {"kind": kind, "id": {"$ref": made}}
    shows = {"as": "interaction", "title": f"Load {ref}"}
    work: list[tuple[str, str, dict[str, Any]]] = [
        (operation.CREATE, made, {"kind": kind, "fields": filled(fields, ref), "key": interaction.reference,
                                  "shows": shows}),
        *((operation.UPDATE, f"{interaction.public_id.hex}:update:{number}", {"ref": about,
           "fields": filled(change, ref)}) for number, change in enumerate(changes)),
        (operation.ACTIVITY, activities.history_key(interaction), {"ref": about,
         "activity": activities.activity(interaction), "agent": None}),
    ]  # fmt: skip
    for operation_name, key, payload in work:
        activities.submit(
            account=account,
            interaction=interaction,
            record_key=activities.record_key(account, interaction),
            operation=operation_name,
            payload=payload,
            key=key,
        )


def filled(fields: dict[str, str], ref: str) -> dict[str, str]:
    return {name: value.format(ref=ref) for name, value in fields.items()}


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")
    django.setup()
    main(int(sys.argv[1]), float(sys.argv[2]), *map(int, sys.argv[3:]))
