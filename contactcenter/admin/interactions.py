"""Interactions: a list that stays fast with a million rows, and every interaction's page as a story."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from contactcenter.models import Agent, Interaction, InteractionState, Service
from contactcenter.models.interactions import ENDED
from contactcenter.phone import normalise
from integrations import marks
from integrations.admin.keyset import KeysetScreen
from integrations.admin.screens import ReadOnlyScreen

from . import story

TONES = {
    InteractionState.NEW: "info",
    InteractionState.QUEUED: "warn",
    InteractionState.RINGING: "info",
    InteractionState.ACTIVE: "ok",
    InteractionState.HELD: "warn",
    InteractionState.WRAP_UP: "info",
    InteractionState.ABANDONED: "bad",
}
# Large columns that only the page of one interaction shows.
DEFERRED = ("records", "notes")


def state_mark(interaction: Interaction) -> SafeString:
    return marks.status(interaction.get_state_display(), TONES.get(InteractionState(interaction.state), "neutral"))


class OpenFilter(admin.SimpleListFilter):
    title = _("now")
    parameter_name = "now"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [("open", _("Still open")), ("ended", _("Ended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "open":
            return queryset.exclude(state__in=ENDED)
        return queryset.filter(state__in=ENDED) if self.value() == "ended" else queryset


class ServiceFilter(admin.SimpleListFilter):
    title = _("service")
    parameter_name = "service"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(str(pk), name) for pk, name in Service.objects.order_by("name").values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(service_id=self.value()) if (self.value() or "").isdigit() else queryset


class AgentFilter(admin.SimpleListFilter):
    title = _("agent")
    parameter_name = "agent"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        agents = Agent.objects.select_related("user").order_by("user__last_name", "user__username")
        return [(str(agent.pk), str(agent)) for agent in agents[:200]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(agent_id=self.value()) if (self.value() or "").isdigit() else queryset


@admin.register(Interaction)
class InteractionAdmin(KeysetScreen, ReadOnlyScreen):
    intro = _("Every call, newest first. Open one to read its story: who called, what was done, what was written back.")
    nothing_yet = _("No call yet. Calls are reported by the telephone system, or simulated in the Agent Desktop.")
    list_display = ("offered", "caller_shown", "state_now", "service", "agent_shown", "lasted", "reference_shown")
    list_display_links = None
    list_filter = (OpenFilter, "state", ServiceFilter, AgentFilter, "direction")
    list_select_related = ("service", "agent__user")
    search_fields = ("call_id",)
    search_help_text = _("Phone number, reference, or the telephone system's call id")
    change_form_template = "admin/contactcenter/interaction/story.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Interaction]:
        rows = super().get_queryset(request)
        if request.resolver_match and str(request.resolver_match.url_name).endswith("_changelist"):
            return rows.defer(*DEFERRED)
        return rows

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Only by columns with an index: the number in any form, the start of the reference, the exact call id."""
        term = search_term.strip()
        if not term:
            return queryset, False
        phone = normalise(term)
        condition = Q(call_id=term) | Q(customer_e164=phone.plain)
        first_last = uuid_range(term)
        if first_last:
            condition |= Q(public_id__range=first_last)
        return queryset.filter(condition), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        interaction = self.get_object(request, object_id)
        told = story.tell(interaction, request.user) if interaction else {}
        return super().change_view(request, object_id, form_url, {**told, **(extra_context or {})})

    @admin.display(description=_("Arrived"))
    def offered(self, interaction: Interaction) -> SafeString:
        link = reverse("admin:contactcenter_interaction_change", args=[interaction.pk])
        return format_html('<a class="row-link" href="{}">{}</a>', link, marks.exact(interaction.offered_at))

    @admin.display(description=_("Caller"))
    def caller_shown(self, interaction: Interaction) -> SafeString:
        number = normalise(interaction.customer_e164 or interaction.customer_number).display
        name = str((interaction.caller or {}).get("name") or "")
        if not name:
            return format_html("{}", number)
        return format_html('{}<span class="second-line">{}</span>', name, number)

    @admin.display(description=_("State"))
    def state_now(self, interaction: Interaction) -> SafeString:
        return state_mark(interaction)

    @admin.display(description=_("Agent"))
    def agent_shown(self, interaction: Interaction) -> str:
        return str(interaction.agent) if interaction.agent else marks.NOTHING

    @admin.display(description=_("Talked"))
    def lasted(self, interaction: Interaction) -> str:
        if not interaction.answered_at or not interaction.ended_at:
            return marks.NOTHING
        return marks.clock((interaction.ended_at - interaction.answered_at).total_seconds())

    @admin.display(description=_("Reference"))
    def reference_shown(self, interaction: Interaction) -> SafeString:
        return format_html("<code>{}</code>", interaction.reference)


def uuid_range(term: str) -> tuple[uuid.UUID, uuid.UUID] | None:
    """The first and last public id that begin with these hexadecimal characters (at least six)."""
    digits = term.lower().replace("-", "")
    if not 6 <= len(digits) <= 32 or any(c not in "0123456789abcdef" for c in digits):
        return None
    return uuid.UUID(digits.ljust(32, "0")), uuid.UUID(digits.ljust(32, "f"))
