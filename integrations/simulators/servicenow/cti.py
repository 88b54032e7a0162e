"""`cti.do`: a telephony client opens this address to pop the right record (ServiceNow docs, CTI).

The CTI Processing script, to the letter: the caller's name is tried first, then the phone. A user with open
incidents gets a page about the caller and the list of them; a user without gets a new incident, pre-filled from
`sysparm_<field>`. If nobody was identified and an existing task id was given, nothing happens: the code for that
case ships commented out. `sysparm_cti_rule` runs another function instead, which must be client callable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from .. import pages
from . import cti_rules, identity, schema
from .store import Record

if TYPE_CHECKING:
    from . import ServiceNow

PHONES = ("phone", "mobile_phone", "home_phone")
#: Parameters with a meaning of their own; every other `sysparm_x` pre-fills field `x`.
RESERVED = frozenset({"caller_name", "caller_phone", "task_id", "view", "cti_rule"})


async def endpoint(simulator: ServiceNow, request: Request) -> Response:
    user = identity.session_user(simulator, request)
    if user is None:
        return RedirectResponse(f"login.do?{urlencode({'next': relative(request)})}", 302)
    asked = parameters(request)
    if asked.get("cti_rule"):
        return run_rule(simulator, request, asked)
    caller, how = identified(simulator, asked)
    if caller is None:
        return unidentified(simulator, request, asked)
    incidents = open_incidents(simulator, caller)
    if not incidents:
        return RedirectResponse(new_incident(caller, asked), 302)
    context: dict[str, Any] = {"caller": caller, "incidents": incidents, "how": how, "view": asked.get("view", "")}
    return pages.render(request, "servicenow/cti_caller.html", simulator=simulator, user=user, **context)


def relative(request: Request) -> str:
    return f"cti.do?{request.url.query}"


def parameters(request: Request) -> dict[str, str]:
    prefix = "sysparm_"
    return {name[len(prefix) :]: value for name, value in request.query_params.items() if name.startswith(prefix)}


def identified(simulator: ServiceNow, asked: dict[str, str]) -> tuple[Record | None, str]:
    """Name first; the phone only if the name found nobody."""
    name, phone = asked.get("caller_name", ""), asked.get("caller_phone", "")
    if name:
        for user in simulator.store.rows("sys_user"):
            if user["name"].casefold() == name.casefold():
                return user, f"by the name {name!r}"
    if phone:
        for user in simulator.store.rows("sys_user"):
            if any(same_phone(simulator, user[column], phone) for column in PHONES):
                return user, f"by the phone {phone!r}"
    return None, ""


def same_phone(simulator: ServiceNow, stored: str, asked: str) -> bool:
    """The column is free text and the script compares text; the switch makes it compare digits."""
    if not stored:
        return False
    if simulator.settings["cti_compares_digits"]:
        return digits(stored)[-10:] == digits(asked)[-10:]
    return stored == asked


def digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def open_incidents(simulator: ServiceNow, caller: Record) -> list[Record]:
    rows = simulator.store.rows("incident")
    return [row for row in rows if row["caller_id"] == caller["sys_id"] and row["active"] == "true"]


def new_incident(caller: Record | None, asked: dict[str, str]) -> str:
    fields = {"caller_id": caller["sys_id"]} if caller else {}
    known = schema.columns("incident")
    fields |= {name: value for name, value in asked.items() if name not in RESERVED and name in known}
    query = "^".join(f"{name}={value.replace('^', '')}" for name, value in fields.items())
    view = f"&sysparm_view={quote(asked['view'])}" if asked.get("view") else ""
    return f"incident.do?sys_id=-1&sysparm_query={quote(query)}{view}"


def unidentified(simulator: ServiceNow, request: Request, asked: dict[str, str]) -> Response:
    task_id = asked.get("task_id", "")
    task = simulator.store.get("task", task_id) or simulator.store.first("task", number=task_id) if task_id else None
    context: dict[str, Any] = {"asked": asked, "task": task, "new_incident": new_incident(None, asked)}
    return pages.render(request, "servicenow/cti_nothing.html", simulator=simulator, **context)


def run_rule(simulator: ServiceNow, request: Request, asked: dict[str, str]) -> Response:
    try:
        address = cti_rules.run(simulator, asked)
    except cti_rules.RuleRefused as refused:
        context: dict[str, Any] = {
            "name": asked["cti_rule"],
            "problem": str(refused),
            "rules": cti_rules.RULES.values(),
        }
        return pages.render(request, "servicenow/cti_rule.html", status=403, simulator=simulator, **context)
    return RedirectResponse(address, 302)
