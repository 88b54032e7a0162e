"""Blocks of a scenario on the screen: each as a card to read, and each as a form to change."""

import copy
from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from contactcenter.models import Scenario
from contactcenter.scenarios.blocks import BY_KIND, Block
from contactcenter.scenarios.definition import problems

from .block_forms import settings_form

LONGEST_SETTING = 200


# -- to read


def block_cards(definition: Any) -> Iterator[dict[str, Any]]:
    """The blocks in the order in which a call meets them, those that nothing leads to at the end."""
    blocks = {b.get("key"): b for b in definition.get("blocks", []) if isinstance(b, dict)}
    numbers = {key: number for number, key in enumerate(in_order(definition.get("start"), blocks), 1)}
    for key, number in numbers.items():
        block = blocks[key]
        kind = BY_KIND.get(block.get("kind", ""))
        exits = kind.exits if kind else {}
        yield {
            "number": number,
            "key": key,
            "title": title_of(block),
            "kind": kind.label if kind else block.get("kind", ""),
            "words": kind.description if kind else _("This version of the program does not have this kind of block."),
            "settings": list(settings_shown(block, kind)),
            "exits": [
                {"name": exits.get(name, name), "failed": name == "failed", "number": numbers.get(target),
                 "title": title_of(blocks.get(target, {}))}
                for name, target in block.get("exits", {}).items()
            ],
        }  # fmt: skip


def title_of(block: dict[str, Any]) -> str:
    kind = BY_KIND.get(block.get("kind", ""))
    return str(block.get("title") or (kind.label if kind else block.get("key", "")))


def in_order(start: Any, blocks: dict[Any, Any]) -> list[Any]:
    """Every block after all those that lead to it, as far as loops allow (a depth-first search, read backwards)."""
    done: list[Any] = []
    seen: set[Any] = set()

    def visit(key: Any) -> None:
        if key not in blocks or key in seen:
            return
        seen.add(key)
        for target in reversed(list(blocks[key].get("exits", {}).values())):
            visit(target)
        done.append(key)

    visit(start)
    return done[::-1] + [key for key in blocks if key not in seen]


def settings_shown(block: dict[str, Any], kind: type[Block] | None) -> Iterator[tuple[str, list[str]]]:
    """Label and lines of each setting that is set. A table of fields has one line per field."""
    fields = kind.Settings.base_fields if kind else {}
    for name, value in block.get("settings", {}).items():
        if value in ("", None, [], {}):
            continue
        label = str(fields[name].label or "") if name in fields else ""
        yield label or name.replace("_", " ").capitalize(), [line[:LONGEST_SETTING] for line in lines_of(value)]


def lines_of(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [f"{name} = {inner}" for name, inner in value.items()]
    if isinstance(value, list):
        return [", ".join(map(str, v.values())) if isinstance(v, dict) else str(v) for v in value]
    return ["yes" if value is True else "no" if value is False else str(value)]


# -- to change


class TitleForm(forms.Form):
    title = forms.CharField(label="Title", max_length=120, help_text="What this step does, in your words.")


class ExitsForm(forms.Form):
    """One choice per exit: the block where the call goes on, or the end."""

    def __init__(self, *args: Any, kind: type[Block], blocks: list[dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        targets = [("", _("End of the scenario")), *((b["key"], title_of(b)) for b in blocks)]
        for name, label in kind.exits.items():
            self.fields[name] = forms.ChoiceField(label=label, choices=targets, required=False)


def edit_block(request: HttpRequest, scenario: Scenario, key: str, context: dict[str, Any]) -> HttpResponse:
    """Shows and saves the form of one block, for browsers without scripts. What the change breaks elsewhere is told."""
    definition = copy.deepcopy(scenario.definition)
    block = next((b for b in definition.get("blocks", []) if b.get("key") == key), None)
    kind = BY_KIND.get(block.get("kind", "")) if block else None
    if block is None or kind is None:
        raise Http404
    parts = block_forms(request, block, kind, definition["blocks"])
    valid = [form.is_valid() for form in parts.values()]  # all of them, so that every mistake is shown at once
    if request.method == "POST" and all(valid):
        block.update(changed_block(parts))
        return _saved(request, scenario, definition, block)
    page = {**context, "scenario": scenario, "block": block, "kind": kind, "title": title_of(block)}
    return TemplateResponse(request, "admin/contactcenter/scenario/block.html", {**page, **parts})


def block_forms(
    request: HttpRequest, block: dict[str, Any], kind: type[Block], blocks: list[dict[str, Any]]
) -> dict[str, forms.Form]:
    data = request.POST if request.method == "POST" else None
    settings = settings_form(kind, block.get("settings", {}), data)
    exits = ExitsForm(data, initial=block.get("exits", {}), prefix="exits", kind=kind, blocks=blocks)
    return {"head": TitleForm(data, initial={"title": title_of(block)}), "settings": settings, "exits": exits}


def changed_block(parts: dict[str, forms.Form]) -> dict[str, Any]:
    return {
        "title": parts["head"].cleaned_data["title"],
        "settings": parts["settings"].cleaned_data,
        "exits": {name: target for name, target in parts["exits"].cleaned_data.items() if target},
    }


def _saved(request: HttpRequest, scenario: Scenario, definition: dict[str, Any], block: dict[str, Any]) -> HttpResponse:
    scenario.definition = definition
    scenario.updated_by_id = request.user.pk
    scenario.save()
    found = problems(definition)
    messages.success(request, _("“%s” is saved. It takes effect with the next Publish.") % block["title"])
    if found:
        messages.warning(request, _("Before it can be published: %s") % " ".join(found))
    return HttpResponseRedirect(reverse("admin:contactcenter_scenario_change", args=[scenario.pk]))
