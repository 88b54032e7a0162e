"""What Calabrio knows of our agents: everything at first and every quarter of an hour, changes in between.

There is no connection to keep. The line is the memory of what was acknowledged: after any failure it is thrown away,
and the next one begins with a snapshot."""

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

from integrations.capabilities import FeedContext, FeedLine, Pushed, Snapshot

from .rest import Message
from .states import Naming, Told, changes


class Dialect(Protocol):
    """One of the ways to say it: `rest` or `soap`."""

    answers: bool

    def test(self, at: datetime) -> Message: ...
    def changes(self, told: list[Told], at: datetime) -> Iterable[Message]: ...
    def snapshot(self, told: list[Told], at: datetime) -> Iterable[Message]: ...


# Sends all messages of one update within the time that it has; returns what the receiver minded. Raises
# `IntegrationError`.
Send = Callable[[list[Message], FeedContext], str]


class StateLine(FeedLine):
    """`full_every` in seconds."""

    def __init__(self, dialect: Dialect, naming: Naming, send: Send, *, full_every: float) -> None:
        self.dialect = dialect
        self.naming = naming
        self.send = send
        self.full_every = full_every
        self.known: dict[str, Told] = {}
        self.full_at: float | None = None

    def push(self, snapshot: Snapshot, context: FeedContext) -> Pushed:
        now, at = self.naming.told(snapshot.agents, snapshot.taken_at), snapshot.taken_at
        if self.full_at is None or time.monotonic() - self.full_at >= self.full_every:
            pushed = self._sent("full", len(now), self.dialect.snapshot(list(now.values()), at), context)
            self.full_at = time.monotonic()
        else:
            pushed = self._send_changes(now, at, context)
        self.known = now
        return pushed

    def _send_changes(self, now: dict[str, Told], at: datetime, context: FeedContext) -> Pushed:
        """Where nothing changed, one agent's state is said again: whether the way is open shows in no other way."""
        changed = changes(self.known, now)
        told = changed or list(now.values())[:1]
        return self._sent("delta" if changed else "keep_alive", len(changed), self.dialect.changes(told, at), context)

    def _sent(self, kind: str, agents: int, messages: Iterable[Message], context: FeedContext) -> Pushed:
        listed = list(messages)
        warning = self.send(listed, context)
        return Pushed(kind, agents, sum(len(message.body) for message in listed), warning)

    def listen(self) -> bytes:
        """Nothing is open, so nothing can be heard."""
        return b""

    def close(self, context: FeedContext | None = None) -> None:
        """The interface knows no goodbye: agents keep the state that was told last."""
