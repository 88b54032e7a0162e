"""RightNow: the same site through Connect Web Services for SOAP.

`service.wsdl` and the schemas describe the five operations; every request is checked against them. `envelope.py` reads
requests and writes answers and faults, `objects.py` turns records into elements and back. Assumed, because it is not
published: the status of faults (500, as SOAP 1.1 says) and the quoting of cells in a CSV row."""

from __future__ import annotations

import csv
import hmac
import io
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from .. import faults
from ..boards import Board, BoardSimulator
from ..osvc import BadQuery, Invalid, Missing, Store, Unknown, pages, roql
from ..recorder import warn
from . import envelope, objects
from .envelope import Call, Element, Refused

USER = "integration"
PASSWORD = "demo-rightnow-password"  # noqa: S105 - published credentials of a simulator
INTERFACE = "demo"
DELIMITER = ","
FAULTS = {
    "bad_credentials": ("RequestErrorFault", "INVALID_LOGIN", "Access Denied"),
    "expired_token": ("RequestErrorFault", "INVALID_LOGIN", "Access Denied"),
    "revoked_token": ("RequestErrorFault", "INVALID_LOGIN", "Access Denied"),
    "missing_permission": ("RequestErrorFault", "ACCESS_DENIED", "The profile does not have the public SOAP bit"),
    "soap_disabled": ("RequestErrorFault", "ACCESS_DENIED", "Connect is not enabled on this interface"),
    "server_error": ("UnexpectedErrorFault", "UNKNOWN_EXCEPTION", "An unknown exception occurred"),
    "query_timeout": ("ServerErrorFault", "QUERY_TIMEOUT", "The query timed out"),
}


class RightNow(BoardSimulator):
    key = "rightnow"
    title = "RightNow"
    description = "The same records as Oracle Service Cloud through the older SOAP door, with a WSDL."
    lead = (
        f"SOAP at cgi-bin/{INTERFACE}.cfg/services/soap, described there with ?wsdl; staff account {USER}, "
        f"password {PASSWORD}."
    )
    pages: ClassVar[tuple[tuple[str, str], ...]] = pages.LINKS
    extra_faults = ("soap_disabled", "query_timeout")
    default_counts: ClassVar[dict[str, int]] = {
        "queries": 0, "read": 0, "created": 0, "updated": 0, "deleted": 0, "refused": 0,
    }  # fmt: skip
    default_settings: ClassVar[dict[str, Any]] = {
        "password": PASSWORD, "interface": INTERFACE, "connect_enabled": True, "profile_allows_soap": True,
    }  # fmt: skip

    def reset(self) -> None:
        super().reset()
        self.store = Store()
        self.queries: list[tuple[str, ...]] = []
        self.written: list[tuple[str, ...]] = []

    def secrets(self) -> list[str]:
        return [PASSWORD, *([str(self.settings["password"])] if self.settings else [])]

    def routes(self) -> list[BaseRoute]:
        service = "/cgi-bin/{interface}.cfg/services/soap"
        return [
            Route(service, self.service, methods=["GET", "POST"]),
            Route(f"{service}/{{schema}}.xsd", self.schema, methods=["GET"]),
            *pages.routes(self, lambda: self.store),
            *self.board_routes(),
        ]

    def fault_response(self, fault: faults.Fault, request: Request) -> Response:
        if fault.name in FAULTS:
            status = int(fault.option("status", 500))
            return envelope.fault(*FAULTS[fault.name], status=status)
        if fault.name == "wrong_shape":
            return envelope.answer(envelope.message("SomethingElse"))
        if fault.name == "rate_limit":
            return Response("Too many requests", 429, {"Retry-After": str(int(fault.option("retry_after", 5)))})
        return super().fault_response(fault, request)

    async def schema(self, request: Request) -> Response:
        return envelope.schema_file(request.path_params["schema"])

    async def service(self, request: Request) -> Response:
        if request.path_params["interface"] != self.settings["interface"]:
            return Response("<html><body><h1>Not Found</h1></body></html>", 404, media_type="text/html")
        if request.method == "GET":
            return envelope.description(str(request.url.replace(query="")))
        try:
            return await self._carried_out(request)
        except Refused as refusal:
            self.counts["refused"] += 1
            return envelope.fault(refusal.kind, refusal.code, str(refusal))

    async def _carried_out(self, request: Request) -> Response:
        call = envelope.read(await request.body())
        if request.headers.get("soapaction", "").strip('"') not in ("", call.operation):
            warn(request, "SOAPAction names another operation than the content")
        self._let_in(call)
        operations = {
            "QueryCSV": self._query, "Get": self._get, "Create": self._create, "Update": self._update,
            "Destroy": self._destroy,
        }  # fmt: skip
        try:
            return envelope.answer(operations[call.operation](call))
        except Missing as missing:
            raise Refused("BAD_ID", f"Invalid ID: {missing}") from None
        except (Invalid, Unknown) as invalid:
            raise Refused("INVALID_FIELD", str(invalid)) from None

    def _let_in(self, call: Call) -> None:
        if not call.application:
            raise Refused("MISSING_ARGUMENT", "ClientInfoHeader with AppID is required")
        given = f"{call.user}:{call.password}".encode()
        if not hmac.compare_digest(given, f"{USER}:{self.settings['password']}".encode()):
            raise Refused("INVALID_LOGIN", "Access Denied")
        if not self.settings["connect_enabled"]:
            raise Refused("ACCESS_DENIED", "Connect is not enabled on this interface")
        if not self.settings["profile_allows_soap"]:
            raise Refused("ACCESS_DENIED", "The profile does not have the public SOAP bit")

    # -- operations

    def _query(self, call: Call) -> Element:
        query = call.text("Query")
        delimiter, size = call.text("Delimiter") or DELIMITER, int(call.text("PageSize"))
        try:
            tables = roql.run(self.store, query)
        except BadQuery as error:
            raise Refused("INVALID_FIELD", str(error)) from None
        self.counts["queries"] += 1
        self.queries = [(query, str(sum(len(table.rows) for table in tables))), *self.queries][:30]
        response = envelope.message("QueryCSVResponse")
        held = envelope.add(envelope.add(response, "CSVTableSet"), "CSVTables")
        for table in tables:
            element = envelope.add(held, "CSVTable")
            envelope.add(element, "Name", objects.type_of(table.name))
            envelope.add(element, "Columns", delimiter.join(table.columns))
            rows = envelope.add(element, "Rows")
            for row in table.rows[:size]:
                envelope.add(rows, "Row", line(row, delimiter))
        return response

    def _get(self, call: Call) -> Element:
        found = [objects.element_of(self._record(wanted), wanted) for wanted in call.objects()]
        self.counts["read"] += len(found)
        return envelope.result("GetResponse", found)

    def _create(self, call: Call) -> Element:
        made = []
        for wanted in call.objects():
            if objects.id_of(wanted):
                raise Refused("INVALID_FIELD", "ID must not be set on Create")
            record = self.store.create(objects.kind_of(wanted), objects.fields_of(wanted))
            self._note(call, "created", objects.kind_of(wanted), record)
            made.append(objects.reference(record, objects.kind_of(wanted)))
        return envelope.result("CreateResponse", made)

    def _update(self, call: Call) -> Element:
        for wanted in call.objects():
            record = self._record(wanted)
            self.store.update(objects.kind_of(wanted), record["id"], objects.fields_of(wanted))
            self._note(call, "updated", objects.kind_of(wanted), record)
        return envelope.message("UpdateResponse")

    def _destroy(self, call: Call) -> Element:
        for wanted in call.objects():
            record = self._record(wanted)
            self.store.delete(objects.kind_of(wanted), record["id"])
            self._note(call, "deleted", objects.kind_of(wanted), record)
        return envelope.message("DestroyResponse")

    def _record(self, wanted: Element) -> dict[str, Any]:
        found = objects.id_of(wanted)
        if not found:
            raise Refused("MISSING_ARGUMENT", "ID is required")
        return self.store.get(objects.kind_of(wanted), found)

    def _note(self, call: Call, done: str, kind: str, record: dict[str, Any]) -> None:
        self.counts[done] += 1
        rules = "no rules" if call.option("SuppressRules") else "rules run"
        self.written = [
            (f"{objects.type_of(kind)} {record['id']}", done, record["lookupName"], call.application, rules),
            *self.written,
        ][:30]

    def board(self) -> Board:
        facts = [(label, self.counts[name]) for label, name in (
            ("Queries", "queries"), ("Read", "read"), ("Made", "created"), ("Changed", "updated"),
            ("Deleted", "deleted"), ("Refused", "refused"),
        )]  # fmt: skip
        return Board(facts, pages.tables(self.store, self.queries, self.written))

    def state(self) -> dict[str, Any]:
        """The incidents themselves besides, for tests."""
        return {**super().state(), "incidents": self.store.all("incidents")}


def line(row: list[str | None], delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="").writerow(["" if cell is None else cell for cell in row])
    return out.getvalue()
