"""Next Caller: two hosts, ten digits, error codes, and what the field mapping makes of a record."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from integrations.capabilities import CallerLookup
from integrations.errors import RateLimited, Unavailable
from integrations.field_mapping import Suggestion
from integrations.providers.next_caller import NextCaller, NextCallerProperties, seconds_to, values_of
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("next_caller")


def connect(**properties: Any) -> NextCaller:
    properties = {"username": "demo-nextcaller", **properties}
    secrets = {"password": "demo-nextcaller-password"}
    made: NextCaller = AccountFactory(provider="next_caller", properties=properties, secrets=secrets).connect()
    return made


def test_a_caller_becomes_suggestions(server: Vendor) -> None:
    provider = connect(
        field_mapping=[
            {"target": "contact.first_name", "name": "", "source": "first_name", "when": "overwrite"},
            {"target": "contact.addresses[0].zip", "name": "", "source": "address.0.zip", "when": "keep"},
            {"target": "external", "name": "carrier", "source": "phone.0.carrier", "when": "keep"},
        ]
    )
    assert isinstance(provider, CallerLookup)
    profile = provider.lookup("+12125550123")
    assert profile is not None
    assert (profile.phone, profile.provider) == ("+12125550123", "next_caller")
    assert profile.suggestions == (
        Suggestion("contact.first_name", "Ava", overwrite=True),
        Suggestion("contact.addresses[0].zip", "10001-0004"),
        Suggestion("external.carrier", "Example Telecom"),
    )
    assert profile.values["address.0.country"] == "US"
    arrived = server.arrived()[-1]
    assert (arrived["path"], arrived["query"]) == ("/live/v2.1/records/", {"phone": "2125550123", "format": "json"})
    assert arrived["warnings"] == []


def test_the_usual_mapping_skips_what_is_not_known(server: Vendor) -> None:
    profile = connect().lookup("+1 (212) 555-0124")
    assert profile is not None
    assert [offer.target for offer in profile.suggestions] == [
        "contact.first_name", "contact.last_name", "contact.phones[0].number",
    ]  # fmt: skip
    assert profile.suggestions[2].value == "+12125550124"


@pytest.mark.parametrize("phone", ["+442071838750", "anonymous", "", "+1555"])
def test_a_number_from_elsewhere_is_not_sent(server: Vendor, phone: str) -> None:
    assert connect().lookup(phone) is None
    assert server.arrived() == []


def test_a_number_without_a_record_is_nobody(server: Vendor) -> None:
    assert connect().lookup("+12125550199") is None


def test_sandbox_mode_asks_the_sandbox(server: Vendor) -> None:
    provider = connect(sandbox_mode=True)
    assert provider.lookup("+12125550100") is not None
    assert server.arrived()[-1]["path"] == "/sandbox/v2.1/records/"
    assert provider.test_connection().message == "Connection is valid (demo-nextcaller, sandbox)"
    real = NextCaller(AccountFactory.build(provider="next_caller", simulated=False, properties={"sandbox_mode": True}))
    assert real.base_url == "https://api.sandbox.nextcaller.com/v2.1"


def test_version_3_has_its_own_form(server: Vendor) -> None:
    assert connect(api_version="v3").lookup("+12125550123") is not None
    assert server.arrived()[-1]["query"]["phone"] == "+12125550123"


def test_too_many_calls_wait_as_the_vendor_says(server: Vendor) -> None:
    server.fault("rate_limit", times=1)
    with pytest.raises(RateLimited) as failure:
        connect().lookup("+12125550123")
    assert (failure.value.retry_after, failure.value.vendor_code) == (3.0, "1061")
    assert len(server.arrived()) == 1


def test_a_failure_is_told_and_not_repeated(server: Vendor) -> None:
    server.fault("server_error")
    with pytest.raises(Unavailable):
        connect().lookup("+12125550123")
    assert len(server.arrived()) == 1


def test_the_simulator_words_an_invalid_number_like_the_vendor(server: Vendor) -> None:
    answer = requests.get(
        f"{server.address}/live/v2.1/records/?phone=123&format=json",
        auth=("demo-nextcaller", "demo-nextcaller-password"),
        timeout=5,
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "555")


def test_a_moment_and_a_span_are_both_waits() -> None:
    assert seconds_to("7", 60) == 7
    assert seconds_to("soon", 60) == 60
    assert seconds_to("1000000001", 60) == 0


def test_an_empty_record_is_no_value() -> None:
    assert values_of({"first_name": None, "phone": [], "address": [{}], "gender": ""}) == {}


def form(**data: Any) -> NextCallerProperties:
    entered = {"username": "u", "password": "p", "api_version": "v2.1", "field_mapping": [], **data}
    return NextCallerProperties(data=entered, simulated=False)


@pytest.mark.parametrize(
    "row",
    [
        {"target": "contact.shoe_size", "source": "email"},
        {"target": "contact.title", "source": "nothing"},
        {"target": "contact.custom", "source": "email"},
        {"target": "contact.title", "source": ""},
        {"target": "contact.title", "source": "email", "when": "perhaps"},
    ],
)
def test_a_line_that_makes_no_sense_is_told(row: dict[str, str]) -> None:
    assert set(form(field_mapping=[row]).errors) == {"field_mapping"}


@pytest.mark.django_db(transaction=True)
def test_a_number_can_be_tried_on_the_page_of_the_account(vendor: Callable[[str], Vendor]) -> None:
    vendor("next_caller")
    account = AccountFactory(
        provider="next_caller", name="Try", properties={"username": "demo-nextcaller"},
        secrets={"password": "demo-nextcaller-password"},
    )  # fmt: skip
    result = account.connect().look_up("+1 212 555 0123")
    assert result.ok and ("First name", "Ava") in result.rows
    unknown = account.connect().look_up("+1 212 555 0199")
    assert unknown.ok and unknown.rows == () and "knows nobody" in unknown.message


def test_one_target_has_one_line() -> None:
    row = {"target": "external", "name": "x", "source": "email"}
    assert "field_mapping" in form(field_mapping=[row, row]).errors
    assert form(field_mapping=[row, {**row, "name": "y"}]).is_valid()


def test_the_sandbox_of_version_3_needs_its_host() -> None:
    assert set(form(api_version="v3", sandbox_mode="on").errors) == {"api_endpoint"}


def test_the_mapping_is_shown_with_its_categories() -> None:
    html = str(form()["field_mapping"])
    for heading in ("Addresses", "Phones by type", "Phones by order", "Social links by order", "Emails by type"):
        assert f'optgroup label="{heading}"' in html
    assert "my_custom_field" in html
