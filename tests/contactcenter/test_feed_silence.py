"""Receivers whose machine vanishes: no FIN, no RST, and nothing is acknowledged. Every feed notices, counts a failure,
connects again and says everything; other accounts are not held up."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from contactcenter.management.commands.run_feeds import Loop, inline
from contactcenter.models import Agent, FeedState
from integrations import tcp
from integrations.capabilities import AgentSnapshot, ConnectedFeed, FeedContext, FeedLine, Snapshot
from integrations.errors import Cause, Unavailable
from integrations.models import IntegrationAccount
from integrations.providers import tcp_receiver
from integrations.simulators import silence
from tests.factories import AccountFactory, AgentFactory
from tests.simulated import Simulators

INTERVAL = 1
USER_TIMEOUT = 2.0  # max(LEAST_UNACKNOWLEDGED, 2 x INTERVAL) in these tests
SLACK = 1.5  # the system's timers double, and are looked at four times a second
FAST_PROBES = ((socket.TCP_KEEPIDLE, 1), (socket.TCP_KEEPINTVL, 1), (socket.TCP_KEEPCNT, 3))
CALABRIO = {"secrets": {"auth_key": "demo-calabrio-key"}}


def made(provider: str, interval: int = INTERVAL, **more: Any) -> IntegrationAccount:
    account: IntegrationAccount = AccountFactory(
        provider=provider, name=provider, properties={"periodic_update_interval": interval}, **more
    )
    return account


@pytest.fixture
def running(simulated: Simulators, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The process of the feeds, which does its work itself, with a time limit fit for a test."""
    monkeypatch.setattr(tcp_receiver, "LEAST_UNACKNOWLEDGED", 1.0)
    stopping = threading.Event()

    def run() -> None:
        with ThreadPoolExecutor(4) as pool:
            Loop(stopping, inline(pool)).run()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    yield
    stopping.set()
    thread.join(20)
    assert not thread.is_alive()


def wait_for(condition: Callable[[], Any], seconds: float = 15) -> float:
    """Seconds until it was so."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds
        time.sleep(0.02)
    return time.monotonic() - began


def feed_of(key: str) -> FeedState:
    return FeedState.objects.get(account__provider=key)


def is_seen(simulated: Simulators, key: str, state: str) -> bool:
    """Whether the receiver sees `ava` in that state."""
    truth = {"agents": [{"login_id": "ava", "extension": "1001", "employee_id": None, "state": state, "reason": None}]}
    found = simulated.call("PUT", f"/{key}/_truth", json=truth)["differences"]
    return "ava" not in [each["agent"] for each in found]


def meet(simulated: Simulators, key: str) -> None:
    """Let the receiver fall silent with an update that it still acknowledges; none after it is."""
    simulated.fault(key, "silent", times=1)
    ben = AgentFactory(login="ben", state="READY", extension="1002")  # news, so that there is an update
    wait_for(lambda: not simulated.call("GET", f"/{key}/_faults")["active"])
    Agent.objects.filter(pk=ben.pk).update(state="BUSY")


# How long it may take from the first update that is not acknowledged until the failure is counted. An update over HTTP
# is given up after 0.8 intervals, at least 1 s; one on a connection of its own when connecting's patience is over.
@pytest.mark.parametrize(
    ("key", "limit"),
    [
        ("wfm_aspect", USER_TIMEOUT + INTERVAL),
        ("wfm_verint", USER_TIMEOUT + INTERVAL),
        ("wfm_calabrio", 2.0 * INTERVAL),
        ("statistics", 2.0 * INTERVAL),
    ],
)
def test_a_silent_receiver_is_noticed_and_told_everything_again(
    simulated: Simulators, running: None, key: str, limit: float, capsys: pytest.CaptureFixture[str]
) -> None:
    made(key, **(CALABRIO if key == "wfm_calabrio" else {}))
    made("loxysoft", secrets={"token": "demo-loxysoft-token"})
    ava = AgentFactory(login="ava", state="READY", extension="1001")
    wait_for(lambda: is_seen(simulated, key, "READY") and FeedState.objects.filter(sent__gte=1).count() == 2)
    meet(simulated, key)
    Agent.objects.filter(pk=ava.pk).update(state="ACW")
    noticed = wait_for(lambda: feed_of(key).failed, limit + INTERVAL + SLACK)
    again = wait_for(lambda: is_seen(simulated, key, "ACW"))
    with capsys.disabled():
        print(f"\n{key}: failure counted after {noticed:.1f} s, right again {again:.1f} s later")
    feed = feed_of(key)
    assert feed.failed == 1 and ("fallen silent" in feed.last_error or "in time" in feed.last_error)
    assert simulated.call("GET", f"/{key}/_truth")["complaints"] == []
    other = feed_of("loxysoft")
    assert other.sent > 1 and other.failed == other.skipped == 0
    assert not other.minutes.filter(gap_seconds__gte=2 * INTERVAL).exists()


def test_what_was_written_into_the_silence_counts_as_a_gap(simulated: Simulators, running: None) -> None:
    made("wfm_aspect")
    wait_for(lambda: simulated.board("wfm_aspect")["keep_alive"] >= 1)
    meet(simulated, "wfm_aspect")
    wait_for(lambda: feed_of("wfm_aspect").failed)
    feed = feed_of("wfm_aspect")
    assert feed.skipped >= 1 and "fallen silent" in feed.last_error
    assert feed.quiet_since is not None and feed.last_sent_at is not None and feed.quiet_since < feed.last_sent_at
    wait_for(lambda: feed_of("wfm_aspect").minutes.filter(gap_seconds__gt=2 * INTERVAL).exists())


def test_the_real_time_limits_hold(
    settings: Any, transactional_db: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With updates that are not acknowledged, a line ends by the user timeout, which is 10 s at an interval of 1 s; an
    idle one by keep-alive probes (made faster here) no sooner than that either. All at once."""
    settings.INTEGRATIONS_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    lines: dict[str, FeedLine] = {}
    vanished: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for key in ("wfm_aspect", "wfm_verint"):
            lines[f"{key} with updates"] = silent_line(key, listener, vanished)
        monkeypatch.setattr(tcp, "KEEP_ALIVE", FAST_PROBES)
        idle = silent_line("wfm_aspect", listener, vanished)
        began = time.monotonic()
        for line in lines.values():
            line.push(picture("READY", "BUSY"), FeedContext(2, INTERVAL))
            assert line.is_pending
        assert not idle.is_pending
        took = {name: ended(line) - began for name, line in {**lines, "idle": idle}.items()}
    with capsys.disabled():
        print("\n" + "\n".join(f"{name}: noticed after {seconds:.1f} s" for name, seconds in took.items()))
    assert all(9.5 < seconds < 10 + SLACK for seconds in took.values()), took


def silent_line(key: str, listener: socket.socket, vanished: list[socket.socket]) -> FeedLine:
    """A line that has told everything, to a machine that has vanished then."""
    where = {"host_name": "127.0.0.1", "port": listener.getsockname()[1], "periodic_update_interval": INTERVAL}
    provider = IntegrationAccount(name=key, provider=key, simulated=False, properties=where).connect()
    assert isinstance(provider, ConnectedFeed)
    line = provider.open_line()
    peer, _ = listener.accept()
    line.push(picture("READY"), FeedContext(1, INTERVAL))
    wait_for(lambda: not line.is_pending)
    silence.fall_silent(peer)
    vanished.append(peer)  # not closed, which would be told
    return line


def picture(*states: str) -> Snapshot:
    now = timezone.now()
    agents = (AgentSnapshot(f"a{n}", None, None, None, None, None, s, None, now) for n, s in enumerate(states))
    return Snapshot(now, tuple(agents), ())


def ended(line: FeedLine) -> float:
    """When listening said that the other side is gone."""
    while True:
        try:
            line.listen()
        except Unavailable as failure:
            assert failure.cause == Cause.TIMEOUT and "fallen silent" in str(failure)
            line.close()
            return time.monotonic()
        time.sleep(0.01)


def test_connections_are_made_with_the_documented_limits(simulated: Simulators) -> None:
    made("wfm_aspect", interval=30)
    provider: Any = IntegrationAccount.objects.get().connect()
    with provider.connect() as stream:
        found = [
            stream.opened.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
        ]
        assert stream.opened.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert found == [30, 10, 3, 60_000]
