"""Versions of a scenario: who published what, what differs, and the way back. Scenarios as files, and ready ones."""

import copy
import json

import pytest
from django.core.exceptions import ValidationError

from contactcenter.models import Scenario, ScenarioRun
from contactcenter.scenarios import files
from contactcenter.scenarios.definition import problems
from contactcenter.scenarios.differences import differences
from contactcenter.scenarios.offered import before, offered
from contactcenter.scenarios.ready import WORDS, ready_scenario, ready_scenarios
from tests.factories import AccountFactory, InteractionFactory

from .conftest import DEFINITION

IMPORT = "/admin/contactcenter/scenario/import/"


def changed(**note):
    definition = copy.deepcopy(DEFINITION)
    definition["blocks"][0].update(note)
    return definition


@pytest.fixture
def scenario(db):
    return Scenario.objects.create(name="Inbound", definition=copy.deepcopy(DEFINITION))


def url(scenario, what):
    return f"/admin/contactcenter/scenario/{scenario.pk}/{what}"


# -- differences in words


def test_the_same_definition_has_no_differences_and_a_written_default_is_none():
    assert differences(DEFINITION, DEFINITION) == []
    assert differences(DEFINITION, changed(settings={"message": "hello", "level": "warning"})) == []


def test_settings_and_exits_that_differ_are_named_as_the_forms_name_them():
    after = changed(title="Write it", settings={"message": "bye", "level": "error"}, exits={"next": ""})
    (found,) = differences(DEFINITION, after)
    assert (found.key, found.title, found.change) == ("note", "Write it", "changed")
    assert [(row.label, row.before, row.after) for row in found.rows] == [
        ("Title", "Note the call", "Write it"),
        ("Message", "hello", "bye"),
        ("Level", "Warning", "Error"),
        ("Exit “Next”", "Connect it", "not connected"),
    ]


def test_blocks_that_came_or_went_are_told_with_what_is_set_on_them():
    after = {"start": "more", "blocks": [DEFINITION["blocks"][1], {
        "key": "more", "kind": "log", "title": "More", "settings": {"message": "new"}, "exits": {"next": "wait"},
    }]}  # fmt: skip
    found = {one.key: one for one in differences(DEFINITION, after)}
    assert found[""].rows[0].after == "More"
    assert (found["more"].change, found["note"].change) == ("added", "removed")
    assert ("Message", "", "new") in [(r.label, r.before, r.after) for r in found["more"].rows]
    assert ("Message", "hello", "") in [(r.label, r.before, r.after) for r in found["note"].rows]


def test_a_kind_that_is_gone_is_still_compared():
    one = {"start": "a", "blocks": [{"key": "a", "kind": "vanished", "settings": {"x": {"y": 1}}, "exits": {"z": "a"}}]}
    other = copy.deepcopy(one)
    other["blocks"][0]["settings"]["x"] = [1, {"b": 2}]
    (found,) = differences(one, other)
    assert [(row.before, row.after) for row in found.rows] == [("y = 1", '1\n{"b": 2}')]


# -- names that are offered


def test_names_of_earlier_blocks_are_offered_and_those_of_later_ones_are_not(db):
    definition = ready_scenario("servicenow_inbound").definition
    early = {n["name"] for group in offered(definition, "find_incident") for n in group["names"]}
    late = {n["name"] for group in offered(definition, "close") for n in group["names"]}
    assert "caller.__count__" in early and "snowInteraction" not in early
    assert {"snowInteraction", "incident.number", "integrationResultCode", "user.crmId"} <= late


def test_columns_that_the_last_run_really_got_are_offered(scenario):
    search = {
        "key": "find",
        "kind": "servicenow_search",
        "settings": {"recordset": "people"},
        "exits": {"next": "note"},
    }
    scenario.definition = {"start": "find", "blocks": [search, *DEFINITION["blocks"]]}
    records = {"people": {"records": [{"sys_id": "1", "vip": "true"}], "count": 1}}
    version = scenario.versions.create(number=1, definition=scenario.definition)
    ScenarioRun.objects.create(interaction=InteractionFactory(), version=version, variables=records)
    names = {n["name"] for g in offered(scenario.definition, "note", scenario=scenario) for n in g["names"]}
    assert {"people.vip", "people.__count__"} <= names


def test_a_loop_does_not_hold_up_the_search_for_earlier_blocks():
    blocks = {"a": {"key": "a", "exits": {"next": "b"}}, "b": {"key": "b", "exits": {"next": "a"}}}
    assert before("a", blocks) == ["b"]


# -- publishing, comparing, going back


def test_publishing_writes_down_who_and_why(console, admin, scenario):
    console.post(url(scenario, "publish/"), {"note": "The first one"})
    version = scenario.versions.get()
    assert (version.published_by, version.note) == (admin, "The first one")
    page = console.get(url(scenario, "versions/")).content.decode()
    assert "The first one" in page and "Ada Ministra" in page


def test_an_unfinished_definition_is_published_by_nobody(scenario):
    scenario.definition = changed(exits={"next": "nowhere"})
    with pytest.raises(ValidationError):
        scenario.publish()
    scenario.definition = DEFINITION
    assert scenario.publish().number == 1


def test_each_version_says_how_many_calls_are_under_way_on_it(console, scenario):
    first = scenario.publish()
    scenario.definition = changed(title="Second")
    second = scenario.publish()
    for status, version in (("waiting", first), ("running", first), ("finished", first), ("finished", second)):
        ScenarioRun.objects.create(interaction=InteractionFactory(), version=version, status=status)
    shown = console.get(url(scenario, "versions/")).context["versions"]
    assert [(r["version"].number, r["version"].under_way, r["version"].runs) for r in shown] == [(2, 0, 1), (1, 2, 3)]


def test_going_back_publishes_the_old_definition_and_keeps_the_working_copy(console, scenario):
    first = scenario.publish()
    scenario.definition = changed(title="Second")
    scenario.save()
    scenario.publish()
    assert "Second" in console.get(url(scenario, "versions/1/back/")).content.decode()
    assert scenario.versions.count() == 2  # looking changes nothing
    console.post(url(scenario, "versions/1/back/"), {"note": "It was better"})
    third = scenario.versions.first()
    scenario.refresh_from_db()
    assert (third.number, third.definition, third.note) == (3, first.definition, "It was better")
    assert scenario.definition == changed(title="Second")


def test_going_back_replaces_the_working_copy_where_that_is_chosen(console, scenario):
    scenario.publish()
    scenario.definition = changed(title="Second")
    scenario.save()
    scenario.publish()
    console.post(url(scenario, "versions/1/back/"), {"replace": "on"})
    scenario.refresh_from_db()
    assert scenario.definition == DEFINITION


def test_a_version_that_cannot_run_any_more_is_not_gone_back_to(console, scenario):
    account = AccountFactory(name="Soon gone")
    settings = {"account": "Soon gone", "look_up": "phone", "object_type": "sys_user", "recordset": "r"}
    search = {"key": "find", "kind": "servicenow_search", "settings": settings, "exits": {"next": "note"}}
    scenario.definition = {"start": "find", "blocks": [search, *DEFINITION["blocks"]]}
    scenario.publish()
    scenario.definition = DEFINITION
    scenario.publish()
    account.delete()
    page = console.post(url(scenario, "versions/1/back/"), {})
    assert "Soon gone" in page.content.decode() and scenario.versions.count() == 2
    AccountFactory(name="Soon gone")
    assert console.post(url(scenario, "versions/1/back/"), {}).status_code == 302


def test_versions_are_compared_and_what_does_not_exist_is_not_found(console, scenario):
    scenario.publish()
    scenario.definition = changed(title="Second")
    scenario.save()
    page = console.get(url(scenario, "versions/compare/"))
    assert page.context["counts"] == {"added": 0, "removed": 0, "changed": 1}
    assert page.context["editor"]["marks"] == {"note": "changed"}
    assert "Nothing differs" in console.get(url(scenario, "versions/compare/?a=1&b=1")).content.decode()
    for what in (
        "versions/9/",
        "versions/9/back/",
        "versions/compare/?a=9",
        "versions/compare/?a=x",
        "export/?version=9",
    ):
        assert console.get(url(scenario, what)).status_code == 404, what


# -- files


def exported(console, scenario, version=""):
    return console.get(url(scenario, f"export/{version}"))


def imported(console, text, **decisions):
    data = {"text": text, "decided": "1", **{f"decide-{name}": value for name, value in decisions.items()}}
    return console.post(IMPORT, data)


def test_what_is_exported_can_be_imported_again(console, scenario):
    scenario.description = "Über alles"
    scenario.save()
    answer = exported(console, scenario)
    assert 'filename="inbound.scenario.json"' in answer["Content-Disposition"]
    text = answer.content.decode()
    assert "Über alles" in text
    assert imported(console, text, name="Copy").status_code == 302
    copy_ = Scenario.objects.get(name="Copy")
    assert (copy_.definition, copy_.description) == (DEFINITION, "Über alles")
    assert not copy_.versions.exists()


def test_a_version_is_exported_as_it_was_published(console, scenario):
    scenario.publish()
    scenario.definition = changed(title="Second")
    scenario.save()
    assert json.loads(exported(console, scenario, "?version=1").content)["definition"] == DEFINITION


def test_a_file_names_the_accounts_it_needs_and_no_secret():
    settings = {"account": "Production", "recordset": "r"}
    definition = {
        "start": "a",
        "blocks": [{"key": "a", "kind": "servicenow_search", "settings": settings, "exits": {}}],
    }
    content = json.loads(files.write("One", "", definition))
    assert content["accounts"] == [{"name": "Production", "type": "servicenow"}]
    assert (content["format"], content["version"], content["scenarios"]) == ("contactcenter.scenario", 1, [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON: line 1"), ("[]", "no exported scenario"), ("{}", "no exported scenario"),
        ('{"format": "contactcenter.scenario", "version": 2}', "version 2"),
        ('{"format": "contactcenter.scenario", "version": 1}', "a list"),
        ('{"format": "contactcenter.scenario", "version": 1, "definition": {"blocks": [{"key": "A"}]}}', "small l"),
        ("[" * 100_000, "nested too deeply"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_scenario_is_refused_in_words(console, text, words):
    answer = console.post(IMPORT, {"text": text})
    assert words in " ".join(answer.context["file_form"].errors["file"])
    assert not Scenario.objects.exists()


def test_a_missing_account_is_replaced_by_one_of_its_type(console, db):
    AccountFactory(name="Here")
    settings = {"account": "There", "look_up": "phone", "object_type": "sys_user", "recordset": "r"}
    search = {
        "key": "find",
        "kind": "servicenow_search",
        "title": "Find",
        "settings": settings,
        "exits": {"next": "note"},
    }
    text = files.write("Moved", "", {"start": "find", "blocks": [search, *DEFINITION["blocks"]]})
    asked = console.post(IMPORT, {"text": text}).context["decisions"].fields["account_0"]
    assert [key for key, _words in asked.choices] == ["Here", "", "="]
    imported(console, text, name="Moved", account_0="Here")
    moved = Scenario.objects.get(name="Moved")
    assert moved.definition["blocks"][0]["settings"]["account"] == "Here" and problems(moved.definition) == []
    imported(console, text, name="As it was", account_0="=")
    assert "There" in str(problems(Scenario.objects.get(name="As it was").definition))


def test_an_existing_name_is_asked_about(console, scenario):
    scenario.publish()
    text = files.write("Inbound", "New words", changed(title="New"))
    refused = imported(console, text, name="Inbound", existing="new")
    assert "exists already" in str(refused.context["decisions"].errors["name"])
    imported(console, text, name="Inbound", existing="replace")
    scenario.refresh_from_db()
    assert scenario.definition == changed(title="New") and scenario.description == "New words"
    assert scenario.versions.get().definition == DEFINITION


# -- ready ones


def test_every_scenario_of_the_library_can_be_begun_with_and_published(console, db):
    for ready in ready_scenarios():
        assert ready.description and ready.stem in WORDS, f"{ready.stem} is offered without a word of what it does"
        page = console.get(f"/admin/contactcenter/scenario/add/?from={ready.stem}")
        name = page.context["adminform"].form["name"].value()
        answer = console.post(
            f"/admin/contactcenter/scenario/add/?from={ready.stem}", {"name": name, "description": ""}
        )
        scenario = Scenario.objects.get(name=name)
        assert answer.url == url(scenario, "change/")
        assert scenario.definition == ready.definition
        scenario.publish()


def test_a_name_that_is_taken_gets_a_number(console, db):
    name = ready_scenario("zendesk_inbound").name
    Scenario.objects.create(name=name)
    page = console.get("/admin/contactcenter/scenario/add/?from=zendesk_inbound")
    assert page.context["adminform"].form["name"].value() == f"{name} 2"


def test_an_empty_scenario_begins_with_a_name_alone(console, db):
    answer = console.post("/admin/contactcenter/scenario/add/", {"name": "Mine", "description": ""})
    scenario = Scenario.objects.get(name="Mine")
    assert answer.url == url(scenario, "change/") and scenario.definition == {"start": "", "blocks": []}
    assert "library" not in console.get("/admin/contactcenter/scenario/add/?from=../../settings").content.decode()
