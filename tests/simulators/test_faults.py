"""Faults that can be switched on, seen from a client."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

import pytest
import requests

from .conftest import Bearer, Instance


def incident(instance: Instance, **headers: str) -> requests.Response:
    return instance.table("GET", "incident", params={"sysparm_limit": "1"}, headers=headers)


def healthy(instance: Instance) -> bool:
    return incident(instance).status_code == 200 and bool(incident(instance).json()["result"])


@pytest.mark.parametrize(
    ("name", "status", "word"),
    [
        ("bad_credentials", 401, "User Not Authenticated"),
        ("expired_token", 401, "User Not Authenticated"),
        ("revoked_token", 401, "User Not Authenticated"),
        ("missing_permission", 403, "User Not Authorized"),
        ("rate_limit", 429, "Rate limit exceeded"),
        ("server_error", 500, "Transaction cancelled"),
        ("html", 200, "<h1>Log in</h1>"),
        ("wrong_shape", 200, "unexpected"),
        ("hibernating", 200, "Your instance is hibernating"),
        ("offline", 200, "Your instance is currently offline"),
        ("ip_restricted", 403, "IP address"),
    ],
)
def test_a_fault_happens_as_often_as_asked_and_then_the_vendor_is_well(
    instance: Instance, name: str, status: int, word: str
) -> None:
    instance.fault(name, times=2)
    for _ in range(2):
        answer = incident(instance)
        assert answer.status_code == status and word in answer.text
    assert healthy(instance)
    assert instance.requests()[0]["fault"] == name


def test_a_rate_limit_names_the_wait_but_no_remaining_count(instance: Instance) -> None:
    instance.fault("rate_limit", times=1, options={"retry_after": 7})
    headers = incident(instance).headers
    assert headers["Retry-After"] == "7"
    assert int(headers["X-RateLimit-Reset"]) - time.time() == pytest.approx(7, abs=2)
    assert "X-RateLimit-Limit" in headers and "X-RateLimit-Rule" in headers
    assert not any("remaining" in name.lower() for name in headers)


def test_a_path_narrows_a_fault(instance: Instance) -> None:
    instance.fault("server_error", path="/oauth_token.do")
    assert healthy(instance)
    assert instance.token(grant_type="client_credentials").status_code == 500


def test_hibernation_reaches_the_token_endpoint_too(instance: Instance) -> None:
    instance.fault("hibernating")
    answer = instance.token(grant_type="client_credentials")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    assert instance.call("DELETE", "/_faults").status_code == 200
    assert healthy(instance)


def test_seconds_end_a_fault(instance: Instance) -> None:
    instance.fault("server_error", seconds=0.3)
    assert incident(instance).status_code == 500
    time.sleep(0.4)
    assert healthy(instance)


def test_a_header_asks_for_one_request_only(instance: Instance) -> None:
    assert incident(instance, **{"X-Simulate-Fault": "server_error"}).status_code == 500
    assert healthy(instance)


def test_an_expired_token_is_cured_by_a_refresh_and_a_revoked_one_is_not(instance: Instance) -> None:
    tokens = instance.password_token()
    instance.fault("expired_token", times=1)
    assert instance.table("GET", "incident", auth=Bearer(tokens["access_token"])).status_code == 401
    fresh = instance.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"]).json()
    assert fresh["access_token"] != tokens["access_token"]
    assert instance.table("GET", "incident", auth=Bearer(fresh["access_token"])).status_code == 200
    instance.fault("revoked_token", times=1)
    assert instance.table("GET", "incident", auth=Bearer(fresh["access_token"])).status_code == 401
    assert instance.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"]).status_code == 401
    assert instance.password_token()["access_token"]


def raw(instance: Instance, fault: str) -> socket.socket:
    parts = urlsplit(instance.base)
    connection = socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=3)
    connection.sendall(
        f"GET /servicenow/api/now/table/incident HTTP/1.1\r\nHost: x\r\nX-Simulate-Fault: {fault}\r\n\r\n".encode()
    )
    return connection


def test_a_reset_is_a_real_reset(instance: Instance) -> None:
    with raw(instance, "reset") as connection, pytest.raises(ConnectionResetError):
        connection.recv(100)
    assert healthy(instance)


def test_a_hang_accepts_and_never_answers(instance: Instance) -> None:
    with raw(instance, "hang") as connection:
        connection.settimeout(0.7)
        with pytest.raises(TimeoutError):
            connection.recv(100)
    assert healthy(instance)


def test_a_half_close_ends_one_direction_only(instance: Instance) -> None:
    with raw(instance, "half_close") as connection:
        assert connection.recv(100) == b""
        connection.sendall(b"still open")  # a closed connection would answer with a reset
        time.sleep(0.1)
        assert connection.recv(100) == b""
    assert healthy(instance)


def test_slow_answers_late_but_right(instance: Instance) -> None:
    instance.fault("slow", times=1, options={"delay": 0.5})
    started = time.monotonic()
    assert incident(instance).json()["result"]
    assert time.monotonic() - started >= 0.5


def test_truncated_json_breaks_in_the_middle(instance: Instance) -> None:
    answer = incident(instance, **{"X-Simulate-Fault": "truncated"})
    assert answer.status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


def test_a_redirect_leads_to_another_host(instance: Instance) -> None:
    answer = incident(instance, **{"X-Simulate-Fault": "redirect"})
    assert answer.status_code == 302
    assert urlsplit(answer.headers["Location"]).hostname not in ("127.0.0.1", "localhost")


@pytest.mark.parametrize(
    "entry", [{"fault": "no_such"}, {"fault": "reset", "times": 0}, {"fault": "reset", "foo": 1}, {}]
)
def test_a_fault_that_does_not_exist_is_refused_with_the_list_of_names(
    instance: Instance, entry: dict[str, object]
) -> None:
    answer = instance.call("PUT", "/_faults", json=entry)
    assert answer.status_code == 400 and "hibernating" in answer.json()["faults"]
    assert incident(instance, **{"X-Simulate-Fault": "no_such"}).status_code == 400
    assert healthy(instance)


def test_put_replaces_and_takes_a_list(instance: Instance) -> None:
    instance.fault("server_error")
    entries = [{"fault": "html", "path": "/oauth"}, {"fault": "slow", "times": 3, "options": {"delay": 0}}]
    active = instance.call("PUT", "/_faults", json=entries).json()["active"]
    assert [fault["fault"] for fault in active] == ["html", "slow"]
    assert healthy(instance)
