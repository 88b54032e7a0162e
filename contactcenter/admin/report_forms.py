"""The forms of reports: the definition, a target of each kind, and which days to make again."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from contactcenter.models import ContactCenter, Report, ReportTarget
from contactcenter.reports.layouts import PRESETS
from integrations.fields import Sealed
from integrations.file_transfer import sftp
from integrations.models import IntegrationAccount
from integrations.properties import CLEAR, SecretField, SecretTextarea
from integrations.property_fields import CaCertificateField, HostNameField

from .centre import zone_choices

PRESET_LABELS = {
    "calabrio": _("Calabrio (Teleopti)"),
    "eleveo": _("Eleveo"),
    "nice_iex": _("NICE IEX"),
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


# -- targets


class TargetForm(forms.ModelForm):
    """Base of all kinds. `secret_names`: form fields that are kept encrypted."""

    secret_names: tuple[str, ...] = ()

    class Meta:
        model = ReportTarget
        fields: tuple[str, ...] = ("enabled",)
        help_texts = {"enabled": _("Without the tick nothing is delivered there; what waits goes on waiting.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        target = self.instance
        readable = target.secrets.is_readable
        stored = target.secrets.reveal() if readable and target.secrets else {}
        for name in self.secret_names:
            widget: Any = self.fields[name].widget
            widget.stored, widget.unreadable = name in stored, not readable

    def save(self, commit: bool = True) -> Any:
        kept = self.instance.secrets.reveal() if self.instance.secrets and self.instance.secrets.is_readable else {}
        for name in self.secret_names:
            value = self.data_of(name)
            if value is CLEAR:
                kept.pop(name, None)
            elif value:
                kept[name] = value
        self.instance.secrets = Sealed.of(kept)
        if {"host", "port"} & set(self.changed_data):
            self.instance.host_key = self.instance.seen_host_key = ""  # another server has another key
        return super().save(commit)

    def data_of(self, name: str) -> Any:
        """What was typed, or CLEAR."""
        raw = self.fields[name].widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
        return raw if raw is CLEAR else self.cleaned_data.get(name)


def _password() -> SecretField:
    return SecretField(label=_("Password"), required=False, max_length=500, help_text=_("Kept encrypted, never shown."))


class _ServerForm(TargetForm):
    host = HostNameField(required=True, help_text=_("Name or address of the server, from whoever runs it."))

    class Meta(TargetForm.Meta):
        fields: tuple[str, ...] = ("enabled", "host", "port", "user_name", "folder")
        labels = {"user_name": _("User name")}
        help_texts = {
            **TargetForm.Meta.help_texts,
            "folder": _("Path on the server; it must be there. Empty: where the log-in leads."),
            "user_name": _("The user for file transfer."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user_name"].required = True
        self.fields["port"].help_text = _("Empty: %s.") % self.default_port

    default_port = 21

    def clean_folder(self) -> str:
        return one_line(str(self.cleaned_data["folder"]))


def one_line(text: str) -> str:
    if any(ord(c) < 32 for c in text):
        raise ValidationError(_("This holds a character that cannot be in a path."))
    return text.strip()


class SftpForm(_ServerForm):
    default_port = sftp.PORT
    secret_names = ("password", "private_key", "passphrase")
    password = _password()
    private_key = SecretField(
        label=_("Private key"), required=False, max_length=20_000, widget=SecretTextarea,
        help_text=_("Instead of a password: in OpenSSH or PEM form. Its public half belongs on the server."),
    )  # fmt: skip
    passphrase = SecretField(
        label=_("Passphrase"), required=False, max_length=500, help_text=_("Only if the private key has one.")
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        key = cleaned.get("private_key")
        if key:
            try:
                sftp.private_key(key, cleaned.get("passphrase") or self._stored("passphrase"))
            except ValueError as error:
                self.add_error("private_key", str(error))
        return cleaned

    def _stored(self, name: str) -> str:
        secrets = self.instance.secrets
        return str(secrets.reveal().get(name, "")) if secrets and secrets.is_readable else ""


class FtpForm(_ServerForm):
    secret_names = ("password",)
    password = _password()


class FtpsForm(FtpForm):
    ca_certificate = CaCertificateField()

    class Meta(_ServerForm.Meta):
        fields = (*_ServerForm.Meta.fields, "ca_certificate")


class S3Form(TargetForm):
    class Meta(TargetForm.Meta):
        fields = ("enabled", "account", "folder")
        help_texts = {
            **TargetForm.Meta.help_texts,
            "account": _("An Amazon AWS account; its bucket and key prefix are used."),
            "folder": _("Below the account's key prefix, for example “reports”."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["account"]
        field.required = True
        field.queryset = IntegrationAccount.objects.filter(type="aws").defer("secrets")

    def clean_folder(self) -> str:
        return one_line(str(self.cleaned_data["folder"]))


class EmailForm(TargetForm):
    class Meta(TargetForm.Meta):
        fields = ("enabled", "addresses")
        widgets = {"addresses": forms.Textarea({"rows": 3})}
        help_texts = {**TargetForm.Meta.help_texts, "addresses": _("One address on each line.")}

    def clean_addresses(self) -> str:
        found = str(self.cleaned_data["addresses"]).replace(",", " ").replace(";", " ").split()
        if not found:
            raise ValidationError(_("At least one address is needed."))
        for address in found:
            try:
                validate_email(address)
            except ValidationError:
                raise ValidationError(_("“%s” is not an e-mail address.") % address) from None
        return "\n".join(found)


class FolderForm(TargetForm):
    class Meta(TargetForm.Meta):
        fields = ("enabled", "folder")
        help_texts = {**TargetForm.Meta.help_texts, "folder": _("Below the root that REPORTS_ROOT allows.")}

    def clean_folder(self) -> str:
        """The door itself knows what lies outside of the root."""
        folder = one_line(str(self.cleaned_data["folder"]))
        if ".." in folder.split("/"):
            raise ValidationError(_("The folder must lie below the allowed root: leave out “..”."))
        return folder


TARGET_FORMS: dict[str, type[TargetForm]] = {
    ReportTarget.Kind.SFTP: SftpForm,
    ReportTarget.Kind.FTPS: FtpsForm,
    ReportTarget.Kind.FTP: FtpForm,
    ReportTarget.Kind.S3: S3Form,
    ReportTarget.Kind.EMAIL: EmailForm,
    ReportTarget.Kind.FOLDER: FolderForm,
}


class DaysForm(forms.Form):
    """Which past days to make again."""

    first = forms.DateField(label=_("First day"), widget=forms.DateInput({"type": "date"}))
    last = forms.DateField(
        label=_("Last day"), required=False, widget=forms.DateInput({"type": "date"}),
        help_text=_("Empty: only the first one."),
    )  # fmt: skip
    deliver = forms.BooleanField(label=_("Deliver the files, too"), required=False)
