"""Which agent gets the next interaction: the one who has been Ready longest, of the service, who did not decline it.

Reserving an agent and ringing them is one transaction, so an agent is never kept for a call that does not come. Calls
for which nobody is free wait, oldest first, and are offered as soon as somebody becomes Ready; the sweep repeats that
every second, so that no message between processes has to arrive."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from . import interactions
from .agents import CONNECTION_LOST
from .errors import NotPossible
from .models import Agent, AgentState, ContactCenter, Interaction, InteractionState, ScenarioRun, Service
from .models.agents import PhoneDevice

# It rings at the far side, see `interaction_view.is_calling_out`.
CALLING_OUT = Q(direction=Interaction.Direction.OUTBOUND, queued_at__isnull=True)
# Calls are for agents with a phone; chats are for everybody.
NEEDS_PHONE = Q(media=Service.Media.VOICE)
# A scenario that has not found an agent by then is overtaken: a caller never waits for a CRM or a worker.
PATIENCE = timedelta(seconds=30)
# Waiting on purpose, as for digits, does not count, up to this: then the caller gets an agent whatever comes.
LONGEST_PATIENCE = timedelta(minutes=10)
# After-call work without a limit of its own ends after this when its agent is about to log out or has gone.
GONE_SECONDS = 120
MOST_AT_ONCE = 50


@transaction.atomic
def find_agent(interaction: Interaction) -> Agent | None:
    """Ring the best agent for the interaction; None when nobody is free. Brings `interaction` up to date.

    Safe to repeat: an interaction that already has an agent keeps them."""
    fresh = interactions.locked(interaction.pk)
    found = find(fresh)
    _copy(fresh, interaction)
    return found


@transaction.atomic
def offer(interaction: Interaction, agent: Agent) -> bool:
    """Ring this agent, with everything that is to be shown. False, and nothing changed, when the agent is not Ready
    or the interaction is with somebody or over."""
    fresh = interactions.locked(interaction.pk)
    done = ring(fresh, agent)
    _copy(fresh, interaction)
    return done


@transaction.atomic
def place(interaction: Interaction) -> Agent | None:
    """Ring an agent, or wait for one. Harmless when it waits already, rings, or is over. Brings `interaction` up to
    date."""
    fresh = interactions.locked(interaction.pk)
    agent = find_or_queue(fresh)
    _copy(fresh, interaction)
    return agent


def assign_waiting(target: Agent | Service) -> int:
    """Offer what waits: to this agent, or to the agents of this service. Oldest first; returns how many ring now."""
    if isinstance(target, Agent):
        mine = _waiting().filter(service__agents=target).exclude(declined_by=target)
        if target.device == PhoneDevice.NONE:
            mine = mine.exclude(NEEDS_PHONE)
        return int(any(offer(interaction, target) for interaction in mine[:MOST_AT_ONCE]))
    return sum(find_agent(interaction) is not None for interaction in _waiting().filter(service=target)[:MOST_AT_ONCE])


def forgive(agent: Agent) -> None:
    """Waiting calls that the agent did not take may be offered to them again: they have become Ready anew."""
    Interaction.declined_by.through.objects.filter(
        agent_id=agent.pk, interaction__state=InteractionState.QUEUED
    ).delete()


# -- what the sweep does every second


def expire_ringing(now: datetime | None = None) -> int:
    """No answer in time: the agent becomes Not Ready, the call goes to the next. Returns how many."""
    limit = timedelta(seconds=ContactCenter.current().answer_timeout_seconds)
    ringing = Interaction.objects.filter(
        state=InteractionState.RINGING, ringing_at__lte=(now or timezone.now()) - limit
    )
    return _each(ringing.exclude(CALLING_OUT), _expire)


def finish_overdue_wrap_up(now: datetime | None = None) -> int:
    """Complete after-call work whose time is up, with what was saved so far. Returns how many."""
    now = now or timezone.now()
    seconds = ContactCenter.current().after_call_work_seconds
    overdue = Interaction.objects.filter(
        state=InteractionState.WRAP_UP, ended_at__lte=now - timedelta(seconds=seconds or GONE_SECONDS)
    )
    if not seconds:
        leaving = Q(agent__next_state=AgentState.LOGGED_OUT) | Q(agent__next_reason__key=CONNECTION_LOST)
        overdue = overdue.filter(leaving)
    return _each(overdue, partial(interactions.complete, automatic=True))


def offer_waiting(now: datetime | None = None) -> int:
    """Repair: ring free agents for calls that wait, and place calls whose scenario does not come to it."""
    now = now or timezone.now()
    free = Agent.objects.filter(state=AgentState.READY, services=OuterRef("service"))
    declined = Interaction.declined_by.through.objects.filter(interaction_id=OuterRef(OuterRef("pk")))
    free = free.exclude(pk__in=declined.values("agent_id"))
    has_phone = free.exclude(device=PhoneDevice.NONE)
    waiting = _waiting().filter(Exists(has_phone) | Q(~NEEDS_PHONE, Exists(free)))
    forgotten = Interaction.objects.filter(
        Q(offered_at__lte=now - LONGEST_PATIENCE) | ~Exists(_kept_by_scenario(now)),
        direction=Interaction.Direction.INBOUND, state=InteractionState.NEW, offered_at__lte=now - PATIENCE,
    )  # fmt: skip
    placed = [place(interaction) for interaction in (*waiting[:MOST_AT_ONCE], *forgotten[:MOST_AT_ONCE])]
    return sum(agent is not None for agent in placed)


def _kept_by_scenario(now: datetime) -> QuerySet[ScenarioRun]:
    """The scenario of an interaction that lets the caller wait on purpose (Wait, Collect Digits), or did so lately."""
    return ScenarioRun.objects.filter(interaction=OuterRef("pk"), due_at__gt=now - PATIENCE, finished_at=None)


# -- for a locked interaction


def _waiting() -> QuerySet[Interaction]:
    return Interaction.objects.filter(state=InteractionState.QUEUED).order_by("id")


def _candidates(interaction: Interaction) -> Iterable[Agent]:
    if interaction.service_id is None:
        return []
    ready = Agent.objects.filter(state=AgentState.READY, services=interaction.service_id)
    if interaction.media == Service.Media.VOICE:
        ready = ready.exclude(device=PhoneDevice.NONE)
    declined = interaction.declined_by.values("pk")
    return ready.exclude(pk__in=declined).order_by("state_since", "pk")


def find(interaction: Interaction) -> Agent | None:
    """Ring the best agent; the one who has the interaction already stays.

    Agents whom others are about to ring are passed over, not waited for: it is quicker, and two searches that hold one
    agent each cannot wait for each other."""
    if interaction.state in interactions.WITH_AGENT:
        return interaction.agent
    return next((agent for agent in _candidates(interaction) if ring(interaction, agent, wait=False)), None)


def find_or_queue(interaction: Interaction) -> Agent | None:
    """Ring the best agent, or let the interaction wait."""
    agent = find(interaction)
    if agent is None and interactions.is_allowed(interaction, interactions.Trigger.QUEUED):
        interactions.queue(interaction)
    return agent


def ring(interaction: Interaction, agent: Agent, *, wait: bool = True) -> bool:
    """Ring this agent, if both are still free for each other."""
    if not interactions.is_allowed(interaction, interactions.Trigger.RINGING):
        return False
    try:
        interactions.ring(interaction, agent, wait=wait)
    except NotPossible:
        return False  # somebody else was quicker, or the agent has left
    return True


def hand_on(interaction: Interaction, agent: Agent | None) -> None:
    """Ring whom a transferred interaction is meant for; where that is not possible, anybody of its service."""
    if agent is None or not ring(interaction, agent):
        find(interaction)


def _expire(interaction: Interaction) -> None:
    interactions.pass_over(interaction, interactions.Trigger.NO_ANSWER)
    find(interaction)


def _each(overdue: QuerySet[Interaction], step: Callable[[Interaction], None]) -> int:
    """Carry out a step per interaction, each in a transaction of its own that looks again before it acts."""
    done = 0
    for pk in overdue.order_by("id").values_list("pk", flat=True)[:MOST_AT_ONCE]:
        with transaction.atomic():
            still = overdue.filter(pk=pk).order_by("pk").select_for_update(of=("self",), no_key=True).first()
            if still is not None:
                step(still)
                done += 1
    return done


def _copy(fresh: Interaction, interaction: Interaction) -> None:
    """The caller's object shows what was saved."""
    for field in Interaction._meta.concrete_fields:
        setattr(interaction, field.attname, getattr(fresh, field.attname))
