"""Three days that lie behind the demo, so that reports have something to say, and two reports about them.

Made up, but the same for every demo that is started on the same day. The reports begin with the first of the days: the
worker makes up for them at its start, as after any pause."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from contactcenter.models import (
    Agent,
    AgentState,
    AgentStateChange,
    ContactCenter,
    Interaction,
    InteractionState,
    NotReadyReason,
    Report,
    ReportTarget,
    Service,
)
from contactcenter.models.reports import Kind, Layout
from contactcenter.reports import schedule
from contactcenter.reports.intervals import day_of, midnight, utc

DAYS = 3
OPENS, CLOSES = timedelta(hours=8), timedelta(hours=17)
LUNCH = timedelta(hours=12)
REPORTS: tuple[dict[str, Any], ...] = (
    {"name": "Queues for Calabrio", "kind": Kind.QUEUE, "folder": "calabrio"},
    {
        "name": "Agents per day", "kind": Kind.AGENT_DAY, "header": True, "date_format": Layout.DateFormat.ISO,
        "ids": Layout.Ids.EMPLOYEE, "folder": "agents",
    },
)  # fmt: skip


@transaction.atomic
def load_history() -> None:
    """The days and the reports, unless there are reports already."""
    if Report.objects.exists():
        return
    zone = ZoneInfo(ContactCenter.current().time_zone)
    today = day_of(timezone.now(), zone)
    days = [today - timedelta(days=back) for back in range(DAYS, 0, -1)]
    services = list(Service.objects.filter(media=Service.Media.VOICE, enabled=True).order_by("pk"))
    lunch = NotReadyReason.objects.filter(key="lunch").first()
    for day in days:
        load_day(day, utc(midnight(day, zone)), services, lunch)
    for values in REPORTS:
        load_report(values, days[0])


def load_day(day: date, start: datetime, services: list[Service], lunch: NotReadyReason | None) -> None:
    calls: list[Interaction] = []
    stretches: list[AgentStateChange] = []
    for agent in Agent.objects.filter(services__in=services).distinct().order_by("pk"):
        chance = random.Random(f"{day}{agent.extension}")  # noqa: S311 - made-up figures, no secret
        for stretch in shift(agent, start, chance, lunch):
            stretches.append(stretch)
            if stretch.state == AgentState.BUSY:
                calls.append(answered(stretch, chance.choice(services), chance))
        calls += [given_up(start, chance.choice(services), chance) for _ in range(chance.randint(3, 7))]
    for number, call in enumerate(calls):
        call.call_id = f"demo-{day}-{number}"
    Interaction.objects.bulk_create(calls)
    AgentStateChange.objects.bulk_create(stretches)


def shift(
    agent: Agent, start: datetime, chance: random.Random, lunch: NotReadyReason | None
) -> Iterator[AgentStateChange]:
    """Ready, a call, after-call work, and again; half an hour of lunch; home when it closes."""
    at, ate = start + OPENS + timedelta(minutes=chance.randint(-10, 10)), False
    while at < start + CLOSES:
        lengths = [(AgentState.READY, chance.uniform(20, 400)), (AgentState.BUSY, chance.uniform(60, 500))]
        lengths.append((AgentState.ACW, chance.uniform(10, 90)))
        if not ate and at > start + LUNCH:
            ate, lengths = True, [(AgentState.NOT_READY, 1800.0)]
        for state, seconds in lengths:
            until = at + timedelta(seconds=round(seconds, 3))
            reason = lunch if state == AgentState.NOT_READY else None
            yield AgentStateChange(agent=agent, state=state, reason=reason, began_at=at, ended_at=until)
            at = until


def answered(stretch: AgentStateChange, service: Service, chance: random.Random) -> Interaction:
    offered = stretch.began_at - timedelta(seconds=chance.choice((3, 6, 9, 14, 25, 40)))
    return Interaction(
        service=service, agent=stretch.agent, state=InteractionState.COMPLETED, customer_number=caller(chance),
        offered_at=offered, queued_at=offered, answered_at=stretch.began_at, ended_at=stretch.ended_at,
        completed_at=(stretch.ended_at or offered) + timedelta(seconds=chance.randint(10, 90)),
    )  # fmt: skip


def given_up(start: datetime, service: Service, chance: random.Random) -> Interaction:
    offered = start + OPENS + timedelta(seconds=chance.randint(0, 9 * 3600))
    ended = offered + timedelta(seconds=chance.choice((2, 4, 12, 30, 75)))
    return Interaction(
        service=service, state=InteractionState.ABANDONED, customer_number=caller(chance), offered_at=offered,
        queued_at=offered, ended_at=ended, completed_at=ended,
    )  # fmt: skip


def caller(chance: random.Random) -> str:
    return f"+1415555{chance.randint(200, 9999):04d}"


def load_report(values: dict[str, Any], first: date) -> None:
    fields = {key: value for key, value in values.items() if key != "folder"}
    centre = ContactCenter.current()
    report = Report(account_name=centre.tenant, time_zone=centre.time_zone, **fields)
    schedule.begin(report)
    report.next_day = first
    report.full_clean()
    report.save()
    ReportTarget.objects.create(report=report, kind=ReportTarget.Kind.FOLDER, folder=values["folder"])
