"""Our storage account against a real S3 server, OpenStack Swift: it checks signatures, clocks, regions and expiry."""

import hashlib
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest
import requests
import time_machine
from botocore.config import Config
from django.utils import timezone

from integrations.errors import AuthenticationFailed, Cause, IntegrationError, Rejected
from integrations.models import ApiCall, IntegrationAccount
from integrations.providers.aws_s3 import S3, transfer
from tests.factories import AccountFactory
from tests.swift import Swift

pytestmark = pytest.mark.django_db(transaction=True)
BUCKET = "recordings"
SOUND = b"RIFF" + bytes(range(256)) * 20


@pytest.fixture(scope="session")
def boto(swift: Swift) -> Any:
    """Amazon's own client, to prepare and to look behind our back."""
    client = boto3.client(
        "s3",
        endpoint_url=swift.url,
        aws_access_key_id=swift.access_key,
        aws_secret_access_key=swift.secret_key,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def connect(swift: Swift, boto: Any, settings: Any) -> Callable[..., S3]:
    settings.INTEGRATIONS_ALLOWED_NETWORKS = ["127.0.0.0/8"]

    def connected(*, secret: str = swift.secret_key, **properties: Any) -> S3:
        entered = {
            "use_private_s3_storage": True,
            "url": swift.url,
            "access_key_id": swift.access_key,
            "s3_bucket": BUCKET,
            **properties,
        }
        account = AccountFactory(provider="aws_s3", simulated=False, properties=entered, secrets={"secret_key": secret})
        account.full_clean()
        made: S3 = account.connect()
        return made

    return connected


def read(storage: S3, key: str, **part: Any) -> bytes:
    with storage.open(key, **part) as recording:
        return b"".join(recording.pieces)


def fault_of(storage: S3) -> IntegrationError:
    with pytest.raises(IntegrationError) as failure:
        list(storage.probes())
    return failure.value


# -- storing and reading


def test_a_good_account_is_green_and_says_where_it_is(connect: Callable[..., S3]) -> None:
    result = connect(key_prefix="voice").test_connection()
    assert result.ok and result.message == "Connection is valid (recordings, us-east-1)"


@pytest.mark.parametrize("compatibility", ["on", "off"])
def test_a_recording_goes_there_and_comes_back(connect: Callable[..., S3], boto: Any, compatibility: str) -> None:
    storage = connect(key_prefix="voice", compatibility_mode=compatibility)
    stored = storage.put(f"Ünï cödé/100% + 1/{compatibility}.wav", io.BytesIO(SOUND), about={"channels": "2"})
    assert stored.key == f"voice/%C3%9Cn%C3%AF%20c%C3%B6d%C3%A9/100%25%20%2B%201/{compatibility}.wav"
    assert read(storage, stored.key) == SOUND
    seen = boto.head_object(Bucket=BUCKET, Key=stored.key)
    assert (seen["ContentLength"], seen["ContentType"]) == (len(SOUND), "audio/wav")
    assert seen["Metadata"] == {"sha256": hashlib.sha256(SOUND).hexdigest(), "channels": "2"}


def test_a_large_recording_goes_in_parts(connect: Callable[..., S3], boto: Any) -> None:
    storage = connect()
    body = b"0123456789abcdef" * (1024 * 1024) + b"the rest"  # 16 MB and a little: three parts
    stored = storage.put("large.wav", Unseekable(body))
    assert boto.head_object(Bucket=BUCKET, Key=stored.key)["ETag"].endswith('-3"')
    assert hashlib.sha256(read(storage, stored.key)).hexdigest() == stored.sha256 == hashlib.sha256(body).hexdigest()
    assert read(storage, stored.key, start=16 * 1024 * 1024) == b"the rest"
    assert read(storage, stored.key, start=transfer.PART - 2, length=4) == b"ef01"


class Unseekable(io.RawIOBase):
    """What a network gives: read once, from the front."""

    def __init__(self, body: bytes) -> None:
        self.body = io.BytesIO(body)

    def seekable(self) -> bool:
        return False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self.body.read(size)


def test_an_upload_that_breaks_leaves_no_parts_behind(connect: Callable[..., S3], boto: Any) -> None:
    storage = connect()

    class Breaking(io.BytesIO):
        """Measured without trouble; its third part cannot be read."""

        parts = 0

        def read(self, size: int | None = -1) -> bytes:
            self.parts += size == transfer.PART
            if self.parts == 3:
                raise OSError("the disk is gone")
            return super().read(size)

    with pytest.raises(OSError, match="the disk is gone"):
        storage.put("broken.wav", Breaking(bytes(40 * 1024 * 1024)))
    purposes = list(ApiCall.objects.order_by("id").values_list("purpose", flat=True))
    assert purposes == ["Begin upload", "Upload part 1", "Upload part 2", "Give up upload"]
    assert boto.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []) == []


def test_a_part_of_a_recording_says_how_large_the_whole_is(connect: Callable[..., S3]) -> None:
    storage = connect()
    key = storage.put("part.wav", io.BytesIO(SOUND)).key
    with storage.open(key, start=4, length=3) as part:
        assert (part.total, part.start, b"".join(part.pieces)) == (len(SOUND), 4, bytes([0, 1, 2]))
    with pytest.raises(Rejected) as failure, storage.open(key, start=len(SOUND) + 1):
        pass
    assert (failure.value.status, failure.value.vendor_code) == (416, "InvalidRange")


def test_what_was_changed_behind_our_back_is_noticed(connect: Callable[..., S3], boto: Any) -> None:
    storage = connect()
    stored = storage.put("changed.wav", io.BytesIO(SOUND))
    boto.put_object(Bucket=BUCKET, Key=stored.key, Body=SOUND[::-1], Metadata={"sha256": stored.sha256})
    with pytest.raises(IntegrationError, match="SHA-256"):
        read(storage, stored.key)


def test_the_newest_recordings_come_first(connect: Callable[..., S3]) -> None:
    storage = connect(key_prefix="newest")
    for number in (3, 1, 2):
        storage.put(f"a b/{number}.wav", io.BytesIO(SOUND))
    found = storage.newest(2)
    assert len(found) == 2 and found[0].stored_at >= found[1].stored_at
    assert all(each.key.startswith("newest/a%20b/") and each.size == len(SOUND) for each in found)
    assert read(storage, found[0].key) == SOUND


def test_the_write_test_leaves_nothing(connect: Callable[..., S3], boto: Any) -> None:
    result = connect(key_prefix="trial").test_write()
    assert result.ok and [label for label, _ in result.rows] == ["Stored", "Read", "Deleted"]
    assert "Contents" not in boto.list_objects_v2(Bucket=BUCKET, Prefix="trial/")


# -- what goes wrong


def test_a_wrong_key(connect: Callable[..., S3]) -> None:
    fault = fault_of(connect(access_key_id="test:nobody"))
    assert (type(fault), fault.cause, fault.status) == (AuthenticationFailed, Cause.BAD_CREDENTIALS, 403)


def test_a_wrong_secret(connect: Callable[..., S3]) -> None:
    fault = fault_of(connect(secret="not-the-secret"))
    assert (fault.cause, fault.vendor_code) == (Cause.BAD_CREDENTIALS, "SignatureDoesNotMatch")


def test_a_wrong_bucket(connect: Callable[..., S3]) -> None:
    fault = fault_of(connect(s3_bucket="recordngs"))
    assert (fault.cause, fault.vendor_code) == (Cause.NOT_FOUND, "NoSuchBucket")
    assert getattr(fault, "field", "") == "s3_bucket" and "recordngs" in str(fault)


@pytest.mark.parametrize(("minutes", "words"), [(40, "s ahead of"), (-40, "s behind")])
def test_a_clock_that_is_wrong_is_told_in_seconds(connect: Callable[..., S3], minutes: int, words: str) -> None:
    storage = connect()
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
        fault = fault_of(storage)
    assert (fault.cause, fault.vendor_code) == (Cause.TOKEN_EXPIRED, "RequestTimeTooSkewed")
    assert words in str(fault)
    seconds = int(str(fault).split(" s ")[0].rsplit(" ", 1)[1].replace(",", ""))
    assert abs(seconds - 2400) < 20


def test_another_region_is_learned_once_and_kept(connect: Callable[..., S3]) -> None:
    storage = connect(region="eu-central-1")
    assert storage.test_connection().ok
    assert [call.status for call in ApiCall.objects.order_by("id")] == [400, 200]
    account = IntegrationAccount.objects.get()
    assert account.properties["region"] == "us-east-1"
    ApiCall.objects.all().delete()
    assert account.connect().test_connection().ok
    assert [call.status for call in ApiCall.objects.all()] == [200]


# -- playback


def test_a_link_plays_parts_and_nothing_else(connect: Callable[..., S3]) -> None:
    storage = connect()
    key = storage.put("å song/1.wav", io.BytesIO(SOUND)).key
    link = storage.playback_url(key, content_type="audio/x-wav", file_name="Mrs Å.wav")
    answer = requests.get(link, headers={"Range": "bytes=10-19"}, timeout=10)
    assert (answer.status_code, answer.content) == (206, SOUND[10:20])
    assert answer.headers["Content-Range"] == f"bytes 10-19/{len(SOUND)}"
    assert answer.headers["Content-Type"] == "audio/x-wav"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''Mrs%20%C3%85.wav"
    assert requests.put(link, data=b"x", timeout=10).status_code == 403


def test_a_link_that_was_tampered_with_is_refused(connect: Callable[..., S3]) -> None:
    storage = connect()
    link = storage.playback_url(storage.put("mine.wav", io.BytesIO(SOUND)).key)
    answer = requests.get(link.replace("mine.wav", "yours.wav"), timeout=10)
    assert answer.status_code == 403 and "SignatureDoesNotMatch" in answer.text


def test_a_link_ends(connect: Callable[..., S3]) -> None:
    storage = connect()
    key = storage.put("ends.wav", io.BytesIO(SOUND)).key
    with time_machine.travel(timezone.now() - timedelta(seconds=62)):
        link = storage.playback_url(key, seconds=60)
    answer = requests.get(link, timeout=10)
    assert answer.status_code == 403 and "Request has expired" in answer.text
