"""The page on which a scenario is tried: a form on the left, the story of the dry run beside it, saved tests below."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from contactcenter.models import DryRun, Interaction, Scenario, ScenarioTest
from contactcenter.scenarios.dry_run import rehearse, saved
from contactcenter.scenarios.dry_run.calls import BadCall
from contactcenter.scenarios.dry_run.facts import DEFAULT, KINDS
from contactcenter.scenarios.dry_run.saved import BadFile

from .try_form import SIMULATED, TryForm, first_values, values_of_call, values_of_interaction

KEPT_RUNS = 20
EVENT_WORDS = {
    "offered": "The call arrives", "answered": "The agent answers", "released": "The call ends",
    "abandoned": "The caller hangs up", "completed": "The agent completes after-call work",
    "caller_chosen": "The agent chooses the caller", "waited": "The wait is over", "digits": "The caller presses",
    "refused": "The desktop refuses",
}  # fmt: skip


class SaveForm(forms.Form):
    """Which facts of the run must stay equal."""

    name = forms.CharField(label="Name", max_length=120, help_text="What this run proves, in a few words.")
    compare = forms.MultipleChoiceField(
        label="What must stay equal", choices=list(KINDS.items()), widget=forms.CheckboxSelectMultiple
    )
    recorded = forms.BooleanField(
        label="Answer with what was recorded now",
        required=False,
        help_text="Otherwise simulators answer afresh, with ids that differ from run to run.",
    )


def urls(screen: Any) -> list[URLPattern]:
    """The addresses of the page, for the screen of scenarios."""
    wrap = screen.admin_site.admin_view
    return [
        path("<path:object_id>/try/", wrap(partial(try_view, screen)), name="contactcenter_scenario_try"),
        path(
            "<path:object_id>/try/test/<int:test_id>/",
            wrap(partial(file_view, screen)),
            name="contactcenter_scenario_test_file",
        ),
    ]


def try_view(screen: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """GET shows the form, and the run `?run=`; POST does what its button says."""
    scenario = _scenario(screen, request, object_id)
    if request.method != "POST":
        return _page(screen, request, scenario)
    if not screen.has_change_permission(request, scenario):
        raise PermissionDenied
    button = request.POST.get("do", "run")
    act = ACTS.get(button)
    if act is None:
        raise Http404
    return act(screen, request, scenario)


def file_view(screen: Any, request: HttpRequest, object_id: str, test_id: int) -> HttpResponse:
    """A saved test as a file."""
    scenario = _scenario(screen, request, object_id)
    test = scenario.tests.filter(pk=test_id).first()
    if test is None:
        raise Http404
    name = f"{slugify(test.name) or 'test'}.scenario.yaml"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(saved.to_yaml(test), content_type="application/yaml; charset=utf-8", headers=headers)


def _scenario(screen: Any, request: HttpRequest, object_id: str) -> Scenario:
    scenario = screen.get_object(request, unquote(object_id))
    if scenario is None:
        raise Http404
    if not screen.has_view_permission(request, scenario):
        raise PermissionDenied
    return scenario


# -- the page


def _page(
    screen: Any,
    request: HttpRequest,
    scenario: Scenario,
    *,
    form: TryForm | None = None,
    save: SaveForm | None = None,
    run: DryRun | None = None,
) -> HttpResponse:
    run = run or _asked_for(request, scenario)
    names = "" if run is None else str(run.story.get("block") or "")
    context = {
        **screen.admin_site.each_context(request),
        "opts": screen.opts,
        "scenario": scenario,
        "title": _("Try"),
        "form": form or _form(request, scenario, _initial(request, scenario, run)),
        "run": run,
        "story": _told(run.story) if run else None,
        "standing": names,
        "save": save or SaveForm(initial={"compare": DEFAULT, "recorded": True}),
        "tests": [_shown_test(test) for test in scenario.tests.defer("recorded", "expected")],
        "real_calls": _real_calls(request, scenario),
        "may_change": screen.has_change_permission(request, scenario),
    }
    return TemplateResponse(request, "admin/contactcenter/scenario/try.html", context)


def _asked_for(request: HttpRequest, scenario: Scenario) -> DryRun | None:
    asked = request.GET.get("run", "")
    return scenario.dry_runs.filter(pk=asked).first() if asked.isdigit() else None


def _initial(request: HttpRequest, scenario: Scenario, run: DryRun | None) -> dict[str, Any]:
    """What the form shows at first: the run that is open, a real call that was asked for, or something that works."""
    first = first_values(scenario)
    if run is not None:
        return {**first, **values_of_call(run.call), "version": run.version, "answers": run.answers}
    interaction = _interaction(request)
    if interaction is not None:
        source = f"interaction:{interaction.public_id}"
        return {**first, **values_of_interaction(interaction), "answers": source}
    return first


def _interaction(request: HttpRequest) -> Interaction | None:
    asked = request.GET.get("interaction", "")
    may = request.user.has_perms(["contactcenter.view_interaction", "integrations.view_apicall"])
    if not asked.isdigit() or not may:
        return None
    return Interaction.objects.select_related("service", "agent__user", "disposition").filter(pk=asked).first()


def _real_calls(request: HttpRequest, scenario: Scenario) -> list[Interaction]:
    from .try_form import real_calls

    may = request.user.has_perms(["contactcenter.view_interaction", "integrations.view_apicall"])
    return real_calls(scenario) if may else []


def _form(request: HttpRequest, scenario: Scenario, initial: dict[str, Any] | None = None) -> TryForm:
    may = request.user.has_perms(["contactcenter.view_interaction", "integrations.view_apicall"])
    data = request.POST if initial is None else None
    form = TryForm(data, initial=initial, scenario=scenario, may_read_wire=may)
    wanted = (initial or {}).get("answers") or request.POST.get("answers", "")
    if wanted and wanted not in form.sources and wanted.startswith("interaction:") and may:
        form.choose("answers", [*form.sources.items(), (wanted, _("Recorded: the call that was taken over"))])
    return form


def _told(story: dict[str, Any]) -> dict[str, Any]:
    """The story as the template shows it."""
    blocks = [card for card in story["cards"] if card["type"] in ("block", "heard")]
    numbers = {id(card): number for number, card in enumerate(blocks, 1)}
    cards = [
        {
            **card,
            "step": numbers.get(id(card)),
            "words": _(EVENT_WORDS.get(card.get("kind", ""), card.get("kind", ""))) if card["type"] == "event" else "",
            "bad": card.get("tone") == "bad",
            "unanswered": any(not each["by"] for each in card.get("requests", [])),
        }
        for card in story["cards"]
    ]
    failures = [card for card in cards if card["bad"]]
    requests = sum(len(card.get("requests", [])) for card in cards)
    writes = sum(len([w for w in card.get("writes", []) if not w["again"]]) for card in cards)
    return {**story, "cards": cards, "failures": failures, "requests": requests, "writes": writes}


def _shown_test(test: ScenarioTest) -> dict[str, Any]:
    if test.last_ok is None:
        tone, word = "neutral", _("Not run yet")
    else:
        tone, word = ("ok", _("As saved")) if test.last_ok else ("bad", _("Differs"))
    compared = [str(KINDS[kind]).partition(":")[0] for kind in test.compare if kind in KINDS]
    return {"test": test, "tone": tone, "word": word, "compared": compared}


# -- what the buttons do


def _run(screen: Any, request: HttpRequest, scenario: Scenario) -> HttpResponse:
    form = _form(request, scenario)
    if not form.is_valid():
        return _page(screen, request, scenario, form=form)
    number = form.cleaned_data["version"]
    version = scenario.versions.filter(number=number).first() if number else None
    answers, remark = form.doors()
    call = form.call()
    try:
        definition = version.definition if version else scenario.definition
        story = rehearse(definition, call, answers, scenario=scenario, number=number or 1)
    except BadCall as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return _page(screen, request, scenario, form=form)
    run = DryRun.objects.create(
        scenario=scenario, version=number, call=call.to_json(), answers=form.cleaned_data["answers"],
        story={**story, "remark": remark}, by_id=request.user.pk,
    )  # fmt: skip
    _forget_old(scenario)
    return _back(scenario, f"?run={run.pk}#story")


def _forget_old(scenario: Scenario) -> None:
    kept = scenario.dry_runs.values_list("pk", flat=True)[:KEPT_RUNS]
    scenario.dry_runs.exclude(pk__in=list(kept)).delete()


def _save(screen: Any, request: HttpRequest, scenario: Scenario) -> HttpResponse:
    run = _posted_run(request, scenario)
    form = SaveForm(request.POST)
    if not form.is_valid():
        initial = _initial(request, scenario, run)
        return _page(screen, request, scenario, form=_form(request, scenario, initial), save=form, run=run)
    given = form.cleaned_data
    test = saved.save(scenario, given["name"], run.story, given["compare"], recorded=given["recorded"])
    result = saved.run_and_note(test)
    if result.ok:
        messages.success(request, _("“%s” is saved. Run once more just now, it came out the same.") % test.name)
    else:
        messages.warning(
            request,
            _("“%s” is saved, but run once more it came out differently. Compare less, or use the recorded answers.")
            % test.name,
        )
    return _back(scenario, f"?run={run.pk}#tests")


def _posted_run(request: HttpRequest, scenario: Scenario) -> DryRun:
    asked = request.POST.get("run", "")
    run = scenario.dry_runs.filter(pk=asked).first() if asked.isdigit() else None
    if run is None:
        raise Http404
    return run


def _posted_test(request: HttpRequest, scenario: Scenario) -> ScenarioTest:
    asked = request.POST.get("test", "")
    test = scenario.tests.filter(pk=asked).first() if asked.isdigit() else None
    if test is None:
        raise Http404
    return test


def _run_test(screen: Any, request: HttpRequest, scenario: Scenario) -> HttpResponse:
    """Run one test, and open the run, so that a difference can be looked at."""
    test = _posted_test(request, scenario)
    result = _noted(request, test)
    if result is None:
        return _back(scenario, "#tests")
    source = DryRun.objects.create(
        scenario=scenario, call=test.call, answers=SIMULATED, story=result.story, by_id=request.user.pk
    )
    _forget_old(scenario)
    return _back(scenario, f"?run={source.pk}#tests")


def _noted(request: HttpRequest, test: ScenarioTest) -> saved.Result | None:
    try:
        return saved.run_and_note(test)
    except BadCall as error:
        test.last_ok, test.last_result = False, {"ok": False, "differences": [str(error)]}
        test.save(update_fields=["last_ok", "last_result"])
        messages.error(request, f"{test.name}: {error}")
        return None


def _run_all(screen: Any, request: HttpRequest, scenario: Scenario) -> HttpResponse:
    results = [_noted(request, test) for test in scenario.tests.all()]
    failed = sum(result is None or not result.ok for result in results)
    if failed:
        messages.error(request, _("%(failed)d of %(all)d differ.") % {"failed": failed, "all": len(results)})
    else:
        messages.success(request, _("All %d came out as they were saved.") % len(results))
    return _back(scenario, "#tests")


def _delete(screen: Any, request: HttpRequest, scenario: Scenario) -> HttpResponse:
    test = _posted_test(request, scenario)
    test.delete()
    messages.success(request, _("“%s” is deleted.") % test.name)
    return _back(scenario, "#tests")


@transaction.atomic
def _import(screen: Any, request: HttpRequest, scenario: Scenario) -> HttpResponse:
    file = request.FILES.get("file")
    if file is None:
        messages.error(request, _("Choose a file first."))
        return _back(scenario, "#tests")
    try:
        if (file.size or 0) > saved.LARGEST_FILE:
            raise BadFile(_("The file is too large for a saved run."))
        test = saved.take_in(scenario, file.read().decode())
    except UnicodeDecodeError:
        messages.error(request, _("The file is no text. Choose one that was saved here as a test."))
    except BadFile as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("“%s” is added to the saved tests.") % test.name)
    return _back(scenario, "#tests")


def _back(scenario: Scenario, where: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:contactcenter_scenario_try", args=[scenario.pk]) + where)


ACTS = {
    "run": _run, "save": _save, "run_test": _run_test, "run_all": _run_all, "delete": _delete, "import": _import,
}  # fmt: skip
