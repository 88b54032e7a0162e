"""A day in a contact centre for tests: calls with their transfers, and agents with their stretches of time."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from contactcenter.models import Interaction, InteractionEvent, Report
from contactcenter.reports import runs, schedule
from contactcenter.reports.intervals import midnight, utc
from tests.factories import (
    AgentFactory,
    AgentStateChangeFactory,
    InteractionEventFactory,
    InteractionFactory,
    NotReadyReasonFactory,
    ServiceFactory,
)

DAY = date(2026, 3, 29)  # clocks go forward in Europe
BERLIN = ZoneInfo("Europe/Berlin")


def at(clock: str, *, day: date = DAY, zone: ZoneInfo = BERLIN) -> datetime:
    """A moment of the day by the clock on the wall; with a fraction of a second where that matters."""
    hour, minute, *rest = clock.split(":")
    seconds = timedelta(seconds=float(rest[0])) if rest else timedelta()
    local = datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=zone)
    return utc(int(local.timestamp())) + seconds


def call(
    service: Any, offered: datetime, *, wait: float = 10, talk: float | None = 60, wrap: float = 20, **values: Any
) -> Any:
    """An answered call; `talk=None`: the caller gave up after `wait` seconds."""
    answered = offered + timedelta(seconds=wait)
    if talk is None:
        return InteractionFactory(
            service=service, offered_at=offered, queued_at=offered, ended_at=answered, completed_at=answered,
            state="abandoned", **values,
        )  # fmt: skip
    ended = answered + timedelta(seconds=talk)
    return InteractionFactory(
        service=service, offered_at=offered, queued_at=offered, answered_at=answered, ended_at=ended,
        completed_at=ended + timedelta(seconds=wrap), state="completed", **values,
    )  # fmt: skip


def told(interaction: Interaction, *events: tuple[str, datetime, Any, Any]) -> None:
    """The history of a call: (kind, moment, agent, queues of a transfer)."""
    for number, (kind, moment, agent, queues) in enumerate(events):
        data = {"queues": queues} if queues else {}
        InteractionEventFactory(
            interaction=interaction, kind=kind, key=f"{kind}-{number}", at=moment, agent=agent, data=data
        )


def shift(agent: Any, *stretches: tuple[str, str], **more: Any) -> None:
    """The states of an agent: (clock, state) in order; each lasts until the next."""
    reasons = more.pop("reasons", {})
    moments = [(at(clock, **more), state) for clock, state in stretches]
    for (began, state), (ended, _next) in pairwise(moments):
        AgentStateChangeFactory(agent=agent, state=state, began_at=began, ended_at=ended, reason=reasons.get(began))


def small_day() -> tuple[Any, Any]:
    """Two queues, two agents, and one of each thing that can happen. Returns the queues."""
    support = ServiceFactory(name="Support", code="support", service_level_seconds=20)
    sales = ServiceFactory(name="Sales; Europe", code="sales", service_level_seconds=20)
    ava = AgentFactory(login="ava", services=[support], user__first_name="Ava", user__last_name="Martin",
                       employee_id="E-01", open_stretch=False)  # fmt: skip
    ben = AgentFactory(login="ben", services=[support, sales], user__first_name="=Ben", user__last_name="Clarke",
                       employee_id="", open_stretch=False)  # fmt: skip
    lunch = NotReadyReasonFactory(key="lunch-break", name="Lunch break", is_break=True)
    call(support, at("01:10"), wait=12.4, talk=600, wrap=30, agent=ava)  # talks over the change of the clocks
    call(support, at("03:05"), wait=21, talk=100, wrap=10, agent=ben)  # answered too late
    call(support, at("03:06"), wait=4.9, talk=None)  # short
    call(support, at("03:07"), wait=5, talk=None)  # within the service level
    call(support, at("03:08"), wait=90.7, talk=None)
    moved = call(support, at("09:00"), wait=5, talk=300, wrap=40, agent=ben)
    moved.service = sales
    moved.save()
    told(
        moved,
        ("queued", at("09:00"), None, None),
        ("answered", at("09:00:05"), ava, None),
        ("transferred", at("09:02:05"), ava, [support.pk, sales.pk]),
        ("answered", at("09:02:35"), ben, None),
        ("released", at("09:05:05"), ben, None),
    )
    given = call(sales, at("10:14:50"), wait=30, talk=None)  # not answered here, gone to the other queue, gave up there
    given.service = support
    given.save()
    told(given, ("queued", at("10:14:50"), None, None), ("transferred", at("10:15:10"), None, [sales.pk, support.pk]))
    call(None, at("11:00"), wait=8, talk=50, wrap=0, agent=ava, direction="outbound")
    call(None, at("11:05"), wait=30, talk=None, agent=ava, direction="outbound")
    call(None, at("11:10"), wait=3, talk=20, wrap=0, agent=ben)
    shift(ava, ("00:59:59.5", "READY"), ("01:10:12.4", "BUSY"), ("03:20", "ACW"), ("03:21", "NOT_READY"),
          ("04:00", "LOGGED_OUT"), ("04:01", "LOGGED_OUT"), reasons={at("03:21"): lunch})  # fmt: skip
    shift(ben, ("09:00", "READY"), ("09:50", "NOT_READY"), ("10:10", "SUPERVISING"), ("10:20", "READY"),
          ("10:20:00.9", "LOGGED_OUT"), ("10:30", "LOGGED_OUT"))  # fmt: skip
    return support, sales


def report(**values: Any) -> Report:
    made = Report(
        **{"name": "Queues", "account_name": "demo", "time_zone": "Europe/Berlin", "mode": "on_demand", **values}
    )
    schedule.begin(made, utc(midnight(DAY, BERLIN)))
    made.full_clean()
    made.save()
    return made


def content(made: Report, day: date = DAY) -> bytes:
    """The one file of a day."""
    (file,) = runs.written(made, day)
    return file.content


def forget() -> None:
    InteractionEvent.objects.all().delete()
    Interaction.objects.all().delete()
