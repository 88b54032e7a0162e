"""What the administrator enters for a Facebook page: the guide's fields, and what Facebook needs today."""

from django import forms
from django.core.validators import RegexValidator

from integrations.properties import PropertiesForm, SecretField
from integrations.property_fields import CaCertificateField
from integrations.providers import messenger

ENDPOINT = "https://graph.facebook.com"


class FacebookProperties(PropertiesForm):
    advanced = ("app_id", "graph_version", "api_endpoint", "ca_certificate")
    needed_for_real = ("app_secret",)

    page_username = forms.CharField(
        label="Page Username",
        max_length=100,
        required=False,
        help_text="The exact username of your Facebook Page, as in facebook.com/username. Empty where it has none.",
    )
    page_id = forms.CharField(
        label="Page ID",
        max_length=40,
        validators=[RegexValidator(r"^[0-9]+\Z", "A page ID has digits only.")],
        help_text="The exact page ID for your Facebook Page: on the page, About, Page transparency.",
    )
    token = SecretField(
        label="Token",
        help_text=(
            "The Page Access Token for your Facebook Page: developers.facebook.com, your app, Messenger, API Settings."
        ),
    )
    webhook_verify_token = SecretField(
        label="Webhook Verify Token",
        required=False,
        help_text=(
            "Any text; Facebook shows it to us when you save our address there. If you have none, save the account and "
            "press Generate random token."
        ),
    )
    app_secret = SecretField(
        label="App secret",
        required=False,
        help_text=(
            "Proves that a message is Facebook's: developers.facebook.com, your app, App settings, Basic, App secret. "
            "Without it every incoming message is refused."
        ),
    )
    app_id = forms.CharField(
        label="App ID",
        required=False,
        max_length=40,
        validators=[RegexValidator(r"^[0-9]*\Z", "An app ID has digits only.")],
        help_text=(
            "At the top of your app at developers.facebook.com. With it the test also checks the token's permissions, "
            "and Set Webhook enters our address at Facebook."
        ),
    )
    graph_version = forms.CharField(
        label="Graph version",
        initial="v25.0",
        validators=[RegexValidator(r"^v[0-9]{1,3}\.[0-9]\Z", "A version looks like v25.0.")],
        help_text="Version of Facebook's interface; its changelog tells when one ends. v25.0 lives until July 2028.",
    )
    api_endpoint = messenger.endpoint_field(ENDPOINT, "Facebook")
    ca_certificate = CaCertificateField()
