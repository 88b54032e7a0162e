"""TLS against real servers with real certificates: what is refused, and that it is said why."""

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integrations import tcp
from integrations.errors import Cause, Stage, Unavailable
from integrations.http import HttpClient, probe_connection

from .conftest import make_plain
from .local_server import Answer, LocalServer, make_certificate, make_self_signed, serving
from .throwaway import Plain

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def good(authority: Path, loopback: None) -> Iterator[LocalServer]:
    with serving(make_certificate(authority, "good")) as server:
        server.on("/", Answer(body={"ok": True}))
        server.on("/me", Answer(body={"name": "Ada"}))
        yield server


def refused(context: ssl.SSLContext) -> str:
    with serving(context) as server, pytest.raises(Unavailable) as failure:
        HttpClient(None, base_url=server.address).get("/")
    assert (failure.value.cause, failure.value.stage) == (Cause.TLS_FAILED, Stage.TLS)
    assert server.arrived == []
    return str(failure.value)


def test_an_unknown_authority_is_refused(authority: Path, loopback: None) -> None:
    assert "authority that is not known" in refused(make_certificate(authority, "unknown"))


def test_a_self_signed_certificate_is_refused(tmp_path: Path, loopback: None) -> None:
    assert "self-signed" in refused(make_self_signed(tmp_path))


def test_the_accounts_own_authority_is_trusted(good: LocalServer, authority: Path, register_provider: Any) -> None:
    register_provider(Plain)
    ca = (authority / "ca.pem").read_text()
    account = make_plain(good.address, properties={"url": good.address, "ca_certificate": ca})
    assert HttpClient(account, base_url=good.address).get("/").ok
    steps = [passed.stage for passed in probe_connection(good.address, account)]
    assert steps == [Stage.NAME, Stage.TCP, Stage.TLS]
    with tcp.connect("127.0.0.1", int(good.address.rpartition(":")[2]), account=account, tls=True) as opened:
        assert isinstance(opened, ssl.SSLSocket)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [("late", {"expired": True}, "expired"), ("other", {"host": "crm.example.com"}, "another name")],
)
def test_a_bad_certificate_of_a_trusted_authority_is_refused(
    authority: Path, loopback: None, register_provider: Any, name: str, options: dict[str, Any], words: str
) -> None:
    register_provider(Plain)
    ca = (authority / "ca.pem").read_text()
    with serving(make_certificate(authority, name, **options)) as server:
        account = make_plain(server.address, properties={"url": server.address, "ca_certificate": ca})
        for url in (server.address, server.address.replace("https", "tls")):
            with pytest.raises(Unavailable, match=words) as failure:
                HttpClient(account, base_url=url).get("/") if url.startswith("https") else list(
                    probe_connection(url, account)
                )
            assert (failure.value.cause, failure.value.stage) == (Cause.TLS_FAILED, Stage.TLS)


def test_a_server_without_tls_is_told_as_such(server: LocalServer) -> None:
    with pytest.raises(Unavailable, match="does not speak TLS") as failure:
        HttpClient(None, base_url=server.address.replace("http", "https")).get("/")
    assert failure.value.cause == Cause.TLS_FAILED


def test_a_server_with_old_tls_only_is_refused(authority: Path, loopback: None) -> None:
    context = make_certificate(authority, "old")
    context.minimum_version = ssl.TLSVersion.TLSv1_1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    assert "from 1.2 on" in refused(context)


def test_an_authority_that_is_no_certificate_is_told_before_anything_is_sent(
    register_provider: Any, server: LocalServer
) -> None:
    register_provider(Plain)
    account = make_plain(server.address, properties={"url": server.address, "ca_certificate": "nonsense"})
    with pytest.raises(Unavailable, match="PEM"):
        HttpClient(account, base_url=server.address.replace("http", "https")).get("/")


def test_a_server_that_is_silent_during_the_handshake_is_a_timeout(loopback: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unavailable, match="in time") as failure:
        tcp.connect("127.0.0.1", silent.getsockname()[1], tls=True, timeout=0.3)
    assert (failure.value.cause, failure.value.stage) == (Cause.TIMEOUT, Stage.TLS)


def test_a_server_that_breaks_off_the_handshake_is_told(loopback: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as rude:
        threading.Thread(target=lambda: rude.accept()[0].close(), daemon=True).start()
        with pytest.raises(Unavailable, match="broken off") as failure:
            tcp.connect("127.0.0.1", rude.getsockname()[1], tls=True, timeout=2)
    assert failure.value.cause == Cause.TLS_FAILED
