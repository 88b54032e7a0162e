"""Short hands for tests: a telephone system that reports one call."""

from datetime import UTC, datetime, timedelta
from typing import Any

from contactcenter import calls
from contactcenter.call_reports import CallReport
from contactcenter.models import Agent, AgentEvent, Interaction

NINE = datetime(2026, 1, 15, 9, tzinfo=UTC)
CUSTOMER = "+14155550132"


def report(event: str, *, call: str = "c-1", second: float | None = None, **facts: Any) -> Interaction:
    """Report `event`; `second` counts from nine o'clock. Reports without facts carry none."""
    at = NINE + timedelta(seconds=second) if second is not None else None
    return calls.apply(CallReport(call_id=call, event=event, at=at, **facts))


def offer(service: Any, *, call: str = "c-1", **facts: Any) -> Interaction:
    """A customer calls the service."""
    return report("offered", call=call, **{"service": service.code, "from_number": CUSTOMER, **facts})


def history(interaction: Interaction) -> list[str]:
    return list(interaction.events.order_by("id").values_list("kind", flat=True))


def told(agent: Agent, kind: str) -> list[dict[str, Any]]:
    """What the agent's desktop was told, oldest first."""
    return [event.data for event in AgentEvent.objects.filter(agent=agent, kind=kind).order_by("number")]


def state_of(agent: Agent) -> str:
    agent.refresh_from_db()
    return agent.state
