"""Asks a CRM for the statuses of our agents: everybody once per interval, in batches, and single agents whose page
told us that something changed. Only agents who are logged in here are asked for: nothing would follow for others."""

import logging
import time
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from contactcenter.crm_access import PATIENT_SECONDS, NotConfigured, note_health
from contactcenter.models import Agent, AgentPresenceRow, AgentState, PresenceSync
from contactcenter.nudge import nudge
from contactcenter.outbox import breakers
from integrations import deadlines, leases, pauses
from integrations.capabilities import AgentPresence
from integrations.errors import IntegrationError, RateLimited
from integrations.fields import SecretUnreadable

from . import sending, taking_over

logger = logging.getLogger(__name__)

TURN_SECONDS = 5.0
LEASE_SECONDS = 30.0
LONGEST_BACK_OFF = 300.0
LOOKED_AT_ONCE = 20


def due() -> QuerySet[PresenceSync]:
    """Accounts whose next look is due, or with an agent to look at now."""
    now = timezone.now()
    told = AgentPresenceRow.objects.filter(look_at__lte=now).values("account")
    wants = Q(poll_seconds__gt=0) & (Q(due_at__isnull=True) | Q(due_at__lte=now))
    rested = Q(failures=0) | Q(due_at__lte=now)
    rows = PresenceSync.objects.filter(leases.free(now), wants | (Q(account__in=told) & rested), enabled=True)
    return rows.filter(account__enabled=True).exclude(account__in=breakers.closed_to_all(now).values("account"))


def watch_due() -> None:
    """Hand accounts whose look is due to workers. Called every second."""
    from contactcenter.tasks import watch_presence

    for pk in due().values_list("pk", flat=True):
        nudge(watch_presence, pk, expires=5.0)


def look_soon(agent: Agent) -> bool:
    """The page around the agent's desktop said that the presence changed there. False where nobody wants to know."""
    taking_part = PresenceSync.objects.filter(account=agent.host_account_id, enabled=True)
    if agent.host_account_id is None or not taking_part.exists():
        return False
    row, _made = AgentPresenceRow.objects.get_or_create(account_id=agent.host_account_id, agent=agent)
    AgentPresenceRow.objects.filter(pk=row.pk, look_at__isnull=True).update(look_at=timezone.now())
    return True


def watch(pk: int, seconds: float = TURN_SECONDS) -> int:
    """One turn for an account; returns how many agents were looked at. Does nothing where somebody else looks."""
    sync = due().filter(pk=pk).select_related("account").first()
    given = breakers.admit(sync.account, seconds=LEASE_SECONDS) if sync else None
    if sync is None or given is None:
        return 0
    owner = leases.claim(sync, seconds=LEASE_SECONDS, where=Q(enabled=True))
    try:
        return _turn(sync, owner, given, seconds) if owner else 0
    finally:
        breakers.hand_back(given)
        if owner:
            leases.release(sync, owner)


def _turn(sync: PresenceSync, owner: str, given: breakers.Pass, seconds: float) -> int:
    sync.refresh_from_db()
    ends, looked_at = time.monotonic() + seconds, 0
    try:
        provider = sending.presence_of_account(sync.account)
        looked_at += _look(sync, provider, _told_about(sync))
        while _round_is_due(sync) and time.monotonic() < ends and leases.extend(sync, owner, seconds=LEASE_SECONDS):
            batch = _batch(sync, provider.presence_batch)
            looked_at += _look(sync, provider, batch)
            _go_on(sync, owner, batch)
    except IntegrationError as error:
        note_health(sync.account, error)
        breakers.failed(given, error, record=f"presence of {sync.pk}")
        _put_off(sync, owner, str(error), error.retry_after if isinstance(error, RateLimited) else None)
    except (NotConfigured, SecretUnreadable) as error:
        _put_off(sync, owner, str(error), sending.PERSON_WAIT)
    except Exception as error:
        logger.exception("The look at presence in %s broke off.", sync.account)
        _put_off(sync, owner, f"A fault in this software: {type(error).__name__}. It is in the log.", None)
    else:
        if looked_at:
            breakers.succeeded(given)
    return looked_at


def _look(sync: PresenceSync, provider: AgentPresence, agents: list[Agent]) -> int:
    users = sending.users_of(sync.account, [agent.pk for agent in agents]) if agents else {}
    if not users:
        return 0
    began = timezone.now()
    with deadlines.within(PATIENT_SECONDS), pauses.heard() as told:
        found = provider.presence_of(list(dict.fromkeys(users.values())))
    breakers.pause(sync.account, told.seconds)
    for agent in agents:
        status = found.get(users.get(agent.pk, ""))
        if status is not None:
            taking_over.observe(sync, agent, status.id, began)
        else:
            _not_there(sync, agent, users.get(agent.pk, ""))
    return len(users)


def _not_there(sync: PresenceSync, agent: Agent, user_id: str) -> None:
    text = "The CRM has no presence for this user: is it an agent there?" if user_id else sending.NOBODY
    rows = AgentPresenceRow.objects.filter(account=sync.account_id, agent=agent)
    rows.update(look_at=None)
    rows.filter(wanted="", trouble="").update(trouble=text)


def _told_about(sync: PresenceSync) -> list[Agent]:
    told = AgentPresenceRow.objects.filter(account=sync.account_id, look_at__lte=timezone.now())
    ids = list(told.order_by("look_at").values_list("agent_id", flat=True)[:LOOKED_AT_ONCE])
    return list(Agent.objects.filter(pk__in=ids).select_related("user"))


def _round_is_due(sync: PresenceSync) -> bool:
    return sync.poll_seconds > 0 and (sync.due_at is None or sync.due_at <= timezone.now())


def _batch(sync: PresenceSync, size: int) -> list[Agent]:
    here = Agent.objects.filter(user__is_active=True, pk__gt=sync.cursor).exclude(state=AgentState.LOGGED_OUT)
    return list(here.select_related("user").order_by("pk")[:size])


def _go_on(sync: PresenceSync, owner: str, batch: list[Agent]) -> None:
    """After a batch: the next one at once, or the next round one interval after this one began."""
    now = timezone.now()
    began: datetime = sync.round_began or now
    if batch:
        sync.cursor, sync.round_began, sync.due_at = batch[-1].pk, began, now
    else:
        next_round = max(now + timedelta(seconds=1), began + timedelta(seconds=sync.poll_seconds))
        sync.cursor, sync.round_began, sync.due_at, sync.looked_at = 0, None, next_round, now
    values = {name: getattr(sync, name) for name in ("cursor", "round_began", "due_at", "looked_at")}
    PresenceSync.objects.filter(pk=sync.pk, lease_owner=owner).update(**values, error="", failures=0)


def _put_off(sync: PresenceSync, owner: str, text: str, seconds: float | None) -> None:
    own = min(LONGEST_BACK_OFF, max(5, sync.poll_seconds) * 2.0 ** min(sync.failures, 6))
    until = timezone.now() + timedelta(seconds=own if seconds is None else seconds)
    PresenceSync.objects.filter(pk=sync.pk, lease_owner=owner).update(
        error=text[:2000], failures=sync.failures + 1, due_at=until
    )
