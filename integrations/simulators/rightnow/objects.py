"""Records of the store as elements of the typed service, and back.

The store keeps the names of Connect REST; here `primaryContact.id` is `PrimaryContact/Contact/ID/@id`, a menu's
`lookupName` is `Name`, and entries of a list stand in elements of their own."""

from __future__ import annotations

from typing import Any

from lxml import etree

from ..osvc.store import Record
from .envelope import BASE, INSTANCE, MESSAGES, OBJECTS, PREFIXES, Element

TYPE = f"{{{INSTANCE}}}type"
ENTRIES = {"emails": "EmailList", "phones": "PhoneList", "notes": "NoteList", "threads": "ThreadList"}
BASE_FIELDS = ("lookupName", "createdTime", "updatedTime")
# Fields that an object shows without being asked; its other parts come when the template names them.
OWN_FIELDS = {"subject", "referenceNumber", "title", "login", "displayName", "disabled"}
SHOWN_ENTRY = {"address", "addressType", "number", "phoneType", "rawNumber", "text", "entryType", "contentType",
               "createdTime", "id"}  # fmt: skip
NO_ID = ("emails", "phones")


def local(element: Element) -> str:
    return str(etree.QName(element).localname)


def kind_of(element: Element) -> str:
    """The object's name, which stands in `xsi:type="o:Incident"`."""
    return str(element.get(TYPE, "")).rpartition(":")[2]


def type_of(kind: str) -> str:
    return kind.lower().removesuffix("s").capitalize()


def id_of(element: Element) -> str:
    found = element.find(f"{{{BASE}}}ID")
    return "" if found is None else str(found.get("id") or "")


# -- from elements


def fields_of(element: Element) -> Record:
    """What is to be written, in the store's names."""
    return {spelt(local(child)): _value(child) for child in element if local(child) != "ID"}


def _value(element: Element) -> Any:
    name = spelt(local(element))
    if name in ENTRIES:
        return [_tree(entry) for entry in element]
    if name == "primaryContact":
        return _tree(element).get("contact", {})
    return _tree(element) if len(element) else (element.text or "")


def _tree(element: Element) -> Record:
    found: Record = {}
    for child in element:
        if local(child) == "ID":
            found["id"] = int(child.get("id"))
        elif local(child) == "Name" and not len(child):
            found["lookupName"] = child.text or ""
        else:
            found[spelt(local(child))] = _tree(child) if len(child) else (child.text or "")
    return found


def spelt(name: str) -> str:
    return name[:1].lower() + name[1:]


# -- to elements


def element_of(record: Record, wanted: Element) -> Element:
    """The record with its own fields and the parts that the template names."""
    named = {spelt(local(child)) for child in wanted}
    element = reference(record, kind_of(wanted))
    for name in BASE_FIELDS:
        etree.SubElement(element, f"{{{BASE}}}{titled(name)}").text = str(record[name])
    for name in sorted(set(record) & (OWN_FIELDS | named), key=titled):
        _add(element, name, record[name])
    return element


def reference(record: Record, kind: str) -> Element:
    element = etree.Element(f"{{{MESSAGES}}}RNObjects", nsmap=PREFIXES)
    element.set(TYPE, f"o:{type_of(kind)}")
    etree.SubElement(element, f"{{{BASE}}}ID", {"id": str(record["id"])})
    return element


def titled(name: str) -> str:
    return name[:1].upper() + name[1:]


def _add(parent: Element, name: str, value: Any) -> None:
    element = etree.SubElement(parent, f"{{{OBJECTS}}}{titled(name)}")
    if name in ENTRIES:
        for entry in value:
            _fill(etree.SubElement(element, f"{{{OBJECTS}}}{ENTRIES[name]}"), shown(name, entry))
    elif name == "primaryContact":
        _fill(etree.SubElement(element, f"{{{OBJECTS}}}Contact"), value)
    elif isinstance(value, dict):
        _fill(element, value)
    else:
        element.text = str(value).lower() if isinstance(value, bool) else str(value)


def shown(name: str, entry: Record) -> Record:
    return {key: value for key, value in entry.items() if key in SHOWN_ENTRY and not (key == "id" and name in NO_ID)}


def _fill(element: Element, value: Record) -> None:
    """The parts of a reference (ID, Name) are in the name space of `base`, all others in that of the objects."""
    named = "lookupName" in value
    for key in sorted(value, key=titled):
        if key == "id":
            etree.SubElement(element, f"{{{BASE if named else OBJECTS}}}ID", {"id": str(value[key])})
        elif key == "lookupName":
            etree.SubElement(element, f"{{{BASE}}}Name").text = value[key]
        else:
            _add(element, key, value[key])
