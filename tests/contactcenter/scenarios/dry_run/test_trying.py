"""Dry runs as people use them: escaping in view, recorded answers, saved tests, limits, the pages."""

from threading import Thread
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from contactcenter.models import DryRun, Scenario, ScenarioRun
from contactcenter.scenarios import runs
from contactcenter.scenarios.dry_run import Call, rehearse, saved
from contactcenter.scenarios.dry_run.answers import Answers
from contactcenter.scenarios.dry_run.facts import DEFAULT
from tests.contactcenter import flow
from tests.factories import AdminFactory

SEARCH = {"look_up": "query", "object_type": "incident", "query": "numberLIKE$(x)", "recordset": "found"}


def test_a_value_that_bites_is_shown_beside_what_was_written(centre: Any) -> None:
    definition = flow.flow(flow.block("find", "servicenow_search", SEARCH))
    story = rehearse(definition, Call(agent="agent1", variables={"x": "1^active=false"}), Answers(recorded=None))
    card = next(card for card in story["cards"] if card["type"] == "block")
    query = next(setting for setting in card["settings"] if setting["name"] == "query")
    (value,) = query["values"]
    assert (value["raw"], value["written"]) == ("1^active=false", "1activefalse")
    assert [text for what, text in value["pieces"] if what == "removed"] == ["^", "="]


def test_a_request_without_a_recorded_answer_is_shown_and_not_sent(centre: Any) -> None:
    story = rehearse(flow.library(), Call(agent="agent1"), Answers(recorded=[]))
    requests = [each for card in story["cards"] for each in card.get("requests", [])]
    assert any("no recorded answer" in each["error"] and each["by"] == "" for each in requests)
    assert story["status"] == "finished"  # the call goes on all the same


def test_a_scenario_that_goes_round_in_circles_is_stopped_and_the_page_says_so(centre: Any) -> None:
    definition = flow.flow(flow.block("a", "log", next="b"), flow.block("b", "log", next="a"))
    story = rehearse(definition, Call(agent="agent1"), Answers(recorded=None))
    assert (story["status"], story["call"]["state"]) == ("failed", "completed")
    assert "round in circles" in story["error"]


def test_a_definition_that_cannot_be_used_is_said_in_words(centre: Any) -> None:
    story = rehearse(
        {"start": "a", "blocks": [{"key": "a", "kind": "gone"}]}, Call(outcome="ringing"), Answers(recorded=None)
    )
    assert story["status"] == "unusable" and "no kind of block 'gone'" in story["error"]


def test_a_saved_run_passes_and_says_in_words_what_a_change_changed(centre: Any) -> None:
    scenario = Scenario.objects.create(name="tried", definition=flow.library())
    story = rehearse(scenario.definition, Call(agent="agent1"), Answers(recorded=None), scenario=scenario)
    test = saved.save(scenario, "whole call", story, list(DEFAULT), recorded=True)
    assert saved.run_and_note(test).differences == []
    again = saved.take_in(scenario, saved.to_yaml(test))
    assert again.pk == test.pk and saved.run(again).ok
    for block in scenario.definition["blocks"]:
        if block["kind"] == "servicenow_create":
            block["settings"]["values"]["short_description"] = "Another"
    result = saved.run(again, scenario.definition)
    assert not result.ok and any("short_description" in sentence for sentence in result.differences)


@pytest.fixture
def client(transactional_db: None) -> Client:
    found = Client()
    found.force_login(AdminFactory())
    return found


def test_the_page_runs_saves_and_runs_again(centre: Any, client: Client) -> None:
    scenario = Scenario.objects.create(name="tried", definition=flow.library())
    url = f"/admin/contactcenter/scenario/{scenario.pk}/try/"
    call = {"version": "0", "answers": "simulated", "number": "+14155550132", "agent": "agent1", "outcome": "released"}
    answer = client.post(url, {**call, "ring_seconds": "5", "talk_seconds": "60", "do": "run"}, follow=True)
    assert "The scenario went to its end" in answer.content.decode()
    run = DryRun.objects.get()
    more = {"do": "save", "run": run.pk, "name": "whole", "compare": DEFAULT, "recorded": "on"}
    assert "is saved" in client.post(url, more, follow=True).content.decode()
    assert "came out as they were saved" in client.post(url, {"do": "run_all"}, follow=True).content.decode()
    wrong = client.post(url, {**call, "at": "yesterday", "ring_seconds": "5", "talk_seconds": "60", "do": "run"})
    assert "is no time" in wrong.content.decode() and "yesterday" in wrong.content.decode()


def test_a_run_that_is_stopped_gives_its_call_to_routing(centre: Any, client: Client) -> None:
    definition = flow.flow(flow.block("connect", "connect_call"))
    Scenario.objects.get(service__code="support").versions.create(number=9, definition=definition)
    interaction = flow.play("offered")
    run = ScenarioRun.objects.get(interaction=interaction)
    assert "On Answer" in runs.waits_for(run)
    page = client.get(f"/admin/contactcenter/scenariorun/{run.pk}/change/").content.decode()
    assert "Where it stands" in page and "data-live" in page
    client.post(f"/admin/contactcenter/scenariorun/{run.pk}/stop/now/")
    run.refresh_from_db()
    assert run.status == "failed" and "Stopped by" in run.error
    interaction.refresh_from_db()
    assert interaction.state == "ringing"


def test_what_was_cached_before_is_still_there_for_every_thread(centre: Any) -> None:
    cache.set("kept", "yes")
    rehearse(flow.library(), Call(agent="agent1"), Answers(recorded=None))
    seen: list[Any] = []
    reader = Thread(target=lambda: seen.append(cache.get("kept")))
    reader.start()
    reader.join()
    assert (cache.get("kept"), seen) == ("yes", ["yes"])
