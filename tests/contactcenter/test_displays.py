"""Records that open in the agent's browser by themselves, though the desktop stands alone (Talk Partner Edition)."""

from collections.abc import Iterator
from typing import Any

import pytest

from contactcenter import displays, showing
from contactcenter.models import Agent, AgentEvent, Interaction
from integrations.models import IntegrationAccount
from integrations.simulators.server import running
from tests.factories import AccountFactory, AgentFactory, InteractionFactory
from tests.simulated import Simulators

pytestmark = pytest.mark.django_db(transaction=True)
TALK = {
    "authorization_type": "api_token", "user_name": "integration@example.com", "talk_partner_edition": True,
    "outside_zendesk": "display",
}  # fmt: skip
SECRETS = {"api_token": "demo-zendesk-api-token"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running() as base:
        yield base


@pytest.fixture
def simulators(address: str, settings: Any) -> Simulators:
    settings.SIMULATOR_URL = address
    found = Simulators(address)
    found.call("POST", "/zendesk/_reset")
    return found


@pytest.fixture
def account() -> IntegrationAccount:
    return AccountFactory(name="Zendesk demo", provider="zendesk", properties=TALK, secrets=SECRETS)


@pytest.fixture
def agent() -> Agent:
    made: Agent = AgentFactory(login="agent1", state="BUSY")
    return made


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the workers are asked for."""
    found: list[tuple[Any, ...]] = []
    monkeypatch.setattr(displays, "nudge", lambda task, *args, expires: found.append(args))
    return found


def pop(account: IntegrationAccount, user: str = "5009") -> dict[str, str]:
    url = f"http://help.example/agent/users/{user}"
    return {"account": str(account.public_id), "title": "Don Goodliffe", "url": url, "entity": "user", "query": user}


@pytest.fixture
def call(agent: Agent) -> Interaction:
    made: Interaction = InteractionFactory(agent=agent, state="active")
    return made


def opened(simulators: Simulators) -> list[list[str]]:
    return [row[1:3] for row in simulators.call("GET", "/zendesk/_board")["displayed"]]


def test_a_record_opens_in_the_browser_of_an_agent_whose_desktop_stands_alone(
    simulators: Simulators, account: IntegrationAccount, agent: Agent, call: Interaction, asked: list[Any]
) -> None:
    showing.screen_pop(call, pop(account))
    [args] = asked
    displays.show(*args)
    displays.show(*args)
    assert opened(simulators) == [["Ava Martin", "user 5009"]] * 2
    assert [event.kind for event in AgentEvent.objects.filter(agent=agent)] == ["screen_pop"]


def test_inside_a_crms_page_and_without_the_wish_the_desktop_alone_opens_it(
    account: IntegrationAccount, agent: Agent, call: Interaction, asked: list[Any]
) -> None:
    Agent.objects.filter(pk=agent.pk).update(host_account=account)
    showing.screen_pop(call, pop(account))
    Agent.objects.filter(pk=agent.pk).update(host_account=None)
    IntegrationAccount.objects.filter(pk=account.pk).update(properties={**TALK, "outside_zendesk": "link"})
    showing.screen_pop(call, pop(account, "5010"))
    IntegrationAccount.objects.filter(pk=account.pk).update(properties=TALK, enabled=False)
    showing.screen_pop(call, pop(account, "5011"))
    assert asked == []
    IntegrationAccount.objects.filter(pk=account.pk).update(enabled=True)
    showing.screen_pop(call, pop(account, "5012"))
    assert len(asked) == 1


def test_what_zendesk_refuses_is_said_beside_the_link_and_the_next_record_opens(
    simulators: Simulators, account: IntegrationAccount, agent: Agent, call: Interaction, asked: list[Any]
) -> None:
    simulators.settings("zendesk", talk_partner_edition=False)
    showing.screen_pop(call, pop(account))
    displays.show(*asked[-1])
    notice = AgentEvent.objects.filter(agent=agent, kind="notice").get()
    assert "did not open in Zendesk demo: use the link." in notice.data["text"]
    simulators.settings("zendesk", talk_partner_edition=True)
    showing.screen_pop(call, pop(account, "5010"))
    displays.show(*asked[-1])
    assert opened(simulators) == [["Ava Martin", "user 5010"]]


def test_an_agent_whom_zendesk_does_not_know_is_told_who_acts(
    simulators: Simulators, account: IntegrationAccount, asked: list[Any]
) -> None:
    stranger = AgentFactory(login="stranger", state="BUSY")
    showing.screen_pop(InteractionFactory(agent=stranger, state="active"), pop(account))
    displays.show(*asked[-1])
    assert "Ask your administrator for the same e-mail address" in str(
        AgentEvent.objects.get(agent=stranger, kind="notice").data
    )


def test_a_call_that_is_with_somebody_else_by_now_opens_nothing(
    simulators: Simulators, account: IntegrationAccount, call: Interaction, asked: list[Any]
) -> None:
    showing.screen_pop(call, pop(account))
    Interaction.objects.filter(pk=call.pk).update(agent=AgentFactory(login="agent2"))
    displays.show(*asked[-1])
    assert opened(simulators) == []
