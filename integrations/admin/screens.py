"""What all screens share: plain titles, no clutter, a history that reads as sentences."""

import json
from collections.abc import Iterator
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

from integrations.marks import say

HISTORY_PER_PAGE = 50
LONGEST_VALUES = 200
VERBS = {Change.Action.CREATE: "Added", Change.Action.UPDATE: "Changed", Change.Action.DELETE: "Deleted"}


class Screen(admin.ModelAdmin):
    """Base of every screen. `heading` is the title of the list where the table's own name is not the people's word,
    `intro` the sentence under it, `nothing_yet` what an empty list says."""

    show_facets = ShowFacets.NEVER
    show_full_result_count = False
    actions: Any = None
    list_per_page = 50
    view_on_site = False
    heading: Any = ""
    intro: Any = ""
    nothing_yet: Any = ""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "title": self.heading or capfirst(say(self.opts.verbose_name_plural)),
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
    values = [] if entry.action == Change.Action.CREATE else list(changed_values(entry))
    return {
        "at": entry.timestamp,
        "who": str(entry.actor) if entry.actor else _("The system"),
        "what": (entry.additional_data or {}).get("sentence") or VERBS.get(entry.action, ""),
        "values": values,
    }


def changed_values(entry: Change) -> Iterator[tuple[str, str | None, str]]:
    """Name, value before, value after. Of an object those keys that changed; a large value is only said to have
    changed, and then the value before is None."""
    shown = entry.changes_display_dict
    for pair, label in zip((entry.changes_dict or {}).values(), shown, strict=False):
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            continue  # many-to-many changes have another shape
        before, after = (_object(value) for value in pair)
        if before is not None and after is not None:
            yield from _changed_keys(before, after)
        elif len(str(pair)) > LONGEST_VALUES:
            yield capfirst(label), None, _("changed")
        else:
            yield (capfirst(label), *map(str, shown[label]))


def _object(value: Any) -> dict[str, Any] | None:
    """A JSON object as the log keeps it, None for every other value."""
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _changed_keys(before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[str, str | None, str]]:
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        large = len(str(old)) + len(str(new)) > LONGEST_VALUES
        label = key.replace("_", " ").capitalize()
        yield (label, None, _("changed")) if large else (label, _plain(old), _plain(new))


def _plain(value: Any) -> str:
    return "" if value is None else str(value)
