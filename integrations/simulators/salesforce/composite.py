"""Up to 200 records in one request (REST API guide, "sObject Collections"): the answer is 200 although rows fail, each
row has its own result in the order of the request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from . import errors, rules, schema
from .errors import Refused
from .store import Row

if TYPE_CHECKING:
    from .rest import Call

MOST = 200
ROLLED_BACK = Refused(
    400,
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)
# A row that was checked: its object, the values as they are stored, and the record that is changed.
Checked = tuple[schema.Entity, Row, Row | None]


def answer(call: Call, rest: list[str]) -> Response:
    from .rest import only

    if rest != ["sobjects"]:
        raise errors.not_found()
    only(call, "POST", "PATCH")
    body = call.json()
    records = body.get("records") if isinstance(body, dict) else None
    if not isinstance(records, list):
        raise Refused(400, "JSON_PARSER_ERROR", "The request has no list of records")
    if len(records) > MOST:
        raise Refused(400, "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {MOST} records")
    update = call.request.method == "PATCH"
    results = [_checked(call, record, update=update) for record in records]
    if body.get("allOrNone") and any(isinstance(each, Refused) for each in results):
        results = [each if isinstance(each, Refused) else ROLLED_BACK for each in results]
    return JSONResponse([failed(each) if isinstance(each, Refused) else written(call, each) for each in results])


def _checked(call: Call, record: Any, *, update: bool) -> Checked | Refused:
    attributes = record.get("attributes") if isinstance(record, dict) else None
    kind = attributes.get("type") if isinstance(attributes, dict) else None
    try:
        entity = call.entity(str(kind or ""))
        values = {name: value for name, value in record.items() if name not in ("attributes", "id", "Id")}
        return checked(call, entity, values, str(record.get("id") or record.get("Id") or "") if update else None)
    except Refused as refusal:
        return refusal


def checked(call: Call, entity: schema.Entity, values: Row, id_: str | None) -> Checked:
    """The row as it would be stored. `id_`: of the record that is changed, None for a new one. Raises `Refused`."""
    from .rest import found_row, needs

    needs(call, entity, "create" if id_ is None else "edit")
    row = None if id_ is None else found_row(call, entity, id_)
    return entity, rules.check(call.simulator.store, entity, values, call.hidden_of(entity), row), row


def written(call: Call, ready: Checked) -> dict[str, Any]:
    from .rest import duplicate

    entity, values, row = ready
    try:
        duplicate(call, entity, values, row["Id"] if row else "")
    except Refused as refusal:
        return failed(refusal)
    if row is None:
        row = call.simulator.store.insert(entity, values, call.user["Id"])
    else:
        call.simulator.store.write(entity, row, values)
    return {"id": row["Id"], "success": True, "errors": []}


def failed(refusal: Refused) -> dict[str, Any]:
    error = {"statusCode": refusal.code, "message": refusal.message, "fields": refusal.fields}
    return {"success": False, "errors": [error]}
