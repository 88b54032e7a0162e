"""Handing recordings over: a row before the answer, once however often it is sent, nothing kept of what is refused."""

import asyncio
import hashlib
import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from contactcenter.api.size_limit import with_size_limit
from contactcenter.models import CallRecording, Interaction
from contactcenter.recordings import intake, spool
from integrations.sound import PCM
from tests.contactcenter.test_calls import at_once
from tests.factories import InteractionFactory, ScenarioRunFactory

from .conftest import AUTHORISED
from .handing_over import MP3, OGG, STARTED, WAV, conversation

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[..., Any]


def kept_files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


# -- what is taken


def test_a_recording_is_a_row_and_a_whole_file_before_it_is_answered(send: Send, folder: Path) -> None:
    answer = send(conversation(), recording_id="r-7", agent_channel=2)
    assert answer.status_code == 201, answer.content
    row = CallRecording.objects.get()
    told = answer.json()
    assert (told["recording_id"], told["state"], told["content_type"]) == ("r-7", "storing", "audio/wav")
    assert told["sha256"] == row.sha256 == hashlib.sha256(conversation()).hexdigest()
    assert (row.size, row.channels, row.agent_channel) == (len(conversation()), 2, 2)
    assert 5 < told["duration_seconds"] < 6
    assert told["address"] == f"http://127.0.0.1:8000/recordings/{row.interaction.public_id}"
    assert kept_files(folder) == [row.public_id.hex]
    assert (folder / row.public_id.hex).read_bytes() == conversation()


def test_the_same_recording_sent_again_is_one(send: Send, folder: Path) -> None:
    assert [send().status_code, send().status_code] == [201, 200]
    assert CallRecording.objects.count() == 1 and len(kept_files(folder)) == 1


def test_other_contents_under_the_same_id_are_refused_and_the_first_stay(send: Send, folder: Path) -> None:
    send(WAV)
    answer = send(conversation())
    assert answer.status_code == 422 and "sent before, with other contents" in answer.json()["detail"]
    assert [(folder / name).read_bytes() for name in kept_files(folder)] == [WAV]


def test_sent_by_many_at_once_it_is_one_row_and_one_file(call: Interaction, folder: Path) -> None:
    offer = intake.Offer(call_id="c-1", key="r-1", started_at=STARTED)
    assert at_once(6, lambda _: intake.receive(offer, [WAV])) == []
    assert CallRecording.objects.count() == 1
    assert kept_files(folder) == [CallRecording.objects.get().public_id.hex]


@pytest.mark.parametrize(("body", "kind"), [(MP3, "audio/mpeg"), (b"ID3\x04" + MP3, "audio/mpeg"), (OGG, "audio/ogg")])
def test_mp3_and_ogg_are_taken_with_what_was_told_of_them(send: Send, body: bytes, kind: str) -> None:
    told = send(body, duration_seconds=61.5, channels=2).json()
    assert (told["content_type"], told["duration_seconds"], told["channels"]) == (kind, 61.5, 2)


def test_a_wav_file_knows_better_than_what_was_told(send: Send) -> None:
    told = send(WAV, duration_seconds=3600, channels=2).json()
    assert (told["duration_seconds"], told["channels"]) == (1.0, 1)


def test_a_platform_can_read_what_became_of_its_recordings(send: Send) -> None:
    send()
    CallRecording.objects.update(state="stuck", last_error="The bucket is full.")
    (told,) = Client().get("/api/v1/calls/c-1/recordings", **AUTHORISED).json()
    assert (told["recording_id"], told["state"], told["why"]) == ("r-1", "stuck", "The bucket is full.")


# -- what is not


def wav_head(*, form: int = PCM, channels: int = 1, rate: int = 8000, bits: int = 16, chunk: bytes = b"fmt ") -> bytes:
    inner = struct.pack("<4sIHHIIHH", chunk, 16, form, channels, rate, rate, 2, bits)
    return b"RIFF" + struct.pack("<I", 4 + len(inner)) + b"WAVE" + inner


POISON = {
    "nothing": b"",
    "text": b"<html><script>alert(1)</script></html>",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(50),
    "an archive": b"PK\x03\x04" + bytes(50),
    "only RIFF": b"RIFF\xff\xff\xff\xffWAVE",
    "no data": wav_head(),
    "a rate of zero": wav_head(rate=0) + b"data\x04\0\0\0" + bytes(4),
    "nine channels": wav_head(channels=9) + b"data\x04\0\0\0" + bytes(4),
    "no bits": wav_head(bits=0) + b"data\x04\0\0\0" + bytes(4),
    "compressed": wav_head(form=0x55) + b"data\x04\0\0\0" + bytes(4),
    "chunks without end": wav_head(chunk=b"junk") + (b"junk" + bytes(4)) * 100,
    "a chunk longer than the file": wav_head(chunk=b"junk") + b"junk\xff\xff\xff\x7f" + bytes(9),
    "no layer of MPEG": b"\xff\xf9\x90\x64" + bytes(50),
}


@pytest.mark.parametrize("name", POISON)
def test_poison_is_refused_and_not_kept(send: Send, folder: Path, name: str) -> None:
    answer = send(POISON[name])
    assert answer.status_code == 422, answer.content
    assert "not kept" in answer.json()["detail"]
    assert kept_files(folder) == [] and not CallRecording.objects.exists()


def test_a_length_that_the_head_makes_up_means_until_the_end_of_the_file(send: Send) -> None:
    endless = wav_head() + b"data\xff\xff\xff\xff" + bytes(16_000)
    assert send(endless).json()["duration_seconds"] == 1.0


class Unreadable(io.BytesIO):
    """A body of which not one byte may be asked for."""

    def read(self, *size: Any) -> bytes:
        raise AssertionError("The body was read.")


def test_five_gigabytes_are_refused_before_a_byte_is_read(call: Interaction, settings: Any) -> None:
    assert settings.LARGEST_RECORDING == 5 * 1024**3
    body = {"wsgi.input": Unreadable(), "CONTENT_LENGTH": str(5 * 1024**3 + 1)}
    answer = Client().post(
        "/api/v1/calls/c-1/recordings", content_type="audio/wav",
        query_params={"recording_id": "r", "started_at": "2026-01-15T09:00:04Z"}, **AUTHORISED, **body,
    )  # fmt: skip
    assert answer.status_code == 413 and "5,120 MB" in answer.json()["detail"]


def test_a_body_that_does_not_tell_its_length_ends_at_the_limit(call: Interaction, settings: Any, folder: Path) -> None:
    settings.LARGEST_RECORDING = 10_000
    taken = []

    def endless() -> Any:
        while True:
            taken.append(1)
            yield WAV[:4000]

    with pytest.raises(spool.TooLarge):
        intake.receive(intake.Offer("c-1", "r-1", STARTED), endless())
    assert len(taken) == 3 and kept_files(folder) == []


def through_the_limit(headers: list[tuple[bytes, bytes]], bodies: list[bytes]) -> tuple[list[Any], list[Any]]:
    """What an application behind the limit receives, and what is answered for it."""
    seen: list[Any] = []
    sent: list[Any] = []
    waiting = [{"type": "http.request", "body": body, "more_body": True} for body in bodies]

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.extend([await receive() for _ in bodies])

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(with_size_limit(application)({"type": "http", "headers": headers}, receive, send))
    return seen, sent


def test_under_asgi_the_limit_stands_before_django_reads(settings: Any) -> None:
    settings.LARGEST_RECORDING = 10
    seen, sent = through_the_limit([(b"content-length", b"11")], [b"x"])
    assert seen == [] and sent[0]["status"] == 413 and b"not kept" in sent[1]["body"]
    seen, sent = through_the_limit([(b"content-length", b"10")], [b"x" * 10])
    assert [each["body"] for each in seen] == [b"x" * 10] and sent == []
    seen, _ = through_the_limit([], [b"x" * 6, b"x" * 6])
    assert [each["type"] for each in seen] == ["http.request", "http.disconnect"]


def test_a_body_that_breaks_off_is_not_a_recording(call: Interaction, folder: Path) -> None:
    offer = intake.Offer("c-1", "r-1", STARTED)
    with pytest.raises(intake.NotPossible, match=r"ended after 8,000 of 16,044 bytes\. Send it again"):
        intake.receive(offer, [WAV[:8000]], announced=len(WAV))
    assert kept_files(folder) == [] and not CallRecording.objects.exists()


def test_a_sender_that_vanishes_leaves_nothing(call: Interaction, folder: Path) -> None:
    def cut() -> Any:
        yield WAV[:8000]
        raise ConnectionResetError(104, "Connection reset by peer")

    with pytest.raises(ConnectionResetError):
        intake.receive(intake.Offer("c-1", "r-1", STARTED), cut())
    assert kept_files(folder) == []


def test_a_folder_that_takes_nothing_asks_for_another_try(send: Send, settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    settings.RECORDINGS_ROOT = str(tmp_path / "file")
    answer = send()
    assert answer.status_code == 503 and "Send it again" in answer.json()["detail"]


def test_an_unknown_call_a_wrong_token_and_wrong_fields_are_told(send: Send) -> None:
    assert send(call_id="nobody").status_code == 404
    assert send(headers={"HTTP_AUTHORIZATION": "Bearer wrong"}).status_code == 401
    assert send(started_at="yesterday").json()["errors"][0]["field"] == "started_at"
    assert send(recording_id="").json()["errors"][0]["field"] == "recording_id"
    assert send(channels=7).status_code == 422
    assert not CallRecording.objects.exists()


# -- whether one may be kept at all


def test_a_service_that_keeps_none_refuses_and_the_story_says_so_once(
    send: Send, call: Interaction, folder: Path
) -> None:
    call.service.recordings = "refused"
    call.service.save()
    answers = [send(), send()]
    assert {answer.status_code for answer in answers} == {422}
    assert "Customer Support keeps no recordings" in answers[0].json()["detail"]
    (event,) = call.events.filter(kind="recording_refused")
    assert event.data["recording"] == "r-1" and kept_files(folder) == []


@pytest.mark.parametrize("value", ["1", "true", "yes", "asked"])
def test_a_call_that_must_not_be_recorded_is_refused_unread(
    send: Send, call: Interaction, folder: Path, value: str
) -> None:
    ScenarioRunFactory(interaction=call, variables={"doNotRecord": value})
    answer = send()
    assert answer.status_code == 422 and "$(doNotRecord)" in answer.json()["detail"]
    assert "Nothing of it was kept" in answer.json()["detail"] and kept_files(folder) == []


@pytest.mark.parametrize("value", ["", "0", "false", "No", None])
def test_a_variable_that_says_no_forbids_nothing(send: Send, call: Interaction, value: Any) -> None:
    ScenarioRunFactory(interaction=call, variables={} if value is None else {"doNotRecord": value})
    assert send().status_code == 201


def test_a_scenario_that_forbids_while_the_body_comes_is_heard(call: Interaction, folder: Path) -> None:
    def body() -> Any:
        yield WAV[:8000]
        ScenarioRunFactory(interaction=call, variables={"doNotRecord": "1"})
        yield WAV[8000:]

    with pytest.raises(intake.NotPossible, match="doNotRecord"):
        intake.receive(intake.Offer("c-1", "r-1", STARTED), body())
    assert kept_files(folder) == [] and not CallRecording.objects.exists()


def test_a_chat_has_no_recording(send: Send, call: Interaction) -> None:
    InteractionFactory(call_id="chat-1", media="chat", service=call.service)
    assert "This is a chat" in send(call_id="chat-1").json()["detail"]
