"""A simulated Salesforce organisation for the tests: accounts, and what its administrator can look at."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from integrations.providers.salesforce import Salesforce
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

KEY, SECRET = "demo-salesforce-consumer-key-3MVG9", "demo-salesforce-consumer-secret"
CLIENT = {"client_id": KEY, "client_secret": SECRET}
TOKEN = "/services/oauth2/token"
DATA = "/services/data/v60.0"


def connect(secrets: dict[str, str] | None = None, *, simulated: bool = True, **properties: Any) -> Salesforce:
    """An account; by client credentials unless told otherwise."""
    given = {"consumer_key": KEY, "grant_type": "client_credentials", **properties}
    account = AccountFactory(
        provider="salesforce", name="Salesforce demo", properties=given, simulated=simulated,
        secrets={"consumer_secret": SECRET} if secrets is None else secrets,
    )  # fmt: skip
    provider: Salesforce = account.connect()
    return provider


def by_person(**properties: Any) -> Salesforce:
    return connect(grant_type="authorization_code", **properties)


def allow(url: str, user: str = "integration.user@demo.example", decision: str = "allow") -> dict[str, str]:
    """What a person does at Salesforce; the answer is what comes back to our callback."""
    answer = requests.post(url, data={"user": user, "decision": decision}, allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


class Organisation:
    """The simulator as its administrator sees it."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        form = {**CLIENT, "grant_type": "client_credentials"}
        answer = requests.post(f"{vendor.address}{TOKEN}", data=form, timeout=5)
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def call(self, method: str, path: str, **more: Any) -> Any:
        url = f"{self.vendor.address}{DATA}{path}"
        answer = requests.request(method, url, headers=self.headers, timeout=5, **more)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def rows(self, query: str) -> list[dict[str, Any]]:
        return list(self.call("GET", "/query", params={"q": query})["records"])

    def id_of(self, kind: str, where: str) -> str:
        found = self.rows(f"SELECT Id FROM {kind} WHERE {where}")
        assert len(found) == 1, found
        return str(found[0]["Id"])

    def insert(self, kind: str, **fields: Any) -> str:
        return str(self.call("POST", f"/sobjects/{kind}", json=fields)["id"])
