"""What the API tells about objects and their fields (REST API guide, "sObject Describe")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import schema
from .rules import label

if TYPE_CHECKING:
    from .rest import Call


def short(call: Call, entity: schema.Entity) -> dict[str, Any]:
    base = f"{call.base}/sobjects/{entity.name}"
    return {
        "name": entity.name,
        "label": entity.name,
        "labelPlural": f"{entity.name}s",
        "keyPrefix": entity.prefix,
        "custom": False,
        "queryable": call.may(entity.name, "read"),
        "searchable": call.may(entity.name, "read"),
        "retrieveable": call.may(entity.name, "read"),
        "createable": call.may(entity.name, "create"),
        "updateable": call.may(entity.name, "edit"),
        "deletable": call.may(entity.name, "delete"),
        "urls": {"sobject": base, "describe": f"{base}/describe", "rowTemplate": f"{base}/{{ID}}"},
    }


def whole(call: Call, entity: schema.Entity) -> dict[str, Any]:
    names = [name for name in entity.fields if not call.hidden(entity.name, name)]
    return {**short(call, entity), "fields": [field(name, entity.fields[name]) for name in names]}


def field(name: str, each: schema.Field) -> dict[str, Any]:
    choices = [{"value": v, "label": v, "active": True, "defaultValue": v == each.default} for v in each.choices]
    return {
        "name": name,
        "label": label(name),
        "type": each.type,
        "length": each.length if each.type in schema.TEXTUAL else 0,
        "nillable": not each.required,
        "createable": each.create,
        "updateable": each.update,
        "filterable": each.filterable,
        "externalId": each.external,
        "unique": each.external,
        "custom": name.endswith("__c"),
        "restrictedPicklist": each.restricted,
        "picklistValues": choices,
        "referenceTo": list(each.to),
        "relationshipName": each.relation or None,
    }
