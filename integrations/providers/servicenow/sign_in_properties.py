"""How we sign in to ServiceNow: the first half of the account's properties, and which of them a grant needs.

Labels and sentences are those of the administrator's guide (ServiceNow Madrid, 2019); help texts name the old and the
present place in ServiceNow's screens."""

from typing import Any

from django import forms

from integrations.properties import PropertiesForm, SecretField
from integrations.property_fields import VendorUrlField

PASSWORD = "password"  # noqa: S105 - the name of a grant
CLIENT_CREDENTIALS = "client_credentials"
AUTHORIZATION_CODE = "authorization_code"
BASIC = "basic"
GRANTS = (
    (PASSWORD, "Password: Request Refresh Token asks for a user once"),
    (CLIENT_CREDENTIALS, "Client credentials: no user signs in (recommended for servers)"),
    (AUTHORIZATION_CODE, "Authorisation code with PKCE: a person allows access in the browser"),
    (BASIC, "Basic: user name and password with every request"),
)


class SignInProperties(PropertiesForm):
    needed_for_real = ("instance_url",)

    client_id = forms.CharField(
        label="Client ID",
        max_length=200,
        required=False,
        help_text=(
            "The Client ID of the OAuth client made for us, for example 08942j33191d72005a08cb62d2583d6e. Today: "
            "Machine Identity Console > Inbound integrations > New integration. Before: System OAuth > Application "
            "Registry > New > Create an OAuth API endpoint for external clients."
        ),
    )
    client_secret = SecretField(
        label="Client Secret",
        required=False,
        help_text=(
            "The shared secret of the same OAuth client. ServiceNow fills it when the record is saved: open the record "
            "again and click the lock beside Client Secret."
        ),
    )
    instance_url = VendorUrlField(
        label="Instance URL",
        required=False,
        https_only=True,
        origin_only=True,
        widget=forms.URLInput(attrs={"placeholder": "https://dev12345.service-now.com"}),
        help_text=(
            "The address of your instance as the browser shows it after signing in, without a path. It is also the "
            "topDomain of the Agent Desktop's address in ServiceNow. May stay empty while the account is simulated."
        ),
    )
    grant_type = forms.ChoiceField(
        label="Grant type",
        choices=GRANTS,
        initial=PASSWORD,
        help_text=(
            "How we sign in. Password: the grant of the original guide; hardened instances switch it off (property "
            "glide.oauth.inbound.ropc.grant_type.disabled). Client credentials: needs the property "
            "glide.oauth.inbound.client.credential.grant_type.enabled = true and an OAuth Application User on the "
            "client's record. Authorisation code: enter our address ending in /admin/integrations/oauth/callback/ as "
            "Redirect URL of the client."
        ),
    )
    user_name = forms.CharField(
        label="User name",
        max_length=200,
        required=False,
        help_text="Only for Basic: User ID of the integration user, in User Administration > Users.",
    )
    password = SecretField(
        label="Password",
        required=False,
        strip=False,
        help_text=(
            "Only for Basic: that user's password, set with Set Password on the user's form. With the Password grant "
            "leave it empty: the dialog of Request Refresh Token asks for it and forgets it."
        ),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        grant = cleaned.get("grant_type")
        where = "Those of the simulator are on its page Application Registry." if self.simulated else ""
        if grant == BASIC:
            self.need("user_name", f"Basic needs the integration user's User ID. {where}".strip())
            self.need("password", f"Basic needs the integration user's password. {where}".strip())
        elif grant:
            self.need("client_id", f"This grant needs the Client ID of the OAuth client. {where}".strip())
            # A public client has no secret; ServiceNow lets it in with authorisation code and PKCE only.
            if grant != AUTHORIZATION_CODE:
                self.need("client_secret", f"This grant needs the Client Secret of the OAuth client. {where}".strip())
        return cleaned
