"""Telling people whom a CRM does not know: by e-mail, once for each change, never the same every day."""

from collections.abc import Iterable

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q
from django.urls import reverse

from integrations import account_mails

from ..models import Agent, AgentCheck
from ..models.agent_mapping import MatchStatus

UNTOLD = Q(to_tell=True, told_at=None)
MOST_NAMES = 30


def tell() -> int:
    """Send what was not sent; returns how many mails went out."""
    return account_mails.tell_each(AgentCheck, UNTOLD, message, "a report about agents waits", to_tell=False)


def message(check: AgentCheck, to: list[str]) -> EmailMessage:
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
    identity = f"agents:{check.account.public_id}:{check.day}"
    return account_mails.message(f"{account}: {change}", filter(None, parts), to, identity=identity)


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
