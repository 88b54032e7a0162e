"""The storage account against the simulated S3: what is tested, stored, listed and played, and what each error means.

What only a real server can show (signatures, clocks, links) is in `test_aws_s3_swift`."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.capabilities import RecordingStorage, StoredRecording
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Unavailable
from integrations.models import ApiCall, IntegrationAccount
from integrations.providers.aws_s3 import S3
from integrations.providers.aws_s3.headers import metadata
from integrations.providers.aws_s3.keys import key_of
from integrations.providers.aws_s3.listing import LOOKED_THROUGH, Page, newest
from integrations.providers.aws_s3.properties import S3Properties
from integrations.providers.aws_s3.transfer import measured
from tests.factories import AccountFactory, AdminFactory
from tests.integrations.local_server import Answer, LocalServer
from tests.integrations.providers.conftest import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
GOOD = {"access_key_id": "AKIADEMOSTORAGE00001", "s3_bucket": "demo-recordings"}
SECRET = "demo-storage-secret-key-0123456789abcdef"


@pytest.fixture
def bucket(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("aws_s3")


def connect(*, secret: str = SECRET, simulated: bool = True, **properties: Any) -> S3:
    account = AccountFactory(
        provider="aws_s3", simulated=simulated, properties={**GOOD, **properties}, secrets={"secret_key": secret}
    )
    made: S3 = account.connect()
    return made


def read(storage: S3, key: str, **part: Any) -> bytes:
    with storage.open(key, **part) as recording:
        return b"".join(recording.pieces)


# -- the test


def test_the_test_lists_one_object_and_changes_nothing(bucket: Vendor) -> None:
    storage = connect(key_prefix="recordings")
    assert isinstance(storage, RecordingStorage)
    result = storage.test_connection()
    assert result.ok and result.message == "Connection is valid (demo-recordings, us-east-1)"
    (asked,) = bucket.arrived()
    assert (asked["method"], asked["path"]) == ("GET", "/demo-recordings")
    assert asked["query"] == {
        "list-type": "2",
        "max-keys": "1",
        "prefix": "recordings/",
        "encoding-type": "url",
    }
    assert bucket.count("stored") == 0


def test_a_key_that_may_only_read_passes_where_a_missing_object_is_told(bucket: Vendor) -> None:
    """Private servers tell it; Amazon hides it from those who may not list."""
    bucket.fault("missing_permission", path="/demo-recordings", times=1)
    result = connect().test_connection()
    assert result.ok and "read, not list" in str(result.rows)
    missing = bucket.arrived()[1]
    assert missing["path"].startswith("/demo-recordings/.connection-test/") and missing["status"] == 404


def test_a_key_that_may_neither_list_nor_read_is_told_apart_from_a_wrong_one(bucket: Vendor) -> None:
    bucket.settings(may={"list": False})
    verdict = connect().test_connection().verdict
    assert verdict is not None and not verdict.ok
    assert (verdict.cause, verdict.came_back) == (Cause.NO_PERMISSION, "HTTP 403, AccessDenied, Access Denied")
    assert verdict.message.startswith("The credentials are recognised, but the key may not list or read this bucket.")
    assert "s3:ListBucket" in verdict.next_step and verdict.clicks
    bucket.settings(may={"list": True})
    assert IntegrationAccount.objects.get().connect().test_connection().ok


def test_a_key_that_is_not_known_does_not_try_to_read(bucket: Vendor) -> None:
    with pytest.raises(AuthenticationFailed, match="does not know this access key ID"):
        list(connect(access_key_id="AKIAIOSFODNN7EXAMPLE").probes())
    assert len(bucket.arrived()) == 1


def test_the_environments_keys_are_never_used(bucket: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", GOOD["access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    with pytest.raises(AuthenticationFailed) as failure:
        list(connect(secret="").probes())
    assert failure.value.vendor_code == "SignatureDoesNotMatch"


def test_each_try_is_signed_anew(bucket: Vendor) -> None:
    bucket.fault("service_unavailable", times=2)
    assert connect().test_connection().ok
    assert [call.status for call in ApiCall.objects.order_by("id")] == [503, 503, 200]


def test_a_clock_that_is_wrong_is_told_in_seconds_by_the_servers_own_time(bucket: Vendor) -> None:
    bucket.settings(clock_offset=1800.0)
    with pytest.raises(AuthenticationFailed, match=r"1,(799|800) s behind the storage's; more than 900 s"):
        list(connect().probes())


# -- storing, reading, listing


def test_a_recording_is_stored_with_its_own_digest_and_a_checksum_that_amazon_compares(bucket: Vendor) -> None:
    stored = connect(key_prefix="voice").put("a/1.wav", io.BytesIO(b"RIFF"), about={"duration-ms": "1200"})
    (arrived,) = bucket.arrived()
    assert (arrived["method"], arrived["path"], arrived["body"]) == (
        "PUT",
        "/demo-recordings/voice/a/1.wav",
        "(4 bytes)",
    )
    headers = arrived["headers"]
    assert headers["content-type"] == "audio/wav" and headers["x-amz-meta-duration-ms"] == "1200"
    assert headers["x-amz-meta-sha256"] == stored.sha256 and "x-amz-checksum-sha256" in headers
    assert (stored.key, stored.size) == ("voice/a/1.wav", 4)


def test_an_older_server_works_in_compatibility_mode(bucket: Vendor) -> None:
    bucket.settings(refuses_checksums=True)
    with pytest.raises(Rejected) as failure:
        connect().put("1.wav", io.BytesIO(b"RIFF"))
    assert (failure.value.cause, failure.value.status) == (Cause.API_DISABLED, 501)
    storage = connect(compatibility_mode="on")
    assert read(storage, storage.put("1.wav", io.BytesIO(b"RIFF")).key) == b"RIFF"


def test_what_is_left_of_a_stream_is_stored(bucket: Vendor) -> None:
    stream = io.BytesIO(b"header:sound")
    stream.seek(7)
    storage = connect()
    assert read(storage, storage.put("1.wav", stream).key) == b"sound"
    assert read(storage, storage.put("empty.wav", io.BytesIO()).key) == b""


def test_the_wire_log_keeps_no_sound_and_no_signature(bucket: Vendor) -> None:
    storage = connect()
    key = storage.put("1.wav", io.BytesIO(b"sound that looks like text")).key
    read(storage, key, start=2, length=3)
    put, got = ApiCall.objects.order_by("id")
    assert (put.request_body, got.response_body) == ("(26 bytes)", "(3 bytes, not kept)")
    assert put.request_headers["Authorization"] == "AWS4-HMAC-SHA256 ***"
    assert (got.request_headers["Range"], got.response_headers["content-range"]) == ("bytes=2-4", "bytes 2-4/26")
    assert got.response_headers["x-amz-request-id"]


@pytest.mark.parametrize(("start", "length"), [(-1, None), (0, 0)])
def test_a_part_that_cannot_be_is_refused_here(start: int, length: int | None) -> None:
    with pytest.raises(ValueError, match="at least one byte"), connect().open("x", start=start, length=length):
        pass


def test_a_missing_recording(bucket: Vendor) -> None:
    with pytest.raises(Rejected, match="no recording under this key"), connect().open("nothing.wav"):
        pass


def test_newest_first_without_folders_and_what_tests_left_behind(bucket: Vendor) -> None:
    storage = connect(key_prefix="new")
    later = timezone.now() + timedelta(seconds=5)
    storage.put("b.wav", io.BytesIO(b"1"))
    storage.put(".connection-test/x", io.BytesIO(b"1"))
    with time_machine.travel(later):
        storage.put("a.wav", io.BytesIO(b"1"))
    assert [each.key for each in storage.newest(5)] == ["new/a.wav", "new/b.wav"]


def test_a_list_too_long_to_look_through_is_told() -> None:
    asked: list[str] = []

    def page(after: str) -> Page:
        asked.append(after)
        at = timezone.now()
        return Page(tuple(StoredRecording(f"{after}{n}.wav", 1, at) for n in range(1000)), f"page {len(asked)}")

    found, complete = newest(page, 3)
    assert (len(found), complete, len(asked)) == (3, False, LOOKED_THROUGH // 1000)
    assert asked[:2] == ["", "page 1"]


# -- what an administrator presses


def test_the_newest_recordings_have_links_that_play(bucket: Vendor) -> None:
    result = connect(key_prefix="recordings").newest_recordings()
    assert result.ok and result.message == "The 2 newest: follow one to hear it. The links end after 5 minutes."
    at, play = result.rows[0]
    assert at.startswith(f"{timezone.now():%d %b %Y}") and play.startswith(
        "support/2026-01-15/1002_091530_agent2.wav ("
    )
    query = parse_qs(urlsplit(play.url).query)
    assert (query["X-Amz-Expires"], query["response-content-disposition"]) == (["300"], ["inline"])
    heard = requests.get(play.url, headers={"Range": "bytes=0-3"}, timeout=5)
    assert (heard.status_code, heard.content, heard.headers["Content-Type"]) == (206, b"RIFF", "audio/wav")


def test_the_page_shows_a_link_and_the_command_line_does_not(bucket: Vendor, capsys: Any) -> None:
    account = connect().account
    admin = Client()
    admin.force_login(AdminFactory())
    url = reverse("admin:integrations_integrationaccount_action", args=[account.pk, "newest_recordings"])
    page = admin.post(url).content.decode()
    assert 'target="_blank" rel="noopener noreferrer">recordings/support/' in page and "X-Amz-Signature=" in page
    call_command("run_action", account.name, "newest_recordings")
    told = capsys.readouterr().out
    assert "recordings/support/" in told and "X-Amz" not in told


def test_an_empty_bucket_is_told(bucket: Vendor) -> None:
    result = connect(key_prefix="nothing").newest_recordings()
    assert (result.ok, result.message) == (True, "There is no recording in demo-recordings/nothing/ yet.")


def test_the_write_test_cleans_up(bucket: Vendor) -> None:
    result = connect().test_write()
    assert result.ok and [label for label, _ in result.rows] == ["Stored", "Read", "Deleted"]
    assert len(bucket.board()["objects"]) == 2


def test_the_write_test_without_the_right_to_delete_says_what_stays(bucket: Vendor) -> None:
    bucket.settings(may={"delete": False})
    result = connect().test_write()
    assert result.ok and "an object stays" in result.message
    assert ".connection-test/" in str(result.rows[-1])


def test_the_write_test_without_the_right_to_write_fails(bucket: Vendor) -> None:
    bucket.settings(may={"write": False})
    with pytest.raises(AuthenticationFailed) as failure:
        connect().test_write()
    assert failure.value.cause == Cause.NO_PERMISSION


# -- where a bucket is


@pytest.mark.parametrize(
    ("properties", "root"),
    [
        ({}, "https://demo-recordings.s3.us-east-1.amazonaws.com"),
        ({"region": "eu-central-1"}, "https://demo-recordings.s3.eu-central-1.amazonaws.com"),
        ({"region": "cn-north-1"}, "https://demo-recordings.s3.cn-north-1.amazonaws.com.cn"),
        ({"s3_bucket": "a.dotted.name"}, "https://s3.us-east-1.amazonaws.com/a.dotted.name"),
        ({"addressing_style": "path"}, "https://s3.us-east-1.amazonaws.com/demo-recordings"),
        (
            {"use_private_s3_storage": True, "url": "https://s3.example.com:9000"},
            "https://s3.example.com:9000/demo-recordings",
        ),
        (
            {"use_private_s3_storage": True, "url": "https://s3.example.com", "addressing_style": "virtual"},
            "https://demo-recordings.s3.example.com",
        ),
    ],
)
def test_the_address_of_a_bucket(properties: dict[str, Any], root: str) -> None:
    assert connect(simulated=False, **properties).base_url == root


def test_a_link_is_signed_for_the_name_that_browsers_use(bucket: Vendor) -> None:
    storage = connect(
        simulated=False,
        use_private_s3_storage=True,
        url="http://10.1.2.3:9000",
        public_endpoint="https://recordings.example.com",
    )
    link = storage.playback_url("a b.wav", seconds=60, file_name="x.wav")
    assert link.startswith(
        "https://recordings.example.com/demo-recordings/a%20b.wav?response-content-disposition=attach"
    )


@pytest.mark.parametrize("seconds", [59, 901])
def test_a_link_lives_one_to_fifteen_minutes(seconds: int) -> None:
    with pytest.raises(ValueError, match="60 to 900"):
        connect().playback_url("x", seconds=seconds)


@pytest.fixture
def private(server: LocalServer, settings: Any) -> Callable[..., S3]:
    """An account at a server whose answers the test writes."""
    settings.INTEGRATIONS_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    return lambda **more: connect(simulated=False, use_private_s3_storage=True, url=server.address, **more)


def failure(code: str, status: int, *, more: str = "", words: str = "The words of S3", **headers: str) -> Answer:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{words}</Message>{more}</Error>" if code else ""
    return Answer(status, body, {"Content-Type": "application/xml", "x-amz-request-id": "1", **headers})


EMPTY = Answer(200, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>",
               {"Content-Type": "application/xml", "x-amz-request-id": "1"})  # fmt: skip


@pytest.mark.parametrize(
    "moved",
    [
        failure("AuthorizationHeaderMalformed", 400, more="<Region>eu-west-3</Region>"),
        failure("AuthorizationHeaderMalformed", 400, words="the region 'us-east-1' is wrong; expecting 'eu-west-3'"),
        failure("PermanentRedirect", 301, more="<Endpoint>b.s3-eu-west-3.amazonaws.com</Endpoint>"),
        failure("PermanentRedirect", 301, more="<Endpoint>b.s3.eu-west-3.amazonaws.com</Endpoint>"),
        failure("PermanentRedirect", 301, **{"x-amz-bucket-region": "eu-west-3"}),
        failure("", 301, **{"x-amz-bucket-region": "eu-west-3"}),
        failure("", 400, **{"x-amz-bucket-region": "eu-west-3"}),
    ],
)
def test_the_region_is_learned_however_it_is_told(
    private: Callable[..., S3], server: LocalServer, moved: Answer
) -> None:
    server.on("/demo-recordings", moved, EMPTY)
    assert private().test_connection().ok
    assert "/eu-west-3/s3/aws4_request" in server.arrived[1].headers["Authorization"]
    assert IntegrationAccount.objects.get().properties["region"] == "eu-west-3"


def test_a_region_that_is_not_told_or_not_right_either_is_an_error_on_its_field(
    private: Callable[..., S3], server: LocalServer
) -> None:
    server.on("/demo-recordings", failure("PermanentRedirect", 301))
    with pytest.raises(Rejected) as unknown:
        list(private().probes())
    assert (unknown.value.cause, unknown.value.field) == (Cause.WRONG_HOST, "region")
    server.on("/demo-recordings", failure("PermanentRedirect", 301, **{"x-amz-bucket-region": "eu-west-3"}))
    IntegrationAccount.objects.all().delete()
    with pytest.raises(Rejected, match="another region: eu-west-3"):
        list(private().probes())
    assert len(server.arrived) == 3


def test_learning_the_region_keeps_what_somebody_else_saved_meanwhile(
    private: Callable[..., S3], server: LocalServer
) -> None:
    storage = private()
    account = IntegrationAccount.objects.get()
    account.properties = {**account.properties, "key_prefix": "new/"}
    account.save()
    server.on("/demo-recordings", failure("", 301, **{"x-amz-bucket-region": "eu-west-3"}), EMPTY)
    list(storage.probes())
    stored = IntegrationAccount.objects.get().properties
    assert (stored["region"], stored["key_prefix"]) == ("eu-west-3", "new/")


# -- errors


@pytest.mark.parametrize(
    ("code", "status", "kind", "cause"),
    [
        ("InvalidAccessKeyId", 403, AuthenticationFailed, Cause.BAD_CREDENTIALS),
        ("SignatureDoesNotMatch", 403, AuthenticationFailed, Cause.BAD_CREDENTIALS),
        ("ExpiredToken", 400, AuthenticationFailed, Cause.BAD_CREDENTIALS),
        ("RequestTimeTooSkewed", 403, AuthenticationFailed, Cause.TOKEN_EXPIRED),
        ("NoSuchBucket", 404, Rejected, Cause.NOT_FOUND),
        ("InvalidBucketName", 400, Rejected, Cause.INVALID_DATA),
        ("NotImplemented", 501, Rejected, Cause.API_DISABLED),
        ("InvalidObjectState", 403, Rejected, Cause.CONFLICT),
        ("AccountProblem", 403, AuthenticationFailed, Cause.API_DISABLED),
        ("BadDigest", 400, Unavailable, Cause.REMOTE_ERROR),
        ("RequestTimeout", 400, Unavailable, Cause.TIMEOUT),
        ("SlowDown", 503, RateLimited, Cause.RATE_LIMITED),
        ("TooManyRequests", 429, RateLimited, Cause.RATE_LIMITED),
        ("InternalError", 500, Unavailable, Cause.REMOTE_ERROR),
        ("ServiceUnavailable", 503, Unavailable, Cause.REMOTE_ERROR),
        ("SomethingNew", 400, Rejected, Cause.INVALID_DATA),
        ("InternalError", 200, Unavailable, Cause.REMOTE_ERROR),
        ("SomethingNew", 200, Rejected, Cause.INVALID_DATA),
    ],
)
def test_each_code_becomes_the_right_error_with_the_words_of_s3(
    private: Callable[..., S3], server: LocalServer, code: str, status: int, kind: type[IntegrationError], cause: Cause
) -> None:
    server.on("/demo-recordings", failure(code, status))
    with pytest.raises(IntegrationError) as told:
        list(private().probes())
    error = told.value
    assert (type(error), error.cause, error.status) == (kind, cause, status)
    assert (error.vendor_code, error.vendor_message) == (code, "The words of S3")
    server.on("/demo-recordings", EMPTY)
    assert IntegrationAccount.objects.get().connect().test_connection().ok


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<ListBucketResult>",
        "{}",
        "<Other/>",
        "<!DOCTYPE x [<!ENTITY a 'b'>]><ListBucketResult>&a;</ListBucketResult>",
    ],
)
def test_an_answer_that_is_no_list(private: Callable[..., S3], server: LocalServer, body: str) -> None:
    server.on("/demo-recordings", Answer(200, body, {"Content-Type": "application/xml", "x-amz-request-id": "1"}))
    with pytest.raises(Rejected, match="not what S3 sends"):
        list(private().probes())


def test_a_list_with_an_object_without_a_time(private: Callable[..., S3], server: LocalServer) -> None:
    body = "<ListBucketResult><Contents><Key>x</Key><Size>1</Size></Contents></ListBucketResult>"
    server.on("/demo-recordings", Answer(200, body, {"Content-Type": "application/xml", "x-amz-request-id": "1"}))
    with pytest.raises(Rejected, match="without size or time"):
        list(private().probes())


def test_a_server_that_ignores_parts_is_not_believed(private: Callable[..., S3], server: LocalServer) -> None:
    server.on("/demo-recordings/x", Answer(200, b"RIFF", {"Content-Type": "audio/wav", "x-amz-request-id": "1"}))
    with pytest.raises(Rejected, match="does not send parts"), private().open("x", start=1):
        pass


def test_a_log_in_page_in_place_of_a_recording(private: Callable[..., S3], server: LocalServer) -> None:
    server.on("/demo-recordings/x", Answer(200, "<html>", {"Content-Type": "text/html"}))
    with pytest.raises(Unavailable) as told, private().open("x"):
        pass
    assert told.value.cause == Cause.WRONG_HOST


def test_an_upload_whose_end_fails_with_status_200_is_given_up(private: Callable[..., S3], server: LocalServer) -> None:
    begun = Answer(200, "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>",
                   {"Content-Type": "application/xml", "x-amz-request-id": "1"})  # fmt: skip
    part = Answer(200, "", {"Content-Type": "application/xml", "x-amz-request-id": "1", "ETag": '"tag"'})
    server.on("/demo-recordings/x", begun, part, part, failure("InternalError", 200), part)
    with pytest.raises(Unavailable):
        private().put("x", io.BytesIO(bytes(9 * 1024 * 1024)))
    last = server.arrived[-1]
    assert (last.method, last.query) == ("DELETE", {"uploadId": ["u1"]})
    assert b'<PartNumber>2</PartNumber><ETag>"tag"</ETag>' in server.arrived[3].body


def test_a_stream_that_changes_while_it_is_sent_is_noticed() -> None:
    stream = io.BytesIO(b"before")
    with measured(stream) as body:
        stream.getbuffer()[:3] = b"XXX"
        with pytest.raises(Rejected, match="changed"):
            list(body.parts())


# -- names and words kept with a recording


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("support/2026-01-15/1.wav", "p/support/2026-01-15/1.wav"),
        ("/leading//double.wav", "p/leading/double.wav"),
        ("../../other/1.wav", "p/__/__/other/1.wav"),
        ("./a.wav", "p/_/a.wav"),
        ("a\x00b\n.wav", "p/a_b_.wav"),
        ("50% & more?.wav", "p/50%25%20%26%20more%3F.wav"),
        ("日本.wav", "p/%E6%97%A5%E6%9C%AC.wav"),
        ("", "p/_"),
    ],
)
def test_a_name_becomes_a_key_that_stays_below_the_prefix(name: str, key: str) -> None:
    assert key_of("p/", name) == key


def test_a_long_name_is_cut_without_two_becoming_one() -> None:
    long = "語" * 400
    first, second = key_of("p/", f"{long}1.wav"), key_of("p/", f"{long}2.wav")
    assert first != second and first.endswith(".wav")
    assert len(first) <= 1024 and "%" not in first[-22:-20]
    assert key_of("", "x" * 1024) == "x" * 1024


def test_words_are_kept_as_ascii_and_not_without_end() -> None:
    assert metadata({"agent": "Åsa 100%"}) == {"x-amz-meta-agent": "%C3%85sa 100%25"}
    with pytest.raises(ValueError, match="small letters"):
        metadata({"Agent name": "x"})
    with pytest.raises(ValueError, match="2048"):
        metadata({"agent": "x" * 3000})


# -- the form


def form(*, simulated: bool = False, **data: Any) -> S3Properties:
    entered = {**GOOD, "secret_key": "x" * 20, "addressing_style": "auto", "compatibility_mode": "auto", **data}
    return S3Properties(data=entered, simulated=simulated)


def test_the_guides_fields_come_first_and_in_its_order() -> None:
    labels = [field.label for field in S3Properties.base_fields.values()]
    assert labels[:5] == ["Use private S3 storage", "Url", "Access Key ID", "Secret Key", "S3 bucket"]
    assert form().is_valid(), form().errors


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"use_private_s3_storage": "on"}, "url"),
        ({"use_private_s3_storage": "on", "url": "https://s3.example.com/bucket"}, "url"),
        ({"use_private_s3_storage": "on", "url": "https://key:secret@s3.example.com"}, "url"),
        ({"s3_bucket": "Upper-Case"}, "s3_bucket"),
        ({"s3_bucket": "s3://recordings"}, "s3_bucket"),
        ({"s3_bucket": "two..dots"}, "s3_bucket"),
        ({"s3_bucket": "192.168.1.1"}, "s3_bucket"),
        ({"use_private_s3_storage": "on", "url": "https://s3.example.com", "s3_bucket": "a/b"}, "s3_bucket"),
        ({"access_key_id": "AKIA WITH SPACE"}, "access_key_id"),
        ({"access_key_id": "ASIAIOSFODNN7EXAMPLE"}, "access_key_id"),
        ({"key_prefix": "a//b"}, "key_prefix"),
        ({"key_prefix": "../b"}, "key_prefix"),
        ({"region": "eu central"}, "region"),
        ({"public_endpoint": "ftp://x.example.com"}, "public_endpoint"),
        ({"secret_key": ""}, "secret_key"),
    ],
)
def test_a_mistake_is_shown_on_its_field(data: dict[str, Any], field: str) -> None:
    assert set(form(**data).errors) == {field}


def test_a_private_bucket_may_be_named_as_private_servers_do() -> None:
    private = {"use_private_s3_storage": "on", "url": "https://s3.example.com:9000"}
    assert form(**private, s3_bucket="Old_Recordings", access_key_id="account:user").is_valid()
    assert form(simulated=True, use_private_s3_storage="on").is_valid()


def test_the_prefix_gets_one_slash_at_its_end() -> None:
    filled = form(key_prefix="/recordings/voice")
    assert filled.is_valid() and filled.cleaned_data["key_prefix"] == "recordings/voice/"


def test_a_private_address_is_blocked_unless_allowed() -> None:
    storage = connect(simulated=False, use_private_s3_storage=True, url="http://127.0.0.1:9000")
    with pytest.raises(Unavailable) as told:
        storage.newest(1)
    assert told.value.cause == Cause.BLOCKED_ADDRESS
