"""Presence of agents (Advanced Work Assignment): the AWA Agent API, and the page on which it is seen and set.

After the ServiceNow REST reference, "AWA Agent API": role awa_integration_user, property glide.awa.enabled, presence
states Available, Away and Offline out of the box. What an instance without the plugin answers is an assumption."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .. import presence
from . import acl, errors, identity
from .store import Record

if TYPE_CHECKING:
    from . import ServiceNow

AVAILABLE, AWAY, OFFLINE = (
    "0b10223c57a313005baaaa65ef94f970",
    "41f9b8dfb31313005baa6e5f26a8dcac",
    "9cd83267575313005baaaa65ef94f98b",
)
STATES = ((AVAILABLE, "Available"), (AWAY, "Away"), (OFFLINE, "Offline"))
ROLE = "awa_integration_user"
CHAT = "27f675e3739713004a905ee515f6a7c3"


def fresh() -> presence.Presences:
    return presence.Presences(STATES, OFFLINE)


def people(simulator: ServiceNow) -> list[Record]:
    """Users who get work: those with the agents' role."""
    return [row for row in simulator.store.rows("sys_user") if "interaction_agent" in acl.roles(row)]


async def page(simulator: ServiceNow, request: Request) -> Response:
    listed = [(row["sys_id"], row["name"]) for row in people(simulator)]
    return await presence.page(simulator, simulator.presences, listed, request)


async def agent(simulator: ServiceNow, request: Request) -> Response:
    try:
        user = _user(simulator, request)
        if request.method == "PUT":
            _set(simulator, request, user, await request.body())
    except errors.Refused as refused:
        return refused.response
    state = _state(simulator.presences.get(user["sys_id"]))
    return JSONResponse({"result": {"presence": state, "sys_id": user["sys_id"]}})


async def states(simulator: ServiceNow, request: Request) -> Response:
    try:
        _user(simulator, request)
    except errors.Refused as refused:
        return refused.response
    listed = [
        {**_state(sys_id), "order": 1000 * place, "show_channels": False, "disable_inactivity_check": False}
        for place, (sys_id, _name) in enumerate(STATES)
    ]
    return JSONResponse({"result": listed})


def _user(simulator: ServiceNow, request: Request) -> Record:
    """The agent in the address, after the checks of plugin, role and property."""
    if not simulator.settings["awa_plugin"]:
        detail = "Requested URI does not represent any resource"
        raise errors.Refused(errors.error(400, detail, None))
    caller = identity.caller(simulator, request)
    if not {ROLE, "admin"} & set(acl.roles(caller)) or not simulator.settings["awa_enabled"]:
        detail = "User doesn't have the awa_integration_user role"
        raise errors.Refused(errors.error(403, "User Not Authenticated", detail))
    wanted = request.path_params["user_id"]
    found = next((row for row in people(simulator) if row["sys_id"] == wanted), None)
    if found is None:
        raise errors.Refused(errors.error(404, "Record Not Found", "No agent with this sys_id"))
    return found


def _set(simulator: ServiceNow, request: Request, user: Record, raw: bytes) -> None:
    try:
        body: Any = json.loads(raw)
        state = body["presence"]["sys_id"]
    except (ValueError, TypeError, KeyError):
        raise errors.Refused(errors.error(400, "Bad request", "presence.sys_id is missing")) from None
    if state not in dict(STATES):
        raise errors.Refused(errors.error(404, "Record Not Found", "No presence state with this sys_id"))
    by = identity.caller(simulator, request)["user_name"]
    simulator.presences.set(user["sys_id"], state, agent=user["name"], by=by)


def _state(sys_id: str) -> dict[str, Any]:
    available = sys_id == AVAILABLE
    channels = [{"name": "Chat", "available": True, "sys_id": CHAT}] if available else []
    return {"name": dict(STATES)[sys_id], "sys_id": sys_id, "available": available, "channels": channels}
