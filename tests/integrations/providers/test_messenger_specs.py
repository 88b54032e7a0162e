"""LINE and Nexmo by their vendors' descriptions: what we send, what the simulators answer, what they call us with."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import requests
from jsonschema import ValidationError
from openapi_core.exceptions import OpenAPIError

from integrations.capabilities import OutgoingMessage
from integrations.errors import IntegrationError
from integrations.models import IntegrationAccount
from integrations.simulators.base import Surroundings
from integrations.simulators.messenger_line import Line
from integrations.simulators.messenger_nexmo import Nexmo
from integrations.simulators.messengers import Said
from tests import specs
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.messengers import account_of, events, says

pytestmark = pytest.mark.django_db(transaction=True)
LINE, LINE_HOST = "line/messaging-api.yml", "https://api.line.me"
NEXMO_HOST = "https://rest.nexmo.com"
USER = "U11111111111111111111111111111111"
PICTURE = "https://pictures.example.com/a.png"


@pytest.fixture
def line(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("messenger_line")


@pytest.fixture
def line_account(line: Vendor, transactional_db: None) -> IntegrationAccount:
    secrets = {"token": "demo-line-channel-access-token", "channel_secret": "demo-line-channel-secret"}
    return account_of("messenger_line", {}, secrets)


@pytest.fixture
def nexmo(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("messenger_nexmo")


@pytest.fixture
def nexmo_account(nexmo: Vendor, transactional_db: None) -> IntegrationAccount:
    return account_of("messenger_nexmo", {"key": "demo-key", "sender": "447700900999"}, {"secret": "demo-nexmo-secret"})


# -- LINE


def test_everything_that_the_line_provider_does_is_as_line_describes_it(
    line_account: IntegrationAccount, line: Vendor, live_server: Any, settings: Any
) -> None:
    settings.PUBLIC_URL = live_server.url
    provider = line_account.connect()
    provider.set_the_webhook()
    assert list(provider.probes())
    says(line)
    (arrived,) = events(line_account)
    provider.send(USER, OutgoingMessage(text="Hello", reply_token=arrived.payload["reply"]))
    provider.send(USER, OutgoingMessage(text="こんにちは" * 2000, picture=PICTURE, key=str(uuid.uuid4())))
    seen = line.arrived()
    assert {(e["method"], e["path"].rpartition("/")[2]) for e in seen} == {
        ("GET", "endpoint"), ("PUT", "endpoint"), ("GET", "info"), ("POST", "reply"), ("POST", "push"),
    }  # fmt: skip
    for exchange in seen:
        specs.judge_request(exchange, LINE, LINE_HOST)
        if exchange["status"] < 300:
            specs.judge_answer(exchange, LINE, LINE_HOST)


def test_the_lookups_of_the_simulator_answer_as_line_describes_them(line: Vendor) -> None:
    header = {"Authorization": "Bearer demo-line-channel-access-token"}
    for path in ("/v2/bot/message/quota", "/v2/bot/message/quota/consumption", f"/v2/bot/profile/{USER}"):
        assert requests.get(f"{line.address}{path}", headers=header, timeout=5).status_code == 200
    for exchange in line.arrived():
        specs.judge(exchange, LINE, LINE_HOST)


@pytest.mark.parametrize("case", ["repeated", "no_quota", "missing_permission", "unknown"])
def test_a_refusal_of_the_simulator_is_as_line_describes_it(
    line_account: IntegrationAccount, line: Vendor, case: str
) -> None:
    provider, message = line_account.connect(), OutgoingMessage(text="Hello", key=str(uuid.uuid4()))
    user = "U404" if case == "unknown" else USER
    if case == "repeated":
        provider.send(user, message)
    if case == "no_quota":
        line.settings(quota=0)
    if case == "missing_permission":
        line.fault(case)
    try:
        provider.send(user, message)
    except IntegrationError:
        assert case != "repeated"
    last = line.arrived()[-1]
    assert last["status"] == {"repeated": 409, "no_quota": 429, "missing_permission": 403, "unknown": 400}[case]
    specs.judge(last, LINE, LINE_HOST)


@pytest.mark.parametrize("kind", Line.kinds)
@pytest.mark.parametrize("more", [{}, {"picture": PICTURE}, {"batch": True}])
def test_the_events_of_the_simulator_are_as_line_describes_them(kind: str, more: dict[str, Any]) -> None:
    (call,) = Line(Surroundings("http://desktop.example")).calls_for(Said(user=USER, kind=kind, **more))
    specs.judge_call(call.body, call.headers, "line/webhook.yml", "https://example.com", "/callback")


@pytest.mark.parametrize(
    "message", [{"type": "text"}, {"type": "image", "originalContentUrl": PICTURE}, {"type": "gif"}]
)
def test_the_judge_of_line_looks_into_messages(message: dict[str, str]) -> None:
    body = {"to": USER, "messages": [message]}
    exchange = {"method": "POST", "path": "/v2/bot/message/push", "query": {}, "headers": {}, "body": body}
    with pytest.raises(OpenAPIError):
        specs.judge_request(exchange, LINE, LINE_HOST)
    good = {**exchange, "body": {"to": USER, "messages": [{"type": "text", "text": "x"}]}}
    specs.judge_request(good, LINE, LINE_HOST)


def test_the_judge_of_line_looks_into_events() -> None:
    (call,) = Line(Surroundings("http://desktop.example")).calls_for(Said(user=USER))
    for damaged in (call.body.replace(b'"timestamp"', b'"time"'), call.body.replace(b'"message"', b'"massage"')):
        with pytest.raises(OpenAPIError):
            specs.judge_call(damaged, call.headers, "line/webhook.yml", "https://example.com", "/callback")


# -- Nexmo


def judge_nexmo(exchange: dict[str, Any]) -> None:
    """We show key and secret as Basic, as the vendor's own client does; these versions of the documents know them as
    parameters only, so they are put there before judging."""
    assert exchange["headers"]["authorization"]
    if exchange["path"] == "/sms/json":
        specs.judge({**exchange, "body": {**exchange["body"], "api_key": "demo-key"}}, "vonage/sms.json", NEXMO_HOST)
        return
    query = {**exchange["query"], "api_key": "demo-key", "api_secret": "demo-nexmo-secret"}
    specs.judge({**exchange, "query": query}, "vonage/account.json", NEXMO_HOST)


def test_a_message_and_its_answer_are_as_vonage_describes_them(
    nexmo_account: IntegrationAccount, nexmo: Vendor
) -> None:
    provider = nexmo_account.connect()
    for text in ("Hello", "Grüße 😀", "x" * 4000):
        provider.send("+447700900000", OutgoingMessage(text=text))
    seen = nexmo.arrived()
    assert len(seen) >= 3 and {exchange["body"]["type"] for exchange in seen} == {"text", "unicode"}
    for exchange in seen:
        judge_nexmo(exchange)


@pytest.mark.parametrize("number", ["447700900009", "447700900033"])
def test_a_refused_message_is_as_vonage_describes_it(
    nexmo_account: IntegrationAccount, nexmo: Vendor, number: str
) -> None:
    with pytest.raises(IntegrationError):
        nexmo_account.connect().send(number, OutgoingMessage(text="Hello"))
    judge_nexmo(nexmo.arrived()[-1])


def test_the_balance_and_the_settings_are_as_vonage_describes_them(
    nexmo_account: IntegrationAccount, nexmo: Vendor
) -> None:
    provider = nexmo_account.connect()
    assert list(provider.probes())
    provider.set_webhook("https://hub.example/webhook")
    seen = nexmo.arrived()
    assert [exchange["path"] for exchange in seen] == ["/account/get-balance", *["/account/settings"] * 2]
    for exchange in seen:
        judge_nexmo(exchange)


@pytest.mark.parametrize("kind", Nexmo.kinds)
def test_the_calls_of_the_simulator_are_as_vonage_describes_them(kind: str) -> None:
    simulator = Nexmo(Surroundings("http://desktop.example"))
    simulator.change_settings({"webhook_format": "json", "signature_secret": "demo-signature-secret"})
    (call,) = simulator.calls_for(Said(user="447700900000", kind=kind))
    values = json.loads(call.body)
    schema = "InboundMessage" if kind in ("message", "part") else "DeliveryReceipt"
    specs.judge_values(values, "vonage/sms.json", schema)
    if schema == "InboundMessage":
        with pytest.raises(ValidationError):
            specs.judge_values({k: v for k, v in values.items() if k != "msisdn"}, "vonage/sms.json", schema)


def test_the_judge_of_vonage_refuses_a_number_that_is_too_long() -> None:
    body = {"api_key": "abcd1234", "from": "Acme", "to": "44770090000012345", "text": "x"}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    exchange = {"method": "POST", "path": "/sms/json", "query": {}, "headers": headers, "body": body}
    with pytest.raises(OpenAPIError):
        specs.judge_request(exchange, "vonage/sms.json", NEXMO_HOST)
    good = {**exchange, "body": {**body, "to": "447700900000"}}
    specs.judge_request(good, "vonage/sms.json", NEXMO_HOST)
