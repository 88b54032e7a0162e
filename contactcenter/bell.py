"""Rings when there is something for a desktop, so that no stream has to ask the database all the time.

The row in `AgentEvent` is the truth. A bell that does not ring costs a moment, because the streams also look at the
table now and then; therefore a Redis that is away is logged once and never breaks what the agent does."""

import json
import logging
import threading
import time
from functools import cache

import redis
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder

from integrations import doors

from .models import AgentEvent

logger = logging.getLogger(__name__)
CHANNEL = "agent-events"
TIMEOUT_SECONDS = 1.0
# After a failure nobody waits for Redis again for this long.
PAUSE_SECONDS = 2.0


def ring(event: AgentEvent) -> None:
    """Publish the event on the channel "agent-events" as {"agent", "number", "kind", "data"}. Never raises."""
    if settings.REDIS_URL and doors.current() is None and not _state.paused():
        _publish(message(event))


def message(event: AgentEvent) -> str:
    """The event as the streams read it; `agent` is the key of the agent's row."""
    return json.dumps(
        {"agent": event.agent_id, "number": event.number, "kind": event.kind, "data": event.data},
        cls=DjangoJSONEncoder,
        separators=(",", ":"),
    )


def _publish(text: str) -> None:
    try:
        client(settings.REDIS_URL).publish(CHANNEL, text)
    except (redis.RedisError, OSError, ValueError) as error:
        _state.failed(error)
    else:
        _state.succeeded()


@cache
def client(url: str) -> redis.Redis:
    """One client, with its pool of connections, per process."""
    return redis.Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS)


class _State:
    """Whether the bell works, in this process: logs the change, not the state."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._silent_until: float | None = None

    def paused(self) -> bool:
        return self._silent_until is not None and time.monotonic() < self._silent_until

    def failed(self, error: Exception) -> None:
        with self._lock:
            first = self._silent_until is None
            self._silent_until = time.monotonic() + PAUSE_SECONDS
        if first:
            logger.warning(
                "Redis does not take agent events (%s). Desktops read them from the database until it is back.", error
            )

    def succeeded(self) -> None:
        if self._silent_until is None:
            return
        with self._lock:
            self._silent_until = None
        logger.info("Redis takes agent events again.")


_state = _State()
