"""Calculations, recordsets and the known variables."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactcenter.models import Interaction
from contactcenter.scenarios import arithmetic
from contactcenter.scenarios.definition import problems, warnings
from contactcenter.scenarios.values import KNOWN, Values
from tests.contactcenter import flow
from tests.contactcenter.flow import block
from tests.factories import AgentFactory, ContactFactory, InteractionFactory

from .played import CONNECT, before, offered, one, play_one

database = pytest.mark.django_db(transaction=True)
NUMBER = {"name": "n", "value_is": "number"}


# -- calculations


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$(a)+1", 8), ("2 + 3 * 4", 14), ("(2+3)*4", 20), ("-$(neg) - 1", 2), ("$(neg)*$(neg)", 9), ("7/2", 3),
        ("-7/2", -3), ("-7 % 4", -3), ("7 % -4", 3), ("$(empty)+1", 1), ("--3", 3), ("10 - 2 - 3", 5),
    ],
)  # fmt: skip
def test_whole_numbers_are_calculated(expression: str, value: int) -> None:
    assert arithmetic.evaluate(expression, {"a": "7", "neg": "-3", "empty": " "}.__getitem__) == value


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "the end"), ("1 +", "the end"), ("(1", "closing bracket"), ("1 2", "not expected"), ("2 ** 3", "expected"),
        ("a + 1", "no part of a calculation"), ("__import__('os')", "no part"), ("9" * 30, "too large"),
        ("(" * 60 + "1", "too many brackets"),
    ],
)  # fmt: skip
def test_what_is_no_calculation_is_refused_when_it_is_saved(expression: str, words: str) -> None:
    with pytest.raises(arithmetic.NotANumber, match=words):
        arithmetic.check(expression)


@pytest.mark.parametrize("value", ["1.5", "1+1", "x", "1)*(2", "٣", "9" * 19])
def test_a_value_that_is_no_whole_number_is_not_calculated_with(value: str) -> None:
    with pytest.raises(arithmetic.NotANumber, match="no whole number"):
        arithmetic.evaluate("$(a) * 2", lambda name: value)


def test_dividing_by_nothing_is_said_in_words() -> None:
    with pytest.raises(arithmetic.NotANumber, match="divided by 0"):
        arithmetic.evaluate("1 / $(a)", lambda name: "0")
    with pytest.raises(arithmetic.NotANumber, match="too large"):
        arithmetic.evaluate("$(a)*$(a)", lambda name: "9" * 18)


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6), st.sampled_from("+-*"))
def test_a_calculation_is_what_python_makes_of_it(a: int, b: int, sign: str) -> None:
    expected = {"+": a + b, "-": a - b, "*": a * b}[sign]
    assert arithmetic.evaluate(f"$(a) {sign} $(b)", {"a": str(a), "b": str(b)}.__getitem__) == expected


@database
def test_set_variable_counts() -> None:
    step = play_one("set_variable", {**NUMBER, "value": "($(n) + 1) * 2"}, n="4")
    assert (step.exit, step.run.variables["n"]) == ("next", "10")


@database
def test_a_calculation_with_a_text_takes_the_failed_exit_and_keeps_the_variable() -> None:
    step = play_one("set_variable", {**NUMBER, "value": "$(n) + 1"}, n="four")
    assert (step.exit, step.run.variables["n"]) == ("failed", "four")
    assert '"four", which is no whole number' in step.error


@database
def test_only_a_calculation_warns_of_an_unconnected_failed_exit() -> None:
    text = block("one", "set_variable", {"name": "n", "value": "x"}, next="connect")
    number = block("one", "set_variable", {**NUMBER, "value": "1"}, next="connect")
    assert warnings(flow.flow(text, CONNECT)) == []
    assert "Failed" in warnings(flow.flow(number, CONNECT))[0]
    broken = block("one", "set_variable", {**NUMBER, "value": "1 +"}, next="connect")
    assert "Value" in problems(flow.flow(broken, CONNECT))[0]


# -- recordsets


def loop(**settings: Any) -> Interaction:
    """Takes down every contact with the number, one after the other."""
    return offered(
        block("find", "identify_contact", {"recordset": "c", **settings}, next="note", several="note", no_data="note"),
        block("note", "set_variable", {"name": "seen", "value": "$(seen)/$(c.first_name)"}, next="more", failed="more"),
        block("more", "get_next_record", {"recordset": "c"}, next="note", no_data="connect"),
    )


@database
def test_get_next_record_moves_until_there_is_none() -> None:
    for name in ("Ann", "Bo", "Cy"):
        ContactFactory(first_name=name, phones=["+14155550132"])
    interaction = loop()
    run = flow.run_of(interaction)
    assert run.variables["seen"] == "/Ann/Bo/Cy"
    assert [exit for key, exit in flow.steps(interaction) if key == "more"] == ["next", "next", "no_data"]


@database
@pytest.mark.parametrize("there", [True, False])
def test_an_empty_or_unknown_recordset_has_no_next_record(there: bool) -> None:
    interaction = loop() if there else offered(one("get_next_record", {"recordset": "nothing"}))
    assert "no_data" in [exit for _, exit in flow.steps(interaction)]
    if not there:
        assert flow.run_of(interaction).steps.get(block="one").outcome == {"note": "There is no such recordset."}


@database
def test_a_search_of_the_same_name_begins_anew() -> None:
    ContactFactory(first_name="Ann", phones=["+14155550132"])
    interaction = offered(
        block("a", "identify_contact", {"recordset": "c"}, next="b", several="b", no_data="b"),
        block("b", "get_next_record", {"recordset": "c"}, next="c", no_data="c"),
        block("c", "set_variable", {"name": "behind", "value": "[$(c.first_name)]"}, next="d"),
        block("d", "identify_contact", {"recordset": "c"}, next="e", several="e", no_data="e"),
        block("e", "set_variable", {"name": "anew", "value": "[$(c.first_name)]"}, next="connect"),
    )
    variables = flow.run_of(interaction).variables
    assert (variables["behind"], variables["anew"]) == ("[]", "[Ann]")


# -- known variables

DOCUMENTED = [
    "ANI", "destination", "item.DNIS", "item.customerPhone", "item.interactionId", "item.interactionStepId",
    "item.globalInteractionId", "global_interaction_id", "item.caseId", "item.caseNumber", "item.contactId",
    "item.firstName", "item.lastName", "item.message", "item.transcript", "item.externalChatData", "user.id",
    "user.loginId", "user.team", "user.firstName", "user.lastName", "agentState", "notReadyReason", "doNotRecord",
    "___sip_response_code___", "fetchURLResultCode", "fetchURLResultBody", "integrationResultCode",
    "integrationResultBody", "screenpopData.X",
]  # fmt: skip


@database
@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_documented_variable_is_known_also_where_it_is_empty(name: str) -> None:
    values = Values({}, InteractionFactory(), None)
    values.text(name)
    assert values.missing == []


@database
def test_every_known_variable_resolves_with_and_without_an_agent() -> None:
    interaction = InteractionFactory(agent=AgentFactory())
    for agent in (None, interaction.agent):
        values = Values({}, interaction, agent)
        assert all(isinstance(values.text(name), str) for name in KNOWN)
        assert values.missing == []


@database
def test_the_case_is_the_related_record_or_the_interactions_own() -> None:
    related = {"kind": "incident", "id": "abc", "title": "INC0010001 Cannot print"}
    ticket = {"kind": "ticket", "id": "35436", "title": "Cannot print"}
    record = {"kind": "interaction", "id": "x", "title": "IMS0001"}

    def case(**records: Any) -> tuple[str, str]:
        values = Values({}, InteractionFactory(records=records), None)
        return values.text("item.caseId"), values.text("item.caseNumber")

    assert case(related=[related], interaction=ticket) == ("abc", "INC0010001")
    assert case(interaction=ticket) == ("35436", "35436")
    assert case(interaction=record) == ("", "")
    assert case() == ("", "")


@database
def test_a_sip_response_can_be_set_and_other_names_of_the_system_cannot() -> None:
    step = play_one("set_variable", {"name": "___sip_response_code___", "value": "486"})
    assert step.run.variables["___sip_response_code___"] == "486"
    broken = flow.flow(*before(x="1"), one("set_variable", {"name": "__x__", "value": "1"}), CONNECT)
    assert "no name of a variable" in problems(broken)[0]
