"""Bulk API 2.0: opening jobs, looking at them, reading their CSV results as a stream (Bulk API 2.0 guide)."""

import codecs
import csv
from collections.abc import Iterator
from typing import Any

from integrations.errors import Cause, Rejected
from integrations.transport import Download

from .answers import mapping, record_id
from .login import Login

OPEN, UPLOADED, COMPLETE, FAILED, ABORTED = "Open", "UploadComplete", "JobComplete", "Failed", "Aborted"
UPLOAD_SECONDS = 60.0


class Jobs(Login):
    def create_job(self, kind: str, **wanted: str) -> str:
        """`kind` is "ingest" or "query". Returns the job's id."""
        response = self.call("POST", self.data(f"/jobs/{kind}"), json=wanted, purpose=f"Open bulk {kind} job")
        return record_id(str(mapping(response, "id")["id"]))

    def job_facts(self, kind: str, job: str) -> dict[str, Any]:
        """What Salesforce says about the job now; `state` is in it."""
        return mapping(self.call("GET", self._job(kind, job), purpose=f"Look at bulk {kind} job"), "state")

    def move_job(self, kind: str, job: str, state: str) -> None:
        self.call("PATCH", self._job(kind, job), json={"state": state}, purpose=f"Bulk job: {state}")

    def upload(self, job: str, content: bytes) -> None:
        """The one upload of a job. Not repeated by itself: a job takes data once."""
        self.call(
            "PUT", f"{self._job('ingest', job)}/batches", data=content, headers={"Content-Type": "text/csv"},
            retry=0, in_blocks=True, timeout=UPLOAD_SECONDS, purpose="Upload bulk data",
        )  # fmt: skip

    def table(self, kind: str, job: str, part: str) -> Iterator[dict[str, str]]:
        """Rows of a result, by column, as they arrive."""
        path = f"{self._job(kind, job)}/{part}"
        headers = {"Accept": "text/csv"}
        response = self.call("GET", path, headers=headers, stream=True, purpose=f"Read bulk {part}")
        with Download(response) as download:
            yield from csv.DictReader(lines(download))

    def _job(self, kind: str, job: str) -> str:
        return self.data(f"/jobs/{kind}/{record_id(job)}")


def lines(pieces: Any) -> Iterator[str]:
    """Lines of a UTF-8 stream with their ends, as the csv module wants them."""
    decoder, rest = codecs.getincrementaldecoder("utf-8-sig")(errors="replace"), ""
    for piece in pieces:
        *whole, rest = (rest + decoder.decode(piece)).split("\n")
        yield from (f"{line}\n" for line in whole)
    if rest:
        yield rest


def lost(error: Rejected) -> bool:
    """Whether Salesforce has forgotten a query or a job: it keeps them for some days."""
    return error.vendor_code == "INVALID_QUERY_LOCATOR" or error.cause == Cause.NOT_FOUND
