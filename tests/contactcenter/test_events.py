"""Agent events: numbered without holes, kept for a day, rung for by a bell that may be away."""

import json
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import connection, transaction
from django.utils import timezone

from contactcenter import bell, events
from contactcenter.models import Agent, AgentEvent
from tests.factories import AgentEventFactory, AgentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def rung(settings: Any) -> Any:
    """A bell of this test's own: its state and clients are forgotten afterwards."""
    bell._state.__init__()
    yield settings
    bell._state.__init__()
    bell.client.cache_clear()


def test_events_are_numbered_per_agent() -> None:
    first, second = AgentFactory(), AgentFactory()
    numbers = [events.tell(agent, "notice", {}).number for agent in (first, first, second, first)]
    assert numbers == [1, 2, 1, 3]
    assert first.last_event_number == 3


def test_an_event_belongs_to_the_transaction_that_causes_it() -> None:
    agent = AgentFactory()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        events.tell(agent, "notice", {})
        raise ZeroDivisionError
    assert AgentEvent.objects.count() == 0
    assert events.tell(agent, "notice", {}).number == 1


def test_a_desktop_that_was_away_reads_what_it_missed() -> None:
    agent = AgentFactory()
    for number in range(5):
        events.notice(agent, f"Number {number + 1}")
    assert [event.data["text"] for event in events.since(agent, 3)] == ["Number 4", "Number 5"]
    assert events.since(agent, 5) == []


def test_a_long_absence_is_caught_up_in_portions(monkeypatch: Any) -> None:
    monkeypatch.setattr(events, "MOST_AT_ONCE", 2)
    agent = AgentFactory()
    for _ in range(3):
        events.notice(agent, "Hello")
    assert [event.number for event in events.since(agent, 0)] == [1, 2]
    assert [event.number for event in events.since(agent, 2)] == [3]


def test_old_events_are_forgotten_and_numbers_go_on() -> None:
    agent = AgentFactory(last_event_number=1)
    AgentEventFactory(agent=agent, number=1)
    AgentEvent.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert events.prune() == 1
    assert events.tell(agent, "notice", {}).number == 2


@pytest.mark.django_db(transaction=True)
def test_many_writers_at_once_leave_no_hole_and_no_double() -> None:
    agent = AgentFactory()

    def tell() -> None:
        for _ in range(5):
            events.tell(Agent.objects.get(pk=agent.pk), "notice", {})
        connection.close()

    threads = [threading.Thread(target=tell) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [event.number for event in agent.desktop_events.order_by("number")] == list(range(1, 41))


# -- the bell


@pytest.mark.redis
def test_the_bell_carries_the_event_after_the_commit(
    rung: Any, redis_url: str, django_capture_on_commit_callbacks: Any
) -> None:
    rung.REDIS_URL = redis_url
    agent = AgentFactory()
    with redis.Redis.from_url(redis_url) as client, client.pubsub(ignore_subscribe_messages=True) as ear:
        ear.subscribe("agent-events")
        wait_for(lambda: client.pubsub_numsub("agent-events")[0][1] == 1)
        with django_capture_on_commit_callbacks() as callbacks:
            events.notice(agent, "Hello")
        ear.get_message(timeout=0.1)
        assert ear.get_message(timeout=0.1) is None
        for callback in callbacks:
            callback()
        heard = json.loads(wait_for(lambda: ear.get_message(timeout=1))["data"])
    assert heard == {
        "agent": agent.pk,
        "number": 1,
        "kind": "notice",
        "data": {"level": "info", "text": "Hello"},
    }


def test_without_redis_nothing_is_rung(rung: Any) -> None:
    rung.REDIS_URL = ""
    bell.ring(AgentEventFactory())


@pytest.mark.redis
def test_a_redis_that_is_away_is_logged_once_and_once_more_when_it_is_back(
    rung: Any, redis_url: str, caplog: Any, monkeypatch: Any
) -> None:
    caplog.set_level("INFO", logger="contactcenter.bell")
    monkeypatch.setattr(bell, "PAUSE_SECONDS", 0.0)
    event = AgentEventFactory()
    rung.REDIS_URL = "redis://127.0.0.1:1"
    for _ in range(3):
        bell.ring(event)
    rung.REDIS_URL = redis_url
    for _ in range(3):
        bell.ring(event)
    lines = [record.getMessage() for record in caplog.records if record.name == "contactcenter.bell"]
    assert [line.split(" agent")[0] for line in lines] == ["Redis does not take", "Redis takes"]


def test_after_a_failure_nobody_waits_for_redis_for_a_moment(rung: Any, monkeypatch: Any) -> None:
    rung.REDIS_URL = "redis://127.0.0.1:1"
    tried: list[str] = []
    publish = bell._publish
    monkeypatch.setattr(bell, "_publish", lambda text: (tried.append(text), publish(text)))
    event = AgentEventFactory()
    for _ in range(3):
        bell.ring(event)
    assert len(tried) == 1


def test_an_address_that_is_none_does_not_break_a_command(rung: Any) -> None:
    rung.REDIS_URL = "nonsense"
    bell.ring(AgentEventFactory())


def wait_for(look: Any) -> Any:
    until = time.monotonic() + 5
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("It did not happen within five seconds.")
