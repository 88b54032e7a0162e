"""People to call: campaigns, queries by REST in pages of 2,000, and large ones as a job of the Bulk API.

The cursor says how to go on: `rest:<nextRecordsUrl>`; `bulk:<job>:` while a job runs, `bulk:<job>:<locator>` after
that."""

import csv
import io
from collections.abc import Callable, Mapping
from typing import Any

import requests

from integrations.capabilities import (
    CallingListSource,
    CursorLost,
    Exclusion,
    ListCampaign,
    RecordRef,
    SourcePage,
    SourceRow,
)
from integrations.errors import Cause, Rejected

from . import jobs, list_query, soql
from .answers import many, plain, record_id
from .jobs import Jobs
from .list_query import ListQuery
from .records import Records

MOST_CAMPAIGNS = 500
# Above it a query becomes a bulk job: REST would take a call of the day's limit for each 2,000.
BULK_ABOVE = 20_000
PAGE_ROWS = 2000
POLL_SECONDS = 5.0
REST, BULK = "rest", "bulk"


class Lists(CallingListSource, Jobs, Records):
    bulk_query_above = BULK_ABOVE

    def campaigns(self) -> list[ListCampaign]:
        query = soql.query(("Id", "Name", "Status"), "Campaign", "IsActive = true", newest=True, limit=MOST_CAMPAIGNS)
        rows = self.rows(query, limit=MOST_CAMPAIGNS, purpose="List campaigns")
        return [ListCampaign(str(row["Id"]), str(row.get("Name") or ""), str(row.get("Status") or "")) for row in rows]

    def campaign_query(self, campaign: str) -> str:
        where = f"CampaignId = {soql.literal(record_id(campaign))}"
        return soql.query(list_query.MEMBER_FIELDS, "CampaignMember", where)

    def columns(self, query: str) -> tuple[str, ...]:
        return list_query.parse(query).fields

    def sample(self, query: str, count: int) -> SourcePage:
        wanted = list_query.parse(query)
        rows = self.rows(wanted.sample(count), limit=count, purpose="Preview of a list")
        return SourcePage(tuple(row_of(wanted, plain(row)) for row in rows))

    def page(self, query: str, cursor: str = "") -> SourcePage:
        wanted = list_query.parse(query)
        way, _, place = cursor.partition(":")
        try:
            return self._bulk_page(wanted, place) if way == BULK else self._rest_page(wanted, place)
        except Rejected as error:
            if cursor and jobs.lost(error):
                raise CursorLost(str(error)) from None
            raise

    def _rest_page(self, wanted: ListQuery, place: str) -> SourcePage:
        path, parameters = place or self.data("/query"), {} if place else {"q": wanted.text}
        if not path.startswith("/services/data/"):
            raise CursorLost(f"{path[:80]} is no place to go on from.")
        response = self.call("GET", path, params=parameters, purpose="Read calling list")
        rows = tuple(row_of(wanted, plain(row)) for row in many(response, "records"))
        total = _number(response.json().get("totalSize"))
        if not place and total > self.bulk_query_above:
            job = self.create_job("query", operation="query", query=wanted.text)
            return SourcePage((), f"{BULK}:{job}:", total, POLL_SECONDS)
        following = str(response.json().get("nextRecordsUrl") or "")
        return SourcePage(rows, f"{REST}:{following}" if following else "", total)

    def _bulk_page(self, wanted: ListQuery, place: str) -> SourcePage:
        job, _, locator = place.partition(":")
        if not locator:
            facts = self.job_facts("query", job)
            if facts["state"] in (jobs.FAILED, jobs.ABORTED):
                text = str(facts.get("errorMessage") or "no reason was given")
                raise Rejected(f"Salesforce gave the query up: {text}", cause=Cause.REMOTE_ERROR, vendor_message=text)
            if facts["state"] != jobs.COMPLETE:
                return SourcePage((), f"{BULK}:{place}", None, POLL_SECONDS)
        response = self._results(job, locator)
        table = csv.DictReader(io.StringIO(response.content.decode("utf-8-sig", "replace"), newline=""))
        following = response.headers.get("Sforce-Locator", "null")
        cursor = "" if following in ("", "null") else f"{BULK}:{job}:{following}"
        return SourcePage(tuple(row_of(wanted, row) for row in table), cursor)

    def _results(self, job: str, locator: str) -> requests.Response:
        parameters: dict[str, Any] = {"maxRecords": PAGE_ROWS, **({"locator": locator} if locator else {})}
        path = self.data(f"/jobs/query/{record_id(job)}/results")
        headers = {"Accept": "text/csv"}
        return self.call("GET", path, params=parameters, headers=headers, purpose="Read calling list")


def row_of(wanted: ListQuery, fields: Mapping[str, str]) -> SourceRow:
    """A row of an answer; names of fields know no upper and lower case."""
    found = {name.lower(): text for name, text in fields.items()}

    def value(name: str) -> str:
        return found.get(name.lower()) or ""

    values = {name: value(name) for name in wanted.fields}
    if wanted.kind != "CampaignMember":
        return SourceRow(values, RecordRef(wanted.kind, value("Id")), excluded=_excluded(value, ""))
    kind = "Contact" if value("ContactId") else "Lead"
    record = RecordRef(kind, value(f"{kind}Id"))
    return SourceRow(values, record, value("Id"), value("CampaignId"), _excluded(value, f"{kind}."))


def _excluded(value: Callable[[str], str], prefix: str) -> Exclusion | None:
    if value(f"{prefix}DoNotCall") == "true":
        return Exclusion.DO_NOT_CALL
    return Exclusion.CONVERTED if value(f"{prefix}IsConverted") == "true" else None


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0
