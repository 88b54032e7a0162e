"""The activity history, and finding again what an earlier attempt wrote.

A call in the history is a Task of subtype Call (Salesforce object reference, "Task"). Salesforce has no idempotency key
of its own, so after a crash between request and answer we look before we write again:

* A Task carries the key in CallObject, a field of 255 characters made for a telephone system's id of the call.
* Any other record ends its Description in the line "Call reference <key>". Description cannot be filtered by SOQL, so
  the records that our own user made within a week are read, newest first, and compared here.
* Where the account names an External ID field, records are made by upsert on it, and none of that is needed."""

from typing import Any

from integrations.capabilities import Activity, RecordRef

from . import soql
from .answers import record_id
from .records import Records

TASK = "Task"
CALL_OBJECT = "CallObject"
PEOPLE = ("Contact", "Lead")
CALL_TYPES = {"inbound": "Inbound", "outbound": "Outbound", "internal": "Internal"}
LONGEST_TEXT, LONGEST_DESCRIPTION = 255, 32_000
CANDIDATES = 2000  # one page


class History(Records):
    def marked(self, kind: str, fields: dict[str, Any], key: str) -> dict[str, Any]:
        if not key:
            return fields
        if kind == TASK:
            return {**fields, CALL_OBJECT: key}
        return {**fields, "Description": described(str(fields.get("Description") or ""), key)}

    def find_created(self, kind: str, key: str) -> RecordRef | None:
        field = CALL_OBJECT if kind == TASK else str(self.properties["external_id_field"] or "")
        return self.by_value(kind, field, key) if field else self._by_description(kind, key)

    def _by_description(self, kind: str, key: str) -> RecordRef | None:
        where = f"CreatedById = {soql.literal(self.own_user())} AND CreatedDate = LAST_N_DAYS:7"
        query = soql.query(("Id", "Description"), kind, where, newest=True, limit=CANDIDATES)
        rows = self.rows(query, limit=CANDIDATES, purpose="Look for created record")
        ours = [row for row in rows if str(row.get("Description") or "").endswith(reference_line(key))]
        return RecordRef(kind, str(ours[-1].get("Id"))) if ours else None

    def own_user(self) -> str:
        """The id of the user that our token stands for: the last part of the identity URL."""
        return record_id(self.token_fact("id").rpartition("/")[2])

    def add_activity(self, ref: RecordRef, activity: Activity) -> None:
        """A completed Task on the record. Where the record is itself the call's Task, that one is completed; it has
        carried the key since it was made, so its text says that the history is in it."""
        if ref.kind == TASK:
            fields = task(activity)
            self.update(ref, {**fields, "Description": described(fields["Description"], activity.key)})
            return
        relation = "WhoId" if ref.kind in PEOPLE else "WhatId"
        body = {**task(activity), "TaskSubtype": "Call", relation: record_id(ref.id)}
        self.call("POST", self.data(f"/sobjects/{TASK}"), json=body, purpose="Post activity")

    def has_activity(self, ref: RecordRef, key: str) -> bool:
        if ref.kind == TASK:
            return self._is_completed(ref, key)
        field = "WhoId" if ref.kind in PEOPLE else "WhatId"
        where = f"{CALL_OBJECT} = {soql.literal(key)} AND {field} = {soql.literal(record_id(ref.id))}"
        query = soql.query(("Id",), TASK, where, limit=1)
        return bool(list(self.rows(query, limit=1, purpose="Look for posted activity")))

    def _is_completed(self, ref: RecordRef, key: str) -> bool:
        query = soql.query(("Id", "Description"), TASK, f"Id = {soql.literal(record_id(ref.id))}", limit=1)
        found = list(self.rows(query, limit=1, purpose="Look for posted activity"))
        return bool(found) and str(found[0].get("Description") or "").endswith(reference_line(key))


def task(activity: Activity) -> dict[str, Any]:
    """The activity as fields of a Task. The due date is the day of the call; its time stands in the text."""
    extra = [f"{name}: {text}" for name, text in activity.extra.items()]
    return {
        "Subject": activity.subject[:LONGEST_TEXT],
        "Status": "Completed",
        "Priority": "Normal",
        "ActivityDate": f"{activity.started_at:%Y-%m-%d}",
        "CallType": CALL_TYPES.get(activity.direction, "Inbound"),
        "CallDurationInSeconds": activity.duration_seconds,
        "CallDisposition": activity.disposition[:LONGEST_TEXT],
        CALL_OBJECT: activity.key,
        **({"OwnerId": activity.owner} if activity.owner else {}),
        "Description": "\n".join(filter(None, [activity.text.strip(), *extra]))[:LONGEST_DESCRIPTION],
    }


def reference_line(key: str) -> str:
    return f"Call reference {key}"


def described(text: str, key: str) -> str:
    """The description with the line by which the record is found again."""
    line = reference_line(key)
    kept = text[: LONGEST_DESCRIPTION - len(line) - 1].rstrip()
    return f"{kept}\n{line}".strip()
