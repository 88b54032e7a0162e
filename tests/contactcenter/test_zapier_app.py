"""A Zapier app, run by the vendor's own platform core, works against the running product."""

import base64
import json
import os
import subprocess
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from integrations.automation import MOST_WRONG
from tests import node
from tests.contactcenter import flow
from tests.factories import AccountFactory, AgentFactory

pytestmark = [pytest.mark.node, pytest.mark.django_db(transaction=True)]
APP = node.HERE / "contactcenter" / "zapier_app"
PASSWORD = "canary-of-zapier-1"


class App:
    """The app, connected with one account."""

    def __init__(self, address: str) -> None:
        self.address = address

    def run(self, part: str, *, password: str = PASSWORD, **given: Any) -> dict[str, Any]:
        wanted = json.dumps({"part": part, "user": "zap", "password": password, **given})
        environment = {**os.environ, "CONTACT_CENTRE": self.address}
        done = subprocess.run(
            ["node", "run.js", wanted], cwd=APP, env=environment, capture_output=True, text=True, timeout=60
        )
        lines = done.stdout.strip().splitlines()
        assert done.returncode == 0 and lines, done.stderr
        return dict(json.loads(lines[-1]))

    def poll(self, kind: str) -> list[dict[str, Any]]:
        answer = self.run("event", input={"kind": kind})
        assert "result" in answer, answer
        return list(answer["result"])


@pytest.fixture
def app(live_server: Any) -> App:
    cache.clear()
    node.install(APP)
    AccountFactory(provider="zapier", name="Zaps", properties={"username": "zap"}, secrets={"password": PASSWORD})
    return App(live_server.url)


def test_the_app_is_valid_by_zapiers_own_rules(app: App) -> None:
    assert app.run("validate") == {"result": []}


def test_zapier_connects_with_the_right_password_only(app: App) -> None:
    connected = app.run("test")["result"]
    assert (connected["account"], connected["username"]) == ("Zaps", "zap")
    refused = app.run("test", password="wrong")
    assert refused["error"] == "ResponseError" and '"status":401' in refused["message"]
    assert app.run("test")["result"] == connected


def test_zapier_waits_as_told_after_too_many_wrong_passwords(app: App) -> None:
    pair = base64.b64encode(b"zap:wrong").decode()
    for _ in range(MOST_WRONG):
        Client().get("/clientweb/api/v1/workflow-trigger", headers={"Authorization": f"Basic {pair}"})
    assert app.run("test")["error"] == "ThrottledError"
    cache.clear()
    assert "result" in app.run("test")


def test_a_zap_polls_what_happened(app: App) -> None:
    kinds = [kind["id"] for kind in app.run("kinds")["result"]]
    assert "interaction_ended" in kinds
    assert app.poll("interaction_ended") == []

    service = flow.service(flow.flow(flow.block("connect", "connect_call")))
    AgentFactory(login="agent1", state="READY", services=[service])
    flow.complete(flow.play("offered", "answered", "released", call_id="call-1"))
    (first,) = app.poll("interaction_ended")
    assert (first["event"], first["agent"]) == ("interaction_ended", "agent1")

    flow.complete(flow.play("offered", "answered", "released", call_id="call-2"))
    newer, older = app.poll("interaction_ended")
    assert older == first and newer["id"] != first["id"]
    assert len(app.poll("interaction_completed")) == 2
    for kind in kinds:  # Zapier's core itself checks each answer: an array of objects with unique ids
        app.poll(kind)


def test_an_unknown_event_is_told_to_whoever_built_the_zap(app: App) -> None:
    refused = app.run("event", input={"kind": "nothing"})
    assert refused["error"] == "ResponseError"
    assert '"status":404' in refused["message"] and "There is no event of this name" in refused["message"]
