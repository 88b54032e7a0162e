"""Facebook: the handshake, signatures over the raw bytes, events in batches, and errors by number."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.capabilities import OutgoingMessage
from integrations.errors import AuthenticationFailed, Cause, Rejected
from integrations.models import ApiCall, IntegrationAccount
from integrations.providers.messenger_facebook.properties import FacebookProperties
from integrations.providers.messenger_facebook.provider import signature
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.messengers import account_of, events, post, refusals, says

TOKEN, SECRET = "demo-facebook-page-token", "demo-facebook-app-secret"
PICTURE = "https://pictures.example.com/a.png"
VECTOR = (
    b'{"object":"page","entry":[{"id":"1001","time":1700000000000,"messaging":[{"sender":{"id":"2002"},"recipient":'
    b'{"id":"1001"},"timestamp":1700000000000,"message":{"mid":"m_1","text":"hi"}}]}]}'
)
SIGNED = "sha256=8a39ade65822fd4e14fc57330d2d3d58d05be623975b4290ed6c49bb459efba7"


@pytest.fixture
def facebook(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("messenger_facebook")


@pytest.fixture
def account(facebook: Vendor, transactional_db: None) -> IntegrationAccount:
    properties = {"page_id": "1001", "page_username": "demo.page", "app_id": "3003"}
    secrets = {"token": TOKEN, "app_secret": SECRET, "webhook_verify_token": "T"}
    return account_of("messenger_facebook", properties, secrets)


@pytest.fixture
def wired(account: IntegrationAccount, live_server: Any, settings: Any) -> IntegrationAccount:
    settings.PUBLIC_URL = live_server.url
    assert account.connect().set_the_webhook().ok
    return account


def test_the_signature_vector(account: IntegrationAccount) -> None:
    assert len(VECTOR) == 189 and signature("app-secret", VECTOR) == SIGNED
    account.apply(account.properties, {"app_secret": "app-secret"})
    account.save()
    assert post(account, VECTOR, {"X-Hub-Signature-256": SIGNED}) == 200
    assert post(account, VECTOR.replace(b'":', b'": '), {"X-Hub-Signature-256": SIGNED}) == 403
    assert post(account, VECTOR, {}) == 403
    assert [(event.key, event.payload["text"]) for event in events(account)] == [("message:m_1", "hi")]


@pytest.mark.parametrize(("token", "status"), [("T", 200), ("wrong", 403), ("", 403)])
def test_the_handshake(account: IntegrationAccount, token: str, status: int) -> None:
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", **({"hub.verify_token": token} if token else {})}
    answer = Client().get(reverse("integrations:webhook", args=[account.public_id]), query)
    assert answer.status_code == status
    assert (answer.content == b"1158201444") == (status == 200)


def test_a_handshake_echoes_digits_only(account: IntegrationAccount) -> None:
    query = {"hub.mode": "subscribe", "hub.challenge": "<script>", "hub.verify_token": "T"}
    assert Client().get(reverse("integrations:webhook", args=[account.public_id]), query).status_code == 403


def test_generate_random_token_is_shown_once_and_works(account: IntegrationAccount) -> None:
    shown = dict(account.connect().generate_random_token().rows)
    token = shown["Webhook Verify Token"]
    stored = IntegrationAccount.objects.get(pk=account.pk)
    assert len(token) >= 24 and stored.secret("webhook_verify_token") == token and stored.secret("token") == TOKEN
    assert token not in repr(list(ApiCall.objects.values())) + str(stored.properties)


def test_set_webhook_goes_through_the_handshake(account: IntegrationAccount, wired: Any, facebook: Vendor) -> None:
    assert facebook.board()["calls"][0] | {"at": ""} == {
        "at": "", "kind": "handshake", "status": 200, "answer": "1158201444",
    }  # fmt: skip
    logged = repr(list(ApiCall.objects.values()))
    assert SECRET not in logged and TOKEN not in logged
    account.apply({**account.properties, "app_id": ""}, {})
    with pytest.raises(Rejected):
        account.connect().set_webhook("https://example.com/")


def test_a_customer_writes_and_is_answered(wired: IntegrationAccount, facebook: Vendor) -> None:
    assert says(facebook, text="Grüße 😀", picture=PICTURE)[0]["status"] == 200
    (arrived,) = events(wired)
    assert (arrived.kind, arrived.payload["text"], arrived.payload["user"]) == ("message", "Grüße 😀", "2002")
    assert arrived.payload["media"] == [{"type": "picture", "url": PICTURE}]
    ours = f"{facebook.address}/files/sample.png"
    assert wired.connect().send("2002", OutgoingMessage(text="Hello", picture=ours)).startswith("m_")
    assert [line["text"] for line in facebook.board()["lines"][:2]] == ["Hello", ""]
    with pytest.raises(Rejected) as failure:
        wired.connect().send("2002", OutgoingMessage(picture=f"{facebook.address}/files/gone.png"))
    assert failure.value.vendor_code == "100/2018008"


def test_kinds_batches_and_repetitions(wired: IntegrationAccount, facebook: Vendor) -> None:
    for kind in ("postback", "delivery", "read", "echo", "edit", "reaction", "standby"):
        assert [call["status"] for call in says(facebook, kind=kind, repeat=2)] == [200, 200]
    kinds = [event.kind for event in events(wired)]
    assert kinds == ["message", "delivered", "seen", "echo", "edited", "unknown", "unknown"]
    assert events(wired)[3].payload["own"] is True and events(wired)[3].payload["user"] == "2002"
    says(facebook, batch=True)
    assert len(events(wired)) == 9
    assert says(facebook, wrong_signature=True)[0]["status"] == 403
    assert refusals(wired) == ["Facebook's signature does not match."]


def test_another_page_of_the_same_app_is_not_ours(account: IntegrationAccount) -> None:
    body = VECTOR.replace(b'"entry":[{"id":"1001"', b'"entry":[{"id":"9999"')
    assert post(account, body, {"X-Hub-Signature-256": signature(SECRET, body)}) == 200
    assert events(account) == []


@pytest.mark.parametrize(
    ("user", "cause", "field", "code"),
    [
        ("551", Cause.NOT_FOUND, "recipient", "551/1545041"),
        ("404", Cause.NOT_FOUND, "recipient", "100/2018001"),
        ("10", Cause.INVALID_DATA, None, "10/2018278"),
    ],
)
def test_errors_by_number(account: IntegrationAccount, user: str, cause: Cause, field: str | None, code: str) -> None:
    with pytest.raises(Rejected) as failure:
        account.connect().send(user, OutgoingMessage(text="Hello"))
    assert (failure.value.cause, failure.value.field, failure.value.vendor_code) == (cause, field, code)


def test_the_test_compares_the_page_and_its_rights(account: IntegrationAccount, facebook: Vendor) -> None:
    assert [step.identity for step in account.connect().probes()] == ["Demo Page", ""]
    facebook.settings(scopes=["public_profile"])
    with pytest.raises(AuthenticationFailed) as failure:
        list(account.connect().probes())
    assert failure.value.cause == Cause.NO_PERMISSION
    facebook.settings(page_id="7")
    with pytest.raises(Rejected):
        list(account.connect().probes())


def test_a_real_account_needs_the_app_secret() -> None:
    given = {**FacebookProperties.defaults(), "page_id": "1001", "token": "t" * 10}
    assert set(FacebookProperties(data=given, simulated=False).errors) == {"app_secret"}
    assert FacebookProperties(data=given, simulated=True).is_valid()
    assert "graph_version" in FacebookProperties(data={**given, "graph_version": "v25/../x"}, simulated=True).errors
