"""How we sign in to Salesforce: the fields of the integration guide, and what today's grants need in addition."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError

from integrations.models import IntegrationAccount
from integrations.properties import PropertiesForm, SecretField, SecretInput, SecretTextarea
from integrations.property_fields import VendorUrlField

from . import assertion, hosts

AUTHORIZATION_CODE = "authorization_code"
CLIENT_CREDENTIALS = "client_credentials"
JWT_BEARER = "jwt_bearer"
GRANTS = (
    (AUTHORIZATION_CODE, "Authorisation code with PKCE: Request token, a person allows access in the browser"),
    (CLIENT_CREDENTIALS, "Client credentials: nobody signs in, the app has a Run As user"),
    (JWT_BEARER, "JWT bearer: nobody signs in, we sign with a private key"),
)


class SignInProperties(PropertiesForm):
    url = VendorUrlField(
        label="Url",
        required=False,
        https_only=True,
        origin_only=True,
        widget=forms.URLInput(attrs={"placeholder": "https://example.my.salesforce.com"}),
        help_text=(
            "Your organisation's My Domain, https://example.my.salesforce.com: Setup > Company Settings > My Domain > "
            "Current My Domain URL. Empty: the general log-in page, login.salesforce.com or test.salesforce.com. "
            "Needed for Client credentials and for the desktop inside Salesforce. May stay empty while simulated."
        ),
    )
    sandbox_environment = forms.BooleanField(
        label="Sandbox environment",
        required=False,
        initial=False,
        help_text=(
            "Tick it if this Salesforce is a sandbox: its log-in page is test.salesforce.com, and its addresses have "
            "-- in them (Setup > Environments > Sandboxes, in production)."
        ),
    )
    consumer_key = forms.CharField(
        label="Consumer key",
        max_length=400,
        required=False,
        help_text=(
            "Of the app made for us. Today: Setup > External Client App Manager > the app > Settings > OAuth Settings "
            "> Consumer Key and Secret. Connected apps of before: App Manager > the app > View > Manage Consumer "
            "Details."
        ),
    )
    consumer_secret = SecretField(
        label="Consumer secret",
        required=False,
        help_text=(
            "Shown beside the Consumer key, after the code that Salesforce sends by e-mail. Not used by JWT bearer; "
            "may stay empty where the app does not require a secret for the web server flow."
        ),
    )
    refresh_token = SecretField(
        label="Refresh token",
        required=False,
        help_text=(
            "Save, then press Request token: it is fetched and kept for you, and its state is shown under Tokens. Only "
            "a token that was issued to the same Consumer key elsewhere is pasted here; it is taken over with its "
            "first use."
        ),
    )
    grant_type = forms.ChoiceField(
        label="Grant type",
        choices=GRANTS,
        initial=AUTHORIZATION_CODE,
        help_text=(
            "How we sign in. Authorisation code is the way of the original guide; the app's Callback URL is our "
            "address ending in /admin/salesforcecallback.html. The other two need nobody: switch Client Credentials "
            "Flow or JWT Bearer Flow on in the app's OAuth settings."
        ),
    )
    username = forms.CharField(
        label="User name",
        max_length=200,
        required=False,
        help_text="Only for JWT bearer: the Username of the integration user, as in Setup > Users > Users.",
    )
    private_key = SecretField(
        label="Private key",
        required=False,
        widget=SecretTextarea,
        help_text=(
            "Only for JWT bearer: the RSA key (PEM, -----BEGIN PRIVATE KEY-----) whose certificate was uploaded in the "
            "app: OAuth Settings > Use digital signatures. It never leaves this server."
        ),
    )

    def offer(self, account: IntegrationAccount) -> None:
        """*Request token* fills no field; a box that says "Not set" beside a token would send people round again."""
        token = getattr(account, "token", None)
        if token is not None and token.refresh:
            cast(SecretInput, self.fields["refresh_token"].widget).elsewhere = "Its state is shown under Tokens."

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"])
        proper = hosts.my_domain_of(url)
        if proper:
            raise ValidationError(f"This is the address of Lightning pages. The My Domain is probably {proper}")
        if url and not hosts.is_salesforce(url):
            raise ValidationError("This is no address of Salesforce. Example: https://example.my.salesforce.com")
        return url

    def clean_private_key(self) -> Any:
        entered = self.cleaned_data["private_key"]
        return assertion.key_text(entered) if isinstance(entered, str) and entered else entered

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        where = "Any demo value of the simulator's page will do." if self.simulated else ""
        self.need("consumer_key", f"The Consumer key of the app is needed. {where}".strip())
        grant = cleaned.get("grant_type")
        if grant == CLIENT_CREDENTIALS:
            self.need("consumer_secret", f"Client credentials need the Consumer secret. {where}".strip())
            if self.simulated is False:
                self.need("url", "Salesforce answers Client credentials at the My Domain only.")
        if grant == JWT_BEARER:
            self.need("username", "JWT bearer needs the integration user's Username.")
            self.need("private_key", "JWT bearer needs the private key.")
        self._check_sandbox(str(cleaned.get("url") or ""))
        return cleaned

    def _check_sandbox(self, url: str) -> None:
        """A ticked box and a production address (or the reverse) send a person round in circles at Salesforce."""
        ticked = bool(self.cleaned_data.get("sandbox_environment"))
        if url and ticked != hosts.is_sandbox(url):
            says = "a production organisation: untick this" if ticked else "a sandbox: tick this"
            self.add_error("sandbox_environment", f"The Url is the address of {says}, or correct the Url.")
