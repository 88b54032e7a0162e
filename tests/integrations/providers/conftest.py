"""Providers are tried against the real simulators, in this process on a free port."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from django.core.cache import cache

from integrations.models import IntegrationAccount
from integrations.simulators.server import running
from tests.factories import AccountFactory

CLIENT_ID = "demo-client-id-0123456789abcdef"
CLIENT_SECRET = "demo-client-secret"


class Vendor:
    """The control addresses of one simulator."""

    def __init__(self, address: str) -> None:
        self.address = address

    def fault(self, name: str, **more: Any) -> None:
        answer = requests.put(f"{self.address}/_faults", json=[{"fault": name, **more}], timeout=5)
        assert answer.status_code == 200, answer.text

    def healthy(self) -> None:
        requests.delete(f"{self.address}/_faults", timeout=5)

    def settings(self, **changes: Any) -> None:
        answer = requests.put(f"{self.address}/_settings", json=changes, timeout=5)
        assert answer.status_code == 200, answer.text

    def arrived(self) -> list[dict[str, Any]]:
        """Requests in the order in which they came."""
        answer = requests.get(f"{self.address}/_requests", params={"format": "json"}, timeout=5)
        return list(answer.json())

    def warnings(self) -> list[str]:
        return [text for exchange in self.arrived() for text in exchange["warnings"]]

    def forget_requests(self) -> None:
        requests.delete(f"{self.address}/_requests", timeout=5)

    def count(self, name: str) -> int:
        return int(requests.get(f"{self.address}/_counts", timeout=5).json()[name])

    def board(self) -> dict[str, Any]:
        return dict(requests.get(f"{self.address}/_board", timeout=5).json())

    # ServiceNow only: what its administrator does

    def rows(self, table: str, query: str = "") -> list[dict[str, Any]]:
        answer = self._as_admin("GET", table, params={"sysparm_query": query, "sysparm_exclude_reference_link": "true"})
        return list(answer.json()["result"])

    def insert(self, table: str, **fields: str) -> str:
        answer = self._as_admin("POST", table, json=fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["result"]["sys_id"])

    def change(self, table: str, sys_id: str, **fields: str) -> None:
        answer = self._as_admin("PATCH", f"{table}/{sys_id}", json=fields)
        assert answer.status_code == 200, answer.text

    def allow(self, table: str, *operations: str) -> None:
        self.settings(acl={"integration.user": {table: list(operations)}})

    def user(self, user_name: str) -> dict[str, Any]:
        return self.rows("sys_user", f"user_name={user_name}")[0]

    def _as_admin(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = {"Accept": "application/json"}
        url = f"{self.address}/api/now/table/{path}"
        return requests.request(method, url, auth=("admin", "admin"), headers=headers, timeout=5, **more)


@pytest.fixture(scope="session")
def simulators() -> Iterator[str]:
    with running() as address:
        yield address


@pytest.fixture
def vendor(simulators: str, settings: Any) -> Iterator[Callable[[str], Vendor]]:
    """`vendor("nice")`: that simulator, as fresh as on the first day."""
    settings.SIMULATOR_URL = simulators
    cache.clear()

    def fresh(key: str) -> Vendor:
        requests.post(f"{simulators}/{key}/_reset", timeout=5)
        return Vendor(f"{simulators}/{key}")

    yield fresh


@pytest.fixture
def servicenow(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("servicenow")


@pytest.fixture
def account(servicenow: Vendor, transactional_db: None) -> IntegrationAccount:
    """ServiceNow by client credentials; its user has the rights of the integration guide and no more."""
    return make_account()


def make_account(*, secret: str = CLIENT_SECRET, **properties: Any) -> IntegrationAccount:
    properties = {"client_id": CLIENT_ID, "grant_type": "client_credentials", **properties}
    return AccountFactory(name="ServiceNow demo", properties=properties, secrets={"client_secret": secret})


@pytest.fixture
def zendesk(vendor: Callable[[str], Vendor], transactional_db: None) -> Vendor:
    return vendor("zendesk")
