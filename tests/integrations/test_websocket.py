"""Sessions over WebSockets keep the rules of the house: credentials at home only, time limits, one row in the wire log,
the four errors."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from django.db import transaction
from websockets.http11 import Response
from websockets.sync.server import ServerConnection, serve

from integrations import deadlines, websocket
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Stage, Unavailable
from integrations.http import HttpClient, probe_connection
from integrations.models import ApiCall

from .local_server import make_certificate, make_self_signed

pytestmark = pytest.mark.django_db(transaction=True)
Handler = Callable[[ServerConnection], None]
SECRET = "canary-of-a-session-1"


@contextmanager
def server(handler: Handler, *, context: ssl.SSLContext | None = None, **options: Any) -> Iterator[str]:
    with serve(handler, "127.0.0.1", 0, ssl=context, **options) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        port = running.socket.getsockname()[1]
        yield f"{'wss' if context else 'ws'}://127.0.0.1:{port}"
        running.shutdown()


def echo(connection: ServerConnection) -> None:
    for frame in connection:
        connection.send(frame)


def client(url: str, **more: Any) -> HttpClient:
    return HttpClient(None, base_url=url, **more)


def refuse(status: int, body: str, content_type: str = "application/json", **headers: str) -> Any:
    """Answers the handshake with something else."""

    def answer(connection: ServerConnection, request: Any) -> Response:
        response = connection.respond(status, body)
        del response.headers["Content-Type"]
        response.headers["Content-Type"] = content_type
        response.headers.update(headers)
        return response

    return answer


def failure_of(url: str, **more: Any) -> IntegrationError:
    with pytest.raises(IntegrationError) as failure, websocket.session(client(url, **more), f"{url}/talk") as talk:
        talk.receive(1)
    return failure.value


def call() -> ApiCall:
    return ApiCall.objects.latest("id")


# -- talking


def test_frames_go_both_ways_and_the_wire_log_counts_them(loopback: None) -> None:
    query = f"token={SECRET}&model=x"
    with server(echo) as url, websocket.session(client(url), f"{url}/talk?{query}", purpose="Try") as talk:
        assert talk.send('{"action": "start", "password": "canary-2"}')
        assert talk.receive(5) == '{"action": "start", "password": "canary-2"}'
        assert talk.send(b"\0" * 1000)
        assert talk.receive(5) == b"\0" * 1000
    row = call()
    assert (row.method, row.status, row.purpose, row.error) == ("GET", 101, "Try", "")
    assert row.url == f"{url}/talk?token=***&model=x"
    assert "sent binary: 1 frames, 1000 bytes" in row.response_body
    assert "received text: 1 frames" in row.response_body
    assert "start" in row.response_body and "canary" not in row.response_body
    assert row.duration_ms is not None


def test_the_wire_log_keeps_the_last_texts_only_and_cuts_them(loopback: None) -> None:
    with server(echo) as url, websocket.session(client(url), url) as talk:
        for number in range(20):
            talk.send(f"text {number} " + "x" * 5000)
            talk.receive(5)
    assert "text 19" in call().response_body and "text 3 " not in call().response_body
    assert len(call().response_body) < 5000


def test_frames_that_have_come_are_read_without_waiting(loopback: None) -> None:
    def three(connection: ServerConnection) -> None:
        for number in range(3):
            connection.send(str(number))
        connection.recv()

    with server(three) as url, websocket.session(client(url), url) as talk:
        assert talk.receive(5) == "0"
        time.sleep(0.2)
        assert list(talk.waiting()) == ["1", "2"]
        assert list(talk.waiting()) == []


def test_a_good_end_is_the_end_of_the_frames(loopback: None) -> None:
    with server(lambda connection: connection.send("bye")) as url, websocket.session(client(url), url) as talk:
        assert talk.receive(5) == "bye"
        assert talk.receive(5) is None
        assert list(talk.waiting()) == []
        assert not talk.send("too late")


# -- breaking off


@pytest.mark.parametrize(
    ("code", "kind", "cause"),
    [
        (1011, Unavailable, Cause.REMOTE_ERROR),
        (1009, Rejected, Cause.INVALID_DATA),
        (1008, Rejected, Cause.REMOTE_ERROR),
    ],
)
def test_the_closing_code_decides_the_error(code: int, kind: type, cause: Cause, loopback: None) -> None:
    with server(lambda connection: connection.close(code, "see the previous message")) as url:
        error = failure_of(url)
    assert (type(error), error.cause, error.vendor_code) == (kind, cause, str(code))
    assert "see the previous message" in str(error)
    assert call().error == str(error)


def test_what_the_other_side_said_before_it_closed_is_read_first(loopback: None) -> None:
    def fault(connection: ServerConnection) -> None:
        connection.send('{"error": "no"}')
        connection.close(1011)

    with server(fault) as url, pytest.raises(Unavailable), websocket.session(client(url), url) as talk:
        while talk.send(b"sound"):
            time.sleep(0.01)
        assert talk.receive(1) == '{"error": "no"}'
        talk.receive(1)


def test_a_line_that_breaks_is_no_good_end(loopback: None) -> None:
    def cut(connection: ServerConnection) -> None:
        connection.socket.shutdown(socket.SHUT_RDWR)

    with server(cut) as url:
        error = failure_of(url)
    assert (type(error), error.cause) == (Unavailable, Cause.UNREACHABLE)


def test_silence_ends_after_its_time(loopback: None) -> None:
    with server(lambda connection: time.sleep(1)) as url:
        began = time.monotonic()
        with pytest.raises(Unavailable) as failure, websocket.session(client(url), url) as talk:
            talk.receive(0.2)
        assert failure.value.cause == Cause.TIMEOUT and time.monotonic() - began < 5


def test_the_time_of_the_whole_piece_of_work_counts_too(loopback: None) -> None:
    silent = server(lambda connection: time.sleep(1))
    with silent as url, deadlines.within(0.3), pytest.raises(Unavailable), websocket.session(client(url), url) as talk:
        talk.receive(30)


def test_a_frame_beyond_four_megabytes_is_refused(loopback: None) -> None:
    with server(lambda connection: connection.send(b"x" * (websocket.LARGEST_FRAME + 1))) as url:
        error = failure_of(url)
    assert isinstance(error, Rejected) and "4 MB" in str(error)


def test_a_reader_that_does_not_read_is_given_up(loopback: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "SEND_SECONDS", 0.3)
    stop = threading.Event()

    def deaf(connection: ServerConnection) -> None:
        stop.wait(10)

    with server(deaf, max_queue=1) as url, websocket.session(client(url), url) as talk:
        taken = 0
        while taken < 200 and talk.send(b"x" * 1_000_000):
            taken += 1
        stop.set()
        assert taken < 200


def test_a_mistake_of_ours_in_a_session_is_in_its_row_by_name_only(loopback: None) -> None:
    with server(echo) as url, pytest.raises(KeyError), websocket.session(client(url), url):
        raise KeyError(SECRET)
    assert call().error == "KeyError"


# -- the handshake


def test_the_vendors_refusal_is_judged_like_any_answer(loopback: None) -> None:
    with server(echo, process_request=refuse(403, '{"error": "not for you"}')) as url:
        error = failure_of(url)
    assert (type(error), error.cause, error.status) == (AuthenticationFailed, Cause.NO_PERMISSION, 403)
    assert "not for you" in str(error)
    row = call()
    assert (row.status, row.response_body) == (403, '{"error": "not for you"}')


def test_a_limit_at_the_handshake_is_waited_for_as_told(loopback: None) -> None:
    with server(echo, process_request=refuse(429, "{}", **{"Retry-After": "7"})) as url:
        error = failure_of(url)
    assert isinstance(error, RateLimited) and error.retry_after == 7


def test_a_web_page_is_not_the_address(loopback: None) -> None:
    with server(echo, process_request=refuse(200, "<!DOCTYPE html><h1>Welcome</h1>", "text/html")) as url:
        error = failure_of(url)
    assert (type(error), error.cause) == (Unavailable, Cause.WRONG_HOST)


def test_an_answer_that_opens_nothing_is_not_the_address(loopback: None) -> None:
    with server(echo, process_request=refuse(200, "{}")) as url:
        assert failure_of(url).cause == Cause.WRONG_HOST


def test_something_that_speaks_no_http_is_told(loopback: None) -> None:
    with raw(b"220 mail.example ESMTP\r\n") as url:
        assert failure_of(url).cause == Cause.WRONG_HOST


def test_a_handshake_that_is_cut_off_is_told(loopback: None) -> None:
    with raw(b"") as url:
        error = failure_of(url)
    assert (type(error), error.cause) == (Unavailable, Cause.UNREACHABLE)


def test_a_handshake_without_an_answer_ends_in_time(loopback: None) -> None:
    with raw(None) as url:
        error = failure_of(url, timeout=(1.0, 0.3))
    assert (type(error), error.cause) == (Unavailable, Cause.TIMEOUT)
    assert call().error == str(error)


@contextmanager
def raw(answer: bytes | None) -> Iterator[str]:
    """A listener that reads the request and says these bytes, or nothing at all."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stop = threading.Event()

        def run() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4000)
                if answer is None:
                    stop.wait(5)
                else:
                    connection.sendall(answer)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}"
        stop.set()
        thread.join(5)


def sign(request: requests.PreparedRequest) -> None:
    request.headers["Authorization"] = f"Bearer {SECRET}"


def test_credentials_go_to_the_clients_own_origin_only(loopback: None) -> None:
    seen: list[str | None] = []

    def note(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen.append(connection.request.headers.get("Authorization"))

    with server(note) as home, server(note) as other:
        for url in (home, other):
            with websocket.session(client(home.replace("ws", "http", 1), authorise=sign), url) as talk:
                assert talk.receive(5) is None
    assert seen == [f"Bearer {SECRET}", None]
    assert SECRET not in json.dumps(list(ApiCall.objects.values("request_headers", "response_body")))


def test_new_credentials_are_tried_once(loopback: None) -> None:
    attempts: list[str] = []

    def gate(connection: ServerConnection, request: Any) -> Response | None:
        attempts.append(request.headers["Authorization"])
        return None if attempts[-1] == "Bearer new" else connection.respond(401, "")

    state = {"token": "old"}

    def authorise(request: requests.PreparedRequest) -> None:
        request.headers["Authorization"] = f"Bearer {state['token']}"

    def renew(response: requests.Response) -> bool:
        assert response.request.headers["Authorization"] == "Bearer old"
        state["token"] = "new"
        return True

    own = {"authorise": authorise, "renew": renew}
    with server(echo, process_request=gate) as url, websocket.session(client(url, **own), url) as talk:
        talk.send("hello")
        assert talk.receive(5) == "hello"
    assert attempts == ["Bearer old", "Bearer new"]
    assert list(ApiCall.objects.order_by("id").values_list("status", flat=True)) == [401, 101]


def test_credentials_that_stay_wrong_are_not_tried_for_ever(loopback: None) -> None:
    asked: list[int] = []

    def renew(response: requests.Response) -> bool:
        asked.append(response.status_code)
        return True

    with server(echo, process_request=refuse(401, "{}")) as url:
        error = failure_of(url, renew=renew)
    assert isinstance(error, AuthenticationFailed) and asked == [401]


# -- the rules of every connection


def test_internal_addresses_are_blocked() -> None:
    error = failure_of("ws://127.0.0.1:9")
    assert (error.cause, error.stage) == (Cause.BLOCKED_ADDRESS, Stage.NAME)
    assert call().error == str(error)


def test_a_transaction_must_not_wait_for_a_vendor(loopback: None) -> None:
    with (
        transaction.atomic(),
        pytest.raises(RuntimeError),
        websocket.session(client("ws://a.example"), "ws://a.example"),
    ):
        pass


@pytest.mark.parametrize("url", ["ws://", "wss://exa mple", "https://example.com", "ws://example.com:port"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(Unavailable) as failure, websocket.session(client(url), url):
        pass
    assert failure.value.cause == Cause.WRONG_HOST


def test_a_certificate_that_nobody_vouches_for_is_refused(loopback: None, tmp_path: Path) -> None:
    with server(echo, context=make_self_signed(tmp_path)) as url:
        error = failure_of(url)
        assert (error.cause, error.stage) == (Cause.TLS_FAILED, Stage.TLS)
        with pytest.raises(Unavailable) as failure:
            list(probe_connection(url, None))
        assert failure.value.stage == Stage.TLS


def test_the_accounts_own_authority_is_trusted(
    loopback: None, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.tcp.ca_of", lambda account: (authority / "ca.pem").read_text())
    with server(echo, context=make_certificate(authority, "socket")) as url:
        with websocket.session(client(url), url) as talk:
            talk.send("over TLS")
            assert talk.receive(5) == "over TLS"
        assert [step.stage for step in probe_connection(url, None)] == [Stage.NAME, Stage.TCP, Stage.TLS]


def test_the_probe_knows_the_ports_of_both_schemes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Guard:
        def resolve(self, host: str, port: int) -> list[str]:
            asked.append(port)
            raise Unavailable("stop here", stage=Stage.NAME)

    monkeypatch.setattr("integrations.http.guard_for", lambda account: Guard())
    for url in ("wss://example.com/x", "ws://example.com", "wss://example.com:49155/telephony"):
        with pytest.raises(Unavailable):
            list(probe_connection(url, None))
    assert asked == [443, 80, 49155]
