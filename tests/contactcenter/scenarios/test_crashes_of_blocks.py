"""A worker is killed at any query of a scenario full of blocks that act outside of the run: each acts once."""

from typing import Any

import pytest

from contactcenter import digits, mails
from contactcenter.models import Interaction, InternalMessage, OutgoingMail
from integrations.models import IntegrationAccount
from tests.contactcenter import flow
from tests.contactcenter.flow import block
from tests.factories import AgentFactory, ScenarioFactory

from .test_crashes import Death, death, work_as_a_mortal  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(transaction=True)

STRIDE = 11
COUNT = {"name": "count", "value_is": "number", "value": "$(count) + 1"}
BROKEN = {"object_type": "incident", "account": "Nobody's", "values": {"a": "b"}}


def scenario() -> dict[str, Any]:
    sub = ScenarioFactory(
        name="Sub",
        definition=flow.flow(
            block("mail", "email", {"to": "a@example.com", "subject": "x", "body": "x"}, next="sub_count"),
            block("sub_count", "set_variable", COUNT),
        ),
    )
    sub.publish()
    return flow.flow(
        block("digits", "collect_digits", {"prompt": "x", "variable": "keys"}, next="sub"),
        block("sub", "start_another_scenario", {"scenario": "Sub"}, next="message"),
        block("message", "internal_message", {"recipient": "agent", "name": "agent1", "message": "Hi"}, next="page"),
        block("page", "web_screen_pop", {"url": "https://a.example.com/$(keys)"}, next="data"),
        block("data", "attached_data", {"values": {"Keys": "$(keys)"}}, next="broken"),
        block("broken", "servicenow_create", BROKEN),
        block("oops", "exception_handler", None, next="main_count"),
        block("main_count", "set_variable", COUNT, next="connect"),
        block("connect", "connect_call", None, answered="on_answer", next=""),
        block("on_answer", "set_variable", COUNT),
    )


def whole_call(call_id: str, death: Death, *, query: int) -> Interaction:  # noqa: F811
    death.count, death.countdown = 0, query
    interaction = flow.report("offered", call_id)
    work_as_a_mortal(interaction, death)
    flow.work(interaction)
    request = digits.open_requests(interaction).get()
    digits.answer(request.pk, call_id=call_id, digits="7")
    work_as_a_mortal(interaction, death)
    flow.work(interaction)
    for event in ("answered", "released"):
        flow.report(event, call_id, agent="agent1")
        work_as_a_mortal(interaction, death)
        interaction = flow.work(interaction)
    return interaction


def test_killed_at_any_query_every_block_did_its_work_once(death: Death, account: IntegrationAccount) -> None:  # noqa: F811
    support = flow.service(scenario())
    AgentFactory(login="agent1", state="READY", services=[support])
    query = 1
    while death.count or query == 1:
        interaction = flow.complete(whole_call(f"call-{query}", death, query=query))
        run = flow.run_of(interaction)
        assert (run.status, run.variables["count"], run.variables["keys"]) == ("finished", "3", "7")
        assert run.variables["_engine"]["rescues"] == 1
        assert interaction.digit_requests.count() == 1
        assert OutgoingMail.objects.filter(interaction=interaction).count() == 1
        assert InternalMessage.objects.filter(interaction=interaction).count() == 1
        assert [page["url"] for page in interaction.records["pages"]] == ["https://a.example.com/7"]
        assert interaction.attached_data == {"Keys": "7"}
        numbers = list(run.steps.values_list("number", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))
        query += STRIDE
    assert query > 60
    assert mails.send_due() > 0
