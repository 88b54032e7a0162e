"""*Agents in this CRM*: every agent with the CRM's user who was found, by which rule; the mapping table; the checks."""

from functools import reduce
from operator import or_
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _t

from contactcenter.agents_in_crm import checks as agent_checks
from contactcenter.agents_in_crm import table
from contactcenter.crm_access import NotConfigured, connect
from contactcenter.models import Agent, AgentCheck, AgentCrmUser, AgentMatch
from contactcenter.models.agent_mapping import GOOD, MatchStatus
from contactcenter.nudge import nudge
from contactcenter.tasks import work_on_agent_checks
from integrations import deadlines
from integrations.admin.buttons import FRAGMENT
from integrations.admin.panels import Panel
from integrations.agent_match import KEYS, Finding, Status
from integrations.capabilities import CrmUser, UserDirectory
from integrations.errors import IntegrationError
from integrations.models import IntegrationAccount
from integrations.providers import registry

AGENTS = "admin:integrations_integrationaccount_agents"
PER_PAGE = 50
SEARCH_SECONDS = 10.0
UNCHECKED = "unchecked"
TONES = {
    MatchStatus.MATCHED: "ok",
    MatchStatus.BY_HAND: "ok",
    MatchStatus.MISSING: "bad",
    MatchStatus.INACTIVE: "warn",
    MatchStatus.AMBIGUOUS: "warn",
}
# As people read them; the model's own labels are for the admin of developers.
WORDS = {
    MatchStatus.MATCHED: _t("Matched"),
    MatchStatus.BY_HAND: _t("Set by hand"),
    MatchStatus.MISSING: _t("Missing there"),
    MatchStatus.INACTIVE: _t("Not active there"),
    MatchStatus.AMBIGUOUS: _t("Several there"),
}
SEARCHED = ("user__username", "user__first_name", "user__last_name", "user__email", "employee_id")


def knows_agents(account: IntegrationAccount) -> bool:
    provider = registry().get(account.provider)
    return provider is not None and issubclass(provider, UserDirectory)


class AgentMapping:
    """Mixed into the account screen."""

    admin_site: admin.AdminSite
    opts: Any

    def get_urls(self) -> list[URLPattern]:
        name, view = "integrations_integrationaccount_agents", self.admin_site.admin_view
        own = [
            path("<int:account_id>/agents/", view(self.agents_view), name=name),
            path("<int:account_id>/agents/check/", view(self.agents_check_view), name=f"{name}_check"),
            path("<int:account_id>/agents/table/", view(self.agents_table_view), name=f"{name}_table"),
            path("<int:account_id>/agents/<int:agent_id>/", view(self.agent_choice_view), name=f"{name}_choose"),
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    # -- the list

    def agents_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        account = self._account(request, account_id, "view")
        context = {**self._agents_context(request, account), **progress(account)}
        if request.headers.get(FRAGMENT):
            return TemplateResponse(request, "admin/contactcenter/account/agents_progress.html", context)
        context |= listed(request, account)
        return TemplateResponse(request, "admin/contactcenter/account/agents.html", context)

    def agents_check_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        account = self._account(request, account_id, "change")
        if not account.enabled:
            messages.error(request, _("The account is disabled, so nobody can be asked. Enable it first."))
        else:
            agent_checks.ask(account, request.user.get_username())
            nudge(work_on_agent_checks)
        return HttpResponseRedirect(reverse(AGENTS, args=[account.pk]))

    # -- one agent

    def agent_choice_view(self, request: HttpRequest, account_id: int, agent_id: int) -> HttpResponse:
        """Search the CRM for the user of an agent, and keep the choice in the table."""
        account = self._account(request, account_id, "change")
        agent = get_object_or_404(Agent.objects.select_related("user"), pk=agent_id)
        if request.method == "POST":
            return self._choose(request, account, agent)
        text = request.GET.get("q", str(agent)).strip()[:100]
        users, problem = found_in_crm(account, text)
        context = {
            **self._agents_context(request, account),
            "title": _("Who is %(agent)s in %(account)s?") % {"agent": agent, "account": account.name},
            "agent": agent,
            "query": text,
            "users": users,
            "problem": problem,
            "in_table": AgentCrmUser.objects.filter(account=account, agent=agent).first(),
        }
        return TemplateResponse(request, "admin/contactcenter/account/agent_choice.html", context)

    def _choose(self, request: HttpRequest, account: IntegrationAccount, agent: Agent) -> HttpResponse:
        back = HttpResponseRedirect(reverse(AGENTS, args=[account.pk]))
        if "remove" in request.POST:
            AgentCrmUser.objects.filter(account=account, agent=agent).delete()
            AgentMatch.objects.filter(account=account, agent=agent).delete()
            messages.success(request, _("%s is out of the mapping table; the next check looks by the rule.") % agent)
            return back
        user, problem = user_in_crm(account, request.POST.get("user", "").strip()[:80])
        if user is None:
            messages.error(request, problem)
            return HttpResponseRedirect(f"{reverse(f'{AGENTS}_choose', args=[account.pk, agent.pk])}")
        values = {"vendor_id": user.id, "vendor_name": user.name[:200]}
        AgentCrmUser.objects.update_or_create(account=account, agent=agent, defaults=values)
        agent_checks.save(account, [(agent, Finding(Status.BY_HAND, user, "id"))])
        messages.success(request, _("%(agent)s is %(user)s there.") % {"agent": agent, "user": user.name or user.id})
        return back

    # -- the table as a file

    def agents_table_view(self, request: HttpRequest, account_id: int) -> Any:
        if request.method != "POST":
            account = self._account(request, account_id, "view")
            name = f"agents-{account.public_id.hex[:8]}.csv"
            headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
            return StreamingHttpResponse(table.export(account), "text/csv; charset=utf-8", headers=headers)
        account = self._account(request, account_id, "change")
        file = request.FILES.get("table")
        if file is None or file.size is None or file.size > table.MOST_BYTES:
            messages.error(request, _("Choose a CSV file of at most 5 MB."))
            return HttpResponseRedirect(reverse(AGENTS, args=[account.pk]))
        taken = table.take_in(account, file.read())
        if taken.errors:
            context = {**self._agents_context(request, account), **progress(account), **listed(request, account)}
            context |= {"errors": taken.errors, "file_name": file.name}
            return TemplateResponse(request, "admin/contactcenter/account/agents.html", context, status=422)
        text = _("Set in the table: %(saved)d. Taken out: %(removed)d. A check tells whether the CRM knows them.")
        messages.success(request, text % {"saved": taken.saved, "removed": taken.removed})
        if account.enabled and taken.saved:
            agent_checks.ask(account, request.user.get_username())
            nudge(work_on_agent_checks)
        return HttpResponseRedirect(reverse(AGENTS, args=[account.pk]))

    # -- shared

    def _account(self, request: HttpRequest, account_id: int, right: str) -> IntegrationAccount:
        if not request.user.has_perm(f"integrations.{right}_integrationaccount"):
            raise PermissionDenied
        account = get_object_or_404(IntegrationAccount, pk=account_id)
        if not knows_agents(account):
            raise Http404(_("This account has no users among whom agents could be looked for."))
        return account

    def _agents_context(self, request: HttpRequest, account: IntegrationAccount) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Agents in %s") % account.name,
            "account": account,
            "may_change": request.user.has_perm("integrations.change_integrationaccount"),
        }


def listed(request: HttpRequest, account: IntegrationAccount) -> dict[str, Any]:
    """One page of agents with what was found for each, and how many are in which state."""
    text, status = request.GET.get("q", "").strip()[:100], request.GET.get("status", "")
    agents = Agent.objects.filter(user__is_active=True).select_related("user", "team")
    total, counts = agents.count(), dict(_counts(account))
    if text:
        agents = agents.filter(reduce(or_, (Q(**{f"{name}__icontains": text}) for name in SEARCHED)))
    mine = AgentMatch.objects.filter(account=account)
    if status in WORDS:
        agents = agents.filter(pk__in=mine.filter(status=status).values("agent"))
    elif status == UNCHECKED:
        agents = agents.exclude(pk__in=mine.values("agent"))
    page = Paginator(agents.order_by("user__username"), PER_PAGE).get_page(request.GET.get("p"))
    matches = {match.agent_id: match for match in mine.filter(agent__in=[agent.pk for agent in page])}
    return {
        "page": page,
        "rows": [_row(agent, matches.get(agent.pk)) for agent in page],
        "filters": list(_filters(counts, total, status)),
        "query": text,
        "status": status,
        "rule": rule_of(account),
    }


def _counts(account: IntegrationAccount) -> Any:
    rows = AgentMatch.objects.filter(account=account, agent__user__is_active=True).order_by()
    return rows.values_list("status").annotate(Count("id"))


def _filters(counts: dict[str, int], total: int, chosen: str) -> Any:
    yield {"key": "", "label": _("All"), "count": total, "chosen": not chosen}
    for key, label in WORDS.items():
        if counts.get(key) or chosen == key:
            yield {"key": key, "label": label, "count": counts.get(key, 0), "chosen": chosen == key}
    rest = total - sum(counts.values())
    if rest > 0:
        yield {"key": UNCHECKED, "label": _("Not checked"), "count": rest, "chosen": chosen == UNCHECKED}


def _row(agent: Agent, match: AgentMatch | None) -> dict[str, Any]:
    status = MatchStatus(match.status) if match else None
    return {
        "agent": agent,
        "match": match,
        "word": WORDS[status] if status else _("Not checked"),
        "tone": TONES[status] if status else "neutral",
        "by": KEYS.get(match.key, "") if match and status in (MatchStatus.MATCHED, MatchStatus.BY_HAND) else "",
    }


def rule_of(account: IntegrationAccount) -> str:
    """*Agent map key* in the words of the account's form."""
    field = account.provider_class.Properties.base_fields.get("agent_map_key")
    value = str(account.values().get("agent_map_key") or "")
    return str(dict(getattr(field, "choices", ())).get(value, value))


def progress(account: IntegrationAccount) -> dict[str, Any]:
    """The check under way or the last one, and the last daily report."""
    checks = AgentCheck.objects.filter(account=account).order_by("-id")
    check = checks.first()
    daily = checks.filter(day__isnull=False, finished_at__isnull=False).order_by("-day").first()
    return {
        "check": check,
        "under_way": bool(check and check.open),
        "daily": daily,
        "appeared": names(daily.appeared) if daily else [],
        "resolved": names(daily.resolved) if daily else [],
    }


def names(ids: list[str]) -> list[str]:
    """The first few agents of a report by name."""
    found = Agent.objects.filter(pk__in=ids[:10]).select_related("user") if ids else []
    return [str(agent) for agent in found]


def found_in_crm(account: IntegrationAccount, text: str) -> tuple[list[CrmUser], str]:
    """Users for a person to choose, and the sentence where the CRM could not be asked."""
    return _asked(account, lambda directory: directory.users_like(text) if text else [])


def user_in_crm(account: IntegrationAccount, user_id: str) -> tuple[CrmUser | None, str]:
    """The user with exactly this id, as the CRM says now."""
    users, problem = _asked(account, lambda directory: directory.users_with("id", [user_id]) if user_id else [])
    user = next((user for user in users if user.id == user_id and user.active), None)
    return user, problem or _("The CRM has no active user with this id (any more). Search again.")


def _asked(account: IntegrationAccount, ask: Any) -> tuple[list[CrmUser], str]:
    try:
        directory = connect(account)
        with deadlines.within(SEARCH_SECONDS):
            return ask(directory), ""
    except (IntegrationError, NotConfigured, LookupError) as error:
        return [], str(error)


def agents_panel(account: IntegrationAccount) -> Panel:
    """The card on the account's page."""
    counts = dict(_counts(account))
    good = sum(counts.get(status, 0) for status in GOOD)
    open_ones = [(WORDS[s], counts[s], TONES[s], s.value) for s in WORDS if s not in GOOD and counts.get(s)]
    data = {"account": account, "good": good, "open": open_ones, "rule": rule_of(account), **progress(account)}
    return Panel(_("Agents in this CRM"), "admin/contactcenter/account/panel_agents.html", data)
