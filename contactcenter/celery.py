"""The Celery application: which broker, which tasks, and what the scheduler starts how often.

The scheduler starts few things: one sweep a second that finds due rows, and housekeeping. Feeds are started by
`manage.py run_feeds`, on the quarter second. Every entry expires before the next one is due, so that an outage never
ends in a burst."""

import gc
import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, worker_init, worker_process_init, worker_ready
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")

SWEEP_SECONDS = 1.0
TOKEN_SECONDS = 5.0
CHECK_SECONDS = 60.0

app = Celery("contactcenter")


def schedule() -> dict[str, dict[str, Any]]:
    """What the scheduler starts: dotted task name, seconds or crontab, and when a late message is worthless."""
    ours, theirs = "contactcenter.tasks", "integrations.tasks"
    return {
        "sweep": every(SWEEP_SECONDS, f"{ours}.sweep"),
        "refresh-due-tokens": every(TOKEN_SECONDS, f"{theirs}.refresh_due_tokens"),
        "process-inbound-events": every(TOKEN_SECONDS, f"{theirs}.process_events"),
        "check-accounts": every(CHECK_SECONDS, f"{theirs}.check_accounts"),
        "work-on-checks": every(TOKEN_SECONDS, f"{theirs}.work_on_checks"),
        "work-on-agent-checks": every(TOKEN_SECONDS, f"{ours}.work_on_agent_checks"),
        "tell-of-feeds": every(TOKEN_SECONDS, f"{ours}.tell_of_feeds"),
        "work-on-reports": every(CHECK_SECONDS, f"{ours}.work_on_reports"),
        "ask-for-agent-checks": at(crontab(minute="*/10"), f"{ours}.ask_for_agent_checks", expires=600),
        "remind-of-ends": at(crontab(minute="20"), f"{theirs}.remind_of_ends", expires=1800),
        "prune-integrations": at(crontab(minute="12"), f"{theirs}.prune", expires=1800),
        "housekeeping": at(crontab(minute="7"), f"{ours}.housekeeping", expires=1800),
    }


def every(seconds: float, task: str) -> dict[str, Any]:
    """A message that is not read before the next one is sent is worthless."""
    return at(seconds, task, expires=seconds)


def at(when: Any, task: str, *, expires: float) -> dict[str, Any]:
    return {"task": task, "schedule": when, "options": {"expires": expires}}


def defaults() -> dict[str, Any]:
    """Ours under those of the settings; called when the configuration is first needed, not at import."""
    from django.conf import settings

    embedded = settings.CELERY_BROKER_URL.startswith("filesystem")
    if embedded:
        from .broker import install

        options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
        install([str(options["data_folder_in"]), str(options["control_folder"])])
    return {
        "beat_schedule": schedule(),
        # In memory: the file of the usual scheduler breaks when its process is killed while writing it.
        "beat_scheduler": "celery.beat:Scheduler",
        "beat_max_loop_interval": SWEEP_SECONDS,
        # What must happen on the second waits in a queue of its own, never behind a slow vendor.
        "task_queues": [Queue("celery"), Queue("clock")],
        "task_routes": {"contactcenter.tasks.sweep": {"queue": "clock"}},
        "worker_enable_remote_control": not embedded,
        "worker_send_task_events": False,
        "task_publish_retry": False,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
    }


app.add_defaults(defaults)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def refuse_unsafe_settings(**kwargs: Any) -> None:
    """A worker of a real installation does not start on the keys for trying out."""
    from .operations.checks import refuse_unsafe_settings as refuse

    refuse()


@worker_ready.connect
@worker_process_init.connect
def keep_collector_off_the_code(**kwargs: Any) -> None:
    """What the start has loaded stays for good: a feed of 10,000 agents would make the collector walk it each time."""
    gc.collect()
    gc.freeze()
