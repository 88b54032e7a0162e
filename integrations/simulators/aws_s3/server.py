"""The S3 interface of one bucket, by path (`/aws_s3/BUCKET/KEY`) or by host (`BUCKET.localhost`), and its page."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from integrations.simulators import control, faults, pages
from integrations.simulators.base import Simulator
from integrations.simulators.exchange import own_path
from integrations.simulators.recorder import warn

from . import sigv4, sound, store
from .words import S3Error, document, elements, request_id, xml

ACCESS_KEY = "AKIADEMOSTORAGE00001"
SECRET_KEY = "demo-storage-secret-key-0123456789abcdef"  # noqa: S105 - the published secret of a simulator
BUCKET = "demo-recordings"
RANGE = re.compile(r"bytes=(\d*)-(\d*)")
METHODS = ["GET", "PUT", "POST", "DELETE"]
# A fault in S3's words.
WORDS = {
    "bad_credentials": "SignatureDoesNotMatch",
    "expired_token": "ExpiredToken",
    "revoked_token": "InvalidAccessKeyId",
    "missing_permission": "AccessDenied",
    "rate_limit": "SlowDown",
    "server_error": "InternalError",
    "service_unavailable": "ServiceUnavailable",
    "not_implemented": "NotImplemented",
    "archived": "InvalidObjectState",
    "permanent_redirect": "PermanentRedirect",
}


class S3(Simulator):
    key = "aws_s3"
    title = "Amazon S3"
    description = "Keeps recordings in one bucket, checks every signature, and plays what it holds."
    pages = (("Recordings", "/"),)
    extra_faults = ("service_unavailable", "not_implemented", "archived", "permanent_redirect")
    default_counts = {"stored": 0, "read": 0, "listed": 0, "deleted": 0, "refused": 0}
    default_settings = {
        "access_key": ACCESS_KEY,
        "secret_key": SECRET_KEY,
        "bucket": BUCKET,
        "region": "us-east-1",
        "clock_offset": 0.0,
        "refuses_checksums": False,
        "damages": False,
        "may": {"list": True, "read": True, "write": True, "delete": True},
    }

    def reset(self) -> None:
        super().reset()
        self.store = store.Store()
        for key, notes in sound.TUNES.items():
            self.store.put(key, sound.wav(notes), "audio/wav", {"channels": "1"}, store.now())

    def secrets(self) -> list[str]:
        return [SECRET_KEY, *([str(self.settings["secret_key"])] if self.settings else [])]

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/_board", self.board_json, methods=["GET"]),
            Route("/_live/board", self.board_live, methods=["GET"]),
            Route("/_play/{key:path}", self.play, methods=["GET"]),
            Route("/", self.root, methods=METHODS),
            Route("/{path:path}", self.s3, methods=METHODS),
        ]

    def fault_response(self, fault: faults.Fault, request: Request) -> Response:
        if fault.name == "wrong_shape":
            return xml("<Unexpected><Thing/></Unexpected>")
        if fault.name not in WORDS:
            return super().fault_response(fault, request)
        more: dict[str, Any] = {"Endpoint": "s3.eu-west-3.amazonaws.com"} if fault.name == "permanent_redirect" else {}
        wait = int(fault.option("retry_after", 0))
        headers = {"Retry-After": str(wait)} if wait else {}
        return S3Error(WORDS[fault.name], headers=headers, **more).response(with_body=request.method != "HEAD")

    # -- the interface

    @property
    def clock(self) -> datetime:
        return store.now() + timedelta(seconds=float(self.settings["clock_offset"]))

    async def s3(self, request: Request) -> Response:
        try:
            return self._answer(request, await request.body())
        except S3Error as error:
            self.counts["refused"] += 1
            warn(request, f"{error.code}: {error.words}")
            return error.response(with_body=request.method != "HEAD")

    def _answer(self, request: Request, body: bytes) -> Response:
        sigv4.check(request, body, self._keys())
        bucket, key = self._addressed(request)
        query = dict(sigv4.pairs(request.scope["query_string"].decode()))
        if bucket != self.settings["bucket"]:
            raise S3Error("NoSuchBucket", BucketName=bucket) if bucket else S3Error("AccessDenied")
        self._refuse_checksums(request)
        return self._object(request, key, query, body) if key else self._bucket(request, query)

    def _keys(self) -> sigv4.Keys:
        access_key, secret_key = str(self.settings["access_key"]), str(self.settings["secret_key"])
        return sigv4.Keys(access_key, secret_key, str(self.settings["region"]), self.clock)

    def _addressed(self, request: Request) -> tuple[str, str]:
        path = own_path(request.scope).lstrip("/")
        host = request.headers.get("host", "")
        if host.startswith(f"{self.settings['bucket']}."):
            return str(self.settings["bucket"]), path
        bucket, _, key = path.partition("/")
        return bucket, key

    def _refuse_checksums(self, request: Request) -> None:
        """What older servers of other makers do."""
        sent = [name for name in request.headers if name.startswith(("x-amz-checksum", "x-amz-sdk-checksum"))]
        if sent and self.settings["refuses_checksums"]:
            raise S3Error("NotImplemented", Header=sent[0])

    def _need(self, right: str) -> None:
        if not self.settings["may"][right]:
            raise S3Error("AccessDenied")

    def _bucket(self, request: Request, query: dict[str, str]) -> Response:
        self._need("list")
        told = {"x-amz-bucket-region": str(self.settings["region"])}
        if request.method == "HEAD":
            return xml("", headers=told)
        if request.method == "GET" and query.get("list-type") == "2":
            self.counts["listed"] += 1
            return xml(self.store.listing(str(self.settings["bucket"]), query), headers=told)
        raise S3Error("NotImplemented")

    def _object(self, request: Request, key: str, query: dict[str, str], body: bytes) -> Response:
        if request.method in ("GET", "HEAD"):
            return self._get(request, key, query)
        if request.method == "DELETE":
            return self._delete(key, query)
        self._need("write")
        if request.method == "PUT":
            return self._put(request, key, query, body)
        return self._post(request, key, query, body)

    def _get(self, request: Request, key: str, query: dict[str, str]) -> Response:
        self._need("read")
        if key not in self.store.objects:
            self._need("list")  # who may not list is not told what is missing either
        found = self.store.get(key)
        self.counts["read"] += 1
        overrides = {
            name.removeprefix("response-"): value for name, value in query.items() if name.startswith("response-")
        }
        headers = {"x-amz-request-id": request_id(), **found.headers(), "content-type": found.content_type, **overrides}
        if request.method == "HEAD":
            return Response(headers={**headers, "Content-Length": str(len(found.body))})
        return part_of(self._read(found.body), request.headers.get("range", ""), headers)

    def _read(self, body: bytes) -> bytes:
        """What comes back; a disk that fails turns the last byte over."""
        return body[:-1] + bytes([body[-1] ^ 0xFF]) if self.settings["damages"] and body else body

    def _delete(self, key: str, query: dict[str, str]) -> Response:
        if "uploadId" in query:
            self.store.upload(query["uploadId"], key)
            del self.store.uploads[query["uploadId"]]
        else:
            self._need("delete")
            self.store.objects.pop(key, None)
            self.counts["deleted"] += 1
        return Response(status_code=204)

    def _put(self, request: Request, key: str, query: dict[str, str], body: bytes) -> Response:
        store.check_checksums(request.headers, body)
        if "uploadId" in query:
            number = query.get("partNumber", "")
            if not number.isdecimal() or not 1 <= int(number) <= 10_000:
                raise S3Error("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
            self.store.upload(query["uploadId"], key).parts[int(number)] = body
            return xml("", headers={"ETag": f'"{store.md5(body)}"'})
        kind = request.headers.get("content-type", "binary/octet-stream")
        stored = self.store.put(key, body, kind, store.metadata_of(request.headers), store.now())
        self.counts["stored"] += 1
        return xml("", headers={"ETag": stored.etag})

    def _post(self, request: Request, key: str, query: dict[str, str], body: bytes) -> Response:
        about = {"Bucket": self.settings["bucket"], "Key": key}
        if "uploads" in query:
            kind = request.headers.get("content-type", "binary/octet-stream")
            name = self.store.begin(key, kind, store.metadata_of(request.headers))
            return xml(document("InitiateMultipartUploadResult", elements({**about, "UploadId": name})))
        if "uploadId" not in query:
            raise S3Error("MethodNotAllowed")
        stored = self.store.complete(query["uploadId"], key, body, store.now())
        self.counts["stored"] += 1
        return xml(document("CompleteMultipartUploadResult", elements({**about, "ETag": stored.etag})))

    # -- the page

    async def root(self, request: Request) -> Response:
        """The page for people; a signed request is meant for the interface."""
        if "authorization" in request.headers or "X-Amz-Algorithm" in request.query_params:
            return await self.s3(request)
        if control.wants_json(request):
            return JSONResponse(self.view())
        return pages.render(request, "s3_board.html", simulator=self, board=self.view())

    async def board_json(self, request: Request) -> Response:
        return JSONResponse(self.view())

    async def board_live(self, request: Request) -> Response:
        return pages.render(request, "_s3_board.html", simulator=self, board=self.view())

    async def play(self, request: Request) -> Response:
        found = self.store.objects.get(request.path_params["key"])
        if found is None:
            return Response("It is gone.", 404)
        try:
            return part_of(found.body, request.headers.get("range", ""), {"Content-Type": found.content_type})
        except S3Error as error:
            return error.response()

    def view(self) -> dict[str, Any]:
        newest = sorted(self.store.objects.items(), key=lambda item: (item[1].at, item[0]), reverse=True)
        return {
            "bucket": self.settings["bucket"],
            "region": self.settings["region"],
            "counts": {name: self.counts[name] for name in self.default_counts},
            "objects": [
                {
                    "key": key,
                    "size": len(stored.body),
                    "at": stored.at.strftime("%Y-%m-%d %H:%M:%S"),
                    "type": stored.content_type,
                    "sha256": stored.metadata.get("sha256", ""),
                    "etag": stored.etag,
                }
                for key, stored in newest
            ],
            "uploads": [{"key": each.key, "parts": len(each.parts)} for each in self.store.uploads.values()],
        }


def part_of(body: bytes, wanted: str, headers: dict[str, str]) -> Response:
    """The whole, or the part that a Range header asks for; one that makes no sense is ignored (RFC 9110, 14.2)."""
    found = RANGE.fullmatch(wanted)
    if found is None or found[1] == found[2] == "":
        return Response(body, headers=headers)
    size = len(body)
    start = int(found[1]) if found[1] else max(0, size - int(found[2]))
    end = min(int(found[2]), size - 1) if found[1] and found[2] else size - 1
    if start >= size or end < start:
        raise S3Error("InvalidRange", ActualObjectSize=size, RangeRequested=wanted)
    return Response(body[start : end + 1], 206, {**headers, "Content-Range": f"bytes {start}-{end}/{size}"})
