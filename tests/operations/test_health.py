"""What operators and load balancers ask."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from contactcenter.models import FeedState, Heartbeat
from contactcenter.operations import views
from integrations.models import Health
from tests.factories import AccountFactory, AgentFactory, FeedStateFactory, InteractionFactory, OutboxEntryFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def all_is_well(monkeypatch) -> None:
    """Tests run on a broker in memory and, mostly, without migrations; both are looked at in their own tests."""
    monkeypatch.setattr(views, "migrated", lambda: True)
    Heartbeat.objects.create(name="scheduler", at=timezone.now())
    Heartbeat.objects.create(name="feeds", at=timezone.now())


@pytest.fixture
def broker_folder(settings, tmp_path) -> None:
    settings.CELERY_BROKER_URL = "filesystem://"
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_in": str(tmp_path)}


def ready(client: Any) -> tuple[int, dict[str, Any]]:
    response = client.get("/readyz")
    return response.status_code, json.loads(response.content)


def test_a_living_process_says_so_without_asking_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-cache" in response["Cache-Control"]


def test_ready_when_everything_is_there(client, broker_folder):
    status, body = ready(client)
    assert (status, body["status"], body["reasons"]) == (200, "ok", [])
    assert set(body["checks"]) == {"database", "migrations", "broker", "scheduler", "feeds"}


@pytest.mark.parametrize("name", ["scheduler", "feeds"])
def test_a_background_process_that_stands_still_is_named_with_its_remedy(client, broker_folder, name):
    Heartbeat.objects.filter(name=name).update(at=timezone.now() - timedelta(seconds=90))
    status, body = ready(client)
    assert status == 503
    assert "last turned 90 seconds ago" in body["checks"][name]
    assert "Start" in body["reasons"][0]

    Heartbeat.objects.filter(name=name).delete()
    assert "has never run" in ready(client)[1]["checks"][name]

    Heartbeat.leave(name)
    assert ready(client)[0] == 200


def test_missing_migrations_are_named_with_the_command(client, broker_folder, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(views, "migrated", lambda: False)
        status, body = ready(client)
    assert status == 503
    assert "manage.py migrate" in body["checks"]["migrations"]
    assert ready(client)[0] == 200


def test_a_database_that_does_not_answer_is_told_and_not_raised(client, broker_folder, monkeypatch):
    def refuse(*_: object) -> None:
        raise OperationalError("connection refused, password=secret")

    with monkeypatch.context() as broken:
        broken.setattr(connection, "cursor", refuse)
        status, body = ready(client)
    assert status == 503
    assert "database does not answer" in body["reasons"][0]
    assert "secret" not in json.dumps(body)
    assert ready(client)[0] == 200


def test_a_broker_that_does_not_answer_is_told(client, settings, monkeypatch):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"

    def refused(**_: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(views.app, "connection_for_write", refused)
    status, body = ready(client)
    assert status == 503
    assert "broker does not answer" in body["checks"]["broker"]


def test_a_broker_folder_that_is_gone_is_told(client, settings, tmp_path):
    settings.CELERY_BROKER_URL = "filesystem://"
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_in": str(tmp_path / "gone")}
    assert "missing or cannot be written" in ready(client)[1]["checks"]["broker"]

    (tmp_path / "gone").mkdir()
    assert ready(client)[1]["checks"]["broker"] == "ok"


def test_not_ready_is_not_logged_as_an_error_at_every_probe(client, caplog):
    Heartbeat.objects.all().delete()
    assert client.get("/readyz").status_code == 503
    assert caplog.text == ""


def test_metrics_count_what_waits_what_is_stuck_late_or_failing(client):
    OutboxEntryFactory(status="stuck")
    OutboxEntryFactory.create_batch(2, status="waiting")
    OutboxEntryFactory(status="done")
    FeedStateFactory(interval=10, due_at=timezone.now() - timedelta(minutes=1))
    FeedState.objects.filter(interval=0).update(interval=10)
    AccountFactory(provider="nice", health=Health.FAILING)
    AccountFactory(provider="nice", health=Health.NEEDS_AUTHORISATION)
    AccountFactory(provider="nice", health=Health.FAILING, enabled=False)
    AgentFactory(state="READY")
    InteractionFactory(state="queued")

    response = client.get("/metrics")

    lines = response.content.decode().splitlines()
    assert response["Content-Type"].startswith("text/plain; version=0.0.4")
    for line in (
        'contactcenter_outbox_entries{status="stuck"} 1',
        'contactcenter_outbox_entries{status="waiting"} 2',
        "contactcenter_feeds_late 1",
        "contactcenter_accounts_failing 2",
        'contactcenter_agents{state="READY"} 1',
        'contactcenter_interactions{state="queued"} 1',
        "contactcenter_recording_queue 0",
    ):
        assert line in lines
    assert not any('status="done"' in line for line in lines)
    assert all(line.startswith(("# HELP ", "# TYPE ", "contactcenter_")) for line in lines)


def test_all_three_answer_reading_requests_only(client):
    for path in ("/healthz", "/readyz", "/metrics"):
        assert client.post(path).status_code == 405
