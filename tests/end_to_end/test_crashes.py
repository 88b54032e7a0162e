"""kill -9 of the worker and of the web process at each step of a call. Started again, the story ends as if nothing
had happened: one interaction record, Closed, and the call once in its activity stream."""

import threading
import time
from collections.abc import Callable
from typing import Any

import requests

from tests.end_to_end.desk import Desk
from tests.stack import Stack

STEPS = ("offered", "accept", "end", "complete")
PROCESSES = ("worker", "web")
# What ServiceNow has carried out while we die waiting for its answer.
IN_FLIGHT = {"fault": "slow", "options": {"delay": 1.5, "carried_out": True}, "path": "/api/now/table/interaction"}


def test_a_call_survives_kill_9_of_any_process_at_any_step(stack: Stack) -> None:
    # Without the right to read its own interaction records nobody could know whether a lost answer meant success.
    acl = {"integration.user": {"interaction": ["read", "create", "update"]}}
    stack.sim("/servicenow/_settings", method="PUT", body={"acl": acl})
    desk = Desk(stack, "agent1", top_domain=stack.simulator_url)
    desk.does("state", state="READY")
    for process in PROCESSES:
        for step in STEPS:
            play(stack, desk, f"crash-{process}-{step}", killed=process, at=step)
    assert len(records(stack)) == len(PROCESSES) * len(STEPS)


def play(stack: Stack, desk: Desk, call_id: str, *, killed: str, at: str) -> None:
    """One call from arrival to the end of after-call work, with one process killed at one of its steps."""

    def step(name: str, act: Callable[[], Any]) -> None:
        if name != at:
            act()
            return
        stack.sim("/servicenow/_faults", method="PUT", body=IN_FLIGHT)
        acting = threading.Thread(target=persistently, args=(act,))
        acting.start()
        time.sleep(0.6)
        stack.kill(killed)
        stack.sim("/servicenow/_faults", method="DELETE")
        stack.start(killed)
        acting.join(30)
        assert not acting.is_alive()

    step("offered", lambda: stack.api("offered", call_id, at="2026-01-15T09:00:00Z"))
    ringing = wait_for_call(stack, desk, call_id, "ringing")
    step("accept", lambda: desk.command("accept", interaction=ringing["id"]))
    wait_for_call(stack, desk, call_id, "active")
    step("end", lambda: desk.command("end", interaction=ringing["id"]))
    wait_for_call(stack, desk, call_id, "wrap_up")
    notes = f"Handled {call_id}"
    step("complete", lambda: desk.command("complete", interaction=ringing["id"], disposition="", notes=notes))
    stack.wait(f"{call_id}: the end of after-call work", lambda: ready_again(desk), 30)
    stack.wait(f"{call_id}: one closed record, once in its stream", lambda: told(stack, notes) == 1, 60)
    closed = [record for record in records(stack) if notes in stream(stack, record)]
    assert [record["state"] for record in closed] == ["closed_complete"], closed
    assert stack.api("offered", call_id, at="2026-01-15T09:00:00Z")["state"] == "completed"


def persistently(act: Callable[[], Any]) -> None:
    """A platform that gets no answer reports again; the second report of the same event changes nothing."""
    for _ in range(60):
        try:
            act()
        except AssertionError:
            time.sleep(0.3)
        else:
            return


def wait_for_call(stack: Stack, desk: Desk, call_id: str, state: str) -> dict[str, Any]:
    stack.wait(f"{call_id} to be {state}", lambda: (desk.call(call_id) or {}).get("state") == state, 40)
    found = desk.call(call_id)
    assert found is not None
    return found


def ready_again(desk: Desk) -> bool:
    try:
        return desk.overview()["state"]["state"] == "READY"
    except OSError:
        return False


def records(stack: Stack) -> list[dict[str, Any]]:
    """All interaction records of the simulated ServiceNow, as its administrator sees them."""
    return read(stack, "sysparm_query=ORDERBYnumber")


def stream(stack: Stack, record: dict[str, Any]) -> str:
    query = f"sysparm_query=sys_id={record['sys_id']}&sysparm_display_value=true&sysparm_fields=work_notes"
    return str(read(stack, query)[0]["work_notes"])


def told(stack: Stack, notes: str) -> int:
    """How often the notes stand in activity streams of closed records."""
    closed = [record for record in records(stack) if record["state"] == "closed_complete"]
    return sum(stream(stack, record).count(notes) for record in closed)


def read(stack: Stack, query: str) -> list[dict[str, Any]]:
    address = f"{stack.simulator_url}/servicenow/api/now/table/interaction?{query}"
    response = requests.get(address, auth=("admin", "admin"), headers={"Accept": "application/json"}, timeout=10)
    assert response.ok, response.text
    return response.json()["result"]
