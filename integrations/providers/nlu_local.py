"""Sentiment without a vendor: VADER, a lexicon of English words and rules (Hutto and Gilbert 2014), in this process.

It needs no address, no secret and no network, and it will still be there when Watson is switched off. It knows English
only, and what it says is a sum of words: good for a trend, not for a single sentence."""

from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from typing import Any

from django import forms

from integrations import catalogue
from integrations.capabilities import Sentiment, SentimentLabel
from integrations.diagnosis.doctor import Passed
from integrations.errors import Cause, Rejected, Stage, Unavailable
from integrations.properties import PropertiesForm
from integrations.providers.nlu import SAMPLE, Nlu

LANGUAGE = "en"
COMPLAINT = "This is terrible, I am very angry."


class LocalNluProperties(PropertiesForm):
    neutral_band = forms.FloatField(
        label="Neutral band",
        initial=0.1,
        min_value=0,
        max_value=0.9,
        help_text=(
            "A score (from -1 to 1) that is not further from 0 than this is neutral. 0.05 is the authors' own value; "
            "with 0.1 plain facts such as “my order number is 12345” (+0.08) do not count as praise."
        ),
    )


class LocalNlu(Nlu):
    """The engine in the box."""

    key = "nlu_local"
    label = "Local engine (English)"
    type = catalogue.NLU
    documentation_url = "https://github.com/cjhutto/vaderSentiment"
    remote = False
    Properties = LocalNluProperties

    def analyze(self, text: str, *, language: str = "") -> Sentiment:
        if (language or LANGUAGE).split("-")[0].lower() != LANGUAGE:
            raise Rejected(f"The local engine knows English only, not “{language}”.", field="language")
        if not text.strip():
            raise Rejected("There is no text to analyse.", field="text")
        score = float(engine().polarity_scores(text)["compound"])
        return Sentiment(score, label_of(score, float(self.properties["neutral_band"])))

    def probes(self) -> Iterator[Passed]:
        """The engine is asked about praise and about a complaint."""
        try:
            praise, complaint = self.analyze(SAMPLE), self.analyze(COMPLAINT)
        except (ImportError, OSError) as error:
            raise Unavailable(
                f"The engine cannot be loaded ({type(error).__name__}).", cause=Cause.REMOTE_ERROR
            ) from None
        yield Passed(
            Stage.ANSWER,
            f"Praise scores {praise.score:+.2f}, a complaint {complaint.score:+.2f}",
            identity=f"VADER {version('vaderSentiment')}, on this server",
        )


def label_of(score: float, band: float) -> SentimentLabel:
    if abs(score) <= band:
        return SentimentLabel.NEUTRAL
    return SentimentLabel.POSITIVE if score > 0 else SentimentLabel.NEGATIVE


@cache
def engine() -> Any:
    """The lexicon is read once per process."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
