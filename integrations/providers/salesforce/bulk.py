"""Results of calls by the thousand: jobs of the Bulk API 2.0 (Bulk API 2.0 guide, "Ingest Jobs").

A job that is Open has done nothing and can be given up; from UploadComplete on Salesforce carries it out by itself."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from integrations.capabilities import BulkResults, CallResult, JobState, MemberStatus, RowOutcome
from integrations.errors import Cause, Rejected

from . import jobs
from .history import CALL_OBJECT, TASK
from .jobs import Jobs
from .results import MEMBER, Results, member_of, task_of

MOST_BYTES = 100_000_000
STATES = {jobs.OPEN: JobState.OPEN, jobs.COMPLETE: JobState.DONE, jobs.FAILED: JobState.FAILED,
          jobs.ABORTED: JobState.FAILED}  # fmt: skip
KEYS = {TASK: CALL_OBJECT, MEMBER: "Id"}
Rows = Sequence[CallResult] | Sequence[MemberStatus]


class Bulk(BulkResults, Jobs, Results):
    def open_job(self, rows: Rows) -> str:
        kind = kind_of(rows)
        operation = "insert" if kind == TASK else "update"
        return self.create_job("ingest", object=kind, operation=operation, contentType="CSV", lineEnding="LF")

    def send_job(self, job: str, rows: Rows) -> None:
        content = table(rows)
        if len(content) > MOST_BYTES:
            raise Rejected("The results are too large for one job: shorten the notes.", cause=Cause.INVALID_DATA)
        self.upload(job, content)
        self.move_job("ingest", job, jobs.UPLOADED)

    def job_state(self, job: str) -> JobState:
        return STATES.get(str(self.job_facts("ingest", job)["state"]), JobState.RUNNING)

    def job_outcomes(self, job: str) -> Iterator[RowOutcome]:
        facts = self.job_facts("ingest", job)
        key = KEYS.get(str(facts.get("object")), CALL_OBJECT)
        for row in self.table("ingest", job, "successfulResults"):
            yield RowOutcome(row.get(key) or row.get("sf__Id") or "", row.get("sf__Id") or "")
        for row in self.table("ingest", job, "failedResults"):
            yield RowOutcome(row.get(key) or "", error=row.get("sf__Error") or "Salesforce refused the row.")
        reason = str(facts.get("errorMessage") or "The job ended before this row was reached.")
        for row in self.table("ingest", job, "unprocessedrecords"):
            yield RowOutcome(row.get(key) or "", error=reason)

    def abort_job(self, job: str) -> None:
        self.move_job("ingest", job, jobs.ABORTED)


def kind_of(rows: Rows) -> str:
    return TASK if isinstance(rows[0], CallResult) else MEMBER


def table(rows: Rows) -> bytes:
    """The rows as CSV, UTF-8, lines ending in LF. An empty value leaves a field as it is."""
    records: list[dict[str, Any]] = [task_of(row) if isinstance(row, CallResult) else member_of(row) for row in rows]
    names = list(dict.fromkeys(name for record in records for name in record))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().encode()
