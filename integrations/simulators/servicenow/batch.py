"""`/api/now/v1/batch`: several Table API requests in one (ServiceNow docs, Batch API)."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message

from . import errors, identity, table_api

if TYPE_CHECKING:
    from . import ServiceNow

TARGET = re.compile(r"/api/now/(?:(?P<version>v[12])/)?table/(?P<table>\w+)(?:/(?P<sys_id>\w+))?$")


async def endpoint(simulator: ServiceNow, request: Request) -> Response:
    try:
        identity.caller(simulator, request)
        body = await table_api.json_object(request)
    except errors.Refused as refused:
        return refused.response
    served = [await _serve(simulator, request, entry) for entry in body.get("rest_requests", [])]
    answer = {"batch_request_id": str(body.get("batch_request_id", ""))}
    return JSONResponse({**answer, "serviced_requests": served, "unserviced_requests": []})


async def _serve(simulator: ServiceNow, request: Request, entry: dict[str, Any]) -> dict[str, Any]:
    address = urlsplit(str(entry.get("url", "")))
    target = TARGET.search(address.path)
    if target is None:
        response: Response = errors.error(400, "Requested URI does not represent any resource", None)
    else:
        response = await table_api.endpoint(simulator, _inner(request, entry, address.query, target))
    return {
        "id": entry.get("id"),
        "status_code": response.status_code,
        "headers": [{"name": name, "value": value} for name, value in response.headers.items() if name != "set-cookie"],
        "body": base64.b64encode(bytes(response.body)).decode(),
    }


def _inner(request: Request, entry: dict[str, Any], query: str, target: re.Match[str]) -> Request:
    """The request that the entry describes, with the log-in of the request that carries it."""
    headers = {str(h["name"]).lower(): str(h["value"]) for h in entry.get("headers", [])}
    headers.setdefault("accept", "application/json")
    headers |= {name: value for name, value in request.headers.items() if name in ("authorization", "cookie", "host")}
    scope = {
        **request.scope,
        "method": str(entry.get("method", "GET")).upper(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "path_params": {name: value for name, value in target.groupdict().items() if value},
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": base64.b64decode(entry.get("body") or ""), "more_body": False}

    return Request(scope, receive)
