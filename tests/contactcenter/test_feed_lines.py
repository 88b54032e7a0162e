"""Feeds that keep their connection: one line each in the dispatcher's process, against the simulated receiver."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contactcenter.feeds import dispatch, lines
from contactcenter.feeds.lines import Line, Lines
from contactcenter.models import AgentState, FeedState, NotReadyReason
from integrations import leases
from integrations.models import Health, IntegrationAccount
from tests.factories import AccountFactory, AdminFactory, AgentFactory
from tests.simulated import Simulators

KEY = "wfm_aspect"


def aspect(*, interval: int = 1, **options: Any) -> IntegrationAccount:
    return AccountFactory(provider=KEY, properties={"periodic_update_interval": interval}, **options)


def nothing(task: Any, account_id: int, expires: float) -> None:
    """Hand over to nobody."""


class Dispatcher:
    """What `manage.py run_feeds` does with lines, in a thread of its own."""

    def __init__(self) -> None:
        self.lines = Lines()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self.stopping.wait(0.05):
            dispatch.dispatch_due(hand_over=nothing)
            self.lines.look()
        self.lines.end()
        connections.close_all()

    def end(self) -> None:
        self.stopping.set()
        self.thread.join(20)
        assert not self.thread.is_alive()


@pytest.fixture
def dispatcher(simulated: Simulators) -> Iterator[Callable[[], Dispatcher]]:
    started: list[Dispatcher] = []

    def start() -> Dispatcher:
        started.append(Dispatcher())
        started[-1].thread.start()
        return started[-1]

    yield start
    for each in started:
        each.end()


def wait_for(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def board(simulated: Simulators) -> dict[str, Any]:
    return simulated.board(KEY)


def states(simulated: Simulators) -> dict[str, str]:
    return {agent["agent_id"]: agent["state"] for agent in board(simulated)["agents"]}


def test_one_connection_carries_everything_then_changes(simulated: Simulators, dispatcher: Any) -> None:
    aspect()
    ava, ben = AgentFactory(login="ava", state="READY"), AgentFactory(login="ben", state="READY")
    dispatcher()
    wait_for(lambda: states(simulated) == {"ava": "READY", "ben": "READY"})
    type(ava).objects.filter(pk=ava.pk).update(state=AgentState.LOGGED_OUT)
    type(ben).objects.filter(pk=ben.pk).update(state=AgentState.ACW)
    wait_for(lambda: states(simulated) == {"ben": "ACW"})
    wait_for(lambda: board(simulated)["keep_alive"] >= 2)
    seen = board(simulated)
    assert (seen["connections"], seen["full"], seen["delta"], seen["problems"]) == (1, 1, 1, [])
    feed = FeedState.objects.get()
    assert feed.sent >= 4 and feed.failed == 0
    assert IntegrationAccount.objects.get().health == Health.OK


def test_workers_get_nothing_of_it(simulated: Simulators) -> None:
    aspect()
    handed: list[Any] = []
    for seconds in range(3):
        dispatch.dispatch_due(timezone.now() + timedelta(seconds=seconds), lambda *work: handed.append(work))
    assert handed == [] and FeedState.objects.count() == 1


@pytest.mark.parametrize("fault", ["reset", "server_error"])
def test_a_receiver_that_was_restarted_gets_everything_first(
    simulated: Simulators, dispatcher: Any, fault: str
) -> None:
    account = aspect()
    AgentFactory(login="ava", state="READY")
    dispatcher()
    wait_for(lambda: board(simulated)["full"] == 1)
    simulated.fault(KEY, fault, times=2)
    wait_for(lambda: FeedState.objects.get().failed >= 1)
    wait_for(lambda: board(simulated)["full"] >= 2)
    seen = board(simulated)
    assert states(simulated) == {"ava": "READY"} and seen["problems"] == []
    wait_for(lambda: IntegrationAccount.objects.get(pk=account.pk).health == Health.OK)


def test_disabling_says_goodbye_and_enabling_begins_again(simulated: Simulators, dispatcher: Any) -> None:
    account = aspect()
    AgentFactory(login="ava", state="READY")
    dispatcher()
    wait_for(lambda: board(simulated)["full"] == 1)
    account.enabled = False
    account.save()
    wait_for(lambda: board(simulated)["goodbyes"] == 1)
    account.enabled = True
    account.save()
    wait_for(lambda: board(simulated)["full"] == 2)
    assert board(simulated)["problems"] == []


def test_settings_take_effect_on_a_new_line(simulated: Simulators, dispatcher: Any) -> None:
    account = aspect(interval=3600)
    AgentFactory(login="ava", state="READY")
    dispatcher()
    wait_for(lambda: board(simulated)["full"] == 1)
    account.properties = {"periodic_update_interval": 1}
    account.save()
    wait_for(lambda: board(simulated)["goodbyes"] == 1 and board(simulated)["full"] == 2)


def test_a_deleted_account_hangs_up(simulated: Simulators, dispatcher: Any) -> None:
    account = aspect()
    running = dispatcher()
    wait_for(lambda: board(simulated)["full"] == 1)
    account.delete()
    wait_for(lambda: running.lines.lines == {})


def test_the_end_of_the_dispatcher_says_goodbye_and_gives_the_line_away(simulated: Simulators, dispatcher: Any) -> None:
    aspect()
    running = dispatcher()
    wait_for(lambda: board(simulated)["full"] == 1)
    running.end()
    wait_for(lambda: board(simulated)["goodbyes"] == 1)
    assert FeedState.objects.filter(leases.free()).exists()


def test_of_two_dispatchers_one_sends_and_the_other_takes_over(simulated: Simulators, dispatcher: Any) -> None:
    aspect()
    AgentFactory(login="ava", state="READY")
    first = dispatcher()
    wait_for(lambda: board(simulated)["full"] == 1)
    dispatcher()
    wait_for(lambda: board(simulated)["keep_alive"] >= 2)
    assert board(simulated)["connections"] == 1
    first.end()
    wait_for(lambda: board(simulated)["full"] == 2)
    assert board(simulated)["problems"] == []


def test_a_lease_that_was_lost_ends_the_line(simulated: Simulators, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "EXTEND_SECONDS", 0.0)
    account = aspect()
    dispatch.dispatch_due(hand_over=nothing)
    line = Line(account.pk, account.updated_at)
    line.turn()
    assert line.line is not None
    FeedState.objects.update(lease_owner="somebody else", due_at=timezone.now())
    line.turn()
    assert line.line is None and FeedState.objects.get().sent == 1


def test_nothing_is_sent_of_a_picture_that_cannot_be_read(
    simulated: Simulators, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    caplog.set_level(logging.ERROR, lines.__name__)
    account = aspect()
    AgentFactory(login="ava", state="READY")
    dispatch.dispatch_due(hand_over=nothing)
    line = Line(account.pk, account.updated_at)
    with monkeypatch.context() as patched:

        def away(roster: Any) -> None:
            raise DatabaseError("half of it")

        patched.setattr(dispatch, "snapshot", away)
        for _ in range(2):
            FeedState.objects.update(due_at=timezone.now())
            line._safely()
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert board(simulated)["connections"] == 0
    FeedState.objects.update(due_at=timezone.now())
    line._safely()
    wait_for(lambda: states(simulated) == {"ava": "READY"})
    line._hang_up()


def test_a_receiver_that_can_be_told_so_learns_that_states_cannot_be_read(
    simulated: Simulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = AccountFactory(provider="wfm_verint", properties={"periodic_update_interval": 1})
    AgentFactory(login="ava", state="READY")
    dispatch.dispatch_due(hand_over=nothing)
    line = Line(account.pk, account.updated_at)
    line._safely()
    with monkeypatch.context() as patched:

        def away(roster: Any) -> None:
            raise DatabaseError("half of it")

        patched.setattr(dispatch, "snapshot", away)
        for _ in range(3):
            FeedState.objects.update(due_at=timezone.now())
            line._safely()
    wait_for(lambda: simulated.board("wfm_verint")["unavailable"] == 1)
    FeedState.objects.update(due_at=timezone.now())
    line._safely()
    wait_for(lambda: simulated.board("wfm_verint")["normal"] == 2)
    assert simulated.board("wfm_verint")["problems"] == [] and simulated.board("wfm_verint")["health"] == "normal"
    line._hang_up()


def test_what_the_receiver_says_and_every_connection_is_kept(
    simulated: Simulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = aspect()
    dispatch.dispatch_due(hand_over=nothing)
    line = Line(account.pk, account.updated_at)
    line.turn()
    said = iter([b"x" * 300, b"ERR\x00\xff", b""])
    monkeypatch.setattr(line.line, "listen", lambda: next(said, b""))
    for _ in range(3):
        line.turn()
    feed = FeedState.objects.get()
    assert feed.last_heard == "x" * 251 + "ERR\\x00\\xff" and feed.last_heard_at is not None
    assert sum(feed.minutes.values_list("connected", flat=True)) == 1
    assert (feed.last_kind, feed.last_agents, feed.last_size) == ("full", 0, 64)
    line._hang_up()


def test_a_clock_that_is_set_back_holds_no_line_up(simulated: Simulators) -> None:
    account = aspect()
    dispatch.dispatch_due(hand_over=nothing)
    line = Line(account.pk, account.updated_at)
    line.turn()
    FeedState.objects.update(due_at=timezone.now() + timedelta(hours=1))
    dispatch.dispatch_due(hand_over=nothing)
    line.turn()
    assert FeedState.objects.get().sent == 2
    line._hang_up()


def test_a_line_whose_holder_died_before_the_clock_was_set_back_is_taken_over(simulated: Simulators) -> None:
    account = aspect()
    dispatch.dispatch_due(hand_over=nothing)
    ahead = timezone.now() + timedelta(hours=3)
    FeedState.objects.update(lease_owner="a dispatcher that died", leased_until=ahead, due_at=ahead)
    dispatch.dispatch_due(hand_over=nothing)
    line = Line(account.pk, account.updated_at)
    line.turn()
    assert FeedState.objects.get().sent == 1
    line._hang_up()


def test_a_receiver_that_does_not_read_holds_up_nobody_else(
    simulated: Simulators, dispatcher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    aspect()
    stuck, go_on = threading.Event(), threading.Event()
    original = Line.turn

    def turn(self: Line) -> None:
        stuck.set()
        go_on.wait(10)
        original(self)

    monkeypatch.setattr(Line, "turn", turn)
    running = dispatcher()
    assert stuck.wait(5)
    began = time.monotonic()
    for _ in range(5):
        running.lines.look()
    assert time.monotonic() - began < 2
    go_on.set()
    wait_for(lambda: board(simulated)["full"] == 1)


@pytest.mark.parametrize(("provider", "words"), [("wfm_aspect", "is left out"), ("wfm_http", "has no code")])
def test_the_account_page_says_what_does_not_arrive(db: None, provider: str, words: str) -> None:
    account = AccountFactory(provider=provider, properties={})
    reason = NotReadyReason.objects.create(key="yoga", name="Yoga")
    AgentFactory(login="a-login-that-is-far-too-long", state="NOT_READY", reason=reason)
    FeedState.objects.create(account=account, due_at=timezone.now(), interval=10)
    client = Client()
    client.force_login(AdminFactory())
    page = client.get(reverse("admin:integrations_integrationaccount_change", args=[account.pk])).content.decode()
    assert words in page and "“Yoga” has no code" in page
