"""Files reach a real HTTPS server of a private authority by PUT, nothing there is overwritten, refusals are told."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integrations.basic_auth import basic
from integrations.diagnosis.verdict import Passed
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Stage, Unavailable
from integrations.file_transfer import HttpsPut
from integrations.models import ApiCall

from .local_server import make_certificate
from .put_server import PutServer, taking_files

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("loopback")]
CONTENT = b"15;20260329;00:00;1;Support;0\r\n" * 100_000  # 3 MB


@pytest.fixture(scope="module")
def certificate(authority: Path) -> ssl.SSLContext:
    return make_certificate(authority, "put", host="localhost")


@pytest.fixture
def server(certificate: ssl.SSLContext) -> Iterator[PutServer]:
    with taking_files(certificate) as found:
        yield found


@pytest.fixture
def ca(authority: Path) -> str:
    return (authority / "ca.pem").read_text()


def door(server: PutServer, ca: str, folder: str = "daily", **values: Any) -> HttpsPut:
    return HttpsPut(f"{server.address}/{folder}", ca=ca, **values)


def tried(found: HttpsPut) -> tuple[IntegrationError | None, list[Passed]]:
    passed: list[Passed] = []
    try:
        found.test(passed)
    except IntegrationError as error:
        return error, passed
    return None, passed


def test_a_file_arrives_whole_with_its_type(server: PutServer, ca: str):
    assert door(server, ca).put("queue_01.csv", CONTENT) == "queue_01.csv was stored (HTTP 201)."
    assert door(server, ca).put("History-2603290015.txt", b"1,2\n")
    assert server.files == {"queue_01.csv": CONTENT, "History-2603290015.txt": b"1,2\n"}
    assert server.types["queue_01.csv"].startswith("text/csv")
    assert server.types["History-2603290015.txt"].startswith("text/plain")


def test_what_is_there_is_never_overwritten(server: PutServer, ca: str):
    server.files["a.csv"] = b"somebody else's"
    with pytest.raises(Rejected) as refused:
        door(server, ca).put("a.csv", CONTENT)
    assert (refused.value.stage, refused.value.cause) == (Stage.WRITE, Cause.CONFLICT)
    assert server.files["a.csv"] == b"somebody else's"
    server.files["longer.csv"] = CONTENT + b"more"
    with pytest.raises(Rejected, match="another file"):
        door(server, ca).put("longer.csv", CONTENT)


def test_an_answer_that_was_lost_is_no_second_file_and_no_trouble(server: PutServer, ca: str):
    server.dies_after_storing = True
    with pytest.raises(Unavailable) as lost:
        door(server, ca).put("a.csv", CONTENT)
    assert lost.value.maybe_done
    server.dies_after_storing = False
    assert "there already, with the same bytes" in door(server, ca).put("a.csv", CONTENT)


def test_a_server_that_shows_nothing_leaves_the_question_to_a_person(server: PutServer, ca: str):
    server.files["a.csv"], server.shows = CONTENT, False
    with pytest.raises(Rejected, match="does not show it") as refused:
        door(server, ca).put("a.csv", CONTENT)
    assert refused.value.cause == Cause.CONFLICT


@pytest.mark.parametrize(
    ("header", "secret", "values"),
    [
        ("X-API-Key", "token-canary", {"token": "token-canary", "token_header": "X-API-Key", "token_scheme": ""}),
        ("Authorization", "Bearer token-canary", {"token": "token-canary"}),
        ("Authorization", basic("wfm:pässword-canary"), {"user_name": "wfm", "password": "pässword-canary"}),
    ],
)
def test_every_way_to_prove_who_we_are(server: PutServer, ca: str, header: str, secret: str, values: dict[str, Any]):
    server.header, server.secret = header, secret
    found = door(server, ca, **values)
    assert tried(found)[0] is None
    wrong = {name: "wrong-canary" if name in ("token", "password") else value for name, value in values.items()}
    error, passed = tried(door(server, ca, **wrong))
    assert isinstance(error, AuthenticationFailed) and error.stage == Stage.AUTHENTICATION
    assert [step.stage for step in passed] == [Stage.NAME, Stage.TCP, Stage.TLS]
    assert "canary" not in f"{error} {found!r}"
    for call in ApiCall.objects.all():
        assert "canary" not in f"{call.request_headers} {call.url} {call.request_body} {call.error}"


def test_a_test_passes_every_stage_and_leaves_nothing_behind(server: PutServer, ca: str):
    found = door(server, ca)
    error, passed = tried(found)
    assert error is None and [step.stage for step in passed] == list(found.stages)
    assert "was refused, as it should be" in passed[-1].text and "deleted again" in passed[-1].text
    assert server.files == {}


def test_a_test_says_what_the_server_would_do_to_files(server: PutServer, ca: str):
    server.overwrites, server.deletes = True, False
    error, passed = tried(door(server, ca))
    assert error is None and "This server overwrites" in passed[-1].text
    (left,) = server.files
    assert f"{left} is left there" in passed[-1].text


HTML = (b"<!DOCTYPE html><title>Log in</title>", "text/html")


@pytest.mark.parametrize(
    ("status", "body", "kind", "wanted", "stage", "cause"),
    [
        (200, *HTML, Unavailable, Stage.WRITE, Cause.WRONG_HOST),
        (302, b"", "", Unavailable, Stage.WRITE, Cause.WRONG_HOST),
        (400, b"No such feed", "text/plain", Rejected, Stage.WRITE, Cause.INVALID_DATA),
        (403, b"", "", AuthenticationFailed, Stage.WRITE, Cause.NO_PERMISSION),
        (404, *HTML, Unavailable, Stage.FOLDER, Cause.NOT_FOUND),
        (405, b"", "", Rejected, Stage.WRITE, Cause.API_DISABLED),
        (409, b"", "", Unavailable, Stage.FOLDER, Cause.NOT_FOUND),
        (413, b"", "", Rejected, Stage.WRITE, Cause.INVALID_DATA),
        (429, b"", "", RateLimited, Stage.LIMITS, Cause.RATE_LIMITED),
        (501, b"", "", Rejected, Stage.WRITE, Cause.API_DISABLED),
        (503, b"", "", Unavailable, Stage.WRITE, Cause.REMOTE_ERROR),
        (507, b"", "", Unavailable, Stage.WRITE, Cause.REMOTE_ERROR),
    ],
)
def test_refusals_are_told_apart(
    server: PutServer, ca: str, status: int, body: bytes, kind: str, wanted: type, stage: Stage, cause: Cause
):
    server.refusal = (status, kind, body)
    with pytest.raises(wanted) as refused:
        door(server, ca).put("a.csv", b"1")
    error = refused.value
    assert (error.stage, error.cause, error.status) == (stage, cause, status)
    assert server.files == {}
    if kind == "text/plain":
        assert "No such feed" in str(error)


def test_a_folder_that_is_missing_and_a_certificate_that_nobody_vouches_for(server: PutServer, ca: str):
    error, passed = tried(door(server, ca, "elsewhere"))
    assert error is not None and (error.stage, error.cause) == (Stage.FOLDER, Cause.NOT_FOUND)
    error, passed = tried(door(server, ""))
    assert error is not None and (error.stage, error.cause) == (Stage.TLS, Cause.TLS_FAILED)
    assert [step.stage for step in passed] == [Stage.NAME, Stage.TCP] and server.files == {}
