"""A telephony report, and finding out whom and what it speaks of."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, IntegerField, Value, When
from django.utils import timezone

from .errors import NotPossible
from .interactions import Trigger
from .models import Agent, ContactCenter, Interaction, Service
from .phone import normalise

OFFERED = "offered"
EVENTS = (
    OFFERED,
    Trigger.ANSWERED,
    Trigger.HELD,
    Trigger.RESUMED,
    Trigger.TRANSFERRED,
    Trigger.RELEASED,
    Trigger.ABANDONED,
)
# "rejected" comes from our own line only.
KNOWN = (*EVENTS, Trigger.REJECTED)
# A report's own time counts if it is this close to ours; otherwise it was delivered late, or a clock is wrong.
CLOCK_TOLERANCE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class CallReport:
    """What a telephone system says about a call.

    `event`: one of `EVENTS`, or "rejected" from our own line. `from_number` and `to_number` as they are. `service`: a
    code or name; else the called number tells. `agent`: a login or extension; with "transferred" who takes the call.
    `at`: aware. `key`: the same key is the same report; without it `event` and `at` are, where `at` is given."""

    call_id: str
    event: str
    direction: str = ""
    from_number: str = ""
    to_number: str = ""
    service: str = ""
    agent: str = ""
    at: datetime | None = None
    cause: str = ""
    key: str = ""

    @property
    def outbound(self) -> bool:
        return self.direction == Interaction.Direction.OUTBOUND


@dataclass(frozen=True, slots=True)
class Resolved:
    """A report with its names looked up. `moment` is when it happened, by our clock. `service`: what the caller wanted;
    `named_service`: the one that the report names, with "transferred" the one where the call goes."""

    report: CallReport
    key: str
    at: datetime
    moment: datetime
    agent: Agent | None
    service: Service | None
    named_service: Service | None


def resolve(report: CallReport) -> Resolved:
    """Look up what the report names. Raises `NotPossible` with the field for an unknown event, agent or service."""
    now = timezone.now()
    at = report.at or now
    close = timedelta(0) <= now - at <= CLOCK_TOLERANCE
    if report.event not in KNOWN:
        raise NotPossible(f'"{report.event}" is no telephony event. Known: {", ".join(EVENTS)}.', "event")
    named = find_service(report.service) if report.service else None
    came_for = named if report.event != Trigger.TRANSFERRED else None
    return Resolved(
        report=report,
        key=report.key or (f"{report.event}@{at.isoformat()}" if report.at else f"{report.event}#{uuid.uuid4().hex}"),
        at=at,
        moment=at if close else now,
        agent=find_agent(report.agent) if report.agent else None,
        service=came_for or _service_by_number(report.from_number if report.outbound else report.to_number),
        named_service=named,
    )


def find_agent(name: str) -> Agent:
    """The agent with this login, else with this extension. Raises `NotPossible`."""
    by_login = Case(When(user__username=name, then=Value(0)), default=Value(1), output_field=IntegerField())
    known = Agent.objects.filter(user__username=name) | Agent.objects.filter(extension=name)
    agent = known.select_related("user").order_by(by_login).first()
    if agent is None:
        raise NotPossible(f'No agent has the login or extension "{name}".', "agent")
    return agent


def find_service(name: str) -> Service:
    """The enabled service with this code, else with this name. Raises `NotPossible`."""
    enabled = Service.objects.filter(enabled=True)
    service = enabled.filter(code=name).first() or enabled.filter(name__iexact=name).first()
    if service is None:
        raise NotPossible(f'No service that is switched on has the code or name "{name}".', "service")
    return service


def _service_by_number(number: str) -> Service | None:
    phone = normalise(number, ContactCenter.current().default_region)
    return Service.objects.filter(enabled=True, numbers__e164=phone.plain).first() if phone.plain else None
