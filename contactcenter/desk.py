"""What an agent does with calls, and the overview that the desktop starts from.

Every command checks in words whether it is possible now (`NotPossible`), moves the call through the line, and is one
short transaction. A command that was carried out already, such as the second click of a double click, is harmless."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Manager
from django.utils.translation import gettext as _

from integrations.capabilities import CallFacts, EmbedHost, RecordRef
from integrations.errors import IntegrationError
from integrations.models import IntegrationAccount

from . import agents, colleagues, events, interactions, messages, showing
from .callers import matching
from .errors import NotPossible
from .interaction_view import Background, is_calling_out, label, views
from .models import Agent, AgentState, CallingList, Disposition, Interaction, InteractionState, Service
from .models.agents import PhoneDevice
from .phone import digits
from .telephony import SIMULATED, SimulatedLine, line

RECENT = 20
LONGEST_NOTES = 10_000
LONGEST_NUMBER = 60
SIMULATED_CALLER = "+14155550132"
# Members of this group may let simulated calls ring at their own desktop.
DEMO_GROUP = "Demo"
RELATED = ("service", "agent", "disposition", "activity_account")
_S = InteractionState


# -- the overview


def overview(agent: Agent) -> dict[str, Any]:
    """Everything a desktop shows at its start; `lastEvent` is the number to listen on from."""
    # The number comes first, in the same row as the state: what happens from now on is told by events.
    agent.refresh_from_db(from_queryset=Agent.objects.select_related("user", "team", "host_account", "reason"))
    background = Background()
    mine = Interaction.objects.filter(agent=agent).select_related(*RELATED).prefetch_related("outbox")
    current, past = mine.filter(state__in=interactions.OPEN), mine.filter(state__in=interactions.ENDED)
    return {
        "agent": _agent_view(agent),
        "state": agents.view(agent),
        "interactions": views(current.order_by("id"), reader=agent, background=background),
        "recents": views(past[:RECENT], reader=agent, background=background),
        "reasons": [{"key": r.key, "name": r.name, "isBreak": r.is_break} for r in agents.reasons_for(agent)],
        "services": _services(agent.services),
        "queues": _services(Service.objects),
        "directory": colleagues.directory(agent),
        "messages": messages.unread(agent),
        "hasLists": CallingList.objects.filter(enabled=True, service__enabled=True, service__agents=agent).exists(),
        "lastEvent": agent.last_event_number,
        "host": _host_view(agent.host_account),
        "demo": is_demo(agent),
    }


def is_demo(agent: Agent) -> bool:
    """Whether the agent may simulate calls: while trying out (DEBUG), or as a member of the group "Demo"."""
    return settings.DEBUG or agent.user.groups.filter(name=DEMO_GROUP).exists()


def _agent_view(agent: Agent) -> dict[str, str]:
    return {
        "login": agent.login,
        "name": str(agent),
        "extension": agent.extension,
        "team": agent.team.name if agent.team else "",
        "email": agent.user.email,
    }


def _host_view(account: IntegrationAccount | None) -> dict[str, str] | None:
    if account is None:
        return None
    return {"account": str(account.public_id), "name": account.name, "provider": account.provider}


def _services(among: Manager[Service]) -> list[dict[str, str]]:
    return [{"code": s.code, "name": s.name, "media": s.media} for s in among.filter(enabled=True)]


# -- call control


def accept(agent: Agent, interaction_id: str) -> Interaction:
    """Answer the ringing call."""
    return _control(agent, interaction_id, "answer", before=[_S.RINGING], after=[_S.ACTIVE])


def reject(agent: Agent, interaction_id: str) -> Interaction:
    """Let the ringing call go to somebody else."""
    return _control(agent, interaction_id, "reject", before=[_S.RINGING], after=[])


def hold(agent: Agent, interaction_id: str) -> Interaction:
    return _control(agent, interaction_id, "hold", before=[_S.ACTIVE], after=[_S.HELD])


def resume(agent: Agent, interaction_id: str) -> Interaction:
    return _control(agent, interaction_id, "resume", before=[_S.HELD], after=[_S.ACTIVE])


def end(agent: Agent, interaction_id: str) -> Interaction:
    """Hang up: during the call, or while it still rings at the far side of an outbound one."""
    after = [_S.WRAP_UP, *interactions.ENDED]
    return _control(agent, interaction_id, "hang_up", before=[_S.ACTIVE, _S.HELD], after=after, calling_out=True)


def dial(agent: Agent, number: str, service_code: str = "", *, record: dict[str, str] | None = None) -> Interaction:
    """Call a number. `record` is the CRM record where it was clicked: {"account", "kind", "id", "title", "url"}."""
    number = checked_number(number)
    if service_code and not agent.services.filter(code=service_code, enabled=True).exists():
        raise NotPossible(_("You do not work for this service. Choose another one."), "service")
    with transaction.atomic():
        _check_can_dial(agents.lock([agent.pk])[agent.pk])
        interaction = line().dial(agent, number, service=service_code)
        if record:
            matching.dialled_from(interaction, record)
    agents.current_state(agent)
    return interaction


def checked_number(number: str) -> str:
    """What an agent typed, if a telephone system could call it. Raises `NotPossible`."""
    number = number.strip()
    if not digits(number) or len(number) > LONGEST_NUMBER:
        raise NotPossible(_("This is not a phone number. Type digits, for example +1 415 555 0132."), "number")
    return number


def _check_can_dial(agent: Agent) -> None:
    if (agent.state, agents.Trigger.DIAL) not in agents.TRANSITIONS:
        raise NotPossible(agents.refusal(agent, agents.Trigger.DIAL))
    if agent.device == PhoneDevice.NONE:
        raise NotPossible(_("You are logged in without a phone. Log in again with one to make calls."), "device")


# -- after-call work


@transaction.atomic
def save_wrap_up(agent: Agent, interaction_id: str, disposition: str, notes: str) -> Interaction:
    """Keep disposition (a code, empty for none) and notes while the call is still open."""
    interaction = interaction_of(agent, interaction_id)
    if interaction.state not in (_S.ACTIVE, _S.HELD, _S.WRAP_UP):
        raise NotPossible(_("Notes can be saved from the beginning of the talk until the call is completed."))
    _write_wrap_up(interaction, disposition, notes)
    interactions.tell(interaction)
    return interaction


@transaction.atomic
def complete(agent: Agent, interaction_id: str, disposition: str, notes: str) -> Interaction:
    """Finish after-call work. The history goes to the CRM, the agent to the state chosen meanwhile or to Ready."""
    interaction = interaction_of(agent, interaction_id)
    if interaction.state in interactions.ENDED:
        return interaction
    if interaction.state != _S.WRAP_UP:
        raise NotPossible(_("The call is not over yet. End it first, then complete it."))
    _write_wrap_up(interaction, disposition, notes)
    interactions.complete(interaction)
    agents.current_state(agent)
    return interaction


def _write_wrap_up(interaction: Interaction, disposition: str, notes: str) -> None:
    if len(notes) > LONGEST_NOTES:
        raise NotPossible(f"Notes have at most {LONGEST_NOTES:,} characters; these have {len(notes):,}.", "notes")
    interaction.disposition = _disposition(interaction, disposition) if disposition else None
    interaction.notes = notes.replace("\x00", "")
    interaction.save(update_fields=["disposition", "notes"])


def _disposition(interaction: Interaction, code: str) -> Disposition:
    found = Disposition.objects.filter(code=code).first()
    if found is None or found.service_id not in (None, interaction.service_id):
        raise NotPossible(_("Choose a disposition from the list of this service."), "disposition")
    return found


# -- who is calling


@transaction.atomic
def choose_caller(agent: Agent, interaction_id: str, index: int) -> Interaction:
    """Say which of several candidates is calling. Remembered for the number; the record opens."""
    interaction = interaction_of(agent, interaction_id)
    try:
        chosen = matching.choose(interaction, index, agent)
    except IndexError:
        raise NotPossible(_("This person is not in the list any more. Choose again."), "index") from None
    facts = {name: chosen[name] for name in ("account", "kind", "id", "name")}
    interactions.record(interaction, interactions.CALLER_CHOSEN, agent=agent, data=facts)
    interactions.after(interaction)
    _open(interaction, chosen, agent)
    return interaction


@transaction.atomic
def reject_caller(agent: Agent, interaction_id: str) -> Interaction:
    """Say that the person shown is not calling. What was remembered for the number is forgotten."""
    interaction = interaction_of(agent, interaction_id)
    facts = {"name": interaction.caller.get("name", "")}
    try:
        matching.reject(interaction)
    except LookupError:
        raise NotPossible(_("Nobody is named for this call."), "interaction") from None
    interactions.record(interaction, interactions.CALLER_REJECTED, agent=agent, data=facts)
    interactions.after(interaction)
    return interaction


def _open(interaction: Interaction, chosen: matching.Candidate, agent: Agent) -> None:
    """Show the chosen record; where that is not possible, say so and keep the choice."""
    try:
        pop = _pop_of(interaction, chosen)
    except (IntegrationError, LookupError) as error:
        events.notice(agent, f"The record of {chosen['name']} cannot be opened. {error}", level="warning")
        return
    if pop:
        showing.screen_pop(interaction, pop)


def _pop_of(interaction: Interaction, chosen: matching.Candidate) -> dict[str, str] | None:
    """How the chosen record opens; None for our own contacts and for systems that have no page. Asks nobody."""
    if chosen["account"] == matching.CONTACTS:
        return None
    account = IntegrationAccount.objects.filter(public_id=chosen["account"], enabled=True).first()
    provider = account.connect() if account else None
    if account is None or not isinstance(provider, EmbedHost):
        return None
    pop = provider.screen_pop(RecordRef(chosen["kind"], chosen["id"]), _facts(interaction, chosen["name"]))
    return {
        "account": str(account.public_id),
        "title": pop.title,
        "url": pop.url,
        "entity": pop.entity,
        "query": pop.query,
        "relativeUrl": pop.relative_url,
        "search": pop.search,
    }


def _facts(interaction: Interaction, name: str) -> CallFacts:
    """What the CRM's page may be told: the caller, the task that is related to the call, the call's own record."""
    related: list[dict[str, str]] = interaction.records.get("related", [])
    made: dict[str, str] | None = interaction.records.get("interaction")
    return CallFacts(
        phone=interaction.customer_e164,
        name=name,
        task_id=related[0]["id"] if related else "",
        interaction=RecordRef(made["kind"], made["id"]) if made else None,
    )


# -- trying out


def simulate_call(agent: Agent, from_number: str = "", service_code: str = "") -> Interaction:
    """Let a customer call this agent, who must be Ready. For trying out only."""
    _check_demo(agent)
    services = agent.services.filter(enabled=True, media=Service.Media.VOICE)
    service = services.filter(code=service_code).first() if service_code else services.first()
    if service is None:
        raise NotPossible(_("You work for no service. Ask your administrator to add you to one."))
    if agents.current_state(agent) != AgentState.READY:
        raise NotPossible(_("Choose Ready first: the simulated call rings at agents who are Ready."), "state")
    interaction = line().ring(agent, from_number.strip() or SIMULATED_CALLER, service=service.code)
    agents.current_state(agent)
    return interaction


def type_digits(agent: Agent, interaction_id: str, pressed: str) -> None:
    """Play the caller who is asked for digits. For trying out only."""
    _check_demo(agent)
    with transaction.atomic():
        interaction = interaction_of(agent, interaction_id)
        if not interaction.call_id.startswith(SIMULATED):
            raise NotPossible(_("This is a real call: the caller presses the keys."), "digits")
        SimulatedLine().type_digits(interaction, pressed)


def _check_demo(agent: Agent) -> None:
    if not is_demo(agent):
        raise NotPossible(_("Calls can be simulated in the demo only."))


# -- shared


def interaction_of(agent: Agent, interaction_id: str) -> Interaction:
    """The agent's interaction, locked."""
    interaction = interactions.locked_by_public_id(interaction_id)
    if interaction is None:
        raise NotPossible(_("This call does not exist. Reload the page."), "interaction")
    if interaction.agent_id != agent.pk:
        raise NotPossible(_("This call is not with you any more."), "interaction")
    return interaction


@transaction.atomic
def _control(
    agent: Agent,
    interaction_id: str,
    act: str,
    *,
    before: list[InteractionState],
    after: list[InteractionState],
    calling_out: bool = False,
) -> Interaction:
    """`act`: what the line does. `before`, `after`: the states in which the command is due, and in which it has been
    carried out already.
    `calling_out`: while an outbound call rings at the far side, only commands with this mark are possible."""
    interaction = interaction_of(agent, interaction_id)
    if interaction.state in after:
        return interaction
    if not (calling_out if is_calling_out(interaction) else interaction.state in before):
        raise NotPossible(too_late(interaction))
    interaction = getattr(line(interaction), act)(interaction)
    agents.current_state(agent)
    return interaction


def too_late(interaction: Interaction) -> str:
    if interaction.state == _S.ABANDONED:
        return _("The caller has hung up.")
    if interaction.state in (_S.WRAP_UP, _S.COMPLETED):
        return _("The call is over.")
    return f"The call is {label(interaction).lower()}: this is not possible now."
