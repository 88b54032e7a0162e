"""One consistent picture of all agents and services, built in six queries whatever the number of agents.

Every feed serialises the same picture. Logged-out agents are not in it: receivers take an agent's absence from a full
picture for the log-out. A picture that cannot be read whole is not built at all, since a partial one would log
people out at the receiver; the exception reaches the caller, who sends nothing."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Avg, Case, Count, DurationField, ExpressionWrapper, F, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.utils import timezone

from integrations.capabilities import ActiveInteraction, AgentSnapshot, ServiceSnapshot, Snapshot

from .models import Agent, AgentState, ContactCenter, Interaction, InteractionState, Service

# Receivers know no ringing: an agent whose phone rings is already taken.
STATES = {AgentState.RINGING.value: AgentState.BUSY.value}
HANDLED = (InteractionState.RINGING, InteractionState.ACTIVE, InteractionState.HELD)
OPEN = (InteractionState.QUEUED, *HANDLED)
# Callers who hang up sooner than this were not kept waiting.
SHORT_ABANDON = timedelta(seconds=5)
AGENT_COLUMNS = (
    "pk", "user__username", "employee_id", "extension", "user__first_name", "user__last_name", "team__name",
    "state", "reason__name", "state_since",
)  # fmt: skip
OPEN_COLUMNS = (
    "state", "agent_id", "service_id", "service__name", "media", "direction",
    "answered_at", "ringing_at", "queued_at", "offered_at",
)  # fmt: skip


@dataclass(slots=True)
class Now:
    """What goes on in one service at this moment."""

    waiting: int = 0
    active: int = 0
    oldest: datetime | None = None
    agents: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def snapshot() -> Snapshot:
    """The picture of this moment. Raises `DatabaseError` rather than showing half of it."""
    with one_moment():
        taken_at = timezone.now()
        centre = ContactCenter.current()
        services = list(Service.objects.filter(enabled=True).order_by("name"))
        now: dict[int, Now] = defaultdict(Now)
        active = read_open(now)
        agents = read_agents(services, active, now)
        since = midnight(taken_at, centre.time_zone)
        figures = read_figures(services, since)
    return Snapshot(
        taken_at=taken_at,
        agents=agents,
        services=tuple(service_snapshot(s, now[s.pk], figures.get(s.pk, {}), since, taken_at) for s in services),
        tenant=centre.tenant,
    )


@contextmanager
def one_moment() -> Iterator[None]:
    """Let all reads inside see the same state, without keeping anybody from writing.

    `transaction.atomic` would not do: PostgreSQL shows each statement a newer state, SQLite would lock writers out."""
    if connection.in_atomic_block:
        yield
        return
    begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if connection.vendor == "postgresql" else "BEGIN DEFERRED"
    ContactCenter.current()  # makes the row of settings where it is missing, which a read-only moment cannot
    with connection.cursor() as cursor:
        cursor.execute(begin)
        try:
            yield
        finally:
            cursor.execute("COMMIT")


def read_open(now: dict[int, Now]) -> dict[int, ActiveInteraction]:
    """Fill what waits and runs per service; return what each agent handles, a running call before a ringing one."""
    active: dict[int, ActiveInteraction] = {}
    rows = Interaction.objects.filter(state__in=OPEN).order_by("id").values_list(*OPEN_COLUMNS)
    for state, agent_id, service_id, service, media, direction, answered, ringing, queued, offered in rows:
        handled = state != InteractionState.QUEUED
        if service_id:
            count_open(now[service_id], handled=handled, since=queued or offered)
        if handled and agent_id and (agent_id not in active or state == InteractionState.ACTIVE):
            began = answered or ringing or offered
            active[agent_id] = ActiveInteraction(service or "", media, direction, began, state == InteractionState.HELD)
    return active


def count_open(now: Now, *, handled: bool, since: datetime) -> None:
    if handled:
        now.active += 1
        return
    now.waiting += 1
    now.oldest = min(now.oldest or since, since)


def read_agents(
    services: list[Service], active: dict[int, ActiveInteraction], now: dict[int, Now]
) -> tuple[AgentSnapshot, ...]:
    """All logged-in agents by login; counts their states per service on the way."""
    serving = read_serving(services)
    codes = {service.pk: service.name for service in services}
    names = {key: tuple(codes[pk] for pk in key) for key in set(serving.values())}
    rows = Agent.objects.exclude(state=AgentState.LOGGED_OUT).order_by("user__username").values_list(*AGENT_COLUMNS)
    found: list[AgentSnapshot] = []
    tally: dict[tuple[tuple[int, ...], str], int] = defaultdict(int)
    for pk, login, employee, extension, first, last, team, state, reason, since in rows.iterator(chunk_size=5000):
        served = serving.get(pk, ())
        tally[served, state] += 1
        shown = STATES.get(state, state)
        found.append(
            AgentSnapshot(
                login, employee or None, extension or None, first or None, last or None, team, shown,
                reason if state == "NOT_READY" else None, since, names.get(served, ()), active.get(pk),
            )
        )  # fmt: skip
    for (served, state), count in tally.items():
        for service_id in served:
            now[service_id].agents[STATES.get(state, state)] += count
    return tuple(found)


def read_serving(services: list[Service]) -> dict[int, tuple[int, ...]]:
    """Which services each agent serves, in the order of their names."""
    position = {service.pk: place for place, service in enumerate(services)}
    serving: dict[int, list[int]] = defaultdict(list)
    for agent_id, service_id in Agent.services.through.objects.values_list("agent_id", "service_id"):
        if service_id in position:
            serving[agent_id].append(service_id)
    return {agent_id: tuple(sorted(ids, key=position.__getitem__)) for agent_id, ids in serving.items()}


def midnight(moment: datetime, zone: str) -> datetime:
    """Start of the contact centre's day, in UTC."""
    local = moment.astimezone(ZoneInfo(zone))
    return datetime.combine(local.date(), time(), ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))


def read_figures(services: list[Service], since: datetime) -> dict[int, dict[str, Any]]:
    """The day's counters per service for what came in. The wait of a call begins when it is queued."""
    began = Coalesce("queued_at", "offered_at")
    answered, abandoned = Q(answered_at__isnull=False), Q(state=InteractionState.ABANDONED)
    rows = (
        Interaction.objects.filter(service__in=services, offered_at__gte=since, direction=Interaction.Direction.INBOUND)
        .order_by()
        .values("service_id")
        .annotate(
            received=Count("id"),
            queued=Count("id", filter=Q(queued_at__isnull=False)),
            answered=Count("id", filter=answered),
            abandoned=Count("id", filter=abandoned),
            abandoned_short=Count("id", filter=abandoned & Q(ended_at__lt=began + SHORT_ABANDON)),
            answered_in_sl=Count("id", filter=answered & Q(answered_at__lte=began + service_levels(services))),
            asa=Avg(duration(F("answered_at") - began), filter=answered),
            aht=Avg(duration(F("completed_at") - F("answered_at")), filter=answered & Q(completed_at__isnull=False)),
        )
    )
    return {row.pop("service_id"): row for row in rows}


def duration(expression: Combinable) -> ExpressionWrapper:
    return ExpressionWrapper(expression, output_field=DurationField())


def service_levels(services: list[Service]) -> Case:
    """Within how long each service wants to answer, as a duration in SQL."""
    return Case(
        *(When(service=s.pk, then=Value(timedelta(seconds=s.service_level_seconds))) for s in services),
        default=Value(timedelta(0)),
        output_field=DurationField(),
    )


def service_snapshot(
    service: Service, now: Now, figures: dict[str, Any], since: datetime, taken_at: datetime
) -> ServiceSnapshot:
    return ServiceSnapshot(
        name=service.name,
        code=service.code,
        media=service.media,
        since=since,
        waiting=now.waiting,
        longest_wait=int((taken_at - now.oldest).total_seconds()) if now.oldest else 0,
        active=now.active,
        sl_threshold=service.service_level_seconds,
        agents_logged_in=sum(now.agents.values()),
        agents_ready=now.agents["READY"],
        agents_busy=now.agents["BUSY"],
        agents_acw=now.agents["ACW"],
        agents_not_ready=now.agents["NOT_READY"],
        **{**figures, "asa": in_seconds(figures.get("asa")), "aht": in_seconds(figures.get("aht"))},
    )


def in_seconds(duration: Any) -> float | None:
    return None if duration is None else round(duration.total_seconds(), 1)
