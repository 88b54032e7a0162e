"""Blocks that only think: compare, remember, write down."""

import logging
from collections.abc import Callable
from typing import Any

from django import forms

from contactcenter.scenarios import arithmetic
from contactcenter.scenarios.context import CannotRun, Context
from contactcenter.scenarios.settings_fields import BlockSettings, NameField, TemplateField
from contactcenter.scenarios.values import move_on

from .base import FAILED, NEXT, NO_DATA, Block

logger = logging.getLogger(__name__)

TEXT, NUMBER = "text", "number"
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
    description = "Keeps a text, or the result of a calculation with whole numbers."
    exits = {NEXT: "Next", FAILED: "Failed"}

    class Settings(BlockSettings):
        name = NameField(label="Variable", help_text="The name without $( ).")
        value_is = forms.ChoiceField(
            label="Value is",
            choices=[(TEXT, "Text"), (NUMBER, "A calculation with whole numbers")],
            initial=TEXT,
            help_text="A calculation takes + - * / % and brackets, as in $(count) + 1. An empty variable counts as 0.",
        )
        value = TemplateField(label="Value", required=False, help_text="Text with variables, or the calculation.")

        def clean(self) -> dict[str, Any]:
            cleaned = super().clean() or {}
            if cleaned.get("value_is") == NUMBER and "value" not in self.errors:
                try:
                    arithmetic.check(str(cleaned.get("value", "")))
                except arithmetic.NotANumber as error:
                    self.add_error("value", str(error))
            return cleaned

    @classmethod
    def can_fail(cls, settings: dict[str, Any]) -> bool:
        return settings.get("value_is") == NUMBER

    def run(self, context: Context) -> str:
        value = self.number(context) if context.settings["value_is"] == NUMBER else context.text("value")
        context.set(context.settings["name"], value)
        return NEXT

    def number(self, context: Context) -> str:
        context.text("value")
        try:
            return str(arithmetic.evaluate(context.settings["value"], context.values.text))
        except arithmetic.NotANumber as error:
            raise CannotRun(f"{context.title}: {error}") from error


class GetNextRecord(Block):
    """Behind the last record the columns are empty; a search of the same name begins anew."""

    kind = "get_next_record"
    label = "Get Next Record"
    description = "Moves to the next record of a recordset, whose columns $(name.column) then stand for."
    exits = {NEXT: "Next", NO_DATA: "No data"}

    class Settings(BlockSettings):
        recordset = NameField(label="Recordset name", help_text="As it is named in the block that found the records.")

    def run(self, context: Context) -> str:
        name = context.settings["recordset"]
        there, note = move_on(context.run.variables.get(name))
        context.outcome = {"note": note} if note else {}
        return NEXT if there else NO_DATA


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
