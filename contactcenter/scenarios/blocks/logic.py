"""Blocks that only think: compare, remember, write down."""

import logging
from collections.abc import Callable

from django import forms

from contactcenter.scenarios.context import Context
from contactcenter.scenarios.settings_fields import BlockSettings, NameField, TemplateField

from .base import NEXT, Block

logger = logging.getLogger(__name__)

LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")  # compares as false with everything


COMPARISONS: dict[str, tuple[str, Callable[[str, str], bool]]] = {
    "equal": ("is equal to", lambda a, b: a.casefold() == b.casefold()),
    "not_equal": ("is not equal to", lambda a, b: a.casefold() != b.casefold()),
    "contains": ("contains", lambda a, b: b.casefold() in a.casefold()),
    "empty": ("is empty", lambda a, b: not a.strip()),
    "not_empty": ("is not empty", lambda a, b: bool(a.strip())),
    "greater": ("is greater than (numbers)", lambda a, b: _number(a) > _number(b)),
    "less": ("is less than (numbers)", lambda a, b: _number(a) < _number(b)),
}


class If(Block):
    kind = "if"
    label = "If"
    description = "Compares two texts without regard to upper and lower case, or two numbers."
    exits = {"yes": "Yes", "no": "No"}

    class Settings(BlockSettings):
        left = TemplateField(label="Value", required=False, help_text="For example $(caller.__count__).")
        comparison = forms.ChoiceField(
            label="Comparison",
            choices=[(key, words) for key, (words, _) in COMPARISONS.items()],
            initial="equal",
            help_text="How the two are compared.",
        )
        right = TemplateField(label="Compared with", required=False, help_text="Unused for empty and not empty.")

    def run(self, context: Context) -> str:
        compare = COMPARISONS[context.settings["comparison"]][1]
        return "yes" if compare(context.text("left"), context.text("right")) else "no"


class SetVariable(Block):
    kind = "set_variable"
    label = "Set Variable"

    class Settings(BlockSettings):
        name = NameField(label="Variable", help_text="The name without $( ).")
        value = TemplateField(label="Value", required=False, help_text="Text with variables.")

    def run(self, context: Context) -> str:
        context.set(context.settings["name"], context.text("value"))
        return NEXT


class Log(Block):
    """After a failed integration step the recorded step holds what an administrator needs: the call, the step, the
    table, the HTTP status, the body (capped) and the attempt."""

    kind = "log"
    label = "Log"
    description = "Writes down a message, and after a failed step everything that is known about the failure."

    class Settings(BlockSettings):
        message = TemplateField(label="Message", required=False, help_text="Text with variables.")
        level = forms.ChoiceField(
            label="Level", choices=[(level, level.capitalize()) for level in LEVELS], initial="warning",
            help_text="How the server's log marks it.",
        )  # fmt: skip

    def run(self, context: Context) -> str:
        message, failure = context.text("message"), context.memory.failure
        context.outcome = {"message": message, "call_id": context.interaction.call_id, **failure}
        summary = f" ({failure['step']}: {failure['error']})" if failure else ""
        logger.log(LEVELS[context.settings["level"]], "Call %s: %s%s", context.interaction.call_id, message, summary)
        return NEXT
