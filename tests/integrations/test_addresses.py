"""Which addresses are connected to, whatever the text of the URL says."""

import ipaddress
import socket
from typing import Any

import pytest

from integrations import addresses, tcp
from integrations.errors import Cause, Stage, Unavailable
from integrations.http import HttpClient
from integrations.models import IntegrationAccount

from .local_server import Answer, LocalServer, serving

INSIDE = [
    "localhost", "127.0.0.1", "127.8.9.10", "0.0.0.0", "0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "2130706433",
    "0x7f000001", "017700000001", "169.254.169.254", "10.1.2.3", "172.16.0.9", "192.168.1.1", "100.64.0.1",
    "192.0.2.7", "198.18.0.1", "224.0.0.1", "255.255.255.255", "[fd00::1]", "[fe80::1]", "[ff02::1]",
    "[64:ff9b::7f00:1]", "[64:ff9b::808:808]", "[2002:7f00:1::]", "[::127.0.0.1]", "[2001:db8::1]",
]  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("host", INSIDE)
def test_an_internal_address_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(Unavailable) as failure:
        HttpClient(None, base_url=f"http://{host}:8080").get("/")
    assert (failure.value.cause, failure.value.stage) == (Cause.BLOCKED_ADDRESS, Stage.NAME)


@pytest.mark.parametrize("text", ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:80f::200e"])
def test_a_public_address_is_allowed(text: str) -> None:
    assert addresses.Guard().permits(ipaddress.ip_address(text))


def test_a_name_that_leads_inside_is_refused_although_the_url_looks_public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: [(2, 1, 6, "", ("10.0.0.8", 443))])
    with pytest.raises(Unavailable, match="internal network"):
        addresses.Guard().resolve("crm.example.com", 443)


def test_of_several_addresses_only_the_permitted_ones_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(2, 1, 6, "", (text, 443)) for text in ("127.0.0.1", "93.184.216.34", "169.254.169.254")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
    assert addresses.Guard().resolve("crm.example.com", 443) == ["93.184.216.34"]


def test_the_checked_address_is_connected_to_and_the_name_is_not_asked_again(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch, transactional_db: None
) -> None:
    """A name server that answers differently the second time (DNS rebinding) gets no second time."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def answer(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host == "crm.example.com":
            asked.append(host)
            return [(2, 1, 6, "", ("127.0.0.1" if len(asked) == 1 else "127.0.0.99", port))]
        return real(host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    server.on("/", Answer(body={"ok": True}))
    port = server.address.rpartition(":")[2]
    HttpClient(None, base_url=f"http://crm.example.com:{port}").get("/")
    assert len(asked) == 1
    assert server.arrived[0].headers["Host"] == f"crm.example.com:{port}"


@pytest.mark.django_db(transaction=True)
def test_an_allowed_network_opens_exactly_that_network(server: LocalServer, settings: Any) -> None:
    server.on("/", Answer(body={}))
    client = HttpClient(None, base_url=server.address)
    assert client.get("/").ok
    settings.INTEGRATIONS_ALLOWED_NETWORKS = ["10.0.0.0/8"]
    with pytest.raises(Unavailable, match="internal network"):
        client.get("/")
    settings.INTEGRATIONS_ALLOWED_NETWORKS = ["127.0.0.1"]
    assert client.get("/").ok


def test_an_allowed_ipv4_network_holds_for_its_mapped_form_too() -> None:
    guard = addresses.Guard(addresses.networks(("10.0.0.0/8",)))
    assert guard.permits(ipaddress.ip_address("::ffff:10.1.1.1"))
    assert not guard.permits(ipaddress.ip_address("::ffff:11.1.1.1"))


@pytest.mark.django_db(transaction=True)
def test_the_simulator_is_open_for_simulated_accounts_only(settings: Any) -> None:
    settings.INTEGRATIONS_ALLOWED_NETWORKS = []
    with serving() as server, serving() as other:
        settings.SIMULATOR_URL = server.address
        server.on("/", Answer(body={}))
        real, simulated = (
            IntegrationAccount(provider="servicenow"),
            IntegrationAccount(provider="servicenow", simulated=True),
        )
        assert HttpClient(simulated, base_url=server.address).get("/").ok
        for account, url in ((real, server.address), (simulated, other.address), (None, server.address)):
            with pytest.raises(Unavailable, match="internal network"):
                HttpClient(account, base_url=url).get("/")


def test_networks_that_cannot_be_read_are_told_in_words() -> None:
    with pytest.raises(Exception, match="INTEGRATIONS_ALLOWED_NETWORKS"):
        addresses.networks(("10.0.0.0/99",))


def test_a_name_that_does_not_exist_is_a_wrong_host() -> None:
    with pytest.raises(Unavailable) as failure:
        addresses.look_up("no-such-host.invalid", 443)
    assert failure.value.stage == Stage.NAME
    assert failure.value.cause in (Cause.WRONG_HOST, Cause.UNREACHABLE)


def test_a_feed_connects_through_the_same_guard(server: LocalServer, settings: Any) -> None:
    port = int(server.address.rpartition(":")[2])
    opened = tcp.connect("127.0.0.1", port, user_timeout=10)
    assert opened.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
    assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 10_000
    opened.close()
    settings.INTEGRATIONS_ALLOWED_NETWORKS = []
    with pytest.raises(Unavailable, match="internal network"):
        tcp.connect("127.0.0.1", port)


def test_a_closed_port_is_told_as_such(loopback: None) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable, match="refused") as failure:
            tcp.connect("127.0.0.1", taken.getsockname()[1])
    assert (failure.value.stage, failure.value.cause) == (Stage.TCP, Cause.UNREACHABLE)


def test_the_next_address_is_tried_when_the_first_is_silent(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(server.address.rpartition(":")[2])
    found = [(2, 1, 6, "", (text, port)) for text in ("127.0.0.77", "127.0.0.1")]
    monkeypatch.setattr(addresses, "look_up", lambda host, port: [answer[4][0] for answer in found])
    tcp.connect("crm.example.com", port).close()


def test_a_port_in_use_is_told_before_listening(server: LocalServer) -> None:
    assert "in use" in tcp.listen_problem("127.0.0.1", int(server.address.rpartition(":")[2]))
    assert tcp.listen_problem("127.0.0.1", 0) == ""
