"""Talk Partner Edition: opening a ticket or a user in an agent's browser, and tickets of calls."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from . import errors, identity, records, tickets
from .store import Record

if TYPE_CHECKING:
    from . import Zendesk

VIA = {44: "voicemail", 45: "inbound call", 46: "outbound call"}


async def display_ticket(simulator: Zendesk, request: Request) -> Response:
    return _display(simulator, request, "ticket")


async def display_user(simulator: Zendesk, request: Request) -> Response:
    return _display(simulator, request, "user")


def _display(simulator: Zendesk, request: Request, kind: str) -> Response:
    """200 and nothing else; the tab opens in the agent's browser."""
    _partner(simulator, request)
    agent = _agent(simulator, request.path_params["agent"])
    record = simulator.store.get(kind, request.path_params["id"])
    if agent is None or record is None:
        return PlainTextResponse("Invalid attribute", 404)
    simulator.note_display(agent, kind, record)
    return Response(status_code=200)


async def create_ticket(simulator: Zendesk, request: Request) -> Response:
    who = _partner(simulator, request)
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise errors.Refused(errors.described(422, "Unprocessable Entity", "Server could not parse JSON")) from None
    given = records.accepted(records.wrapped(body, "ticket"), tickets.TICKET, simulator.warner(request))
    if given.get("via_id") not in VIA:
        raise errors.Refused(errors.record_invalid(via_id="Via: must be 44, 45 or 46"))
    agent = _agent(simulator, body["display_to_agent"]) if body.get("display_to_agent") else None
    if body.get("display_to_agent") and agent is None:
        return PlainTextResponse("Invalid attribute", 404)
    ticket = tickets.new_ticket(simulator, who, given)
    ticket["via"] = {"channel": VIA[given["via_id"]]}
    if agent:
        simulator.note_display(agent, "ticket", ticket)
    return tickets.answered(request, ticket, 201, "", "")


def _partner(simulator: Zendesk, request: Request) -> identity.Caller:
    who = identity.agent(simulator, request, writes=True)
    if not simulator.settings["talk_partner_edition"]:
        raise errors.Refused(errors.forbidden())
    return who


def _agent(simulator: Zendesk, number: object) -> Record | None:
    user = simulator.store.get("user", number) if isinstance(number, int) else None
    return user if user is not None and user["role"] != "end-user" else None
