"""The wire log: a row per exchange, written before it leaves, without secrets."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils import timezone

from integrations.errors import IntegrationError, Unavailable
from integrations.http import HttpClient
from integrations.models import ApiCall, IntegrationAccount
from integrations.wire import wirelog
from integrations.wire.wirelog import shown_headers

from .local_server import Answer, LocalServer

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_exchange_is_one_row_with_what_went_out_and_came_back(
    plain: IntegrationAccount, server: LocalServer
) -> None:
    server.on("/things", Answer(201, {"id": "7"}, {"Location": "/things/7", "X-Total-Count": "1", "X-Inner": "?"}))
    plain.connect().http.post("/things", params={"q": "x"}, json={"name": "Ada"}, purpose="Create thing")
    row = ApiCall.objects.get()
    assert (row.account, row.method, row.status, row.purpose) == (plain, "POST", 201, "Create thing")
    assert row.url == f"{server.address}/things?q=x"
    assert json.loads(row.request_body) == {"name": "Ada"}
    assert json.loads(row.response_body) == {"id": "7"}
    assert row.request_headers["Authorization"] == "Bearer ***"
    assert row.response_headers["X-Total-Count"] == "1"
    assert "X-Inner" not in row.response_headers
    assert row.duration_ms is not None
    assert row.error == ""


def test_the_row_is_there_while_the_vendor_thinks(plain: IntegrationAccount, server: LocalServer) -> None:
    rows: list[Any] = []

    def think(request: Any) -> Answer:
        rows.extend(ApiCall.objects.values("status", "duration_ms"))
        return Answer(body={})

    server.on("/x", think)
    plain.connect().http.get("/x")
    assert rows == [{"status": None, "duration_ms": None}]


@pytest.mark.parametrize("answer", [Answer(500, {"error": "broken"}), Answer(hang_up=True)])
def test_a_failure_is_on_the_row_and_so_is_the_next_success(
    plain: IntegrationAccount, server: LocalServer, answer: Answer
) -> None:
    server.on("/x", answer, Answer(body={}))
    with pytest.raises(IntegrationError):
        plain.connect().http.post("/x")
    plain.connect().http.post("/x")
    good, bad = ApiCall.objects.all()
    assert bad.error
    assert (good.error, good.status) == ("", 200)


def test_every_attempt_is_a_row(plain: IntegrationAccount, server: LocalServer) -> None:
    server.on("/x", Answer(503), Answer(body={}))
    plain.connect().http.get("/x")
    assert list(ApiCall.objects.order_by("id").values_list("status", flat=True)) == [503, 200]


def test_calls_are_shown_with_the_interaction_they_were_made_for(
    plain: IntegrationAccount, server: LocalServer
) -> None:
    server.on("/x", Answer(body={}))
    http = plain.connect().http
    with wirelog.for_interaction("outer"):
        with wirelog.for_interaction("6d2f5a7e-0000-4000-8000-000000000000"):
            http.get("/x")
        http.get("/x")
    http.get("/x")
    assert list(ApiCall.objects.order_by("id").values_list("interaction", flat=True)) == [
        "6d2f5a7e-0000-4000-8000-000000000000", "outer", "",
    ]  # fmt: skip


CANARY = 'canary/api+key=&1"ö'


def test_no_secret_reaches_a_row_in_any_form(plain: IntegrationAccount, server: LocalServer) -> None:
    plain.apply(plain.properties, {"api_key": CANARY})
    plain.save()
    basic = base64.b64encode(f"user:{CANARY}".encode()).decode()
    echo = {
        "message": f"key {CANARY} of {basic} is wrong",
        "access_token": "unknown-1",
        "n": [{"Password": "unknown-2"}],
    }
    server.on("/x", Answer(200, echo, {"Location": f"https://h/?token={CANARY}", "WWW-Authenticate": CANARY}))
    http = plain.connect().http
    http.get("/x", params={"key": CANARY, "code": "unknown-3", "q": f"a {CANARY} b"})
    http.post("/x", data={"client_secret": CANARY, "password": "unknown-4", "note": CANARY})
    http.post("/x", json={"deep": {"list": [CANARY]}, "client_secret": "unknown-5"})
    http.post("/x", data=f"<login><password>unknown-6</password><k>{CANARY}</k></login>".encode())
    http.post("/x", data=f'{{"cut": "{CANARY}", "api_key": "unknown-7'.encode())
    http.get("/x", headers={"Authorization": f"Basic {basic}", "X-Api-Key": CANARY, "Cookie": "unknown-8"})
    text = "\n".join(str(list(row.values())) for row in ApiCall.objects.values())
    assert "canary" not in text
    assert "unknown-" not in text
    assert basic not in text
    assert "***" in text


def test_long_and_binary_bodies_are_cut(plain: IntegrationAccount, server: LocalServer) -> None:
    server.on("/x", Answer(200, {"text": "x" * 10_000}))
    plain.connect().http.post("/x", data=b"\x89PNG\r\n\xff\xfe")
    row = ApiCall.objects.get()
    assert row.request_body == "(8 bytes)"
    assert len(row.response_body) < 4200
    assert row.response_body.endswith("characters)")


@pytest.mark.parametrize("before", [4000, 4090, 8000])
def test_a_very_long_body_is_masked_as_far_as_it_is_shown(
    plain: IntegrationAccount, server: LocalServer, before: int
) -> None:
    server.on("/x", Answer(200, {"text": "y" * before + "canary-api-key-1" + "x" * 100_000}))
    plain.connect().http.post("/x", data=("ü" * before + "canary-api-key-1" + "x" * 100_000).encode())
    row = ApiCall.objects.get()
    for body in (row.request_body, row.response_body):
        assert len(body) < 4200
        assert "canary" not in body
        assert body.endswith("characters)")


def test_an_answer_is_worth_more_than_its_row(
    plain: IntegrationAccount, server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Any, **changes: Any) -> int:
        raise DatabaseError("disk full")

    server.on("/x", Answer(body={"id": 1}))
    monkeypatch.setattr(QuerySet, "update", broken)
    assert plain.connect().http.get("/x").json() == {"id": 1}


def test_the_log_works_without_an_account(server: LocalServer) -> None:
    with pytest.raises(Unavailable):
        HttpClient(None, base_url="http://127.0.0.1:1").get("/")
    assert ApiCall.objects.filter(account=None, status=None).exclude(error="").count() == 3


def test_old_rows_are_forgotten(plain: IntegrationAccount, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wirelog, "PRUNE_BATCH", 2)
    settings.WIRELOG_DAYS = 7
    for days in (30, 20, 10, 8, 6, 0):
        ApiCall.objects.create(account=plain, method="GET", url="/", started_at=timezone.now() - timedelta(days=days))
    assert wirelog.prune() == 4
    assert ApiCall.objects.count() == 2


def test_a_key_without_a_scheme_is_hidden_whole() -> None:
    assert shown_headers({"Authorization": "bare-key-0123456789"}) == {"Authorization": "***"}
    assert shown_headers({"Authorization": "Bearer abc"}) == {"Authorization": "Bearer ***"}


def test_of_sound_only_the_size_is_kept_even_where_it_looks_like_text(
    plain: IntegrationAccount, server: LocalServer
) -> None:
    server.on("/x", Answer(body=bytes(3000), headers={"Content-Type": "audio/wav"}))
    plain.connect().http.put("/x", data=b"a" * 2000, headers={"Content-Type": "application/octet-stream"})
    row = ApiCall.objects.get()
    assert (row.request_body, row.response_body) == ("(2000 bytes)", "(3000 bytes)")


def test_a_body_with_characters_that_no_database_holds_is_told_by_its_size() -> None:
    assert wirelog.shown_body(b"a\0b", "text/plain") == "(3 bytes)"
    assert wirelog.shown_body("a\0b", "text/plain") == "(3 bytes)"
