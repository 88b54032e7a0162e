"""Brings agent events to the streams of this process: one ear per process, a bounded queue per stream.

The table is the truth, the bell only says that there is something to hear. With Redis the bell carries the event
itself, so a live event costs no database access; without Redis, or while it is away, one short poll per process does
the same work. Either way a stream that notices a hole in its numbers reads again from the table."""

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from redis import asyncio as aioredis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from .subscriptions import Event, Subscription

log = logging.getLogger(__name__)

CHANNEL = "agent-events"
CHORES_SECONDS = 15.0
POLL_SECONDS = 0.05
# With Redis ringing, the table is still looked at now and then: a bell that was not rung must not cost a call.
SAFETY_POLL_SECONDS = 2.0
RETRY_SECONDS = 1.0
# How many row ids before the latest may still be open transactions, and how long such a hole is watched.
LOOK_BACK = 200
HOLE_SECONDS = 30.0
SILENT_ROUNDS = 3
RECONNECT_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Sources:
    """How the listener reaches the table; each call runs in a thread.

    `latest` answers the highest row id; `new` the (row id, agent, number) after a row id and of the ids in a set;
    `events` the events of some row ids, in order; `chores` is done every quarter of a minute."""

    latest: Callable[[], Awaitable[int]]
    new: Callable[[int, set[int]], Awaitable[list[tuple[int, int, int]]]]
    events: Callable[[list[int]], Awaitable[list[Event]]]
    chores: Callable[[list[Subscription]], Awaitable[None]]


class Listener:
    """The ear of a process. Starts with the first subscription and stops after the last one."""

    def __init__(self, sources: Sources, *, redis_url: str) -> None:
        self.sources = sources
        self.redis_url = redis_url
        self.counts: Counter[str] = Counter()
        self.redis_connected = False
        self._subscriptions: dict[int, set[Subscription]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._ready: asyncio.Event | None = None
        self._nudge: asyncio.Event | None = None
        self._position = 0
        self._holes: dict[int, float] = {}

    # -- streams

    async def subscribe(self, agent: int, session: str) -> Subscription:
        """From the return of this call on, no event of the agent is missed: read the table after it."""
        subscription = Subscription(agent, session, self.counts)
        self._subscriptions.setdefault(agent, set()).add(subscription)
        self._start()
        assert self._ready is not None  # noqa: S101 - set by _start
        await self._ready.wait()
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        mine = self._subscriptions.get(subscription.agent, set())
        mine.discard(subscription)
        if not mine:
            self._subscriptions.pop(subscription.agent, None)
        if not self._subscriptions:
            self.stop()

    def subscriptions(self) -> list[Subscription]:
        return [each for mine in self._subscriptions.values() for each in mine]

    def stats(self) -> dict[str, int | bool]:
        """Counters since the start of the process, for operators and tests."""
        names = ("heard", "delivered", "duplicates", "gaps", "overflows", "replays", "polls")
        return {
            "streams": sum(map(len, self._subscriptions.values())),
            "redis_connected": self.redis_connected,
            **{name: self.counts[name] for name in names},
        }

    # -- hearing

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        if any(not task.done() and task.get_loop() is loop for task in self._tasks):
            return
        self._ready, self._nudge = asyncio.Event(), asyncio.Event()
        self._holes.clear()
        jobs = [self._poll(), self._do_chores()] + ([self._hear_bell()] if self.redis_url else [])
        self._tasks = [loop.create_task(job) for job in jobs]

    def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks = []
        self.redis_connected = False

    def dispatch(self, event: Event) -> None:
        for subscription in self._subscriptions.get(event.agent, ()):
            self.counts["delivered"] += 1
            subscription.put(event)

    async def _poll(self) -> None:
        assert self._ready is not None and self._nudge is not None  # noqa: S101 - set by _start
        # A little back: a transaction that is open now may commit under a lower id than the latest.
        self._position = max(0, await _until_it_works(self.sources.latest) - LOOK_BACK)
        self._ready.set()
        while _is_wanted():
            try:
                await asyncio.wait_for(
                    self._nudge.wait(), SAFETY_POLL_SECONDS if self.redis_connected else POLL_SECONDS
                )
                self._nudge.clear()
            except TimeoutError:
                pass
            try:
                await self._catch_up()
            except Exception:
                log.exception("Agent events could not be read; trying again.")
                await asyncio.sleep(RETRY_SECONDS)

    async def _catch_up(self) -> None:
        """Look at the numbers first: what the bell has brought already is not read again."""
        self.counts["polls"] += 1
        rows = await self.sources.new(self._position, set(self._holes))
        wanted = [row_id for row_id, agent, number in rows if self._lacks(agent, number)]
        events = await self.sources.events(wanted) if wanted else []
        self._remember(row_id for row_id, _agent, _number in rows)
        for event in events:
            self.dispatch(event)

    def _lacks(self, agent: int, number: int) -> bool:
        return any(each.lacks(number) for each in self._subscriptions.get(agent, ()))

    async def _do_chores(self) -> None:
        while True:
            await asyncio.sleep(CHORES_SECONDS)
            try:
                await self.sources.chores(self.subscriptions())
            except Exception:
                log.exception("The sessions of open streams could not be checked; trying again.")

    def _remember(self, row_ids: Iterable[int]) -> None:
        """Move on, keeping the ids that are still missing: transactions may commit in another order than their ids."""
        now = time.monotonic()
        for row_id in row_ids:
            if row_id > self._position:
                missing = range(max(self._position + 1, row_id - LOOK_BACK), row_id)
                self._holes.update(dict.fromkeys(missing, now))
                self._position = row_id
            self._holes.pop(row_id, None)
        # A hole that stays is a transaction that was rolled back.
        for row_id in [row_id for row_id, seen in self._holes.items() if now - seen > HOLE_SECONDS]:
            del self._holes[row_id]

    async def _hear_bell(self) -> None:
        """Listen to Redis for ever; after every (re)connection the table is read for what was missed."""
        failures = 0
        while _is_wanted():
            try:
                async with (
                    aioredis.from_url(self.redis_url, health_check_interval=10) as client,
                    client.pubsub() as ear,
                ):
                    await ear.subscribe(CHANNEL)
                    failures = 0
                    await self._relay(ear)
            except (RedisError, OSError) as error:
                if self.redis_connected or not failures:
                    log.warning("Redis does not ring (%s); polling the table until it is back.", error)
                self.redis_connected = False
                await asyncio.sleep(RECONNECT_SECONDS[min(failures, len(RECONNECT_SECONDS) - 1)])
                failures += 1

    async def _relay(self, ear: Any) -> None:
        silent = 0
        while silent < SILENT_ROUNDS and _is_wanted():
            message = await ear.get_message(timeout=5)
            silent = silent + 1 if message is None else 0
            if message is None:
                await ear.ping()
            elif message["type"] == "subscribe":
                self.redis_connected = True
                assert self._nudge is not None  # noqa: S101 - set by _start
                self._nudge.set()
            elif message["type"] == "message":
                self._heard(message["data"])
        raise RedisConnectionError("it does not answer")

    def _heard(self, text: bytes) -> None:
        try:
            told = json.loads(text)
            agent, number, kind, data = int(told["agent"]), int(told["number"]), str(told["kind"]), told["data"]
        except (ValueError, KeyError, TypeError):
            log.warning("A message on the bell is not an agent event; passed over.")
            return
        self.counts["heard"] += 1
        if agent in self._subscriptions:
            self.dispatch(Event.of(agent, number, kind, data))


def _is_wanted() -> bool:
    """False once the task was cancelled. A cancellation can get lost on its way: `asyncio.wait_for` of Python 3.11 and
    the time limits inside the Redis client turn it into a result or a TimeoutError when both come at once."""
    task = asyncio.current_task()
    return task is None or not task.cancelling()


async def _until_it_works(read: Callable[[], Awaitable[int]]) -> int:
    while True:
        try:
            return await read()
        except Exception:
            log.exception("The table of agent events could not be read; trying again.")
            await asyncio.sleep(RETRY_SECONDS)
