"""The outbox: what must reach a CRM is a row before it is a request.

Entries of one `record_key` go one after the other, oldest first. Which earlier entry holds back a later one:

* one that waits or is being sent, always: the record's story is told in order;
* a *stuck* create, for everything that refers to its record: those entries get stuck with it ("waits for ...") and go
  on by themselves when the create is retried with success; they are dropped with it when it is dropped;
* a *stuck* update, link, deletion or activity: nothing. The call must still be closed although one field was refused.
  If such an update is retried later, fields that a later update has set meanwhile are left out (`delivery`), so that an
  old state never overwrites a new one.

A payload may name the record of an earlier entry as `{"$ref": "<its idempotency key>"}`. How one entry is sent, and
what each failure leads to, is in `delivery`."""

from collections.abc import Iterable
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone

from integrations import leases
from integrations.models import IntegrationAccount

from ..models import Interaction, OutboxEntry
from ..nudge import nudge
from . import breakers

Status = OutboxEntry.Status
OPEN = (Status.WAITING, Status.SENDING)
# How many entries of one account are sent at once by workers. A vendor that hangs must not take every worker.
MOST_IN_FLIGHT = 3
# How long one task goes on with a backlog before it lets other accounts have the worker.
TURN_SECONDS = 5
# A message to a worker is worthless after this: the next sweep has sent another one.
MESSAGE_SECONDS = 5.0
# `last_cause` of an entry that got stuck because the record it is about does not exist yet.
DEPENDENCY = "waits_for_record"
# `last_cause` of an entry that may have been carried out already, at a CRM that does not let us look.
UNKNOWN = "unknown_outcome"


def record_key(account: IntegrationAccount, interaction: Interaction) -> str:
    """The order in which an interaction is written to one account: everything about it, one after the other."""
    return f"{account.pk}:{interaction.public_id.hex}"


def submit(
    *,
    account: IntegrationAccount,
    interaction: Interaction | None,
    record_key: str,
    operation: str,
    payload: dict[str, Any],
    key: str,
    lease: dict[str, Any] | None = None,
    wait: float = 0,
) -> OutboxEntry:
    """Add an entry, or return the one that has this idempotency key already.

    Belongs into the caller's transaction, where there is one; workers are nudged when it commits. An entry that is born
    with a `lease` (`leases.begun`) is left to the caller, who is about to `deliver` it. `wait`: seconds until it is
    due, and what comes after it for the record with it."""
    due = timezone.now() + timedelta(seconds=wait)
    told = {"account": account, "interaction": interaction, "record_key": record_key, "operation": operation}
    # Written first and looked for afterwards: there is one already only where a crash is repaired.
    guard = transaction.atomic() if connection.in_atomic_block else nullcontext()
    try:
        with guard:
            entry = OutboxEntry.objects.create(
                **told, payload=payload, idempotency_key=key, due_at=due, **(lease or {})
            )  # fmt: skip
    except IntegrityError:
        return OutboxEntry.objects.get(idempotency_key=key)
    if not lease and not wait:
        send_soon(entry.record_key)
    return entry


def send_soon(record_key: str) -> None:
    from ..tasks import deliver_record

    nudge(deliver_record, record_key)


# -- what is due


def open_entries() -> QuerySet[OutboxEntry]:
    return OutboxEntry.objects.filter(status__in=OPEN)


def heads() -> QuerySet[OutboxEntry]:
    """Due entries that nobody holds, that no earlier one of their record holds back, and whose account may be used."""
    now = timezone.now()
    return (
        _first_of_records()
        .filter(leases.free(now), account__enabled=True, due_at__lte=now)
        .exclude(account__in=breakers.closed_to_all(now).values("account"))
    )


def _first_of_records() -> QuerySet[OutboxEntry]:
    earlier = open_entries().filter(record_key=OuterRef("record_key"), pk__lt=OuterRef("pk"))
    return open_entries().filter(~Exists(earlier)).order_by("due_at", "pk")


def deliver_due() -> int:
    """Hand records that have something due to workers; returns how many. Called every second.

    Each account gets its own share, so that ten thousand entries of one hold back nobody else's. An account that is
    away gets one entry, as its next try."""
    from ..tasks import deliver_record

    room, trying = _room_per_account(), dict(_tries())
    waiting = open_entries().filter(due_at__lte=timezone.now()).order_by().values_list("account_id", flat=True)
    handed_out = 0
    for account_id in waiting.distinct():
        free = min(1 if account_id in trying else MOST_IN_FLIGHT, room.get(account_id, MOST_IN_FLIGHT))
        if free <= 0:
            continue
        due = heads().filter(account_id=account_id).values_list("record_key", flat=True)
        for key in due[:free]:
            nudge(deliver_record, key, expires=MESSAGE_SECONDS)
            trying.pop(account_id, None)
            handed_out += 1
    _try_without_entries(trying)
    return handed_out


def _tries() -> Iterable[tuple[int, int]]:
    """Accounts whose next try is due, with themselves as value."""
    return ((pk, pk) for pk in breakers.due_for_try(timezone.now()).values_list("account_id", flat=True))


def _try_without_entries(accounts: Iterable[int]) -> None:
    """Nothing of these accounts is due: without a try of its own, the breaker would stay open for ever."""
    from ..tasks import try_account

    for account_id in accounts:
        nudge(try_account, account_id, expires=MESSAGE_SECONDS)


def _room_per_account() -> dict[int, int]:
    in_flight = open_entries().filter(leased_until__gt=timezone.now())
    counted = in_flight.order_by().values("account_id").annotate(count=Count("pk"))
    return {row["account_id"]: MOST_IN_FLIGHT - row["count"] for row in counted}


def deliver_record(record_key: str) -> int:
    """Send what waits for one record, in order, until something has to wait; returns how many were sent.

    While that goes well, other records of the same account follow, so that a backlog does not trickle."""
    until = timezone.now() + timedelta(seconds=TURN_SECONDS)
    sent, account_id = 0, None
    following: str | None = record_key
    while following:
        done, entry = _deliver_in_order(following)
        sent += done
        account_id = entry.account_id if entry else account_id
        following = None
        if done and timezone.now() < until:
            following = heads().filter(account_id=account_id).values_list("record_key", flat=True).first()
    return sent


def _deliver_in_order(record_key: str) -> tuple[int, OutboxEntry | None]:
    """How many entries of the record were sent, and the last one that was looked at."""
    from . import delivery

    sent, entry = 0, None
    for pk in list(open_entries().filter(record_key=record_key).order_by("pk").values_list("pk", flat=True)):
        entry = OutboxEntry.objects.get(pk=pk)
        if entry.due_at > timezone.now() or _room_per_account().get(entry.account_id, 1) <= 0:
            break
        entry = delivery.deliver(entry)
        if entry.status in OPEN:
            break
        sent += entry.status == Status.DONE
    return sent, entry


def is_busy(entry: OutboxEntry) -> bool:
    """Whether somebody is sending it at this moment."""
    return entry.leased_until is not None and entry.leased_until > timezone.now()


# -- dependants


def dependants(entry: OutboxEntry) -> QuerySet[OutboxEntry]:
    """Entries that got stuck because of this one."""
    return OutboxEntry.objects.filter(
        record_key=entry.record_key, status=Status.STUCK, last_cause=DEPENDENCY, pk__gt=entry.pk
    )


def wake(entry: OutboxEntry) -> None:
    """The record exists now: what waited for it is due."""
    if dependants(entry).update(status=Status.WAITING, last_cause="", last_error="", due_at=timezone.now()):
        send_soon(entry.record_key)


def references(payload: Any) -> Iterable[str]:
    """The idempotency keys that a payload names."""
    if isinstance(payload, dict):
        if isinstance(payload.get("$ref"), str):
            yield payload["$ref"]
        for value in payload.values():
            yield from references(value)
    elif isinstance(payload, list):
        for value in payload:
            yield from references(value)


# -- what a person decides about an entry that needs attention


@transaction.atomic
def try_now(account: IntegrationAccount) -> bool:
    """Make the next try of an account that is away due, with an entry that can be it; False where it is not away."""
    if not breakers.try_now(account):
        return False
    first = _first_of_records().filter(account=account, due_at__gt=timezone.now()).values("pk")[:1]
    OutboxEntry.objects.filter(pk__in=list(first.values_list("pk", flat=True))).update(due_at=timezone.now())
    return True


@transaction.atomic
def retry_all(account: IntegrationAccount) -> int:
    """Try everything of an account again now; how many entries that are. What may have been carried out already, and
    nobody could look, is left alone: that is a question about each single entry."""
    breakers.try_now(account)
    mine = OutboxEntry.objects.filter(account=account, status__in=(Status.WAITING, Status.STUCK))
    return mine.exclude(last_cause=UNKNOWN).update(
        status=Status.WAITING, attempts=0, last_cause="", due_at=timezone.now()
    )  # fmt: skip


@transaction.atomic
def retry(entry: OutboxEntry) -> OutboxEntry:
    """Try an entry again now, and those that got stuck with it. Harmless for one that is done or dropped.

    Where only a person could find out whether an earlier attempt was carried out, retrying says that it was not."""
    again = OutboxEntry.objects.filter(pk=entry.pk, status__in=(Status.WAITING, Status.STUCK))
    again.filter(last_cause=UNKNOWN).update(sent_at=None)
    if again.update(status=Status.WAITING, attempts=0, last_cause="", due_at=timezone.now()):
        send_soon(entry.record_key)
    entry.refresh_from_db()
    return entry


@transaction.atomic
def drop(entry: OutboxEntry) -> OutboxEntry:
    """Give an entry up, and with a record that was never made everything that is about it."""
    settled = OutboxEntry.objects.filter(pk=entry.pk, status__in=(Status.WAITING, Status.STUCK))
    if settled.update(status=Status.DROPPED, done_at=timezone.now()):
        for follower in dependants(entry):
            if entry.idempotency_key in references(follower.payload):
                drop(follower)
        send_soon(entry.record_key)
    entry.refresh_from_db()
    return entry
