"""Nexmo: five ways to sign, three ways to deliver, and a status for each part inside of 200."""

from collections.abc import Callable
from typing import Any

import pytest

from integrations.capabilities import OutgoingMessage
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Unavailable
from integrations.models import IntegrationAccount
from integrations.providers.messenger_nexmo import METHODS, by_number, signature
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.messengers import account_of, events, post, refusals, says

SENT = {"from": "Acme", "text": "a&b=c", "timestamp": "1700000000", "to": "447700900000"}
VECTORS = {
    "md5hash": "a0715b5876412517322fb2cf60565a22",
    "md5": "b4701752afa43b8733b43fb4446b6485",
    "sha1": "6f364357aa0a06e381fc7b9a5d948287a3f22786",
    "sha256": "fec678c1cc89d35291a9ff14ec38cefb5dfaf56b57962df5d7fe22e5a67c4339",
    "sha512": "314d97e000b5dc7b8027896a77148f21cc03d27895825dc785a1d639f68d1e3cdf5a33fee6d5b6a0e07ae23a8bf6fb6f2a8364c5"
    "2f61de14dbe92e7cc9866ddb",
}
NUMBER = "447700900000"


@pytest.fixture
def nexmo(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("messenger_nexmo")


@pytest.fixture
def account(nexmo: Vendor, transactional_db: None) -> IntegrationAccount:
    return account_of("messenger_nexmo", {"key": "demo-key", "sender": "447700900999"}, {"secret": "demo-nexmo-secret"})


@pytest.fixture
def wired(account: IntegrationAccount, live_server: Any, settings: Any) -> IntegrationAccount:
    settings.PUBLIC_URL = live_server.url
    assert account.connect().set_the_webhook().ok
    return account


@pytest.mark.parametrize("method", METHODS)
def test_signature_vectors(method: str) -> None:
    assert signature({**SENT, "sig": "x"}, "sekret", method) == VECTORS[method]


@pytest.mark.parametrize("shape", ["form", "json", "get"])
@pytest.mark.parametrize("method", ["md5hash", "sha512"])
def test_signed_messages_in_every_shape(wired: IntegrationAccount, nexmo: Vendor, shape: str, method: str) -> None:
    secret = "demo-signature-secret"
    wired.apply({**wired.properties, "signature_method": method}, {"signature_secret": secret})
    wired.save()
    nexmo.settings(signature_secret=secret, signature_method=method, webhook_format=shape)
    assert says(nexmo, text="Grüße & = 😀", repeat=2)[1]["status"] == 200
    (arrived,) = events(wired)
    assert (arrived.kind, arrived.payload["text"], arrived.payload["user"]) == ("message", "Grüße & = 😀", NUMBER)
    assert "sig" not in arrived.payload["raw"] and "api-key" not in arrived.payload["raw"]
    assert says(nexmo, wrong_signature=True)[0]["status"] == 403
    assert refusals(wired) == ["Nexmo's signature does not match."]


def test_an_old_or_missing_signature_is_refused(account: IntegrationAccount) -> None:
    account.apply(account.properties, {"signature_secret": "sekret"})
    account.save()
    old = "&".join(
        ("from=Acme", "text=a%26b%3Dc", "timestamp=1700000000", "to=447700900000", f"sig={VECTORS['md5hash']}")
    )
    form = "application/x-www-form-urlencoded"
    assert post(account, old.encode(), {}, content_type=form) == 403
    assert post(account, b"messageId=1&text=x&msisdn=1", {}, content_type=form) == 403
    assert sorted(refusals(account)) == [
        "Nexmo's signature is missing.", "The signature is too old, or its time is missing.",
    ]  # fmt: skip


def test_kinds_and_another_key(wired: IntegrationAccount, nexmo: Vendor) -> None:
    for kind in ("delivered", "failed", "buffered", "part"):
        assert says(nexmo, kind=kind)[0]["status"] == 200
    assert [event.kind for event in events(wired)] == ["delivered", "failed", "unknown", "message"]
    assert events(wired)[3].payload["part"] == {"ref": "7", "part": "1", "total": "2"}
    assert says(nexmo, wrong_signature=True)[0]["status"] == 403


def test_answers_go_out_and_a_picture_as_its_address(account: IntegrationAccount, nexmo: Vendor) -> None:
    provider = account.connect()
    assert provider.send(f"+{NUMBER}", OutgoingMessage(text="Hello", picture="https://example.com/a.png"))
    provider.send(NUMBER, OutgoingMessage(text="こんにちは"))
    bodies = [exchange["body"] for exchange in nexmo.arrived()]
    assert [(body["type"], body["to"]) for body in bodies] == [("text", NUMBER), ("unicode", NUMBER)]
    assert bodies[0]["text"] == "Hello\nhttps://example.com/a.png"


@pytest.mark.parametrize(
    ("status", "error", "cause"),
    [
        *[(n, Rejected, Cause.INVALID_DATA) for n in (2, 3, 6, 12, 15, 22, 23)],
        *[(n, Rejected, Cause.NOT_FOUND) for n in (7, 33)],
        *[(n, AuthenticationFailed, Cause.BAD_CREDENTIALS) for n in (4, 14, 32)],
        *[(n, AuthenticationFailed, Cause.NO_PERMISSION) for n in (8, 11, 29)],
        *[(n, RateLimited, Cause.RATE_LIMITED) for n in (1, 9)],
        *[(n, Unavailable, Cause.REMOTE_ERROR) for n in (5, 10, 99)],
    ],
)
def test_every_status(status: int, error: type[IntegrationError], cause: Cause) -> None:
    found = by_number({"status": str(status), "error-text": "words"})
    assert type(found) is error and found.cause == cause


def test_no_credit_and_barred_numbers(account: IntegrationAccount, nexmo: Vendor) -> None:
    with pytest.raises(Rejected) as barred:
        account.connect().send("447700900009", OutgoingMessage(text="x"))
    assert barred.value.field == "recipient"
    nexmo.settings(balance=0.0)
    with pytest.raises(RateLimited):
        account.connect().send(NUMBER, OutgoingMessage(text="x"))
