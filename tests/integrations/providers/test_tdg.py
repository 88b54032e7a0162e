"""The Data Group: two generations, a token, and a move from one to the other."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from integrations.errors import AuthenticationFailed, Rejected, Unavailable
from integrations.providers.tdg import Tdg, TdgProperties
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
SECRETS = {"password": "demo-tdg-password", "api_key": "demo-tdg-api-key"}


@pytest.fixture
def server(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("tdg")


def connect(**properties: Any) -> Tdg:
    properties = {"username": "demo-tdg", **properties}
    made: Tdg = AccountFactory(provider="tdg", properties=properties, secrets=SECRETS).connect()
    return made


@pytest.mark.parametrize("generation", ["v3", "today"])
def test_a_caller_becomes_suggestions(server: Vendor, generation: str) -> None:
    profile = connect(api_generation=generation).lookup("+12125550123")
    assert profile is not None
    offered = {offer.target: offer.value for offer in profile.suggestions}
    assert offered == {
        "contact.first_name": "Ava",
        "contact.last_name": "Johnson",
        "contact.addresses[0].line1": "12 SAMPLE ST N",
        "contact.addresses[0].city": "SPRINGFIELD",
        "contact.addresses[0].state": "NY",
        "contact.addresses[0].zip": "10001" if generation == "v3" else "10001-0004",
    }
    assert profile.values["unit"] == "APT 4"


def test_version_3_signs_in_and_sends_key_and_token(server: Vendor) -> None:
    connect().lookup("+12125550123")
    first, second = server.arrived()
    assert (first["path"], second["path"]) == ("/v3/auth", "/v3/sync/lookup/phone")
    assert "authorizationtoken" in second["headers"] and "x-api-key" in second["headers"]
    assert second["body"] == {"phone": "2125550123"}
    shown = json.dumps(server.arrived())
    assert not any(secret in shown for secret in SECRETS.values())


def test_todays_interface_needs_the_key_alone(server: Vendor) -> None:
    connect(api_generation="today").lookup("+12125550123")
    (only,) = server.arrived()
    assert (only["path"], only["body"]) == ("/v2/lookup/phone", {"Phone": 2125550123})
    assert "authorizationtoken" not in only["headers"]


@pytest.mark.parametrize("generation", ["v3", "today"])
def test_nobody_is_no_failure(server: Vendor, generation: str) -> None:
    assert connect(api_generation=generation).lookup("+12125550199") is None


def test_a_number_from_elsewhere_is_not_sent(server: Vendor) -> None:
    assert connect().lookup("+442071838750") is None
    assert server.arrived() == []


def test_a_token_that_has_ended_is_replaced_once(server: Vendor) -> None:
    provider = connect()
    assert provider.lookup("+12125550123") is not None
    server.fault("expired_token", path="/v3/sync", times=1)
    assert provider.lookup("+12125550123") is not None
    assert server.count("sign_ins") == 2
    server.fault("expired_token", path="/v3/sync")
    with pytest.raises(AuthenticationFailed):
        provider.lookup("+12125550123")


@pytest.mark.parametrize("name", ["AuthorizationToken", "authorizationToken", "token"])
def test_every_likely_spelling_of_the_token_is_read(server: Vendor, name: str) -> None:
    server.settings(token_field=name)
    assert connect().lookup("+12125550123") is not None


def test_a_sign_in_without_a_token_is_told(server: Vendor) -> None:
    server.settings(token_field="something")
    with pytest.raises(Rejected, match="no token"):
        connect().lookup("+12125550123")


def test_a_failure_is_told_and_not_repeated(server: Vendor) -> None:
    server.fault("server_error", path="/v3/sync")
    with pytest.raises(Unavailable):
        connect().lookup("+12125550123")
    assert len(server.arrived()) == 2


def test_the_test_of_version_3_is_no_query(server: Vendor) -> None:
    assert connect().test_connection().message == "Connection is valid (demo-tdg)"
    assert [exchange["path"] for exchange in server.arrived()] == ["/v3/auth"]


def test_one_click_moves_to_todays_interface(server: Vendor) -> None:
    provider = connect()
    assert provider.move_to_todays_address().ok
    moved = type(provider.account).objects.get(pk=provider.account.pk).connect()
    assert not moved.is_old
    assert moved.test_connection().ok
    assert server.arrived()[-1]["path"] == "/v2/lookup/phone"


def test_each_generation_has_its_host() -> None:
    hosts = [
        Tdg(AccountFactory.build(provider="tdg", simulated=False, properties={"api_generation": generation})).base_url
        for generation in ("v3", "today")
    ]
    assert hosts == ["https://api.thedatagroup.com", "https://api.tdg1.io"]


def form(**data: Any) -> TdgProperties:
    entered = {"username": "u", "password": "p", "api_key": "k", "api_generation": "v3", **data}
    return TdgProperties(data=entered, simulated=False)


def test_version_3_needs_all_three_and_today_the_key() -> None:
    assert form().is_valid()
    assert set(form(username="", password="").errors) == {"username", "password"}
    assert form(username="", password="", api_generation="today").is_valid()
    assert set(form(api_key="two\nlines").errors) == {"api_key"}
