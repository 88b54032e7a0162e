"""The REST API below /services/data: versions, limits, query, search, sObjects (Salesforce REST API guide).

Every answer but the list of versions needs a token and counts against the day's calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from . import bulk, composite, describe, errors, rules, schema, soql, sosl
from .errors import Refused
from .store import Row

if TYPE_CHECKING:
    from . import Salesforce

VERSIONS = {
    "58.0": "Summer '23",
    "59.0": "Winter '24",
    "60.0": "Spring '24",
    "64.0": "Summer '25",
    "66.0": "Spring '26",
}
# Used of maximum; the first is counted, the others are a picture of an ordinary organisation.
LIMITS = {
    "DailyBulkApiBatches": (120, 15_000), "DailyBulkV2QueryJobs": (0, 10_000), "DataStorageMB": (4_112, 5_120),
    "DailyBulkV2QueryFileStorageMB": (3, 976_562), "DailyAsyncApexExecutions": (61_250, 250_000),
    "DailyStreamingApiEvents": (0, 10_000), "FileStorageMB": (310, 20_480), "HourlySyncReportRuns": (12, 500),
    "HourlyAsyncReportRuns": (0, 1_200), "SingleEmail": (4_600, 5_000), "MassEmail": (0, 5_000),
    "ConcurrentAsyncGetReportInstances": (0, 200), "DailyWorkflowEmails": (88, 8_000),
}  # fmt: skip


class Call:
    """One request: who asks, in which version, and what that user may see and do."""

    def __init__(self, simulator: Salesforce, request: Request, version: str, user: Row, body: bytes) -> None:
        self.simulator = simulator
        self.request = request
        self.version = version
        self.user = user
        self.body = body

    @property
    def base(self) -> str:
        return f"/services/data/v{self.version}"

    def may(self, entity: str, right: str) -> bool:
        return right in self.simulator.settings["permissions"].get(entity, [])

    def readable(self, entity: str) -> bool:
        return self.may(entity, "read")

    def hidden(self, entity: str, name: str) -> bool:
        return f"{entity}.{name}" in self.simulator.settings["hidden_fields"]

    def entity(self, name: str) -> schema.Entity:
        """An object that the user may not see does not exist."""
        found = schema.by_name(name)
        if found is None or not self.readable(found.name):
            raise errors.not_found()
        return found

    def hidden_of(self, entity: schema.Entity) -> set[str]:
        return {name for name in entity.fields if self.hidden(entity.name, name)}

    def json(self) -> Any:
        if "application/json" not in self.request.headers.get("content-type", ""):
            text = f"Unsupported media type: {self.request.headers.get('content-type', '')}"
            raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", text)
        try:
            return json.loads(self.body)
        except ValueError:
            raise Refused(400, "JSON_PARSER_ERROR", "Unexpected character in the HTTP entity body") from None

    def shown(self, entity: schema.Entity, row: Row, fields: list[str] | None = None) -> dict[str, Any]:
        """A record as the API writes it; parents are objects inside."""
        if fields is None:
            fields = [name for name in entity.fields if not self.hidden(entity.name, name)]
        record: dict[str, Any] = {"attributes": self.attributes(entity, row)}
        for path in fields:
            parent, dot, name = path.partition(".")
            if not dot:
                record[path] = row.get(path)
                continue
            reference = entity.fields[schema.relation(entity, parent)]
            found = self.simulator.store.find(str(row.get(schema.relation(entity, parent)) or ""))
            if found is None:
                record[parent] = None
            else:
                inner = self.shown(schema.ENTITIES[reference.to[0]], found[1], [name])
                record[parent] = {**record.get(parent, {}), **inner}
        return record

    def attributes(self, entity: schema.Entity, row: Row) -> dict[str, str]:
        return {"type": entity.name, "url": f"{self.base}/sobjects/{entity.name}/{row['Id']}"}


async def answer(simulator: Salesforce, request: Request) -> Response:
    """Everything below /services/data/."""
    body = await request.body()
    parts = parts_of(request)
    if not parts:
        return JSONResponse([{"label": n, "url": f"/services/data/v{v}", "version": v} for v, n in VERSIONS.items()])
    try:
        response = _authorised(simulator, request, parts, body)
    except Refused as refusal:
        response = refusal.response
    used, most = simulator.counts["api_calls"], simulator.settings["daily_api_requests"]
    response.headers["Sforce-Limit-Info"] = f"api-usage={used}/{most}"
    return response


def parts_of(request: Request) -> list[str]:
    """The path below /services/data, cut before it is decoded: an external id may hold a slash."""
    raw = bytes(request.scope.get("raw_path") or request.url.path.encode()).decode("ascii", "replace")
    return [unquote(part) for part in raw.partition("/services/data")[2].split("/") if part]


def _authorised(simulator: Salesforce, request: Request, parts: list[str], body: bytes) -> Response:
    user = simulator.user(request)
    if user is None:
        return errors.session()
    if not simulator.settings["api_enabled"]:
        raise Refused(403, "API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner")
    if simulator.counts["api_calls"] >= simulator.settings["daily_api_requests"]:
        return errors.limit_exceeded()
    simulator.counts["api_calls"] += 1
    version = parts[0].removeprefix("v")
    handler = RESOURCES.get(parts[1]) if len(parts) > 1 else index
    if version not in VERSIONS or handler is None:
        raise errors.not_found()
    return handler(Call(simulator, request, version, user, body), parts[2:])


def only(call: Call, *methods: str) -> None:
    if call.request.method not in methods:
        text = f"HTTP Method '{call.request.method}' not allowed. Allowed are {','.join(methods)}"
        raise Refused(405, "METHOD_NOT_ALLOWED", text)


def index(call: Call, rest: list[str]) -> Response:
    only(call, "GET", "HEAD")
    return JSONResponse({name: f"{call.base}/{name}" for name in RESOURCES})


def limits(call: Call, rest: list[str]) -> Response:
    only(call, "GET", "HEAD")
    if not call.simulator.settings["limits_visible"]:
        raise Refused(403, "INSUFFICIENT_ACCESS", "View Setup and Configuration permission is required")
    most = call.simulator.settings["daily_api_requests"]
    all_ = {"DailyApiRequests": (min(call.simulator.counts["api_calls"], most), most), **LIMITS}
    return JSONResponse({name: {"Max": m, "Remaining": m - used} for name, (used, m) in all_.items()})


def query(call: Call, rest: list[str]) -> Response:
    only(call, "GET")
    if rest:
        return _next_page(call, rest[0])
    text = call.request.query_params.get("q")
    if text is None:
        raise Refused(400, "MALFORMED_QUERY", "A query string has to be specified")
    store = call.simulator.store
    asked = soql.Parser(text, store, call.hidden, call.readable).query()
    found = soql.run(asked, store)
    if asked.counts:
        return JSONResponse({"totalSize": len(found), "done": True, "records": []})
    return _page(call, asked, found, 0)


def _page(call: Call, asked: soql.Query, rows: list[Row], start: int, locator: str = "") -> Response:
    """2,000 rows; the rest is kept and fetched by its locator."""
    end = start + call.simulator.settings["query_page_size"]
    shown = [call.shown(asked.entity, row, asked.fields) for row in rows[start:end]]
    answer: dict[str, Any] = {"totalSize": len(rows), "done": end >= len(rows), "records": shown}
    if end < len(rows):
        locator = locator or call.simulator.keep_query(asked, rows)
        answer["nextRecordsUrl"] = f"{call.base}/query/{locator}-{end}"
    return JSONResponse(answer)


def _next_page(call: Call, text: str) -> Response:
    locator, _, start = text.rpartition("-")
    kept = call.simulator.queries.get(locator)
    if kept is None or not start.isdigit():
        raise Refused(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return _page(call, *kept, int(start), locator)


def search(call: Call, rest: list[str]) -> Response:
    only(call, "GET")
    text = call.request.query_params.get("q", "")
    lag = call.simulator.settings["search_index_lag_seconds"]
    found = sosl.run(text, call.simulator.store, call.hidden, call.readable, lag)
    return JSONResponse({"searchRecords": [call.shown(asked.entity, row, asked.fields) for asked, row in found]})


# -- sObjects


def sobjects(call: Call, rest: list[str]) -> Response:
    if not rest:
        only(call, "GET")
        readable = [each for each in schema.ENTITIES.values() if call.readable(each.name)]
        return JSONResponse(
            {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": [describe.short(call, e) for e in readable]}
        )
    entity = call.entity(rest[0])
    if len(rest) == 1:
        return basic(call, entity)
    if rest[1] == "describe":
        only(call, "GET")
        return JSONResponse(describe.whole(call, entity))
    if len(rest) > 3:
        raise errors.not_found()
    return row_of(call, entity, rest[1]) if len(rest) == 2 else by_external_id(call, entity, rest[1], rest[2])


def basic(call: Call, entity: schema.Entity) -> Response:
    only(call, "GET", "POST")
    if call.request.method == "GET":
        return JSONResponse({"objectDescribe": describe.short(call, entity), "recentItems": []})
    return created(call, entity, call.json())


def created(call: Call, entity: schema.Entity, values: Any) -> Response:
    needs(call, entity, "create")
    checked = rules.check(call.simulator.store, entity, values, call.hidden_of(entity))
    duplicate(call, entity, checked)
    row = call.simulator.store.insert(entity, checked, call.user["Id"])
    return JSONResponse({"id": row["Id"], "success": True, "errors": []}, 201)


def needs(call: Call, entity: schema.Entity, right: str) -> None:
    if call.may(entity.name, right):
        return
    if right == "create":
        raise Refused(403, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be inserted: {entity.name}")
    raise Refused(403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", [])


def duplicate(call: Call, entity: schema.Entity, values: Row, but: str = "") -> None:
    """A unique field refuses a second record; a duplicate rule of the organisation refuses the same e-mail address."""
    settings = call.simulator.settings
    for name in values:
        external = entity.fields[name].external and settings["external_ids_unique"]
        rule = settings["duplicate_rule"] and name == "Email" and entity.name in ("Contact", "Lead")
        if not values[name] or not (external or rule):
            continue
        others = (row for row in call.simulator.store.of(entity) if row["Id"] != but)
        twin = next((row for row in others if row.get(name) == values[name]), None)
        if twin and external:
            text = f"duplicate value found: {name} duplicates value on record with id: {twin['Id']}"
            raise Refused(400, "DUPLICATE_VALUE", text, [])
        if twin:
            text = "You're creating a duplicate record. We recommend you use an existing record instead."
            raise Refused(400, "DUPLICATES_DETECTED", text, [])


def row_of(call: Call, entity: schema.Entity, id_: str) -> Response:
    only(call, "GET", "PATCH", "DELETE")
    row = found_row(call, entity, id_)
    if call.request.method == "GET":
        fields = call.request.query_params.get("fields")
        names = (
            [rules.known(entity, name.strip(), call.hidden_of(entity)) for name in fields.split(",")]
            if fields
            else None
        )
        return JSONResponse(call.shown(entity, row, names))
    if call.request.method == "PATCH":
        return changed(call, entity, row, call.json())
    needs(call, entity, "delete")
    call.simulator.store.delete(entity, row["Id"])
    return Response(status_code=204)


def found_row(call: Call, entity: schema.Entity, id_: str) -> Row:
    row = call.simulator.store.get(entity, id_)
    if row is not None:
        return row
    if id_ in call.simulator.store.deleted:
        raise Refused(404, "ENTITY_IS_DELETED", "entity is deleted", [])
    if not rules.ID.fullmatch(id_):
        raise Refused(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + id_)
    raise errors.not_found()


def changed(call: Call, entity: schema.Entity, row: Row, values: Any) -> Response:
    needs(call, entity, "edit")
    checked = rules.check(call.simulator.store, entity, values, call.hidden_of(entity), row)
    duplicate(call, entity, checked, row["Id"])
    call.simulator.store.write(entity, row, checked)
    return Response(status_code=204)


def by_external_id(call: Call, entity: schema.Entity, name: str, value: str) -> Response:
    """Reads or upserts by a field marked External ID; several matches are answered with their addresses."""
    only(call, "GET", "PATCH")
    spelt = schema.field_name(entity, name)
    if not spelt or not (entity.fields[spelt].external or spelt == "Id"):
        text = f"Provided external ID field does not exist or is not accessible: {name}"
        raise Refused(404, "NOT_FOUND", text)
    matching = [row for row in call.simulator.store.of(entity) if row.get(spelt) == value]
    if len(matching) > 1:
        return JSONResponse([call.attributes(entity, row)["url"] for row in matching], 300)
    if call.request.method == "GET":
        if not matching:
            raise errors.not_found()
        return JSONResponse(call.shown(entity, matching[0]))
    if matching:
        changed(call, entity, matching[0], call.json())
        return JSONResponse({"id": matching[0]["Id"], "success": True, "errors": [], "created": False})
    values = call.json()
    response = created(call, entity, {**values, spelt: value} if isinstance(values, dict) else values)
    return JSONResponse({**json.loads(bytes(response.body)), "created": True}, 201)


RESOURCES: dict[str, Callable[[Call, list[str]], Response]] = {
    "composite": composite.answer,
    "jobs": bulk.answer,
    "limits": limits,
    "query": query,
    "search": search,
    "sobjects": sobjects,
}
