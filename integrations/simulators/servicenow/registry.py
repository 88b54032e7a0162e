"""The application registry: the OAuth clients of this instance and who can sign in, with the published secrets.

On a real instance Client ID and Client Secret are copied from here (ServiceNow docs, "Create an OAuth API endpoint for
external clients"); users and passwords are what the administrator of a developer instance was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from .. import pages
from . import hostpage, tokens

if TYPE_CHECKING:
    from . import ServiceNow

ADDRESS = "/oauth_entity_list.do"
NAMES = {tokens.CLIENT_ID: "Contact centre", tokens.PUBLIC_CLIENT_ID: "Contact centre, public client"}


async def page(simulator: ServiceNow, request: Request) -> Response:
    clients = [(NAMES[client], client, secret or "") for client, secret in tokens.CLIENTS.items()]
    people = [(user["name"], user["user_name"], user["user_password"]) for user in hostpage.people(simulator)]
    return pages.render(request, "servicenow/registry.html", clients=clients, people=people, simulator=simulator)
