"""A block that tells automation platforms what the scenario knows."""

from django import forms

from contactcenter.automation import news
from contactcenter.scenarios.context import Context
from contactcenter.scenarios.settings_fields import BlockSettings, FieldsField

from .base import NEXT, Block


class ZapierSignal(Block):
    kind = "zapier_signal"
    label = "Zapier Signal"
    description = "Makes data of the scenario available to Zapier, where a zap reads them within minutes."

    class Settings(BlockSettings):
        signal = forms.SlugField(
            label="Signal",
            max_length=60,
            help_text="A name without spaces, by which zaps tell the signals of several blocks apart.",
        )
        payload = FieldsField(
            label="Data",
            required=False,
            initial=dict,
            help_text='What is told, as names and texts with variables: {"order": "$(order)"}.',
        )

    def run(self, context: Context) -> str:
        # The id of a record that the outbox has still to make is a marker, and nobody outside can read it.
        fields = {name: value for name, value in context.fields("payload").items() if not isinstance(value, dict)}
        name = str(context.settings["signal"])
        news.signal(context.interaction, name, fields, key=f"signal:{context.key}")
        context.outcome = {"signal": name, **fields}
        return NEXT
