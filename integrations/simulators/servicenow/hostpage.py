"""The page that an agent of the customer works in: top bar, phone icon, main frame, OpenFrame panel.

It stands for the classic shell (`nav_to.do`), for Next Experience and for the workspaces: all their record
addresses lead here and differ only in what the main frame shows first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from .. import pages
from . import acl, identity, openframe, views
from .store import Record

if TYPE_CHECKING:
    from . import ServiceNow

FIRST_AGENT = "agent1"
START = views.MODULES[0][1]


async def host(simulator: ServiceNow, request: Request) -> Response:
    """The demo logs the first agent in; everything else still asks for a session."""
    user = identity.session_user(simulator, request) or identity.active_user(simulator, FIRST_AGENT)
    if user is None:
        return RedirectResponse(f"/{simulator.key}/login.do", 302)
    known = identity.session_user(simulator, request) is not None
    session = request.cookies[identity.SESSION_COOKIE] if known else identity.new_session(simulator, user["user_name"])
    config = openframe.configuration(simulator, request)
    response = pages.render(
        request,
        "servicenow/host.html",
        frames=tuple(
            dict.fromkeys((openframe.origin(config["url"]), openframe.origin(simulator.surroundings.desktop_url)))
        ),
        simulator=simulator,
        user=user,
        people=people(simulator),
        modules=views.MODULES,
        main=main_address(simulator, request),
        allow=config["allow"],
        g_ck=simulator.user_tokens.get(session, ""),
        whitelist={
            "enforced": simulator.settings["whitelist_enforced"],
            "origins": [entry.strip() for entry in simulator.settings["whitelist"].split(",") if entry.strip()],
        },
    )
    if not known:
        identity.set_session(simulator, response, session)
    return response


def people(simulator: ServiceNow) -> list[Record]:
    """Who can be chosen in the user switcher: those who can log in."""
    users = (u for u in simulator.store.rows("sys_user") if u["user_password"] and u["active"] == "true")
    return [user for user in users if acl.roles(user) or user["user_name"] == "integration.user"]


def main_address(simulator: ServiceNow, request: Request) -> str:
    """The page for the main frame, always below our own prefix."""
    place = request.path_params
    wanted = START
    if "uri" in request.query_params:
        wanted = request.query_params["uri"]
    elif "target" in place:
        wanted = unquote(place["target"]) + (f"?{request.url.query}" if request.url.query else "")
    elif "record_table" in place:
        wanted = f"{place['record_table']}.do?sys_id={place['sys_id']}"
    parts = urlsplit(wanted)
    page = parts.path.lstrip("/").removeprefix(f"{simulator.key}/")
    if parts.scheme or parts.netloc or not page.endswith(".do"):
        return f"/{simulator.key}/{START}"
    return f"/{simulator.key}/{page}" + (f"?{parts.query}" if parts.query else "")


async def switch(simulator: ServiceNow, request: Request) -> Response:
    """The user switcher; no password, this is a demo."""
    form = dict(parse_qsl((await request.body()).decode()))
    response = RedirectResponse(f"/{simulator.key}/", 303)
    if identity.active_user(simulator, form.get("user", "")):
        identity.log_in(simulator, response, form["user"])
    return response


async def login(simulator: ServiceNow, request: Request) -> Response:
    following = safe_page(request.query_params.get("next", ""))
    if request.method == "POST":
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        user = identity.check_password(simulator, form.get("user_name", ""), form.get("user_password", ""))
        if user:
            response = RedirectResponse(f"/{simulator.key}/{following}", 303)
            identity.log_in(simulator, response, user["user_name"])
            return response
    wrong = request.method == "POST"
    return pages.render(
        request, "servicenow/login.html", status=401 if wrong else 200, simulator=simulator, wrong=wrong
    )


async def logout(simulator: ServiceNow, request: Request) -> Response:
    simulator.sessions.pop(request.cookies.get(identity.SESSION_COOKIE, ""), None)
    response = RedirectResponse(f"/{simulator.key}/login.do", 302)
    response.delete_cookie(identity.SESSION_COOKIE, path=f"/{simulator.key}")
    return response


def safe_page(address: str) -> str:
    """Only a page of ours: no scheme, no host, nothing that climbs out."""
    parts = urlsplit(address)
    return "" if parts.scheme or parts.netloc or address.startswith(("/", "\\")) else address


async def cti_try(simulator: ServiceNow, request: Request) -> Response:
    if identity.session_user(simulator, request) is None:
        return RedirectResponse("login.do?next=cti_try.do", 302)
    return pages.render(request, "servicenow/cti_try.html", simulator=simulator)
