"""WFM by Verint's real-time adherence events, over TCP, on a connection that stays open.

The names, types and values of an event are those that the comparable feed of this product family documents (event
types 26, 27 and 28, agent modes, `extErrorCode` for the health of the feed). How an event is written on the wire is not
public: one JSON object per line, the time as RFC 3339, and what begins a picture are our own profile
`verint-ndjson-1`, described in `docs/providers/wfm_verint.md`."""

import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import orjson
from django.utils import timezone

from integrations import catalogue, tcp
from integrations.capabilities import AgentSnapshot, ConnectedFeed, FeedContext, FeedLine, Pushed, Snapshot
from integrations.diagnosis.doctor import Advice, Passed
from integrations.diagnosis.verdict import THEIR_ADMINISTRATOR, YOU
from integrations.errors import Cause, IntegrationError, Stage
from integrations.feed_fields import AlertAfterField, FullUpdateIntervalField, UpdateIntervalField
from integrations.properties import PropertiesForm
from integrations.property_fields import CaCertificateField, HostNameField, TcpPortField, TlsField
from integrations.providers.tcp_receiver import TcpReceiver, refuse_objection

LOGIN, LOGOUT, CHANGE = 26, 27, 28
MODES = {"READY": 1, "BUSY": 2, "ACW": 3, "SUPERVISING": 4, "NOT_READY": 5, "LOGGED_OUT": 27}
AGENT_EVENT, NORMAL, UNAVAILABLE, SHUTDOWN = 0, 1, 3, 4  # extErrorCode; 2 is not used
NO_MODE = 0  # in an event about the feed
LONGEST_ID, LONGEST_TEXT = 128, 24
ADVICE = {
    Cause.UNREACHABLE: Advice(
        "The host is there, and nothing takes connections at this port, or it breaks them off.",
        THEIR_ADMINISTRATOR,
        "Ask whoever runs the Verint adapter to start it, and compare Host name and Port with its settings.",
    ),
    Cause.REMOTE_ERROR: Advice(
        "The receiver accepts the connection and closes it at once: it does not want us, or another sender is there.",
        THEIR_ADMINISTRATOR,
        "Ask whoever runs the Verint adapter to look into its log, and to allow our address.",
    ),
    Cause.WRONG_HOST: Advice(
        "Something else lives at this host and port: there is no such host, or what answers is no adherence receiver.",
        YOU,
        "Compare Host name and Port with the settings of the Verint adapter.",
    ),
}


class WfmVerintProperties(PropertiesForm):
    needed_for_real = ("host_name", "port")
    advanced = ("full_update_interval", "tls", "ca_certificate", "alert_after_failed_updates")

    periodic_update_interval = UpdateIntervalField(
        help_text="Seconds between two looks for changes, as agreed with whoever runs the Verint adapter.",
    )
    host_name = HostNameField(
        help_text=(
            "Name or IP address of the host on which the Verint adapter listens, from whoever runs it. May stay empty "
            "while the account is simulated."
        ),
    )
    port = TcpPortField(
        help_text=(
            "The TCP port on which it listens, from its settings. Verint's port and encoding are not published: events "
            "have Verint's names, and are sent as lines of JSON, which is a definition of ours."
        ),
    )
    full_update_interval = FullUpdateIntervalField(
        help_text="Seconds after which every agent's state is said again, as agreed; in between only changes are.",
    )
    tls = TlsField()
    ca_certificate = CaCertificateField()
    alert_after_failed_updates = AlertAfterField()


class WfmVerint(TcpReceiver, ConnectedFeed):
    """A receiver of Verint's events that listens for our connection."""

    key = "wfm_verint"
    label = "WFM (TCP, Verint)"
    type = catalogue.WFM
    simulator_port = 3
    advice = ADVICE
    Properties = WfmVerintProperties

    def open_line(self) -> "EventLine":
        return EventLine(self.connect(), full_every=float(self.properties["full_update_interval"]))

    def remarks(self, snapshot: Snapshot) -> list[str]:
        reasons = sorted({a.reason for a in snapshot.agents if a.reason and len(a.reason) > LONGEST_TEXT})
        return [
            *(f"Agent “{a.login_id}” is left out: more than {LONGEST_ID} characters." for a in left_out(snapshot)),
            *(f"The reason “{reason}” is sent as “{reason[:LONGEST_TEXT]}”." for reason in reasons),
        ]

    def probes(self) -> Iterator[Passed]:
        """Connects and listens for an objection. Nothing is sent: every event would change what the receiver knows."""
        with self.connect() as stream:
            refuse_objection(stream)
        yield Passed(Stage.ANSWER, "The receiver keeps the connection open; nothing was sent")


# -- profile verint-ndjson-1


class EventLine(FeedLine):
    """`full_every` in seconds. A line begins with *feed normal*: whoever is not named after it is logged out."""

    def __init__(self, stream: tcp.Stream, *, full_every: float) -> None:
        self.stream = stream
        self.full_every = full_every
        self.known: dict[str, AgentSnapshot] | None = None
        self.full_at = 0.0

    def push(self, snapshot: Snapshot, context: FeedContext) -> Pushed:
        now = {a.login_id: a for a in snapshot.agents if len(a.login_id) <= LONGEST_ID}
        at, due = snapshot.taken_at, time.monotonic() - self.full_at >= self.full_every
        events = list(beginning(now, at) if self.known is None else differences(self.known, now, at, everybody=due))
        full = self.known is None or due
        size = self._send(events)
        self.known = now
        if full:
            self.full_at = time.monotonic()
        return Pushed("full" if full else "delta" if events else "keep_alive", len(now) if full else len(events), size)

    def unavailable(self) -> None:
        """The states cannot be read: say so once, and begin anew when they can."""
        if self.known is not None:
            self.known = None
            self._send([feed_event(UNAVAILABLE, timezone.now())])

    @property
    def is_pending(self) -> bool:
        return self.stream.unacknowledged > 0

    def listen(self) -> bytes:
        return self.stream.drain()

    def close(self, context: FeedContext | None = None) -> None:
        try:
            if context is not None:
                self._send([feed_event(SHUTDOWN, timezone.now())])
        except IntegrationError:
            pass  # it is gone already, which is what we want
        finally:
            self.stream.opened.close()

    def _send(self, events: Iterable[dict[str, Any]]) -> int:
        options = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS | orjson.OPT_APPEND_NEWLINE
        data = b"".join(orjson.dumps(event, option=options) for event in events)
        if data:
            self.stream.send(data)
        return len(data)


def beginning(now: dict[str, AgentSnapshot], at: datetime) -> Iterator[dict[str, Any]]:
    yield feed_event(NORMAL, at)
    for agent in now.values():
        yield agent_event(LOGIN, agent, agent.state_since)


def differences(
    before: dict[str, AgentSnapshot], now: dict[str, AgentSnapshot], at: datetime, *, everybody: bool
) -> Iterator[dict[str, Any]]:
    """Who logged in, changed or logged out; with `everybody`, also who did nothing."""
    for login, agent in now.items():
        known = before.get(login)
        if known is None:
            yield agent_event(LOGIN, agent, agent.state_since)
        elif everybody or (known.state, known.reason) != (agent.state, agent.reason):
            yield agent_event(CHANGE, agent, agent.state_since)
    for login, known in before.items():
        if login not in now:
            yield agent_event(LOGOUT, known._replace(state="LOGGED_OUT", reason=None), at)


def agent_event(kind: int, agent: AgentSnapshot, at: datetime) -> dict[str, Any]:
    return event(
        eventType=kind,
        agentId=agent.login_id,
        timeStamp=at,
        agentMode=MODES[agent.state],
        agentGroup=(agent.team or "")[:LONGEST_TEXT],
        reasonCode=(agent.reason or "")[:LONGEST_TEXT] if agent.state == "NOT_READY" else "",
        extErrorCode=AGENT_EVENT,
    )


def feed_event(code: int, at: datetime) -> dict[str, Any]:
    """About the feed, not about an agent."""
    return event(
        eventType=CHANGE, agentId="", timeStamp=at, agentMode=NO_MODE, agentGroup="", reasonCode="", extErrorCode=code
    )


def event(**known: Any) -> dict[str, Any]:
    """All members in the order of the documentation; three of them are always empty."""
    names = ("eventType", "agentId", "monitorParty", "timeStamp", "agentMode", "agentGroup", "agentData",
             "badDevType", "reasonCode", "extErrorCode")  # fmt: skip
    return {name: known.get(name, "") for name in names}


def left_out(snapshot: Snapshot) -> list[AgentSnapshot]:
    return [agent for agent in snapshot.agents if len(agent.login_id) > LONGEST_ID]
