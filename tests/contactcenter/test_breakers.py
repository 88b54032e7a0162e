"""The breaker: who is away is not asked by everybody, one try at a time finds out when they are back."""

import logging
import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from contactcenter import activities
from contactcenter.models import Breaker, OutboxEntry
from contactcenter.outbox import account_tries, breakers
from contactcenter.outbox import entries as outbox
from contactcenter.outbox.breakers import Pass
from integrations import pauses
from integrations.diagnosis.verdict import Verdict
from integrations.errors import AuthenticationFailed, Cause, RateLimited, Rejected, Unavailable
from tests.contactcenter.test_outbox import Box, again, due_in
from tests.factories import OutboxEntryFactory

pytestmark = pytest.mark.django_db(transaction=True)
AWAY = Unavailable("Away")


def boxes(account: Any, count: int) -> list[Box]:
    return [Box(account) for _ in range(count)]


def creates(account: Any, count: int) -> list[OutboxEntry]:
    """One create for each of so many records."""
    return [box.create(f"create-{n}") for n, box in enumerate(boxes(account, count))]


def shut(account: Any) -> Breaker:
    row = breakers.find_open(account)
    assert row is not None
    return row


def next_try_is_due() -> None:
    Breaker.objects.update(next_try_at=timezone.now())


def asked(crm: Any) -> list[int]:
    """Counts how often the CRM is asked to create something from now on."""
    counted: list[int] = []

    def away(server: Any) -> None:
        counted.append(1)
        raise AWAY

    crm.moments["create:before"] = away
    return counted


# -- opening


def test_after_three_failures_in_a_row_nothing_more_is_sent(account: Any, crm: Any) -> None:
    entries, counted = creates(account, 10), asked(crm)
    for entry in entries:
        activities.deliver(entry)
    assert len(counted) == 3
    assert activities.deliver_due() == 0
    untouched = [entry for entry in entries if OutboxEntry.objects.get(pk=entry.pk).attempts == 0]
    assert len(untouched) == 7


def test_opening_and_closing_are_logged_once_each(account: Any, crm: Any, caplog: pytest.LogCaptureFixture) -> None:
    entries = creates(account, 6)
    asked(crm)
    with caplog.at_level(logging.INFO, "contactcenter.outbox.breakers"):
        for entry in entries:
            activities.deliver(entry)
        for _ in range(3):
            next_try_is_due()
            outbox.deliver_record(entries[5].record_key)
        crm.healthy()
        next_try_is_due()
        outbox.deliver_record(entries[4].record_key)
    words = [record.getMessage() for record in caplog.records if record.name == "contactcenter.outbox.breakers"]
    assert len(words) == 2
    assert "nothing more is sent until it answers again (unreachable)" in words[0]
    assert "answers again after" in words[1]


def test_a_success_in_between_begins_the_count_anew(account: Any, crm: Any) -> None:
    entries = creates(account, 5)
    for number, entry in enumerate(entries):
        crm.healthy()
        if number != 2:
            crm.when("create:before", AWAY)
        activities.deliver(entry)
    assert breakers.find_open(account) is None


def test_what_the_vendor_refuses_is_an_answer(account: Any, crm: Any) -> None:
    entries = creates(account, 5)
    for error, entry in zip([AWAY, AWAY, Rejected("No such field"), AWAY, AWAY], entries, strict=True):
        crm.when("create:before", error)
        activities.deliver(entry)
    assert breakers.find_open(account) is None


def test_a_record_that_makes_the_vendor_fail_does_not_close_the_account_for_others(account: Any, crm: Any) -> None:
    poison, other = creates(account, 2)
    crm.when("create:before", Unavailable("HTTP 500", cause=Cause.REMOTE_ERROR))
    for _ in range(6):
        again(poison)
    assert breakers.find_open(account) is None
    crm.healthy()
    assert activities.deliver(other).status == "done"


def test_a_limit_of_the_account_holds_back_the_whole_account_until_the_told_time(account: Any, crm: Any) -> None:
    first, second = creates(account, 2)
    crm.when("create:before", RateLimited("Too many", retry_after=77), times=1)
    activities.deliver(first)
    assert activities.deliver(second).attempts == 0
    assert activities.deliver_due() == 0
    assert crm.calls == []
    with time_machine.travel(timezone.now() + timedelta(seconds=78), tick=True):
        assert activities.deliver(second).status == "done"
        assert activities.deliver(first).status == "done"


def test_a_limit_of_one_record_holds_back_that_record_only(account: Any, crm: Any) -> None:
    first, second = creates(account, 2)
    crm.when("create:before", RateLimited("Too many of this", retry_after=77, whole_account=False), times=1)
    assert due_in(activities.deliver(first)) == 77
    assert activities.deliver(second).status == "done"


def test_maintenance_with_a_time_is_left_alone_until_then(account: Any, crm: Any) -> None:
    crm.when("create:before", Unavailable("Maintenance", cause=Cause.REMOTE_ERROR, retry_after=600))
    entries = creates(account, 3)
    waits = [due_in(activities.deliver(entry)) for entry in entries]
    assert waits == [600, 600, 600]
    assert shut(account).told


def test_a_refused_log_in_is_tried_once_a_minute_however_much_waits(account: Any, crm: Any) -> None:
    crm.when("create:before", AuthenticationFailed("Wrong secret"))
    for entry in creates(account, 8):
        activities.deliver(entry)
    row = shut(account)
    assert row.next_try_at is not None
    assert 58 < (row.next_try_at - timezone.now()).total_seconds() <= 60
    assert "has not let us in since" in breakers.in_words(row)


def test_of_many_workers_that_see_the_same_one_opens_and_logs(account: Any, caplog: pytest.LogCaptureFixture) -> None:
    given = Pass(account, timezone.now())
    for number in range(2):
        breakers.failed(given, AWAY, record=f"r{number}")
    barrier = threading.Barrier(6)

    def fail(number: int) -> None:
        barrier.wait()
        breakers.failed(given, AWAY, record=f"t{number}")
        connection.close()

    with caplog.at_level(logging.WARNING, "contactcenter.outbox.breakers"):
        threads = [threading.Thread(target=fail, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len([record for record in caplog.records if "nothing more is sent" in record.getMessage()]) == 1
    assert shut(account).failures >= 3


# -- trying


def open_by(account: Any, crm: Any, count: int = 6) -> list[OutboxEntry]:
    entries = creates(account, count)
    crm.when("create:before", AWAY)
    for entry in entries:
        activities.deliver(entry)
    return entries


def test_one_entry_at_a_time_finds_out_at_growing_intervals_and_never_twice_the_same(account: Any, crm: Any) -> None:
    entries = open_by(account, crm, 8)
    waits, tried = [], []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        next_try_is_due()
        for _ in range(6):
            before = dict(OutboxEntry.objects.values_list("pk", "attempts"))
            assert activities.deliver_due() == 1
            head = outbox.heads().first()
            assert head is not None
            activities.deliver(head)
            after = dict(OutboxEntry.objects.values_list("pk", "attempts"))
            tried += [pk for pk in after if after[pk] != before[pk]]
            row = shut(account)
            assert row.next_try_at is not None
            waits.append(round((row.next_try_at - timezone.now()).total_seconds()))
            clock.shift(waits[-1])
    assert waits == [10, 20, 40, 60, 60, 60]
    assert len(set(tried[:5])) == 5 and set(tried) <= {entry.pk for entry in entries}


def test_while_somebody_tries_nobody_else_does(account: Any, crm: Any) -> None:
    open_by(account, crm)
    next_try_is_due()
    given = breakers.admit(account, seconds=5)
    assert given is not None and given.is_try
    assert breakers.admit(account, seconds=5) is None
    assert activities.deliver_due() == 0
    breakers.hand_back(given)
    assert activities.deliver_due() == 1


def test_a_try_whose_worker_was_killed_is_made_by_another_when_its_time_is_over(account: Any, crm: Any) -> None:
    open_by(account, crm)
    next_try_is_due()
    assert breakers.admit(account, seconds=20)
    with time_machine.travel(timezone.now() + timedelta(seconds=21)):
        assert breakers.admit(account, seconds=20)


def test_the_first_answer_closes_it_and_everything_goes_out(account: Any, crm: Any) -> None:
    entries = open_by(account, crm, 12)
    crm.healthy()
    next_try_is_due()
    outbox.deliver_record(entries[-1].record_key)
    assert set(OutboxEntry.objects.values_list("status", flat=True)) == {"done"}
    assert len(crm.records) == 12
    assert breakers.find_open(account) is None


def test_an_answer_to_a_call_that_began_before_it_opened_proves_nothing(account: Any, crm: Any) -> None:
    early = Pass(account, timezone.now())
    open_by(account, crm)
    assert not breakers.succeeded(early)
    assert breakers.find_open(account)
    assert breakers.succeeded(Pass(account, timezone.now()))
    assert breakers.find_open(account) is None


def test_live_work_is_never_the_try(account: Any, crm: Any) -> None:
    entries = open_by(account, crm)
    next_try_is_due()
    crm.healthy()
    assert activities.deliver(entries[5], live=True).status == "waiting"
    assert crm.calls == []


def test_where_nothing_waits_the_account_is_tested_instead(
    account: Any, crm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        breakers.failed(Pass(account, timezone.now()), AWAY, record=f"r{number}")
    handed: list[Any] = []
    monkeypatch.setattr(outbox, "nudge", lambda task, *args, **more: handed.append((task.name, args)))
    assert activities.deliver_due() == 0 and handed == []
    next_try_is_due()
    activities.deliver_due()
    assert handed == [("contactcenter.tasks.try_account", (account.pk,))]
    answers = [Verdict(ok=False, message="Away", cause=Cause.UNREACHABLE), Verdict(ok=True, message="Valid")]
    monkeypatch.setattr("integrations.diagnosis.doctor.examine", lambda provider: answers.pop(0))
    account_tries.try_account(account.pk)
    assert shut(account).tries == 1
    account_tries.try_account(account.pk)
    assert len(answers) == 1
    next_try_is_due()
    account_tries.try_account(account.pk)
    assert breakers.find_open(account) is None


def test_a_person_may_have_the_next_try_now(account: Any, crm: Any) -> None:
    entries = open_by(account, crm)
    assert activities.deliver_due() == 0
    assert breakers.try_now(account)
    assert activities.deliver_due() == 1
    assert outbox.retry_all(account) == len(entries)


# -- others are not held back


def test_ten_thousand_entries_of_one_account_hold_back_nobody_else(account: Any, crm: Any) -> None:
    mine = OutboxEntryFactory.build_batch(120, account=account, interaction=None)
    OutboxEntry.objects.bulk_create(mine)
    other = OutboxEntryFactory(due_at=timezone.now())
    assert activities.deliver_due() == outbox.MOST_IN_FLIGHT + 1
    assert other.record_key in outbox.heads().values_list("record_key", flat=True)


def test_entries_of_an_account_that_is_switched_off_are_left_alone(account: Any, crm: Any) -> None:
    creates(account, 3)
    account.enabled = False
    account.save()
    assert activities.deliver_due() == 0


# -- pauses that a vendor asks for while all is well


def test_a_pause_that_the_vendor_asks_for_is_kept_by_the_outbox_and_not_by_live_calls(account: Any, crm: Any) -> None:
    first, second, third = creates(account, 3)
    crm.moments["create:after"] = lambda server: pauses.note(30)
    assert activities.deliver(first).status == "done"
    crm.healthy()
    assert activities.deliver(second).status == "waiting"
    assert activities.deliver_due() == 0
    assert activities.deliver(third, live=True).status == "done"
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        assert activities.deliver(second).status == "done"


# -- what an entry remembers


def test_an_entry_remembers_its_attempts_with_times_and_words(account: Any, crm: Any) -> None:
    (entry,) = creates(account, 1)
    crm.when("create:before", Unavailable("HTTP 503", cause=Cause.REMOTE_ERROR, status=503), times=1)
    activities.deliver(entry)
    entry = again(entry)
    assert [(line["outcome"], line.get("status"), line.get("text", "")) for line in entry.trail] == [
        ("failed", 503, "HTTP 503"),
        ("done", None, ""),
    ]


def test_an_attempt_whose_process_was_killed_is_remembered_as_such(account: Any, crm: Any) -> None:
    (entry,) = creates(account, 1)
    crm.moments["create:after"] = lambda server: OutboxEntry.objects.update(lease_owner="other")
    activities.deliver(entry)
    crm.healthy()
    OutboxEntry.objects.update(leased_until=None)
    entry = again(entry)
    assert [line["outcome"] for line in entry.trail] == ["lost", "done"]
    assert len(crm.records) == 1
