"""The rest of "sObject Collections" (REST API guide): records read, upserted and deleted by the list."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from . import errors, rules, schema
from .errors import Refused

if TYPE_CHECKING:
    from .rest import Call

MOST, MOST_READ = 200, 2000


def delete(call: Call) -> Response:
    """`DELETE composite/sobjects?ids=a,b`: a result for each id."""
    ids = [each for each in call.request.query_params.get("ids", "").split(",") if each]
    if len(ids) > MOST:
        raise Refused(400, "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {MOST} records")
    return JSONResponse([_deleted(call, id_) for id_ in ids])


def _deleted(call: Call, id_: str) -> dict[str, Any]:
    from .rest import needs

    found = call.simulator.store.find(id_)
    if found is None:
        return {"success": False, **problem(errors.not_found("invalid cross reference id"))}
    try:
        needs(call, found[0], "delete")
    except Refused as refusal:
        return {"success": False, **problem(refusal)}
    call.simulator.store.delete(found[0], found[1]["Id"])
    return {"id": found[1]["Id"], "success": True, "errors": []}


def read(call: Call, name: str) -> Response:
    """`POST composite/sobjects/Contact` with {"ids", "fields"}: null where there is none."""
    entity, body = call.entity(name), call.json()
    ids, fields = body.get("ids"), body.get("fields")
    if not isinstance(ids, list) or not isinstance(fields, list) or len(ids) > MOST_READ:
        raise Refused(400, "JSON_PARSER_ERROR", "ids and fields are needed, at most 2000 ids")
    names = [rules.known(entity, str(each), call.hidden_of(entity)) for each in fields]
    rows = [call.simulator.store.get(entity, str(each)) for each in ids]
    return JSONResponse([call.shown(entity, row, names) if row else None for row in rows])


def upsert(call: Call, name: str, field: str) -> Response:
    """`PATCH composite/sobjects/Account/Call_Reference__c`: each record made, or changed where its value is known."""
    entity = call.entity(name)
    records = call.json().get("records")
    if not isinstance(records, list) or len(records) > MOST:
        raise Refused(400, "JSON_PARSER_ERROR", f"A list of at most {MOST} records is needed")
    return JSONResponse([_upserted(call, entity, field, record) for record in records])


def _upserted(call: Call, entity: schema.Entity, field: str, record: Any) -> dict[str, Any]:
    from .rest import upserted

    values = {key: value for key, value in record.items() if key not in ("attributes", "id", "Id")}
    value = str(values.pop(field, "") or "")
    try:
        response = upserted(call, entity, field, value, values)
    except Refused as refusal:
        return {"success": False, "created": False, **problem(refusal)}
    return dict(json.loads(bytes(response.body)))


def problem(refusal: Refused) -> dict[str, Any]:
    return {"errors": [{"statusCode": refusal.code, "message": refusal.message, "fields": refusal.fields}]}
