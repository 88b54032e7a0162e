"""What a person sees of the site: the tables of the board, and a page per record in the place of the browser user
interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from .. import pages
from ..base import Simulator
from ..boards import Table
from .store import LISTS, Missing, Record, Store, Unknown

LINKS = (("What it holds", "/"), ("Browser user interface", "/AgentWeb/"))
LOADER = "/AgentWeb/module/extensibility/js/client/core/extension_loader.js"


def routes(simulator: Simulator, store: Callable[[], Store]) -> list[BaseRoute]:
    async def browser(request: Request) -> Response:
        if "object" in request.query_params:
            return record_page(simulator, store(), request)
        return browser_page(simulator, store(), request)

    async def loader(request: Request) -> Response:
        return FileResponse(pages.STATIC / "osvc" / "extension_loader.js", headers={"Cache-Control": "no-store"})

    return [Route("/AgentWeb/", browser, methods=["GET"]), Route(LOADER, loader, methods=["GET"])]


def browser_page(simulator: Simulator, store: Store, request: Request) -> Response:
    """The workspace beside the extension that holds the desktop."""
    desktop = simulator.surroundings.desktop_url
    origin = f"{request.url.scheme}://{request.url.netloc}"
    address = f"{desktop}/agentdesktop/Oracle.jsp?{urlencode({'topDomain': origin})}"
    context: dict[str, Any] = {"simulator": simulator, "desktop": address, "lists": listing(store)}
    return pages.render(request, "osvc_browser.html", frames=(desktop,), **context)


def record_page(simulator: Simulator, store: Store, request: Request) -> Response:
    """One record with its parts."""
    kind, record_id = request.query_params.get("object", ""), request.query_params.get("id", "")
    context: dict[str, Any] = {
        "simulator": simulator, "kind": kind, "id": record_id, "new": record_id == "new",
        "framed": "framed" in request.query_params,
    }  # fmt: skip
    try:
        record = store.get(kind, record_id)
    except (Missing, Unknown):
        return pages.render(request, "osvc_record.html", status=200 if context["new"] else 404, record=None, **context)
    return pages.render(request, "osvc_record.html", record=record, facts=facts(record), parts=parts(record), **context)


def listing(store: Store) -> list[tuple[str, list[Record]]]:
    return [("contact", store.all("contacts")), ("incident", store.all("incidents")[::-1])]


def facts(record: Record) -> list[tuple[str, str]]:
    return [(name, words(value)) for name, value in record.items() if name not in LISTS and words(value)]


def parts(record: Record) -> list[tuple[str, list[dict[str, str]]]]:
    """The lists of a record, newest entry first."""
    return [
        (name, [{inner: words(value) for inner, value in entry.items()} for entry in record[name][::-1]])
        for name in LISTS
        if record.get(name)
    ]


def words(value: Any) -> str:
    """A value as a person reads it: of a reference or choice its name, of a part with several values all of them."""
    if isinstance(value, dict):
        return str(value.get("lookupName") or " ".join(filter(None, map(words, value.values()))))
    return "" if value in (None, "") else str(value)


def tables(store: Store, queries: list[tuple[str, ...]], written: list[tuple[str, ...]]) -> list[Table]:
    """The board: what was asked and written, and what the site holds."""
    incidents = [
        (row["referenceNumber"], row["subject"], row.get("primaryContact", {}).get("lookupName", ""),
         row["statusWithType"]["status"]["lookupName"], len(row["threads"]))
        for row in store.all("incidents")[::-1]
    ]  # fmt: skip
    contacts = [
        (row["lookupName"], ", ".join(phone["number"] for phone in row["phones"]),
         ", ".join(email["address"] for email in row["emails"]), len(row["notes"]))
        for row in store.all("contacts")
    ]  # fmt: skip
    staff = [(row["login"], row["displayName"], row["emails"][0]["address"]) for row in store.all("accounts")]
    return [
        Table("Queries", ("ROQL", "Rows"), list(queries)),
        Table("Written", ("Record", "What", "Name", "Said to be from", "Business rules"), list(written)),
        Table("Incidents", ("Reference", "Subject", "Contact", "Status", "Threads"), incidents),
        Table("Contacts", ("Name", "Phones", "E-mail", "Notes"), contacts),
        Table("Staff accounts", ("Login", "Name", "E-mail"), staff),
    ]
