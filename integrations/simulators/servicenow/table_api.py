"""The Table API: `/api/now[/v1|/v2]/table/{table}[/{sys_id}]` (ServiceNow docs, Table API)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from . import acl, errors, identity, listing, rules, schema
from .present import Form, present
from .store import Record

if TYPE_CHECKING:
    from . import ServiceNow

COLLECTION_METHODS = ("GET", "HEAD", "POST")
RECORD_METHODS = ("GET", "HEAD", "PUT", "PATCH", "DELETE")
BODY_METHODS = ("POST", "PUT", "PATCH")
OPERATIONS = {"create": "Insert", "update": "Update", "delete": "Delete"}


@dataclass(frozen=True)
class Call:
    """One request to the Table API, after the checks that come before any record is touched."""

    simulator: ServiceNow
    request: Request
    user: Record
    table: str
    version: str

    def warn(self, text: str) -> None:
        self.simulator.warn(self.request, text)

    def may(self, operation: str) -> bool:
        return acl.allowed(self.simulator.settings, self.user, self.table, operation)

    def sees(self, record: Record) -> bool:
        return acl.visible(self.simulator.settings, self.user, record)

    def require(self, operation: str) -> None:
        if not self.may(operation):
            raise errors.Refused(errors.acl_refused(OPERATIONS[operation]))

    def shown(self, record: Record) -> dict[str, Any]:
        """What the caller may read of the record: without READ, nothing."""
        if not self.sees(record):
            return {}
        form = Form.of(self.request.query_params)
        return present(self.simulator.store, record, form, base_url(self.request), self.warn)


def base_url(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"


async def endpoint(simulator: ServiceNow, request: Request) -> Response:
    sys_id = request.path_params.get("sys_id", "")
    try:
        user = identity.caller(simulator, request)
        method = effective_method(request)
        check_headers(simulator, request, method, RECORD_METHODS if sys_id else COLLECTION_METHODS)
        call = Call(simulator, request, user, request.path_params["table"], request.path_params.get("version", ""))
        if call.table not in schema.TABLES:
            raise errors.Refused(errors.invalid_table())
        response = await HANDLERS[method](call, sys_id)
    except errors.Refused as refused:
        return refused.response
    identity.set_api_cookies(simulator, request, response, user)
    return response


def effective_method(request: Request) -> str:
    return request.headers.get("x-http-method-override", request.method).upper()


def check_headers(simulator: ServiceNow, request: Request, method: str, allowed: tuple[str, ...]) -> None:
    """400 for a missing header, 405, 406 and 415 (ServiceNow docs, REST API: supported headers).

    The documentation asks for a Content-Type on DELETE too, but the vendor's own Python client sends none and
    works, so only a body needs one here.
    """
    if method not in allowed:
        raise errors.Refused(errors.error(405, "Method not supported", None))
    accept = request.headers.get("accept")
    if not accept:
        raise errors.Refused(errors.error(400, "Missing header", "The Accept header is required"))
    if not any(kind in accept for kind in ("application/json", "application/*", "*/*")):
        raise errors.Refused(errors.error(406, "Not acceptable", f"Cannot produce {accept}"))
    if method not in BODY_METHODS:
        return
    content_type = request.headers.get("content-type")
    if not content_type:
        raise errors.Refused(errors.error(400, "Missing header", "The Content-Type header is required"))
    if "json" not in content_type:
        raise errors.Refused(errors.error(415, "Unsupported media type", f"Cannot consume {content_type}"))


async def json_object(request: Request) -> dict[str, Any]:
    """Of several records in one body only the first is used."""
    try:
        body = json.loads(await request.body())
    except ValueError:
        body = None
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict):
        detail = "The payload is not valid JSON."
        raise errors.Refused(errors.error(400, "Exception while reading request", detail))
    return body


async def read(call: Call, sys_id: str) -> Response:
    if not sys_id:
        return listing.answer(call)
    return JSONResponse({"result": call.shown(visible_record(call, sys_id))})


def visible_record(call: Call, sys_id: str) -> Record:
    record = call.simulator.store.get(call.table, sys_id)
    if record is None or not call.sees(record):
        raise errors.Refused(errors.no_record())
    return record


def writable_record(call: Call, sys_id: str, operation: str) -> Record:
    """A record may be changed by somebody who may not read it: the API user and its interactions."""
    record = call.simulator.store.get(call.table, sys_id)
    if record is None or (sys_id in call.simulator.settings["hidden_records"] and not call.sees(record)):
        raise errors.Refused(errors.no_record())
    call.require(operation)
    return record


async def create(call: Call, sys_id: str) -> Response:
    call.require("create")
    body = await json_object(call.request)
    values = rules.accept(call.table, body, call.warn, allow_password="admin" in acl.roles(call.user))
    record = rules.insert(call.simulator.store, call.table, values, call.user["user_name"], call.warn)
    location = f"{base_url(call.request)}/api/now/table/{call.table}/{record['sys_id']}"
    return answered(call, record, 201, {"Location": location})


async def update(call: Call, sys_id: str) -> Response:
    record = writable_record(call, sys_id, "update")
    body = await json_object(call.request)
    values = rules.accept(record["sys_class_name"], body, call.warn, allow_password="admin" in acl.roles(call.user))
    rules.update(call.simulator.store, record, values, call.user["user_name"], call.warn)
    return answered(call, record, 200, {})


async def delete(call: Call, sys_id: str) -> Response:
    call.simulator.store.delete(writable_record(call, sys_id, "delete"))
    return Response(status_code=204)


def answered(call: Call, record: Record, status: int, headers: dict[str, str]) -> Response:
    if call.request.headers.get("x-no-response-body", "").lower() == "true":
        return Response(status_code=status, headers=headers)
    return JSONResponse({"result": call.shown(record)}, status, headers)


HANDLERS = {"GET": read, "HEAD": read, "POST": create, "PUT": update, "PATCH": update, "DELETE": delete}
