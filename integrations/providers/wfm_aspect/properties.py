"""What the administrator enters: the guide's fields, and what differs from receiver to receiver (*Advanced*)."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from integrations.feed_fields import AgentIdField, AlertAfterField, FullUpdateIntervalField, UpdateIntervalField
from integrations.properties import PropertiesForm
from integrations.property_fields import (
    CaCertificateField,
    HostNameField,
    ReasonCodesField,
    TcpPortField,
    TlsField,
    UnmappedReasonCodeField,
)
from integrations.providers.adherence import STATE_CODES
from integrations.row_tables import Column, Groups, RowsWidget, cells

from .layout import NUMBERS

LARGEST_SIZE = 200
Choices = tuple[tuple[str, str], ...]
RECORD_FIELDS: Choices = (
    ("agent_id", "Agent ID"), ("extension", "Extension"), ("state_code", "State code"), ("reason_code", "Reason code"),
    ("time_in_state", "Time in state (s)"), ("workgroup", "Workgroup"), ("login_id", "Login"),
    ("employee_id", "Employee ID"), ("first_name", "First name"), ("last_name", "Last name"), ("team", "Team"),
    ("state_name", "State name"), ("reason_name", "Reason name"), ("event_time", "Time of the change"),
    ("timestamp", "Time of the update"), ("filler", "Filler"),
)  # fmt: skip
HEADER_FIELDS: Choices = (
    ("signature", "Signature"), ("msg_type", "Message type"), ("timestamp", "Timestamp"), ("sequence", "Sequence"),
    ("count", "Number of records"), ("filler", "Filler"),
)  # fmt: skip
FILLS: Choices = (("right", "Spaces after it"), ("left", "Spaces before it"), ("zeros", "Zeros before it"))


def row(field: str, size: int, fill: str = "right") -> dict[str, Any]:
    return {"field": field, "size": size, "fill": fill}


RECORD = (
    row("agent_id", 10), row("extension", 6), row("state_code", 3, "zeros"), row("reason_code", 5, "zeros"),
    row("time_in_state", 6, "zeros"), row("workgroup", 20),
)  # fmt: skip
HEADER = (
    row("signature", 4), row("msg_type", 1), row("timestamp", 14), row("sequence", 8, "zeros"),
    row("count", 5, "zeros"),
)  # fmt: skip
SMALLEST = {
    "signature": 4, "msg_type": 1, "timestamp": 14, "event_time": 14, "sequence": 8,
    "state_code": len(str(max(STATE_CODES.values()))),
}  # fmt: skip


def groups(choices: Choices) -> Groups:
    return (("Fields", choices),)


class RecordWidget(RowsWidget):
    columns = (
        Column("field", "Field", groups=groups(RECORD_FIELDS)),
        Column("size", "Size", maximum=LARGEST_SIZE),
        Column("fill", "Fill", groups=(("Fill", FILLS),)),
    )


class HeaderWidget(RecordWidget):
    columns = (Column("field", "Field", groups=groups(HEADER_FIELDS)), *RecordWidget.columns[1:])


class FieldSizesField(forms.Field):
    """Fields of fixed width, in order: a list of `{"field": name, "size": 1..200, "fill": "right"|"left"|"zeros"}`.

    A line without a field is left out; a line without a fill gets what suits the field."""

    def __init__(self, choices: Choices, *, needed: tuple[str, ...], **kwargs: Any) -> None:
        self.labels = dict(choices)
        self.needed = needed
        super().__init__(**kwargs)

    def clean(self, value: Any) -> list[dict[str, Any]]:
        rows = [self._row(found) for found in (cells(row, "field", "size", "fill") for row in value or []) if found]
        names = [row["field"] for row in rows]
        for name in (*self.needed, *names):
            if name not in names:
                raise ValidationError(f"The field “{self.labels[name]}” is missing: the receiver cannot do without it.")
            if names.count(name) > 1 and name != "filler":
                raise ValidationError(f"The field “{self.labels[name]}” is listed twice.")
        return rows

    def _row(self, found: dict[str, str]) -> dict[str, Any]:
        name, size, fill = found["field"], found["size"], found["fill"]
        if name not in self.labels:
            raise ValidationError(
                f"There is no field “{name}”." if name else f"The size {size} has no field beside it."
            )
        label, least = self.labels[name], SMALLEST.get(name, 1)
        if not (size.isascii() and size.isdigit() and least <= int(size) <= LARGEST_SIZE):
            raise ValidationError(f"The size of “{label}” must be a whole number from {least} to {LARGEST_SIZE}.")
        fill = fill or ("zeros" if name in NUMBERS else "right")
        if fill not in dict(FILLS) or (fill == "zeros" and name not in NUMBERS):
            raise ValidationError(f"“{label}” cannot be filled like that: zeros are for numbers.")
        return {"field": name, "size": int(size), "fill": fill}


class WfmAspectProperties(PropertiesForm):
    needed_for_real: ClassVar[tuple[str, ...]] = ("host_name", "port")
    advanced = (
        "agent_id_is", "unmapped_reason_code", "encoding", "record_separator", "header", "header_field_sizes",
        "send_keep_alive", "full_update_interval", "tls", "ca_certificate", "alert_after_failed_updates",
    )  # fmt: skip

    periodic_update_interval = UpdateIntervalField(
        help_text=(
            "Seconds between two updates of the real-time metrics. Use the interval for which the Aspect RTA server is "
            "set up; below 5 few keep up."
        ),
    )
    protocol = forms.ChoiceField(
        label="Protocol",
        choices=[("tcp_aspect", "TCP (Aspect WFM)")],
        initial="tcp_aspect",
        disabled=True,
        help_text="Fixed by the choice made when the account was added; the other one is HTTP POST.",
    )
    host_name = HostNameField(
        help_text=(
            "Name or IP address of the host on which the Aspect Real-Time Adherence (RTA) server runs, from the WFM "
            "system's administrator. May stay empty while the account is simulated."
        ),
    )
    port = TcpPortField(
        help_text=(
            "The TCP port of the RTA server's Universal interface; it must be the one configured there (Configuring "
            "ACD Instances, Universal ACD)."
        ),
    )
    record_field_sizes = FieldSizesField(
        RECORD_FIELDS,
        needed=("agent_id", "state_code"),
        label="Record field sizes",
        initial=RECORD,
        widget=RecordWidget,
        help_text=(
            "Order and lengths of the fields of an agent's record, in characters. They must be those of the Universal "
            "interface on the RTA side. Only some of its sizes are published (Agent ID 10, Extension 6): the others, "
            "and the order, are defaults of ours. Preview record shows the result."
        ),
    )
    reason_codes_mapping = ReasonCodesField(
        label="Reason codes mapping",
        required=False,
        initial=(),
        help_text=(
            "Optional. Our Not Ready reasons are text; Aspect WFM only accepts numbers. Enter the code that the WFM "
            "system lists for each reason (0 to 65535; some accept 1 to 99 only, and some keep 32749 and above for "
            "themselves)."
        ),
    )
    agent_id_is = AgentIdField(
        help_text="By what the WFM system knows an agent; its list of agents shows it. Who has none is left out.",
    )
    unmapped_reason_code = UnmappedReasonCodeField()
    encoding = forms.ChoiceField(
        label="Encoding",
        choices=[
            ("utf-16-le", "Unicode (UTF-16, little endian)"),
            ("utf-16-be", "Unicode (UTF-16, big endian)"),
            ("ascii", "ASCII, not for Aspect"),
        ],
        initial="utf-16-le",
        help_text="The Unicode box of the Universal interface must be ticked. The byte order is an assumption of ours.",
    )
    record_separator = forms.ChoiceField(
        label="Record separator",
        choices=[("none", "None"), ("lf", "LF"), ("crlf", "CR LF")],
        initial="none",
        help_text="What ends the header and each record, from the receiver's documentation. Not published by Aspect.",
    )
    header = forms.ChoiceField(
        label="Header",
        choices=[("on", "A header before the records"), ("off", "Bare records")],
        initial="on",
        help_text=(
            "Whether each update begins with a header, from the receiver's documentation. Without one there is no "
            "keep-alive."
        ),
    )
    header_field_sizes = FieldSizesField(
        HEADER_FIELDS,
        needed=("msg_type", "count"),
        label="Header field sizes",
        initial=HEADER,
        widget=HeaderWidget,
        help_text="Order and lengths of the header's fields. Not published by Aspect: these are defaults of ours.",
    )
    send_keep_alive = forms.ChoiceField(
        label="Keep-alive",
        choices=[("on", "A header alone when nothing changed"), ("off", "Nothing when nothing changed")],
        initial="on",
        help_text="What is sent at an interval in which no agent changed, from the receiver's documentation.",
    )
    full_update_interval = FullUpdateIntervalField(
        help_text=(
            "Seconds after which everything is sent again; in between only changes are. Shorter where the WFM system's "
            "board is seen to drift."
        ),
    )
    tls = TlsField()
    ca_certificate = CaCertificateField()
    alert_after_failed_updates = AlertAfterField()

    def clean(self) -> dict[str, Any]:
        """The largest code must fit into its field: half a number is another one."""
        cleaned = super().clean()
        size = next((r["size"] for r in cleaned.get("record_field_sizes") or () if r["field"] == "reason_code"), None)
        codes = [r["code"] for r in cleaned.get("reason_codes_mapping") or ()]
        codes.append(cleaned.get("unmapped_reason_code") or 0)
        if size is not None and len(str(max(codes))) > size:
            text = f"The code {max(codes)} does not fit into {size} digits: make the field “Reason code” larger."
            self.add_error("record_field_sizes", text)
        return cleaned
