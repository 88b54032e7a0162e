"""What the administrator enters for either door: the site, the user, and how its records are used."""

from typing import ClassVar

from django import forms

from integrations.properties import PropertiesForm, SecretField
from integrations.property_fields import (
    CaCertificateField,
    CountryField,
    PathPatternField,
    PatternField,
    VendorUrlField,
)

AGENT_MAP_KEYS = (
    ("email", "E-mail, then login"),
    ("user_name", "Login"),
    ("mapping", "Mapping table only"),
)
MAXIMUM_CONTEXT = 40


class ServiceCloudProperties(PropertiesForm):
    needed_for_real = ("url",)
    advanced: ClassVar[tuple[str, ...]] = (
        "agent_map_key", "default_country", "suppress_rules", "record_url_pattern", "ca_certificate",
    )  # fmt: skip

    url = VendorUrlField(
        label="URL",
        required=False,
        https_only=True,
        origin_only=True,
        widget=forms.URLInput(attrs={"placeholder": "https://yoursite.custhelp.com"}),
        help_text=(
            "The address of your site as the browser shows it in the agents' user interface, without a path: usually "
            "https://yoursite.custhelp.com, of a test site https://yoursite--tst2.custhelp.com. May stay empty while "
            "the account is simulated."
        ),
    )
    user_name = forms.CharField(
        label="User name",
        max_length=80,
        required=False,
        help_text=(
            "Login of the staff account made for us: Configuration > Staff Management > Staff Accounts by Groups. Its "
            "profile must allow the public API with account authentication."
        ),
    )
    password = SecretField(
        label="Password",
        required=False,
        strip=False,
        help_text=(
            "That staff account's password, set with Change Password on the account. Let it not expire: Configuration "
            "> Staff Management > Password Configuration."
        ),
    )
    agent_map_key = forms.ChoiceField(
        label="Agent map key",
        choices=AGENT_MAP_KEYS,
        initial="email",
        help_text=(
            "How an agent is found among the staff accounts, to be entered as Assigned. The mapping table "
            "(Agents in this CRM) always comes first."
        ),
    )
    default_country = CountryField(
        help_text=(
            "Country (ISO code, for example US, DE, JP) of contacts' phone numbers that are written without a country "
            "code: look at a few contacts in the Contacts workspace."
        ),
    )
    suppress_rules = forms.BooleanField(
        label="Suppress rules",
        required=False,
        help_text=(
            "Ticked: what we write does not start your business rules (Configuration > Site Configuration > Rules). "
            "Not ticked: a rule may, for example, send mail because of an incident that we made."
        ),
    )
    record_url_pattern = PathPatternField(
        names=("object", "id"),
        label="Record URL pattern",
        initial="/AgentWeb/?object={object}&id={id}",
        help_text=(
            "Path that opens a record in the browser user interface, with {object} and {id}. Oracle publishes no such "
            "address; this value is our assumption and opens at least the start page. Read yours off the browser's "
            "address bar, if it shows one."
        ),
    )
    ca_certificate = CaCertificateField()


def context_field(*, label: str, help_text: str) -> PatternField:
    """What we call ourselves at the vendor: travels in a header, so plain printable text."""
    return PatternField(
        regex=r"^[\x20-\x7e]+$",
        label=label,
        initial="Contact centre",
        max_length=MAXIMUM_CONTEXT,
        says="Plain letters, digits, blanks and punctuation only: it travels in a header.",
        help_text=help_text,
    )
