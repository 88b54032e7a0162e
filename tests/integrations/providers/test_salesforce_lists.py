"""What is made of an administrator's query, and the contract of the capabilities for lists and results."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.capabilities import (
    Activity,
    BulkResults,
    CallingListSource,
    CallResult,
    CampaignResults,
    CursorLost,
    Exclusion,
    JobState,
    MemberStatus,
    RecordRef,
)  # fmt: skip
from integrations.errors import Rejected, Unavailable
from integrations.providers.salesforce import Salesforce, list_query
from integrations.providers.salesforce.jobs import lines
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.salesforce import Organisation, connect

pytestmark = pytest.mark.django_db(transaction=True)
LARGE = "SELECT Contact.Name, Contact.Phone FROM CampaignMember WHERE Campaign.Name = 'Large campaign'"
CALL = Activity("k-1", "Call to +1", "Text", datetime(2026, 1, 15, 9, tzinfo=UTC), 75, "Resolved", "outbound")


@pytest.fixture
def salesforce(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("salesforce")


@pytest.fixture
def organisation(salesforce: Vendor) -> Organisation:
    return Organisation(salesforce)


@pytest.fixture
def crm(organisation: Organisation) -> Salesforce:
    return connect()


# -- queries


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("select Name, phone from contact", "SELECT Name, phone, Id, DoNotCall FROM Contact"),
        ("SELECT Id, DoNotCall, IsConverted FROM Lead;", "SELECT Id, DoNotCall, IsConverted FROM Lead"),
        (
            "SELECT Id, Name FROM Contact WHERE A = 'FROM x'",
            "SELECT Id, Name, DoNotCall FROM Contact WHERE A = 'FROM x'",
        ),
    ],
)
def test_the_fields_that_we_need_are_added_to_the_query(written: str, sent: str) -> None:
    assert list_query.parse(written).text == sent


def test_a_sample_leaves_out_the_limit_and_keeps_what_only_looks_like_one() -> None:
    query = list_query.parse(
        r"SELECT Id, DoNotCall FROM Contact WHERE N = 'a LIMIT 5 \'' ORDER BY N LIMIT 900 OFFSET 3"
    )
    kept = r"SELECT Id, DoNotCall FROM Contact WHERE N = 'a LIMIT 5 \'' ORDER BY N"
    assert query.sample(5).split() == f"{kept} LIMIT 5".split()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("Contact", "This is no query"),
        ("SELECT Name FROM Account", "A list cannot be made of Account"),
        ("SELECT COUNT() FROM Contact", r'"COUNT\(\)" is not a field'),
        ("SELECT Name, (SELECT Id FROM Cases) FROM Contact", "is not"),
        ("SELECT c.Name FROM Contact c", '"c" is not expected'),
    ],
)
def test_what_makes_no_list_is_refused_on_the_field(query: str, words: str) -> None:
    with pytest.raises(Rejected, match=words) as refused:
        list_query.parse(query)
    assert refused.value.field == "query"


def test_lines_are_cut_where_they_end_and_not_where_pieces_do() -> None:
    pieces = ["\ufeffa,é".encode()[:6], "\ufeffa,é".encode()[6:] + b"\nb", b",c\nd"]
    assert list(lines(pieces)) == ["a,é\n", "b,c\n", "d"]


# -- reading


def test_the_account_can_do_what_lists_need(crm: Salesforce) -> None:
    assert all(isinstance(crm, each) for each in (CallingListSource, CampaignResults, BulkResults))


def test_campaigns_and_their_members_are_read_with_who_must_not_be_called(crm: Salesforce) -> None:
    [campaign] = crm.campaigns()
    assert campaign.name == "Spring renewal calls"
    page = crm.page(crm.campaign_query(campaign.id))
    assert (page.cursor, page.total, len(page.rows)) == ("", 10, 10)
    excluded = {row.values["Lead.Name"]: row.excluded for row in page.rows if row.excluded}
    assert excluded == {"Otto Converted": Exclusion.CONVERTED, "Rosa Quiet": Exclusion.DO_NOT_CALL}
    assert {row.record.kind for row in page.rows} == {"Contact", "Lead"}
    assert all(row.campaign == campaign.id and row.member.startswith("00v") for row in page.rows)


@pytest.mark.parametrize("above", [3, 1000])
def test_both_ways_of_reading_give_the_same_rows(
    crm: Salesforce, salesforce: Vendor, monkeypatch: Any, above: int
) -> None:
    salesforce.settings(campaign_members=7, query_page_size=3)
    monkeypatch.setattr(Salesforce, "bulk_query_above", above)
    rows, cursor, waits = [], "", 0.0
    while True:
        page = crm.page(LARGE, cursor)
        rows, cursor, waits = [*rows, *page.rows], page.cursor, waits + page.wait
        if not cursor:
            break
    assert [row.values["Contact.Name"] for row in rows] == [f"Person Number {n}" for n in range(7)]
    assert all(row.record.kind == "Contact" and row.excluded is None for row in rows)
    assert bool(waits) == (above == 3)


@pytest.mark.parametrize("cursor", ["rest:/services/data/v60.0/query/01gx-2", "bulk:750Dm00000000009AA:", "rest:/else"])
def test_a_place_that_the_vendor_forgot_is_told_apart_from_a_refusal(crm: Salesforce, cursor: str) -> None:
    with pytest.raises(CursorLost):
        crm.page(LARGE, cursor)


# -- writing


def result(organisation: Organisation, key: str, first: str = "Beth") -> CallResult:
    contact = organisation.id_of("Contact", f"FirstName = '{first}'")
    return CallResult(RecordRef("Contact", contact), replace(CALL, key=key))


def test_each_row_has_its_own_outcome_and_is_found_by_its_key(crm: Salesforce, organisation: Organisation) -> None:
    bad = CallResult(RecordRef("Contact", "003000000000001"), replace(CALL, key="k-2"))
    good, refused = crm.push([result(organisation, "k-1"), bad])
    assert good.id.startswith("00T") and not good.error
    assert refused.error == "invalid cross reference id (INVALID_CROSS_REFERENCE_KEY)"
    assert crm.find_results([f"k-{n}" for n in range(150)]) == {"k-1": good.id}


def test_a_leads_task_names_no_campaign_beside_it(crm: Salesforce, organisation: Organisation) -> None:
    lead = organisation.id_of("Lead", "FirstName = 'Ida'")
    campaign = organisation.id_of("Campaign", "IsActive = true")
    [outcome] = crm.push([CallResult(RecordRef("Lead", lead), CALL, campaign)])
    assert not outcome.error


def test_statuses_of_members_are_known_and_set(crm: Salesforce, organisation: Organisation) -> None:
    campaign = organisation.id_of("Campaign", "IsActive = true")
    assert crm.member_statuses(campaign) == ("Sent", "Responded", "Called", "Not Reached", "Do Not Call")
    member = organisation.rows("SELECT Id FROM CampaignMember LIMIT 1")[0]["Id"]
    outcomes = crm.set_statuses([MemberStatus(member, "Called"), MemberStatus("00vDm0000000999AAA", "Called")])
    assert [bool(outcome.error) for outcome in outcomes] == [False, True]
    assert organisation.rows(f"SELECT Status FROM CampaignMember WHERE Id = '{member}'")[0]["Status"] == "Called"


def test_a_job_is_open_until_it_is_sent_and_tells_each_outcome(
    crm: Salesforce, organisation: Organisation, salesforce: Vendor
) -> None:
    rows = [result(organisation, "k-1"), CallResult(RecordRef("Contact", "003000000000001"), replace(CALL, key="k-2"))]
    job = crm.open_job(rows)
    assert crm.job_state(job) == JobState.OPEN
    crm.send_job(job, rows)
    assert [crm.job_state(job), crm.job_state(job)] == [JobState.RUNNING, JobState.DONE]
    outcomes = {outcome.key: outcome for outcome in crm.job_outcomes(job)}
    assert outcomes["k-1"].id.startswith("00T") and "INVALID_CROSS_REFERENCE_KEY" in outcomes["k-2"].error
    assert crm.find_results(["k-1", "k-2"]) == {"k-1": outcomes["k-1"].id}


@pytest.mark.parametrize("fault", ["wrong_shape", "truncated", "server_error", "reset"])
def test_an_answer_that_says_nothing_may_have_been_carried_out_and_the_next_one_works(
    crm: Salesforce, organisation: Organisation, salesforce: Vendor, fault: str
) -> None:
    given = result(organisation, "k-9")
    salesforce.fault(fault, path="/services/data/v60.0/composite/sobjects", times=1)
    with pytest.raises((Rejected, Unavailable)) as failed:
        crm.push([given])
    assert failed.value.maybe_done
    known = crm.find_results(["k-9"])
    assert known or not crm.push([given])[0].error
