"""Salesforce: OAuth, REST API with SOQL and SOSL, and pages of the records.

Read `schema.py` for the objects, `seed.py` for the data, `rules.py` for what the organisation does to a record,
`rest.py` for the REST interface, `composite.py` and `bulk.py` for many records at once, `soql.py` and `sosl.py` for the
languages."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ..boards import Board, BoardSimulator, Link, Table
from ..faults import Fault
from . import bulk, faulty, oauth, recordpages, rest, schema, seed, soql
from .store import Row, Store
from .tokens import TokenStore

Kept = tuple[soql.Query, list[Row]]
Handler = Callable[["Salesforce", Request], Awaitable[Response]]
CONSUMER_KEY = "demo-salesforce-consumer-key-3MVG9"
CONSUMER_SECRET = "demo-salesforce-consumer-secret"  # noqa: S105 - the published secret of a simulator
EVERYTHING = ["read", "create", "edit", "delete"]
ANY = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
QUERIES_KEPT = 20
TABLES = ("Task", "CampaignMember", "Case", "Contact", "Lead", "Account")
COLUMNS = {
    "Contact": ("Name", "Phone", "MobilePhone", "Email"),
    "Lead": ("Name", "Company", "Phone", "Status"),
    "Account": ("Name", "Phone", "Industry"),
    "Case": ("CaseNumber", "Subject", "Status", "Origin"),
    "Task": ("Subject", "Status", "CallType", "CallDurationInSeconds", "CallDisposition"),
    "CampaignMember": ("Name", "Status", "HasResponded", "FirstRespondedDate"),
}


class Salesforce(BoardSimulator):
    key = "salesforce"
    title = "Salesforce"
    description = "OAuth with rotating refresh tokens, REST API with SOQL and SOSL, and the records of an organisation."
    pages = (("Records", "/"),)
    lead = (
        f"Consumer key {CONSUMER_KEY}, Consumer secret {CONSUMER_SECRET}. Request token lets you choose the user; the "
        "user for servers is integration.user@demo.example."
    )
    extra_faults = faulty.OWN
    default_counts = {"token_requests": 0, "token_refreshes": 0, "api_calls": 0}
    default_settings: ClassVar[dict[str, Any]] = {
        "consumer_key": CONSUMER_KEY,
        "consumer_secret": CONSUMER_SECRET,
        # More callback addresses of the app than those of the demo's desktop, separated by blanks.
        "callback_urls": "",
        "pkce_required": False,
        "rotate_refresh_tokens": False,
        "session_seconds": 7200.0,
        # Whether this host is the organisation's My Domain; false: the general log-in host.
        "my_domain": True,
        "sandbox": False,
        "instance_url": "",
        "client_credentials_flow": True,
        "run_as_user": seed.INTEGRATION_USER,
        # The certificate (or public key, PEM) that was uploaded in the app, for JWT bearer.
        "certificate": "",
        "approved_users": [seed.INTEGRATION_USER],
        "permissions": dict.fromkeys(schema.ENTITIES, EVERYTHING),
        "hidden_fields": [],
        "api_enabled": True,
        "limits_visible": True,
        "daily_api_requests": 15_000,
        "query_page_size": 2000,
        "search_index_lag_seconds": 0.0,
        "duplicate_rule": False,
        "external_ids_unique": True,
        # How often a bulk job is looked at before it is complete, and the largest upload.
        "bulk_polls": 1,
        "bulk_most_bytes": 100_000_000,
        # A number makes a campaign "Large campaign" with so many members.
        "campaign_members": 0,
    }

    def reset(self) -> None:
        super().reset()
        self.store = Store()
        self.tokens = TokenStore(seed.ORGANISATION)
        self.queries: dict[str, Kept] = {}
        self.jobs: dict[str, bulk.Job] = {}
        seed.fill(self.store)

    def change_settings(self, changes: dict[str, Any]) -> None:
        super().change_settings(changes)
        if "campaign_members" in changes:
            seed.fill_campaign(self.store, self.settings["campaign_members"])

    def secrets(self) -> list[str]:
        return [self.settings.get("consumer_secret", CONSUMER_SECRET), *getattr(self, "tokens", TokenStore("")).issued]

    def may_meet(self, fault: str, path: str) -> bool:
        """Faults meet the interfaces, not the pages; a session ends where it is used, rights are checked at records."""
        if not path.startswith("/services/"):
            return False
        no_token_fault = ("expired_token", "missing_permission", "api_disabled", "row_locked")
        return not (path == faulty.TOKEN_PATH and fault in no_token_fault)

    def fault_response(self, fault: Fault, request: Request) -> Response:
        return faulty.response(self, fault, request) or super().fault_response(fault, request)

    # -- who asks

    @staticmethod
    def bearer(request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() in ("bearer", "oauth") else ""

    def user(self, request: Request) -> Row | None:
        id_ = self.tokens.user_of(self.bearer(request))
        user = self.store.get(schema.ENTITIES["User"], id_) if id_ else None
        return user if user and user["IsActive"] else None

    def origin(self, request: Request) -> str:
        """Our own address as the caller knows it."""
        return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"

    def callbacks(self) -> list[str]:
        return oauth.callbacks_of(self.surroundings.desktop_url, self.settings["callback_urls"])

    def keep_query(self, asked: soql.Query, rows: list[Row]) -> str:
        """Rows that did not fit into a page, under a locator."""
        locator = f"01gDm{secrets.token_hex(6)}"
        self.queries = dict([*self.queries.items(), (locator, (asked, rows))][-QUERIES_KEPT:])
        return locator

    # -- addresses

    def routes(self) -> list[BaseRoute]:
        at: list[tuple[str, Handler, list[str]]] = [
            ("/services/oauth2/authorize", oauth.authorize, ["GET", "POST"]),
            ("/services/oauth2/token", oauth.token, ["POST"]),
            ("/services/oauth2/revoke", oauth.revoke, ["GET", "POST"]),
            ("/services/oauth2/introspect", oauth.introspect, ["POST"]),
            ("/services/oauth2/userinfo", oauth.userinfo, ["GET", "POST"]),
            ("/id/{organisation}/{user}", oauth.userinfo, ["GET"]),
            ("/services/data", rest.answer, ANY),
            ("/services/data/{rest:path}", rest.answer, ANY),
            ("/lightning/r/{kind}/{id}/view", recordpages.record, ["GET"]),
            ("/lightning/o/{kind}/new", recordpages.new, ["GET"]),
        ]
        return [
            *(Route(path, self._bound(handler), methods=methods) for path, handler, methods in at),
            *self.board_routes(),
        ]

    def _bound(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return await handler(self, request)

        return endpoint

    # -- the page

    def board(self) -> Board:
        live = [grant for grant in self.tokens.grants if grant.refresh]
        facts = [
            ("Organisation", seed.ORGANISATION),
            ("API calls", f"{self.counts['api_calls']} of {self.settings['daily_api_requests']}"),
            ("Authorisations", f"{len(live)} with a refresh token"),
            ("Refresh tokens", "rotate" if self.settings["rotate_refresh_tokens"] else "stay the same"),
        ]
        return Board(facts, [self._table(name) for name in TABLES])

    def _table(self, name: str) -> Table:
        rows = list(reversed(self.store.of(schema.ENTITIES[name])))[:20]
        cells = [(self._link(name, row), *(row.get(c) or "" for c in COLUMNS[name][1:])) for row in rows]
        head = tuple(recordpages.label(column) for column in COLUMNS[name])
        empty = "No calls have been written yet." if name == "Task" else "No records."
        return Table(f"{name}s" if name != "Task" else "Tasks (activity history)", head, cells, empty)

    def _link(self, name: str, row: Row) -> Link:
        person = self.store.find(row.get("ContactId") or row.get("LeadId") or "") if name == "CampaignMember" else None
        title = person[1]["Name"] if person else row.get(COLUMNS[name][0])
        return Link(str(title or row["Id"]), f"/lightning/r/{name}/{row['Id']}/view")
