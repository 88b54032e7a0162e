"""What the administrator enters for Connect REST, beyond what both doors need."""

from typing import Any

from django import forms

from integrations.properties import SecretField
from integrations.property_fields import PatternField, VendorUrlField
from integrations.providers.osvc.properties import ServiceCloudProperties, context_field

BASIC, OAUTH, SESSION = "basic", "oauth", "session"
AUTHENTICATIONS = (
    (BASIC, "User name and password"),
    (OAUTH, "OAuth: client credentials at your identity provider"),
    (SESSION, "Session token of a signed-in agent (for trying out)"),
)
VERSIONS = (("v1.4", "v1.4 (today)"), ("v1.3", "v1.3 (sites of 2015 to 2018)"), ("latest", "latest"))
LANGUAGE = r"^[A-Za-z]{2,3}([_-][A-Za-z]{2,4})?$"


class OracleProperties(ServiceCloudProperties):
    advanced = (
        *ServiceCloudProperties.advanced, "authentication", "token_url", "client_id", "client_secret", "scope",
        "session_token", "api_version", "application_context", "language", "override_method",
    )  # fmt: skip

    authentication = forms.ChoiceField(
        label="Authentication",
        choices=AUTHENTICATIONS,
        initial=BASIC,
        help_text=(
            "How we sign in. B2C Service issues no OAuth tokens itself: they come from the identity provider defined "
            "in Configuration > Site Configuration > Single Sign-On Configurations (Oracle must first enable the "
            "hidden setting SSO_ENABLE_EXTERNAL_IDP). A session token dies with the agent's session."
        ),
    )
    token_url = VendorUrlField(
        label="Token URL",
        required=False,
        https_only=True,
        max_length=500,
        help_text=(
            "Only for OAuth: the token endpoint of your identity provider. Oracle identity domains: "
            "https://idcs-....identity.oraclecloud.com/oauth2/v1/token. Empty while simulated: the simulator's."
        ),
    )
    client_id = forms.CharField(
        label="Client ID",
        max_length=200,
        required=False,
        help_text=(
            "Only for OAuth: of the confidential application made for us in the identity provider, with the grant "
            "Client credentials. A staff account with single sign-on must be mapped to it in B2C Service."
        ),
    )
    client_secret = SecretField(
        label="Client secret",
        required=False,
        help_text="Only for OAuth: shown beside the Client ID, on the application's page in the identity provider.",
    )
    scope = forms.CharField(
        label="Scope",
        max_length=500,
        required=False,
        help_text="Only for OAuth: the scope of the application that stands for B2C Service in the identity provider.",
    )
    session_token = SecretField(
        label="Session token",
        required=False,
        help_text="Only for Session: what getSessionToken() of the browser user interface's extensions returns.",
    )
    api_version = forms.ChoiceField(
        label="API version",
        choices=VERSIONS,
        initial="v1.4",
        help_text="The version in the address: open /services/rest/connect/ on your site to see which it has.",
    )
    application_context = context_field(
        label="Application context",
        help_text=(
            "Sent as OSvC-CREST-Application-Context with every request and shown in the site's audit logs; up to 40 "
            "characters. Sites with v1.4 refuse requests without it."
        ),
    )
    language = PatternField(
        regex=LANGUAGE,
        label="Language",
        max_length=10,
        required=False,
        says="A language as in Accept-Language. Examples: en-US, de, ja.",
        help_text=(
            "Sent as Accept-Language. It must be the language of the interface behind the URL: Configuration > Site "
            "Configuration > Interfaces. Empty: nothing is sent."
        ),
    )
    override_method = forms.BooleanField(
        label="Override method",
        required=False,
        help_text=(
            "Ticked: changes are sent as POST with X-HTTP-Method-Override: PATCH, for networks where a proxy or "
            "firewall lets no PATCH through."
        ),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        where = "Any account of the simulator will do: its page lists them." if self.simulated else ""
        for name, sentence in _needed(cleaned.get("authentication", "")).items():
            self.need(name, f"{sentence} {where}".strip())
        if cleaned.get("authentication") == OAUTH and self.simulated is False:
            self.need("token_url", "OAuth needs the token endpoint of your identity provider.")
        return cleaned


def _needed(authentication: str) -> dict[str, str]:
    if authentication == OAUTH:
        return {
            "client_id": "OAuth needs the Client ID of the application.",
            "client_secret": "OAuth needs the client secret of the application.",
        }
    if authentication == SESSION:
        return {"session_token": "This way of signing in needs the session token."}
    return {
        "user_name": "This needs the login of the staff account.",
        "password": "This needs the password of the staff account.",
    }
