"""The WFM and the recording receiver, strict about their profiles."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests


def agent(login_id: str, state: str = "READY", **changes: Any) -> dict[str, Any]:
    return {
        "login_id": login_id, "employee_id": None, "extension": "1001", "first_name": "J", "last_name": "Smith",
        "team": "Support", "state": state, "state_code": 1, "reason": None, "reason_code": 0,
        "state_since": "2026-01-15T08:58:25Z", "time_in_state": 95, "services": ["Support"], "active": None, **changes,
    }  # fmt: skip


def feed(sequence: int, *agents: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "version": 1, "feed": "wfm-rta", "account": "b2d1", "tenant": "example", "type": "full", "sequence": sequence,
        "timestamp": "2026-01-15T09:00:00Z", "interval": 10, "agents": list(agents), "services": [], **changes,
    }  # fmt: skip


class Wfm:
    def __init__(self, base: str) -> None:
        self.base = f"{base}/wfm_http"

    def post(self, body: dict[str, Any], **headers: str) -> requests.Response:
        return requests.post(f"{self.base}/feed", json=body, headers=headers, timeout=5)

    def board(self) -> dict[str, Any]:
        board: dict[str, Any] = requests.get(f"{self.base}/_board", timeout=5).json()
        return board

    def states(self) -> dict[str, str]:
        return {entry["login_id"]: entry["state"] for entry in self.board()["agents"]}


@pytest.fixture
def wfm(simulators: str) -> Wfm:
    return Wfm(simulators)


def test_a_full_makes_the_board_and_absence_means_logged_out(wfm: Wfm) -> None:
    assert wfm.post(feed(1, agent("a"), agent("b", "NOT_READY", reason="Lunch"))).status_code == 200
    assert wfm.states() == {"a": "READY", "b": "NOT_READY"}
    wfm.post(feed(2, agent("b")))
    assert wfm.states() == {"b": "READY"} and wfm.board()["last_sequence"] == 2


def test_a_test_is_never_a_full(wfm: Wfm) -> None:
    wfm.post(feed(1, agent("a")))
    assert wfm.post(feed(2, type="test")).status_code == 200
    assert wfm.states() == {"a": "READY"} and wfm.board()["tests"] == 1
    assert wfm.post(feed(2, agent("b"))).status_code == 200  # a test takes no place in the sequence


def test_a_delta_changes_only_its_agents_and_needs_a_full_before(wfm: Wfm) -> None:
    assert wfm.post(feed(1, agent("a"), type="delta")).status_code == 422
    wfm.post(feed(2, agent("a"), agent("b")))
    wfm.post(feed(3, agent("b", "LOGGED_OUT"), type="delta"))
    assert wfm.states() == {"a": "READY"}


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (feed(1, agent("b"), agent("a")), "sorted"),
        (feed(1, agent("a", state="Ready")), "state"),
        (feed(1, agent("a", state_since="2026-01-15 08:58:25")), "state_since"),
        (feed(1, agent("a", time_in_state="95")), "time_in_state"),
        (feed(1, timestamp="2026-01-15T09:00:00+00:00"), "timestamp"),
        (feed(1, type="partial"), "type"),
        (feed(1, agent("a"), type="test"), "test"),
        ({key: value for key, value in feed(1).items() if key != "services"}, "services"),
        (feed(1, {key: value for key, value in agent("a").items() if key != "team"}), "team"),
    ],
)
def test_a_body_that_breaks_the_profile_is_refused(wfm: Wfm, body: dict[str, Any], word: str) -> None:
    answer = wfm.post(body)
    assert answer.status_code == 422 and word in answer.text
    assert word in wfm.board()["errors"][0]["text"]


def test_the_sequence_always_rises(wfm: Wfm) -> None:
    wfm.post(feed(5))
    assert wfm.post(feed(5)).status_code == 422
    assert wfm.post(feed(4)).status_code == 422
    assert wfm.post(feed(6)).status_code == 200


def test_the_token_is_checked_when_configured(wfm: Wfm) -> None:
    requests.put(f"{wfm.base}/_settings", json={"token": "demo-wfm-token"}, timeout=5)
    assert wfm.post(feed(1)).status_code == 401
    assert wfm.post(feed(2), Authorization="Bearer wrong").status_code == 401
    assert wfm.post(feed(3), Authorization="Bearer demo-wfm-token").status_code == 200
    requests.put(f"{wfm.base}/_settings", json={"token_header": "X-Feed-Key", "token_scheme": ""}, timeout=5)
    assert wfm.post(feed(4), **{"X-Feed-Key": "demo-wfm-token"}).status_code == 200
    assert "demo-wfm-token" not in requests.get(f"{wfm.base}/_requests?format=json", timeout=5).text


def test_missed_intervals_are_counted(wfm: Wfm) -> None:
    wfm.post(feed(1, interval=0.02))
    time.sleep(0.2)
    wfm.post(feed(2, interval=0.02))
    assert wfm.board()["late"] == 1 and wfm.board()["missed"] >= 3


class Nice:
    def __init__(self, base: str) -> None:
        self.base = f"{base}/nice"
        self.sequence = 0
        self.events = 0

    def event(self, kind: str, **details: Any) -> dict[str, Any]:
        self.events += 1
        return {"id": f"e{self.events}", "type": kind, "at": "2026-01-15T09:00:02.050Z", **details}

    def post(self, *events: dict[str, Any], auth: Any = ("demo-nice", "demo-nice-password")) -> requests.Response:
        self.sequence += 1
        body = {
            "version": 1, "account": "9c1e", "sequence": self.sequence, "sent_at": "2026-01-15T09:00:02Z",
            "events": list(events),
        }  # fmt: skip
        return requests.post(f"{self.base}/events", json=body, auth=auth, timeout=5)

    def start(self) -> None:
        assert self.post(self.event("session.start", agents=[], calls=[])).json()["warnings"] == []

    def call(self, kind: str, **details: Any) -> requests.Response:
        call = {"id": "c1", "from": "+15551230000", "to": "+15559870000"}
        extras: dict[str, dict[str, Any]] = {
            "offered": {"parties": self.parties()},
            "started": {"parties": self.parties()},
            "held": {"agent_id": "BP-jsmith"},
            "retrieved": {"agent_id": "BP-jsmith"},
            "ended": {"duration": 12, "cause": "customer"},
        }
        return self.post(self.event(f"call.{kind}", call=call, **{**extras[kind], **details}))

    def parties(
        self, agent_id: str = "BP-jsmith", extension: str = "9-1001", number: str = "+1555"
    ) -> list[dict[str, str]]:
        return [
            {"role": "agent", "agent_id": agent_id, "extension": extension},
            {"role": "customer", "number": number},
        ]

    def board(self) -> dict[str, Any]:
        board: dict[str, Any] = requests.get(f"{self.base}/_board", timeout=5).json()
        return board


@pytest.fixture
def nice(simulators: str) -> Nice:
    return Nice(simulators)


def test_a_call_that_goes_its_way_brings_no_problem(nice: Nice) -> None:
    nice.start()
    for kind in ("offered", "started", "held", "retrieved", "held", "retrieved", "ended"):
        assert nice.call(kind).json()["warnings"] == []
    call = nice.board()["calls"][0]
    assert call["state"] == "ended" and call["steps"][0] == "offered"


@pytest.mark.parametrize(
    "kinds", [["offered", "held"], ["started", "retrieved"], ["offered", "ended", "started"], ["held"]]
)
def test_an_illegal_order_is_a_problem(nice: Nice, kinds: list[str]) -> None:
    nice.start()
    answers = [nice.call(kind).json()["warnings"] for kind in kinds]
    assert answers[-1] and nice.board()["problems"]


def test_session_start_comes_first(nice: Nice) -> None:
    assert "before session.start" in nice.call("offered").json()["warnings"][0]
    assert nice.post(nice.event("keepalive", active_agents=0, active_calls=0)).json()["warnings"] == []


def test_prefixes_are_there_exactly_once_and_not_on_customers(nice: Nice) -> None:
    requests.put(f"{nice.base}/_settings", json={"agent_prefix": "BP-", "extension_prefix": "9-"}, timeout=5)
    nice.start()
    assert nice.call("offered").json()["warnings"] == []
    assert "lacks" in nice.call("started", parties=nice.parties(agent_id="jsmith")).text
    assert "twice" in nice.call("held", agent_id="BP-BP-jsmith").text
    nice.call("retrieved")
    answer = nice.post(nice.event("call.offered", call={"id": "c2"}, parties=nice.parties(number="9-1555")))
    assert "customer" in answer.text


def test_a_repeated_event_is_counted_and_forgotten(nice: Nice) -> None:
    nice.start()
    event = nice.event("agent.login", agent_id="a", extension="1")
    nice.post(event)
    assert nice.post(event).json()["warnings"] == []
    assert nice.board()["duplicates"] == 1 and len(nice.board()["events"]) == 2


def test_keepalives_and_their_largest_gap_are_known(nice: Nice) -> None:
    for pause in (0, 0.1, 0.3):
        time.sleep(pause)
        nice.post(nice.event("keepalive", active_agents=0, active_calls=0))
    board = nice.board()
    assert board["keepalives"] == 3 and 0.25 < board["largest_keepalive_gap"] < 1


def test_wrong_credentials_are_refused(nice: Nice) -> None:
    assert nice.post(auth=("demo-nice", "wrong")).status_code == 401
    assert nice.post(auth=None).status_code == 401


def test_an_event_that_lacks_something_is_refused(nice: Nice) -> None:
    answer = nice.post(nice.event("call.ended", call={"id": "c1"}))
    assert answer.status_code == 422 and "duration" in answer.text
    assert nice.post(nice.event("call.sung")).status_code == 422


def test_faults_work_here_too(nice: Nice) -> None:
    requests.put(f"{nice.base}/_faults", json={"fault": "server_error", "times": 1}, timeout=5)
    assert nice.post().status_code == 500
    assert nice.post().status_code == 200
