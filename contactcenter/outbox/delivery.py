"""Sends one entry of the outbox to its CRM, exactly once as far as the CRM lets us know.

The order is the point. The entry is claimed by lease; `sent_at` is stored; then the request leaves, outside of any
transaction; then the outcome is stored and `sent_at` cleared unless the outcome is unknown. Whoever finds an entry with
`sent_at` and without an outcome (a killed process, an answer that never came) first looks whether the CRM has it
(`find_created`, `has_activity`). Updates and deletions are simply repeated, which is harmless.

Reactions: *Unavailable* waits 1, 2, 4 ... 60 seconds, then 5 minutes between attempts, or as long as the vendor asks;
*RateLimited* waits as told; *AuthenticationFailed* is checked again every minute, because an administrator has to act;
*Rejected* needs a person. What concerns the whole account holds back all of its entries (`breakers`)."""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations import deadlines, leases, pauses
from integrations.diagnosis import health
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Unavailable
from integrations.fields import SecretUnreadable
from integrations.wire import wirelog

from .. import interactions
from ..crm_access import LIVE_SECONDS, PATIENT_SECONDS, NotConfigured, connect, note_health
from ..models import Interaction, OutboxEntry
from . import breakers, entries, trails
from .breakers import Pass
from .entries import DEPENDENCY, OPEN, UNKNOWN, Status
from .sending import RecordMissing, Sending, Unknowable
from .trails import Trail

logger = logging.getLogger(__name__)

BACK_OFF = (1, 2, 4, 8, 16, 32, 60)
LONGEST_BACK_OFF = 300
AUTHENTICATION_CHECK = 60
# The lease outlasts the slowest attempt, so that nobody repeats a request that is still under way.
LEASE_MARGIN = 5
# Troubles that an answer to any request proves to be over.
OF_THE_WHOLE_ACCOUNT = (
    Cause.UNREACHABLE, Cause.TIMEOUT, Cause.ASLEEP, Cause.TLS_FAILED, Cause.WRONG_HOST,
    Cause.BAD_CREDENTIALS, Cause.TOKEN_EXPIRED, Cause.REFRESH_REVOKED, Cause.NEVER_AUTHORISED,
)  # fmt: skip
Operation = OutboxEntry.Operation


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt did not succeed. `sent_at`: when the request left whose outcome we do not know, if so."""

    cause: str
    text: str
    sent_at: datetime | None
    trail: list[dict[str, Any]]
    answer: dict[str, Any] = field(default_factory=dict)

    @property
    def columns(self) -> dict[str, Any]:
        result = {"error": self.answer} if self.answer else {}
        told = {"last_cause": self.cause, "last_error": self.text, "sent_at": self.sent_at, "result": result}
        return {**told, "trail": self.trail}


class Lost(Exception):
    """Our lease ran out and somebody else has the entry: leave everything to them."""


def live_lease() -> dict[str, Any]:
    """For an entry that is delivered as soon as it is there, while a caller waits; see `entries.submit`."""
    return leases.begun(_limit(LIVE_SECONDS) + LEASE_MARGIN)


def deliver(entry: OutboxEntry, *, live: bool = False, owner: str = "") -> OutboxEntry:
    """One attempt; returns the entry as it is then. Never raises for what a vendor does.

    `live`: a caller waits, so the attempt has five seconds. `owner`: of the lease that the entry was born with, where
    it is ours. Nothing happens while an earlier entry of the record is open, while somebody else holds the entry, or
    before the end of the wait after a failure."""
    owner = owner if entry.lease_owner == owner else ""
    seconds = _limit(LIVE_SECONDS if live else PATIENT_SECONDS)
    given = None if _held_back(entry) else breakers.admit(entry.account, seconds=seconds + LEASE_MARGIN, live=live)
    if given is None:
        if owner:
            leases.release(entry, owner)
        entry.refresh_from_db()
        return entry
    try:
        if not _deliver_with(given, entry, seconds, owner or _claimed(entry, seconds)):
            entry.refresh_from_db()
    finally:
        breakers.hand_back(given)
    return entry


def _claimed(entry: OutboxEntry, seconds: float) -> str:
    """The owner of our new lease, and the entry read again under it; empty where somebody else has the entry."""
    owner = leases.claim(entry, seconds=seconds + LEASE_MARGIN, where=Q(status__in=OPEN))
    if owner:
        entry.refresh_from_db(from_queryset=OutboxEntry.objects.select_related("account", "interaction"))
    return owner


def _deliver_with(given: Pass, entry: OutboxEntry, seconds: float, owner: str) -> bool:
    """True when an outcome is stored, which lets the lease go; the entry shows it then."""
    if not owner:
        return False
    try:
        _attempt(entry, owner, seconds, given)
    except Lost:
        logger.warning("Outbox entry %s was taken over by another process while it was sent.", entry.pk)
        return False
    except BaseException:
        leases.release(entry, owner)
        raise
    return True


def _held_back(entry: OutboxEntry) -> bool:
    earlier = entries.open_entries().filter(record_key=entry.record_key, pk__lt=entry.pk)
    return (bool(entry.last_cause) and entry.due_at > timezone.now()) or earlier.exists()


def _limit(seconds: float) -> float:
    """Shorter than a lease always, also where leases are set short."""
    return min(seconds, max(1.0, settings.LEASE_SECONDS * 0.8))


def _attempt(entry: OutboxEntry, owner: str, seconds: float, given: Pass) -> None:
    sent_before = entry.sent_at
    trail = trails.of(entry, given.began)
    interaction = str(entry.interaction.public_id) if entry.interaction else ""
    try:
        with wirelog.for_interaction(interaction), deadlines.within(seconds), pauses.heard() as told:
            result = Sending(entry, connect(entry.account), leave=lambda: _leave(entry, owner)).carry_out()
    except RecordMissing as missing:
        _settle(entry, owner, status=missing.status, last_cause=DEPENDENCY, last_error=str(missing), sent_at=None)
    except Unknowable as reason:
        breakers.succeeded(given)
        noted = trail.with_failure(UNKNOWN, str(reason))
        _settle(entry, owner, status=Status.STUCK, last_cause=UNKNOWN, last_error=str(reason), trail=noted)
    except IntegrationError as error:
        note_health(entry.account, error)
        breakers.failed(given, error, record=entry.record_key)
        _react(entry, owner, error, sent_before, trail)
    except (NotConfigured, SecretUnreadable) as error:
        failure = Failure("not_configured", str(error), entry.sent_at, trail.with_failure("not_configured", str(error)))
        _wait(entry, owner, AUTHENTICATION_CHECK, failure)
    except Lost:
        raise
    except Exception as error:
        logger.exception("Outbox entry %s could not be sent because of a fault of ours; it is tried again.", entry.pk)
        text = f"A fault in this software: {type(error).__name__}. It is in the log; the entry is tried again."
        _wait(entry, owner, LONGEST_BACK_OFF, Failure("fault", text, entry.sent_at, trail.with_failure("fault", text)))
    else:
        _succeed(entry, owner, given, result, trail, told.seconds)


def _succeed(entry: OutboxEntry, owner: str, given: Pass, result: dict[str, Any], trail: Trail, pause: float) -> None:
    health.succeeded(entry.account)
    breakers.pause(entry.account, pause)
    breakers.succeeded(given)
    done = {"status": Status.DONE, "result": result, "done_at": timezone.now(), "last_error": "", "last_cause": ""}
    _settle(entry, owner, **done, trail=trail.with_success())


def _leave(entry: OutboxEntry, owner: str) -> None:
    """Note that a request is about to leave. Raises `Lost` when the entry is not ours any more."""
    _save(entry, owner, status=Status.SENDING, sent_at=timezone.now(), attempts=entry.attempts + 1)


# -- reactions


def _react(entry: OutboxEntry, owner: str, error: IntegrationError, sent_before: datetime | None, trail: Trail) -> None:
    """What the failure leads to; see the module's first paragraph.

    Where nothing left this time (the look itself failed), an older attempt is as unsettled as it was."""
    left = entry.sent_at != sent_before
    unknown = entry.sent_at if error.maybe_done or not left else None
    entry.attempts += 0 if left else 1
    noted = trail.with_failure(str(error.cause), str(error), error.status)
    failure = Failure(str(error.cause), str(error), unknown, noted, facts_of(error))
    if isinstance(error, Rejected):
        _settle(entry, owner, status=Status.STUCK, attempts=entry.attempts, **failure.columns)
    else:
        _wait(entry, owner, _seconds_after(error, entry), failure)


def _seconds_after(error: IntegrationError, entry: OutboxEntry) -> float:
    """How long the entry waits after this failure: with the account where that is known to be away."""
    shut = breakers.find_open(entry.account) if breakers.concerns_account(error) else None
    if shut is not None and shut.next_try_at is not None:
        return max(0.0, (shut.next_try_at - timezone.now()).total_seconds())
    if isinstance(error, RateLimited):
        return error.retry_after
    if isinstance(error, AuthenticationFailed):
        return AUTHENTICATION_CHECK
    own = back_off(entry.attempts) * float(settings.BACK_OFF_SCALE)
    return max(own, (error.retry_after or 0) if isinstance(error, Unavailable) else 0)


def back_off(attempts: int) -> int:
    """Seconds until the next attempt, after so many."""
    return BACK_OFF[max(0, attempts - 1)] if attempts <= len(BACK_OFF) else LONGEST_BACK_OFF


def facts_of(error: IntegrationError) -> dict[str, Any]:
    """What the vendor answered, for the log of the scenario and for the administrator."""
    return {"status": error.status, "code": error.vendor_code, "message": error.vendor_message}


def _wait(entry: OutboxEntry, owner: str, seconds: float, failure: Failure) -> None:
    due = timezone.now() + timedelta(seconds=seconds)
    _settle(entry, owner, status=Status.WAITING, due_at=due, attempts=entry.attempts, **failure.columns)


# -- storing


def _save(entry: OutboxEntry, owner: str, **changes: Any) -> None:
    """Write under our lease, and only then. Raises `Lost`."""
    if not OutboxEntry.objects.filter(pk=entry.pk, lease_owner=owner).update(**changes):
        raise Lost
    for name, value in changes.items():
        setattr(entry, name, value)


@transaction.atomic
def _settle(entry: OutboxEntry, owner: str, **changes: Any) -> None:
    """Store an outcome with everything that it means here, let the lease go, and tell the agent where it changes what
    they see."""
    from .. import activities

    interaction = interactions.locked(entry.interaction_id) if entry.interaction_id else None
    before = activities.status_of(interaction) if interaction else None
    _save(entry, owner, **changes, **leases.LET_GO)
    if interaction is not None:
        known = note_record(interaction, entry) if entry.status == Status.DONE else False
        if known or activities.status_of(interaction) != before:
            interactions.tell(interaction)
    if entry.status == Status.DONE:
        _spread_good_news(entry)


def note_record(interaction: Interaction, entry: OutboxEntry) -> bool:
    """Keep what was made among the interaction's records, which must be locked. True when that is news."""
    if entry.operation == Operation.DELETE:
        return _forget_record(interaction, entry)
    shown = entry.payload.get("shows")
    if not shown or entry.operation not in (Operation.CREATE, Operation.RELATE):
        return False
    record = {"account": str(entry.account.public_id), "title": shown["title"]}
    if shown["as"] == "interaction":
        made = {key: entry.result.get(key, "") for key in ("kind", "id", "url")}
        interaction.records = {**interaction.records, "interaction": {**record, **made}}
    else:
        linked = {**record, **{key: shown[key] for key in ("kind", "id", "url")}}
        related = interaction.records.get("related", [])
        if linked in related:
            return False
        interaction.records = {**interaction.records, "related": [*related, linked]}
    interaction.save(update_fields=["records"])
    return True


def _forget_record(interaction: Interaction, entry: OutboxEntry) -> bool:
    """A record that was deleted is not the call's any more: nothing is written to it, nobody is led to it."""
    gone = {"account": str(entry.account.public_id), "kind": entry.result["kind"], "id": entry.result["id"]}
    kept = {
        role: [each for each in held if not gone.items() <= each.items()] if role == "related" else held
        for role, held in interaction.records.items()
        if role != "interaction" or not gone.items() <= held.items()
    }
    if kept == interaction.records:
        return False
    interaction.records = kept
    interaction.save(update_fields=["records"])
    return True


def _spread_good_news(entry: OutboxEntry) -> None:
    """The account answers: what waited for just that need not wait any longer."""
    later = OutboxEntry.objects.filter(
        account_id=entry.account_id, status=Status.WAITING, due_at__gt=timezone.now(),
        last_cause__in=OF_THE_WHOLE_ACCOUNT,
    )  # fmt: skip
    if not (entries.dependants(entry) | later).exists():
        return  # as nearly always
    entries.wake(entry)
    later.update(due_at=timezone.now(), last_cause="")
