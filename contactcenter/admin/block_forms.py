"""The form of one block, made from its kind's `Settings`: with accounts to choose from, and with the stored values even
where they are wrong, so that nothing typed is lost."""

import json
from collections.abc import Iterator
from typing import Any

from django import forms
from django.forms.fields import InvalidJSONInput
from django.http import QueryDict
from django.utils.translation import gettext as _

from contactcenter.scenarios.blocks import Block
from contactcenter.scenarios.settings_fields import AccountField, BlockSettings, ObjectTypeField, TemplateField
from integrations.models import IntegrationAccount

PREFIX = "settings"


class Indented(json.JSONEncoder):
    """A table of fields with one line per field."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "indent": 2, "ensure_ascii": False})


def settings_form(kind: type[Block], given: dict[str, Any], data: QueryDict | None = None) -> BlockSettings:
    """The form with the stored settings in it, or bound to what a browser sent."""
    form = kind.Settings(data, initial=initial(kind, given), prefix=PREFIX)
    for name, field in form.fields.items():
        if isinstance(field, forms.JSONField):
            field.encoder = Indented
            field.widget.attrs.update({"rows": 8, "class": "code-area", "spellcheck": "false"})
        if isinstance(field, AccountField):
            field.widget = forms.Select(choices=list(account_choices(kind, given.get(name), required=field.required)))
        if isinstance(field, TemplateField | ObjectTypeField | forms.JSONField):
            field.widget.attrs["data-names"] = "json" if isinstance(field, forms.JSONField) else "text"
        field.widget.attrs.setdefault("autocomplete", "off")
    return form


def initial(kind: type[Block], given: dict[str, Any]) -> dict[str, Any]:
    """Stored values over defaults. JSON that could not be read is shown as it was typed."""
    values = kind.Settings.with_defaults(given)
    fields = kind.Settings.base_fields
    unread = {
        name: InvalidJSONInput(value)
        for name, value in values.items()
        if isinstance(value, str) and isinstance(fields.get(name), forms.JSONField)
    }
    return {**values, **unread}


def account_choices(kind: type[Block], chosen: Any, *, required: bool) -> Iterator[tuple[str, str]]:
    yield "", _("Choose an account") if required else _("As selected before, else the default")
    accounts = IntegrationAccount.objects.order_by("name")
    if kind.account_type:
        accounts = accounts.filter(type=kind.account_type)
    names = list(accounts.values_list("name", flat=True))
    yield from ((name, name) for name in names)
    if chosen and chosen not in names:
        yield str(chosen), _("%s (there is no such account)") % chosen


def errors_of(kind: type[Block], given: dict[str, Any]) -> dict[str, list[str]]:
    """What is wrong with stored settings: sentences by field; those about the whole under an empty name."""
    form = kind.Settings(data=kind.Settings.with_defaults(given))
    return _errors(form)


def typed(kind: type[Block], given: dict[str, Any], data: QueryDict) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Settings to store for what a browser sent, and what is wrong with them.

    A value that the form refuses is stored as it was typed: a draft may be unfinished. A default is stored only where
    it was stored before."""
    form = settings_form(kind, given, data)
    form.is_valid()
    defaults = kind.Settings.with_defaults({})
    values = {name: form.cleaned_data.get(name, _raw(form, name)) for name in form.fields}
    kept = {name: value for name, value in values.items() if name in given or value != defaults[name]}
    return kept, _errors(form)


def _raw(form: BlockSettings, name: str) -> Any:
    return form[name].field.widget.value_from_datadict(form.data, form.files, form.add_prefix(name)) or ""


def _errors(form: BlockSettings) -> dict[str, list[str]]:
    return {
        ("" if name == "__all__" else name): [str(message) for message in found] for name, found in form.errors.items()
    }
