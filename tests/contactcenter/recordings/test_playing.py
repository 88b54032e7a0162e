"""Listening: only those who may, whole or in parts, from the folder or from the storage, and kept in the history."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from auditlog.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import AsyncClient, Client
from django.urls import reverse
from django.utils import timezone

from contactcenter.models import CallRecording, Interaction
from integrations.models import IntegrationAccount
from tests.factories import AdminFactory, UserFactory
from tests.integrations.providers.conftest import Vendor

from .handing_over import WAV, bring_on

pytestmark = pytest.mark.django_db(transaction=True)
RIGHTS = ("view_interaction", "view_callrecording", "listen_callrecording")


def audio_of(recording: CallRecording) -> str:
    return reverse("admin:contactcenter_callrecording_audio", args=[recording.pk])


def logged_in(*rights: str, staff: bool = True) -> Client:
    user = UserFactory(is_staff=staff)
    user.user_permissions.add(*Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def listener() -> Client:
    return logged_in(*RIGHTS)


@pytest.fixture(params=["folder", "storage"])
def kept(request: pytest.FixtureRequest, recording: CallRecording, bucket: Vendor) -> CallRecording:
    if request.param == "storage":
        request.getfixturevalue("storage")
    return bring_on(recording)


def test_it_is_heard_whole_and_in_parts_wherever_it_lies(kept: CallRecording, listener: Client) -> None:
    whole = listener.get(audio_of(kept))
    assert whole.status_code == 200 and b"".join(whole.streaming_content) == WAV
    assert whole["Content-Type"] == "audio/wav" and whole["Accept-Ranges"] == "bytes"
    assert whole["Content-Length"] == str(len(WAV)) and whole["Cache-Control"].startswith("private, no-store")
    part = listener.get(audio_of(kept), headers={"Range": "bytes=4-11"})
    assert part.status_code == 206 and b"".join(part.streaming_content) == WAV[4:12]
    assert part["Content-Range"] == f"bytes 4-11/{len(WAV)}" and part["Content-Length"] == "8"
    last = listener.get(audio_of(kept), headers={"Range": "bytes=-4"})
    assert b"".join(last.streaming_content) == WAV[-4:]
    beyond = listener.get(audio_of(kept), headers={"Range": f"bytes={len(WAV)}-"})
    assert beyond.status_code == 416 and beyond["Content-Range"] == f"bytes */{len(WAV)}"
    changed = {"Range": "bytes=4-", "If-Range": '"another"'}
    assert listener.get(audio_of(kept), headers=changed).status_code == 200


def test_the_head_says_how_much_there_is_and_asks_nobody(kept: CallRecording, listener: Client, bucket: Vendor) -> None:
    before = len(bucket.arrived())
    head = listener.head(audio_of(kept), headers={"Range": "bytes=0-9"})
    assert (head.status_code, head["Content-Length"], head.content) == (206, "10", b"")
    assert len(bucket.arrived()) == before and not LogEntry.objects.filter(action=LogEntry.Action.ACCESS).exists()


def test_under_asgi_it_flows_too(kept: CallRecording) -> None:
    admin = AdminFactory()

    async def heard() -> tuple[int, bytes]:
        client = AsyncClient()
        await client.aforce_login(admin)
        answer = await client.get(audio_of(kept), headers={"Range": "bytes=2-"})
        return answer.status_code, b"".join([piece async for piece in answer.streaming_content])

    assert asyncio.run(heard()) == (206, WAV[2:])


@pytest.mark.parametrize("missing", RIGHTS)
def test_each_right_is_needed(recording: CallRecording, missing: str) -> None:
    client = logged_in(*set(RIGHTS) - {missing})
    assert client.get(audio_of(recording)).status_code in (403, 404)
    assert not LogEntry.objects.filter(action=LogEntry.Action.ACCESS).exists()


def test_nobody_listens_without_a_log_in(recording: CallRecording) -> None:
    assert Client().get(audio_of(recording))["Location"].startswith("/admin/login/")
    assert logged_in(*RIGHTS, staff=False).get(audio_of(recording)).status_code == 302


def test_each_listening_is_one_line_of_the_history(recording: CallRecording, listener: Client) -> None:
    for part in ("bytes=0-", "bytes=900-", "bytes=4-9"):
        b"".join(listener.get(audio_of(recording), headers={"Range": part}).streaming_content)
    entries = LogEntry.objects.get_for_object(recording).filter(action=LogEntry.Action.ACCESS)
    assert entries.count() == 1 and entries.get().actor.username in str(entries.get().actor)
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        listener.get(audio_of(recording), headers={"Range": "bytes=5-"})
    logged_in(*RIGHTS).get(audio_of(recording))
    assert entries.count() == 3
    page = as_admin().get(reverse("admin:contactcenter_callrecording_history", args=[recording.pk]))
    assert page.content.decode().count("Listened to the recording") == 3


def as_admin() -> Client:
    client = Client()
    client.force_login(AdminFactory())
    return client


def test_a_storage_that_is_away_is_told_and_not_counted_as_heard(
    recording: CallRecording, storage: IntegrationAccount, bucket: Vendor, listener: Client
) -> None:
    bring_on(recording)
    bucket.fault("service_unavailable")
    answer = listener.get(audio_of(recording))
    assert answer.status_code == 503 and b"cannot be played" in answer.content
    assert not LogEntry.objects.filter(action=LogEntry.Action.ACCESS).exists()


def test_it_can_be_saved_under_a_name_that_says_which_call(recording: CallRecording, listener: Client) -> None:
    answer = listener.get(audio_of(recording), {"save": ""})
    name = f"{recording.interaction.reference}_{recording.public_id.hex[:8]}.wav"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'


# -- the permanent address


def test_the_permanent_address_asks_for_a_log_in_and_leads_to_the_call(call: Interaction, listener: Client) -> None:
    address = reverse("call_recording", args=[call.public_id])
    stranger = Client().get(address)
    assert stranger.status_code == 302 and stranger["Location"] == f"/admin/login/?next={address}"
    page = reverse("admin:contactcenter_interaction_change", args=[call.pk])
    assert listener.get(address)["Location"] == f"{page}#recordings"
    assert logged_in("view_interaction").get(address).status_code == 403
    assert logged_in(*RIGHTS, staff=False).get(address).status_code == 403
    assert listener.get("/recordings/00000000-0000-0000-0000-000000000000").status_code == 404


def test_there_it_says_that_none_has_arrived_yet_and_then_plays_it(
    call: Interaction, listener: Client, send: Callable[..., Any]
) -> None:
    page = reverse("admin:contactcenter_interaction_change", args=[call.pk])
    assert "No recording of this call has arrived yet" in listener.get(page).content.decode()
    send()
    shown = listener.get(page).content.decode()
    assert f'src="{audio_of(CallRecording.objects.get())}"' in shown
    silent = logged_in("view_interaction", "view_callrecording").get(page).content.decode()
    assert "<audio" not in silent and "You may not listen" in silent
