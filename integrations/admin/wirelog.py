"""The wire log: every exchange with a vendor, to look at. Secrets were masked before the row was written."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from integrations import marks
from integrations.models import ApiCall, IntegrationAccount

from .keyset import KeysetScreen
from .screens import ReadOnlyScreen

LONGEST_URL = 110
STATUS_CLASSES = {
    "ok": ("Success (2xx)", Q(status__gte=200, status__lt=300)),
    "redirect": ("Redirect (3xx)", Q(status__gte=300, status__lt=400)),
    "refused": ("Refused (4xx)", Q(status__gte=400, status__lt=500)),
    "fault": ("Fault at the vendor (5xx)", Q(status__gte=500)),
    "none": ("No answer", Q(status__isnull=True)),
}
PERIODS = {
    "hour": ("Last hour", timedelta(hours=1)),
    "day": ("Last 24 hours", timedelta(days=1)),
    "week": ("Last 7 days", timedelta(days=7)),
}


class AccountFilter(admin.SimpleListFilter):
    title = "account"
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(str(pk), name) for pk, name in IntegrationAccount.objects.order_by("name").values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(account_id=self.value()) if (self.value() or "").isdigit() else queryset


class StatusFilter(admin.SimpleListFilter):
    title = "result"
    parameter_name = "result"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(key, label) for key, (label, _condition) in STATUS_CLASSES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found = STATUS_CLASSES.get(self.value() or "")
        return queryset.filter(found[1]) if found else queryset


class PeriodFilter(admin.SimpleListFilter):
    title = "time"
    parameter_name = "since"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(key, label) for key, (label, _length) in PERIODS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found = PERIODS.get(self.value() or "")
        return queryset.filter(started_at__gte=timezone.now() - found[1]) if found else queryset


@admin.register(ApiCall)
class ApiCallAdmin(KeysetScreen, ReadOnlyScreen):
    heading = _("Wire log")
    intro = _("Every exchange with a vendor, newest first. Passwords and tokens are masked before they are written.")
    nothing_yet = _("Nothing was sent yet. Test an account's connection, and the exchanges appear here.")
    list_display = ("at", "of_account", "exchange", "result", "took")
    list_display_links = None
    list_filter = (AccountFilter, StatusFilter, PeriodFilter)
    list_select_related = ("account",)
    search_fields = ("interaction",)
    search_help_text = _("Reference of an interaction")
    change_form_template = "integrations/wirelog/detail.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        if request.resolver_match and str(request.resolver_match.url_name).endswith("_changelist"):
            return rows.defer(
                "request_headers", "request_body", "response_headers", "response_body", "account__secrets"
            )
        return rows

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """By the reference of an interaction: its first hexadecimal characters, with or without dashes."""
        term = search_term.strip().lower().replace("-", "")
        if not term:
            return queryset, False
        dashed = "-".join(part for part in (term[:8], term[8:12], term[12:16], term[16:20], term[20:32]) if part)
        return queryset.filter(Q(interaction__startswith=dashed) | Q(interaction__startswith=term)), False

    @admin.display(description=_("Time"))
    def at(self, call: ApiCall) -> SafeString:
        link = reverse("admin:integrations_apicall_change", args=[call.pk])
        return format_html('<a class="row-link" href="{}">{}</a>', link, marks.exact(call.started_at))

    @admin.display(description=_("Account"))
    def of_account(self, call: ApiCall) -> SafeString:
        name = call.account.name if call.account else _("deleted account")
        return format_html("{} {}", name, marks.simulated() if call.simulated else "")

    @admin.display(description=_("Request"))
    def exchange(self, call: ApiCall) -> SafeString:
        url = Truncator(unquote(call.url)).chars(LONGEST_URL)
        return format_html(
            '<span class="method">{}</span> <code class="url">{}</code><span class="second-line">{}</span>',
            call.method, url, call.purpose,
        )  # fmt: skip

    @admin.display(description=_("Result"))
    def result(self, call: ApiCall) -> SafeString:
        return marks.http_status(call.status, call.error)

    @admin.display(description=_("Took"))
    def took(self, call: ApiCall) -> str:
        return marks.NOTHING if call.duration_ms is None else f"{call.duration_ms} ms"
