"""Blocks that bring caller and agent together, and that listen to the caller. Routing is `contactcenter.routing`."""

from typing import ClassVar

from django import forms

from contactcenter import digits, routing
from contactcenter.errors import NotPossible
from contactcenter.interactions import TALKING, UNANSWERED
from contactcenter.models import DigitRequest, Interaction, InteractionEvent, InteractionState
from contactcenter.scenarios.context import CannotRun, Context
from contactcenter.scenarios.settings_fields import BlockSettings, NameField, TemplateField
from contactcenter.telephony import line

from .base import FAILED, NEXT, WAIT, Block

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


class CollectDigits(Block):
    """The telephone system is asked through its line and answers through the API. A caller who hangs up, and a system
    that does not answer, end the wait."""

    kind = "collect_digits"
    label = "Collect Digits"
    description = "Asks the caller to press keys, such as the number of a ticket, and keeps them in a variable."
    exits = {NEXT: "Next", "no_input": "No input", FAILED: "Failed"}
    conditional = ("no_input", FAILED)
    polls = True

    class Settings(BlockSettings):
        prompt = TemplateField(
            label="Prompt",
            max_length=500,
            help_text="What the caller hears, as text; the telephone system speaks it. Variables are possible.",
        )
        variable = NameField(label="Variable", help_text="Receives the digits.")
        max_digits = forms.IntegerField(
            label="At most", min_value=1, max_value=30, initial=10, help_text="How many keys are waited for."
        )
        terminator = forms.ChoiceField(
            label="Terminator",
            choices=[("#", "#"), ("*", "*"), ("", "None")],
            initial="#",
            required=False,
            help_text="The key that ends the input before that. It is no part of the digits.",
        )
        seconds = forms.IntegerField(
            label="Time-out", min_value=1, max_value=60, initial=10, help_text="Seconds that the caller has for it."
        )

    def run(self, context: Context) -> str:
        interaction, settings = context.interaction, context.settings
        if interaction.state not in (*UNANSWERED, *TALKING):
            raise CannotRun("The caller has hung up.")
        wanted = digits.Wanted(
            context.text("prompt"), settings["max_digits"], settings["terminator"], settings["seconds"]
        )
        try:
            request = line(interaction).collect(interaction, wanted, key=context.key)
        except NotPossible as refusal:
            raise CannotRun(refusal.sentence) from refusal
        context.outcome = {"request": request.pk}
        context.wait(settings["seconds"] + digits.PROMPT_SECONDS)
        return WAIT

    def poll(self, context: Context) -> str:
        request = DigitRequest.objects.filter(key=context.key).first()
        if request is not None and request.outcome:
            return self.outcome(context, request)
        if context.interaction.state not in (*UNANSWERED, *TALKING):
            raise CannotRun("The caller has hung up.")
        if context.is_due:
            raise CannotRun("The telephone system did not answer in time.")
        return WAIT

    def outcome(self, context: Context, request: DigitRequest) -> str:
        if request.outcome == DigitRequest.Outcome.FAILED:
            raise CannotRun(f"The telephone system could not collect digits: {request.error}")
        context.set(context.settings["variable"], request.digits)
        context.outcome = {"digits": len(request.digits)}
        return NEXT if request.outcome == DigitRequest.Outcome.COLLECTED else "no_input"
