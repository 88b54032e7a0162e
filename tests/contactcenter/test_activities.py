"""Activity history: which record gets it, what it says, and what the agent reads meanwhile."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from contactcenter import activities
from contactcenter.models import Interaction, OutboxEntry, Service
from tests.contactcenter import flow
from tests.contactcenter.reports import told
from tests.factories import (
    AccountFactory,
    AgentFactory,
    DispositionFactory,
    InteractionFactory,
    OutboxEntryFactory,
    ServiceFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)
BEGAN = timezone.datetime(2026, 3, 1, 9, 0, tzinfo=timezone.get_fixed_timezone(0))


def finished(account: Any, **more: Any) -> Interaction:
    record = {"account": str(account.public_id), "kind": "interaction", "id": "i1", "title": "Call", "url": ""}
    values: dict[str, Any] = {
        "activity_account": account,
        "records": {"interaction": record},
        "caller": {"name": "Don Goodliffe"},
        "agent": AgentFactory(),
        "service": Service.objects.filter(name="Customer Support").first() or ServiceFactory(name="Customer Support"),
        "disposition": DispositionFactory(name="Solved"),
        "notes": "  Printer restarted.\nWill call again.  ",
        "offered_at": BEGAN,
        "answered_at": BEGAN + timedelta(seconds=10),
        "ended_at": BEGAN + timedelta(seconds=195),
    }
    return InteractionFactory(**{**values, **more})


def test_the_history_says_who_when_how_long_and_what_came_of_it(account: Any) -> None:
    interaction = finished(account)
    entry = activities.post_history(interaction)
    assert entry.payload["ref"] == {"kind": "interaction", "id": "i1"}
    written = entry.payload["activity"]
    assert written["key"] == interaction.reference
    assert written["subject"] == "Call from +1 415-555-0132"
    assert written["duration_seconds"] == 185
    assert written["disposition"] == "Solved"
    assert written["text"].splitlines() == [
        "Caller: Don Goodliffe",
        "Number: +1 415-555-0132",
        "Service: Customer Support",
        f"Agent: {interaction.agent}",
        "Offered: 2026-03-01 09:00:00 UTC",
        "Answered: 2026-03-01 09:00:10 UTC",
        "Ended: 2026-03-01 09:03:15 UTC",
        "Talk time: 3:05",
        "Disposition: Solved",
        "Notes: Printer restarted.",
        "Will call again.",
    ]


def test_what_is_not_known_is_left_out(account: Any) -> None:
    bare: dict[str, Any] = dict.fromkeys(("agent", "service", "disposition", "answered_at", "ended_at"))
    interaction = finished(account, **bare, caller={}, notes="", direction="outbound", customer_number="anonymous")
    written = activities.activity(interaction)
    assert written["subject"] == "Call to Anonymous"
    assert written["duration_seconds"] == 0
    assert [line.partition(":")[0] for line in written["text"].splitlines()] == ["Number", "Offered", "Talk time"]


def test_it_is_posted_once_however_often_it_is_asked_for(account: Any, crm: Any) -> None:
    crm.records["i1"] = {"kind": "interaction", "key": ""}
    interaction = finished(account)
    first, second = activities.post_history(interaction), activities.post_history(interaction)
    assert first == second
    flow.work(interaction)
    assert len(crm.history) == 1


@pytest.mark.parametrize("why", ["no account", "no crm", "no record", "record elsewhere"])
def test_where_there_is_nothing_to_write_to_nothing_is_written(why: str, account: Any) -> None:
    changes: dict[str, dict[str, Any]] = {
        "no account": {"activity_account": None},
        "no crm": {"activity_account": AccountFactory(provider="wfm_http")},
        "no record": {"records": {}},
        "record elsewhere": {"activity_account": AccountFactory(provider="fake_crm")},
    }
    interaction = finished(account, **changes[why])
    assert activities.post_history(interaction) is None
    assert activities.status_of(interaction)["status"] == ("off" if why == "no account" else "none")


# -- whose history: of the page around the desktop, or of the scenario's own record


def begun(account: Any, **more: Any) -> Interaction:
    """A call whose scenario has begun the call's own record in this account."""
    interaction = InteractionFactory()
    payload = {"kind": "ticket", "fields": {}, "key": "k", "shows": {"as": "interaction", "title": "Call"}}
    OutboxEntryFactory(account=account, interaction=interaction, **{"payload": payload, **more})
    return interaction


@pytest.mark.parametrize("provider", ["salesforce", "zendesk", "rightnow", "oracle_service_cloud"])
def test_the_scenarios_record_comes_before_the_page(provider: str, account: Any) -> None:
    keeper = AccountFactory(provider=provider)
    interaction = begun(keeper)
    assert activities.account_of(interaction, None) == keeper
    assert activities.account_of(interaction, account) == keeper


def test_servicenow_takes_a_history_from_its_own_page_only(account: Any) -> None:
    interaction = begun(AccountFactory(provider="servicenow"))
    assert activities.account_of(interaction, None) is None
    assert activities.account_of(interaction, account) == account


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "dropped"},
        {"operation": "relate"},
        {"payload": {"kind": "user", "fields": {}, "key": "k", "shows": None}},
    ],
    ids=["given up", "a link", "another record"],
)
def test_only_a_record_that_stands_for_the_call_counts(changes: dict[str, Any], account: Any) -> None:
    interaction = begun(AccountFactory(provider="zendesk"), **changes)
    assert activities.account_of(interaction, account) == account


def test_an_account_whose_provider_is_gone_is_left_out(account: Any) -> None:
    gone = AccountFactory(provider="zendesk")
    interaction = begun(gone)
    type(gone).objects.filter(pk=gone.pk).update(provider="no_more")
    assert activities.account_of(interaction, account) == account


def test_the_desktop_is_told_that_the_history_is_on_as_soon_as_the_record_is_begun() -> None:
    keeper = AccountFactory(provider="zendesk")
    interaction = begun(keeper)
    interaction.agent = AgentFactory()
    interaction.save()
    assert activities.status_of(interaction)["status"] == "off"
    activities.record_begun(interaction, keeper)
    assert interaction.activity_account == keeper
    assert told(interaction.agent, "interaction")[-1]["activity"]["enabled"]
    count = len(told(interaction.agent, "interaction"))
    activities.record_begun(interaction, keeper)
    assert len(told(interaction.agent, "interaction")) == count


def test_a_record_that_is_still_to_be_made_gets_it_later(account: Any, crm: Any) -> None:
    interaction = finished(account, records={})
    OutboxEntryFactory(
        idempotency_key="create",
        account=account,
        interaction=interaction,
        record_key=activities.record_key(account, interaction),
        payload={"kind": "interaction", "fields": {}, "key": "k", "shows": {"as": "interaction", "title": "Call"}},
    )
    entry = activities.post_history(interaction)
    assert entry.payload["ref"] == {"kind": "interaction", "id": {"$ref": "create"}}
    flow.work(interaction)
    ((_, record_id, _),) = crm.history
    assert record_id == interaction.records["interaction"]["id"]


def test_a_related_record_is_used_only_where_the_account_says_so_and_there_is_one(account: Any) -> None:
    account.properties = {"activity_record": "related"}
    account.save()
    interaction = finished(account)
    assert activities.post_history(interaction).payload["ref"]["id"] == "i1"
    related = {"account": str(account.public_id), "kind": "incident", "id": "inc1", "title": "", "url": ""}
    other = finished(account, records={**interaction.records, "related": [related]})
    assert activities.post_history(other).payload["ref"] == {"kind": "incident", "id": "inc1"}


@pytest.mark.parametrize(
    ("entries", "status", "text"),
    [
        ([], "none", ""),
        ([("create", "waiting")], "saved", "Saved, will post later"),
        ([("create", "done")], "none", ""),
        ([("create", "done"), ("activity", "sending")], "saved", "Saved, will post later"),
        ([("create", "done"), ("activity", "done")], "posted", "Posted"),
        ([("relate", "stuck"), ("activity", "done")], "stuck", "Needs attention: Refused"),
        ([("create", "dropped"), ("activity", "dropped")], "none", ""),
    ],
)
def test_the_agent_reads_how_far_it_is(entries: list[tuple[str, str]], status: str, text: str, account: Any) -> None:
    interaction = finished(account)
    for operation, state in entries:
        OutboxEntryFactory(interaction=interaction, operation=operation, status=state, last_error="Refused")
    assert activities.status_of(interaction) == {"enabled": True, "status": status, "text": text}


def test_for_many_interactions_one_query_is_enough(account: Any, django_assert_num_queries: Any) -> None:
    for _ in range(3):
        OutboxEntryFactory(interaction=finished(account))
    with django_assert_num_queries(2):
        for interaction in Interaction.objects.prefetch_related("outbox"):
            activities.status_of(interaction)
    assert OutboxEntry.objects.count() == 3


def test_a_call_out_is_written_on_the_record_that_was_called_where_any_record_has_a_history() -> None:
    account = AccountFactory(name="Sales", provider="salesforce", properties={"consumer_key": "k"})
    record = {"account": str(account.public_id), "kind": "Contact", "id": "003Dm0000000001IAA"}
    out = finished(account, direction="outbound", records={"caller": record})
    entry = activities.post_history(out)
    assert entry is not None and entry.payload["ref"] == {"kind": "Contact", "id": record["id"]}
    assert activities.post_history(finished(account, direction="inbound", records={"caller": record})) is None
    elsewhere = {**record, "account": "another"}
    assert activities.post_history(finished(account, direction="outbound", records={"caller": elsewhere})) is None
