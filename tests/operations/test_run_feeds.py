"""The process that keeps feeds on time."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest
from django.db import OperationalError

from contactcenter.feeds import dispatch as feeds
from contactcenter.management.commands import run_feeds
from contactcenter.models import FeedState, Heartbeat
from contactcenter.models import RecordingQueueItem as Item
from tests.factories import AccountFactory, AgentFactory, FeedStateFactory
from tests.simulated import Simulators


def nothing(task: Any, account_id: int, expires: float) -> None:
    """Hand over to nobody."""


class Run:
    """The loop in a thread, as `manage.py run_feeds` runs it."""

    def __init__(self, hand_over: feeds.HandOver = nothing) -> None:
        self.stopping = threading.Event()
        self.loop = run_feeds.Loop(self.stopping, hand_over)
        self.thread = threading.Thread(target=self.loop.run)

    def __enter__(self) -> run_feeds.Loop:
        self.thread.start()
        return self.loop

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.thread.join(10)
        assert not self.thread.is_alive(), "the loop stops within a tick"


def wait_for(condition: Any, seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True)
def test_it_looks_every_quarter_of_a_second_and_leaves_a_sign_of_life(monkeypatch):
    looks: list[float] = []
    monkeypatch.setattr(feeds, "dispatch_due", lambda hand_over: looks.append(time.monotonic()))

    with Run():
        wait_for(lambda: len(looks) >= 5)

    gaps = [later - earlier for earlier, later in pairwise(looks)]
    assert sum(gaps) / len(gaps) == pytest.approx(0.25, abs=0.05)
    assert Heartbeat.objects.filter(name="feeds").exists()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_is_logged_once_and_the_loop_goes_on(monkeypatch, caplog):
    caplog.set_level(logging.INFO, run_feeds.__name__)
    away = threading.Event()
    away.set()
    looks: list[int] = []

    def dispatch(hand_over: feeds.HandOver) -> None:
        looks.append(1)
        if away.is_set():
            raise OperationalError("server closed the connection")

    monkeypatch.setattr(feeds, "dispatch_due", dispatch)
    with Run():
        wait_for(lambda: len(looks) >= 3)
        away.clear()
        wait_for(lambda: len(looks) >= 6)

    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]


def test_inline_it_sends_by_itself_and_on_time(simulated: Simulators):
    AccountFactory(provider="wfm_http", properties={"periodic_update_interval": 1})
    AgentFactory(login="ava", state="READY")

    with ThreadPoolExecutor(4) as pool, Run(run_feeds.inline(pool)):
        wait_for(lambda: FeedState.objects.filter(sent__gte=3).exists(), 8)

    assert [agent["login_id"] for agent in simulated.board("wfm_http")["agents"]] == ["ava"]
    assert FeedState.objects.get().failed == 0


def test_work_that_breaks_inline_is_logged_and_the_next_goes_through(simulated: Simulators, monkeypatch, caplog):

    account = AccountFactory(provider="wfm_http")
    FeedStateFactory(account=account)
    with ThreadPoolExecutor(1) as pool:
        hand_over = run_feeds.inline(pool)
        with monkeypatch.context() as patched:
            patched.setattr(feeds, "push", lambda pk: 1 / 0)
            hand_over(feeds.tasks.push_feed, account.pk, 1.0)
            wait_for(lambda: "push_feed failed" in caplog.text)
        hand_over(feeds.tasks.push_feed, account.pk, 1.0)
    assert FeedState.objects.get().sent == 1


@pytest.mark.django_db(transaction=True)
def test_a_new_start_tells_recorders_the_state_of_everything():
    account = AccountFactory(provider="nice", properties={"username": "x", "keep_alive_update_interval": 60})
    FeedStateFactory(account=account, session_open=True)

    with Run():
        wait_for(lambda: Item.objects.filter(type="session.start").exists())

    assert Item.objects.count() == 1
