"""Whatever calls and agents do, wherever clocks are changed: intervals sum up to days, and nothing falls between."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contactcenter.models import AgentStateChange, Interaction, InteractionEvent, ReportRoster
from contactcenter.models.reports import Kind
from contactcenter.reports import figures
from contactcenter.reports.figures import COLUMNS, Rules
from contactcenter.reports.intervals import day_window, utc, whole_day
from tests.factories import AgentFactory, ServiceFactory

pytestmark = pytest.mark.django_db

DAYS = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Asia/Kolkata", date(2026, 5, 4)),
]
# Not sums: the longest of all, and an average.
NO_SUM = {"queued_answ_longest_que_dur", "queued_aband_longest_que_dur", "avg_avail_member_cnt"}
STATES = ["LOGGED_OUT", "NOT_READY", "READY", "RINGING", "BUSY", "ACW", "SUPERVISING"]
seconds = st.floats(0, 4000, allow_nan=False).map(lambda value: round(value, 3))
# Steps of a call: what happens after how many seconds, with which agent, to which queue.
steps = st.lists(
    st.tuples(st.sampled_from(["answered", "transferred"]), seconds, st.integers(0, 2), st.integers(0, 1)), max_size=5
)
calls = st.lists(st.tuples(st.floats(-4000, 94_000), st.integers(0, 1), steps, st.booleans(), seconds), max_size=8)
shifts = st.lists(
    st.lists(st.tuples(st.floats(0.001, 30_000), st.sampled_from(STATES)), min_size=1, max_size=8),
    min_size=3,
    max_size=3,
)


def forget() -> None:
    for model in (InteractionEvent, AgentStateChange, Interaction, ReportRoster):
        model.objects.all().delete()


def build_call(number: int, start: int, made: Any, agents: list[Any], queues: list[Any]) -> None:
    offset, first, steps, ends, wrap = made
    at = utc(start) + timedelta(seconds=offset)
    call = Interaction(
        call_id=f"call-{number}", service=queues[first], offered_at=at, queued_at=at, state="queued",
    )  # fmt: skip
    events, queue, talking = [], queues[first], None
    for kind, wait, who, where in steps:
        at += timedelta(seconds=wait)
        if kind == "transferred":
            data = {"queues": [queue.pk, queues[where].pk]}
            queue, talking = queues[where], None
            events.append(InteractionEvent(kind=kind, at=at, data=data))
        elif talking is None:
            talking = agents[who]
            call.answered_at = call.answered_at or at
            events.append(InteractionEvent(kind=kind, at=at, agent=talking))
    call.service, call.agent = queue, talking
    if ends:
        call.ended_at = at + timedelta(seconds=5)
        call.completed_at = call.ended_at + timedelta(seconds=wrap) if talking else call.ended_at
        call.state = "completed" if talking else "abandoned"
    call.save()
    for order, event in enumerate(events):
        event.interaction, event.key = call, f"{order}"
        event.save()


def build_shift(agent: Any, start: int, stretches: Any) -> None:
    at = utc(start) - timedelta(seconds=5000)
    for length, state in stretches:
        end = at + timedelta(seconds=length)
        AgentStateChange.objects.create(agent=agent, state=state, began_at=at, ended_at=end)
        at = end


def totals(kind: str, window: Any, day: date, attribution: str) -> Counter[tuple[Any, str]]:
    found: Counter[tuple[Any, str]] = Counter()
    table = figures.table(Rules(kind, attribution), window, day)
    for row in table.rows:
        for name, value in zip(COLUMNS[kind][1], row.figures, strict=True):
            found[row.about, name] += value[0] if isinstance(value, tuple) else value
    return found


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(DAYS), st.sampled_from((15, 30, 60)), st.sampled_from(("arrival", "end")), calls, shifts)
def test_intervals_sum_up_to_the_day(place: Any, minutes: int, attribution: str, calls: Any, shifts: Any):
    zone, day = ZoneInfo(place[0]), place[1]
    forget()
    window, whole = day_window(day, zone, minutes), whole_day(day, zone)
    assert window is not None and whole is not None
    queues = [ServiceFactory() for _ in range(2)]
    agents = [AgentFactory(open_stretch=False, services=queues[: n + 1]) for n in range(3)]
    for number, made in enumerate(calls):
        build_call(number, window.start, made, agents, queues)
    for agent, stretches in zip(agents, shifts, strict=True):
        build_shift(agent, window.start, stretches)
    for kind in (Kind.QUEUE, Kind.AGENT_QUEUE, Kind.AGENT):
        parts, total = totals(kind, window, day, attribution), totals(kind, whole, day, attribution)
        summed = {key for key in total if key[1] not in NO_SUM}
        assert {key: parts[key] for key in summed} == {key: total[key] for key in summed}
    check_queues(totals(Kind.QUEUE, whole, day, attribution), attribution)
    check_agents(totals(Kind.AGENT, whole, day, attribution), agents, whole)
    check_both(totals(Kind.QUEUE, whole, day, attribution), totals(Kind.AGENT_QUEUE, whole, day, attribution))


def check_queues(total: Counter[tuple[Any, str]], attribution: str) -> None:
    """Whoever came in has left in exactly one way, or is still there."""
    for about in {key[0] for key in total}:
        came = total[about, "offd_direct_call_cnt"] + total[about, "overflow_in_call_cnt"]
        left = sum(total[about, name] for name in ("answ_call_cnt", "aband_call_cnt", "overflow_out_call_cnt"))
        assert left <= came if attribution == "arrival" else left == came
        assert (
            total[about, "aband_short_call_cnt"] + total[about, "aband_within_sl_cnt"] <= total[about, "aband_call_cnt"]
        )


def check_agents(total: Counter[tuple[Any, str]], agents: list[Any], whole: Any) -> None:
    """Against the plain sum of the stretches, each end cut to the second."""
    for agent in agents:
        naive = Counter[str]()
        for row in AgentStateChange.objects.filter(agent=agent):
            began, ended = (int(moment.timestamp()) for moment in (row.began_at, row.ended_at or datetime.max))
            naive[row.state] += max(min(ended, whole.end) - max(began, whole.start), 0)
        work = sum(naive.values()) - naive["LOGGED_OUT"]
        pause = naive["NOT_READY"] + naive["SUPERVISING"]
        about = (agent.pk,)
        assert total[about, "tot_work_dur"] == work <= whole.end - whole.start
        assert (total[about, "pause_dur"], total[about, "avail_dur"]) == (pause, work - pause)
        assert total[about, "wait_dur"] == naive["READY"]


def check_both(queues: Counter[tuple[Any, str]], agents: Counter[tuple[Any, str]]) -> None:
    """What agents talked in a queue is what was talked in it."""
    for name in ("talking_call_dur", "wrap_up_dur"):
        by_queue: Counter[int] = Counter()
        for (about, figure), value in agents.items():
            by_queue[about[1]] += value if figure == name else 0
        for (about, figure), value in queues.items():
            assert figure != name or value == by_queue[about[0]]
