"""Many threads and processes need a token at the moment it ends: the vendor sees one request, and nobody fails."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
from django.utils import timezone

from integrations.models import ApiCall, IntegrationAccount, OAuthToken
from integrations.oauth import access
from tests import node
from tests.servers import answers, free_port, stop, wait_for

from .conftest import database_url, make_rotating
from .local_server import LocalServer
from .test_oauth import Vendor
from .throwaway import Rotating
from .token_worker import ask_together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
WORKER = Path(__file__).with_name("token_worker.py")
ROTATING = Path(__file__).with_name("rotating")
PROCESSES = 4
# A token of half an hour ends 48 times a day. Here it lives two seconds and is renewed one second ahead.
DAY = 48


def start(*arguments: object) -> "subprocess.Popen[str]":
    environment = {
        **os.environ, "DATABASE_URL": database_url(), "INTEGRATIONS_ALLOWED_NETWORKS": "127.0.0.0/8",
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, str(WORKER), *map(str, arguments)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip


def ready(processes: "list[subprocess.Popen[str]]") -> None:
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"


def result(process: "subprocess.Popen[str]") -> dict[str, Any]:
    out, _ = process.communicate(timeout=200)
    return dict(json.loads(out))


def test_fifty_threads_and_four_processes_cause_one_renewal(rotating: IntegrationAccount, server: LocalServer) -> None:
    vendor = Vendor(server)
    access.obtain_with_password(rotating.connect(), "ada", "canary-password")
    processes = [start("at", "moment", 10) for _ in range(PROCESSES)]
    ready(processes)
    slow = vendor.token
    vendor.server.on("/token", lambda request: (time.sleep(0.3), slow(request))[1])
    moment = time.time() + 1.5
    ends = timezone.now() + timedelta(seconds=1.5)
    OAuthToken.objects.update(access_expires_at=ends, next_attempt_at=ends)
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(f"{moment}\n")
        process.stdin.flush()
    outcomes = [ask_together(50, moment), *(result(process) for process in processes)]
    assert [failure for outcome in outcomes for failure in outcome["failures"]] == []
    assert len({token for outcome in outcomes for token in outcome["seen"]}) == 1
    assert vendor.issued == 2
    row = OAuthToken.objects.get()
    assert (row.generation, row.lease_owner, row.status) == (2, "", OAuthToken.Status.VALID)


# -- a strict server of another make


@pytest.fixture
def strict_server(settings: Any, loopback: None) -> Iterator[str]:
    """oidc-provider: whoever uses an old refresh token loses the whole authorisation."""
    node.install(ROTATING)
    port = free_port()
    own = {"PORT": str(port), "ACCESS_SECONDS": "2", "REDIRECT_URI": access.callback_url(), "NODE_NO_WARNINGS": "1"}
    process = subprocess.Popen(
        ["node", "server.mjs"], cwd=ROTATING, env={**os.environ, **own}, stdout=subprocess.DEVNULL
    )
    try:
        wait_for("the start of oidc-provider", lambda: answers(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(process)


def allow_as_a_person(url: str) -> dict[str, str]:
    """Log in and allow, as a browser would; the query with which the browser is sent back to us."""
    browser, answer = requests.Session(), None
    for _ in range(12):
        answer = browser.get(url, allow_redirects=False) if answer is None else answer
        target = answer.headers.get("Location")
        if target and urljoin(url, target).startswith(access.callback_url()):
            return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        if target:
            url, answer = urljoin(url, target), None
            continue
        action = re.search(r'action="([^"]+)"', answer.text)
        prompt = re.search(r'name="prompt" value="([^"]+)"', answer.text)
        assert action, answer.text
        assert prompt, answer.text
        form = {"prompt": prompt[1], "login": "ada", "password": "x"}
        answer = browser.post(urljoin(url, action[1]), data=form, allow_redirects=False)
    raise AssertionError("the server never sent the browser back")


@pytest.mark.node
def test_a_day_of_ends_with_four_workers_and_a_server_that_forgives_nothing(
    strict_server: str, register_provider: Any, transactional_db: None
) -> None:
    register_provider(Rotating)
    account = make_rotating(
        strict_server, grant="authorization_code", authorize_path="/auth", scope="openid offline_access",
        client_auth="basic", margin=1,
    )  # fmt: skip
    back = allow_as_a_person(access.start_code_flow(account.connect()))
    access.finish_code_flow(back["state"], back["code"])
    first = OAuthToken.objects.get().refresh.reveal()[0]

    processes = [start("for", DAY) for _ in range(PROCESSES)]
    ready(processes)
    outcomes = [result(process) for process in processes]
    row, stats = OAuthToken.objects.get(), requests.get(f"{strict_server}/_stats", timeout=5).json()
    assert [failure for outcome in outcomes for failure in outcome["failures"]] == []
    assert stats["refused"] == []
    assert row.status == OAuthToken.Status.VALID
    assert row.generation == stats["granted"], "every token that was issued was stored, once"
    assert row.generation > DAY, "the tokens did end"
    assert sum(outcome["calls"] for outcome in outcomes) > 100
    assert account.connect().http.get("/me").ok
    assert "canary" not in " ".join(str(values) for values in ApiCall.objects.values_list())

    # The server does forgive nothing: the first refresh token, used once more, ends everything.
    form = {"grant_type": "refresh_token", "refresh_token": first}
    again = requests.post(f"{strict_server}/token", data=form, auth=("hub", "canary-client-secret"), timeout=5)
    assert again.json()["error"] == "invalid_grant"
    OAuthToken.objects.update(access_expires_at=timezone.now(), next_attempt_at=timezone.now())
    assert access.refresh_due() == 0
    assert OAuthToken.objects.get().status == OAuthToken.Status.REFUSED

    # A person allows it anew, and the account works again.
    back = allow_as_a_person(access.start_code_flow(account.connect()))
    access.finish_code_flow(back["state"], back["code"])
    assert account.connect().http.get("/me").ok
