"""The forms of reports: the definition, and which days to make again."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contactcenter.models import ContactCenter, Report
from contactcenter.reports.layouts import PRESETS

from .centre import zone_choices

PRESET_LABELS = {
    "calabrio": _("Calabrio (Teleopti)"),
    "eleveo": _("Eleveo"),
    "nice_iex": _("NICE IEX"),
    "nice_iex_pipe": _("NICE IEX with pipes"),
}
LABELS = {
    "kind": _("Report"),
    "account_name": _("Account in file names"),
    "interval": _("Interval"),
    "services": _("Queues"),
    "attribution": _("A call counts in the interval"),
    "zero_rows": _("Rows without figures"),
    "short_abandon_seconds": _("Short calls (seconds)"),
    "mode": _("Made"),
    "delay_minutes": _("Delay (minutes)"),
    "nightly_rebuild": _("Nightly rebuild"),
    "header": _("Header line"),
    "start_columns": _("Columns of time"),
    "byte_order_mark": _("Byte order mark"),
    "ids": _("Ids"),
    "largest_file": _("Largest file (bytes)"),
}
HELP = {
    "name": _("How you call it, for example “Queues for Calabrio”."),
    "kind": _("What the rows are about. The columns and their meaning are in the documentation of reports."),
    "account_name": _("A short name without blanks: it becomes a part of every file's name."),
    "interval": _("The length of a row. The WFM system says which one it reads; most read 15."),
    "services": _("Empty: all of them. Agents are reported if they serve one of these."),
    "attribution": _(
        "Arrival: with all its times in the interval in which it came, even if it ends later. The nightly rebuild "
        "brings what was not known then. End: in the interval in which it left the queue; it is not counted before."
    ),
    "zero_rows": _(
        "With the tick, every queue has a row for every interval, and so has every agent who was there that day. "
        "Agents in queues have rows only where something happened."
    ),
    "short_abandon_seconds": _("Callers who hang up sooner count in aband_short_call_cnt, too. Usual: 5."),
    "enabled": _("Without the tick nothing is made by itself. Switched on again, it goes on from today."),
    "mode": _("Once a day: yesterday, at the run time. After every interval: one file each, after the delay."),
    "run_time": _("The first such time after the end of the day. Also that of the nightly rebuild."),
    "run_time_zone": _("Whose clock the run time means."),
    "delay_minutes": _("0 to 2880 after the interval's end. Long calls end in it; Calabrio asks for 30 at least."),
    "nightly_rebuild": _("After the run time the whole day is made and delivered again, with what was still open."),
    "delimiter": _("Between the columns."),
    "header": _("The names of the columns as the first line. Calabrio and Teleopti want none."),
    "date_format": _("How days are written."),
    "start_columns": _("At the end of summer time an hour comes twice; only UTC tells the two apart."),
    "decimal_separator": _("For averages, if they have decimals."),
    "decimals": _("Of average available agents. 0: whole numbers, which every receiver reads."),
    "line_end": _("Most receivers take both."),
    "byte_order_mark": _("Only for programs that do not take a file for UTF-8 without it, such as Excel."),
    "ids": _("How queues and agents are named besides their names. It must be what the receiver knows."),
    "file_name": _("Names are never used twice."),
    "largest_file": _("A longer report becomes several files. 0: no limit. Eleveo reads 2,000,000."),
}


class ReportForm(forms.ModelForm):
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=zone_choices,
        help_text=_("Days begin at midnight there, also where clocks change."),
    )
    run_time_zone = forms.ChoiceField(label=_("Time zone of the run time"), choices=zone_choices)

    class Meta:
        model = Report
        fields = (
            "name", "kind", "account_name", "time_zone", "interval", "services", "attribution", "zero_rows",
            "short_abandon_seconds", "enabled", "mode", "run_time", "run_time_zone", "delay_minutes",
            "nightly_rebuild", "delimiter", "header", "date_format", "start_columns", "decimal_separator", "decimals",
            "line_end", "byte_order_mark", "ids", "file_name", "largest_file",
        )  # fmt: skip
        labels = LABELS
        help_texts = HELP
        widgets = {
            "services": forms.CheckboxSelectMultiple,
            "run_time": forms.TimeInput({"type": "time"}, format="%H:%M"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "run_time_zone" in self.fields:
            self.fields["run_time_zone"].help_text = HELP["run_time_zone"]
        for name in ("time_zone", "run_time_zone"):
            field, present = self.fields.get(name), getattr(self.instance, name)
            if isinstance(field, forms.ChoiceField) and present not in dict(zone_choices()):
                field.choices = [(present, present), *zone_choices()]


def first_values(preset: str) -> dict[str, Any]:
    """What the form of a new report begins with."""
    centre = ContactCenter.current()
    account = "".join(c for c in centre.tenant if c.isalnum() or c == "-") or "centre"
    return {"time_zone": centre.time_zone, "account_name": account, **PRESETS.get(preset, {})}


class DaysForm(forms.Form):
    """Which past days to make again."""

    first = forms.DateField(label=_("First day"), widget=forms.DateInput({"type": "date"}))
    last = forms.DateField(
        label=_("Last day"), required=False, widget=forms.DateInput({"type": "date"}),
        help_text=_("Empty: only the first one."),
    )  # fmt: skip
    deliver = forms.BooleanField(label=_("Deliver the files, too"), required=False)
