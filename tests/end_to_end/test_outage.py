"""All five CRMs are away for ten minutes under load, in every way in which vendors are: afterwards each record and each
activity is there exactly once, and each record was written in order.

Ten minutes are played in one: `BACK_OFF_SCALE` 0.1 makes each of the outbox's own waits (1 to 60 seconds and 5 minutes
after failures, 5 to 60 seconds between tries of an account) a tenth, and the faults, the load and the times that the
simulated vendors ask for are a tenth as long. Leases are 3 seconds instead of 30."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.end_to_end.crm_books import ENDS, Found, books
from tests.end_to_end.gate import Gate, gate_to
from tests.servers import free_port
from tests.stack import Stack, servers_stack

CALLS = 60  # for each CRM: 300 interactions, 1,200 entries
SCALE = 0.1
LOAD_SECONDS = 50.0
DRAIN_SECONDS = 170.0
VENDORS = ("servicenow", "salesforce", "zendesk", "oracle_service_cloud", "rightnow")
# Each part of the outage, in seconds; together they are the minute that stands for ten.
REFUSED, FAULTY, LIMITED, LOSING, DARK = 14.0, 12.0, 10.0, 8.0, 16.0

pytestmark = [pytest.mark.processes, pytest.mark.postgres, pytest.mark.redis]


@pytest.fixture
def gate() -> Iterator[Gate]:
    with gate_to(free_port()) as opened:
        yield opened


@pytest.fixture
def behind_gate(
    tmp_path: Path, servers_template: str, postgres_url: str, redis_url: str, gate: Gate
) -> Iterator[Stack]:
    """The product on PostgreSQL and Redis, its way to all vendors through the gate."""
    environment = {"SIMULATOR_URL": f"http://localhost:{gate.port}", "BACK_OFF_SCALE": str(SCALE)}
    with servers_stack(tmp_path, servers_template, postgres_url, redis_url, environment=environment) as stack:
        gate.target = stack.simulator_port
        yield stack


def test_after_ten_minutes_without_any_crm_under_load_nothing_is_lost_and_nothing_is_doubled(
    behind_gate: Stack, gate: Gate
) -> None:
    # Without the right to read its own interaction records nobody could know whether a lost answer meant success.
    acl = {"integration.user": {"interaction": ["read", "create", "update"]}}
    behind_gate.sim("/servicenow/_settings", method="PUT", body={"acl": acl})
    load = work_arrives(behind_gate)
    try:
        time.sleep(4)
        arrived = outage(behind_gate, gate)
    finally:
        assert load.wait(120) == 0
    behind_gate.wait("the end of the backlog", lambda: not open_entries(behind_gate), DRAIN_SECONDS)
    assert ledger(behind_gate) == {"done": CALLS * len(VENDORS) * 4}
    for name, found in books(behind_gate.simulator_url).items():
        assert found == {f"{number:04d}": [Found(ENDS[name], 1)] for number in range(CALLS)}, name
    assert in_order(behind_gate)
    # Hundreds of entries waited; the vendors heard of them by one try at a time.
    assert max(arrived.values()) < 200, arrived
    said = behind_gate.log("worker")
    for name in ENDS:
        assert f'Account "{name}": nothing more is sent until it answers again' in said


def outage(stack: Stack, gate: Gate) -> dict[str, int]:
    """Refused, then faults, then limits, then answers that are lost while the worker is killed, then refused again.

    Returns how many requests each vendor got while it answered with faults and limits."""
    gate.shut()
    time.sleep(REFUSED)
    switch(stack, {"fault": "server_error", "options": {"status": 503}})
    gate.open()
    before = requests_of(stack)
    time.sleep(FAULTY)
    # Salesforce names no time with its limit, and the product looks again after 15 minutes: it keeps failing instead.
    switch(stack, {"fault": "rate_limit", "options": {"retry_after": 3}}, leave="salesforce")
    time.sleep(LIMITED)
    arrived = {vendor: count - before[vendor] for vendor, count in requests_of(stack).items()}
    gate.lose_answers()
    switch(stack, None)
    time.sleep(LOSING / 2)
    stack.kill("worker")
    stack.start("worker")
    time.sleep(LOSING / 2)
    gate.shut()
    time.sleep(DARK)
    gate.open()
    return arrived


def work_arrives(stack: Stack) -> subprocess.Popen[bytes]:
    line = [sys.executable, "-m", "tests.end_to_end.crm_load", str(CALLS), str(LOAD_SECONDS)]
    return subprocess.Popen(line, env=stack.environment)


def switch(stack: Stack, fault: Any, *, leave: str = "") -> None:
    """The same fault for all vendors but one; None ends all of them."""
    for vendor in (each for each in VENDORS if each != leave):
        if fault:
            stack.sim(f"/{vendor}/_faults", method="PUT", body=fault)
        else:
            stack.sim(f"/{vendor}/_faults", method="DELETE")


def requests_of(stack: Stack) -> dict[str, int]:
    return {vendor: stack.sim(f"/{vendor}/_counts")["requests"] for vendor in VENDORS}


# -- our own books, read beside the product, so that reading costs it nothing


def rows(stack: Stack, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(stack.environment["DATABASE_URL"]) as connection:
        return connection.execute(statement.encode()).fetchall()


def open_entries(stack: Stack) -> int:
    statement = "SELECT count(*) FROM contactcenter_outboxentry WHERE status IN ('waiting', 'sending')"
    return int(rows(stack, statement)[0][0])


def ledger(stack: Stack) -> dict[str, int]:
    return dict(rows(stack, "SELECT status, count(*) FROM contactcenter_outboxentry GROUP BY status"))


def in_order(stack: Stack) -> bool:
    """Whether of each record every entry was done after the one before it."""
    last: dict[str, Any] = {}
    for key, done in rows(stack, "SELECT record_key, done_at FROM contactcenter_outboxentry ORDER BY id"):
        if key in last and done < last[key]:
            return False
        last[key] = done
    return True
