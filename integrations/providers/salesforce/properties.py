"""What the administrator enters for Salesforce, and where each value is found there.

The fields of the integration guide come first (`sign_in_properties`); what today's Salesforce needs in addition is in
*Advanced*."""

import re

from django import forms
from django.core.exceptions import ValidationError

from integrations.property_fields import CaCertificateField, CountryField, PatternField

from .sign_in_properties import SignInProperties

LOWEST_VERSION = 51  # the first with FIELDS(ALL) in SOQL
BY_EMAIL, BY_USERNAME, BY_FEDERATION = "email", "username", "federation"
BY_EMPLOYEE, BY_MAPPING = "employee_id", "mapping"
AGENT_MAP_KEYS = (
    (BY_EMAIL, "E-mail, then user name"),
    (BY_USERNAME, "User name"),
    (BY_FEDERATION, "Federation ID, then e-mail"),
    (BY_EMPLOYEE, "Employee number"),
    (BY_MAPPING, "Mapping table only"),
)
PEOPLE = ("Contact", "Lead", "Account")
RECORD_POP, LAYOUT_POP = "record", "layout"
SCREEN_POPS = (
    (RECORD_POP, "The record that we found"),
    (LAYOUT_POP, "As Salesforce's Softphone Layout says"),
)
NEW_RECORDS = (("Case", "Case"), ("Lead", "Lead"), ("Contact", "Contact"), ("Task", "Task"))


class SalesforceProperties(SignInProperties):
    heading = "Data Access from Scenarios"
    advanced = (
        "grant_type", "username", "private_key", "api_version", "look_up_in", "default_country", "agent_map_key",
        "screen_pop", "new_record", "external_id_field", "ca_certificate",
    )  # fmt: skip

    api_version = PatternField(
        regex=r"^\d{2,3}\.0$",
        label="API version",
        initial="60.0",
        says="A version looks like 60.0.",
        help_text=(
            "The REST API version that we speak. Setup > Apex Classes > New > Version Settings lists those of your "
            "organisation; Test connection names the newest."
        ),
    )
    look_up_in = forms.CharField(
        label="Look up callers in",
        initial=", ".join(PEOPLE),
        max_length=60,
        help_text=(
            "The objects in which a caller's number is looked for: Contact, Lead, Account, or some of them, separated "
            "by commas. The integration user must be able to read each (Setup > Object Manager)."
        ),
    )
    default_country = CountryField(
        help_text=(
            "Country (ISO code, for example US, DE, JP) of phone numbers that are stored without a country code. See "
            "Default Locale in Setup > Company Information."
        ),
    )
    agent_map_key = forms.ChoiceField(
        label="Agent map key",
        choices=AGENT_MAP_KEYS,
        initial=BY_EMAIL,
        help_text=(
            "How an agent is found in Setup > Users > Users, to become the owner of records. The mapping table "
            "(Agents in this CRM) always comes first."
        ),
    )
    screen_pop = forms.ChoiceField(
        label="Screen pop",
        choices=SCREEN_POPS,
        initial=RECORD_POP,
        help_text=(
            "What opens inside Salesforce when a call arrives. With the second choice Salesforce searches for the "
            "number itself and does what Setup > Softphone Layouts says for no match, one and several. Through Open "
            "CTI, which Salesforce ends on 28 February 2028."
        ),
    )
    new_record = forms.ChoiceField(
        label="New record",
        choices=NEW_RECORDS,
        initial="Case",
        help_text=(
            "What opens, filled with the call's number, where there is no record to open. Its page layout is in "
            "Setup > Object Manager."
        ),
    )
    external_id_field = PatternField(
        regex=r"^[A-Za-z]\w{0,60}__c$",
        label="External ID field",
        required=False,
        initial="",
        says="The API name of a custom field ends in __c, for example Call_Reference__c.",
        help_text=(
            "API name of a text field, marked External ID and Unique, that you made on the objects in which scenarios "
            "create records (Setup > Object Manager > the object > Fields & Relationships). With it a record can never "
            "be made twice. Empty: we write a reference into Description and look for it there."
        ),
    )
    ca_certificate = CaCertificateField()

    def clean_api_version(self) -> str:
        version = str(self.cleaned_data["api_version"])
        if int(version.partition(".")[0]) < LOWEST_VERSION:
            raise ValidationError(f"We need {LOWEST_VERSION}.0 or later.")
        return version

    def clean_look_up_in(self) -> str:
        known = {name.casefold(): name for name in PEOPLE}
        entered = re.split(r"[\s,;]+", str(self.cleaned_data["look_up_in"]).strip(" ,;"))
        unknown = [name for name in entered if name.casefold() not in known]
        if unknown:
            raise ValidationError(f'"{unknown[0]}" is none of {", ".join(PEOPLE)}.')
        return ", ".join(dict.fromkeys(known[name.casefold()] for name in entered))
