"""Agents at work: what they choose, and the one function that carries out the transitions of `agent_states`.

Every change closes the present stretch of time and opens the next at the same instant, tells the desktop, the recorders
and the CRMs that keep presence alike, all in one transaction. What an agent chooses while busy waits in `next_state`
until the work is done; the latest choice counts. The names of states follow `AgentState`; administrators know the rules
from the agent guide: no answer in time means Not Ready with a system reason, and where reasons exist one must be
picked."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _t

from integrations.models import IntegrationAccount

from . import events
from .agent_states import (
    ASKS_FOR,
    CHOICES,
    CONNECTION_LOST,
    FREE,
    FRESH_START,
    LATER,
    RESUME,
    SYSTEM_REASON_OF,
    SYSTEM_REASONS,
    TRANSITIONS,
    WORKING,
    Trigger,
)
from .errors import NotPossible
from .models import Agent, AgentState, AgentStateChange, Interaction, NotReadyReason
from .models.agents import PhoneDevice
from .presence import wanting
from .presence.rules import Stand
from .recorders import reporting

STATE_FIELDS = ("state", "reason", "state_since", "next_state", "next_reason")
NEEDS_NUMBER = (PhoneDevice.HARDPHONE, PhoneDevice.EXTERNAL)
# An open desktop is noted every quarter of a minute; after six misses nobody is there.
NOTED_AGAIN = timedelta(seconds=10)
SILENCE = timedelta(seconds=90)


# -- what an agent does


@transaction.atomic
def log_in(
    agent: Agent,
    *,
    device: str = PhoneDevice.SOFTPHONE,
    device_number: str = "",
    host_account: IntegrationAccount | None = None,
    state: str = AgentState.NOT_READY,
) -> Agent:
    """Begin to work with a phone device, Not Ready or Ready as chosen. Raises `NotPossible`.

    Logging in again (another browser, a reloaded page) takes over device and host and keeps the state. `host_account`
    is the account whose page holds the desktop; None means that activity history is off."""
    number = _checked_device(device, device_number)
    mine = lock([agent.pk])[agent.pk]
    mine.device, mine.device_number, mine.host_account = device, number, host_account
    mine.last_seen_at = timezone.now()
    mine.save(update_fields=["device", "device_number", "host_account", "last_seen_at"])
    agent.refresh_from_db()
    if agent.state != AgentState.LOGGED_OUT:
        return _come_back(agent)
    if state not in (AgentState.READY, AgentState.NOT_READY):
        raise NotPossible(_("Log in as Ready or Not Ready; other states can be chosen afterwards."), "state")
    return change(agent, Trigger.LOG_IN_READY if state == AgentState.READY else Trigger.LOG_IN)


def _come_back(agent: Agent) -> Agent:
    """A log-out or a lost connection that waits for the end of the work is called off."""
    if agent.next_state == AgentState.LOGGED_OUT or (agent.next_reason and agent.next_reason.key == CONNECTION_LOST):
        agent.next_state, agent.next_reason = "", None
        agent.save(update_fields=["next_state", "next_reason"])
    events.tell(agent, "state", view(agent))
    return agent


def log_out(agent: Agent) -> Agent:
    """Leave. During a call or after-call work the log-out waits until it is done (`agent.next_state`); look at
    `agent.state` afterwards. The desktop gets the event "logout" when it happens. Harmless when logged out."""
    if current_state(agent) == AgentState.LOGGED_OUT:
        return agent
    return change(agent, Trigger.LOG_OUT)


def choose(agent: Agent, state: str, reason_key: str = "") -> Agent:
    """Ready, Not Ready (with a reason where reasons exist) or, for supervisors, Supervising. Raises `NotPossible`.

    While a call rings, runs or is wrapped up the choice becomes the next state; the latest choice counts."""
    trigger = CHOICES.get(state)
    if trigger is None:
        raise NotPossible(_("Choose Ready or Not Ready."), "state")
    if state == AgentState.SUPERVISING and not agent.user.is_staff:
        raise NotPossible(_("Only supervisors can choose Supervising. Choose Ready or Not Ready."), "state")
    reason = _chosen_reason(agent, reason_key) if state == AgentState.NOT_READY else None
    return change(agent, trigger, reason=reason)


def connection_lost(agent: Agent) -> Agent:
    """The desktop is gone and did not come back: Not Ready with a system reason, after the present work if there is
    any. Harmless for an agent who is logged out, not ready, or has chosen to be."""
    state = current_state(agent)
    if state in (AgentState.LOGGED_OUT, AgentState.NOT_READY):
        return agent
    if state in WORKING and agent.next_state not in ("", AgentState.READY):
        return agent
    return change(agent, Trigger.CONNECTION_LOST)


def seen(agent: Agent) -> None:
    """The agent's desktop is there; noted at most every few seconds."""
    now = timezone.now()
    if agent.last_seen_at is None or agent.last_seen_at < now - NOTED_AGAIN:
        Agent.objects.filter(pk=agent.pk).update(last_seen_at=now)


def part_with_silent(now: datetime) -> int:
    """Ready agents whose desktop has been silent for `SILENCE` get no more calls; how many those were."""
    silent = Agent.objects.filter(state=AgentState.READY, last_seen_at__lt=now - SILENCE)
    gone = list(silent.select_related("user"))
    for agent in gone:
        connection_lost(agent)
    return len(gone)


def reasons_for(agent: Agent) -> QuerySet[NotReadyReason]:
    """The reasons that the agent may choose: for everybody and for the agent's team."""
    teams = Q(team__isnull=True) | Q(team_id=agent.team_id)
    return NotReadyReason.objects.filter(teams, is_system=False)


# -- the one writer


@transaction.atomic
def change(
    agent: Agent,
    trigger: Trigger,
    *,
    reason: NotReadyReason | None = None,
    interaction: Interaction | None = None,
    wait: bool = True,
) -> Agent:
    """Carry out one transition of the table and bring `agent` up to date. Raises `NotPossible`.

    The row is locked only if its state allows the trigger, so that a refused transition holds nothing. `wait=False`
    refuses an agent whom another transaction is changing: for whoever holds other agents already."""
    sources = [state for state, known in TRANSITIONS if known == trigger]
    allowed = Agent.objects.select_related("user").filter(pk=agent.pk, state__in=sources).order_by("pk")
    fresh = allowed.select_for_update(of=("self",), no_key=True, skip_locked=not wait).first()
    if fresh is None:
        raise NotPossible(refusal(agent, trigger))
    target = TRANSITIONS[fresh.state, trigger]
    reason = reason or system_reason(trigger, target)
    if target == LATER:
        _queue_next(fresh, ASKS_FOR[trigger], reason)
    else:
        _enter(fresh, trigger, target, reason=reason, interaction=interaction)
    for name in STATE_FIELDS:
        setattr(agent, name, getattr(fresh, name))
    agent.last_event_number = fresh.last_event_number
    return agent


def lock(ids: Iterable[int | None]) -> dict[int, Agent]:
    """The agents' rows, locked in the order of their keys, so that two transactions cannot wait for each other."""
    wanted = Agent.objects.filter(pk__in=[pk for pk in ids if pk is not None]).order_by("pk")
    return {agent.pk: agent for agent in wanted.select_for_update(of=("self",), no_key=True)}


def current_state(agent: Agent) -> str:
    """The state as the database has it now; brings `agent` up to date."""
    agent.refresh_from_db(fields=STATE_FIELDS)
    return agent.state


def system_reason(trigger: str, target: str) -> NotReadyReason | None:
    """The reason that the platform gives, made on first use. Administrators may rename it."""
    key = SYSTEM_REASON_OF.get(trigger)
    if key is None or (target not in (AgentState.NOT_READY, LATER)):
        return None
    found = NotReadyReason.objects.filter(key=key).first()
    return found or _make_system_reason(key)


def _make_system_reason(key: str) -> NotReadyReason:
    name = SYSTEM_REASONS[key]
    if NotReadyReason.objects.filter(name=name).exists():
        name = f"{name} (system)"
    return NotReadyReason.objects.get_or_create(key=key, defaults={"name": name, "is_system": True})[0]


def _queue_next(agent: Agent, state: AgentState, reason: NotReadyReason | None) -> None:
    agent.next_state, agent.next_reason = state, reason
    agent.save(update_fields=["next_state", "next_reason"])
    events.tell(agent, "state", view(agent))


def _enter(
    agent: Agent, trigger: Trigger, target: str, *, reason: NotReadyReason | None, interaction: Interaction | None
) -> None:
    state, reason = _resolve(agent, trigger, target, reason)
    if state == agent.state and (reason and reason.pk) == agent.reason_id and state not in WORKING:
        return
    previous = Stand(agent.state, agent.reason_id)
    _plan_the_way_back(agent, state)
    agent.state, agent.reason = state, reason
    stretch = _begin_stretch(agent, interaction)
    agent.save(update_fields=STATE_FIELDS)
    reporting.agent_changed(stretch, previous.state, trigger)
    wanting.agent_changed(agent, previous)
    _tell(agent, trigger)


def _resolve(
    agent: Agent, trigger: Trigger, target: str, reason: NotReadyReason | None
) -> tuple[str, NotReadyReason | None]:
    """The state that a target means for this agent now."""
    if agent.next_state == AgentState.LOGGED_OUT and (target == RESUME or trigger == Trigger.NO_ANSWER):
        return AgentState.LOGGED_OUT, None
    if target == RESUME:
        return agent.next_state or AgentState.READY, agent.next_reason
    return target, reason if target == AgentState.NOT_READY else None


def _plan_the_way_back(agent: Agent, state: str) -> None:
    """Whoever takes up work while not Ready comes back to that state and reason; any free state ends all plans."""
    if state in FREE or state == AgentState.LOGGED_OUT:
        agent.next_state, agent.next_reason = "", None
    elif agent.state in (AgentState.NOT_READY, AgentState.SUPERVISING):
        agent.next_state, agent.next_reason = agent.state, agent.reason


def _begin_stretch(agent: Agent, interaction: Interaction | None) -> AgentStateChange:
    """Close the open stretch and begin the next at the same instant; a clock set back does not turn time round."""
    now = timezone.now()
    agent.state_since = max(now, agent.state_since) if agent.state_since else now
    AgentStateChange.objects.filter(agent=agent, ended_at__isnull=True).update(ended_at=agent.state_since)
    return AgentStateChange.objects.create(
        agent=agent, state=agent.state, reason=agent.reason, interaction=interaction, began_at=agent.state_since
    )


def _tell(agent: Agent, trigger: Trigger) -> None:
    events.tell(agent, "state", view(agent))
    if agent.state == AgentState.LOGGED_OUT:
        events.tell(agent, "logout", {"reason": "You are logged out."})
    if agent.state == AgentState.READY:
        # In a transaction of its own: it locks interactions, which always comes before locking agents.
        transaction.on_commit(partial(_look_for_work, agent.pk, fresh=trigger in FRESH_START))


def _look_for_work(agent_id: int, *, fresh: bool) -> None:
    from . import routing

    agent = Agent.objects.filter(pk=agent_id, state=AgentState.READY).first()
    if agent is None:
        return
    if fresh:
        routing.forgive(agent)
    routing.assign_waiting(agent)


# -- for people


def view(agent: Agent) -> dict[str, Any]:
    """The agent's state as the desktop shows it; times in ISO 8601."""
    return {
        "state": agent.state,
        "label": AgentState(agent.state).label,
        "reason": _reason_view(agent.reason),
        "since": iso(agent.state_since),
        "next": _next_view(agent),
        "device": agent.device,
        "deviceNumber": agent.device_number,
    }


def iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _next_view(agent: Agent) -> dict[str, Any] | None:
    if not agent.next_state:
        return None
    label = AgentState(agent.next_state).label
    return {"state": agent.next_state, "label": label, "reason": _reason_view(agent.next_reason)}


def _reason_view(reason: NotReadyReason | None) -> dict[str, str] | None:
    return {"key": reason.key, "name": reason.name} if reason else None


def _chosen_reason(agent: Agent, key: str) -> NotReadyReason | None:
    reasons = {reason.key: reason for reason in reasons_for(agent)}
    if not key and not reasons:
        return None
    if key not in reasons:
        names = ", ".join(reason.name for reason in reasons.values())
        raise NotPossible(f"Choose why you are not ready: {names or 'no reason is needed'}.", "reason")
    return reasons[key]


def _checked_device(device: str, number: str) -> str:
    if device not in PhoneDevice.values:
        raise NotPossible(_("Choose a phone device from the list."), "device")
    number = number.strip()
    if device in NEEDS_NUMBER and not number:
        raise NotPossible(f"Type the number of your {PhoneDevice(device).label.lower()}.", "device_number")
    if len(number) > 40:
        raise NotPossible(_("A phone number has at most 40 characters."), "device_number")
    return number if device in NEEDS_NUMBER else ""


_REFUSALS: dict[AgentState, Any] = {
    AgentState.LOGGED_OUT: _t("You are logged out. Log in first."),
    AgentState.RINGING: _t("A call is ringing. Accept or reject it first."),
    AgentState.BUSY: _t("You are on a call. End it first."),
    AgentState.ACW: _t("The last call is not completed. Complete it first."),
}


def refusal(agent: Agent, trigger: Trigger) -> str:
    """Why the table has no such transition now, for the agent."""
    state = current_state(agent)
    sentence = _REFUSALS.get(AgentState(state))
    if sentence:
        return str(sentence)
    return f'"{trigger.replace("_", " ").capitalize()}" is not possible while {AgentState(state).label}.'
