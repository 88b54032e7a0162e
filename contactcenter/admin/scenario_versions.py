"""The versions of a scenario: who published what and when, how any of them looked, what differs, and the way back."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _t

from contactcenter.models import Scenario, ScenarioRun, ScenarioVersion
from contactcenter.scenarios.definition import problems
from contactcenter.scenarios.differences import Difference, differences

from .blocks import block_cards
from .scenario_editor import drawing_data

WORKING = "working"
UNDER_WAY = [ScenarioRun.Status.RUNNING, ScenarioRun.Status.WAITING]
Context = dict[str, Any]


class PublishForm(forms.Form):
    note = forms.CharField(
        label=_t("Note"), max_length=200, required=False,
        help_text=_t("What is new, for whoever reads the list of versions. May be empty."),
    )  # fmt: skip


class RollBackForm(PublishForm):
    replace = forms.BooleanField(
        label=_t("Replace the working copy as well"), required=False,
        help_text=_t("Otherwise the working copy stays as it is, and the next Publish brings it back."),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: a version, or the working copy."""

    key: str
    label: str
    definition: dict[str, Any]


def versions_page(request: HttpRequest, scenario: Scenario, context: Context) -> HttpResponse:
    versions = list(versions_of(scenario))
    page = {
        **context,
        "title": _("Versions of %s") % scenario.name,
        "scenario": scenario,
        "versions": [
            {"version": version, "before": older.number if older else None}
            for version, older in zip(versions, [*versions[1:], None], strict=True)
        ],
        "unpublished": not versions or versions[0].definition != scenario.definition,
    }
    return TemplateResponse(request, "admin/contactcenter/scenario/versions.html", page)


def versions_of(scenario: Scenario) -> Any:
    """The newest first, each with how many runs it had and how many of them are under way."""
    open_runs = Count("scenariorun", filter=Q(scenariorun__status__in=UNDER_WAY))
    counted = scenario.versions.select_related("published_by").annotate(under_way=open_runs, runs=Count("scenariorun"))
    return counted.order_by("-number")  # the table's own order gets lost when rows are counted


def version_page(request: HttpRequest, scenario: Scenario, number: int, context: Context) -> HttpResponse:
    version = find(scenario, number)
    latest = scenario.versions.order_by("-number").first()
    page = {
        **context,
        "title": _("Version %(number)d of %(name)s") % {"number": number, "name": scenario.name},
        "scenario": scenario,
        "version": version,
        "runs_now": latest == version,
        "cards": list(block_cards(version.definition)),
        "editor": drawing_data(scenario, version.definition),
    }
    return TemplateResponse(request, "admin/contactcenter/scenario/version.html", page)


def find(scenario: Scenario, number: int) -> ScenarioVersion:
    version = versions_of(scenario).filter(number=number).first()
    if version is None:
        raise Http404
    found: ScenarioVersion = version
    return found


def compare_page(request: HttpRequest, scenario: Scenario, context: Context) -> HttpResponse:
    """`a` and `b` are numbers of versions or "working". Without them: what is not published yet."""
    latest = scenario.versions.order_by("-number").first()
    sides = [
        side_of(scenario, request.GET.get("a") or (str(latest.number) if latest else WORKING)),
        side_of(scenario, request.GET.get("b") or WORKING),
    ]
    found = differences(sides[0].definition, sides[1].definition)
    page = {
        **context,
        "title": _("Compare versions of %s") % scenario.name,
        "scenario": scenario,
        "before": sides[0],
        "after": sides[1],
        "choices": [(WORKING, _("Working copy")), *((str(v.number), label_of(v)) for v in scenario.versions.all())],
        "differences": found,
        "counts": counts(found),
        "editor": {
            **drawing_data(scenario, sides[1].definition),
            "marks": {one.key: one.change for one in found if one.key and one.change != "removed"},
        },
    }  # fmt: skip
    return TemplateResponse(request, "admin/contactcenter/scenario/compare.html", page)


def counts(found: list[Difference]) -> dict[str, int]:
    return {change: sum(one.change == change for one in found) for change in ("added", "removed", "changed")}


def label_of(version: ScenarioVersion) -> str:
    return _("Version %d") % version.number


def side_of(scenario: Scenario, key: str) -> Side:
    if key == WORKING:
        return Side(WORKING, _("Working copy"), scenario.definition)
    if not key.isdecimal():
        raise Http404
    version = find(scenario, int(key))
    return Side(key, label_of(version), version.definition)


def roll_back_page(request: HttpRequest, scenario: Scenario, number: int, context: Context) -> HttpResponse:
    """Asks first. Afterwards the old definition runs under a new number; runs under way keep their version."""
    version = find(scenario, number)
    form = RollBackForm(
        request.POST if request.method == "POST" else None, initial={"note": _("Back to version %d") % number}
    )
    latest = scenario.versions.order_by("-number").first()
    found = problems(version.definition)
    if request.method == "POST" and form.is_valid() and not found:
        return _rolled_back(request, scenario, version, form)
    page = {
        **context,
        "title": _("Back to version %d?") % number,
        "scenario": scenario,
        "version": version,
        "latest": latest,
        "form": form,
        "problems": found,
        "differences": differences(latest.definition, version.definition) if latest else [],
    }
    return TemplateResponse(request, "admin/contactcenter/scenario/roll_back.html", page)


def _rolled_back(
    request: HttpRequest, scenario: Scenario, version: ScenarioVersion, form: RollBackForm
) -> HttpResponse:
    made = scenario.publish_definition(version.definition, by=request.user, note=form.cleaned_data["note"])
    if form.cleaned_data["replace"]:
        scenario.definition = version.definition
        scenario.updated_by_id = request.user.pk
        scenario.save()
    words = _("Version %(new)d runs from now on: it is what version %(old)d was.")
    messages.success(request, words % {"new": made.number, "old": version.number})
    return HttpResponseRedirect(reverse("admin:contactcenter_scenario_versions", args=[scenario.pk]))


def publish(request: HttpRequest, scenario: Scenario) -> None:
    """Publishes what is saved, with the note that was given, and says what came of it."""
    form = PublishForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    try:
        version = scenario.publish(by=request.user, note=note)
    except ValidationError as error:
        messages.error(request, _("Nothing was published. %s") % " ".join(error.messages))
        return
    words = _("Version %d runs from now on. Calls that are under way keep theirs.")
    messages.success(request, words % version.number)
