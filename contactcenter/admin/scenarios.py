"""Scenarios: readable as cards in order, editable as JSON with errors in words, published as versions."""

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from contactcenter.models import Scenario, ScenarioRun
from integrations import marks
from integrations.admin.screens import Screen

from . import trying
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


class ScenarioForm(forms.ModelForm):
    definition = PrettyJson(
        label=_("Definition"),
        widget=forms.Textarea(attrs={"rows": 28, "class": "code-area", "spellcheck": "false", "autocapitalize": "off"}),
        help_text=_("Blocks with settings and exits. What is saved here runs only after Publish."),
    )

    class Meta:
        model = Scenario
        fields = ("name", "description", "definition")
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}


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
    fieldsets = (
        (None, {"fields": ("name", "description")}),
        (_("Edit the definition (JSON)"), {"fields": ("definition",), "classes": ["collapse"]}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(latest=Max("versions__number"))

    def get_urls(self) -> list[URLPattern]:
        publish = path(
            "<path:object_id>/publish/",
            self.admin_site.admin_view(self.publish_view),
            name="contactcenter_scenario_publish",
        )
        block = path(
            "<path:object_id>/block/<slug:key>/",
            self.admin_site.admin_view(self.block_view),
            name="contactcenter_scenario_block",
        )
        return [publish, block, *trying.urls(self), *super().get_urls()]

    def block_view(self, request: HttpRequest, object_id: str, key: str) -> HttpResponse:
        """One block as a form: its title, its settings, where its exits lead."""
        scenario = self.get_object(request, unquote(object_id))
        if scenario is None:
            raise Http404
        if not self.has_change_permission(request, scenario):
            raise PermissionDenied
        return edit_block(request, scenario, key, {**self.admin_site.each_context(request), "opts": self.opts})

    def publish_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """POST only: from now on new calls run what is saved; running ones keep their version."""
        scenario = self.get_object(request, unquote(object_id))
        if scenario is None:
            raise Http404
        if not self.has_change_permission(request, scenario):
            raise PermissionDenied
        if request.method == "POST":
            self._publish(request, scenario)
        return HttpResponseRedirect(reverse("admin:contactcenter_scenario_change", args=[scenario.pk]))

    def _publish(self, request: HttpRequest, scenario: Scenario) -> None:
        try:
            scenario.clean()
        except forms.ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return
        version = scenario.publish()
        messages.success(
            request, str(_("Version %d runs from now on. Calls that are under way keep theirs.")) % version.number
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        scenario = self.get_object(request, unquote(object_id))
        return super().change_view(
            request, object_id, form_url, {**(page_of(scenario) if scenario else {}), **(extra_context or {})}
        )

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


def page_of(scenario: Scenario) -> dict[str, Any]:
    """Cards of the blocks, the versions, and the last runs."""
    versions = list(scenario.versions.order_by("-number")[:RUNS_SHOWN])
    runs = (
        ScenarioRun.objects.filter(version__scenario=scenario).select_related("version", "interaction").order_by("-id")
    )
    return {
        "cards": list(block_cards(scenario.definition)),
        "versions": versions,
        "unpublished": not versions or versions[0].definition != scenario.definition,
        "runs": [
            {"run": run, "tone": RUN_TONES.get(ScenarioRun.Status(run.status), "neutral")} for run in runs[:RUNS_SHOWN]
        ],
    }
