"""Statistics Data Receiver: every interval the figures of all services and agents, over TCP.

The administrator's guide names protocol, host and port; the stream is not published. It is our own profile
`stats-ndjson-1`, described in `docs/providers/statistics.md`: one JSON object per line, one connection per interval, so
that it works from any worker. A one-way stream has no answer: what breaks shows only in the connection itself."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
from django import forms
from django.utils import timezone

from integrations import catalogue
from integrations.capabilities import AgentSnapshot, FeedContext, Pushed, ServiceSnapshot, Snapshot, StatisticsFeed
from integrations.diagnosis.doctor import Advice, Passed
from integrations.diagnosis.verdict import THEIR_ADMINISTRATOR, YOU
from integrations.errors import Cause, Stage
from integrations.feed_fields import AlertAfterField, UpdateIntervalField
from integrations.properties import PropertiesForm
from integrations.property_fields import CaCertificateField, HostNameField, TcpPortField, TlsField
from integrations.providers.tcp_receiver import TcpReceiver, refuse_objection

VERSION = 1
FIGURES = (
    "waiting", "longest_wait", "active", "agents_logged_in", "agents_ready", "agents_busy", "agents_acw",
    "agents_not_ready", "received", "queued", "answered", "abandoned", "abandoned_short", "answered_in_sl",
    "sl_threshold", "asa", "aht",
)  # fmt: skip
ADVICE = {
    Cause.UNREACHABLE: Advice(
        "The receiver's host is there, and nothing takes connections at this port, or it breaks them off.",
        THEIR_ADMINISTRATOR,
        "Ask whoever runs the statistics receiver to start it, and compare Host name and Port with its settings.",
    ),
    Cause.REMOTE_ERROR: Advice(
        "The receiver accepts the connection and closes it at once: it does not want us, or is not ready.",
        THEIR_ADMINISTRATOR,
        "Ask whoever runs the statistics receiver to look into its log, and to allow our address.",
    ),
    Cause.WRONG_HOST: Advice(
        "Something else lives at this host and port: there is no such host, or what answers is no statistics receiver.",
        YOU,
        "Compare Host name and Port with the settings of the statistics receiver.",
    ),
}


class StatisticsProperties(PropertiesForm):
    needed_for_real = ("host_name", "port")
    advanced = ("periodic_update_interval", "tls", "ca_certificate", "alert_after_failed_updates")

    protocol = forms.ChoiceField(
        label="Protocol",
        choices=[("tcp", "TCP")],
        initial="tcp",
        disabled=True,
        help_text="Fixed: the receiver listens for a TCP connection, and we connect to it.",
    )
    host_name = HostNameField(
        help_text=(
            "Name or IP address of the host on which the statistics receiver runs, from whoever runs it. May stay "
            "empty while the account is simulated."
        ),
    )
    port = TcpPortField(
        help_text="The TCP port on which the statistics receiver listens on that host, from its settings.",
    )
    periodic_update_interval = UpdateIntervalField(
        help_text="Seconds between two blocks of figures; below 5 few receivers keep up with it.",
    )
    tls = TlsField()
    ca_certificate = CaCertificateField()
    alert_after_failed_updates = AlertAfterField()


class Statistics(TcpReceiver, StatisticsFeed):
    """A receiver of statistics that listens for our connection."""

    key = "statistics"
    label = "Statistics Data Receiver"
    type = catalogue.STATISTICS
    simulator_port = 1
    advice = ADVICE
    Properties = StatisticsProperties

    def push(self, snapshot: Snapshot, context: FeedContext) -> Pushed:
        """One block on a connection of its own, never repeated. Raises `IntegrationError`."""
        lines = Lines(snapshot.taken_at)
        self._hello(lines, snapshot.tenant)
        for service in snapshot.services:
            lines.add("service", **service_entry(service))
        for agent in snapshot.agents:
            lines.add("agent", **agent_entry(agent, snapshot.taken_at))
        lines.add("end", services=len(snapshot.services), agents=len(snapshot.agents))
        lines.add("bye", reason="end of block")
        block = lines.taken()
        with self.connect() as stream:
            stream.send(block)
            stream.finish(self.patience)
        return Pushed("full", len(snapshot.agents), len(block))

    def probes(self) -> Iterator[Passed]:
        """Says hello, listens for an objection, says goodbye: never a block, so no figure changes."""
        lines = Lines(timezone.now())
        self._hello(lines, "")
        with self.connect() as stream:
            stream.send(lines.taken())
            refuse_objection(stream)
            lines.add("ping")
            lines.add("bye", reason="test")
            stream.send(lines.taken())
        yield Passed(Stage.ANSWER, "The receiver took a greeting and a ping")

    def _hello(self, lines: "Lines", tenant: str) -> None:
        lines.add(
            "hello",
            version=VERSION,
            source=str(self.account.public_id),
            tenant=tenant or None,
            interval=self.properties["periodic_update_interval"],
        )


# -- profile stats-ndjson-1


class Lines:
    """Lines of one connection, numbered from 1."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.number = 0
        self.waiting: list[bytes] = []

    def add(self, kind: str, **members: Any) -> None:
        self.number += 1
        line = {"t": kind, "seq": self.number, "ts": self.at, **members}
        options = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS | orjson.OPT_APPEND_NEWLINE
        self.waiting.append(orjson.dumps(line, option=options))

    def taken(self) -> bytes:
        """What was added since the last call."""
        data, self.waiting = b"".join(self.waiting), []
        return data


def service_entry(service: ServiceSnapshot) -> dict[str, Any]:
    stats = {name: getattr(service, name) for name in FIGURES}
    counted = service.answered + service.abandoned - service.abandoned_short
    stats["sl_percent"] = round(100 * service.answered_in_sl / counted, 1) if counted > 0 else None
    return {"name": service.name, "code": service.code, "media": service.media, "stats": stats}


def agent_entry(agent: AgentSnapshot, taken_at: datetime) -> dict[str, Any]:
    return {
        "login_id": agent.login_id,
        "state": agent.state,
        "time_in_state": max(0, int((taken_at - agent.state_since).total_seconds())),
        "stats": {
            "reason": agent.reason,
            "active": int(agent.active is not None),
            "on_hold": int(bool(agent.active and agent.active.on_hold)),
        },
    }
