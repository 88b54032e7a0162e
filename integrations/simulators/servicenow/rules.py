"""Business rules and data policies: what the instance makes of the values that somebody sends.

The Table API is quiet: unknown columns, unlisted choices and unwritable columns vanish without an error, and a
posted priority is overwritten (ServiceNow docs, Table API and Data policies). `warn` tells the tester about it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import errors
from .schema import SYSTEM, TABLES, Column, columns
from .store import Record, Store, now

Warn = Callable[[str], None]

# Impact and urgency make the priority; the stock "priority lookup" rules.
PRIORITY = {
    ("1", "1"): "1",
    ("1", "2"): "2",
    ("2", "1"): "2",
    ("1", "3"): "3",
    ("2", "2"): "3",
    ("3", "1"): "3",
    ("2", "3"): "4",
    ("3", "2"): "4",
    ("3", "3"): "5",
}
CLOSED_INTERACTION = ("closed_complete", "closed_abandoned")
TIME_OF_STATE = {"6": "resolved_at", "7": "closed_at"}


def accept(table: str, body: dict[str, Any], warn: Warn, *, allow_password: bool = False) -> Record:
    """The values of the body that this table takes, as strings."""
    known = columns(table)
    values: Record = {}
    for name, value in body.items():
        column = known.get(name)
        if column is None:
            warn(f"field {name!r} does not exist in {table} and was dropped")
        elif name in SYSTEM or name == "number" or (column.kind == "password" and not allow_password):
            if name != "sys_id":
                warn(f"field {name!r} is set by the server; the sent value was dropped")
        else:
            _take(values, table, name, column, as_string(value), warn)
    return values


def _take(values: Record, table: str, name: str, column: Column, value: str, warn: Warn) -> None:
    if column.kind == "choice" and value not in dict(column.choices):
        # An empty value clears a field, choice fields excepted.
        warn(f"{value!r} is not a listed choice of {table}.{name} and was dropped")
        return
    values[name] = value


def as_string(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return as_string(value.get("value", ""))
    return "" if value is None else str(value)


def insert(store: Store, table: str, body: Record, by: str, warn: Warn) -> Record:
    values, journal = split_journal(table, body)
    merged = dict.fromkeys(columns(table), "") | TABLES[table].defaults
    values = derive(table, merged, values, by, warn)
    record = store.insert(table, values, by)
    write_journal(store, record, journal, by)
    after_insert(store, record)
    return record


def update(store: Store, record: Record, body: Record, by: str, warn: Warn) -> None:
    values, journal = split_journal(record["sys_class_name"], body)
    store.update(record, derive(record["sys_class_name"], record, values, by, warn), by)
    write_journal(store, record, journal, by)


def split_journal(table: str, body: Record) -> tuple[Record, Record]:
    kinds = columns(table)
    journal = {name: value for name, value in body.items() if kinds[name].kind == "journal"}
    return {name: value for name, value in body.items() if name not in journal}, journal


def derive(table: str, before: Record, values: Record, by: str, warn: Warn) -> Record:
    values = dict(values)
    if "opened_at" in columns(table) and not before["opened_at"]:
        values.setdefault("opened_at", now())
        values.setdefault("opened_by", "")
    if table == "incident":
        _twin_states(values)
    if "impact" in columns(table):
        _priority(before, values, warn)
    if table == "incident":
        _incident_life(before, values)
    if table == "interaction":
        _interaction_life(before, values, warn)
    return values


def _twin_states(values: Record) -> None:
    """`incident_state` is the legacy twin of `state`."""
    if "state" in values or "incident_state" in values:
        values["state"] = values["incident_state"] = values.get("state") or values["incident_state"]


def _priority(before: Record, values: Record, warn: Warn) -> None:
    both = (values.get("impact", before["impact"]), values.get("urgency", before["urgency"]))
    computed = PRIORITY.get(both, "")
    if values.get("priority", computed) != computed:
        warn(f"priority {values['priority']} was overwritten: impact and urgency make it {computed}")
    values["priority"] = computed


def _incident_life(before: Record, values: Record) -> None:
    after = {**before, **values}
    if after["state"] in ("6", "7"):
        missing = [
            label
            for name, label in (("close_code", "Resolution code"), ("close_notes", "Resolution notes"))
            if not after[name]
        ]
        if missing:
            raise errors.Refused(errors.data_policy(missing))
    if "state" in values:
        values["active"] = "false" if values["state"] in ("7", "8") else "true"
        if values["state"] in TIME_OF_STATE and before["state"] != values["state"]:
            values[TIME_OF_STATE[values["state"]]] = now()


def _interaction_life(before: Record, values: Record, warn: Warn) -> None:
    old, new = before["state"], values.get("state", before["state"])
    if old in CLOSED_INTERACTION and new != old:
        warn(f"interaction went back from {old} to {new}; a real instance allows it but nobody wants it")
    if "state" in values:
        closed = new in CLOSED_INTERACTION
        values["active"] = "false" if closed else "true"
        values["closed_at"] = (before["closed_at"] or now()) if closed else ""


def write_journal(store: Store, record: Record, entries: Record, by: str) -> None:
    for element, text in entries.items():
        if text:
            row = {"name": record["sys_class_name"], "element": element, "element_id": record["sys_id"], "value": text}
            store.insert("sys_journal_field", row, by)


def after_insert(store: Store, record: Record) -> None:
    """A phone log leaves a work note on its task (OpenFrame business rule)."""
    if record["sys_class_name"] != "sn_openframe_phone_log" or not record["task"]:
        return
    task = store.get("task", record["task"])
    if task:
        note = f"Phone call {record['call_id']} {record['call_type']} {record['phone_number']}".strip()
        write_journal(store, task, {"work_notes": note}, record["sys_created_by"])
