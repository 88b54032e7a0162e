"""How long agents were in which state, split exactly at the borders of intervals.

The stretches of an agent tile the time. Their ends are cut to the second, so the seconds of all intervals sum up to
those of the day. A stretch that is still open reaches to the end of the window, which lies in the past: what follows
later does not change it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from contactcenter.models import AgentState, AgentStateChange

from .intervals import Window, utc

CHUNK = 2000
PRODUCTIVE = (AgentState.READY, AgentState.RINGING, AgentState.BUSY, AgentState.ACW)


@dataclass(frozen=True, slots=True)
class Part:
    """The seconds that an agent spent in a state within one interval."""

    index: int
    agent: int
    state: str
    is_break: bool
    seconds: int

    @property
    def productive(self) -> bool:
        return self.state in PRODUCTIVE


def parts(window: Window) -> Iterator[Part]:
    """All parts of all agents who were logged in, in one query."""
    start, end = utc(window.start), utc(window.end)
    rows = (
        AgentStateChange.objects.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=start), began_at__lt=end)
        .exclude(state=AgentState.LOGGED_OUT)
        .order_by("pk")
        .values_list("agent_id", "state", "reason__is_break", "began_at", "ended_at")
    )
    for agent, state, is_break, began, ended in rows.iterator(chunk_size=CHUNK):
        for index, seconds in window.split(second(began), second(ended) if ended else window.end):
            yield Part(index, agent, state, bool(is_break), seconds)


def second(moment: datetime) -> int:
    return int(moment.timestamp())
