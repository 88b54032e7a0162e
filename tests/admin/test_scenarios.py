"""Scenarios: read as cards, edited with errors in words, published as versions."""

import json

import pytest

from contactcenter.admin.scenarios import block_cards, in_order
from contactcenter.models import Scenario

from .conftest import DEFINITION


def url(scenario, what="change/"):
    return f"/admin/contactcenter/scenario/{scenario.pk}/{what}"


@pytest.fixture
def scenario(db):
    return Scenario.objects.create(name="Inbound", description="What it is for", definition=DEFINITION)


def save(console, scenario, definition):
    text = definition if isinstance(definition, str) else json.dumps(definition)
    return console.post(url(scenario), {"name": scenario.name, "description": "", "definition": text, "_continue": "1"})


def test_the_definition_reads_as_cards_in_order(console, scenario):
    page = console.get(url(scenario)).content.decode()
    assert page.index("Note the call") < page.index("Connect it")
    assert "What it is for" in page and "Not published" in page


def test_a_block_comes_after_those_that_lead_to_it():
    blocks = {
        "a": {"exits": {"found": "c", "failed": "b"}}, "b": {"exits": {"next": "c"}}, "c": {"exits": {"next": "a"}},
        "lost": {"exits": {}},
    }  # fmt: skip
    assert in_order("a", blocks) == ["a", "b", "c", "lost"]


def test_cards_of_a_definition_that_is_half_finished_do_not_break():
    cards = list(
        block_cards({"start": "x", "blocks": [{"key": "x", "kind": "vanished", "exits": {"next": "nowhere"}}]})
    )
    assert cards[0]["title"] == "x" and "does not have this kind" in str(cards[0]["words"])
    assert list(block_cards({})) == []


def test_a_wrong_comma_is_named_by_line_and_column(console, scenario):
    answer = save(console, scenario, '{"start": "note",\n "blocks": [,]}')
    assert "line 2, column 13" in str(answer.context["adminform"].form.errors["definition"])


def test_a_block_that_cannot_work_is_named_on_the_field(console, scenario):
    broken = {"start": "note", "blocks": [{**DEFINITION["blocks"][0], "exits": {"next": "nowhere"}}]}
    answer = save(console, scenario, broken)
    assert "Note the call" in str(answer.context["adminform"].form.errors["definition"])
    assert save(console, scenario, DEFINITION).status_code == 302


def test_publishing_makes_a_version_once(console, scenario):
    console.post(url(scenario, "publish/"))
    console.post(url(scenario, "publish/"))
    assert [v.number for v in scenario.versions.all()] == [1]
    assert "Version 1 runs" in console.get(url(scenario)).content.decode()


def test_looking_at_the_publish_address_publishes_nothing(console, scenario):
    assert console.get(url(scenario, "publish/")).status_code == 302
    assert not scenario.versions.exists()


def test_what_is_saved_and_not_published_is_said(console, scenario):
    scenario.publish()
    changed = json.loads(json.dumps(DEFINITION))
    changed["blocks"][0]["title"] = "Note it"
    save(console, scenario, changed)
    assert "Changes are not published" in console.get(url(scenario)).content.decode()


def test_a_definition_with_a_fault_is_not_published(console, scenario):
    Scenario.objects.filter(pk=scenario.pk).update(definition={"start": "x", "blocks": []})
    answer = console.post(url(scenario, "publish/"), follow=True)
    assert not scenario.versions.exists()
    assert answer.context["messages"]
