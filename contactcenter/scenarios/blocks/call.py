"""Blocks that bring caller and agent together. Routing itself is `contactcenter.routing`."""

from typing import ClassVar

from contactcenter import routing
from contactcenter.models import Interaction, InteractionEvent, InteractionState
from contactcenter.scenarios.context import Context

from .base import NEXT, WAIT, Block

INBOUND = Interaction.Direction.INBOUND


class FindAgent(Block):
    kind = "find_agent"
    label = "Find Agent"
    description = "Rings the agent of the service who has been ready longest, with the screen pops so far."
    exits = {NEXT: "Agent found", "no_agent": "Nobody is ready"}
    conditional = ("no_agent",)

    def run(self, context: Context) -> str:
        agent = routing.find_agent(context.interaction)
        context.memory.forget_away()  # from here on nobody waits for a CRM
        context.outcome = {"agent": agent.login if agent else None}
        return NEXT if agent else "no_agent"


class ConnectCall(Block):
    """Lets the call wait for an agent where none rings yet, then follows it to its end. Each exit is a branch: when it
    has run, the block goes on waiting, until the call was released or abandoned."""

    kind = "connect_call"
    label = "Connect Call"
    description = "Connects caller and agent, and runs a branch for what happens to the call."
    exits = {
        "answered": "On Answer",
        "caller_chosen": "Caller chosen by the agent",
        "released": "On Release",
        "abandoned": "Abandoned",
        NEXT: "Afterwards",
    }
    conditional = ()
    final = ("released", "abandoned")
    events: ClassVar[tuple[str, ...]] = ("answered", "caller_chosen", "released", "abandoned")

    def run(self, context: Context) -> str:
        interaction = context.interaction
        if interaction.state == InteractionState.NEW and interaction.direction == INBOUND:
            routing.place(interaction)
        context.memory.forget_away()
        context.outcome = {"state": interaction.state, "agent": interaction.agent.login if interaction.agent else None}
        return WAIT

    def hear(self, event: InteractionEvent) -> str:
        return event.kind if event.kind in self.events else ""
