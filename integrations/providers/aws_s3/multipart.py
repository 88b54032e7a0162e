"""Uploads in parts: begun, filled, completed; given up when anything breaks, because parts left behind are billed."""

import logging
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from xml.sax.saxutils import escape

import requests

from integrations.errors import Cause, IntegrationError, Rejected

from .answers import document, text_of

COMPLETING_SECONDS = (5.0, 60.0)  # S3 may put the parts together for a while before it answers
logger = logging.getLogger(__name__)


def checksum_header(part: bytes) -> dict[str, str]:
    """The checksum that Amazon keeps beside the object and compares at each arrival."""
    return {"x-amz-checksum-sha256": b64encode(sha256(part).digest()).decode()}


class Upload:
    """One upload. `request(method, key, query, **options)` sends for the account."""

    def __init__(self, request: Callable[..., requests.Response], key: str, *, checksums: bool) -> None:
        self.request = request
        self.key = key
        self.checksums = checksums
        self.id = ""
        self.entries: list[str] = []

    def send(self, parts: Iterable[bytes], headers: Mapping[str, str]) -> None:
        self._begin(headers)
        try:
            for part in parts:
                self._add(part)
            self._complete()
        except BaseException:
            self._give_up()
            raise

    def _begin(self, headers: Mapping[str, str]) -> None:
        more = {"x-amz-checksum-algorithm": "SHA256"} if self.checksums else {}
        answer = self.request("POST", self.key, {"uploads": ""}, headers={**headers, **more}, purpose="Begin upload")
        self.id = text_of(document(answer.content, "InitiateMultipartUploadResult"), "UploadId")
        if not self.id:
            raise Rejected("The storage began an upload without an id.", cause=Cause.REMOTE_ERROR)

    def _add(self, part: bytes) -> None:
        number = len(self.entries) + 1
        checksum = checksum_header(part) if self.checksums else {}
        headers = {"Content-Type": "application/octet-stream", **checksum}
        query = {"partNumber": str(number), "uploadId": self.id}
        purpose = f"Upload part {number}"
        answer = self.request("PUT", self.key, query, data=part, headers=headers, purpose=purpose, in_blocks=True)
        tag = escape(answer.headers.get("ETag", ""))
        told = "".join(f"<ChecksumSHA256>{value}</ChecksumSHA256>" for value in checksum.values())
        self.entries.append(f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag>{told}</Part>")

    def _complete(self) -> None:
        """Raises `IntegrationError` also where the answer has status 200 and an error inside."""
        body = f"<CompleteMultipartUpload>{''.join(self.entries)}</CompleteMultipartUpload>"
        answer = self.request(
            "POST", self.key, {"uploadId": self.id}, data=body.encode(), headers={"Content-Type": "application/xml"},
            timeout=COMPLETING_SECONDS, purpose="Complete upload",
        )  # fmt: skip
        document(answer.content, "CompleteMultipartUploadResult")

    def _give_up(self) -> None:
        try:
            self.request("DELETE", self.key, {"uploadId": self.id}, purpose="Give up upload")
        except IntegrationError as error:
            logger.warning("The parts of an upload could not be removed from the storage: %s", error)
