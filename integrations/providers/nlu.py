"""What all engines of natural language understanding share: the button *Analyse*."""

from django import forms

from integrations.actions import Result, action
from integrations.capabilities import Sentiment, SentimentAnalysis
from integrations.providers.base import Provider

SAMPLE = "Thank you, you solved my problem so quickly!"


class AnalyseForm(forms.Form):
    text = forms.CharField(
        label="Text",
        initial=SAMPLE,
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text="One utterance, as a customer would say or write it.",
    )


class Nlu(SentimentAnalysis, Provider):
    """Base of the engines. A provider adds `analyze` and, where it has a vendor, its probes."""

    @action("Analyse", form=AnalyseForm, help_text="Reads the sentiment out of a text of yours with this account.")
    def analyse(self, text: str) -> Result:
        found = self.analyze(text)
        return Result(True, f"The text is {found.label}.", rows=rows_of(found))


def rows_of(found: Sentiment) -> tuple[tuple[str, str], ...]:
    """A sentiment as a small table, the strongest emotion first."""
    emotions = sorted(found.emotions.items(), key=lambda pair: -pair[1])
    return (
        ("Score", f"{found.score:+.2f} (from -1, negative, to +1, positive)"),
        ("Label", str(found.label)),
        *((name.capitalize(), f"{strength:.2f}") for name, strength in emotions),
        *(("Warning", text) for text in found.warnings),
    )
