"""Results of calls by the hundred: Tasks and statuses of campaign members (REST API guide, "sObject Collections").

The answer is 200 although rows fail, so each row's own result counts. Salesforce makes any status that a campaign does
not have its default one, without a word (object reference, "CampaignMember"): ask for `member_statuses` first."""

from collections.abc import Iterable, Sequence
from typing import Any

import requests

from integrations.capabilities import CallResult, CampaignResults, MemberStatus, RowOutcome
from integrations.http import json_of

from . import soql
from .answers import record_id, wrong_shape
from .history import CALL_OBJECT, PEOPLE, TASK, History, task

KEYS_IN_A_QUERY = 100  # an address has at most 16,384 characters
MOST_STATUSES = 200
MEMBER = "CampaignMember"


class Results(CampaignResults, History):
    batch_size = 200

    def member_statuses(self, campaign: str) -> tuple[str, ...]:
        where = f"CampaignId = {soql.literal(record_id(campaign))} ORDER BY SortOrder"
        query = soql.query(("Label",), "CampaignMemberStatus", where, limit=MOST_STATUSES)
        rows = self.rows(query, limit=MOST_STATUSES, purpose="Read member statuses")
        return tuple(str(row.get("Label") or "") for row in rows)

    def find_results(self, keys: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for start in range(0, len(keys), KEYS_IN_A_QUERY):
            listed = ", ".join(map(soql.literal, keys[start : start + KEYS_IN_A_QUERY]))
            query = soql.query(("Id", CALL_OBJECT), TASK, f"{CALL_OBJECT} IN ({listed})")
            rows = self.rows(query, limit=2 * KEYS_IN_A_QUERY, purpose="Look for written results")
            found |= {str(row.get(CALL_OBJECT)): str(row.get("Id")) for row in rows}
        return found

    def push(self, results: Sequence[CallResult]) -> list[RowOutcome]:
        return self._collection("POST", TASK, [(r.activity.key, task_of(r)) for r in results], "Write results")

    def set_statuses(self, changes: Sequence[MemberStatus]) -> list[RowOutcome]:
        rows = [(change.member, member_of(change)) for change in changes]
        return self._collection("PATCH", MEMBER, rows, "Write member statuses")

    def _collection(
        self, method: str, kind: str, rows: Sequence[tuple[str, dict[str, Any]]], purpose: str
    ) -> list[RowOutcome]:
        records = [{"attributes": {"type": kind}, **fields} for _key, fields in rows]
        body = {"allOrNone": False, "records": records}
        response = self.call(method, self.data("/composite/sobjects"), json=body, purpose=purpose)
        return list(outcomes(response, [key for key, _fields in rows]))


def task_of(result: CallResult) -> dict[str, Any]:
    """The Task of a call. A lead's may name nothing beside it; a contact's names the campaign."""
    relation = "WhoId" if result.record.kind in PEOPLE else "WhatId"
    fields = {**task(result.activity), "TaskSubtype": "Call", relation: record_id(result.record.id)}
    if result.record.kind == "Contact" and result.campaign:
        fields["WhatId"] = record_id(result.campaign)
    return fields


def member_of(change: MemberStatus) -> dict[str, Any]:
    return {"Id": record_id(change.member), "Status": change.status}


def outcomes(response: requests.Response, keys: Sequence[str]) -> Iterable[RowOutcome]:
    """Results in the order of the request."""
    body = json_of(response)
    if not isinstance(body, list) or len(body) != len(keys) or not all(isinstance(each, dict) for each in body):
        raise wrong_shape(response, "one result for each row")
    for key, result in zip(keys, body, strict=True):
        done = result.get("success") is True
        yield RowOutcome(key, str(result.get("id") or ""), "" if done else words(result.get("errors")))


def words(errors: Any) -> str:
    """Salesforce's own words about a row, with its code."""
    listed = [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []
    texts = [f"{each.get('message') or ''} ({each.get('statusCode') or 'no code'})".strip() for each in listed]
    return "; ".join(texts) or "Salesforce refused the row without a reason."
