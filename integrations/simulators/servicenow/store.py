"""The instance's database: records in memory, every value a string, as the Table API shows them."""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

from .schema import TABLES, Column, columns, extends

Record = dict[str, str]


def now() -> str:
    """ServiceNow's date-time: UTC, seconds, a space in the middle."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")


def fixed_sys_id(*parts: str) -> str:
    """A sys_id that is the same after every reset, so that seed records can be linked to."""
    return hashlib.md5("/".join(parts).encode(), usedforsecurity=False).hexdigest()


class Store:
    def __init__(self) -> None:
        self._tables: dict[str, dict[str, Record]] = {name: {} for name in TABLES}
        self._numbers: dict[str, int] = defaultdict(lambda: 10_000)

    def rows(self, table: str) -> Iterator[Record]:
        """Records of the table and of every table that extends it."""
        for name, records in self._tables.items():
            if extends(name, table):
                yield from records.values()

    def get(self, table: str, sys_id: str) -> Record | None:
        for name, records in self._tables.items():
            if extends(name, table) and sys_id in records:
                return records[sys_id]
        return None

    def first(self, table: str, **values: str) -> Record | None:
        for record in self.rows(table):
            if all(record.get(key, "") == value for key, value in values.items()):
                return record
        return None

    def insert(self, table: str, values: Record, by: str, sys_id: str = "") -> Record:
        record = dict.fromkeys(columns(table), "") | TABLES[table].defaults | values
        stamp = now()
        record |= {
            "sys_id": sys_id or uuid.uuid4().hex,
            "sys_class_name": table,
            "sys_created_by": by,
            "sys_created_on": values.get("sys_created_on") or stamp,
            "sys_updated_by": by,
            "sys_updated_on": stamp,
            "sys_mod_count": "0",
        }
        if TABLES[table].prefix and "number" in record and not record["number"]:
            record["number"] = self._next_number(table)
        self._tables[table][record["sys_id"]] = record
        return record

    def update(self, record: Record, values: Record, by: str) -> None:
        record.update(values)
        record["sys_updated_by"] = by
        record["sys_updated_on"] = now()
        record["sys_mod_count"] = str(int(record["sys_mod_count"]) + 1)

    def delete(self, record: Record) -> None:
        del self._tables[record["sys_class_name"]][record["sys_id"]]

    def _next_number(self, table: str) -> str:
        self._numbers[table] += 1
        return f"{TABLES[table].prefix}{self._numbers[table]:07d}"

    def walk(self, record: Record, path: str) -> tuple[Column, Record, str] | None:
        """Follows `caller_id.email`: the column, the record it is read from, and its name there."""
        *steps, last = path.split(".")
        for step in steps:
            column = columns(record["sys_class_name"]).get(step)
            following = self.get(column.target, record[step]) if column and column.kind == "reference" else None
            if following is None:
                return None
            record = following
        column = columns(record["sys_class_name"]).get(last)
        return (column, record, last) if column else None

    def display(self, table: str, sys_id: str) -> str:
        if not sys_id or table not in TABLES:
            return ""
        record = self.get(table, sys_id)
        return record[TABLES[record["sys_class_name"]].display] if record else ""
