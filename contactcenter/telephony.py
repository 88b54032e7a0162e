"""Call control: what a line can do, and the simulated line that stands in where no telephone system is connected.

A line never changes an interaction. It reports what happened through `calls.apply`, as a telephone system does through
the HTTP API: there is one path from a call to the desktop, whoever moves it."""

import uuid
from datetime import datetime, timedelta
from typing import Protocol

from django.utils import timezone

from . import calls, digits, routing
from .calls import CallReport
from .chats.conversation import ChatLine
from .digits import Wanted
from .errors import NotPossible
from .models import Agent, DigitRequest, Interaction, InteractionState, Service
from .nudge import nudge
from .recordings import consent

SIMULATED = "sim-"
# How long it rings at the far side of a simulated call before somebody answers.
FAR_SIDE_ANSWERS_AFTER = timedelta(seconds=2)


class Line(Protocol):
    """What the desktop needs of a telephone system. Each method returns the interaction as it is afterwards."""

    def answer(self, interaction: Interaction) -> Interaction: ...
    def reject(self, interaction: Interaction) -> Interaction: ...
    def hold(self, interaction: Interaction) -> Interaction: ...
    def resume(self, interaction: Interaction) -> Interaction: ...
    def hang_up(self, interaction: Interaction) -> Interaction: ...
    def transfer(
        self, interaction: Interaction, *, agent: Agent | None = None, service: Service | None = None, number: str = ""
    ) -> Interaction: ...
    def dial(self, agent: Agent, number: str, *, service: str = "") -> Interaction: ...
    def ring(self, agent: Agent, number: str, *, service: str) -> Interaction: ...
    def collect(self, interaction: Interaction, wanted: Wanted, *, key: str) -> DigitRequest: ...


class SimulatedLine:
    """Does at once what it is asked for. Outbound calls are answered by the far side after two seconds (`tick`)."""

    def answer(self, interaction: Interaction) -> Interaction:
        return self._report(interaction, "answered")

    def reject(self, interaction: Interaction) -> Interaction:
        return self._report(interaction, "rejected")

    def hold(self, interaction: Interaction) -> Interaction:
        return self._report(interaction, "held")

    def resume(self, interaction: Interaction) -> Interaction:
        return self._report(interaction, "resumed")

    def hang_up(self, interaction: Interaction) -> Interaction:
        """The call ends, and a recording of it is handed over where its service keeps them."""
        from .tasks import record_simulated_call

        if interaction.call_id.startswith(SIMULATED) and consent.are_kept(interaction.service):
            nudge(record_simulated_call, interaction.pk)
        return self._report(interaction, "released", cause="agent")

    def transfer(
        self, interaction: Interaction, *, agent: Agent | None = None, service: Service | None = None, number: str = ""
    ) -> Interaction:
        """Give the call to an agent, to a service, or out of the contact centre to a number."""
        return calls.apply(
            CallReport(
                call_id=interaction.call_id,
                event="transferred",
                agent=agent.login if agent else "",
                service=service.code if service else "",
                to_number=number,
            )
        )

    def dial(self, agent: Agent, number: str, *, service: str = "") -> Interaction:
        """Call a number for the agent, who is busy from now on."""
        return calls.apply(
            CallReport(
                call_id=new_call_id(),
                event="offered",
                direction=Interaction.Direction.OUTBOUND,
                from_number=agent.device_number or agent.extension,
                to_number=number,
                service=service,
                agent=agent.login,
            )
        )

    def ring(self, agent: Agent, number: str, *, service: str) -> Interaction:
        """Pretend that a customer calls this agent."""
        return calls.apply(
            CallReport(call_id=new_call_id(), event="offered", from_number=number, service=service, agent=agent.login)
        )

    def collect(self, interaction: Interaction, wanted: Wanted, *, key: str) -> DigitRequest:
        """Ask for digits: of a real telephone system, which reads open requests through the API, or of whoever plays
        the caller at a demo desktop (`type_digits`)."""
        return digits.ask(interaction, wanted, key=key)

    def type_digits(self, interaction: Interaction, pressed: str) -> None:
        """The caller presses keys. Raises `NotPossible` where nobody has asked for any."""
        request = digits.open_requests(interaction).first()
        if request is None:
            raise NotPossible("The caller is not asked for digits at the moment.", "digits")
        digits.answer(request.pk, call_id=interaction.call_id, digits=pressed)

    def _report(self, interaction: Interaction, event: str, *, cause: str = "") -> Interaction:
        agent = interaction.agent.login if interaction.agent else ""
        return calls.apply(CallReport(call_id=interaction.call_id, event=event, agent=agent, cause=cause))


def line(interaction: Interaction | None = None) -> Line:
    """The line of this contact centre, or what stands in for it where the interaction is a chat."""
    if interaction is not None and interaction.media == Service.Media.CHAT:
        return ChatLine()
    return SimulatedLine()


def new_call_id() -> str:
    return f"{SIMULATED}{uuid.uuid4().hex}"


def tick(now: datetime | None = None) -> int:
    """The far side of simulated outbound calls answers. Called by the sweep; returns how many did."""
    ringing = Interaction.objects.filter(
        routing.CALLING_OUT,
        call_id__startswith=SIMULATED,
        state=InteractionState.RINGING,
        ringing_at__lte=(now or timezone.now()) - FAR_SIDE_ANSWERS_AFTER,
    )
    digits.end_silent(SIMULATED, now)
    simulated = SimulatedLine()
    return sum(simulated.answer(interaction).state == InteractionState.ACTIVE for interaction in ringing[:50])
