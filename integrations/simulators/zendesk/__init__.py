"""Zendesk Support: OAuth with rotating refresh tokens, API tokens, search, tickets, users, organizations, and the Talk
Partner Edition's way to open a ticket in an agent's browser.

`workspace.py` is the page that agents work in, with `apps.py`, `browser.py` and `sign_on.py`; `api.py` is the
interface, `query.py` the search language, `tickets.py` and `records.py` what may be written, `oauth.py` and `tokens.py`
the log-in, `errors.py` the vendor's words, `seed.py` the data. Written from developer.zendesk.com."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from .. import pages, recorder
from ..boards import Board, BoardSimulator, Table
from ..faults import Fault
from . import api, apps, browser, faulty, limits, oauth, seed, sign_on, statuses, tokens, workspace
from .store import Record, Store, now

WORKSPACE: tuple[tuple[str, api.Handler, list[str]], ...] = (
    ("/agent", workspace.page, ["GET"]),
    ("/agent/dashboard", workspace.page, ["GET"]),
    ("/access/jwt", sign_on.access, ["GET", "POST"]),
    ("/access/logout", browser.sign_out, ["POST"]),
    ("/_switch", browser.switch, ["POST"]),
    ("/_told", browser.told, ["GET"]),
    ("/_install", apps.install, ["POST"]),
    ("/_icon.svg", apps.icon, ["GET"]),
    ("/_empty", workspace.empty, ["GET"]),
    ("/agent/statuses", statuses.page, ["GET", "POST"]),
)
EVERY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Zendesk(BoardSimulator):
    key = "zendesk"
    title = "Zendesk"
    description = "A help desk: OAuth and API tokens, search, tickets with comments, users, organizations."
    lead = f"Log in as {seed.ADMIN} with the published API token, or as the OAuth client {tokens.CLIENT_ID}."
    pages = (("Help desk", "/"), ("Agent workspace", "/agent/dashboard"), ("Agents' statuses", "/agent/statuses"))
    extra_faults = faulty.EXTRA
    default_counts = {"token_requests": 0, "token_refreshes": 0, "searches": 0, "jwt_log_ins": 0}
    default_settings = {
        "api_token": tokens.API_TOKEN,
        "client_secret": tokens.CLIENT_SECRET,
        "client_credentials_user": seed.ADMIN,
        "token_access": True,
        "simulated_date": "",  # from 2027-04-30 on, no API token is accepted
        "reuse_ends_authorisation": True,
        "requests_per_minute": 700,
        "rate_limit_as_text": True,
        "updates_per_ticket": 30,
        "search_lag_seconds": 0.0,
        "talk_partner_edition": True,
        "omnichannel_routing": True,
        "jwt_sign_on": False,
        "shared_secret": sign_on.SHARED_SECRET,
        "remote_login_url": "",  # empty: the desktop's
        "remote_logout_url": "",
    }

    def reset(self) -> None:
        super().reset()
        self.store = Store()
        self.tokens = tokens.TokenStore()
        self.limits = limits.Limits()
        self.clients: dict[str, str | None] = {tokens.CLIENT_ID: "", tokens.PUBLIC_CLIENT_ID: None}
        self.redirects: dict[str, list[str]] = {}
        #: Idempotency keys: the body, the ticket it made, and when.
        self.idempotent: dict[str, tuple[str, int, float]] = {}
        self.mails: list[tuple[str, ...]] = []
        self.displayed: list[tuple[str, ...]] = []
        self.browsers = browser.Browsers()
        self.presences = statuses.fresh()
        self.used_jwts: set[str] = set()
        #: Manifest and icon of an uploaded app; empty: the one that the demo has.
        self.app: dict[str, Any] = {}
        self.icon = b""
        seed.fill(self.store)

    def secrets(self) -> list[str]:
        names = ("api_token", "client_secret", "shared_secret")
        chosen = [str(self.settings[name]) for name in names] if self.settings else []
        mine = [value for value in self.clients.values() if value] if hasattr(self, "clients") else []
        return [tokens.API_TOKEN, tokens.CLIENT_SECRET, sign_on.SHARED_SECRET, *chosen, *mine, *self.tokens.issued]

    def client_secret(self, client_id: str) -> str | None:
        """None for a public client. That of the published client is a setting."""
        return str(self.settings["client_secret"]) if client_id == tokens.CLIENT_ID else self.clients[client_id]

    def add_client(self, identifier: str, secret: str, redirects: list[str]) -> str:
        self.clients[identifier], self.redirects[identifier] = secret, redirects
        return secret

    def warn(self, request: Request, text: str) -> None:
        recorder.warn(request, text)

    def warner(self, request: Request) -> Callable[[str], None]:
        return lambda text: self.warn(request, text)

    def note_mail(self, user: Record) -> None:
        """Zendesk asks a new user to verify the address, unless it is told not to."""
        self.mails.insert(0, (str(user["email"]), "Please verify your e-mail address"))

    def note_display(self, agent: Record, kind: str, record: Record) -> None:
        title = record.get("subject") or record.get("name")
        self.displayed.insert(0, (now(), agent["name"], f"{kind} {record['id']}", str(title)))
        del self.displayed[50:]
        self.browsers.push(agent["id"], kind="display", record=kind, id=record["id"], title=str(title))

    # -- faults

    def may_meet(self, fault: str, path: str) -> bool:
        # A token ends where it is used, rights are checked where records are, and a search can only fail there.
        if faulty.is_token_path(path):
            return fault not in ("expired_token", "missing_permission", "search_unavailable", "database_conflict")
        return fault != "search_unavailable" or path.startswith("/api/v2/search")

    def fault_response(self, fault: Fault, request: Request) -> Response:
        return faulty.response(self, fault, request) or super().fault_response(fault, request)

    # -- addresses

    def routes(self) -> list[BaseRoute]:
        return [
            *self.board_routes(),
            self._route("/oauth/tokens", oauth.token, ["POST"]),
            self._route("/oauth/authorizations/new", oauth.authorize, ["GET", "POST"]),
            *[self._route(path, handler, methods) for path, handler, methods in WORKSPACE],
            Route("/agent/tickets/new/{tab:int}", self.new_page, methods=["GET"]),
            Route("/agent/{plural}/{id:int}", self.record_page, methods=["GET"]),
            *self._api_routes(),
        ]

    def _api_routes(self) -> list[BaseRoute]:
        """Every address with and without `.json`, as at Zendesk."""
        found: list[BaseRoute] = []
        for method, path, handler in api.ROUTES:
            for ending in ("", ".json"):
                found.append(self._guarded(f"/api/v2{path}{ending}", handler, [method]))
        return [*found, self._guarded("/api/v2/{rest:path}", api.no_endpoint, EVERY_METHOD)]

    def _guarded(self, path: str, handler: api.Handler, methods: list[str]) -> Route:
        async def endpoint(request: Request) -> Response:
            return await api.guarded(self, request, handler)

        return Route(path, endpoint, methods=methods)

    def _route(self, path: str, handler: api.Handler, methods: list[str]) -> Route:
        async def endpoint(request: Request) -> Response:
            return await handler(self, request)

        return Route(path, endpoint, methods=methods)

    # -- pages

    async def new_page(self, request: Request) -> Response:
        return pages.render(request, "zendesk/new.html", simulator=self)

    async def record_page(self, request: Request) -> Response:
        """A ticket, user or organization as the agent workspace would show it."""
        kind = request.path_params["plural"].removesuffix("s")
        record = self.store.get(kind, request.path_params["id"]) if kind in self.store.tables else None
        if record is None:
            return pages.render(request, "zendesk/missing.html", status=404, simulator=self)
        comments = [
            {**comment, "author": self._name(comment["author_id"])}
            for comment in reversed(self.store.comments.get(record["id"], []) if kind == "ticket" else [])
        ]
        facts = [(name.replace("_", " "), self._shown(name, value)) for name, value in record.items() if value]
        title = record.get("subject") or record["name"]
        context: dict[str, Any] = {
            "kind": kind, "title": title, "facts": facts, "comments": comments, "calls": self._calls(kind, record),
            "id": record["id"], "framed": "framed" in request.query_params,
        }  # fmt: skip
        return pages.render(request, "zendesk/record.html", simulator=self, **context)

    def _calls(self, kind: str, record: Record) -> list[dict[str, Any]]:
        """What a click on each number of the user, or of the ticket's requester, tells an app (`voice.dialout`)."""
        if kind == "organization":
            return []
        about = (
            {"userId": record["requester_id"], "ticketId": record["id"]}
            if kind == "ticket"
            else {"userId": record["id"]}
        )
        person = self.store.get("user", about["userId"])
        return [{"number": phone, **about} for phone in (self.store.phones(person) if person else ())]

    def _shown(self, name: str, value: Any) -> str:
        if name in ("requester_id", "assignee_id", "submitter_id"):
            return f"{self._name(value)} ({value})"
        if isinstance(value, list):
            return ", ".join(f"{v['id']}: {v['value']}" if isinstance(v, dict) else str(v) for v in value)
        return ", ".join(map(str, value.values())) if isinstance(value, dict) else str(value)

    def _name(self, number: Any) -> str:
        user = self.store.get("user", number) if isinstance(number, int) else None
        return str(user["name"]) if user else "nobody"

    def board(self) -> Board:
        facts = [
            ("Tickets", len(self.store.tables["ticket"])),
            ("Users", len(self.store.tables["user"])),
            ("Searches", self.counts["searches"]),
            ("Tokens renewed", self.counts["token_refreshes"]),
        ]
        problems = [f"{e.method} {e.path}: {text}" for e in self.recorder.newest_first() for text in e.warnings]
        return Board(facts, [self._tickets(), self._users(), self._presences(), *self._events()], problems)

    def state(self) -> dict[str, Any]:
        """The records themselves besides, for tests."""
        records = {f"{kind}s": self.store.rows(kind) for kind in self.store.tables}
        comments = {str(number): listed for number, listed in self.store.comments.items()}
        return {**super().state(), **records, "comments": comments, "displayed": self.displayed, "mails": self.mails}

    def _tickets(self) -> Table:
        head = ("Ticket", "Subject", "Requester", "Status", "Priority", "Comments", "Updated")
        newest = sorted(self.store.rows("ticket"), key=lambda row: (row["updated_at"], row["id"]), reverse=True)
        rows = [self._ticket_row(row) for row in newest[:30]]
        return Table("Tickets", head, rows)

    def _ticket_row(self, row: Record) -> tuple[Any, ...]:
        link = Markup('<a href="agent/tickets/{0}">#{0}</a>').format(row["id"])
        said = len(self.store.comments.get(row["id"], []))
        who = self._name(row["requester_id"])
        return link, row["subject"], who, row["status"], row["priority"] or "-", said, row["updated_at"][11:19]

    def _users(self) -> Table:
        rows = [
            (
                Markup('<a href="agent/users/{0}">{0}</a>').format(row["id"]),
                row["name"],
                row["role"],
                row["email"] or "-",
                ", ".join(self.store.phones(row)) or "-",
            )
            for row in self.store.rows("user")
        ]
        return Table("Users", ("Id", "Name", "Role", "E-mail", "Phones"), rows)

    def _presences(self) -> Table:
        link = Markup('<a href="agent/statuses">{0}</a>')
        rows = [
            (link.format(row["name"]), self.presences.name(self.presences.get(str(row["id"]))))
            for row in browser.team(self)
        ]
        return Table("Agents' statuses", ("Agent", "Status"), rows)

    def _events(self) -> list[Table]:
        opened = Table("Opened for agents", ("At", "Agent", "Record", "Title"), list(self.displayed), "Nothing yet.")
        mailed = Table("Mails to new users", ("To", "Subject"), list(self.mails), "None: nobody was bothered.")
        return [opened, mailed]


__all__ = ["Zendesk"]
