"""What may be written into a user or an organization, and how records are shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from . import errors, seed
from .paging import base_url
from .store import PLURAL, Record

if TYPE_CHECKING:
    from . import Zendesk

Check = Callable[[Any], bool]
E164 = re.compile(r"^\+[1-9]\d{6,14}(x\d{1,11})?$")
READ_ONLY = {"id", "url", "created_at", "updated_at", "result_type", "via", "description"}


def text(value: Any) -> bool:
    return isinstance(value, str)


def number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def flag(value: Any) -> bool:
    return isinstance(value, bool)


def texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(text, value))


def mapping(value: Any) -> bool:
    return isinstance(value, dict)


USER: dict[str, tuple[Check, str]] = {
    "name": (text, "must be a string"), "email": (text, "must be a string"), "phone": (text, "must be a string"),
    "role": (text, "must be a string"), "external_id": (text, "must be a string"), "notes": (text, "must be a string"),
    "details": (text, "must be a string"), "organization_id": (number, "must be an integer"),
    "tags": (texts, "must be an array of strings"), "user_fields": (mapping, "must be an object"),
    "verified": (flag, "must be a boolean"), "suspended": (flag, "must be a boolean"),
    "skip_verify_email": (flag, "must be a boolean"), "locale": (text, "must be a string"),
    "time_zone": (text, "must be a string"), "alias": (text, "must be a string"),
}  # fmt: skip
ORGANIZATION: dict[str, tuple[Check, str]] = {
    "name": (text, "must be a string"), "external_id": (text, "must be a string"), "notes": (text, "must be a string"),
    "details": (text, "must be a string"), "tags": (texts, "must be an array of strings"),
    "organization_fields": (mapping, "must be an object"),
}  # fmt: skip


def shown(request: Request, kind: str, record: Record) -> Record:
    return {"url": f"{base_url(request)}/api/v2/{PLURAL[kind]}/{record['id']}.json", **record}


def wrapped(body: dict[str, Any], kind: str) -> dict[str, Any]:
    """The record inside its wrapper: `{"ticket": {...}}`."""
    inner = body.get(kind)
    if not isinstance(inner, dict):
        raise errors.Refused(errors.invalid_attribute(kind, "must be an object"))
    return inner


def accepted(given: dict[str, Any], shape: dict[str, tuple[Check, str]], warn: Callable[[str], None]) -> dict[str, Any]:
    """Attributes of the right type. Unknown ones are dropped without a word, as at Zendesk; the request page tells."""
    values = {}
    for name, value in given.items():
        if name not in shape:
            warn(f"{name!r} is {'read-only' if name in READ_ONLY else 'not known'} and was dropped")
            continue
        check, words = shape[name]
        if value is not None and not check(value):
            raise errors.Refused(errors.invalid_attribute(name, words))
        values[name] = value
    return values


def check_user(simulator: Zendesk, values: Record, this: Record | None = None) -> None:
    if this is None and not str(values.get("name") or "").strip():
        raise errors.Refused(errors.record_invalid(name=("Name: cannot be blank", "BlankValue")))
    if values.get("role") not in (None, "end-user", "agent", "admin"):
        raise errors.Refused(errors.record_invalid(role="Role: is invalid"))
    for name in ("email", "external_id"):
        other = simulator.store.first("user", **{name: values[name]}) if values.get(name) else None
        if other is not None and other is not this:
            words = f"{name.capitalize()}: {values[name]} is already being used by another user"
            raise errors.Refused(errors.record_invalid(**{name: (words, "DuplicateValue")}))


def check_organization(simulator: Zendesk, values: Record, this: Record | None = None) -> None:
    if this is None and not str(values.get("name") or "").strip():
        raise errors.Refused(errors.record_invalid(name=("Name: cannot be blank", "BlankValue")))
    other = simulator.store.first("organization", name=values["name"]) if values.get("name") else None
    if other is not None and other is not this:
        raise errors.Refused(errors.record_invalid(name=("Name: has already been taken", "DuplicateValue")))


def check_phone(values: Record, warn: Callable[[str], None]) -> None:
    """Talk links callers to profiles whose number is E.164, with an optional extension `x123`; others are kept as they
    are, and never linked (developer.zendesk.com, "Users" > phone number)."""
    phone = values.get("phone")
    if phone and not E164.match(phone):
        warn(f"phone {phone!r} is not E.164 (+14155550132 or +14155550132x22): Talk links no caller to it")


def new_user(simulator: Zendesk, values: Record) -> Record:
    user = simulator.store.add("user", {**seed.person(str(values["name"]), values.get("email")), **stored(values)})
    if values.get("email"):
        simulator.store.add_identity(user, "email", str(values["email"]))
    if values.get("email") and not values.get("skip_verify_email"):
        simulator.note_mail(user)
    return user


def new_organization(simulator: Zendesk, values: Record) -> Record:
    return simulator.store.add("organization", {**seed.organization(str(values["name"])), **values})


def stored(values: Record) -> Record:
    return {name: value for name, value in values.items() if name != "skip_verify_email"}
