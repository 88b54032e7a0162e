"""NICE: profile `rec-json-1`, order kept, prefixes exactly once and only on our agents."""

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.capabilities import FeedContext, RecordingEvent
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, Unavailable
from integrations.providers.nice import Nice, NiceProperties
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

AT = datetime(2026, 1, 15, 9, 0, 2, 50_000, tzinfo=UTC)
CALL = {"id": "c-7781", "global_id": "g-5521", "direction": "inbound", "from": "+15551230000", "to": "+15559870000"}
AGENT = {"role": "agent", "agent_id": "jsmith", "extension": "1001"}
CUSTOMER = {"role": "customer", "number": "+15551230000"}
START = {"agents": [{"agent_id": "jsmith", "extension": "1001", "state": "READY"}], "calls": []}


def event(number: int, kind: str, **body: Any) -> RecordingEvent:
    return RecordingEvent(f"01J{number}", kind, AT, body)


STORY = (
    event(1, "session.start", **START),
    event(2, "agent.login", agent_id="jsmith", extension="1001"),
    event(3, "call.offered", call=CALL, parties=[AGENT, CUSTOMER], cause=None),
    event(4, "call.started", call=CALL, parties=[AGENT, CUSTOMER], cause=None),
    event(5, "call.held", call=CALL, agent_id="jsmith"),
    event(6, "call.retrieved", call=CALL, agent_id="jsmith"),
    event(7, "call.data", call=CALL, data={"agent_id": "of the customer", "extension": "12"}),
    event(8, "call.transferred", call=CALL, from_agent_id="jsmith", party={"role": "agent", "agent_id": "kmiller"}),
    event(9, "call.ended", call=CALL, duration=42, cause="customer"),
    event(10, "agent.logout", agent_id="jsmith", extension="", reason=None),
)


@pytest.fixture
def recorder(vendor: Callable[[str], Vendor]) -> Vendor:
    found = vendor("nice")
    found.settings(agent_prefix="BP-", extension_prefix="9-")
    return found


@pytest.fixture
def connect(recorder: Vendor, transactional_db: None) -> Callable[..., Nice]:
    def make(**properties: Any) -> Nice:
        secrets = {"password": properties.pop("password", "demo-nice-password")}
        properties = {"username": "demo-nice", "agent_id_prefix": "BP-", "extension_prefix": "9-", **properties}
        account = AccountFactory(name="NICE demo", provider="nice", properties=properties, secrets=secrets)
        provider: Nice = account.connect()
        return provider

    return make


def context(sequence: int) -> FeedContext:
    return FeedContext(sequence=sequence, interval=60.0)


def test_a_story_is_taken_by_the_strict_recorder_without_a_problem(
    connect: Callable[..., Nice], recorder: Vendor
) -> None:
    nice = connect()
    nice.push_events(STORY, context(101))
    nice.keep_alive(context(102), active_agents=1, active_calls=0)
    board = recorder.board()
    assert board["problems"] == []
    assert (board["last_sequence"], board["keepalives"]) == (102, 1)
    body = recorder.arrived()[0]["body"]
    assert (body["version"], body["account"], body["sequence"]) == (1, str(nice.account.public_id), 101)
    assert [entry["type"] for entry in body["events"]] == [entry.type for entry in STORY]
    assert body["events"][0]["at"] == "2026-01-15T09:00:02.050Z"


def test_prefixes_are_on_our_agents_once_and_nowhere_else(connect: Callable[..., Nice], recorder: Vendor) -> None:
    connect().push_events(STORY, context(1))
    sent = {entry["type"]: entry for entry in recorder.arrived()[0]["body"]["events"]}
    assert sent["session.start"]["agents"][0]["agent_id"] == "BP-jsmith"
    assert sent["session.start"]["agents"][0]["extension"] == "9-1001"
    assert sent["call.started"]["parties"] == [
        {"role": "agent", "agent_id": "BP-jsmith", "extension": "9-1001"},
        CUSTOMER,
    ]
    assert sent["call.started"]["call"] == CALL
    assert sent["call.transferred"]["from_agent_id"] == "BP-jsmith"
    assert sent["call.transferred"]["party"]["agent_id"] == "BP-kmiller"
    assert sent["call.data"]["data"] == {"agent_id": "of the customer", "extension": "12"}
    assert sent["agent.logout"]["extension"] is None  # what is not there gets no prefix


def test_a_batch_that_is_sent_again_is_not_prefixed_again(connect: Callable[..., Nice], recorder: Vendor) -> None:
    before = copy.deepcopy([entry.body for entry in STORY])
    nice = connect()
    recorder.fault("reset", times=1)
    with pytest.raises(Unavailable):
        nice.push_events(STORY, context(1))
    nice.push_events(STORY, context(2))
    nice.push_events(STORY, context(3))
    assert [entry.body for entry in STORY] == before
    board = recorder.board()
    assert (board["problems"], board["duplicates"]) == ([], len(STORY))


def test_a_customers_own_extension_is_not_ours(connect: Callable[..., Nice], recorder: Vendor) -> None:
    outsider = {"role": "customer", "number": "+15551230000", "extension": "77"}
    recorder.settings(extension_prefix="")
    connect().push_events([STORY[0], event(2, "call.offered", call=CALL, parties=[outsider])], context(1))
    assert recorder.arrived()[0]["body"]["events"][1]["parties"] == [outsider]


def test_without_prefixes_everything_stays_as_it_is(connect: Callable[..., Nice], recorder: Vendor) -> None:
    recorder.settings(agent_prefix="", extension_prefix="")
    connect(agent_id_prefix="", extension_prefix="").push_events(STORY[:2], context(1))
    assert recorder.arrived()[0]["body"]["events"][1]["agent_id"] == "jsmith"


def test_the_test_signs_in_and_reports_nothing(connect: Callable[..., Nice], recorder: Vendor) -> None:
    nice = connect()
    nice.push_events(STORY, context(5))
    passed = list(nice.probes())
    assert passed[0].identity == "demo-nice"
    assert recorder.arrived()[-1]["body"]["events"] == []
    board = recorder.board()
    assert (board["problems"], board["keepalives"], board["last_sequence"]) == ([], 0, 5)


def test_a_wrong_password_is_told_and_the_right_one_heals(connect: Callable[..., Nice], recorder: Vendor) -> None:
    nice = connect(password="wrong-canary-password")
    with pytest.raises(AuthenticationFailed) as refusal:
        list(nice.probes())
    assert refusal.value.cause == Cause.BAD_CREDENTIALS
    assert "canary" not in str(refusal.value)
    nice.account.apply(nice.account.properties, {"password": "demo-nice-password"})
    assert list(nice.account.connect().probes())


@pytest.mark.parametrize("fault", ["server_error", "rate_limit", "html", "redirect", "missing_permission"])
def test_events_are_kept_by_the_caller_when_a_batch_fails(
    connect: Callable[..., Nice], recorder: Vendor, fault: str
) -> None:
    nice = connect()
    recorder.fault(fault, times=1)
    with pytest.raises(IntegrationError):
        nice.push_events(STORY, context(1))
    assert len(recorder.arrived()) == 1
    nice.push_events(STORY, context(2))
    assert recorder.board()["problems"] == []


def form(*, simulated: bool = False, **data: Any) -> NiceProperties:
    entered = {
        **NiceProperties.defaults(),
        "username": "u",
        "password": "p",
        "url": "https://nice.example.com/e",
        **data,
    }
    return NiceProperties(data=entered, simulated=simulated)


def test_the_defaults_are_those_of_the_guide() -> None:
    entered = form()
    assert entered.is_valid(), entered.errors
    assert entered.cleaned_data["keep_alive_update_interval"] == 60
    assert (entered.cleaned_data["agent_id_prefix"], entered.cleaned_data["extension_prefix"]) == ("", "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("keep_alive_update_interval", 4),
        ("keep_alive_update_interval", -1),
        ("username", ""),
        ("username", "a:b"),
        ("password", ""),
        ("url", ""),
        ("url", "nice"),
    ],
)
def test_a_mistake_is_shown_on_its_field(name: str, value: Any) -> None:
    assert set(form(**{name: value}).errors) == {name}


@pytest.mark.django_db(transaction=True)
def test_zero_switches_the_keep_alive_off() -> None:
    properties = {"username": "u", "url": "https://nice.example.com/e", "keep_alive_update_interval": 0}
    account = AccountFactory(provider="nice", simulated=False, properties=properties, secrets={"password": "p"})
    account.full_clean()
    assert account.connect().keep_alive_interval == 0
