"""Open CTI: the client libraries, the page that holds the softphone, and what that page asks the organisation.

The libraries have the names and the call styles of the vendor's (Open CTI Developer Guide, "Methods for Lightning
Experience", "Methods for Salesforce Classic"); how the vendor's talk to their page is not published, so ours have
messages of their own."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from .. import control, pages
from . import call_center, recordpages, rules, schema, seed
from .call_center import BadDefinition, CallCenter
from .errors import Refused
from .store import Row

if TYPE_CHECKING:
    from . import Salesforce

FOLDER = pages.STATIC / "salesforce"
LIGHTNING, CLASSIC = "lightning", "classic"
PARTS = {LIGHTNING: ("transport.js", "opencti.js"), CLASSIC: ("transport.js", "interaction.js")}
VERSION = re.compile(r"[3-6]\d\.0")
FIRST_AGENT = "agent1@demo.example"
SHORTEST_SEARCH = 3
SEARCHED = ("Contact", "Lead", "Account", "Case")
LAYOUT = {
    "layout_no_match": ("none", "Contact", "Lead", "Case"),
    "layout_one": ("detail", "none"),
    "layout_many": ("search", "none"),
}


# -- the libraries


async def lightning_library(simulator: Salesforce, request: Request) -> Response:
    return library(request, LIGHTNING)


async def classic_library(simulator: Salesforce, request: Request) -> Response:
    return library(request, CLASSIC)


def library(request: Request, mode: str) -> Response:
    if not VERSION.fullmatch(request.path_params["version"]):
        return Response("Not found", 404)
    text = "\n".join((FOLDER / name).read_text() for name in PARTS[mode])
    return Response(text, media_type="text/javascript", headers={"Cache-Control": "no-store"})


# -- the page around the softphone


async def lightning_page(simulator: Salesforce, request: Request) -> Response:
    return host(simulator, request, LIGHTNING)


async def classic_page(simulator: Salesforce, request: Request) -> Response:
    return host(simulator, request, CLASSIC)


def host(simulator: Salesforce, request: Request, mode: str) -> Response:
    center = current(simulator)
    own = f"{request.url.scheme}://{request.url.netloc}"
    asked = request.query_params.get("record", "")
    settings = {
        "mode": mode,
        "shown": center.shown_in(mode),
        "address": frame_address(center, own, mode),
        "width": center.width,
        "height": center.height,
        "settings": {**center.settings, "/reqGeneralInfo/reqInternalName": center.internal_name},
        "layout": {name: simulator.settings[name] for name in LAYOUT},
        "prefixes": {entity.prefix: entity.name for entity in schema.ENTITIES.values()},
    }
    contacts = simulator.store.of(schema.ENTITIES["Contact"])
    return pages.render(
        request, "salesforce/host.html", simulator=simulator, mode=mode, center=center, settings=settings,
        imported=simulator.call_center is not None, layout=LAYOUT, frames=(origin(center.adapter_url),),
        main=record_path(simulator, asked) if asked else "lightning/o/Contact/list",
        contacts=[f"lightning/r/Contact/{row['Id']}/view" for row in contacts],
        problem=request.query_params.get("problem", ""),
    )  # fmt: skip


def current(simulator: Salesforce) -> CallCenter:
    """The imported call centre; before one is imported, one with the address of the demo's desktop."""
    if simulator.call_center is not None:
        center = simulator.call_center
    else:
        address = f"{simulator.surroundings.desktop_url}/agentdesktop/Salesforce.jsp"
        center = CallCenter("Demo", "Agent Desktop", address, 360, 620, "Classic_and_Lightning", {})
    wanted = simulator.settings["adapter_url"]
    return replace(center, adapter_url=wanted) if wanted else center


def frame_address(center: CallCenter, own: str, mode: str) -> str:
    """What Salesforce adds to the adapter's address. On a real organisation the origin tells Lightning from Classic;
    here both have one, so `mode` is always there."""
    query = {"sfdcIFrameOrigin": own, "mode": mode.capitalize()}
    if mode == CLASSIC:
        query |= {"sfdcIFrameHost": "web", "nonce": secrets.token_hex(16)}
    joined = "&" if urlsplit(center.adapter_url).query else "?"
    return f"{center.adapter_url}{joined}{urlencode(query)}"


def origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def record_path(simulator: Salesforce, id_: str) -> str:
    found = simulator.store.find(id_)
    return f"lightning/r/{found[0].name if found else 'Contact'}/{id_}/view"


# -- the call centre


async def import_file(simulator: Salesforce, request: Request) -> Response:
    """Setup > Call Centers > Import."""
    form = await request.form()
    upload = form.get("file")
    content = await upload.read() if upload is not None and not isinstance(upload, str) else b""
    try:
        center = call_center.read(content)
        if simulator.call_center and simulator.call_center.internal_name == center.internal_name:
            raise BadDefinition(f"There is a call center {center.internal_name} already. Remove it first.")
    except BadDefinition as error:
        return _back(form, problem=str(error))
    simulator.call_center = center
    return _back(form)


async def remove(simulator: Salesforce, request: Request) -> Response:
    simulator.call_center = None
    return _back(await request.form())


async def change_layout(simulator: Salesforce, request: Request) -> Response:
    """Setup > Softphone Layouts."""
    form = await request.form()
    chosen = {name: str(form.get(name, "")) for name in LAYOUT}
    if all(chosen[name] in choices for name, choices in LAYOUT.items()):
        simulator.change_settings(chosen)
    return _back(form)


def _back(form: Any, **query: str) -> Response:
    page = CLASSIC_HOME if form.get("mode") == CLASSIC else LIGHTNING_HOME
    return RedirectResponse(f"/salesforce{page}" + (f"?{urlencode(query)}" if query else ""), 303)


# -- what the page asks on behalf of the softphone


async def save_log(simulator: Salesforce, request: Request) -> Response:
    """`saveLog`: creates a record, or changes the one whose Id is given. Answers {"recordId"} or {"errors"}."""
    given = await control.json_body(request)
    values = dict(given) if isinstance(given, dict) else {}
    user = seed.user(simulator.store, FIRST_AGENT)
    try:
        row = _saved(simulator, values, str(user["Id"]) if user else "")
    except Refused as refusal:
        return JSONResponse({"errors": [{"code": refusal.code, "description": refusal.message}]})
    return JSONResponse({"recordId": row["Id"]})


def _saved(simulator: Salesforce, values: Row, by: str) -> Row:
    store, name, id_ = simulator.store, str(values.pop("entityApiName", "")), str(values.pop("Id", ""))
    found = store.find(id_) if id_ else None
    entity = found[0] if found else schema.by_name(name)
    if entity is None:
        raise Refused(400, "INVALID_TYPE", f"No entity {name!r}: entityApiName or Id is needed")
    checked = rules.check(store, entity, values, set(), found[1] if found else None)
    if found is None:
        return store.insert(entity, checked, by)
    store.write(entity, found[1], checked)
    return found[1]


async def search(simulator: Salesforce, request: Request) -> Response:
    """`searchAndScreenPop`: records in which the text is found, by id."""
    rows = found(simulator, request.query_params.get("q", ""))
    named = ((kind, row["Id"], recordpages.title(row)) for kind, row in rows)
    return JSONResponse({id_: {"Id": id_, "Name": name, "RecordType": kind} for kind, id_, name in named})


async def results(simulator: Salesforce, request: Request) -> Response:
    """The search page."""
    text = request.query_params.get("q", "")
    shown = [(kind, row["Id"], recordpages.title(row)) for kind, row in found(simulator, text)]
    title = f"Search results for {text}"
    return pages.render(request, "salesforce/list.html", simulator=simulator, title=title, rows=shown)


async def listing(simulator: Salesforce, request: Request) -> Response:
    """The home of an object."""
    entity = schema.by_name(request.path_params["kind"])
    if entity is None:
        return pages.render(request, "salesforce/missing.html", status=404, simulator=simulator)
    shown = [(entity.name, row["Id"], recordpages.title(row)) for row in reversed(simulator.store.of(entity))]
    return pages.render(request, "salesforce/list.html", simulator=simulator, title=f"{entity.name}s", rows=shown)


def found(simulator: Salesforce, text: str) -> list[tuple[str, Row]]:
    """A number by its end, any other text in the names."""
    digits = re.sub(r"\D", "", text)
    if len(text.strip()) < SHORTEST_SEARCH:
        return []
    every = [(name, row) for name in SEARCHED for row in simulator.store.of(schema.ENTITIES[name])]
    if len(digits) >= SHORTEST_SEARCH and not re.search(r"[A-Za-z]", text):
        return [(name, row) for name, row in every if _has_number(name, row, digits)]
    return [(name, row) for name, row in every if text.strip().lower() in recordpages.title(row).lower()]


def _has_number(name: str, row: Row, digits: str) -> bool:
    phones = [key for key, field in schema.ENTITIES[name].fields.items() if field.type == schema.PHONE]
    return any(re.sub(r"\D", "", str(row.get(key) or "")).endswith(digits) for key in phones)


LIBRARIES = (
    ("/support/api/{version}/lightning/opencti_min.js", lightning_library, ["GET"]),
    ("/support/api/{version}/interaction.js", classic_library, ["GET"]),
)
LIGHTNING_HOME, CLASSIC_HOME = "/lightning/page/home", "/home/home.jsp"
PAGES = (
    *LIBRARIES,
    (LIGHTNING_HOME, lightning_page, ["GET"]),
    (CLASSIC_HOME, classic_page, ["GET"]),
    ("/lightning/o/{kind}/list", listing, ["GET"]),
    ("/cti/call_center", import_file, ["POST"]),
    ("/cti/call_center/remove", remove, ["POST"]),
    ("/cti/layout", change_layout, ["POST"]),
    ("/cti/log", save_log, ["POST"]),
    ("/cti/search", search, ["GET"]),
    ("/cti/results", results, ["GET"]),
)
