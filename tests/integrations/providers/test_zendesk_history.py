"""The call in a ticket's conversation: internal, once, and found again."""

from dataclasses import replace

import pytest

from integrations.capabilities import RecordRef
from integrations.errors import Cause, RateLimited, Rejected, Unavailable
from integrations.providers.zendesk import Zendesk
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.zendesk import ACTIVITY, comments, connect, person, sent

pytestmark = pytest.mark.django_db(transaction=True)
TICKET = RecordRef("ticket", "1001")


@pytest.fixture
def crm(zendesk: Vendor) -> Zendesk:
    return connect()


def test_the_call_is_an_internal_note_and_is_found_by_its_reference(crm: Zendesk, zendesk: Vendor) -> None:
    assert not crm.has_activity(TICKET, ACTIVITY.key) and not crm.activity_has_owner
    crm.add_activity(TICKET, ACTIVITY)
    note = comments(zendesk, 1001)[-1]
    assert note["public"] is False
    assert note["body"].splitlines() == [
        "Call from +1 415-555-0132", "Agent: Ava Martin", "Notes: wants a printer", "Order: 4711",
        "Call reference 8f3a2c1d9e",
    ]  # fmt: skip
    assert crm.has_activity(TICKET, ACTIVITY.key)
    assert not crm.has_activity(TICKET, "8f3a2c1d9")
    assert sent(zendesk, "PUT", "/tickets/1001.json")[0]["body"]["ticket"].keys() == {"comment"}


def test_the_account_may_choose_a_public_reply(zendesk: Vendor) -> None:
    connect(activity_form="reply").add_activity(TICKET, ACTIVITY)
    assert comments(zendesk, 1001)[-1]["public"] is True


def test_a_known_recording_adds_a_voice_comment_after_the_note(zendesk: Vendor) -> None:
    crm = connect(activity_form="voice")
    agent = str(person(zendesk, "Ava Martin")["id"])
    recording = "https://hub.example/recordings/1.mp3"
    assert crm.activity_has_owner
    call = {"from_number": "+14155550132", "to_number": "+14155550100", "recording_url": recording, "owner": agent}
    crm.add_activity(TICKET, replace(ACTIVITY, **call))
    _, note, voice = comments(zendesk, 1001)
    assert note["public"] is False and "Call reference" in note["body"]
    assert voice["type"] == "VoiceComment"
    assert voice["data"] == {
        "from": "+14155550132", "to": "+14155550100", "recording_url": recording, "started_at": "2026-01-15T09:00:00Z",
        "call_duration": 95, "answered_by_id": int(agent),
    }  # fmt: skip
    assert crm.has_activity(TICKET, ACTIVITY.key)


def test_without_a_recording_the_note_stands_alone(zendesk: Vendor) -> None:
    known = replace(ACTIVITY, from_number="+14155550132", to_number="+14155550100", owner="1")
    connect(activity_form="voice").add_activity(TICKET, known)
    assert len(comments(zendesk, 1001)) == 2


def test_the_newest_comments_are_looked_at_first_and_then_page_by_page(
    crm: Zendesk, zendesk: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.providers.zendesk.history.PAGE", 2)
    crm.add_activity(TICKET, ACTIVITY)
    assert crm.has_activity(TICKET, ACTIVITY.key)
    assert len(sent(zendesk, "GET", "/comments.json")) == 1
    for number in range(4):
        crm.add_activity(TICKET, replace(ACTIVITY, key=f"other-{number}"))
    zendesk.forget_requests()
    assert crm.has_activity(TICKET, ACTIVITY.key)
    asked = sent(zendesk, "GET", "/comments.json")
    assert len(asked) == 3 and all(e["query"]["sort"] == "-created_at" for e in asked)
    assert not crm.has_activity(TICKET, "never")


@pytest.mark.parametrize("kind", ["user", "organization"])
def test_only_tickets_have_a_history(crm: Zendesk, zendesk: Vendor, kind: str) -> None:
    for ask in (
        lambda: crm.add_activity(RecordRef(kind, "5009"), ACTIVITY),
        lambda: crm.has_activity(RecordRef(kind, "5009"), "k"),
    ):
        with pytest.raises(Rejected, match="in tickets") as refused:
            ask()
        assert refused.value.cause == Cause.INVALID_DATA
    assert zendesk.arrived() == []


def test_a_note_whose_answer_got_lost_is_found_and_not_sent_twice_by_itself(crm: Zendesk, zendesk: Vendor) -> None:
    zendesk.fault("maintenance", times=1)
    with pytest.raises(Unavailable) as failure:
        crm.add_activity(TICKET, ACTIVITY)
    assert failure.value.maybe_done
    assert len(sent(zendesk, "PUT", "/tickets/1001.json")) == 1
    assert not crm.has_activity(TICKET, ACTIVITY.key)
    crm.add_activity(TICKET, ACTIVITY)
    assert crm.has_activity(TICKET, ACTIVITY.key)


def test_more_changes_of_a_ticket_than_zendesk_allows_wait_as_told(crm: Zendesk, zendesk: Vendor) -> None:
    zendesk.settings(updates_per_ticket=2)
    for number in range(2):
        crm.add_activity(TICKET, replace(ACTIVITY, key=f"k{number}"))
    with pytest.raises(RateLimited) as limited:
        crm.add_activity(TICKET, ACTIVITY)
    assert 590 <= limited.value.retry_after <= 600
    crm.add_activity(RecordRef("ticket", "1002"), ACTIVITY)  # each ticket has a limit of its own
    zendesk.settings(updates_per_ticket=30)
    crm.add_activity(TICKET, ACTIVITY)


def test_a_light_agent_may_write_the_note_and_nothing_else(zendesk: Vendor) -> None:
    crm = connect(user_name="light@example.com")
    crm.add_activity(TICKET, ACTIVITY)
    assert crm.has_activity(TICKET, ACTIVITY.key)
