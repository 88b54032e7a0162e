"""A step and the position behind it are stored together, by whoever holds the run, or not at all."""

from datetime import UTC, datetime
from typing import Any

import pytest

from contactcenter.models import ScenarioRun, ScenarioStep
from contactcenter.scenarios import positions
from integrations import leases
from tests.contactcenter import flow

pytestmark = pytest.mark.django_db(transaction=True)

DUE = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
ODD = {"quoted": 'it\'s "so" 100 % \\ {}', "none": None, "nested": {"number": 1.5, "list": [True, "東京"]}}


@pytest.fixture
def run() -> ScenarioRun:
    flow.service(flow.flow({"key": "connect", "kind": "connect_call", "exits": {}}))
    return flow.run_of(flow.report("offered"))


def step_of(run: ScenarioRun, **more: Any) -> ScenarioStep:
    run.block, run.variables, run.due_at, run.steps_taken = "there", ODD, DUE, 7
    return ScenarioStep(run=run, number=7, block="here", kind="log", settings=ODD, outcome={}, exit="next", **more)


def test_both_are_there_with_every_value_as_it_was(run: ScenarioRun) -> None:
    owner = leases.claim(run)
    assert positions.save_with_step(step_of(run, error="it's %s", duration_ms=12), owner)
    stored, step = ScenarioRun.objects.get(pk=run.pk), run.steps.get(number=7)
    assert (stored.block, stored.variables, stored.due_at, stored.steps_taken) == ("there", ODD, DUE, 7)
    assert (step.block, step.settings, step.error, step.duration_ms, step.version) == ("here", ODD, "it's %s", 12, None)
    assert step.at is not None and stored.lease_owner == owner


def test_who_has_lost_the_run_stores_neither(run: ScenarioRun) -> None:
    leases.claim(run)
    assert not positions.save_with_step(step_of(run), "somebody-else")
    stored = ScenarioRun.objects.get(pk=run.pk)
    assert stored.block != "there" and not run.steps.filter(number=7).exists()
