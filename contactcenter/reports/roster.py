"""Who belonged where on a day: queues, agents, and who served which queue.

Names change and agents move, and no table remembers it. So the first report about a day that is over keeps the roster
of that moment, and every later report about the day in the same time zone reads it: a re-run gives the same bytes
although somebody was renamed since, or a queue was added. Whoever the kept roster does not know is named as they are
now."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from contactcenter.models import Agent, ReportRoster, Service

from .intervals import A_DAY, midnight


@dataclass(frozen=True, slots=True)
class Queue:
    pk: int
    code: str
    name: str
    service_level: int  # seconds


@dataclass(frozen=True, slots=True)
class Person:
    pk: int
    login: str
    employee_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Roster:
    """`known`: the queues that have rows without figures; `queues` may name newer ones, too."""

    known: frozenset[int]
    queues: dict[int, Queue]
    agents: dict[int, Person]
    serving: dict[int, tuple[int, ...]]  # agent -> queues

    def queue(self, pk: int) -> Queue:
        """One that was deleted before a roster was kept is known by its number only."""
        return self.queues.get(pk) or Queue(pk, str(pk), f"Queue {pk}", 0)


def roster_for(day: date, zone: ZoneInfo) -> Roster:
    """The kept roster of a day, or the present one. Reads only; four queries."""
    kept = ReportRoster.objects.filter(day=day, zone=zone.key).values_list("content", flat=True).first()
    present = current()
    return present if kept is None else laid_over(present, from_json(kept))


def keep(day: date, zone: ZoneInfo, roster: Roster) -> bool:
    """Keep the roster of a day that is over. False where another one was kept already."""
    if midnight(day + A_DAY, zone) > timezone.now().timestamp():
        return True
    kept, is_new = ReportRoster.objects.get_or_create(day=day, zone=zone.key, defaults={"content": to_json(roster)})
    return is_new or laid_over(roster, from_json(kept.content)) == roster


def current() -> Roster:
    services = Service.objects.order_by("pk").values_list("pk", "code", "name", "service_level_seconds")
    people = Agent.objects.order_by("pk").values_list(
        "pk", "user__username", "employee_id", "user__first_name", "user__last_name"
    )
    queues = {row[0]: Queue(*row) for row in services}
    serving: dict[int, tuple[int, ...]] = {}
    for agent, service in Agent.services.through.objects.order_by("agent_id", "service_id").values_list(
        "agent_id", "service_id"
    ):
        serving[agent] = (*serving.get(agent, ()), service)
    return Roster(
        known=frozenset(queues),
        queues=queues,
        agents={
            pk: Person(pk, login, employee, f"{first} {last}".strip() or login)
            for pk, login, employee, first, last in people
        },
        serving=serving,
    )


def laid_over(present: Roster, kept: Roster) -> Roster:
    """The kept roster, and whoever it does not know only to be named: newcomers served nobody on that day."""
    return Roster(kept.known, {**present.queues, **kept.queues}, {**present.agents, **kept.agents}, kept.serving)


def to_json(roster: Roster) -> dict[str, Any]:
    return {
        "queues": [[q.pk, q.code, q.name, q.service_level] for q in roster.queues.values()],
        "agents": [[p.pk, p.login, p.employee_id, p.name] for p in roster.agents.values()],
        "serving": [[agent, list(queues)] for agent, queues in roster.serving.items()],
    }


def from_json(content: dict[str, Any]) -> Roster:
    return Roster(
        known=frozenset(row[0] for row in content["queues"]),
        queues={row[0]: Queue(*row) for row in content["queues"]},
        agents={row[0]: Person(*row) for row in content["agents"]},
        serving={agent: tuple(queues) for agent, queues in content["serving"]},
    )
