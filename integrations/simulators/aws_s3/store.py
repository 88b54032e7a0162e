"""The bucket's objects and the uploads that are under way."""

from __future__ import annotations

import base64
import hashlib
import uuid
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from .words import S3Error, document, elements

LONGEST_KEY = 1024
LONGEST_METADATA = 2048
SMALLEST_PART = 5 * 1024 * 1024
CHECKSUMS = {
    "crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "sha256": lambda body: hashlib.sha256(body).digest(),
}


@dataclass
class Stored:
    body: bytes
    content_type: str
    metadata: dict[str, str]
    etag: str
    at: datetime

    def headers(self) -> dict[str, str]:
        shown = {f"x-amz-meta-{name}": value for name, value in self.metadata.items()}
        stamp = self.at.strftime("%a, %d %b %Y %H:%M:%S GMT")
        return {"ETag": self.etag, "Last-Modified": stamp, "Accept-Ranges": "bytes", **shown}


@dataclass
class Upload:
    key: str
    content_type: str
    metadata: dict[str, str]
    parts: dict[int, bytes] = field(default_factory=dict)


class Store:
    def __init__(self) -> None:
        self.objects: dict[str, Stored] = {}
        self.uploads: dict[str, Upload] = {}

    def put(self, key: str, body: bytes, content_type: str, metadata: dict[str, str], at: datetime) -> Stored:
        check_key(key)
        stored = Stored(body, content_type, metadata, f'"{md5(body)}"', at)
        self.objects[key] = stored
        return stored

    def get(self, key: str) -> Stored:
        if key not in self.objects:
            raise S3Error("NoSuchKey", Key=key)
        return self.objects[key]

    # -- uploads in parts

    def begin(self, key: str, content_type: str, metadata: dict[str, str]) -> str:
        check_key(key)
        name = uuid.uuid4().hex
        self.uploads[name] = Upload(key, content_type, metadata)
        return name

    def upload(self, name: str, key: str) -> Upload:
        found = self.uploads.get(name)
        if found is None or found.key != key:
            raise S3Error("NoSuchUpload", UploadId=name)
        return found

    def complete(self, name: str, key: str, listed: bytes, at: datetime) -> Stored:
        """The parts of the list, in its order; all but the last must have 5 MB."""
        upload = self.upload(name, key)
        numbers = [check_part(entry, upload) for entry in parts_listed(listed)]
        if not numbers or numbers != sorted(set(numbers)):
            raise S3Error("InvalidPart", "The list of parts was not in ascending order.")
        bodies = [upload.parts[number] for number in numbers]
        if any(len(body) < SMALLEST_PART for body in bodies[:-1]):
            raise S3Error("EntityTooSmall")
        digests = b"".join(bytes.fromhex(md5(body)) for body in bodies)
        stored = self.put(key, b"".join(bodies), upload.content_type, upload.metadata, at)
        stored.etag = f'"{md5(digests)}-{len(bodies)}"'
        del self.uploads[name]
        return stored

    # -- lists

    def listing(self, bucket: str, query: dict[str, str]) -> str:
        prefix, limit = query.get("prefix", ""), query.get("max-keys", "1000")
        if not limit.isdecimal() or query.get("encoding-type", "url") != "url":
            raise S3Error("InvalidArgument", ArgumentName="max-keys", ArgumentValue=limit)
        after = (
            token_read(query["continuation-token"]) if "continuation-token" in query else query.get("start-after", "")
        )
        keys = [key for key in sorted(self.objects) if key.startswith(prefix) and key > after]
        shown, size = keys[: int(limit)], min(int(limit), 1000)
        more = len(keys) > size
        shown = keys[:size]
        encode = quote if "encoding-type" in query else str
        fields: dict[str, Any] = {"Name": bucket, "Prefix": encode(prefix), "KeyCount": len(shown), "MaxKeys": size}
        fields |= {"EncodingType": "url"} if "encoding-type" in query else {}
        fields |= {"IsTruncated": "true" if more else "false"}
        fields |= {"NextContinuationToken": token_of(shown[-1])} if more and shown else {}
        contents = "".join(f"<Contents>{elements(self._entry(key, encode(key)))}</Contents>" for key in shown)
        return document("ListBucketResult", elements(fields) + contents)

    def _entry(self, key: str, shown: str) -> dict[str, Any]:
        stored = self.objects[key]
        at = stored.at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return {
            "Key": shown,
            "LastModified": at,
            "ETag": stored.etag,
            "Size": len(stored.body),
            "StorageClass": "STANDARD",
        }


def check_key(key: str) -> None:
    if len(key.encode()) > LONGEST_KEY:
        raise S3Error("KeyTooLongError", Size=len(key.encode()), MaxSizeAllowed=LONGEST_KEY)


def check_checksums(headers: Any, body: bytes) -> None:
    """Every checksum that was sent and that we can compute."""
    for name, compute in CHECKSUMS.items():
        told = headers.get(f"x-amz-checksum-{name}")
        if told is not None and told != base64.b64encode(compute(body)).decode():
            raise S3Error("BadDigest", f"The {name.upper()} you specified did not match the calculated checksum.")
    told = headers.get("content-md5")
    if told is not None and told != base64.b64encode(bytes.fromhex(md5(body))).decode():
        raise S3Error("BadDigest")


def metadata_of(headers: Any) -> dict[str, str]:
    found = {
        name.removeprefix("x-amz-meta-"): value for name, value in headers.items() if name.startswith("x-amz-meta-")
    }
    if sum(len(name) + len(value) for name, value in found.items()) > LONGEST_METADATA:
        raise S3Error("MetadataTooLarge")
    return found


def parts_listed(body: bytes) -> list[dict[str, str]]:
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - a simulator on this machine
    except ElementTree.ParseError:
        raise S3Error("MalformedXML") from None
    entries = [element for element in root if element.tag.rpartition("}")[2] == "Part"]
    return [{child.tag.rpartition("}")[2]: child.text or "" for child in entry} for entry in entries]


def check_part(entry: dict[str, str], upload: Upload) -> int:
    number = entry.get("PartNumber", "")
    body = upload.parts.get(int(number)) if number.isdecimal() else None
    if body is None or entry.get("ETag", "").strip('"') != md5(body):
        raise S3Error("InvalidPart", PartNumber=number)
    return int(number)


def token_of(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode()


def token_read(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except ValueError:
        raise S3Error("InvalidArgument", "The continuation token provided is incorrect") from None


def md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def now() -> datetime:
    return datetime.now(UTC)
