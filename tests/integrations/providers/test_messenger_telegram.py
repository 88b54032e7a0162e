"""Telegram: the secret header, updates in both directions, and the meaning of its refusals."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import RequestFactory

from integrations.actions import Result
from integrations.capabilities import Messenger, OutgoingMessage
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected
from integrations.models import ApiCall, IntegrationAccount
from integrations.providers.messenger import must_equal, split_text
from integrations.providers.messenger_telegram import TelegramProperties
from integrations.webhooks import NotGenuine, WebhookReceiver
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.messengers import account_of, events, post, refusals, says

TOKEN = "100200300:demo-telegram-token-0123456789abcde"


@pytest.fixture
def telegram(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("messenger_telegram")


@pytest.fixture
def account(telegram: Vendor, transactional_db: None) -> IntegrationAccount:
    return account_of("messenger_telegram", {"bot_username": "Demo_Contact_Bot"}, {"token": TOKEN})


@pytest.fixture
def wired(account: IntegrationAccount, live_server: Any, settings: Any) -> IntegrationAccount:
    """The webhook is set, and what the simulator sends reaches us."""
    settings.PUBLIC_URL = live_server.url
    assert account.connect().set_the_webhook().ok
    return account


def test_it_is_a_messenger_that_receives(account: IntegrationAccount) -> None:
    provider = account.connect()
    assert isinstance(provider, Messenger) and isinstance(provider, WebhookReceiver)


@pytest.mark.parametrize("sent", [None, "", "abc_def-123", "abc_DEF-1234", "abc_DEF-12"])
def test_only_the_same_secret_token_passes(sent: str | None) -> None:
    must_equal("abc_DEF-123", "abc_DEF-123", what="It")
    with pytest.raises(NotGenuine):
        must_equal(sent, "abc_DEF-123", what="It")


def test_set_webhook_tells_what_it_replaced(account: IntegrationAccount, telegram: Vendor) -> None:
    telegram.settings(webhook_url="https://other.example.com/hook")
    result: Result = account.connect().set_the_webhook()
    rows = dict(result.rows)
    assert rows["Address before"] == "https://other.example.com/hook"
    assert rows["Address now"].endswith(f"/integrations/webhooks/{account.public_id}/")
    assert "gets no messages any more" in result.message
    assert telegram.board()["webhook_url"] == rows["Address now"]


def test_a_customer_writes_and_is_answered(wired: IntegrationAccount, telegram: Vendor) -> None:
    assert [call["status"] for call in says(telegram, user="77", text="Héllo 😀")] == [200]
    (arrived,) = events(wired)
    assert (arrived.kind, arrived.payload["text"], arrived.payload["conversation"]) == ("message", "Héllo 😀", "77")
    assert arrived.payload["name"] == "Robin Example"
    sent = wired.connect().send(arrived.payload["conversation"], OutgoingMessage(text="Of course"))
    assert sent.isdigit()
    assert telegram.board()["lines"][0]["text"] == "Of course"


def test_every_kind_is_stored_and_a_repetition_once(wired: IntegrationAccount, telegram: Vendor) -> None:
    for kind in ("message", "edited", "button", "opted_out", "opted_in", "poll"):
        assert [call["status"] for call in says(telegram, kind=kind, text="x", repeat=2)] == [200, 200]
    kinds = [event.kind for event in events(wired)]
    assert kinds == ["message", "edited", "message", "opted_out", "opted_in", "unknown"]


def test_a_wrong_secret_is_refused_and_told(wired: IntegrationAccount, telegram: Vendor) -> None:
    assert says(telegram, wrong_signature=True)[0]["status"] == 403
    assert events(wired) == []
    assert refusals(wired) == ["Telegram's secret token does not match."]
    assert post(wired, b"{}", {}) == 403
    secret = wired.connect().webhook_secret()
    assert post(wired, b"not json", {"X-Telegram-Bot-Api-Secret-Token": secret}) == 403


def test_the_secret_is_never_logged(wired: IntegrationAccount) -> None:
    secret = wired.connect().webhook_secret()
    logged = repr(list(ApiCall.objects.values()))
    assert secret not in logged and TOKEN not in logged and "setWebhook" in logged


def test_a_picture_carries_the_text_as_caption(account: IntegrationAccount, telegram: Vendor) -> None:
    picture = f"{telegram.address.rpartition('/')[0]}/_static/sample.png"
    account.connect().send("77", OutgoingMessage(text="The plan", picture=picture))
    account.connect().send("77", OutgoingMessage(text="x" * 1025, picture=picture))
    said = [(line["text"][:8], bool(line["picture"])) for line in reversed(telegram.board()["lines"])]
    assert said == [("The plan", True), ("", True), ("xxxxxxxx", False)]
    with pytest.raises(Rejected) as failure:
        account.connect().send("77", OutgoingMessage(picture=f"{picture}.gone"))
    assert failure.value.vendor_message == "Bad Request: failed to get HTTP URL content"


def test_a_long_text_is_cut_where_a_reader_would(account: IntegrationAccount, telegram: Vendor) -> None:
    account.connect().send("77", OutgoingMessage(text=("😀" * 2000 + ". ") * 3))
    assert len(telegram.board()["lines"]) == 3
    assert split_text("one two three", 8) == ["one two", "three"]
    assert split_text("First one. Second one.", 14) == ["First one.", "Second one."]
    assert split_text("abcdef", 4) == ["abcd", "ef"]
    assert split_text("  ", 4) == []


@pytest.mark.parametrize(
    ("chat", "error", "cause"),
    [
        ("403", Rejected, Cause.NOT_FOUND),
        ("404", Rejected, Cause.NOT_FOUND),
        ("429", RateLimited, Cause.RATE_LIMITED),
    ],
)
def test_fates(account: IntegrationAccount, chat: str, error: type[IntegrationError], cause: Cause) -> None:
    with pytest.raises(error) as failure:
        account.connect().send(chat, OutgoingMessage(text="Hello"))
    assert failure.value.cause == cause
    assert getattr(failure.value, "field", "recipient") == "recipient"
    assert getattr(failure.value, "retry_after", 3) == 3


def test_a_group_that_moved_is_written_to_once_more(account: IntegrationAccount, telegram: Vendor) -> None:
    account.connect().send("-100", OutgoingMessage(text="Hello"))
    assert telegram.board()["lines"][0]["user"] == "-1009900"


def test_a_server_failure_is_not_repeated(account: IntegrationAccount, telegram: Vendor) -> None:
    telegram.fault("server_error")
    with pytest.raises(IntegrationError):
        account.connect().send("77", OutgoingMessage(text="Hello"))
    assert len(telegram.arrived()) == 1


def test_nothing_is_not_sent(account: IntegrationAccount) -> None:
    for message in (OutgoingMessage(), OutgoingMessage(text=" "), OutgoingMessage(picture="file:///etc/passwd")):
        with pytest.raises(Rejected):
            account.connect().send("77", message)


def test_the_test_compares_the_username_and_tells_of_the_webhook(account: IntegrationAccount, telegram: Vendor) -> None:
    passed = list(account.connect().probes())
    assert passed[0].identity == "@demo_contact_bot"
    assert "Press Set Webhook" in passed[1].text
    telegram.settings(username="somebody_else_bot")
    with pytest.raises(Rejected) as failure:
        list(account.connect().probes())
    assert "@somebody_else_bot" in str(failure.value)


def test_a_wrong_token_in_the_path(account: IntegrationAccount) -> None:
    account.apply(account.properties, {"token": "1:wrong"})
    with pytest.raises(AuthenticationFailed):
        list(account.connect().probes())


def test_the_form(rf: RequestFactory) -> None:
    given = {**TelegramProperties.defaults(), "bot_username": "@example_bot", "token": TOKEN}
    form = TelegramProperties(data=given, simulated=False)
    assert form.is_valid() and form.cleaned_data["bot_username"] == "example_bot"
    for name, value in (("token", "1:a/../b"), ("bot_username", "a b"), ("api_endpoint", "http://plain.example.com")):
        assert name in TelegramProperties(data={**given, name: value}).errors
