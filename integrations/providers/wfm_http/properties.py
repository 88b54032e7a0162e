"""What the administrator enters for WFM by HTTP POST: the guide's fields, and where a receiver differs (*Advanced*)."""

from django import forms

from integrations.feed_fields import AlertAfterField, UpdateIntervalField
from integrations.properties import PropertiesForm, SecretField
from integrations.property_fields import (
    CaCertificateField,
    ReasonCodesField,
    UnmappedReasonCodeField,
    VendorUrlField,
)
from integrations.token_header import TokenHeaderRules


class WfmHttpProperties(TokenHeaderRules, PropertiesForm):
    needed_for_real = ("url",)
    advanced = (
        "token_header",
        "token_scheme",
        "tenant",
        "unmapped_reason_code",
        "ca_certificate",
        "alert_after_failed_updates",
    )

    periodic_update_interval = UpdateIntervalField(
        help_text=(
            "Seconds between two updates. Use the interval for which the WFM system's real-time feed is set up; below "
            "5 few receivers keep up."
        ),
    )
    protocol = forms.ChoiceField(
        label="Protocol",
        choices=[("http_post", "HTTP POST")],
        initial="http_post",
        disabled=True,
        help_text="Fixed by the choice made when the account was added; the other one is TCP (Aspect WFM).",
    )
    url = VendorUrlField(
        label="URL",
        required=False,
        max_length=1000,
        help_text=(
            "The unique URL of your WFM account, from the real-time adherence or data feed settings of the WFM system. "
            "Use https wherever it is offered: names and states of your agents travel here. May stay empty while the "
            "account is simulated."
        ),
    )
    token = SecretField(
        label="Token",
        required=False,
        help_text="Optional. The access token for your WFM account, shown once by the WFM system when it is made.",
    )
    reason_codes_mapping = ReasonCodesField(
        label="Reason codes mapping",
        required=False,
        initial=(),
        help_text=(
            "Optional. Our Not Ready reasons are text; most WFM systems want numbers. Enter the code that the WFM "
            "system lists for each reason (0 to 65535; some accept 1 to 99 only, and some keep 32749 and above for "
            "themselves)."
        ),
    )
    token_header = forms.CharField(
        label="Token header",
        initial="Authorization",
        max_length=80,
        help_text=(
            "Header that carries the token, as the WFM system's API documentation names it, for example X-API-Key."
        ),
    )
    token_scheme = forms.CharField(
        label="Token scheme",
        initial="Bearer",
        required=False,
        max_length=40,
        help_text=(
            "Word before the token in that header, as in the WFM system's API documentation. Empty: the bare token."
        ),
    )
    tenant = forms.CharField(
        label="Tenant",
        required=False,
        max_length=80,
        help_text=(
            "Name under which the WFM system knows this contact centre. Empty: the short name of the contact centre."
        ),
    )
    unmapped_reason_code = UnmappedReasonCodeField()

    ca_certificate = CaCertificateField()
    alert_after_failed_updates = AlertAfterField()
