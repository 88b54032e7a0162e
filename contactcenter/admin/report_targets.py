"""Where the files of a report go: one form per kind, a test delivery, and the server's key to accept."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _t

from contactcenter.models import Report, ReportTarget
from contactcenter.reports import delivery
from contactcenter.reports.doors import stages_of
from integrations.admin import verdicts
from integrations.admin.screens import Screen
from integrations.diagnosis.verdict import Verdict
from integrations.file_transfer import sftp

from .report_target_forms import TARGET_FORMS

CHANGE = "admin:contactcenter_reporttarget_change"
INTROS = {
    ReportTarget.Kind.SFTP: _t("Encrypted, and the server proves by its key who it is. The usual way."),
    ReportTarget.Kind.FTPS: _t("FTP with TLS on the same port (AUTH TLS); the certificate is verified."),
    ReportTarget.Kind.FTP: _t(
        "Not encrypted: the password and the names of agents can be read on the way. SFTP or FTPS is better."
    ),
    ReportTarget.Kind.PUT: _t(
        "Each file is put under the address of a folder, encrypted; nothing there is overwritten."
    ),
    ReportTarget.Kind.S3: _t("Into the bucket of an Amazon AWS account."),
    ReportTarget.Kind.EMAIL: _t("As an attachment. Texts that a spreadsheet would run as a formula are made harmless."),
    ReportTarget.Kind.FOLDER: _t("For systems that fetch files from this server."),
}


@admin.register(ReportTarget)
class ReportTargetAdmin(Screen):
    """Reached from its report; there is no list of all."""

    change_form_template = "admin/contactcenter/report/target.html"

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return TARGET_FORMS[obj.kind if obj else self._wanted(request)[1]]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        form = self.get_form(request, obj)
        return [(None, {"fields": list(form.base_fields)})]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<int:target_id>/test/", view(self.test_view), name="contactcenter_reporttarget_test"),
            path("<int:target_id>/key/", view(self.key_view), name="contactcenter_reporttarget_key"),
        ]
        return [*own, *super().get_urls()]

    def _wanted(self, request: HttpRequest) -> tuple[int, str]:
        """For which report, and which kind, the address asks."""
        report, kind = request.GET.get("report", ""), request.GET.get("kind", "")
        if not report.isdigit() or kind not in TARGET_FORMS:
            raise Http404(_("Begin on the page of a report: it offers the kinds of delivery."))
        return int(report), kind

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:contactcenter_report_changelist"))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        target = ReportTarget.objects.filter(pk=object_id or 0).first() if (object_id or "0").isdigit() else None
        if target is None and object_id is None:
            report_id, kind = self._wanted(request)
            target = ReportTarget(report=get_object_or_404(Report, pk=report_id), kind=kind)
        extra: dict[str, Any] = {"show_save_and_add_another": False}
        if target is not None:
            extra |= {
                "report": target.report,
                "kind_label": target.get_kind_display(),
                "kind_intro": INTROS[ReportTarget.Kind(target.kind)],
                "is_open": target.kind == ReportTarget.Kind.FTP,
                "title": _("%(kind)s for %(report)s") % {"kind": target.get_kind_display(), "report": target.report},
                **keys_of(target),
            }
        return super().changeform_view(request, object_id, form_url, {**extra, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            report_id, obj.kind = self._wanted(request)
            obj.report = get_object_or_404(Report, pk=report_id)
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        messages.success(request, _("Saved. Test the delivery before you rely on it."))
        return HttpResponseRedirect(reverse(CHANGE, args=[obj.pk]))

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        messages.success(request, _("Saved."))
        return HttpResponseRedirect(reverse(CHANGE, args=[obj.pk]))

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        messages.success(request, _("%s is deleted.") % obj_display)
        return HttpResponseRedirect(reverse("admin:contactcenter_report_changelist"))

    # -- test and host key

    def test_view(self, request: HttpRequest, target_id: int) -> HttpResponse:
        """Bring a small file there and tell how far it came."""
        target = self._target(request, target_id)
        verdict = delivery.examine(target)
        target.refresh_from_db()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Test delivery"),
            "target": target,
            "verdict": card(target, verdict),
            **keys_of(target),
        }
        return TemplateResponse(request, "admin/contactcenter/report/target_test.html", context)

    def key_view(self, request: HttpRequest, target_id: int) -> HttpResponse:
        """Accept the key that was shown, if it is still the one that the person has read."""
        target = self._target(request, target_id)
        if target.seen_host_key and request.POST.get("fingerprint") == sftp.fingerprint(target.seen_host_key):
            ReportTarget.objects.filter(pk=target.pk, seen_host_key=target.seen_host_key).update(
                host_key=target.seen_host_key, seen_host_key=""
            )
            messages.success(request, _("The key is accepted. Test the delivery again."))
        else:
            messages.error(request, _("The server has shown another key meanwhile. Test the delivery again."))
        return HttpResponseRedirect(reverse(CHANGE, args=[target.pk]))

    def _target(self, request: HttpRequest, target_id: int) -> ReportTarget:
        if request.method != "POST":
            raise Http404(_("This page answers a button."))
        if not request.user.has_perm("contactcenter.change_reporttarget"):
            raise PermissionDenied
        return get_object_or_404(ReportTarget.objects.select_related("report", "account"), pk=target_id)


def keys_of(target: ReportTarget) -> dict[str, str]:
    return {
        "accepted_key": sftp.fingerprint(target.host_key) if target.host_key else "",
        "seen_key": sftp.fingerprint(target.seen_host_key) if target.seen_host_key else "",
    }


def card(target: ReportTarget, verdict: Verdict) -> dict[str, Any]:
    """The doctor's card with the stages of this kind of delivery."""
    shown = verdicts.card(verdict)
    stages = list(stages_of(target))
    if verdict.stage is not None and verdict.stage not in stages:
        stages.insert(0, verdict.stage)
    passed = {step.stage for step in verdict.passed}
    failed = None if verdict.ok else verdict.stage
    states = {stage: "failed" if stage == failed else "passed" if stage in passed else "ahead" for stage in stages}
    shown["steps"] = [verdicts.Step(_(verdicts.LABELS[stage]), states[stage], "") for stage in stages]
    return shown
