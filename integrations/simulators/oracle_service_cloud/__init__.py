"""Oracle Service Cloud through Connect REST: ROQL, records, sign-in and its error bodies, after B2C Service's
documentation.

Not published and therefore assumed: the bodies of a 401 and of a refusal by address, and that a busy site answers 429
with Retry-After."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import time
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from .. import faults
from ..basic import decoded
from ..boards import Board, BoardSimulator
from ..osvc import BadQuery, Invalid, Missing, Store, Unknown, pages, roql
from ..osvc.store import LISTS, Record
from ..recorder import warn
from .problems import FAULTS, MEDIA, Refused, problem

USER = "integration"
PASSWORD = "demo-oracle-password"  # noqa: S105 - published credentials of a simulator
CLIENT_ID = "demo-oracle-client"
CLIENT_SECRET = "demo-oracle-client-secret"  # noqa: S105
SESSION_TOKEN = "demo-oracle-session-token"  # noqa: S105
ISSUER = "https://identity.oraclecloud.com/"
TOKEN_SECONDS = 3600
VERSIONS = {"v1.3": False, "v1.4": True, "latest": True}  # whether the application context is obligatory
LONGEST_CONTEXT = 40
DEFAULT_LIMIT, MOST_ROWS = 1000, 20_000


class OracleServiceCloud(BoardSimulator):
    key = "oracle_service_cloud"
    title = "Oracle Service Cloud"
    description = "Contacts, incidents and staff accounts of a B2C Service site through Connect REST, with ROQL."
    lead = (
        f"Connect REST below services/rest/connect/v1.4/; staff account {USER}, password {PASSWORD}; OAuth client "
        f"{CLIENT_ID}, secret {CLIENT_SECRET}; session token {SESSION_TOKEN}."
    )
    pages: ClassVar[tuple[tuple[str, str], ...]] = pages.LINKS
    extra_faults = ("rest_disabled", "language_mismatch", "ip_restricted")
    default_counts: ClassVar[dict[str, int]] = {"queries": 0, "created": 0, "updated": 0, "refused": 0}
    default_settings: ClassVar[dict[str, Any]] = {
        "password": PASSWORD, "client_secret": CLIENT_SECRET, "session_token": SESSION_TOKEN, "issuer": ISSUER,
        "expected_issuer": ISSUER, "rest_enabled": True, "profile_allows_rest": True, "patch_allowed": True,
        "language": "en_US", "readable": {"contacts": True, "incidents": True, "accounts": True, "organizations": True},
    }  # fmt: skip

    def reset(self) -> None:
        super().reset()
        self.store = Store()
        self.queries: list[tuple[str, ...]] = []
        self.written: list[tuple[str, ...]] = []
        self.issued: dict[str, float] = {}

    def secrets(self) -> list[str]:
        own = ("password", "client_secret", "session_token")
        issued = list(getattr(self, "issued", {}))
        return [
            PASSWORD,
            CLIENT_SECRET,
            SESSION_TOKEN,
            *issued,
            *(str(self.settings[name]) for name in own if self.settings),
        ]

    def routes(self) -> list[BaseRoute]:
        root = "/services/rest/connect/{version}"
        every = ["GET", "POST", "PATCH", "PUT", "DELETE"]
        return [
            Route("/oauth2/v1/token", self.token, methods=["POST"]),
            Route(f"{root}/queryResults", self.connect, methods=every),
            Route(f"{root}/queryResults/", self.connect, methods=every),
            Route(f"{root}/{{kind}}", self.connect, methods=every),
            Route(f"{root}/{{kind}}/{{id}}", self.connect, methods=every),
            Route(f"{root}/{{kind}}/{{id}}/{{part}}", self.connect, methods=every),
            *pages.routes(self, lambda: self.store),
            *self.board_routes(),
        ]

    # -- faults and errors

    def fault_response(self, fault: faults.Fault, request: Request) -> Response:
        if request.url.path.endswith("/token") and fault.name in ("bad_credentials", "revoked_token"):
            return JSONResponse({"error": "invalid_client", "error_description": "Client authentication failed"}, 401)
        if fault.name == "ip_restricted":
            return problem(request, "00014", "Access from this IP address is not permitted", status=403)
        if fault.name == "server_error":
            return problem(request, "00008", "Internal error", status=int(fault.option("status", 500)))
        if fault.name in FAULTS:
            return problem(request, *FAULTS[fault.name])
        if fault.name == "rate_limit":
            seconds = str(int(fault.option("retry_after", 5)))
            return problem(request, "00008", "Too many requests", status=429, headers={"Retry-After": seconds})
        return super().fault_response(fault, request)

    async def connect(self, request: Request) -> Response:
        try:
            self._let_in(request)
            return await self._answer(request)
        except Refused as refusal:
            self.counts["refused"] += 1
            return problem(request, refusal.number, refusal.detail, status=refusal.status)

    # -- sign-in and headers

    def _let_in(self, request: Request) -> None:
        """In the order of the real site: the site, then who we are, then what the profile allows, then the headers."""
        version = request.path_params["version"]
        if version not in VERSIONS:
            raise Refused("00003", f"Version {version} is not supported")
        if not self.settings["rest_enabled"]:
            raise Refused("00015", "Connect REST is not enabled on this site")
        self._authenticated(request)
        if not self.settings["profile_allows_rest"]:
            raise Refused("00016", "The profile does not permit Public REST API access")
        self._headers_right(request, obligatory=VERSIONS[version])

    def _authenticated(self, request: Request) -> None:
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        checks = {"basic": self._basic_right, "session": self._session_right, "bearer": self._bearer_right}
        check = checks.get(scheme.lower())
        if check is None or not check(credentials):
            raise Refused("00014", "Invalid credentials")

    def _basic_right(self, credentials: str) -> bool:
        return same(decoded(credentials), f"{USER}:{self.settings['password']}")

    def _session_right(self, credentials: str) -> bool:
        return bool(self.settings["session_token"]) and same(credentials, str(self.settings["session_token"]))

    def _bearer_right(self, credentials: str) -> bool:
        """A token that was issued here, lives, and names the issuer that the site trusts."""
        if self.issued.get(credentials, 0) < time.time():
            return False
        claims = json.loads(base64.urlsafe_b64decode(credentials.split(".")[1] + "=="))
        return bool(claims["iss"] == self.settings["expected_issuer"])

    def _headers_right(self, request: Request, *, obligatory: bool) -> None:
        context = request.headers.get("osvc-crest-application-context", "")
        if obligatory and not context:
            raise Refused("00018", "The header OSvC-CREST-Application-Context is required")
        if len(context) > LONGEST_CONTEXT:
            raise Refused("00018", f"OSvC-CREST-Application-Context is longer than {LONGEST_CONTEXT} characters")
        language = request.headers.get("accept-language", "").split(",")[0].strip().replace("-", "_")
        if language and language != "*" and not str(self.settings["language"]).startswith(language.split("_")[0]):
            raise Refused("00017", f"{language} is not the language of this interface")

    async def token(self, request: Request) -> Response:
        """The identity provider that the site trusts: client credentials with the client in a Basic header."""
        form = await request.form()
        _, _, credentials = request.headers.get("authorization", "").partition(" ")
        if not same(decoded(credentials), f"{CLIENT_ID}:{self.settings['client_secret']}"):
            return JSONResponse({"error": "invalid_client", "error_description": "Client authentication failed"}, 401)
        if form.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        value = jwt(str(self.settings["issuer"]))
        self.issued[value] = time.time() + TOKEN_SECONDS
        return JSONResponse({"access_token": value, "token_type": "Bearer", "expires_in": TOKEN_SECONDS})

    # -- records

    async def _answer(self, request: Request) -> Response:
        method, kind = self._method(request), request.path_params.get("kind", "")
        if not kind:
            return self._query(request)
        try:
            return await self._records(request, method, self._allowed(kind))
        except Unknown:
            raise Refused("00013", f"There is no resource {kind}") from None
        except Missing as missing:
            raise Refused("00013", f"There is no record {missing}") from None
        except Invalid as invalid:
            raise Refused("00012" if method == "POST" else "00006", str(invalid)) from None

    def _method(self, request: Request) -> str:
        """PATCH may travel as POST with an override header, where a proxy lets nothing else through."""
        override = request.headers.get("x-http-method-override", "").upper()
        method = override if request.method == "POST" and override else request.method
        if request.method == "PATCH" and not self.settings["patch_allowed"]:
            raise Refused("00002", "Unsupported method for request: PATCH", status=405)
        return method

    def _allowed(self, kind: str) -> str:
        if kind != kind.lower() or not kind.endswith("s"):
            raise Unknown(kind)
        plural = self.store.kind(kind)
        if not self.settings["readable"][plural]:
            raise Refused("00005", f"The profile does not permit reading {plural}")
        return plural

    def _query(self, request: Request) -> Response:
        query = request.query_params.get("query", "")
        try:
            tables = roql.run(self.store, query)
        except BadQuery as error:
            raise Refused("00007", str(error)) from None
        for table in tables:
            self._allowed(table.name)
        self.counts["queries"] += 1
        self.queries = [(query, str(sum(len(table.rows) for table in tables))), *self.queries][:30]
        items = [
            {"tableName": table.name, "count": len(table.rows), "columnNames": table.columns, "rows": table.rows}
            for table in tables
        ]
        return JSONResponse({"items": items, "links": [link(request, "self", "/queryResults")]}, media_type=MEDIA)

    async def _records(self, request: Request, method: str, kind: str) -> Response:
        record_id, part = request.path_params.get("id"), request.path_params.get("part")
        if part and record_id is not None:
            return await self._part(request, method, self.store.get(kind, record_id), kind, part)
        if method == "GET":
            return self._list(request, kind) if record_id is None else self._one(request, kind, record_id)
        if method == "POST" and record_id is None:
            return await self._create(request, kind)
        if method == "PATCH" and record_id is not None:
            return await self._update(request, kind, record_id)
        if method == "DELETE" and record_id is not None:
            self.store.delete(kind, record_id)
            return Response(status_code=200)
        raise Refused("00002", f"Unsupported method for request: {method}")

    def _list(self, request: Request, kind: str) -> Response:
        limit, offset = (numeric(request, name, default) for name, default in (("limit", DEFAULT_LIMIT), ("offset", 0)))
        if limit > MOST_ROWS:
            raise Refused("00007", f"limit is {MOST_ROWS} at the most")
        rows = self.store.all(kind)
        shown = [self._reference(request, kind, row) for row in rows[offset : offset + limit]]
        body = {
            "items": shown,
            "hasMore": len(rows) > offset + limit,
            "links": [link(request, "canonical", f"/{kind}")],
        }
        return JSONResponse(body, media_type=MEDIA)

    def _reference(self, request: Request, kind: str, row: Record) -> Record:
        plain = {name: row[name] for name in ("id", "lookupName", "createdTime", "updatedTime")}
        return {**plain, "links": [link(request, "canonical", f"/{kind}/{row['id']}")]}

    def _one(self, request: Request, kind: str, record_id: str) -> Response:
        expanded = request.query_params.get("expand", "").split(",")
        return JSONResponse(self._shown(request, kind, self.store.get(kind, record_id), expanded), media_type=MEDIA)

    def _shown(self, request: Request, kind: str, record: Record, expanded: list[str]) -> Record:
        """Lists are links unless they are expanded; references are links to the record."""
        place = f"/{kind}/{record['id']}"
        shown: Record = {"links": [link(request, "self", place), link(request, "canonical", place)]}
        for name, value in record.items():
            if name in LISTS:
                links = {"links": [link(request, "self", f"{place}/{name}")]}
                shown[name] = {"items": value, **links} if name in expanded else links
            elif name in ("primaryContact", "organization"):
                target = "contacts" if name == "primaryContact" else "organizations"
                shown[name] = {"links": [link(request, "canonical", f"/{target}/{value['id']}")]}
            else:
                shown[name] = value
        return shown

    async def _create(self, request: Request, kind: str) -> Response:
        record = self.store.create(kind, await posted(request))
        self._note(request, "created", kind, record)
        location = link(request, "self", f"/{kind}/{record['id']}")["href"]
        return JSONResponse(self._shown(request, kind, record, []), 201, {"Location": location}, media_type=MEDIA)

    async def _update(self, request: Request, kind: str, record_id: str) -> Response:
        record = self.store.update(kind, record_id, await posted(request))
        self._note(request, "updated", kind, record)
        return Response(status_code=200)

    async def _part(self, request: Request, method: str, record: Record, kind: str, part: str) -> Response:
        if part not in LISTS or part not in record:
            raise Refused("00013", f"{kind} have no {part}")
        if method == "GET":
            return JSONResponse({"items": record[part], "links": []}, media_type=MEDIA)
        if method != "POST":
            raise Refused("00002", f"Unsupported method for request: {method}")
        self.store.update(kind, record["id"], {part: [await posted(request)]})
        self._note(request, "updated", kind, record)
        return JSONResponse(record[part][-1], 201, media_type=MEDIA)

    def _note(self, request: Request, done: str, kind: str, record: Record) -> None:
        self.counts[done] += 1
        rules = "no rules" if request.headers.get("osvc-crest-suppress-rules") else "rules run"
        context = request.headers.get("osvc-crest-application-context", "")
        self.written = [(f"{kind}/{record['id']}", done, record["lookupName"], context, rules), *self.written][:30]
        if not request.headers.get("content-type", "").startswith("application/json"):
            warn(request, "The content is sent without Content-Type: application/json")

    def board(self) -> Board:
        facts = [(label, self.counts[name]) for label, name in (
            ("Queries", "queries"), ("Made", "created"), ("Changed", "updated"), ("Refused", "refused"),
        )]  # fmt: skip
        return Board(facts, pages.tables(self.store, self.queries, self.written))

    def state(self) -> dict[str, Any]:
        """The incidents themselves besides, for tests."""
        return {**super().state(), "incidents": self.store.all("incidents")}


def link(request: Request, rel: str, place: str) -> dict[str, str]:
    version = request.path_params["version"]
    root = f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"
    return {"rel": rel, "href": f"{root}/services/rest/connect/{version}{place}"}


def numeric(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isdigit():
        raise Refused("00007", f"{name} is a whole number")
    return int(text)


async def posted(request: Request) -> Record:
    content = await request.body()
    if not content:
        raise Refused("00010", "The request has no content")
    try:
        body: Record = json.loads(content)
    except ValueError:
        raise Refused("00011", "The content is not JSON") from None
    return body


def same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def jwt(issuer: str) -> str:
    """Shaped like the provider's token; the signature is random, because nobody here checks it."""
    claims = {"iss": issuer, "sub": CLIENT_ID, "exp": int(time.time()) + TOKEN_SECONDS}
    parts = (json.dumps({"alg": "RS256", "typ": "JWT"}).encode(), json.dumps(claims).encode(), secrets.token_bytes(32))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
