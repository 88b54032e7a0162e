"""Zapier calls us: the door, the brake on guessing, and a test that knocks at it."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from django.core.cache import cache
from django.test import Client

from integrations.automation import MOST_WRONG
from integrations.capabilities import AutomationEndpoint, AutomationEvent
from integrations.errors import AuthenticationFailed, Rejected
from integrations.models import IntegrationAccount
from integrations.providers.zapier import Zapier, ZapierProperties
from integrations.simulators.server import running
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
DOOR = "/clientweb/api/v1/workflow-trigger"
PASSWORD = "canary-of-zapier-1"


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


def make(name: str = "Our zaps", username: str = "zap", password: str = PASSWORD, **more: Any) -> IntegrationAccount:
    made: IntegrationAccount = AccountFactory(
        provider="zapier", name=name, properties={"username": username}, secrets={"password": password}, **more
    )
    return made


def knock(user: str = "zap", password: str = PASSWORD) -> Any:
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return Client().get(DOOR, {"tenantUrl": "https://x.example"}, headers={"Authorization": f"Basic {pair}"})


def test_the_right_credentials_open_the_door() -> None:
    make("Others", "other")
    account = make()
    answer = knock()
    assert answer.status_code == 200
    assert answer.json() == {"id": str(account.public_id), "account": "Our zaps", "username": "zap"}
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(("user", "password"), [("zap", "wrong"), ("zäp", PASSWORD), ("", ""), ("zap", "")])
def test_wrong_ones_are_refused_without_a_redirect(user: str, password: str) -> None:
    make()
    answer = knock(user, password)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Basic ")
    assert PASSWORD not in answer.content.decode()


@pytest.mark.parametrize("header", ["", "Bearer abc", "Basic", "Basic !!!", "Basic /////w=="])
def test_a_damaged_header_is_a_wrong_password(header: str) -> None:
    make()
    assert Client().get(DOOR, headers={"Authorization": header}).status_code == 401


def test_a_disabled_account_and_one_without_a_password_open_nothing() -> None:
    make(enabled=False)
    make("Bare", "bare", password="")
    assert knock().status_code == 401
    assert knock("bare", "").status_code == 401


def test_guessing_is_slowed_down_for_that_name_only() -> None:
    make()
    for _ in range(MOST_WRONG):
        assert knock("guess", "wrong").status_code == 401
    braked = knock("guess", "wrong")
    assert (braked.status_code, braked["Retry-After"]) == (429, "300")
    assert knock().status_code == 200


def test_only_get() -> None:
    assert Client().post(DOOR).status_code == 405


def test_an_event_is_a_flat_object_with_an_id() -> None:
    provider = make().connect()
    assert isinstance(provider, AutomationEndpoint)
    at = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
    event = AutomationEvent("i-7", "interaction_completed", at, {"Caller name": "Ava", "id": "x", "note": None})
    assert provider.payload(event) == {
        "caller_name": "Ava", "note": None, "id": "i-7", "event": "interaction_completed",
        "occurred_at": "2026-01-15T09:00:00Z",
    }  # fmt: skip


# -- the test


def test_a_simulated_account_knocks_at_the_stand_in_door(vendor: Callable[[str], Vendor]) -> None:
    server = vendor("zapier")
    account = make(username="demo-zapier", password="demo-zapier-password")
    assert account.connect().test_connection().message == "Connection is valid (demo-zapier)"
    assert server.arrived()[-1]["path"] == DOOR
    assert "demo-zapier-password" not in str(server.arrived())


def test_an_address_without_https_is_told(settings: Any) -> None:
    settings.PUBLIC_URL = "http://centre.example.com"
    with pytest.raises(Rejected, match="not https"):
        list(make(simulated=False).connect().probes())


def test_the_test_knocks_at_our_own_door(live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.INTEGRATIONS_ALLOWED_NETWORKS = ["127.0.0.0/8", "::1/128"]
    monkeypatch.setattr(Zapier, "base_url", property(lambda self: Https(live_server.url)))
    account = make(simulated=False)
    passed = list(account.connect().probes())
    assert passed[-1].identity == "zap"
    make("Twin", "zap").delete()
    IntegrationAccount.objects.filter(pk=account.pk).update(enabled=False)
    with pytest.raises(AuthenticationFailed):
        list(account.connect().probes())
    make("Twin", "zap")
    with pytest.raises(AuthenticationFailed, match="another account"):
        list(account.connect().probes())


class Https(str):
    """An address that passes for https: the server of a test speaks plain HTTP."""

    def startswith(self, *arguments: Any) -> bool:  # type: ignore[override]
        return arguments[0] == "https://" or super().startswith(*arguments)


def test_the_simulator_connects_as_zapier_does(live_server: Any) -> None:
    make()
    headers = {"Accept": "application/json"}
    with running(desktop_url=live_server.url) as address:
        form = {"username": "zap", "password": PASSWORD}
        good = requests.post(f"{address}/zapier/connect", data=form, headers=headers, timeout=10).json()
        bad = requests.post(f"{address}/zapier/connect", data={**form, "password": "no"}, headers=headers, timeout=10)
        page = requests.get(f"{address}/zapier/", timeout=5).text
    assert (good["ok"], good["data"]["username"]) == (True, "zap")
    assert (bad.json()["ok"], bad.json()["status"]) == (False, 401)
    assert "Connected" in page and "Connect an account" in page and PASSWORD not in page


def test_a_short_password_is_refused() -> None:
    assert set(ZapierProperties(data={"username": "a:b", "password": "short"}).errors) == {"username", "password"}
