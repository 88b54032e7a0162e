"""The ear of a process: every event once and in order, whatever the bell, the table and the streams do."""

import asyncio
import json
import subprocess
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import redis

from agentdesktop import listener as module
from agentdesktop.listener import CHANNEL, Listener, Sources
from agentdesktop.subscriptions import QUEUE_LIMIT, Event, Subscription
from tests.servers import answers, find_program, free_port, stop, wait_for

from .story import run_apart


class Table:
    """The table of agent events: rows (id, agent, number). `fails` makes the next readings fail."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int, int]] = []
        self.fails = 0

    def add(self, agent: int, number: int, row_id: int | None = None) -> None:
        self.rows.append((row_id or len(self.rows) + 1, agent, number))

    async def latest(self) -> int:
        self._maybe_fail()
        return max((row_id for row_id, _, _ in self.rows), default=0)

    async def new(self, position: int, holes: set[int]) -> list[tuple[int, int, int]]:
        self._maybe_fail()
        return sorted(row for row in self.rows if row[0] > position or row[0] in holes)

    async def events(self, row_ids: list[int]) -> list[Event]:
        return [event(agent, number) for row_id, agent, number in sorted(self.rows) if row_id in row_ids]

    async def chores(self, subscriptions: list[Subscription]) -> None:
        self._maybe_fail()
        for each in subscriptions:
            each.close()

    def _maybe_fail(self) -> None:
        if self.fails:
            self.fails -= 1
            raise OSError("the table is away")

    def sources(self) -> Sources:
        return Sources(self.latest, self.new, self.events, self.chores)


def event(agent: int, number: int) -> Event:
    return Event.of(agent, number, "notice", {"text": f"number {number}"})


def hear(scene: Callable[[Listener, Table], Awaitable[None]], redis_url: str = "") -> None:
    async def play() -> None:
        table = Table()
        listener = Listener(table.sources(), redis_url=redis_url)
        try:
            await asyncio.wait_for(scene(listener, table), 15)
        finally:
            listener.stop()

    run_apart(play())


async def until(condition: Callable[[], Any]) -> None:
    while not condition():  # noqa: ASYNC110 - polling is what a test does
        await asyncio.sleep(0.01)


def fresh(subscription: Subscription, last: int = 0) -> Subscription:
    subscription.replaying()
    subscription.replayed(last)
    return subscription


def numbers(subscription: Subscription) -> list[int]:
    return [each.number for each in subscription.queue]


# -- one stream


def subscription(last: int = 0) -> Subscription:
    return fresh(Subscription(1, "session", Counter()), last)


def test_events_come_in_order_and_once() -> None:
    mine = subscription(last=4)
    for number in (4, 5, 6, 6, 5, 7):
        mine.put(event(1, number))
    assert numbers(mine) == [5, 6, 7]
    assert mine.counts["duplicates"] == 3


def test_a_hole_in_the_numbers_asks_for_a_reading_of_the_table() -> None:
    mine = subscription(last=4)
    mine.put(event(1, 6))
    assert mine.stale
    assert mine.counts["gaps"] == 1
    fresh(mine, 6)
    mine.put(event(1, 7))
    assert numbers(mine) == [7]


def test_a_stream_that_does_not_read_is_bounded_and_reads_the_table_later() -> None:
    mine = subscription()
    for number in range(1, QUEUE_LIMIT + 10):
        mine.put(event(1, number))
    assert mine.stale
    assert not mine.queue
    assert mine.counts["overflows"] == 1


def test_what_comes_live_during_a_replay_is_kept_and_joined_without_gap_or_duplicate() -> None:
    mine = subscription(last=2)
    mine.replaying()
    for number in (6, 5, 4):
        mine.put(event(1, number))
    mine.replayed(4)
    assert numbers(mine) == [5, 6]
    assert not mine.stale


def test_a_replay_that_is_behind_what_came_live_is_repeated() -> None:
    mine = subscription(last=2)
    mine.replaying()
    mine.put(event(1, 9))
    mine.replayed(4)
    assert mine.stale


def test_an_overflow_during_a_replay_is_not_forgotten() -> None:
    mine = subscription()
    mine.replaying()
    for number in range(1, QUEUE_LIMIT + 3):
        mine.put(event(1, number))
    mine.replayed(3)
    assert mine.stale


def test_one_event_is_serialised_once_and_is_a_valid_frame() -> None:
    made = Event.of(1, 7, "notice", {"text": "line\nbreak and ü"})
    lines = made.frame.decode().split("\n")
    assert lines[:2] == ["id: 7", "event: notice"]
    assert json.loads(lines[2].removeprefix("data: ")) == {"text": "line\nbreak and ü"}
    assert lines[3:] == ["", ""]


# -- without Redis


def test_without_redis_the_table_is_polled_once_per_process_while_anybody_listens() -> None:
    async def scene(listener: Listener, table: Table) -> None:
        table.add(1, 1)
        one, other = [fresh(await listener.subscribe(1, "a"), 1) for _ in range(2)]
        table.add(1, 2)
        table.add(2, 1)
        await until(lambda: numbers(one) == [2] and numbers(other) == [2])
        assert listener.stats()["streams"] == 2
        polls = listener.stats()["polls"]
        listener.unsubscribe(one)
        listener.unsubscribe(other)
        await asyncio.sleep(0.2)
        assert listener.stats()["polls"] == polls
        again = fresh(await listener.subscribe(1, "a"), 2)
        table.add(1, 3)
        await until(lambda: numbers(again) == [3])

    hear(scene)


def test_a_row_that_commits_after_a_later_one_is_not_lost() -> None:
    async def scene(listener: Listener, table: Table) -> None:
        mine = fresh(await listener.subscribe(1, "a"))
        table.add(2, 1, row_id=8)
        await asyncio.sleep(0.2)
        table.add(1, 1, row_id=7)
        await until(lambda: numbers(mine) == [1])

    hear(scene)


def test_a_table_that_is_away_is_read_again_when_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.05)

    async def scene(listener: Listener, table: Table) -> None:
        table.fails = 2
        mine = fresh(await listener.subscribe(1, "a"))
        table.fails = 2
        await asyncio.sleep(0.1)
        table.add(1, 1)
        await until(lambda: numbers(mine) == [1])

    hear(scene)


def test_streams_whose_session_ended_are_closed_and_a_failing_check_is_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CHORES_SECONDS", 0.05)

    async def scene(listener: Listener, table: Table) -> None:
        mine = await listener.subscribe(1, "a")
        table.fails = 3
        await until(lambda: mine.closed)

    hear(scene)


# -- with Redis


class OwnRedis:
    """A Redis that a test may kill and start again on the same port."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        address = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen([find_program("redis-server"), *address], stdout=subprocess.DEVNULL)
        wait_for("the start of Redis", lambda: answers(self.port))

    def kill(self) -> None:
        if self.process:
            stop(self.process)
        self.process = None

    def ring(self, agent: int, number: int) -> None:
        message = {"agent": agent, "number": number, "kind": "notice", "data": {}}
        redis.Redis.from_url(self.url).publish(CHANNEL, json.dumps(message))


@pytest.fixture
def bell() -> Iterator[OwnRedis]:
    own = OwnRedis()
    own.start()
    yield own
    own.kill()


@pytest.mark.redis
def test_with_redis_an_event_needs_no_look_at_the_table(bell: OwnRedis) -> None:
    async def scene(listener: Listener, table: Table) -> None:
        mine = fresh(await listener.subscribe(1, "a"))
        await until(lambda: listener.redis_connected)
        await asyncio.to_thread(bell.ring, 1, 1)
        await until(lambda: numbers(mine) == [1])
        assert not table.rows
        assert listener.stats()["heard"] == 1

    hear(scene, bell.url)


@pytest.mark.redis
def test_what_the_bell_did_not_ring_is_found_in_the_table(bell: OwnRedis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAFETY_POLL_SECONDS", 0.1)

    async def scene(listener: Listener, table: Table) -> None:
        mine = fresh(await listener.subscribe(1, "a"))
        await until(lambda: listener.redis_connected)
        table.add(1, 1)
        await until(lambda: numbers(mine) == [1])
        await asyncio.to_thread(bell.ring, 1, 1)
        await until(lambda: listener.stats()["duplicates"] == 1)

    hear(scene, bell.url)


@pytest.mark.redis
def test_nonsense_on_the_bell_is_passed_over(bell: OwnRedis) -> None:
    async def scene(listener: Listener, table: Table) -> None:
        mine = fresh(await listener.subscribe(1, "a"))
        await until(lambda: listener.redis_connected)
        for text in ("not json", "[]", '{"agent": 1}'):
            redis.Redis.from_url(bell.url).publish(CHANNEL, text)
        await asyncio.to_thread(bell.ring, 1, 1)
        await until(lambda: numbers(mine) == [1])

    hear(scene, bell.url)


@pytest.mark.redis
def test_redis_dies_and_comes_back_and_no_event_is_lost(bell: OwnRedis) -> None:
    async def scene(listener: Listener, table: Table) -> None:
        mine = fresh(await listener.subscribe(1, "a"))
        await until(lambda: listener.redis_connected)
        await asyncio.to_thread(bell.kill)
        await until(lambda: not listener.redis_connected)
        table.add(1, 1)
        await until(lambda: numbers(mine) == [1])
        await asyncio.to_thread(bell.start)
        await until(lambda: listener.redis_connected)
        await asyncio.to_thread(bell.ring, 1, 2)
        await until(lambda: numbers(mine) == [1, 2])

    hear(scene, bell.url)


class Deaf:
    """A Redis client whose time limit turns a cancellation into a TimeoutError, as happens when both come at once."""

    async def __aenter__(self) -> "Deaf":
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise TimeoutError from None
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    def pubsub(self) -> "Deaf":
        return self


def test_a_cancellation_that_gets_lost_ends_the_ear_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.aioredis, "from_url", lambda *_, **__: Deaf())

    async def scene() -> bool:
        ear = Listener(Table().sources(), redis_url="redis://nowhere")
        task = asyncio.create_task(ear._hear_bell())
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.wait([task], timeout=5)
        return task.done()

    assert run_apart(scene())
