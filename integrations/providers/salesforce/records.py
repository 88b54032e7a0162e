"""Records: sObject rows, SOQL and SOSL (Salesforce REST API guide, "sObject Rows", "Query", "Search")."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from integrations.capabilities import Crm, Record, RecordDeletion, RecordRef
from integrations.errors import Cause, Rejected

from . import hosts, soql
from .answers import kind_of, many, mapping, object_name, plain, record_id
from .login import Login

TITLES = ("Name", "CaseNumber", "Subject", "Id")
MAXIMUM_PAGES = 25


class Records(Crm, RecordDeletion, Login):
    query_language = "soql"
    activity_has_owner = True
    history_on_any_record = True
    history_without_page = True

    def search(self, kind: str, query: str, *, limit: int = 50) -> list[Record]:
        """Records by a condition on `kind` (`Status = 'New' ORDER BY CreatedDate`), by a whole SELECT, or by SOSL.

        SOSL (`FIND {Boxeo} RETURNING Account(Id, Name), Case(Id, Subject)`) finds records of several objects."""
        if soql.is_sosl(query):
            response = self.call("GET", self.data("/search"), params={"q": query}, purpose="Search")
            found = many(response, "searchRecords")[:limit]
            return [self.record(kind_of(row) or kind, row) for row in found]
        rows = self.rows(soql.select(kind, query, limit), limit=limit, purpose="Search")
        return [self.record(kind_of(row) or kind, row) for row in rows]

    def get(self, ref: RecordRef) -> Record:
        response = self.call("GET", self.row_path(ref), purpose="Read record")
        return self.record(ref.kind, mapping(response, "Id"))

    def create(self, kind: str, fields: dict[str, Any], *, key: str = "") -> RecordRef:
        """A new record. By the account's External ID field it cannot be made twice; without one see `history`."""
        external = str(self.properties["external_id_field"] or "")
        if key and external and kind != "Task":
            return self._upsert(kind, external, key, fields)
        body = self.marked(kind, fields, key)
        response = self.call("POST", self.data(f"/sobjects/{object_name(kind)}"), json=body, purpose="Create record")
        return RecordRef(kind, record_id(str(mapping(response, "id")["id"])))

    def _upsert(self, kind: str, field: str, key: str, fields: dict[str, Any]) -> RecordRef:
        path = self.data(f"/sobjects/{object_name(kind)}/{field}/{quote(key, safe='')}")
        response = self.call("PATCH", path, json=fields, purpose="Create record")
        made = str(mapping(response, "id")["id"]) if response.content else ""
        found = RecordRef(kind, record_id(made)) if made else self.by_value(kind, field, key)
        if found is None:
            raise Rejected("The record was written and cannot be found.", cause=Cause.NOT_FOUND, maybe_done=True)
        return found

    def update(self, ref: RecordRef, fields: dict[str, Any]) -> None:
        self.call("PATCH", self.row_path(ref), json=fields, purpose="Update record")

    def delete(self, ref: RecordRef) -> None:
        self.call("DELETE", self.row_path(ref), purpose="Delete record")

    def record_url(self, ref: RecordRef) -> str:
        """The record's page in Lightning. Raises `Rejected` for what is no record."""
        return self.lightning() + self.page_of(ref)

    def page_of(self, ref: RecordRef) -> str:
        return f"/lightning/r/{object_name(ref.kind)}/{record_id(ref.id)}/view"

    def lightning(self) -> str:
        """Where the organisation's pages are."""
        return hosts.lightning_origin(self.home())

    def marked(self, kind: str, fields: dict[str, Any], key: str) -> dict[str, Any]:
        """The fields as they are sent, with the key where `find_created` looks for it."""
        return fields

    def by_value(self, kind: str, field: str, value: str) -> RecordRef | None:
        """The record of this kind with this value in a field."""
        query = soql.query(("Id",), kind, f"{field} = {soql.literal(value)}", limit=1)
        found = list(self.rows(query, limit=1, purpose="Look for created record"))
        return RecordRef(kind, str(found[0].get("Id"))) if found else None

    def rows(self, query: str, *, limit: int, purpose: str = "") -> Iterator[dict[str, Any]]:
        """Rows of a query as Salesforce answers them, page by page until the limit or the last page."""
        path, parameters, seen = self.data("/query"), {"q": query}, 0
        for _ in range(MAXIMUM_PAGES):
            response = self.call("GET", path, params=parameters, purpose=purpose)
            for row in many(response, "records"):
                seen += 1
                yield row
                if seen >= limit:
                    return
            path, parameters = str(response.json().get("nextRecordsUrl") or ""), {}
            if not path.startswith("/services/data/"):
                return

    def row_path(self, ref: RecordRef) -> str:
        return self.data(f"/sobjects/{object_name(ref.kind)}/{record_id(ref.id)}")

    def record(self, kind: str, row: dict[str, Any]) -> Record:
        fields = plain(row)
        ref = RecordRef(kind, fields.get("Id", ""))
        title = next((fields[name] for name in TITLES if fields.get(name)), "")
        return Record(ref, fields, title, self.record_url(ref) if ref.id else "")
