"""The public Python client for Salesforce, unmodified, works against the simulator (over HTTPS, as it insists)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from simple_salesforce import Salesforce, SFType, format_soql
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

from integrations.simulators.server import running

from . import certificate

CLIENT = {"client_id": "demo-salesforce-consumer-key-3MVG9", "client_secret": "demo-salesforce-consumer-secret"}


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder: Path = tmp_path_factory.mktemp("tls")
    return certificate.write(folder)


@pytest.fixture
def organisation(trusted: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", trusted[0])
    with running(certificate=trusted[0], private_key=trusted[1]) as base:
        yield f"{base}/salesforce"


@pytest.fixture
def client(organisation: str) -> Salesforce:
    form = {**CLIENT, "grant_type": "client_credentials"}
    answer = requests.post(f"{organisation}/services/oauth2/token", data=form, timeout=10).json()
    host = answer["instance_url"].removeprefix("https://")
    return Salesforce(instance=host, session_id=answer["access_token"], version="60.0")


def test_a_query_finds_people_and_walks_to_their_company(client: Salesforce) -> None:
    query = format_soql("SELECT Id, Name, Account.Name FROM Contact WHERE Email = {}", "don.goodliffe@example.com")
    found = client.query(query)
    assert (found["totalSize"], found["done"]) == (1, True)
    record = found["records"][0]
    assert (record["Name"], record["Account"]["Name"]) == ("Don Goodliffe", "Boxeo")
    assert record["attributes"]["url"] == f"/services/data/v60.0/sobjects/Contact/{record['Id']}"


def test_the_clients_own_quoting_is_understood(client: Salesforce) -> None:
    name = 'O\'Neill \\ "Söhne" 100%_'
    made = client.Account.create({"Name": name})
    found = client.query(format_soql("SELECT Name FROM Account WHERE Name = {}", name))
    assert [row["Name"] for row in found["records"]] == [name]
    like = client.query(format_soql("SELECT Id FROM Account WHERE Name LIKE '%{:like}'", "100%_"))
    assert [row["Id"] for row in like["records"]] == [made["id"]]


def test_a_record_is_created_read_updated_and_deleted(client: Salesforce) -> None:
    made = client.Contact.create({"FirstName": "Uma", "LastName": "Okafor", "Phone": "415 555 0199"})
    assert made == {"id": made["id"], "success": True, "errors": []} and made["id"].startswith("003")
    assert client.Contact.update(made["id"], {"Phone": "415 555 0200"}) == 204
    read = client.Contact.get(made["id"])
    assert (read["Name"], read["Phone"]) == ("Uma Okafor", "415 555 0200")
    assert client.Contact.get(made["id"][:15])["Id"] == made["id"]
    assert client.Contact.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound) as gone:
        client.Contact.get(made["id"])
    assert gone.value.content[0]["errorCode"] == "ENTITY_IS_DELETED"


def test_an_upsert_by_external_id_makes_the_record_once(client: Salesforce) -> None:
    assert client.Case.upsert("Call_Reference__c/call-1", {"Subject": "First"}) == 201
    assert client.Case.upsert("Call_Reference__c/call-1", {"Subject": "Second"}) == 200
    read = client.Case.get_by_custom_id("Call_Reference__c", "call-1")
    assert (read["Subject"], read["CaseNumber"]) == ("Second", "00001004")


def test_describe_tells_fields_choices_and_rights(client: Salesforce) -> None:
    names = {entry["name"] for entry in client.describe()["sobjects"]}
    assert {"Account", "Contact", "Lead", "Case", "Task", "User", "Campaign"} <= names
    fields = {entry["name"]: entry for entry in client.Task.describe()["fields"]}
    assert [choice["value"] for choice in fields["CallType"]["picklistValues"]] == ["Inbound", "Outbound", "Internal"]
    assert not fields["TaskSubtype"]["updateable"] and fields["TaskSubtype"]["createable"]
    assert client.Task.metadata()["objectDescribe"]["createable"]


def test_more_rows_than_a_page_are_fetched_page_by_page(client: Salesforce, organisation: str) -> None:
    requests.put(f"{organisation}/_settings", json={"query_page_size": 3}, timeout=10)
    found = client.query_all("SELECT Id FROM User ORDER BY Username")
    assert found["done"] and len({row["Id"] for row in found["records"]}) == found["totalSize"] == 8


def test_search_and_limits_work(client: Salesforce) -> None:
    found = client.search("FIND {4155550132} IN PHONE FIELDS RETURNING Contact(Id, Name)")
    assert [row["Name"] for row in found["searchRecords"]] == ["Don Goodliffe"]
    limits = client.limits()["DailyApiRequests"]
    assert limits["Max"] - limits["Remaining"] == 2
    assert client.api_usage["api-usage"].used == 2


def test_refusals_reach_the_client_in_salesforces_form(client: Salesforce, organisation: str) -> None:
    with pytest.raises(SalesforceMalformedRequest) as malformed:
        client.query("SELECT Id FROM Contact WHERE")
    assert malformed.value.content[0]["errorCode"] == "MALFORMED_QUERY"
    with pytest.raises(SalesforceMalformedRequest) as missing:
        client.Contact.create({"FirstName": "Only"})
    assert missing.value.content == [
        {"message": "Required fields are missing: [LastName]", "errorCode": "REQUIRED_FIELD_MISSING",
         "fields": ["LastName"]}
    ]  # fmt: skip
    requests.put(f"{organisation}/_settings", json={"daily_api_requests": 1}, timeout=10)
    with pytest.raises(SalesforceRefusedRequest) as used_up:
        client.query("SELECT Id FROM Contact")
    assert used_up.value.content[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"


def test_a_session_that_ended_is_an_expired_session(organisation: str) -> None:
    host = organisation.removeprefix("https://")
    stranger = SFType("Contact", "00D000000000000!never-issued", host, sf_version="60.0")
    with pytest.raises(SalesforceExpiredSession):
        stranger.describe()


def test_an_external_id_is_unique_or_its_records_are_named(client: Salesforce, organisation: str) -> None:
    first = client.Case.create({"Subject": "One", "Call_Reference__c": "same"})
    with pytest.raises(SalesforceMalformedRequest) as refused:
        client.Case.create({"Subject": "Two", "Call_Reference__c": "same"})
    assert refused.value.content[0]["errorCode"] == "DUPLICATE_VALUE"
    assert client.Case.get_by_custom_id("Call_Reference__c", "same")["Id"] == first["id"]
    requests.put(f"{organisation}/_settings", json={"external_ids_unique": False}, timeout=10)
    client.Case.create({"Subject": "Two", "Call_Reference__c": "same"})
    with pytest.raises(SalesforceMoreThanOneRecord) as several:
        client.Case.get_by_custom_id("Call_Reference__c", "same")
    assert len(several.value.content) == 2
