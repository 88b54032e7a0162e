"""A worker is killed at one instruction and another one takes over: the record ends closed, once, with one activity.

A kill is an exception that nothing catches, at a database query or at a moment of the vendor; leases stay behind as
they do when a process dies, and run out later."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from contactcenter.models import Interaction, OutboxEntry
from integrations import leases
from integrations.models import IntegrationAccount
from tests.contactcenter import flow
from tests.factories import AgentFactory

pytestmark = pytest.mark.django_db(transaction=True)

VENDOR_MOMENTS = [
    f"{call}:{when}"
    for call in ("find_by_phone", "search", "create", "find_agent", "update", "add_activity")
    for when in ("before", "after")
]


# One run is killed at every so manieth query of a call; with 1 it is each of them, and takes a minute and a half.
STRIDE = 13


class Killed(BaseException):
    """Nothing in the product catches this."""


@pytest.fixture
def agent(account: IntegrationAccount, crm: Any) -> Any:
    support = flow.service()
    crm.agents["agent1@example.com"] = "ava"
    return AgentFactory(login="agent1", state="READY", services=[support], host_account=account)


class Death:
    """When the worker dies: at its query of this number, if any. While it is dead, nobody releases leases."""

    def __init__(self) -> None:
        self.dead = False
        self.countdown = 0
        self.count = 0

    def execute(self, run: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.countdown -= 1
        if self.countdown == 0:
            raise Killed
        return run(sql, params, many, context)


@pytest.fixture
def death(monkeypatch: pytest.MonkeyPatch) -> Death:
    found = Death()
    release = leases.release

    def release_if_alive(row: Any, owner: str) -> None:
        if not found.dead:
            release(row, owner)

    monkeypatch.setattr(leases, "release", release_if_alive)
    return found


def work_as_a_mortal(interaction: Interaction, death: Death) -> None:
    """Work until killed, if so. The next worker comes when the leases have run out."""
    try:
        with connection.execute_wrapper(death.execute):
            flow.work(interaction)
    except Killed:
        death.count += 1
        death.dead = True
    death.dead = False
    flow.leases_run_out()
    flow.time_passes()


def whole_call(call_id: str, death: Death, *, query: int = 0) -> Interaction:
    """A call from offer to completion, whose workers are killed at their query of this number, counted together."""
    death.count, death.countdown = 0, query
    interaction = flow.report("offered", call_id)
    work_as_a_mortal(interaction, death)
    flow.work(interaction)
    for event in ("answered", "released"):
        interaction = flow.report(event, call_id, agent="agent1")
        work_as_a_mortal(interaction, death)
        flow.work(interaction)
    interaction = flow.complete(interaction)
    work_as_a_mortal(interaction, death)
    return flow.work(interaction)


def check(interaction: Interaction, crm: Any) -> None:
    records = [r for r in crm.of_kind("interaction") if r["key"] == interaction.reference]
    assert [r["state"] for r in records] == ["closed_complete"]
    assert records[0]["assigned_to"] == "ava"
    made = interaction.records["interaction"]["id"]
    linked = [r["document_id"] for r in crm.of_kind("interaction_related_record") if r["interaction"] == made]
    assert sorted(linked) == ["don", "inc1"]
    assert [a.key for _, _, a in crm.history].count(interaction.reference) == 1
    assert set(interaction.outbox.values_list("status", flat=True)) == {OutboxEntry.Status.DONE}
    assert flow.run_of(interaction).status == "finished"
    numbers = list(flow.run_of(interaction).steps.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("moment", VENDOR_MOMENTS)
def test_killed_around_a_request_the_work_is_done_once(moment: str, agent: Any, crm: Any, death: Death) -> None:
    crm.when(moment, Killed(), times=1)
    interaction = whole_call("call-1", death)
    assert death.count == 1
    check(interaction, crm)


def test_killed_at_any_query_the_work_is_done_once(agent: Any, crm: Any, death: Death) -> None:
    query = 1
    while death.count or query == 1:
        check(whole_call(f"call-{query}", death, query=query), crm)
        query += STRIDE
    assert query > 100


def test_killed_again_and_again_the_call_still_ends_well(agent: Any, crm: Any, death: Death) -> None:
    interaction = flow.report("offered")
    for event in ("", "answered", "released"):
        if event:
            interaction = flow.report(event, agent="agent1")
        for query in range(2, 60, 3):
            death.countdown = query
            work_as_a_mortal(interaction, death)
        flow.work(interaction)
    assert death.count > 30
    check(flow.work(flow.complete(interaction)), crm)
