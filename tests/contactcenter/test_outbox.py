"""The outbox: order, one reaction per kind of error, and never twice."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from contactcenter import activities
from contactcenter.models import Breaker, OutboxEntry
from contactcenter.outbox import delivery, entries
from integrations import leases
from integrations.errors import AuthenticationFailed, Cause, RateLimited, Rejected, Unavailable
from tests.factories import InteractionFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def box(account: Any, crm: Any) -> "Box":
    return Box(account)


class Box:
    """One interaction's entries."""

    def __init__(self, account: Any) -> None:
        self.account = account
        self.interaction = InteractionFactory(activity_account=account)

    def submit(self, operation: str, payload: dict[str, Any], key: str, **more: Any) -> OutboxEntry:
        return activities.submit(
            account=self.account,
            interaction=self.interaction,
            record_key=activities.record_key(self.account, self.interaction),
            operation=operation,
            payload=payload,
            key=key,
            **more,
        )

    def create(self, key: str = "create", **fields: Any) -> OutboxEntry:
        shows = {"as": "interaction", "title": "Call"}
        payload = {"kind": "interaction", "fields": {"state": "new", **fields}, "key": key, "shows": shows}
        return self.submit("create", payload, key)

    def update(self, key: str = "update", ref: str = "create", **fields: Any) -> OutboxEntry:
        payload = {
            "ref": {"kind": "interaction", "id": {"$ref": ref}},
            "fields": fields or {"state": "closed_complete"},
        }
        return self.submit("update", payload, key)

    def activity(self) -> OutboxEntry:
        payload = {
            "ref": {"kind": "interaction", "id": {"$ref": "create"}},
            "activity": activities.activity(self.interaction),
        }
        return self.submit("activity", payload, "activity")

    def work(self) -> None:
        entries.deliver_record(activities.record_key(self.account, self.interaction))

    def statuses(self) -> list[str]:
        return list(OutboxEntry.objects.order_by("pk").values_list("status", flat=True))


def due_in(entry: OutboxEntry) -> float:
    return round((entry.due_at - timezone.now()).total_seconds())


def again(entry: OutboxEntry) -> OutboxEntry:
    """The next attempt, after the wait."""
    OutboxEntry.objects.filter(pk=entry.pk).update(due_at=timezone.now())
    Breaker.objects.update(next_try_at=timezone.now())
    entry.refresh_from_db()
    return activities.deliver(entry)


# -- order and references


def test_entries_of_a_record_go_in_order_and_later_ones_name_what_earlier_ones_made(box: Box, crm: Any) -> None:
    box.create(), box.update("wip", state="work_in_progress"), box.update(), box.activity()
    box.work()
    assert box.statuses() == ["done"] * 4
    assert crm.calls == ["create", "update", "update", "add_activity"]
    (record,) = crm.records.values()
    assert record["state"] == "closed_complete"
    box.interaction.refresh_from_db()
    assert box.interaction.records["interaction"] == {
        "account": str(box.account.public_id),
        "kind": "interaction",
        "id": "interaction1",
        "title": "Call",
        "url": "https://fake.example.com/interaction/interaction1",
    }


def test_the_same_key_is_the_same_entry(box: Box) -> None:
    assert box.create() == box.create()


def test_nothing_overtakes_an_entry_that_waits(box: Box, crm: Any) -> None:
    crm.when("create:before", Unavailable("Away"))
    box.create()
    update = box.update()
    box.work()
    assert activities.deliver(update).status == "waiting"
    assert crm.calls == []
    crm.healthy()
    again(OutboxEntry.objects.get(operation="create"))
    box.work()
    assert box.statuses() == ["done", "done"]


def test_only_what_is_due_and_free_and_first_of_its_record_is_handed_out(box: Box) -> None:
    first, _ = box.create(), box.update()
    assert [entry.pk for entry in entries.heads()] == [first.pk]
    assert activities.deliver_due() == 1
    owner = leases.claim(first)
    assert activities.deliver_due() == 0
    leases.release(first, owner)
    OutboxEntry.objects.update(due_at=timezone.now() + timedelta(seconds=9))
    assert activities.deliver_due() == 0


def test_a_vendor_that_hangs_does_not_take_every_worker(account: Any, crm: Any) -> None:
    boxes = [Box(account) for _ in range(5)]
    held = [box.create(f"create-{n}") for n, box in enumerate(boxes)]
    assert activities.deliver_due() == entries.MOST_IN_FLIGHT
    for entry in held[: entries.MOST_IN_FLIGHT]:
        leases.claim(entry)
    assert activities.deliver_due() == 0
    boxes[4].work()
    assert crm.calls == []


def test_a_backlog_is_worked_off_by_one_message(account: Any, crm: Any) -> None:
    boxes = [Box(account) for _ in range(4)]
    for number, box in enumerate(boxes):
        box.create(f"create-{number}")
    boxes[0].work()
    assert OutboxEntry.objects.filter(status="done").count() == 4


def test_an_entry_that_its_writer_is_about_to_deliver_is_left_to_them(box: Box) -> None:
    payload, lease = {"kind": "x", "fields": {}, "key": "k", "shows": None}, delivery.live_lease()
    entry = box.submit("create", payload, "k", lease=lease)
    assert activities.deliver_due() == 0 and activities.deliver(entry).status == "waiting"
    assert activities.deliver(entry, live=True, owner=lease["lease_owner"]).status == "done"
    entry.refresh_from_db()
    assert (entry.status, entry.lease_owner, entry.leased_until) == ("done", "", None)


def test_an_entry_whose_writer_died_is_sent_when_its_lease_is_over(box: Box) -> None:
    payload = {"kind": "x", "fields": {}, "key": "k", "shows": None}
    entry = box.submit("create", payload, "k", lease=delivery.live_lease())
    with time_machine.travel(timezone.now() + timedelta(seconds=11)):
        assert activities.deliver_due() == 1
        assert activities.deliver(entry).status == "done"


def test_a_second_writer_of_the_same_entry_does_not_get_the_lease_of_the_first(box: Box) -> None:
    payload, first, second = (
        {"kind": "x", "fields": {}, "key": "k", "shows": None},
        *(delivery.live_lease() for _ in range(2)),
    )
    entry = box.submit("create", payload, "k", lease=first)
    again = box.submit("create", payload, "k", lease=second)
    assert again.pk == entry.pk and again.lease_owner == first["lease_owner"]
    assert activities.deliver(again, live=True, owner=second["lease_owner"]).status == "waiting"
    assert activities.deliver(entry, live=True, owner=first["lease_owner"]).status == "done"


# -- one reaction per kind of error


def test_while_one_record_makes_the_vendor_fail_its_waits_grow_to_five_minutes(box: Box, crm: Any) -> None:
    crm.when("create:before", Unavailable("Away", cause=Cause.REMOTE_ERROR))
    entry = box.create()
    waits = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(9):
            entry = again(entry)
            waits.append(due_in(entry))
            clock.shift(1)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 300, 300]
    assert (entry.status, entry.last_error, entry.sent_at) == ("waiting", "Away", None)
    crm.healthy()
    assert again(entry).status == "done"


def test_a_vendor_who_says_how_long_is_waited_for(box: Box, crm: Any) -> None:
    crm.when("create:before", RateLimited("Too many", retry_after=77), times=1)
    entry = activities.deliver(box.create())
    assert (entry.status, due_in(entry)) == ("waiting", 77)
    assert activities.deliver(entry).attempts == 1
    assert again(entry).status == "done"


def test_a_refused_login_is_checked_again_every_minute_and_shows_on_the_account(box: Box, crm: Any) -> None:
    crm.when("create:before", AuthenticationFailed("Wrong secret", status=401))
    entry = activities.deliver(box.create())
    assert (entry.status, due_in(entry), entry.last_cause) == ("waiting", 60, "bad_credentials")
    box.account.refresh_from_db()
    assert box.account.health == "failing"
    assert entry.result["error"]["status"] == 401
    crm.healthy()
    assert again(entry).status == "done"
    box.account.refresh_from_db()
    assert box.account.health == "ok"


def test_what_the_vendor_refuses_needs_attention_and_is_not_repeated(box: Box, crm: Any) -> None:
    crm.when("create:before", Rejected("No such field", vendor_message="x_y"))
    entry = activities.deliver(box.create())
    assert (entry.status, entry.last_error) == ("stuck", "No such field (x_y)")
    assert activities.status_of(box.interaction)["text"] == "Needs attention: No such field (x_y)"
    assert activities.deliver_due() == 0
    crm.healthy()
    assert activities.deliver(entry).status == "stuck"
    activities.retry(entry)
    box.work()
    assert box.statuses() == ["done"]


def test_an_account_that_is_switched_off_calls_nobody_and_goes_on_when_it_is_on(box: Box, crm: Any) -> None:
    box.account.enabled = False
    box.account.save()
    entry = activities.deliver(box.create())
    assert (entry.status, due_in(entry)) == ("waiting", 60)
    assert "switched off" in entry.last_error
    assert crm.calls == []
    box.account.enabled = True
    box.account.save()
    assert again(entry).status == "done"


def test_a_fault_of_ours_is_logged_and_tried_again(box: Box, crm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    crm.when("create:before", ZeroDivisionError())
    entry = activities.deliver(box.create())
    assert (entry.status, entry.last_cause) == ("waiting", "fault")
    assert "ZeroDivisionError" in entry.last_error
    crm.healthy()
    assert again(entry).status == "done"


def test_when_the_account_answers_again_everything_that_waited_for_that_is_due(account: Any, crm: Any) -> None:
    one, other, told = Box(account), Box(account), Box(account)
    crm.when("create:before", Unavailable("Away"))
    waiting = [activities.deliver(box.create(f"c{n}")) for n, box in enumerate((one, other))]
    crm.when("create:before", RateLimited("Too many of this kind", retry_after=900, whole_account=False))
    limited = activities.deliver(told.create("c2"))
    OutboxEntry.objects.filter(pk=waiting[1].pk).update(due_at=timezone.now() + timedelta(minutes=5))
    crm.healthy()
    again(waiting[0])
    waiting[1].refresh_from_db()
    limited.refresh_from_db()
    assert due_in(waiting[1]) <= 0
    assert due_in(limited) > 800


# -- unknown outcomes


def test_an_answer_that_never_came_is_looked_for_before_anything_is_sent_again(box: Box, crm: Any) -> None:
    crm.when("create:after", Unavailable("No answer", cause=Cause.TIMEOUT, maybe_done=True), times=1)
    entry = activities.deliver(box.create())
    assert entry.sent_at is not None
    assert again(entry).status == "done"
    assert crm.calls == ["create", "find_created"]
    assert len(crm.records) == 1


def test_what_was_looked_for_and_is_not_there_is_sent(box: Box, crm: Any) -> None:
    crm.when("create:before", Unavailable("No answer", cause=Cause.TIMEOUT, maybe_done=True), times=1)
    entry = activities.deliver(box.create())
    assert again(entry).status == "done"
    assert crm.calls == ["find_created", "create"]


def test_a_failed_look_settles_nothing(box: Box, crm: Any) -> None:
    crm.when("create:after", Unavailable("No answer", maybe_done=True), times=1)
    crm.when("find_created:before", Unavailable("Away"), times=2)
    entry = activities.deliver(box.create())
    entry = again(again(entry))
    assert entry.sent_at is not None and entry.attempts == 3
    assert again(entry).status == "done"
    assert len(crm.records) == 1


def test_nonsense_in_answer_to_a_create_is_looked_into_at_once(box: Box, crm: Any) -> None:
    crm.when("create:after", Rejected("No sys_id", maybe_done=True), times=1)
    assert activities.deliver(box.create()).status == "done"
    assert len(crm.records) == 1


def test_an_activity_is_written_once(box: Box, crm: Any) -> None:
    box.create()
    entry = box.activity()
    crm.when("add_activity:after", Unavailable("No answer", maybe_done=True), times=1)
    box.work()
    assert activities.status_of(box.interaction)["status"] == "saved"
    assert again(entry).status == "done"
    assert len(crm.history) == 1
    assert activities.status_of(box.interaction)["status"] == "posted"


@pytest.mark.parametrize(
    "refusal",
    [AuthenticationFailed("You may not read.", cause=Cause.NO_PERMISSION), Rejected("Hidden.", cause=Cause.NOT_FOUND)],
    ids=["forbidden", "hidden"],
)
def test_where_nobody_may_look_a_person_decides(refusal: Exception, box: Box, crm: Any) -> None:
    box.create()
    entry = box.activity()
    crm.when("add_activity:before", Unavailable("No answer", maybe_done=True), times=1)
    crm.when("has_activity:before", refusal)
    box.work()
    entry = again(entry)
    assert entry.status == "stuck"
    assert "Look there yourself" in entry.last_error
    activities.retry(entry)
    box.work()
    assert box.statuses() == ["done", "done"]
    assert len(crm.history) == 1


def test_an_update_is_simply_repeated(box: Box, crm: Any) -> None:
    box.create()
    entry = box.update()
    crm.when("update:after", Unavailable("No answer", maybe_done=True), times=1)
    box.work()
    assert again(entry).status == "done"
    assert crm.calls.count("update") == 2


def test_a_process_that_lost_its_lease_leaves_the_outcome_to_the_other(box: Box, crm: Any) -> None:
    entry = box.create()
    crm.moments["create:after"] = lambda server: OutboxEntry.objects.filter(pk=entry.pk).update(lease_owner="other")
    entry = activities.deliver(entry)
    assert entry.status == "sending"
    crm.healthy()
    OutboxEntry.objects.update(leased_until=None)
    assert activities.deliver(entry).status == "done"
    assert len(crm.records) == 1


# -- records that were never made


def test_a_create_that_needs_attention_holds_back_what_is_about_it_and_nothing_else(box: Box, crm: Any) -> None:
    crm.when("create:before", Rejected("Refused"), times=1)
    crm.records["inc1"] = {"kind": "incident", "key": ""}
    create, _ = box.create(), box.update()
    box.submit("update", {"ref": {"kind": "incident", "id": "inc1"}, "fields": {"x": "1"}}, "other")
    box.work()
    assert box.statuses() == ["stuck", "stuck", "done"]
    activities.retry(create)
    box.work()
    box.work()
    assert box.statuses() == ["done", "done", "done"]


def test_with_a_record_that_is_given_up_everything_about_it_is_given_up(box: Box, crm: Any) -> None:
    crm.when("create:before", Rejected("Refused"))
    create, _ = box.create(), box.update()
    box.work()
    activities.drop(create)
    late = activities.deliver(box.activity())
    assert box.statuses() == ["dropped", "dropped", "dropped"]
    assert "given up" in late.last_error
    assert activities.status_of(box.interaction)["status"] == "none"


def test_a_refused_update_lets_later_ones_pass_and_does_not_undo_them_when_retried(box: Box, crm: Any) -> None:
    box.create()
    crm.when("update:before", Rejected("assigned_to is wrong"), times=1)
    first = box.update("wip", state="work_in_progress", assigned_to="ava")
    box.update()
    box.work()
    assert box.statuses() == ["done", "stuck", "done"]
    activities.retry(first)
    box.work()
    (record,) = crm.records.values()
    assert (record["state"], record["assigned_to"]) == ("closed_complete", "ava")
    first.refresh_from_db()
    assert first.result["notes"] == ["state: left out, because of a later update of the record."]


def test_what_is_done_can_be_neither_retried_nor_dropped(box: Box, crm: Any) -> None:
    entry = activities.deliver(box.create())
    assert activities.retry(entry).status == "done"
    assert activities.drop(entry).status == "done"


# -- limits


def test_an_attempt_is_shorter_than_its_lease(settings: Any) -> None:
    settings.LEASE_SECONDS = 3
    assert delivery._limit(15) == pytest.approx(2.4)
    settings.LEASE_SECONDS = 30
    assert delivery._limit(15) == 15
