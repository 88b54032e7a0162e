"""The list of accounts as a dashboard: what each account is, how it is, and until when. One query for the page."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _t

from integrations import catalogue, marks
from integrations.expiry.forecast import forecast
from integrations.marks import badges_of, kind_of, shortened
from integrations.models import Health, IntegrationAccount

FILTERS = {"type", "health", "simulated", "enabled"}


class TypeFilter(admin.SimpleListFilter):
    """Only types that have accounts: the catalogue is longer than any contact centre's list."""

    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        present = set(IntegrationAccount.objects.order_by().values_list("type", flat=True).distinct())
        return [(t.key, t.label) for t in catalogue.TYPES if t.key in present]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(type=self.value()) if self.value() else queryset


class Listing:
    """Columns. Mixed into the account screen."""

    list_display: Any = ("account", "state", "signed_in_as", "success", "trouble", "tokens")
    list_display_links: Any = None
    list_filter: Any = (TypeFilter, "health", "simulated", "enabled")
    list_select_related: Any = ("token",)
    search_fields: Any = ("name",)
    search_help_text: Any = _t("Search by name")
    ordering: Any = ("name",)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Only what the page offers: nobody guesses at properties or secrets through the address."""
        return lookup.partition("__")[0] in FILTERS

    @admin.display(description="Account", ordering="name")
    def account(self, account: IntegrationAccount) -> SafeString:
        badges = format_html_join(" ", "{}", ((b,) for b in badges_of(account)))
        return format_html(
            '<span class="primary-line"><a class="row-link" href="{}/change/">{}</a> {}</span>'
            '<span class="second-line">{}</span>',
            account.pk, account.name, badges, kind_of(account),
        )  # fmt: skip

    @admin.display(description="Health", ordering="health")
    def state(self, account: IntegrationAccount) -> SafeString:
        if not account.secrets.is_readable:
            todo = _("Enter them again, or put the key back.")
            return format_html(
                '{}<span class="second-line">{}</span>', marks.status(_("Secrets unreadable"), "bad"), todo
            )
        if account.health_changed_at is None or not account.enabled:
            return marks.health(account)
        since = _("since %s") % marks.span(timezone.now() - account.health_changed_at)
        return format_html('{}<span class="second-line">{}</span>', marks.health(account), since)

    @admin.display(description="Logged in as", ordering="identity")
    def signed_in_as(self, account: IntegrationAccount) -> str:
        return account.identity or marks.NOTHING

    @admin.display(description="Last success", ordering="last_success_at")
    def success(self, account: IntegrationAccount) -> SafeString:
        return marks.moment(account.last_success_at)

    @admin.display(description="Last error", ordering="last_error_at")
    def trouble(self, account: IntegrationAccount) -> SafeString:
        """The sentence while it lasts; afterwards only when it was, because it is solved."""
        if account.last_error_at is None:
            return marks.NOTHING
        when = marks.moment(account.last_error_at)
        if account.health in (Health.OK, Health.UNKNOWN) or not account.health_message:
            return when
        sentence = shortened(account.health_message)
        return format_html('<span class="sentence">{}</span><span class="second-line">{}</span>', sentence, when)

    @admin.display(description="Tokens")
    def tokens(self, account: IntegrationAccount) -> SafeString:
        lines = [("warn" if f.urgent else "calm", f.text) for f in forecast(account)]
        return format_html_join("", '<span class="forecast-line {}">{}</span>', lines) or marks.NOTHING
