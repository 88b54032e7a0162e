"""Scenarios: built in an editor, readable as cards and editable as JSON without scripts, published as versions."""

import json
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from contactcenter.models import Scenario, ScenarioRun
from contactcenter.scenarios.definition import problems
from contactcenter.scenarios.ready import Ready, ready_scenario, ready_scenarios
from integrations import marks
from integrations.admin.screens import Screen

from . import scenario_editor, scenario_files, scenario_versions, trying
from .blocks import block_cards, edit_block
from .story import RUN_TONES

RUNS_SHOWN = 10


class PrettyJson(forms.JSONField):
    """Indented when shown, and a wrong comma is named by line and column."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, forms.fields.InvalidJSONInput):
            return value
        return json.dumps(value, indent=2, ensure_ascii=False)

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.strip():
            try:
                return json.loads(value)
            except json.JSONDecodeError as error:
                text = _("This is not JSON: line %(line)s, column %(column)s: %(reason)s.")
                where = {"line": error.lineno, "column": error.colno, "reason": error.msg}
                raise forms.ValidationError(text, code="invalid", params=where) from None
        return super().to_python(value)


class NewScenarioForm(forms.ModelForm):
    class Meta:
        model = Scenario
        fields = ("name", "description")
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}


class ScenarioForm(forms.ModelForm):
    """The scenario as text. Somebody else's change in the meantime is not overwritten without a second look."""

    definition = PrettyJson(
        label=_("Definition"),
        widget=forms.Textarea(attrs={"rows": 28, "class": "code-area", "spellcheck": "false", "autocapitalize": "off"}),
        help_text=_("Blocks with settings and exits. What is saved here runs only after Publish."),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Scenario
        fields = ("name", "description", "definition")
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = scenario_editor.seen(self.instance)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        present = scenario_editor.seen(self.instance)
        if cleaned.get("seen") and cleaned["seen"] != present:
            self.data = {**dict(self.data.items()), "seen": present}
            words = _("%s changed this scenario meanwhile. Save again to put your text in the place of that change.")
            raise forms.ValidationError(words % (self.instance.updated_by or _("Somebody")))
        return cleaned


@admin.register(Scenario)
class ScenarioAdmin(Screen):
    intro = _(
        "What happens when a call arrives: look the caller up, open the record, find an agent, write the history."
    )
    nothing_yet = _("No scenario yet.")
    form = ScenarioForm
    list_display = ("name", "published", "steps", "changed")
    search_fields = ("name", "description")
    change_form_template = "admin/contactcenter/scenario/form.html"
    change_list_template = "admin/contactcenter/scenario/list.html"
    add_form_template = "admin/contactcenter/scenario/add.html"
    add_fieldsets = ((None, {"fields": ("name", "description")}),)
    fieldsets = (
        (None, {"fields": ("name", "description")}),
        (_("Edit as text"), {"fields": ("definition", "seen"), "classes": ["collapse"]}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(latest=Max("versions__number"))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_fieldsets(request, obj) if obj else self.add_fieldsets

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **({} if obj else {"form": NewScenarioForm}) | kwargs)

    def get_urls(self) -> list[URLPattern]:
        pages: list[tuple[str, str, Callable[..., HttpResponse]]] = [
            ("import/", "import", self.import_view),
            ("<path:object_id>/publish/", "publish", self.publish_view),
            ("<path:object_id>/block/<slug:key>/", "block", self.block_view),
            ("<path:object_id>/editor/check/", "check", self.check_view),
            ("<path:object_id>/editor/form/", "form", self.form_view),
            ("<path:object_id>/editor/save/", "save", self.save_view),
            ("<path:object_id>/export/", "export", self.export_view),
            ("<path:object_id>/versions/", "versions", self.versions_view),
            ("<path:object_id>/versions/compare/", "compare", self.compare_view),
            ("<path:object_id>/versions/<int:number>/", "version", self.version_view),
            ("<path:object_id>/versions/<int:number>/back/", "roll_back", self.roll_back_view),
        ]
        own = [path(r, self.admin_site.admin_view(v), name=f"contactcenter_scenario_{n}") for r, n, v in pages]
        return [*own, *trying.urls(self), *super().get_urls()]

    def found(self, request: HttpRequest, object_id: str, *, to: str = "view") -> Scenario:
        """The scenario, for somebody who may see it, or change it."""
        scenario = self.get_object(request, unquote(object_id))
        if scenario is None:
            raise Http404
        allowed = self.has_change_permission if to == "change" else self.has_view_permission
        if not allowed(request, scenario):
            raise PermissionDenied
        return scenario

    def context(self, request: HttpRequest) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request), "opts": self.opts,
            "has_change_permission": self.has_change_permission(request),
        }  # fmt: skip

    # -- the editor's questions: who may look may ask, who may change may save

    def check_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return scenario_editor.check(request, self.found(request, object_id))

    def form_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return scenario_editor.form(request, self.found(request, object_id))

    def save_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return scenario_editor.save(request, self.found(request, object_id, to="change"))

    # -- pages

    def block_view(self, request: HttpRequest, object_id: str, key: str) -> HttpResponse:
        """One block as a form: its title, its settings, where its exits lead."""
        return edit_block(request, self.found(request, object_id, to="change"), key, self.context(request))

    def publish_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """POST only: from now on new calls run what is saved; running ones keep their version."""
        scenario = self.found(request, object_id, to="change")
        if request.method == "POST":
            scenario_versions.publish(request, scenario)
        return HttpResponseRedirect(reverse("admin:contactcenter_scenario_change", args=[scenario.pk]))

    def export_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return scenario_files.export(request, self.found(request, object_id))

    def import_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        may_replace = self.has_change_permission(request)
        return scenario_files.import_page(request, self.context(request), may_replace=may_replace)

    def versions_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return scenario_versions.versions_page(request, self.found(request, object_id), self.context(request))

    def compare_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return scenario_versions.compare_page(request, self.found(request, object_id), self.context(request))

    def version_view(self, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
        scenario = self.found(request, object_id)
        return scenario_versions.version_page(request, scenario, number, self.context(request))

    def roll_back_view(self, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
        scenario = self.found(request, object_id, to="change")
        return scenario_versions.roll_back_page(request, scenario, number, self.context(request))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """First what to begin with, then the name."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method == "GET" and "from" not in request.GET:
            page = {**self.context(request), "title": _("New scenario"), "ready": ready_scenarios()}
            return TemplateResponse(request, "admin/contactcenter/scenario/choose.html", page)
        return super().add_view(request, form_url, {"title": _("New scenario"), "begins_with": begins_with(request)})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        ready = begins_with(request)
        return {"name": free_name(ready.name), "description": ready.description} if ready else {}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        ready = None if change else begins_with(request)
        if ready:
            obj.definition = ready.definition
        obj.updated_by_id = request.user.pk
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:contactcenter_scenario_change", args=[obj.pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        scenario = self.get_object(request, unquote(object_id))
        page = page_of(scenario, may_change=self.has_change_permission(request, scenario)) if scenario else {}
        return super().change_view(request, object_id, form_url, {**page, **(extra_context or {})})

    @admin.display(description=_("Published"), ordering="latest")
    def published(self, scenario: Any) -> SafeString:
        if scenario.latest is None:
            return marks.badge(_("Not yet"), "warn")
        return marks.badge(str(_("Version %d")) % scenario.latest, "ok")

    @admin.display(description=_("Blocks"))
    def steps(self, scenario: Scenario) -> int:
        return len(scenario.definition.get("blocks", []))

    @admin.display(description=_("Last change"), ordering="updated_at")
    def changed(self, scenario: Scenario) -> SafeString:
        return marks.moment(scenario.updated_at)


def begins_with(request: HttpRequest) -> Ready | None:
    return ready_scenario(request.GET.get("from", ""))


def free_name(name: str) -> str:
    """The name, or the name with a number, that no scenario has."""
    taken = set(Scenario.objects.values_list("name", flat=True))
    number = 2
    free = name
    while free in taken:
        free, number = f"{name} {number}", number + 1
    return free


def page_of(scenario: Scenario, *, may_change: bool) -> dict[str, Any]:
    """The editor's data, the same as cards for browsers without scripts, the versions, and the last runs."""
    versions = list(scenario_versions.versions_of(scenario)[:RUNS_SHOWN])
    runs = (
        ScenarioRun.objects.filter(version__scenario=scenario).select_related("version", "interaction").order_by("-id")
    )
    return {
        "editor": scenario_editor.page_data(scenario, may_change=may_change),
        "problems": problems(scenario.definition, scenario=scenario.name),
        "cards": list(block_cards(scenario.definition)),
        "versions": versions,
        "unpublished": not versions or versions[0].definition != scenario.definition,
        "runs": [
            {"run": run, "tone": RUN_TONES.get(ScenarioRun.Status(run.status), "neutral")} for run in runs[:RUNS_SHOWN]
        ],
    }
