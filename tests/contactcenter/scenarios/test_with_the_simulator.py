"""The ServiceNow scenario against the simulator, strict as the integration guide: only the rights that it names."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.cache import cache
from django.db import connection

from contactcenter import calls
from contactcenter.scenarios import engine
from integrations.models import ApiCall, IntegrationAccount
from integrations.simulators.server import running
from tests.contactcenter import flow
from tests.factories import AccountFactory, AgentFactory
from tests.integrations.providers.conftest import Vendor

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def simulators() -> Iterator[str]:
    with running() as address:
        yield address


@pytest.fixture
def vendor(simulators: str, settings: Any) -> Iterator[Vendor]:
    settings.SIMULATOR_URL = simulators
    cache.clear()
    requests.post(f"{simulators}/servicenow/_reset", timeout=5)
    yield Vendor(f"{simulators}/servicenow")


@pytest.fixture
def account(vendor: Vendor) -> IntegrationAccount:
    properties = {"client_id": "demo-client-id-0123456789abcdef", "grant_type": "client_credentials"}
    secrets = {"client_secret": "demo-client-secret"}
    return AccountFactory(name="ServiceNow demo", is_default=True, properties=properties, secrets=secrets)


@pytest.fixture
def agent(account: IntegrationAccount) -> Any:
    return AgentFactory(login="agent1", state="READY", services=[flow.service()], host_account=account)


def the_record(vendor: Vendor) -> dict[str, Any]:
    (record,) = vendor.rows("interaction")
    return record


def test_a_call_is_new_then_in_progress_then_closed_with_its_records_and_one_activity(
    agent: Any, vendor: Vendor
) -> None:
    interaction = flow.play("offered")
    don = vendor.user("don.goodliffe")
    assert interaction.caller["name"] == "Don Goodliffe"
    assert (the_record(vendor)["state"], the_record(vendor)["opened_for"]) == ("new", don["sys_id"])
    assert interaction.state == "ringing"

    flow.work(flow.report("answered", agent="agent1"))
    assert the_record(vendor)["state"] == "work_in_progress"
    assert the_record(vendor)["assigned_to"] == vendor.user("agent1")["sys_id"]

    flow.work(flow.complete(flow.work(flow.report("released"))))
    assert the_record(vendor)["state"] == "closed_complete"
    related = {row["document_table"] for row in vendor.rows("interaction_related_record")}
    assert related == {"sys_user", "incident"}
    assert history(vendor).count(f"Call reference {interaction.reference}") == 1
    assert vendor.warnings() == []
    assert ApiCall.objects.exclude(interaction=str(interaction.public_id)).exclude(url__contains="oauth").count() == 0
    variables = flow.run_of(interaction).variables
    assert variables["integrationResultCode"] == "200"
    assert json.loads(variables["integrationResultBody"]) == {"result": {}}  # no READ, nothing to see
    recorded = str([list(flow.run_of(interaction).steps.values()), variables])
    assert "demo-client-secret" not in recorded


def history(vendor: Vendor) -> str:
    return "\n".join(str(row) for row in vendor.rows("sys_journal_field", "name=interaction"))


def test_two_people_with_one_number_are_for_the_agent_to_choose(agent: Any, vendor: Vendor) -> None:
    interaction = flow.work(
        calls.apply(calls.CallReport(call_id="c", event="offered", from_number="+14155550136", service="support"))
    )
    assert interaction.caller["status"] == "several"
    assert the_record(vendor)["opened_for"] == ""


@pytest.mark.parametrize(
    "fault", ["html", "server_error", "missing_permission", "rate_limit", "reset", "truncated", "wrong_shape"]
)
def test_whatever_the_instance_does_the_call_rings_and_the_record_is_complete_in_the_end(
    fault: str, agent: Any, vendor: Vendor
) -> None:
    vendor.fault(fault)
    interaction = flow.play("offered")
    assert interaction.state == "ringing"
    flow.work(flow.report("answered", agent="agent1"))
    flow.complete(flow.work(flow.report("released")))
    vendor.healthy()
    flow.made_up_for(interaction)
    assert [row["state"] for row in vendor.rows("interaction")] == ["closed_complete"]
    assert history(vendor).count(f"Call reference {interaction.reference}") == 1


def test_an_instance_that_never_answers_delays_the_ring_by_five_seconds_at_the_most(agent: Any, vendor: Vendor) -> None:
    vendor.fault("hang")
    began = time.monotonic()
    interaction = flow.report("offered")
    engine.advance(flow.run_of(interaction).pk)
    took = time.monotonic() - began
    interaction.refresh_from_db()
    assert interaction.state == "ringing"
    assert 4 < took < 7
    vendor.healthy()
    flow.time_passes()
    flow.work(interaction)
    assert the_record(vendor)["state"] == "new"


# -- real processes, really killed

WORKER = """
import os, signal, sys
import django
django.setup()
from django.conf import settings
from django.db import connections
from contactcenter.models import ScenarioRun
from contactcenter.scenarios import engine
from contactcenter.outbox import entries as outbox
from integrations.providers.servicenow import ServiceNow

moment, name = sys.argv[1].split(":") if sys.argv[1] else ("", "")
if name:
    original = getattr(ServiceNow, name)
    def deadly(self, *args, **more):
        if moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        original(self, *args, **more)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(ServiceNow, name, deadly)
for run in ScenarioRun.objects.all():
    engine.advance(run.pk)
for key in list(outbox.heads().values_list("record_key", flat=True)):
    outbox.deliver_record(key)
"""


@pytest.fixture
def worker(simulators: str) -> Callable[..., int]:
    """Runs one worker process over everything that is there; returns how it ended."""
    database = connection.settings_dict

    def run(moment: str = "") -> int:
        place = "{USER}:{PASSWORD}@{HOST}:{PORT}".format(**database)
        url = (
            f"sqlite:///{database['NAME']}"
            if connection.vendor == "sqlite"
            else f"postgres://{place}/{database['NAME']}"
        )
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "SIMULATOR_URL": simulators,
            "DJANGO_SETTINGS_MODULE": "contactcenter.settings",
            "CELERY_BROKER_URL": "memory://",
            "LEASE_SECONDS": "30",
        }
        done = subprocess.run(
            [sys.executable, "-c", WORKER, moment], cwd=ROOT, env=environment, capture_output=True, timeout=60
        )
        assert done.returncode in (0, -9), done.stderr.decode()
        return done.returncode

    return run


@pytest.mark.processes
@pytest.mark.parametrize("name", ["create", "add_activity"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_that_is_killed_leaves_one_record_and_one_activity(
    moment: str, name: str, agent: Any, vendor: Vendor, worker: Callable[..., int]
) -> None:
    # Beyond the guide: without READ nobody can find out what a killed process has done.
    vendor.allow("interaction", "read", "create", "update")
    deadly = f"{moment}:{name}"
    interaction = flow.report("offered")
    deaths = [worker(deadly)]
    flow.leases_run_out()
    flow.time_passes()
    worker()
    for event in ("answered", "released"):
        flow.report(event, agent="agent1")
        deaths.append(worker(deadly))
        flow.leases_run_out()
        flow.time_passes()
        worker()
    flow.complete(interaction)
    deaths.append(worker(deadly))
    flow.leases_run_out()
    flow.time_passes()
    worker()
    assert -9 in deaths
    assert [row["state"] for row in vendor.rows("interaction")] == ["closed_complete"]
    assert history(vendor).count(f"Call reference {interaction.reference}") == 1
    assert len(vendor.rows("interaction_related_record")) == 2
