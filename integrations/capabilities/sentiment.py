"""How somebody feels who wrote or said something."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class SentimentLabel(StrEnum):
    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


@dataclass(frozen=True, slots=True)
class Sentiment:
    """`score` from -1 (negative) to 1 (positive). `emotions`: 0 to 1 by name, empty where the engine tells none.

    `warnings` are the engine's own words about what it could not do."""

    score: float
    label: SentimentLabel
    emotions: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class SentimentAnalysis(ABC):
    """An engine that reads feelings out of a text."""

    @abstractmethod
    def analyze(self, text: str, *, language: str = "") -> Sentiment:
        """The sentiment of one utterance. `language`: ISO 639-1, the account's own when empty.

        Raises `Rejected` with `field="language"` for one that the engine does not know, `field="text"` for a text
        without words, and any other `IntegrationError`."""
