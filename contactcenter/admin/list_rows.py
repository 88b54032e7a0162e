"""People on calling lists: found by name or number, what came of calling them, and what a person can decide."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from contactcenter.lists import dialling, results
from contactcenter.models import ListRow
from contactcenter.phone import normalise
from integrations import marks
from integrations.admin.keyset import KeysetScreen
from integrations.admin.screens import ReadOnlyScreen

State, Export = ListRow.State, ListRow.Export
TONES = {State.TO_CALL: "info", State.IN_USE: "warn", State.DONE: "ok", State.DO_NOT_CALL: "neutral"}
EXPORT_TONES = {Export.DONE: "ok", Export.FAILED: "bad", Export.WAITING: "neutral"}


@admin.register(ListRow)
class ListRowAdmin(KeysetScreen, ReadOnlyScreen):
    heading = _("People on lists")
    intro = _("Everybody on a calling list, and what came of calling them.")
    nothing_yet = _("Nobody is on a list yet. Open a calling list and import people.")
    list_display = ("person", "shown_number", "condition", "outcome", "by", "tries", "when", "exported", "of_list")
    list_filter = (("calling_list", admin.RelatedOnlyFieldListFilter), "state", "export_state")
    list_select_related = ("calling_list", "disposition", "agent__user")
    search_fields = ("name", "number", "e164")
    search_help_text = _("Name or number")
    ordering = ("-id",)
    actions = ("do_not_call", "call_again")
    fields = (
        "of_list", "shown_number", "number", "condition", "data", "record", "outcome", "by", "tries", "when", "notes",
        "exported", "of_call",
    )  # fmt: skip

    def get_actions(self, request: HttpRequest) -> Any:
        may = request.user.has_perm("contactcenter.change_callinglist")
        return super().get_actions(request) if may else {}

    @admin.action(description=_("Do not call"))
    def do_not_call(self, request: HttpRequest, queryset: QuerySet[ListRow]) -> None:
        found = ListRow.objects.filter(pk__in=queryset.values("pk"), state__in=(State.TO_CALL, State.DONE))
        self._said(request, found.update(state=State.DO_NOT_CALL))

    @admin.action(description=_("Call again"))
    def call_again(self, request: HttpRequest, queryset: QuerySet[ListRow]) -> None:
        found = ListRow.objects.filter(pk__in=queryset.values("pk")).exclude(state=State.IN_USE)
        self._said(request, found.update(state=State.TO_CALL, due_at=timezone.now()))

    @staticmethod
    def _said(request: HttpRequest, count: int) -> None:
        text = ngettext("%d person was changed.", "%d people were changed.", count) % count
        messages.success(request, f"{text} {_('Whoever is with an agent at this moment stays as they are.')}")

    # -- columns

    @admin.display(description=_("Name"))
    def person(self, row: ListRow) -> str:
        return row.name or str(_("No name"))

    @admin.display(description=_("Number"))
    def shown_number(self, row: ListRow) -> str:
        return normalise(row.e164).display

    @admin.display(description=_("State"))
    def condition(self, row: ListRow) -> SafeString:
        return marks.status(row.get_state_display(), TONES[State(row.state)])

    @admin.display(description=_("Result"))
    def outcome(self, row: ListRow) -> str:
        return results.outcome(row) or marks.NOTHING

    @admin.display(description=_("Agent"))
    def by(self, row: ListRow) -> str:
        return str(row.agent) if row.agent else marks.NOTHING

    @admin.display(description=_("Attempts"))
    def tries(self, row: ListRow) -> int:
        return row.attempts

    @admin.display(description=_("Called"))
    def when(self, row: ListRow) -> SafeString:
        return marks.moment(row.called_at)

    @admin.display(description=_("Export"))
    def exported(self, row: ListRow) -> SafeString:
        if not row.export_state:
            return marks.NOTHING
        word = marks.status(row.get_export_state_display(), EXPORT_TONES.get(Export(row.export_state), "info"))
        if not row.export_error:
            return word
        return format_html('{} <span class="second-line">{}</span>', word, row.export_error)

    @admin.display(description=_("List"))
    def of_list(self, row: ListRow) -> SafeString:
        url = reverse("admin:contactcenter_callinglist_change", args=[row.calling_list_id])
        return format_html('<a href="{}">{}</a>', url, row.calling_list.name)

    # -- on the page

    @admin.display(description=_("What agents see"))
    def data(self, row: ListRow) -> SafeString:
        listed = format_html_join("", "<dt>{}</dt><dd>{}</dd>", row.columns.items())
        return format_html('<dl class="facts">{}</dl>', listed) if row.columns else marks.NOTHING

    @admin.display(description=_("Record"))
    def record(self, row: ListRow) -> SafeString:
        if not row.record_id:
            return marks.NOTHING
        url, words = dialling.record_url(row), f"{row.record_kind} {row.record_id}"
        return format_html('<a href="{}" rel="noopener">{}</a>', url, words) if url else format_html("{}", words)

    @admin.display(description=_("Call"))
    def of_call(self, row: ListRow) -> SafeString:
        if row.interaction is None:
            return marks.NOTHING
        url = reverse("admin:contactcenter_interaction_change", args=[row.interaction_id])
        return format_html('<a href="{}">{}</a>', url, row.interaction)
