"""The forms of the places where reports go, one for each kind."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from contactcenter.models import ReportTarget
from integrations.basic_auth import holds_no_colon
from integrations.fields import Sealed
from integrations.file_transfer import sftp
from integrations.models import IntegrationAccount
from integrations.properties import CLEAR, SecretField, SecretTextarea
from integrations.property_fields import CaCertificateField, HostNameField, VendorUrlField
from integrations.token_header import TokenHeaderRules


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

    def stored(self, name: str) -> str:
        secrets = self.instance.secrets
        return str(secrets.reveal().get(name, "")) if secrets and secrets.is_readable else ""

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
                sftp.private_key(key, cleaned.get("passphrase") or self.stored("passphrase"))
            except ValueError as error:
                self.add_error("private_key", str(error))
        return cleaned


class FtpForm(_ServerForm):
    secret_names = ("password",)
    password = _password()


class FtpsForm(FtpForm):
    ca_certificate = CaCertificateField()

    class Meta(_ServerForm.Meta):
        fields = (*_ServerForm.Meta.fields, "ca_certificate")


class PutForm(TokenHeaderRules, TargetForm):
    secret_names = ("token", "password")
    url = VendorUrlField(
        label=_("Address"), max_length=500, https_only=True,
        help_text=_("Of the folder, for example https://files.example.com/reports. The name of each file is added."),
    )  # fmt: skip
    token = SecretField(
        label=_("Token"), required=False, max_length=2000,
        help_text=_("If the receiver has given one. Kept encrypted, never shown."),
    )  # fmt: skip
    password = _password()
    ca_certificate = CaCertificateField()

    class Meta(TargetForm.Meta):
        fields = (
            "enabled", "url", "token", "token_header", "token_scheme", "user_name", "password", "ca_certificate",
        )  # fmt: skip
        labels = {"user_name": _("User name")}
        help_texts = {
            **TargetForm.Meta.help_texts,
            "token_header": _("The header in which the token travels, for example X-API-Key."),
            "token_scheme": _("The word before the token. Empty: the bare token."),
            "user_name": _("Instead of a token: user name and password (Basic)."),
        }

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"])
        if "?" in url:
            raise ValidationError(_("Leave out “?” and what follows: the name of the file comes last."))
        return url.rstrip("/")

    def clean_user_name(self) -> str:
        name = str(self.cleaned_data["user_name"])
        holds_no_colon(name)
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("user_name") and self.will_have("token"):
            self.add_error("user_name", _("Either a token or a user name: clear one of them."))
        if cleaned.get("user_name") and not self.will_have("password"):
            self.add_error("password", _("The user name needs its password."))
        return cleaned

    def will_have(self, name: str) -> bool:
        """Whether the secret is there after saving: typed now, or stored and kept."""
        typed = self.data_of(name)
        return typed is not CLEAR and bool(typed or self.stored(name))


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
    ReportTarget.Kind.PUT: PutForm,
    ReportTarget.Kind.S3: S3Form,
    ReportTarget.Kind.EMAIL: EmailForm,
    ReportTarget.Kind.FOLDER: FolderForm,
}
