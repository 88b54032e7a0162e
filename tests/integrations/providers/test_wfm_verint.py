"""WFM by Verint's events: profile `verint-ndjson-1` to the byte, an open line, and receivers that misbehave."""

import json
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.capabilities import AgentSnapshot, FeedContext, Snapshot
from integrations.errors import IntegrationError
from integrations.models import IntegrationAccount
from integrations.providers.wfm_verint import EventLine, WfmVerint
from integrations.simulators.wfm_verint import EVENT, read
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
AVA = AgentSnapshot("ava", None, None, "Ava", "M", "Support", "NOT_READY", "Lunch", AT - timedelta(seconds=95))
BEN = AVA._replace(login_id="ben", state="READY", reason=None, team=None)
NORMAL = (
    b'{"eventType":28,"agentId":"","monitorParty":"","timeStamp":"2026-01-15T09:00:00Z","agentMode":0,'
    b'"agentGroup":"","agentData":"","badDevType":"","reasonCode":"","extErrorCode":1}\n'
)
LOGIN = (
    b'{"eventType":26,"agentId":"ava","monitorParty":"","timeStamp":"2026-01-15T08:58:25Z","agentMode":5,'
    b'"agentGroup":"Support","agentData":"","badDevType":"","reasonCode":"Lunch","extErrorCode":0}\n'
)


class Recorded:
    """What a stream was given to send."""

    def __init__(self) -> None:
        self.data = b""

    def send(self, data: bytes) -> None:
        self.data += data

    def taken(self) -> list[tuple[Any, ...]]:
        events, self.data = [json.loads(line) for line in self.data.splitlines()], b""
        return [(e["eventType"], e["agentId"], e["agentMode"], e["extErrorCode"]) for e in events]


def line(full_every: float = 900) -> tuple[EventLine, Recorded]:
    stream = Recorded()
    return EventLine(stream, full_every=full_every), stream  # type: ignore[arg-type]


def picture(*agents: AgentSnapshot, at: datetime = AT) -> Snapshot:
    return Snapshot(at, agents, ())


def context(number: int) -> FeedContext:
    return FeedContext(number, 10.0)


def connect() -> WfmVerint:
    IntegrationAccount.objects.all().delete()
    made: WfmVerint = AccountFactory(provider="wfm_verint", properties={}).connect()
    return made


@pytest.fixture
def receiver(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("wfm_verint")


def eventually(receiver: Vendor, **wanted: Any) -> dict[str, Any]:
    for _ in range(150):
        board = receiver.board()
        if all(board[name] == value for name, value in wanted.items()):
            return board
        time.sleep(0.02)
    raise AssertionError(f"{wanted}: {board}")


def states(board: dict[str, Any]) -> dict[str, str]:
    return {agent["agent_id"]: agent["state"] for agent in board["agents"]}


# -- bytes


def test_the_beginning_to_the_byte():
    feed, stream = line()
    pushed = feed.push(picture(AVA), context(1))
    assert stream.data == NORMAL + LOGIN
    assert (pushed.kind, pushed.agents, pushed.size) == ("full", 1, len(NORMAL + LOGIN))


def test_log_ins_changes_and_log_outs_have_their_types():
    feed, stream = line()
    feed.push(picture(AVA), context(1))
    stream.taken()
    feed.push(picture(AVA._replace(state="BUSY", reason=None), BEN), context(2))
    assert stream.taken() == [(28, "ava", 2, 0), (26, "ben", 1, 0)]
    feed.push(picture(BEN), context(3))
    assert stream.taken() == [(27, "ava", 27, 0)]
    assert feed.push(picture(BEN), context(4)).kind == "keep_alive" and stream.taken() == []


@pytest.mark.parametrize(
    ("state", "mode"), [("READY", 1), ("BUSY", 2), ("ACW", 3), ("SUPERVISING", 4), ("NOT_READY", 5)]
)
def test_every_state_has_its_mode(state, mode):
    feed, stream = line()
    feed.push(picture(BEN._replace(state=state)), context(1))
    assert stream.taken()[1] == (26, "ben", mode, 0)


def test_everybody_is_said_again_after_the_full_update_interval():
    feed, stream = line(full_every=0)
    feed.push(picture(AVA, BEN), context(1))
    stream.taken()
    assert feed.push(picture(AVA, BEN), context(2)).kind == "full"
    assert stream.taken() == [(28, "ava", 5, 0), (28, "ben", 1, 0)]


def test_texts_are_cut_and_an_identity_never_is():
    feed, stream = line()
    odd = AVA._replace(reason="Training\nfor the new telephones", team="A team with a very long name")
    too_long = BEN._replace(login_id="b" * 129)
    feed.push(picture(odd, too_long), context(1))
    event = json.loads(stream.data.splitlines()[1])
    assert (event["reasonCode"], event["agentGroup"]) == ("Training\nfor the new tel", "A team with a very long ")
    assert len(stream.taken()) == 2
    assert len(connect().remarks(picture(odd, too_long))) == 2


def test_the_feed_says_when_states_cannot_be_read_and_begins_anew_after_it():
    feed, stream = line()
    feed.push(picture(AVA), context(1))
    stream.taken()
    feed.unavailable()
    feed.unavailable()
    assert stream.taken() == [(28, "", 0, 3)]
    feed.push(picture(BEN), context(2))
    assert stream.taken() == [(28, "", 0, 1), (26, "ben", 1, 0)]


# -- against the receiver


def test_the_receiver_sees_what_is_true(receiver):
    feed = connect().open_line()
    feed.push(picture(AVA, BEN), context(1))
    feed.push(picture(BEN._replace(state="BUSY")), context(2))
    board = eventually(receiver, events=5)
    assert states(board) == {"ben": "BUSY"} and board["problems"] == [] and board["health"] == "normal"
    feed.close(context(3))
    assert eventually(receiver, shutdowns=1)["problems"] == []


def test_a_new_line_makes_the_receiver_forget(receiver):
    connect().push(picture(AVA), context(1))
    connect().push(picture(BEN), context(2))
    assert states(eventually(receiver, normal=2, events=4)) == {"ben": "READY"}


def test_the_test_sends_nothing(receiver):
    assert connect().test_connection().ok
    time.sleep(0.2)
    board = receiver.board()
    assert board["connections"] >= 1 and board["events"] == 0 and board["problems"] == []


def test_a_receiver_that_hangs_up_is_noticed_before_the_next_update(receiver):
    feed = connect().open_line()
    receiver.fault("server_error", times=1)
    feed.push(picture(AVA), context(1))
    with pytest.raises(IntegrationError):
        for _ in range(100):
            feed.listen()
            time.sleep(0.02)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (LOGIN, "is not feed normal"),
        (NORMAL + LOGIN + LOGIN, "logs in twice"),
        (NORMAL + LOGIN.replace(b":26", b":28", 1), "event 28 before a log-in"),
        (NORMAL + LOGIN.replace(b'Mode":5', b'Mode":6'), "unknown mode 6"),
        (NORMAL + LOGIN.replace(b'Mode":5', b'Mode":1'), "a reason without Not Ready"),
        (NORMAL + LOGIN.replace(b'"ava"', b'"' + b"a" * 129 + b'"'), "'agentId' has a wrong value"),
        (NORMAL + LOGIN.replace(b":26", b":29", 1), "'eventType' has a wrong value"),
        (NORMAL + LOGIN.replace(b'"badDevType":"",', b""), "'badDevType' is missing"),
        (NORMAL + LOGIN.replace(b"agentData", b"@").replace(b"badDevType", b"agentData").replace(b"@", b"badDevType"),
         "in their order"),
        (NORMAL + b"nonsense\n", "not JSON"),
        (NORMAL.replace(b"Code\":1", b"Code\":4"), "is not feed normal"),
        (NORMAL + NORMAL.replace(b"Code\":1", b"Code\":4") + LOGIN, "after the shutdown"),
    ],
)  # fmt: skip
def test_the_receiver_complains_about_every_breach(receiver, simulators, sent, words):
    port = int(simulators.rsplit(":", 1)[1]) + WfmVerint.simulator_port
    with socket.create_connection(("127.0.0.1", port), timeout=5) as opened:
        opened.sendall(sent)
        opened.shutdown(socket.SHUT_WR)
        for _ in range(100):
            if receiver.board()["problems"]:
                break
            time.sleep(0.02)
    assert words in receiver.board()["problems"][0]


def test_what_we_send_is_what_the_receiver_calls_right():
    assert read(NORMAL)[1] == [] and read(LOGIN)[1] == [] and len(EVENT) == 10
