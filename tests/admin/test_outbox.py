"""The outbox: why something waits, and the two decisions, each asked first."""

import pytest

from contactcenter.models import OutboxEntry
from tests.factories import OutboxEntryFactory, UserFactory

LIST = "/admin/contactcenter/outboxentry/"


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
