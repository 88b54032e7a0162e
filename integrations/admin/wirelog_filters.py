"""How people look for an exchange: by account, by result, by time."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from integrations.models import IntegrationAccount

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


MOST_CHOICES = 30


class AccountFilter(admin.SimpleListFilter):
    """A list to choose from while it can be read; above that the name is typed, and only the chosen one is shown."""

    title = "account"
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        accounts = IntegrationAccount.objects.order_by("name").values_list("pk", "name")
        found = list(accounts[: MOST_CHOICES + 1])
        if len(found) > MOST_CHOICES:
            chosen = self.used_parameters.get(self.parameter_name, [""])
            value = str(chosen[-1] if isinstance(chosen, list) else chosen)
            found = list(accounts.filter(pk=value)) if value.isdigit() else []
        return [(str(pk), name) for pk, name in found]

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


class ExactFilter(admin.ListFilter):
    """An account's name, a span of time, a status, typed in. What cannot be read is left aside and shown as typed."""

    title = "exactly"
    template = "integrations/wirelog/exact_filter.html"
    names = ("name", "from", "to", "code")

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.typed: dict[str, str] = {}
        for name in self.names:
            value = params.pop(name, None)
            if value:
                self.typed[name] = str(value[-1] if isinstance(value, list) else value)

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return list(self.names)

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        """What the form shows; the other filters travel along as hidden fields."""
        others = {k: v for k, v in changelist.params.items() if k not in self.names}
        yield {
            "values": {name: self.typed.get(name, "") for name in self.names},
            "others": others,
            "clear": changelist.get_query_string(remove=self.names),
            "words": ", ".join(self._words()),
        }

    def _words(self) -> Iterator[str]:
        texts = {"name": _("account %s"), "from": _("from %s"), "to": _("to %s"), "code": _("status %s")}
        for name in self.names:
            if name in self.typed:
                yield texts[name] % self.typed[name].replace("T", " ")

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        begin, end = (moment(self.typed.get(name, "")) for name in ("from", "to"))
        code, name = (self.typed.get(part, "") for part in ("code", "name"))
        if name:
            queryset = queryset.filter(account__name__icontains=name)
        if begin:
            queryset = queryset.filter(started_at__gte=begin)
        if end:
            queryset = queryset.filter(started_at__lte=end)
        return queryset.filter(status=int(code)) if re.fullmatch(r"[1-5]\d\d", code) else queryset


def moment(text: str) -> datetime | None:
    """A moment as a browser's date field sends it, in UTC like every time on these pages."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found
