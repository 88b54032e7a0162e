"""What the administrator enters for Connect Web Services for SOAP, beyond what both doors need."""

from typing import Any
from urllib.parse import urlsplit

from django import forms

from integrations.property_fields import PatternField
from integrations.providers.osvc.properties import ServiceCloudProperties, context_field

VERSIONS = (("v1_4", "v1.4 (today)"), ("v1_3", "v1.3"), ("v1_2", "v1.2"))


class RightNowProperties(ServiceCloudProperties):
    advanced = (
        *ServiceCloudProperties.advanced, "interface", "api_version", "application_id", "suppress_external_events",
    )  # fmt: skip

    interface = PatternField(
        regex=r"^[A-Za-z0-9_]+$",
        label="Interface",
        max_length=80,
        required=False,
        says="Letters, digits and underscores only, as in the address /cgi-bin/<interface>.cfg/.",
        help_text=(
            "Name of the interface: Configuration > Site Configuration > Interfaces, or the part before .cfg in the "
            "addresses of the agents' console. Empty: the first part of the host name, with _ in place of -."
        ),
    )
    api_version = forms.ChoiceField(
        label="API version",
        choices=VERSIONS,
        initial="v1_4",
        help_text="The version in the name spaces of the site's WSDL: open the service's address with ?wsdl.",
    )
    application_id = context_field(
        label="Application ID",
        help_text=(
            "Sent as AppID in the ClientInfoHeader of every request and shown in the site's audit logs. The site "
            "refuses requests without it."
        ),
    )
    suppress_external_events = forms.BooleanField(
        label="Suppress external events",
        required=False,
        help_text=(
            "Ticked: what we write starts no external event or custom process either (Configuration > Site "
            "Configuration > Process Designer)."
        ),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        where = "Any account of the simulator will do: its page lists them." if self.simulated else ""
        self.need("user_name", f"This needs the login of the staff account. {where}".strip())
        self.need("password", f"This needs the password of the staff account. {where}".strip())
        return cleaned


def interface_of(url: str) -> str:
    """The interface's usual name: `https://my-site--tst2.custhelp.com` is `my_site__tst2`."""
    return (urlsplit(url).hostname or "").split(".")[0].replace("-", "_")
