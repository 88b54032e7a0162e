"""Viber: status inside of 200, the trial call while the webhook is set, and tokens of 64 bits."""

from collections.abc import Callable
from typing import Any

import pytest

from integrations.actions import actions_of
from integrations.capabilities import OutgoingMessage
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Unavailable
from integrations.models import IntegrationAccount
from integrations.providers.messenger_viber import Viber, WebhookWindow, by_number, signature
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.messengers import account_of, events, post, refusals, says

TOKEN = "demo-viber-0123456789-token"
PICTURE = "https://pictures.example.com/a.png"
USER = "01234567890A="
VECTOR = b'{"event":"webhook","timestamp":1700000000000,"message_token":5098034272017990000}'
SIGNED = "7a3b5f56a9a21609b2fa0ca41c2814314edf3ac5cd614e607ed8899c2b05b984"


@pytest.fixture
def viber(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("messenger_viber")


@pytest.fixture
def account(viber: Vendor, transactional_db: None) -> IntegrationAccount:
    return account_of("messenger_viber", {"bot_username": "Demo Viber"}, {"token": TOKEN})


@pytest.fixture
def wired(account: IntegrationAccount, live_server: Any, settings: Any) -> IntegrationAccount:
    settings.PUBLIC_URL = live_server.url
    assert account.connect().set_the_webhook(live_server.url.removeprefix("http://")).ok
    return account


def test_the_signature_vector(account: IntegrationAccount) -> None:
    assert signature("viber-token", VECTOR) == SIGNED
    account.apply(account.properties, {"token": "viber-token"})
    account.save()
    assert post(account, VECTOR, {"X-Viber-Content-Signature": SIGNED}) == 200
    assert post(account, VECTOR + b"\n", {"X-Viber-Content-Signature": SIGNED}) == 403
    assert post(account, VECTOR, {}) == 403
    (ping,) = events(account)
    assert (ping.kind, ping.payload["message_id"]) == ("ping", "5098034272017990000")


def test_the_window_asks_for_host_and_port(settings: Any, account: IntegrationAccount) -> None:
    settings.PUBLIC_URL = "https://contact.example.com"
    window = actions_of(Viber)["set_the_webhook"].form
    assert window is WebhookWindow and window()["webhook_url"].label == "Webhook url (host and port)"
    assert window()["webhook_url"].value() == "contact.example.com"
    for text in ("office.yourcompany.com:1234", "https://office.yourcompany.com:1234/"):
        form = WebhookWindow({"webhook_url": text})
        assert form.is_valid()
        url = account.connect().address_at(form.cleaned_data["webhook_url"])
        assert url == f"https://office.yourcompany.com:1234/integrations/webhooks/{account.public_id}/"
    for text in ("", "a b", "host/path", "user@host", "host:0", "host:x", "http://host"):
        assert not WebhookWindow({"webhook_url": text}).is_valid(), text


def test_setting_the_webhook_waits_for_the_trial_call(wired: IntegrationAccount, viber: Vendor) -> None:
    assert [event.kind for event in events(wired)] == ["ping"]
    assert viber.board()["calls"][0]["status"] == 200
    wired.enabled = False
    wired.save()
    with pytest.raises(Rejected) as failure:
        wired.connect().set_webhook(wired.connect().webhook_address())
    assert failure.value.vendor_code == "1"


def test_a_customer_writes_and_is_answered(wired: IntegrationAccount, viber: Vendor) -> None:
    assert says(viber, text="Привет 😀", repeat=2)[0]["status"] == 200
    arrived = events(wired)[1]
    assert (arrived.kind, arrived.payload["text"], arrived.payload["user"]) == ("message", "Привет 😀", USER)
    assert len(events(wired)) == 2
    token = wired.connect().send(USER, OutgoingMessage(text="Hello", picture=PICTURE))
    assert int(token) > 2**53
    assert viber.arrived()[-1]["body"]["sender"] == {"name": "Demo Viber"}
    wired.connect().send(USER, OutgoingMessage(text="x" * 769, picture=PICTURE))
    assert [line["text"][:5] for line in viber.board()["lines"][:3]] == ["xxxxx", "", "Hello"]


def test_kinds_and_a_customer_who_leaves(wired: IntegrationAccount, viber: Vendor) -> None:
    for kind in ("conversation_started", "subscribed", "delivered", "seen", "failed", "client_status", "unsubscribed"):
        assert says(viber, kind=kind)[0]["status"] == 200
    kinds = [event.kind for event in events(wired)][1:]
    assert kinds == ["unknown", "opted_in", "delivered", "seen", "failed", "unknown", "opted_out"]
    with pytest.raises(Rejected) as failure:
        wired.connect().send(USER, OutgoingMessage(text="Hello"))
    assert (failure.value.field, failure.value.vendor_code) == ("recipient", "6")
    assert says(viber, wrong_signature=True)[0]["status"] == 403
    assert refusals(wired) == ["Viber's signature does not match."]


@pytest.mark.parametrize(
    ("status", "error", "cause"),
    [
        *[(number, Rejected, Cause.INVALID_DATA) for number in (1, 3, 4, 13, 14, 16, 17, 19, 20)],
        *[(number, Rejected, Cause.NOT_FOUND) for number in (5, 6, 11, 21)],
        *[(number, AuthenticationFailed, Cause.NO_PERMISSION) for number in (7, 8, 9, 10, 15, 22)],
        *[(number, RateLimited, Cause.RATE_LIMITED) for number in (12, 23, 24)],
        (2, AuthenticationFailed, Cause.BAD_CREDENTIALS),
        (99, Unavailable, Cause.REMOTE_ERROR),
    ],
)
def test_every_status(status: int, error: type[IntegrationError], cause: Cause) -> None:
    found = by_number(status, "words")
    assert type(found) is error and found.cause == cause


def test_without_a_webhook_viber_lets_nobody_write(account: IntegrationAccount) -> None:
    with pytest.raises(AuthenticationFailed) as failure:
        account.connect().send(USER, OutgoingMessage(text="Hello"))
    assert failure.value.vendor_code == "10"


def test_the_test_compares_the_name(account: IntegrationAccount, viber: Vendor) -> None:
    assert next(account.connect().probes()).identity == "Demo Viber"
    viber.settings(name="Somebody Else")
    with pytest.raises(Rejected) as failure:
        list(account.connect().probes())
    assert "Somebody Else" in str(failure.value)
