"""Scenarios: read as cards, edited with errors in words, published as versions."""

import json

import pytest

from contactcenter.admin.blocks import block_cards, in_order
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


def test_text_that_no_screen_could_show_is_refused_on_the_field(console, scenario):
    twice = {"start": "note", "blocks": [DEFINITION["blocks"][0], DEFINITION["blocks"][0]]}
    answer = save(console, scenario, twice)
    assert "2 blocks have the key" in str(answer.context["adminform"].form.errors["definition"])
    assert save(console, scenario, DEFINITION).status_code == 302


def test_an_unfinished_scenario_is_kept_as_a_draft_and_not_published(console, scenario):
    broken = {"start": "note", "blocks": [{**DEFINITION["blocks"][0], "exits": {"next": "nowhere"}}]}
    assert save(console, scenario, broken).status_code == 302
    assert "This is a draft" in console.get(url(scenario)).content.decode()
    console.post(url(scenario, "publish/"))
    assert not scenario.versions.exists()
    save(console, scenario, DEFINITION)
    console.post(url(scenario, "publish/"))
    assert scenario.versions.get().definition == DEFINITION


def test_text_does_not_overwrite_what_somebody_else_saved_meanwhile(console, scenario):
    seen = scenario.updated_at.isoformat()
    scenario.description = "Theirs"
    scenario.save()
    data = {"name": "Mine", "description": "", "definition": json.dumps(DEFINITION), "seen": seen}
    answer = console.post(url(scenario), data)
    assert "changed this scenario meanwhile" in answer.content.decode()
    scenario.refresh_from_db()
    assert (scenario.name, scenario.description) == ("Inbound", "Theirs")
    again = answer.context["adminform"].form["seen"].value()
    assert console.post(url(scenario), {**data, "seen": again}).status_code == 302
    scenario.refresh_from_db()
    assert scenario.name == "Mine"


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


# -- one block as a form


def block_data(**changes):
    return {
        "title": "Note it", "settings-message": "hello $(item.from)", "settings-level": "info", "exits-next": "wait",
        **changes,
    }  # fmt: skip


def test_a_block_is_changed_by_its_form(console, scenario):
    page = console.get(url(scenario, "block/note/")).content.decode()
    assert "Writes down a message" in page and 'value="hello"' in page
    assert console.post(url(scenario, "block/note/"), block_data()).status_code == 302
    scenario.refresh_from_db()
    block = scenario.definition["blocks"][0]
    assert (block["title"], block["settings"]["level"], block["exits"]) == ("Note it", "info", {"next": "wait"})
    assert scenario.definition["blocks"][1] == DEFINITION["blocks"][1]


def test_a_setting_that_cannot_be_is_refused_on_its_field(console, scenario):
    answer = console.post(url(scenario, "block/note/"), block_data(**{"settings-level": "loud"}))
    assert "level" in answer.context["settings"].errors
    scenario.refresh_from_db()
    assert scenario.definition == DEFINITION


def test_a_change_that_cuts_off_another_block_is_saved_and_told(console, scenario):
    answer = console.post(url(scenario, "block/note/"), block_data(**{"exits-next": ""}), follow=True)
    assert "Connect it" in " ".join(map(str, answer.context["messages"]))
    assert console.post(url(scenario, "block/note/"), block_data()).status_code == 302
    scenario.refresh_from_db()
    scenario.publish()


def test_a_block_that_is_not_there_is_not_found(console, scenario):
    assert console.get(url(scenario, "block/nonsense/")).status_code == 404


def test_every_kind_of_block_has_a_form(console, db):
    from contactcenter.scenarios.blocks import BLOCKS

    for kind in BLOCKS:
        block = {"key": "only", "kind": kind.kind, "title": kind.label, "settings": {}, "exits": {}}
        one = Scenario.objects.create(name=kind.kind, definition={"start": "only", "blocks": [block]})
        page = console.get(url(one, "block/only/"))
        assert page.status_code == 200, kind.kind
        assert console.get(url(one)).status_code == 200
