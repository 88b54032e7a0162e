"""The lists and forms in the main frame of the host page.

They show the same records as the REST interface and refresh themselves, so that one sees an interaction go from
New to Work in Progress to Closed while the contact centre writes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from .. import pages
from . import acl, errors, identity, present, query, rules, schema, views
from .store import Record

if TYPE_CHECKING:
    from . import ServiceNow

LIST_LIMIT = 100


def silent(text: str) -> None:
    """Warnings are for API clients; a person sees the page."""


def to_login(request: Request) -> Response:
    here = f"{request.url.path.rsplit('/', 1)[-1]}?{request.url.query}"
    return RedirectResponse(f"login.do?{urlencode({'next': here})}", 302)


async def list_page(simulator: ServiceNow, request: Request) -> Response:
    user, table = identity.session_user(simulator, request), request.path_params["table"]
    if user is None:
        return to_login(request)
    if table not in schema.TABLES:
        return pages.render(request, "servicenow/missing.html", status=404, simulator=simulator)
    text = request.query_params.get("sysparm_query", "")
    parsed = query.parse(text, table, simulator.store, lambda script: "")
    rows = [
        row
        for row in simulator.store.rows(table)
        if query.matches(parsed, row, simulator.store, case_sensitive=False)
        and acl.visible(simulator.settings, user, row)
    ]
    rows = query.ordered(parsed, rows, simulator.store)
    columns = views.list_columns(table, tuple(schema.TABLES[table].columns))
    context = {
        "table": table,
        "title": schema.TABLES[table].label + "s",
        "columns": columns,
        "rows": [cells(simulator, row, columns) for row in rows[:LIST_LIMIT]],
        "total": len(rows),
        "query": text,
        "live": f"_live/{table}_list.do?{request.url.query}",
    }
    return _page(simulator, request, "list", user, context)


def _page(simulator: ServiceNow, request: Request, name: str, user: Record, context: dict[str, Any]) -> Response:
    """The whole page, or only its live part when the page asks for news of itself."""
    part = "_live/" in request.url.path
    template = f"servicenow/_{name}_live.html" if part else f"servicenow/{name}.html"
    return pages.render(request, template, simulator=simulator, user=user, views=views, **context)


def cells(simulator: ServiceNow, record: Record, columns: tuple[str, ...]) -> dict[str, Any]:
    kinds = schema.columns(record["sys_class_name"])
    return {
        "sys_id": record["sys_id"],
        "table": record["sys_class_name"],
        "record": record,
        "cells": [cell(simulator, record, name, kinds[name]) for name in columns if name in kinds],
    }


def cell(simulator: ServiceNow, record: Record, name: str, column: schema.Column) -> dict[str, str]:
    return {
        "name": name,
        "label": views.label(name),
        "value": record[name],
        "text": present.display(simulator.store, record, name),
        "link": reference_link(simulator, record, name, column),
        "phone": record[name] if name in views.PHONE_COLUMNS else "",
        "kind": column.kind,
    }


def reference_link(simulator: ServiceNow, record: Record, name: str, column: schema.Column) -> str:
    if column.kind not in ("reference", "document") or not record[name]:
        return ""
    table = present.target_table(record, column)
    target = simulator.store.get(table, record[name]) if table in schema.TABLES else None
    return f"{target['sys_class_name']}.do?sys_id={target['sys_id']}" if target else ""


async def form_page(simulator: ServiceNow, request: Request) -> Response:
    user, table = identity.session_user(simulator, request), request.path_params["table"]
    if user is None:
        return to_login(request)
    if table not in schema.TABLES:
        return pages.render(request, "servicenow/missing.html", status=404, simulator=simulator)
    if request.method == "POST":
        return await save(simulator, request, user, table)
    sys_id = request.query_params.get("sys_id", "-1")
    if sys_id == "-1":
        return new_form(
            simulator, request, user, table, prefilled(table, request.query_params.get("sysparm_query", ""))
        )
    record = simulator.store.get(table, sys_id)
    if record is None or not acl.visible(simulator.settings, user, record):
        return pages.render(request, "servicenow/missing.html", status=404, simulator=simulator)
    return record_form(simulator, request, user, record)


def prefilled(table: str, text: str) -> Record:
    pairs = (term.partition("=") for term in text.split("^"))
    return {name: value for name, found, value in pairs if found and name in schema.columns(table)}


def record_form(simulator: ServiceNow, request: Request, user: Record, record: Record, problem: str = "") -> Response:
    table = record["sys_class_name"]
    columns = views.form_columns(table, tuple(schema.TABLES[table].columns))
    context = {
        "table": table,
        "title": schema.TABLES[table].label,
        "record": record,
        "fields": cells(simulator, record, columns)["cells"],
        "caller_phones": phones_of_person(simulator, record),
        "entries": stream(simulator, record),
        "related": related(simulator, record),
        "inputs": inputs(simulator, table, record) if acl.allowed(simulator.settings, user, table, "update") else [],
        "problem": problem,
        "view": request.query_params.get("sysparm_view", ""),
        "live": f"_live/{table}.do?sys_id={quote(record['sys_id'])}",
    }
    return _page(simulator, request, "form", user, context)


def new_form(
    simulator: ServiceNow, request: Request, user: Record, table: str, values: Record, problem: str = ""
) -> Response:
    blank = dict.fromkeys(schema.columns(table), "") | schema.TABLES[table].defaults | values
    context = {
        "table": table,
        "title": schema.TABLES[table].label,
        "inputs": inputs(simulator, table, {**blank, "sys_class_name": table}, extra=tuple(values)),
        "problem": problem,
        "view": request.query_params.get("sysparm_view", ""),
    }
    return _page(simulator, request, "new", user, context)


def inputs(simulator: ServiceNow, table: str, record: Record, extra: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    kinds = schema.columns(table)
    names = dict.fromkeys((*views.EDITABLE.get(table, ()), *(name for name in extra if name in kinds)))
    return [
        {
            "name": name,
            "label": views.label(name),
            "value": record[name],
            "options": options(simulator, kinds[name]),
            "long": name in views.LONG_TEXT,
        }
        for name in names
    ]


def options(simulator: ServiceNow, column: schema.Column) -> list[tuple[str, str]]:
    if column.kind == "choice":
        return list(column.choices)
    if column.kind == "reference":
        rows = sorted(simulator.store.rows(column.target), key=lambda row: row.get("name", ""))
        return [("", "None"), *((row["sys_id"], simulator.store.display(column.target, row["sys_id"])) for row in rows)]
    return []


def phones_of_person(simulator: ServiceNow, record: Record) -> list[dict[str, Any]]:
    """The numbers behind the person of this record, for the phone icons (UI macro show_phone)."""
    person_id = record.get("caller_id") or record.get("opened_for") or record.get("contact") or ""
    person = simulator.store.get("sys_user", person_id) if person_id else None
    source = person or record
    names = [name for name in ("phone", "mobile_phone", "home_phone", "business_phone") if source.get(name)]
    return [
        {
            "label": views.label(name),
            "number": source[name],
            "entity": source["sys_class_name"],
            "sys_id": source["sys_id"],
            "contact": source.get("name", ""),
            "country": source.get("country", ""),
            "about": {"entity": record["sys_class_name"], "sys_id": record["sys_id"]},
        }
        for name in names
    ]


def stream(simulator: ServiceNow, record: Record) -> list[dict[str, str]]:
    return [
        {
            "author": present.author(simulator.store, row),
            "kind": present.JOURNAL_LABELS[row["element"]],
            "at": row["sys_created_on"],
            "text": row["value"],
        }
        for row in present.entries(simulator.store, record)
    ]


def related(simulator: ServiceNow, record: Record) -> list[dict[str, str]]:
    """Interactions of a record, and the records of an interaction."""
    found: list[tuple[str, str]] = []
    for row in simulator.store.rows("interaction_related_record"):
        if row["interaction"] == record["sys_id"]:
            found.append((row["document_table"], row["document_id"]))
        elif row["document_id"] == record["sys_id"]:
            found.append(("interaction", row["interaction"]))
    if record["sys_class_name"] in ("sys_user", "customer_contact"):
        found += [
            ("incident", r["sys_id"]) for r in simulator.store.rows("incident") if r["caller_id"] == record["sys_id"]
        ]
    return [shown for table, sys_id in found if (shown := _related(simulator, table, sys_id))]


def _related(simulator: ServiceNow, table: str, sys_id: str) -> dict[str, str] | None:
    target = simulator.store.get(table, sys_id) if table in schema.TABLES else None
    if target is None:
        return None
    return {
        "label": schema.TABLES[target["sys_class_name"]].label,
        "name": simulator.store.display(table, sys_id),
        "text": target.get("short_description", ""),
        "link": f"{target['sys_class_name']}.do?sys_id={sys_id}",
    }


async def save(simulator: ServiceNow, request: Request, user: Record, table: str) -> Response:
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
    sys_id = form.pop("sys_id", "-1")
    values = rules.accept(table, form, silent)
    record = simulator.store.get(table, sys_id)
    if not acl.allowed(simulator.settings, user, table, "update" if record else "create"):
        return pages.render(request, "servicenow/missing.html", status=403, simulator=simulator)
    try:
        if record:
            rules.update(simulator.store, record, values, user["user_name"], silent)
        else:
            record = rules.insert(simulator.store, table, values, user["user_name"], silent)
    except errors.Refused:
        problem = "Resolution code and resolution notes are mandatory for this state."
        if record:
            return record_form(simulator, request, user, record, problem)
        return new_form(simulator, request, user, table, values, problem)
    return RedirectResponse(f"{table}.do?sys_id={record['sys_id']}", 303)
