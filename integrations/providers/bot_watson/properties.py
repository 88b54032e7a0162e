"""The settings of a Watson bot: those of the guide, and under Advanced what Watson has become since."""

from typing import Any

from django import forms

from integrations.property_fields import CaCertificateField, PatternField, VendorUrlField
from integrations.providers import ibm
from integrations.quotas import DayZoneField, MaxApiCallsField

GUIDE_URL = "https://gateway.watsonplatform.net/conversation/api/v1/workspaces/"
V1, V2 = "v1", "v2"
# The version dates of the guide's time and of IBM's SDK of today.
VERSIONS = {V1: "2021-11-27", V2: "2024-08-25"}
ID = r"^[A-Za-z0-9_-]+$"
NO_ID = "An ID has letters, digits and hyphens only. Copy it again, without the address around it."
SETTINGS = "in the assistant's own pages, Assistant settings, Assistant IDs and API details, View details"


class WatsonBotProperties(ibm.WatsonProperties):
    advanced = (
        "api_generation",
        "assistant_id",
        "environment_id",
        "version",
        "time_zone",
        *ibm.WatsonProperties.advanced,
    )

    url = VendorUrlField(
        label="Url",
        initial=GUIDE_URL,
        https_only=True,
        max_length=1000,
        help_text=(
            "The URL prefix; the full address is made from it. The one shown first is the guide's and was switched off "
            "in 2021. Today's is on cloud.ibm.com, Resource list, your assistant, Manage, Credentials: "
            "https://api.us-south.assistant.watson.cloud.ibm.com/instances/..."
        ),
    )
    workspace_id = PatternField(
        regex=ID,
        says=NO_ID,
        label="Workspace ID",
        required=False,
        max_length=100,
        help_text=(
            "The ID of the Watson Conversation workspace (today: the dialog skill) of the service instance: in the "
            "list of skills, the three dots beside it, View API details."
        ),
    )
    username = ibm.username_field()
    password = ibm.password_field()
    max_api_calls_per_day = MaxApiCallsField()
    maximum_suggestions = forms.IntegerField(
        label="Maximum suggestions",
        initial=3,
        min_value=1,
        max_value=10,
        help_text="The maximum number of suggestions (for example 3) that can be delivered to the Agent Desktop.",
    )
    api_generation = forms.ChoiceField(
        label="API generation",
        choices=[
            (V1, "v1: a workspace (dialog skill), the state travels with each message"),
            (V2, "v2: an assistant with sessions, actions and dialog"),
        ],
        initial=V1,
        help_text="v1 is the guide's and works with classic dialog skills only. v2 needs both IDs below.",
    )
    assistant_id = PatternField(
        regex=ID,
        says=NO_ID,
        label="Assistant ID",
        required=False,
        max_length=100,
        help_text=f"For v2 only: {SETTINGS}.",
    )
    environment_id = PatternField(
        regex=ID,
        says=NO_ID,
        label="Environment ID",
        required=False,
        max_length=100,
        help_text="For v2 only: the environment (draft or live), its settings, API details.",
    )
    version = ibm.version_field(
        required=False,
        help_text=(
            "Sent with each call: Watson behaves as on this date, such as 2021-11-27. Empty: "
            f"{VERSIONS[V1]} for v1, {VERSIONS[V2]} for v2."
        ),
    )
    time_zone = DayZoneField()
    api_key = ibm.api_key_field()
    iam_endpoint = ibm.iam_endpoint_field()
    ca_certificate = CaCertificateField()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("api_generation") == V2:
            for name in ("assistant_id", "environment_id"):
                self.need(name, "v2 needs it.")
        else:
            self.need("workspace_id", "v1 needs it. For an assistant of today choose v2 under Advanced.")
        return cleaned
