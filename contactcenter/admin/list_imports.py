"""Importing people into a list: where from, which columns, and the page that shows how far it has come."""

import csv
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _t

from contactcenter.errors import NotPossible
from contactcenter.lists import imports, mapping, rows, runs
from contactcenter.models import CallingList, ListImport, ListRun
from integrations import deadlines
from integrations.admin.buttons import FRAGMENT
from integrations.errors import IntegrationError
from integrations.fields import SecretUnreadable

from .list_forms import CampaignForm, FileForm, MappingForm, QueryForm

PREFIX = "contactcenter_callinglist"
LOOK_SECONDS = 15.0  # for a page that asks a vendor
SHOWN_REFUSALS = 100
# Nobody works on an open run when nothing of it has moved for so long.
STANDSTILL = timedelta(seconds=30)
TONES = {"draft": "neutral", "open": "info", "done": "ok", "stuck": "bad", "stopped": "warn"}
WAYS: dict[str, Any] = {
    "campaign": (_t("Campaign"), _t("The members of a Salesforce campaign. Their statuses can be written back.")),
    "query": (_t("Query"), _t("Contacts, leads or campaign members that a SOQL query finds.")),
    "file": (_t("File"), _t("A CSV file from this computer.")),
}
REFUSALS = (NotPossible, IntegrationError, SecretUnreadable)


class Importing:
    """Mixed into the screen of calling lists."""

    admin_site: admin.AdminSite
    opts: Any

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<int:pk>/import/", view(self.choose_view), name=f"{PREFIX}_import"),
            path("<int:pk>/import/<slug:way>/", view(self.draft_view), name=f"{PREFIX}_import_way"),
            path("import/<int:number>/", view(self.import_view), name=f"{PREFIX}_import_run"),
            path("import/<int:number>/refused.csv", view(self.refused_view), name=f"{PREFIX}_import_refused"),
            path("import/<int:number>/<slug:decision>/", view(self.decide_view), name=f"{PREFIX}_import_decide"),
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def page(self, request: HttpRequest, name: str, calling_list: CallingList, **context: Any) -> HttpResponse:
        """A page below a list's own page."""
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "calling_list": calling_list}
        return TemplateResponse(request, f"admin/contactcenter/callinglist/{name}.html", {**shared, **context})

    @staticmethod
    def need(request: HttpRequest, right: str) -> None:
        if not request.user.has_perm(f"contactcenter.{right}_callinglist"):
            raise PermissionDenied

    # -- where from

    def choose_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.need(request, "change")
        calling_list = get_object_or_404(CallingList.objects.select_related("account"), pk=pk)
        cards = [
            {
                "label": label, "words": words, "initials": str(label)[:1],
                "url": reverse(f"admin:{PREFIX}_import_way", args=[pk, way]) if way == "file" or calling_list.account
                else "",
                "reason": "" if way == "file" or calling_list.account else _("The list has no account."),
            }
            for way, (label, words) in WAYS.items()
        ]  # fmt: skip
        return self.page(request, "choose", calling_list, title=_("Import people"), cards=cards)

    def draft_view(self, request: HttpRequest, pk: int, way: str) -> HttpResponse:
        """One way's form; what it gives is looked at before anything is imported."""
        self.need(request, "change")
        calling_list = get_object_or_404(CallingList.objects.select_related("account"), pk=pk)
        if way not in WAYS:
            return HttpResponseRedirect(reverse(f"admin:{PREFIX}_import", args=[pk]))
        bound = (request.POST, request.FILES) if request.method == "POST" else (None, None)
        form, trouble = self._form(calling_list, way, bound)
        if request.method == "POST" and form is not None and form.is_valid():
            try:
                with deadlines.within(LOOK_SECONDS):
                    run = _draft(calling_list, way, form, request.user.get_username())
                return HttpResponseRedirect(reverse(f"admin:{PREFIX}_import_run", args=[run.pk]))
            except REFUSALS as error:
                field = getattr(error, "field", None)
                form.add_error(field if field in form.fields else None, str(error))
        title = WAYS[way][0]
        return self.page(request, "source", calling_list, title=title, form=form, trouble=trouble, way=way)

    @staticmethod
    def _form(calling_list: CallingList, way: str, bound: Any) -> tuple[forms.Form | None, str]:
        """The form, or a sentence why there is none."""
        if way == "file":
            return FileForm(bound[0], bound[1]), ""
        if way == "query":
            return QueryForm(bound[0], initial={"query": calling_list.query}), ""
        try:
            with deadlines.within(LOOK_SECONDS):
                found = imports.source_of(calling_list).campaigns()
        except REFUSALS as error:
            return None, str(error)
        if not found:
            return None, _("Salesforce shows no active campaign. Tick Active on the campaign there.")
        return CampaignForm(found, bound[0], initial={"campaign": calling_list.campaign_id}), ""

    # -- which columns, and how far

    def import_view(self, request: HttpRequest, number: int) -> HttpResponse:
        self.need(request, "view")
        run = get_object_or_404(ListImport.objects.select_related("calling_list__account"), pk=number)
        if run.status == ListRun.Status.DRAFT:
            return self._mapping(request, run)
        context = {"title": _("Import"), "may_change": request.user.has_perm("contactcenter.change_callinglist")}
        name = "import_fragment" if request.headers.get(FRAGMENT) else "import"
        return self.page(request, name, run.calling_list, **context, **progress(run))

    def _mapping(self, request: HttpRequest, run: ListImport) -> HttpResponse:
        self.need(request, "change")
        guessed = mapping.guess(run.columns, run.calling_list.mapping)
        form = MappingForm(run.columns, guessed, request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                imports.start(run, form.mapping())
                return HttpResponseRedirect(reverse(f"admin:{PREFIX}_import_run", args=[run.pk]))
            except NotPossible as refused:
                form.add_error(None, refused.sentence)
        return self.page(request, "mapping", run.calling_list, title=_("Which column is what?"), run=run, form=form)

    def decide_view(self, request: HttpRequest, number: int, decision: str) -> HttpResponse:
        """Stop an import, or let one go on that needs a person."""
        self.need(request, "change")
        run = get_object_or_404(ListImport, pk=number)
        if request.method == "POST" and decision in ("stop", "go-on"):
            done = runs.stop(run) if decision == "stop" else runs.go_on(run)
            if not done:
                messages.info(request, _("The import has ended meanwhile."))
        return HttpResponseRedirect(reverse(f"admin:{PREFIX}_import_run", args=[number]))

    def refused_view(self, request: HttpRequest, number: int) -> StreamingHttpResponse:
        self.need(request, "view")
        run = get_object_or_404(ListImport, pk=number)
        response = StreamingHttpResponse(_csv(run), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="refused-{number}.csv"'
        return response


def _draft(calling_list: CallingList, way: str, form: forms.Form, by: str) -> ListImport:
    if isinstance(form, CampaignForm):
        chosen = form.cleaned_data["campaign"]
        return imports.draft_campaign(calling_list, chosen, form.names[chosen], by)
    if way == "query":
        return imports.draft_query(calling_list, form.cleaned_data["query"], by)
    upload = form.cleaned_data["file"]
    return imports.draft_file(calling_list, upload.file, upload.name, upload.size, by)


def progress(run: ListImport) -> dict[str, Any]:
    """How far an import has come, for its page."""
    open_ = run.status == ListRun.Status.OPEN
    return {
        "run": run,
        "tone": TONES[run.status],
        "under_way": open_,
        "may_stop": run.status in (ListRun.Status.OPEN, ListRun.Status.STUCK),
        "standstill": stands_still(run),
        "took": run.finished_at - run.started_at if run.finished_at and run.started_at and not open_ else None,
        "reasons": [(count, _(rows.REASONS.get(reason, reason))) for reason, count in run.reasons.items()],
        "refused_rows": run.refused_rows.order_by("id")[:SHOWN_REFUSALS],
        "shown_refusals": SHOWN_REFUSALS,
    }


def stands_still(run: ListRun) -> bool:
    if run.status != ListRun.Status.OPEN or run.error:
        return False
    moved = run.moved_at or run.created_at
    return max(run.due_at, moved) < timezone.now() - STANDSTILL


class _Echo:
    """A file that gives each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _csv(run: ListImport) -> Iterator[str]:
    """With a byte order mark, by which spreadsheets know that it is UTF-8. A value that a spreadsheet would take for a
    formula gets an apostrophe before it."""
    writer = csv.writer(_Echo())
    yield "\ufeff"
    for line in imports.refused(run):
        yield writer.writerow([f"'{value}" if value[:1] in "=@\t\r" and value else value for value in line])
