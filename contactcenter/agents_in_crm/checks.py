"""Who of our agents is whom in each CRM: looked up for everybody once a day, and whenever somebody asks.

A check is a row that is worked off by lease, a hundred agents at a time: what died goes on where it stood, and a vendor
that wants us to wait is waited for without anybody sleeping. The rows `AgentMatch` are the answer."""

import logging
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from integrations import agent_match, deadlines, leases
from integrations.agent_match import AgentFacts, Finding
from integrations.capabilities import UserDirectory
from integrations.diagnosis import health
from integrations.errors import AuthenticationFailed, IntegrationError, RateLimited, Rejected
from integrations.models import IntegrationAccount
from integrations.providers import registry

from ..crm_access import NotConfigured, connect
from ..models import Agent, AgentCheck, AgentCrmUser, AgentMatch, ContactCenter
from ..models.agent_mapping import GOOD

logger = logging.getLogger(__name__)

DAILY_HOUR = 5  # of the contact centre: before the day's work, after the night's imports
BATCH = 100
BATCH_SECONDS = 45.0
LEASE_SECONDS = 60.0
LANE_SECONDS = 20.0
# How long to wait after a failure, in minutes; after the last one the check is given up.
PAUSES = (1, 2, 5, 15, 30)
LONGEST_PAUSE = timedelta(hours=1)
KEPT = timedelta(days=90)


def accounts() -> Any:
    """Enabled accounts whose users our agents are looked for among."""
    keys = [key for key, provider in registry().items() if issubclass(provider, UserDirectory)]
    return IntegrationAccount.objects.filter(enabled=True, provider__in=keys).order_by("pk")


# -- asking


def ask(account: IntegrationAccount, by: str) -> AgentCheck:
    """The check of this account that is under way, or a new one."""
    check, _made = AgentCheck.objects.get_or_create(account=account, open=True, defaults={"asked_by": by[:150]})
    return check


def ask_daily(now: datetime | None = None) -> int:
    """Begin today's checks, each once; returns how many. Where a person's check is under way it is left alone, and the
    next turn begins today's."""
    local = (now or timezone.now()).astimezone(ZoneInfo(ContactCenter.current().time_zone))
    if local.hour < DAILY_HOUR:
        return 0
    busy = AgentCheck.objects.filter(Q(day=local.date()) | Q(open=True)).values("account")
    due = accounts().exclude(pk__in=busy).only("pk")
    rows = [AgentCheck(account=account, day=local.date()) for account in due]
    AgentCheck.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


# -- working


def work(seconds: float = LANE_SECONDS) -> int:
    """Go on with what is open, for so long; returns how many agents were looked at. Many callers at once do no harm."""
    deadline, looked_at = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        check = _waiting().first()
        if check is None:
            break
        owner = leases.claim(check, seconds=LEASE_SECONDS, where=Q(open=True))
        if owner:
            check.refresh_from_db()
            looked_at += _go_on(check, owner, deadline)
            leases.release(check, owner)
    return looked_at


def _waiting() -> Any:
    due = Q(not_before__isnull=True) | Q(not_before__lte=timezone.now())
    return AgentCheck.objects.filter(leases.free(), due, open=True).select_related("account").order_by("id")


def _go_on(check: AgentCheck, owner: str, deadline: float) -> int:
    """Batch after batch while the time and the lease last."""
    looked_at = 0
    try:
        directory = _directory(check.account)
        while leases.extend(check, owner, seconds=LEASE_SECONDS):
            agents = list(_agents().filter(pk__gt=check.cursor).order_by("pk")[:BATCH])
            if not agents:
                _finish(check, owner)
                break
            _count_attempt(check, owner)
            with deadlines.within(BATCH_SECONDS):
                findings = agent_match.find(directory, list(_facts(check.account, agents)))
            if not _store(check, owner, agents, findings):
                break
            looked_at += len(agents)
            if time.monotonic() >= deadline:
                break
    except IntegrationError as error:
        _put_off(check, owner, error)
    except NotConfigured as error:
        _give_up(check, owner, str(error))
    except Exception:
        logger.exception("The check of agents in %s broke off.", check.account)
        _give_up(check, owner, "The check itself broke off. The log of the worker says why.")
    return looked_at


def _directory(account: IntegrationAccount) -> UserDirectory:
    provider = connect(account)
    if not isinstance(provider, UserDirectory):
        raise NotConfigured(f'The account "{account.name}" cannot be asked for its users.')
    return provider


def _agents() -> Any:
    return Agent.objects.filter(user__is_active=True).select_related("user")


def _facts(account: IntegrationAccount, agents: Sequence[Agent]) -> Iterator[AgentFacts]:
    table = dict(AgentCrmUser.objects.filter(account=account, agent__in=agents).values_list("agent", "vendor_id"))
    for agent in agents:
        yield AgentFacts(agent.user.email, agent.login, agent.employee_id, table.get(agent.pk, ""))


def _mine(check: AgentCheck, owner: str) -> Any:
    return AgentCheck.objects.filter(pk=check.pk, lease_owner=owner, open=True)


def _count_attempt(check: AgentCheck, owner: str) -> None:
    """Before the vendor is asked: what takes its worker down is not repeated for ever."""
    if check.attempts > len(PAUSES):
        raise Rejected(check.error or "The check did not come to an end, several times.")
    _mine(check, owner).update(attempts=F("attempts") + 1, total=_agents().count())
    check.attempts += 1


@transaction.atomic
def _store(check: AgentCheck, owner: str, agents: Sequence[Agent], findings: Sequence[Finding]) -> bool:
    """Keep the findings of a batch, unless the lease was lost meanwhile."""
    last, done = agents[-1].pk, check.done + len(agents)
    values = {"cursor": last, "done": done, "attempts": 0, "error": "", "not_before": None}
    if not _mine(check, owner).update(**values):
        return False
    check.cursor, check.done, check.attempts = last, done, 0
    save(check.account, list(zip(agents, findings, strict=True)))
    return True


def save(account: IntegrationAccount, found: Sequence[tuple[Agent, Finding]]) -> None:
    """One row for each agent; `since` stays while the status does. Two queries."""
    now, ids = timezone.now(), [agent.pk for agent, _finding in found]
    before = {
        m.agent_id: m
        for m in AgentMatch.objects.filter(account=account, agent__in=ids).only("agent", "status", "since")
    }
    AgentMatch.objects.bulk_create(
        [_row(account, agent, finding, before.get(agent.pk), now) for agent, finding in found],
        update_conflicts=True,
        unique_fields=["account", "agent"],
        update_fields=["status", "vendor_id", "vendor_name", "key", "note", "since", "checked_at"],
    )


def _row(
    account: IntegrationAccount, agent: Agent, finding: Finding, old: AgentMatch | None, now: datetime
) -> AgentMatch:
    user, status = finding.user, finding.status.value
    return AgentMatch(
        account=account,
        agent=agent,
        status=status,
        vendor_id=user.id[:80] if user else "",
        vendor_name=(user.name or user.login)[:200] if user else "",
        key=finding.key,
        note=finding.note[:400],
        since=old.since if old and old.status == status else now,
        checked_at=now,
    )


@transaction.atomic
def _finish(check: AgentCheck, owner: str) -> None:
    """Close the check with its report: who is without a user, who is so since the daily check before, who no more."""
    matches = AgentMatch.objects.filter(account=check.account)
    matches.filter(checked_at__lt=check.asked_at).delete()  # of agents who are gone
    problems = {str(agent): status for agent, status in matches.exclude(status__in=GOOD).values_list("agent", "status")}
    before = _daily_before(check)
    known = before.problems if before else {}
    appeared, resolved = (
        sorted(problems.keys() - known.keys(), key=int),
        sorted(known.keys() - problems.keys(), key=int),
    )
    told = check.day is not None and bool(appeared or resolved) and not check.account.simulated
    _mine(check, owner).update(
        open=None, finished_at=timezone.now(), error="", problems=problems, appeared=appeared, resolved=resolved,
        to_tell=told,
    )  # fmt: skip


def _daily_before(check: AgentCheck) -> AgentCheck | None:
    daily = AgentCheck.objects.filter(account=check.account, day__isnull=False, finished_at__isnull=False, error="")
    return daily.exclude(pk=check.pk).order_by("-day").first()


def _put_off(check: AgentCheck, owner: str, error: IntegrationError) -> None:
    """Wait as the vendor says, or longer each time. What waiting does not mend ends the check with the reason."""
    if not isinstance(error, Rejected):
        health.failed(check.account, error)
    if isinstance(error, (AuthenticationFailed, Rejected)) or check.attempts > len(PAUSES):
        _give_up(check, owner, str(error))
        return
    pause = timedelta(minutes=PAUSES[max(0, check.attempts - 1)])
    if isinstance(error, RateLimited) and error.retry_after:
        pause = min(timedelta(seconds=error.retry_after), LONGEST_PAUSE)
    _mine(check, owner).update(not_before=timezone.now() + pause, error=str(error)[:2000])


def _give_up(check: AgentCheck, owner: str, reason: str) -> None:
    _mine(check, owner).update(open=None, finished_at=timezone.now(), error=reason[:2000])


def prune() -> int:
    """Forget old checks, but of each account the last daily one that came to its end: the next is compared with it."""
    old = AgentCheck.objects.filter(open=None, finished_at__lt=timezone.now() - KEPT)
    ended = AgentCheck.objects.filter(day__isnull=False, finished_at__isnull=False, error="")
    last = [check.pk for check in (ended.filter(account=a).order_by("-day").first() for a in accounts()) if check]
    return int(old.exclude(pk__in=last).delete()[0])
