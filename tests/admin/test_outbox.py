"""The outbox: why something waits, and the two decisions, each asked first."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contactcenter.models import Breaker, OutboxEntry
from tests.factories import AccountFactory, ApiCallFactory, OutboxEntryFactory, UserFactory

from .conftest import CANARY

LIST = "/admin/contactcenter/outboxentry/"


@pytest.fixture
def account(db):
    return AccountFactory(name="ServiceNow one")


def test_the_list_says_what_waits_and_why(console, world):
    page = console.get(LIST).content.decode()
    for words in ("Post activity", "Needs attention", "May not write.", "Simulated"):
        assert words in page
    detail = console.get(f"{LIST}{world.entry.pk}/change/").content.decode()
    assert "Permission missing" in detail and "Send again" in detail


@pytest.mark.parametrize(("key", "status"), [("retry", "waiting"), ("drop", "dropped")])
def test_a_decision_about_one_entry_is_asked_and_then_carried_out(console, world, key, status):
    url = f"{LIST}{world.entry.pk}/decide/{key}/"
    assert "May not write." in console.get(url).content.decode()
    world.entry.refresh_from_db()
    assert world.entry.status == "stuck"
    assert console.post(url, {"confirmed": "yes"}).status_code == 302
    world.entry.refresh_from_db()
    assert world.entry.status == status


def test_a_decision_about_many_is_asked_with_their_list(console):
    entries = [OutboxEntryFactory(status="stuck", last_error=f"error {n}") for n in range(3)]
    chosen = {"action": "drop_them", "index": "0", "_selected_action": [entry.pk for entry in entries[:2]]}
    question = console.post(LIST, chosen).content.decode()
    assert "error 0" in question and "error 1" in question and "error 2" not in question
    console.post(LIST, {**chosen, "confirmed": "yes"})
    assert OutboxEntry.objects.filter(status="dropped").count() == 2
    assert OutboxEntry.objects.get(status="stuck") == entries[2]


def test_the_list_shows_what_is_open_and_the_rest_on_demand(console):
    OutboxEntryFactory(status="done", operation="update")
    page = console.get(LIST).content.decode()
    assert "Nothing waits" in page
    for query in ("?status=all", "?status=done"):
        assert "Update record" in console.get(LIST + query).content.decode()
    assert "Nothing matches" in console.get(LIST + "?status=stuck").content.decode()


def test_what_is_done_already_needs_no_decision(console):
    done = OutboxEntryFactory(status="done")
    answer = console.post(f"{LIST}{done.pk}/decide/drop/", {"confirmed": "yes"}, follow=True)
    assert "None of these entries is open any more." in answer.content.decode()
    done.refresh_from_db()
    assert done.status == "done"


def test_only_those_who_may_change_decide(client, world):
    from contactcenter.admin.groups import ensure_supervisors

    user = UserFactory(is_staff=True)
    user.groups.add(ensure_supervisors())
    client.force_login(user)
    assert "Send again" not in client.get(f"{LIST}{world.entry.pk}/change/").content.decode()
    assert client.post(f"{LIST}{world.entry.pk}/decide/drop/", {"confirmed": "yes"}).status_code == 403
    assert client.get(f"{LIST}{world.entry.pk}/decide/nonsense/").status_code == 404


# -- how each account stands


def away(account, **changes):
    now = timezone.now()
    values = {"open_since": now, "failing_since": now, "next_try_at": now + timedelta(seconds=40),
              "cause": "unreachable", "message": "Nobody answers at dev12345."}  # fmt: skip
    return Breaker.objects.create(account=account, **{**values, **changes})


def test_the_page_says_how_each_account_stands_and_when_it_is_tried_next(console, world):
    away(world.account)
    OutboxEntryFactory.create_batch(3, account=world.account)
    part = console.get(f"{LIST}overview/").content.decode()
    for words in ("has not answered since", "3 entries wait.", "Next try in", "Nobody answers at dev12345.", "Away"):
        assert words in part
    assert "data-live=" in part and "Try now" in part
    panel = console.get(f"/admin/integrations/integrationaccount/{world.account.pk}/change/").content.decode()
    assert "has not answered since" in panel


def test_a_try_is_made_now_when_a_person_asks_for_it_and_by_no_link(console, world):
    away(world.account)
    entry = OutboxEntryFactory(account=world.account, due_at=timezone.now() + timedelta(minutes=5))
    url = f"{LIST}account/{world.account.pk}/try/"
    assert console.get(url).status_code == 405
    assert console.post(url).status_code == 302
    entry.refresh_from_db()
    assert entry.due_at <= timezone.now()
    assert Breaker.objects.get().next_try_at <= timezone.now()


def test_everything_of_one_account_is_sent_again_but_what_may_be_there_already(console, world):
    world.entry.delete()
    unknown = OutboxEntryFactory(account=world.account, status="stuck", last_cause="unknown_outcome")
    stuck = OutboxEntryFactory(account=world.account, status="stuck", last_cause="invalid_data")
    other = OutboxEntryFactory(status="stuck")
    url = f"{LIST}account/{world.account.pk}/retry/"
    question = console.get(url).content.decode()
    assert "1 entry is tried again" in question and "1 more is left out" in question
    console.post(url, {"confirmed": "yes"})
    for entry, status in ((unknown, "stuck"), (stuck, "waiting"), (other, "stuck")):
        entry.refresh_from_db()
        assert entry.status == status


def test_those_who_may_only_look_get_no_buttons(client, world):
    from contactcenter.admin.groups import ensure_supervisors

    away(world.account)
    user = UserFactory(is_staff=True)
    user.groups.add(ensure_supervisors())
    client.force_login(user)
    assert "Try now" not in client.get(f"{LIST}overview/").content.decode()
    assert client.post(f"{LIST}account/{world.account.pk}/try/").status_code == 403
    assert client.post(f"{LIST}account/{world.account.pk}/retry/", {"confirmed": "yes"}).status_code == 403


# -- what an entry waits for


def test_an_entry_says_in_one_sentence_what_it_waits_for(console, account):
    first = OutboxEntryFactory(account=account, record_key="r")
    second = OutboxEntryFactory(account=account, record_key="r")
    later = OutboxEntryFactory(account=account, due_at=timezone.now() + timedelta(seconds=90), last_error="HTTP 500.")
    expected = ((first, "For a worker"), (second, f"entry {first.pk}"), (later, "For its next attempt in 1 min"))
    for entry, words in expected:
        assert words in console.get(f"{LIST}{entry.pk}/live/").content.decode()
    away(account)
    assert "has not answered since" in console.get(f"{LIST}{first.pk}/live/").content.decode()
    account.enabled = False
    account.save()
    assert "switched off" in console.get(f"{LIST}{first.pk}/live/").content.decode()


def test_an_entry_shows_its_attempts_with_the_exchanges_of_each(console, world):
    at = timezone.now() - timedelta(minutes=3)
    call = ApiCallFactory(
        account=world.account, interaction=str(world.interaction.public_id), started_at=at + timedelta(seconds=1),
        status=503,
    )  # fmt: skip
    world.entry.trail = [
        {"at": at.isoformat(), "ended": (at + timedelta(seconds=2)).isoformat(), "outcome": "failed",
         "cause": "remote_error", "text": "The server failed.", "status": 503},
        {"at": timezone.now().isoformat(), "ended": "", "outcome": "lost", "text": "The process ended."},
    ]  # fmt: skip
    world.entry.save()
    page = console.get(f"{LIST}{world.entry.pk}/change/").content.decode()
    assert f"/admin/integrations/apicall/{call.pk}/change/" in page
    for words in ("Fault at the vendor", "HTTP 503", "The server failed.", "No outcome", "The process ended."):
        assert words in page


def test_secrets_in_what_is_written_are_not_shown(console, world):
    world.entry.payload = {"fields": {"note": f"the secret is {CANARY}", "password": "hunter22"}}
    world.entry.save()
    page = console.get(f"{LIST}{world.entry.pk}/change/").content.decode()
    assert CANARY not in page and "hunter22" not in page


@pytest.mark.parametrize(
    ("operation", "payload", "words"),
    [
        ("create", {"kind": "incident"}, "No incident is made in"),
        ("activity", {"ref": {"kind": "incident", "id": "1"}}, "will be missing in the history of the incident"),
        ("update", {"ref": {"kind": "incident", "id": "1"}, "fields": {"state": "7"}}, "old values of: state"),
        ("delete", {"ref": {"kind": "incident", "id": "1"}}, "The incident stays in"),
        ("relate", {"kind": "x"}, "are not linked"),
    ],
)  # fmt: skip
def test_dropping_says_what_is_lost(console, account, operation, payload, words):
    entry = OutboxEntryFactory(account=account, operation=operation, payload=payload, record_key="r")
    OutboxEntryFactory(account=account, record_key="r", payload={"ref": {"id": {"$ref": entry.idempotency_key}}})
    page = console.get(f"{LIST}{entry.pk}/decide/drop/").content.decode()
    assert words in page
    assert ("1 entries that are about that record" in page) == (operation == "create")


# -- finding


def test_entries_are_found_by_what_people_have_in_hand(console, account):
    entry = OutboxEntryFactory(account=account, operation="delete", result={"id": "0015g00000abc"})
    other = OutboxEntryFactory(account=account, operation="relate")
    wanted = [entry.interaction.reference, entry.interaction.call_id, entry.idempotency_key, "0015g00000abc"]
    for term in wanted:
        page = console.get(LIST, {"q": term}).content.decode()
        assert f"/{entry.pk}/change/" in page and f"/{other.pk}/change/" not in page, term
    assert "Nothing matches" in console.get(LIST, {"q": "zzz"}).content.decode()


def test_entries_are_filtered_by_cause_and_age(console, account):
    entry = OutboxEntryFactory(account=account, operation="delete", last_cause="timeout")
    OutboxEntry.objects.filter(pk=entry.pk).update(created_at=timezone.now() - timedelta(hours=2))
    other = OutboxEntryFactory(account=account, operation="relate")
    for query in ("?cause=timeout", "?age=hour", f"?account={account.pk}&cause=timeout"):
        page = console.get(LIST + query).content.decode()
        assert f"/{entry.pk}/change/" in page and f"/{other.pk}/change/" not in page, query


def test_ten_thousand_entries_cost_as_many_queries_as_ten(console, account):
    OutboxEntry.objects.bulk_create(OutboxEntryFactory.build_batch(10, account=account, interaction=None))
    with CaptureQueriesContext(connection) as few:
        console.get(LIST)
    many = OutboxEntryFactory.build_batch(10_000, account=account, interaction=None)
    OutboxEntry.objects.bulk_create(many, batch_size=2000)
    away(account)
    with CaptureQueriesContext(connection) as more:
        began = time.monotonic()
        page = console.get(LIST).content.decode()
        took = time.monotonic() - began
    assert "10010 entries wait." in page
    assert len(more) <= len(few)
    assert took < 5
