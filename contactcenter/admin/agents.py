"""Agents, teams, not-ready reasons, and who was in which state."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from contactcenter.models import Agent, AgentCrmUser, AgentState, AgentStateChange, NotReadyReason, Team
from integrations import marks
from integrations.admin.keyset import KeysetScreen
from integrations.admin.screens import ReadOnlyScreen, Screen

TONES = {
    AgentState.READY: "ok",
    AgentState.RINGING: "info",
    AgentState.BUSY: "info",
    AgentState.ACW: "info",
    AgentState.NOT_READY: "warn",
}


def state_mark(state: str, reason: NotReadyReason | None = None) -> SafeString:
    label = AgentState(state).label
    text = f"{label}: {reason.name}" if reason and state == AgentState.NOT_READY else label
    return marks.status(text, TONES.get(AgentState(state), "neutral"))


class CrmUserInline(admin.TabularInline):
    model = AgentCrmUser
    extra = 0
    verbose_name = _("user of a CRM")
    verbose_name_plural = _("Users of CRMs (where e-mail and user name do not tell)")


@admin.register(Agent)
class AgentAdmin(Screen):
    intro = _("Who takes calls, for which services, and what they do right now.")
    nothing_yet = _("No agent yet. An agent is a user with an extension.")
    list_display = ("agent", "state_now", "since", "extension", "team", "takes")
    list_display_links = None
    list_filter = ("state", "team", "services")
    list_select_related = ("user", "team", "reason")
    search_fields = ("user__username", "user__first_name", "user__last_name", "user__email", "extension", "employee_id")
    search_help_text = _("Name, e-mail, extension or employee id")
    inlines = (CrmUserInline,)
    formfield_overrides = {models.ManyToManyField: {"widget": forms.CheckboxSelectMultiple}}
    readonly_fields = ("state_now", "since", "phone", "next_choice")
    fieldsets = (
        (None, {"fields": ("user", "extension", "employee_id", "team", "services")}),
        (_("Right now"), {"fields": ("state_now", "since", "next_choice", "phone")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        sets = super().get_fieldsets(request, obj)
        return sets if obj else sets[:1]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agent]:
        return super().get_queryset(request).prefetch_related("services")

    @admin.display(description=_("Agent"), ordering="user__last_name")
    def agent(self, agent: Agent) -> SafeString:
        link = reverse("admin:contactcenter_agent_change", args=[agent.pk])
        return format_html(
            '<a class="row-link" href="{}">{}</a><span class="second-line">{}</span>', link, agent, agent.login
        )

    @admin.display(description=_("State"), ordering="state")
    def state_now(self, agent: Agent) -> SafeString:
        return state_mark(agent.state, agent.reason)

    @admin.display(description=_("Since"), ordering="state_since")
    def since(self, agent: Agent) -> SafeString:
        return marks.moment(agent.state_since)

    @admin.display(description=_("Services"))
    def takes(self, agent: Agent) -> str:
        return ", ".join(service.name for service in agent.services.all()) or marks.NOTHING

    @admin.display(description=_("Phone"))
    def phone(self, agent: Agent) -> str:
        return " ".join(part for part in (agent.get_device_display(), agent.device_number) if part)

    @admin.display(description=_("Next"))
    def next_choice(self, agent: Agent) -> SafeString:
        return state_mark(agent.next_state, agent.next_reason) if agent.next_state else marks.NOTHING


@admin.register(Team)
class TeamAdmin(Screen):
    intro = _("Agents who belong together. Not-ready reasons can be a team's own.")
    nothing_yet = _("No team yet.")
    list_display = ("name", "size")
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(agent_count=Count("agents"))

    @admin.display(description=_("Agents"), ordering="agent_count")
    def size(self, team: Any) -> int:
        return int(team.agent_count)


class ReasonForm(forms.ModelForm):
    class Meta:
        model = NotReadyReason
        fields = ("name", "key", "is_break", "team", "position")
        help_texts = {"name": _("What agents read and choose."), "position": _("Lower numbers come first.")}


@admin.register(NotReadyReason)
class NotReadyReasonAdmin(Screen):
    intro = _(
        "Why an agent is not available. Reasons of the system are set by the software; agents choose among the others."
    )
    form = ReasonForm
    list_display = ("name", "key", "origin", "break_time", "for_whom", "position")
    list_select_related = ("team",)
    prepopulated_fields = {"key": ("name",)}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj is not None and obj.is_system)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("key",) if obj is not None and obj.is_system else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj is not None else self.prepopulated_fields

    @admin.display(description=_("Set by"), ordering="is_system")
    def origin(self, reason: NotReadyReason) -> SafeString:
        return marks.badge(_("System") if reason.is_system else _("Agent"), "neutral" if reason.is_system else "info")

    @admin.display(description=_("Break time"), ordering="is_break")
    def break_time(self, reason: NotReadyReason) -> str:
        return str(_("Counts as a break")) if reason.is_break else marks.NOTHING

    @admin.display(description=_("For"), ordering="team__name")
    def for_whom(self, reason: NotReadyReason) -> str:
        return str(reason.team) if reason.team else str(_("Every team"))


@admin.register(AgentStateChange)
class AgentStateChangeAdmin(KeysetScreen, ReadOnlyScreen):
    heading = _("State history")
    intro = _("Who was in which state, from when to when, newest first.")
    nothing_yet = _("Nobody has logged in yet.")
    list_display = ("agent", "state_mark", "began", "ended", "lasted")
    list_display_links = ("agent",)
    list_filter = ("state", ("agent", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("agent__user", "reason")
    ordering = ("-id",)
    readonly_fields = ("agent", "state_mark", "began", "ended", "lasted", "call")
    fields = readonly_fields

    @admin.display(description=_("State"))
    def state_mark(self, change: AgentStateChange) -> SafeString:
        return state_mark(change.state, change.reason)

    @admin.display(description=_("From"))
    def began(self, change: AgentStateChange) -> SafeString:
        return marks.exact(change.began_at)

    @admin.display(description=_("To"))
    def ended(self, change: AgentStateChange) -> SafeString:
        return marks.exact(change.ended_at)

    @admin.display(description=_("Lasted"))
    def lasted(self, change: AgentStateChange) -> str:
        if change.ended_at is None:
            return str(_("still"))
        return marks.clock((change.ended_at - change.began_at).total_seconds())

    @admin.display(description=_("Call"))
    def call(self, change: AgentStateChange) -> SafeString:
        if change.interaction is None:
            return marks.NOTHING
        link = reverse("admin:contactcenter_interaction_change", args=[change.interaction_id])
        return format_html('<a href="{}">{}</a>', link, change.interaction)
