"""Records in the shape of Connect REST, with what the product itself does to them.

A contact's lookupName is its name, an incident's its reference number (yymmdd-nnnnnn, set by the server); `rawNumber`
holds the digits of `number`; entries of lists get ids; menu values are taken by id or by lookupName."""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime
from typing import Any

from . import seed

Record = dict[str, Any]

KINDS = ("contacts", "incidents", "organizations", "accounts")
LISTS = ("emails", "phones", "notes", "threads")
FIELDS: dict[str, set[str]] = {
    "contacts": {"name", "title", "login", "disabled", "emails", "phones", "notes", "organization"},
    "incidents": {"subject", "primaryContact", "organization", "assignedTo", "statusWithType", "channel", "threads"},
    "organizations": {"name", "notes"},
    "accounts": {"login", "displayName", "name", "emails", "phones"},
}
ENTRY_FIELDS: dict[str, set[str]] = {
    "emails": {"address", "addressType"},
    "phones": {"number", "phoneType"},
    "notes": {"text"},
    "threads": {"text", "entryType", "contentType", "channel"},
}
MENUS: dict[str, dict[int, str]] = {
    "status": {1: "Unresolved", 2: "Solved", 3: "Waiting", 8: "Updated"},
    "entryType": {1: "Note", 2: "Staff Account", 3: "Customer", 4: "Customer Proxy"},
    "contentType": {1: "text/plain", 2: "text/html"},
    "phoneType": {0: "Office Phone", 1: "Mobile Phone", 2: "Fax Phone", 3: "Assistant Phone", 4: "Home Phone"},
    "addressType": {0: "Email - Primary", 1: "Alternate Email 1", 2: "Alternate Email 2"},
}
REFERENCES = {"primaryContact": "contacts", "organization": "organizations", "account": "accounts"}
LONGEST_SUBJECT = 240


class Missing(Exception):
    """No such record."""


class Unknown(Exception):
    """No such object."""


class Invalid(Exception):
    """A field or value that the product does not take."""


class Store:
    def __init__(self) -> None:
        self.tables: dict[str, dict[int, Record]] = {kind: {} for kind in KINDS}
        self.next_entry = 1
        for kind, rows in seed.ROWS.items():
            for row in rows:
                self.create(kind, copy.deepcopy(row))

    def kind(self, name: str) -> str:
        """`Contact`, `contacts` and `CONTACTS` are the same object. Raises `Unknown`."""
        plural = name.lower().removesuffix("s") + "s"
        if plural not in KINDS:
            raise Unknown(name)
        return plural

    def all(self, kind: str) -> list[Record]:
        return list(self.tables[self.kind(kind)].values())

    def get(self, kind: str, record_id: str | int) -> Record:
        table = self.tables[self.kind(kind)]
        if not str(record_id).isdigit() or int(record_id) not in table:
            raise Missing(f"{kind} {record_id}")
        return table[int(record_id)]

    def create(self, kind: str, fields: Record) -> Record:
        kind = self.kind(kind)
        checked = self._checked(kind, fields)
        table = self.tables[kind]
        now = stamp()
        record: Record = {"id": max(table, default=0) + 1, "lookupName": "", "createdTime": now, "updatedTime": now}
        record |= {name: [] for name in LISTS if name in FIELDS[kind]}
        if kind == "incidents":
            record["statusWithType"] = {"status": {"id": 1, "lookupName": "Unresolved"}}
            record["referenceNumber"] = f"{datetime.now(UTC):%y%m%d}-{record['id']:06d}"
        self._apply(record, checked)
        table[record["id"]] = record
        return record

    def update(self, kind: str, record_id: str | int, fields: Record) -> Record:
        record = self.get(kind, record_id)
        self._apply(record, self._checked(self.kind(kind), fields))
        return record

    def delete(self, kind: str, record_id: str | int) -> None:
        record = self.get(kind, record_id)
        del self.tables[self.kind(kind)][record["id"]]

    def _checked(self, kind: str, fields: Record) -> Record:
        """The fields with menu values and references looked up. Raises `Invalid` before anything is stored."""
        if not isinstance(fields, dict):
            raise Invalid("A record is an object of fields")
        unknown = set(fields) - FIELDS[kind]
        if unknown:
            raise Invalid(f"Invalid field: {sorted(unknown)[0]}; {kind} has no such field that can be written")
        return {name: self._value(name, value) for name, value in fields.items()}

    def _value(self, name: str, value: Any) -> Any:
        if name in LISTS:
            return [self._entry(name, entry) for entry in _list(name, value)]
        if name in MENUS:
            return menu(name, value)
        if name in REFERENCES:
            return self._reference(name, value)
        if name == "subject" and len(str(value)) > LONGEST_SUBJECT:
            raise Invalid(f"subject is longer than {LONGEST_SUBJECT} characters")
        if isinstance(value, dict):
            return {inner: self._value(inner, child) for inner, child in value.items()}
        return value

    def _entry(self, name: str, entry: Any) -> Record:
        if not isinstance(entry, dict) or set(entry) - ENTRY_FIELDS[name]:
            raise Invalid(f"An entry of {name} has the fields {', '.join(sorted(ENTRY_FIELDS[name]))}")
        found = {inner: self._value(inner, value) for inner, value in entry.items()}
        if name == "threads" and "entryType" not in found:
            raise Invalid("A thread needs an entryType")
        if name == "phones":
            found["rawNumber"] = re.sub(r"\D", "", str(found.get("number", "")))
        found |= {"id": self.next_entry, **({"createdTime": stamp()} if name in ("threads", "notes") else {})}
        self.next_entry += 1
        return found

    def _reference(self, name: str, value: Any) -> Record:
        target = value.get("id") if isinstance(value, dict) else None
        try:
            record = self.get(REFERENCES[name], str(target))
        except Missing:
            raise Invalid(f"{name}: there is no record with the id {target}") from None
        return {"id": record["id"], "lookupName": record["lookupName"]}

    def _apply(self, record: Record, fields: Record) -> None:
        for name, value in fields.items():
            if name in LISTS:
                record[name] = [*record.get(name, []), *value]
            elif isinstance(value, dict) and isinstance(record.get(name), dict):
                record[name] = {**record[name], **value}
            else:
                record[name] = value
        record["updatedTime"] = stamp()
        record["lookupName"] = lookup_name(record)


def lookup_name(record: Record) -> str:
    name = record.get("name")
    if isinstance(name, dict):
        return " ".join(filter(None, (name.get("first"), name.get("last"))))
    return str(record.get("referenceNumber") or name or record.get("displayName") or record["id"])


def menu(name: str, value: Any) -> Record:
    """A choice of a menu, by id or by lookupName. Raises `Invalid`."""
    choices = MENUS[name]
    if isinstance(value, dict) and "id" in value and str(value["id"]).isdigit() and int(value["id"]) in choices:
        return {"id": int(value["id"]), "lookupName": choices[int(value["id"])]}
    if isinstance(value, dict):
        for number, text in choices.items():
            if text == value.get("lookupName"):
                return {"id": number, "lookupName": text}
    raise Invalid(f"{name}: {value!r} is no choice of this menu")


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Invalid(f"{name} is a list")
    return value


def stamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
