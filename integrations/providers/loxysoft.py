"""Loxysoft WFM: every interval one picture of all agents and of the services that are mapped to Loxysoft's skills.

The administrator's guide names the settings; Loxysoft publishes no inbound interface. The body is our own profile
`loxysoft-json-1`, described in `docs/providers/loxysoft.md`; transport and errors are those of the other feeds."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson
from django import forms
from django.utils import timezone

from integrations import catalogue
from integrations.capabilities import AgentSnapshot, FeedContext, Pushed, ServiceSnapshot, Snapshot
from integrations.diagnosis.doctor import Advice
from integrations.diagnosis.verdict import YOU
from integrations.errors import Cause
from integrations.feed_fields import AlertAfterField, UpdateIntervalField
from integrations.properties import PropertiesForm, SecretField
from integrations.property_fields import CaCertificateField, VendorUrlField
from integrations.providers.http_feed import HttpFeed
from integrations.row_tables import SkillsMappingField, codes_by_service
from integrations.token_header import TokenHeaderRules

VERSION = 1
ADDED = ("waiting", "received", "answered", "abandoned")  # figures of services under one code are added
REJECTED = Advice(
    "Token rejected: Loxysoft does not accept it, or looks for it in another header.",
    YOU,
    "Copy the token again from your Loxysoft account. If it is right, ask Loxysoft's support in which header it "
    "belongs and whether it may submit real-time data (Advanced: Token header, Token scheme).",
)
ADVICE = {
    Cause.BAD_CREDENTIALS: REJECTED,
    Cause.NO_PERMISSION: REJECTED,
    Cause.NOT_FOUND: Advice(
        "The server is there, but receives nothing at this path.",
        YOU,
        "Copy the whole URL again from your Loxysoft account, with its path.",
    ),
    Cause.WRONG_HOST: Advice(
        "There is no receiver at this address: unknown name, a log-in page or proxy in between, or a redirect, which "
        "is not followed because the token would go along.",
        YOU,
        "Ask Loxysoft's support for the final address to which call flow data is submitted.",
    ),
}


class LoxysoftProperties(TokenHeaderRules, PropertiesForm):
    needed_for_real = ("url",)
    advanced = ("token_header", "token_scheme", "ca_certificate", "alert_after_failed_updates")

    periodic_update_interval = UpdateIntervalField(
        help_text=(
            "Seconds between two updates of the real-time metrics. Use the interval that was agreed with Loxysoft for "
            "your account; below 5 few receivers keep up."
        ),
    )
    url = VendorUrlField(
        label="URL",
        required=False,
        max_length=1000,
        help_text=(
            "The unique URL of your Loxysoft account, where the call flow data is submitted to; from Loxysoft with the "
            "account's papers. Use https. May stay empty while the account is simulated."
        ),
    )
    token = SecretField(
        label="Token",
        help_text=(
            "The authorization token for your Loxysoft account, from Loxysoft together with the URL. The simulator's "
            "is demo-loxysoft-token."
        ),
    )
    skills_mapping = SkillsMappingField(
        label="Skills Mapping",
        required=False,
        initial=(),
        help_text=(
            "Our service names and the corresponding Loxysoft codes, as the skills are called in Loxysoft's "
            "administration. Several services may share a code. A service without a line is left out of the figures."
        ),
    )
    token_header = forms.CharField(
        label="Token header",
        initial="Authorization",
        max_length=80,
        help_text="Header that carries the token, as Loxysoft's support names it, for example X-API-Key.",
    )
    token_scheme = forms.CharField(
        label="Token scheme",
        initial="Bearer",
        required=False,
        max_length=40,
        help_text="Word before the token in that header, as Loxysoft's support names it. Empty: the bare token.",
    )
    ca_certificate = CaCertificateField()
    alert_after_failed_updates = AlertAfterField()


class Loxysoft(HttpFeed):
    """A Loxysoft server that takes agent states and the figures of skills."""

    key = "loxysoft"
    label = "Loxysoft WFM"
    type = catalogue.LOXYSOFT
    advice = ADVICE
    Properties = LoxysoftProperties

    def push(self, snapshot: Snapshot, context: FeedContext) -> Pushed:
        """One POST, never repeated. Any 2xx is success whatever its body says; the rest raises `IntegrationError`."""
        codes = codes_by_service(self.properties["skills_mapping"])
        agents = [agent_entry(agent, snapshot.taken_at, codes) for agent in snapshot.agents]
        body = envelope("full", agents, skill_entries(snapshot, codes), context, snapshot.taken_at)
        self.post(body, context, purpose="Push")
        return Pushed("full", len(agents), len(body))

    def test_body(self, context: FeedContext) -> bytes:
        return envelope("test", [], [], context, timezone.now())

    def remarks(self, snapshot: Snapshot) -> list[str]:
        return [
            *(
                f"The service “{name}” has no Loxysoft code and is left out of the figures."
                for name in self.unmapped_services(snapshot)
            ),
            *(
                f"Skills Mapping names the service “{name}”, which does not exist here or is switched off."
                for name in self.unknown_services(snapshot)
            ),
        ]

    def unmapped_services(self, snapshot: Snapshot) -> list[str]:
        """Services that Loxysoft learns nothing about, because they have no line in the mapping."""
        codes = codes_by_service(self.properties["skills_mapping"])
        return sorted(service.name for service in snapshot.services if folded(service.name) not in codes)

    def unknown_services(self, snapshot: Snapshot) -> list[str]:
        """Services of the mapping that are none of ours: renamed, or mistyped."""
        known = {folded(service.name) for service in snapshot.services}
        named = [str(row["service"]) for row in self.properties["skills_mapping"] or []]
        return sorted(name for name in named if folded(name) not in known)


# -- profile loxysoft-json-1


def envelope(
    kind: str, agents: list[dict[str, Any]], skills: list[dict[str, Any]], context: FeedContext, taken_at: datetime
) -> bytes:
    """The whole message as UTF-8 JSON. `kind` is "full" or "test"."""
    body = {
        "version": VERSION,
        "type": kind,
        "sequence": context.sequence,
        "timestamp": taken_at,
        "agents": agents,
        "skills": skills,
    }
    return orjson.dumps(body, option=orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS)


def agent_entry(agent: AgentSnapshot, taken_at: datetime, codes: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": agent.login_id,
        "state": agent.state,
        "reason": agent.reason,
        "since": agent.state_since,
        "seconds": max(0, int((taken_at - agent.state_since).total_seconds())),
        "skills": skills_of(agent.services, codes),
    }


def skills_of(services: Iterable[str], codes: Mapping[str, str]) -> list[str]:
    """Codes of the mapped ones among these services, each once, sorted."""
    return sorted({codes[folded(name)] for name in services if folded(name) in codes})


def skill_entries(snapshot: Snapshot, codes: Mapping[str, str]) -> list[dict[str, Any]]:
    """One entry per code, sorted by code: counts added, the longest wait of all, every agent counted once."""
    grouped: dict[str, list[ServiceSnapshot]] = {}
    for service in snapshot.services:
        if folded(service.name) in codes:
            grouped.setdefault(codes[folded(service.name)], []).append(service)
    ready, busy = (agents_by_code(snapshot.agents, state, codes) for state in ("READY", "BUSY"))
    return [skill_entry(code, grouped[code], ready.get(code, 0), busy.get(code, 0)) for code in sorted(grouped)]


def agents_by_code(agents: Iterable[AgentSnapshot], state: str, codes: Mapping[str, str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for agent in agents:
        if agent.state == state:
            for code in skills_of(agent.services, codes):
                counts[code] = counts.get(code, 0) + 1
    return counts


def skill_entry(code: str, services: list[ServiceSnapshot], ready: int, busy: int) -> dict[str, Any]:
    return {
        "code": code,
        "name": ", ".join(service.name for service in services),
        "longest_wait": max(service.longest_wait for service in services),
        "agents_ready": ready,
        "agents_busy": busy,
        **{name: sum(getattr(service, name) for service in services) for name in ADDED},
    }


def folded(name: str) -> str:
    return name.strip().casefold()
