"""Records: ServiceNow's Table API (ServiceNow docs, "Table API").

All values are strings. `sysparm_limit` is applied before access rules, so a page may be shorter than asked although
more follows: only the `Link` header tells. Fields that the user may not write and choices that are not on the list are
dropped without a word; what was kept instead is logged."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from integrations.capabilities import Crm, Record, RecordDeletion, RecordRef
from integrations.errors import AuthenticationFailed, Cause, Rejected
from integrations.providers.base import Provider

from . import query as encoded
from .answers import created, many_rows, one_row, sys_id, table_name

logger = logging.getLogger(__name__)

PAGE = 200
MAXIMUM_PAGES = 25
PLAIN = {"sysparm_exclude_reference_link": "true"}
RELATION = "interaction_related_record"
TITLES = ("number", "name", "short_description", "user_name", "sys_id")
# Columns that the instance computes or never shows, so a difference means nothing.
NOT_ECHOED = {"work_notes", "comments", "priority", "sys_id"}


class Tables(Crm, RecordDeletion, Provider):
    query_language = "servicenow"

    def record_url(self, ref: RecordRef) -> str:
        """The record's form in a browser, by the account's pattern. Raises `Rejected` for what is no record."""
        return self.base_url + self.filled("record_url_pattern", ref)

    def filled(self, pattern: str, ref: RecordRef) -> str:
        text = str(self.properties[pattern])
        return text.replace("{table}", table_name(ref.kind)).replace("{sys_id}", sys_id(ref.id))

    def search(self, kind: str, query: str, *, limit: int = 50) -> list[Record]:
        """Up to `limit` rows. Raises `Rejected` where ServiceNow ignored a condition and answered too much."""
        found = []
        for row in self.rows(kind, query, limit=limit, purpose="Search"):
            ignored = encoded.unknown_columns(query, row)
            if ignored:
                raise Rejected(
                    f"{kind} has no readable column {', '.join(ignored)}. ServiceNow ignores such a condition and "
                    "would return records that were not asked for.",
                    cause=Cause.INVALID_DATA,
                )
            if not encoded.contradicts(query, row):
                found.append(self.record(kind, row))
        return found

    def get(self, ref: RecordRef) -> Record:
        response = self.http.get(self.path(ref.kind, ref.id), params=PLAIN, purpose="Read record")
        return self.record(ref.kind, one_row(response))

    def create(self, kind: str, fields: dict[str, Any], *, key: str = "") -> RecordRef:
        """A new record; with a key its short description ends in "(ref <key>)", see `history`.

        A relation is looked for first: it has no text to carry a key, and its content says which one it is."""
        existing = self.relation(fields) if kind == RELATION else None
        if existing:
            return existing
        body = fields if kind == RELATION else self.marked(fields, key)
        response = self.http.post(self.path(kind), params=PLAIN, json=body, purpose="Create record")
        new, shown = created(response)
        note_dropped(kind, body, shown)
        return RecordRef(kind, new)

    def update(self, ref: RecordRef, fields: dict[str, Any]) -> None:
        response = self.http.patch(self.path(ref.kind, ref.id), params=PLAIN, json=fields, purpose="Update record")
        note_dropped(ref.kind, fields, one_row(response))

    def delete(self, ref: RecordRef) -> None:
        self.http.delete(self.path(ref.kind, ref.id), purpose="Delete record")

    def marked(self, fields: dict[str, Any], key: str) -> dict[str, Any]:
        """The fields as they are sent, with the key where `find_created` looks for it."""
        return fields

    def relation(self, fields: Mapping[str, Any]) -> RecordRef | None:
        """The same related record, if the user may read them and it is there. The guide grants only CREATE."""
        same = {name: str(fields.get(name) or "") for name in ("interaction", "document_table", "document_id")}
        if not all(same.values()):
            return None
        query = "^".join(f"{name}={encoded.value(text)}" for name, text in same.items())
        try:
            found = self.search(RELATION, query, limit=1)
        except (AuthenticationFailed, Rejected) as error:
            if error.cause in (Cause.NO_PERMISSION, Cause.INVALID_DATA):
                return None
            raise
        return found[0].ref if found else None

    def rows(
        self, kind: str, query: str, *, limit: int, fields: tuple[str, ...] = (), purpose: str = ""
    ) -> Iterator[dict[str, str]]:
        """Rows as plain strings, page by page until the limit or the last page."""
        parameters = {"sysparm_query": query, **PLAIN, **({"sysparm_fields": ",".join(fields)} if fields else {})}
        size, seen = min(limit, PAGE), 0
        for page in range(MAXIMUM_PAGES):
            paging = {"sysparm_limit": str(size), "sysparm_offset": str(page * size)}
            response = self.http.get(self.path(kind), params={**parameters, **paging}, purpose=purpose)
            for row in many_rows(response):
                seen += 1
                yield row
                if seen >= limit:
                    return
            if "next" not in response.links:
                return

    def path(self, kind: str, record_id: str = "") -> str:
        return f"/api/now/table/{table_name(kind)}" + (f"/{sys_id(record_id)}" if record_id else "")

    def record(self, kind: str, row: dict[str, str]) -> Record:
        ref = RecordRef(kind, row.get("sys_id", ""))
        title = next((row[name] for name in TITLES if row.get(name)), "")
        return Record(ref, row, title, self.record_url(ref))


def note_dropped(kind: str, sent: Mapping[str, Any], kept: Mapping[str, str]) -> None:
    """Log which fields ServiceNow did not take although it answered success. Without READ it shows nothing."""
    lost = [n for n, v in sent.items() if n not in NOT_ECHOED and kept.get(n, "").casefold() != _text(v).casefold()]
    if kept and lost:
        reasons = "no right to write, no such column, or no value of its list"
        logger.warning("ServiceNow did not take %s in %s: %s.", lost, kind, reasons)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
