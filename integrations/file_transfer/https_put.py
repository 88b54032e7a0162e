"""HTTP PUT over TLS (RFC 9110, 9.3.4): each file gets an address of its own below the address of a folder, as WebDAV
servers and the upload addresses of many receivers take it.

`If-None-Match: *` lets the server refuse where the name is taken (RFC 9110, 13.1.2), so nothing is overwritten. A
file shows up there when all of it has arrived, so there is nothing to rename."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

import requests

from integrations.answers import error_from_response
from integrations.basic_auth import basic
from integrations.diagnosis.verdict import Passed
from integrations.errors import Cause, IntegrationError, Rejected, Stage, Unavailable
from integrations.http import HttpClient, probe_connection

from .base import ANSWER_SECONDS, CONNECT_SECONDS, TRIAL, known

TYPES = {"csv": "text/csv; charset=utf-8", "txt": "text/plain; charset=utf-8"}
TAKEN = 412
# What servers answer to a PUT (RFC 9110, 15; for 409 and 507: RFC 4918, 9.7.1 and 11.5), in words about files.
REFUSALS: dict[int, Callable[[], IntegrationError]] = {
    404: lambda: _no_folder("There is nothing at this address to put files into (HTTP 404)."),
    405: lambda: _no_put("The server takes no files by PUT at this address (HTTP 405)."),
    409: lambda: _no_folder("The folder of this address is not there (HTTP 409)."),
    TAKEN: lambda: Rejected("There is another file with this name.", cause=Cause.CONFLICT, stage=Stage.WRITE),
    413: lambda: Rejected(
        "The server takes no files of this size (HTTP 413). Limit the largest file of the report.", stage=Stage.WRITE
    ),
    501: lambda: _no_put("The server knows no PUT (HTTP 501)."),
    507: lambda: Unavailable(
        "The server has no room left (HTTP 507).", cause=Cause.REMOTE_ERROR, stage=Stage.WRITE
    ),
}  # fmt: skip


@dataclass
class HttpsPut:
    """`token` travels in `token_header` behind `token_scheme`; without it `user_name` and `password` do (RFC 7617);
    without these the server knows us by our address. `ca`: PEM, trusted in addition."""

    url: str
    user_name: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    token_header: str = "Authorization"  # noqa: S105 - a header's name
    token_scheme: str = "Bearer"  # noqa: S105 - a scheme's name
    ca: str = ""

    stages = (Stage.NAME, Stage.TCP, Stage.TLS, Stage.AUTHENTICATION, Stage.FOLDER, Stage.WRITE)

    def put(self, name: str, content: bytes) -> str:
        """Deliver a file; returns the last words about it. Doing it again does no harm."""
        try:
            answer = self._send(name, content)
        except Rejected as refusal:
            if refusal.status != TAKEN:
                raise
            return known(self._read(name, len(content) + 1), content, name, Stage.WRITE)
        return f"{name} was stored (HTTP {answer.status_code})."

    def test(self, passed: list[Passed]) -> None:
        """Store a small file, look whether the server would overwrite it, and delete it again."""
        passed.extend(probe_connection(self.url, None, ca=self.ca))
        name = f"test-{uuid.uuid4().hex[:8]}.txt"
        self._send(name, TRIAL)
        passed.append(Passed(Stage.AUTHENTICATION, "The server lets us in", identity=self.user_name))
        passed.append(Passed(Stage.FOLDER, "The folder is there"))
        try:
            kept = self._keeps(name)
        finally:
            gone = self._delete(name)
        passed.append(Passed(Stage.WRITE, f"A file of {len(TRIAL)} bytes was stored. {kept} {gone}"))

    def _send(self, name: str, content: bytes) -> requests.Response:
        headers = {"Accept": "*/*", "Content-Type": TYPES[name.rpartition(".")[2]], "If-None-Match": "*"}
        http, purpose = self._http(error_of), "Deliver a report"
        return http.put(quote(name), data=content, headers=headers, purpose=purpose, retry=0, in_blocks=True)

    def _read(self, name: str, limit: int) -> bytes:
        """What the server has under a name. Raises `Rejected` where it does not show it: many only take."""
        http, found = self._http(error_from_response), bytearray()
        try:
            with http.download(quote(name), headers={"Accept": "*/*"}, purpose="Compare with what is there") as there:
                for piece in there:
                    found += piece
                    if len(found) >= limit:
                        break
        except IntegrationError as refusal:
            raise Rejected(
                f"There is a file with the name {name} already, and the server does not show it, so nobody can tell "
                "whether it is this one.",
                cause=Cause.CONFLICT,
                stage=Stage.WRITE,
                vendor_message=str(refusal),
            ) from None
        return bytes(found[:limit])

    def _keeps(self, name: str) -> str:
        try:
            self._send(name, TRIAL)
        except Rejected as refusal:
            if refusal.status == TAKEN:
                return "A second one of the same name was refused, as it should be."
            raise
        return "This server overwrites files of the same name; reports never use a name twice."

    def _delete(self, name: str) -> str:
        try:
            self._http(error_from_response).delete(quote(name), headers={"Accept": "*/*"}, retry=0)
        except IntegrationError:
            return f"It could not be deleted again: {name} is left there."
        return "It is deleted again."

    def _http(self, interpret: Callable[[requests.Response], IntegrationError | None]) -> HttpClient:
        return HttpClient(
            None,
            base_url=self.url,
            interpret=interpret,
            authorise=self._authorise,
            timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
            ca=self.ca,
        )

    def _authorise(self, request: requests.PreparedRequest) -> None:
        if self.token:
            request.headers[self.token_header] = f"{self.token_scheme} {self.token}".lstrip()
        elif self.user_name:
            request.headers["Authorization"] = basic(f"{self.user_name}:{self.password}")


def error_of(response: requests.Response) -> IntegrationError | None:
    """What the answer to a PUT means. Servers describe what they have made in web pages; 200 with one is a log-in."""
    if response.status_code in (201, 202, 204):
        return None
    general = error_from_response(response)
    if general is None and "html" in response.headers.get("Content-Type", ""):
        return Unavailable(
            "A web page came back instead of a receipt: this is not the address for files, or a log-in page answers.",
            cause=Cause.WRONG_HOST,
            stage=Stage.WRITE,
            status=response.status_code,
        )
    told = REFUSALS.get(response.status_code)
    if general is None or told is None:
        return _at_write(general)
    error = told()
    error.status, error.vendor_message = general.status, general.vendor_message
    return error


def _at_write(error: IntegrationError | None) -> IntegrationError | None:
    if error is not None and error.stage in (Stage.ANSWER, Stage.PERMISSION):
        error.stage = Stage.WRITE
    return error


def _no_folder(words: str) -> Unavailable:
    """Tried again: whoever runs the server may make the folder."""
    return Unavailable(words, cause=Cause.NOT_FOUND, stage=Stage.FOLDER)


def _no_put(words: str) -> Rejected:
    return Rejected(words, cause=Cause.API_DISABLED, stage=Stage.WRITE)
