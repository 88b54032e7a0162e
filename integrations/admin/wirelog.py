"""The wire log: every exchange with a vendor, to look at. Secrets were masked before the row was written."""

from typing import Any
from urllib.parse import unquote

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from integrations import marks
from integrations.models import ApiCall

from .keyset import KeysetScreen
from .replaying import Replaying
from .screens import ReadOnlyScreen
from .wirelog_filters import AccountFilter, ExactFilter, PeriodFilter, StatusFilter

LONGEST_URL = 110


@admin.register(ApiCall)
class ApiCallAdmin(Replaying, KeysetScreen, ReadOnlyScreen):
    heading = _("Wire log")
    intro = _("Every exchange with a vendor, newest first. Passwords and tokens are masked before they are written.")
    nothing_yet = _("Nothing was sent yet. Test an account's connection, and the exchanges appear here.")
    list_display = ("at", "of_account", "exchange", "result", "took")
    list_display_links = None
    list_filter = (AccountFilter, StatusFilter, PeriodFilter, ExactFilter)
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
