"""Tickets, users and organizations: search, read, create, find again, update; what is sent, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest
import requests

from integrations.capabilities import RecordRef
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, Rejected, Unavailable
from integrations.providers.zendesk import Zendesk
from integrations.providers.zendesk.answers import created_id, plain
from integrations.providers.zendesk.bodies import body_for, new_ticket
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.zendesk import comments, connect, person, sent, ticket

pytestmark = pytest.mark.django_db(transaction=True)
CALL = {"subject": "Call from +1 415-555-0132", "tags": "call, inbound"}


@pytest.fixture
def crm(zendesk: Vendor) -> Zendesk:
    return connect()


# -- reading


def test_a_search_finds_records_of_its_kind_with_plain_fields(crm: Zendesk, zendesk: Vendor) -> None:
    found = crm.search("ticket", 'status<solved requester:"don.goodliffe@example.com" -priority:low')
    assert [record.title for record in found] == ["Cannot print from the third floor"]
    record = found[0]
    assert record.ref == RecordRef("ticket", "1001")
    assert record.fields["tags"] == "hardware" and record.fields["via.channel"] == "api"
    assert record.fields["requester_id"] == str(person(zendesk, "Don Goodliffe")["id"])
    assert record.url.endswith("/zendesk/agent/tickets/1001")
    asked = sent(zendesk, "GET", "/search.json")[0]["query"]["query"]
    assert asked == 'type:ticket status<solved requester:"don.goodliffe@example.com" -priority:low'


def test_a_query_that_names_another_kind_brings_nothing_of_that_kind(crm: Zendesk) -> None:
    assert {record.ref.kind for record in crm.search("user", "type:ticket role:end-user")} <= {"user"}
    assert [r.title for r in crm.search("organization", "name:boxeo")] == ["Boxeo"]


def test_a_search_goes_on_to_the_next_page_until_the_limit(
    crm: Zendesk, zendesk: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.providers.zendesk.records.PAGE", 5)
    assert len(crm.search("user", "role:end-user", limit=12)) == 12
    pages = [exchange["query"]["page"] for exchange in sent(zendesk, "GET", "/search.json")]
    assert pages == ["1", "2", "3"]
    zendesk.forget_requests()
    assert len(crm.search("user", "role:end-user", limit=500)) == 13
    assert len(sent(zendesk, "GET", "/search.json")) == 3


def test_never_more_than_zendesk_shows(crm: Zendesk, zendesk: Vendor) -> None:
    assert crm.search("user", "role:end-user", limit=5000)
    sizes = [int(e["query"]["page"]) * int(e["query"]["per_page"]) for e in sent(zendesk, "GET", "/search.json")]
    assert max(sizes) <= 1000


def test_a_record_is_read_by_its_number(crm: Zendesk) -> None:
    assert crm.get(RecordRef("ticket", "1001")).fields["status"] == "open"
    with pytest.raises(Rejected) as missing:
        crm.get(RecordRef("ticket", "999999"))
    assert missing.value.cause == Cause.NOT_FOUND


@pytest.mark.parametrize(
    ("kind", "number"), [("incident", "1"), ("ticket", "../users/1"), ("user", "me"), ("user", "")]
)
def test_what_cannot_be_a_record_is_not_asked_for(crm: Zendesk, zendesk: Vendor, kind: str, number: str) -> None:
    for ask in (crm.get, crm.record_url):
        with pytest.raises(Rejected) as refused:
            ask(RecordRef(kind, number))
        assert refused.value.cause == Cause.INVALID_DATA
    assert zendesk.arrived() == []


# -- creating


def test_a_ticket_is_internal_carries_the_key_twice_and_is_found_by_it(crm: Zendesk, zendesk: Vendor) -> None:
    caller = person(zendesk, "Don Goodliffe")
    ref = crm.create("ticket", {**CALL, "requester_id": str(caller["id"]), "custom_field_360": "vip"}, key="k1")
    request = sent(zendesk, "POST", "/tickets.json")[0]
    assert request["headers"]["idempotency-key"] == "k1"
    assert request["body"] == {
        "ticket": {
            "external_id": "k1", "subject": CALL["subject"], "tags": ["call", "inbound"], "requester_id": caller["id"],
            "custom_fields": [{"id": 360, "value": "vip"}],
            "comment": {"public": False, "body": CALL["subject"]},
        }
    }  # fmt: skip
    assert comments(zendesk, ref.id)[0]["public"] is False
    assert crm.find_created("ticket", "k1") == ref
    assert crm.find_created("ticket", "k") is None
    assert zendesk.warnings() == []


def test_looking_for_what_was_made_does_not_wait_for_the_search_index(crm: Zendesk, zendesk: Vendor) -> None:
    zendesk.settings(search_lag_seconds=300)
    ref = crm.create("ticket", CALL, key="k1")
    assert crm.find_created("ticket", "k1") == ref
    assert crm.search("ticket", "external_id:k1") == []


def test_an_answer_that_got_lost_makes_no_second_ticket(crm: Zendesk, zendesk: Vendor) -> None:
    zendesk.fault("truncated", times=1, path="/api/v2/tickets.json")
    with pytest.raises(Rejected) as unknown:
        crm.create("ticket", CALL, key="k1")
    assert unknown.value.maybe_done
    assert crm.create("ticket", CALL, key="k1") == crm.find_created("ticket", "k1")
    assert [row["external_id"] for row in zendesk.board()["tickets"]].count("k1") == 1


def test_a_damaged_answer_still_says_in_its_header_which_record_was_made() -> None:
    response = requests.Response()
    response.status_code, response._content = 201, b'{"ticket": {"id": 35'
    response.headers["Location"] = "https://acme.zendesk.com/api/v2/tickets/35436.json"
    response.request = requests.Request("POST", "https://acme.zendesk.com/api/v2/tickets.json").prepare()
    assert created_id(response, "ticket") == "35436"
    del response.headers["Location"]
    with pytest.raises(Rejected) as unknown:
        created_id(response, "ticket")
    assert unknown.value.maybe_done


def test_the_same_key_with_another_content_is_refused_and_the_ticket_can_be_found(crm: Zendesk) -> None:
    ref = crm.create("ticket", CALL, key="k1")
    with pytest.raises(Rejected) as refused:
        crm.create("ticket", {**CALL, "subject": "Another"}, key="k1")
    assert refused.value.cause == Cause.CONFLICT and refused.value.maybe_done
    assert crm.find_created("ticket", "k1") == ref


def test_a_new_user_gets_no_mail(crm: Zendesk, zendesk: Vendor) -> None:
    fields = {
        "name": "Caller 14155550199",
        "phone": "+14155550199",
        "email": "new@example.com",
        "user_fields.plan": "gold",
    }
    ref = crm.create("user", fields, key="u1")
    body = sent(zendesk, "POST", "/users.json")[0]["body"]["user"]
    assert body["skip_verify_email"] is True and body["user_fields"] == {"plan": "gold"}
    assert zendesk.board()["mails"] == []
    assert crm.find_created("user", "u1") == ref
    assert crm.get(ref).fields["user_fields.plan"] == "gold"


def test_an_organization_is_made_and_found_again(crm: Zendesk) -> None:
    ref = crm.create("organization", {"name": "New customer"}, key="o1")
    assert crm.find_created("organization", "o1") == ref
    with pytest.raises(Rejected, match="already been taken"):
        crm.create("organization", {"name": "new customer"})


def test_what_zendesk_has_against_a_record_is_told_on_its_field(crm: Zendesk, zendesk: Vendor) -> None:
    for fields, field in (({"priority": "highest"}, "priority"), ({"requester_id": "99"}, "requester")):
        with pytest.raises(Rejected) as refused:
            crm.create("ticket", {**CALL, **fields})
        assert refused.value.field == field and refused.value.cause == Cause.INVALID_DATA
    assert crm.create("ticket", CALL)


def test_a_ticket_without_any_text_is_not_sent(crm: Zendesk, zendesk: Vendor) -> None:
    with pytest.raises(Rejected, match="needs a subject"):
        crm.create("ticket", {"priority": "low"})
    assert zendesk.arrived() == []


@pytest.mark.parametrize("fault", ["reset", "server_error", "maintenance"])
def test_a_create_is_never_repeated_by_itself(crm: Zendesk, zendesk: Vendor, fault: str) -> None:
    zendesk.fault(fault)
    with pytest.raises(Unavailable) as failure:
        crm.create("ticket", CALL, key="k1")
    assert failure.value.maybe_done
    assert len(sent(zendesk, "POST", "/tickets.json")) == 1
    zendesk.healthy()
    assert crm.find_created("ticket", "k1") is None
    assert crm.create("ticket", CALL, key="k1")


# -- updating


def test_named_fields_change_and_nothing_else(crm: Zendesk, zendesk: Vendor) -> None:
    crm.update(
        RecordRef("ticket", "1001"), {"status": "pending", "assignee_id": str(person(zendesk, "Ben Clarke")["id"])}
    )
    changed = ticket(zendesk, 1001)
    assert (changed["status"], changed["subject"]) == ("pending", "Cannot print from the third floor")
    assert changed["assignee_id"] == person(zendesk, "Ben Clarke")["id"]
    assert len(comments(zendesk, 1001)) == 1


def test_a_ticket_that_somebody_changed_since_is_left_alone(crm: Zendesk, zendesk: Vendor) -> None:
    ref = RecordRef("ticket", "1001")
    before = datetime.now(UTC) - timedelta(hours=1)
    with pytest.raises(Rejected) as refused:
        crm.update(ref, {"status": "solved", "updated_stamp": f"{before:%Y-%m-%dT%H:%M:%SZ}"})
    assert refused.value.cause == Cause.CONFLICT
    assert ticket(zendesk, 1001)["status"] == "open"
    crm.update(ref, {"status": "solved", "updated_stamp": crm.get(ref).fields["updated_at"]})
    assert ticket(zendesk, 1001)["status"] == "solved"
    assert sent(zendesk, "PUT", "/tickets/1001.json")[-1]["body"]["ticket"]["safe_update"] is True


def test_a_comment_is_no_part_of_an_update_because_it_would_be_added_again(crm: Zendesk, zendesk: Vendor) -> None:
    with pytest.raises(Rejected, match="activity history"):
        crm.update(RecordRef("ticket", "1001"), {"comment": "Called"})
    assert zendesk.arrived() == []


def test_a_closed_ticket_is_final(crm: Zendesk) -> None:
    closed = crm.search("ticket", "status:closed")[0]
    with pytest.raises(Rejected, match="closed, which is final"):
        crm.update(closed.ref, {"status": "open"})


def test_users_and_organizations_change_too(crm: Zendesk, zendesk: Vendor) -> None:
    don = person(zendesk, "Don Goodliffe")
    crm.update(RecordRef("user", str(don["id"])), {"notes": "Prefers mornings"})
    assert person(zendesk, "Don Goodliffe")["notes"] == "Prefers mornings"
    crm.update(RecordRef("organization", str(don["organization_id"])), {"tags": "gold"})
    assert zendesk.board()["organizations"][0]["tags"] == ["gold"]


def test_a_token_without_the_scope_to_write_is_told_which(zendesk: Vendor) -> None:
    from tests.integrations.providers.zendesk import CLIENT, SECRET

    crm = connect(secrets=SECRET, authorization_type="client_credentials", scope="read", **CLIENT)
    assert crm.search("ticket", "status:open")
    with pytest.raises(AuthenticationFailed, match="scope write") as refused:
        crm.create("ticket", CALL)
    assert refused.value.cause == Cause.NO_PERMISSION


@pytest.mark.parametrize("damage", ["truncated", "wrong_shape", "html"])
def test_an_answer_of_another_shape_is_an_error_of_ours(crm: Zendesk, zendesk: Vendor, damage: str) -> None:
    zendesk.fault(damage)
    for ask in (lambda: crm.get(RecordRef("ticket", "1001")), lambda: crm.search("ticket", "status:open")):
        with pytest.raises(IntegrationError):
            ask()
    zendesk.healthy()
    assert crm.get(RecordRef("ticket", "1001"))


# -- shapes


def test_fields_are_written_as_zendesk_takes_them() -> None:
    custom = [{"id": 1, "value": 2}]
    written = body_for("ticket", {"group_id": "7", "external_id": "7", "tags": "", "custom_fields": custom})
    assert written == {"group_id": 7, "external_id": "7", "tags": [], "custom_fields": custom}
    assert body_for("user", {"custom_field_1": "x", "organization_id": "none"}) == {
        "custom_field_1": "x", "organization_id": "none",
    }  # fmt: skip
    assert new_ticket({"subject": "a", "description": "b"})["comment"] == {"public": False, "body": "b"}
    assert new_ticket({"comment": {"body": "x", "public": True}})["comment"] == {"body": "x", "public": True}


def test_records_are_read_as_plain_texts() -> None:
    row = {
        "id": 1, "suspended": False, "tags": ["a", "b"], "organization_id": None,
        "via": {"channel": "api", "source": {}},
        "custom_fields": [{"id": 360, "value": ["x", "y"]}, {"id": 361, "value": None}], "fields": [{"id": 1}],
    }  # fmt: skip
    assert plain(row) == {
        "id": "1", "suspended": "false", "tags": "a,b", "organization_id": "", "via.channel": "api",
        "custom_field_360": "x,y", "custom_field_361": "", "fields": "",
    }  # fmt: skip
