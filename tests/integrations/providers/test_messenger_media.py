"""Pictures and files of customers: each vendor hands them out in a way of its own, and none gets credentials that are
not its own."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from integrations import transport
from integrations.errors import Cause, Rejected, Unavailable
from integrations.http import HttpClient
from integrations.models import ApiCall, IntegrationAccount
from integrations.simulators.pictures import SAMPLES
from tests.factories import AccountFactory

from .conftest import Vendor
from .messengers import account_of, events, says

pytestmark = pytest.mark.django_db(transaction=True)
ACCOUNTS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "messenger_telegram": (
        {"bot_username": "demo_contact_bot"}, {"token": "100200300:demo-telegram-token-0123456789abcde"}
    ),
    "messenger_line": (
        {"notify": True}, {"token": "demo-line-channel-access-token", "channel_secret": "demo-line-channel-secret"}
    ),
    "messenger_facebook": (
        {"page_id": "1001", "page_username": "demo.page", "app_id": "3003"},
        {
            "token": "demo-facebook-page-token", "app_secret": "demo-facebook-app-secret",
            "webhook_verify_token": "demo-verify-token",
        },
    ),
    "messenger_viber": ({"bot_username": "Demo Viber"}, {"token": "demo-viber-0123456789-token"}),
}  # fmt: skip
CREDENTIALS = ("authorization", "x-viber-auth-token")
every_vendor = pytest.mark.parametrize("key", ACCOUNTS)
Wire = Callable[[str], tuple[Vendor, IntegrationAccount]]


@pytest.fixture
def wire(vendor: Callable[[str], Vendor], live_server: Any, settings: Any) -> Wire:
    """A simulated vendor that calls our webhook, and its account."""
    settings.PUBLIC_URL = live_server.url

    def wired(key: str) -> tuple[Vendor, IntegrationAccount]:
        simulator, account = vendor(key), account_of(key, *ACCOUNTS[key])
        provider = account.connect()
        provider.set_webhook(provider.webhook_address())
        simulator.forget_requests()
        return simulator, account

    return wired


def sent(vendor: Vendor, account: IntegrationAccount, picture: str) -> dict[str, Any]:
    """What our event says of the file that a customer has sent."""
    assert says(vendor, picture=picture)[0]["status"] == 200
    (media,) = events(account)[-1].payload["media"]
    return dict(media)


@every_vendor
def test_a_picture_is_fetched_in_the_way_of_the_vendor(wire: Wire, key: str) -> None:
    vendor, account = wire(key)
    entry = sent(vendor, account, "sample.png")
    assert entry["type"] == "picture"
    found = account.connect().fetch_media(entry)
    assert (found.content, found.content_type) == (SAMPLES["sample.png"].content, "image/png")
    ways = {"messenger_telegram": ["getFile", "sample.png"], "messenger_line": ["content"]}
    assert [each["path"].rpartition("/")[2] for each in vendor.arrived()] == ways.get(key, ["sample.png"])
    assert account.calls.filter(purpose="Fetch a customer's file").exists()


@every_vendor
def test_a_file_comes_with_its_name(wire: Wire, key: str) -> None:
    vendor, account = wire(key)
    entry = sent(vendor, account, "sample.txt")
    assert entry["type"] in ("file", "document")
    found = account.connect().fetch_media(entry)
    assert found.content == SAMPLES["sample.txt"].content
    assert found.name == ("" if key == "messenger_facebook" else "sample.txt")


@every_vendor
def test_credentials_go_only_where_the_vendor_asks_for_them(wire: Wire, key: str) -> None:
    vendor, account = wire(key)
    account.connect().fetch_media(sent(vendor, account, "sample.png"))
    headers = {name.lower() for exchange in vendor.arrived() for name in exchange["headers"]}
    assert bool(headers & set(CREDENTIALS)) == (key == "messenger_line")
    secrets = ACCOUNTS[key][1].values()
    assert not any(secret in repr(list(ApiCall.objects.values())) for secret in secrets)


@every_vendor
def test_what_the_vendor_has_no_more_is_refused_and_comes_when_it_is_back(wire: Wire, key: str) -> None:
    vendor, account = wire(key)
    entry = sent(vendor, account, "sample.png")
    gone = {name: f"{value}-gone" for name, value in entry.items() if name in ("ref", "url") and value}
    with pytest.raises(Rejected):
        account.connect().fetch_media({**entry, **gone})
    vendor.fault("server_error", times=9, options={"status": 500})
    with pytest.raises(Unavailable):
        account.connect().fetch_media(entry)
    vendor.healthy()
    assert account.connect().fetch_media(entry).content


def test_a_file_that_is_too_large_is_refused(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    vendor, account = wire("messenger_viber")
    entry = sent(vendor, account, "sample.png")
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 1000)
    with pytest.raises(Rejected) as refusal:
        account.connect().fetch_media(entry)
    assert "larger than" in refusal.value.message


def test_telegram_hands_out_no_file_above_its_own_limit(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    _, account = wire("messenger_telegram")

    def refuse(http: HttpClient, *args: Any, **more: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = 400
        response._content = b'{"ok":false,"error_code":400,"description":"Bad Request: file is too big"}'
        raise http.interpret(response)  # type: ignore[misc]

    monkeypatch.setattr(HttpClient, "request", refuse)
    with pytest.raises(Rejected) as refusal:
        account.connect().fetch_media({"ref": "x"})
    assert "20 MB" in refusal.value.message


def test_line_has_a_host_for_content_and_prepares_some_files_first(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    real = AccountFactory(
        provider="messenger_line", name="Real", simulated=False, properties={}, secrets=ACCOUNTS["messenger_line"][1]
    )
    asked: list[str] = []

    def prepare(http: HttpClient, method: str, path: str, **more: Any) -> requests.Response:
        asked.append(http.base_url + path)
        response = requests.Response()
        response.status_code = 202
        return response

    monkeypatch.setattr(HttpClient, "request", prepare)
    with pytest.raises(Unavailable) as refusal:
        real.connect().fetch_media({"ref": "4711"})
    assert asked == ["https://api-data.line.me/v2/bot/message/4711/content"]
    assert "preparing" in refusal.value.message


def test_what_lies_outside_of_line_is_fetched_without_our_token(wire: Wire) -> None:
    vendor, account = wire("messenger_line")
    elsewhere = f"{vendor.address.rpartition('/')[0]}/messenger_viber/files/sample.png"
    entry = sent(vendor, account, elsewhere)
    requests.post(f"{vendor.address.rpartition('/')[0]}/messenger_viber/_reset", timeout=5)
    assert account.connect().fetch_media(entry).content == SAMPLES["sample.png"].content
    (exchange,) = Vendor(f"{vendor.address.rpartition('/')[0]}/messenger_viber").arrived()
    assert "authorization" not in {name.lower() for name in exchange["headers"]}


def test_an_address_inside_of_our_network_is_not_called(wire: Wire) -> None:
    _, account = wire("messenger_facebook")
    with pytest.raises(Unavailable) as refusal:
        account.connect().fetch_media({"type": "picture", "url": "http://169.254.169.254/latest/meta-data"})
    assert refusal.value.cause == Cause.BLOCKED_ADDRESS


def test_a_place_has_no_file(wire: Wire) -> None:
    _, account = wire("messenger_viber")
    with pytest.raises(Rejected):
        account.connect().fetch_media({"type": "location", "location": {"lat": 1, "lon": 2}})
