"""The narrower doors to the interaction table.

`/api/now/openframe/voice-interaction` (ServiceNow docs, OpenFrame API) makes the interaction, its phone logs and
related records in one call and needs a role. `/api/now/interaction` (Interaction Management API) answers 201 and
stores only what it knows. `/api/now/v1/cs/voice-interactions` (Voice interaction resource API) closes with one state.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from . import acl, errors, identity, rules
from .store import Record, Store
from .table_api import check_headers, json_object

if TYPE_CHECKING:
    from . import ServiceNow

OPENFRAME_ROLES = {"sn_openframe_api_user", "sn_openframe_user", "admin"}
CHANNELS = ("Video", "Chat", "Phone", "Messaging")


def entered(simulator: ServiceNow, request: Request) -> Record:
    user = identity.caller(simulator, request)
    check_headers(simulator, request, request.method, ("POST", "PATCH"))
    return user


async def voice_interaction(simulator: ServiceNow, request: Request) -> Response:
    try:
        user = entered(simulator, request)
        if not OPENFRAME_ROLES & set(acl.roles(user)):
            return errors.not_authorized()
        body = await json_object(request)
        record = _voice_record(simulator, request, user, body)
        _attach(simulator, request, user, record, body)
    except errors.Refused as refused:
        return refused.response
    result = {"status": "SUCCESS", "sysId": record["sys_id"], "number": record["number"]}
    return JSONResponse({"result": result}, 200)


def _voice_record(simulator: ServiceNow, request: Request, user: Record, body: dict[str, Any]) -> Record:
    asked = body.get("interaction") or {}
    warn = simulator.warner(request)
    values = rules.accept("interaction", asked.get("additionalParams") or {}, warn)
    values |= {
        "client_session_id": str(asked.get("clientSessionId") or ""),
        "inbound_id": str(asked.get("inboundId") or ""),
    }
    sys_id = request.path_params.get("sys_id")
    if sys_id:
        record = simulator.store.get("interaction", sys_id)
        if record is None:
            raise errors.Refused(errors.no_record())
        rules.update(simulator.store, record, {k: v for k, v in values.items() if v}, user["user_name"], warn)
        return record
    phone = str(asked.get("userPhoneNumber") or "")
    if not phone:
        raise errors.Refused(
            JSONResponse({"result": {"status": "FAILURE", "message": "userPhoneNumber is required"}}, 400)
        )
    values |= {"caller_phone_number": phone, "type": "phone"}
    return rules.insert(simulator.store, "interaction", values, user["user_name"], warn)


def _attach(simulator: ServiceNow, request: Request, user: Record, record: Record, body: dict[str, Any]) -> None:
    store, by, warn = simulator.store, user["user_name"], simulator.warner(request)
    if body.get("interactionContext"):
        blob = {"interaction": record["sys_id"], "name": "context", "value": json.dumps(body["interactionContext"])}
        store.insert("interaction_json_blob", blob, by)
    for entry in body.get("phoneLogs") or []:
        values = rules.accept("sn_openframe_phone_log", {**entry, "interaction": record["sys_id"]}, warn)
        log = rules.insert(store, "sn_openframe_phone_log", values, by, warn)
        record["channel_metadata_table"] = "sn_openframe_phone_log"
        record["channel_metadata_document"] = log["sys_id"]
    for entry in body.get("relatedRecords") or []:
        related(store, record, str(entry.get("documentTable")), str(entry.get("documentId")), by)


def related(store: Store, interaction: Record, table: str, document: str, by: str) -> None:
    values = {"interaction": interaction["sys_id"], "document_table": table, "document_id": document, "type": "task"}
    store.insert("interaction_related_record", {**values, "task": document}, by)


async def management(simulator: ServiceNow, request: Request) -> Response:
    """Extra fields are not stored although 201 is answered (vendor knowledge base, KB1941272)."""
    try:
        user = entered(simulator, request)
        body = await json_object(request)
    except errors.Refused as refused:
        return refused.response
    if body.get("channel") not in CHANNELS:
        return errors.error(400, "Invalid channel", f"channel must be one of {', '.join(CHANNELS)}")
    for name in sorted(set(body) - {"channel", "channel_metadata_table", "channel_metadata_document"}):
        simulator.warn(request, f"field {name!r} is not stored by the interaction API although 201 is answered")
    values = {"type": body["channel"].lower(), "channel": body["channel"]}
    record = rules.insert(simulator.store, "interaction", values, user["user_name"], simulator.warner(request))
    return JSONResponse({"result": {"interaction": record["sys_id"], "number": record["number"]}}, 201)


async def management_close(simulator: ServiceNow, request: Request) -> Response:
    try:
        user = entered(simulator, request)
        record = existing(simulator, request)
    except errors.Refused as refused:
        return refused.response
    change = {"state": "closed_complete"}
    rules.update(simulator.store, record, change, user["user_name"], simulator.warner(request))
    return JSONResponse({"result": {"interaction": record["sys_id"], "state": record["state"]}})


def existing(simulator: ServiceNow, request: Request) -> Record:
    record = simulator.store.get("interaction", request.path_params["sys_id"])
    if record is None:
        raise errors.Refused(errors.no_record())
    return record


async def cs_create(simulator: ServiceNow, request: Request) -> Response:
    """`userId` is the caller's phone number, despite its name."""
    try:
        user = entered(simulator, request)
        body = await json_object(request)
    except errors.Refused as refused:
        return refused.response
    if not body.get("userId"):
        return errors.error(400, "Invalid request", "userId is required")
    agent = simulator.store.first("sys_user", user_name=str(body.get("agentId") or ""))
    values = {
        "type": "phone",
        "direction": "inbound",
        "caller_phone_number": str(body["userId"]),
        "assigned_to": agent["sys_id"] if agent else "",
        "client_session_id": str(body.get("clientSessionId") or ""),
        "inbound_id": str(body.get("inboundId") or ""),
    }
    record = rules.insert(simulator.store, "interaction", values, user["user_name"], simulator.warner(request))
    return JSONResponse({"result": {"interactionId": record["sys_id"]}}, 201)


async def cs_state(simulator: ServiceNow, request: Request) -> Response:
    try:
        user = entered(simulator, request)
        body = await json_object(request)
        record = existing(simulator, request)
    except errors.Refused as refused:
        return refused.response
    if body.get("state") != "closed_complete":
        return errors.error(400, "Invalid state", "Only closed_complete is accepted")
    change = {"state": "closed_complete"}
    rules.update(simulator.store, record, change, user["user_name"], simulator.warner(request))
    return JSONResponse({"result": "Success"})
