"""Several records in one answer, and what public clients use besides: `show_many`, `create_or_update`, a person's
tickets, tags, deleting a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from . import errors, paging, query, records
from .store import PLURAL, Record

if TYPE_CHECKING:
    from . import Zendesk

MOST_IDS = 100


def show_many(simulator: Zendesk, request: Request, kind: str) -> Response:
    """`?ids=1,2` in the order of the ids; unknown ones are left out."""
    text = request.query_params.get("ids", "")
    numbers = [int(part) for part in text.split(",") if part.strip().isdecimal()]
    if not numbers or len(numbers) > MOST_IDS:
        raise errors.Refused(errors.invalid_attribute("ids", f"must be 1 to {MOST_IDS} numbers"))
    found = [row for number in numbers if (row := simulator.store.get(kind, number)) is not None]
    return paging.listed(request, PLURAL[kind], [records.shown(request, kind, row) for row in found])


def users(simulator: Zendesk, request: Request) -> Response:
    """All users, or those of a role (`role=`, `role[]=`)."""
    roles = [value for name in ("role", "role[]") for value in request.query_params.getlist(name)]
    rows = [row for row in simulator.store.rows("user") if not roles or row["role"] in roles]
    return paging.listed(request, "users", [records.shown(request, "user", row) for row in rows])


def search_users(simulator: Zendesk, request: Request) -> Response:
    """`/users/search` by `query` or by `external_id`; one of them is needed."""
    text, outside = request.query_params.get("query", ""), request.query_params.get("external_id")
    if not text.strip() and outside is None:
        raise errors.Refused(errors.titled(400, "Invalid attribute", "query or external_id is needed"))
    rows = simulator.store.rows("user")
    if outside is not None:
        rows = [row for row in rows if row["external_id"] == outside]
    else:
        terms, warn = query.parse(f"type:user {text}"), simulator.warner(request)
        rows = [row for row in rows if query.matches(simulator.store, "user", row, terms, warn)]
    return paging.listed(request, "users", [records.shown(request, "user", row) for row in rows])


def create_or_update(simulator: Zendesk, request: Request, values: Record) -> Response:
    """The user with this external id, else with this e-mail: changed (200) or made (201)."""
    known = None
    for name in ("external_id", "email"):
        known = known or (simulator.store.first("user", **{name: values[name]}) if values.get(name) else None)
    records.check_user(simulator, values, known)
    if known is None:
        known, status = records.new_user(simulator, values), 201
    else:
        simulator.store.change("user", known, records.stored(values))
        status = 200
    return JSONResponse({"user": records.shown(request, "user", known)}, status)


def requested(simulator: Zendesk, request: Request, user: Record) -> Response:
    rows = [row for row in simulator.store.rows("ticket") if row["requester_id"] == user["id"]]
    return paging.listed(request, "tickets", [records.shown(request, "ticket", row) for row in rows])


def delete_ticket(simulator: Zendesk, ticket: Record) -> Response:
    del simulator.store.tables["ticket"][ticket["id"]]
    return Response(status_code=204)


def tags(simulator: Zendesk, kind: str, record: Record, method: str, body: dict[str, Any]) -> Response:
    """PUT adds, POST replaces, DELETE takes away, GET reads."""
    given = body.get("tags", [])
    if not records.texts(given):
        raise errors.Refused(errors.invalid_attribute("tags", "must be an array of strings"))
    kept: list[str] = list(record["tags"])
    if method == "PUT":
        kept += given
    elif method == "POST":
        kept = given
    elif method == "DELETE":
        kept = [tag for tag in kept if tag not in given]
    if method != "GET":
        simulator.store.change(kind, record, {"tags": list(dict.fromkeys(kept))})
    return JSONResponse({"tags": record["tags"]}, 201 if method == "POST" else 200)
