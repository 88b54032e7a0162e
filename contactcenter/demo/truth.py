"""Tells the simulated receivers of feeds who is in which state in truth, so that their boards compare by themselves.

Read from the table of agents and not from the picture that feeds send: the boards would agree with a mistake in it."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connections

from integrations.capabilities import RecordingFeed, WorkforceFeed
from integrations.models import IntegrationAccount

from ..models import Agent, AgentState

EVERY = 0.5  # seconds
AGAIN = 10  # turns after which it is told although nothing changed: a simulator may have been started anew
Told = list[dict[str, Any]]


@contextmanager
def telling_truth() -> Iterator[None]:
    """Told until the block ends."""
    stopping = threading.Event()
    thread = threading.Thread(target=tell_until, args=(stopping,), name="truth", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(5)


def tell_until(stopping: threading.Event) -> None:
    told: Told | None = None
    turn = 0
    while not stopping.wait(EVERY):
        turn += 1
        try:
            truth = states()
            if truth != told or turn % AGAIN == 0:
                tell(truth)
                told = truth
        except (DatabaseError, OSError):
            told = None  # a database or a simulator that is being started: told at the next turn
    connections.close_all()


def states() -> Told:
    """Everybody who is logged in. Receivers know no ringing: who rings is taken already."""
    rows = Agent.objects.exclude(state=AgentState.LOGGED_OUT).order_by("pk")
    columns = ("user__username", "employee_id", "extension", "state", "reason__name")
    return [
        {
            "login_id": login,
            "employee_id": employee or None,
            "extension": extension,
            "state": AgentState.BUSY.value if state == AgentState.RINGING else state,
            "reason": reason,
        }
        for login, employee, extension, state, reason in rows.values_list(*columns)
    ]


def tell(truth: Told) -> None:
    """To every simulated receiver that an enabled account feeds. Raises `OSError`."""
    for account in IntegrationAccount.objects.filter(enabled=True, simulated=True):
        if issubclass(account.provider_class, (WorkforceFeed, RecordingFeed)):
            prefix = account.values().get("agent_id_prefix") or ""  # a recorder knows agents with it
            agents = [{**agent, "login_id": f"{prefix}{agent['login_id']}"} for agent in truth]
            put(f"{settings.SIMULATOR_URL}/{account.provider}/_truth", {"agents": agents})


def put(url: str, body: Any) -> None:
    data = json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method="PUT")  # noqa: S310 - ours
    with urllib.request.urlopen(request, timeout=2):  # noqa: S310 - ours
        pass
