"""A small table as a property: rows of plain inputs, with a few empty ones to write into; needs no script.

Inputs are called `<name>-<column>`, once per row. The value is a list of dictionaries, one per row, and what a column
may hold is the field's business (`ReasonCodesField`, `SkillsMappingField`, `FieldMappingField`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

BLANK_ROWS = 3
LONGEST_TEXT = 80

Groups = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]  # heading of the group, (value, label) in it


@dataclass(frozen=True, slots=True)
class Column:
    """`maximum` makes it a number from 0; `groups` makes it a choice."""

    key: str
    label: str | Promise
    maximum: int | None = None
    groups: Groups = ()

    def knows(self, value: str) -> bool:
        """Whether the value is one of the choices; anything is, where there are none."""
        return not self.groups or any(value == key for _, choices in self.groups for key, _ in choices)


class RowsWidget(forms.Widget):
    template_name = "integrations/widgets/rows.html"
    columns: ClassVar[tuple[Column, ...]] = ()

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, None, attrs)
        rows = [row for row in value or [] if isinstance(row, dict)] + [{}] * BLANK_ROWS
        context["widget"]["columns"] = self.columns
        context["widget"]["rows"] = [[(column, shown(row.get(column.key))) for column in self.columns] for row in rows]
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """A list of rows: as given (import, shell), or collected from the inputs of the page."""
        if not hasattr(data, "getlist"):
            return data.get(name)
        keys = [column.key for column in self.columns]
        lists = [data.getlist(f"{name}-{key}") for key in keys]
        return [dict(zip(keys, cells, strict=True)) for cells in zip(*lists, strict=False)]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and f"{name}-{self.columns[0].key}" not in data


def shown(value: Any) -> str:
    return "" if value is None else str(value)


def cells(row: Any, *keys: str) -> dict[str, str] | None:
    """The row's cells, trimmed; None for an empty row. Raises `ValidationError`."""
    if not isinstance(row, Mapping):
        raise ValidationError(f"Each line is one of {', '.join(keys)}.")
    found = {key: shown(row.get(key)).strip() for key in keys}
    if any(len(value) > LONGEST_TEXT for value in found.values()):
        raise ValidationError(f"At most {LONGEST_TEXT} characters fit into a field of a line.")
    return found if any(found.values()) else None


class SkillsMappingWidget(RowsWidget):
    columns = (Column("service", _("Service")), Column("code", _("Code")))


class SkillsMappingField(forms.Field):
    """Services as the other system's codes: a list of `{"service": name, "code": text}`.

    Services are compared trimmed and without regard to case; several services may share a code."""

    widget = SkillsMappingWidget

    def clean(self, value: Any) -> list[dict[str, str]]:
        rows = [row for row in (cells(entry, "service", "code") for entry in value or []) if row]
        seen: set[str] = set()
        for row in rows:
            if not row["service"] or not row["code"]:
                raise ValidationError(f'"{row["service"] or row["code"]}": a line needs a service and a code.')
            if row["service"].casefold() in seen:
                raise ValidationError(f'The service "{row["service"]}" is listed twice.')
            seen.add(row["service"].casefold())
        return rows


def codes_by_service(rows: Any) -> dict[str, str]:
    """The table as a dictionary from the folded service name to its code."""
    return {str(row["service"]).strip().casefold(): str(row["code"]) for row in rows or []}
