"""The explicit list of screens. Imported once, after every app's own admin module."""

from . import (
    accounts,
    agents,
    centre,
    contacts,
    history,
    interactions,
    knowledge,
    outbox,
    report_targets,
    reports,
    scenarios,
    services,
    tokens,
    users,
)

__all__ = [
    "accounts",
    "agents",
    "centre",
    "contacts",
    "history",
    "interactions",
    "knowledge",
    "outbox",
    "report_targets",
    "reports",
    "scenarios",
    "services",
    "tokens",
    "users",
]
