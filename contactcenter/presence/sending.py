"""Tells a CRM what is wanted: claimed by lease, the request outside of any transaction, then the outcome.

Setting a presence may be repeated, so that a crash at any point costs a second request and nothing else. What is about
to leave is noted before it does (`sent`): whoever sees it at the CRM later knows that it was us."""

import logging
import time
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from contactcenter.crm_access import PATIENT_SECONDS, NotConfigured, connect, note_health
from contactcenter.models import AgentCrmUser, AgentMatch, AgentPresenceRow, PresenceSync
from contactcenter.models.agent_mapping import GOOD
from contactcenter.nudge import nudge
from contactcenter.outbox import breakers
from integrations import deadlines, leases, pauses
from integrations.capabilities import AgentPresence
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Unavailable
from integrations.fields import SecretUnreadable
from integrations.models import IntegrationAccount

from . import pace

logger = logging.getLogger(__name__)

TURN_SECONDS = 5.0
LEASE_MARGIN = 5.0
MESSAGE_SECONDS = 5.0
BACK_OFF = (2, 4, 8, 16, 32, 60)
# An administrator has to act first: the role, the log-in, the account's settings.
PERSON_WAIT = 60
NOBODY = "No user of the CRM is known for this agent. Look at Agents in this CRM."


class Lost(Exception):
    """Our lease ran out, and somebody else has the row."""


def due() -> QuerySet[AgentPresenceRow]:
    now = timezone.now()
    taking_part = PresenceSync.objects.filter(enabled=True, account__enabled=True).values("account")
    rows = AgentPresenceRow.objects.filter(leases.free(now), account__in=taking_part, due_at__lte=now)
    return rows.exclude(wanted="").exclude(account__in=breakers.closed_to_all(now).values("account"))


def send_due() -> None:
    """Hand accounts that have something due to workers. Called every second."""
    from contactcenter.tasks import send_presence

    for account_id in due().order_by().values_list("account_id", flat=True).distinct():
        nudge(send_presence, account_id, expires=MESSAGE_SECONDS)


def send(account_id: int, seconds: float = TURN_SECONDS) -> int:
    """Tell an account what is due, for so long; returns how many statuses were set. Many callers do no harm."""
    ends, sent = time.monotonic() + seconds, 0
    for row in due().filter(account_id=account_id).order_by("due_at", "pk").select_related("account"):
        outcome = send_one(row)
        sent += outcome is True
        if outcome is None or time.monotonic() >= ends:
            break
    return sent


def send_one(row: AgentPresenceRow) -> bool | None:
    """One attempt: True where it was set, None where the account has to wait."""
    limit = min(PATIENT_SECONDS, max(1.0, settings.LEASE_SECONDS * 0.8))
    given = breakers.admit(row.account, seconds=limit + LEASE_MARGIN)
    if given is None:
        return None
    owner = leases.claim(row, seconds=limit + LEASE_MARGIN, where=~Q(wanted="") & Q(due_at__lte=timezone.now()))
    if not owner:
        breakers.hand_back(given)
        return False
    try:
        return _attempt(row.account, row.pk, owner, limit, given)
    except Lost:
        logger.warning("Presence row %s was taken over by another process while it was sent.", row.pk)
        return False
    finally:
        breakers.hand_back(given)
        leases.release(row, owner)


def _attempt(account: IntegrationAccount, pk: int, owner: str, limit: float, given: breakers.Pass) -> bool:
    status = _leave(pk, owner)
    if not status:
        return False
    try:
        provider = presence_of_account(account)
        user_id = users_of(account, [agent_of(pk)]).get(agent_of(pk), "")
        if not user_id:
            raise Rejected(NOBODY, cause=Cause.NOT_FOUND)
        with deadlines.within(limit), pauses.heard() as told:
            provider.set_presence(user_id, status)
    except IntegrationError as error:
        note_health(account, error)
        if not str(error).startswith(NOBODY):
            breakers.failed(given, error, record=f"presence:{pk}")
        _failed(pk, owner, status, error)
        return False
    except (NotConfigured, SecretUnreadable) as error:
        _wait(pk, owner, PERSON_WAIT, str(error))
        return False
    except Exception as error:
        logger.exception("Presence row %s could not be sent because of a fault of ours; it is tried again.", pk)
        _wait(pk, owner, PERSON_WAIT, f"A fault in this software: {type(error).__name__}. It is in the log.")
        return False
    breakers.succeeded(given)
    breakers.pause(account, told.seconds)
    _succeeded(pk, owner, status)
    return True


def agent_of(pk: int) -> int:
    return int(AgentPresenceRow.objects.values_list("agent_id", flat=True).get(pk=pk))


def presence_of_account(account: IntegrationAccount) -> AgentPresence:
    """Raises `NotConfigured`."""
    provider = connect(account)
    if not isinstance(provider, AgentPresence):
        raise NotConfigured(f'The account "{account.name}" has no presence that could be set.')
    return provider


def users_of(account: IntegrationAccount, agent_ids: list[int]) -> dict[int, str]:
    """The CRM's users by agent: the mapping table first, then what the last check found."""
    matches = AgentMatch.objects.filter(account=account, agent__in=agent_ids, status__in=GOOD).exclude(vendor_id="")
    table = AgentCrmUser.objects.filter(account=account, agent__in=agent_ids)
    return {**dict(matches.values_list("agent", "vendor_id")), **dict(table.values_list("agent", "vendor_id"))}


# -- the row before and after the request


def _mine(pk: int, owner: str) -> AgentPresenceRow:
    row = AgentPresenceRow.objects.select_for_update(no_key=True).filter(pk=pk, lease_owner=owner).first()
    if row is None:
        raise Lost
    return row


@transaction.atomic
def _leave(pk: int, owner: str) -> str:
    """Note what is about to be sent; empty where nothing is, or where the row is held for changing too often."""
    row, now = _mine(pk, owner), timezone.now()
    if not row.wanted:
        return ""
    again = row.attempts > 0 and row.sent == row.wanted
    if not again and not pace.may_change(row, most_of(row.account_id), now):
        row.due_at = row.held_until
        row.save(update_fields=["due_at", *pace.FIELDS])
        return ""
    row.before = row.seen if row.sent in ("", row.seen) else row.before
    row.sent, row.sent_at = row.wanted, now
    row.save(update_fields=["before", "sent", "sent_at", *pace.FIELDS])
    return row.sent


def most_of(account_id: int) -> int:
    return int(PresenceSync.objects.values_list("changes_per_minute", flat=True).get(account_id=account_id))


@transaction.atomic
def _succeeded(pk: int, owner: str, status: str) -> None:
    row, now = _mine(pk, owner), timezone.now()
    row.seen, row.seen_at, row.sent_at = status, now, now
    row.origin, row.changed_at = AgentPresenceRow.Origin.OURS, now
    row.attempts, row.trouble = 0, ""
    if row.wanted == status:
        row.wanted, row.due_at = "", None
    row.save()


def _failed(pk: int, owner: str, status: str, error: IntegrationError) -> None:
    """Refused for good: given up and told. A missing right, the log-in: once a minute. Otherwise: later each time."""
    if isinstance(error, Rejected) and error.cause != Cause.NO_PERMISSION:
        _give_up(pk, owner, status, str(error))
    elif isinstance(error, (AuthenticationFailed, Rejected)):
        _wait(pk, owner, PERSON_WAIT, str(error))
    elif isinstance(error, RateLimited):
        _wait(pk, owner, error.retry_after, str(error))
    else:
        asked = error.retry_after if isinstance(error, Unavailable) else None
        _wait(pk, owner, asked, str(error))


@transaction.atomic
def _wait(pk: int, owner: str, seconds: float | None, text: str) -> None:
    """`seconds` None: longer after each failure."""
    row = _mine(pk, owner)
    own = BACK_OFF[min(row.attempts, len(BACK_OFF) - 1)] * settings.BACK_OFF_SCALE
    row.attempts += 1
    row.due_at = timezone.now() + timedelta(seconds=own if seconds is None else seconds)
    row.trouble = text[:2000]
    row.save(update_fields=["attempts", "due_at", "trouble"])


@transaction.atomic
def _give_up(pk: int, owner: str, status: str, text: str) -> None:
    """Refused: the CRM has what it had. A newer wish is tried all the same."""
    row = _mine(pk, owner)
    row.attempts, row.trouble = 0, text[:2000]
    row.sent = ""
    if row.wanted == status:
        row.wanted, row.due_at = "", None
    row.save(update_fields=["attempts", "trouble", "sent", "wanted", "due_at"])


def forget_wishes(account: IntegrationAccount) -> None:
    """Switched off: nothing of what waited is sent when it is switched on again."""
    AgentPresenceRow.objects.filter(account=account).update(
        wanted="", due_at=None, seen="", sent="", before="", echo_state="", echo_reason=None, held_until=None,
        changes=[], attempts=0, trouble="", look_at=None,
    )  # fmt: skip
