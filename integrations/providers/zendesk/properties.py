"""What the administrator enters for Zendesk, and where each value is found in its Admin Center.

The administrator's guide names no fields of its own; *URL* and the two kinds of access, *API token* and *OAuth access
token*, are those of the product's Zendesk integration guide. What today's help desks need besides is in *Advanced*."""

import re
from typing import Any

from django import forms

from integrations.properties import PropertiesForm, SecretField
from integrations.property_fields import CaCertificateField, CountryField, PatternField, VendorUrlField

AUTHORIZATION_CODE = "authorization_code"
CLIENT_CREDENTIALS = "client_credentials"
API_TOKEN = "api_token"  # noqa: S105 - the name of a way in
AUTHORIZATION_TYPES = (
    (AUTHORIZATION_CODE, "OAuth access token: a person allows access in the browser"),
    (CLIENT_CREDENTIALS, "OAuth access token by client credentials: no user signs in"),
    (API_TOKEN, "API token (ends on 30 April 2027)"),
)
RECORD_POP, TICKET_POP = "record", "interaction"
SCREEN_POPS = ((RECORD_POP, "The caller's record"), (TICKET_POP, "The ticket made for the call"))
LINK_POP, DISPLAY_POP = "link", "display"
STANDALONE_POPS = (
    (LINK_POP, "A link in the desktop"),
    (DISPLAY_POP, "Open it in the agent's Zendesk (Talk Partner Edition)"),
)
NOTE, REPLY, VOICE = "note", "reply", "voice"
ACTIVITY_FORMS = (
    (NOTE, "Internal note: agents read it, the customer does not"),
    (REPLY, "Public reply: the customer gets it by e-mail"),
    (VOICE, "Internal note, and a voice comment where the recording's address is known"),
)
AGENT_MAP_KEYS = (
    ("email", "E-mail"),
    ("employee_id", "External ID"),
    ("mapping", "Mapping table only"),
)
ACCESS_SECONDS, REFRESH_DAYS = (300, 172_800), (7, 90)
SUBDOMAIN = re.compile(r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$", re.IGNORECASE)


class HelpDeskField(VendorUrlField):
    """The address of a help desk; `acme` stands for https://acme.zendesk.com, as Zendesk's own forms ask for it."""

    def clean(self, value: Any) -> str:
        text = str(value or "").strip()
        if SUBDOMAIN.match(text):
            text = f"https://{text}.zendesk.com"
        elif text.lower().endswith(".zendesk.com") and "://" not in text:
            text = f"https://{text}"
        return super().clean(text)


class ZendeskProperties(PropertiesForm):
    needed_for_real = ("url",)
    advanced = (
        "access_token_life", "refresh_token_life", "scope", "default_country", "agent_map_key", "screen_pop",
        "activity_form", "talk_partner_edition", "outside_zendesk", "ca_certificate",
    )  # fmt: skip

    url = HelpDeskField(
        label="URL",
        required=False,
        https_only=True,
        origin_only=True,
        widget=forms.TextInput(attrs={"inputmode": "url", "placeholder": "https://acme.zendesk.com"}),
        help_text=(
            "The address of your help desk as the browser shows it to agents, without a path; the subdomain alone will "
            "do. Admin Center > Account > Brand management > Brands. May stay empty while the account is simulated."
        ),
    )
    authorization_type = forms.ChoiceField(
        label="Authorization type",
        choices=AUTHORIZATION_TYPES,
        initial=AUTHORIZATION_CODE,
        help_text=(
            "How we sign in. Zendesk withdraws API tokens: since 27 October 2026 none can be created, tokens unused "
            "for 30 days are deactivated, and on 30 April 2027 all of them stop. Choose OAuth for a new account; an "
            "account with an API token has the button Move to OAuth."
        ),
    )
    client_id = forms.CharField(
        label="Client ID",
        max_length=200,
        required=False,
        help_text=(
            "The Identifier of the OAuth client made for us: Admin Center > Apps and integrations > APIs > OAuth "
            "clients > Add OAuth client. Client kind: Confidential. Redirect URLs: our address ending in "
            "/admin/integrations/oauth/callback/"
        ),
    )
    client_secret = SecretField(
        label="Client Secret",
        required=False,
        help_text=(
            "The Secret of the same OAuth client. Zendesk shows it in full once, after the client was saved; later "
            "only Generate new secret helps. A public client has none."
        ),
    )
    user_name = forms.EmailField(
        label="User name",
        max_length=200,
        required=False,
        help_text=(
            "Only for API token: the e-mail address of an agent or administrator, as in Admin Center > People > Team "
            "members. What we do is done in that person's name."
        ),
    )
    api_token = SecretField(
        label="API token",
        required=False,
        help_text=(
            "Only for API token: a token from Admin Center > Apps and integrations > APIs > API tokens. Zendesk shows "
            "it once, when it is made."
        ),
    )
    shared_secret = SecretField(
        label="Shared secret",
        required=False,
        help_text=(
            "Only where agents sign on to Zendesk through us: Admin Center > Account > Security > Single sign-on > "
            "Create SSO configuration > JSON Web Token. Remote login URL: our address ending in "
            "/agentdesktop?zin=true, Remote logout URL: /agentdesktop?zout=true. Zendesk shows the secret once, when "
            "the configuration is made."
        ),
    )

    access_token_life = forms.IntegerField(
        label="Access token life",
        min_value=ACCESS_SECONDS[0],
        max_value=ACCESS_SECONDS[1],
        initial=1800,
        help_text=(
            "Seconds that we ask Zendesk to let an access token live: 300 to 172,800 (48 hours). Zendesk's default, "
            "shown in Admin Center > Apps and integrations > APIs > OAuth clients, is 30 minutes."
        ),
    )
    refresh_token_life = forms.IntegerField(
        label="Refresh token life",
        min_value=REFRESH_DAYS[0],
        max_value=REFRESH_DAYS[1],
        initial=30,
        help_text=(
            "Days that we ask Zendesk to let a refresh token live: 7 to 90. Every renewal brings a new one, so an "
            "account in use never reaches the end; one that rests longer has to be authorised again."
        ),
    )
    scope = PatternField(
        regex=r"^[a-z_:]+( [a-z_:]+)*$",
        label="Scope",
        max_length=300,
        initial="read write",
        says="Words with one space between them. Example: tickets:read tickets:write users:read",
        help_text=(
            "What we ask to be allowed, separated by spaces: read write, or finer as tickets:read tickets:write "
            "users:read users:write. It must lie within Allowed scopes of the OAuth client in Admin Center."
        ),
    )
    default_country = CountryField(
        help_text=(
            "Country (ISO code, for example US, DE, JP) of phone numbers in Zendesk's customer profiles that are "
            "written without a country code."
        ),
    )
    agent_map_key = forms.ChoiceField(
        label="Agent map key",
        choices=AGENT_MAP_KEYS,
        initial="email",
        help_text=(
            "How an agent is found among the agents and administrators in Admin Center > People > Team members. The "
            "external ID is compared with the employee ID here. The mapping table (Agents in this CRM) always comes "
            "first."
        ),
    )
    screen_pop = forms.ChoiceField(
        label="Screen pop",
        choices=SCREEN_POPS,
        initial=RECORD_POP,
        help_text="What opens in Zendesk's agent workspace when a call arrives: the customer's profile or the ticket.",
    )
    activity_form = forms.ChoiceField(
        label="Activity form",
        choices=ACTIVITY_FORMS,
        initial=NOTE,
        help_text=(
            "How a call is written into the ticket's conversation. A public reply runs the triggers that send e-mail "
            "to the customer: Admin Center > Objects and rules > Business rules > Triggers."
        ),
    )
    talk_partner_edition = forms.BooleanField(
        label="Talk Partner Edition",
        required=False,
        help_text=(
            "Ticked: the help desk has Talk Partner Edition (Admin Center > Account > Billing > Subscription), so that "
            "clicks on numbers dial, tickets of calls can be marked as phone calls, and records can be opened in an "
            "agent's browser from outside."
        ),
    )
    outside_zendesk = forms.ChoiceField(
        label="Outside Zendesk",
        choices=STANDALONE_POPS,
        initial=LINK_POP,
        help_text=(
            "How a record opens for agents whose desktop stands alone: as a link, or in the tab where they have "
            "Zendesk open. The second needs Talk Partner Edition (Admin Center > Account > Billing > Subscription)."
        ),
    )
    ca_certificate = CaCertificateField()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        way = cleaned.get("authorization_type")
        where = " Any account of the simulator will do: its page lists them." if self.simulated else ""
        if way == API_TOKEN:
            self.need("user_name", f"An API token goes with an agent's e-mail address.{where}")
            self.need("api_token", f"The API token is missing.{where}")
        elif way:
            self.need("client_id", f"OAuth needs the Identifier of the OAuth client.{where}")
        if cleaned.get("outside_zendesk") == DISPLAY_POP and not cleaned.get("talk_partner_edition"):
            self.add_error("outside_zendesk", "This needs Talk Partner Edition: tick it above, or choose the link.")
        if way == CLIENT_CREDENTIALS:
            self.need("client_secret", f"Client credentials need the Secret of the OAuth client.{where}")
        return cleaned
