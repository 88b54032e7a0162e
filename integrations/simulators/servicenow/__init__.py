"""ServiceNow: OAuth, Table API, interactions, cti.do, and the OpenFrame host page.

Read `schema.py` for the tables, `seed.py` for the data, `rules.py` for what the instance does to a record, and
`table_api.py` for the REST interface. The modules with pages are `hostpage.py`, `records.py` and `cti.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from .. import recorder
from ..base import Simulator
from ..faults import Fault
from . import (
    acl,
    awa,
    batch,
    cti,
    faulty,
    hostpage,
    interactions,
    oauth,
    openframe,
    records,
    registry,
    seed,
    table_api,
)
from .store import Store
from .tokens import CLIENT_SECRET, TokenStore

Handler = Callable[["ServiceNow", Request], Awaitable[Response]]
ANY = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
LIBRARY_PATH = "/scripts/openframe/{version}/openFrameAPI.min.js"


class ServiceNow(Simulator):
    key = "servicenow"
    title = "ServiceNow"
    description = (
        "OAuth, Table API, interactions and cti.do of an instance, and the OpenFrame page that the Agent Desktop is "
        "embedded in."
    )
    pages = (
        ("Agent's page with OpenFrame", "/"),
        ("OpenFrame configuration", "/openframe_configuration.do"),
        ("Application Registry", registry.ADDRESS),
        ("Presence of agents", "/awa_presence.do"),
    )
    extra_faults = ("hibernating", "offline", "ip_restricted")
    default_counts = {"token_requests": 0, "token_refreshes": 0}
    default_settings = {
        "strict": True,
        "password_grant": True,
        "client_credentials_grant": True,
        "oauth_application_user": "integration.user",
        "state_required": True,
        "rotate_refresh_tokens": False,
        "access_token_seconds": 1800.0,
        "refresh_token_seconds": 8_640_000.0,
        "cookie_outlives_token": False,
        "default_limit": 10_000,
        "invalid_query_returns_no_rows": False,
        "case_sensitive_queries": False,
        "cti_compares_digits": False,
        "acl": acl.DEFAULT,
        "awa_plugin": True,
        "awa_enabled": True,
        "hidden_records": seed.default_hidden(),
        "whitelist_enforced": True,
        "whitelist": "",
        "openframe_active": True,
        "openframe_url": "",
        # 373 x 300 is the vendor's default; this demo has room for more.
        "openframe_width": 340,
        "openframe_height": 640,
        "openframe_title": "Agent Desktop",
        "openframe_subtitle": "",
        "openframe_order": 100,
        "openframe_group": "",
        "openframe_allow": "microphone; autoplay; clipboard-write",
        "openframe_collapsed_view": False,
        "openframe_configuration": "{}",
    }

    def reset(self) -> None:
        super().reset()
        self.store = Store()
        self.tokens = TokenStore()
        self.sessions: dict[str, str] = {}
        self.user_tokens: dict[str, str] = {}
        self.preferences: dict[str, dict[str, str]] = {}
        self.presences = awa.fresh()
        # The administrator of the demo has already let the desktop's origin in.
        self.settings["whitelist"] = openframe.origin(self.surroundings.desktop_url)
        seed.fill(self.store)

    def secrets(self) -> list[str]:
        return [CLIENT_SECRET, seed.DEMO_PASSWORD, *self.tokens.issued]

    def warn(self, request: Request, text: str) -> None:
        if self.settings["strict"]:
            recorder.warn(request, text)

    def warner(self, request: Request) -> Callable[[str], None]:
        return lambda text: self.warn(request, text)

    def may_meet(self, fault: str, path: str) -> bool:
        # A token ends where it is used; rights are checked where records are.
        return not (fault in ("expired_token", "missing_permission") and faulty.is_token_path(path))

    def fault_response(self, fault: Fault, request: Request) -> Response:
        return faulty.response(self, fault, request) or super().fault_response(fault, request)

    def routes(self) -> list[BaseRoute]:
        return [*self._api_routes(), *self._page_routes()]

    def root_routes(self) -> list[BaseRoute]:
        """A desktop that knows only `topDomain` looks for the library at the root of that origin."""
        return [self._route(LIBRARY_PATH, openframe.library, ["GET"])]

    def _route(self, path: str, handler: Handler, methods: list[str]) -> Route:
        async def endpoint(request: Request) -> Response:
            return await handler(self, request)

        return Route(path, endpoint, methods=methods)

    def _api_routes(self) -> list[BaseRoute]:
        route = self._route
        found: list[BaseRoute] = [
            route("/oauth_token.do", oauth.token, ["GET", "POST"]),
            route("/oauth_revoke_token.do", oauth.revoke, ["GET", "POST"]),
            route("/oauth_auth.do", oauth.authorize, ["GET", "POST"]),
            route("/api/now/openframe/voice-interaction", interactions.voice_interaction, ["POST"]),
            route("/api/now/openframe/voice-interaction/{sys_id}", interactions.voice_interaction, ["PATCH"]),
            route("/api/now/interaction", interactions.management, ["POST"]),
            route("/api/now/interaction/{sys_id}/close", interactions.management_close, ["POST"]),
            route("/api/now/v1/cs/voice-interactions", interactions.cs_create, ["POST"]),
            route("/api/now/v1/cs/voice-interactions/{sys_id}/state", interactions.cs_state, ["PATCH"]),
        ]
        for version in ("", "/v1", "/v2"):
            found.append(route(f"/api/now{version}/batch", batch.endpoint, ["POST"]))
        for prefix in ("/api/now", "/api/now/{version:str}"):
            found.append(route(f"{prefix}/awa/agents/{{user_id}}", awa.agent, ["GET", "PUT"]))
            found.append(route(f"{prefix}/awa/agents/{{user_id}}/presence_states", awa.states, ["GET"]))
            found.append(route(f"{prefix}/table/{{table}}", table_api.endpoint, ANY))
            found.append(route(f"{prefix}/table/{{table}}/{{sys_id}}", table_api.endpoint, ANY))
        return found

    def _page_routes(self) -> list[BaseRoute]:
        both, get = ["GET", "POST"], ["GET"]
        pages: list[tuple[str, Handler, list[str]]] = [
            ("/", hostpage.host, get),
            ("/nav_to.do", hostpage.host, get),
            ("/now/nav/ui/classic/params/target/{target:path}", hostpage.host, get),
            ("/now/workspace/{name}/record/{record_table}/{sys_id}", hostpage.host, get),
            ("/now/{name}/record/{record_table}/{sys_id}", hostpage.host, get),
            ("/now/{name}/agent/record/{record_table}/{sys_id}", hostpage.host, get),
            ("/now/{rest:path}", hostpage.host, get),
            (LIBRARY_PATH, openframe.library, get),
            ("/sn_openframe_openFrameAjaxProcessor.do", openframe.ajax, ["POST"]),
            ("/openframe_configuration.do", openframe.configure, both),
            (registry.ADDRESS, registry.page, get),
            ("/awa_presence.do", awa.page, both),
            ("/cti.do", cti.endpoint, get),
            ("/cti_try.do", hostpage.cti_try, get),
            ("/login.do", hostpage.login, both),
            ("/logout.do", hostpage.logout, get),
            ("/_switch", hostpage.switch, ["POST"]),
            ("/_live/{table}_list.do", records.list_page, get),
            ("/_live/{table}.do", records.form_page, get),
            ("/{table}_list.do", records.list_page, get),
            ("/{table}.do", records.form_page, both),
        ]
        return [self._route(*page) for page in pages]


__all__ = ["ServiceNow"]
