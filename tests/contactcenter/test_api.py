"""The HTTP API for telephone systems: strict about what it takes, clear about what is wrong."""

import json
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client

from contactcenter.models import ApiToken, Interaction, InteractionEvent
from tests.factories import AgentFactory, ApiTokenFactory, ContactFactory, InteractionFactory, ServiceFactory

from .reports import CUSTOMER, history, state_of
from .test_calls import at_once

pytestmark = pytest.mark.django_db
EVENTS = "/api/v1/calls/events"
AUTHORISED = {"HTTP_AUTHORIZATION": "Bearer secret-value"}
OFFERED = {
    "call_id": "c-7781",
    "event": "offered",
    "direction": "inbound",
    "from": CUSTOMER,
    "to": "+14155550100",
    "service": "support",
    "agent": "agent1",
    "at": "2026-01-15T09:00:02.050Z",
}


@pytest.fixture(autouse=True)
def centre() -> Any:
    ApiTokenFactory(name="platform", value="secret-value")
    service = ServiceFactory(code="support", name="Customer Support", numbers=["+14155550100"])
    return AgentFactory(login="agent1", extension="201", state="READY", services=[service])


def post(body: Any, **headers: str) -> Any:
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return Client().post(EVENTS, text, content_type="application/json", **{**AUTHORISED, **headers})


def fields(response: Any) -> list[str]:
    assert response.status_code == 422, response.content
    answer = response.json()
    assert answer["detail"] and all(error["message"] for error in answer["errors"])
    return [error["field"] for error in answer["errors"]]


# -- reporting


def test_a_reported_call_rings_at_its_agent_and_the_interaction_is_answered(centre: Any) -> None:
    ContactFactory(first_name="Don", last_name="Goodliffe", phones=[CUSTOMER])
    response = post(OFFERED)
    interaction = Interaction.objects.get()
    assert response.status_code == 200
    answer = response.json()
    assert answer.pop("offered_at")
    assert answer == {
        "id": str(interaction.public_id),
        "call_id": "c-7781",
        "reference": interaction.reference,
        "media": "voice",
        "direction": "inbound",
        "state": "ringing",
        "service": "support",
        "agent": "agent1",
        "from": CUSTOMER,
        "to": "+14155550100",
        "caller": {
            "name": "Don Goodliffe",
            "rule": "Phone number matches +1 415-555-0132 of Don Goodliffe in the contacts of this contact centre.",
            "status": "matched",
        },
        "disposition": None,
        "cause": "",
        "attached_data": {},
        "digits_wanted": None,
        "answered_at": None,
        "ended_at": None,
        "completed_at": None,
    }
    assert state_of(centre) == "RINGING"


def test_a_call_is_reported_to_its_end(centre: Any) -> None:
    post(OFFERED)
    states = [post({"call_id": "c-7781", "event": event}).json()["state"] for event in ("answered", "held", "resumed")]
    ended = post({"call_id": "c-7781", "event": "released", "cause": "customer"}).json()
    assert states == ["active", "held", "active"]
    assert (ended["state"], ended["cause"]) == ("wrap_up", "customer")
    assert state_of(centre) == "ACW"


def test_an_outbound_call_shows_its_numbers_the_right_way_round() -> None:
    answer = post({**OFFERED, "direction": "outbound", "from": "+14155550100", "to": CUSTOMER}).json()
    assert (answer["from"], answer["to"], answer["direction"]) == ("+14155550100", CUSTOMER, "outbound")


def test_the_same_report_again_is_answered_and_changes_nothing() -> None:
    first, second = post(OFFERED), post(OFFERED)
    assert first.json() == second.json()
    assert InteractionEvent.objects.filter(kind="offered").count() == 1


def test_the_idempotency_key_wins_over_event_and_time() -> None:
    for second in range(3):
        post({**OFFERED, "at": f"2026-01-15T09:00:0{second}Z"}, HTTP_IDEMPOTENCY_KEY="k-1")
    assert InteractionEvent.objects.filter(kind="offered").count() == 1
    assert InteractionEvent.objects.get(kind="offered").key == "k-1"


def test_an_idempotency_key_for_another_event_is_refused_until_it_is_new(centre: Any) -> None:
    post(OFFERED, HTTP_IDEMPOTENCY_KEY="k-1")
    answered = {"call_id": "c-7781", "event": "answered"}
    assert fields(post(answered, HTTP_IDEMPOTENCY_KEY="k-1")) == ["Idempotency-Key"]
    assert post(answered, HTTP_IDEMPOTENCY_KEY="k-2").json()["state"] == "active"


@pytest.mark.django_db(transaction=True)
def test_the_same_report_posted_by_sixteen_threads_at_once_is_one_event() -> None:
    answers: list[Any] = []
    assert at_once(16, lambda _: answers.append(post(OFFERED))) == []
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    interaction = Interaction.objects.get()
    assert history(interaction) == ["offered", "ringing"]


# -- refusing


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"agent": "agent9"}, "agent"),
        ({"service": "sales"}, "service"),
        ({"service": "", "agent": "", "to": "+14155550199"}, "to"),
        ({"event": "exploded"}, "event"),
        ({"event": None}, "event"),
        ({"direction": "sideways"}, "direction"),
        ({"call_id": ""}, "call_id"),
        ({"call_id": "   "}, "call_id"),
        ({"call_id": 7781}, "call_id"),
        ({"call_id": "x" * 129}, "call_id"),
        ({"call_id": "a\x00b"}, "call_id"),
        ({"from": "1" * 129}, "from"),
        ({"from": "a\nb"}, "from"),
        ({"from": "\ud800"}, "from"),
        ({"to": ["+1"]}, "to"),
        ({"cause": "c" * 41}, "cause"),
        ({"at": "yesterday"}, "at"),
        ({"at": "2026-01-15T09:00:02"}, "at"),
        ({"at": 1768467602}, "at"),
        ({"at": "1926-01-15T09:00:02Z"}, "at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "at"),
        ({"at": "9999-12-31T23:59:59-14:00"}, "at"),
        ({"agnet": "agent1"}, "agnet"),
    ],
)
def test_what_is_wrong_is_named_and_the_corrected_report_is_taken(change: dict[str, Any], field: str) -> None:
    assert fields(post({**OFFERED, **change})) == [field]
    assert Interaction.objects.count() == 0
    assert post(OFFERED).status_code == 200


@pytest.mark.parametrize("missing", ["call_id", "event"])
def test_a_missing_field_is_named(missing: str) -> None:
    response = post({name: value for name, value in OFFERED.items() if name != missing})
    assert fields(response) == [missing]
    assert "This field is required." in response.json()["detail"]


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"text"', b"\xff\xfe", "[" * 5000])
def test_what_is_no_json_object_is_refused(body: Any) -> None:
    response = post(body)
    assert response.status_code in (400, 422)
    assert response.json()["detail"]
    assert post(OFFERED).status_code == 200


def test_a_body_above_64_kib_is_refused_before_it_is_read() -> None:
    response = post({**OFFERED, "cause": "x" * 70_000})
    assert response.status_code == 413
    assert "64 KiB" in response.json()["detail"]
    assert post(OFFERED).status_code == 200


@pytest.mark.parametrize("key", ["k" * 121, "a\tb"])
def test_an_idempotency_key_has_its_limits(key: str) -> None:
    assert fields(post(OFFERED, HTTP_IDEMPOTENCY_KEY=key)) == ["Idempotency-Key"]


# -- tokens


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Bearer ", "Basic c2VjcmV0", "Bearer " + "x" * 5000])
def test_a_wrong_token_is_refused_as_json_and_the_right_one_is_taken(header: str) -> None:
    response = post(OFFERED, HTTP_AUTHORIZATION=header)
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
    assert response.json()["errors"] == []
    assert "wrong" not in response.content.decode()
    assert Interaction.objects.count() == 0
    assert post(OFFERED).status_code == 200


def test_a_token_that_was_switched_off_is_refused() -> None:
    ApiToken.objects.update(enabled=False)
    assert post(OFFERED).status_code == 401


def test_the_last_use_of_a_token_is_noted_once_a_minute() -> None:
    with time_machine.travel("2026-01-15T09:00:00Z", tick=False) as clock:
        post(OFFERED)
        first = ApiToken.objects.get().last_used_at
        clock.shift(30)
        post(OFFERED)
        assert ApiToken.objects.get().last_used_at == first
        clock.shift(60)
        post(OFFERED)
        assert ApiToken.objects.get().last_used_at > first


# -- reading


def read(interaction_id: Any, **headers: str) -> Any:
    return Client().get(f"/api/v1/interactions/{interaction_id}", **{**AUTHORISED, **headers})


def test_an_interaction_is_read_with_its_history() -> None:
    answered = post(OFFERED).json()
    response = read(answered["id"])
    assert response.status_code == 200
    answer = response.json()
    events = answer.pop("events")
    assert answer == answered
    assert [(event["kind"], event["agent"]) for event in events] == [("offered", "agent1"), ("ringing", "agent1")]
    assert events[0]["at"] == "2026-01-15T09:00:02.050Z"


def test_reading_costs_few_queries(django_assert_max_num_queries: Any) -> None:
    interaction = InteractionFactory()
    read(interaction.public_id)
    with django_assert_max_num_queries(4):
        read(interaction.public_id)


def test_an_interaction_that_does_not_exist_is_said_in_json() -> None:
    assert read(uuid4()).status_code == 404
    assert read(uuid4()).json()["detail"].startswith("There is no interaction")
    assert read("nonsense").status_code in (404, 422)
    assert read(uuid4(), HTTP_AUTHORIZATION="").status_code == 401


# -- the description


def test_the_api_describes_itself_without_a_token() -> None:
    response = Client().get("/api/v1/openapi.json")
    assert response.status_code == 200
    described = response.json()
    recordings = "/api/v1/calls/{call_id}/recordings"
    paths = {
        "/api/v1/calls/events", "/api/v1/calls/digits", "/api/v1/calls/digits/{request_id}/prompt.wav", recordings,
        f"{recordings}/fetch", "/api/v1/interactions/{interaction_id}", "/api/v1/wfm/agent-states",
    }  # fmt: skip
    assert set(described["paths"]) == paths
    event = described["components"]["schemas"]["CallEvent"]
    assert set(event["properties"]) == set(OFFERED) | {"cause"}
    assert event["required"] == ["call_id", "event"]
    assert all(value.get("description") for value in event["properties"].values())
    assert event["examples"]


def test_the_examples_of_the_description_are_taken() -> None:
    described = Client().get("/api/v1/openapi.json").json()
    for example in described["components"]["schemas"]["CallEvent"]["examples"]:
        response = post(example)
        assert response.status_code == 200, response.json()
    assert Interaction.objects.get().state == "abandoned"


def test_a_fault_of_ours_is_not_hidden_as_a_refusal(monkeypatch: Any) -> None:
    monkeypatch.setattr("contactcenter.calls.apply", lambda report: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        post(OFFERED)
    assert connection.is_usable()
