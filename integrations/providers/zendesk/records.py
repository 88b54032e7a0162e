"""Tickets, users and organizations (developer.zendesk.com, Ticketing API).

Zendesk has an idempotency key for new tickets, good for two hours, and an external id on every record, good for ever.
Both carry our key; `find_created` asks by external id, from the database and not from the search index, which learns of
new records late."""

from collections.abc import Iterator
from typing import Any

from integrations.capabilities import Crm, Record, RecordDeletion, RecordRef
from integrations.providers.base import Provider

from .answers import created_id, cursor_after, list_in, number, plain, plural, record_in
from .bodies import body_for, call_ticket, changes, new_ticket

CALL_TICKETS = "/api/v2/channels/voice/tickets.json"
PAGE = 100
SEARCH_MOST = 1000  # Zendesk refuses to show more results of one search
MOST_STAFF_PAGES = 200
TITLES = ("subject", "name", "email", "id")


class Records(Crm, RecordDeletion, Provider):
    query_language = "zendesk"
    history_without_page = True

    def search(self, kind: str, query: str, *, limit: int = 50) -> list[Record]:
        """Up to `limit` records. Zendesk joins two `type:` of one query by OR, so the kind is compared here."""
        plural(kind)
        return [
            self.record(kind, row) for row in self.rows(f"type:{kind} {query}", kind, limit=limit, purpose="Search")
        ]

    def get(self, ref: RecordRef) -> Record:
        return self.record(ref.kind, record_in(self.http.get(self.path(ref), purpose="Read record"), ref.kind))

    def create(self, kind: str, fields: dict[str, Any], *, key: str = "") -> RecordRef:
        """A new record, internal and without a mail to the customer. `external_id` is the key, unless it is given.

        A ticket with `via_id` is marked as a call, where the help desk has Talk Partner Edition."""
        body = new_ticket(fields) if kind == "ticket" else body_for(kind, fields)
        if key:
            body = {"external_id": key, **body}
        if kind == "user":
            body = {"skip_verify_email": True, **body}
        headers = {"Idempotency-Key": key} if key and kind == "ticket" else {}
        body, call = call_ticket(body) if kind == "ticket" else (body, {})
        path, request = f"/api/v2/{plural(kind)}.json", {kind: body}
        if call and self.properties["talk_partner_edition"]:
            path, request = CALL_TICKETS, call
        response = self.http.post(path, json=request, headers=headers, purpose="Create record")
        return RecordRef(kind, created_id(response, kind))

    def find_created(self, kind: str, key: str) -> RecordRef | None:
        path = f"/api/v2/{plural(kind)}" + (".json" if kind == "ticket" else "/search.json")
        response = self.http.get(path, params={"external_id": key}, purpose="Look for created record")
        same = [
            str(row["id"]) for row in list_in(response, plural(kind)) if row.get("external_id") == key and "id" in row
        ]
        return RecordRef(kind, min(same, key=int)) if same else None

    def update(self, ref: RecordRef, fields: dict[str, Any]) -> None:
        """Change named fields; with `updated_stamp` only if nobody changed the ticket since (`Rejected`, conflict)."""
        body = {ref.kind: changes(ref.kind, fields)}
        record_in(self.http.put(self.path(ref), json=body, retry=0, purpose="Update record"), ref.kind)

    def delete(self, ref: RecordRef) -> None:
        """A ticket stays among the deleted ones for 30 days (developer.zendesk.com, "Delete Ticket")."""
        self.http.delete(self.path(ref), purpose="Delete record")

    def record_url(self, ref: RecordRef) -> str:
        return f"{self.base_url}/{agent_path(ref)}"

    def rows(self, query: str, kind: str, *, limit: int, purpose: str) -> Iterator[dict[str, Any]]:
        """What the search knows, page by page until the limit, the last page, or Zendesk's thousand."""
        size, seen = min(limit, PAGE), 0
        for page in range(1, SEARCH_MOST // size + 1):
            parameters = {"query": query, "per_page": str(size), "page": str(page)}
            rows = list_in(self.http.get("/api/v2/search.json", params=parameters, purpose=purpose), "results")
            for row in rows:
                if row.get("result_type", kind) == kind and "id" in row:
                    seen += 1
                    yield row
                if seen >= limit:
                    return
            if len(rows) < size:
                return

    def staff(self) -> Iterator[dict[str, Any]]:
        """Every agent and administrator (developer.zendesk.com, "List users", filter `role[]`), by cursor."""
        roles, after = [("role[]", "agent"), ("role[]", "admin"), ("page[size]", str(PAGE))], ""
        for _page in range(MOST_STAFF_PAGES):
            cursor = [("page[after]", after)] if after else []
            response = self.http.get("/api/v2/users.json", params=[*roles, *cursor], purpose="Find agents")
            yield from (row for row in list_in(response, "users") if "id" in row)
            after = cursor_after(response)
            if not after:
                return

    def path(self, ref: RecordRef, below: str = "") -> str:
        return f"/api/v2/{plural(ref.kind)}/{number(ref.id)}{below}.json"

    def record(self, kind: str, row: dict[str, Any]) -> Record:
        ref, fields = RecordRef(kind, str(row["id"])), plain(row)
        title = next((fields[name] for name in TITLES if fields.get(name)), "")
        return Record(ref, fields, title, self.record_url(ref))


def agent_path(ref: RecordRef) -> str:
    """The record's page in the agent workspace, relative to the help desk."""
    return f"agent/{plural(ref.kind)}/{number(ref.id)}"
