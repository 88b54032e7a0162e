"""What the scenario editor asks the server: checks, forms, saving with conflicts; and who may ask."""

import copy
import json

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from contactcenter.admin.groups import ensure_supervisors
from contactcenter.models import Scenario
from contactcenter.scenarios.blocks import BLOCKS
from contactcenter.scenarios.palette import GROUPS, catalogue_of_blocks
from tests.factories import AccountFactory, UserFactory

from .conftest import DEFINITION


@pytest.fixture
def scenario(db):
    return Scenario.objects.create(name="Inbound", definition=copy.deepcopy(DEFINITION))


def ask(client, scenario, what, **question):
    address = f"/admin/contactcenter/scenario/{scenario.pk}/editor/{what}/"
    return client.post(address, json.dumps({"definition": scenario.definition, **question}), "application/json")


def page_data(client, scenario):
    page = client.get(f"/admin/contactcenter/scenario/{scenario.pk}/change/").content.decode()
    text = page.split('<script id="scenario-data" type="application/json">')[1].split("</script>")[0]
    return json.loads(text)


def block(kind, **more):
    return {"key": "only", "kind": kind, "title": "The block", "settings": {}, "exits": {}, **more}


def one(kind, **more):
    return {"start": "only", "blocks": [block(kind, **more)]}


# -- the palette


def test_every_kind_of_block_is_in_the_palette_with_a_group_and_words():
    kinds = {entry["kind"]: entry for entry in catalogue_of_blocks()["kinds"]}
    assert set(kinds) == {kind.kind for kind in BLOCKS}
    assert all(entry["group"] in GROUPS and entry["words"] for entry in kinds.values())
    assert kinds["servicenow_search"]["group"] == "crm" and kinds["servicenow_search"]["vendor"] == "ServiceNow"
    assert (kinds["if"]["group"], kinds["connect_call"]["group"]) == ("logic", "call")


def test_only_exits_that_have_a_next_to_go_to_fall_through():
    kinds = {entry["kind"]: entry for entry in catalogue_of_blocks()["kinds"]}
    assert {e["key"] for e in kinds["servicenow_search"]["exits"] if e["falls"]} == {"several", "no_data", "failed"}
    assert not any(e["falls"] for e in kinds["if"]["exits"])
    assert kinds["if"]["onward"] == "yes"


# -- check


def test_a_check_names_the_block_of_each_problem(console, scenario):
    broken = {"start": "only", "blocks": [block("servicenow_search"), {**block("log"), "key": "lost", "title": "Lost"}]}
    answer = ask(console, scenario, "check", definition=broken).json()
    found = {(one["block"], one["words"]) for one in answer["problems"]}
    assert {key for key, _words in found} == {"only", "lost"}
    assert any("Recordset name" in words for _key, words in found)
    assert any("never reached" in words for _key, words in found)
    fixed = ask(console, scenario, "check").json()
    assert fixed == {"problems": [], "warnings": []}


def test_warnings_name_their_block_too(console, scenario):
    settings = {"account": "", "look_up": "phone", "object_type": "sys_user", "recordset": "caller"}
    answer = ask(console, scenario, "check", definition=one("servicenow_search", settings=settings)).json()
    assert answer["problems"] == []
    assert [w["block"] for w in answer["warnings"]] == ["only", ""]


@pytest.mark.parametrize(
    "definition",
    [None, [], {"blocks": 1}, {"blocks": [1]}, {"blocks": [{"key": "a", "exits": []}]}, {"start": 1, "blocks": []}],
)
def test_what_is_no_definition_is_answered_in_words(console, scenario, definition):
    for what in ("check", "form", "save"):
        answer = ask(console, scenario, what, definition=definition)
        assert answer.status_code == 400 and answer.json()["fault"], what
    scenario.refresh_from_db()
    assert scenario.definition == DEFINITION


def test_a_body_that_is_not_json_is_answered_in_words(console, scenario):
    address = f"/admin/contactcenter/scenario/{scenario.pk}/editor/save/"
    for body in ("{", "[]", "[" * 100_000):
        assert console.post(address, body, "application/json").status_code == 400
    assert console.get(address).status_code == 405


# -- form


def test_every_kind_has_a_form_with_help_and_names(console, scenario):
    for kind in BLOCKS:
        answer = ask(console, scenario, "form", definition=one(kind.kind), key="only").json()
        assert answer["errors"] == {}, kind.kind  # a new block is not scolded
        for name in kind.Settings.base_fields:
            assert f'name="settings-{name}"' in answer["html"], (kind.kind, name)
        assert any(name["name"] == "item.customerPhone" for group in answer["names"] for name in group["names"])


def test_what_was_typed_comes_back_as_settings(console, scenario):
    typed = "settings-message=hello+%24(item.customerPhone)&settings-level=error"
    answer = ask(console, scenario, "form", key="note", typed=typed).json()
    assert answer == {"settings": {"message": "hello $(item.customerPhone)", "level": "error"}, "errors": {}}


def test_what_the_form_refuses_is_kept_as_it_was_typed_and_shown_again(console, scenario):
    typed = "settings-object_type=incident&settings-values=%7B%22state%22%3A"
    answer = ask(console, scenario, "form", definition=one("servicenow_create"), key="only", typed=typed).json()
    assert answer["settings"]["values"] == '{"state":'
    assert "values" in answer["errors"]
    stored = one("servicenow_create", settings=answer["settings"])
    again = ask(console, scenario, "form", definition=stored, key="only").json()
    assert "{&quot;state&quot;:</textarea>" in again["html"].replace("\n", "")
    assert "values" in again["errors"]
    typed = "settings-object_type=incident&settings-values=%7B%22state%22%3A+%22new%22%7D"
    mended = ask(console, scenario, "form", definition=stored, key="only", typed=typed).json()
    assert mended["settings"]["values"] == {"state": "new"} and mended["errors"] == {}


def test_defaults_are_not_written_down_unasked(console, scenario):
    typed = "settings-message=&settings-level=warning"
    answer = ask(console, scenario, "form", definition=one("log"), key="only", typed=typed).json()
    assert answer["settings"] == {} or answer["settings"] == {"message": ""}


def test_accounts_of_the_type_are_offered_and_a_missing_one_stays(console, scenario):
    AccountFactory(name="Production")
    definition = one("servicenow_search", settings={"account": "Gone"})
    html = ask(console, scenario, "form", definition=definition, key="only").json()["html"]
    assert ">Production</option>" in html
    assert 'value="Gone" selected' in html and "there is no such account" in html


def test_a_kind_that_this_program_does_not_have_is_said(console, scenario):
    answer = ask(console, scenario, "form", definition=one("vanished"), key="only")
    assert answer.status_code == 404 and "does not have this kind" in answer.json()["fault"]


# -- save


def test_a_save_keeps_the_working_copy_and_says_by_whom(console, admin, scenario):
    seen = page_data(console, scenario)["seen"]
    changed = copy.deepcopy(DEFINITION)
    changed["blocks"][0]["title"] = "Write it down"
    answer = ask(console, scenario, "save", definition=changed, seen=seen, name="Renamed", description="Why")
    assert answer.status_code == 200
    scenario.refresh_from_db()
    assert (scenario.name, scenario.description, scenario.definition) == ("Renamed", "Why", changed)
    assert scenario.updated_by == admin
    assert answer.json()["seen"] == page_data(console, scenario)["seen"]


def test_a_draft_with_problems_is_kept_and_cannot_be_published(console, scenario):
    draft = one("servicenow_search", settings={"limit": "many"}, exits={"next": "nowhere"})
    seen = page_data(console, scenario)["seen"]
    assert ask(console, scenario, "save", definition=draft, seen=seen).status_code == 200
    scenario.refresh_from_db()
    assert scenario.definition == draft
    answer = console.post(f"/admin/contactcenter/scenario/{scenario.pk}/publish/", follow=True)
    assert "Nothing was published" in answer.content.decode()
    assert page_data(console, scenario)["definition"] == draft
    assert not scenario.versions.exists()


def test_somebody_elses_change_is_not_overwritten_and_both_are_shown(console, scenario):
    seen = page_data(console, scenario)["seen"]
    theirs, mine = copy.deepcopy(DEFINITION), copy.deepcopy(DEFINITION)
    theirs["blocks"][0]["title"] = "Theirs"
    mine["blocks"][1]["title"] = "Mine"
    other = Client()
    other.force_login(UserFactory(is_staff=True, is_superuser=True, first_name="Bea", last_name="Second"))
    assert ask(other, scenario, "save", definition=theirs, seen=seen).status_code == 200
    answer = ask(console, scenario, "save", definition=mine, seen=seen)
    assert answer.status_code == 409
    told = answer.json()
    assert told["theirs"]["definition"] == theirs and told["theirs"]["by"] == "Bea Second"
    assert {(d["key"], d["rows"][0]["before"], d["rows"][0]["after"]) for d in told["differences"]} == {
        ("note", "Theirs", "Note the call"), ("wait", "Connect it", "Mine"),
    }  # fmt: skip
    scenario.refresh_from_db()
    assert scenario.definition == theirs
    assert ask(console, scenario, "save", definition=mine, seen=told["theirs"]["seen"]).status_code == 200
    scenario.refresh_from_db()
    assert scenario.definition == mine


def test_a_name_that_is_taken_or_empty_is_refused_and_nothing_is_saved(console, scenario):
    Scenario.objects.create(name="Taken")
    seen = page_data(console, scenario)["seen"]
    for name in ("Taken", " "):
        answer = ask(console, scenario, "save", seen=seen, name=name)
        assert answer.status_code == 400 and answer.json()["errors"]["name"]
    assert ask(console, scenario, "save", seen=seen, name="Free").status_code == 200


def test_markup_in_a_definition_cannot_leave_the_data_of_the_page(console, scenario):
    scenario.definition["blocks"][0]["title"] = "</script><script>alert(1)</script>"
    scenario.save()
    page = console.get(f"/admin/contactcenter/scenario/{scenario.pk}/change/").content.decode()
    assert "<script>alert(1)" not in page
    assert page_data(console, scenario)["definition"] == scenario.definition


# -- rights


@pytest.fixture
def supervisor(db, client):
    user = UserFactory(is_staff=True)
    user.groups.add(ensure_supervisors())
    client.force_login(user)
    return client


def test_who_may_only_look_can_read_everything_and_change_nothing(supervisor, scenario):
    assert page_data(supervisor, scenario)["mayChange"] is False
    assert ask(supervisor, scenario, "check").status_code == 200
    assert ask(supervisor, scenario, "form", key="note").status_code == 200
    version = scenario.publish()
    base = f"/admin/contactcenter/scenario/{scenario.pk}"
    for page in ("versions/", f"versions/{version.number}/", "versions/compare/", "export/"):
        assert supervisor.get(f"{base}/{page}").status_code == 200, page
    assert ask(supervisor, scenario, "save", seen="").status_code == 403
    for page in ("publish/", f"versions/{version.number}/back/", "block/note/"):
        assert supervisor.post(f"{base}/{page}").status_code == 403, page
    assert supervisor.get("/admin/contactcenter/scenario/import/").status_code == 403
    assert supervisor.get("/admin/contactcenter/scenario/add/").status_code == 403


def test_who_may_not_look_is_told_nothing(client, db, scenario):
    client.force_login(UserFactory(is_staff=True))
    assert ask(client, scenario, "check").status_code == 403
    assert client.get(f"/admin/contactcenter/scenario/{scenario.pk}/export/").status_code == 403
    anonymous = Client()
    assert ask(anonymous, scenario, "save").status_code == 302


def test_a_question_without_the_token_of_the_page_is_refused(admin, scenario):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin)
    assert ask(strict, scenario, "save", seen="").status_code == 403


def test_who_may_add_but_not_change_cannot_replace_by_an_import(client, db, scenario):
    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["add_scenario", "view_scenario"]))
    client.force_login(user)
    text = json.dumps({"format": "contactcenter.scenario", "version": 1, "name": "Inbound", "definition": DEFINITION})
    answer = client.post(
        "/admin/contactcenter/scenario/import/",
        {"text": text, "decided": "1", "decide-name": "Inbound", "decide-existing": "replace"},
    )
    assert "exists already" in answer.content.decode()
    assert Scenario.objects.count() == 1
