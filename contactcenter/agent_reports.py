"""Telling people whom a CRM does not know: by e-mail, once for each change, never the same every day."""

import hashlib
import logging
from collections.abc import Iterable

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from integrations import leases
from integrations.reminders import recipients

from .models import Agent, AgentCheck
from .models.agent_mapping import MatchStatus

logger = logging.getLogger(__name__)

LEASE_SECONDS = 90.0  # above the time limit of the mail server
MOST_NAMES = 30


def tell() -> int:
    """Send what was not sent; returns how many mails went out. A mail server that is away is tried again at the next
    turn. The row is claimed before it is sent, so that two workers do not tell the same."""
    sent = 0
    for check in AgentCheck.objects.filter(to_tell=True, told_at=None).select_related("account").order_by("id"):
        owner = leases.claim(check, seconds=LEASE_SECONDS, where=Q(to_tell=True, told_at=None))
        if owner and _mailed(check):
            mine = AgentCheck.objects.filter(pk=check.pk, lease_owner=owner)
            sent += mine.update(to_tell=False, told_at=timezone.now())
        leases.release(check, owner)
    return sent


def _mailed(check: AgentCheck) -> bool:
    to = recipients()
    if not to:
        logger.warning("Nobody who may change accounts has an e-mail address: a report about agents waits.")
        return False
    try:
        message(check, to).send()
    except Exception as error:  # the mail server's library raises what it likes
        logger.warning("The report about agents could not be sent (%s).", type(error).__name__)
        return False
    return True


def message(check: AgentCheck, to: list[str]) -> EmailMessage:
    """One mail per check. The same check makes the same Message-ID, by which mail systems know a repetition."""
    account, new, gone = check.account.name, len(check.appeared), len(check.resolved)
    change = f"{new} more of your agents without a user" if new else f"{gone} agents have a user again"
    page = reverse("admin:integrations_integrationaccount_agents", args=[check.account_id])
    parts = [
        f"Who of your agents is a user of {account}. Calls of agents without one are written there without an owner.",
        _paragraph("New since the last report", check.appeared, check.problems),
        _paragraph("Have a user again, or left", check.resolved, {}),
        f"Altogether without a user: {len(check.problems)}.",
        f"{settings.PUBLIC_URL}{page}",
    ]
    identity = hashlib.sha256(f"agents:{check.account.public_id}:{check.day}".encode()).hexdigest()[:32]
    text = "\n\n".join(part for part in parts if part) + "\n"
    return EmailMessage(
        f"{account}: {change}", text, to=to, headers={"Message-ID": f"<{identity}@contactcenter.invalid>"}
    )


def _paragraph(title: str, ids: Iterable[str], problems: dict[str, str]) -> str:
    wanted = list(ids)
    if not wanted:
        return ""
    agents = {str(agent.pk): agent for agent in Agent.objects.filter(pk__in=wanted[:MOST_NAMES]).select_related("user")}
    lines = [_line(agents.get(pk), problems.get(pk, "")) for pk in wanted[:MOST_NAMES]]
    more = [f"  and {len(wanted) - MOST_NAMES} more"] if len(wanted) > MOST_NAMES else []
    return "\n".join([f"{title}: {len(wanted)}", *lines, *more])


def _line(agent: Agent | None, status: str) -> str:
    name = f"{agent} ({agent.login})" if agent else "an agent who is not here any more"
    return f"  {name}: {MatchStatus(status).label.lower()}" if status else f"  {name}"
