"""Tell a worker that there is something to do, after the transaction that made it so.

A nudge only speeds things up. What has to be done is a row, and the sweep finds it within a second or two: so a
broker that is away costs time, never work, and never breaks a page or an agent's command."""

import logging
import time
from functools import partial
from typing import Any

from django.db import transaction
from kombu.exceptions import KombuError

from integrations import doors

logger = logging.getLogger(__name__)

# After a failure nobody waits for the broker again for so long: a silent one costs seconds each time.
PAUSE_SECONDS = 5.0


class Broker:
    """What this process last saw of the broker."""

    def __init__(self) -> None:
        self.away = False
        self.paused_until = 0.0

    def is_paused(self) -> bool:
        return time.monotonic() < self.paused_until

    def note_away(self, error: Exception) -> None:
        if not self.away:
            logger.warning(
                "The message broker does not answer (%s). Work is kept in the database and goes on when it is back.",
                error,
            )
        self.away = True
        self.paused_until = time.monotonic() + PAUSE_SECONDS

    def note_back(self) -> None:
        if self.away:
            logger.info("The message broker answers again.")
        self.away = False


_broker = Broker()


def nudge(task: Any, *args: Any, expires: float | None = None) -> None:
    """Send `task(*args)` when the present transaction commits; at once outside of one. Never raises.

    `expires`: seconds after which the message is worthless, because the sweep has sent another one."""
    transaction.on_commit(partial(send, task, *args, expires=expires))


def send(task: Any, *args: Any, expires: float | None = None) -> bool:
    """Send now; False when the broker does not take it, which is logged once until it does again."""
    keeper = doors.current()
    if keeper is not None:
        keeper.hold_back("message", str(task.name))
        return False
    if _broker.is_paused():
        return False
    try:
        task.apply_async(args, expires=expires, retry=False)
    except (KombuError, OSError) as error:
        _broker.note_away(error)
        return False
    _broker.note_back()
    return True
