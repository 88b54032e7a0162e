"""What is entered for a NICE Uptivity API server."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from integrations.basic_auth import holds_no_colon
from integrations.feed_fields import AlertAfterField, KeepAliveField, PrefixField
from integrations.properties import PropertiesForm, SecretField
from integrations.property_fields import CaCertificateField, HostNameField, TcpPortField
from integrations.row_tables import Column, RowsWidget, cells

TCP, HTTP, HTTPS = "tcp", "http", "https"
# "API Overview" and "API Server Web API Service".
DEFAULT_PORTS = {TCP: 5620, HTTP: 2012, HTTPS: 2013}
START, DATA, STOP, LOGIN, LOGOUT = "call.started", "call.data", "call.ended", "agent.login", "agent.logout"
EVENTS = (
    (START, "Call answered"),
    (DATA, "Data attached to the call"),
    (STOP, "Call ended or given away"),
    (LOGIN, "Agent logged in"),
    (LOGOUT, "Agent logged out"),
)
# The first three names are NICE's. What logs agents in and out is called could not be read: nothing is sent.
COMMANDS = (
    {"event": START, "command": "CALLSTART"},
    {"event": DATA, "command": "CALLUPDATE"},
    {"event": STOP, "command": "CALLSTOP"},
    {"event": LOGIN, "command": ""},
    {"event": LOGOUT, "command": ""},
)
COMMAND = re.compile(r"[A-Z][A-Z0-9_]{0,39}")
KEEP_DAYS = "KEEPDAYS"
COLUMNS = (*(f"USER{number}" for number in range(1, 16)), KEEP_DAYS)


class CommandsWidget(RowsWidget):
    columns = (Column("event", "Event", groups=(("What happens", EVENTS),)), Column("command", "Command"))


class CommandsField(forms.Field):
    """A list of `{"event", "command"}`, each event at most once. Without a command the event is not sent."""

    widget = CommandsWidget

    def clean(self, value: Any) -> list[dict[str, str]]:
        rows = [row for row in (cells(entry, "event", "command") for entry in value or []) if row]
        events = [row["event"] for row in rows]
        for row in rows:
            row["command"] = row["command"].upper()
            if row["event"] not in dict(EVENTS):
                raise ValidationError(f'"{row["command"] or row["event"]}" needs an event of the list beside it.')
            if row["command"] and not COMMAND.fullmatch(row["command"]):
                raise ValidationError(f'"{row["command"]}" is not a command: letters, digits and _ only.')
            if events.count(row["event"]) > 1:
                raise ValidationError(f'"{dict(EVENTS)[row["event"]]}" is listed twice.')
        return rows


class DataMappingWidget(RowsWidget):
    columns = (
        Column("name", "Attached data"),
        Column("column", "Uptivity's column", groups=(("Columns", tuple((name, name) for name in COLUMNS)),)),
    )


class DataMappingField(forms.Field):
    """A list of `{"name", "column"}`, each column at most once. Names are compared without regard to case."""

    widget = DataMappingWidget

    def clean(self, value: Any) -> list[dict[str, str]]:
        rows = [row for row in (cells(entry, "name", "column") for entry in value or []) if row]
        columns = [row["column"] for row in rows]
        for row in rows:
            if not row["name"] or row["column"] not in COLUMNS:
                raise ValidationError(f'"{row["name"] or row["column"]}": a line needs a name and a column.')
            if columns.count(row["column"]) > 1:
                raise ValidationError(f"Two lines fill {row['column']}.")
        return rows


class NiceUptivityProperties(PropertiesForm):
    needed_for_real = ("host_name",)
    advanced = (
        "call_details", "call_instance", "username", "password", "ca_certificate", "alert_after_failed_updates",
    )  # fmt: skip

    interface = forms.ChoiceField(
        label="Interface",
        choices=[
            (TCP, "API server: XML over TCP, unencrypted"),
            (HTTP, "Web API: HTTP, unencrypted"),
            (HTTPS, "Web API: HTTPS"),
        ],
        initial=TCP,
        help_text=(
            "Which door of the API server is open to us: API Server Settings in Uptivity's administration. HTTPS where "
            "SSL is set up there; else use a network of your own or a tunnel."
        ),
    )
    host_name = HostNameField(
        help_text=(
            "Name or IP address of the Uptivity server on which the API server runs. May stay empty while the account "
            "is simulated."
        ),
    )
    port = TcpPortField(
        help_text="From API Server Settings. Empty: 5620 for TCP, 2012 for HTTP, 2013 for HTTPS, as NICE ships it.",
    )
    keep_alive_update_interval = KeepAliveField(
        help_text=(
            "Seconds between two TEST requests, which show that the API server is there, sent also while events flow. "
            "At least 5; 0 switches them off."
        ),
    )
    identify_by = forms.ChoiceField(
        label="Phones are known by",
        choices=[
            ("DEVICEID", "DEVICEID: the agent's extension"),
            ("SYS_USER", "SYS_USER: the agent's log-in"),
            ("CRM_USER", "CRM_USER: the agent's log-in"),
        ],
        initial="DEVICEID",
        help_text=(
            "How commands name whose call it is. Uptivity follows phones by DEVICEID; the other two work only where a "
            "phone is associated with the agent there already."
        ),
    )
    extension_prefix = PrefixField(
        label="Extension prefix",
        help_text=(
            "Put before every extension that is sent as DEVICEID. Look at the device IDs in Uptivity's list of "
            "channels; empty where they are the same as our extensions."
        ),
    )
    agent_id_prefix = PrefixField(
        label="Agent ID prefix",
        help_text=(
            "Put before every log-in that is sent as SYS_USER or CRM_USER. Look at the agents in Uptivity's "
            "administration; empty where they are the same as our log-ins."
        ),
    )
    commands = CommandsField(
        label="Commands",
        required=False,
        initial=COMMANDS,
        help_text=(
            "Compare with the list of API Server Commands of your version. CALLSTART and CALLUPDATE are NICE's; "
            "CALLSTOP is NICE's name too, and its parameters are an assumption. What agents' log-ins are called is not "
            "known to us, so nothing is sent for them. Empty: not sent."
        ),
    )
    data_mapping = DataMappingField(
        label="Data mapping",
        required=False,
        initial=(),
        help_text=(
            "Which attached data of a call (the scenario's block Attached Data) goes into which column of its "
            "recording. KEEPDAYS, the days to keep it, must be a whole number. What is not listed is not sent."
        ),
    )
    call_details = forms.ChoiceField(
        label="Details at the start",
        choices=[("on", "ANI, DNIS, CALLDIRECTION and CALLID"), ("off", "None")],
        initial="on",
        help_text=(
            "What CALLSTART tells beside the phone. The parameters are NICE's; that CALLSTART takes them is an "
            "assumption. None where the API server refuses them."
        ),
    )
    call_instance = forms.ChoiceField(
        label="CALLINSTANCE",
        choices=[("off", "Not sent: one call per phone"), ("on", "The call's id")],
        initial="off",
        help_text=(
            "Tells calls apart that are on one phone at the same time, as NICE documents it for CALLSTART; that the "
            "other commands take it is an assumption."
        ),
    )
    username = forms.CharField(
        label="Username",
        required=False,
        max_length=200,
        validators=[holds_no_colon],
        help_text="The API itself asks for none. Only where a proxy in front of the web API wants HTTP Basic.",
    )
    password = SecretField(
        label="Password", required=False, strip=False, help_text="The proxy's password for that user name."
    )
    ca_certificate = CaCertificateField()
    alert_after_failed_updates = AlertAfterField()

    def clean_username(self) -> str:
        name = str(self.cleaned_data["username"])
        if name and self.cleaned_data.get("interface") == TCP:
            raise ValidationError("Over TCP there is no log-in. Leave this empty, or choose the web API.")
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.cleaned_data.get("username"):
            self.need("password", "A user name was entered, so its password is needed.")
        return cleaned
