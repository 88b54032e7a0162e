"""Pages for people where Lightning has its own: a record with its activity history, and the form of a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from .. import pages
from . import schema
from .rules import label
from .store import Row

if TYPE_CHECKING:
    from . import Salesforce


async def record(simulator: Salesforce, request: Request) -> Response:
    entity = schema.by_name(request.path_params["kind"])
    row = simulator.store.get(entity, request.path_params["id"]) if entity else None
    if entity is None or row is None:
        return pages.render(request, "salesforce/missing.html", status=404, simulator=simulator)
    facts = [
        (label(name), shown(simulator, name, value), entity.fields[name].type == schema.PHONE)
        for name, value in row.items()
        if value not in (None, "", False)
    ]
    about = {"recordId": row["Id"], "recordName": title(row), "objectType": entity.name}
    return pages.render(
        request, "salesforce/record.html", simulator=simulator, entity=entity, title=title(row), facts=facts,
        about=about, activities=activities(simulator, row["Id"]),
    )  # fmt: skip


async def activities_part(simulator: Salesforce, request: Request) -> Response:
    """The history alone, for a page that is open while it grows."""
    shown = activities(simulator, request.path_params["id"])
    return pages.render(request, "salesforce/_activities.html", simulator=simulator, activities=shown)


def title(row: Row) -> str:
    return str(row.get("Name") or row.get("Subject") or row["Id"])


def shown(simulator: Salesforce, name: str, value: object) -> str:
    """A reference by the name of what it points to."""
    found = simulator.store.find(value) if name != "Id" and isinstance(value, str) and len(value) == 18 else None
    return title(found[1]) if found else str(value)


def activities(simulator: Salesforce, id_: str) -> list[Row]:
    tasks = simulator.store.of(schema.ENTITIES["Task"])
    return [task for task in reversed(tasks) if id_ in (task.get("WhoId"), task.get("WhatId"))]


async def new(simulator: Salesforce, request: Request) -> Response:
    """The form that `defaultFieldValues` has filled; it saves nothing."""
    entity = schema.by_name(request.path_params["kind"])
    if entity is None:
        return pages.render(request, "salesforce/missing.html", status=404, simulator=simulator)
    pairs = [part.partition("=") for part in request.query_params.get("defaultFieldValues", "").split(",")]
    filled = {schema.field_name(entity, name): unquote(value) for name, _, value in pairs}
    fields = [(label(n), filled.get(n, "")) for n, each in entity.fields.items() if each.create and n != "OwnerId"]
    return pages.render(request, "salesforce/new.html", simulator=simulator, entity=entity, fields=fields)
