"""States of interactions: one table of allowed transitions and the functions that carry them out.

Whoever changes an interaction holds its row (`locked`) first and agents afterwards, always in this order. Each step is
kept as an `InteractionEvent`, takes the agent's state along, tells the desktop and the recorders, and wakes the
scenario, in the caller's transaction."""

import logging
import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils import timezone

from . import agents, displays, events
from .errors import NotPossible
from .interaction_view import view
from .models import Agent, AgentState, Interaction, InteractionEvent, InteractionState, Service
from .recorders import reporting

logger = logging.getLogger(__name__)


class Trigger(StrEnum):
    """The words of telephony reports, and our own."""

    ANSWERED = "answered"
    HELD = "held"
    RESUMED = "resumed"
    TRANSFERRED = "transferred"
    RELEASED = "released"
    ABANDONED = "abandoned"
    RINGING = "ringing"
    DIALLED = "dialled"
    QUEUED = "queued"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    COMPLETED = "completed"
    SERVED_BY_BOT = "served_by_bot"
    HANDED_OVER = "handed_over"


# In the history only: they move nothing.
CALLER_CHOSEN, CALLER_REJECTED = "caller_chosen", "caller_rejected"
_S, _T = InteractionState, Trigger
UNANSWERED = (_S.NEW, _S.QUEUED, _S.RINGING)
TALKING = (_S.ACTIVE, _S.HELD)
ENDED = (_S.COMPLETED, _S.ABANDONED)
OPEN = (*UNANSWERED, *TALKING, _S.WRAP_UP)
# An agent with an interaction in one of these is at work.
WITH_AGENT = (_S.RINGING, *TALKING, _S.WRAP_UP)

TRANSITIONS: dict[tuple[str, str], InteractionState] = {
    (_S.NEW, _T.QUEUED): _S.QUEUED,
    (_S.NEW, _T.RINGING): _S.RINGING,
    (_S.QUEUED, _T.RINGING): _S.RINGING,
    (_S.NEW, _T.DIALLED): _S.RINGING,
    (_S.RINGING, _T.NO_ANSWER): _S.QUEUED,
    (_S.RINGING, _T.REJECTED): _S.QUEUED,
    **{(state, _T.ANSWERED): _S.ACTIVE for state in UNANSWERED},
    # Nobody holds or resumes a call that was not answered: the report of the answer is late or lost.
    **{(state, _T.HELD): _S.HELD for state in (*UNANSWERED, _S.ACTIVE)},
    **{(state, _T.RESUMED): _S.ACTIVE for state in (*UNANSWERED, _S.HELD)},
    **{(state, _T.TRANSFERRED): _S.QUEUED for state in (*UNANSWERED, *TALKING)},
    **{(state, trigger): _S.ABANDONED for state in UNANSWERED for trigger in (_T.RELEASED, _T.ABANDONED)},
    **{(state, trigger): _S.WRAP_UP for state in TALKING for trigger in (_T.RELEASED, _T.ABANDONED)},
    (_S.WRAP_UP, _T.COMPLETED): _S.COMPLETED,
    # A chat bot answers before anybody of ours does; then the chat is as new.
    (_S.NEW, _T.SERVED_BY_BOT): _S.ACTIVE,
    (_S.ACTIVE, _T.HANDED_OVER): _S.NEW,
}


# -- finding and locking


def locked(pk: int) -> Interaction:
    """The interaction, held until the transaction ends."""
    return Interaction.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)


def locked_by_public_id(public_id: str) -> Interaction | None:
    """The same by the id that desktops know; None for ids that do not exist or are none."""
    try:
        wanted = uuid.UUID(str(public_id))
    except ValueError:
        return None
    return Interaction.objects.select_for_update(of=("self",), no_key=True).filter(public_id=wanted).first()


def is_allowed(interaction: Interaction, trigger: str) -> bool:
    return (interaction.state, trigger) in TRANSITIONS


def record(
    interaction: Interaction,
    kind: str,
    *,
    key: str = "",
    at: datetime | None = None,
    agent: Agent | None = None,
    data: dict[str, Any] | None = None,
) -> InteractionEvent:
    """Add one event to the history and pass it to the recorders. Without `key` it is one of a kind."""
    event = InteractionEvent.objects.create(
        interaction=interaction,
        kind=kind,
        key=key or f"{kind}:{uuid.uuid4().hex}",
        at=at or timezone.now(),
        agent=agent,
        data=data or {},
    )
    reporting.call_changed(interaction, event)
    return event


# -- steps. Each expects the interaction locked and raises `NotPossible` where the table has no such transition.


def ring(interaction: Interaction, agent: Agent, *, wait: bool = True) -> None:
    """The call rings at the agent. `NotPossible` when they are not Ready any more; nothing has changed then.
    `wait`: see `agents.change`."""
    target = _target(interaction, Trigger.RINGING)
    agents.change(agent, agents.Trigger.RING, interaction=interaction, wait=wait)
    interaction.agent, interaction.ringing_at = agent, timezone.now()
    _finish(interaction, target, Trigger.RINGING)
    for pop in interaction.records.get("screen_pops", []):
        displays.open_for(interaction, agent, pop)


def dial(interaction: Interaction, agent: Agent) -> None:
    """The agent calls out: busy at once, while it rings at the far side."""
    target = _target(interaction, Trigger.DIALLED)
    agents.change(agent, agents.Trigger.DIAL, interaction=interaction)
    interaction.agent, interaction.ringing_at = agent, timezone.now()
    _note_history_account(interaction, agent)
    _finish(interaction, target, Trigger.DIALLED)


def queue(interaction: Interaction) -> None:
    """The call waits for an agent."""
    target = _target(interaction, Trigger.QUEUED)
    interaction.queued_at = interaction.queued_at or timezone.now()
    _finish(interaction, target, Trigger.QUEUED)


def pass_over(interaction: Interaction, trigger: Trigger) -> None:
    """The agent does not take the ringing call (`NO_ANSWER`, `REJECTED`): it waits again, for somebody else."""
    target = _target(interaction, trigger)
    agent = interaction.agent
    if agent is not None:
        interaction.declined_by.add(agent)
    _let_go(interaction, agents.Trigger(NOT_TAKEN[trigger]), target)
    interaction.queued_at = interaction.queued_at or timezone.now()
    _finish(interaction, target, trigger, agent=agent)


NOT_TAKEN = {Trigger.NO_ANSWER: agents.Trigger.NO_ANSWER, Trigger.REJECTED: agents.Trigger.REJECT}


def answer(interaction: Interaction, agent: Agent | None, *, at: datetime) -> bool:
    """The call is talked on. False when `agent` cannot be its agent, because another call of theirs is open:
    the call goes on without an agent of ours then."""
    target = _target(interaction, Trigger.ANSWERED)
    agent = agent or interaction.agent
    if interaction.agent_id and (agent is None or interaction.agent_id != agent.pk):
        _let_go(interaction, agents.Trigger.WITHDRAW, target)
    taken = agent is not None and _take(interaction, agent)
    interaction.agent = agent if taken else None
    interaction.answered_at = interaction.answered_at or at
    _set(interaction, target)
    return taken or agent is None


def hold(interaction: Interaction) -> None:
    interaction.records["held_at"] = timezone.now().isoformat()
    _set(interaction, _target(interaction, Trigger.HELD))


def resume(interaction: Interaction) -> None:
    _set(interaction, _target(interaction, Trigger.RESUMED))


def release(interaction: Interaction, trigger: Trigger, *, at: datetime, cause: str = "") -> None:
    """The call is over: after-call work for its agent, or abandoned when nobody had answered."""
    target = _target(interaction, trigger)
    interaction.ended_at, interaction.cause = at, cause or interaction.cause
    if target == InteractionState.WRAP_UP and interaction.agent is None:
        target = InteractionState.COMPLETED
    if target in ENDED:
        interaction.completed_at = at
    _free_agent(interaction, talked=target == InteractionState.WRAP_UP)
    _set(interaction, target)
    if target in ENDED:
        _settle_list_row(interaction)


def transfer(interaction: Interaction, service: Service | None = None, *, to: Agent | None = None) -> dict[str, Any]:
    """The agent gives the call away: it waits, in `service` if there is one, for routing to place it.

    Returns what the history keeps: who takes it, as recorders are told, and both queues, because reports count the
    call in both."""
    target = _target(interaction, Trigger.TRANSFERRED)
    giver, before = interaction.agent, interaction.service_id
    # Everybody may be asked again, except who has just given it away.
    interaction.declined_by.set([giver] if giver else [])
    _let_go(interaction, agents.Trigger.WITHDRAW, target)
    interaction.service = service or interaction.service
    interaction.queued_at = timezone.now()
    interaction.records["transferred_by"] = str(giver) if giver else ""
    _set(interaction, target)
    party = {"role": "agent", "agent_id": to.login, "extension": to.extension} if to else None
    return {**({"transfer": {"party": party}} if party else {}), "queues": [before, interaction.service_id]}


def serve_by_bot(interaction: Interaction, bot: str) -> None:
    """A chat bot answers the customer. That is no answer of an agent: `answered_at` stays empty."""
    _set(interaction, _target(interaction, Trigger.SERVED_BY_BOT))
    record(interaction, Trigger.SERVED_BY_BOT, data={"bot": bot})


def hand_over(interaction: Interaction, service: Service) -> None:
    """The chat bot leaves the customer to the service, where the chat arrives now."""
    target = _target(interaction, Trigger.HANDED_OVER)
    interaction.service, interaction.offered_at = service, timezone.now()
    _set(interaction, target)
    record(interaction, Trigger.HANDED_OVER)


def complete(interaction: Interaction, *, automatic: bool = False) -> None:
    """After-call work is done: the agent is free, and the history goes to the CRM."""
    from . import activities

    target = _target(interaction, Trigger.COMPLETED)
    agent = interaction.agent
    interaction.completed_at = timezone.now()
    _set(interaction, target)
    _move_agent(interaction, agents.Trigger.COMPLETE)
    activities.post_history(interaction)
    _settle_list_row(interaction)
    record(interaction, Trigger.COMPLETED, agent=agent, data={"automatic": automatic})
    after(interaction)


def withdraw(interaction: Interaction) -> None:
    """The ringing call is taken from its agent, who stays available: the platform offers it elsewhere."""
    agent = interaction.agent
    interaction.queued_at = interaction.queued_at or timezone.now()
    _let_go(interaction, agents.Trigger.WITHDRAW, InteractionState.QUEUED)
    _set(interaction, InteractionState.QUEUED)
    record(interaction, Trigger.QUEUED, agent=agent)


def after(interaction: Interaction) -> None:
    """Tell the agent's desktop what the interaction looks like now, and wake the scenario."""
    from .scenarios import engine

    tell(interaction)
    engine.notify(interaction)


def tell(interaction: Interaction) -> None:
    if interaction.agent is not None:
        events.tell(interaction.agent, "interaction", view(interaction))


@transaction.atomic
def tell_of(pk: int) -> None:
    """The same, for who changed something that hangs on the interaction: it is read again first."""
    tell(Interaction.objects.select_related("agent").get(pk=pk))


# -- shared


def _target(interaction: Interaction, trigger: Trigger) -> InteractionState:
    try:
        return TRANSITIONS[interaction.state, trigger]
    except KeyError:
        label = InteractionState(interaction.state).label.lower()
        raise NotPossible(f'The call is in the state "{label}": this is not possible any more.') from None


def _set(interaction: Interaction, target: InteractionState) -> None:
    interaction.state = target
    interaction.save()


def _finish(interaction: Interaction, target: InteractionState, kind: str, *, agent: Agent | None = None) -> None:
    _set(interaction, target)
    record(interaction, kind, agent=agent or interaction.agent)
    after(interaction)


def _take(interaction: Interaction, agent: Agent) -> bool:
    """Make the agent busy with this call, unless another one of theirs is open."""
    others = Interaction.objects.filter(agent=agent, state__in=WITH_AGENT).exclude(pk=interaction.pk)
    if others.exists():
        return False
    if agents.current_state(agent) == AgentState.BUSY:
        return True  # they dialled it themselves
    try:
        agents.change(agent, agents.Trigger.ANSWER, interaction=interaction)
    except NotPossible:
        return False
    _note_history_account(interaction, agent)
    return True


def _note_history_account(interaction: Interaction, agent: Agent) -> None:
    from . import activities

    interaction.activity_account = activities.account_of(interaction, agent.host_account)


def _settle_list_row(interaction: Interaction) -> None:
    """The person of a calling list whom this call was for gets its outcome."""
    from .lists import dialling

    dialling.settle(interaction)


def _free_agent(interaction: Interaction, *, talked: bool) -> None:
    if interaction.agent is not None and interaction.state in WITH_AGENT:
        _move_agent(interaction, agents.Trigger.RELEASE if talked else agents.Trigger.WITHDRAW)


def _let_go(interaction: Interaction, trigger: agents.Trigger, target: InteractionState) -> None:
    """Part the interaction from its agent, whose desktop sees it in its new state, without controls. The caller has
    waited since it rang for the first time."""
    agent = interaction.agent
    if agent is None:
        return
    interaction.queued_at = interaction.queued_at or interaction.ringing_at
    _move_agent(interaction, trigger)
    interaction.agent, interaction.ringing_at, interaction.state = None, None, target
    events.tell(agent, "interaction", view(interaction, reader=agent))


def _move_agent(interaction: Interaction, trigger: agents.Trigger) -> None:
    """A call goes on even if its agent's state was changed behind our back."""
    if interaction.agent is None:
        return
    try:
        agents.change(interaction.agent, trigger, interaction=interaction)
    except NotPossible as refusal:
        logger.warning("Call %s: agent %s stays as they are. %s", interaction.call_id, interaction.agent, refusal)
