"""An open connection to the receiver: everything at first and every quarter of an hour, changes in between."""

import time
from datetime import datetime

from django.utils import timezone

from integrations import tcp
from integrations.capabilities import AgentSnapshot, FeedContext, FeedLine, Pushed, Snapshot
from integrations.errors import IntegrationError

from .layout import Layout, Value
from .records import Coding, changes, stamp

SIGNATURE = "RTA1"
FULL, DELTA, KEEP_ALIVE, END = "F", "D", "K", "E"
HIGHEST_SEQUENCE = 99_999_999
PERSON = AgentSnapshot._fields.index("state")  # how many members say who an agent is


class RtaLine(FeedLine):
    """`full_every` in seconds. What the receiver knows is what was written here: a new line begins with everything."""

    def __init__(
        self, stream: tcp.Stream, layout: Layout, coding: Coding, *, full_every: float, keeps_alive: bool
    ) -> None:
        self.stream = stream
        self.layout = layout
        self.coding = coding
        self.full_every = full_every
        self.keeps_alive = keeps_alive and bool(layout.header)
        self.known: dict[str, AgentSnapshot] = {}
        self.full_at: float | None = None

    def push(self, snapshot: Snapshot, context: FeedContext) -> Pushed:
        now = {agent.login_id: agent for agent in snapshot.agents if self._can_be_told(agent)}
        at = snapshot.taken_at
        if self.full_at is None or time.monotonic() - self.full_at >= self.full_every:
            pushed = Pushed("full", len(now), self._send(FULL, at, context, list(now.values())))
            self.full_at = time.monotonic()
        else:
            pushed = self._send_changes(now, at, context)
        self.known = now
        return pushed

    def _can_be_told(self, agent: AgentSnapshot) -> bool:
        """Who was told before under the same names and numbers is not looked at again: there may be 50,000."""
        known = self.known.get(agent.login_id)
        return (known is not None and known[:PERSON] == agent[:PERSON]) or not self.coding.obstacle(
            agent, self.layout.record
        )

    def _send_changes(self, now: dict[str, AgentSnapshot], at: datetime, context: FeedContext) -> Pushed:
        changed = list(changes(self.known, now, at))
        if changed:
            return Pushed("delta", len(changed), self._send(DELTA, at, context, changed))
        return Pushed("keep_alive", 0, self._send(KEEP_ALIVE, at, context, []) if self.keeps_alive else 0)

    def _send(self, kind: str, at: datetime, context: FeedContext, agents: list[AgentSnapshot]) -> int:
        """How many bytes it was."""
        records = (self.coding.values(agent, at, self.layout.record) for agent in agents)
        message = self.layout.message(header(kind, at, context.sequence), records)
        self.stream.send(message)
        return len(message)

    @property
    def is_pending(self) -> bool:
        return self.stream.unacknowledged > 0

    def listen(self) -> bytes:
        """Whatever the receiver says is of no use, but has to be read."""
        return self.stream.drain()

    def close(self, context: FeedContext | None = None) -> None:
        try:
            if context is not None and self.layout.header:
                self._send(END, timezone.now(), context, [])
        except IntegrationError:
            pass  # it is gone already, which is what we want
        finally:
            self.stream.opened.close()


def header(kind: str, at: datetime, sequence: int) -> dict[str, Value]:
    """`sequence` begins at 1 and starts again after 99,999,999; 0 is a test."""
    number = (sequence - 1) % HIGHEST_SEQUENCE + 1 if sequence else 0
    return {"signature": SIGNATURE, "msg_type": kind, "timestamp": stamp(at), "sequence": number}
