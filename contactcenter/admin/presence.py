"""*Presence*: the rules between our agents' states and a CRM's, the switch, a preview, where each agent stands."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from contactcenter.crm_access import NotConfigured
from contactcenter.models import Agent, AgentPresenceRow, PresenceRule, PresenceSync
from contactcenter.outbox import breakers
from contactcenter.presence import ready_set, rules, sending
from contactcenter.presence.rules import Direction
from integrations import deadlines
from integrations.admin.buttons import FRAGMENT
from integrations.admin.panels import Panel
from integrations.capabilities import AgentPresence
from integrations.errors import IntegrationError
from integrations.fields import SecretUnreadable
from integrations.models import IntegrationAccount
from integrations.providers import registry

from .presence_forms import PreviewForm, RuleForm, SettingsForm
from .presence_words import preview, sentence, standing

PRESENCE = "admin:integrations_integrationaccount_presence"
PAGE = "admin/contactcenter/account/presence.html"
PER_PAGE = 50
LOAD_SECONDS = 10.0


def has_presence(account: IntegrationAccount) -> bool:
    provider = registry().get(account.provider)
    return provider is not None and issubclass(provider, AgentPresence)


def sync_of(account: IntegrationAccount) -> PresenceSync:
    """The account's row; not saved where presence was never touched."""
    return PresenceSync.objects.filter(account=account).first() or PresenceSync(account=account)


class PresencePages:
    """Mixed into the account screen."""

    admin_site: admin.AdminSite
    opts: Any

    def get_urls(self) -> list[URLPattern]:
        name, view = "integrations_integrationaccount_presence", self.admin_site.admin_view
        base = "<int:account_id>/presence/"
        own = [
            path(base, view(self.presence_view), name=name),
            path(f"{base}do/<slug:what>/", view(self.presence_do_view), name=f"{name}_do"),
            path(f"{base}rules/add/<slug:direction>/", view(self.presence_rule_view), name=f"{name}_add"),
            path(f"{base}rules/<int:rule_id>/", view(self.presence_rule_view), name=f"{name}_rule"),
            path(f"{base}rules/<int:rule_id>/<slug:what>/", view(self.presence_move_view), name=f"{name}_move"),
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    # -- the page

    def presence_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        account = self._presence_account(request, account_id, "view")
        sync = sync_of(account)
        form = SettingsForm(request.POST or None, instance=sync)
        if request.method == "POST":
            self._presence_account(request, account_id, "change")
            if form.is_valid():
                form.save()
                PresenceSync.objects.filter(account=account).update(due_at=None)
                messages.success(request, _("The settings are saved."))
                return self._back(account)
        context = self._presence_context(request, account, sync)
        if request.headers.get(FRAGMENT):
            return TemplateResponse(request, "admin/contactcenter/account/presence_agents.html", context)
        return TemplateResponse(request, PAGE, {**context, "form": form}, status=422 if form.errors else 200)

    def _presence_context(
        self, request: HttpRequest, account: IntegrationAccount, sync: PresenceSync
    ) -> dict[str, Any]:
        asked = PreviewForm(sync, request.GET if "becomes" in request.GET else None)
        answer = preview(sync, **asked.cleaned_data) if asked.is_bound and asked.is_valid() else []
        shut = breakers.find_open(account)
        return {
            **self._presence_base(request, account),
            "sync": sync,
            "directions": directions(account, sync),
            "has_rules": PresenceRule.objects.filter(account=account).exists(),
            "preview": asked,
            "answer": answer,
            "away": breakers.in_words(shut) if shut else "",
            "waiting": AgentPresenceRow.objects.filter(account=account).exclude(wanted="").count(),
            **table(request, account, sync),
        }

    def _presence_base(self, request: HttpRequest, account: IntegrationAccount) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Presence in %s") % account.name,
            "account": account,
            "may_change": request.user.has_perm("integrations.change_integrationaccount"),
        }

    # -- buttons

    def presence_do_view(self, request: HttpRequest, account_id: int, what: str) -> HttpResponse:
        """`on`, `off`, `load` (statuses) or `start` (with the ready set)."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        account = self._presence_account(request, account_id, "change")
        work = {"on": switch_on, "off": switch_off, "load": load_statuses, "start": start}.get(what)
        if work is None:
            raise Http404
        done, text = work(account)
        (messages.success if done else messages.error)(request, text)
        return self._back(account)

    # -- rules

    def presence_rule_view(
        self, request: HttpRequest, account_id: int, direction: str = "", rule_id: int = 0
    ) -> HttpResponse:
        account = self._presence_account(request, account_id, "change")
        rule = get_object_or_404(PresenceRule, pk=rule_id, account=account) if rule_id else _new(account, direction)
        sync = sync_of(account)
        form = RuleForm(sync, request.POST or None, instance=rule)
        if request.method == "POST" and form.is_valid():
            form.save()
            messages.success(request, _("The rule is saved: %s") % sentence(rule, sync))
            return self._back(account)
        out = rule.direction == Direction.OUT
        kind = _("From here to the CRM") if out else _("From the CRM to here")
        context = {**self._presence_base(request, account), "title": kind, "form": form, "rule": rule, "sync": sync}
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/contactcenter/account/presence_rule.html", context, status=status)

    def presence_move_view(self, request: HttpRequest, account_id: int, rule_id: int, what: str) -> HttpResponse:
        """`up`, `switch` or `delete`."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        account = self._presence_account(request, account_id, "change")
        rule = get_object_or_404(PresenceRule, pk=rule_id, account=account)
        if what == "up":
            move_up(rule)
        elif what == "switch":
            PresenceRule.objects.filter(pk=rule.pk).update(enabled=not rule.enabled)
        elif what == "delete":
            rule.delete()
            messages.success(request, _("The rule is deleted."))
        else:
            raise Http404
        return self._back(account)

    # -- shared

    def _presence_account(self, request: HttpRequest, account_id: int, right: str) -> IntegrationAccount:
        if not request.user.has_perm(f"integrations.{right}_integrationaccount"):
            raise PermissionDenied
        account = get_object_or_404(IntegrationAccount, pk=account_id)
        if not has_presence(account):
            raise Http404(_("This account has no presence of agents that could be kept alike."))
        return account

    def _back(self, account: IntegrationAccount) -> HttpResponse:
        return HttpResponseRedirect(reverse(PRESENCE, args=[account.pk]))


def _new(account: IntegrationAccount, direction: str) -> PresenceRule:
    if direction not in Direction.values:
        raise Http404
    last = PresenceRule.objects.filter(account=account, direction=direction).aggregate(Max("position"))
    place = last["position__max"]
    return PresenceRule(account=account, direction=direction, position=0 if place is None else place + 1)


@transaction.atomic
def move_up(rule: PresenceRule) -> None:
    """Before the one that came before it; all are numbered afresh."""
    mine = PresenceRule.objects.select_for_update().filter(account=rule.account_id, direction=rule.direction)
    listed = list(mine)
    place = listed.index(rule)
    if place:
        listed.insert(place - 1, listed.pop(place))
    for position, each in enumerate(listed):
        PresenceRule.objects.filter(pk=each.pk).update(position=position)


# -- what the buttons do: (whether it was done, a sentence)


def switch_on(account: IntegrationAccount) -> tuple[bool, str]:
    if not account.enabled:
        return False, _("The account is disabled. Enable it first.")
    if not PresenceRule.objects.filter(account=account, enabled=True).exists():
        return False, _("There is no rule yet, so nothing would happen. Start with the ready set, or add a rule.")
    sending.forget_wishes(account)
    values = {"enabled": True, "due_at": None, "cursor": 0, "round_began": None, "error": "", "failures": 0}
    PresenceSync.objects.update_or_create(account=account, defaults=values)
    return True, _("Presence is on. The present statuses stay; every change from now on is carried over.")


def switch_off(account: IntegrationAccount) -> tuple[bool, str]:
    PresenceSync.objects.filter(account=account).update(enabled=False)
    sending.forget_wishes(account)
    return True, _("Presence is off. Nothing is sent and nothing is taken over; the rules stay.")


def load_statuses(account: IntegrationAccount) -> tuple[bool, str]:
    """Ask the CRM which statuses it has, with the user of any agent who is known there."""
    users = sending.users_of(account, list(Agent.objects.values_list("pk", flat=True)[:5000]))
    if not users:
        return False, _("No agent has a user in this CRM yet. Open Agents in this CRM and check them first.")
    try:
        provider = sending.presence_of_account(account)
        with deadlines.within(LOAD_SECONDS):
            found = provider.statuses(next(iter(users.values())))
    except (IntegrationError, NotConfigured, SecretUnreadable) as error:
        return False, str(error)
    listed = [[each.id, each.name, each.available] for each in found]
    PresenceSync.objects.update_or_create(account=account, defaults={"statuses": listed})
    names = ", ".join(each.name for each in found)
    return True, _("The CRM has these statuses: %s.") % names


def start(account: IntegrationAccount) -> tuple[bool, str]:
    done, text = (True, "") if sync_of(account).statuses else load_statuses(account)
    if not done:
        return False, text
    try:
        made = ready_set.make(PresenceSync.objects.get(account=account))
    except ready_set.TooFew as reason:
        return False, str(reason)
    return True, _("%d rules to start from. Read them, change what does not fit, then switch presence on.") % made


# -- tables


def directions(account: IntegrationAccount, sync: PresenceSync) -> list[dict[str, Any]]:
    """Both directions with their rules in sentences."""
    listed = list(PresenceRule.objects.filter(account=account).select_related("reason", "from_reason"))
    never = rules.shadowed(listed)
    titles = {Direction.OUT: _("From here to the CRM"), Direction.IN: _("From the CRM to here")}
    known = {each[0] for each in sync.statuses}
    return [
        {
            "key": key.value,
            "title": title,
            "rules": [
                {
                    "rule": rule,
                    "sentence": sentence(rule, sync),
                    "first": place == 0,
                    "never": rule.pk in never,
                    "gone": bool(known) and rule.their_status not in known,
                }
                for place, rule in enumerate(each for each in listed if each.direction == key)
            ],
        }
        for key, title in titles.items()
    ]


def table(request: HttpRequest, account: IntegrationAccount, sync: PresenceSync) -> dict[str, Any]:
    """One page of agents. Three queries."""
    agents = Agent.objects.filter(user__is_active=True).select_related("user", "reason", "next_reason")
    page = Paginator(agents.order_by("user__username"), PER_PAGE).get_page(request.GET.get("p"))
    mine = AgentPresenceRow.objects.filter(account=account, agent__in=[agent.pk for agent in page])
    rows = {row.agent_id: row for row in mine}
    return {"page": page, "rows": [standing(agent, rows.get(agent.pk), sync) for agent in page]}


def presence_panel(account: IntegrationAccount) -> Panel:
    """The card on the account's page."""
    mine, now = AgentPresenceRow.objects.filter(account=account), timezone.now()
    data = {
        "account": account,
        "sync": sync_of(account),
        "trouble": mine.exclude(trouble="").count(),
        "held": mine.filter(held_until__gt=now).count(),
        "rules": PresenceRule.objects.filter(account=account, enabled=True).count(),
    }
    return Panel(_("Presence"), "admin/contactcenter/account/panel_presence.html", data)
