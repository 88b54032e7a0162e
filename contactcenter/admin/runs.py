"""Runs: where every scenario stands at this moment, and the page of one run, which follows it."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Max, QuerySet
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _t

from contactcenter.models import Scenario, ScenarioRun
from contactcenter.scenarios import engine, runs
from integrations import marks
from integrations.admin.keyset import KeysetScreen
from integrations.admin.screens import ReadOnlyScreen

from .story import MOST_ROWS, RUN_TONES, step_shown

Status = ScenarioRun.Status


class StandingFilter(admin.SimpleListFilter):
    """Without a choice: what is under way and what failed. What has finished is history."""

    title = _t("state")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [("open", _("Running or waiting")), *Status.choices, ("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        found = list(super().choices(changelist))
        found[0]["display"] = _("Open or failed")
        return iter(found)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = {"all": list(Status), "open": list(engine.OPEN), None: [*engine.OPEN, Status.FAILED]}
        return queryset.filter(status__in=wanted.get(self.value(), [self.value()]))


class ScenarioFilter(admin.SimpleListFilter):
    title = _t("scenario")
    parameter_name = "scenario"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(str(pk), name) for pk, name in Scenario.objects.values_list("pk", "name")[:200]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(version__scenario_id=self.value()) if (self.value() or "").isdigit() else queryset


@admin.register(ScenarioRun)
class RunAdmin(KeysetScreen, ReadOnlyScreen):
    heading = _t("Runs")
    intro = _t("Calls that are in a scenario now, and those whose scenario failed. A failed one never keeps a caller.")
    nothing_yet = _t("No call is in a scenario now, and none has failed. Choose “All” to see those that finished.")
    list_display = ("call", "state", "standing_at", "since", "waiting_for", "steps_taken", "of_version")
    list_display_links = None
    list_filter = (StandingFilter, ScenarioFilter)
    list_select_related = ("version__scenario", "interaction")
    search_fields = ("interaction__call_id",)
    search_help_text = _t("The telephone system's call id")
    ordering = ("-id",)
    change_form_template = "admin/contactcenter/scenariorun/run.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScenarioRun]:
        return super().get_queryset(request).annotate(moved=Coalesce(Max("steps__at"), "started_at"))

    def may_act(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("contactcenter.change_scenariorun"))

    def get_urls(self) -> list[URLPattern]:
        act = path(
            "<path:object_id>/<str:what>/now/",
            self.admin_site.admin_view(self.act_view),
            name="contactcenter_scenariorun_act",
        )
        return [act, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        run = self.get_object(request, unquote(object_id))
        extra = {**told(run), "may_act": self.may_act(request)} if run else {}
        if run and request.headers.get("X-Fragment") and self.has_view_permission(request, run):
            return TemplateResponse(request, "admin/contactcenter/scenariorun/run_fragment.html", extra)
        return super().change_view(request, object_id, form_url, {**extra, **(extra_context or {})})

    def act_view(self, request: HttpRequest, object_id: str, what: str) -> HttpResponse:
        """POST: stop the run, or let it go on now."""
        run = self.get_object(request, unquote(object_id))
        if run is None or what not in ("stop", "go_on"):
            raise Http404
        if not self.may_act(request):
            raise PermissionDenied
        if request.method == "POST":
            self._act(request, run, what)
        return HttpResponseRedirect(reverse("admin:contactcenter_scenariorun_change", args=[run.pk]))

    def _act(self, request: HttpRequest, run: ScenarioRun, what: str) -> None:
        if run.status not in engine.OPEN:
            messages.warning(request, _("The run is over already."))
        elif what == "stop" and runs.stop(run, request.user.get_username()):
            messages.success(request, _("The run is stopped. Routing takes the call from here."))
        elif what == "stop":
            messages.warning(request, _("A worker is at this run at the moment. Try again in a few seconds."))
        elif runs.go_on(run):
            messages.success(request, _("A worker goes on with the run now."))

    # -- columns

    @admin.display(description=_t("Call"))
    def call(self, run: ScenarioRun) -> SafeString:
        link = reverse("admin:contactcenter_scenariorun_change", args=[run.pk])
        return format_html(
            '<a class="row-link" href="{}">{}</a><span class="second-line"><code>{}</code></span>',
            link, run.interaction, run.interaction.reference,
        )  # fmt: skip

    @admin.display(description=_t("State"))
    def state(self, run: ScenarioRun) -> SafeString:
        mark = marks.status(run.get_status_display(), RUN_TONES.get(Status(run.status), "neutral"))
        if not run.error:
            return mark
        return format_html('{}<span class="second-line sentence">{}</span>', mark, run.error[:140])

    @admin.display(description=_t("Block"))
    def standing_at(self, run: ScenarioRun) -> str:
        return runs.title_of(run) or marks.NOTHING

    @admin.display(description=_t("Since"))
    def since(self, run: Any) -> SafeString:
        return marks.moment(run.moved)

    @admin.display(description=_t("Waits for"))
    def waiting_for(self, run: ScenarioRun) -> str:
        return waits_in_words(run) or marks.NOTHING

    @admin.display(description=_t("Scenario"))
    def of_version(self, run: ScenarioRun) -> str:
        return str(run.version)


def waits_in_words(run: ScenarioRun) -> str:
    if run.status != Status.WAITING:
        return ""
    words = ", ".join(marks.say(label) for label in runs.waits_for(run))
    due = run.due_at
    if due is None:
        return words
    until = _("until %s") % f"{timezone.localtime(due):%H:%M:%S}"
    return f"{words} {until}" if words else until


def told(run: ScenarioRun) -> dict[str, Any]:
    """Everything that the page of a run shows."""
    run = ScenarioRun.objects.select_related("version__scenario", "interaction").get(pk=run.pk)
    steps = [step_shown(step, run) for step in run.steps.order_by("number")[:MOST_ROWS]]
    moved = steps[-1]["step"].at if steps else run.started_at
    return {
        "title": str(_("Run for call %s")) % run.interaction.reference,
        "run": run,
        "run_tone": RUN_TONES.get(Status(run.status), "neutral"),
        "under_way": run.status in engine.OPEN,
        "standing": runs.title_of(run),
        "waits": waits_in_words(run),
        "moved": moved,
        "steps": steps,
        "way": [{"title": item["title"], "exit": item["exit"], "failed": item["tone"] == "bad"} for item in steps],
        "held": bool(run.leased_until and run.leased_until > timezone.now()),
        "variables": runs.variables_shown(run),
    }
