"""In the demo the boards of simulated receivers compare by themselves."""

from typing import Any

import pytest

from contactcenter.demo import truth
from contactcenter.feeds import dispatch
from contactcenter.models import Agent, NotReadyReason
from tests.factories import AccountFactory, AgentFactory
from tests.simulated import Simulators


@pytest.fixture
def agents(transactional_db: None) -> None:
    lunch = NotReadyReason.objects.create(key="lunch", name="Lunch")
    AgentFactory(login="ava", state="NOT_READY", reason=lunch)
    AgentFactory(login="ben", state="RINGING")
    AgentFactory(login="out", state="LOGGED_OUT")


def verdict(simulated: Simulators, key: str) -> Any:
    return simulated.call("GET", f"/{key}/_truth")


def test_receivers_that_are_fed_are_told_and_see_everybody_as_they_are(simulated: Simulators, agents: None) -> None:
    account = AccountFactory(provider="wfm_http", simulated=True)
    truth.tell(truth.states())
    assert len(verdict(simulated, "wfm_http")["differences"]) == 2
    dispatch.dispatch_due(hand_over=lambda task, account_id, _: task(account_id))
    told = verdict(simulated, "wfm_http")
    assert (told["told"], told["agents"], told["differences"]) == (True, 2, [])
    assert not verdict(simulated, "loxysoft")["told"]
    account.enabled = False
    account.save()
    Agent.objects.update(state="READY")
    truth.tell(truth.states())
    assert verdict(simulated, "wfm_http")["differences"] == []  # nobody told it of the change


def test_a_recorder_knows_agents_with_their_prefix(simulated: Simulators, agents: None) -> None:
    AccountFactory(
        provider="nice", simulated=True, properties={"username": "demo-nice", "agent_id_prefix": "BP-"},
        secrets={"password": "demo-nice-password"},
    )  # fmt: skip
    truth.tell(truth.states())
    assert {each["agent"] for each in verdict(simulated, "nice")["differences"]} == {"BP-ava", "BP-ben"}


def test_it_goes_on_until_told_to_stop(simulated: Simulators, agents: None, monkeypatch: pytest.MonkeyPatch) -> None:
    AccountFactory(provider="wfm_http", simulated=True)
    monkeypatch.setattr(truth, "EVERY", 0.01)
    turns: list[truth.Told] = []
    monkeypatch.setattr(truth, "tell", turns.append)
    with truth.telling_truth():
        while len(turns) < 3:
            pass
    assert turns[0] == turns[2] and turns[0][0]["reason"] == "Lunch" and turns[0][1]["state"] == "BUSY"
