"""What keeps a scenario from being saved is said in words that name the block."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from contactcenter.models import Scenario
from contactcenter.scenarios.blocks import BLOCKS, BY_KIND
from contactcenter.scenarios.definition import problems, target, unfit, warnings
from contactcenter.scenarios.described import table
from tests.contactcenter.flow import block, flow, library
from tests.factories import AccountFactory

pytestmark = pytest.mark.django_db

CONNECT = block("connect", "connect_call")


def one(definition: Any) -> str:
    (sentence,) = problems(definition)
    return sentence


@pytest.mark.parametrize("definition", [None, [], "x", {}, {"blocks": {}}, {"start": "a", "blocks": [1]}])
def test_what_is_no_scenario_at_all_is_refused(definition: Any) -> None:
    assert "object" in one(definition)


def test_an_empty_scenario_is_refused() -> None:
    assert one({"start": "", "blocks": []}) == "The scenario has no blocks."


def test_too_many_blocks_are_refused() -> None:
    assert "100 are possible" in one({"start": "a", "blocks": [CONNECT] * 101})


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    assert "Block \"a\": this version of the program has no kind of block 'teleport'" in one(
        flow(block("a", "teleport"))
    )


def test_a_key_that_is_no_name_is_refused() -> None:
    assert "small letters" in one(flow(block("A b", "log")))


def test_two_blocks_with_one_key_are_refused() -> None:
    assert '2 blocks have the key "a"' in one(flow(block("a", "log"), block("a", "log")))


def test_a_start_that_leads_nowhere_is_refused() -> None:
    assert one({**flow(CONNECT), "start": ""}) == "The start is not connected to a block."
    assert 'leads to "gone"' in one({**flow(CONNECT), "start": "gone"})


def test_an_exit_to_no_block_is_refused_by_its_label() -> None:
    broken = flow(block("a", "if", yes="gone", no=""))
    assert one(broken) == 'Block "a": the exit "Yes" leads to "gone", and there is no such block.'


def test_an_exit_that_the_block_does_not_have_is_refused() -> None:
    assert "has no exit 'perhaps'" in one(flow(block("a", "if", perhaps="a")))


def test_an_exit_that_is_no_text_is_refused() -> None:
    broken = block("a", "log")
    broken["exits"] = {"next": 5}
    assert "must name a block" in one(flow(broken))


def test_settings_that_are_no_object_are_refused() -> None:
    broken = block("a", "log")
    broken["settings"] = ["x"]
    assert '"settings" must be an object' in one(flow(broken))


def test_a_block_that_is_never_reached_is_refused() -> None:
    assert 'Block "lost" is never reached' in one(flow(CONNECT, block("lost", "log")))


def test_settings_are_checked_by_the_blocks_form() -> None:
    broken = flow(block("find", "servicenow_search", {"recordset": "r", "object_type": "in cident"}))
    object_type, query = problems(broken)
    assert object_type.startswith('Block "find", Object type: Letters, digits')
    assert query == 'Block "find", Encoded query: A search by query needs a query.'


def test_a_setting_that_does_not_exist_is_refused() -> None:
    assert "there is no setting 'colour'" in one(flow(block("a", "log", {"colour": "red"})))


def test_an_account_that_does_not_exist_is_refused() -> None:
    settings = {"account": "Nobody's", "object_id": "$(x)", "values": {"state": "new"}}
    assert 'no integration account "Nobody\'s"' in one(flow(block("a", "servicenow_update", settings)))


@pytest.mark.parametrize("kind", ["zendesk_update", "zendesk_select_account"])
def test_an_account_of_another_type_is_refused(kind: str) -> None:
    AccountFactory(name="ServiceNow demo")
    settings = {"account": "ServiceNow demo"}
    if kind == "zendesk_update":
        settings |= {"object_id": "$(x)", "values": {"status": "open"}}
    words = f"is of another type than {BY_KIND[kind].label} works with"
    assert words in one(flow(block("a", kind, settings)))


@pytest.mark.parametrize("object_type", ["incident", "CO.Vehicle", "Call__c", "$(item.callerKind)"])
def test_an_object_type_is_a_name_or_a_variable(object_type: str) -> None:
    settings = {"object_type": object_type, "object_id": "$(x)", "values": {"state": "new"}}
    assert problems(flow(block("a", "servicenow_update", settings))) == []


@pytest.mark.parametrize("object_type", ["../user", "x y", "$(a)$(b)", "x$(a)", ""])
def test_what_is_no_object_type_is_refused(object_type: str) -> None:
    settings = {"object_type": object_type, "object_id": "$(x)", "values": {"state": "new"}}
    assert "Object type" in one(flow(block("a", "servicenow_update", settings)))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"a": ["x"]}, "must be a text"),
        ({"$(a)": "x"}, "name of a field"),
        ({"a": "$("}, "without a name"),
        ([1], "JSON object"),
        ("{", "Enter a valid JSON"),
    ],
)
def test_fields_of_a_record_are_checked(fields: Any, words: str) -> None:
    assert words in one(flow(block("a", "servicenow_create", {"values": fields})))


@pytest.mark.parametrize("name", ["_engine", "item.customerPhone", "user.x", "a b", "1a", "$(a)"])
def test_a_variable_cannot_take_a_name_of_ours(name: str) -> None:
    assert problems(flow(block("a", "set_variable", {"name": name, "value": "1"})))


def test_an_unsafe_query_is_refused_when_it_is_saved() -> None:
    settings = {"recordset": "r", "query": "$(column)=1"}
    assert "after a column and an operator" in one(flow(block("a", "servicenow_search", settings)))


def test_a_draft_may_have_problems_and_is_not_published() -> None:
    scenario = Scenario(name="Broken", definition=flow(block("a", "teleport")))
    scenario.full_clean()
    scenario.save()
    with pytest.raises(ValidationError, match="no kind of block"):
        scenario.publish()
    scenario.definition = library()
    assert scenario.publish().number == 1


@pytest.mark.parametrize(
    "definition",
    [
        {"blocks": []},
        {"start": "", "blocks": []},
        flow(block("a", "teleport")),
        flow(block("a", "log", next="nowhere")),
    ],
)
def test_what_a_screen_can_show_can_be_a_draft(definition: Any) -> None:
    assert unfit(definition) == ""


@pytest.mark.parametrize(
    "definition",
    [
        None, {"blocks": {}}, {"start": 1, "blocks": []}, {"blocks": [{"key": "Not Small"}]}, {"blocks": [{}]},
        flow(block("a", "log"), block("a", "log")), {"blocks": [{"key": "a", "settings": []}]},
        {"blocks": [{"key": "a", "exits": {"next": 1}}]}, {"blocks": [{"key": "a", "title": 1}]},
    ],
)  # fmt: skip
def test_what_no_screen_can_show_cannot_even_be_a_draft(definition: Any) -> None:
    assert unfit(definition)


def test_problems_and_warnings_know_their_block() -> None:
    definition = flow(block("a", "servicenow_create", {"values": "x"}, next="gone"), block("lost", "log"))
    assert {getattr(sentence, "block", "") for sentence in problems(definition)} == {"a", "lost"}


def test_a_failed_exit_that_is_not_connected_is_only_a_warning() -> None:
    settings = {"values": {"state": "new"}}
    definition = flow(block("a", "servicenow_create", settings, next="connect"), CONNECT)
    assert problems(definition) == []
    assert warnings(definition) == [
        'Block "a": the exit "Failed" is not connected. After a failure the scenario goes on at "Next".'
    ]
    assert target(definition["blocks"][0], "failed") == "connect"


def test_a_scenario_that_connects_nobody_is_a_warning() -> None:
    assert "No block connects the call" in warnings(flow(block("a", "log")))[0]
    assert warnings({}) == []


@pytest.mark.parametrize("kind", BLOCKS)
def test_every_block_describes_itself_and_its_settings(kind: Any) -> None:
    assert BY_KIND[kind.kind] is kind
    assert kind.label and kind.exits
    assert set(kind.final) <= set(kind.exits)
    form = kind.Settings()
    assert all(field.label and field.help_text for field in form.fields.values())


# -- every block, for the editor and for the documentation


@pytest.mark.parametrize("kind", BLOCKS, ids=lambda kind: kind.kind)
def test_every_block_and_every_setting_is_explained(kind: Any) -> None:
    assert kind.label
    assert kind.description
    for name, field in kind.Settings.base_fields.items():
        assert field.label, name
        assert field.help_text, name


def test_the_documentation_has_the_table_of_the_classes() -> None:
    text = Path("docs/scenarios.md").read_text()
    begin, end = text.index("described.py`) -->\n"), text.index("<!-- end -->")
    assert text[begin:end].partition("\n")[2].strip() == table()
