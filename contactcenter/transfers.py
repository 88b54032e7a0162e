"""Transferring: an agent gives a call or chat to a colleague, to a service, or a call to a number outside.

The notes go along; the colleague sees them, and who gave it away, while it rings. Whoever gives it away is free at
once, except after a transfer out of the contact centre, which ends the call for us: then there is after-call work."""

from django.db import transaction
from django.utils.translation import gettext as _

from . import agents, colleagues, desk, interactions
from .errors import NotPossible
from .models import Agent, AgentState, Interaction, Service
from .models.agents import PhoneDevice
from .telephony import line


@transaction.atomic
def transfer(agent: Agent, interaction_id: str, *, colleague: str = "", service: str = "", number: str = "") -> str:
    """Give it to exactly one of: the colleague with this login, the service with this code, this number.

    Returns a sentence for the agent. Raises `NotPossible` and changes nothing where the colleague is not Ready: a
    customer who waits for somebody in particular must not end in a queue without anybody having chosen that."""
    interaction = desk.interaction_of(agent, interaction_id)
    if interaction.state not in interactions.TALKING:
        raise NotPossible(desk.too_late(interaction))
    if [bool(colleague), bool(service), bool(number)].count(True) != 1:
        raise NotPossible(_("Choose a colleague or a service, or type a number."), "to")
    to = _colleague(agent, interaction, colleague) if colleague else None
    queue = _service(interaction, service) if service else None
    outside = desk.checked_number(number) if number else ""
    line(interaction).transfer(interaction, agent=to, service=queue, number=outside)
    agents.current_state(agent)
    return _("Transferred to %(name)s.") % {"name": to or queue or outside}


def _colleague(agent: Agent, interaction: Interaction, login: str) -> Agent:
    found = colleagues.find(agent, login)
    to = agents.lock([agent.pk, found.pk])[found.pk]
    if to.state != AgentState.READY:
        words = {"name": to, "state": _(AgentState(to.state).label)}
        raise NotPossible(_("%(name)s is not ready now (%(state)s). Choose somebody else, or a service.") % words, "to")
    if interaction.media == Service.Media.VOICE and to.device == PhoneDevice.NONE:
        raise NotPossible(_("%(name)s is logged in without a phone. Choose somebody else.") % {"name": to}, "to")
    return to


def _service(interaction: Interaction, code: str) -> Service:
    found = Service.objects.filter(code=code, enabled=True, media=interaction.media).first()
    if found is None:
        raise NotPossible(_("This service does not take it. Choose another one."), "to")
    return found
