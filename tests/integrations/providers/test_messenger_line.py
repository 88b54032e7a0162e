"""LINE: signatures over the raw bytes, reply or push, retry keys, and the console's check of the address."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from integrations.capabilities import OutgoingMessage
from integrations.errors import Cause, IntegrationError, RateLimited, Rejected
from integrations.models import IntegrationAccount
from integrations.providers.messenger_line import LineProperties, signature
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.messengers import account_of, events, post, refusals, says

TOKEN, SECRET = "demo-line-channel-access-token", "demo-line-channel-secret"
PICTURE = "https://pictures.example.com/a.png"
USER = "U11111111111111111111111111111111"
EMPTY = b'{"destination":"U00000000000000000000000000000000","events":[]}'
ODD = '{"destination":"U00000000000000000000000000000000","events":[{"type":"x","t":"héllo 😀"}]}'.encode()


@pytest.fixture
def line(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("messenger_line")


@pytest.fixture
def account(line: Vendor, transactional_db: None) -> IntegrationAccount:
    return account_of("messenger_line", {}, {"token": TOKEN, "channel_secret": SECRET})


@pytest.fixture
def wired(account: IntegrationAccount, live_server: Any, settings: Any) -> IntegrationAccount:
    settings.PUBLIC_URL = live_server.url
    assert account.connect().set_the_webhook().ok
    return account


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (EMPTY, "p+luXv/PhAAro6WJr7EYpoSaTdyg6qMWRCnrjDP7i4E="),
        (ODD, "3Pgo75ygikbrIuaulnJvCmerH4J91RY8Up0dyDhSUl4="),
    ],
)
def test_signature_vectors(account: IntegrationAccount, body: bytes, expected: str) -> None:
    assert signature("channel-secret", body) == expected
    account.apply(account.properties, {"channel_secret": "channel-secret"})
    account.save()
    assert post(account, body, {"x-line-signature": expected}) == 200
    assert post(account, body + b" ", {"x-line-signature": expected}) == 403
    assert post(account, body, {}) == 403
    assert [event.kind for event in events(account)] == (["unknown"] if body == ODD else [])


def test_without_a_secret_nothing_passes(account: IntegrationAccount) -> None:
    account.secrets = type(account.secrets).of({"token": TOKEN})
    account.save()
    assert post(account, EMPTY, {"x-line-signature": signature("", EMPTY)}) == 403
    assert post(account, EMPTY, {"x-line-signature": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}) == 403
    assert "no secret" in refusals(account)[0]


def test_a_customer_writes_and_the_answer_is_free_once(wired: IntegrationAccount, line: Vendor) -> None:
    assert [call["status"] for call in says(line, text="こんにちは")] == [200]
    (arrived,) = events(wired)
    assert (arrived.kind, arrived.payload["text"], arrived.payload["conversation"]) == ("message", "こんにちは", USER)
    answer = OutgoingMessage(text="Hello", reply_token=arrived.payload["reply"])
    line.forget_requests()
    for _ in range(2):
        assert wired.connect().send(USER, answer).isdigit()
    paths = [exchange["path"].rsplit("/", 1)[1] for exchange in line.arrived()]
    assert paths == ["reply", "reply", "push"]


def test_batches_repetitions_and_unknown_kinds(wired: IntegrationAccount, line: Vendor) -> None:
    says(line, batch=True, repeat=2)
    assert len(events(wired)) == 2
    for kind in ("postback", "unsend", "follow", "unfollow", "beacon", "check"):
        assert says(line, kind=kind)[0]["status"] == 200
    kinds = [event.kind for event in events(wired)][2:]
    assert kinds == ["message", "deleted", "opted_in", "opted_out", "unknown"]


def test_a_wrong_signature_is_refused(wired: IntegrationAccount, line: Vendor) -> None:
    assert says(line, wrong_signature=True)[0]["status"] == 403
    assert refusals(wired) == ["LINE's signature does not match."]


def test_a_message_with_the_same_key_is_sent_once(account: IntegrationAccount, line: Vendor) -> None:
    message = OutgoingMessage(text="Hello", picture=PICTURE, key=str(uuid.uuid4()))
    assert account.connect().send(USER, message) == account.connect().send(USER, message)
    said = [(entry["text"], entry["picture"]) for entry in reversed(line.board()["lines"])]
    assert said == [("", PICTURE), ("Hello", "")]


def test_a_very_long_text_takes_several_calls_with_keys_of_their_own(account: IntegrationAccount, line: Vendor) -> None:
    account.connect().send(USER, OutgoingMessage(text="x" * 26_000, key=str(uuid.uuid4())))
    assert len(line.board()["lines"]) == 6


def test_refusals(account: IntegrationAccount, line: Vendor) -> None:
    line.settings(https_only=True)
    cases: list[tuple[str, OutgoingMessage, type[IntegrationError], Cause]] = [
        ("U404", OutgoingMessage(text="x"), Rejected, Cause.NOT_FOUND),
        (USER, OutgoingMessage(picture="http://plain.example.com/a.png"), Rejected, Cause.INVALID_DATA),
    ]
    for user, message, error, cause in cases:
        with pytest.raises(error) as failure:
            account.connect().send(user, message)
        assert failure.value.cause == cause
    line.settings(quota=0)
    with pytest.raises(RateLimited) as full:
        account.connect().send(USER, OutgoingMessage(text="x"))
    assert full.value.retry_after == 3600


def test_the_test_tells_of_the_webhook(account: IntegrationAccount, line: Vendor) -> None:
    assert "No webhook" in list(account.connect().probes())[1].text
    account.connect().set_the_webhook()
    line.settings(use_webhook=False)
    told = list(account.connect().probes())[1].text
    assert "sent to this account" in told and "off in the LINE console" in told


def test_a_real_account_needs_the_secret() -> None:
    given = {**LineProperties.defaults(), "token": "t" * 10, "notify": "on"}
    assert "channel_secret" in LineProperties(data=given, simulated=False).errors
    assert LineProperties(data=given, simulated=True).is_valid()
