"""What the workers do, and what the scheduler starts."""

import logging
import os
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from contactcenter import nudge, routing, tasks
from contactcenter.celery import app, schedule
from contactcenter.models import AgentEvent, Heartbeat, Interaction, InteractionState
from tests.factories import AgentEventFactory, AgentFactory, InteractionFactory

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parent.parent.parent


class Task:
    """Stands in for a Celery task whose broker may be away."""

    def __init__(self, broker_away: bool = False) -> None:
        self.broker_away = broker_away
        self.sent: list[tuple[Any, ...]] = []

    def apply_async(self, args: tuple[Any, ...], *, expires: float | None, retry: bool) -> None:
        if self.broker_away:
            raise OperationalError("connection refused")
        self.sent.append(args)


# -- the schedule


def test_everything_the_scheduler_starts_exists_and_expires_before_its_next_turn():
    app.loader.import_default_modules()
    for name, entry in schedule().items():
        assert entry["task"] in app.tasks, name
        interval = entry["schedule"]
        if isinstance(interval, float):
            assert entry["options"]["expires"] <= interval


def test_the_sweep_waits_in_a_queue_of_its_own():
    route = app.amqp.router.route({}, "contactcenter.tasks.sweep")
    assert route["queue"].name == "clock"
    assert app.amqp.router.route({}, "contactcenter.tasks.push_feed")["queue"].name == "celery"
    assert {queue.name for queue in app.conf.task_queues} == {"celery", "clock"}


def test_the_schedule_is_kept_in_memory_because_a_file_breaks_when_its_writer_is_killed():
    assert app.conf.beat_scheduler == "celery.beat:Scheduler"


# -- the sweep


def test_the_sweep_does_what_is_due():
    agent = AgentFactory(login="ava", state="RINGING")
    long_ago = timezone.now() - timedelta(minutes=5)
    call = InteractionFactory(agent=agent, state=InteractionState.RINGING, ringing_at=long_ago, offered_at=long_ago)

    tasks.sweep()

    agent.refresh_from_db()
    call.refresh_from_db()
    assert (agent.state, agent.reason.key) == ("NOT_READY", "no_answer")
    assert call.state == InteractionState.QUEUED
    assert Heartbeat.objects.get(name="scheduler").at > timezone.now() - timedelta(seconds=5)


def test_a_part_of_the_sweep_that_breaks_leaves_the_others_running(monkeypatch, caplog):
    agent = AgentFactory(state="ACW")
    ended = timezone.now() - timedelta(hours=1)
    call = InteractionFactory(agent=agent, state=InteractionState.WRAP_UP, answered_at=ended, ended_at=ended)

    def broken(now: object) -> int:
        raise ValueError("a fault in the code")

    with monkeypatch.context() as patched:
        patched.setattr(routing, "expire_ringing", broken)
        tasks.sweep()
    assert "ringing calls" in caplog.text
    assert "a fault in the code" in caplog.text
    assert Interaction.objects.get(pk=call.pk).state == InteractionState.COMPLETED

    caplog.clear()
    tasks.sweep()
    assert "ringing calls" not in caplog.text


def test_a_sign_of_life_is_written_every_two_seconds_at_most(time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    Heartbeat.leave("feeds")
    first = Heartbeat.objects.get(name="feeds").at
    time_machine.shift(1)
    Heartbeat.leave("feeds")
    assert Heartbeat.objects.get(name="feeds").at == first
    time_machine.shift(1)
    Heartbeat.leave("feeds")
    assert Heartbeat.objects.get(name="feeds").at == first + timedelta(seconds=2)


def test_housekeeping_forgets_old_agent_events():
    old, fresh = AgentEventFactory(), AgentEventFactory()
    AgentEvent.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=30))

    tasks.housekeeping()

    assert list(AgentEvent.objects.values_list("pk", flat=True)) == [fresh.pk]


@pytest.mark.parametrize(
    ("task", "argument"),
    [
        (tasks.push_feed, 4711),
        (tasks.send_keep_alive, 4711),
        (tasks.push_recording, 4711),
        (tasks.close_recording, 4711),
        (tasks.advance_run, 4711),
        (tasks.deliver_record, "gone"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_task_for_a_row_that_is_gone_does_nothing(task, argument):
    task(argument)


# -- nudges


def test_a_nudge_is_sent_when_the_transaction_commits(django_capture_on_commit_callbacks):
    task = Task()
    with django_capture_on_commit_callbacks(execute=True):
        nudge.nudge(task, 1)
        assert task.sent == []
    assert task.sent == [(1,)]


@pytest.mark.django_db(transaction=True)
def test_a_nudge_of_a_transaction_that_is_rolled_back_is_never_sent():
    task = Task()
    with pytest.raises(ValueError, match="no"), transaction.atomic():
        nudge.nudge(task, 1)
        raise ValueError("no")
    assert task.sent == []

    nudge.nudge(task, 2)
    assert task.sent == [(2,)]


def test_a_broker_that_is_away_is_logged_once_and_once_when_it_is_back(caplog, monkeypatch):
    caplog.set_level(logging.INFO, "contactcenter.nudge")
    monkeypatch.setattr(nudge, "_broker", nudge.Broker())
    monkeypatch.setattr(nudge, "PAUSE_SECONDS", 0)
    task = Task(broker_away=True)
    assert [nudge.send(task, 1), nudge.send(task, 2)] == [False, False]
    assert [record.levelname for record in caplog.records] == ["WARNING"]

    task.broker_away = False
    assert [nudge.send(task, 3), nudge.send(task, 4)] == [True, True]
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert task.sent == [(3,), (4,)]


def test_nobody_waits_again_and_again_for_a_broker_that_is_away(monkeypatch, time_machine):
    monkeypatch.setattr(nudge, "_broker", nudge.Broker())
    task = Task(broker_away=True)
    nudge.send(task, 1)
    task.broker_away = False
    assert nudge.send(task, 2) is False, "not even tried"

    monkeypatch.setattr(nudge._broker, "paused_until", 0.0)
    assert nudge.send(task, 3) is True


def test_a_real_broker_that_refuses_or_says_nothing_holds_nobody_up(tmp_path):
    """In a process of its own, because this one's Celery has its broker in memory."""
    code = (
        "import time, django; django.setup(); from contactcenter import nudge, tasks; began = time.monotonic();"
        "print(nudge.send(tasks.push_feed, 1), nudge.send(tasks.push_feed, 1), time.monotonic() - began)"
    )
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.socket() as refusing:
        refusing.bind(("127.0.0.1", 0))
        for port in (silent.getsockname()[1], refusing.getsockname()[1]):
            environment = {
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "contactcenter.settings",
                "REDIS_URL": f"redis://127.0.0.1:{port}/0",
                "VAR_DIR": str(tmp_path),
            }
            command = [sys.executable, "-c", code]
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
            first, second, seconds = done.stdout.split()
            assert (first, second) == ("False", "False"), done.stderr
            assert float(seconds) < 8
