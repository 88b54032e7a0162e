"""The one picture that all feeds send."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections
from django.utils import timezone

from contactcenter.feeds.roster import read_roster
from contactcenter.feeds.snapshots import midnight, snapshot
from contactcenter.models import Agent, AgentState, InteractionState
from tests.factories import (
    AgentFactory,
    ContactCenterFactory,
    InteractionFactory,
    NotReadyReasonFactory,
    ServiceFactory,
    TeamFactory,
)

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon(time_machine) -> None:
    time_machine.move_to(NOON, tick=False)


def ago(seconds: float) -> datetime:
    return timezone.now() - timedelta(seconds=seconds)


def test_agents_are_sorted_by_login_and_logged_out_ones_are_left_out():
    AgentFactory(login="zoe", state=AgentState.READY)
    AgentFactory(login="adam", state=AgentState.BUSY)
    AgentFactory(login="gone", state=AgentState.LOGGED_OUT)

    assert [agent.login_id for agent in snapshot().agents] == ["adam", "zoe"]


def test_an_agent_shows_all_that_is_known_and_none_for_what_is_not():
    support = ServiceFactory(name="Support")
    sales = ServiceFactory(name="Sales")
    full = AgentFactory(
        login="ava", state=AgentState.NOT_READY, reason=NotReadyReasonFactory(key="lunch", name="Lunch"),
        team=TeamFactory(name="Team A"), employee_id="E-1", extension="1001", state_since=ago(90),
        services=[support, sales],
    )  # fmt: skip
    bare = AgentFactory(login="ben", state=AgentState.READY, user__first_name="", user__last_name="")

    ava, ben = snapshot().agents

    assert (ava.employee_id, ava.extension, ava.team, ava.reason) == ("E-1", "1001", "Team A", "Lunch")
    assert (ava.first_name, ava.last_name) == (full.user.first_name, full.user.last_name)
    assert ava.services == ("Sales", "Support")
    assert ava.state_since == ago(90)
    assert (ben.employee_id, ben.first_name, ben.last_name, ben.team, ben.reason) == (None, None, None, None, None)
    assert (ben.extension, ben.services, ben.active) == (bare.extension, (), None)


def test_a_ringing_agent_is_busy_and_a_reason_is_told_only_while_not_ready():
    lunch = NotReadyReasonFactory(key="lunch")
    AgentFactory(login="ava", state=AgentState.RINGING, reason=lunch)

    (ava,) = snapshot().agents

    assert (ava.state, ava.reason) == ("BUSY", None)


def test_the_call_an_agent_talks_on_is_told_before_one_that_rings():
    support = ServiceFactory(name="Support")
    ava = AgentFactory(login="ava", state=AgentState.BUSY)
    ben = AgentFactory(login="ben", state=AgentState.BUSY)
    InteractionFactory(agent=ava, service=support, state=InteractionState.RINGING, ringing_at=ago(5))
    InteractionFactory(agent=ava, service=support, state=InteractionState.ACTIVE, answered_at=ago(60))
    InteractionFactory(
        agent=ben, service=support, state=InteractionState.HELD, answered_at=ago(30), direction="outbound"
    )
    InteractionFactory(agent=ben, service=support, state=InteractionState.WRAP_UP, answered_at=ago(300))

    first, second = snapshot().agents

    assert first.active is not None and second.active is not None
    assert (first.active.started_at, first.active.on_hold, first.active.service) == (ago(60), False, "Support")
    assert (second.active.direction, second.active.on_hold, second.active.media) == ("outbound", True, "voice")


def test_a_service_counts_its_agents_and_what_waits():
    support = ServiceFactory(name="Support", code="support")
    for state in ("READY", "READY", "BUSY", "RINGING", "ACW", "NOT_READY", "LOGGED_OUT", "SUPERVISING"):
        AgentFactory(state=state, services=[support])
    AgentFactory(state="READY")
    for waited in (10, 41, 3):
        InteractionFactory(service=support, state=InteractionState.QUEUED, offered_at=ago(60), queued_at=ago(waited))
    InteractionFactory(service=support, state=InteractionState.ACTIVE, offered_at=ago(60), answered_at=ago(50))

    (service,) = snapshot().services

    assert (service.agents_logged_in, service.agents_ready, service.agents_busy) == (7, 2, 2)
    assert (service.agents_acw, service.agents_not_ready) == (1, 1)
    assert (service.waiting, service.longest_wait, service.active) == (3, 41, 1)


def test_the_day_is_counted_from_the_contact_centres_midnight():
    ContactCenterFactory(time_zone="America/New_York")  # midnight there was seven hours ago
    support = ServiceFactory(service_level_seconds=20)
    other = ServiceFactory(service_level_seconds=5)
    fast = {"answered_at": ago(3590), "ended_at": ago(3490), "completed_at": ago(3390), "state": "completed"}
    slow = {"answered_at": ago(3570), "ended_at": ago(3500), "state": "wrap_up"}
    early = {"offered_at": ago(3600), "queued_at": ago(3600)}
    InteractionFactory(service=support, **early, **fast)
    InteractionFactory(service=support, **early, **slow)
    InteractionFactory(service=support, **early, state="abandoned", ended_at=ago(3598))
    InteractionFactory(service=support, **early, state="abandoned", ended_at=ago(3500))
    InteractionFactory(service=support, offered_at=ago(3600), state="new")
    InteractionFactory(service=support, offered_at=ago(7 * 3600 + 1), state="new")
    InteractionFactory(service=support, **early, direction="outbound")
    InteractionFactory(service=other, **early, **fast)

    figures = {service.code: service for service in snapshot().services}

    mine = figures[support.code]
    assert (mine.received, mine.queued, mine.answered) == (5, 4, 2)
    assert (mine.abandoned, mine.abandoned_short, mine.answered_in_sl) == (2, 1, 1)
    assert (mine.asa, mine.aht) == (20.0, 200.0)
    assert mine.since == datetime(2026, 11, 20, 5, tzinfo=UTC)
    assert figures[other.code].answered_in_sl == 0


def test_without_calls_averages_are_unknown_and_counts_are_zero():
    ServiceFactory()

    (service,) = snapshot().services

    assert (service.asa, service.aht, service.received, service.longest_wait) == (None, None, 0, 0)


def test_services_that_are_switched_off_are_left_out():
    ServiceFactory(name="Old", enabled=False)
    AgentFactory(login="ava", state="READY", services=[ServiceFactory(name="New"), *ServiceFactory.create_batch(0)])

    picture = snapshot()

    assert [service.name for service in picture.services] == ["New"]
    assert picture.agents[0].services == ("New",)


def test_an_empty_contact_centre_is_a_picture_too():
    picture = snapshot()

    assert (picture.agents, picture.services, picture.tenant) == ((), (), "example")


def test_midnight_on_the_day_the_clocks_change_is_a_real_moment():
    assert midnight(datetime(2026, 3, 29, 12, tzinfo=UTC), "Europe/Berlin") == datetime(2026, 3, 28, 23, tzinfo=UTC)


def test_the_number_of_queries_does_not_grow_with_the_agents(django_assert_num_queries, django_assert_max_num_queries):
    ContactCenterFactory()
    support = ServiceFactory()
    AgentFactory.create_batch(2, state="READY", services=[support])
    with django_assert_max_num_queries(8) as few:
        snapshot()
    AgentFactory.create_batch(20, state="READY", services=[support])

    with django_assert_num_queries(len(few)):
        snapshot()


def test_who_the_agents_are_may_have_been_read_before_and_is_read_again_where_it_does_not_serve(monkeypatch):
    ContactCenterFactory()
    ava = AgentFactory(login="ava", state="READY")
    before = read_roster()
    User.objects.filter(pk=ava.user_id).update(first_name="Renamed")
    assert snapshot(before).agents[0].first_name != "Renamed"  # a few seconds old, by agreement

    AgentFactory(login="ben", state="READY")
    assert [a.login_id for a in snapshot(before).agents] == ["ava", "ben"]  # somebody new: nobody is left out
    Agent.objects.filter(user__username="ben").delete()
    monkeypatch.setattr("contactcenter.feeds.roster.LONGEST_AGE", -1.0)
    assert snapshot(before).agents[0].first_name == "Renamed"


def test_agents_come_in_the_order_of_characters_whatever_the_database_sorts_like():
    ContactCenterFactory()
    for login in ("b", "a.c", "aB", "ab", "B"):
        AgentFactory(login=login, state="READY")
    logins = [agent.login_id for agent in snapshot().agents]
    assert logins == sorted(logins)


@pytest.mark.django_db(transaction=True)
def test_what_is_written_while_a_picture_is_taken_waits_for_the_next_one(monkeypatch):
    ContactCenterFactory()
    support = ServiceFactory()
    AgentFactory(login="ava", state="READY", services=[support])

    from contactcenter.feeds import snapshots

    read_open = snapshots.read_open

    def with_a_writer(now):
        found = read_open(now)
        thread = threading.Thread(target=log_everybody_out)
        thread.start()
        thread.join(10)
        assert not thread.is_alive(), "taking a picture must not keep others from writing"
        return found

    monkeypatch.setattr(snapshots, "read_open", with_a_writer)
    assert [agent.state for agent in snapshot().agents] == ["READY"]
    monkeypatch.undo()
    assert snapshot().agents == ()
    assert connection.get_autocommit()


def log_everybody_out() -> None:
    Agent.objects.update(state=AgentState.LOGGED_OUT)
    connections.close_all()
