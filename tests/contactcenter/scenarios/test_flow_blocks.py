"""Waiting, scenarios that start others, and exception handlers."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from contactcenter import routing
from contactcenter.models import Interaction, Scenario, ScenarioRun
from contactcenter.scenarios import engine
from contactcenter.scenarios.blocks import BY_KIND
from contactcenter.scenarios.definition import problems, warnings
from tests.contactcenter import flow
from tests.contactcenter.flow import block
from tests.factories import AgentFactory, ScenarioFactory

from .played import CONNECT, offered, one, step_of

pytestmark = pytest.mark.django_db(transaction=True)


def set_(key: str, name: str, value: str, **exits: str) -> dict[str, Any]:
    return block(key, "set_variable", {"name": name, "value": value}, **exits)


def later(interaction: Interaction, seconds: float) -> Interaction:
    """The sweep so many seconds from now, and the workers that it sends."""
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds)):
        engine.sweep()
        return flow.work(interaction)


def wait(seconds: int = 20, **exits: str) -> dict[str, Any]:
    return block("wait", "wait", {"seconds": seconds}, **(exits or {"next": "connect"}))


# -- Wait


def test_a_wait_gives_the_worker_back_and_the_sweep_goes_on_with_it() -> None:
    interaction = offered(wait())
    assert (interaction.state, flow.run_of(interaction).status) == ("new", "waiting")
    assert flow.run_of(interaction).lease_owner == ""
    assert later(interaction, 15).state == "new"
    assert engine.sweep() == 0
    interaction = later(interaction, 21)
    assert interaction.state == "ringing"
    assert flow.steps(interaction) == [("wait", "wait"), ("wait", "next"), ("connect", "wait")]
    assert engine.sweep() == 0, "a wait that is over wakes nobody again"


def test_what_happens_during_a_wait_is_heard_afterwards() -> None:
    interaction = offered(wait())
    interaction = flow.work(flow.report("abandoned"))
    assert flow.run_of(interaction).status == "waiting"
    assert engine.sweep() == 0, "an event that the wait does not care for must not wake workers again and again"
    interaction = later(interaction, 21)
    assert flow.steps(interaction)[-1] == ("connect", "abandoned")
    assert flow.run_of(interaction).status == "finished"


def test_a_wait_in_a_branch_delays_the_next_branch_and_loses_none() -> None:
    interaction = offered(
        block("call", "connect_call", None, answered="wait", released="b", next=""),
        wait(30, next="a"), set_("a", "a", "1"), set_("b", "b", "2"),
    )  # fmt: skip
    interaction = flow.work(flow.report("answered", agent="agent1"))
    interaction = flow.work(flow.report("released"))
    assert "b" not in flow.run_of(interaction).variables
    interaction = later(interaction, 31)
    run = flow.run_of(interaction)
    assert (run.status, run.variables["a"], run.variables["b"]) == ("finished", "1", "2")


def test_a_worker_that_dies_in_a_wait_costs_no_time() -> None:
    interaction = offered(wait())
    ScenarioRun.objects.update(lease_owner="dead", leased_until=timezone.now() + timedelta(seconds=5))
    assert later(interaction, 21).state == "ringing"


def test_a_caller_whom_a_scenario_keeps_on_purpose_is_not_overtaken_but_not_for_ever() -> None:
    interaction = offered(wait(600))
    with time_machine.travel(timezone.now() + timedelta(seconds=120)):
        routing.offer_waiting()
        interaction.refresh_from_db()
        assert interaction.state == "new"
    with time_machine.travel(timezone.now() + timedelta(seconds=601)):
        routing.offer_waiting()
        interaction.refresh_from_db()
        assert interaction.state == "ringing"


def test_a_block_that_polls_and_never_ends_fails_and_the_call_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BY_KIND["wait"], "poll", lambda self, context: "wait")
    interaction = later(offered(wait()), 21)
    assert interaction.state == "ringing"
    assert "did not end its wait" in flow.run_of(interaction).error


# -- Start Another Scenario


def scenario(name: str, *blocks: dict[str, Any]) -> Scenario:
    """With a version that runs, also where `publish` would refuse it: another scenario may have changed since."""
    made = ScenarioFactory(name=name, definition=flow.flow(*blocks))
    made.versions.create(number=1, definition=made.definition)
    return made


def start(name: str = "Sub", key: str = "one", **exits: str) -> dict[str, Any]:
    return block(key, "start_another_scenario", {"scenario": name}, **(exits or {"next": "after"}))


AFTER = set_("after", "back", "$(inside)!", next="connect")


def test_another_scenario_sees_the_variables_and_comes_back() -> None:
    scenario("Sub", set_("a", "inside", "$(outside)x", next="b"), set_("b", "inside", "$(inside)y"))
    interaction = offered(set_("before", "outside", "1", next="one"), start(), AFTER)
    assert flow.steps(interaction) == [
        ("before", "next"), ("one", "start"), ("a", "next"), ("b", "next"), ("after", "next"), ("connect", "wait"),
    ]  # fmt: skip
    assert flow.run_of(interaction).variables["back"] == "1xy!"
    assert interaction.state == "ringing"


def test_the_version_is_pinned_when_the_run_reaches_it_and_shown() -> None:
    sub = scenario("Sub", block("pause", "wait", {"seconds": 5}, next="a"), set_("a", "inside", "old"))
    interaction = offered(start(), AFTER)
    sub.definition = flow.flow(set_("a", "inside", "new"))
    sub.save()
    sub.publish()
    interaction = later(interaction, 6)
    assert flow.run_of(interaction).variables["back"] == "old!"
    steps = {step.block: step for step in flow.run_of(interaction).steps.all()}
    assert steps["one"].outcome == {"scenario": "Sub", "version": 1}
    assert str(steps["a"].version) == "Sub v1"
    assert steps["after"].version is None
    assert flow.run_of(flow.play("offered", call_id="call-2")).variables["back"] == "new!"


def test_a_scenario_may_connect_the_call_inside_another_and_its_branches_work() -> None:
    scenario(
        "Sub",
        block("call", "connect_call", None, answered="in", next="c"),
        set_("in", "inside", "1"),
        set_("c", "c", "1"),
    )
    interaction = offered(start(), AFTER)
    interaction = flow.work(flow.report("answered", agent="agent1"))
    interaction = flow.work(flow.report("released"))
    run = flow.run_of(interaction)
    assert (run.variables["inside"], run.variables["c"], run.variables["back"]) == ("1", "1", "1!")


def test_a_branch_may_start_a_scenario_and_the_next_branch_runs_all_the_same() -> None:
    scenario("Sub", set_("a", "inside", "1"))
    interaction = offered(
        block("call", "connect_call", None, answered="one", released="end", next=""),
        start(next="after"), set_("after", "back", "$(inside)!"), set_("end", "end", "1"),
    )  # fmt: skip
    interaction = flow.work(flow.report("answered", agent="agent1"))
    assert flow.run_of(interaction).status == "waiting"
    interaction = flow.work(flow.report("released"))
    run = flow.run_of(interaction)
    assert (run.status, run.variables["back"], run.variables["end"]) == ("finished", "1!", "1")


@pytest.mark.parametrize("fault", ["unknown", "unpublished", "itself", "deep"])
def test_what_cannot_be_started_takes_the_failed_exit_in_words(fault: str) -> None:
    words = {"unknown": "no published", "unpublished": "no published", "itself": "without end", "deep": "5 levels"}
    if fault == "unpublished":
        ScenarioFactory(name="Sub", definition=flow.flow(set_("a", "x", "1")))
    if fault == "itself":
        scenario("Sub", block("again", "start_another_scenario", {"scenario": "Sub"}, failed=""))
    if fault == "deep":
        for number in range(8):
            scenario(f"Sub{number or ''}", start(f"Sub{number + 1}", "again", next=""))
    interaction = offered(start(next="after", failed="connect"), AFTER)
    assert interaction.state == "ringing"
    errors = [step.error for step in flow.run_of(interaction).steps.all() if step.error]
    assert len(errors) == 1 and words[fault] in errors[0]


def test_a_way_that_leads_back_is_refused_when_it_is_published() -> None:
    Scenario.objects.create(name="A")
    scenario("B", start("A", "x", next=""))
    own = flow.flow(start("B", "x", next="connect"), CONNECT)
    assert problems(own, scenario="A") == ["This scenario would start itself without end: A starts B starts A."]
    assert "A starts A" in problems(flow.flow(start("A", "x", next="connect"), CONNECT), scenario="A")[0]
    assert problems(own, scenario="C") == []
    with pytest.raises(ValidationError, match="without end"):
        Scenario.objects.update_or_create(name="A", defaults={"definition": own})[0].publish()
    assert problems(flow.flow(start("Nobody", "x", next="connect"), CONNECT)) == [
        'There is no scenario "Nobody" to start.'
    ]


def test_a_scenario_that_starts_one_without_connecting_the_call_is_connected_anyway() -> None:
    scenario("Sub", set_("a", "inside", "1"))
    service = flow.service(flow.flow(block("one", "start_another_scenario", {"scenario": "Sub"})))
    AgentFactory(login="agent1", state="READY", services=[service])
    assert flow.play("offered").state == "ringing"


# -- Exception Handler

HANDLER = block("oops", "exception_handler", None, next="note")
NOTE = set_("note", "told", "$(exception.block): $(exception.text)", next="connect")
BROKEN = block("broken", "servicenow_create", {"account": "Nobody's", "values": {"a": "b"}}, next="never")
NEVER = set_("never", "never", "1", next="connect")


def test_a_failure_without_a_connected_exit_goes_to_the_handler() -> None:
    interaction = offered(BROKEN, NEVER, HANDLER, NOTE)
    run = flow.run_of(interaction)
    assert flow.steps(interaction) == [("broken", "failed"), ("oops", "next"), ("note", "next"), ("connect", "wait")]
    assert run.variables["told"].startswith("broken: There is no integration account")
    assert "never" not in run.variables
    assert interaction.state == "ringing"


def test_a_connected_failed_exit_is_none_of_the_handlers_business() -> None:
    interaction = offered({**BROKEN, "exits": {"failed": "connect"}}, HANDLER, NOTE)
    assert ("oops", "next") not in flow.steps(interaction)


def test_without_a_handler_a_failure_goes_on_at_next() -> None:
    assert flow.run_of(offered(BROKEN, NEVER)).variables["never"] == "1"


def test_a_scenario_that_is_stopped_has_its_handler_and_ends_as_failed() -> None:
    interaction = offered(set_("a", "x", "1", next="b"), set_("b", "x", "2", next="a"), HANDLER, {**NOTE, "exits": {}})
    run = flow.run_of(interaction)
    assert interaction.state == "ringing"
    assert (run.status, run.steps_taken) == ("failed", 202)
    assert "circles" in run.error and "circles" in run.variables["told"]


def test_a_handler_that_goes_round_in_circles_is_stopped_too() -> None:
    interaction = offered(
        set_("a", "x", "1", next="b"), set_("b", "x", "2", next="a"), {**HANDLER, "exits": {"next": "a"}}
    )
    run = flow.run_of(interaction)
    assert (run.status, run.steps_taken, interaction.state) == ("failed", 220, "ringing")


def test_a_handler_that_fails_itself_does_not_run_without_end() -> None:
    interaction = offered(BROKEN, NEVER, {**HANDLER, "exits": {"next": "broken"}})
    run = flow.run_of(interaction)
    assert [key for key, _ in flow.steps(interaction)].count("oops") == 5
    assert (run.variables["never"], interaction.state) == ("1", "ringing")


def test_a_fault_of_the_software_reaches_the_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Any, context: Any) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(BY_KIND["log"], "run", broken)
    interaction = offered(block("a", "log", None, next="connect"), HANDLER, NOTE)
    run = flow.run_of(interaction)
    assert run.variables["told"] == "a: A fault in this software: ZeroDivisionError. It is in the log."
    assert (run.status, interaction.state) == ("waiting", "ringing")
    flow.play("released")
    assert flow.run_of(interaction).status == "failed"


def test_a_stop_inside_another_scenario_reaches_the_handler_outside() -> None:
    scenario("Sub", set_("a", "x", "1", next="b"), set_("b", "x", "2", next="a"))
    interaction = offered(start(), AFTER, HANDLER, NOTE)
    assert "circles" in flow.run_of(interaction).variables["told"]
    assert flow.run_of(interaction).variables["_engine"]["callers"] == []


def test_a_stop_inside_another_scenario_takes_the_failed_exit_where_it_is_connected() -> None:
    scenario("Sub", set_("a", "x", "1", next="b"), set_("b", "x", "2", next="a"))
    interaction = offered(start(next="connect", failed="after"), AFTER, HANDLER, NOTE)
    assert flow.run_of(interaction).variables["back"] == "!"
    assert "told" not in flow.run_of(interaction).variables


def test_a_failure_in_a_branch_returns_to_the_waiting_block() -> None:
    interaction = offered(
        block("call", "connect_call", None, answered="broken", released="end", next=""),
        {**BROKEN, "exits": {}}, HANDLER, {**NOTE, "exits": {}}, set_("end", "end", "1"),
    )  # fmt: skip
    flow.work(flow.report("answered", agent="agent1"))
    interaction = flow.work(flow.report("released"))
    run = flow.run_of(interaction)
    assert (run.status, run.variables["end"]) == ("finished", "1")
    assert run.variables["told"].startswith("broken:")


def test_a_definition_has_one_handler_that_nothing_leads_to() -> None:
    good = flow.flow(
        BROKEN | {"settings": {"values": {"a": "b"}}, "exits": {"next": "connect"}}, CONNECT, HANDLER, NOTE
    )
    assert problems(good) == []
    assert warnings(good) == [], "with a handler an unconnected Failed exit leads somewhere"
    second = {**HANDLER, "key": "again"}
    assert "2 exception handlers" in problems(flow.flow(CONNECT, HANDLER, NOTE, second))[0]
    led = flow.flow(set_("a", "x", "1", next="oops"), HANDLER, NOTE, CONNECT)
    assert "leads to the exception handler" in problems(led)[0]


# -- time


def test_a_block_has_a_time_limit_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from integrations import deadlines

    left: list[float] = []

    def look(self: Any, context: Any) -> str:
        left.append(deadlines.left(10_000))
        return "next"

    monkeypatch.setattr(BY_KIND["log"], "run", look)
    offered(one("log"))
    assert 15 < left[0] <= 20


def test_steps_are_numbered_without_gaps_whatever_happens() -> None:
    scenario("Sub", set_("a", "inside", "1"))
    interaction = offered(start(), AFTER)
    numbers = list(flow.run_of(interaction).steps.values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    assert step_of(interaction, "after").exit == "next"
