"""Calling lists: their settings, how many are left, and what was imported and exported."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from contactcenter.models import CallingList, ListRow, Service
from integrations import marks
from integrations.admin.screens import Screen
from integrations.capabilities import CallingListSource
from integrations.models import IntegrationAccount
from integrations.providers import registry

from .list_exports import Exporting
from .list_imports import TONES, Importing

State, Export = ListRow.State, ListRow.Export
RECENT = 5


@admin.register(CallingList)
class CallingListAdmin(Importing, Exporting, Screen):
    heading = _("Calling lists")
    intro = _("Whom agents call, one person after the other. People come from Salesforce or from a file.")
    nothing_yet = _("No list yet. Add one, then import people into it.")
    list_display = ("name", "of_service", "left", "people", "called", "last_import", "state")
    list_filter = ("enabled", ("service", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("service", "account")
    search_fields = ("name",)
    change_form_template = "admin/contactcenter/callinglist/change_form.html"
    formfield_overrides = {models.TimeField: {"widget": forms.TimeInput(attrs={"type": "time"}, format="%H:%M")}}
    fieldsets = (
        (None, {"fields": ("name", "service", "account", "enabled")}),
        (_("Calling"), {"fields": ("calls_from", "calls_to", "time_zone", "region", "most_attempts", "retry_minutes")}),
        (_("Results"), {"fields": ("export_minutes",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found = super().get_queryset(request).defer("account__secrets", "account__properties")
        return found.prefetch_related("imports")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "account":
            able = [key for key, provider in registry().items() if issubclass(provider, CallingListSource)]
            kwargs["queryset"] = IntegrationAccount.objects.filter(provider__in=able)
        if db_field.name == "service":
            kwargs["queryset"] = Service.objects.filter(media=Service.Media.VOICE)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = overview(object_id) if object_id.isdigit() else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    # -- columns

    @admin.display(description=_("Service"), ordering="service__name")
    def of_service(self, row: CallingList) -> str:
        return row.service.name

    @admin.display(description=_("To call"))
    def left(self, row: CallingList) -> int:
        return row.rows.filter(state=State.TO_CALL).count()

    @admin.display(description=_("People"))
    def people(self, row: CallingList) -> SafeString:
        return format_html('<a href="{}">{}</a>', rows_url(row), row.rows.count())

    @admin.display(description=_("Called"))
    def called(self, row: CallingList) -> int:
        return row.rows.filter(attempts__gt=0).count()

    @admin.display(description=_("Last import"))
    def last_import(self, row: Any) -> SafeString:
        latest = next(iter(sorted(row.imports.all(), key=lambda run: -run.pk)), None)
        if latest is None or latest.status == "draft":
            return marks.NOTHING
        url = reverse("admin:contactcenter_callinglist_import_run", args=[latest.pk])
        word = marks.status(latest.get_status_display(), TONES[latest.status])
        return format_html('<a href="{}">{}</a>', url, word)

    @admin.display(description=_("State"), ordering="enabled")
    def state(self, row: CallingList) -> SafeString:
        return marks.status(_("Enabled") if row.enabled else _("Off"), "ok" if row.enabled else "neutral")


def rows_url(calling_list: CallingList, **filters: str) -> str:
    query = "&".join([f"calling_list__id__exact={calling_list.pk}", *(f"{k}={v}" for k, v in filters.items())])
    return f"{reverse('admin:contactcenter_listrow_changelist')}?{query}"


def overview(pk: str) -> dict[str, Any]:
    """Figures of a list and its latest runs: one query for all the counts."""
    calling_list = CallingList.objects.select_related("account").defer("account__secrets").filter(pk=pk).first()
    if calling_list is None:
        return {}
    wanted: dict[str, Q] = {
        "left": Q(state=State.TO_CALL), "in_use": Q(state=State.IN_USE), "done": Q(state=State.DONE),
        "do_not_call": Q(state=State.DO_NOT_CALL), "waiting": Q(export_state=Export.WAITING),
        "failed": Q(export_state=Export.FAILED),
    }  # fmt: skip
    counts = calling_list.rows.aggregate(people=Count("pk"), **{k: Count("pk", filter=q) for k, q in wanted.items()})
    figures = [
        (counts["left"], _("to call"), rows_url(calling_list, state__exact=State.TO_CALL)),
        (counts["in_use"], _("with agents"), rows_url(calling_list, state__exact=State.IN_USE)),
        (counts["done"], _("done"), rows_url(calling_list, state__exact=State.DONE)),
        (counts["do_not_call"], _("do not call"), rows_url(calling_list, state__exact=State.DO_NOT_CALL)),
        (counts["people"], _("people altogether"), rows_url(calling_list)),
    ]
    return {
        "figures": figures,
        "counts": counts,
        "failed_url": rows_url(calling_list, export_state__exact=Export.FAILED),
        "imports": [(run, TONES[run.status]) for run in calling_list.imports.exclude(status="draft")[:RECENT]],
        "exports": [(run, TONES[run.status]) for run in calling_list.exports.all()[:RECENT]],
        "statuses": calling_list.statuses,
    }
