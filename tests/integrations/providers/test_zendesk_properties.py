"""What the administrator may enter for Zendesk, and which mistakes are shown on which field."""

from typing import Any

import pytest

from integrations.providers.zendesk.properties import ZendeskProperties

REAL = "https://acme.zendesk.com"


def form(*, simulated: bool | None = False, **data: Any) -> ZendeskProperties:
    entered = {**ZendeskProperties.defaults(), "url": REAL, "client_id": "id", "client_secret": "s", **data}
    return ZendeskProperties(data={k: v for k, v in entered.items() if v is not None}, simulated=simulated)


def test_every_property_is_called_like_its_label() -> None:
    for name, field in ZendeskProperties.base_fields.items():
        assert name == str(field.label).lower().replace(" ", "_")
    assert next(iter(ZendeskProperties.base_fields)) == "url"


@pytest.mark.parametrize(
    ("entered", "kept"),
    [
        ("acme", REAL),
        (" Acme ", REAL),
        ("acme.zendesk.com", REAL),
        ("https://ACME.zendesk.com/", REAL),
        ("https://support.acme.example", "https://support.acme.example"),
    ],
)
def test_the_subdomain_alone_will_do(entered: str, kept: str) -> None:
    filled = form(url=entered)
    assert filled.is_valid(), filled.errors
    assert filled.cleaned_data["url"] == kept


@pytest.mark.parametrize(
    ("entered", "words"),
    [
        ("http://acme.zendesk.com", "https://"),
        ("https://acme.zendesk.com/agent/tickets/1", "Only the host"),
        ("https://me:secret@acme.zendesk.com", "Leave user name"),
        ("acme help desk", "not an address"),
    ],
)
def test_a_wrong_address_is_told_on_its_field(entered: str, words: str) -> None:
    assert words in str(form(url=entered).errors["url"])


def test_the_address_may_be_left_out_only_while_simulated() -> None:
    assert form(url="", simulated=True).is_valid()
    assert set(form(url="").errors) == {"url"}


@pytest.mark.parametrize(
    ("way", "lacking"),
    [
        ("authorization_code", {"client_id"}),
        ("client_credentials", {"client_id", "client_secret"}),
        ("api_token", {"user_name", "api_token"}),
    ],
)
def test_each_way_in_asks_for_what_it_needs(way: str, lacking: set[str]) -> None:
    assert set(form(authorization_type=way, client_id="", client_secret="").errors) == lacking
    assert form(authorization_type=way, user_name="a@b.example", api_token="t").is_valid()


def test_a_simulated_account_is_told_where_credentials_are_found() -> None:
    lacking = form(simulated=True, authorization_type="api_token")
    assert "simulator" in str(lacking.errors["api_token"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("access_token_life", 299), ("access_token_life", 172_801), ("refresh_token_life", 6),
        ("refresh_token_life", 91), ("scope", "read  write"), ("scope", "read,write"), ("default_country", "XX"),
        ("user_name", "not an address"), ("authorization_type", "password"),
    ],
)  # fmt: skip
def test_what_zendesk_would_refuse_is_refused_on_its_field(field: str, value: object) -> None:
    assert field in form(**{field: value}).errors
    assert form().is_valid()


def test_the_help_tells_when_api_tokens_end() -> None:
    help_text = str(ZendeskProperties.base_fields["authorization_type"].help_text)
    assert "27 October 2026" in help_text and "30 April 2027" in help_text
