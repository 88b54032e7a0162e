"""The four reports counted a second time, the plain way: from a diary of calls and from the rows of agents' states, by
looking at every second of the day. Shares nothing with the product but the names of things."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from contactcenter.models import Agent, AgentStateChange, Service

from .diary import Stay, Talk

WORKING = ("READY", "RINGING", "BUSY", "ACW")
Cells = dict[tuple[int, Any], Counter[str]]


@dataclass
class Recount:
    """`first`, `last`: UTC seconds between which is counted. `lines(kind, rule)`: what the file must say."""

    stays: list[Stay]
    zone: ZoneInfo
    day: date
    minutes: int
    first: int = 0
    last: int = 2**40

    def __post_init__(self) -> None:
        starts, moment = [], int(datetime(self.day.year, self.day.month, self.day.day, tzinfo=self.zone).timestamp())
        while (local := datetime.fromtimestamp(moment, self.zone)).date() == self.day:
            if local.minute % self.minutes == 0:
                starts.append(moment)
            moment += 60
        self.end = min(moment, self.last)
        self.starts = [start for start in starts if self.first <= start < self.last]
        self.begin = self.starts[0]
        self.by_end = False
        people = list(Agent.objects.select_related("user").prefetch_related("services"))
        self.queues = list(Service.objects.order_by("pk"))
        self.names = {agent.pk: agent.user.get_full_name() or agent.user.username for agent in people}
        self.serving = {agent.pk: [queue.pk for queue in agent.services.all()] for agent in people}

    def lines(self, kind: str, rule: str) -> list[list[str]]:
        self.by_end = rule == "end"
        return {
            "queue_interval": self.queue_lines,
            "agent_queue_interval": self.agent_queue_lines,
            "agent_performance_interval": self.agent_lines,
            "agent_performance_daily": self.agent_day_lines,
        }[kind]()

    # -- which interval

    def start_of(self, second: int) -> int | None:
        if not self.begin <= second < self.end:
            return None
        return max(start for start in self.starts if start <= second)

    def length(self, start: int) -> int:
        later = [other for other in self.starts if other > start]
        return (later[0] if later else self.end) - start

    def counted(self) -> list[tuple[int, Stay]]:
        moments = [(stay.left if self.by_end else stay.came, stay) for stay in self.stays]
        found = [(self.start_of(whole(moment)), stay) for moment, stay in moments if moment]
        return [(start, stay) for start, stay in found if start is not None]

    # -- queues

    def queue_lines(self) -> list[list[str]]:
        cells: Cells = defaultdict(Counter)
        levels = {queue.pk: queue.service_level_seconds for queue in self.queues}
        for start, stay in self.counted():
            if stay.queue is not None and (stay.from_queue or not stay.dialled):
                add_stay(cells[start, stay.queue], stay, levels[stay.queue])
        for (start, agent), seconds in self.seconds_in_states.items():
            for queue in self.serving.get(agent, ()):
                cells[start, queue]["available"] += sum(seconds[state] for state in WORKING)
                cells[start, queue]["ready"] += seconds["READY"]
        return [
            [*self.time_cells(start), str(queue.pk), queue.name, *self.queue_cells(cells[start, queue.pk], start)]
            for start in self.starts
            for queue in self.queues
        ]

    def queue_cells(self, c: Counter[str], start: int) -> list[str]:
        average = (2 * c["available"] + self.length(start)) // (2 * self.length(start))  # halves go up
        names = (
            "direct overflow_in abandoned overflow_out answered wait_answered wait_abandoned talk wrap longest_answered"
            " longest_abandoned average in_level ready short abandoned_in_level"
        )
        return [str(average if name == "average" else c[name]) for name in names.split()]

    # -- agents

    def agent_queue_lines(self) -> list[list[str]]:
        cells: Cells = defaultdict(Counter)
        for start, stay in self.counted():
            for talk in stay.talks:
                if stay.queue is not None and talk.agent is not None and (stay.from_queue or not stay.dialled):
                    cell = cells[start, (talk.agent, stay.queue)]
                    cell.update(talk=talked(talk), wrap=wrapped(talk), answered=1, given_on=int(talk.given_on))
        names = {queue.pk: queue.name for queue in self.queues}
        return [
            [*self.time_cells(start), str(agent), self.names[agent], str(queue), names[queue],
             *(str(cells[start, (agent, queue)][name]) for name in ("talk", "wrap", "answered", "given_on"))]
            for start, (agent, queue) in sorted(cells)
        ]  # fmt: skip

    def agent_lines(self) -> list[list[str]]:
        cells = self.agent_cells()
        people = sorted({agent for _start, agent in cells})
        return [
            [*self.time_cells(start), str(agent), self.names[agent], *agent_figures(cells[start, agent])]
            for start in self.starts
            for agent in people
        ]

    def agent_day_lines(self) -> list[list[str]]:
        days: dict[int, Counter[str]] = defaultdict(Counter)
        for (_start, agent), cell in self.agent_cells().items():
            days[agent].update(cell)
        return [
            ["1440", f"{self.day:%Y%m%d}", "00:00", str(agent), self.names[agent], *agent_figures(days[agent])]
            for agent in sorted(days)
        ]

    def agent_cells(self) -> Cells:
        cells: Cells = defaultdict(Counter, {place: Counter(c) for place, c in self.seconds_in_states.items()})
        for start, stay in self.counted():
            if stay.from_queue or (stay.queue is not None and not stay.dialled):
                continue
            if stay.dialled and not stay.talks and stay.caller is not None:
                cells[start, stay.caller].update(out=1)
            for number, talk in enumerate(stay.talks):
                way = "out" if stay.dialled and number == 0 else "in"
                if talk.agent is not None:
                    cells[start, talk.agent].update({way: 1, f"{way}_seconds": talked(talk)})
        return cells

    @cached_property
    def seconds_in_states(self) -> Cells:
        """(interval, agent) -> state -> seconds, second by second. Not Ready for a break is "break"."""
        cells: Cells = defaultdict(Counter)
        changes = AgentStateChange.objects.exclude(state="LOGGED_OUT").select_related("reason").order_by("pk")
        for change in changes:
            state = "break" if change.reason and change.reason.is_break else change.state
            last = whole(change.ended_at) if change.ended_at else self.end
            for second in range(max(whole(change.began_at), self.begin), min(last, self.end)):
                cells[self.by_second[second - self.begin], change.agent_id][state] += 1
        return cells

    @cached_property
    def by_second(self) -> list[int]:
        """The interval of every second."""
        return [start for start in self.starts for _ in range(self.length(start))]

    def time_cells(self, start: int) -> list[str]:
        local = datetime.fromtimestamp(start, self.zone)
        return [str(self.minutes), f"{local:%Y%m%d}", f"{local:%H:%M}"]


def add_stay(cell: Counter[str], stay: Stay, level: int) -> None:
    cell["overflow_in" if stay.from_queue else "direct"] += 1
    until = stay.talks[0].began if stay.talks else stay.left
    if until is None:
        return
    exact, seconds = until - stay.came, whole(until) - whole(stay.came)
    if stay.talks:
        cell.update(answered=1, wait_answered=seconds, in_level=int(exact <= timedelta(seconds=level)))
        cell["longest_answered"] = max(cell["longest_answered"], seconds)
        cell.update(talk=sum(map(talked, stay.talks)), wrap=sum(wrapped(t) for t in stay.talks if t.agent))
    elif stay.to_queue:
        cell.update(overflow_out=1)
    else:
        is_short = exact < timedelta(seconds=5)
        cell.update(abandoned=1, wait_abandoned=seconds, short=int(is_short))
        cell.update(abandoned_in_level=int(not is_short and exact <= timedelta(seconds=level)))
        cell["longest_abandoned"] = max(cell["longest_abandoned"], seconds)


def agent_figures(cell: Counter[str]) -> list[str]:
    rest = ("NOT_READY", "SUPERVISING", "break")
    available, pause = sum(cell[state] for state in WORKING), sum(cell[state] for state in rest)
    figures = (
        available, available + pause, pause, cell["READY"], pause - cell["break"], cell["out"], cell["out_seconds"],
        cell["in"], cell["in_seconds"],
    )  # fmt: skip
    return [str(figure) for figure in figures]


def whole(moment: datetime) -> int:
    return int(moment.timestamp())


def talked(talk: Talk) -> int:
    return whole(talk.ended) - whole(talk.began) if talk.ended else 0


def wrapped(talk: Talk) -> int:
    return whole(talk.wrapped) - whole(talk.ended) if talk.wrapped and talk.ended else 0
