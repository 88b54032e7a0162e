"""Telephony reports become interactions: the one door for calls, whoever moves them.

Telephone systems repeat reports, deliver them late and in any order, and lose some. Each is kept once (by its key) in
the history; it moves the interaction where the table of `interactions` allows it and is otherwise kept as "ignored".
Nothing here waits for anybody: looking up the caller at a CRM is the scenario's work, after the transaction."""

from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from . import agents, interactions, routing
from .call_reports import EVENTS, OFFERED, CallReport, Resolved, resolve
from .callers import matching
from .errors import NotPossible
from .interaction_view import is_calling_out, view, views
from .interactions import Trigger
from .models import Agent, Interaction, InteractionEvent, InteractionState

__all__ = ["EVENTS", "CallReport", "apply", "view", "views"]

IGNORED = "ignored"


@transaction.atomic
def apply(report: CallReport) -> Interaction:
    """Take in one report and return the interaction as it is then.

    Repeating it changes nothing. Raises `NotPossible` with the field for an unknown agent or service, for a call that
    reaches no service, and for a key that was used for another event."""
    found = resolve(report)
    interaction, created = _interaction(found)
    if not created and _is_repeated(interaction, found):
        return interaction
    agents.lock([interaction.agent_id, found.agent.pk if found.agent else None])
    learned = created or _learn(interaction, found)
    applied = STEPS[report.event](interaction, found)
    if not applied:
        _ignore(interaction, found)
    if created and interaction.state not in interactions.ENDED and not report.outbound:
        _begin(interaction, found)
    elif applied or learned:
        interactions.after(interaction)
    return interaction


def _begin(interaction: Interaction, found: Resolved) -> None:
    """Start the service's scenario; without one the interaction goes straight to routing."""
    from .scenarios import engine

    run = engine.start(interaction)
    if run is None and interaction.state == InteractionState.NEW:
        routing.find_or_queue(interaction)
    if found.report.event != OFFERED:  # ringing has told the desktop already
        interactions.after(interaction)


# -- the interaction of a report


def _interaction(found: Resolved) -> tuple[Interaction, bool]:
    """The locked interaction of the call and whether it is new. Two that arrive together make one."""
    known = Interaction.objects.select_for_update(of=("self",), no_key=True).filter(call_id=found.report.call_id)
    interaction = known.first()
    if interaction is not None:
        return interaction, False
    _check_reachable(found)
    try:
        with transaction.atomic():
            return _create(found), True
    except IntegrityError:
        return known.get(), False


def _check_reachable(found: Resolved) -> None:
    report = found.report
    if report.event == OFFERED and not report.outbound and not (found.service or found.agent):
        number = report.to_number or "(none)"
        raise NotPossible(
            f"No service has the number {number}, so nobody can take the call. Add the number to a service, or send "
            '"service" or "agent".',
            "to",
        )


def _create(found: Resolved) -> Interaction:
    report = found.report
    interaction = Interaction(
        call_id=report.call_id,
        direction=Interaction.Direction.OUTBOUND if report.outbound else Interaction.Direction.INBOUND,
        service=found.service,
        offered_at=found.moment,
    )
    _fill(interaction, found)
    interaction.save(force_insert=True)
    matching.ask_around(interaction)
    return interaction


def _is_repeated(interaction: Interaction, found: Resolved) -> bool:
    earlier = interaction.events.filter(key=found.key).first()
    if earlier is None:
        return False
    if reported_event(earlier) != found.report.event:
        raise NotPossible(
            f'The key "{found.key}" was used for the event "{reported_event(earlier)}" of this call already. '
            "Use a new key for every event.",
            "Idempotency-Key",
        )
    return True


def reported_event(event: InteractionEvent) -> str:
    """The word of the report that an event in the history comes from."""
    return str(event.data.get("event") or event.kind)


def _learn(interaction: Interaction, found: Resolved) -> bool:
    """Fill in what the first report of the call did not say. True when there was something new."""
    changed, identified = _fill(interaction, found)
    if changed or identified:
        interaction.save()
    if identified:
        matching.ask_around(interaction)
    return changed


def _fill(interaction: Interaction, found: Resolved) -> tuple[bool, bool]:
    """Take over service and numbers, where they were missing; whether there was any, and whether the caller was looked
    up anew. Nothing is saved."""
    report = found.report
    outbound = interaction.direction == Interaction.Direction.OUTBOUND
    theirs, ours = (report.to_number, report.from_number) if outbound else (report.from_number, report.to_number)
    identify = not interaction.caller or (bool(theirs) and not interaction.customer_number)
    before = (interaction.service_id, interaction.customer_number, interaction.service_number)
    interaction.service = interaction.service or found.service
    interaction.customer_number = interaction.customer_number or theirs
    interaction.service_number = interaction.service_number or ours
    if identify:
        matching.identify(interaction)
    changed = before != (interaction.service_id, interaction.customer_number, interaction.service_number)
    return changed, identify


# -- what each event does: True when it was applied, False when it came too late to matter


def _offered(interaction: Interaction, found: Resolved) -> bool:
    if interaction.state not in interactions.UNANSWERED:
        return False
    _keep(interaction, found)
    agent = found.agent
    if agent is None or agent.pk == interaction.agent_id:
        return True
    if interaction.direction == Interaction.Direction.OUTBOUND and interaction.state == InteractionState.NEW:
        _dialled(interaction, agent)
        return True
    if interaction.agent_id is not None:
        interactions.withdraw(interaction)
    routing.ring(interaction, agent)
    if interaction.state == InteractionState.QUEUED:
        routing.find(interaction)
    return True


def _dialled(interaction: Interaction, agent: Agent) -> None:
    """The agent's phone calls out. An agent who cannot be busy with it now is not tied to the call."""
    try:
        interactions.dial(interaction, agent)
    except NotPossible:
        return


def _answered(interaction: Interaction, found: Resolved) -> bool:
    if not interactions.is_allowed(interaction, Trigger.ANSWERED):
        return False
    _answer(interaction, found, key=found.key)
    return True


def _answer(interaction: Interaction, found: Resolved, *, key: str = "") -> None:
    """Without `key` the answer is inferred from a later event of the call."""
    wanted = found.agent or interaction.agent
    taken = interactions.answer(interaction, found.agent, at=found.moment)
    note = f"{wanted} is logged out or on another call here: this one runs without an agent."
    data = {} if taken else {"note": note}
    _keep(interaction, found, kind=Trigger.ANSWERED, key=key or f"answered-before:{found.key}", data=data)


def _held(interaction: Interaction, found: Resolved) -> bool:
    return _on_line(interaction, found, Trigger.HELD, interactions.hold)


def _resumed(interaction: Interaction, found: Resolved) -> bool:
    return _on_line(interaction, found, Trigger.RESUMED, interactions.resume)


def _on_line(interaction: Interaction, found: Resolved, trigger: Trigger, step: Callable[[Interaction], None]) -> bool:
    """Hold or resume. Nobody does so before answering: then the answer's report is late or lost."""
    if not interactions.is_allowed(interaction, trigger) or _overtaken(interaction, found):
        return False
    if interaction.state in interactions.UNANSWERED:
        _answer(interaction, found)
    if interactions.is_allowed(interaction, trigger):
        step(interaction)
    _keep(interaction, found)
    return True


def _overtaken(interaction: Interaction, found: Resolved) -> bool:
    """Whether a later hold or resume was reported already, even one that had nothing to change."""
    words = [Trigger.HELD, Trigger.RESUMED]
    reported = Q(kind__in=words) | Q(kind=IGNORED, data__event__in=words)
    return interaction.events.filter(reported, at__gt=found.at).exists()


def _released(interaction: Interaction, found: Resolved) -> bool:
    trigger = Trigger(found.report.event)
    if not interactions.is_allowed(interaction, trigger):
        return False
    cause = found.report.cause or ("abandoned" if trigger == Trigger.ABANDONED else "")
    interactions.release(interaction, trigger, at=found.moment, cause=cause)
    # The history says what happened: a caller who gave up abandoned the call, whatever the platform calls it.
    kind = Trigger.ABANDONED if interaction.state == InteractionState.ABANDONED else Trigger.RELEASED
    _keep(interaction, found, kind=kind)
    return True


def _transferred(interaction: Interaction, found: Resolved) -> bool:
    if not interactions.is_allowed(interaction, Trigger.TRANSFERRED):
        return False
    if found.agent is None and found.named_service is None:
        return _left(interaction, found)
    if found.agent is not None and found.agent.pk == interaction.agent_id:
        return False
    giver = interaction.agent
    data = interactions.transfer(interaction, found.named_service, to=found.agent)
    _keep(interaction, found, agent=giver, data=data)
    routing.hand_on(interaction, found.agent)
    return True


def _left(interaction: Interaction, found: Resolved) -> bool:
    """Transferred out of the contact centre: for us the call is over."""
    interactions.release(interaction, Trigger.RELEASED, at=found.moment, cause=found.report.cause or "transferred")
    _keep(interaction, found, data={"number": found.report.to_number} if found.report.to_number else None)
    return True


def _rejected(interaction: Interaction, found: Resolved) -> bool:
    if is_calling_out(interaction) or not interactions.is_allowed(interaction, Trigger.REJECTED):
        return False
    interactions.pass_over(interaction, Trigger.REJECTED)
    routing.find(interaction)
    return True


STEPS: dict[str, Callable[[Interaction, Resolved], bool]] = {
    OFFERED: _offered,
    Trigger.ANSWERED: _answered,
    Trigger.HELD: _held,
    Trigger.RESUMED: _resumed,
    Trigger.TRANSFERRED: _transferred,
    Trigger.RELEASED: _released,
    Trigger.ABANDONED: _released,
    Trigger.REJECTED: _rejected,
}


# -- the history


def _keep(
    interaction: Interaction,
    found: Resolved,
    *,
    kind: str = "",
    key: str = "",
    agent: Agent | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Add the report to the history. `kind` differs from the reported event where we know better."""
    event = found.report.event
    facts = {**({"event": event} if kind and kind != event else {}), **(data or {})}
    if found.report.cause:
        facts["cause"] = found.report.cause
    agent = agent or found.agent or interaction.agent
    interactions.record(interaction, kind or event, key=key or found.key, at=found.at, agent=agent, data=facts)


def _ignore(interaction: Interaction, found: Resolved) -> None:
    state = InteractionState(interaction.state).label.lower()
    why = f'Came when the call was in the state "{state}".'
    _keep(interaction, found, kind=IGNORED, data={"why": why})
