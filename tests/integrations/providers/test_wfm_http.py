"""WFM by HTTP POST: profile `rta-json-1` to the letter, and "errors are ignored" meaning one attempt and one error."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from integrations.capabilities import ActiveInteraction, AgentSnapshot, FeedContext, ServiceSnapshot, Snapshot
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, Rejected, Unavailable
from integrations.providers.http_feed import seconds_for
from integrations.providers.wfm_http import WfmHttp, rta_json
from integrations.providers.wfm_http.properties import WfmHttpProperties
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

AT = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
LUNCH = AgentSnapshot(
    login_id="jsmith", employee_id="E-17", extension="1001", first_name="J", last_name="Smith", team="Support",
    state="NOT_READY", reason="Lunch", state_since=AT - timedelta(seconds=95), services=("Customer Support",),
)  # fmt: skip
TALKING = AgentSnapshot(
    login_id="kmüller", employee_id=None, extension=None, first_name=None, last_name=None, team=None,
    state="BUSY", reason=None, state_since=AT + timedelta(seconds=3),
    active=ActiveInteraction("Customer Support", "voice", "inbound", AT - timedelta(seconds=3)),
)  # fmt: skip
SUPPORT = ServiceSnapshot(
    name="Customer Support", code="CS1", media="voice", since=datetime(2026, 1, 15, tzinfo=UTC), waiting=3,
    longest_wait=41, active=7, agents_logged_in=12, agents_ready=2, agents_busy=7, agents_acw=1, agents_not_ready=2,
    received=120, queued=110, answered=98, abandoned=9, abandoned_short=2, answered_in_sl=80, asa=14.2, aht=265.0,
)  # fmt: skip
PICTURE = Snapshot(AT, (LUNCH, TALKING), (SUPPORT,), tenant="example")
MAPPING = [{"reason": "LUNCH ", "code": 12}]


@pytest.fixture
def receiver(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("wfm_http")


@pytest.fixture
def connect(receiver: Vendor, transactional_db: None) -> Callable[..., WfmHttp]:
    def make(**properties: Any) -> WfmHttp:
        secrets = {"token": properties.pop("token", "demo-wfm-token")}
        account = AccountFactory(name="WFM demo", provider="wfm_http", properties=properties, secrets=secrets)
        provider: WfmHttp = account.connect()
        return provider

    return make


def context(sequence: int = 4711) -> FeedContext:
    return FeedContext(sequence=sequence, interval=10.0)


def test_a_push_follows_the_profile_to_the_letter(connect: Callable[..., WfmHttp], receiver: Vendor) -> None:
    wfm = connect(reason_codes_mapping=MAPPING)
    wfm.push(PICTURE, context())
    arrived = receiver.arrived()[-1]
    assert arrived["status"] == 200
    assert arrived["headers"]["content-type"] == "application/json; charset=utf-8"
    assert arrived["headers"]["x-feed-sequence"] == "4711"
    assert arrived["headers"]["idempotency-key"] == f"{wfm.account.public_id}:4711"
    agents, services = arrived["body"].pop("agents"), arrived["body"].pop("services")
    assert arrived["body"] == {
        "version": 1, "feed": "wfm-rta", "account": str(wfm.account.public_id), "tenant": "example", "type": "full",
        "sequence": 4711, "timestamp": "2026-01-15T09:00:00Z", "interval": 10,
    }  # fmt: skip
    assert agents[0] == {
        "login_id": "jsmith", "employee_id": "E-17", "extension": "1001", "first_name": "J", "last_name": "Smith",
        "team": "Support", "state": "NOT_READY", "state_code": 5, "reason": "Lunch", "reason_code": 12,
        "state_since": "2026-01-15T08:58:25Z", "time_in_state": 95, "services": ["Customer Support"], "active": None,
    }  # fmt: skip
    assert agents[1] == {
        "login_id": "kmüller", "employee_id": None, "extension": None, "first_name": None, "last_name": None,
        "team": None, "state": "BUSY", "state_code": 2, "reason": None, "reason_code": 0,
        "state_since": "2026-01-15T09:00:03Z", "time_in_state": 0, "services": [],
        "active": {
            "service": "Customer Support", "media": "voice", "direction": "inbound",
            "started_at": "2026-01-15T08:59:57Z", "on_hold": False,
        },
    }  # fmt: skip
    assert services[0]["sl_percent"] == 76.2 and services[0]["sl_threshold"] == 20
    assert services[0]["since"] == "2026-01-15T00:00:00Z"
    assert set(services[0]) == {
        "name", "code", "media", "waiting", "longest_wait", "active", "agents_logged_in", "agents_ready", "agents_busy",
        "agents_acw", "agents_not_ready", "received", "queued", "answered", "abandoned", "abandoned_short",
        "answered_in_sl", "sl_threshold", "sl_percent", "asa", "aht", "since",
    }  # fmt: skip


def test_the_strict_receiver_accepts_every_push(connect: Callable[..., WfmHttp], receiver: Vendor) -> None:
    wfm = connect()
    for sequence in (1, 2, 3):
        wfm.push(PICTURE, context(sequence))
    board = receiver.board()
    assert (board["received"], board["last_sequence"], board["errors"]) == (3, 3, [])
    assert [agent["login_id"] for agent in board["agents"]] == ["jsmith", "kmüller"]


@pytest.mark.parametrize(
    ("state", "code"),
    [("READY", 1), ("BUSY", 2), ("ACW", 3), ("SUPERVISING", 4), ("NOT_READY", 5), ("LOGGED_OUT", 27)],
)
def test_every_state_has_its_number(state: str, code: int) -> None:
    agent = AgentSnapshot("a", None, None, None, None, None, state, None, AT)
    assert rta_json.agent_entry(agent, AT, codes={}, unmapped=9)["state_code"] == code


def test_a_reason_without_a_code_gets_the_accounts_own(connect: Callable[..., WfmHttp]) -> None:
    entry = rta_json.agent_entry(LUNCH, AT, codes={"break": 3}, unmapped=99)
    assert (entry["reason"], entry["reason_code"]) == ("Lunch", 99)
    assert connect(reason_codes_mapping=MAPPING).unmapped_reasons(PICTURE) == []
    assert WfmHttp(connect_again()).unmapped_reasons(PICTURE) == ["Lunch"]


def connect_again() -> Any:
    return AccountFactory.build(provider="wfm_http", properties={})


def test_a_service_level_of_nothing_is_unknown() -> None:
    nothing = ServiceSnapshot("S", "s", "voice", AT)
    assert rta_json.service_entry(nothing)["sl_percent"] is None


def test_the_tenant_of_the_account_comes_first(connect: Callable[..., WfmHttp], receiver: Vendor) -> None:
    connect(tenant="north").push(PICTURE, context())
    assert receiver.arrived()[-1]["body"]["tenant"] == "north"


def test_the_test_posts_empty_lists_and_logs_nobody_out(connect: Callable[..., WfmHttp], receiver: Vendor) -> None:
    wfm = connect()
    wfm.push(PICTURE, context(7))
    receiver.forget_requests()
    assert [passed.text for passed in wfm.probes()] == ["The receiver took an empty update (HTTP 200)"]
    assert len(receiver.arrived()) == 1
    body = receiver.arrived()[0]["body"]
    assert (body["type"], body["agents"], body["services"]) == ("test", [], [])
    board = receiver.board()
    assert len(board["agents"]) == 2 and board["tests"] == 1
    list(wfm.probes())
    wfm.push(PICTURE, context(8))
    assert receiver.board()["last_sequence"] == 8


@pytest.mark.parametrize(
    ("header", "scheme", "sent"),
    [
        ("Authorization", "Bearer", "Bearer canary-token-1"),
        ("X-API-Key", "", "canary-token-1"),
        ("X-Key", "Key", "Key canary-token-1"),
    ],
)
def test_the_token_travels_in_the_header_of_the_accounts_choice(
    connect: Callable[..., WfmHttp], header: str, scheme: str, sent: str
) -> None:
    wfm = connect(token="canary-token-1", token_header=header, token_scheme=scheme)
    request = requests.Request("POST", "http://x.example").prepare()
    wfm.authorise(request)
    assert request.headers[header] == sent


def test_a_token_is_optional(connect: Callable[..., WfmHttp], receiver: Vendor) -> None:
    wfm = connect(token="")
    request = requests.Request("POST", "http://x.example").prepare()
    wfm.authorise(request)
    assert "Authorization" not in request.headers
    wfm.push(PICTURE, context())


def test_a_receiver_that_wants_another_token_is_told_and_heals(
    connect: Callable[..., WfmHttp], receiver: Vendor
) -> None:
    receiver.settings(token="another-token-0")
    wfm = connect()
    with pytest.raises(AuthenticationFailed):
        wfm.push(PICTURE, context(1))
    receiver.settings(token="demo-wfm-token")
    wfm.push(PICTURE, context(2))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("server_error", Unavailable),
        ("rate_limit", IntegrationError),
        ("reset", Unavailable),
        ("redirect", IntegrationError),
        ("missing_permission", AuthenticationFailed),
    ],
)
def test_a_failed_push_is_one_request_and_one_error(
    connect: Callable[..., WfmHttp], receiver: Vendor, fault: str, kind: type[IntegrationError]
) -> None:
    wfm = connect()
    receiver.fault(fault)
    with pytest.raises(kind):
        wfm.push(PICTURE, context(1))
    assert len(receiver.arrived()) == 1
    receiver.healthy()
    wfm.push(PICTURE, context(2))
    assert receiver.board()["last_sequence"] == 2


def test_a_redirect_does_not_take_the_token_elsewhere(
    connect: Callable[..., WfmHttp], receiver: Vendor, vendor: Callable[[str], Vendor]
) -> None:
    elsewhere = vendor("nice")
    receiver.fault("redirect", options={"location": f"{elsewhere.address}/events"})
    with pytest.raises(IntegrationError):
        connect().push(PICTURE, context())
    assert elsewhere.arrived() == []


@pytest.mark.parametrize("fault", ["html", "truncated", "wrong_shape"])
def test_any_2xx_is_a_success_whatever_its_body_says(
    connect: Callable[..., WfmHttp], receiver: Vendor, fault: str
) -> None:
    receiver.fault(fault)
    connect().push(PICTURE, context())


def test_the_test_does_not_take_a_web_page_for_a_receiver(connect: Callable[..., WfmHttp], receiver: Vendor) -> None:
    receiver.fault("html", times=1)
    wfm = connect()
    with pytest.raises(IntegrationError) as refusal:
        list(wfm.probes())
    assert refusal.value.cause in (Cause.ASLEEP, Cause.WRONG_HOST)
    assert list(wfm.probes())


def test_a_missing_path_is_told(
    connect: Callable[..., WfmHttp], receiver: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    wfm = connect()
    monkeypatch.setattr(WfmHttp, "base_url", property(lambda self: f"{self.account.simulator_url}/elsewhere"))
    with pytest.raises(Rejected) as refusal:
        wfm.push(PICTURE, context())
    assert refusal.value.cause == Cause.NOT_FOUND
    monkeypatch.undo()
    wfm.account.connect().push(PICTURE, context())


@pytest.mark.parametrize(("interval", "seconds"), [(1, 1.0), (5, 4.0), (10, 8.0), (60, 30.0), (3600, 30.0)])
def test_a_request_may_take_most_of_the_interval(interval: int, seconds: float) -> None:
    assert seconds_for(interval) == seconds


def test_a_request_ends_before_the_next_one_is_due(connect: Callable[..., WfmHttp], receiver: Vendor) -> None:
    wfm = connect(periodic_update_interval=1)
    receiver.fault("slow", options={"delay": 5})
    began = time.monotonic()
    with pytest.raises(Unavailable) as late:
        wfm.push(PICTURE, context(1))
    assert late.value.cause == Cause.TIMEOUT
    assert time.monotonic() - began < 2
    receiver.healthy()
    wfm.push(PICTURE, context(2))


# -- the form


def form(*, simulated: bool = False, **data: Any) -> WfmHttpProperties:
    entered = {**WfmHttpProperties.defaults(), "url": "https://wfm.example.com/rta", **data}
    return WfmHttpProperties(data=entered, simulated=simulated)


def test_the_defaults_are_valid_and_the_protocol_is_fixed() -> None:
    entered = form(protocol="tcp")
    assert entered.is_valid(), entered.errors
    assert entered.cleaned_data["protocol"] == "http_post"
    assert entered.cleaned_data["periodic_update_interval"] == 10
    assert entered.fields["protocol"].disabled


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("periodic_update_interval", 0),
        ("periodic_update_interval", 3601),
        ("url", ""),
        ("url", "wfm.example.com"),
        ("token", "two\nlines"),
        ("token", "tök"),
        ("token_header", "Content-Type"),
        ("token_header", "two words"),
        ("token_scheme", "two words"),
        ("reason_codes_mapping", [{"reason": "Lunch", "code": "x"}]),
        ("unmapped_reason_code", 70_000),
    ],
)
def test_a_mistake_is_shown_on_its_field(name: str, value: Any) -> None:
    assert set(form(**{name: value}).errors) == {name}


def test_the_url_may_be_left_out_while_simulated() -> None:
    assert form(simulated=True, url="").is_valid()


@pytest.mark.django_db(transaction=True)
def test_zero_is_a_code_and_not_an_empty_field() -> None:
    properties = {"url": "https://wfm.example.com/rta", "unmapped_reason_code": 0}
    AccountFactory(provider="wfm_http", simulated=False, properties=properties).full_clean()
