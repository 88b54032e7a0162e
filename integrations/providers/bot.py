"""What all bots share: one limit of suggestions, one count of calls per day, one time limit, and the button *Ask*."""

import uuid
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from integrations import deadlines, quotas
from integrations.actions import Result, action
from integrations.capabilities import BotAnswer, BotContext, BotSuggestion, ChatBot
from integrations.providers.base import Provider

SUGGEST_SECONDS = 5.0  # an agent is in a chat
MOST_LINES = 5


class AskForm(forms.Form):
    text = forms.CharField(
        label="What the customer writes",
        initial="Hello",
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text="Each line is one message of one conversation, at most five. They count as calls of today.",
    )

    def clean_text(self) -> list[str]:
        lines = [line.strip() for line in str(self.cleaned_data["text"]).splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise ValidationError(f"These are {len(lines)} messages; at most {MOST_LINES} are sent.")
        return lines


class Bot(quotas.DailyQuota, ChatBot, Provider):
    """Base of the bots. Needs the properties `maximum_suggestions`, `max_api_calls_per_day` and `time_zone`."""

    @abstractmethod
    def converse(self, text: str, context: BotContext) -> BotAnswer:
        """Everything that the bot says to one message, the best first. Each request inside `self.one_call()`."""

    def suggest(self, text: str, context: BotContext) -> BotAnswer:
        words = text.strip()
        if not words:
            return BotAnswer(state=context.state)
        with deadlines.within(SUGGEST_SECONDS):
            answer = self.converse(words, context)
        most = int(self.properties["maximum_suggestions"])
        return replace(answer, suggestions=answer.suggestions[:most])

    @action("Ask", form=AskForm, help_text="Asks the bot as an agent's chat would, and shows its suggestions.")
    def ask(self, text: list[str]) -> Result:
        context, rows = BotContext(f"try-{uuid.uuid4().hex[:12]}"), list[tuple[str, str]]()
        for line in text:
            answer = self.suggest(line, context)
            context = replace(context, state=answer.state)
            rows += [(line, said) for said in sentences(answer)]
        rows.append(("Calls today", str(quotas.use_of(self.account))))
        return Result(True, "The bot answered.", rows=tuple(rows))


def sentences(answer: BotAnswer) -> Iterator[str]:
    """An answer for people."""
    for suggestion in answer.suggestions:
        sure = "" if suggestion.confidence is None else f" (confidence {suggestion.confidence:.2f})"
        yield f"{suggestion.text}{sure}"
    if answer.hand_over:
        yield "Hands over to a person."
    elif not answer.suggestions:
        yield "No suggestion."


def distinct(suggestions: Iterator[BotSuggestion]) -> tuple[BotSuggestion, ...]:
    """In their order, without empty texts and repetitions."""
    found: dict[str, Any] = {}
    for suggestion in suggestions:
        if suggestion.text:
            found.setdefault(suggestion.text, suggestion)
    return tuple(found.values())
