"""A CRM in memory behind an ordinary account."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache

from contactcenter.chats import conversation
from integrations.models import InboundEvent, IntegrationAccount
from integrations.providers import registry
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor, simulators, vendor  # noqa: F401 - fixtures for chats


@pytest.fixture
def crm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The vendor's side: `tests.contactcenter.fake_crm.Server`, fresh."""
    from tests.contactcenter import fake_crm

    monkeypatch.setattr(fake_crm, "server", fake_crm.Server())
    monkeypatch.setitem(registry(), "fake_crm", fake_crm.FakeCrm)
    cache.clear()
    yield fake_crm.server


@pytest.fixture
def account(crm: Any, db: None) -> IntegrationAccount:
    return AccountFactory(provider="fake_crm", name="Fake CRM", is_default=True, simulated=False)


TELEGRAM_TOKEN = "100200300:demo-telegram-token-0123456789abcde"


@pytest.fixture
def telegram(vendor: Callable[[str], Vendor]) -> Vendor:  # noqa: F811 - the fixture above
    return vendor("messenger_telegram")


def telegram_account() -> IntegrationAccount:
    """An account of the simulated Telegram, its webhook not set."""
    made: IntegrationAccount = AccountFactory(
        provider="messenger_telegram", name="Telegram", properties={"bot_username": "demo_contact_bot"},
        secrets={"token": TELEGRAM_TOKEN},
    )  # fmt: skip
    return made


numbers = iter(range(1, 10_000))


def write(account: IntegrationAccount, text: str = "Hello", *, kind: str = "message", **told: Any) -> InboundEvent:
    """What a customer does, as a provider hands it on; processed at once."""
    number = next(numbers)
    payload = {
        "user": "2002", "name": "Robin Example", "conversation": "2002", "text": text, "media": [],
        "message_id": f"in-{number}", **told,
    }  # fmt: skip
    event = InboundEvent.objects.create(account=account, key=f"message:{number}", kind=kind, payload=payload)
    conversation.take_in(event)
    return event
