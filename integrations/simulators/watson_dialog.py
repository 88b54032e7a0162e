"""The few rules of the simulated Watson bot: words become an intent, the intent and the context become a reply.

It greets, tells opening hours, asks for an order number and remembers it, offers two meanings where words are
ambiguous, hands over to a person, and has a doubtful reply to everything else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

GREETING, HOURS, ORDER, PERSON = "greeting", "opening_hours", "order_status", "connect_to_agent"
RETURN, REFUND = "return_goods", "refund"
# Word stems, the intent they stand for, and how sure the bot is of it.
WORDS = (
    (("hello", "good morning", "good evening"), GREETING, 0.97),
    (("open", "hours", "close"), HOURS, 0.93),
    (("order", "parcel", "delivery"), ORDER, 0.88),
    (("agent", "person", "human"), PERSON, 0.95),
    (("send back", "return"), RETURN, 0.56),
    (("money back", "return", "refund"), REFUND, 0.51),
)
REPLIES = {
    GREETING: "Hello! How can I help you?",
    HOURS: "We are open from 8 to 18 o'clock, on Saturdays until 13.",
    ORDER: "What is your order number?",
    PERSON: "A person takes over in a moment.",
    RETURN: "You can return goods within 30 days.",
    REFUND: "The money is back in your account within a week of the return.",
}
LABELS = {
    GREETING: "Say hello", HOURS: "Opening hours", ORDER: "Where my order is", PERSON: "Talk to a person",
    RETURN: "Return goods", REFUND: "Get my money back",
}  # fmt: skip
CLOSE = 0.1  # two intents nearer to each other than this are both offered
UNKNOWN = {"intent": "irrelevant", "confidence": 0.12}
ORDER_NUMBER = re.compile(r"\b\d{4,10}\b")


@dataclass(frozen=True)
class Turn:
    """One reply: `generic` as both generations write it, and the variables to be remembered."""

    intents: list[dict[str, Any]]
    entities: list[dict[str, Any]]
    generic: list[dict[str, Any]]
    variables: dict[str, Any] = field(default_factory=dict)
    node: str = ""

    def texts(self) -> list[str]:
        return [item["text"] for item in self.generic if item["response_type"] == "text"]

    def in_short(self) -> str:
        """The reply for people."""
        return " / ".join(map(_in_short, self.generic))


def take_turn(text: str, variables: dict[str, Any]) -> Turn:
    intents, entities = intents_of(text), entities_of(text)
    # A greeting before a question is no second question.
    asked = [intent for intent in intents if intent["intent"] != GREETING] or intents
    first = asked[0]["intent"]
    if first == ORDER or (variables.get("asked_for") == "order_number" and entities):
        return _order(intents, entities, variables)
    if first == PERSON:
        return Turn(intents, entities, [_connect(text)], variables, PERSON)
    if len(asked) > 1 and asked[0]["confidence"] - asked[1]["confidence"] < CLOSE:
        return Turn(intents, entities, [_both(asked[:2])], variables, "disambiguation")
    reply = REPLIES.get(first, "I am not sure that I understood. Could you say it in other words?")
    return Turn(intents, entities, [_text(reply)], variables, first if first in REPLIES else "anything_else")


def intents_of(text: str) -> list[dict[str, Any]]:
    """The surest first; something unknown is recognised with hardly any confidence."""
    words = text.casefold()
    found = [(sure, intent) for stems, intent, sure in WORDS if any(stem in words for stem in stems)]
    return [{"intent": intent, "confidence": sure} for sure, intent in sorted(found, reverse=True)] or [UNKNOWN]


def entities_of(text: str) -> list[dict[str, Any]]:
    return [
        {"entity": "order_number", "location": list(match.span()), "value": match[0], "confidence": 1.0}
        for match in ORDER_NUMBER.finditer(text)
    ]


def _order(intents: list[dict[str, Any]], entities: list[dict[str, Any]], variables: dict[str, Any]) -> Turn:
    number = entities[0]["value"] if entities else variables.get("order_number")
    if not number:
        known = {**variables, "asked_for": "order_number"}
        return Turn(intents, entities, [_text(REPLIES[ORDER])], known, ORDER)
    known = {**variables, "asked_for": "", "order_number": number}
    return Turn(intents, entities, [_text(f"Order {number} arrives tomorrow.")], known, ORDER)


def _in_short(item: dict[str, Any]) -> str:
    if item["response_type"] == "suggestion":
        return f"{item['title']} {' or '.join(choice['label'] for choice in item['suggestions'])}?"
    if item["response_type"] == "connect_to_agent":
        return f"{item['agent_available']['message']} (hands over to a person)"
    return str(item["text"])


def _text(text: str) -> dict[str, Any]:
    return {"response_type": "text", "text": text}


def _connect(text: str) -> dict[str, Any]:
    return {
        "response_type": "connect_to_agent",
        "message_to_human_agent": f"The customer wrote: {text}",
        "agent_available": {"message": "I am connecting you with a colleague."},
        "agent_unavailable": {"message": "Nobody is here at the moment."},
        "topic": "A person is wanted",
    }


def _both(intents: list[dict[str, Any]]) -> dict[str, Any]:
    choices = [
        {
            "label": LABELS[intent["intent"]],
            "value": {"intents": [intent], "input": {"text": LABELS[intent["intent"]]}},
            "output": {"generic": [_text(REPLIES[intent["intent"]])]},
        }
        for intent in intents
    ]
    return {"response_type": "suggestion", "title": "Did you mean:", "suggestions": choices}
