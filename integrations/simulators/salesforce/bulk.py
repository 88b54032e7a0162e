"""Bulk API 2.0: jobs that write or read many records as CSV, and the order of calls that they insist on (Bulk API 2.0
guide, "Ingest Jobs", "Query Jobs").

The code of a call in the wrong order, INVALIDJOBSTATE, and the words of the size limit are not confirmed by the
vendor's pages; that such calls are refused with 400 is."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from . import composite, errors, schema, soql
from .errors import Refused
from .store import Row, record_id
from .values import malformed

if TYPE_CHECKING:
    from .rest import Call

OPEN, UPLOADED, RUNNING, COMPLETE, FAILED, ABORTED = (
    "Open", "UploadComplete", "InProgress", "JobComplete", "Failed", "Aborted",
)  # fmt: skip
OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
Table = list[dict[str, str]]


@dataclass
class Job:
    id: str
    kind: str  # "ingest" or "query"
    operation: str
    object: str = ""
    state: str = OPEN
    body: bytes | None = None
    polls: int = 0
    query: soql.Query | None = None
    rows: list[Row] = field(default_factory=list)
    succeeded: Table = field(default_factory=list)
    failed: Table = field(default_factory=list)
    unprocessed: Table = field(default_factory=list)
    message: str = ""


def answer(call: Call, rest: list[str]) -> Response:
    if len(rest) < 1 or rest[0] not in ("ingest", "query"):
        raise errors.not_found()
    if len(rest) == 1:
        return _create(call, rest[0])
    job = call.simulator.jobs.get(rest[1])
    if job is None or job.kind != rest[0]:
        raise errors.not_found()
    if len(rest) == 2:
        return _job(call, job)
    part = PARTS.get((job.kind, rest[2].lower()))
    if part is None or len(rest) > 3:
        raise errors.not_found()
    return part(call, job)


def wrong_state(job: Job, wanted: str) -> Refused:
    return Refused(400, "INVALIDJOBSTATE", f"Job {job.id} is in state {job.state}: {wanted}")


# -- creating, watching, closing


def _create(call: Call, kind: str) -> Response:
    from .rest import only

    only(call, "POST")
    body = call.json()
    if not isinstance(body, dict):
        raise Refused(400, "JSON_PARSER_ERROR", "The HTTP entity body is required to be a JSON object")
    id_ = record_id("750", len(call.simulator.jobs) + 1)
    job = _query_job(call, id_, body) if kind == "query" else _ingest_job(call, id_, body)
    call.simulator.jobs[id_] = job
    return JSONResponse(_shown(call, job))


def _ingest_job(call: Call, id_: str, body: dict[str, Any]) -> Job:
    entity = call.entity(str(body.get("object") or ""))
    operation = str(body.get("operation") or "")
    if operation not in OPERATIONS:
        raise Refused(400, "INVALIDJOB", f"InvalidJob : {operation} is no operation")
    if operation not in ("insert", "update"):
        raise Refused(400, "INVALIDJOB", f"InvalidJob : the simulator knows insert and update, not {operation}")
    if body.get("contentType", "CSV") != "CSV" or body.get("columnDelimiter", "COMMA") != "COMMA":
        raise Refused(400, "INVALIDJOB", "InvalidJob : the simulator knows CSV with commas only")
    return Job(id_, "ingest", operation, entity.name)


def _query_job(call: Call, id_: str, body: dict[str, Any]) -> Job:
    store = call.simulator.store
    asked = soql.Parser(str(body.get("query") or ""), store, call.hidden, call.readable).query()
    if asked.counts:
        raise malformed("Aggregate Relationships not supported in Bulk Query", "FEATURENOTENABLED")
    rows = soql.run(asked, store)
    return Job(id_, "query", str(body.get("operation") or "query"), asked.entity.name, UPLOADED, query=asked, rows=rows)


def _job(call: Call, job: Job) -> Response:
    from .rest import only

    only(call, "GET", "PATCH", "DELETE")
    if call.request.method == "DELETE":
        if job.state in (OPEN, UPLOADED, RUNNING):
            raise wrong_state(job, "only a job that has ended can be deleted")
        del call.simulator.jobs[job.id]
        return Response(status_code=204)
    if call.request.method == "PATCH":
        _move(call, job, str(call.json().get("state") or ""))
    elif job.state in (UPLOADED, RUNNING):
        _work(call, job)
    return JSONResponse(_shown(call, job))


def _move(call: Call, job: Job, wanted: str) -> None:
    if wanted == ABORTED and job.state in (OPEN, UPLOADED, RUNNING):
        job.state = ABORTED
    elif wanted == UPLOADED and job.kind == "ingest" and job.state == OPEN and job.body is not None:
        job.state = UPLOADED
    elif wanted in (ABORTED, UPLOADED):
        raise wrong_state(job, f"it cannot become {wanted}")
    else:
        raise Refused(400, "INVALIDJOB", f"InvalidJob : {wanted} is no state that can be set")


def _shown(call: Call, job: Job) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": job.id, "operation": job.operation, "object": job.object, "state": job.state, "contentType": "CSV",
        "lineEnding": "LF", "concurrencyMode": "Parallel", "columnDelimiter": "COMMA",
        "numberRecordsProcessed": len(job.succeeded) + len(job.failed) if job.kind == "ingest" else len(job.rows),
        "apiVersion": float(call.version),
    }  # fmt: skip
    if job.kind == "ingest":
        shown |= {"contentUrl": f"{call.base.lstrip('/')}/jobs/ingest/{job.id}/batches"}
        shown |= {"numberRecordsFailed": len(job.failed), "jobType": "V2Ingest"}
    return {**shown, **({"errorMessage": job.message} if job.message else {})}


def _work(call: Call, job: Job) -> None:
    """Each look brings a job on by one step."""
    job.polls += 1
    if job.polls <= call.simulator.settings["bulk_polls"]:
        job.state = RUNNING
    elif job.kind == "query":
        job.state = COMPLETE
    else:
        _ingest(call, job)


# -- writing


def _upload(call: Call, job: Job) -> Response:
    from .rest import only

    only(call, "PUT")
    if job.state != OPEN or job.body is not None:
        raise wrong_state(job, "data can be uploaded once, while it is open")
    if "text/csv" not in call.request.headers.get("content-type", ""):
        raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", "The content of a job must be text/csv")
    if len(call.body) > call.simulator.settings["bulk_most_bytes"]:
        raise Refused(400, "INVALIDBATCH", "InvalidBatch : the content is larger than 100 MB")
    job.body = call.body
    return Response(status_code=201)


def _ingest(call: Call, job: Job) -> None:
    reader = csv.DictReader(io.StringIO((job.body or b"").decode("utf-8-sig"), newline=""))
    entity = schema.ENTITIES[job.object]
    names = list(reader.fieldnames or [])
    unknown = [name for name in names if name != "Id" and not schema.field_name(entity, name)]
    if not names or unknown:
        job.state, job.message = FAILED, f"InvalidBatch : Field name not found : {', '.join(unknown)}"
        job.unprocessed = list(reader)
        return
    for row in reader:
        _one(call, job, entity, row)
    job.body, job.state = b"", COMPLETE


def _one(call: Call, job: Job, entity: schema.Entity, row: dict[str, str]) -> None:
    try:
        values = {name: _typed(entity, name, text) for name, text in row.items() if name != "Id" and text != ""}
        ready = composite.checked(call, entity, values, row.get("Id", "") if job.operation == "update" else None)
        result = composite.written(call, ready)
    except Refused as refusal:
        result = composite.failed(refusal)
    if result["success"]:
        job.succeeded.append({"sf__Id": result["id"], "sf__Created": str(job.operation == "insert").lower(), **row})
        return
    error = result["errors"][0]
    words = f"{error['statusCode']}:{error['message']}:{','.join(error['fields'])} --"
    job.failed.append({"sf__Id": "", "sf__Error": words, **row})


def _typed(entity: schema.Entity, name: str, text: str) -> Any:
    """A CSV holds texts only; #N/A empties a field."""
    kind = entity.fields[schema.field_name(entity, name)].type
    if text == "#N/A":
        return None
    if kind == schema.BOOLEAN and text.lower() in ("true", "false"):
        return text.lower() == "true"
    return int(text) if kind == schema.INTEGER and text.lstrip("-").isdigit() else text


def _results(name: str) -> Callable[[Call, Job], Response]:
    def part(call: Call, job: Job) -> Response:
        from .rest import only

        only(call, "GET")
        if job.state not in (COMPLETE, FAILED, ABORTED):
            raise wrong_state(job, "it has no results yet")
        return _csv(getattr(job, name))

    return part


# -- reading


def _page(call: Call, job: Job) -> Response:
    from .rest import only

    only(call, "GET")
    if job.state != COMPLETE or job.query is None:
        raise wrong_state(job, "it has no results yet")
    asked = call.request.query_params
    locator, most = asked.get("locator", "0"), asked.get("maxRecords", "50000")
    if not locator.isdigit() or not most.isdigit() or int(most) < 1:
        raise Refused(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    start, end = int(locator), int(locator) + int(most)
    found = [call.shown(job.query.entity, row, job.query.fields) for row in job.rows[start:end]]
    table = [{name: _text(_reach(record, name)) for name in job.query.fields} for record in found]
    response = _csv(table, job.query.fields)
    response.headers["Sforce-NumberOfRecords"] = str(len(table))
    response.headers["Sforce-Locator"] = str(end) if end < len(job.rows) else "null"
    return response


def _reach(record: dict[str, Any], path: str) -> Any:
    for name in path.split("."):
        record = (record or {}).get(name)  # type: ignore[assignment]
    return record


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _csv(table: Table, names: list[str] | None = None) -> Response:
    names = names or (list(table[0]) if table else ["sf__Id"])
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(table)
    return Response(text.getvalue(), media_type="text/csv")


PARTS: dict[tuple[str, str], Callable[[Call, Job], Response]] = {
    ("ingest", "batches"): _upload,
    ("ingest", "successfulresults"): _results("succeeded"),
    ("ingest", "failedresults"): _results("failed"),
    ("ingest", "unprocessedrecords"): _results("unprocessed"),
    ("query", "results"): _page,
}
