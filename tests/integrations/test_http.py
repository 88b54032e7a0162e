"""The HTTP client against a real server: limits, retries, redirects, renewal of credentials, what errors become."""

import errno
import gzip
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from django.db import transaction

from integrations import deadlines, tcp, transport
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Stage, Unavailable
from integrations.http import HttpClient, json_of
from integrations.models import ApiCall

from .local_server import Answer, LocalServer, serving

pytestmark = pytest.mark.django_db(transaction=True)
OK = Answer(body={"ok": True})


@pytest.fixture
def client(server: LocalServer) -> HttpClient:
    server.on("/ok", OK)
    return HttpClient(None, base_url=server.address, timeout=(2, 0.5))


def test_method_url_headers_and_body_arrive(client: HttpClient, server: LocalServer) -> None:
    client.post("/ok", params={"q": "a+b c"}, json={"name": "Zoë"}, headers={"X-Own": "1"})
    arrived = server.arrived[0]
    assert (arrived.method, arrived.path, arrived.query) == ("POST", "/ok", {"q": ["a+b c"]})
    assert arrived.body == b'{"name": "Zo\\u00eb"}'
    assert arrived.headers["X-Own"] == "1"
    assert arrived.headers["Accept"] == "application/json"


def test_a_path_of_the_base_url_is_kept(server: LocalServer) -> None:
    server.on("/servicenow/api", OK)
    assert HttpClient(None, base_url=f"{server.address}/servicenow/").get("/api").ok


def test_connections_are_kept_open_between_clients(server: LocalServer) -> None:
    server.on("/ok", OK)
    for _ in range(5):
        HttpClient(None, base_url=server.address).get("/ok")
    assert server.connections == 1


def test_cookies_are_never_sent_back(client: HttpClient, server: LocalServer) -> None:
    server.on("/ok", Answer(body={}, headers={"Set-Cookie": "JSESSIONID=1; Path=/"}))
    client.get("/ok")
    client.get("/ok")
    assert "Cookie" not in server.arrived[1].headers


def test_proxies_and_passwords_of_the_environment_are_ignored(
    client: HttpClient, server: LocalServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password canary-netrc\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert client.get("/ok").ok
    assert "Authorization" not in server.arrived[0].headers


def test_credentials_go_to_the_base_urls_origin_only(server: LocalServer) -> None:
    def sign(request: requests.PreparedRequest) -> None:
        request.headers["Authorization"] = "Bearer canary"

    with serving() as other:
        other.on("/ok", OK)
        server.on("/ok", OK)
        client = HttpClient(None, base_url=server.address, authorise=sign)
        client.get("/ok")
        client.get(f"{other.address}/ok")
        assert server.arrived[0].headers["Authorization"] == "Bearer canary"
        assert "Authorization" not in other.arrived[0].headers


# -- what answers mean


@pytest.mark.parametrize(
    ("answer", "kind", "cause"),
    [
        (Answer(400, {"error": {"message": "bad field"}}), Rejected, Cause.INVALID_DATA),
        (Answer(401, {"error": "x"}), AuthenticationFailed, Cause.BAD_CREDENTIALS),
        (Answer(403, {"error": "x"}), AuthenticationFailed, Cause.NO_PERMISSION),
        (Answer(404, {"error": "x"}), Rejected, Cause.NOT_FOUND),
        (Answer(404, "<html>", {"Content-Type": "text/html"}), Unavailable, Cause.WRONG_HOST),
        (Answer(408), Unavailable, Cause.TIMEOUT),
        (Answer(409, {}), Rejected, Cause.CONFLICT),
        (Answer(422, {"errors": ["a", "b"]}), Rejected, Cause.INVALID_DATA),
        (Answer(429, {}), RateLimited, Cause.RATE_LIMITED),
        (Answer(500, "oops"), Unavailable, Cause.REMOTE_ERROR),
        (Answer(501), Unavailable, Cause.REMOTE_ERROR),
        (Answer(200, "<html>Hello", {"Content-Type": "text/html"}), Unavailable, Cause.WRONG_HOST),
        (Answer(200, "<html>Your instance is hibernating", {"Content-Type": "text/html"}), Unavailable, Cause.ASLEEP),
        (Answer(200, "<!DOCTYPE html><html>", {"Content-Type": "application/json"}), Unavailable, Cause.WRONG_HOST),
    ],
)  # fmt: skip
def test_every_answer_becomes_one_of_four_errors_and_the_next_good_one_passes(
    client: HttpClient, server: LocalServer, answer: Answer, kind: type[IntegrationError], cause: Cause
) -> None:
    server.on("/x", answer, OK)
    with pytest.raises(kind) as failure:
        client.post("/x")
    assert (failure.value.cause, failure.value.status) == (cause, answer.status)
    assert client.post("/x").json() == {"ok": True}


def test_the_vendors_own_words_are_passed_on(client: HttpClient, server: LocalServer) -> None:
    server.on("/x", Answer(403, {"error": {"message": "Operation Failed", "detail": "ACL Exception"}}))
    with pytest.raises(AuthenticationFailed, match=r"Operation Failed; ACL Exception") as failure:
        client.get("/x")
    assert failure.value.vendor_message == "Operation Failed; ACL Exception"


def test_a_web_page_is_fine_where_no_json_was_asked_for(client: HttpClient, server: LocalServer) -> None:
    server.on("/x", Answer(200, "<html>Thank you", {"Content-Type": "text/html"}))
    assert client.post("/x", headers={"Accept": "*/*"}).ok


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("17", 17), ("-5", 0), ("999999", 3600), ("nonsense", 60), ("", 60), ("nan", 60), ("1.5", 1.5)],
)
def test_the_wait_that_a_vendor_asks_for_is_read_and_capped(
    client: HttpClient, server: LocalServer, header: str, seconds: float
) -> None:
    server.on("/x", Answer(429, {}, {"Retry-After": header}))
    with pytest.raises(RateLimited) as failure:
        client.get("/x")
    assert failure.value.retry_after == seconds


def test_the_wait_may_be_a_date(client: HttpClient, server: LocalServer) -> None:
    at = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 100))
    server.on("/x", Answer(429, {}, {"Retry-After": at}))
    with pytest.raises(RateLimited) as failure:
        client.get("/x")
    assert 90 < failure.value.retry_after <= 100


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(200, '{"cut": '), Rejected),
        (Answer(200, b"\xff\xfe\x00", {"Content-Type": "application/octet-stream"}), Rejected),
        (Answer(200, "<html>", {"Content-Type": "text/html"}), Unavailable),
        (Answer(200), Rejected),
    ],
)
def test_what_is_not_json_is_an_error_of_ours(
    client: HttpClient, server: LocalServer, answer: Answer, kind: type[IntegrationError]
) -> None:
    server.on("/x", answer, OK)
    with pytest.raises(kind):
        json_of(client.get("/x", headers={"Accept": "*/*"}))
    assert json_of(client.get("/x")) == {"ok": True}


# -- trouble on the way


def test_silence_ends_in_a_timeout_that_may_have_been_carried_out(client: HttpClient, server: LocalServer) -> None:
    server.on("/x", Answer(wait=1.5, body={}), OK)
    with pytest.raises(Unavailable) as failure:
        client.post("/x")
    assert (failure.value.cause, failure.value.maybe_done) == (Cause.TIMEOUT, True)
    assert client.post("/x").ok


def test_an_answer_that_drips_is_broken_off(
    client: HttpClient, server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "WHOLE_ANSWER_SECONDS", 0.6)
    server.on("/x", Answer(body="x" * 500, drip=0.1), OK)
    began = time.monotonic()
    with pytest.raises(Unavailable, match="slowly"):
        client.get("/x")
    assert time.monotonic() - began < 3
    assert client.get("/x").ok


def test_a_connection_that_breaks_is_unavailable(client: HttpClient, server: LocalServer) -> None:
    server.on("/x", Answer(hang_up=True), OK)
    with pytest.raises(Unavailable) as failure:
        client.post("/x")
    assert failure.value.maybe_done
    assert client.post("/x").ok


def test_an_answer_that_is_cut_off_is_noticed(client: HttpClient, server: LocalServer) -> None:
    server.on("/x", Answer(body="x" * 1000, cut=10), OK)
    with pytest.raises(Unavailable, match="complete"):
        client.post("/x")
    assert client.post("/x").ok


@pytest.mark.parametrize("packed", [False, True])
def test_an_endless_answer_is_refused(
    client: HttpClient, server: LocalServer, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 2_000_000)
    body = b"x" * 3_000_000
    headers = {"Content-Encoding": "gzip"} if packed else {}
    server.on("/x", Answer(body=gzip.compress(body) if packed else body, headers=headers), OK)
    with pytest.raises(Rejected, match="larger"):
        client.get("/x")
    assert client.get("/x").ok


def test_a_closed_port_is_unreachable(loopback: None) -> None:
    with pytest.raises(Unavailable, match="refused") as failure:
        HttpClient(None, base_url="http://127.0.0.1:1").post("/")
    assert (failure.value.stage, failure.value.maybe_done) == (Stage.TCP, False)


@pytest.mark.parametrize("url", ["", "ftp://x", "http://", "http://a b/", "http://[::1", "//x", "http://x:99999/"])
def test_an_address_that_is_no_url_is_told_in_words(url: str) -> None:
    with pytest.raises(Unavailable) as failure:
        HttpClient(None, base_url=url).get("/")
    assert failure.value.cause == Cause.WRONG_HOST


# -- trying again


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("status", [502, 503, 504])
def test_idempotent_requests_are_repeated_twice(
    client: HttpClient, server: LocalServer, method: str, status: int
) -> None:
    server.on("/x", Answer(status), Answer(status), OK)
    assert client.request(method, "/x").ok
    assert len(server.arrived) == 3


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_other_requests_are_never_repeated(client: HttpClient, server: LocalServer, method: str) -> None:
    server.on("/x", Answer(503), OK)
    with pytest.raises(Unavailable):
        client.request(method, "/x")
    assert len(server.arrived) == 1


def test_after_two_repetitions_it_is_enough(client: HttpClient, server: LocalServer) -> None:
    server.on("/x", Answer(503))
    with pytest.raises(Unavailable):
        client.get("/x")
    assert len(server.arrived) == 3


@pytest.mark.parametrize("status", [500, 429, 404])
def test_other_failures_are_not_repeated(client: HttpClient, server: LocalServer, status: int) -> None:
    server.on("/x", Answer(status, {}), OK)
    with pytest.raises(IntegrationError):
        client.get("/x")
    assert len(server.arrived) == 1


def test_a_long_wait_is_left_to_the_scheduler(client: HttpClient, server: LocalServer) -> None:
    server.on("/x", Answer(503, {}, {"Retry-After": "120"}), OK)
    began = time.monotonic()
    with pytest.raises(Unavailable):
        client.get("/x")
    assert (time.monotonic() - began) < 2
    assert len(server.arrived) == 1


def test_repetitions_end_with_the_time_for_the_work(client: HttpClient, server: LocalServer) -> None:
    server.on("/x", Answer(503))
    with deadlines.within(0.1), pytest.raises(Unavailable):
        client.get("/x")
    assert len(server.arrived) == 1


def test_after_a_401_the_request_goes_out_once_more_with_new_credentials(server: LocalServer) -> None:
    keys = ["old"]

    def sign(request: requests.PreparedRequest) -> None:
        request.headers["Authorization"] = keys[0]

    def renew(response: requests.Response) -> bool:
        keys[0] = "new"
        return True

    server.on("/x", lambda r: OK if r.headers["Authorization"] == "new" else Answer(401, {}))
    client = HttpClient(None, base_url=server.address, authorise=sign, renew=renew)
    assert client.post("/x").ok
    assert len(server.arrived) == 2


@pytest.mark.parametrize("renewed", [True, False])
def test_a_second_401_is_final(server: LocalServer, renewed: bool) -> None:
    server.on("/x", Answer(401, {}))
    client = HttpClient(None, base_url=server.address, renew=lambda r: renewed)
    with pytest.raises(AuthenticationFailed):
        client.get("/x")
    assert len(server.arrived) == (2 if renewed else 1)


# -- redirects


def test_a_get_is_led_on_within_the_same_host(client: HttpClient, server: LocalServer) -> None:
    server.on("/x", Answer(302, headers={"Location": "/ok"}))
    assert client.get("/x", params={"a": "1"}).json() == {"ok": True}
    assert server.paths() == ["/x", "/ok"]


@pytest.mark.parametrize(
    "location", ["http://169.254.169.254/latest", "http://localhost:1/", "ftp://127.0.0.1/", "https://evil.example/"]
)
def test_a_redirect_to_another_host_is_refused(client: HttpClient, server: LocalServer, location: str) -> None:
    server.on("/x", Answer(302, headers={"Location": location}))
    with pytest.raises(Unavailable) as failure:
        client.get("/x")
    assert failure.value.cause == Cause.WRONG_HOST
    assert client.get("/ok").ok


def test_a_post_is_never_led_on(client: HttpClient, server: LocalServer) -> None:
    server.on("/x", Answer(307, headers={"Location": "/ok"}))
    with pytest.raises(Unavailable):
        client.post("/x")
    assert server.paths() == ["/x"]


def test_a_circle_of_redirects_ends(client: HttpClient, server: LocalServer) -> None:
    server.on("/x", Answer(302, headers={"Location": "/x"}))
    with pytest.raises(Unavailable):
        client.get("/x")
    assert len(server.arrived) == 4


# -- our own rules


def test_a_vendor_is_never_called_inside_a_transaction(client: HttpClient, server: LocalServer) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a database transaction"):
        client.get("/ok")
    assert server.arrived == []
    assert client.get("/ok").ok


def test_an_error_holds_no_secret_that_the_vendor_repeats(plain: Any, server: LocalServer) -> None:
    server.on("/x", Answer(401, {"error": {"message": "unknown key canary-api-key-1"}}))
    with pytest.raises(AuthenticationFailed) as failure:
        plain.connect().http.get("/x")
    assert "canary" not in f"{failure.value} {failure.value!r} {failure.value.vendor_message} {failure.value.args}"


@pytest.mark.parametrize("secret", ["canary-電話-key", "canary\nkey-1"])
def test_a_secret_that_no_header_can_hold_is_told_without_showing_it(
    plain: Any, server: LocalServer, secret: str
) -> None:
    server.on("/x", OK)
    plain.apply(plain.properties, {"api_key": secret})
    with pytest.raises(AuthenticationFailed, match="Enter them again") as failure:
        plain.connect().http.get("/x")
    assert "canary" not in repr(failure.value)
    assert "canary" not in ApiCall.objects.get().error
    plain.apply(plain.properties, {"api_key": "canary-plain"})
    assert plain.connect().http.get("/x").ok


def test_an_error_of_the_library_does_not_hang_on_ours(server: LocalServer) -> None:
    """The text of a library's exception holds the whole URL, with whatever was in its query."""
    with pytest.raises(Unavailable) as failure:
        HttpClient(None, base_url="http://127.0.0.1:1").get("/x", params={"token": "canary"})
    error: BaseException | None = failure.value
    assert error is not None
    assert error.__suppress_context__
    assert error.__cause__ is None


def test_a_good_answer_is_seen_before_the_wire_log_ends(client: HttpClient, server: LocalServer) -> None:
    seen: list[Callable[[], Any] | Any] = []
    client.get("/ok", on_answer=lambda r: seen.append((r.json(), ApiCall.objects.get().status)))
    assert seen == [({"ok": True}, None)]
    assert ApiCall.objects.get().status == 200


# -- downloads


def test_a_download_comes_in_pieces_and_the_log_keeps_only_its_length(client: HttpClient, server: LocalServer) -> None:
    body = bytes(range(256)) * 4096
    server.on("/recording", Answer(body=body, headers={"Content-Type": "audio/wav"}))
    with client.download("/recording", headers={"Accept": "*/*", "Range": "bytes=0-"}) as download:
        pieces = list(download)
    assert b"".join(pieces) == body and len(pieces) > 1
    row = ApiCall.objects.get()
    assert (row.status, row.response_body) == (200, f"({len(body)} bytes, not kept)")
    assert row.request_headers["Range"] == "bytes=0-"


def test_the_connection_of_a_download_is_used_again(client: HttpClient, server: LocalServer) -> None:
    server.on("/recording", Answer(body=b"RIFF", headers={"Content-Type": "audio/wav"}))
    for _ in range(3):
        with client.download("/recording", headers={"Accept": "*/*"}) as download:
            assert b"".join(download) == b"RIFF"
    assert server.connections == 1


def test_a_download_that_is_larger_than_an_answer_may_be_goes_through(
    client: HttpClient, server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 1000)
    server.on("/recording", Answer(body=b"x" * 5000, headers={"Content-Type": "audio/wav"}))
    with client.download("/recording", headers={"Accept": "*/*"}) as download:
        assert sum(map(len, download)) == 5000


def test_a_download_that_breaks_off_is_told(client: HttpClient, server: LocalServer) -> None:
    server.on("/recording", Answer(body=b"x" * 5000, headers={"Content-Type": "audio/wav"}, cut=3000))
    with client.download("/recording", headers={"Accept": "*/*"}) as download, pytest.raises(Unavailable) as failure:
        list(download)
    assert failure.value.cause in (Cause.UNREACHABLE, Cause.TIMEOUT)


def test_a_refused_download_is_an_error_with_the_vendors_words(client: HttpClient, server: LocalServer) -> None:
    server.on("/recording", Answer(404, {"message": "No such recording"}))
    with pytest.raises(Rejected, match="No such recording"):
        client.download("/recording")
    assert "No such recording" in ApiCall.objects.get().response_body


def test_a_web_page_in_place_of_a_download_is_told_by_its_header(client: HttpClient, server: LocalServer) -> None:
    server.on("/recording", Answer(body="<html>Log in</html>", headers={"Content-Type": "text/html"}))
    with pytest.raises(Unavailable) as failure:
        client.download("/recording")
    assert failure.value.cause == Cause.WRONG_HOST


# -- large bodies on slow lines


@contextmanager
def slow_reader() -> Iterator[tuple[str, list[int]]]:
    """A server that takes half a megabyte at a time with pauses, then says OK; its address and how much it took."""
    taken: list[int] = []

    def serve(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        head = b""
        while b"\r\n\r\n" not in head:
            head += peer.recv(65_536)
        left = int(re.search(rb"Content-Length: (\d+)", head)[1]) - len(head.partition(b"\r\n\r\n")[2])  # type: ignore[index]
        while left > 0 and (block := peer.recv(min(left, 524_288))):
            left -= len(block)
            time.sleep(0.05)
        taken.append(left)
        with suppress(OSError):
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
            peer.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", taken
        thread.join(20)


def test_a_large_body_on_a_slow_line_has_a_time_limit_per_block(loopback: None) -> None:
    body = bytes(12 * 1024 * 1024)
    with slow_reader() as (address, taken):
        client = HttpClient(None, base_url=address, timeout=(0.4, 5))
        assert client.put("/x", data=body, in_blocks=True).status_code == 200
    assert taken == [0]


def test_without_blocks_the_time_limit_counts_for_all_of_a_body(loopback: None) -> None:
    with slow_reader() as (address, taken), pytest.raises(Unavailable) as failure:
        HttpClient(None, base_url=address, timeout=(0.4, 5)).put("/x", data=bytes(12 * 1024 * 1024), retry=0)
    assert failure.value.cause == Cause.TIMEOUT and taken[0] > 0


def test_a_body_in_blocks_is_whole_again_at_each_try(client: HttpClient, server: LocalServer) -> None:
    server.on("/x", Answer(503, {}), OK)
    client.put("/x", data=b"all of it", in_blocks=True)
    assert [request.body for request in server.arrived] == [b"all of it"] * 2
    assert {row.request_body for row in ApiCall.objects.all()} == {"all of it"}


def test_a_connection_that_is_reset_before_we_looked_is_told_like_one_that_is_reset_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def reset(*args: Any, **kwargs: Any) -> None:
        raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")

    monkeypatch.setattr(tcp.socket, "create_connection", reset)
    guard = SimpleNamespace(resolve=lambda host, port: ["127.0.0.1"])
    with pytest.raises(Unavailable, match="broke off the connection on port 9") as raised:
        tcp.open_socket(guard, "receiver", 9, timeout=1)  # type: ignore[arg-type]
    assert (raised.value.stage, raised.value.cause) == (Stage.ANSWER, Cause.UNREACHABLE)
