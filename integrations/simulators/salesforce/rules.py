"""What the organisation does to a record before it is stored: types, lengths, lists, required and read-only fields, and
the rules of a call's Task (Salesforce object reference; REST API guide for the words)."""

from __future__ import annotations

import re
from typing import Any

from . import schema
from .errors import Refused
from .store import Row, Store

ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
DATE = re.compile(r"\d{4}-\d\d-\d\d")


def check(store: Store, entity: schema.Entity, values: Any, hidden: set[str], row: Row | None = None) -> Row:
    """The values as they are stored. `row`: the record that is changed, None for a new one. Raises `Refused`."""
    if not isinstance(values, dict):
        raise Refused(400, "JSON_PARSER_ERROR", "The HTTP entity body is required to be a JSON object")
    spelt = {name: known(entity, name, hidden) for name in values if name != "attributes"}
    _writable(entity, list(spelt.values()), new=row is None)
    found = {name: cleaned(store, name, entity.fields[name], values[given]) for given, name in spelt.items()}
    _required(entity, found, row)
    if entity.name == "Task":
        _call(store, {**(row or {}), **found})
    if entity.name == "CampaignMember" and row is None:
        _member(store, found)
    return found


def known(entity: schema.Entity, name: str, hidden: set[str]) -> str:
    spelt = schema.field_name(entity, name)
    if not spelt or spelt in hidden:
        raise Refused(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {entity.name}")
    return spelt


def cleaned(store: Store, name: str, field: schema.Field, value: Any) -> Any:
    if value is None or value == "":
        return None
    if field.type == schema.BOOLEAN:
        return _typed(value, bool, "boolean")
    if field.type == schema.INTEGER:
        return _typed(value, int, "int")
    if field.type == schema.DATE:
        return _date(value)
    text = value if isinstance(value, str) else str(value)
    if field.type == schema.REFERENCE:
        return _reference(store, name, field, text)
    if len(text) > field.length:
        message = f"{label(name)}: data value too large: {text[:40]}... (max length={field.length})"
        raise Refused(400, "STRING_TOO_LONG", message, [name])
    if field.restricted and text not in field.choices:
        message = f"{label(name)}: bad value for restricted picklist field: {text}"
        raise Refused(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [name])
    if field.type == schema.EMAIL and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        raise Refused(400, "INVALID_EMAIL_ADDRESS", f"{label(name)}: invalid email address: {text}", [name])
    return text


def _typed(value: Any, kind: type, name: str) -> Any:
    if type(value) is kind:
        return value
    raise Refused(400, "JSON_PARSER_ERROR", f"Cannot deserialize instance of {name} from VALUE_STRING value {value}")


def _date(value: Any) -> str:
    if isinstance(value, str) and DATE.fullmatch(value[:10]):
        return value[:10]
    raise Refused(400, "JSON_PARSER_ERROR", f"Cannot deserialize instance of date from VALUE_STRING value {value}")


def _reference(store: Store, name: str, field: schema.Field, text: str) -> str:
    if not ID.fullmatch(text):
        raise Refused(400, "MALFORMED_ID", f"{label(name)}: id value of incorrect type: {text}", [name])
    found = store.find(text)
    if found is None or found[0].name not in field.to:
        raise Refused(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])
    return str(found[1]["Id"])


def _writable(entity: schema.Entity, names: list[str], *, new: bool) -> None:
    fixed = [n for n in names if not (entity.fields[n].create if new else entity.fields[n].update)]
    if fixed:
        message = (
            f"Unable to create/update fields: {', '.join(fixed)}. Please check the security settings of this field and "
            "verify that it is read/write for your profile or permission set."
        )
        raise Refused(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, fixed)


def _required(entity: schema.Entity, found: Row, row: Row | None) -> None:
    merged = {**(row or {}), **found}
    missing = [name for name, field in entity.fields.items() if field.required and not merged.get(name)]
    if missing:
        raise Refused(400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)


def _call(store: Store, task: Row) -> None:
    """A lead has no account, so nothing else may be named beside it."""
    who = store.find(task.get("WhoId") or "")
    if who and who[0].name == "Lead" and task.get("WhatId"):
        message = "If the WhoId refers to a lead, then the WhatId field value must be empty."
        raise Refused(400, "FIELD_INTEGRITY_EXCEPTION", message, ["WhatId"])


def _member(store: Store, member: Row) -> None:
    """One contact or one lead, once in each campaign."""
    person = member.get("ContactId") or member.get("LeadId")
    if not person:
        raise Refused(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [LeadId]", ["LeadId"])
    members = store.rows["CampaignMember"].values()
    same = (each for each in members if each["CampaignId"] == member["CampaignId"])
    if any(person in (each["ContactId"], each["LeadId"]) for each in same):
        raise Refused(400, "DUPLICATE_VALUE", "Already a campaign member.", [])


def label(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("__c").replace("_", " "))
