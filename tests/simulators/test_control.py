"""The control addresses, and what they must never show."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
import requests

from integrations.simulators import SIMULATORS

from .conftest import Instance

KEYS = tuple(simulator.key for simulator in SIMULATORS)


def test_the_first_page_lists_every_simulator(simulators: str) -> None:
    page = requests.get(simulators, timeout=5)
    for key in KEYS:
        assert f'href="/{key}/_requests"' in page.text
    listed = requests.get(simulators, headers={"Accept": "application/json"}, timeout=5).json()
    assert [entry["key"] for entry in listed] == list(KEYS)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("path", ["_requests", "_controls", ""])
def test_pages_carry_a_strict_policy_and_the_banner(simulators: str, key: str, path: str) -> None:
    answer = requests.get(f"{simulators}/{key}/{path}", headers={"Accept": "text/html"}, timeout=5)
    assert answer.status_code == 200 and "no real vendor" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';") and "unsafe" not in policy


def test_an_exchange_is_recorded_with_everything_but_secrets(instance: Instance) -> None:
    tokens = instance.password_token()
    headers = {"Authorization": f"Bearer {tokens['access_token']}", "X-Custom": tokens["refresh_token"]}
    instance.table("POST", "interaction", auth=None, headers=headers, json={"type": "phone", "made_up": "1"})
    seen = instance.requests()
    assert set(seen[-1]) == {
        "id", "at", "method", "path", "query", "headers", "body", "status", "duration_ms", "response_body",
        "warnings", "fault",
    }  # fmt: skip
    assert (seen[-1]["method"], seen[-1]["path"], seen[-1]["status"]) == ("POST", "/api/now/table/interaction", 201)
    assert seen[-1]["body"] == {"type": "phone", "made_up": "1"} and seen[-1]["warnings"]
    assert seen[-1]["headers"]["authorization"] == "•••"
    assert seen[0]["body"]["username"] == "integration.user" and seen[0]["body"]["password"] == "•••"
    shown = json.dumps(seen) + requests.get(f"{instance.base}/_requests", timeout=5).text
    for secret in (tokens["access_token"], tokens["refresh_token"], "demo-password", "demo-client-secret"):
        assert secret not in shown


def test_page_views_are_left_out_of_the_page_unless_asked_for(instance: Instance) -> None:
    instance.call("GET", "/login.do", auth=None)
    html = {"Accept": "text/html"}
    assert "/login.do" not in instance.call("GET", "/_requests", headers=html).text
    assert "/login.do" in instance.call("GET", "/_requests?all", headers=html).text
    assert instance.requests()[-1]["path"] == "/login.do"


def test_the_memory_is_bounded(simulators: str) -> None:
    session = requests.Session()
    for _ in range(2_010):
        session.get(f"{simulators}/nice/nowhere", timeout=5)
    seen = session.get(f"{simulators}/nice/_requests?format=json", timeout=10).json()
    assert len(seen) == 2_000
    assert session.get(f"{simulators}/nice/_counts", timeout=5).json()["requests"] == 2_010


def test_strict_mode_can_be_switched_off(instance: Instance) -> None:
    instance.settings(strict=False)
    instance.table("POST", "incident", json={"made_up": "1"})
    assert instance.last_warnings() == []


@pytest.mark.parametrize("changes", [{"no_such": 1}, {"strict": "yes"}, {"default_limit": True}, []])
def test_an_unknown_or_wrong_setting_is_refused(instance: Instance, changes: object) -> None:
    before = instance.call("GET", "/_settings").json()
    assert instance.call("PUT", "/_settings", json=changes).status_code == 400
    assert instance.call("GET", "/_settings").json() == before


def test_reset_brings_the_seed_data_back(instance: Instance) -> None:
    instance.table("POST", "incident", json={})
    instance.settings(password_grant=False)
    instance.fault("slow")
    assert instance.call("POST", "/_reset").status_code == 200
    assert len(instance.rows("incident")) == 9
    assert instance.call("GET", "/_settings").json()["password_grant"] is True
    assert instance.call("GET", "/_faults").json()["active"] == []


def test_all_can_be_reset_at_once(instance: Instance) -> None:
    instance.table("POST", "incident", json={})
    everything = instance.base.removesuffix("/servicenow")
    assert requests.post(f"{everything}/_reset", timeout=5).json() == {"reset": True}
    assert len(instance.rows("incident")) == 9
    assert 'data-url="/_reset"' in requests.get(everything, timeout=5).text


def test_the_server_stops_quickly_even_while_a_request_hangs() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    code = f"from integrations.simulators.server import serve; serve(port={port})"
    process = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "DJANGO_SETTINGS_MODULE": ""})
    try:
        connection = _connect(port)
        connection.sendall(b"GET /nice/ HTTP/1.1\r\nHost: x\r\nX-Simulate-Fault: hang\r\n\r\n")
        time.sleep(0.3)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=5)
        assert time.monotonic() - started < 3
        connection.close()
    finally:
        process.kill()


def _connect(port: int) -> socket.socket:
    deadline = time.monotonic() + 10
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=5)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def test_simulators_import_neither_django_nor_providers() -> None:
    code = (
        "import sys, integrations.simulators.server; "
        "bad = [m for m in sys.modules if m.split('.')[0] == 'django' or m.startswith('integrations.providers')]; "
        "sys.exit(', '.join(bad) or 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
