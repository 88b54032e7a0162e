"""Tell a worker that there is something to do, after the transaction that made it so.

A nudge only speeds things up. What has to be done is a row, and the sweep finds it within a second or two: so a
broker that is away costs time, never work, and never breaks a page or an agent's command."""

import logging
from functools import partial
from typing import Any

from django.db import transaction
from kombu.exceptions import KombuError

logger = logging.getLogger(__name__)
_broker_away = False


def nudge(task: Any, *args: Any, expires: float | None = None) -> None:
    """Send `task(*args)` when the present transaction commits; at once outside of one. Never raises.

    `expires`: seconds after which the message is worthless, because the sweep has sent another one."""
    transaction.on_commit(partial(send, task, *args, expires=expires))


def send(task: Any, *args: Any, expires: float | None = None) -> bool:
    """Send now; False when the broker does not take it, which is logged once until it does again."""
    try:
        task.apply_async(args, expires=expires, retry=False)
    except (KombuError, OSError) as error:
        _note_away(error)
        return False
    _note_back()
    return True


def _note_away(error: Exception) -> None:
    global _broker_away
    if not _broker_away:
        logger.warning(
            "The message broker does not answer (%s). Work is kept in the database and goes on when it is back.", error
        )
    _broker_away = True


def _note_back() -> None:
    global _broker_away
    if _broker_away:
        logger.info("The message broker answers again.")
    _broker_away = False
