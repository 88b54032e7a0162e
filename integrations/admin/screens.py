"""What all screens share: plain titles, no clutter, a history that reads as sentences."""

from typing import Any

from auditlog.models import LogEntry as Change
from django.contrib import admin
from django.contrib.admin import ShowFacets
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.contenttypes.models import ContentType
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

HISTORY_PER_PAGE = 50
VERBS = {Change.Action.CREATE: "Added", Change.Action.UPDATE: "Changed", Change.Action.DELETE: "Deleted"}


class Screen(admin.ModelAdmin):
    """Base of every screen. `intro` is the sentence under a list's title, `nothing_yet` stands in an empty list."""

    show_facets = ShowFacets.NEVER
    show_full_result_count = False
    actions: Any = None
    list_per_page = 50
    view_on_site = False
    intro: Any = ""
    nothing_yet: Any = ""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "title": capfirst(self.opts.verbose_name_plural),
            "intro": self.intro,
            "nothing_yet": self.nothing_yet,
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Who changed what, from the audit log where the model is in it, otherwise from the admin's own log."""
        thing = self.get_object(request, unquote(object_id))
        if thing is None or not self.has_view_permission(request, thing):
            raise Http404(_("There is nothing here, or you may not see it."))
        entries = Paginator(changes_of(thing), HISTORY_PER_PAGE).get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("History of %s") % thing,
            "opts": self.opts,
            "object": thing,
            "original": thing,
            "entries": [history_row(entry) for entry in entries],
            "page": entries,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/object_history.html", context)


class ReadOnlyScreen(Screen):
    """A list and a page to look at: rows have one writer, and that is not a person."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def changes_of(thing: Model) -> Any:
    changes = Change.objects.get_for_object(thing).select_related("actor").order_by("-timestamp", "-id")
    if changes.exists():
        return changes
    kind = ContentType.objects.get_for_model(thing)
    own = LogEntry.objects.filter(content_type=kind, object_id=str(thing.pk))
    return own.select_related("user").order_by("-action_time")


def history_row(entry: Any) -> dict[str, Any]:
    """One row: when, who, what happened, and the values before and after where they are known."""
    if isinstance(entry, LogEntry):
        return {"at": entry.action_time, "who": str(entry.user), "what": entry.get_change_message(), "values": []}
    values = [] if entry.action == Change.Action.CREATE else list(entry.changes_display_dict.items())
    return {
        "at": entry.timestamp,
        "who": str(entry.actor) if entry.actor else _("The system"),
        "what": (entry.additional_data or {}).get("sentence") or VERBS.get(entry.action, ""),
        "values": [(name, before, after) for name, (before, after) in pairs_only(values)],
    }


def pairs_only(values: list[Any]) -> list[Any]:
    """Many-to-many changes have another shape and are told in the sentence."""
    return [(name, pair) for name, pair in values if isinstance(pair, (list, tuple)) and len(pair) == 2]
