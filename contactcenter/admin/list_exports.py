"""Exporting results of a list: asking for it, how far it has come, what was refused, and which status means what."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from contactcenter.errors import NotPossible
from contactcenter.lists import exports, imports, runs
from contactcenter.models import CallingList, ListExport, ListRow, ListRun
from integrations import deadlines
from integrations.admin.buttons import FRAGMENT

from .list_forms import StatusesForm
from .list_imports import LOOK_SECONDS, PREFIX, REFUSALS, TONES, stands_still

MOST_CAMPAIGNS = 5
SHOWN_FAILURES = 100
Export = ListRow.Export


class Exporting:
    """Mixed into the screen of calling lists, after `Importing`."""

    admin_site: admin.AdminSite
    page: Any
    need: Any

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<int:pk>/export/", view(self.ask_view), name=f"{PREFIX}_export"),
            path("<int:pk>/statuses/", view(self.statuses_view), name=f"{PREFIX}_statuses"),
            path("export/<int:number>/", view(self.export_view), name=f"{PREFIX}_export_run"),
            path("export/<int:number>/<slug:decision>/", view(self.decide_export_view), name=f"{PREFIX}_export_decide"),
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def ask_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST begins an export; with `failed` it takes along what was refused."""
        self.need(request, "change")
        calling_list = get_object_or_404(CallingList.objects.select_related("account"), pk=pk)
        back = reverse(f"admin:{PREFIX}_change", args=[pk])
        if request.method != "POST":
            return HttpResponseRedirect(back)
        try:
            run = exports.ask(calling_list, request.user.get_username(), failed="failed" in request.POST)
        except NotPossible as refused:
            messages.warning(request, refused.sentence)
            return HttpResponseRedirect(back)
        return HttpResponseRedirect(reverse(f"admin:{PREFIX}_export_run", args=[run.pk]))

    def export_view(self, request: HttpRequest, number: int) -> HttpResponse:
        self.need(request, "view")
        run = get_object_or_404(ListExport.objects.select_related("calling_list__account"), pk=number)
        may = request.user.has_perm("contactcenter.change_callinglist")
        name = "export_fragment" if request.headers.get(FRAGMENT) else "export"
        return self.page(request, name, run.calling_list, title=_("Export of results"), may_change=may, **progress(run))

    def decide_export_view(self, request: HttpRequest, number: int, decision: str) -> HttpResponse:
        self.need(request, "change")
        run = get_object_or_404(ListExport, pk=number)
        if request.method == "POST" and decision == "go-on":
            runs.go_on(run)
        if request.method == "POST" and decision == "stop":
            try:
                exports.stop(run)
            except NotPossible as refused:
                messages.warning(request, refused.sentence)
        return HttpResponseRedirect(reverse(f"admin:{PREFIX}_export_run", args=[number]))

    def statuses_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.need(request, "change")
        calling_list = get_object_or_404(CallingList.objects.select_related("account", "service"), pk=pk)
        known, trouble = statuses_of(calling_list)
        form = StatusesForm(calling_list, known, request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            CallingList.objects.filter(pk=pk).update(statuses=form.statuses())
            messages.success(request, _("The statuses were saved. The next export uses them."))
            return HttpResponseRedirect(reverse(f"admin:{PREFIX}_change", args=[pk]))
        title = _("Statuses of members")
        return self.page(request, "statuses", calling_list, title=title, form=form, trouble=trouble)


def statuses_of(calling_list: CallingList) -> tuple[list[str], str]:
    """The statuses that the campaigns of the list know, and a sentence where they could not be asked for."""
    listed = calling_list.rows.exclude(campaign_id="").order_by("campaign_id").values_list("campaign_id", flat=True)
    campaigns = list(listed.distinct()[:MOST_CAMPAIGNS])
    if not campaigns:
        return [], _("Nobody on this list comes from a campaign. Import a campaign, then choose its statuses here.")
    try:
        with deadlines.within(LOOK_SECONDS):
            provider = imports.source_of(calling_list)
            found = [status for campaign in campaigns for status in provider.member_statuses(campaign)]
    except REFUSALS as error:
        return [], str(error)
    return list(dict.fromkeys(found)), ""


def progress(run: ListExport) -> dict[str, Any]:
    states = run.rows.exclude(export_state=Export.WAITING)
    left = states.filter(export_state__in=(Export.QUEUED, Export.SENDING, Export.WRITTEN)).count()
    failures = states.filter(export_state=Export.FAILED).order_by("id")
    return {
        "run": run,
        "tone": TONES[run.status],
        "under_way": run.status == ListRun.Status.OPEN,
        "may_stop": run.status in (ListRun.Status.OPEN, ListRun.Status.STUCK) and not run.job,
        "standstill": stands_still(run),
        "left": left,
        "done": max(0, (run.total or 0) - left),
        "failures": failures[:SHOWN_FAILURES],
        "shown_failures": SHOWN_FAILURES,
    }
