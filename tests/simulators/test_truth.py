"""Adherence boards: each receiver says whom it sees wrongly, once it is told the truth."""

from typing import Any

import pytest
import requests

from tests.simulated import Simulators

RECEIVERS = ("wfm_http", "wfm_aspect", "wfm_calabrio", "wfm_verint", "loxysoft", "statistics", "nice", "nice_uptivity")
LUNCH = {"login_id": "ava", "extension": "1001", "employee_id": None, "state": "NOT_READY", "reason": "Lunch"}
READY = {**LUNCH, "state": "READY", "reason": None}
KEY = "demo-calabrio-key"


def tell(simulated: Simulators, key: str, *agents: dict[str, Any]) -> dict[str, Any]:
    verdict: dict[str, Any] = simulated.call("PUT", f"/{key}/_truth", json={"agents": list(agents)})
    return verdict


def say(simulated: Simulators, code: str) -> None:
    """Calabrio is told a state, which is the shortest message of all receivers."""
    body = {"AuthenticationKey": KEY, "SourceId": "1", "UserCode": "ava", "StateCode": code}
    simulated.call("POST", "/wfm_calabrio/Rta/State/Change", json=body)


@pytest.mark.parametrize("key", RECEIVERS)
def test_a_receiver_that_heard_nothing_is_wrong_about_everybody(simulated, key):
    assert tell(simulated, key)["differences"] == []
    (found,) = tell(simulated, key, LUNCH)["differences"]
    assert (found["agent"], found["seen"]) == ("ava", "LOGGED_OUT") and found["truth"] != "LOGGED_OUT"
    assert tell(simulated, key, {**LUNCH, "state": "LOGGED_OUT"})["differences"] == []


@pytest.mark.parametrize("key", RECEIVERS)
def test_every_receiver_has_a_board_with_the_truth_on_it(simulated, key):
    page = f"{simulated.url}/{key}/"
    assert "Nobody has told this receiver the truth" in requests.get(page, timeout=5).text
    tell(simulated, key, LUNCH)
    text = requests.get(page, timeout=5).text
    assert "1 of 1 agents is seen wrongly" in text and "Adherence board" in text and "in truth" in text


@pytest.mark.parametrize("key", RECEIVERS)
def test_nonsense_is_no_truth(simulated, key):
    for body in ([], {"agents": {}}, {"agents": [{"login_id": "ava", "state": "ASLEEP"}]}):
        assert requests.put(f"{simulated.url}/{key}/_truth", json=body, timeout=5).status_code == 422


def test_the_receiver_measures_how_long_it_was_wrong(simulated):
    tell(simulated, "wfm_calabrio", READY)
    say(simulated, "Lunch")
    wrong = simulated.call("GET", "/wfm_calabrio/_truth")
    assert wrong["differences"][0]["seen"] == "Lunch" and wrong["differences"][0]["truth"] == "Ready"
    say(simulated, "Ready")
    right = simulated.call("GET", "/wfm_calabrio/_truth")
    assert right["differences"] == [] and right["longest_wrong"] >= wrong["longest_wrong"] > 0


def test_a_reset_forgets_the_truth(simulated):
    tell(simulated, "wfm_calabrio", READY)
    simulated.reset()
    assert simulated.call("GET", "/wfm_calabrio/_truth")["told"] is False


def test_someone_whom_the_truth_does_not_know_is_a_difference(simulated):
    tell(simulated, "wfm_calabrio")
    say(simulated, "Ready")
    (found,) = simulated.call("GET", "/wfm_calabrio/_truth")["differences"]
    assert (found["seen"], found["truth"]) == ("Ready", "LOGGED_OUT")
