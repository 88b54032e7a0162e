"""Counts what the files say. Names and meaning of the columns: Calabrio/Teleopti's workload and agent tables, which
RingCX publishes under the same names.

For every queue and day: offd_direct_call_cnt + overflow_in_call_cnt = answ_call_cnt + aband_call_cnt +
overflow_out_call_cnt + the calls that are still open, because a call leaves to another queue only unanswered; one that
was answered and then transferred counts as answered here and as overflow_in there."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from contactcenter.feeds.snapshots import one_moment
from contactcenter.models import AgentState, Interaction
from contactcenter.models.reports import Attribution, Kind

from .intervals import Window
from .roster import Roster, keep, roster_for
from .stretches import Part, parts
from .visits import Visit, visits

OUT = Interaction.Direction.OUTBOUND
QUEUE_FIGURES = (
    "offd_direct_call_cnt", "overflow_in_call_cnt", "aband_call_cnt", "overflow_out_call_cnt", "answ_call_cnt",
    "queued_and_answ_call_dur", "queued_and_aband_call_dur", "talking_call_dur", "wrap_up_dur",
    "queued_answ_longest_que_dur", "queued_aband_longest_que_dur", "avg_avail_member_cnt", "ans_servicelevel_cnt",
    "wait_dur", "aband_short_call_cnt", "aband_within_sl_cnt",
)  # fmt: skip
AGENT_QUEUE_FIGURES = ("talking_call_dur", "wrap_up_dur", "answ_call_cnt", "transfer_out_call_cnt")
PERFORMANCE_FIGURES = (
    "avail_dur", "tot_work_dur", "pause_dur", "wait_dur", "admin_dur",
    "direct_out_call_cnt", "direct_out_call_dur", "direct_in_call_cnt", "direct_in_call_dur",
)  # fmt: skip
QUEUE, AGENT = ("queue", "queue_name"), ("agent_id", "agent_name")
PERFORMANCE = (AGENT, PERFORMANCE_FIGURES)
# Kind -> who a row is about, and its figures.
COLUMNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Kind.QUEUE: (QUEUE, QUEUE_FIGURES),
    Kind.AGENT_QUEUE: ((*AGENT, *QUEUE), AGENT_QUEUE_FIGURES),
    Kind.AGENT: PERFORMANCE,
    Kind.AGENT_DAY: PERFORMANCE,
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What of a report's definition decides its figures. `queues` empty: all of them."""

    kind: str
    attribution: str = Attribution.ARRIVAL
    zero_rows: bool = True
    short_seconds: int = 5
    queues: frozenset[int] = frozenset()

    def wants(self, queue: int | None) -> bool:
        return queue is not None and (not self.queues or queue in self.queues)


Key = tuple[int, ...]  # who: a queue, an agent, or an agent and a queue
Cells = dict[str, int]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file. `about` are the keys of agent and queue, `figures` in the order of `COLUMNS`: whole numbers,
    except avg_avail_member_cnt, which is (seconds, length of the interval)."""

    index: int
    about: Key
    figures: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    kind: str
    window: Window
    roster: Roster
    rows: list[Row]


def table(rules: Rules, window: Window, day: date) -> Table:
    """All rows in the order of time, then of agent and queue. Eight queries at most, in one view of the database.

    `day`: whose roster counts, the local date of the window's start."""
    with one_moment():
        roster = roster_for(day, window.zone)
        cells = COUNTERS[rules.kind](rules, window, roster)
    if not keep(day, window.zone, roster):
        return table(rules, window, day)  # somebody else kept another one just now: theirs counts
    return Table(rules.kind, window, roster, _rows(rules, window, roster, cells))


def _rows(rules: Rules, window: Window, roster: Roster, cells: "Found") -> list[Row]:
    names = COLUMNS[rules.kind][1]
    places = set(cells)
    if rules.zero_rows:
        places |= {(index, key) for key in _keys(rules, roster, cells) for index in range(window.count)}
    empty: Cells = {}
    return [
        Row(index, key, _ordered(names, cells.get((index, key), empty), window.length(index)))
        for index, key in sorted(places)
    ]


def _ordered(names: Iterable[str], found: Cells, length: int) -> tuple[Any, ...]:
    return tuple((found.get(n, 0), length) if n == "avg_avail_member_cnt" else found.get(n, 0) for n in names)


def _keys(rules: Rules, roster: Roster, cells: Iterable[tuple[int, Key]]) -> list[Key]:
    """Every known queue; of agents those who did anything in the window. No pairs of both: of 500 agents in 20 queues
    that would be a million rows a day which say nothing."""
    if rules.kind == Kind.QUEUE:
        return [(queue,) for queue in roster.known if rules.wants(queue)]
    if rules.kind == Kind.AGENT_QUEUE:
        return []
    return list({key for _index, key in cells})


# -- counting


Found = dict[tuple[int, Key], Cells]


def count_queues(rules: Rules, window: Window, roster: Roster) -> Found:
    found: Found = defaultdict(lambda: defaultdict(int))
    for visit, index in _counted(rules, window):
        if visit.queue is not None and rules.wants(visit.queue):
            level = roster.queue(visit.queue).service_level
            _add_visit(found[index, (visit.queue,)], visit, level, rules.short_seconds)
    for part in parts(window):
        _add_part(found, part, [queue for queue in roster.serving.get(part.agent, ()) if rules.wants(queue)])
    return found


def _counted(rules: Rules, window: Window) -> Iterable[tuple[Visit, int]]:
    """Visits with the interval they count in. A call that we dialled is in no queue before it is transferred to one."""
    for visit in visits(window, rules.attribution):
        counted = visit.counted_at(rules.attribution)
        index = window.index(counted.timestamp()) if counted else None
        if index is not None and (visit.direction != OUT or visit.from_queue):
            yield visit, index


def _add_visit(cell: Cells, visit: Visit, service_level: int, short: int) -> None:
    cell["overflow_in_call_cnt" if visit.from_queue else "offd_direct_call_cnt"] += 1
    wait, seconds = visit.wait, visit.wait_seconds
    if visit.talks:
        cell["answ_call_cnt"] += 1
        cell["queued_and_answ_call_dur"] += seconds
        cell["queued_answ_longest_que_dur"] = max(cell["queued_answ_longest_que_dur"], seconds)
        cell["ans_servicelevel_cnt"] += wait <= service_level
        cell["talking_call_dur"] += sum(talk.seconds for talk in visit.talks)
        cell["wrap_up_dur"] += sum(talk.wrap_seconds for talk in visit.talks)
    elif visit.to_queue:
        cell["overflow_out_call_cnt"] += 1
    elif visit.left is not None:
        cell["aband_call_cnt"] += 1
        cell["queued_and_aband_call_dur"] += seconds
        cell["queued_aband_longest_que_dur"] = max(cell["queued_aband_longest_que_dur"], seconds)
        cell["aband_short_call_cnt"] += wait < short
        cell["aband_within_sl_cnt"] += short <= wait <= service_level


def _add_part(found: Found, part: Part, queues: list[int]) -> None:
    """An agent counts in every queue that they serve, as in the statistics of supervisors."""
    if not part.productive:
        return
    for queue in queues:
        cell = found[part.index, (queue,)]
        cell["avg_avail_member_cnt"] += part.seconds
        cell["wait_dur"] += part.seconds if part.state == AgentState.READY else 0


def count_agents_in_queues(rules: Rules, window: Window, roster: Roster) -> Found:
    found: Found = defaultdict(lambda: defaultdict(int))
    for visit, index in _counted(rules, window):
        if visit.queue is None or not rules.wants(visit.queue):
            continue
        for talk in visit.talks:
            if talk.agent is None:
                continue
            cell = found[index, (talk.agent, visit.queue)]
            cell["talking_call_dur"] += talk.seconds
            cell["wrap_up_dur"] += talk.wrap_seconds
            cell["answ_call_cnt"] += 1
            cell["transfer_out_call_cnt"] += talk.transferred
    return found


def count_agents(rules: Rules, window: Window, roster: Roster) -> Found:
    """tot_work_dur: logged in. pause_dur: Not Ready or supervising; admin_dur: that part of it which is no break.
    avail_dur = tot_work_dur - pause_dur. wait_dur: Ready. With chosen queues: only agents who serve one of them."""
    found: Found = defaultdict(lambda: defaultdict(int))
    serving = {agent for agent, queues in roster.serving.items() if any(map(rules.wants, queues))}
    for part in parts(window):
        if not rules.queues or part.agent in serving:
            _add_state(found[part.index, (part.agent,)], part)
    for visit in visits(window, rules.attribution):
        counted = visit.counted_at(rules.attribution)
        index = window.index(counted.timestamp()) if counted else None
        if index is None or visit.from_queue or (visit.queue is not None and visit.direction != OUT):
            continue
        _add_direct(found, index, visit, serving if rules.queues else None)
    return found


def _add_state(cell: Cells, part: Part) -> None:
    cell["tot_work_dur"] += part.seconds
    if part.productive:
        cell["avail_dur"] += part.seconds
        cell["wait_dur"] += part.seconds if part.state == AgentState.READY else 0
        return
    cell["pause_dur"] += part.seconds
    cell["admin_dur"] += 0 if part.is_break else part.seconds


def _add_direct(found: Found, index: int, visit: Visit, only: set[int] | None) -> None:
    for agent, way, seconds in _direct(visit):
        if agent is not None and (only is None or agent in only):
            cell = found[index, (agent,)]
            cell[f"direct_{way}_call_cnt"] += 1
            cell[f"direct_{way}_call_dur"] += seconds


def _direct(visit: Visit) -> Iterator[tuple[int | None, str, int]]:
    """Calls without a queue as (agent, way, seconds of that agent): those that agents dialled, answered or not, and
    those that reached them directly and were answered. Whoever is given one on was reached directly, too."""
    dialled = visit.direction == OUT
    if dialled and not visit.talks:
        yield visit.agent, "out", 0
    for number, talk in enumerate(visit.talks):
        yield talk.agent, "out" if dialled and number == 0 else "in", talk.seconds


COUNTERS: dict[str, Callable[[Rules, Window, Roster], Found]] = {
    Kind.QUEUE: count_queues,
    Kind.AGENT_QUEUE: count_agents_in_queues,
    Kind.AGENT: count_agents,
    Kind.AGENT_DAY: count_agents,
}
