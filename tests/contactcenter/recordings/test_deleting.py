"""Deleting: the sound and the words go, in the storage too; what is known of the recording stays."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import ProtectedError
from django.utils import timezone

from contactcenter.models import CallRecording, ContactCenter, Transcript
from contactcenter.recordings import deleting, storing, work
from integrations import leases
from integrations.models import IntegrationAccount
from tests.factories import TranscriptFactory
from tests.integrations.providers.conftest import Vendor

from .handing_over import bring_on, objects

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_object_the_file_and_the_words_go_and_the_facts_stay(
    recording: CallRecording, storage: IntegrationAccount, bucket: Vendor, folder: Path
) -> None:
    TranscriptFactory(recording=recording, state="done", text="my card number is", utterances=[{"text": "x"}])
    stored = bring_on(recording)
    assert deleting.ask(stored, "Deleted by admin") and not deleting.ask(stored, "Deleted by another")
    gone = bring_on(recording)
    assert (gone.state, gone.deletion_reason, gone.account) == ("deleted", "Deleted by admin", None)
    assert gone.deleted_at is not None and gone.sha256 == recording.sha256 and gone.object_key == stored.object_key
    assert objects(bucket) == {} and list(folder.iterdir()) == [] and not Transcript.objects.exists()


def test_one_that_is_still_here_goes_without_asking_the_storage(recording: CallRecording, folder: Path) -> None:
    deleting.ask(recording, "Deleted by admin")
    assert bring_on(recording).state == "deleted" and list(folder.iterdir()) == []


def test_a_storage_that_is_away_or_refuses_keeps_the_deletion_open(
    recording: CallRecording, storage: IntegrationAccount, bucket: Vendor
) -> None:
    deleting.ask(bring_on(recording), "Deleted by admin")
    bucket.fault("service_unavailable")
    assert bring_on(recording).state == "deleting"
    bucket.healthy()
    bucket.settings(may={"list": True, "read": True, "write": True, "delete": False})
    waiting = bring_on(recording, again=True)
    assert waiting.state == "deleting" and waiting.last_error and len(objects(bucket)) == 1
    bucket.settings(may={"list": True, "read": True, "write": True, "delete": True})
    assert work.retry(waiting) and bring_on(recording).state == "deleted" and objects(bucket) == {}


def test_what_is_being_stored_at_that_moment_is_deleted_after_it(
    recording: CallRecording, storage: IntegrationAccount, bucket: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified = storing._verify

    def while_it_is_looked_at(*given: object) -> None:
        verified(*given)  # type: ignore[arg-type]
        assert deleting.ask(recording, "Deleted by admin")

    monkeypatch.setattr(storing, "_verify", while_it_is_looked_at)
    assert bring_on(recording).state == "deleting"
    assert bring_on(recording).state == "deleted" and objects(bucket) == {}


def test_after_the_days_of_the_contact_centre_they_go_by_themselves(
    recording: CallRecording, storage: IntegrationAccount, bucket: Vendor
) -> None:
    bring_on(recording)
    assert ContactCenter.current().recordings_kept_days == 365 and deleting.retire() == 0
    CallRecording.objects.update(received_at=timezone.now() - timedelta(days=366))
    ContactCenter.objects.update(recordings_kept_days=0)
    assert deleting.retire() == 0
    ContactCenter.objects.update(recordings_kept_days=365)
    assert deleting.retire() == 1 and deleting.retire() == 0
    gone = bring_on(recording)
    assert (gone.state, gone.deletion_reason) == ("deleted", "Kept for 365 days") and objects(bucket) == {}


def test_a_deleted_recording_that_is_sent_again_stays_deleted(
    recording: CallRecording, send: object, folder: Path
) -> None:
    deleting.ask(recording, "Deleted by admin")
    bring_on(recording)
    answer = send()  # type: ignore[operator]
    assert (answer.status_code, answer.json()["state"]) == (200, "deleted") and list(folder.iterdir()) == []


def test_an_account_that_holds_recordings_cannot_be_removed(
    recording: CallRecording, storage: IntegrationAccount
) -> None:
    stored = bring_on(recording)
    with pytest.raises(ProtectedError):
        storage.delete()
    deleting.ask(stored, "Deleted by admin")
    bring_on(recording)
    storage.delete()


def test_what_somebody_else_holds_is_left_alone(recording: CallRecording, storage: IntegrationAccount) -> None:
    leases.claim(recording, seconds=60)
    deleting.ask(recording, "Deleted by admin")
    assert bring_on(recording).state == "deleting"
