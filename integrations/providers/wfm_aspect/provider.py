"""The receiver: how it is reached, what its test does, and how a record looks."""

from collections.abc import Iterator
from datetime import timedelta

from django import forms
from django.utils import timezone

from integrations import catalogue
from integrations.actions import Exact, Result, action
from integrations.capabilities import ActiveInteraction, AgentSnapshot, ConnectedFeed, Snapshot
from integrations.diagnosis.doctor import Advice, Passed
from integrations.diagnosis.verdict import THEIR_ADMINISTRATOR, YOU
from integrations.errors import Cause, Stage
from integrations.providers.adherence import ReasonCoding
from integrations.providers.tcp_receiver import TcpReceiver, refuse_objection

from .layout import Layout, layout_of
from .line import FULL, KEEP_ALIVE, RtaLine, header
from .properties import RECORD_FIELDS, WfmAspectProperties
from .records import STATE_NAMES, Coding

ADVICE = {
    Cause.UNREACHABLE: Advice(
        "The host is there, and nothing takes connections at this port, or it breaks them off: the RTA server is not "
        "running, listens elsewhere, or does not let us in.",
        THEIR_ADMINISTRATOR,
        "Ask the WFM system's administrator to start the Universal interface and to compare its port with Port here.",
        ("Aspect WFM: Configuring ACD Instances > Universal ACD > port, Unicode ticked",),
    ),
    Cause.REMOTE_ERROR: Advice(
        "The receiver accepts the connection and closes it at once: another sender may be connected, or the sizes of "
        "the fields differ.",
        THEIR_ADMINISTRATOR,
        "Ask the WFM system's administrator to look into the RTA server's log, and compare Record field sizes and the "
        "Unicode box with this account. Preview record shows what is sent.",
    ),
    Cause.WRONG_HOST: Advice(
        "Something else lives at this host and port: there is no such host, or what answers is no RTA server.",
        YOU,
        "Compare Host name and Port with the settings of the RTA server's Universal interface.",
    ),
    Cause.TIMEOUT: Advice(
        "Nobody answers at that host, or the receiver takes our connection and does not read from it.",
        THEIR_ADMINISTRATOR,
        "Have the RTA server looked at and restarted. If it is well, check the firewall between it and this server.",
    ),
}


class PreviewForm(forms.Form):
    """An agent to look at; made up, nothing of it is sent."""

    login = forms.CharField(initial="jsmith", max_length=60, help_text="The agent's login, for example a real one.")
    employee_id = forms.CharField(label="Employee ID", initial="E-01", max_length=60, required=False)
    extension = forms.CharField(initial="1001", max_length=60, required=False)
    state = forms.ChoiceField(choices=list(STATE_NAMES.items()), initial="NOT_READY")
    reason = forms.CharField(
        initial="Lunch", max_length=80, required=False, help_text="A Not Ready reason; counts in the state Not Ready."
    )
    seconds = forms.IntegerField(label="Seconds in this state", initial=95, min_value=0, max_value=10**7)
    workgroup = forms.CharField(
        label="Service", initial="", max_length=80, required=False, help_text="The service of the agent's interaction."
    )


class WfmAspect(ReasonCoding, TcpReceiver, ConnectedFeed):
    """An RTA server that listens for our connection."""

    key = "wfm_aspect"
    label = "WFM (TCP, Aspect)"
    type = catalogue.WFM
    simulator_port = 2
    advice = ADVICE
    Properties = WfmAspectProperties

    @property
    def layout(self) -> Layout:
        return layout_of(self.properties)

    @property
    def coding(self) -> Coding:
        return Coding(str(self.properties["agent_id_is"]), self.reason_codes, self.unmapped_code)

    def open_line(self) -> RtaLine:
        return RtaLine(
            self.connect(),
            self.layout,
            self.coding,
            full_every=float(self.properties["full_update_interval"]),
            keeps_alive=self.properties["send_keep_alive"] == "on",
        )

    def remarks(self, snapshot: Snapshot) -> list[str]:
        coding, record = self.coding, self.layout.record
        obstacles = (coding.obstacle(agent, record) for agent in snapshot.agents)
        return [*self.reason_remarks(snapshot), *filter(None, obstacles)]

    def probes(self) -> Iterator[Passed]:
        """A keep-alive, or without header nothing: a full update without agents would log everybody out."""
        layout = self.layout
        with self.connect() as stream:
            if layout.header:
                stream.send(layout.message(header(KEEP_ALIVE, timezone.now(), 0), []))
            refuse_objection(stream)
        done = "took a keep-alive" if layout.header else "keeps the connection open"
        yield Passed(Stage.ANSWER, f"The receiver {done}; it never answers, so compare the sizes by eye")

    @action(
        "Preview record",
        form=PreviewForm,
        help_text="Shows one record as it would be sent with the stored settings, in characters and in hex.",
    )
    def preview_record(
        self, *, login: str, employee_id: str, extension: str, state: str, reason: str, seconds: int, workgroup: str
    ) -> Result:
        now = timezone.now()
        active = ActiveInteraction(workgroup, "voice", "inbound", now) if workgroup else None
        agent = AgentSnapshot(
            login, employee_id or None, extension or None, "Jo", "Smith", "Team", state,
            reason if state == "NOT_READY" else None, now - timedelta(seconds=seconds), (), active,
        )  # fmt: skip
        layout, values = self.layout, self.coding.values(agent, now, self.layout.record)
        obstacle = self.coding.obstacle(agent, layout.record)
        if obstacle:
            return Result(False, obstacle)
        whole = layout.message(header(FULL, now, 1), [values])
        rows = [("Characters", shown(layout.line(layout.record, values)))]
        labels = dict(RECORD_FIELDS)
        rows += [(f"{labels[f.name]} ({f.size})", shown(f.text(values.get(f.name, "")))) for f in layout.record]
        rows.append(("Record in hex", Exact(layout.encoded(layout.line(layout.record, values)).hex(" "))))
        if layout.header:
            told = {**header(FULL, now, 1), "count": 1}
            rows.append(("Header before it", shown(layout.line(layout.header, told))))
        return Result(True, f"{len(whole)} bytes for one agent. Spaces are shown as ·", rows=tuple(rows))


def shown(text: str) -> Exact:
    """Spaces and line ends made visible."""
    return Exact(text.translate({ord(" "): "·", ord("\r"): "␍", ord("\n"): "␊"}))
