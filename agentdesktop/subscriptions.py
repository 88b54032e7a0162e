"""What is written into a stream, and what waits for it."""

import asyncio
import json
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

QUEUE_LIMIT = 64


@dataclass(frozen=True, slots=True)
class Event:
    """One agent event, ready to be written: `frame` is serialised once, however many streams it goes to."""

    agent: int
    number: int
    kind: str
    frame: bytes

    @classmethod
    def of(cls, agent: int, number: int, kind: str, data: Any) -> "Event":
        text = json.dumps(data, separators=(",", ":"), default=str)
        return cls(agent, number, kind, f"id: {number}\nevent: {kind}\ndata: {text}\n\n".encode())


class Subscription:
    """What waits for one stream. Bounded: past the limit it forgets all and the stream reads from the table.

    `stale` asks for a reading of the table. While that goes on (`last` is None) live events are kept in the queue;
    `replayed` then drops those that the table already gave."""

    __slots__ = ("_wake", "agent", "closed", "counts", "due_beat", "last", "queue", "session", "stale")

    def __init__(self, agent: int, session: str, counts: "Counter[str]") -> None:
        self.agent = agent
        self.session = session
        self.counts = counts
        self.queue: deque[Event] = deque()
        self.last: int | None = None
        self.stale = True
        self.closed = False
        self.due_beat = False
        self._wake = asyncio.Event()

    def lacks(self, number: int) -> bool:
        return not self.stale and (self.last is None or number > self.last)

    def put(self, event: Event) -> None:
        """Take a live event: in order and once. A hole or too long a queue makes the subscription stale."""
        if not self.lacks(event.number):
            self.counts["duplicates"] += not self.stale
            return
        if self.last is not None and event.number != self.last + 1:
            self._forget("gaps")
        elif len(self.queue) >= QUEUE_LIMIT:
            self._forget("overflows")
        else:
            self.queue.append(event)
            if self.last is not None:
                self.last = event.number
        self._wake.set()

    def replaying(self) -> None:
        """Call before the table is read."""
        self.queue.clear()
        self.stale, self.last = False, None

    def replayed(self, number: int) -> None:
        """The table gave everything up to `number`; what came in live meanwhile is put in its place."""
        waiting = sorted(self.queue, key=lambda event: event.number)
        overflowed = self.stale
        self.queue.clear()
        self.stale, self.last = overflowed, number
        for event in waiting:
            self.put(event)

    def _forget(self, why: str) -> None:
        self.counts[why] += 1
        self.queue.clear()
        self.stale = True

    def beat(self) -> None:
        self.due_beat = True
        self._wake.set()

    def close(self) -> None:
        self.closed = True
        self._wake.set()

    async def wait(self) -> None:
        await self._wake.wait()
        self._wake.clear()
