"""Field mapping: which contact field a caller-data system may fill, and from which of its own fields.

The categories and basic fields are the administrator's guide's; the paths in them are ours. A suggestion never
overwrites what the contact already has, unless its line says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from .row_tables import Column, Groups, RowsWidget, cells

# What kinds of phones and addresses a contact form usually tells apart; no list is published.
PHONE_TYPES = ("home", "work", "mobile", "fax", "other")
EMAIL_TYPES = ("home", "work", "other")
ADDRESS_PARTS = (("line1", "Street"), ("line2", "Street, line 2"), ("city", "City"), ("state", "State"),
                 ("zip", "Postcode"), ("country", "Country"))  # fmt: skip
ORDERS = (1, 2, 3)
NAMED = {"contact.custom": "the field's name", "external": "the field's name"}
BASIC = ("Title", "First name", "Last name", "Position", "Segment", "Summary", "Date of birth", "Messengers", "Status")


def _of_type(what: str, part: str, types: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((f"contact.{what}[type={name}].{part}", f"{name.capitalize()}") for name in types)


def _of_order(what: str, part: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"contact.{what}[{n - 1}].{part}", f"{n}.") for n in ORDERS)


TARGETS: Groups = (
    ("Contact", tuple((f"contact.{name.lower().replace(' ', '_')}", name) for name in BASIC)),
    ("Addresses", tuple((f"contact.addresses[0].{key}", label) for key, label in ADDRESS_PARTS)),
    ("Phones by type", _of_type("phones", "number", PHONE_TYPES)),
    ("Phones by order", _of_order("phones", "number")),
    ("Social links by order", _of_order("social_links", "url")),
    ("Emails by type", _of_type("emails", "address", EMAIL_TYPES)),
    ("Emails by order", _of_order("emails", "address")),
    ("Named", (("contact.custom", "my_custom_field"), ("external", "External field"))),
)
WHEN: Groups = (("When the contact has a value", (("keep", "Keep it"), ("overwrite", "Overwrite it"))),)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value that a caller-data system offers for one field of the contact form."""

    target: str
    value: str
    overwrite: bool = False


class FieldMappingWidget(RowsWidget):
    """Give it the vendor's fields as choices."""

    def __init__(self, sources: Groups, attrs: dict[str, Any] | None = None) -> None:
        self.columns = (  # type: ignore[misc]
            Column("target", "Contact field", groups=qualified(TARGETS)),
            Column("name", "Name (custom or external)"),
            Column("source", "Their field", groups=sources),
            Column("when", "Existing value", groups=WHEN),
        )
        super().__init__(attrs)


def qualified(groups: Groups) -> Groups:
    """Labels that tell the category too, because a closed list shows the label alone."""
    short = {"Contact", "Named"}
    return tuple(
        (heading, tuple((key, label if heading in short else f"{heading}: {label}") for key, label in choices))
        for heading, choices in groups
    )


class FieldMappingField(forms.Field):
    """A list of `{"target", "name", "source", "when"}`, one target per line. `sources` are the vendor's fields."""

    def __init__(self, *, sources: Groups, **kwargs: Any) -> None:
        kwargs.setdefault("widget", FieldMappingWidget(sources))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> list[dict[str, str]]:
        rows = [row for row in (cells(entry, "target", "name", "source", "when") for entry in value or []) if row]
        for row in rows:
            self._check(row)
        taken = [target_of(row) for row in rows]
        twice = next((target for target in taken if taken.count(target) > 1), "")
        if twice:
            raise ValidationError(f'Two lines fill "{twice}".')
        return rows

    def _check(self, row: dict[str, str]) -> None:
        row["when"] = row["when"] or "keep"
        for column in self.widget.columns:
            if column.groups and not column.knows(row[column.key]):
                raise ValidationError(f'"{row[column.key] or "<none>"}" is no choice for {str(column.label).lower()}.')
        if row["target"] in NAMED and not row["name"]:
            raise ValidationError("A custom or external field needs its name beside it.")
        if row["target"] not in NAMED:
            row["name"] = ""


def target_of(row: Mapping[str, str]) -> str:
    """The whole path: `contact.first_name`, `contact.custom.vip`, `external.carrier`."""
    return f"{row['target']}.{row['name']}" if row.get("name") else row["target"]


def suggestions(rows: Any, values: Mapping[str, str]) -> tuple[Suggestion, ...]:
    """What the mapping makes of the vendor's values; a field without a value suggests nothing."""
    return tuple(
        Suggestion(target_of(row), values[row["source"]], row.get("when") == "overwrite")
        for row in rows or []
        if values.get(row["source"])
    )


def label_of(target: str) -> str:
    """A target's path as a person reads it: "Emails by order: 1."; the name of a custom or external field."""
    for _heading, choices in qualified(TARGETS):
        for path, label in choices:
            if path == target:
                return label
    return target.rpartition(".")[2]
