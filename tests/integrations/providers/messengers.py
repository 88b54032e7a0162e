"""What the tests of all messengers share: an account, its webhook, and a simulated customer who writes to it."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import requests
from django.test import Client
from django.urls import reverse

from integrations.models import InboundEvent, IntegrationAccount
from integrations.webhooks import NotGenuine
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor


def account_of(provider: str, properties: dict[str, Any], secrets: dict[str, str]) -> IntegrationAccount:
    account: IntegrationAccount = AccountFactory(
        provider=provider, name="Messenger", properties=properties, secrets=secrets
    )
    account.full_clean()
    return account


def post(account: IntegrationAccount, body: bytes, headers: Mapping[str, str], **more: Any) -> int:
    url = reverse("integrations:webhook", args=[account.public_id])
    client = Client(enforce_csrf_checks=True)
    more = {"content_type": "application/json", **more}
    return client.post(url, body, headers=dict(headers), **more).status_code


def says(vendor: Vendor, **said: Any) -> list[dict[str, Any]]:
    """A customer does something; what became of the calls to the webhook."""
    answer = requests.post(f"{vendor.address}/_send", json=said, timeout=20)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["calls"])


def events(account: IntegrationAccount) -> list[InboundEvent]:
    return list(account.inbound_events.exclude(kind="refused").order_by("id"))


def refusals(account: IntegrationAccount) -> list[str]:
    return list(account.inbound_events.filter(kind="refused").values_list("error", flat=True))


def not_genuine(provider: Any, request: Any) -> None:
    with pytest.raises(NotGenuine):
        provider.verify(request)


Connected = Callable[..., Any]
