"""The REST calls: JSON with names in Pascal case, sent to `.../Rta/State/Batch`.

In the newest generation `IsSnapshot` closes the snapshot in the same request, so a snapshot is one request whatever its
size. The generation before names its snapshots (`SnapshotId`) and closes them with a call of its own."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import orjson

from .states import Told

BATCH = "/Rta/State/Batch"
CLOSE = "/Rta/State/CloseSnapshot"
MOST = 500  # states in one request of changes; our own limit


class Message(NamedTuple):
    """One request: its path below the server's root, its body, its headers, and how many states it carries."""

    path: str
    body: bytes
    headers: dict[str, str]
    states: int


HEADERS = {"Content-Type": "application/json; charset=utf-8", "Accept": "application/json"}


class Rest:
    """`source` names this contact centre at Calabrio. Snapshots of the newest generation."""

    answers = False  # 200 with an empty body

    def __init__(self, key: str, source: str) -> None:
        self.key = key
        self.source = source

    def test(self, at: datetime) -> Message:
        """An empty batch: the key is looked at first, and nobody's state is touched."""
        return self._batch([], IsSnapshot=False)

    def changes(self, told: Sequence[Told], at: datetime) -> Iterator[Message]:
        for start in range(0, len(told), MOST):
            yield self._batch(told[start : start + MOST], IsSnapshot=False)

    def snapshot(self, told: Sequence[Told], at: datetime) -> Iterator[Message]:
        yield self._batch(told, IsSnapshot=True)

    def _batch(self, told: Sequence[Told], **more: object) -> Message:
        states = [{"UserCode": each.user, "StateCode": each.code} for each in told]
        return self._message(BATCH, len(states), **more, States=states)

    def _message(self, path: str, number: int, **members: object) -> Message:
        body = orjson.dumps({"AuthenticationKey": self.key, "SourceId": self.source, **members})
        return Message(path, body, HEADERS, number)


class RestWithSnapshotId(Rest):
    """The generation before: a snapshot has a name, comes in parts, and is closed."""

    def changes(self, told: Sequence[Told], at: datetime) -> Iterator[Message]:
        for start in range(0, len(told), MOST):
            yield self._batch(told[start : start + MOST])

    def test(self, at: datetime) -> Message:
        return self._batch([])

    def snapshot(self, told: Sequence[Told], at: datetime) -> Iterator[Message]:
        name = at.isoformat()
        for start in range(0, len(told), MOST):
            yield self._batch(told[start : start + MOST], SnapshotId=name)
        yield self._message(CLOSE, 0, SnapshotId=name)
