"""The block that finds out which of our own contacts an interaction is with."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import Q

from contactcenter.callers import matching
from contactcenter.models import Contact, ContactCenter
from contactcenter.phone import normalise
from contactcenter.scenarios.context import Context
from contactcenter.scenarios.settings_fields import BlockSettings, NameField, TemplateField
from contactcenter.scenarios.values import recordset

from .base import NEXT, NO_DATA, Block

SEVERAL = "several"
MOST_CONTACTS = 20


def _by_phone(value: str) -> Q | None:
    phone = normalise(value, ContactCenter.current().default_region)
    return Q(phones__line=phone.line) if phone.line else None


def _by_email(value: str) -> Q | None:
    return Q(email__iexact=value) | Q(emails__address__iexact=value)


def _by_id(value: str) -> Q | None:
    return Q(pk=int(value)) if value.isascii() and value.isdecimal() and len(value) < 18 else None


WAYS: dict[str, tuple[str, Callable[[str], Q | None]]] = {
    "phone": ("Phone number", _by_phone),
    "email": ("E-mail address", _by_email),
    "id": ("Id of the contact", _by_id),
}


class IdentifyContact(Block):
    """One contact found becomes that of the interaction. Of several none does: a wrong name is worse than none."""

    kind = "identify_contact"
    label = "Identify Contact"
    description = "Looks for the customer among the contacts of the contact centre and sets $(item.contactId)."
    exits = {NEXT: "Found", SEVERAL: "Several", NO_DATA: "Not found"}
    conditional = (SEVERAL, NO_DATA)

    class Settings(BlockSettings):
        by = forms.ChoiceField(
            label="By",
            choices=[(way, label) for way, (label, _) in WAYS.items()],
            initial="phone",
            help_text="What is known of the customer.",
        )
        value = TemplateField(
            label="Value",
            initial="$(item.customerPhone)",
            help_text="For example $(item.customerPhone), or a variable that holds an address or an id.",
        )
        recordset = NameField(
            label="Recordset name", required=False, help_text="Receives the contacts found, for Get Next Record."
        )

    def run(self, context: Context) -> str:
        label, way = WAYS[context.settings["by"]]
        value = context.text("value").strip()
        wanted = way(value) if value else None
        contacts = Contact.objects.filter(wanted).distinct() if wanted is not None else Contact.objects.none()
        found = list(contacts.prefetch_related("phones")[:MOST_CONTACTS])
        context.outcome = {"found": len(found)}
        if context.settings["recordset"]:
            context.set(context.settings["recordset"], recordset([_columns(each) for each in found], len(found)))
        if len(found) != 1:
            return SEVERAL if found else NO_DATA
        matching.is_contact(context.interaction, found[0], f"{label} {value}")
        context.outcome["contact"] = str(found[0])
        return NEXT


def _columns(contact: Contact) -> dict[str, Any]:
    phone = next(iter(contact.phones.all()), None)
    return {
        "id": str(contact.pk),
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "company": contact.company,
        "email": contact.email,
        "phone": phone.number if phone else "",
    }
