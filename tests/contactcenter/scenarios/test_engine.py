"""The engine itself: positions, branches, limits, and the call that goes on whatever the scenario does."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from contactcenter.models import AgentState, Interaction, ScenarioRun
from contactcenter.scenarios import engine
from contactcenter.scenarios.blocks import BY_KIND
from contactcenter.scenarios.blocks.base import Busy
from integrations import leases
from tests.contactcenter import flow
from tests.contactcenter.flow import block
from tests.factories import AgentFactory, InteractionFactory

pytestmark = pytest.mark.django_db(transaction=True)

CONNECT = block("connect", "connect_call")


def offered(*blocks: dict[str, Any], **agent: Any) -> Interaction:
    support = flow.service(flow.flow(*blocks))
    AgentFactory(**{"login": "agent1", "state": "READY", "services": [support], **agent})
    return flow.play("offered")


def set_(key: str, name: str, value: str, **exits: str) -> dict[str, Any]:
    return block(key, "set_variable", {"name": name, "value": value}, **exits)


# -- beginning


def test_without_a_scenario_there_is_no_run() -> None:
    assert engine.start(InteractionFactory()) is None
    assert engine.start(InteractionFactory(service=None)) is None


def test_a_scenario_that_was_never_published_does_not_run() -> None:
    support = flow.service(flow.flow(CONNECT))
    support.scenario.versions.all().delete()
    assert engine.start(InteractionFactory(service=support)) is None


def test_beginning_twice_is_beginning_once() -> None:
    interaction = InteractionFactory(service=flow.service(flow.flow(CONNECT)))
    assert engine.start(interaction) == engine.start(interaction)


def test_an_interaction_keeps_the_version_that_it_began_with() -> None:
    interaction = offered(set_("a", "x", "old", next="connect"), CONNECT)
    scenario = interaction.service.scenario
    scenario.definition = flow.flow(set_("a", "x", "new", next="connect"), CONNECT)
    scenario.save()
    scenario.publish()
    assert flow.run_of(interaction).version.number == 1
    assert flow.run_of(flow.play("offered", call_id="call-2")).version.number == 2


# -- steps


def test_every_step_is_recorded_with_its_settings_filled_in() -> None:
    interaction = offered(set_("a", "greeting", "Hello $(item.customerPhone) $(nobody)", next="connect"), CONNECT)
    first, second = flow.run_of(interaction).steps.all()
    assert first.settings == {"name": "greeting", "value_is": "text", "value": "Hello +14155550132 "}
    assert first.outcome == {"unknown": ["nobody"]}
    assert (first.exit, second.exit) == ("next", "wait")
    assert flow.run_of(interaction).variables["greeting"] == "Hello +14155550132 "


@pytest.mark.parametrize(
    ("left", "comparison", "right", "exit"),
    [
        ("$(x)", "equal", "ABC", "yes"),
        ("$(x)", "not_equal", "abc", "no"),
        ("$(x)", "contains", "B", "yes"),
        ("$(y)", "empty", "", "yes"),
        ("$(x)", "not_empty", "", "yes"),
        ("10", "greater", "9", "yes"),
        ("x", "greater", "9", "no"),
        ("2", "less", "10", "yes"),
    ],
)
def test_if_compares(left: str, comparison: str, right: str, exit: str) -> None:
    settings = {"left": left, "comparison": comparison, "right": right}
    interaction = offered(
        set_("a", "x", "abc", next="if"), block("if", "if", settings, yes="connect", no="connect"), CONNECT
    )
    assert flow.steps(interaction)[1] == ("if", exit)


def test_branches_return_to_the_waiting_block_until_the_call_is_over() -> None:
    interaction = offered(
        block("connect", "connect_call", None, answered="a", released="b", next="c"),
        set_("a", "answers", "$(answers)x"),
        set_("b", "b", "1"),
        set_("c", "c", "1"),
    )
    for event in ("answered", "held", "resumed", "released"):
        interaction = flow.play(event)
    assert flow.steps(interaction) == [
        ("connect", "wait"),
        ("connect", "answered"),
        ("a", "next"),
        ("connect", "released"),
        ("b", "next"),
        ("c", "next"),
    ]
    assert flow.run_of(interaction).status == "finished"
    assert flow.run_of(interaction).variables["answers"] == "x"


def test_an_event_that_no_branch_is_connected_to_changes_nothing() -> None:
    interaction = offered(CONNECT)
    assert flow.run_of(flow.play("answered")).status == "waiting"
    assert flow.run_of(flow.play("released")).status == "finished"
    assert interaction.pk


def test_the_agent_who_answered_stays_the_agent_of_the_branch() -> None:
    interaction = offered(
        block("connect", "connect_call", None, answered="a"), set_("a", "who", "$(user.loginId)/$(user.team)")
    )
    flow.report("answered", agent="agent1")
    flow.report("released")
    Interaction.objects.filter(pk=interaction.pk).update(agent=None)
    flow.work(interaction)
    assert flow.run_of(interaction).variables["who"] == "agent1/"


# -- finding an agent


def test_when_nobody_is_ready_the_call_waits_and_rings_later() -> None:
    interaction = offered(
        block("find", "find_agent", None, next="connect", no_agent="connect"), CONNECT, state="NOT_READY"
    )
    assert interaction.state == "queued"
    assert flow.steps(interaction) == [("find", "no_agent"), ("connect", "wait")]
    from contactcenter import agents

    agents.choose(interaction.service.agents.get(), AgentState.READY, "")
    interaction.refresh_from_db()
    assert interaction.state == "ringing"


def test_find_agent_rings_the_agent() -> None:
    interaction = offered(block("find", "find_agent", None, next="connect"), CONNECT)
    assert interaction.state == "ringing"
    assert flow.run_of(interaction).steps.first().outcome == {"agent": "agent1"}


# -- a faulty scenario never keeps a caller waiting


def test_a_scenario_that_goes_round_in_circles_is_stopped_and_the_call_rings() -> None:
    interaction = offered(set_("a", "x", "1", next="b"), set_("b", "x", "2", next="a"))
    run = flow.run_of(interaction)
    assert (run.status, run.steps_taken) == ("failed", 200)
    assert "circles" in run.error
    assert interaction.state == "ringing"


def test_a_scenario_that_never_connects_ends_with_the_call_in_routing() -> None:
    interaction = offered(block("a", "log", {"message": "bye"}))
    assert flow.run_of(interaction).status == "finished"
    assert interaction.state == "ringing"


def test_variables_that_grow_without_end_stop_the_run_and_the_call_rings() -> None:
    interaction = offered(
        set_("a", "x", "y" * 2000, next="b"), set_("b", "x", "$(x)" * 400, next="c"), set_("c", "z", "$(x)", next="b")
    )
    run = flow.run_of(interaction)
    assert run.status == "failed"
    assert "65,536" in run.error
    assert run.variables["x"] == "y" * 2000
    assert interaction.state == "ringing"


def test_a_block_that_breaks_stops_the_run_and_the_call_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Any, context: Any) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(BY_KIND["log"], "run", broken)
    interaction = offered(block("a", "log", None, next="connect"), CONNECT)
    run = flow.run_of(interaction)
    assert (run.status, run.error) == ("failed", "A fault in this software: ZeroDivisionError. It is in the log.")
    assert run.steps.get().error == run.error
    assert interaction.state == "ringing"


def test_settings_of_an_older_version_that_are_not_valid_any_more_are_named() -> None:
    support = flow.service(flow.flow(CONNECT))
    old = flow.flow(block("a", "servicenow_create", {"colour": "red"}, next="connect", failed="connect"), CONNECT)
    support.scenario.versions.update(definition=old)
    AgentFactory(login="agent1", state="READY", services=[support])
    interaction = flow.play("offered")
    step = flow.run_of(interaction).steps.get(block="a")
    assert (step.exit, step.error) == ("failed", "Block \"a\": there is no setting 'colour'.")
    assert interaction.state == "ringing"


@pytest.mark.parametrize(
    "definition", [{}, {"start": "x", "blocks": [{"kind": "log"}]}, {"start": "gone", "blocks": []}]
)
def test_a_version_that_cannot_be_read_fails_and_the_call_rings(definition: dict[str, Any]) -> None:
    support = flow.service(flow.flow(CONNECT))
    support.scenario.versions.update(definition=definition)
    AgentFactory(login="agent1", state="READY", services=[support])
    interaction = flow.play("offered")
    assert flow.run_of(interaction).status == "failed"
    assert interaction.state == "ringing"


def test_a_run_that_hears_nothing_for_a_day_is_ended() -> None:
    interaction = offered(CONNECT)
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert engine.sweep() == 1
        flow.report("held")
        engine.advance(flow.run_of(interaction).pk)
    assert "24 hours" in flow.run_of(interaction).error


# -- leases and the sweep


def test_two_workers_do_not_walk_one_run() -> None:
    support = flow.service(flow.flow(CONNECT))
    run = engine.start(InteractionFactory(service=support))
    owner = leases.claim(run)
    engine.advance(run.pk)
    assert run.steps.count() == 0
    leases.release(run, owner)
    engine.advance(run.pk)
    assert run.steps.count() == 1


def test_a_worker_that_was_too_slow_saves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    support = flow.service(flow.flow(set_("a", "x", "1", next="connect"), CONNECT))
    run = engine.start(InteractionFactory(service=support))
    original = BY_KIND["set_variable"].run

    def slow(self: Any, context: Any) -> str:
        ScenarioRun.objects.filter(pk=run.pk).update(lease_owner="somebody else")
        return original(self, context)

    with monkeypatch.context() as patch:
        patch.setattr(BY_KIND["set_variable"], "run", slow)
        engine.advance(run.pk)
    run.refresh_from_db()
    assert (run.block, run.steps_taken, run.steps.count()) == ("a", 0, 0)
    flow.leases_run_out()
    engine.advance(run.pk)
    run.refresh_from_db()
    assert (run.status, run.variables["x"]) == ("waiting", "1")


def test_work_that_somebody_else_is_doing_is_left_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(self: Any, context: Any) -> str:
        raise Busy("posting")

    run = engine.start(
        InteractionFactory(service=flow.service(flow.flow(set_("a", "x", "1", next="connect"), CONNECT)))
    )
    with monkeypatch.context() as patch:
        patch.setattr(BY_KIND["set_variable"], "run", busy)
        engine.advance(run.pk)
    run.refresh_from_db()
    assert (run.status, run.steps_taken, run.leased_until) == ("running", 0, None)
    engine.advance(run.pk)
    run.refresh_from_db()
    assert run.status == "waiting"


def test_the_sweep_finds_runs_that_nobody_goes_on_with() -> None:
    support = flow.service(flow.flow(CONNECT))
    run = engine.start(InteractionFactory(service=support))
    assert engine.sweep() == 1
    engine.advance(run.pk)
    assert engine.sweep() == 0
    flow.report("held", run.interaction.call_id)
    assert engine.sweep() == 1
    engine.advance(run.pk)
    assert engine.sweep() == 0


def test_an_event_that_comes_while_the_run_is_held_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    interaction = InteractionFactory(service=flow.service(flow.flow(CONNECT)))
    run = engine.start(interaction)
    released = []
    original = leases.release

    def release(row: Any, owner: str) -> None:
        if not released:
            released.append(flow.report("released", interaction.call_id))
        original(row, owner)

    monkeypatch.setattr(leases, "release", release)
    engine.advance(run.pk)
    run.refresh_from_db()
    assert run.status == "finished"
