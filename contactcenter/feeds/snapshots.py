"""One consistent picture of all agents and services, built in eight queries whatever the number of agents.

Every feed serialises the same picture. Logged-out agents are not in it: receivers take an agent's absence from a full
picture for the log-out. A picture that cannot be read whole is not built at all, since a partial one would log
people out at the receiver; the exception reaches the caller, who sends nothing."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import (
    Avg,
    Case,
    Count,
    Expression,
    F,
    FloatField,
    Func,
    Q,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Extract
from django.db.models.lookups import LessThan, LessThanOrEqual
from django.utils import timezone

from integrations.capabilities import ActiveInteraction, AgentSnapshot, ServiceSnapshot, Snapshot

from ..models import Agent, AgentState, ContactCenter, Interaction, InteractionState, NotReadyReason, Service
from .roster import Roster, read_roster

# Receivers know no ringing: an agent whose phone rings is already taken.
STATES = {AgentState.RINGING.value: AgentState.BUSY.value}
HANDLED = (InteractionState.RINGING, InteractionState.ACTIVE, InteractionState.HELD)
OPEN = (InteractionState.QUEUED, *HANDLED)
# Callers who hang up sooner than this were not kept waiting.
SHORT_ABANDON_SECONDS = 5.0
FIGURES = ("received", "queued", "answered", "abandoned", "abandoned_short", "answered_in_sl", "asa", "aht")


@dataclass(slots=True)
class Now:
    """What goes on in one service at this moment."""

    waiting: int = 0
    active: int = 0
    oldest: datetime | None = None
    agents: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def snapshot(roster: Roster | None = None) -> Snapshot:
    """The picture of this moment; who the agents are may have been read a moment before.

    Raises `DatabaseError` rather than showing half of it."""
    with one_moment():
        taken_at = timezone.now()
        centre = ContactCenter.current()
        services = list(Service.objects.filter(enabled=True).order_by("name"))
        now: dict[int, Now] = defaultdict(Now)
        active = read_open(now)
        agents = read_agents(services, active, now, roster)
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
    waiting_since, began = Coalesce("queued_at", "offered_at"), Coalesce("answered_at", "ringing_at", "offered_at")
    columns = ("state", "agent_id", "service_id", "service__name", "media", "direction")
    rows = Interaction.objects.filter(state__in=OPEN).order_by("id")
    for state, agent_id, service_id, service, media, direction, since, began_at in rows.values_list(
        *columns, moment(waiting_since), moment(began)
    ):
        handled = state != InteractionState.QUEUED
        if service_id:
            count_open(now[service_id], handled=handled, since=read_moment(since))
        if handled and agent_id and (agent_id not in active or state == InteractionState.ACTIVE):
            held = state == InteractionState.HELD
            active[agent_id] = ActiveInteraction(service or "", media, direction, read_moment(began_at), held)
    return active


def count_open(now: Now, *, handled: bool, since: datetime) -> None:
    if handled:
        now.active += 1
        return
    now.waiting += 1
    now.oldest = min(now.oldest or since, since)


def read_agents(
    services: list[Service], active: dict[int, ActiveInteraction], now: dict[int, Now], roster: Roster | None
) -> tuple[AgentSnapshot, ...]:
    """All logged-in agents by login; counts their states per service on the way."""
    states = read_states()
    if roster is None or not roster.serves(states.keys()):
        roster = read_roster()
    reasons = dict(NotReadyReason.objects.order_by().values_list("pk", "name"))
    texts = {text for _, text in roster.entries.values()}
    keys = {text: {int(pk) for pk in text.split(",") if pk} for text in texts}
    names = {text: tuple(service.name for service in services if service.pk in pks) for text, pks in keys.items()}
    tally: Counter[tuple[str, str]] = Counter()
    found: list[AgentSnapshot] = []
    for pk, (person, served) in roster.entries.items():
        if pk not in states:
            continue
        _, state, reason, since = states[pk]
        shown = STATES.get(state, state)
        tally[served, shown] += 1
        why = reasons.get(reason) if reason is not None and state == "NOT_READY" else None
        found.append(AgentSnapshot._make((*person, shown, why, read_moment(since), names[served], active.get(pk))))
    for (served, state), count in tally.items():
        for service_id in keys[served]:
            now[service_id].agents[state] += count
    return tuple(found)


def read_states() -> dict[int, tuple[int, str, int | None, Any]]:
    """Of everybody who is logged in, by key: the key, the state, the key of the reason, the beginning."""
    rows = Agent.objects.exclude(state=AgentState.LOGGED_OUT).order_by()
    return {row[0]: row for row in rows.values_list("pk", "state", "reason_id", moment("state_since"))}


# -- reading many moments: turning text or a driver's timestamps into datetimes costs more than all the rest


def moment(column: str | Coalesce) -> Expression:
    """A column of moments, to be read with `read_moment`: text on SQLite, seconds since 1970 on PostgreSQL."""
    if connection.vendor == "sqlite":
        return Cast(column, TextField())
    return Cast(Extract(column, "epoch"), FloatField())


def read_moment(value: Any) -> datetime:
    if isinstance(value, float):
        return datetime.fromtimestamp(value, UTC)
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


class SecondsBetween(Func):
    """Seconds from the first moment to the second, computed by the database itself."""

    output_field = FloatField()
    template = "EXTRACT(EPOCH FROM (%(expressions)s))"
    arg_joiner = " - "

    def __init__(self, start: Any, end: Any) -> None:
        super().__init__(end, start)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = "(%(expressions)s) * 86400.0"
        days = [Func(source, function="julianday") for source in self.get_source_expressions()]
        copy = self.copy()
        copy.set_source_expressions(days)
        return super(SecondsBetween, copy).as_sql(compiler, connection, template=template, **extra)


def midnight(moment: datetime, zone: str) -> datetime:
    """Start of the contact centre's day, in UTC."""
    local = moment.astimezone(ZoneInfo(zone))
    return datetime.combine(local.date(), time(), ZoneInfo(zone)).astimezone(UTC)


def read_figures(services: list[Service], since: datetime) -> dict[int, dict[str, Any]]:
    """The day's counters per service for what came in. The wait of a call begins when it is queued or
    rings, whichever comes first."""
    began = Coalesce("queued_at", "ringing_at", "offered_at")
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
            abandoned_short=Count("id", filter=abandoned & short(SecondsBetween(began, F("ended_at")))),
            answered_in_sl=Count("id", filter=answered & within(SecondsBetween(began, F("answered_at")), services)),
            asa=Avg(SecondsBetween(began, F("answered_at")), filter=answered),
            aht=Avg(
                SecondsBetween(F("answered_at"), F("completed_at")), filter=answered & Q(completed_at__isnull=False)
            ),
        )
    )
    return {row["service_id"]: {name: row[name] for name in FIGURES} for row in rows.values("service_id", *FIGURES)}


def short(wait: SecondsBetween) -> Q:
    return Q(LessThan(wait, Value(SHORT_ABANDON_SECONDS)))


def within(wait: SecondsBetween, services: list[Service]) -> Q:
    """Answered as fast as the service wants to be."""
    wanted = (When(service=s.pk, then=Value(float(s.service_level_seconds))) for s in services)
    return Q(LessThanOrEqual(wait, Case(*wanted, default=Value(0.0), output_field=FloatField())))


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
        **{**figures, "asa": rounded(figures.get("asa")), "aht": rounded(figures.get("aht"))},
    )


def rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
