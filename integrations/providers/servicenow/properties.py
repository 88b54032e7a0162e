"""What the administrator enters for ServiceNow, and where each value is found on the instance.

The fields of the administrator's guide come first (`sign_in_properties`); what today's releases need in addition is in
*Advanced*."""

import re

from django import forms
from django.core.exceptions import ValidationError

from integrations.property_fields import CaCertificateField, CountryField, PathPatternField

from .sign_in_properties import SignInProperties

AGENT_MAP_KEYS = (
    ("email", "E-mail, then user name"),
    ("user_name", "User name"),
    ("employee_id", "Employee number"),
    ("mapping", "Mapping table only"),
)
RELATED_TABLES = (("incident", "Incident (ITSM)"), ("sn_customerservice_case", "Case (Customer Service Management)"))
FORM_POP, INTERACTION_POP, WORKSPACE_POP, CTI_POP = "form", "interaction", "workspace", "cti"
SCREEN_POPS = (
    (FORM_POP, "The record's form, through OpenFrame"),
    (INTERACTION_POP, "The interaction record"),
    (WORKSPACE_POP, "The record in the agent workspace"),
    (CTI_POP, "cti.do: ServiceNow's own CTI processing"),
)
ACTIVITY_RECORDS = (
    ("interaction", "The interaction record"),
    ("related", "The related incident or case, if there is one"),
)
FIELD_NAME = re.compile(r"^[A-Za-z0-9_.]*$")


class ServiceNowProperties(SignInProperties):
    advanced = (
        "user_name", "password", "agent_map_key", "related_table", "close_on_release", "activity_record",
        "default_country", "screen_pop", "cti_view", "cti_rule", "record_url_pattern", "workspace_url_pattern",
        "ca_certificate",
    )  # fmt: skip

    agent_map_key = forms.ChoiceField(
        label="Agent map key",
        choices=AGENT_MAP_KEYS,
        initial="email",
        help_text=(
            "How an agent is found in User Administration > Users, to be entered as Assigned to. The mapping table "
            "(Agents in this CRM) always comes first."
        ),
    )
    related_table = forms.ChoiceField(
        label="Related table",
        choices=RELATED_TABLES,
        initial="incident",
        help_text="What your agents work on: Incident > All, or Customer Service > Cases > All.",
    )
    close_on_release = forms.BooleanField(
        label="Close on release",
        required=False,
        initial=True,
        help_text=(
            "Set the interaction record to Closed Complete when the call ends. Untick it where agents close the record "
            "themselves, in Interactions > All or in the workspace."
        ),
    )
    activity_record = forms.ChoiceField(
        label="Activity record",
        choices=ACTIVITY_RECORDS,
        initial="interaction",
        help_text=(
            "Whose activity stream (Work notes) gets the call. For incidents and cases the integration user needs the "
            "right to write work_notes there: System Security > Access Control (ACL)."
        ),
    )
    default_country = CountryField(
        help_text=(
            "Country (ISO code, for example US, DE, JP) of phone numbers in User Administration > Users that are "
            "written without a country code and whose user has no Country code of their own."
        ),
    )
    screen_pop = forms.ChoiceField(
        label="Screen pop",
        choices=SCREEN_POPS,
        initial=FORM_POP,
        help_text=(
            "What opens in front of the agent. Workspace addresses: see Workspace URL pattern. cti.do runs the "
            "business rule CTI Processing (System Definition > Business Rules) or the CTI rule named below."
        ),
    )
    cti_view = forms.CharField(
        label="CTI view",
        max_length=80,
        required=False,
        help_text=(
            "Only for cti.do: name of the form view to show (sysparm_view), as in System UI > Views. Empty: the "
            "default."
        ),
    )
    cti_rule = forms.CharField(
        label="CTI rule",
        max_length=80,
        required=False,
        help_text=(
            "Only for cti.do: name of the client-callable function to run instead of CTI Processing "
            "(sysparm_cti_rule), defined in System Definition > Business Rules with Client callable ticked."
        ),
    )
    record_url_pattern = PathPatternField(
        names=("table", "sys_id"),
        label="Record URL pattern",
        initial="/nav_to.do?uri={table}.do%3Fsys_id%3D{sys_id}",
        help_text=(
            "Path of a record's form: what the browser shows after opening an incident, with {table} and {sys_id} in "
            "place of its table and number. Next Experience: "
            "/now/nav/ui/classic/params/target/{table}.do%3Fsys_id%3D{sys_id}"
        ),
    )
    workspace_url_pattern = PathPatternField(
        names=("table", "sys_id"),
        label="Workspace URL pattern",
        initial="/now/workspace/agent/record/{table}/{sys_id}",
        help_text=(
            "Path of a record in your workspace, read off the browser's address bar there. Service Operations "
            "Workspace: /now/sow/record/{table}/{sys_id}. CSM configurable workspace: usually "
            "/now/cwf/agent/record/{table}/{sys_id}."
        ),
    )

    ca_certificate = CaCertificateField()

    def clean_cti_view(self) -> str:
        return self._name("cti_view")

    def clean_cti_rule(self) -> str:
        return self._name("cti_rule")

    def _name(self, name: str) -> str:
        text = str(self.cleaned_data[name])
        if not FIELD_NAME.match(text):
            raise ValidationError("Letters, digits, dots and underscores only: this is a name in ServiceNow.")
        return text
