"""Days that were lived through the product's own doors, counted a second time by another program: every number of every
column of all four reports, with clocks that change, calls over midnight, and calls that are still open."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from contactcenter.models import Agent, Service
from contactcenter.models.reports import Kind
from contactcenter.reports import runs
from contactcenter.reports.figures import COLUMNS
from contactcenter.reports.intervals import midnight, utc
from tests.factories import AgentFactory, NotReadyReasonFactory, ServiceFactory, TeamFactory

from .day import report
from .diary import Centre
from .recount import Recount
from .test_sums import NO_SUM

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
PLACES = [
    ("Europe/Berlin", date(2026, 3, 29), 15, 92),
    ("America/New_York", date(2026, 11, 1), 30, 50),
    ("Australia/Lord_Howe", date(2026, 4, 5), 15, 98),
]


@pytest.fixture
def people() -> list[Agent]:
    """Five agents; one serves both, one nothing, and one never comes."""
    NotReadyReasonFactory(key="lunch", is_break=True), NotReadyReasonFactory(key="paper")
    support = ServiceFactory(code="support", name="Support", service_level_seconds=20)
    sales = ServiceFactory(code="sales", name="Sales; Europe", service_level_seconds=60)
    chat = ServiceFactory(code="chat", name="Chat", media="chat")
    made = [AgentFactory(login=f"agent{n}", services=served, open_stretch=False, state_since=LONG_AGO)
            for n, served in enumerate([[support], [support, sales], [sales, chat], [chat], []])]  # fmt: skip
    AgentFactory(login="away", services=[support], open_stretch=False)
    return made


def lines(made: Any, day: date, start: Any = None) -> list[list[str]]:
    (file,) = runs.written(made, day, start)
    return [line.split("|") for line in file.content.decode().splitlines()]


def change_things(people: list[Agent]) -> None:
    """In the middle of the day."""
    Service.objects.filter(code="support").update(name="Support, new", service_level_seconds=30)
    people[0].services.set(Service.objects.filter(code="sales"))
    Agent.objects.filter(pk=people[1].pk).update(team=TeamFactory())


@pytest.mark.parametrize(("name", "day", "minutes", "count"), PLACES)
def test_every_number_of_a_day_is_counted_the_same_by_another_program(
    people: list[Agent], name: str, day: date, minutes: int, count: int
):
    zone = ZoneInfo(name)
    start, end = utc(midnight(day, zone)), utc(midnight(day + timedelta(days=1), zone))
    look = {"delimiter": "|", "time_zone": name, "interval": minutes}
    made = {
        (kind, rule): report(name=f"{kind} {rule}", kind=kind, attribution=rule, **look)
        for kind in Kind.values
        for rule in ("arrival", "end")
    }
    with time_machine.travel(start - timedelta(hours=1, seconds=0.3), tick=False) as clock:
        centre = Centre(count, clock, list(Service.objects.order_by("pk")), people)
        centre.live(start + (end - start) / 2)
        check_last_interval(made, centre, zone, day, minutes)
        change_things(people)
        centre.tour()
        centre.live(end + timedelta(minutes=10))
        check_day(made, centre, zone, day, minutes)
        before = {key: lines(each, day) for key, each in made.items()}
        centre.live(end + timedelta(minutes=90))  # what was open at midnight goes on, and ends
        check_day(made, centre, zone, day, minutes)
        assert {key for key, each in made.items() if lines(each, day) != before[key]}
        assert len({(cells[1], cells[2]) for cells in before[Kind.AGENT, "end"]}) <= count
        assert len(before[Kind.QUEUE, "end"]) == 3 * count
    check_tiling(before)


def check_day(made: Any, centre: Centre, zone: ZoneInfo, day: date, minutes: int) -> None:
    count = Recount(list(chain.from_iterable(centre.stays.values())), zone, day, minutes)
    for (kind, rule), each in made.items():
        assert lines(each, day) == count.lines(kind, rule), (kind, rule)


def check_last_interval(made: Any, centre: Centre, zone: ZoneInfo, day: date, minutes: int) -> None:
    """As the continuous mode makes it, with what is known by then."""
    now = int(timezone.now().timestamp())
    first = now - now % (minutes * 60) - minutes * 60
    stays = list(chain.from_iterable(centre.stays.values()))
    count = Recount(stays, zone, day, minutes, first, first + minutes * 60)
    for (kind, rule), each in made.items():
        if kind != Kind.AGENT_DAY:
            assert lines(each, day, utc(first)) == count.lines(kind, rule), (kind, rule)


def check_tiling(found: dict[tuple[str, str], list[list[str]]]) -> None:
    """The day's own report is the sum of the intervals', and what came in left, or is still there."""
    for rule in ("arrival", "end"):
        summed: dict[str, Counter[int]] = {}
        for cells in found[Kind.AGENT, rule]:
            summed.setdefault(cells[3], Counter()).update({n: int(cell) for n, cell in enumerate(cells[5:])})
        for cells in found[Kind.AGENT_DAY, rule]:
            assert [summed[cells[3]][n] for n in range(9)] == [int(cell) for cell in cells[5:]]
        total = Counter[str]()
        for cells in found[Kind.QUEUE, rule]:
            total.update({name: int(cell) for name, cell in zip(COLUMNS[Kind.QUEUE][1], cells[5:], strict=True)})
        came = total["offd_direct_call_cnt"] + total["overflow_in_call_cnt"]
        left = total["answ_call_cnt"] + total["aband_call_cnt"] + total["overflow_out_call_cnt"]
        assert came >= left if rule == "arrival" else came == left
        quiet = [name for name in COLUMNS[Kind.QUEUE][1] if not total[name] and name not in NO_SUM]
        assert not quiet, "the day was too quiet to prove anything about these"
