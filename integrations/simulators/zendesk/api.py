"""The ticketing interface below `/api/v2/`: one entrance that knows who calls, counts, and answers refusals."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from . import apps, errors, identity, limits, many, oauth, paging, query, records, seed, statuses, talk, tickets
from .store import PLURAL, Record

if TYPE_CHECKING:
    from . import Zendesk

Handler = Callable[["Zendesk", Request], Awaitable[Response]]
Body = dict[str, Any]


async def guarded(simulator: Zendesk, request: Request, handler: Handler) -> Response:
    """Counts the call, answers a refusal, and puts the rate-limit headers on whatever comes back."""
    most = int(simulator.settings["requests_per_minute"])
    try:
        simulator.limits.take("account", most, limits.MINUTE, text=bool(simulator.settings["rate_limit_as_text"]))
        response = await handler(simulator, request)
    except errors.Refused as refused:
        response = refused.response
    simulator.limits.headers(response, most)
    return response


async def json_body(request: Request) -> Body:
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise errors.Refused(errors.described(415, "UnsupportedMediaType", "Content-Type must be application/json"))
    try:
        body = json.loads(await request.body())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise errors.Refused(errors.described(422, "Unprocessable Entity", "Server could not parse JSON"))
    return body


def record_of(simulator: Zendesk, kind: str, number: int) -> Record:
    found = simulator.store.get(kind, number)
    if found is None:
        raise errors.Refused(errors.not_found())
    return found


# -- who am I


async def me(simulator: Zendesk, request: Request) -> Response:
    """Without a log-in this is a good answer about an anonymous user."""
    found = identity.caller(simulator, request)
    if found.user is None:
        return JSONResponse({"user": {**seed.person("Anonymous user", "invalid@example.com"), "id": None}})
    identity.check_scope(found, "read")
    return JSONResponse({"user": records.shown(request, "user", found.user)})


# -- searching


async def search(simulator: Zendesk, request: Request) -> Response:
    rows = found_by(simulator, request)
    if request.query_params.get("sort_order") == "desc" or request.query_params.get("sort_by"):
        rows.sort(key=lambda row: str(row["updated_at"]), reverse=request.query_params.get("sort_order") != "asc")
    return paging.by_offset(request, "results", rows, most=paging.SEARCH_MOST, facets=None)


async def search_count(simulator: Zendesk, request: Request) -> Response:
    return JSONResponse({"count": len(found_by(simulator, request))})


def found_by(simulator: Zendesk, request: Request) -> list[Record]:
    """What the index knows: a record is found once `search_lag_seconds` have passed since it was written."""
    identity.agent(simulator, request, writes=False)
    text = request.query_params.get("query", "")
    if not text.strip():
        raise errors.Refused(errors.described(422, "invalid", "Invalid search: query is missing"))
    terms, known_until = query.parse(text), time.time() - float(simulator.settings["search_lag_seconds"])
    warn, store = simulator.warner(request), simulator.store
    simulator.counts["searches"] += 1
    return [
        {**records.shown(request, kind, row), "result_type": kind}
        for kind in ("ticket", "user", "organization")
        if kind in query.kinds(terms)
        for row in store.rows(kind)
        if store.written[kind, row["id"]] <= known_until and query.matches(store, kind, row, terms, warn)
    ]


# -- one kind after the other


def reader(kind: str) -> Handler:
    async def read(simulator: Zendesk, request: Request) -> Response:
        identity.agent(simulator, request, writes=False)
        record = record_of(simulator, kind, request.path_params["id"])
        return JSONResponse({kind: records.shown(request, kind, record)})

    return read


def reading(answer: Callable[[Zendesk, Request], Response]) -> Handler:
    """For answers that any agent may read."""

    async def read(simulator: Zendesk, request: Request) -> Response:
        identity.agent(simulator, request, writes=False)
        return answer(simulator, request)

    return read


def many_of(kind: str) -> Handler:
    return reading(lambda simulator, request: many.show_many(simulator, request, kind))


def tagger(kind: str) -> Handler:
    async def tag(simulator: Zendesk, request: Request) -> Response:
        identity.agent(simulator, request, writes=request.method != "GET")
        record = record_of(simulator, kind, request.path_params["id"])
        body = {} if request.method == "GET" else await json_body(request)
        return many.tags(simulator, kind, record, request.method, body)

    return tag


async def requested(simulator: Zendesk, request: Request) -> Response:
    identity.agent(simulator, request, writes=False)
    return many.requested(simulator, request, record_of(simulator, "user", request.path_params["id"]))


async def delete_ticket(simulator: Zendesk, request: Request) -> Response:
    _writer(simulator, request)
    return many.delete_ticket(simulator, record_of(simulator, "ticket", request.path_params["id"]))


async def create_or_update_user(simulator: Zendesk, request: Request) -> Response:
    _writer(simulator, request)
    inner = records.wrapped(await json_body(request), "user")
    values = records.accepted(inner, records.USER, simulator.warner(request))
    records.check_phone(values, simulator.warner(request))
    return many.create_or_update(simulator, request, values)


def lister(kind: str) -> Handler:
    async def listing(simulator: Zendesk, request: Request) -> Response:
        identity.agent(simulator, request, writes=False)
        wanted = request.query_params.get("external_id")
        rows = simulator.store.rows(kind)
        if wanted is not None:
            rows = [row for row in rows if row["external_id"] == wanted]
        return paging.listed(request, PLURAL[kind], [records.shown(request, kind, row) for row in rows])

    return listing


async def comments(simulator: Zendesk, request: Request) -> Response:
    identity.agent(simulator, request, writes=False)
    ticket = record_of(simulator, "ticket", request.path_params["id"])
    rows = list(simulator.store.comments.get(ticket["id"], []))
    if request.query_params.get("sort") == "-created_at" or request.query_params.get("sort_order") == "desc":
        rows.reverse()
    return paging.listed(request, "comments", rows)


async def identities(simulator: Zendesk, request: Request) -> Response:
    identity.agent(simulator, request, writes=False)
    user = record_of(simulator, "user", request.path_params["id"])
    return paging.listed(request, "identities", simulator.store.identities.get(user["id"], []))


async def create_ticket(simulator: Zendesk, request: Request) -> Response:
    who = identity.agent(simulator, request, writes=True)
    return tickets.create(simulator, request, who, await json_body(request))


async def update_ticket(simulator: Zendesk, request: Request) -> Response:
    who = identity.agent(simulator, request, writes=True)
    ticket = record_of(simulator, "ticket", request.path_params["id"])
    return tickets.update(simulator, request, who, ticket, await json_body(request))


async def create_user(simulator: Zendesk, request: Request) -> Response:
    _writer(simulator, request)
    values = records.accepted(
        records.wrapped(await json_body(request), "user"), records.USER, simulator.warner(request)
    )
    records.check_user(simulator, values)
    records.check_phone(values, simulator.warner(request))
    return _made(request, "user", records.new_user(simulator, values))


async def update_user(simulator: Zendesk, request: Request) -> Response:
    who = _writer(simulator, request)
    user = record_of(simulator, "user", request.path_params["id"])
    simulator.limits.take(f"user {user['id']} {(who.user or {})['id']}", 5, limits.MINUTE)
    values = records.accepted(
        records.wrapped(await json_body(request), "user"), records.USER, simulator.warner(request)
    )
    records.check_user(simulator, values, user)
    records.check_phone(values, simulator.warner(request))
    simulator.store.change("user", user, records.stored(values))
    return JSONResponse({"user": records.shown(request, "user", user)})


async def create_organization(simulator: Zendesk, request: Request) -> Response:
    _writer(simulator, request)
    inner = records.wrapped(await json_body(request), "organization")
    values = records.accepted(inner, records.ORGANIZATION, simulator.warner(request))
    records.check_organization(simulator, values)
    return _made(request, "organization", records.new_organization(simulator, values))


async def update_organization(simulator: Zendesk, request: Request) -> Response:
    _writer(simulator, request)
    home = record_of(simulator, "organization", request.path_params["id"])
    inner = records.wrapped(await json_body(request), "organization")
    values = records.accepted(inner, records.ORGANIZATION, simulator.warner(request))
    records.check_organization(simulator, values, home)
    simulator.store.change("organization", home, values)
    return JSONResponse({"organization": records.shown(request, "organization", home)})


def _writer(simulator: Zendesk, request: Request) -> identity.Caller:
    """Light agents change neither users nor organizations."""
    who = identity.agent(simulator, request, writes=True)
    if who.is_light:
        raise errors.Refused(errors.forbidden("described"))
    return who


def _made(request: Request, kind: str, record: Record) -> Response:
    shown = records.shown(request, kind, record)
    return JSONResponse({kind: shown}, 201, {"Location": shown["url"]})


async def create_client(simulator: Zendesk, request: Request) -> Response:
    who = identity.agent(simulator, request, writes=True)
    return await oauth.create_client(simulator, request, who, await json_body(request))


async def notify(simulator: Zendesk, request: Request) -> Response:
    identity.agent(simulator, request, writes=True)
    apps.notify(simulator, await json_body(request))
    return Response(status_code=200)


async def no_endpoint(simulator: Zendesk, request: Request) -> Response:
    return errors.no_endpoint()


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/users/me", me),
    ("GET", "/search", search),
    ("GET", "/search/count", search_count),
    ("GET", "/tickets", lister("ticket")),
    ("POST", "/tickets", create_ticket),
    ("GET", "/tickets/show_many", many_of("ticket")),
    ("DELETE", "/tickets/{id:int}", delete_ticket),
    ("GET", "/tickets/{id:int}", reader("ticket")),
    ("PUT", "/tickets/{id:int}", update_ticket),
    ("GET", "/tickets/{id:int}/comments", comments),
    ("GET", "/users", reading(many.users)),
    ("GET", "/users/search", reading(many.search_users)),
    ("GET", "/users/show_many", many_of("user")),
    ("POST", "/users/create_or_update", create_or_update_user),
    ("GET", "/users/{id:int}/tickets/requested", requested),
    ("POST", "/users", create_user),
    ("GET", "/users/{id:int}", reader("user")),
    ("PUT", "/users/{id:int}", update_user),
    ("GET", "/users/{id:int}/identities", identities),
    ("GET", "/organizations", lister("organization")),
    ("GET", "/organizations/search", lister("organization")),
    ("POST", "/organizations", create_organization),
    ("GET", "/organizations/{id:int}", reader("organization")),
    ("PUT", "/organizations/{id:int}", update_organization),
    ("POST", "/oauth/clients", create_client),
    ("POST", "/channels/voice/agents/{agent:int}/tickets/{id:int}/display", talk.display_ticket),
    ("POST", "/channels/voice/agents/{agent:int}/users/{id:int}/display", talk.display_user),
    ("POST", "/channels/voice/tickets", talk.create_ticket),
    ("GET", "/agent_availabilities", statuses.availabilities),
    ("GET", "/agent_availabilities/agent_statuses", statuses.listed),
    ("PUT", "/agent_availabilities/agent_statuses/agents/{agent:int}", statuses.update),
    ("GET", "/agent_availabilities/{agent:int}", statuses.availability),
    ("POST", "/apps/notify", notify),
    *((method, "/tickets/{id:int}/tags", tagger("ticket")) for method in ("GET", "PUT", "POST", "DELETE")),
)
