"""Reading many records: filter, order, page, and only then the access rules.

The limit is applied before the access rules, so a page can be shorter than the limit although more rows exist;
a client must follow `Link`, not stop at a short page (ServiceNow docs, Table API).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response

from . import errors, query, scripts
from .store import Record

if TYPE_CHECKING:
    from .table_api import Call

# Every parameter that the Table API itself understands; anything else is a `name=value` filter.
PREFIX = "sysparm_"


def answer(call: Call) -> Response:
    found = matching(call)
    offset, limit = paging(call)
    page = [record for record in found[offset : offset + limit] if call.sees(record)]
    headers = page_headers(call, len(found), offset, limit)
    # Version 1 says 404 where the others give an empty list.
    if not page and call.version == "v1":
        return errors.no_record()
    return JSONResponse({"result": [call.shown(record) for record in page]}, headers=headers)


def matching(call: Call) -> list[Record]:
    simulator = call.simulator
    parsed = query.parse(
        query_text(call), call.table, simulator.store, lambda script: scripts.evaluate(script, call.user, call.warn)
    )
    for term in parsed.ignored:
        call.warn(f"query term {term!r} was ignored; the answer is broader than what was asked")
    if parsed.ignored and simulator.settings["invalid_query_returns_no_rows"]:
        return []
    sensitive = simulator.settings["case_sensitive_queries"]
    rows = [
        record
        for record in simulator.store.rows(call.table)
        if query.matches(parsed, record, simulator.store, case_sensitive=sensitive)
    ]
    return query.ordered(parsed, rows, simulator.store)


def query_text(call: Call) -> str:
    """`sysparm_query` and `name=value` filters exclude each other."""
    parameters = call.request.query_params
    filters = [(name, value) for name, value in parameters.items() if not name.startswith(PREFIX)]
    if "sysparm_query" in parameters:
        if filters:
            call.warn(f"{filters[0][0]}=... was ignored because sysparm_query is there")
        return parameters["sysparm_query"]
    return "^".join(f"{name}={value.replace('^', '^^')}" for name, value in filters)


def paging(call: Call) -> tuple[int, int]:
    parameters = call.request.query_params
    try:
        offset = int(parameters.get("sysparm_offset") or 0)
        limit = int(parameters.get("sysparm_limit") or call.simulator.settings["default_limit"])
    except ValueError:
        raise errors.Refused(errors.error(400, "Invalid paging parameter", None)) from None
    if offset < 0 or limit < 0:
        raise errors.Refused(errors.error(400, "Pagination not supported", "sysparm_offset must not be negative"))
    return offset, limit


def page_headers(call: Call, total: int, offset: int, limit: int) -> dict[str, str]:
    parameters = call.request.query_params
    headers = {}
    if parameters.get("sysparm_no_count", "").lower() != "true":
        headers["X-Total-Count"] = str(total)
    if limit and parameters.get("sysparm_suppress_pagination_header", "").lower() != "true":
        links = page_links(call, total, offset, limit)
        headers |= {"Link": links} if links else {}
    return headers


def page_links(call: Call, total: int, offset: int, limit: int) -> str:
    last = max(0, (total - 1) // limit * limit)
    offsets = {"first": 0}
    if offset + limit < total:
        offsets["next"] = offset + limit
    if offset > 0:
        offsets["prev"] = max(0, offset - limit)
    offsets["last"] = last
    return ",".join(f'<{page_url(call, start, limit)}>;rel="{name}"' for name, start in offsets.items())


def page_url(call: Call, offset: int, limit: int) -> str:
    parameters = {**call.request.query_params, "sysparm_limit": str(limit), "sysparm_offset": str(offset)}
    return f"{call.request.url.replace(query=urlencode(parameters))}"
