"""What the administrator may enter for ServiceNow, and which mistakes are shown on which field."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from integrations.models import IntegrationAccount
from integrations.properties import SecretInput
from integrations.providers.servicenow.properties import ServiceNowProperties
from tests.integrations.providers.conftest import make_account

REAL = "https://dev12345.service-now.com"


def form(*, simulated: bool | None = False, **data: Any) -> ServiceNowProperties:
    entered = {**ServiceNowProperties.defaults(), "instance_url": REAL, "client_id": "id", "client_secret": "s", **data}
    return ServiceNowProperties(data=entered, simulated=simulated)


def test_labels_and_the_fixed_order_are_those_of_the_guide() -> None:
    labels = [field.label for field in ServiceNowProperties.base_fields.values()]
    assert labels[:2] == ["Client ID", "Client Secret"]
    assert set(ServiceNowProperties.advanced) < set(ServiceNowProperties.base_fields)


def test_every_property_is_called_like_its_label() -> None:
    for name, field in ServiceNowProperties.base_fields.items():
        assert name == str(field.label).lower().replace(" ", "_")


@pytest.mark.parametrize("grant", ["password", "client_credentials"])
def test_these_grants_need_the_client_and_its_secret(grant: str) -> None:
    assert form(grant_type=grant).is_valid()
    lacking = form(grant_type=grant, client_id="", client_secret="")
    assert set(lacking.errors) == {"client_id", "client_secret"}


def test_a_public_client_needs_no_secret_for_the_code_grant() -> None:
    assert form(grant_type="authorization_code", client_secret="").is_valid()
    assert set(form(grant_type="authorization_code", client_id="").errors) == {"client_id"}


def test_basic_needs_a_user_and_no_client() -> None:
    assert form(grant_type="basic", client_id="", client_secret="", user_name="u", password=" p ").is_valid()
    assert set(form(grant_type="basic").errors) == {"user_name", "password"}


def test_the_instance_may_be_left_out_only_while_simulated() -> None:
    assert form(instance_url="", simulated=True).is_valid()
    assert set(form(instance_url="", simulated=False).errors) == {"instance_url"}


def test_a_simulated_account_is_told_where_credentials_are_found() -> None:
    lacking = form(simulated=True, client_id="")
    assert "simulator" in str(lacking.errors["client_id"])


def test_a_stored_secret_counts_as_entered(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = form(client_secret="")
    widget = kept.fields["client_secret"].widget
    assert isinstance(widget, SecretInput)
    widget.stored = True
    assert kept.is_valid()


def test_clearing_a_needed_secret_is_refused() -> None:
    cleared = form(client_secret="", **{"client_secret-clear": "on"})
    cleared.fields["client_secret"].widget.stored = True  # type: ignore[attr-defined]
    assert set(cleared.errors) == {"client_secret"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("instance_url", "http://dev12345.service-now.com"),
        ("instance_url", "https://dev12345.service-now.com/nav_to.do"),
        ("grant_type", "saml"),
        ("default_country", "XX"),
        ("default_country", "USA"),
        ("cti_rule", "rule(); evil()"),
        ("cti_view", "a&sysparm_x=1"),
        ("record_url_pattern", "nav_to.do?uri={table}{sys_id}"),
        ("record_url_pattern", "//elsewhere.example/{table}/{sys_id}"),
        ("record_url_pattern", "/{table}.do"),
        ("workspace_url_pattern", "/now/{workspace}/{table}/{sys_id}"),
    ],
)
def test_a_mistake_is_shown_on_its_field(name: str, value: str) -> None:
    assert set(form(**{name: value}).errors) == {name}


def test_a_country_may_be_typed_in_small_letters() -> None:
    entered = form(default_country="de")
    assert entered.is_valid()
    assert entered.cleaned_data["default_country"] == "DE"


@pytest.mark.django_db(transaction=True)
def test_the_model_validates_like_the_screen() -> None:
    account = make_account()
    account.full_clean()
    account.simulated = False
    with pytest.raises(ValidationError, match="instance_url"):
        account.full_clean()
    account.properties["instance_url"] = REAL
    account.full_clean()


@pytest.mark.django_db(transaction=True)
def test_an_unticked_box_stays_unticked() -> None:
    account = make_account(close_on_release=False)
    account.full_clean()
    assert IntegrationAccount.objects.get().values()["close_on_release"] is False
    assert make_account.__name__ and account.connect().properties["close_on_release"] is False
