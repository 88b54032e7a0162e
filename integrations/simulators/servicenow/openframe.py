"""The OpenFrame side of the instance: its configuration, who may see it, and the client library.

ServiceNow docs, OpenFrame: the panel is offered to some roles only; the configuration record gives address,
size, title and free JSON; messages are taken only from origins in the property
`glide.ui.concourse.onmessage_enforce_same_origin_whitelist`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from .. import pages
from . import acl, identity
from .store import Record

if TYPE_CHECKING:
    from . import ServiceNow

ROLES = {
    "sn_openframe_user",
    "sn_customerservice_agent",
    "sn_customerservice.consumer_agent",
    "sn_openframe.admin",
    "admin",
}
LIBRARY = pages.STATIC / "servicenow" / "openFrameAPI.js"
VERSIONS = ("latest", "1.0.5", "1.0.2")


def origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def own_origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def configuration(simulator: ServiceNow, request: Request) -> dict[str, Any]:
    """The configuration record, as the panel and the `init` callback of the library receive it."""
    settings = simulator.settings
    return {
        "url": frame_url(simulator, request),
        "width": settings["openframe_width"],
        "height": settings["openframe_height"],
        "title": settings["openframe_title"],
        "subTitle": settings["openframe_subtitle"],
        "titleIcon": "",
        "order": settings["openframe_order"],
        "group": settings["openframe_group"],
        "allow": settings["openframe_allow"],
        "collapsedViewEnabled": str(settings["openframe_collapsed_view"]).lower(),
        "navIconClass": "icon-phone",
        "configuration": settings["openframe_configuration"],
    }


def frame_url(simulator: ServiceNow, request: Request) -> str:
    """Without `topDomain` the desktop cannot post the activity history (vendor's set-up guide)."""
    default = f"{simulator.surroundings.desktop_url}/agentdesktop/ServiceNow.jsp?topDomain={own_origin(request)}"
    return simulator.settings["openframe_url"] or default


def offered(simulator: ServiceNow, user: Record) -> str:
    """Empty if this user gets the phone icon, otherwise why not."""
    if not simulator.settings["openframe_active"]:
        return "The OpenFrame configuration is not active."
    if not ROLES & set(acl.roles(user)):
        return f"{user['name']} has no role that shows OpenFrame, for example sn_openframe_user."
    return ""


async def ajax(simulator: ServiceNow, request: Request) -> Response:
    """What the panel asks the instance: `getOpenFrameConfiguration`, preferences, presence."""
    user = identity.session_user(simulator, request)
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    name = form.get("sysparm_name", "")
    if user is None or form.get("sysparm_processor") != "OpenFrameAjaxUtility":
        return JSONResponse({"error": "not logged in or unknown processor"}, 403)
    if name == "getOpenFrameConfiguration":
        reason = offered(simulator, user)
        return JSONResponse({"config": None if reason else configuration(simulator, request), "reason": reason})
    preferences = simulator.preferences.setdefault(user["user_name"], {})
    if name == "setUserPreference":
        preferences[form.get("name", "")] = form.get("value", "")
    if name == "updateAgentPresence":
        preferences["presence"] = form.get("state", "")
    return JSONResponse({form["name"]: preferences.get(form["name"], "")} if "name" in form else {"status": "success"})


async def library(simulator: ServiceNow, request: Request) -> Response:
    if request.path_params["version"] not in VERSIONS:
        return Response("Not found", 404)
    return FileResponse(LIBRARY, media_type="text/javascript", headers={"Cache-Control": "no-store"})


async def configure(simulator: ServiceNow, request: Request) -> Response:
    """The configuration form of the host page."""
    problem = ""
    if request.method == "POST":
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        problem = _store(simulator, form)
    context: dict[str, Any] = {
        "problem": problem,
        "saved": request.method == "POST" and not problem,
        "simulator": simulator,
    }
    shown = configuration(simulator, request)
    return pages.render(request, "servicenow/openframe_form.html", config=shown, settings=simulator.settings, **context)


def _store(simulator: ServiceNow, form: dict[str, str]) -> str:
    try:
        json.loads(form.get("openframe_configuration") or "{}")
        changes: dict[str, Any] = {
            "openframe_url": form.get("openframe_url", "").strip(),
            "openframe_width": int(form.get("openframe_width", "373")),
            "openframe_height": int(form.get("openframe_height", "300")),
            "openframe_order": int(form.get("openframe_order", "100")),
        }
    except ValueError as error:
        return f"Not saved: {error}"
    for name in ("title", "subtitle", "group", "configuration"):
        changes[f"openframe_{name}"] = form.get(f"openframe_{name}", "")
    changes["whitelist"] = form.get("whitelist", "")
    for name in ("openframe_active", "openframe_collapsed_view", "whitelist_enforced"):
        changes[name] = name in form
    simulator.change_settings(changes)
    return ""
