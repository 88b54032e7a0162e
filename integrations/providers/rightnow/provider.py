"""Records through Connect Web Services for SOAP: QueryCSV, Get, Create and Update.

Everything is a POST to one address. Reading is repeated where a gateway was busy, writing never."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import requests
from lxml import etree

from integrations import catalogue
from integrations.capabilities import Record, RecordRef
from integrations.diagnosis.doctor import Passed
from integrations.errors import Cause, IntegrationError, Rejected, Stage
from integrations.providers.osvc import ServiceCloud
from integrations.providers.osvc.advice import SOAP_ADVICE
from integrations.providers.osvc.browser_ui import BrowserUi
from integrations.providers.osvc.probes import probes
from integrations.providers.osvc.roql import Statement
from integrations.providers.osvc.service_cloud import MOST_ROWS, record_id

from . import envelope, faults, objects
from .envelope import Element, Names, child, children, local, parameter, text_of
from .properties import RightNowProperties, interface_of

DELIMITER = "|"
READ_RETRIES = 2
# Templates of a Get: which parts of an object the answer is to hold beside its own fields.
TEMPLATES = {"Contact": ("Emails", "Name", "Organization", "Phones"), "Account": ("Emails", "Name", "Phones"),
             "Incident": ("AssignedTo", "Organization", "PrimaryContact", "StatusWithType")}  # fmt: skip
NOTE = {"EntryType": {"ID": "1"}}


class RightNow(BrowserUi, ServiceCloud):
    """RightNow: Crm, PeopleDirectory and EmbedHost."""

    key = "rightnow"
    label = "RightNow"
    type = catalogue.RIGHTNOW
    documentation_url = "https://docs.oracle.com/en/cloud/saas/b2c-service/famdg/connect-web-services.html"
    advice = SOAP_ADVICE
    Properties = RightNowProperties
    CONTACTS, ACCOUNTS, ACCOUNT_EMAIL = "Contact", "Account", "Emails.EmailList.Address"
    INCIDENTS = "Incident"

    @property
    def names(self) -> Names:
        return Names(str(self.properties["api_version"]))

    def interpret(self, response: requests.Response) -> IntegrationError | None:
        return faults.interpret(response)

    def probes(self) -> Iterator[Passed]:
        return probes(self, str(self.properties["user_name"]))

    # -- reading

    def rows(self, statement: Statement, *, purpose: str) -> list[dict[str, str]]:
        query = envelope.operation(self.names, "QueryCSV")
        parameter(query, "Query", statement.text)
        parameter(query, "PageSize", str(MOST_ROWS))
        parameter(query, "Delimiter", DELIMITER)
        answer = self._ask(query, purpose=purpose, retry=READ_RETRIES)
        tables = child(answer, "CSVTableSet", "CSVTables")
        if local(answer) != "QueryCSVResponse" or tables is None:
            raise wrong_shape("CSVTables")
        lines = [text_of(row) for table in children(tables) for row in children(child(table, "Rows"))]
        return [row_of(line, statement.columns) for line in lines]

    def get(self, ref: RecordRef) -> Record:
        element = self._object(ref, {part: {} for part in TEMPLATES.get(ref.kind, ())}, purpose="Read record")
        return self.record(ref.kind, ref.id, objects.fields_of(element))

    def history(self, ref: RecordRef, part: str) -> list[str]:
        element = self._object(ref, {part.capitalize(): {}}, purpose="Look for posted activity")
        return [text_of(child(entry, "Text")) for entry in objects.entries_of(element, part)]

    def _object(self, ref: RecordRef, template: dict[str, Any], *, purpose: str) -> Element:
        """One object with the parts that the template names. Raises `Rejected` when it is not there."""
        request = envelope.operation(self.names, "Get")
        request.append(self._reference(ref, template))
        parameter(parameter(request, "ProcessingOptions"), "FetchAllNames", value=True)
        return first_object(self._ask(request, purpose=purpose, retry=READ_RETRIES), "GetResponse")

    # -- writing

    def make(self, kind: str, fields: dict[str, Any], *, note: str) -> RecordRef:
        tree = objects.tree_of(fields)
        if note:
            tree = objects.with_entry(tree, "notes", {"Text": note})
        element = objects.object_of(self.names, "RNObjects", kind, tree=tree)
        answer = self._write("Create", element, purpose="Create record")
        found = child(first_object(answer, "CreateResponse"), "ID")
        if found is None or not (found.get("id") or "").isdigit():
            raise wrong_shape("the id of the new record", maybe_done=True)
        return RecordRef(kind, found.get("id"))

    def update(self, ref: RecordRef, fields: dict[str, Any]) -> None:
        self._write("Update", self._reference(ref, objects.tree_of(fields)), purpose="Update record")

    def delete(self, ref: RecordRef) -> None:
        self._write("Destroy", self._reference(ref, {}), purpose="Delete record")

    def append(self, ref: RecordRef, part: str, text: str) -> None:
        entry = {"Text": text, **(NOTE if part == "threads" else {})}
        self._write("Update", self._reference(ref, objects.with_entry({}, part, entry)), purpose="Post activity")

    def _reference(self, ref: RecordRef, tree: dict[str, Any]) -> Element:
        return objects.object_of(self.names, "RNObjects", ref.kind, record_id=record_id(ref.id), tree=tree)

    def _write(self, operation: str, element: Element, *, purpose: str) -> Element:
        request = envelope.operation(self.names, operation)
        request.append(element)
        options = parameter(request, "ProcessingOptions")
        parameter(options, "SuppressExternalEvents", value=bool(self.properties["suppress_external_events"]))
        parameter(options, "SuppressRules", value=bool(self.properties["suppress_rules"]))
        return self._ask(request, purpose=purpose, retry=0)

    # -- the wire

    def _ask(self, request: Element, *, purpose: str, retry: int) -> Element:
        """The content of the answer's body."""
        etree.cleanup_namespaces(request, keep_ns_prefixes=["o", "xsi"])
        content = envelope.wrap(
            self.names,
            request,
            user=str(self.properties["user_name"]),
            password=self.account.secret("password"),
            application=str(self.properties["application_id"]),
        )
        headers = {
            "Accept": "text/xml", "Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{local(request)}"',
        }  # fmt: skip
        response = self.http.post(self.endpoint, data=content, headers=headers, purpose=purpose, retry=retry)
        return envelope.parsed(response)

    @property
    def endpoint(self) -> str:
        interface = str(self.properties["interface"] or "") or interface_of(str(self.properties["url"] or ""))
        return f"/cgi-bin/{interface or 'demo'}.cfg/services/soap"


def row_of(line: str, columns: tuple[str, ...]) -> dict[str, str]:
    """One line of a CSV table, by the columns that were asked."""
    cells = next(csv.reader(io.StringIO(line, newline=""), delimiter=DELIMITER), [])
    if len(cells) != len(columns):
        raise wrong_shape("a value for every column that was asked for")
    return dict(zip(columns, cells, strict=True))


def first_object(answer: Element, name: str) -> Element:
    found = children(child(answer, "RNObjectsResult"))
    if local(answer) != name or not found:
        raise wrong_shape("a record", maybe_done=name == "CreateResponse")
    return found[0]


def wrong_shape(missing: str, *, maybe_done: bool = False) -> Rejected:
    return Rejected(
        f"The answer is no answer of Connect Web Services: it lacks {missing}.",
        cause=Cause.INVALID_DATA, stage=Stage.ANSWER, maybe_done=maybe_done,
    )  # fmt: skip
