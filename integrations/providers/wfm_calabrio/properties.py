"""What the administrator enters: the guide's fields, and which generation of the interface it is (*Advanced*)."""

from typing import ClassVar

from django import forms

from integrations.feed_fields import AgentIdField, AlertAfterField, FullUpdateIntervalField, UpdateIntervalField
from integrations.properties import PropertiesForm, SecretField
from integrations.property_fields import CaCertificateField, VendorUrlField

LONGEST_SOURCE = 50


class WfmCalabrioProperties(PropertiesForm):
    needed_for_real: ClassVar[tuple[str, ...]] = ("url",)
    advanced = ("interface", "agent_id_is", "full_update_interval", "ca_certificate", "alert_after_failed_updates")

    periodic_update_interval = UpdateIntervalField(
        help_text=(
            "Seconds between two updates. Changes are sent at each, everything at the start and every quarter of an "
            "hour. Below 5 little is gained: Calabrio shows states as they come."
        ),
    )
    url = VendorUrlField(
        label="URL",
        required=False,
        max_length=1000,
        help_text=(
            "The address of the real-time interface, from Calabrio's support or the server's administrator: for REST "
            "it ends in /Rta/State/Batch, for SOAP in /RTA/TeleoptiRtaService.svc. With the address of the web "
            "application alone, the ending is added. May stay empty while the account is simulated."
        ),
    )
    source_id = forms.CharField(
        label="Source ID",
        initial="1",
        max_length=LONGEST_SOURCE,
        help_text=(
            "The name of this contact centre as a log-on data source in Calabrio WFM, at most 50 characters. A "
            "snapshot logs out agents of this source only. The simulator's is 1."
        ),
    )
    auth_key = SecretField(
        label="Auth key",
        help_text=(
            "The authentication key of the real-time interface, from Calabrio's support or the server's settings. The "
            "simulator's is demo-calabrio-key."
        ),
    )
    interface = forms.ChoiceField(
        label="Interface",
        choices=[
            ("rest", "REST"),
            ("rest_snapshot_id", "REST, older: snapshots with a closing call"),
            ("soap", "SOAP"),
        ],
        initial="rest",
        help_text=(
            "Which of Calabrio's interfaces is behind the URL, as its support says. SOAP is understood by every "
            "version, in batches of 50."
        ),
    )
    agent_id_is = AgentIdField(
        help_text="By what Calabrio knows an agent: the external log-on of the person there. Who has none is left out.",
    )
    full_update_interval = FullUpdateIntervalField(
        help_text=(
            "Seconds after which everything is sent again as a snapshot; agents who are not in it are logged out "
            "there. Shorter where Calabrio's board is seen to drift."
        ),
    )
    ca_certificate = CaCertificateField()
    alert_after_failed_updates = AlertAfterField()
