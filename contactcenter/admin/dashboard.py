"""The first page: what needs attention, how the accounts are, what happens now. A handful of small queries."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contactcenter.models import (
    Agent,
    AgentMatch,
    AgentState,
    Heartbeat,
    Interaction,
    InteractionState,
    OutboxEntry,
    ScenarioRun,
)
from contactcenter.models.agent_mapping import GOOD
from contactcenter.models.interactions import ENDED
from integrations.expiry.horizon import Ending, endings
from integrations.marks import badges_of, kind_of, relative, say, shortened, until
from integrations.models import Health, IntegrationAccount

ACCOUNTS_SHOWN = 12
ENDS_SHOWN = 6
TROUBLES_SHOWN = 8
# What ends within this time needs a person now; the block "What ends next" is for looking ahead.
SOON = timedelta(days=7)
# The scheduler leaves a sign of life every few seconds; after this long somebody should look.
SILENCE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Attention:
    """Something that a person has to look at. `tone` is "bad" or "warn"."""

    title: str
    text: str
    url: str
    tone: str = "bad"
    since: Any = None


def overview(request: HttpRequest) -> dict[str, Any]:
    """What the template of the first page reads."""
    user = request.user
    accounts = list(_accounts()) if user.has_perm("integrations.view_integrationaccount") else []
    ends = endings(account for account in accounts if account.enabled)
    return {
        "attention": list(attention(user, accounts, ends)),
        "accounts": [
            {"account": a, "kind": kind_of(a), "badges": badges_of(a), "url": change_url(a)}
            for a in accounts[:ACCOUNTS_SHOWN]
        ],
        "ends": [{"ending": e, "url": change_url(e.account)} for e in ends[:ENDS_SHOWN]],
        "more_accounts": max(0, len(accounts) - ACCOUNTS_SHOWN),
        "figures": list(figures(user)),
    }


def _accounts() -> Any:
    return IntegrationAccount.objects.select_related("token").order_by("name")


def attention(
    user: User | AnonymousUser, accounts: list[IntegrationAccount], ends: list[Ending]
) -> Iterator[Attention]:
    """Accounts first, then what waits because of them, then our own machinery."""
    yield from _shortened([*_troubled(accounts), *_ending_soon(ends)])
    if user.has_perm("integrations.view_integrationaccount"):
        yield from _without_user()
    if user.has_perm("contactcenter.view_outboxentry"):
        yield from _stuck()
    if user.has_perm("contactcenter.view_scenario"):
        yield from _failed_runs()
    yield from _silent_scheduler()


def _troubled(accounts: list[IntegrationAccount]) -> Iterator[Attention]:
    for account in accounts:
        if not account.enabled or account.health not in (Health.FAILING, Health.NEEDS_AUTHORISATION):
            continue
        tone = "bad" if account.health == Health.FAILING else "warn"
        text = shortened(account.health_message) or account.get_health_display()
        yield Attention(account.name, text, change_url(account), tone, account.health_changed_at)


def _ending_soon(ends: list[Ending]) -> Iterator[Attention]:
    for ending in ends:
        if ending.left > SOON or ending.account.simulated:
            continue
        over = ending.left <= timedelta(0)
        what, when = say(ending.expiry.label), until(ending.expiry.when)
        title = (_("%(what)s ended %(when)s") if over else _("%(what)s ends %(when)s")) % {"what": what, "when": when}
        yield Attention(
            f"{ending.account.name}: {title}", say(ending.expiry.what_then), change_url(ending.account),
            "bad" if over else "warn",
        )  # fmt: skip


def _shortened(found: list[Attention]) -> Iterator[Attention]:
    """A vendor that is away takes a hundred accounts with it; the rest of the page must stay in sight."""
    yield from found[:TROUBLES_SHOWN]
    more = len(found) - TROUBLES_SHOWN
    if more > 0:
        title = ngettext("%d more account needs attention", "%d more accounts need attention", more) % more
        text = _("The list of accounts shows them all.")
        yield Attention(title, text, reverse("admin:integrations_integrationaccount_changelist"))


def _without_user() -> Iterator[Attention]:
    """Accounts whose CRM does not know all agents, by the last check."""
    rows = AgentMatch.objects.filter(account__enabled=True, agent__user__is_active=True).exclude(status__in=GOOD)
    counted = rows.order_by("account__name").values_list("account", "account__name").annotate(Count("id"))
    for account, name, count in counted[:TROUBLES_SHOWN]:
        title = ngettext("%(n)d agent has no user in %(crm)s", "%(n)d agents have no user in %(crm)s", count)
        text = _("What they do is written there without an owner. Choose their users, or have them added there.")
        url = reverse("admin:integrations_integrationaccount_agents", args=[account])
        yield Attention(title % {"n": count, "crm": name}, text, url, "warn")


def _stuck() -> Iterator[Attention]:
    stuck = OutboxEntry.objects.filter(status=OutboxEntry.Status.STUCK).count()
    if stuck:
        title = (
            ngettext("%d entry of the outbox needs a decision", "%d entries of the outbox need a decision", stuck)
            % stuck
        )
        url = reverse("admin:contactcenter_outboxentry_changelist") + "?status=stuck"
        yield Attention(title, _("They will not reach the CRM by themselves: send them again, or drop them."), url)


def _failed_runs() -> Iterator[Attention]:
    day = timezone.now() - timedelta(days=1)
    failed = ScenarioRun.objects.filter(status=ScenarioRun.Status.FAILED, started_at__gte=day)
    run = failed.select_related("version__scenario", "interaction").order_by("-id").first()
    if run is not None:
        title = _("The scenario “%s” failed") % run.version.scenario.name
        yield Attention(
            title, shortened(run.error), reverse("admin:contactcenter_interaction_change", args=[run.interaction_id])
        )


def _silent_scheduler() -> Iterator[Attention]:
    last = Heartbeat.objects.order_by("-at").values_list("at", flat=True).first()
    if last is None or timezone.now() - last > SILENCE:
        text = _("Tokens are not refreshed and nothing is sent meanwhile. Start the worker and its scheduler.")
        when = _("The background work stands still")
        yield Attention(when if last is None else f"{when}: {relative(last)}", text, "", "warn")


def change_url(account: IntegrationAccount) -> str:
    return reverse("admin:integrations_integrationaccount_change", args=[account.pk])


def figures(user: User | AnonymousUser) -> Iterator[dict[str, Any]]:
    """Counts of this moment. Open interactions are found by their partial index, whatever the table's size."""
    if user.has_perm("contactcenter.view_interaction"):
        yield from _interaction_figures()
    if user.has_perm("contactcenter.view_agent"):
        yield from _agent_figures()
    if user.has_perm("contactcenter.view_outboxentry"):
        waiting = OutboxEntry.objects.filter(
            status__in=[OutboxEntry.Status.WAITING, OutboxEntry.Status.SENDING]
        ).count()
        yield _figure(_("Waiting for a CRM"), waiting, "contactcenter_outboxentry", "")


def _interaction_figures() -> Iterator[dict[str, Any]]:
    states = dict(Interaction.objects.exclude(state__in=ENDED).order_by().values_list("state").annotate(Count("id")))
    waiting = states.get(InteractionState.NEW, 0) + states.get(InteractionState.QUEUED, 0)
    talking = sum(states.get(s, 0) for s in (InteractionState.ACTIVE, InteractionState.HELD, InteractionState.RINGING))
    yield _figure(_("Calls waiting"), waiting, "contactcenter_interaction", "state__exact=queued")
    yield _figure(_("Calls in progress"), talking, "contactcenter_interaction", "state__exact=active")


def _agent_figures() -> Iterator[dict[str, Any]]:
    states = dict(Agent.objects.order_by().values_list("state").annotate(Count("id")))
    logged_in = sum(states.values()) - states.get(AgentState.LOGGED_OUT, 0)
    yield _figure(_("Agents ready"), states.get(AgentState.READY, 0), "contactcenter_agent", "state__exact=READY")
    yield _figure(_("Agents logged in"), logged_in, "contactcenter_agent", "")


def _figure(label: str, value: int, screen: str, query: str) -> dict[str, Any]:
    url = reverse(f"admin:{screen}_changelist") + (f"?{query}" if query else "")
    return {"label": label, "value": value, "url": url}
