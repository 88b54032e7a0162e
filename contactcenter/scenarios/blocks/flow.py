"""Blocks that decide how a scenario goes on: waiting, another scenario, and what happens when something breaks."""

from django import forms

from contactcenter.scenarios.context import CannotRun, Context
from contactcenter.scenarios.nesting import KIND, CannotStart, version_to_start
from contactcenter.scenarios.settings_fields import BlockSettings, ScenarioField

from .base import FAILED, NEXT, START, WAIT, Block

LONGEST_WAIT = 600


class Wait(Block):
    """The task ends; the sweep goes on with the run when the time is over. No worker waits."""

    kind = "wait"
    label = "Wait"
    description = "Goes on after some seconds. Before the call is connected the caller waits that long."
    polls = True

    class Settings(BlockSettings):
        seconds = forms.IntegerField(
            label="Seconds",
            min_value=1,
            max_value=LONGEST_WAIT,
            initial=5,
            help_text=f"From 1 to {LONGEST_WAIT}. In a branch of Connect Call the next branch waits for this one.",
        )

    def run(self, context: Context) -> str:
        context.wait(context.settings["seconds"])
        return WAIT

    def poll(self, context: Context) -> str:
        return NEXT if context.is_due else WAIT


class StartAnotherScenario(Block):
    """The version is chosen when the run reaches the block, and kept. Both share all variables."""

    kind = KIND
    label = "Start Another Scenario"
    description = "Runs the latest published version of another scenario, which sees all variables, and comes back."
    exits = {NEXT: "Next", FAILED: "Failed"}

    class Settings(BlockSettings):
        scenario = ScenarioField(label="Scenario", max_length=120, help_text="Name of a published scenario.")

    def run(self, context: Context) -> str:
        name = str(context.settings["scenario"])
        try:
            version = version_to_start(name, context.memory, context.run.version_id)
        except CannotStart as reason:
            raise CannotRun(str(reason)) from None
        context.enters = version
        context.outcome = {"scenario": name, "version": version.number}
        return START


class ExceptionHandler(Block):
    """The engine comes here; nothing else leads to it."""

    kind = "exception_handler"
    label = "Exception Handler"
    description = (
        "Begins by itself when a block fails whose Failed exit is not connected, or when the scenario is stopped. "
        "$(exception.block) and $(exception.text) say what happened."
    )
    entry = True

    def run(self, context: Context) -> str:
        context.outcome = {part: context.values.text(f"exception.{part}") for part in ("block", "text")}
        return NEXT
