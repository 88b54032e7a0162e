"""What Watson answers, as suggestions. Names as in IBM's own SDK (ibm-watson 11, assistant_v1 and assistant_v2).

Both generations put their replies into `output.generic`, a list of items by `response_type`; v1 repeats the texts in
`output.text`. An item with `channels` is meant for IBM's own integrations and is left out."""

from collections.abc import Iterator
from typing import Any

from integrations.capabilities import BotSuggestion
from integrations.errors import Cause, Rejected
from integrations.plain_text import plain
from integrations.providers.bot import distinct
from integrations.vendor_json import inner, number_of, objects, text_of

# Below this the vendor's own dialog ignores an intent (IBM's documentation on disambiguation).
LEAST_CONFIDENCE = 0.2


def output_of(answer: Any) -> dict[str, Any]:
    """The bot's output. Raises `Rejected` where the answer has none."""
    output = answer.get("output") if isinstance(answer, dict) else None
    if not isinstance(output, dict):
        raise Rejected("The answer holds no output of the bot.", cause=Cause.REMOTE_ERROR)
    return output


def suggestions_of(answer: dict[str, Any]) -> tuple[BotSuggestion, ...]:
    """What the bot says, the meanings of an ambiguous question first. A doubtful reply only where there is no other."""
    output = output_of(answer)
    intents = answer.get("intents") or output.get("intents")  # v1 beside the output, v2 inside it
    found = distinct(_suggestions(output, confidence_of(intents)))
    sure = tuple(s for s in found if s.confidence is None or s.confidence >= LEAST_CONFIDENCE)
    return sure or found[:1]


def reply_of(output: dict[str, Any]) -> str:
    """What Watson says to the customer, item by item, as one text. Of what it found it says the first; of several
    meanings it asks which one, as IBM's own chat window does."""
    parts = [plain(_spoken(item)) for item in items_of(output)]
    old_texts = output.get("text")
    if not any(parts) and isinstance(old_texts, list):
        parts = [plain(text_of(text)) for text in old_texts]
    return "\n".join(dict.fromkeys(filter(None, parts)))


def _spoken(item: dict[str, Any]) -> str:
    if item.get("response_type") == "suggestion":
        labels = " / ".join(text_of(each.get("label")) for each in objects(item.get("suggestions")))
        return f"{text_of(item.get('title'))} {labels}"
    return next((text for text, _confidence in _said(item)), "")


def wants_a_person(output: dict[str, Any]) -> bool:
    return any(item.get("response_type") == "connect_to_agent" for item in items_of(output))


def _suggestions(output: dict[str, Any], confidence: float | None) -> Iterator[BotSuggestion]:
    items = sorted(items_of(output), key=lambda item: item.get("response_type") != "suggestion")
    for item in items:
        for text, own in _said(item):
            yield BotSuggestion(plain(text), confidence if own is None else own)
    old_texts = output.get("text")
    for text in old_texts if isinstance(old_texts, list) else ():
        yield BotSuggestion(plain(text_of(text)), confidence)


def _said(item: dict[str, Any]) -> Iterator[tuple[str, float | None]]:
    """The texts of one item, each with its own confidence where it has one."""
    match item.get("response_type"):
        case "suggestion":
            yield from map(_alternative, objects(item.get("suggestions")))
        case "search":
            for result in objects(item.get("primary_results")):
                yield text_of(result.get("body")), number_of(inner(result, "result_metadata").get("confidence"))
        case "option":
            labels = " / ".join(text_of(option.get("label")) for option in objects(item.get("options")))
            yield f"{text_of(item.get('title'))} {labels}", None
        case "connect_to_agent":
            yield text_of(inner(item, "agent_available").get("message")), None
        case "text" | "conversational_search":
            yield text_of(item.get("text")), None


def _alternative(suggestion: dict[str, Any]) -> tuple[str, float | None]:
    """One of several meanings: the first text that the bot would say for it, or its label."""
    texts = [text_of(item.get("text")) for item in items_of(inner(suggestion, "output"))]
    said = next(filter(None, texts), text_of(suggestion.get("label")))
    return said, confidence_of(inner(suggestion, "value").get("intents"))


def confidence_of(intents: Any) -> float | None:
    """The confidence of the first intent; none where nothing was recognised."""
    return next((number_of(intent.get("confidence")) for intent in objects(intents)), None)


def items_of(output: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for item in objects(output.get("generic")) if not item.get("channels")]
