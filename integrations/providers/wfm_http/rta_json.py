"""Profile `rta-json-1`: the JSON that a WFM receiver gets. Our own definition, for want of a published one.

Keys are always present, null when unknown; times are RFC 3339 in UTC, durations whole seconds, percentages 0 to 100
with one decimal. 10,000 agents are serialised each interval: the functions are plain on purpose, and orjson writes the
moments (aware, in UTC) as it goes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from integrations.capabilities import ActiveInteraction, AgentSnapshot, FeedContext, ServiceSnapshot
from integrations.providers.adherence import STATE_CODES, reason_code

VERSION = 1


def envelope(
    kind: str, agents: list[dict[str, Any]], services: list[dict[str, Any]], *, account: str, tenant: str | None,
    taken_at: datetime, context: FeedContext,
) -> bytes:  # fmt: skip
    """The whole message as UTF-8 JSON. `kind` is "full" or "test"."""
    body = {
        "version": VERSION,
        "feed": "wfm-rta",
        "account": account,
        "tenant": tenant,
        "type": kind,
        "sequence": context.sequence,
        "timestamp": taken_at,
        "interval": whole(context.interval),
        "agents": agents,
        "services": services,
    }
    return orjson.dumps(body, option=orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS)


def agent_entry(agent: AgentSnapshot, taken_at: datetime, *, codes: Mapping[str, int], unmapped: int) -> dict[str, Any]:
    """One agent. `codes` maps a folded reason to its number."""
    return {
        "login_id": agent.login_id,
        "employee_id": agent.employee_id,
        "extension": agent.extension,
        "first_name": agent.first_name,
        "last_name": agent.last_name,
        "team": agent.team,
        "state": agent.state,
        "state_code": STATE_CODES.get(agent.state),
        "reason": agent.reason,
        "reason_code": reason_code(agent, codes, unmapped),
        "state_since": agent.state_since,
        "time_in_state": max(0, int((taken_at - agent.state_since).total_seconds())),
        "services": agent.services,
        "active": active_entry(agent.active) if agent.active else None,
    }


def active_entry(active: ActiveInteraction) -> dict[str, Any]:
    return {
        "service": active.service,
        "media": active.media,
        "direction": active.direction,
        "started_at": active.started_at,
        "on_hold": active.on_hold,
    }


def service_entry(service: ServiceSnapshot) -> dict[str, Any]:
    return {
        "name": service.name,
        "code": service.code,
        "media": service.media,
        "waiting": service.waiting,
        "longest_wait": service.longest_wait,
        "active": service.active,
        "agents_logged_in": service.agents_logged_in,
        "agents_ready": service.agents_ready,
        "agents_busy": service.agents_busy,
        "agents_acw": service.agents_acw,
        "agents_not_ready": service.agents_not_ready,
        "received": service.received,
        "queued": service.queued,
        "answered": service.answered,
        "abandoned": service.abandoned,
        "abandoned_short": service.abandoned_short,
        "answered_in_sl": service.answered_in_sl,
        "sl_threshold": service.sl_threshold,
        "sl_percent": service_level(service),
        "asa": service.asa,
        "aht": service.aht,
        "since": service.since,
    }


def service_level(service: ServiceSnapshot) -> float | None:
    """Percentage answered in time, of all that were answered or gave up after the short-abandon limit."""
    counted = service.answered + service.abandoned - service.abandoned_short
    return round(100 * service.answered_in_sl / counted, 1) if counted > 0 else None


def whole(seconds: float) -> int | float:
    return int(seconds) if seconds == int(seconds) else seconds
