"""Statistics over TCP: profile `stats-ndjson-1`, a harmless test, and receivers that misbehave."""

import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from contactcenter.feeds import dispatch
from contactcenter.models import FeedState
from integrations.addresses import Guard
from integrations.capabilities import AgentSnapshot, FeedContext, ServiceSnapshot, Snapshot, StatisticsFeed
from integrations.errors import Cause, Unavailable
from integrations.providers.statistics import Lines, Statistics, StatisticsProperties
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
ANN = AgentSnapshot("ann", None, None, None, None, None, "NOT_READY", "Lunch", AT - timedelta(seconds=95))
SUPPORT = ServiceSnapshot("Support", "CS1", "voice", AT, waiting=3, answered=98, abandoned=4, abandoned_short=2,
                          answered_in_sl=80)  # fmt: skip
PICTURE = Snapshot(AT, (ANN,), (SUPPORT,), tenant="example")
CONTEXT = FeedContext(1, 10.0)


@pytest.fixture
def receiver(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("statistics")


def connect(**more: Any) -> Statistics:
    made: Statistics = AccountFactory(provider="statistics", **more).connect()
    return made


def eventually(receiver: Vendor, name: str, value: Any) -> Any:
    """The receiver works in threads of its own."""
    for _ in range(50):
        board = receiver.board()
        if board[name] == value:
            return board
    raise AssertionError(f"{name}: {board[name]}, not {value}: {board['problems']}")


def test_a_push_is_one_block_that_the_strict_receiver_takes_over(receiver: Vendor) -> None:
    provider = connect()
    assert isinstance(provider, StatisticsFeed)
    provider.push(PICTURE, CONTEXT)
    board = eventually(receiver, "goodbyes", ["end of block"])
    assert (board["blocks"], board["lines"], board["problems"]) == (1, 5, [])
    service, agent = board["services"][0], board["agents"][0]
    assert (service["name"], service["code"], service["ts"]) == ("Support", "CS1", "2026-01-15T09:00:00Z")
    assert (service["stats"]["waiting"], service["stats"]["sl_percent"]) == (3, 80.0)
    assert agent["time_in_state"] == 95 and agent["stats"] == {"reason": "Lunch", "active": 0, "on_hold": 0}


def test_the_test_sends_no_block(receiver: Vendor) -> None:
    provider = connect()
    provider.push(PICTURE, CONTEXT)
    eventually(receiver, "blocks", 1)
    assert provider.test_connection().ok
    board = eventually(receiver, "goodbyes", ["test", "end of block"])
    assert (board["blocks"], board["pings"], len(board["services"])) == (1, 1, 1)


@pytest.mark.parametrize(
    ("fault", "cause"),
    [("reset", Cause.UNREACHABLE), ("server_error", Cause.REMOTE_ERROR), ("html", Cause.WRONG_HOST)],
)
def test_what_the_test_hears(receiver: Vendor, fault: str, cause: Cause) -> None:
    receiver.fault(fault)
    with pytest.raises(Unavailable) as failure:
        list(connect().probes())
    assert failure.value.cause == cause


def test_a_connection_that_breaks_fails_the_push(receiver: Vendor) -> None:
    receiver.fault("reset")
    with pytest.raises(Unavailable):
        connect().push(PICTURE, CONTEXT)


def test_a_receiver_that_does_not_read_is_left(settings: Any) -> None:
    settings.INTEGRATIONS_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        properties = {"host_name": "127.0.0.1", "port": deaf.getsockname()[1], "periodic_update_interval": 1}
        many = Snapshot(AT, (ANN,) * 60_000, (), tenant="")
        with pytest.raises(Unavailable) as failure:
            connect(simulated=False, properties=properties).push(many, CONTEXT)
    assert failure.value.cause == Cause.TIMEOUT


def test_nobody_listens(settings: Any) -> None:
    settings.INTEGRATIONS_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unavailable) as failure:
        connect(simulated=False, properties={"host_name": "127.0.0.1", "port": port}).push(PICTURE, CONTEXT)
    assert failure.value.cause == Cause.UNREACHABLE


def test_a_private_receiver_is_blocked_unless_allowed() -> None:
    with pytest.raises(Unavailable) as failure:
        connect(simulated=False, properties={"host_name": "127.0.0.1", "port": 9001}).push(PICTURE, CONTEXT)
    assert failure.value.cause == Cause.BLOCKED_ADDRESS


def test_the_way_to_the_simulators_is_ten_ports_wide() -> None:
    guard = Guard(free=("127.0.0.1", 9000))
    assert all(guard.resolve("127.0.0.1", port) for port in range(9000, 9010))
    for port in (8999, 9010):
        with pytest.raises(Unavailable):
            guard.resolve("127.0.0.1", port)


def test_the_dispatcher_drives_it(receiver: Vendor) -> None:
    account = connect().account
    handed: list[int] = []
    dispatch.dispatch_due(hand_over=lambda task, account_id, expires: handed.append(account_id))
    dispatch.push(account.pk)
    feed = FeedState.objects.get(account=account)
    assert (handed, feed.sent, feed.failed) == ([account.pk], 1, 0)


def test_the_simulator_refuses_what_is_out_of_order(receiver: Vendor) -> None:
    host, _, port = receiver.board()["listening"].partition(":")
    assert int(port) == (urlsplit(receiver.address).port or 0) + 1
    lines = Lines(AT)
    lines.add("ping")
    with socket.create_connection((host, int(port)), timeout=5) as opened:
        opened.sendall(lines.taken())
        assert opened.recv(10) == b""
    assert receiver.board()["problems"] == ["hello comes first, and once"]


def test_lines_are_numbered_and_ended() -> None:
    lines = Lines(AT)
    lines.add("ping")
    lines.add("bye", reason="x")
    first, second, rest = lines.taken().split(b"\n")
    assert json.loads(first) == {"t": "ping", "seq": 1, "ts": "2026-01-15T09:00:00Z"}
    assert json.loads(second)["seq"] == 2 and rest == b"" and lines.taken() == b""


def form(**data: Any) -> StatisticsProperties:
    entered = {"host_name": "stats.example.com", "port": 7000, "periodic_update_interval": 10, "tls": "off", **data}
    return StatisticsProperties(data=entered, simulated=False)


def test_the_protocol_is_fixed() -> None:
    assert form(protocol="udp").is_valid() and form(protocol="udp").fields["protocol"].disabled
    assert form(tls="on").is_valid()


@pytest.mark.parametrize(("name", "value"), [("host_name", "a b"), ("host_name", ""), ("port", 0), ("port", "")])
def test_a_mistake_is_shown_on_its_field(name: str, value: Any) -> None:
    assert set(form(**{name: value}).errors) == {name}
