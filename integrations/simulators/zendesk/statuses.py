"""Agents' unified statuses: the Unified Agent Status and Agent Availability APIs, and the page on which they are set.

After developer.zendesk.com: administrators only, omnichannel routing has to be on, statuses 2 to 5 are Zendesk's own.
What a help desk without omnichannel routing answers, and an unknown status, are assumptions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .. import presence
from . import browser, errors, identity, paging
from .store import Record

if TYPE_CHECKING:
    from . import Zendesk

STATUSES = (("2", "offline"), ("3", "online"), ("4", "away"), ("5", "transfers_only"), ("123", "In a meeting"))
OWN = {"123": {"messaging": "away", "support": "online", "talk": "away"}}


def fresh() -> presence.Presences:
    return presence.Presences(STATUSES, "2")


async def page(simulator: Zendesk, request: Request) -> Response:
    listed = [(str(row["id"]), row["name"]) for row in browser.team(simulator)]
    return await presence.page(simulator, simulator.presences, listed, request)


async def listed(simulator: Zendesk, request: Request) -> Response:
    _admin(simulator, request, writes=False)
    rows = [{"id": int(number), "type": "agent_status", "attributes": _names(number)} for number, _name in STATUSES]
    return paging.listed(request, "data", rows)


async def availability(simulator: Zendesk, request: Request) -> Response:
    _admin(simulator, request, writes=False)
    return JSONResponse({"data": _shown(simulator, _agent(simulator, request))})


async def availabilities(simulator: Zendesk, request: Request) -> Response:
    _admin(simulator, request, writes=False)
    return paging.listed(request, "data", [_shown(simulator, row) for row in browser.team(simulator)])


async def update(simulator: Zendesk, request: Request) -> Response:
    who = _admin(simulator, request, writes=True)
    user = _agent(simulator, request)
    try:
        status = str(json.loads(await request.body())["id"])
    except (ValueError, TypeError, KeyError):
        raise errors.Refused(errors.described(400, "BadRequest", "id is missing")) from None
    if status not in dict(STATUSES):
        raise errors.Refused(errors.described(422, "UnprocessableEntity", "Unknown agent status"))
    simulator.presences.set(str(user["id"]), status, agent=user["name"], by=who["name"])
    return JSONResponse({"data": _shown(simulator, user)})


def _admin(simulator: Zendesk, request: Request, *, writes: bool) -> Record:
    who = identity.agent(simulator, request, writes=writes).user
    if who is None or who["role"] != "admin" or not simulator.settings["omnichannel_routing"]:
        raise errors.Refused(errors.forbidden("listed"))
    return who


def _agent(simulator: Zendesk, request: Request) -> Record:
    wanted = request.path_params["agent"]
    found = next((row for row in browser.team(simulator) if row["id"] == wanted), None)
    if found is None:
        raise errors.Refused(errors.not_found())
    return found


def _names(number: str) -> dict[str, Any]:
    own = {"channels": OWN[number]} if number in OWN else {}
    return {"name": dict(STATUSES)[number], "description": "", **own}


def _shown(simulator: Zendesk, user: Record) -> dict[str, Any]:
    number = simulator.presences.get(str(user["id"]))
    status = {"id": int(number), "name": simulator.presences.name(number), "reason": "UNKNOWN"}
    return {
        "id": f"agent_availabilities|{user['id']}",
        "type": "agent_availabilities",
        "attributes": {"agent_id": user["id"], "agent_status": status, "version": 1},
    }
