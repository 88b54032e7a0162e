"""Records as elements and back.

The typed service describes every object as a sequence, in the order of the alphabet; what every object has (`ID`) comes
first and lives in the name space `base`, as do the `ID` and `Name` of a reference (NamedID). An entry of a list says
what happens to it: `action="add"`. Source: the service's WSDL, as public generated clients show it."""

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from integrations.errors import Cause, Rejected
from integrations.providers.osvc.fields import LISTS, flat, nested
from integrations.providers.osvc.roql import name

from .envelope import TYPE, Element, Names, children, local, set_text

ELEMENT_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_]*$")
LIST_ENTRIES = {"emails": "EmailList", "phones": "PhoneList", "notes": "NoteList", "threads": "ThreadList"}


def object_of(names: Names, tag: str, kind: str, *, record_id: str = "", tree: Any = None) -> Element:
    """`<tag xsi:type="o:Incident">` with its id and fields. Raises `Rejected` for what is no name."""
    element = etree.Element(f"{{{names.messages}}}{tag}", nsmap=names.prefixes)
    element.set(TYPE, f"o:{name(kind)}")
    if record_id:
        etree.SubElement(element, f"{{{names.base}}}ID", {"id": record_id})
    _fill(names, element, tree or {})
    return element


def tree_of(fields: dict[str, Any]) -> dict[str, Any]:
    """Flat names as a tree in the service's spelling: `primaryContact.contact.id` is `PrimaryContact.Contact.ID`."""
    spelt: dict[str, Any] = _spelt(nested(fields))
    return spelt


def with_entry(tree: dict[str, Any], part: str, entry: dict[str, Any]) -> dict[str, Any]:
    """The tree with one more entry in a list (`notes`, `threads`)."""
    return {**tree, part.capitalize(): {LIST_ENTRIES[part]: [entry]}}


def fields_of(element: Element) -> dict[str, str]:
    """An object's fields as texts by dotted names; entries of lists are joined."""
    return flat(_read(element))


def entries_of(element: Element, part: str) -> Iterator[Element]:
    """The entries of one of an object's lists."""
    for held in children(element):
        if local(held).lower() == part:
            yield from children(held)


def _spelt(node: Any) -> Any:
    if isinstance(node, list):
        return [_spelt(child) for child in node]
    if not isinstance(node, dict):
        return node
    found = {"ID" if key.lower() == "id" else key[:1].upper() + key[1:]: _spelt(value) for key, value in node.items()}
    return {key: _as_list(key, value) for key, value in found.items()}


def _as_list(key: str, value: Any) -> Any:
    """Entries of a list stand in an element of their own: `Phones` holds `PhoneList` elements."""
    entry = LIST_ENTRIES.get(key.lower()) if key.lower() in LISTS else None
    if entry is None or (isinstance(value, dict) and entry in value):
        return value
    return {entry: value if isinstance(value, list) else [value]}


def _fill(names: Names, parent: Element, tree: dict[str, Any], *, depth: int = 0) -> None:
    for key in sorted(tree, key=lambda key: (key != "ID", key)):
        for value in tree[key] if isinstance(tree[key], list) else [tree[key]]:
            _add(names, parent, key, value, depth)


def _add(names: Names, parent: Element, key: str, value: Any, depth: int) -> None:
    reference = key == "ID" or (key == "Name" and depth > 0 and not isinstance(value, dict))
    element = etree.SubElement(parent, f"{{{names.base if reference else names.objects}}}{_element_name(key)}")
    if key in LIST_ENTRIES.values():
        element.set("action", "add")
    if key == "ID":
        element.set("id", _number(value))
    elif isinstance(value, dict):
        _fill(names, element, value, depth=depth + 1)
    elif value is not None:
        set_text(element, str(value).lower() if isinstance(value, bool) else str(value))


def _element_name(key: str) -> str:
    if not ELEMENT_NAME.match(key):
        raise Rejected(f'"{key[:80]}" is not the name of a field.', cause=Cause.INVALID_DATA, field=key[:80])
    return key


def _number(value: Any) -> str:
    text = str(value)
    if not text.isdigit():
        raise Rejected(f'"{text[:80]}" is not the id of a record: ids are whole numbers.', cause=Cause.INVALID_DATA)
    return text


def _read(element: Element) -> Any:
    held = children(element)
    if not held:
        return element.get("id") if local(element) == "ID" else (element.text or "").strip()
    found: dict[str, Any] = {}
    for each in held:
        name, value = local(each), _read(each)
        found[name] = [*found[name], value] if name in found else [value]
    return found
