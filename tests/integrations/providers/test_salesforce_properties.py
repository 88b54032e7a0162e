"""What the administrator may enter for Salesforce, and what is told where it cannot be right."""

from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from integrations.providers.salesforce.assertion import key_text
from integrations.providers.salesforce.properties import SalesforceProperties

GOOD = {
    "consumer_key": "key", "consumer_secret": "secret", "api_version": "60.0", "look_up_in": "Contact",
    "default_country": "us", "agent_map_key": "email", "screen_pop": "record", "new_record": "Case",
    "grant_type": "authorization_code",
}  # fmt: skip


def form(*, simulated: bool = False, **entered: Any) -> SalesforceProperties:
    return SalesforceProperties(data={**GOOD, **entered}, simulated=simulated)


def pem(key: Any) -> str:
    return str(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
    )


def test_the_guides_fields_come_first_with_its_labels() -> None:
    fields = SalesforceProperties.base_fields
    plain = [fields[name].label for name in fields if name not in SalesforceProperties.advanced]
    assert plain == ["Url", "Sandbox environment", "Consumer key", "Consumer secret", "Refresh token"]
    assert SalesforceProperties.defaults()["sandbox_environment"] is False
    assert set(SalesforceProperties.secret_names()) == {"consumer_secret", "refresh_token", "private_key"}


@pytest.mark.parametrize(
    ("entered", "field", "said"),
    [
        ({"url": "http://example.my.salesforce.com"}, "url", "https://"),
        ({"url": "https://example.com"}, "url", "no address of Salesforce"),
        ({"url": "https://salesforce.com.evil.example"}, "url", "no address of Salesforce"),
        ({"url": "https://example.lightning.force.com"}, "url", "https://example.my.salesforce.com"),
        ({"url": "https://a--b.sandbox.my.salesforce.com"}, "sandbox_environment", "a sandbox: tick this"),
        ({"url": "https://a.my.salesforce.com", "sandbox_environment": "on"}, "sandbox_environment", "untick this"),
        ({"consumer_key": ""}, "consumer_key", "is needed"),
        ({"grant_type": "client_credentials"}, "url", "My Domain only"),
        ({"grant_type": "client_credentials", "consumer_secret": ""}, "consumer_secret", "Consumer secret"),
        ({"grant_type": "jwt_bearer"}, "username", "Username"),
        ({"grant_type": "jwt_bearer"}, "private_key", "private key"),
        ({"private_key": "nonsense"}, "private_key", "BEGIN PRIVATE KEY"),
        ({"api_version": "v60"}, "api_version", "60.0"),
        ({"api_version": "42.0"}, "api_version", "51.0 or later"),
        ({"look_up_in": "Contact, Opportunity"}, "look_up_in", "Opportunity"),
        ({"default_country": "QQ"}, "default_country", "ISO"),
        ({"external_id_field": "Reference"}, "external_id_field", "__c"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_told_on_its_field(entered: dict[str, str], field: str, said: str) -> None:
    checked = form(**entered)
    assert not checked.is_valid()
    assert said in " ".join(checked.errors[field])


@pytest.mark.parametrize(
    "entered",
    [
        {},
        {"url": "https://example.my.salesforce.com/"},
        {"url": "https://example--uat.sandbox.my.salesforce.com", "sandbox_environment": "on"},
        {"url": "https://example.my.salesforce.com", "grant_type": "client_credentials"},
        {"consumer_secret": ""},
    ],
)
def test_what_salesforce_offers_is_accepted(entered: dict[str, str]) -> None:
    checked = form(**entered)
    assert checked.is_valid(), checked.errors
    assert checked.cleaned_data["default_country"] == "US"


def test_a_simulated_account_needs_no_address_and_is_told_where_its_key_is() -> None:
    assert form(simulated=True, grant_type="client_credentials").is_valid()
    assert "page will do" in str(form(simulated=True, consumer_key="").errors["consumer_key"])


def test_objects_are_spelt_as_salesforce_spells_them() -> None:
    checked = form(look_up_in=" lead;CONTACT  lead")
    assert checked.is_valid() and checked.cleaned_data["look_up_in"] == "Lead, Contact"


def test_a_key_that_lost_its_line_ends_is_repaired() -> None:
    text = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    assert key_text(text.replace("\n", " ")) == text
    assert key_text(text.replace("\n", "")) == text
    checked = form(grant_type="jwt_bearer", username="u@example.com", private_key=text.replace("\n", " "))
    assert checked.is_valid() and checked.cleaned_data["private_key"] == text


def test_a_key_of_another_kind_is_refused() -> None:
    for key in (
        ec.generate_private_key(ec.SECP256R1()),
        rsa.generate_private_key(public_exponent=65537, key_size=1024),
    ):
        checked = form(private_key=pem(key))
        assert "RSA keys of 2048 bits" in str(checked.errors["private_key"])
