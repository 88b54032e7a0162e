"""Form fields of blocks: ordinary Django form fields, some of which hold templates with `$(names)`."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from integrations.wire.redaction import is_sensitive

from .json_paths import is_path
from .substitution import NAME, Unsafe, check, only_variable

HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# Headers that the client writes itself, or that lead a request elsewhere.
OURS = ("connection", "content-length", "expect", "host", "te", "trailer", "transfer-encoding", "upgrade")
MOST_PAGES = 10

# A dot leads into a package of Oracle Service Cloud: `CO.Vehicle`.
SETTABLE = ("___sip_response_code___",)  # the one name with underscores that the guides tell people to set
OBJECT_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")


class BlockSettings(forms.Form):
    """Base of every block's `Settings`. Values that are left out take the field's `initial`."""

    @classmethod
    def with_defaults(cls, given: dict[str, Any]) -> dict[str, Any]:
        defaults = {name: field.initial for name, field in cls.base_fields.items()}
        return {**{name: value() if callable(value) else value for name, value in defaults.items()}, **given}


class TemplateField(forms.CharField):
    """Text with variables. `language` is one of `substitution.LANGUAGES`; "query" is decided by the account."""

    def __init__(self, *, language: str = "text", **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 2000)
        super().__init__(**kwargs)
        self.language = language

    def clean(self, value: Any) -> str:
        text = str(super().clean(value) or "")
        checked(text, "text" if self.language == "query" else self.language)
        return text


class FieldsField(forms.JSONField):
    """Fields of a record: a JSON object of texts with variables, numbers and yes/no values."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea)
        super().__init__(**kwargs)

    def clean(self, value: Any) -> dict[str, Any]:
        # An empty object counts as empty for the form field; whether that is allowed is `required`.
        fields = super().clean(value) or {}
        if not isinstance(fields, dict):
            raise ValidationError('Give a JSON object, for example {"state": "new"}.')
        for name, entry in fields.items():
            if not isinstance(entry, str | int | float | bool) and entry is not None:
                raise ValidationError(f'"{name}" must be a text, a number, true or false.')
            if "$(" in name:
                raise ValidationError("A variable cannot be the name of a field.")
            if isinstance(entry, str):
                checked(entry)
        return fields


class PagesField(FieldsField):
    """Addresses of pages by the label that agents read."""

    def clean(self, value: Any) -> dict[str, Any]:
        pages = super().clean(value)
        if len(pages) > MOST_PAGES:
            raise ValidationError(f"At most {MOST_PAGES} pages.")
        for label, address in pages.items():
            if not label.strip() or not isinstance(address, str):
                raise ValidationError('Give a label and an address, for example {"Orders": "https://..."}.')
            checked(address, "url")
        return pages


class PathsField(FieldsField):
    """Variables, and where their values stand in an answer."""

    def clean(self, value: Any) -> dict[str, Any]:
        paths = super().clean(value)
        for name, where in paths.items():
            NameField().clean(name)
            if not isinstance(where, str) or not is_path(where):
                raise ValidationError(f'"{where}" is no path. Write for example ticket.id or results[0].name.')
        return paths


class HeadersField(FieldsField):
    """Headers of a request. What is secret does not belong into a scenario: an account signs."""

    def clean(self, value: Any) -> dict[str, Any]:
        headers = super().clean(value)
        for name, text in headers.items():
            if not HEADER.fullmatch(name) or name.lower() in OURS:
                raise ValidationError(f'"{name}" is no header that can be set here.')
            if is_sensitive(name):
                raise ValidationError(
                    f"{name} holds a secret, and a scenario is readable for everybody who may edit it. Choose an "
                    "account instead: it signs the request."
                )
            if not isinstance(text, str):
                raise ValidationError(f"{name} must be a text.")
        return headers


class NameField(forms.CharField):
    """The name of a variable that a block fills."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 60)
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        name = str(super().clean(value) or "").strip()
        if name and name not in SETTABLE and (name.startswith("_") or not NAME.fullmatch(name)):
            raise ValidationError(f'"{name}" is no name of a variable. Use letters, digits, dots and underscores.')
        if name.startswith(("item.", "user.")):
            raise ValidationError("Names that begin with item. or user. are read-only.")
        return name


class ObjectTypeField(forms.CharField):
    """The name of a table or object at the CRM, or one variable that holds it: a caller is a contact or a lead."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "Object type")
        kwargs.setdefault("max_length", 80)
        kwargs.setdefault(
            "help_text", "Name of the table or object at the CRM, or a variable such as $(item.callerKind)."
        )
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        name = str(super().clean(value) or "")
        if name and not OBJECT_TYPE.fullmatch(name) and not only_variable(name):
            raise ValidationError("Letters, digits and underscores only, as the CRM names it, or one variable.")
        return name


class AccountField(forms.CharField):
    """An integration account by name; empty: the default one of the type. `definition` looks whether it exists."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "Account")
        kwargs.setdefault("required", False)
        kwargs.setdefault(
            "help_text", "Name of an integration account. Empty: the one of Select Account, else the default."
        )
        super().__init__(**kwargs)


class ScenarioField(forms.CharField):
    """A scenario by name. `nesting` looks whether it exists and leads back."""


def checked(text: str, language: str = "text") -> None:
    try:
        check(text, language)
    except Unsafe as error:
        raise ValidationError(str(error)) from None
