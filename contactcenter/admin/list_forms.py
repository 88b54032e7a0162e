"""The forms of calling lists: where people come from, which columns are what, what an outcome means for a campaign."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contactcenter.lists.mapping import MOST_PHONES, MOST_SHOWN, FieldMapping
from contactcenter.models import CallingList, Disposition
from integrations.capabilities import ListCampaign

NAMES = 2
NOT_REACHED = "not_reached"


class QueryForm(forms.Form):
    query = forms.CharField(
        label=_("Query"),
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        max_length=20_000,
        help_text=_(
            "A SOQL query on Contact, Lead or CampaignMember, for example: "
            "<code>SELECT Name, Phone, MobilePhone, Account.Name FROM Contact WHERE MailingCountry = 'USA'</code>. "
            "Fields of a member's person are written Contact.Phone or Lead.Phone. Who must not be called (DoNotCall) "
            "and converted leads are left out without being asked for."
        ),
    )


class CampaignForm(forms.Form):
    campaign = forms.ChoiceField(label=_("Campaign"), help_text=_("Active campaigns of Salesforce, the newest first."))

    def __init__(self, campaigns: Sequence[ListCampaign], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = {each.id: each.name for each in campaigns}
        shown = [(each.id, f"{each.name} ({each.status})" if each.status else each.name) for each in campaigns]
        self.fields["campaign"].choices = shown  # type: ignore[attr-defined]


class FileForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV with commas, semicolons or tabs, in UTF-8, UTF-16 or Windows-1252; the first row names the columns. "
            "At most 100 MB."
        ),
    )


class MappingForm(forms.Form):
    """One choice of a column for each thing that a row has."""

    def __init__(self, columns: Sequence[str], chosen: FieldMapping, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        some = [("", "\N{EM DASH}"), *((column, column) for column in columns)]
        for number in range(MOST_PHONES):
            self.fields[f"phone_{number}"] = forms.ChoiceField(
                label=_("Phone number") if not number else _("where that is empty"),
                choices=some, required=not number, initial=_at(chosen.phone, number),
                error_messages={"required": _("Choose the column that holds the phone number.")},
            )  # fmt: skip
        for number in range(NAMES):
            self.fields[f"name_{number}"] = forms.ChoiceField(
                label=_("Name") if not number else _("and after it"),
                choices=some, required=False, initial=_at(chosen.name, number),
            )  # fmt: skip
        self.fields["columns"] = forms.MultipleChoiceField(
            label=_("Agents also see"), choices=some[1:], required=False, initial=list(chosen.columns),
            widget=forms.CheckboxSelectMultiple,
        )  # fmt: skip

    def clean_columns(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["columns"]
        if len(chosen) > MOST_SHOWN:
            raise forms.ValidationError(_("Agents can take in at most %d columns. Tick fewer.") % MOST_SHOWN)
        return chosen

    def mapping(self) -> FieldMapping:
        phones = dict.fromkeys(self.cleaned_data[f"phone_{n}"] for n in range(MOST_PHONES))
        names = dict.fromkeys(self.cleaned_data[f"name_{n}"] for n in range(NAMES))
        return FieldMapping(
            tuple(filter(None, phones)), tuple(filter(None, names)), tuple(self.cleaned_data["columns"])
        )


def _at(columns: Sequence[str], number: int) -> str:
    return columns[number] if number < len(columns) else ""


class StatusesForm(forms.Form):
    """For each outcome the status that the member of the campaign gets."""

    def __init__(self, calling_list: CallingList, known: Iterable[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored: dict[str, str] = calling_list.statuses
        offered = dict.fromkeys([*known, *filter(None, stored.values())])
        choices = [("", _("Leave as it is")), *((status, status) for status in offered)]
        self.codes = {NOT_REACHED: ""}
        self._add(NOT_REACHED, _("Not reached"), choices, stored.get("", ""))
        for disposition in dispositions_of(calling_list):
            name = f"disposition_{disposition.pk}"
            self.codes[name] = disposition.code
            self._add(name, disposition.name, choices, stored.get(disposition.code, ""))

    def _add(self, name: str, label: Any, choices: Any, initial: str) -> None:
        self.fields[name] = forms.ChoiceField(label=label, choices=choices, required=False, initial=initial)

    def statuses(self) -> dict[str, str]:
        chosen = {code: self.cleaned_data[name] for name, code in self.codes.items()}
        return {code: status for code, status in chosen.items() if status}


def dispositions_of(calling_list: CallingList) -> Iterable[Disposition]:
    """Those that agents can choose in calls of the list's service."""
    everybody = Disposition.objects.filter(service__isnull=True)
    return (everybody | Disposition.objects.filter(service=calling_list.service)).order_by("position", "name")
