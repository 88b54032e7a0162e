"""How people look for an entry: by status, account, cause and age, and by what they have in hand."""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contactcenter.models import OutboxEntry
from integrations.admin.verdicts import CAUSES

from .outbox_words import OWN_CAUSES

OPEN = (OutboxEntry.Status.WAITING, OutboxEntry.Status.SENDING, OutboxEntry.Status.STUCK)
AGES = {
    "minute": (_("Older than a minute"), timedelta(minutes=1)),
    "ten": (_("Older than 10 minutes"), timedelta(minutes=10)),
    "hour": (_("Older than an hour"), timedelta(hours=1)),
    "day": (_("Older than a day"), timedelta(days=1)),
}
REFERENCE = re.compile(r"[0-9a-f]{6,32}")


class StatusFilter(admin.SimpleListFilter):
    """Without a choice: what is still open. What is done is history, and there is much of it."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [*OutboxEntry.Status.choices, ("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        found = list(super().choices(changelist))
        found[0]["display"] = _("Open")
        return iter(found)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        return queryset.filter(status=self.value()) if self.value() else queryset.filter(status__in=OPEN)


class CauseFilter(admin.SimpleListFilter):
    title = _("cause")
    parameter_name = "cause"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [*OWN_CAUSES.items(), *((str(cause), words) for cause, words in CAUSES.items())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(last_cause=self.value()) if self.value() else queryset


class AgeFilter(admin.SimpleListFilter):
    title = _("age")
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [(key, label) for key, (label, _length) in AGES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found = AGES.get(self.value() or "")
        return queryset.filter(created_at__lt=timezone.now() - found[1]) if found else queryset


def matching(term: str) -> Q:
    """Entries by the reference of a call, the platform's id of the call, the record's id at the vendor, or a key."""
    wanted = Q(idempotency_key=term) | Q(record_key=term) | Q(interaction__call_id=term)
    wanted |= Q(result__id=term) | Q(payload__ref__id=term)
    reference = term.lower().replace("-", "")
    if REFERENCE.fullmatch(reference):
        lowest, highest = (UUID(reference.ljust(32, filler)) for filler in "0f")
        wanted |= Q(interaction__public_id__range=(lowest, highest))
    return wanted
