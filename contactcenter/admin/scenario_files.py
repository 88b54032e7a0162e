"""Scenarios as files: out with one click, in with questions about what this installation does not have."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _t

from contactcenter.models import Scenario
from contactcenter.scenarios import files
from contactcenter.scenarios.definition import problems

from .scenario_versions import find

NEW, REPLACE = "new", "replace"
KEEP, DEFAULT = "=", ""


def export(request: HttpRequest, scenario: Scenario) -> HttpResponse:
    """The working copy, or with ?version=N what was published under that number."""
    number = request.GET.get("version", "")
    definition = find(scenario, int(number)).definition if number.isdecimal() else scenario.definition
    answer = HttpResponse(
        files.write(scenario.name, scenario.description, definition), content_type="application/json; charset=utf-8"
    )
    ending = f"-v{number}" if number.isdecimal() else ""
    answer["Content-Disposition"] = (
        f'attachment; filename="{slugify(scenario.name) or "scenario"}{ending}.scenario.json"'
    )
    return answer


class FileForm(forms.Form):
    file = forms.FileField(
        label=_t("File"), required=False, help_text=_t("An exported scenario, usually named ….scenario.json."),
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
    )  # fmt: skip
    text = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """`text` carries the file from the first page to the second; a new file takes its place."""
        cleaned = super().clean() or {}
        given = cleaned.get("file")
        if given is not None:
            if given.size > files.LONGEST_FILE:
                raise ValidationError({"file": _("The file is too large to be a scenario.")})
            try:
                cleaned["text"] = given.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                raise ValidationError({"file": _("This file is no text, so it is no scenario.")}) from None
        if not cleaned.get("text"):
            raise ValidationError({"file": _("Choose a file.")})
        try:
            cleaned["content"] = files.read(cleaned["text"])
        except ValidationError as error:
            raise ValidationError({"file": error.messages}) from None
        return cleaned


class DecisionsForm(forms.Form):
    """What only a person can decide: the name, and which account stands in for one that is missing."""

    name = forms.CharField(label=_t("Name"), max_length=120)
    existing = forms.ChoiceField(
        label=_t("A scenario of this name exists"),
        choices=[
            (NEW, _t("Import under the name above, which I have changed")),
            (REPLACE, _t("Replace its working copy; what is published goes on running")),
        ],
        initial=NEW, widget=forms.RadioSelect, required=False,
    )  # fmt: skip

    def __init__(self, content: files.ScenarioFile, *args: Any, may_replace: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.content = content
        self.fields["name"].initial = content.name
        self.missing = files.missing_accounts(content.definition)
        for number, account in enumerate(self.missing):
            self.fields[f"account_{number}"] = _account_field(account)
        taken = Scenario.objects.filter(name=self.wanted_name()).exists()
        if not taken or not may_replace:
            del self.fields["existing"]

    def wanted_name(self) -> str:
        return str(self.data.get(self.add_prefix("name"), self.content.name)).strip()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        name = cleaned.get("name", "")
        if cleaned.get("existing") != REPLACE and Scenario.objects.filter(name=name).exists():
            self.add_error("name", _("“%s” exists already. Change the name, or replace its working copy.") % name)
        return cleaned

    def definition(self) -> dict[str, Any]:
        chosen = {a.name: self.cleaned_data.get(f"account_{n}", KEEP) for n, a in enumerate(self.missing)}
        return files.with_accounts(self.content.definition, {k: v for k, v in chosen.items() if v != KEEP})


def _account_field(account: files.Missing) -> forms.ChoiceField:
    choices = [(name, name) for name in account.candidates]
    more = [(DEFAULT, _("The default account")), (KEEP, _("Leave “%s”: it will be added later") % account.name)]
    return forms.ChoiceField(
        label=_("Instead of the account “%s”") % account.name,
        choices=[*choices, *more],
        required=False,
        help_text=_("Used by %s.") % ", ".join(f"“{title}”" for title in account.blocks),
    )


def import_page(request: HttpRequest, context: dict[str, Any], *, may_replace: bool) -> HttpResponse:
    """The file first, then the decisions, then a working copy that nobody runs before it is published."""
    file_form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    page: dict[str, Any] = {**context, "title": _("Import a scenario"), "file_form": file_form}
    if request.method == "POST" and file_form.is_valid():
        content = file_form.cleaned_data["content"]
        asked = "decided" in request.POST and not request.FILES
        decisions = DecisionsForm(content, request.POST if asked else None, may_replace=may_replace, prefix="decide")
        if asked and decisions.is_valid():
            return _imported(request, decisions)
        page |= {
            "decisions": decisions,
            "text": file_form.cleaned_data["text"],
            "content": content,
            "problems": problems(content.definition),
            "missing_scenarios": files.missing_scenarios(content.definition),
        }
    return TemplateResponse(request, "admin/contactcenter/scenario/import.html", page)


def _imported(request: HttpRequest, decisions: DecisionsForm) -> HttpResponse:
    name, content = decisions.cleaned_data["name"], decisions.content
    scenario = Scenario.objects.filter(name=name).first() or Scenario(name=name)
    scenario.description = content.description
    scenario.definition = decisions.definition()
    scenario.updated_by_id = request.user.pk
    scenario.save()
    messages.success(request, _("“%s” is imported as a working copy. It runs after Publish.") % name)
    return HttpResponseRedirect(reverse("admin:contactcenter_scenario_change", args=[scenario.pk]))
