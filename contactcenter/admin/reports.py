"""Scheduled reports: the list that shows trouble, the definition, a preview before saving, where files go."""

from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _t

from contactcenter.models import Report, ReportDelivery, ReportRun, ReportTarget
from contactcenter.reports import figures, layouts, runs, schedule
from contactcenter.reports.intervals import FIRST_DAY, day_of
from integrations import marks
from integrations.admin.screens import Screen

from .report_forms import PRESET_LABELS, ReportForm, first_values
from .report_runs import ReportRuns

SHOWN_ROWS = 20
RESTARTS = {"enabled", "mode", "time_zone", "interval"}


@admin.register(Report)
class ReportAdmin(ReportRuns, Screen):
    heading = _t("Scheduled reports")
    intro = _t("What happened per interval, as files for workforce planning: made by themselves, delivered, kept.")
    nothing_yet = _t("No report yet. Add one; a preview shows its rows before you save.")
    form = ReportForm
    list_display = ("report", "next_run", "last_run", "last_delivery", "trouble")
    list_display_links = None
    list_filter = ("kind", "enabled")
    search_fields = ("name",)
    change_form_template = "admin/contactcenter/report/form.html"
    fieldsets = (
        (None, {"fields": ("name", "kind", "account_name", "enabled")}),
        (_t("What is counted"), {"fields": (
            "time_zone", "interval", "services", "attribution", "zero_rows", "short_abandon_seconds")}),
        (_t("When it is made"), {"fields": ("mode", "run_time", "run_time_zone", "delay_minutes", "nightly_rebuild")}),
        (_t("How the file looks"), {"fields": (
            "delimiter", "header", "date_format", "start_columns", "ids", "decimals", "decimal_separator", "line_end",
            "byte_order_mark", "file_name", "largest_file")}),
    )  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        preview = self.admin_site.admin_view(self.preview_view)
        return [path("preview/", preview, name="contactcenter_report_preview"), *super().get_urls()]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return first_values(request.GET.get("preset", ""))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change or RESTARTS & set(form.changed_data):
            schedule.begin(obj)
        super().save_model(request, obj, form, change)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        chosen = request.GET.get("preset", "calabrio")
        extra: dict[str, Any] = {"presets": [(key, label, key == chosen) for key, label in PRESET_LABELS.items()]}
        if object_id and object_id.isdigit():
            targets = ReportTarget.objects.filter(report_id=int(object_id)).select_related("account")
            rows = [target_row(target) for target in targets.defer("account__secrets")]
            extra |= {"targets": rows, "kinds": ReportTarget.Kind.choices}
        extra["day"] = (timezone.now() - timedelta(days=1)).date().isoformat()
        return super().changeform_view(request, object_id, form_url, {**extra, **(extra_context or {})})

    # -- the preview

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """The first rows of what is in the form, saved or not; in a window of its own, so the form stays as it is."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        known = Report.objects.filter(pk=request.POST.get("report") or 0).first()
        form = ReportForm(request.POST, instance=known)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": _("Preview"), "form": form}
        if form.is_valid():
            report: Report = form.save(commit=False)
            context |= preview(
                report, [s.pk for s in form.cleaned_data["services"]], request.POST.get("preview_day", "")
            )
        return TemplateResponse(request, "admin/contactcenter/report/preview.html", context)

    # -- columns

    @admin.display(description=_t("Report"), ordering="name")
    def report(self, report: Report) -> SafeString:
        link = reverse("admin:contactcenter_report_change", args=[report.pk])
        return format_html(
            '<a class="row-link" href="{}">{}</a><span class="second-line">{}</span>',
            link,
            report,
            report.get_kind_display(),
        )

    @admin.display(description=_t("Next run"))
    def next_run(self, report: Report) -> SafeString:
        when = schedule.next_run(report)
        if when is None:
            return marks.status(_("On demand") if report.enabled else _("Switched off"), "neutral")
        # A worker comes by every minute, and makes up for what was missed.
        return marks.status(_("Due now"), "info") if when <= timezone.now() else marks.moment(when)

    @admin.display(description=_t("Last run"))
    def last_run(self, report: Report) -> SafeString:
        run = report.runs.exclude(finished_at=None).first()
        if run is None:
            return marks.NOTHING
        link = reverse("admin:contactcenter_report_runs", args=[report.pk])
        return format_html('<a href="{}">{}</a>', link, marks.moment(run.finished_at))

    @admin.display(description=_t("Last delivery"))
    def last_delivery(self, report: Report) -> SafeString:
        delivered = ReportDelivery.objects.filter(target__report=report, delivered_at__isnull=False)
        return marks.moment(delivered.order_by("-delivered_at").values_list("delivered_at", flat=True).first())

    @admin.display(description=_t("State"))
    def trouble(self, report: Report) -> SafeString:
        return marks.status(*state_of(report))


def state_of(report: Report) -> tuple[str, str]:
    """In one word and its tone, the worst first."""
    deliveries = ReportDelivery.objects.filter(target__report=report, target__enabled=True)
    if report.runs.filter(state=ReportRun.State.FAILED).exists():
        return _("Could not be made"), "bad"
    if deliveries.filter(state=ReportDelivery.State.STUCK).exists():
        return _("Not delivered"), "bad"
    if deliveries.filter(state=ReportDelivery.State.WAITING, attempts__gt=0).exists():
        return _("Delivery is tried again"), "warn"
    if not report.targets.filter(enabled=True).exists():
        return _("Download only"), "neutral"
    return _("In order"), "ok"


def target_row(target: ReportTarget) -> dict[str, Any]:
    last = target.deliveries.order_by("-id").first()
    return {"target": target, "last": last, "tone": TONES.get(last.state, "neutral") if last else "neutral"}


TONES = {"waiting": "info", "delivered": "ok", "stuck": "bad"}


def preview(report: Report, queues: list[int], day_text: str) -> dict[str, Any]:
    """The head of the table and the first rows that say something, or the first ones where none does."""
    today = day_of(timezone.now(), report.zone)
    day = parsed_day(day_text) or today - timedelta(days=1)
    window = runs.window_for(report, day, until=timezone.now().timestamp()) if day <= today else None
    found = {"day": day, "report": report, "columns": [], "rows": [], "count": 0}
    if window is None:
        return found
    table = figures.table(runs.rules_of(report, queues), window, day)
    look = runs.look_of(report.layout())
    telling = [
        row for row in table.rows if any(value[0] if isinstance(value, tuple) else value for value in row.figures)
    ]
    shown = figures.Table(table.kind, window, table.roster, (telling or table.rows)[:SHOWN_ROWS])
    size = sum(len(made.content) for made in layouts.files(table, look, report.interval))
    return {
        **found,
        "columns": layouts.header(report.kind, look),
        "rows": list(layouts.lines(shown, look, report.interval)),
        "text": layouts.files(shown, look, report.interval)[0].content.decode("utf-8-sig"),
        "count": len(table.rows),
        "telling": len(telling),
        "intervals": window.count,
        "size": size,
        "hours": (window.end - window.start) / 3600,
    }


def parsed_day(text: str) -> date | None:
    """None for what is no day, and for those before the first one."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and day >= FIRST_DAY else None
