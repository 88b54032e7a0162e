"""From the folder into the storage: under one name, believed when it has come back, and never lost on the way."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from contactcenter.models import CallRecording, Interaction
from contactcenter.recordings import deleting, holds, playing, spool, storing, work
from integrations import leases
from integrations.models import IntegrationAccount
from tests.contactcenter.test_calls import at_once
from tests.factories import AccountFactory, ScenarioRunFactory
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.test_aws_s3_swift import BUCKET
from tests.swift import Swift

from .conftest import s3_account
from .handing_over import WAV, bring_on, objects

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """The process is gone; nothing of ours catches that."""


def name_of(recording: CallRecording) -> str:
    return f"support/2026-01-15/090004_{recording.interaction.reference}_{recording.public_id.hex[:8]}.wav"


def test_it_is_stored_under_a_readable_name_and_then_leaves_the_folder(
    recording: CallRecording, storage: IntegrationAccount, bucket: Vendor, folder: Path
) -> None:
    stored = bring_on(recording)
    assert (stored.state, stored.account, stored.object_key) == ("stored", storage, name_of(recording))
    assert stored.stored_at is not None and stored.last_error == ""
    (found,) = objects(bucket).values()
    assert (found["key"], found["size"], found["sha256"]) == (name_of(recording), len(WAV), recording.sha256)
    assert list(folder.iterdir()) == []


def test_without_an_account_it_stays_here_until_there_is_one(
    recording: CallRecording, bucket: Vendor, folder: Path
) -> None:
    assert bring_on(recording).state == "local"
    assert work.store_those_kept_here() == 0 and bring_on(recording).state == "local"
    s3_account()
    assert work.store_those_kept_here() == 1
    assert bring_on(recording).state == "stored" and list(folder.iterdir()) == []


def test_a_storage_that_is_away_is_tried_again_with_growing_pauses(
    recording: CallRecording, storage: IntegrationAccount, bucket: Vendor, folder: Path
) -> None:
    bucket.fault("service_unavailable")
    waiting = [bring_on(recording), bring_on(recording, again=True), bring_on(recording, again=True)]
    assert [each.state for each in waiting] == ["storing"] * 3 and [each.attempts for each in waiting] == [1, 2, 3]
    pauses = [(each.due_at - timezone.now()).total_seconds() for each in waiting]
    assert pauses[2] > 3 and waiting[2].last_error
    assert len(list(folder.iterdir())) == 1
    asked = len(bucket.arrived())
    work.bring_on(recording.pk)
    assert len(bucket.arrived()) == asked  # it is not due
    bucket.healthy()
    assert bring_on(recording, again=True).state == "stored"
    assert list(objects(bucket)) == [name_of(recording)]


def test_a_refusal_needs_a_person_who_may_try_again(
    recording: CallRecording, storage: IntegrationAccount, bucket: Vendor, folder: Path
) -> None:
    bucket.settings(bucket="another-one")
    stuck = bring_on(recording)
    assert stuck.state == "stuck" and stuck.last_error and len(list(folder.iterdir())) == 1
    bucket.settings(bucket="demo-recordings")
    assert work.retry(stuck)
    assert bring_on(recording).state == "stored"
    assert not work.retry(recording)


def test_a_wrong_key_waits_for_the_administrator(
    recording: CallRecording, storage: IntegrationAccount, bucket: Vendor
) -> None:
    bucket.settings(secret_key="changed-at-the-vendor-0123456789abcdef")
    waiting = bring_on(recording)
    storage.refresh_from_db()
    assert waiting.state == "storing" and storage.health == "failing"
    assert (waiting.due_at - timezone.now()).total_seconds() > 55


def test_an_account_that_is_switched_off_is_waited_for_and_no_other_is_taken(
    recording: CallRecording, storage: IntegrationAccount, bucket: Vendor
) -> None:
    bucket.fault("service_unavailable")
    bring_on(recording)
    bucket.healthy()
    IntegrationAccount.objects.update(enabled=False)
    assert bring_on(recording, again=True).state == "local"
    IntegrationAccount.objects.update(enabled=True)
    work.retry(recording)
    assert bring_on(recording).account == storage


# -- killed between two steps


@pytest.mark.parametrize("step", ["_put", "_verify"])
def test_a_worker_that_dies_after_a_step_leaves_one_object_in_the_end(
    recording: CallRecording, storage: IntegrationAccount, bucket: Vendor, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    done = getattr(storing, step)

    def dies(*given: Any) -> None:
        done(*given)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(storing, step, dies)
        patch.setattr(leases, "release", lambda *_: None)
        with pytest.raises(Killed):
            bring_on(recording)
    row = CallRecording.objects.get()
    assert row.state == "storing" and row.object_key == name_of(recording)
    assert spool.path_of(row.public_id).exists()
    work.bring_on(row.pk)
    assert CallRecording.objects.get().state == "storing"  # the dead one's lease still holds
    assert bring_on(recording, again=True).state == "stored"
    assert list(objects(bucket)) == [name_of(recording)] and not spool.path_of(row.public_id).exists()


def test_a_file_whose_worker_died_before_removing_it_is_removed_later(
    recording: CallRecording, storage: IntegrationAccount, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(spool, "remove", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            bring_on(recording)
    assert CallRecording.objects.get().state == "stored" and len(list(folder.iterdir())) == 1
    assert spool.prune() == 0  # too young: somebody may be at it
    for path in folder.iterdir():
        os.utime(path, (1, 1))
    assert spool.prune() == 1 and list(folder.iterdir()) == []


def test_files_without_a_row_go_and_those_with_one_stay(recording: CallRecording, folder: Path) -> None:
    for name in ("0" * 32, "1" * 32 + ".part", "notes.txt"):
        (folder / name).write_bytes(b"x")
    for path in folder.iterdir():
        os.utime(path, (1, 1))
    assert spool.prune() == 2
    assert sorted(path.name for path in folder.iterdir()) == sorted([recording.public_id.hex, "notes.txt"])


def test_two_workers_store_it_once(recording: CallRecording, storage: IntegrationAccount, bucket: Vendor) -> None:
    assert at_once(4, lambda _: work.bring_on(recording.pk)) == []
    assert CallRecording.objects.get().state == "stored" and bucket.count("stored") == 1


def test_a_lease_that_was_lost_changes_nothing(recording: CallRecording, storage: IntegrationAccount) -> None:
    owner = leases.claim(recording, seconds=60)
    hold = holds.Hold(recording, owner)
    CallRecording.objects.update(lease_owner="somebody else")
    with pytest.raises(holds.Lost):
        hold.save(state="stored")
    assert CallRecording.objects.get().state == "storing"


# -- what is there is what was sent


def test_a_file_that_changed_in_the_folder_is_never_taken_for_the_recording(
    recording: CallRecording, storage: IntegrationAccount, folder: Path
) -> None:
    (folder / recording.public_id.hex).write_bytes(WAV[:-2] + b"\1\1")
    stuck = bring_on(recording)
    assert stuck.state == "stuck" and "SHA-256" in stuck.last_error
    assert (folder / recording.public_id.hex).exists()


def test_a_file_that_is_gone_is_told(recording: CallRecording, storage: IntegrationAccount, folder: Path) -> None:
    (folder / recording.public_id.hex).unlink()
    stuck = bring_on(recording)
    assert stuck.state == "stuck" and "not in the folder" in stuck.last_error


def test_what_the_storage_damages_stays_in_the_folder_and_is_sent_again(
    recording: CallRecording, storage: IntegrationAccount, bucket: Vendor, folder: Path
) -> None:
    bucket.settings(damages=True)
    waiting = bring_on(recording)
    assert waiting.state == "storing" and "not the one that was stored" in waiting.last_error
    assert hashlib.sha256((folder / recording.public_id.hex).read_bytes()).hexdigest() == recording.sha256
    bucket.settings(damages=False)
    assert bring_on(recording, again=True).state == "stored"


def test_a_scenario_that_forbids_it_later_has_it_deleted_unsent(
    recording: CallRecording, call: Interaction, storage: IntegrationAccount, bucket: Vendor, folder: Path
) -> None:
    ScenarioRunFactory(interaction=call, variables={"doNotRecord": "true"})
    gone = bring_on(recording)
    assert gone.state == "deleted" and "forbids" in gone.deletion_reason
    assert objects(bucket) == {} and list(folder.iterdir()) == []


# -- a real S3 server


def test_openstack_swift_takes_it_plays_it_and_deletes_it(
    send: Callable[..., Any],
    swift: Swift,
    boto: Any,
    settings: Any,
    folder: Path,
) -> None:
    settings.INTEGRATIONS_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    properties = {
        "use_private_s3_storage": True, "url": swift.url, "access_key_id": swift.access_key, "s3_bucket": BUCKET,
        "key_prefix": "calls/",
    }  # fmt: skip
    AccountFactory(
        provider="aws_s3", simulated=False, is_default=True, properties=properties,
        secrets={"secret_key": swift.secret_key},
    )  # fmt: skip
    large = WAV[:44] + bytes(9 * 1024 * 1024)  # two parts
    assert send(large).status_code == 201
    stored = bring_on(CallRecording.objects.get())
    assert stored.state == "stored" and stored.object_key == f"calls/{name_of(stored)}" and list(folder.iterdir()) == []
    found = boto.get_object(Bucket=BUCKET, Key=stored.object_key)
    assert found["Body"].read() == large and found["Metadata"]["sha256"] == stored.sha256
    with playing.opened(stored, start=40, length=8) as part:
        assert b"".join(part.pieces) == large[40:48]
    assert deleting.ask(stored, "Deleted by admin")
    assert bring_on(stored).state == "deleted"
    assert "Contents" not in boto.list_objects_v2(Bucket=BUCKET, Prefix="calls/")
