"""What the scenario editor asks the server: is this definition all right, what does this block's form look like, keep
this. Questions and answers are JSON; the editor sends the definition that it has, saved or not."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, JsonResponse, QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from contactcenter.models import Scenario
from contactcenter.scenarios.blocks import BY_KIND
from contactcenter.scenarios.definition import problems, unfit, warnings
from contactcenter.scenarios.differences import Difference, differences
from contactcenter.scenarios.offered import offered
from contactcenter.scenarios.palette import catalogue_of_blocks

from .block_forms import errors_of, settings_form, typed

MOST_BYTES = 2_000_000
Answer = dict[str, Any]


def page_data(scenario: Scenario, *, may_change: bool) -> Answer:
    """What the page of the working copy hands to its script."""
    latest = scenario.versions.order_by("-number").first()
    return {
        **drawing_data(scenario, scenario.definition),
        "id": scenario.pk,
        "name": scenario.name,
        "description": scenario.description,
        "seen": seen(scenario),
        "mayChange": may_change,
        "nextVersion": latest.number + 1 if latest else 1,
        "compare": address("compare", scenario) if latest else "",
        "urls": {what: address(what, scenario) for what in ("check", "form", "save", "publish")},
        "try": address("try", scenario),
    }


def drawing_data(scenario: Scenario, definition: dict[str, Any]) -> Answer:
    """What a page needs to draw a definition that nobody changes, and to show the settings of its blocks."""
    return {
        "definition": definition,
        "mayChange": False,
        "catalogue": catalogue_of_blocks(),
        "urls": {what: address(what, scenario) for what in ("check", "form")},
    }


def address(what: str, scenario: Scenario) -> str:
    return reverse(f"admin:contactcenter_scenario_{what}", args=[scenario.pk])


def seen(scenario: Scenario) -> str:
    """Which state of the scenario a page shows: every save makes another."""
    return scenario.updated_at.isoformat() if scenario.updated_at else ""


def answering(
    view: Callable[[HttpRequest, Scenario, Answer], JsonResponse],
) -> Callable[[HttpRequest, Scenario], JsonResponse]:
    """A view that gets the question as an object; 400 with a sentence for what is none."""

    def answer(request: HttpRequest, scenario: Scenario) -> JsonResponse:
        if request.method != "POST":
            return JsonResponse({"fault": _("Ask with POST.")}, status=405)
        try:
            question = json.loads(request.body) if len(request.body) <= MOST_BYTES else None
        except (ValueError, RecursionError):
            question = None
        if not isinstance(question, dict):
            return JsonResponse({"fault": _("This could not be read. Reload the page and try again.")}, status=400)
        fault = unfit(question.get("definition"))
        if fault:
            return JsonResponse({"fault": fault}, status=400)
        return view(request, scenario, question)

    return answer


@answering
def check(request: HttpRequest, scenario: Scenario, question: Answer) -> JsonResponse:
    """{"problems": [{"words", "block"}], "warnings": [...]}; `block` is a key, or empty."""
    definition = question["definition"]
    found = problems(definition, scenario=scenario.name)
    return JsonResponse({
        "problems": [_finding(sentence) for sentence in found],
        "warnings": [_finding(sentence) for sentence in warnings(definition, found)],
    })  # fmt: skip


def _finding(sentence: str) -> Answer:
    return {"words": str(sentence), "block": getattr(sentence, "block", "")}


@answering
def form(request: HttpRequest, scenario: Scenario, question: Answer) -> JsonResponse:
    """Without "typed": the block's form, what is wrong in it and the names that it may use: {"html", "errors",
    "names"}. With "typed", the fields as a browser encodes them: {"settings", "errors"}."""
    key = question.get("key")
    block = next((b for b in question["definition"]["blocks"] if b["key"] == key), None)
    kind = BY_KIND.get(block.get("kind", "")) if block else None
    if block is None or kind is None:
        return JsonResponse({"fault": _("This version of the program does not have this kind of block.")}, status=404)
    given = block.get("settings", {})
    if isinstance(question.get("typed"), str):
        settings, errors = typed(kind, given, QueryDict(question["typed"]))
        return JsonResponse({"settings": settings, "errors": errors})
    html = render_to_string("integrations/account/fields.html", {"fields": settings_form(kind, given)})
    names = offered(question["definition"], str(key), scenario=scenario)
    return JsonResponse({"html": html, "errors": errors_of(kind, given) if given else {}, "names": names})


@answering
def save(request: HttpRequest, scenario: Scenario, question: Answer) -> JsonResponse:
    """Keeps the working copy, problems or not: {"seen", "name", "unpublished"}.

    409 with the other version where somebody else saved since `seen`; 400 with sentences by field for a name that
    cannot be."""
    with transaction.atomic():
        present = Scenario.objects.select_for_update().get(pk=scenario.pk)
        if question.get("seen") != seen(present):
            return conflict(present, question["definition"])
        present.name = str(question.get("name", present.name)).strip()
        present.description = str(question.get("description", present.description))
        present.definition = question["definition"]
        present.updated_by_id = request.user.pk
        try:
            present.full_clean()
        except ValidationError as error:
            return JsonResponse({"errors": error.message_dict}, status=400)
        present.save()
    latest = present.versions.order_by("-number").first()
    unpublished = latest is None or latest.definition != present.definition
    return JsonResponse({"seen": seen(present), "name": present.name, "unpublished": unpublished})


def conflict(present: Scenario, mine: Answer) -> JsonResponse:
    """Both versions, and what differs between them in words."""
    theirs = {
        "name": present.name,
        "description": present.description,
        "definition": present.definition,
        "seen": seen(present),
        "by": (present.updated_by.get_full_name() or present.updated_by.get_username()) if present.updated_by else "",
        "at": present.updated_at.isoformat(),
    }
    found = differences(present.definition, mine)
    return JsonResponse({"theirs": theirs, "differences": [in_json(one) for one in found]}, status=409)


def in_json(difference: Difference) -> Answer:
    return asdict(difference)
