"""Many records at once: collections with a result for each row, and the order of calls that bulk jobs insist on."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from .test_salesforce_rules import Organisation, client, error_of, organisation

__all__ = ["client", "organisation"]  # fixtures
CSV = {"Content-Type": "text/csv"}


def ingest(client: Organisation, **more: str) -> str:
    body = {"object": "Task", "operation": "insert", "contentType": "CSV", "lineEnding": "LF", **more}
    answer = client.data("POST", "/jobs/ingest", json=body)
    assert answer.status_code == 200 and answer.json()["state"] == "Open", answer.text
    return str(answer.json()["id"])


def upload(client: Organisation, job: str, text: str) -> Any:
    headers = {"Authorization": f"Bearer {client.session}", **CSV}
    return client.call("PUT", f"/services/data/v60.0/jobs/ingest/{job}/batches", data=text, headers=headers)


def move(client: Organisation, job: str, state: str) -> Any:
    return client.data("PATCH", f"/jobs/ingest/{job}", json={"state": state})


def table(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(answer.text.splitlines()))


def test_a_collection_answers_200_with_a_result_for_each_row(client: Organisation) -> None:
    rows = [
        {"attributes": {"type": "Task"}, "Subject": "Good"},
        {"attributes": {"type": "Task"}, "Subject": "x" * 300},
    ]
    answer = client.data("POST", "/composite/sobjects", json={"allOrNone": False, "records": rows})
    good, bad = answer.json()
    assert answer.status_code == 200 and good["success"] and good["id"].startswith("00T")
    assert (bad["success"], bad["errors"][0]["statusCode"]) == (False, "STRING_TOO_LONG")


def test_a_collection_takes_200_rows_and_no_more(client: Organisation) -> None:
    rows = [{"attributes": {"type": "Task"}, "Subject": "x"}] * 201
    answer = client.data("POST", "/composite/sobjects", json={"records": rows})
    assert error_of(answer) == (400, "EXCEEDED_ID_LIMIT")


def test_all_or_none_writes_nothing_when_one_row_is_wrong(client: Organisation) -> None:
    rows = [{"attributes": {"type": "Task"}, "Subject": "Good", "CallObject": "k"}, {"attributes": {"type": "Nothing"}}]
    answer = client.data("POST", "/composite/sobjects", json={"allOrNone": True, "records": rows})
    assert [each["success"] for each in answer.json()] == [False, False]
    assert client.query("SELECT Id FROM Task WHERE CallObject = 'k'").json()["totalSize"] == 0


def test_a_job_goes_from_open_to_complete_and_tells_of_each_row(client: Organisation) -> None:
    job = ingest(client)
    assert upload(client, job, "Subject,CallObject,CallType\nOne,k1,Outbound\nTwo,k2,Sideways\n").status_code == 201
    assert move(client, job, "UploadComplete").json()["state"] == "UploadComplete"
    states = [client.data("GET", f"/jobs/ingest/{job}").json()["state"] for _ in range(2)]
    assert states == ["InProgress", "JobComplete"]
    done = table(client.data("GET", f"/jobs/ingest/{job}/successfulResults"))
    failed = table(client.data("GET", f"/jobs/ingest/{job}/failedResults"))
    assert [(row["CallObject"], row["sf__Created"]) for row in done] == [("k1", "true")]
    assert failed[0]["sf__Error"].startswith("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:")
    assert table(client.data("GET", f"/jobs/ingest/{job}/unprocessedrecords")) == []


def test_calls_in_the_wrong_order_are_refused(client: Organisation) -> None:
    job = ingest(client)
    wrong = (400, "INVALIDJOBSTATE")
    assert error_of(move(client, job, "UploadComplete")) == wrong  # nothing was uploaded
    assert error_of(client.data("GET", f"/jobs/ingest/{job}/successfulResults")) == wrong
    assert error_of(client.data("DELETE", f"/jobs/ingest/{job}")) == wrong
    upload(client, job, "Subject\nOne\n")
    assert error_of(upload(client, job, "Subject\nOne\n")) == wrong  # data is taken once
    move(client, job, "UploadComplete")
    assert error_of(upload(client, job, "Subject\nOne\n")) == wrong
    assert move(client, job, "Aborted").json()["state"] == "Aborted"
    assert error_of(move(client, job, "UploadComplete")) == wrong
    assert client.data("DELETE", f"/jobs/ingest/{job}").status_code == 204
    assert client.data("GET", f"/jobs/ingest/{job}").status_code == 404


def test_an_upload_that_is_too_large_is_refused_and_a_smaller_one_taken(client: Organisation) -> None:
    client.settings(bulk_most_bytes=20)
    job = ingest(client)
    assert error_of(upload(client, job, "Subject\n" + "x" * 30)) == (400, "INVALIDBATCH")
    assert upload(client, job, "Subject\nOne\n").status_code == 201


def test_a_column_that_does_not_exist_fails_the_whole_job(client: Organisation) -> None:
    client.settings(bulk_polls=0)
    job = ingest(client)
    upload(client, job, "Subject,Nothing__c\nOne,1\n")
    move(client, job, "UploadComplete")
    assert client.data("GET", f"/jobs/ingest/{job}").json()["state"] == "Failed"
    assert len(table(client.data("GET", f"/jobs/ingest/{job}/unprocessedrecords"))) == 1


def test_a_bulk_query_is_read_by_locators_until_the_word_null(client: Organisation) -> None:
    client.settings(campaign_members=5, bulk_polls=1)
    query = "SELECT Id, Contact.Name FROM CampaignMember WHERE Campaign.Name = 'Large campaign'"
    job = client.data("POST", "/jobs/query", json={"operation": "query", "query": query}).json()["id"]
    early = client.data("GET", f"/jobs/query/{job}/results")
    assert error_of(early) == (400, "INVALIDJOBSTATE")
    for _ in range(2):
        client.data("GET", f"/jobs/query/{job}")
    found, locator, pages = [], "", 0
    while locator != "null":
        params = {"maxRecords": "2", **({"locator": locator} if locator else {})}
        answer = client.data("GET", f"/jobs/query/{job}/results", params=params)
        found += table(answer)
        locator, pages = answer.headers["Sforce-Locator"], pages + 1
    assert (pages, len(found), answer.headers["Sforce-NumberOfRecords"]) == (3, 5, "1")
    assert found[0]["Contact.Name"] == "Person Number 0"


def test_a_status_that_a_campaign_does_not_have_becomes_its_default_without_a_word(client: Organisation) -> None:
    member = client.query("SELECT Id FROM CampaignMember LIMIT 1").json()["records"][0]["Id"]
    for given, stored, responded in (("Called", "Called", True), ("Nonsense", "Sent", False)):
        assert client.data("PATCH", f"/sobjects/CampaignMember/{member}", json={"Status": given}).status_code == 204
        row = client.data("GET", f"/sobjects/CampaignMember/{member}").json()
        assert (row["Status"], row["HasResponded"]) == (stored, responded)


def test_nobody_is_a_member_of_a_campaign_twice(client: Organisation) -> None:
    row = client.query("SELECT CampaignId, ContactId FROM CampaignMember LIMIT 1").json()["records"][0]
    fields = {"CampaignId": row["CampaignId"], "ContactId": row["ContactId"]}
    assert error_of(client.data("POST", "/sobjects/CampaignMember", json=fields)) == (400, "DUPLICATE_VALUE")


@pytest.mark.parametrize("operation", ["frobnicate", ""])
def test_an_operation_that_does_not_exist_makes_no_job(client: Organisation, operation: str) -> None:
    answer = client.data("POST", "/jobs/ingest", json={"object": "Task", "operation": operation})
    assert error_of(answer) == (400, "INVALIDJOB")
