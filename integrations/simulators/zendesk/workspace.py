"""The agent workspace: top bar with the app's icon, records in tabs; the frames' protocol is static/zendesk/zaf.js."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from .. import pages
from . import apps, browser
from .paging import base_url
from .store import PLURAL, Record

if TYPE_CHECKING:
    from . import Zendesk

FIRST_AGENT = "agent1@example.com"
APP_ID = 1_001


async def page(simulator: Zendesk, request: Request) -> Response:
    """The demo signs the first agent in; with single sign-on a stranger is sent to the remote log-in address."""
    who = browser.user(simulator, request)
    if who is None:
        return stranger(simulator, request)
    app = simulator.app or apps.built_in(simulator)
    places = app["location"]["support"]
    urls = {name: place["url"] if isinstance(place, dict) else place for name, place in places.items()}
    config = {
        "base": f"/{simulator.key}", "token": browser.token(simulator, request), "last": simulator.browsers.last,
        "appId": APP_ID, "name": app.get("name") or "App", "version": app.get("version", ""), "urls": urls,
        "size": places["top_bar"].get("size", {}) if isinstance(places.get("top_bar"), dict) else {},
        "user": shown(who), "subdomain": "simulated", "clickToCall": bool(simulator.settings["talk_partner_edition"]),
        "start": first_record(simulator, request),
    }  # fmt: skip
    frames = tuple(dict.fromkeys(origin for origin in map(origin_of, urls.values()) if origin))
    context: dict[str, Any] = {"simulator": simulator, "config": config, "who": who, "people": browser.team(simulator)}
    return pages.render(request, "zendesk/workspace.html", frames=frames, **context)


async def empty(simulator: Zendesk, request: Request) -> Response:
    return pages.render(request, "zendesk/empty.html", simulator=simulator)


def stranger(simulator: Zendesk, request: Request) -> Response:
    if simulator.settings["jwt_sign_on"]:
        login = (
            str(simulator.settings["remote_login_url"]) or f"{simulator.surroundings.desktop_url}/agentdesktop?zin=true"
        )
        wanted = f"{base_url(request)}{request.url.path.removeprefix(request.scope.get('root_path', ''))}"
        return RedirectResponse(browser.with_query(login, return_to=wanted), 302)
    first = simulator.store.first("user", email=FIRST_AGENT)
    query = f"?{urlencode(dict(request.query_params))}" if request.query_params else ""
    response = RedirectResponse(f"{request.url.path}{query}", 302)
    if first is not None:
        browser.sign_in(simulator, response, first)
    return response


def shown(who: Record) -> dict[str, Any]:
    """`client.get("currentUser")`."""
    return {"id": who["id"], "name": who["name"], "email": who["email"], "role": who["role"], "locale": who["locale"]}


def first_record(simulator: Zendesk, request: Request) -> dict[str, Any]:
    """The record whose address the browser came with; else the newest open ticket."""
    place = request.query_params.get("record", "").split("/")
    if len(place) == 2 and place[0] in PLURAL and place[1].isdecimal():
        return {"kind": place[0], "id": int(place[1])}
    rows = [row for row in simulator.store.rows("ticket") if row["status"] == "open"]
    return {"kind": "ticket", "id": rows[0]["id"]} if rows else {}


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
