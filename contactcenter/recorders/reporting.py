"""What recorders must know about agents and calls. Called by the modules that made it happen, in their transaction.

Here domain events become recorder events, one row each per recorder; `queue` gets them there in order.
Names and prefixes of the receiver are the provider's business; bodies follow our profile `rec-json-1`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone

from integrations.capabilities import RecordingFeed
from integrations.models import IntegrationAccount
from integrations.providers import registry

from ..models import Agent, AgentState, AgentStateChange, FeedState, Interaction, InteractionEvent, Service
from .bodies import call_body, data_body, parties
from .queue import begin, enqueue, start_again, too_old

# What a recorder knows of a call so far ("" = nothing), what happens to the call -> what the recorder is told.
# Reports of telephone systems come late and out of order; a recorder must hear a story that makes sense. So a call
# that is held without having been answered is started first, and a call that never rang or was answered is not told.
STORY: dict[str, dict[str, tuple[str, ...]]] = {
    "": {
        "ringing": ("call.offered",),
        "answered": ("call.started",),
        "held": ("call.started", "call.held"),
        "resumed": ("call.started",),
    },
    "offered": {
        "ringing": ("call.offered",),
        "answered": ("call.started",),
        "held": ("call.started", "call.held"),
        "resumed": ("call.started",),
        "released": ("call.ended",),
        "abandoned": ("call.ended",),
    },
    "started": {
        "answered": ("call.started",),
        "held": ("call.held",),
        "transferred": ("call.transferred",),
        "released": ("call.ended",),
        "abandoned": ("call.ended",),
    },
    "held": {
        "answered": ("call.started",),
        "resumed": ("call.retrieved",),
        "transferred": ("call.transferred",),
        "released": ("call.ended",),
        "abandoned": ("call.ended",),
    },
    "ended": {},
}
# What the recorder knows of the call after hearing it; `call.transferred` leaves it as it is.
KNOWN_AFTER = {
    "call.offered": "offered",
    "call.started": "started",
    "call.held": "held",
    "call.retrieved": "started",
    "call.ended": "ended",
}
TALKED_ON = ("started", "held")
TALKING = ("answered", "held", "resumed", "transferred")
# These say which of our agents did it, and are nothing without one.
NEEDS_AGENT = ("call.held", "call.retrieved", "call.transferred")
# These introduce somebody or something: the picture at the start of a session leaves it out when the event follows.
INTRODUCTIONS = ("agent.login", "call.offered", "call.started")


def agent_changed(change: AgentStateChange, previous: str, trigger: str) -> None:
    """An agent entered a state. `previous` is the state before; `trigger` says why (it is the reason of a log-out)."""
    agent = change.agent
    who = {"agent_id": agent.login, "extension": agent.extension}
    if change.state == AgentState.LOGGED_OUT:
        report("agent.logout", change.began_at, {**who, "reason": str(trigger)}, agent=agent)
        return
    if previous == AgentState.LOGGED_OUT:
        report("agent.login", change.began_at, who, agent=agent)
    reason = change.reason.name if change.reason else None
    body = {**who, "state": str(change.state), "reason": reason, "previous_state": str(previous)}
    report("agent.state", change.began_at, body, agent=agent)


def call_changed(interaction: Interaction, event: InteractionEvent) -> None:
    """Something happened to an interaction, `event` being the newest of its history."""
    if interaction.media != Service.Media.VOICE or not recorders():
        return
    earlier = interaction.events.exclude(pk=event.pk).order_by("id").values_list("kind", flat=True)
    agent = event.agent or interaction.agent
    state = known(earlier)
    for kind in STORY[state].get(event.kind, ()):
        if kind == "call.started" and state in TALKED_ON:
            tell_taken_over(interaction, event, agent)
        if agent or kind not in NEEDS_AGENT:
            report(kind, event.at, call_body(kind, interaction, event, agent), interaction=interaction)
        if kind == "call.started" and interaction.attached_data:
            report("call.data", event.at, data_body(interaction, agent), interaction=interaction)


def tell_taken_over(interaction: Interaction, event: InteractionEvent, agent: Agent | None) -> None:
    """A call that is talked on goes on at somebody else without a report of the transfer: who had it is told."""
    talking = interaction.events.exclude(pk=event.pk).filter(kind__in=TALKING).select_related("agent__user")
    last = talking.order_by("-id").first()
    if last is None or last.kind == "transferred" or last.agent is None or last.agent == agent:
        return
    body = call_body("call.transferred", interaction, event, last.agent)
    party = {"party": parties(interaction, agent)[0]} if agent else {}
    report("call.transferred", event.at, {**body, **party}, interaction=interaction)


def data_attached(interaction: Interaction) -> None:
    """Names and values were attached to an interaction. To a call that nobody has answered they are told then."""
    if interaction.media != Service.Media.VOICE or not recorders():
        return
    if known(interaction.events.order_by("id").values_list("kind", flat=True)) in TALKED_ON:
        report("call.data", timezone.now(), data_body(interaction, interaction.agent), interaction=interaction)


def known(kinds: Iterable[str]) -> str:
    """What a recorder knows of a call after these things happened to it."""
    state = ""
    for kind in kinds:
        for told in STORY[state].get(kind, ()):
            state = KNOWN_AFTER.get(told, state)
    return state


def report(
    kind: str,
    at: datetime,
    body: dict[str, Any],
    *,
    agent: Agent | None = None,
    interaction: Interaction | None = None,
) -> None:
    """Queue one event for every recorder that is switched on."""
    for account in recorders():
        feed = feed_of(account, at)
        if not feed.session_open:
            introduces = kind in INTRODUCTIONS
            begin(feed, without_agent=agent if introduces else None, without_call=interaction if introduces else None)
        elif too_old(feed, timezone.now()):
            start_again(feed)
        enqueue(account.pk, kind, at, body)


def recorders() -> list[IntegrationAccount]:
    keys = [key for key, provider in registry().items() if issubclass(provider, RecordingFeed)]
    return list(IntegrationAccount.objects.filter(enabled=True, provider__in=keys).only("pk").order_by("pk"))


def feed_of(account: IntegrationAccount, now: datetime) -> FeedState:
    return FeedState.objects.get_or_create(account_id=account.pk, defaults={"due_at": now})[0]
