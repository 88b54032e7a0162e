"""Form fields that providers share: a vendor's address, a private authority, a small table of reasons and codes."""

import ipaddress
import re
import ssl
from typing import Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import available_timezones

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from .row_tables import Column, RowsWidget

LABEL = r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
HOST = re.compile(rf"^(?=.{{1,253}}$){LABEL}(\.{LABEL})*$", re.IGNORECASE)
MAXIMUM_CODE = 65_535


class VendorUrlField(forms.CharField):
    """An http or https address. Unlike Django's `URLField` it takes the single-label names of a company network
    (`http://wfm:8080/rta`) and refuses user names and passwords inside the address, where they would be shown.

    `wss_only`: the address of a WebSocket, encrypted."""

    widget = forms.URLInput

    def __init__(
        self, *, https_only: bool = False, wss_only: bool = False, origin_only: bool = False, **kwargs: Any
    ) -> None:
        self.https_only = https_only
        self.wss_only = wss_only
        self.origin_only = origin_only
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        if not text:
            return ""
        if "://" not in text and is_host(re.split(r"[/:?]", text)[0]) and "@" not in text:
            raise ValidationError(f"The beginning is missing: {self._scheme}://{text}")
        parts = self._split(text)
        self._check_scheme(parts, text)
        if parts.username or parts.password or parts.fragment:
            raise ValidationError("Leave user name, password and # out of the address.")
        if self.origin_only:
            return self._origin(parts)
        return text

    def _split(self, text: str) -> SplitResult:
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise ValidationError("This is not an address: the part after the host name is not a port.") from None
        if port == 0 or re.search(r"[\s\x00-\x1f\\]", text) or not is_host(parts.hostname or ""):
            raise ValidationError(f"This is not an address. Example: {self._scheme}://example.com/path")
        return parts

    @property
    def _scheme(self) -> str:
        return "wss" if self.wss_only else "https"

    def _check_scheme(self, parts: SplitResult, text: str) -> None:
        if self.wss_only:
            if parts.scheme != "wss":
                raise ValidationError("The address must begin with wss://, an encrypted WebSocket.")
            return
        if self.https_only and parts.scheme != "https":
            raise ValidationError("The address must begin with https://, so that nothing travels unencrypted.")
        if parts.scheme not in ("http", "https"):
            raise ValidationError("The address must begin with https:// or http://.")

    @staticmethod
    def _origin(parts: SplitResult) -> str:
        if parts.path.strip("/") or parts.query:
            raise ValidationError(f"Only the host is needed here: {parts.scheme}://{parts.netloc}")
        return f"{parts.scheme}://{parts.netloc}".lower()


def is_host(name: str) -> bool:
    """Whether the text is a host name or an IP address."""
    if HOST.match(name):
        return True
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False


class PatternField(forms.RegexField):
    """A text of one pattern. Blanks around it are pasted by accident and left out; `says` is the sentence for what does
    not fit: what such a text looks like, with an example."""

    def __init__(self, *, regex: str, says: str, **kwargs: Any) -> None:
        super().__init__(regex, strip=True, error_messages={"invalid": says}, **kwargs)


class HostNameField(forms.CharField):
    """A host to which a TCP connection goes. May stay empty while the account is simulated."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"label": "Host name", "required": False, "max_length": 253, **kwargs})

    def clean(self, value: Any) -> str:
        name = str(super().clean(value)).strip()
        if name and not is_host(name):
            raise ValidationError("This is not a host name or an IP address. Example: receiver.example.com")
        return name


class TcpPortField(forms.IntegerField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"label": "Port", "required": False, "min_value": 1, "max_value": 65_535, **kwargs})


class TlsField(forms.ChoiceField):
    """Whether a TCP connection is secured. Call the property `tls`."""

    def __init__(self, **kwargs: Any) -> None:
        texts = {
            "label": "TLS",
            "choices": [("off", "Off: names and states travel unencrypted"), ("on", "On")],
            "initial": "off",
            "help_text": (
                "On where the receiver's settings offer TLS on this port. Without it, use a network of your own or a "
                "tunnel."
            ),
        }
        super().__init__(**{**texts, **kwargs})


class CaCertificateField(forms.CharField):
    """A private certificate authority, trusted for this account in addition to the public ones. Call the property
    `ca_certificate`: the HTTP client looks for it by that name."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        texts = {
            "label": "CA certificate",
            "required": False,
            "max_length": 20_000,
            "widget": forms.Textarea({"rows": 4, "spellcheck": "false"}),
            "help_text": (
                "Only where the system's certificate comes from a company's own authority: that authority's "
                "certificate in PEM form (-----BEGIN CERTIFICATE-----), from whoever runs the system. Empty: the "
                "public authorities."
            ),
        }
        super().__init__(**{**texts, **kwargs})

    def clean(self, value: Any) -> str:
        text = str(super().clean(value)).replace("\r\n", "\n")
        try:
            if text:
                ssl.create_default_context(cadata=text)
        except (ssl.SSLError, ValueError):
            raise ValidationError(
                "This is not a certificate in PEM form. It begins with -----BEGIN CERTIFICATE-----"
            ) from None
        if "PRIVATE KEY" in text:
            raise ValidationError("There is a private key in this text. Only the certificate belongs here.")
        return text


class CountryField(forms.CharField):
    """An ISO country code, in capitals; the property is called `default_country` everywhere."""

    def __init__(self, **kwargs: Any) -> None:
        texts = {"label": "Default country", "min_length": 2, "max_length": 2, "initial": "US"}
        super().__init__(**{**texts, **kwargs})

    def clean(self, value: Any) -> str:
        country = str(super().clean(value)).upper()
        if country not in phonenumbers.SUPPORTED_REGIONS:
            raise ValidationError("This is not an ISO country code. Examples: US, GB, DE, JP.")
        return country


class PathPatternField(forms.CharField):
    """A path on the vendor's host with names in braces, each of which must be there: `/open/{table}/{sys_id}`."""

    def __init__(self, *, names: tuple[str, ...], **kwargs: Any) -> None:
        self.names = tuple(f"{{{name}}}" for name in names)
        super().__init__(**{"max_length": 300, **kwargs})

    def clean(self, value: Any) -> str:
        text, wanted = str(super().clean(value)), " and ".join(self.names)
        if not text.startswith("/") or text.startswith("//"):
            raise ValidationError("The pattern is a path on the vendor's host and begins with one slash.")
        if any(name not in text for name in self.names):
            raise ValidationError(f"The pattern must hold {wanted}.")
        if re.search(r"[{}]", re.sub("|".join(map(re.escape, self.names)), "", text)):
            raise ValidationError(f"Only {wanted} can stand in braces.")
        return text


class TimeZoneField(forms.CharField):
    """A time zone by its name in the tz database, such as Europe/Berlin; empty for the contact centre's own."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"label": "Time zone", "required": False, "max_length": 64, **kwargs})

    def clean(self, value: Any) -> str:
        name = str(super().clean(value))
        if name and name not in available_timezones():
            raise ValidationError(f'"{name}" is not a time zone. Example: Europe/Berlin.')
        return name


class PostMethodField(forms.ChoiceField):
    """The HTTP method of engines that take POST only: shown, as the guide does, and not to be changed."""

    def __init__(self, **kwargs: Any) -> None:
        fixed = {"label": "Method", "choices": [("POST", "POST")], "initial": "POST", "disabled": True}
        super().__init__(**{**fixed, "required": False, **kwargs})


class ReasonCodesWidget(RowsWidget):
    columns = (Column("reason", _("Not Ready reason")), Column("code", _("Code"), maximum=MAXIMUM_CODE))


class ReasonCodesField(forms.Field):
    """Not Ready reasons as numbers: a list of `{"reason": text, "code": 0..65535}`, in the order entered.

    Reasons are compared trimmed and without regard to case; several reasons may share a code."""

    widget = ReasonCodesWidget

    def clean(self, value: Any) -> list[dict[str, Any]]:
        rows = [row for row in map(self._row, value or []) if row]
        seen: set[str] = set()
        for row in rows:
            if row["reason"].casefold() in seen:
                raise ValidationError(f'The reason "{row["reason"]}" is listed twice.')
            seen.add(row["reason"].casefold())
        if self.required and not rows:
            raise ValidationError(self.error_messages["required"])
        return rows

    @staticmethod
    def _row(row: Any) -> dict[str, Any] | None:
        if not isinstance(row, dict):
            raise ValidationError("Each line has a reason and a code.")
        reason, code = str(row.get("reason") or "").strip(), str(row.get("code", "")).strip()
        if not reason and code in ("", "None"):
            return None
        if not reason:
            raise ValidationError(f"The code {code} has no reason beside it.")
        if not (code.isascii() and code.isdigit() and int(code) <= MAXIMUM_CODE):
            raise ValidationError(f'The code of "{reason}" must be a whole number from 0 to {MAXIMUM_CODE}.')
        return {"reason": reason, "code": int(code)}


class UnmappedReasonCodeField(forms.IntegerField):
    """The code of reasons that the table above it does not list. Call the property `unmapped_reason_code`."""

    def __init__(self, **kwargs: Any) -> None:
        texts = {
            "label": "Unmapped reason code",
            "initial": 0,
            "min_value": 0,
            "max_value": MAXIMUM_CODE,
            "help_text": (
                "Code for Not Ready reasons without a line above. The WFM system's list of codes says which one is "
                "free."
            ),
        }
        super().__init__(**{**texts, **kwargs})


def codes_by_reason(rows: Any) -> dict[str, int]:
    """The table as a dictionary from the folded reason to its code."""
    return {str(row["reason"]).strip().casefold(): int(row["code"]) for row in rows or []}
