"""What the workers do for accounts. Each task may come twice, late or not at all: the rows say what is due."""

import logging
import threading
from typing import Any

from celery import shared_task

from . import doors, quotas, webhooks
from .diagnosis import check_runs, check_ups
from .expiry import reminders
from .oauth import access
from .wire import wirelog

logger = logging.getLogger(__name__)

TOGETHER_SECONDS = 0.02


@shared_task
def refresh_due_tokens() -> int:
    """Every few seconds: renew tokens before they end."""
    return access.refresh_due()


@shared_task
def check_accounts() -> int:
    """Every minute: test accounts that have no token to renew, each every half hour."""
    return check_ups.check_due()


@shared_task
def work_on_checks() -> int:
    """Every few seconds, and several times at once when somebody asks: test the accounts of an open check."""
    return check_runs.work()


@shared_task
def remind_of_ends() -> int:
    """Every hour: tell by mail what ends in 30, 7 and 1 days."""
    return reminders.remind()


@shared_task
def process_events() -> int:
    """Soon after an event came in, and every few seconds: hand inbound events to the domain."""
    return webhooks.process_waiting()


@shared_task
def prune() -> int:
    """Every hour: forget old rows of the wire log, old events, checks, reminders and daily counts."""
    return wirelog.prune() + webhooks.prune() + check_runs.prune() + reminders.prune() + quotas.prune()


def work_on_checks_soon() -> None:
    """Have an open check worked on now, on several lanes, because vendors are slow."""
    for _lane in range(check_runs.MOST_AT_ONCE):
        if not _soon(work_on_checks):
            return


def _soon(task: Any) -> bool:
    if doors.current() is not None:
        return False
    try:
        task.apply_async(retry=False)
    except Exception as error:  # the broker's libraries raise what they like
        logger.warning("The broker is away (%s): %s waits for its next regular turn.", type(error).__name__, task.name)
        return False
    return True


class Soon:
    """Sends a task a moment later and from a thread of its own: the vendor's answer never waits for the broker, and
    what comes in meanwhile needs no message of its own. A broker that is away costs a few seconds, not the event."""

    def __init__(self, task: Any) -> None:
        self.task = task
        self.pending = threading.Lock()

    def __call__(self) -> None:
        if doors.current() is None and self.pending.acquire(blocking=False):
            timer = threading.Timer(TOGETHER_SECONDS, self._send)
            timer.daemon = True
            timer.start()

    def _send(self) -> None:
        self.pending.release()  # before sending: what is stored from now on needs the next message
        _soon(self.task)


process_events_soon = Soon(process_events)
