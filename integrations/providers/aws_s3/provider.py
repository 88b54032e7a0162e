"""The account: what it tests, stores, opens and plays."""

import io
import logging
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import requests
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from integrations import catalogue
from integrations.actions import Link, Result, action
from integrations.capabilities import OpenRecording, RecordingStorage, StoredRecording
from integrations.diagnosis.doctor import Passed
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, Rejected, Stage
from integrations.providers.base import Provider

from . import answers, transfer
from .advice import ADVICE
from .headers import disposition, metadata, opened, range_header
from .keys import folder_of, key_of
from .listing import LOOKED_THROUGH, TRIAL_FOLDER, Page, newest, page_of, query_of
from .multipart import Upload, checksum_header
from .places import DEFAULT_REGION, Place, place_of, public_place_of
from .properties import S3Properties
from .signing import Signer

if TYPE_CHECKING:
    from integrations.models import IntegrationAccount

logger = logging.getLogger(__name__)
T = TypeVar("T")
SHOWN = 8
LINK_SECONDS = 300
SHORTEST_LINK, LONGEST_LINK = 60, 900


class S3(RecordingStorage, Provider):
    """One bucket, or a folder of it."""

    key = "aws_s3"
    label = "Amazon AWS"
    type = catalogue.AWS
    documentation_url = "https://docs.aws.amazon.com/AmazonS3/latest/API/"
    advice = ADVICE
    Properties = S3Properties

    def __init__(self, account: "IntegrationAccount") -> None:
        super().__init__(account)
        self.told_region = ""

    # -- where and how

    @property
    def region(self) -> str:
        return str(self.properties["region"] or DEFAULT_REGION)

    @property
    def place(self) -> Place:
        simulator = self.account.simulator_url if self.account.simulated else ""
        return place_of(self.properties, self.region, simulator=simulator)

    @property
    def base_url(self) -> str:
        return self.place.root

    @property
    def prefix(self) -> str:
        return folder_of(str(self.properties["key_prefix"] or ""))

    @property
    def sends_checksums(self) -> bool:
        mode = str(self.properties["compatibility_mode"])
        return mode == "off" or (mode == "auto" and not self.properties["use_private_s3_storage"])

    @property
    def signer(self) -> Signer:
        return Signer(str(self.properties["access_key_id"]), self.account.secret("secret_key"), self.region)

    def authorise(self, request: requests.PreparedRequest) -> None:
        self.signer.sign(request)

    def interpret(self, response: requests.Response) -> IntegrationError | None:
        self.told_region = answers.region_told(response) or response.headers.get("x-amz-bucket-region", "")
        return answers.error_of(response)

    # -- the capability

    def put(
        self,
        name: str,
        stream: BinaryIO,
        *,
        content_type: str = "audio/wav",
        about: Mapping[str, str] | None = None,
    ) -> StoredRecording:
        """The storage compares the SHA-256 of every part at its arrival; that of the whole is kept as metadata."""
        key = self.key_for(name)
        with transfer.measured(stream) as body:
            headers = {"Content-Type": content_type, **metadata({**(about or {}), "sha256": body.sha256})}
            if body.size > transfer.PART:
                Upload(self._request, key, checksums=self.sends_checksums).send(body.parts(), headers)
            else:
                self._put_whole(key, b"".join(body.parts()), headers)
        return StoredRecording(key, body.size, timezone.now(), body.sha256)

    def _put_whole(self, key: str, data: bytes, headers: dict[str, str]) -> None:
        checksum = checksum_header(data) if self.sends_checksums else {}
        sent = {**headers, **checksum}
        self._request("PUT", key, data=data, headers=sent, purpose="Store recording", in_blocks=True)

    def key_for(self, name: str) -> str:
        return key_of(self.prefix, name)

    def delete(self, key: str) -> None:
        self._request("DELETE", key, purpose="Delete object")

    @contextmanager
    def open(self, key: str, *, start: int = 0, length: int | None = None) -> Iterator[OpenRecording]:
        """A recording that is read whole is compared with the SHA-256 it was stored with, if that is known."""
        wanted = range_header(start, length)
        headers = {"Accept": "*/*", **wanted}
        with self._in_its_region(
            lambda: self.http.download(self.place.url(key), headers=headers, purpose="Read recording")
        ) as download:
            yield opened(download, start=start, partial=bool(wanted))

    def playback_url(
        self, key: str, *, seconds: int = LINK_SECONDS, content_type: str = "", file_name: str = ""
    ) -> str:
        """`seconds` from 60 to 900. Where the region of a bucket at Amazon is not known yet, it is asked for."""
        if not SHORTEST_LINK <= seconds <= LONGEST_LINK:
            raise ValueError(f"A playback link lives {SHORTEST_LINK} to {LONGEST_LINK} seconds, not {seconds}.")
        self._know_region()
        shown = disposition(file_name)
        query = {"response-content-disposition": shown}
        query |= {"response-content-type": content_type} if content_type else {}
        return self.signer.presigned(public_place_of(self.properties, self.place).url(key, query), seconds)

    def newest(self, limit: int) -> list[StoredRecording]:
        """S3 lists by name, so all are looked at, the first `LOOKED_THROUGH` at most."""
        return newest(self._page, limit)[0]

    # -- what an administrator can press

    def probes(self) -> Iterator[Passed]:
        """A list of at most one object. Only where that is denied, reading an object that does not exist."""
        try:
            self._page(limit=1, purpose="Test connection")
            may = "list"
        except AuthenticationFailed as denied:
            if denied.cause != Cause.NO_PERMISSION:
                raise
            self._read_nothing(denied)
            may = "read, not list,"
        yield Passed(Stage.AUTHENTICATION, "The storage accepts the access key")
        where = f"{self.properties['s3_bucket']}/{self.prefix}"
        yield Passed(
            Stage.PERMISSION, f"It may {may} {where}", identity=f"{self.properties['s3_bucket']}, {self.region}"
        )

    def _read_nothing(self, denied: AuthenticationFailed) -> None:
        """`NoSuchKey` proves key, bucket and the right to read. Amazon says so only to those who may list; to others a
        missing object is denied as well."""
        try:
            self._request("GET", self.prefix + TRIAL_FOLDER + uuid.uuid4().hex, purpose="Test connection", retry=0)
        except Rejected as missing:
            if missing.vendor_code == "NoSuchKey":
                return
            raise
        except AuthenticationFailed as also:
            if also.cause != Cause.NO_PERMISSION:
                raise
        raise AuthenticationFailed(
            "The credentials are recognised, but the key may not list or read this bucket.",
            cause=Cause.NO_PERMISSION,
            stage=Stage.PERMISSION,
            status=denied.status,
            vendor_code=denied.vendor_code,
            vendor_message=denied.vendor_message,
        )

    @action(
        "Test write",
        help_text=(
            "Stores a small object below the key prefix, reads it and deletes it again. Amazon bills these three "
            "requests; a bucket with object lock keeps the object."
        ),
    )
    def test_write(self) -> Result:
        content = uuid.uuid4().hex.encode()
        steps = Steps()
        stored = steps.timed(
            "Stored", lambda: self.put(TRIAL_FOLDER + uuid.uuid4().hex, io.BytesIO(content), content_type="text/plain")
        )
        if steps.timed("Read", lambda: self._read(stored.key)) != content:
            return Result(False, "What came back is not what was stored.", rows=steps.rows)
        try:
            steps.timed("Deleted", lambda: self.delete(stored.key))
        except AuthenticationFailed as denied:
            rows = (*steps.rows, ("Not deleted", f"{stored.key}: {denied}"))
            return Result(True, "Recordings can be stored and read. The key may not delete, so an object stays.", rows)
        return Result(True, "Recordings can be stored, read and deleted.", rows=steps.rows)

    @action(
        "Newest recordings",
        help_text="Lists the latest recordings below the key prefix. Each is a link that plays it, for five minutes.",
    )
    def newest_recordings(self) -> Result:
        found, complete = newest(self._page, SHOWN)
        rows = tuple((stored_at(each), Link(self._shown(each), self.playback_url(each.key))) for each in found)
        if not found:
            return Result(True, f"There is no recording in {self.properties['s3_bucket']}/{self.prefix} yet.")
        told = "" if complete else f" The bucket holds more than the {LOOKED_THROUGH:,} that were looked through."
        return Result(
            True,
            f"The {len(found)} newest: follow one to hear it. The links end after {LINK_SECONDS // 60} minutes.{told}",
            rows,
        )

    def _shown(self, recording: StoredRecording) -> str:
        return f"{recording.key.removeprefix(self.prefix)} ({filesizeformat(recording.size)})"

    # -- one exchange

    def _request(
        self, method: str, key: str = "", query: Mapping[str, str] | None = None, *, headers: Any = None, **options: Any
    ) -> requests.Response:
        sent = {"Accept": "*/*", **(headers or {})}
        return self._in_its_region(
            lambda: self.http.request(method, self.place.url(key, query), headers=sent, **options)
        )

    def _in_its_region(self, send: Callable[[], T]) -> T:
        """Send, and once more where the answer says that the bucket lives elsewhere."""
        try:
            answer = send()
        except IntegrationError:
            if not self._moved():
                raise
            answer = send()
        self._moved()
        return answer

    def _moved(self) -> bool:
        """Keep the region that was told, for this work and for the next. True when it is not the one we signed for."""
        told, before = self.told_region, self.region
        if not told or told == self.properties["region"]:
            return False
        self.properties["region"] = told
        self.http.base_url = self.base_url
        if not self.account.simulated and self.account.pk:
            self._store_region(told)
        return told != before

    def _store_region(self, region: str) -> None:
        self.account.refresh_from_db(fields=["properties"])
        self.account.properties = {**self.account.properties, "region": region}
        self.account.save(update_fields=["properties"])
        logger.info('Account "%s": its bucket lives in the region %s.', self.account.name, region)

    def _know_region(self) -> None:
        """A link must be signed for the right region, because nobody corrects it. A refusal tells it as well."""
        if self.properties["region"] or self.properties["use_private_s3_storage"] or self.account.simulated:
            return
        try:
            self._request("HEAD", purpose="Find the region")
        except (AuthenticationFailed, Rejected):
            if not self.properties["region"]:
                raise

    def _page(self, after: str = "", *, limit: int = 1000, purpose: str = "List recordings") -> Page:
        answer = self._request("GET", "", query_of(self.prefix, limit=limit, after=after), purpose=purpose)
        return page_of(answer.content)

    def _read(self, key: str) -> bytes:
        with self.open(key) as recording:
            return b"".join(recording.pieces)


class Steps:
    """What a trial did, with how long it took."""

    def __init__(self) -> None:
        self.rows: tuple[tuple[str, str], ...] = ()

    def timed(self, label: str, do: Callable[[], T]) -> T:
        began = time.monotonic()
        done = do()
        self.rows = (*self.rows, (label, f"{(time.monotonic() - began) * 1000:.0f} ms"))
        return done


def stored_at(recording: StoredRecording) -> str:
    return f"{recording.stored_at:%d %b %Y, %H:%M:%S}" if recording.stored_at else ""
