"""The properties of single sign-on accounts, the same for both kinds."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError

from integrations.properties import PropertiesForm
from integrations.property_fields import CaCertificateField, VendorUrlField
from integrations.row_tables import Column, RowsWidget, cells
from integrations.saml import EMAIL_ADDRESS, PERSISTENT, UNSPECIFIED
from integrations.saml.certificates import BadCertificate, pem_of, read
from integrations.saml.metadata import BadMetadata, is_metadata, read_metadata

# In the name of the simulator's certificates: their key is published, so they prove nothing about anybody.
PUBLISHED_KEY = "published key"
CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
# SAML fixes no attribute names. What Okta, LDAP-based systems, Microsoft and eduPerson (by OID) use by default.
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "login": ("login", "uid", "username"),
    "first_name": ("firstname", "givenname", f"{CLAIMS}/givenname", "urn:oid:2.5.4.42"),
    "last_name": ("lastname", "sn", "surname", f"{CLAIMS}/surname", "urn:oid:2.5.4.4"),
    "email": ("email", "mail", f"{CLAIMS}/emailaddress", "urn:oid:0.9.2342.19200300.100.1.3"),
    "groups": ("groups", "memberof", "ismemberof", "http://schemas.xmlsoap.org/claims/group"),
}
PARTS = (
    ("login", "User name"),
    ("first_name", "First name"),
    ("last_name", "Last name"),
    ("email", "E-mail"),
    ("groups", "Groups"),
)
FORMATS = ((UNSPECIFIED, "Unspecified"), (EMAIL_ADDRESS, "E-mail address"), (PERSISTENT, "Persistent"))


class AttributeMapWidget(RowsWidget):
    columns = (Column("part", "Here", groups=(("", PARTS),)), Column("attribute", "Attribute"))


class AttributeMapField(forms.Field):
    """Names of attributes, where the identity provider's differ from the usual ones: a list of `{part, attribute}`."""

    widget = AttributeMapWidget

    def clean(self, value: Any) -> list[dict[str, str]]:
        rows = [row for row in (cells(entry, "part", "attribute") for entry in value or []) if row]
        for row in rows:
            if row["part"] not in ATTRIBUTES or not row["attribute"]:
                raise ValidationError(f'"{row["attribute"]}": a line needs what it is here, and an attribute.')
        return rows


def attribute_names(rows: Any) -> Mapping[str, tuple[str, ...]]:
    """For each part the attribute names to look for, the entered ones first, in small letters."""
    names = dict(ATTRIBUTES)
    for row in reversed(rows or []):
        names[row["part"]] = (row["attribute"].lower(), *names[row["part"]])
    return names


class GroupMapWidget(RowsWidget):
    columns = (Column("group", "Group at the identity provider"), Column("role", "Group here"))


class GroupMapField(forms.Field):
    """Which of our groups somebody gets: a list of `{group, role}`. Nobody gets anything that is not in it."""

    widget = GroupMapWidget

    def clean(self, value: Any) -> list[dict[str, str]]:
        rows = [row for row in (cells(entry, "group", "role") for entry in value or []) if row]
        for row in rows:
            if not row["group"] or not row["role"]:
                raise ValidationError(f'"{row["group"] or row["role"]}": a line needs a group on both sides.')
        roles = {row["role"] for row in rows}
        unknown = roles - set(Group.objects.filter(name__in=roles).values_list("name", flat=True))
        if unknown:
            raise ValidationError(f"There is no group “{sorted(unknown)[0]}” here. Add it under Groups first.")
        return rows


class ShownAddressInput(forms.TextInput):
    """One of our own addresses, to be copied: made from PUBLIC_URL whenever it is shown, and never stored."""

    door = "/"

    def __init__(self, path: str) -> None:
        super().__init__({"readonly": True, "spellcheck": "false"})
        self.path = path

    def format_value(self, value: Any) -> str:
        return f"{str(settings.PUBLIC_URL).rstrip('/')}{self.door}{self.path}"


class ShownAddressField(forms.CharField):
    def __init__(self, path: str, **kwargs: Any) -> None:
        super().__init__(disabled=True, required=False, initial="", widget=ShownAddressInput(path), **kwargs)


class SsoProperties(PropertiesForm):
    """`door`: the path that our side's addresses begin with; the two kinds name theirs."""

    door: ClassVar[str] = "/"
    advanced: ClassVar[tuple[str, ...]] = (
        "entity_id", "our_metadata", "metadata_link", "allow_idp_initiated", "match_existing_users", "attribute_map",
        "name_id_format", "logout_url", "ca_certificate",
    )  # fmt: skip

    enable_single_sign_on = forms.BooleanField(
        label="Enable Single Sign-On",
        required=False,
        help_text="Select the checkbox to enable single sign-on. Logging in with a local password stays possible.",
    )
    identity_provider_single_sign_on_url = VendorUrlField(
        label="Identity Provider Single Sign-On URL",
        required=False,
        max_length=1000,
        help_text="The address to which people are sent to log in (binding HTTP-Redirect). Okta: Applications > your "
        "application > Sign On > View SAML setup instructions. ForgeRock: <code>…/SSORedirect/metaAlias/idp</code>.",
    )
    identity_provider_issuer = forms.CharField(
        label="Identity Provider Issuer",
        required=False,
        max_length=1000,
        help_text="The identity provider's own name (entityID in its metadata). Okta: on the same page, "
        "<code>http://www.okta.com/exk…</code>.",
    )
    identity_provider_certificate = forms.CharField(
        label="Identity Provider Certificate",
        required=False,
        max_length=200_000,
        widget=forms.Textarea({"rows": 6, "spellcheck": "false"}),
        help_text="The certificate (-----BEGIN CERTIFICATE-----), one below the other while it is being changed; or "
        "the identity provider's metadata as XML; or an https link to either, which is fetched by “Test connection”.",
    )
    enable_just_in_time_user_provisioning = forms.BooleanField(
        label="Enable Just-in-time user provisioning",
        required=False,
        help_text="Creates a user at the first log-in of somebody who is not known here.",
    )
    use_template = forms.BooleanField(
        label="Use Template", required=False, disabled=True, help_text="Templates for single sign-on are disabled."
    )
    entity_id = ShownAddressField(
        "sso/redirect",
        label="SP entity id and ACS URL",
        help_text="Enter this at the identity provider, for both. Okta: Single sign-on URL and Audience URI.",
    )
    our_metadata = ShownAddressField(
        "sso/metadata",
        label="SP metadata",
        help_text="The same as a file that the identity provider can import (ForgeRock: Import Entity).",
    )
    metadata_link = VendorUrlField(
        label="Metadata URL",
        required=False,
        https_only=True,
        max_length=1000,
        help_text="Where the identity provider publishes its metadata, or its certificate. “Load metadata” fetches it; "
        "the test compares it. Okta: Sign On > Metadata URL.",
    )
    allow_idp_initiated = forms.BooleanField(
        label="Allow log-ins that the identity provider begins",
        required=False,
        help_text="Needed for a tile on the identity provider's own page. Such a log-in answers no request of ours, "
        "so it is easier to slip somebody a foreign one.",
    )
    match_existing_users = forms.BooleanField(
        label="Match existing users by user name",
        required=False,
        help_text="Ticked: somebody whose NameID is exactly the user name of an existing user is that user. Not "
        "ticked: an administrator links them (Users > the user > Single sign-on). Superusers are never matched, and "
        "nobody is matched by e-mail address.",
    )
    attribute_map = AttributeMapField(
        label="Attributes",
        required=False,
        help_text="Only where the identity provider's attribute names are unusual. Known already: firstName, lastName, "
        "email, login, groups; uid, givenName, sn, mail, memberOf; Microsoft's claims; eduPerson's OIDs.",
    )
    name_id_format = forms.ChoiceField(
        label="NameID format",
        choices=FORMATS,
        initial=UNSPECIFIED,
        help_text="Which kind of name to ask for. It must be what the identity provider is set to.",
    )
    logout_url = VendorUrlField(
        label="Logout URL",
        required=False,
        max_length=1000,
        help_text="The identity provider's log-out page, offered to people after they have logged out here. Without it "
        "they stay logged in there.",
    )
    ca_certificate = CaCertificateField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, ShownAddressInput):
                field.widget.door = self.door

    def clean_identity_provider_certificate(self) -> str:
        """PEM, whatever was entered; a link moves to where links are kept."""
        text = str(self.cleaned_data["identity_provider_certificate"]).strip()
        if text.lower().startswith(("http://", "https://")):
            self.link_entered = self.fields["metadata_link"].clean(text)
            return ""
        self.link_entered = ""
        if not text:
            return ""
        try:
            if not is_metadata(text):
                return pem_of(read(text))
            self.described = read_metadata(text)
        except (BadCertificate, BadMetadata) as error:
            raise ValidationError(str(error)) from None
        return pem_of(self.described.certificates)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self._take_what_metadata_says(cleaned)
        if getattr(self, "link_entered", ""):
            cleaned["metadata_link"] = self.link_entered
        if self.simulated is False:
            self._check_real(cleaned)
        return cleaned

    def _take_what_metadata_says(self, cleaned: dict[str, Any]) -> None:
        """Pasted metadata fills the issuer and the address where these are empty."""
        described = getattr(self, "described", None)
        if described is None:
            return
        said = {
            "identity_provider_issuer": described.issuer,
            "identity_provider_single_sign_on_url": described.sso_url,
        }
        for name, value in said.items():
            cleaned[name] = cleaned.get(name) or value

    def _check_real(self, cleaned: dict[str, Any]) -> None:
        if PUBLISHED_KEY in names_in(cleaned.get("identity_provider_certificate") or ""):
            sentence = "This is the simulator's certificate. Its key is published: anybody could log in as anybody."
            self.add_error("identity_provider_certificate", sentence)
        if not cleaned.get("enable_single_sign_on") or cleaned.get("metadata_link"):
            return
        for name in ("single_sign_on_url", "issuer", "certificate"):
            self.need(
                f"identity_provider_{name}",
                "This is needed to log people in. A metadata URL under Advanced, or metadata pasted as certificate, "
                "brings all three.",
            )


def names_in(pem: str) -> str:
    try:
        return " ".join(each.name for each in read(pem)) if pem else ""
    except BadCertificate:
        return ""
