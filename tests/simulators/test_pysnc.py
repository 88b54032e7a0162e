"""The vendor's own Python client, unmodified, works against the simulator (over HTTPS: it refuses anything else)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pysnc import ServiceNowClient
from pysnc.auth import ServiceNowClientCredentialsFlow, ServiceNowPasswordGrantFlow
from pysnc.exceptions import AuthenticationException, RoleException

from integrations.simulators.server import running

from . import certificate
from .conftest import ADMIN, API_USER, CLIENT


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder: Path = tmp_path_factory.mktemp("tls")
    return certificate.write(folder)


@pytest.fixture
def secure(trusted: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", trusted[0])
    with running(certificate=trusted[0], private_key=trusted[1]) as base:
        yield f"{base}/servicenow"


@pytest.fixture
def client(secure: str) -> ServiceNowClient:
    return ServiceNowClient(secure, ADMIN)


def test_a_query_finds_and_walks(client: ServiceNowClient) -> None:
    record = client.GlideRecord("incident")
    record.add_query("caller_id.name", "Don Goodliffe")
    record.add_active_query()
    record.order_by("number")
    record.query()
    assert len(record) == 2
    assert [r.get_value("number") for r in record] == ["INC0010001", "INC0010002"]
    other = client.GlideRecord("incident")
    assert other.get("number", "INC0010003") and other.get_display_value("caller_id") == "Beth Anglin"


def test_conditions_are_combined(client: ServiceNowClient) -> None:
    record = client.GlideRecord("sys_user")
    record.add_query("phone", "ENDSWITH", "0132").add_or_condition("mobile_phone", "ENDSWITH", "0143")
    record.add_not_null_query("email")
    record.query()
    assert {r.get_value("name") for r in record} == {"Don Goodliffe", "Beth Anglin"}


def test_paging_brings_every_record_once(client: ServiceNowClient) -> None:
    record = client.GlideRecord("sys_choice", batch_size=7)
    record.fields = ["sys_id", "value"]
    record.query()
    seen = [r.get_value("sys_id") for r in record]
    assert len(seen) == len(set(seen)) == record.get_row_count() > 21


def test_a_record_is_inserted_updated_and_deleted(client: ServiceNowClient) -> None:
    record = client.GlideRecord("incident")
    record.initialize()
    record.set_value("short_description", "made by the client")
    sys_id = record.insert()
    assert sys_id and str(record.get_value("number")).startswith("INC")
    record.set_value("urgency", "1")
    assert record.update() and record.get_value("priority") == "3"
    assert record.delete()
    assert not client.GlideRecord("incident").get(str(sys_id))


def test_many_records_are_changed_and_deleted_in_one_batch(client: ServiceNowClient) -> None:
    record = client.GlideRecord("incident")
    record.add_active_query()
    record.query()
    for row in record:
        row.set_value("category", "batch")
    assert record.update_multiple()
    again = client.GlideRecord("incident")
    again.add_query("category", "batch")
    again.query()
    assert len(again) == 8
    assert again.delete_multiple()


def test_a_wrong_password_is_an_authentication_error(secure: str) -> None:
    record = ServiceNowClient(secure, ("admin", "wrong")).GlideRecord("incident")
    with pytest.raises(AuthenticationException):
        record.query()


def test_a_missing_right_is_a_role_error(secure: str) -> None:
    record = ServiceNowClient(secure, API_USER).GlideRecord("incident")
    record.initialize()
    record.set_value("short_description", "not allowed")
    with pytest.raises(RoleException):
        record.insert()


def test_the_password_flow_works(secure: str) -> None:
    flow = ServiceNowPasswordGrantFlow(*API_USER, CLIENT["client_id"], CLIENT["client_secret"])
    record = ServiceNowClient(secure, flow).GlideRecord("sys_user")
    assert record.get("user_name", "integration.user")


def test_the_client_credentials_flow_works(secure: str) -> None:
    flow = ServiceNowClientCredentialsFlow(CLIENT["client_id"], CLIENT["client_secret"])
    record = ServiceNowClient(secure, flow).GlideRecord("sys_user")
    assert record.get("user_name", "don.goodliffe")
