"""What is kept of changes to the configuration, and the screen to read it. Tables that change with every call are not
in it: their changes are their own history."""

from typing import Any

from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from contactcenter.models import (
    ApiToken,
    ContactCenter,
    Disposition,
    NotReadyReason,
    Report,
    ReportTarget,
    Scenario,
    Service,
    ServiceNumber,
    Team,
)
from integrations import marks
from integrations.admin.keyset import KeysetScreen
from integrations.admin.screens import ReadOnlyScreen, history_row

FOLLOWED: dict[type, list[str]] = {
    ApiToken: ["hash", "last_used_at"],
    ContactCenter: [],
    Disposition: [],
    NotReadyReason: [],
    Report: ["next_day", "next_interval"],
    ReportTarget: ["secrets", "seen_host_key"],
    Scenario: ["updated_at", "updated_by"],
    Service: [],
    ServiceNumber: [],
    Team: [],
}
VALUES_SHOWN = 3
LONGEST_VALUE = 60
NONE = "\N{EN DASH}"

for model, left_out in FOLLOWED.items():
    auditlog.register(model, exclude_fields=left_out)

admin.site.unregister(LogEntry)


@admin.register(LogEntry)
class ChangeAdmin(KeysetScreen, ReadOnlyScreen):
    heading = _("Change history")
    intro = _("Who changed which setting, and when. Of secrets only that they changed.")
    nothing_yet = _("Nothing was changed yet.")
    list_display = ("at", "who", "what", "thing", "values")
    list_display_links = None
    list_filter = ("action",)
    list_select_related = ("actor", "content_type")
    search_fields = ("object_repr",)
    search_help_text = _("Name of what was changed")
    ordering = ("-id",)
    readonly_fields = ("at", "who", "what", "thing", "values")
    fields = readonly_fields

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).order_by("-id")

    @admin.display(description=_("Time"))
    def at(self, entry: LogEntry) -> SafeString:
        return marks.exact(entry.timestamp)

    @admin.display(description=_("Who"))
    def who(self, entry: LogEntry) -> str:
        return str(history_row(entry)["who"])

    @admin.display(description=_("What"))
    def what(self, entry: LogEntry) -> str:
        return str(history_row(entry)["what"])

    @admin.display(description=_("Object"))
    def thing(self, entry: LogEntry) -> SafeString:
        kind = capfirst(entry.content_type.name) if entry.content_type else ""
        return format_html('{}<span class="second-line">{}</span>', entry.object_repr, kind)

    @admin.display(description=_("Values"))
    def values(self, entry: LogEntry) -> SafeString:
        rows = history_row(entry)["values"]
        lines = ((name, told(before, after)) for name, before, after in rows[:VALUES_SHOWN])
        shown = format_html_join("", '<span class="change-line"><b>{}</b> {}</span>', lines)
        return shown or marks.NOTHING


def told(before: str | None, after: str) -> str:
    return after if before is None else f"{shortened(before) or NONE} → {shortened(after) or NONE}"


def shortened(value: Any) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "\N{HORIZONTAL ELLIPSIS}"
