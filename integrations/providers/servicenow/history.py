"""The activity stream, and finding again what an earlier attempt wrote.

ServiceNow has no idempotency key. After a crash between request and answer we look before we write again:

* A record that we create ends its short description in "(ref <key>)". `find_created` asks for rows whose short
  description contains that text and compares them itself. It needs READ on the table, which the integration guide does
  not grant for interactions; without it the answer is "not found", and a crash at the wrong moment can leave two
  records. A correlation_id column would be neater, but the interaction table has none.
* A journal entry ends in the line "Call reference <key>". Journals are write-only through the plain Table API; they are
  read as one text with sysparm_display_value=true (ServiceNow docs, "Journal fields")."""

from typing import Any

import requests

from integrations.activity_text import entry, holds_reference, mark_of, marked
from integrations.capabilities import Activity, RecordRef
from integrations.errors import AuthenticationFailed, Cause, Stage

from . import query as encoded
from .answers import many_rows, one_row
from .tables import PLAIN, RELATION, Tables

# Length of short_description out of the box; longer texts are cut by the instance, and the key with them.
SHORT_DESCRIPTION_LENGTH = 160
JOURNALS = ("work_notes", "comments")
CANDIDATES = 10


class History(Tables):
    def marked(self, fields: dict[str, Any], key: str) -> dict[str, Any]:
        if not key:
            return fields
        text = str(fields.get("short_description") or "")
        return {**fields, "short_description": marked(text, key, longest=SHORT_DESCRIPTION_LENGTH)}

    def find_created(self, kind: str, key: str) -> RecordRef | None:
        if kind == RELATION:  # `create` looks for the same relation itself
            return None
        mark = mark_of(key)
        parameters = {
            "sysparm_query": f"short_descriptionLIKE{encoded.value(mark)}^ORDERBYsys_created_on",
            "sysparm_fields": "sys_id,short_description",
            "sysparm_limit": str(CANDIDATES),
            **PLAIN,
        }
        response = self.http.get(self.path(kind), params=parameters, purpose="Look for created record")
        rows = many_rows(response)
        same = [row["sys_id"] for row in rows if row.get("short_description", "").endswith(mark) and row.get("sys_id")]
        if not same and len(rows) < counted(response):
            raise AuthenticationFailed(
                f"A record of {kind} that may be ours exists, and the integration user may not read it.",
                cause=Cause.NO_PERMISSION,
                stage=Stage.PERMISSION,
                status=response.status_code,
            )
        return RecordRef(kind, same[0]) if same else None

    def add_activity(self, ref: RecordRef, activity: Activity) -> None:
        self.http.patch(self.path(ref.kind, ref.id), json={"work_notes": entry(activity)}, purpose="Post activity")

    def has_activity(self, ref: RecordRef, key: str) -> bool:
        parameters = {"sysparm_display_value": "true", "sysparm_fields": ",".join(JOURNALS)}
        response = self.http.get(self.path(ref.kind, ref.id), params=parameters, purpose="Look for posted activity")
        shown = one_row(response)
        return any(holds_reference(shown.get(name, ""), key) for name in JOURNALS)


def counted(response: requests.Response) -> int:
    """How many rows match at ServiceNow; counted before access rules hide some (ServiceNow docs, Table API)."""
    total = response.headers.get("X-Total-Count", "")
    return int(total) if total.isdigit() else 0
