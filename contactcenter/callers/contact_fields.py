"""Reading and writing one field of a contact by the path that the field mapping of caller-data systems uses.

The paths are those of `integrations.field_mapping.TARGETS`: `contact.first_name`, `contact.phones[type=mobile].number`,
`contact.emails[0].address`, `contact.addresses[0].city`, `contact.custom.<name>`, `external.<name>`."""

import re
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_date

from ..models import Contact, ContactCenter, ContactPhone
from ..phone import normalise

LISTED = re.compile(r"^contact\.(phones|emails|addresses|social_links)\[(?:type=(\w+)|(\d+))\]\.(\w+)$")
NAMED = re.compile(r"^(contact\.custom|external)\.(.+)$")
# The contact form's words for kinds of phones, where ours differ.
PHONE_KINDS = {"work": ContactPhone.Kind.BUSINESS}
VALUE_OF = {"phones": "number", "emails": "address", "social_links": "url"}


class NoSuchField(LookupError):
    """A path that no contact has."""


def read(contact: Contact, target: str) -> str:
    """The value at a path, empty where there is none. Raises `NoSuchField`."""
    listed, named = LISTED.match(target), NAMED.match(target)
    if named:
        found = contact.details.filter(name=named[2], external=named[1] == "external").first()
        return found.value if found else ""
    if listed is None:
        return _text(getattr(contact, _column(target)))
    if _is_first_email(listed):
        return contact.email
    row = _row(contact, listed)
    return _text(getattr(row, listed[4])) if row is not None else ""


def write(contact: Contact, target: str, value: str) -> None:
    """Set the value at a path. Raises `NoSuchField`, or `ValidationError` where the value does not fit the field."""
    listed, named = LISTED.match(target), NAMED.match(target)
    if named:
        external = named[1] == "external"
        contact.details.update_or_create(name=named[2], external=external, defaults={"value": value[:400]})
    elif listed is None:
        _write_column(contact, _column(target), value)
    elif _is_first_email(listed):
        _write_column(contact, "email", value)
    else:
        _write_row(contact, listed, value)


def _column(target: str) -> str:
    name = target.removeprefix("contact.")
    if not target.startswith("contact.") or name not in {field.name for field in Contact._meta.concrete_fields}:
        raise NoSuchField(target)
    return name


def _write_column(contact: Contact, name: str, value: str) -> None:
    field: Any = Contact._meta.get_field(name)
    cleaned: Any = _date(value) if name == "date_of_birth" else value[: field.max_length or None]
    setattr(contact, name, field.clean(cleaned, contact))
    contact.save(update_fields=[name])


def _date(value: str) -> date:
    found = parse_date(value[:10])
    if found is None:
        raise ValidationError(f"{value} is no date.")
    return found


def _is_first_email(listed: re.Match[str]) -> bool:
    return listed[1] == "emails" and listed[3] == "0"


def _row(contact: Contact, listed: re.Match[str]) -> Any:
    """The row that a path names by kind or by order (from 0); the first e-mail is the contact's own column."""
    what, kind, order = listed[1], listed[2], listed[3]
    rows = getattr(contact, what).order_by("id")
    if kind:
        return rows.filter(kind=PHONE_KINDS.get(kind, kind) if what == "phones" else kind).first()
    place = int(order) - (1 if what == "emails" else 0)
    return rows[place : place + 1].first() if place >= 0 else None


def _write_row(contact: Contact, listed: re.Match[str], value: str) -> None:
    what, kind, part = listed[1], listed[2], listed[4]
    rows = getattr(contact, what)
    row = _row(contact, listed)
    if row is None and part == VALUE_OF.get(what) and rows.filter(**{part: value}).exists():
        return  # the value is there already, at another place
    if row is None:
        row = rows.model(contact=contact)
        if kind:
            row.kind = PHONE_KINDS.get(kind, kind) if what == "phones" else kind
    setattr(row, part, row._meta.get_field(part).clean(value, row))
    _save(row)


def _save(row: Any) -> None:
    """A number that the contact has already, however it is written, is not added again."""
    if isinstance(row, ContactPhone) and row.pk is None:
        number = normalise(row.number, ContactCenter.current().default_region)
        if any(normalise(phone.e164).may_be(number) or phone.e164 == number.key for phone in row.contact.phones.all()):
            return
    row.save()


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value or "")
