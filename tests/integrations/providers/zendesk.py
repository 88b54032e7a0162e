"""What the tests of Zendesk share: an account for each way in, and the board of the simulated help desk."""

from datetime import UTC, datetime
from typing import Any

from integrations.capabilities import Activity
from integrations.models import IntegrationAccount
from integrations.providers.zendesk import Zendesk
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

CLIENT = {"client_id": "demo_zendesk_client"}
SECRET = {"client_secret": "demo-zendesk-client-secret"}
AGENT = {"authorization_type": "api_token", "user_name": "integration@example.com"}
TOKEN = {"api_token": "demo-zendesk-api-token"}
ACTIVITY = Activity(
    key="8f3a2c1d9e",
    subject="Call from +1 415-555-0132",
    text="Agent: Ava Martin\nNotes: wants a printer",
    started_at=datetime(2026, 1, 15, 9, 0, tzinfo=UTC),
    duration_seconds=95,
    extra={"Order": "4711"},
)


def make_account(*, secrets: dict[str, str] | None = None, **properties: Any) -> IntegrationAccount:
    """By API token, because that needs one request fewer; `authorization_type` chooses another way."""
    given = {**SECRET, **TOKEN} if secrets is None else secrets
    return AccountFactory(provider="zendesk", name="Zendesk demo", properties={**AGENT, **properties}, secrets=given)


def connect(**more: Any) -> Zendesk:
    provider: Zendesk = make_account(**more).connect()
    return provider


def again(provider: Zendesk) -> Zendesk:
    """The same account, as another process sees it."""
    fresh: Zendesk = IntegrationAccount.objects.get(pk=provider.account.pk).connect()
    return fresh


def person(vendor: Vendor, name: str) -> dict[str, Any]:
    return next(user for user in vendor.board()["users"] if user["name"] == name)


def ticket(vendor: Vendor, number: str | int) -> dict[str, Any]:
    return next(row for row in vendor.board()["tickets"] if str(row["id"]) == str(number))


def comments(vendor: Vendor, number: str | int) -> list[dict[str, Any]]:
    return list(vendor.board()["comments"].get(str(number), []))


def sent(vendor: Vendor, method: str, ending: str) -> list[dict[str, Any]]:
    return [e for e in vendor.arrived() if e["method"] == method and e["path"].endswith(ending)]
