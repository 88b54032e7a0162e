"""What was made of a report: runs, files, deliveries; download, make again, deliver again."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from contactcenter.models import Report, ReportDelivery, ReportFile, ReportRun
from contactcenter.nudge import nudge
from contactcenter.reports import delivery, runs
from contactcenter.reports.layouts import guarded
from contactcenter.tasks import work_on_reports
from integrations.admin.buttons import FRAGMENT

from .report_forms import DaysForm

RUNS = "admin:contactcenter_report_runs"
PER_PAGE = 20
RUN_TONES = {"waiting": "info", "done": "ok", "failed": "bad"}
TONES = {"waiting": "info", "delivered": "ok", "stuck": "bad"}


class ReportRuns:
    """Mixed into the screen of reports."""

    admin_site: admin.AdminSite
    opts: Any

    def get_urls(self) -> list[URLPattern]:
        name, view = "contactcenter_report_runs", self.admin_site.admin_view
        own = [
            path("<int:report_id>/runs/", view(self.runs_view), name=name),
            path("<int:report_id>/runs/<int:run_id>/again/", view(self.again_view), name=f"{name}_again"),
            path("<int:report_id>/files/<int:file_id>/", view(self.file_view), name="contactcenter_report_file"),
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def runs_view(self, request: HttpRequest, report_id: int) -> HttpResponse:
        """GET shows what was made, POST asks for past days."""
        report = self._report(request, report_id, "view")
        form = DaysForm(request.POST if request.method == "POST" else None, initial={"deliver": True})
        if request.method == "POST":
            report = self._report(request, report_id, "change")
            if form.is_valid() and self._asked(request, report, form):
                return HttpResponseRedirect(reverse(RUNS, args=[report.pk]))
        page = Paginator(_listed(report), PER_PAGE).get_page(request.GET.get("p"))
        rows = [_row(run) for run in page]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Runs of %s") % report,
            "report": report,
            "form": form,
            "page": page,
            "rows": rows,
            "under_way": any(row["open"] for row in rows),
            "may_change": request.user.has_perm("contactcenter.change_report"),
        }
        name = "runs_list" if request.headers.get(FRAGMENT) else "runs"
        return TemplateResponse(request, f"admin/contactcenter/report/{name}.html", context)

    def _asked(self, request: HttpRequest, report: Report, form: DaysForm) -> bool:
        first, last = form.cleaned_data["first"], form.cleaned_data["last"] or form.cleaned_data["first"]
        try:
            made = runs.ask(report, first, last, request.user.get_username(), deliver=form.cleaned_data["deliver"])
        except runs.NotPossible as refusal:
            form.add_error("last" if form.cleaned_data["last"] else "first", str(refusal))
            return False
        nudge(work_on_reports)
        messages.success(
            request, _("Days to be made: %d. They appear below as soon as a worker has made them.") % len(made)
        )
        return True

    def again_view(self, request: HttpRequest, report_id: int, run_id: int) -> HttpResponse:
        """Deliver the files of a run again; make it again where that has failed."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        report = self._report(request, report_id, "change")
        run = get_object_or_404(ReportRun, pk=run_id, report=report)
        if run.state == ReportRun.State.FAILED:
            ReportRun.objects.filter(pk=run.pk).update(
                state=ReportRun.State.WAITING, attempts=0, error="", leased_until=None
            )
            messages.success(request, _("It is made again."))
        else:
            count = delivery.again(run)
            text = (
                _("Deliveries that begin again: %d.")
                if count
                else _("Nothing can be delivered: there is no target, or the contents are gone.")
            )
            (messages.success if count else messages.warning)(request, text % count if count else text)
        nudge(work_on_reports)
        return HttpResponseRedirect(reverse(RUNS, args=[report.pk]))

    def file_view(self, request: HttpRequest, report_id: int, file_id: int) -> HttpResponse:
        """Download; for people, so what a spreadsheet would run as a formula is text."""
        report = self._report(request, report_id, "view")
        file = get_object_or_404(ReportFile.objects.select_related("run"), pk=file_id, run__report=report)
        if file.content is None:
            raise Http404(_("The contents of this file are not kept any more. Make the day again."))
        look = runs.look_of(file.run.layout)
        headers = {"Content-Disposition": f'attachment; filename="{file.name}"', "Cache-Control": "no-store"}
        return HttpResponse(guarded(bytes(file.content), look), "text/csv; charset=utf-8", headers=headers)

    def _report(self, request: HttpRequest, report_id: int, right: str) -> Report:
        if not request.user.has_perm(f"contactcenter.{right}_report"):
            raise PermissionDenied
        return get_object_or_404(Report, pk=report_id)


def _listed(report: Report) -> Any:
    deliveries = ReportDelivery.objects.select_related("target", "target__account").defer("target__account__secrets")
    files = ReportFile.objects.defer("content").prefetch_related(Prefetch("deliveries", deliveries)).order_by("number")
    return report.runs.prefetch_related(Prefetch("files", files)).order_by("-id")


def _row(run: ReportRun) -> dict[str, Any]:
    files = [(file, list(file.deliveries.all())) for file in run.files.all()]
    fresh = any(d.state == ReportDelivery.State.WAITING and not d.attempts for _file, found in files for d in found)
    return {
        "run": run,
        "tone": RUN_TONES[run.state],
        "files": [
            {"file": file, "deliveries": [{"delivery": d, "tone": TONES[d.state]} for d in found]}
            for file, found in files
        ],
        "open": run.state == ReportRun.State.WAITING or fresh,
    }
