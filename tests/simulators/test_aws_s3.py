"""The S3 simulator as Amazon's own client sees it, unmodified, and what it refuses."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
import requests
from boto3.s3.transfer import TransferConfig
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

ACCESS, SECRET, BUCKET = "AKIADEMOSTORAGE00001", "demo-storage-secret-key-0123456789abcdef", "demo-recordings"


@pytest.fixture
def at(simulators: str) -> str:
    return f"{simulators}/aws_s3"


def client(at: str, *, access: str = ACCESS, secret: str = SECRET, region: str = "us-east-1", **config: Any) -> Any:
    options = Config(
        signature_version="s3v4", s3={"addressing_style": "path"}, retries={"max_attempts": 1}, **config
    )  # for links boto3 would still take the signature before the present one
    return boto3.client(
        "s3",
        endpoint_url=at,
        aws_access_key_id=access,
        aws_secret_access_key=secret,
        region_name=region,
        config=options,
    )


def code_of(call: Callable[[], Any]) -> tuple[str, int]:
    with pytest.raises(ClientError) as failure:
        call()
    told = failure.value.response
    return told["Error"]["Code"], told["ResponseMetadata"]["HTTPStatusCode"]


def put_fault(at: str, name: str, **more: Any) -> None:
    assert requests.put(f"{at}/_faults", json={"fault": name, **more}, timeout=5).ok


def settings(at: str, **changes: Any) -> None:
    assert requests.put(f"{at}/_settings", json=changes, timeout=5).ok


# -- what the client does every day


def test_store_read_list_and_delete(at: str) -> None:
    s3 = client(at)
    s3.put_object(Bucket=BUCKET, Key="å b+c/1.wav", Body=b"RIFF1", ContentType="audio/wav", Metadata={"channels": "2"})
    seen = s3.get_object(Bucket=BUCKET, Key="å b+c/1.wav")
    assert (seen["Body"].read(), seen["ContentType"], seen["Metadata"]) == (b"RIFF1", "audio/wav", {"channels": "2"})
    assert s3.head_object(Bucket=BUCKET, Key="å b+c/1.wav")["ContentLength"] == 5
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET, Prefix="å")["Contents"]] == ["å b+c/1.wav"]
    s3.delete_object(Bucket=BUCKET, Key="å b+c/1.wav")
    assert code_of(lambda: s3.get_object(Bucket=BUCKET, Key="å b+c/1.wav")) == ("NoSuchKey", 404)


def test_a_list_has_pages(at: str) -> None:
    s3 = client(at)
    for number in range(5):
        s3.put_object(Bucket=BUCKET, Key=f"page/{number}", Body=b"x")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=BUCKET, Prefix="page/", PaginationConfig={"PageSize": 2}
    )
    found = [[each["Key"] for each in page["Contents"]] for page in pages]
    assert found == [["page/0", "page/1"], ["page/2", "page/3"], ["page/4"]]


@pytest.mark.parametrize(
    ("wanted", "expected", "told"),
    [
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
    ],
)
def test_parts_of_an_object(at: str, wanted: str, expected: bytes, told: str) -> None:
    s3 = client(at)
    s3.put_object(Bucket=BUCKET, Key="digits", Body=b"0123456789")
    seen = s3.get_object(Bucket=BUCKET, Key="digits", Range=wanted)
    assert (seen["Body"].read(), seen["ContentRange"]) == (expected, told)
    assert seen["ResponseMetadata"]["HTTPStatusCode"] == 206


def test_a_part_beyond_the_end(at: str) -> None:
    s3 = client(at)
    s3.put_object(Bucket=BUCKET, Key="digits", Body=b"0123456789")
    assert code_of(lambda: s3.get_object(Bucket=BUCKET, Key="digits", Range="bytes=10-")) == ("InvalidRange", 416)


def test_an_upload_in_parts(at: str) -> None:
    s3, body = client(at), bytes(range(256)) * 50_000
    config = TransferConfig(multipart_threshold=6_000_000, multipart_chunksize=6_000_000)
    s3.upload_fileobj(io.BytesIO(body), BUCKET, "large", Config=config)
    seen = s3.get_object(Bucket=BUCKET, Key="large")
    assert seen["Body"].read() == body and seen["ETag"].endswith('-3"')


def test_parts_must_be_large_complete_and_in_order(at: str) -> None:
    s3 = client(at)
    name = s3.create_multipart_upload(Bucket=BUCKET, Key="x")["UploadId"]
    tags = [
        s3.upload_part(Bucket=BUCKET, Key="x", UploadId=name, PartNumber=number, Body=b"small")["ETag"]
        for number in (1, 2)
    ]
    parts = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, 1)]

    def complete(listed: list[dict[str, Any]]) -> Callable[[], Any]:
        return lambda: s3.complete_multipart_upload(
            Bucket=BUCKET, Key="x", UploadId=name, MultipartUpload={"Parts": listed}
        )

    assert code_of(complete(parts)) == ("EntityTooSmall", 400)
    assert code_of(complete(parts[::-1])) == ("InvalidPart", 400)
    assert code_of(complete([{"PartNumber": 3, "ETag": tags[0]}])) == ("InvalidPart", 400)
    s3.abort_multipart_upload(Bucket=BUCKET, Key="x", UploadId=name)
    assert code_of(complete(parts)) == ("NoSuchUpload", 404)


def test_the_region_of_the_bucket_is_told_and_followed(at: str) -> None:
    settings(at, region="eu-central-1")
    assert client(at, region="eu-central-1").head_bucket(Bucket=BUCKET)["BucketRegion"] == "eu-central-1"
    assert client(at, region="us-east-1").list_objects_v2(Bucket=BUCKET)["KeyCount"] == 2  # boto3 signs again


# -- links


def link(at: str, *, seconds: int = 60, **more: Any) -> str:
    parameters = {"Bucket": BUCKET, "Key": "linked", **more}
    return str(client(at).generate_presigned_url("get_object", Params=parameters, ExpiresIn=seconds))


def test_a_link_plays_with_the_type_and_name_that_it_was_signed_for(at: str) -> None:
    client(at).put_object(Bucket=BUCKET, Key="linked", Body=b"0123456789")
    url = link(at, ResponseContentType="audio/wav", ResponseContentDisposition="inline")
    answer = requests.get(url, headers={"Range": "bytes=0-3"}, timeout=5)
    assert (answer.status_code, answer.content) == (206, b"0123")
    assert (answer.headers["Content-Type"], answer.headers["Content-Disposition"]) == ("audio/wav", "inline")


def test_a_link_is_for_its_object_method_and_parameters_only(at: str) -> None:
    s3 = client(at)
    for key in ("linked", "other"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    url = link(at)
    assert requests.get(url, timeout=5).ok
    for answer in (
        requests.get(url.replace("linked", "other"), timeout=5),
        requests.get(f"{url}&response-content-type=text/html", timeout=5),
        requests.delete(url, timeout=5),
        requests.get(url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"), timeout=5),
    ):
        assert answer.status_code == 403 and "SignatureDoesNotMatch" in answer.text


def test_a_link_ends(at: str) -> None:
    client(at).put_object(Bucket=BUCKET, Key="linked", Body=b"x")
    url = link(at, seconds=60)
    settings(at, clock_offset=61.0)
    answer = requests.get(url, timeout=5)
    assert answer.status_code == 403
    assert "<Code>AccessDenied</Code><Message>Request has expired</Message>" in answer.text


@pytest.mark.parametrize("seconds", [0, 604_801])
def test_a_link_lives_a_week_at_most(at: str, seconds: int) -> None:
    answer = requests.get(link(at, seconds=seconds), timeout=5)
    assert answer.status_code == 400 and "AuthorizationQueryParametersError" in answer.text


# -- what it refuses


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({"access": "AKIAIOSFODNN7EXAMPLE"}, ("InvalidAccessKeyId", 403)),
        ({"secret": "another"}, ("SignatureDoesNotMatch", 403)),
    ],
)
def test_wrong_keys(at: str, keys: dict[str, str], code: tuple[str, int]) -> None:
    assert code_of(lambda: client(at, **keys).list_objects_v2(Bucket=BUCKET)) == code


def test_a_wrong_bucket_and_the_list_of_all_buckets(at: str) -> None:
    assert code_of(lambda: client(at).list_objects_v2(Bucket="other-bucket")) == ("NoSuchBucket", 404)
    url, headers = signed(at, path="/")
    assert "<Code>AccessDenied</Code>" in requests.get(url, headers=headers, timeout=5).text


def test_who_does_not_sign_gets_nothing(at: str) -> None:
    answer = requests.get(f"{at}/{BUCKET}?list-type=2", timeout=5)
    assert answer.status_code == 403 and "<Code>AccessDenied</Code>" in answer.text


@pytest.mark.parametrize("seconds", [-901.0, 901.0])
def test_a_clock_that_is_wrong(at: str, seconds: float) -> None:
    settings(at, clock_offset=seconds)
    assert code_of(lambda: client(at).list_objects_v2(Bucket=BUCKET)) == ("RequestTimeTooSkewed", 403)


@pytest.mark.parametrize(
    ("right", "call"),
    [
        ("list", lambda s3: s3.list_objects_v2(Bucket=BUCKET)),
        ("read", lambda s3: s3.get_object(Bucket=BUCKET, Key="mine")),
        ("write", lambda s3: s3.put_object(Bucket=BUCKET, Key="mine", Body=b"x")),
        ("delete", lambda s3: s3.delete_object(Bucket=BUCKET, Key="mine")),
    ],
)
def test_rights_are_taken_one_by_one(at: str, right: str, call: Callable[[Any], Any]) -> None:
    s3 = client(at)
    s3.put_object(Bucket=BUCKET, Key="mine", Body=b"x")
    settings(at, may={right: False})
    assert code_of(lambda: call(s3)) == ("AccessDenied", 403)
    settings(at, may={right: True})
    call(s3)


def test_what_is_missing_is_not_told_to_who_may_not_list(at: str) -> None:
    settings(at, may={"list": False})
    assert code_of(lambda: client(at).get_object(Bucket=BUCKET, Key="nothing")) == ("AccessDenied", 403)


def test_an_older_server_refuses_checksum_headers(at: str) -> None:
    settings(at, refuses_checksums=True)
    put = {"Bucket": BUCKET, "Key": "x", "Body": b"x"}
    assert code_of(lambda: client(at).put_object(**put)) == ("NotImplemented", 501)
    client(at, request_checksum_calculation="when_required").put_object(**put)


def test_a_checksum_that_does_not_fit(at: str) -> None:
    put = {"Bucket": BUCKET, "Key": "x", "Body": b"x", "ChecksumSHA256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}
    assert code_of(lambda: client(at).put_object(**put)) == ("BadDigest", 400)


def signed(
    at: str, *, method: str = "GET", path: str = f"/{BUCKET}?list-type=2", host: str = "", **headers: str
) -> Any:
    """A request as the reference wants it, to be spoilt; `host` goes into the signature and the header."""
    url = f"{at}{path}"
    request = AWSRequest(method, url, headers={**({"Host": host} if host else {}), **headers})
    S3SigV4Auth(Credentials(ACCESS, SECRET), "s3", "us-east-1").add_auth(request)
    return url, dict(request.headers.items())


def test_the_bucket_may_stand_in_the_host_name(at: str) -> None:
    host = f"{BUCKET}.localhost:{urlsplit(at).port}"
    url, headers = signed(at, path="/?list-type=2", host=host)
    answer = requests.get(url, headers=headers, timeout=5)
    assert answer.status_code == 200 and f"<Name>{BUCKET}</Name>" in answer.text


def test_every_amazon_header_must_be_signed(at: str) -> None:
    url, headers = signed(at)
    answer = requests.get(url, headers={**headers, "x-amz-acl": "public-read"}, timeout=5)
    assert answer.status_code == 403 and "<HeadersNotSigned>x-amz-acl</HeadersNotSigned>" in answer.text


def test_a_body_that_was_changed_on_the_way(at: str) -> None:
    url, headers = signed(at, method="PUT", path=f"/{BUCKET}/x")
    answer = requests.put(url, data=b"something else", headers=headers, timeout=5)
    assert answer.status_code == 400 and "XAmzContentSHA256Mismatch" in answer.text


def test_chunks_with_signatures_of_their_own_are_not_known(at: str) -> None:
    url, headers = signed(at, method="PUT", path=f"/{BUCKET}/x")
    headers["X-Amz-Content-SHA256"] = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    answer = requests.put(url, data=b"", headers=headers, timeout=5)
    assert answer.status_code == 501 and "aws-chunked" in answer.text


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("rate_limit", ("SlowDown", 503)),
        ("service_unavailable", ("ServiceUnavailable", 503)),
        ("not_implemented", ("NotImplemented", 501)),
        ("archived", ("InvalidObjectState", 403)),
        ("revoked_token", ("InvalidAccessKeyId", 403)),
    ],
)
def test_faults_speak_amazons_words(at: str, name: str, code: tuple[str, int]) -> None:
    put_fault(at, name)
    assert code_of(lambda: client(at).list_objects_v2(Bucket=BUCKET)) == code


def test_the_page_plays_what_is_stored_and_shows_no_sound_as_text(at: str) -> None:
    client(at).put_object(Bucket=BUCKET, Key="a b/1.wav", Body=bytes(5000), ContentType="audio/wav")
    page = requests.get(f"{at}/", headers={"Accept": "text/html"}, timeout=5).text
    assert '<audio controls preload="none" src="/aws_s3/_play/a%20b/1.wav"' in page
    heard = requests.get(f"{at}/_play/a%20b/1.wav", headers={"Range": "bytes=0-9"}, timeout=5)
    assert (heard.status_code, heard.content) == (206, bytes(10))
    arrived = requests.get(f"{at}/_requests?format=json", timeout=5).json()
    assert arrived[0]["body"] == "(5000 bytes)"
    assert SECRET not in str(arrived)


def test_the_first_recordings_are_sound(at: str) -> None:
    found = requests.get(f"{at}/_board", timeout=5).json()["objects"]
    assert len(found) == 2
    for each in found:
        stored = datetime.fromisoformat(each["at"]).replace(tzinfo=UTC)
        assert datetime.now(UTC) - stored < timedelta(minutes=5)
        assert requests.get(f"{at}/_play/{each['key']}", timeout=5).content.startswith(b"RIFF")
