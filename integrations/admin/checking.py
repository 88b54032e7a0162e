"""*Check all*: the buttons on the list of accounts, and the page that shows how far the check has come."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _t
from django.utils.translation import ngettext

from integrations.diagnosis import check_runs
from integrations.models import CheckResult, CheckRun, Health, IntegrationAccount
from integrations.tasks import work_on_checks_soon

from .buttons import FRAGMENT
from .verdicts import WHO

CHECK = "admin:integrations_integrationaccount_check"
CHECK_RUN = "admin:integrations_integrationaccount_check_run"
# Above the longest test of one account: when nothing has ended for so long, nobody is working.
STANDSTILL = timedelta(seconds=check_runs.LEASE_SECONDS + 15)
SICK = (Health.FAILING, Health.NEEDS_AUTHORISATION)


@dataclass(slots=True)
class Group:
    """Results of one kind. `tone` is a colour of `marks.status`; `folded`: the reader opens it if at all."""

    key: str
    title: Any
    word: Any
    tone: str
    folded: bool = False
    results: list[CheckResult] = field(default_factory=list)


def empty_groups() -> dict[str, Group]:
    """In the order of the page: what a person has to act on comes first."""
    groups = (
        Group("failed", _t("Newly failing"), _t("Fails now"), "bad"),
        Group("still", _t("Still failing"), _t("Still failing"), "bad"),
        Group("recovered", _t("Recovered"), _t("Works again"), "ok"),
        Group("testing", _t("Being tested"), _t("Being tested"), "info"),
        Group("works", _t("Working"), _t("Works"), "ok", folded=True),
        Group("skipped", _t("Not tested"), _t("Not tested"), "neutral", folded=True),
        Group("waiting", _t("Waiting"), _t("Waiting"), "neutral", folded=True),
    )
    return {group.key: group for group in groups}


def group_of(result: CheckResult, now: datetime) -> str:
    if result.finished_at is None:
        return "testing" if result.leased_until and result.leased_until > now else "waiting"
    if result.ok is None:
        return "skipped"
    was_sick = result.before in SICK
    if result.ok:
        return "recovered" if was_sick else "works"
    return "still" if was_sick else "failed"


class Checking:
    """Mixed into the account screen."""

    actions: Any = ("check_selected",)
    change_list_template: Any = "integrations/account/list.html"
    admin_site: admin.AdminSite
    opts: Any

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("check/", view(self.check_view), name="integrations_integrationaccount_check"),
            path("check/<int:number>/", view(self.check_run_view), name="integrations_integrationaccount_check_run"),
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def get_actions(self, request: HttpRequest) -> Any:
        """No deleting by the dozen: an account holds credentials that nobody can bring back."""
        found = super().get_actions(request)  # type: ignore[misc]
        return {k: v for k, v in found.items() if k == "check_selected"} if self.may_check(request) else {}

    def may_check(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("integrations.change_integrationaccount"))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        last = CheckRun.objects.order_by("-id").first()
        context = {"may_check": self.may_check(request), "last_check": last, **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)  # type: ignore[misc]
        return response

    # -- asking

    @admin.action(description=_t("Check the selected"))
    def check_selected(self, request: HttpRequest, queryset: QuerySet[IntegrationAccount]) -> HttpResponse:
        return self._ask(request, queryset)

    def check_view(self, request: HttpRequest) -> HttpResponse:
        """All enabled accounts that the list shows with the filters of the address."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            shown = self.get_changelist_instance(request).get_queryset(request)  # type: ignore[attr-defined]
        except IncorrectLookupParameters:
            shown = IntegrationAccount.objects.none()
        return self._ask(request, shown.filter(enabled=True))

    def _ask(self, request: HttpRequest, accounts: QuerySet[IntegrationAccount]) -> HttpResponse:
        if not self.may_check(request):
            raise PermissionDenied
        wanted = list(accounts.defer("secrets", "properties"))
        if not wanted:
            messages.warning(request, _("There is no enabled account to check."))
            return HttpResponseRedirect(reverse("admin:integrations_integrationaccount_changelist"))
        before = CheckRun.objects.filter(open=True).first()
        run = check_runs.ask(wanted, request.user.get_username())
        if before == run:
            text = _("A check was under way already, asked for by %s. Your accounts are in it.")
            messages.info(request, text % run.asked_by)
        work_on_checks_soon()
        return HttpResponseRedirect(reverse(CHECK_RUN, args=[run.pk]))

    # -- looking

    def check_run_view(self, request: HttpRequest, number: int) -> HttpResponse:
        if not request.user.has_perm("integrations.view_integrationaccount"):
            raise PermissionDenied
        run = get_object_or_404(CheckRun, pk=number)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Check of accounts"),
            **progress(run),
        }
        name = "check_fragment" if request.headers.get(FRAGMENT) else "check"
        return TemplateResponse(request, f"integrations/account/{name}.html", context)


def progress(run: CheckRun) -> dict[str, Any]:
    """How far a run has come, read off its results alone: one query."""
    now, groups = timezone.now(), empty_groups()
    results = run.results.select_related("account").defer("account__secrets", "account__properties")
    for result in results.order_by("account__name"):
        groups[group_of(result, now)].results.append(result)
    sizes = {name: len(group.results) for name, group in groups.items()}
    total, left = sum(sizes.values()), sizes["waiting"] + sizes["testing"]
    ends = [r.finished_at for group in groups.values() for r in group.results if r.finished_at]
    last = max(ends, default=run.started_at)
    return {
        "run": run,
        "groups": [group for group in groups.values() if group.results],
        "total": total,
        "done": total - left,
        "under_way": left > 0,
        "summary": summary(sizes, total),
        "took": None if left else last - run.started_at,
        "standstill": bool(left) and now - last > STANDSTILL,
        "who_words": WHO,
    }


def summary(sizes: dict[str, int], total: int) -> str:
    """ "3 of 12 fail; 1 works again." in one sentence, for eyes and ears."""
    failing = sizes["failed"] + sizes["still"]
    left = sizes["waiting"] + sizes["testing"]
    tested = total - left
    parts = [
        ngettext("%(n)d of %(all)d account tested", "%(n)d of %(all)d accounts tested", total)
        % {"n": tested, "all": total}
    ]
    if failing:
        parts.append(ngettext("%d fails", "%d fail", failing) % failing)
    elif tested and not left:
        parts.append(_("none fails"))
    if sizes["recovered"]:
        parts.append(ngettext("%d works again", "%d work again", sizes["recovered"]) % sizes["recovered"])
    return ", ".join(parts)
