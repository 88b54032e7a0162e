"""Cursor paging (`page[size]`, `page[after]`) and the older offsets (`page`, `per_page`), never both."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse

from . import errors
from .store import Record

MOST = 100
SEARCH_MOST = 1000


def base_url(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"


def listed(request: Request, name: str, rows: list[Record]) -> JSONResponse:
    asked = request.query_params
    cursor = [key for key in asked if key.startswith("page[")]
    if cursor and ("page" in asked or "per_page" in asked):
        raise errors.Refused(errors.titled(400, "Invalid attribute", "Offset and cursor pagination cannot be mixed"))
    return _by_cursor(request, name, rows) if cursor else by_offset(request, name, rows)


def _by_cursor(request: Request, name: str, rows: list[Record]) -> JSONResponse:
    size, start = _number(request, "page[size]", MOST), _start(request, rows)
    shown = rows[start : start + size]
    more = len(rows) > start + size
    after = str(shown[-1]["id"]) if shown and more else None
    query = urlencode({"page[size]": size, "page[after]": after or ""})
    link = f"{base_url(request)}{request.url.path.removeprefix(request.scope.get('root_path', ''))}?{query}"
    links = {"next": link if more else None, "prev": None}
    return JSONResponse({name: shown, "meta": {"has_more": more, "after_cursor": after}, "links": links})


def _start(request: Request, rows: list[Record]) -> int:
    after = request.query_params.get("page[after]")
    return next((number + 1 for number, row in enumerate(rows) if str(row["id"]) == after), 0)


def by_offset(request: Request, name: str, rows: list[Record], *, most: int | None = None, **more: Any) -> JSONResponse:
    size, page = _number(request, "per_page", MOST), _number(request, "page", 10**6)
    if most is not None and size * page > most:
        words = "Invalid search: Requested response size was greater than Search Response Limits"
        raise errors.Refused(errors.described(422, "invalid", words))
    start = (page - 1) * size
    last = len(rows) <= start + size
    following = None if last else str(request.url.include_query_params(page=page + 1))
    body = {name: rows[start : start + size], "count": len(rows), "next_page": following, "previous_page": None}
    return JSONResponse({**body, **more})


def _number(request: Request, name: str, most: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return 1 if name == "page" else MOST
    if not text.isdecimal() or int(text) < 1:
        raise errors.Refused(errors.invalid_attribute(name, "must be a positive integer"))
    return min(int(text), most)
