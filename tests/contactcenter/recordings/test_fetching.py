"""Recordings that are only announced: fetched through the guarded client, once, and their address forgotten."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from contactcenter.models import CallRecording, Interaction
from integrations.models import ApiCall
from tests.integrations.local_server import Answer, LocalServer

from .conftest import AUTHORISED
from .handing_over import WAV, bring_on

pytestmark = pytest.mark.django_db(transaction=True)


def announce(url: str, **more: Any) -> Any:
    told = {"recording_id": "r-1", "started_at": "2026-01-15T09:00:04Z", "url": url, **more}
    path = "/api/v1/calls/c-1/recordings/fetch"
    return Client().post(path, told, content_type="application/json", **AUTHORISED)


def test_it_is_fetched_kept_and_its_address_forgotten(call: Interaction, server: LocalServer) -> None:
    server.on("/r-1.wav", Answer(body=WAV, headers={"Content-Type": "text/html"}))
    address = f"{server.address}/r-1.wav?token=canary-recording-token"
    answers = [announce(address), announce(address)]
    assert [(answer.status_code, answer.json()["state"]) for answer in answers] == [
        (202, "fetching"),
        (200, "fetching"),
    ]
    row = CallRecording.objects.get()
    assert row.source.reveal() == address and "canary" not in row.source.token
    fetched = bring_on(row)
    assert (fetched.state, fetched.size, fetched.duration_ms) == ("local", len(WAV), 1000)
    assert not fetched.source
    (exchange,) = ApiCall.objects.all()
    assert exchange.purpose == "Fetch recording" and "canary" not in exchange.url
    assert exchange.interaction == str(call.public_id)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(404, {"error": "gone"}), "There is nothing under this address"),
        (Answer(body="<html>Please log in</html>"), "not a recording"),
    ],
)
def test_what_cannot_be_a_recording_needs_a_person(
    call: Interaction, server: LocalServer, folder: Any, answer: Answer, words: str
) -> None:
    server.on("/r-1.wav", answer)
    announce(f"{server.address}/r-1.wav")
    stuck = bring_on(CallRecording.objects.get())
    assert stuck.state == "stuck" and words in stuck.last_error, stuck.last_error
    assert not folder.exists() or list(folder.iterdir()) == []


def test_more_than_a_recording_may_have_is_not_kept(
    call: Interaction, server: LocalServer, settings: Any, folder: Any
) -> None:
    settings.LARGEST_RECORDING = 8000
    server.on("/r-1.wav", Answer(body=WAV))
    announce(f"{server.address}/r-1.wav")
    stuck = bring_on(CallRecording.objects.get())
    assert stuck.state == "stuck" and list(folder.iterdir()) == []


def test_a_connection_that_breaks_is_tried_again_for_a_day(call: Interaction, server: LocalServer) -> None:
    server.on("/r-1.wav", Answer(body=WAV, cut=4000), Answer(503), Answer(body=WAV))
    announce(f"{server.address}/r-1.wav")
    waiting = bring_on(CallRecording.objects.get())
    assert (waiting.state, waiting.attempts, waiting.size) == ("fetching", 1, 0)
    CallRecording.objects.update(received_at=timezone.now() - timedelta(hours=25))
    stuck = bring_on(waiting, again=True)
    assert stuck.state == "stuck" and "within a day" in stuck.last_error


def test_addresses_of_internal_networks_are_not_asked(call: Interaction, server: LocalServer, settings: Any) -> None:
    settings.INTEGRATIONS_ALLOWED_NETWORKS = []
    announce(f"{server.address}/r-1.wav")
    waiting = bring_on(CallRecording.objects.get())
    assert "internal network" in waiting.last_error and server.arrived == []


def test_nobody_is_sent_on_to_another_host(call: Interaction, server: LocalServer) -> None:
    server.on("/r-1.wav", Answer(302, headers={"Location": "http://169.254.169.254/latest/meta-data"}))
    announce(f"{server.address}/r-1.wav")
    assert "which we do not follow" in bring_on(CallRecording.objects.get()).last_error


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://host/file", "http://user:pass@host/x", "//host/x", "x" * 2001]
)
def test_other_addresses_are_refused(call: Interaction, url: str) -> None:
    assert announce(url).status_code == 422
    assert not CallRecording.objects.exists()
