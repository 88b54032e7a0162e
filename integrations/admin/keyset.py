"""A change list for tables of millions of rows: pages by primary key, never counts.

`?before=ID` and `?after=ID` are the only positions, so the last page costs what the first one does; the one query of a
page reads one row more than it shows, to know whether there is another page."""

from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest

BEFORE, AFTER = "before", "after"


class KeysetChangeList(ChangeList):
    """Newest first. The table's default order must be `-pk`, and no column may be sortable."""

    keyset = True

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        self.before, self.after = self._take(BEFORE), self._take(AFTER)
        return super().get_queryset(request, exclude_parameters)

    def _take(self, name: str) -> int | None:
        """A position from the address, which must not reach the filters."""
        value = self.params.pop(name, None)
        self.filter_params.pop(name, None)
        return int(value) if value and str(value).isdigit() and len(str(value)) < 19 else None

    def get_results(self, request: HttpRequest) -> None:
        rows = self._after() if self.after is not None else self._before()
        self.result_list = rows
        self.result_count = len(rows)
        self.full_result_count = None
        self.show_full_result_count = False
        self.show_admin_actions = bool(rows)
        self.can_show_all = True
        self.multi_page = False
        self.paginator = None

    def _before(self) -> list[Model]:
        rows = self.queryset if self.before is None else self.queryset.filter(pk__lt=self.before)
        found = list(rows[: self.list_per_page + 1])
        self.has_newer, self.has_older = self.before is not None, len(found) > self.list_per_page
        return found[: self.list_per_page]

    def _after(self) -> list[Model]:
        found = list(self.queryset.filter(pk__gt=self.after).order_by("pk")[: self.list_per_page + 1])
        self.has_newer, self.has_older = len(found) > self.list_per_page, True
        return found[: self.list_per_page][::-1]

    @property
    def newer_url(self) -> str:
        first = self.result_list[0].pk if self.result_list else 0
        return self.get_query_string({AFTER: first}) if self.has_newer else ""

    @property
    def older_url(self) -> str:
        last = self.result_list[-1].pk if self.result_list else 0
        return self.get_query_string({BEFORE: last}) if self.has_older and last else ""

    @property
    def newest_url(self) -> str:
        return self.get_query_string() if self.has_newer else ""


class KeysetScreen:
    """Mix into a screen whose table grows without end."""

    sortable_by: Any = ()
    show_full_result_count = False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetChangeList
