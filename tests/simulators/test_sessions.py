"""WebSockets at the simulators: sessions are recorded, and faults happen to them as they happen to requests."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.sync.client import ClientConnection, connect

KEY = "demo-govivace-key"
CAPS = "audio/x-raw,+layout=(string)interleaved,+rate=(int)8000,+format=(string)S16LE,+channels=(int)1"
SILENCE = bytes(3200)


class Engine:
    """The simulated GoVivace engine, as a client sees it, and the hands of a tester."""

    def __init__(self, base: str) -> None:
        self.base = f"{base}/stt_govivace"
        requests.post(f"{self.base}/_reset", timeout=5)

    def open(self, path: str = "/telephony", key: str = KEY, **headers: str) -> Any:
        url = f"ws{self.base.removeprefix('http')}{path}?key={key}&content-type={CAPS}"
        return connect(url, additional_headers=headers, proxy=None)

    def fault(self, name: str, **details: Any) -> None:
        answer = requests.put(f"{self.base}/_faults", json={"fault": name, **details}, timeout=5)
        assert answer.status_code == 200, answer.text

    def exchange(self) -> dict[str, Any]:
        """The last one, once it is finished."""
        for _ in range(100):
            found: dict[str, Any] = requests.get(f"{self.base}/_requests?format=json", timeout=5).json()[-1]
            if found["duration_ms"] is not None:
                return found
            time.sleep(0.05)
        raise AssertionError("the session was never recorded as finished")


@pytest.fixture
def engine(address: str) -> Iterator[Engine]:
    yield Engine(address)
    requests.post(f"{address}/stt_govivace/_reset", timeout=5)


def last_words(session: ClientConnection) -> list[Any]:
    return [json.loads(frame) for frame in session]


def status_of_refusal(engine: Engine) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as refusal, engine.open():
        pass
    response = refusal.value.response
    return response.status_code, response.headers.get("Content-Type", "")


def test_a_session_is_recorded_as_one_exchange_without_its_key(engine: Engine) -> None:
    with engine.open() as session:
        session.send(SILENCE)
        session.send(SILENCE)
        session.send("EOS")
        assert last_words(session) == [{"status": 1}]
    found = engine.exchange()
    assert (found["method"], found["path"], found["status"]) == ("GET", "/telephony", 101)
    assert found["query"]["key"] == "•••" and "S16LE" in found["query"]["content-type"]
    assert found["body"] == {"frames": {"text": 1, "binary": 2, "bytes": 6403}, "texts": ["EOS"]}
    assert found["response_body"]["texts"] == [{"status": 1}] and found["response_body"]["close"] == 1000
    assert KEY not in json.dumps(found)


def test_a_wrong_key_is_refused_at_the_handshake_and_recorded(engine: Engine) -> None:
    with pytest.raises(InvalidStatus) as refusal, engine.open(key="another"):
        pass
    assert refusal.value.response.status_code == 401
    assert engine.exchange()["status"] == 401


@pytest.mark.parametrize(
    ("fault", "status"),
    [("bad_credentials", 401), ("missing_permission", 403), ("rate_limit", 429), ("server_error", 500), ("html", 200)],
)
def test_a_vendors_refusal_comes_instead_of_the_handshake(engine: Engine, fault: str, status: int) -> None:
    engine.fault(fault, times=1)
    assert status_of_refusal(engine)[0] == status
    assert (engine.exchange()["fault"], engine.exchange()["status"]) == (fault, status)
    with engine.open() as session:  # healthy again
        session.send("EOS")
        assert last_words(session) == [{"status": 1}]


def test_a_request_may_ask_for_its_own_fault(engine: Engine) -> None:
    with pytest.raises(InvalidStatus) as refusal, engine.open(**{"X-Simulate-Fault": "server_error"}):
        pass
    assert refusal.value.response.status_code == 500
    with pytest.raises(InvalidStatus) as unknown, engine.open(**{"X-Simulate-Fault": "nonsense"}):
        pass
    assert unknown.value.response.status_code == 400


def test_a_reset_at_the_handshake_leaves_no_answer(engine: Engine) -> None:
    engine.fault("reset", times=1)
    with pytest.raises((InvalidMessage, OSError)), engine.open():
        pass
    assert engine.exchange()["status"] is None


def test_a_reset_in_the_middle_breaks_the_session_off(engine: Engine) -> None:
    engine.fault("reset", times=1, options={"after": 2})
    with engine.open() as session:
        session.send(SILENCE)
        session.send(SILENCE)
        with pytest.raises(ConnectionClosed) as end:
            session.recv(timeout=5)
    assert end.value.rcvd is None
    assert engine.exchange()["body"]["frames"]["binary"] == 2


def test_a_session_that_hangs_says_nothing_more(engine: Engine) -> None:
    engine.fault("hang", times=1, options={"after": 1})
    with engine.open() as session:
        session.send("EOS")
        with pytest.raises(TimeoutError):
            session.recv(timeout=0.3)


def test_answers_come_late_cut_or_in_another_shape(engine: Engine) -> None:
    for fault, options, wanted in (
        ("slow", {"delay": 0.3}, '{"status":1}'),
        ("truncated", {}, '{"stat'),
        ("wrong_shape", {}, '{"unexpected": [1, 2, 3]}'),
    ):
        engine.fault(fault, times=1, options=options)
        with engine.open() as session:
            began = time.monotonic()
            session.send("EOS")
            assert session.recv(timeout=5) == wanted
            assert time.monotonic() - began >= options.get("delay", 0)


def test_a_frame_over_four_megabytes_is_closed_with_1009(engine: Engine) -> None:
    head = b"\x82\xff" + struct.pack("!Q", 4 * 1024 * 1024 + 1) + bytes(4)  # binary, masked, and no more of it
    with pytest.raises(ConnectionClosed) as end, engine.open() as session:
        session.socket.sendall(head)
        session.recv(timeout=5)
    assert end.value.rcvd is not None and end.value.rcvd.code == 1009


def test_a_simulator_without_websockets_refuses_them(address: str) -> None:
    with pytest.raises(InvalidStatus), connect(f"ws{address.removeprefix('http')}/nice/events", proxy=None):
        pass


def test_requests_are_still_answered_beside_sessions(engine: Engine) -> None:
    with engine.open() as session:
        session.send(SILENCE)
        began = time.monotonic()
        assert requests.get(f"{engine.base}/_counts", timeout=5).json()["sessions"] == 1
        assert time.monotonic() - began < 3
