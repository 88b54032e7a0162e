"""What was said: agent and customer apart, with times, searchable, in the CRM's history where a service wants it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from contactcenter import activities
from contactcenter.models import CallRecording, Interaction, OutboxEntry, Transcript
from contactcenter.recordings import addresses, history, search, simulated, work
from integrations import leases
from integrations.models import IntegrationAccount
from tests.factories import AccountFactory, TranscriptFactory
from tests.integrations.providers.conftest import Vendor

from .handing_over import MP3, bring_on, conversation

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def watson(vendor: Callable[[str], Vendor], transactional_db: None) -> Vendor:
    AccountFactory(
        provider="stt_watson", name="Watson", is_default=True, properties={"username": "demo-watson"},
        secrets={"password": "demo-watson-password"},
    )  # fmt: skip
    return vendor("stt_watson")


@pytest.fixture
def transcribed(call: Interaction) -> Interaction:
    call.service.recordings = "transcribed"
    call.service.save()
    return call


def test_agent_and_customer_are_written_down_apart_in_the_order_of_time(
    transcribed: Interaction, send: Callable[..., Any], watson: Vendor
) -> None:
    send(conversation())
    bring_on(CallRecording.objects.get())
    found = Transcript.objects.get()
    assert found.state == "done" and found.account is not None and found.account.name == "Watson"
    agent, customer = found.utterances
    assert (agent["who"], customer["who"]) == ("agent", "customer")
    assert "morning" in agent["text"] and "delivery" in customer["text"]
    assert 0 <= agent["start"] < agent["end"] < customer["start"] < customer["end"] < 5.7
    assert found.text == f"{agent['text']}\n{customer['text']}"


def test_the_agent_may_be_on_the_other_channel(
    transcribed: Interaction, send: Callable[..., Any], watson: Vendor
) -> None:
    send(conversation(), agent_channel=2)
    bring_on(CallRecording.objects.get())
    assert [each["who"] for each in Transcript.objects.get().utterances] == ["customer", "agent"]


def test_a_service_that_only_keeps_recordings_has_none_transcribed(send: Callable[..., Any], watson: Vendor) -> None:
    send(conversation())
    bring_on(CallRecording.objects.get())
    assert not Transcript.objects.exists() and watson.arrived() == []


def test_it_is_transcribed_from_the_storage_when_it_has_left_the_folder(
    transcribed: Interaction, send: Callable[..., Any], watson: Vendor, storage: IntegrationAccount
) -> None:
    send(conversation())
    assert bring_on(CallRecording.objects.get()).state == "stored"
    assert Transcript.objects.get().state == "done"


def test_what_cannot_be_transcribed_needs_a_person(transcribed: Interaction, send: Callable[..., Any]) -> None:
    send(MP3, recording_id="mp3")
    send(conversation(), recording_id="wav")
    for recording in CallRecording.objects.all():
        bring_on(recording)
    reasons = dict(Transcript.objects.values_list("recording__key", "last_error"))
    assert "Only WAV files" in reasons["mp3"] and "no default Speech To Text account" in reasons["wav"]
    assert set(Transcript.objects.values_list("state", flat=True)) == {"stuck"}


def test_after_a_new_account_try_again_transcribes_it(
    transcribed: Interaction, send: Callable[..., Any], request: pytest.FixtureRequest
) -> None:
    send(conversation())
    recording = bring_on(CallRecording.objects.get())
    request.getfixturevalue("watson")
    assert work.retry(recording)
    bring_on(recording)
    assert Transcript.objects.get().state == "done"


def test_a_recogniser_that_is_away_is_tried_again_and_nothing_is_half_done(
    transcribed: Interaction, send: Callable[..., Any], watson: Vendor
) -> None:
    send(conversation())
    watson.fault("bad_credentials")
    recording = bring_on(CallRecording.objects.get())
    waiting = Transcript.objects.get()
    assert (waiting.state, waiting.attempts, waiting.utterances) == ("waiting", 1, []) and waiting.last_error
    assert recording.state == "local"
    watson.healthy()
    bring_on(recording, again=True)
    assert Transcript.objects.get().state == "done"


def test_a_worker_that_dies_while_it_listens_is_followed_by_another(
    transcribed: Interaction, send: Callable[..., Any], watson: Vendor
) -> None:
    send(conversation())
    transcript = Transcript.objects.get()
    leases.claim(transcript, seconds=60)
    recording = bring_on(transcript.recording)
    assert Transcript.objects.get().state == "waiting"
    bring_on(recording, again=True)
    assert Transcript.objects.get().state == "done"


def test_the_simulated_line_records_a_talk_that_can_be_understood(
    transcribed: Interaction, watson: Vendor, speaking: None
) -> None:
    recording = simulated.record(transcribed.pk)
    assert recording is not None and recording.channels == 2 and 8000 < recording.duration_ms < 40_000
    assert simulated.record(transcribed.pk) == recording
    bring_on(recording)
    said = {each["who"]: each["text"] for each in reversed(Transcript.objects.get().utterances)}
    assert "customer support" in said["agent"] and "order" in said["customer"]


def test_without_a_voice_it_records_tones(call: Interaction, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    recording = simulated.record(call.pk)
    assert recording is not None and recording.duration_ms == 4 * (1500 + 600)


# -- searching


def test_recordings_are_found_by_all_of_the_words_or_how_they_begin(call: Interaction) -> None:
    texts = ["My order has not arrived", "I would like to order a printer", "O'Brien; DROP TABLE -- & | ! (x"]
    found = [TranscriptFactory(recording__interaction=call, state="done", text=text) for text in texts]
    assert set(search.holding("order")) == {found[0], found[1]}
    assert list(search.holding("ORDER arriv")) == [found[0]]
    assert list(search.holding("o'brien & (drop")) == [found[2]]
    assert list(search.holding("printer arrived")) == []
    assert list(search.holding("!!! & | :*")) == []


def test_postgresql_asks_the_index(call: Interaction) -> None:
    """SQLite, which is for trying out, has no such index."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # A table that is nearly empty is quicker read whole, in any order.
            cursor.execute("SET enable_seqscan = off; SET enable_indexscan = off")
        assert "transcripts_words" in search.holding("order").explain()


# -- the CRM


@pytest.fixture
def told(call: Interaction, account: IntegrationAccount) -> Interaction:
    """A call with a record in the CRM, whose service wants the transcript there; just completed."""
    call.service.recordings = "in_history"
    call.service.save()
    call.activity_account = account
    call.records = {"interaction": {"account": str(account.public_id), "kind": "case", "id": "1", "title": "Case"}}
    call.ended_at = timezone.now()
    call.save()
    return call


def history_of(call: Interaction) -> OutboxEntry:
    return OutboxEntry.objects.get(idempotency_key=activities.history_key(call))


def test_the_history_has_the_address_at_once(told: Interaction) -> None:
    told.service.recordings = "kept"
    told.service.save()
    entry = activities.post_history(told)
    address = f"http://127.0.0.1:8000/recordings/{told.public_id}"
    assert entry is not None and entry.due_at <= timezone.now()
    assert entry.payload["activity"]["recording_url"] == address
    assert f"Recording: {address}" in entry.payload["activity"]["text"]
    assert entry.payload["activity"]["from_number"] == "+14155550132"
    assert entry.payload["activity"]["to_number"] == "+14155550100"


@pytest.mark.parametrize(
    "change", [{"service__recordings": "refused"}, {"answered_at": None}, {"media": "chat"}], ids=str
)
def test_a_call_without_a_recording_has_no_address(told: Interaction, change: dict[str, Any]) -> None:
    if "service__recordings" in change:
        told.service.recordings = "refused"
        told.service.save()
    for name in ("answered_at", "media"):
        setattr(told, name, change.get(name, getattr(told, name)))
    assert addresses.to_be_told(told) == "" and history.transcript(told) == ""
    assert history.seconds_to_wait(told) == 0


def test_the_history_waits_for_the_transcript_and_leaves_with_it(
    told: Interaction, send: Callable[..., Any], watson: Vendor
) -> None:
    entry = activities.post_history(told)
    assert entry is not None and 290 < (entry.due_at - timezone.now()).total_seconds() <= 300
    send(conversation())
    bring_on(CallRecording.objects.get())
    entry.refresh_from_db()
    text = entry.payload["activity"]["text"]
    assert entry.due_at <= timezone.now() and "Transcript: \nAgent: " in text and "\nCustomer: " in text


def test_a_transcript_that_is_there_already_needs_no_waiting(
    told: Interaction, send: Callable[..., Any], watson: Vendor
) -> None:
    send(conversation())
    bring_on(CallRecording.objects.get())
    entry = activities.post_history(told)
    assert entry is not None and entry.due_at <= timezone.now() and "Agent: " in entry.payload["activity"]["text"]


def test_a_transcript_that_will_not_come_lets_the_history_go(told: Interaction, send: Callable[..., Any]) -> None:
    entry = activities.post_history(told)
    send(MP3)
    bring_on(CallRecording.objects.get())
    assert entry is not None
    entry.refresh_from_db()
    assert entry.due_at <= timezone.now() and "Transcript" not in entry.payload["activity"]["text"]


def test_after_five_minutes_the_history_leaves_without_it(told: Interaction) -> None:
    told.ended_at = timezone.now() - timedelta(minutes=6)
    told.save()
    entry = activities.post_history(told)
    assert entry is not None and entry.due_at <= timezone.now()


@pytest.mark.parametrize("change", [{"status": "done"}, {"attempts": 1}, {"sent_at": timezone.now()}])
def test_what_has_left_is_not_written_again(
    told: Interaction, send: Callable[..., Any], watson: Vendor, change: dict[str, Any]
) -> None:
    activities.post_history(told)
    OutboxEntry.objects.update(**change)
    before = history_of(told).payload
    send(conversation())
    bring_on(CallRecording.objects.get())
    assert history_of(told).payload == before and not activities.add_transcript(told.pk)


def test_what_is_being_sent_at_that_moment_is_left_alone(
    told: Interaction, send: Callable[..., Any], watson: Vendor
) -> None:
    activities.post_history(told)
    leases.claim(history_of(told), seconds=60)
    before = history_of(told).payload
    send(conversation())
    bring_on(CallRecording.objects.get())
    assert history_of(told).payload == before


def test_a_long_talk_is_cut_in_the_history_and_whole_here(told: Interaction, send: Callable[..., Any]) -> None:
    utterances = [{"who": "agent", "text": "word " * 30, "start": None, "end": None, "confidence": None}] * 100
    send()
    Transcript.objects.update(state="done", utterances=utterances)
    text = history.transcript(told)
    assert len(text) < 10_100 and text.endswith("(cut; all of it is at the recording)")
