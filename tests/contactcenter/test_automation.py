"""What automation platforms are told: real happenings, the newest first, each with an id that never changes."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from contactcenter import agents
from contactcenter.automation import news
from contactcenter.models import InteractionEvent
from integrations.models import IntegrationAccount
from integrations.simulators.server import running
from integrations.simulators.zapier import BadAnswer, items_of
from tests.contactcenter import flow
from tests.contactcenter.flow import block
from tests.factories import AccountFactory, AgentFactory, DispositionFactory, InteractionEventFactory

pytestmark = pytest.mark.django_db(transaction=True)
EVENTS = "/clientweb/api/v1/workflow-events"
PASSWORD = "canary-of-zapier-1"
CONNECT = block("connect", "connect_call")


@pytest.fixture(autouse=True)
def zaps() -> IntegrationAccount:
    cache.clear()
    made: IntegrationAccount = AccountFactory(
        provider="zapier", name="Zaps", properties={"username": "zap"}, secrets={"password": PASSWORD}
    )
    return made


def ask(path: str = "", password: str = PASSWORD) -> Any:
    pair = base64.b64encode(f"zap:{password}".encode()).decode()
    return Client().get(f"{EVENTS}{path}", headers={"Authorization": f"Basic {pair}"})


def told(kind: str) -> list[dict[str, Any]]:
    answer = ask(f"/{kind}")
    assert answer.status_code == 200, answer.content
    return list(answer.json())


def call(*events: str, call_id: str = "call-1") -> Any:
    return flow.play(*events, call_id=call_id)


@pytest.fixture
def support() -> Callable[..., Any]:
    """A service with an agent who is ready, and these blocks before the call is connected."""

    def make(*blocks: dict[str, Any]) -> Any:
        service = flow.service(flow.flow(*blocks, CONNECT))
        return AgentFactory(login="agent1", state="READY", services=[service])

    return make


def test_a_call_is_told_at_each_step(support: Callable[..., Any]) -> None:
    agent = support()
    assert told("interaction_offered") == []
    interaction = call("offered", "answered", "released")
    (arrived,), (answered,), (ended,) = map(told, ("interaction_offered", "interaction_answered", "interaction_ended"))
    assert told("interaction_completed") == told("interaction_abandoned") == []
    assert {event["interaction"] for event in (arrived, answered, ended)} == {str(interaction.public_id)}
    assert len({event["id"] for event in (arrived, answered, ended)}) == 3
    assert (ended["event"], ended["service"], ended["agent"]) == (
        "interaction_ended", interaction.service.name, agent.login,
    )  # fmt: skip
    assert ended["customer_number"] == "+14155550132" and ended["media"] == "voice"
    assert ended["occurred_at"].endswith("Z") and ended["talk_seconds"] >= 0


def test_what_the_agent_chose_is_told_when_the_work_is_completed(support: Callable[..., Any]) -> None:
    support()
    interaction = call("offered", "answered", "released")
    interaction.disposition, interaction.notes = DispositionFactory(name="Solved"), "Wants a call on Monday"
    interaction.save()
    flow.complete(interaction)
    (event,) = told("interaction_completed")
    assert (event["disposition"], event["notes"], event["state"]) == (
        "Solved", "Wants a call on Monday", "completed",
    )  # fmt: skip


def test_the_caller_who_hangs_up_is_told_as_abandoned(support: Callable[..., Any]) -> None:
    support()
    call("offered", "abandoned")
    (event,) = told("interaction_abandoned")
    assert event["state"] == "abandoned" and event["answered_at"] is None
    assert event["disposition"] is None, "what is not known is null, never absent"


def test_the_newest_comes_first_and_ids_stay(support: Callable[..., Any]) -> None:
    support()
    call("offered", "abandoned", call_id="call-1")
    before = told("interaction_offered")
    call("offered", "abandoned", call_id="call-2")
    after = told("interaction_offered")
    assert [event["id"] for event in after[1:]] == [event["id"] for event in before]
    assert after[0]["id"] not in {event["id"] for event in before}


def test_at_most_a_hundred_are_told_in_a_few_queries(django_assert_num_queries: Any) -> None:
    for number in range(105):
        InteractionEventFactory(kind="released", key=f"released-{number}")
    with django_assert_num_queries(2):  # the account, the events
        events = told("interaction_ended")
    assert len(events) == 100
    numbers = [int(event["id"].removeprefix("event-")) for event in events]
    assert numbers == sorted(numbers, reverse=True) and numbers[0] == InteractionEvent.objects.latest("id").pk


def test_agents_and_their_states(support: Callable[..., Any]) -> None:
    agent = support()
    agents.change(agent, agents.Trigger.LOG_OUT)
    newest = told("agent_state_changed")[0]
    assert (newest["agent"], newest["state"], newest["event"]) == ("agent1", "LOGGED_OUT", "agent_state_changed")
    assert set(newest) == {"id", "event", "occurred_at", "agent", "agent_name", "team", "state", "reason"}


# -- what a scenario tells


def signal(**payload: Any) -> dict[str, Any]:
    return block("tell", "zapier_signal", {"signal": "vip_call", "payload": payload}, next="connect")


def test_a_scenario_says_which_data_are_told(support: Callable[..., Any]) -> None:
    variable = block("set", "set_variable", {"name": "order", "value": "4711"}, next="tell")
    support(variable, signal(order="$(order)", Level=7, caller="$(item.from)"))
    interaction = call("offered")
    (event,) = told("scenario_signal")
    assert (event["signal"], event["order"], event["level"]) == ("vip_call", "4711", 7)
    assert event["interaction"] == str(interaction.public_id)


def test_no_field_of_a_scenario_replaces_ours(support: Callable[..., Any]) -> None:
    support(signal(id="1", event="forged", occurred_at="never", interaction="mine", signal="other"))
    interaction = call("offered")
    (event,) = told("scenario_signal")
    assert event["id"].startswith("event-")
    assert (event["event"], event["signal"]) == ("scenario_signal", "vip_call")
    assert event["interaction"] == str(interaction.public_id)


def test_a_signal_that_is_repeated_after_a_crash_is_told_once(support: Callable[..., Any]) -> None:
    support()
    interaction = call("offered")
    for _ in range(2):
        news.signal(interaction, "vip_call", {"a": "b"}, key="signal:1")
    news.signal(interaction, "vip_call", {"a": "b"}, key="signal:2")
    assert len(told("scenario_signal")) == 2


# -- the door


def test_the_kinds_can_be_chosen_from_a_list() -> None:
    kinds = ask().json()
    assert [kind["id"] for kind in kinds] == list(news.KINDS)
    assert all(kind["name"] and kind["description"].endswith(".") for kind in kinds)
    assert [told(kind["id"]) for kind in kinds] == [[] for _ in kinds]


@pytest.mark.parametrize("path", ["", "/interaction_ended", "/nothing"])
def test_nobody_reads_without_the_password(path: str, zaps: IntegrationAccount) -> None:
    answer = ask(path, "wrong")
    assert answer.status_code == 401 and answer["WWW-Authenticate"].startswith("Basic ")
    assert list(answer.json()) == ["message"]
    assert ask(path).status_code in (200, 404)
    zaps.enabled = False
    zaps.save()
    assert ask(path).status_code == 401


def test_an_unknown_kind_is_told_with_the_known_ones() -> None:
    answer = ask("/nothing")
    assert answer.status_code == 404
    assert "interaction_ended" in answer.json()["message"]
    assert Client().post(EVENTS).status_code == 405


def test_a_conversation_without_an_answer_has_no_length() -> None:
    now = timezone.now()
    event = InteractionEventFactory(kind="released", interaction__answered_at=None, interaction__ended_at=now)
    assert told("interaction_ended")[0]["talk_seconds"] is None
    interaction = event.interaction
    interaction.answered_at = now - timedelta(seconds=75)
    interaction.save()
    assert told("interaction_ended")[0]["talk_seconds"] == 75


# -- the simulated zap


def test_a_simulated_zap_runs_once_for_what_is_new(support: Callable[..., Any], live_server: Any) -> None:
    support()
    with running(desktop_url=live_server.url) as address:

        def poll(event: str = "interaction_offered", password: str = PASSWORD) -> dict[str, Any]:
            form = {"event": event, "username": "zap", "password": password}
            headers = {"Accept": "application/json"}
            return dict(requests.post(f"{address}/zapier/poll", data=form, headers=headers, timeout=10).json())

        call("offered", "abandoned", call_id="call-1")
        assert poll() == {"ok": True, "says": "Switched on, 1 remembered", "items": []}
        call("offered", "abandoned", call_id="call-2")
        (item,) = poll()["items"]
        assert item["event"] == "interaction_offered"
        assert poll()["says"] == "0 new of 2"
        assert poll("nothing")["says"].startswith("HTTP 404: There is no event of this name")
        assert poll(password="wrong")["says"] == "HTTP 401: The username or password is not right."
        page = requests.get(f"{address}/zapier/", timeout=10).text
        assert item["id"] in page and PASSWORD not in page


@pytest.mark.parametrize(
    "body", [b"{}", b"[1]", b"<html>", b'[{"id": null}]', b'[{"a": 1}]', b'[{"id": 1}, {"id": 1}]', b'[{"id": [1]}]']
)
def test_what_zapiers_core_would_refuse_is_refused(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        items_of(200, body)
    assert items_of(200, b'[{"id": 2}, {"id": "1"}]') == [{"id": 2}, {"id": "1"}]
