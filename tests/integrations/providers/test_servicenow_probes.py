"""Test connection on ServiceNow: what it tries, in which order, and what it says when a right is missing."""

import pytest

from integrations.errors import AuthenticationFailed, Cause, Rejected, Stage
from integrations.models import IntegrationAccount
from tests.integrations.providers.conftest import Vendor, make_account

pytestmark = pytest.mark.django_db(transaction=True)


def texts(account: IntegrationAccount) -> list[str]:
    return [passed.text for passed in account.connect().probes()]


def test_it_says_who_we_are_and_goes_table_by_table(account: IntegrationAccount, servicenow: Vendor) -> None:
    passed = texts(account)
    assert passed[0] == "Signed in as Integration User (integration.user)"
    assert passed[1:3] == ["sys_user: may be read", "incident: may be read"]
    assert passed[3].startswith("interaction:")
    assert "must not write" in passed[4] and "interaction_related_record (create)" in passed[4]


def test_it_never_writes(account: IntegrationAccount, servicenow: Vendor) -> None:
    texts(account)
    assert {exchange["method"] for exchange in servicenow.arrived() if "/table/" in exchange["path"]} == {"GET"}
    assert servicenow.warnings() == []


def test_reading_interactions_is_advice_and_no_condition(account: IntegrationAccount, servicenow: Vendor) -> None:
    servicenow.insert("interaction", type="phone")
    assert "a person has to look after a crash" in texts(account)[3]
    servicenow.allow("interaction", "create", "read", "update")
    assert texts(account)[3] == "interaction: may be read"


@pytest.mark.parametrize("table", ["incident", "sn_customerservice_case"])
def test_a_table_whose_rows_are_all_hidden_fails_with_its_name(servicenow: Vendor, table: str) -> None:
    account = make_account(related_table=table)
    servicenow.allow(table, "create")
    with pytest.raises(AuthenticationFailed, match=table) as refusal:
        texts(account)
    assert (refusal.value.cause, refusal.value.stage) == (Cause.NO_PERMISSION, Stage.PERMISSION)
    servicenow.allow(table, "read")
    assert f"{table}: may be read" in texts(account)


def test_a_first_row_that_is_hidden_does_not_hide_the_table(account: IntegrationAccount, servicenow: Vendor) -> None:
    servicenow.settings(hidden_records=[servicenow.rows("incident")[0]["sys_id"]])
    assert "incident: may be read" in texts(account)


def test_a_user_who_may_not_read_users_is_told_so(account: IntegrationAccount, servicenow: Vendor) -> None:
    servicenow.allow("sys_user", "create")
    with pytest.raises(AuthenticationFailed, match="sys_user") as refusal:
        texts(account)
    assert refusal.value.cause == Cause.NO_PERMISSION
    servicenow.allow("sys_user", "read")
    assert texts(account)


def test_a_missing_plugin_is_told_with_its_table(
    account: IntegrationAccount, servicenow: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.properties = {**account.properties, "related_table": "sn_absent_table"}
    with pytest.raises(Rejected, match="sn_absent_table") as refusal:
        texts(account)
    assert refusal.value.cause == Cause.API_DISABLED
    account.properties = {**account.properties, "related_table": "incident"}
    assert texts(account)
