"""NICE recording: agent and call events in order, and a keep-alive, for recording and quality management.

The administrator's guide names the settings and that the prefixes are added whenever user ids and extensions are
reported. The messages are our own profile `rec-json-1`, because the format is not published; it is described in
`docs/providers/nice.md`."""

import json
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import requests
from django import forms
from django.utils import timezone

from integrations import catalogue
from integrations.basic_auth import basic, holds_no_colon
from integrations.capabilities import Delivered, FeedContext, RecordingEvent, RecordingFeed
from integrations.diagnosis.doctor import Advice, Passed
from integrations.diagnosis.verdict import THEIR_ADMINISTRATOR, YOU
from integrations.errors import Cause, IntegrationError, Stage
from integrations.feed_fields import AlertAfterField, KeepAliveField, PrefixField
from integrations.http import error_from_response
from integrations.properties import PropertiesForm, SecretField
from integrations.property_fields import CaCertificateField, VendorUrlField
from integrations.providers.base import Provider

VERSION = 1
# Members of an event that name our agents and phones, and the property that holds their prefix.
PREFIX_OF = {"agent_id": "agent_id_prefix", "from_agent_id": "agent_id_prefix", "extension": "extension_prefix"}
OUTSIDERS = {"customer", "external"}
# `call` holds numbers of customers and services, `data` whatever was attached to the call: neither is ours to prefix.
UNTOUCHED = {"call", "data"}
ADVICE = {
    Cause.BAD_CREDENTIALS: Advice(
        "The recorder does not accept the user name and password.",
        YOU,
        "Enter the Username and Password again that came with the NICE account. Ask NICE's administrator whether the "
        "user may send recording events.",
    ),
    Cause.NO_PERMISSION: Advice(
        "The recorder knows the user and does not take events from it.",
        THEIR_ADMINISTRATOR,
        "Ask NICE's administrator to let this user submit call and agent events.",
    ),
    Cause.NOT_FOUND: Advice(
        "The server is there, but takes no events at this path.",
        YOU,
        "Copy the whole URL again from the recorder's integration settings, with its path.",
    ),
    Cause.WRONG_HOST: Advice(
        "There is no recorder at this address: unknown name, a log-in page or proxy in between, or a redirect, which "
        "is not followed because the password would go along.",
        YOU,
        "Ask NICE's administrator for the final address to which call flow data is submitted.",
    ),
}


class NiceProperties(PropertiesForm):
    needed_for_real = ("url",)
    advanced = ("ca_certificate", "alert_after_failed_updates")

    keep_alive_update_interval = KeepAliveField(
        help_text=(
            "Seconds between two messages that keep the pathway open, sent also while events flow. At least 5; 0 "
            "switches them off. The recorder's time-out in its integration settings must be longer."
        ),
    )
    username = forms.CharField(
        label="Username",
        max_length=200,
        validators=[holds_no_colon],
        help_text="Provided when you sign up for NICE and create an account: the user that may submit call events.",
    )
    password = SecretField(
        label="Password",
        strip=False,
        help_text="Provided with the user name when you sign up for NICE and create an account.",
    )
    agent_id_prefix = PrefixField(
        label="Agent ID prefix",
        help_text=(
            "Put before every user id that is reported. Look at the agent ids in NICE's user administration; empty "
            "where they are the same as our log-ins."
        ),
    )
    extension_prefix = PrefixField(
        label="Extension prefix",
        help_text=(
            "Put before every extension of an agent that is reported, never before customers' numbers. Look at the "
            "devices in the recorder's channel list; empty where they are the same as our extensions."
        ),
    )
    url = VendorUrlField(
        label="URL",
        required=False,
        max_length=1000,
        help_text=(
            "The URL the call flow data is submitted to, from the recorder's integration settings. Use https. May stay "
            "empty while the account is simulated."
        ),
    )
    ca_certificate = CaCertificateField()
    alert_after_failed_updates = AlertAfterField()


class Nice(RecordingFeed, Provider):
    """A NICE recorder that takes events over HTTP."""

    key = "nice"
    label = "NICE"
    type = catalogue.NICE
    advice = ADVICE
    Properties = NiceProperties

    @property
    def keep_alive_interval(self) -> float:
        return float(self.properties["keep_alive_update_interval"])

    @property
    def base_url(self) -> str:
        return f"{self.account.simulator_url}/events" if self.account.simulated else str(self.properties["url"])

    def authorise(self, request: requests.PreparedRequest) -> None:
        pair = f"{self.properties['username']}:{self.account.secret('password')}"
        request.headers["Authorization"] = basic(pair)

    def interpret(self, response: requests.Response) -> IntegrationError | None:
        # A success needs no body of a known shape, but a web page means that no recorder has read the events.
        return error_from_response(response)

    def push_events(self, events: Sequence[RecordingEvent], context: FeedContext) -> Delivered:
        """One batch in the order given. The caller keeps the events until this returns, so it may arrive twice: the
        receiver deduplicates on each event's id."""
        self._post([self._entry(event) for event in events], context, purpose="Push events")
        return Delivered(len(events))

    def keep_alive(self, context: FeedContext, *, active_agents: int, active_calls: int) -> None:
        self._post([keep_alive_entry(active_agents, active_calls)], context, purpose="Keep-alive")

    def probes(self) -> Iterator[Passed]:
        """An empty batch: it has to be authenticated like any other and reports nothing about agents or calls.

        A keep-alive would do too, but its counts would be untrue, and it would show in the recorder's statistics."""
        context = FeedContext(sequence=0, interval=self.keep_alive_interval)
        response = self._post([], context, purpose="Test connection")
        text = f"The recorder took an empty batch (HTTP {response.status_code})"
        yield Passed(Stage.AUTHENTICATION, text, identity=str(self.properties["username"]))

    def _entry(self, event: RecordingEvent) -> dict[str, Any]:
        """The event as it leaves: the only place where prefixes are added. The stored event stays without them."""
        return {**self._prefixed(event.body), "id": event.id, "type": event.type, "at": utc(event.at)}

    def _prefixed(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._prefixed(item) for item in value]
        if not isinstance(value, dict):
            return value
        if value.get("role") in OUTSIDERS:
            return value
        return {name: self._prefixed_member(name, member) for name, member in value.items()}

    def _prefixed_member(self, name: str, member: Any) -> Any:
        prefix = PREFIX_OF.get(name)
        if prefix and isinstance(member, str):
            return f"{self.properties[prefix]}{member}" if member else None  # unknown is null in this profile
        return member if name in UNTOUCHED else self._prefixed(member)

    def _post(self, events: list[dict[str, Any]], context: FeedContext, *, purpose: str) -> requests.Response:
        body = {
            "version": VERSION,
            "account": str(self.account.public_id),
            "sequence": context.sequence,
            "sent_at": utc(timezone.now()),
            "events": events,
        }
        headers = {"Content-Type": "application/json; charset=utf-8", "Accept": "application/json"}
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        return self.http.post(self.base_url, data=data, headers=headers, purpose=purpose, retry=0)


def keep_alive_entry(active_agents: int, active_calls: int) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "type": "keepalive",
        "at": utc(timezone.now()),
        "active_agents": active_agents,
        "active_calls": active_calls,
    }


def utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
