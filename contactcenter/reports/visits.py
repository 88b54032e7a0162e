"""What calls did in queues: every call as its visits, and every visit as the times agents talked in it.

A transfer to another queue ends a visit and begins the next, so that it counts as offered in both queues. A transfer
inside of a queue goes on with the same visit. One pass over the interactions and one over the transferred ones' events,
however many there are."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q

from contactcenter.interactions import Trigger
from contactcenter.models import Interaction, InteractionEvent

from .intervals import Window, utc

COLUMNS = (
    "pk", "direction", "service_id", "agent_id", "offered_at", "queued_at", "ringing_at", "answered_at", "ended_at",
    "completed_at",
)  # fmt: skip
TELLING = (Trigger.QUEUED, Trigger.RINGING, Trigger.ANSWERED, Trigger.HELD, Trigger.RESUMED, Trigger.TRANSFERRED)
TALK = (Trigger.ANSWERED, Trigger.HELD, Trigger.RESUMED)
# A caller waits from here on; what was before is the scenario's time.
WAITS = (Trigger.QUEUED, Trigger.RINGING)
CHUNK = 2000


@dataclass(slots=True)
class Talk:
    """One agent (None: nobody of ours) with the caller. Open ends are None until they are known."""

    agent: int | None
    began: datetime
    ended: datetime | None = None
    wrapped: datetime | None = None
    transferred: bool = False

    @property
    def seconds(self) -> int:
        return seconds(self.began, self.ended)

    @property
    def wrap_seconds(self) -> int:
        return seconds(self.ended, self.wrapped) if self.agent else 0


@dataclass(slots=True)
class Visit:
    """A call in one queue. `queue` None: a call to or from an agent directly. `agent`: whose it was at last."""

    queue: int | None
    direction: str
    entered: datetime
    waiting_since: datetime
    agent: int | None = None
    from_queue: bool = False
    to_queue: bool = False
    left: datetime | None = None
    talks: list[Talk] = field(default_factory=list)

    @property
    def answered(self) -> datetime | None:
        return self.talks[0].began if self.talks else None

    @property
    def wait(self) -> float:
        """Seconds until the answer, or until the caller left; exact, for thresholds."""
        until = self.answered or self.left
        return max((until - self.waiting_since).total_seconds(), 0.0) if until else 0.0

    @property
    def wait_seconds(self) -> int:
        """The same in whole seconds, for sums."""
        return seconds(self.waiting_since, self.answered or self.left)

    def counted_at(self, attribution: str) -> datetime | None:
        """The moment whose interval it counts in; None while there is none yet."""
        return self.entered if attribution == "arrival" else self.left


def seconds(start: datetime | None, end: datetime | None) -> int:
    """Whole seconds between two moments, each cut to the second: lengths that follow each other sum up exactly."""
    if start is None or end is None:
        return 0
    return max(int(end.timestamp()) - int(start.timestamp()), 0)


def visits(window: Window, attribution: str) -> Iterator[Visit]:
    """All visits that count in the window. Two queries."""
    start, end = utc(window.start), utc(window.end)
    moment = "offered_at" if attribution == "arrival" else "ended_at"
    moved = InteractionEvent.objects.filter(kind=Trigger.TRANSFERRED, at__gte=start, at__lt=end)
    wanted = Q(**{f"{moment}__gte": start, f"{moment}__lt": end}) | Q(pk__in=moved.values("interaction_id"))
    transferred = _events(wanted)
    rows = Interaction.objects.filter(wanted).order_by("pk").values(*COLUMNS)
    for row in rows.iterator(chunk_size=CHUNK):
        for visit in visits_of(row, transferred.get(row["pk"], ())):
            counted = visit.counted_at(attribution)
            if counted is not None and start <= counted < end:
                yield visit


def _events(wanted: Q) -> dict[int, list[dict[str, Any]]]:
    """The telling events of those wanted interactions that were transferred."""
    calls = Interaction.objects.filter(wanted).values("pk")
    ids = InteractionEvent.objects.filter(kind=Trigger.TRANSFERRED, interaction_id__in=calls).values("interaction_id")
    rows = InteractionEvent.objects.filter(interaction_id__in=ids, kind__in=TELLING).order_by("interaction_id", "id")
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows.values("interaction_id", "kind", "at", "agent_id", "data").iterator(chunk_size=CHUNK):
        found[row["interaction_id"]].append(dict(row))
    return found


def visits_of(row: dict[str, Any], events: Iterable[dict[str, Any]]) -> list[Visit]:
    """The visits of one interaction, from its row alone or, where it was transferred, from its events."""
    events = list(events)
    if not events:
        return [_only_visit(row)]
    return _Walk(row, events).visits


def _only_visit(row: dict[str, Any]) -> Visit:
    offered = row["offered_at"]
    visit = Visit(row["service_id"], row["direction"], offered, row["queued_at"] or row["ringing_at"] or offered)
    visit.agent, visit.left = row["agent_id"], row["ended_at"]
    if row["answered_at"]:
        visit.talks.append(Talk(row["agent_id"], row["answered_at"], row["ended_at"], row["completed_at"]))
    return visit


class _Walk:
    """Goes through the events of a transferred call in the order in which they were recorded. Reporters' clocks may
    differ from ours, so no step goes back in time."""

    def __init__(self, row: dict[str, Any], events: list[dict[str, Any]]) -> None:
        self.row = row
        self.at: datetime = row["offered_at"]
        first = next((moved for event in events if (moved := _queues(event))), None)
        queue = first[0] if first else row["service_id"]
        self.visits = [Visit(queue, row["direction"], self.at, self.at)]
        self.talk: Talk | None = None
        self.queued = False
        for event in events:
            self._take(event)
        self._end()

    def _take(self, event: dict[str, Any]) -> None:
        self.at = max(self.at, event["at"])
        if event["kind"] == Trigger.TRANSFERRED:
            self._transferred(event)
        elif event["kind"] in WAITS and not self.queued and len(self.visits) == 1 and not self.talk:
            self.visits[0].waiting_since, self.queued = self.at, True
        elif event["kind"] in TALK and self.talk is None:
            began = self.row["answered_at"] if not any(visit.talks for visit in self.visits) else None
            self.talk = Talk(event["agent_id"], max(began or self.at, self.visits[-1].entered))
            self.visits[-1].talks.append(self.talk)

    def _transferred(self, event: dict[str, Any]) -> None:
        moved = _queues(event)
        if self.talk is not None:
            self.talk.ended, self.talk.transferred = max(self.at, self.talk.began), True
            self.talk = None
        if moved is not None and moved[1] != self.visits[-1].queue:
            self.visits[-1].left, self.visits[-1].to_queue = self.at, True
            self.visits.append(Visit(moved[1], self.row["direction"], self.at, self.at, from_queue=True))

    def _end(self) -> None:
        ended = self.row["ended_at"]
        self.visits[-1].left = ended and max(ended, self.visits[-1].entered)
        if self.talk is not None:
            self.talk.agent = self.row["agent_id"]
            self.talk.ended = ended and max(ended, self.talk.began)
            self.talk.wrapped = self.row["completed_at"]


def _queues(event: dict[str, Any]) -> tuple[int | None, int | None] | None:
    """From which queue to which a transfer went; None for events that do not tell."""
    moved = event["data"].get("queues") if event["kind"] == Trigger.TRANSFERRED else None
    return (moved[0], moved[1]) if isinstance(moved, list) and len(moved) == 2 else None
