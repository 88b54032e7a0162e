"""One set of simulators for all tests of this folder, reset before each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser

from integrations.simulators.server import running

DESKTOP = "http://127.0.0.1:18999"
CLIENT = {"client_id": "demo-client-id-0123456789abcdef", "client_secret": "demo-client-secret"}
API_USER = ("integration.user", "demo-password")
ADMIN = ("admin", "admin")


class Instance:
    """A ServiceNow instance as a client sees it, and the hands of a tester."""

    def __init__(self, base: str) -> None:
        self.base = base

    def call(self, method: str, path: str, *, auth: Any = ADMIN, **options: Any) -> requests.Response:
        options.setdefault("headers", {})
        options["headers"] = {"Accept": "application/json", **options["headers"]}
        options.setdefault("allow_redirects", False)
        return requests.request(method, f"{self.base}{path}", auth=auth, timeout=10, **options)

    def table(self, method: str, name: str, *, auth: Any = ADMIN, **options: Any) -> requests.Response:
        return self.call(method, f"/api/now/table/{name}", auth=auth, **options)

    def rows(self, name: str, query: str = "", *, auth: Any = ADMIN, **parameters: Any) -> list[dict[str, Any]]:
        answer = self.table("GET", name, auth=auth, params={"sysparm_query": query, **parameters})
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["result"]
        return rows

    def token(self, **form: str) -> requests.Response:
        return self.call("POST", "/oauth_token.do", auth=None, data={**CLIENT, **form})

    def password_token(self) -> dict[str, Any]:
        answer = self.token(grant_type="password", username=API_USER[0], password=API_USER[1])
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def settings(self, **changes: Any) -> None:
        assert self.call("PUT", "/_settings", json=changes).status_code == 200

    def fault(self, name: str, **details: Any) -> None:
        answer = self.call("PUT", "/_faults", json={"fault": name, **details})
        assert answer.status_code == 200, answer.text

    def requests(self) -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = self.call("GET", "/_requests").json()
        return seen

    def last_warnings(self) -> list[str]:
        warnings: list[str] = self.requests()[-1]["warnings"]
        return warnings


class Bearer(requests.auth.AuthBase):
    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    with running(desktop_url=DESKTOP) as base:
        yield base


@pytest.fixture
def simulators(address: str) -> str:
    for key in (
        "servicenow",
        "wfm_http",
        "nice",
        "messenger_telegram",
        "messenger_line",
        "messenger_facebook",
        "messenger_viber",
        "messenger_nexmo",
    ):
        assert requests.post(f"{address}/{key}/_reset", timeout=10).status_code == 200
    return address


@pytest.fixture
def instance(simulators: str) -> Instance:
    return Instance(f"{simulators}/servicenow")


@pytest.fixture(scope="session")
def chromium(browser: Browser) -> Browser:
    """The one browser of the test run: two Playwrights in one process do not get along."""
    return browser
