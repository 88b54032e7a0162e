"""How a record looks in an answer: values, display values, links, and the activity stream.

ServiceNow docs, Table API: all values are strings, a reference is `{"link", "value"}`, and
`sysparm_display_value` has three forms. A journal column reads as "" unless display values are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .schema import TABLES, Column, columns
from .store import Record, Store

JOURNAL_LABELS = {"work_notes": "Work notes", "comments": "Additional comments"}


@dataclass(frozen=True)
class Form:
    """What the caller wants to see."""

    fields: tuple[str, ...] = ()
    display: str = "false"
    plain_references: bool = False

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Form:
        display = parameters.get("sysparm_display_value", "false").lower()
        return cls(
            fields=tuple(name for name in parameters.get("sysparm_fields", "").split(",") if name),
            display=display if display in ("true", "all") else "false",
            plain_references=parameters.get("sysparm_exclude_reference_link", "").lower() == "true",
        )


def present(store: Store, record: Record, form: Form, base: str, warn: Callable[[str], None]) -> dict[str, Any]:
    shown = {}
    for path in form.fields or tuple(sorted(columns(record["sys_class_name"]))):
        found = store.walk(record, path)
        if found and found[0].kind != "password":
            column, owner, name = found
            shown[path] = _cell(store, owner, name, column, form, base)
        elif not _walkable(record, path):
            warn(f"sysparm_fields: {path!r} does not exist and was dropped")
    return shown


def _walkable(record: Record, path: str) -> bool:
    column = columns(record["sys_class_name"]).get(path.split(".")[0])
    return column is not None and ("." in path or column.kind == "password")


def _cell(store: Store, record: Record, name: str, column: Column, form: Form, base: str) -> Any:
    value = "" if column.kind == "journal" else record[name]
    link = _link(record, name, column, base)
    if form.display == "all":
        cell = {"display_value": display(store, record, name), "value": value}
        return cell if form.plain_references or not link else {**cell, "link": link}
    text = display(store, record, name) if form.display == "true" else value
    if not link or form.plain_references:
        return text
    return {"display_value": text, "link": link} if form.display == "true" else {"link": link, "value": text}


def target_table(record: Record, column: Column) -> str:
    return record.get(column.target, "") if column.kind == "document" else column.target


def _link(record: Record, name: str, column: Column, base: str) -> str:
    if column.kind not in ("reference", "document") or not record[name]:
        return ""
    return f"{base}/api/now/table/{target_table(record, column)}/{record[name]}"


def display(store: Store, record: Record, name: str) -> str:
    column = columns(record["sys_class_name"])[name]
    if column.kind == "journal":
        return stream(store, record, (name,))
    if column.kind in ("reference", "document"):
        return store.display(target_table(record, column), record[name]) or record[name]
    if name == "sys_class_name":
        return TABLES[record[name]].label
    return "" if column.kind == "password" else column.label_of(record[name])


def entries(store: Store, record: Record, elements: tuple[str, ...] = tuple(JOURNAL_LABELS)) -> list[Record]:
    """The journal of a record, newest first."""
    rows = [row for row in store.rows("sys_journal_field") if row["element_id"] == record["sys_id"]]
    return [row for row in reversed(rows) if row["element"] in elements]


def stream(store: Store, record: Record, elements: tuple[str, ...]) -> str:
    return "".join(
        f"{row['sys_created_on']} - {author(store, row)} ({JOURNAL_LABELS[row['element']]})\n{row['value']}\n\n"
        for row in entries(store, record, elements)
    )


def author(store: Store, row: Record) -> str:
    user = store.first("sys_user", user_name=row["sys_created_by"])
    return user["name"] if user else row["sys_created_by"]
