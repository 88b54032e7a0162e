"""WFM by Calabrio's RTA interface: REST in two generations, SOAP, and what the service answers."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from django.core.exceptions import ValidationError

from integrations.capabilities import AgentSnapshot, ConnectedFeed, FeedContext, Pushed, Snapshot
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected
from integrations.models import IntegrationAccount
from integrations.providers.wfm_calabrio import WfmCalabrio
from integrations.providers.wfm_calabrio.line import StateLine
from integrations.providers.wfm_calabrio.rest import Rest
from integrations.providers.wfm_calabrio.soap import Soap
from integrations.providers.wfm_calabrio.states import Told
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
KEY = "demo-calabrio-key"
INTERFACES = ["rest", "rest_snapshot_id", "soap"]


def agent(login: str, state: str = "READY", reason: str | None = None, **more: Any) -> AgentSnapshot:
    values = {"employee_id": None, "extension": None, **more}
    return AgentSnapshot(login, values["employee_id"], values["extension"], None, None, None, state, reason,
                         AT - timedelta(seconds=95))  # fmt: skip


def picture(*agents: AgentSnapshot, at: datetime = AT) -> Snapshot:
    return Snapshot(at, tuple(agents), ())


def account(key: str = KEY, **properties: Any) -> WfmCalabrio:
    IntegrationAccount.objects.all().delete()
    made: WfmCalabrio = AccountFactory(
        provider="wfm_calabrio", properties=properties, secrets={"auth_key": key}
    ).connect()
    return made


@pytest.fixture(params=INTERFACES)
def service(request: Any, vendor: Callable[[str], Vendor]) -> Vendor:
    """The simulator of each generation."""
    made = vendor("wfm_calabrio")
    made.interface = request.param  # type: ignore[attr-defined]
    made.settings(rest="snapshot_id" if request.param == "rest_snapshot_id" else "newest", soap="old")
    return made


def line_of(service: Vendor, **properties: Any) -> StateLine:
    return account(interface=service.interface, **properties).open_line()  # type: ignore[attr-defined]


class Pusher:
    """Pushes one picture after the other."""

    numbers = itertools.count(1)

    def __init__(self, line: StateLine) -> None:
        self.line = line

    def __call__(self, *agents: AgentSnapshot) -> Pushed:
        number = next(self.numbers)
        return self.line.push(picture(*agents, at=AT + timedelta(seconds=number)), FeedContext(number, 10.0))


def codes(service: Vendor) -> dict[str, str]:
    return {each["user"]: each["state"] for each in service.board()["agents"]}


# -- every generation


def test_everything_comes_first_and_then_changes(service):
    push = Pusher(line_of(service))
    assert push(agent("ava"), agent("ben", "NOT_READY", "Lunch"), agent("cleo", "ACW")).kind == "full"
    assert codes(service) == {"ava": "Ready", "ben": "Lunch", "cleo": "After Call Work"}
    assert push(agent("ava", "BUSY"), agent("ben", "NOT_READY", "Lunch"), agent("cleo", "ACW")).agents == 1
    assert codes(service)["ava"] == "Busy"
    board = service.board()
    assert (board["snapshots"], board["changes"], board["problems"]) == (1, 1, [])


def test_a_log_out_is_told_once(service):
    push = Pusher(line_of(service))
    push(agent("ava"), agent("ben"))
    push(agent("ava"))
    assert codes(service) == {"ava": "Ready", "ben": "LOGGED-OFF"}
    for _ in range(3):
        assert push(agent("ava")).kind == "keep_alive"
    assert service.board()["problems"] == []


def test_a_new_line_begins_with_a_snapshot_that_logs_out_who_is_gone(service):
    Pusher(line_of(service))(agent("ava"), agent("ben"))
    Pusher(line_of(service))(agent("ava"))
    assert codes(service) == {"ava": "Ready", "ben": "CCC Logged out"}


def test_agents_of_another_source_are_left_alone(service):
    service.settings(sources=["1", "2"])
    Pusher(line_of(service, source_id="2"))(agent("zoe"))
    Pusher(line_of(service))(agent("ava"))
    assert codes(service) == {"ava": "Ready", "zoe": "Ready"}


def test_nobody_logged_in_is_a_snapshot_too(service):
    Pusher(line_of(service))(agent("ava"))
    Pusher(line_of(service))()
    assert codes(service) == {"ava": "CCC Logged out"}


def test_a_large_snapshot_arrives_whole_and_in_parts_that_the_service_takes(service):
    agents = [agent(f"a{n:04}") for n in range(620)]
    push = Pusher(line_of(service, periodic_update_interval=60))
    push(*agents)
    push(*(each._replace(state="BUSY") for each in agents))
    assert set(codes(service).values()) == {"Busy"} and len(codes(service)) == 620
    assert service.board()["problems"] == [] and service.board()["snapshots"] == 1


def test_everything_is_said_again_after_the_full_update_interval(service, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr("integrations.providers.wfm_calabrio.line.time.monotonic", lambda: clock[0])
    push = Pusher(line_of(service, full_update_interval=900))
    assert push(agent("ava")).kind == "full"
    clock[0] += 899
    assert push(agent("ava")).kind == "keep_alive"
    clock[0] += 1
    assert push(agent("ava")).kind == "full"


def test_the_test_touches_nobody(service):
    Pusher(line_of(service))(agent("ava"))
    provider = account(interface=service.interface)
    assert provider.test_connection().ok
    assert codes(service) == {"ava": "Ready"} and service.board()["tests"] == 1


def test_a_wrong_key_is_told_as_such(service):
    provider = account("another-key-of-somebody", interface=service.interface)
    with pytest.raises(AuthenticationFailed, match="does not accept the Auth key"):
        list(provider.probes())
    assert "another-key" not in str(provider.account.calls.values())


def test_a_flooded_queue_is_told_as_such(service):
    line = line_of(service)
    service.fault("flooded")
    with pytest.raises(RateLimited, match="input queue is full"):
        Pusher(line)(agent("ava"))


def test_an_update_that_failed_is_not_sent_again(service):
    line = line_of(service)
    service.forget_requests()
    service.fault("server_error")
    with pytest.raises(IntegrationError):
        Pusher(line)(agent("ava"))
    assert len(service.arrived()) == 1


def test_the_key_is_not_in_the_wire_log(service):
    line = line_of(service)
    Pusher(line)(agent("ava"))
    calls = list(IntegrationAccount.objects.get().calls.values())
    assert calls and KEY not in str(calls)


# -- generations that say no


@pytest.fixture
def calabrio(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("wfm_calabrio")


def test_the_synchronous_generation_refuses_an_unknown_source_and_an_unknown_agent(calabrio):
    calabrio.settings(mode="synchronous", users=["ava"])
    with pytest.raises(Rejected, match="does not know the Source ID") as failure:
        Pusher(account(source_id="9").open_line())(agent("ava"))
    assert failure.value.cause == Cause.NOT_FOUND
    with pytest.raises(Rejected, match="does not know an agent"):
        Pusher(account().open_line())(agent("ava"), agent("ben"))


def test_the_queued_generation_says_yes_and_forgets_whom_it_does_not_know(calabrio):
    calabrio.settings(users=["ava"])
    Pusher(account().open_line())(agent("ava"), agent("ben"))
    assert codes(calabrio) == {"ava": "Ready"} and "'ben' is not known" in calabrio.board()["problems"][0]


def test_soap_says_that_some_are_unknown_and_the_others_arrive(calabrio):
    calabrio.settings(users=["ava"])
    pushed = Pusher(account(interface="soap").open_line())(agent("ava"), agent("ben"))
    assert "(-100)" in pushed.warning and codes(calabrio) == {"ava": "Ready"}


def test_soap_refuses_an_unknown_source_in_words(calabrio):
    with pytest.raises(Rejected, match="does not know the Source ID"):
        Pusher(account(interface="soap", source_id="9").open_line())(agent("ava"))


def test_the_oldest_generation_refuses_51_states_and_never_gets_them(calabrio):
    calabrio.settings(soap="old")
    provider = account(interface="soap")
    sizes = [message.states for message in provider.dialect.changes([Told(f"a{n}", "Ready") for n in range(120)], AT)]
    assert sizes == [50, 50, 20]
    body = next(iter(Soap(KEY, "1").changes([Told("ava", "Ready")], AT)))
    states = body.body.split(b"<externalUserStateBatch>")[1].split(b"</externalUserStateBatch>")[0]
    answer = requests.post(
        f"{calabrio.address}/RTA/TeleoptiRtaService.svc",
        data=body.body.replace(states, states * 51),
        headers=body.headers,
        timeout=5,
    )
    assert answer.status_code == 500 and "51 states" in answer.text


def test_members_out_of_order_count_as_missing(calabrio):
    message = next(iter(Soap(KEY, "1").changes([Told("ava", "Ready")], AT)))
    user = b"<r:UserCode>ava</r:UserCode>"
    body = message.body.replace(user, b"").replace(b"<r:BatchId>", user + b"<r:BatchId>")
    requests.post(
        f"{calabrio.address}/RTA/TeleoptiRtaService.svc", data=body, headers=message.headers, timeout=5
    )  # fmt: skip
    assert any("out of order" in text for text in calabrio.board()["problems"])
    assert codes(calabrio) == {"ava": "LOGGED-OFF"}  # neither a code nor that the agent is logged on


@pytest.mark.parametrize(
    ("number", "words"),
    [(-200, "platform"), (-300, "Source ID"), (-430, "59 minutes"), (-500, "could not process"), (7, "answered 7")],
)
def test_every_number_of_the_service_has_a_sentence(number, words):
    from integrations.providers.wfm_calabrio.words import warning_of

    response = requests.Response()
    name = "SaveBatchExternalUserStateResult"
    response._content = f'<a xmlns="http://tempuri.org/"><{name}>{number}</{name}></a>'.encode()
    with pytest.raises(Rejected, match=words):
        warning_of(response, states=1)


# -- what is sent


def test_the_bytes_of_a_rest_snapshot():
    (message,) = Rest("k", "src").snapshot([Told("ava", "Ready")], AT)
    assert message.path == "/Rta/State/Batch"
    assert message.body == (
        b'{"AuthenticationKey":"k","SourceId":"src","IsSnapshot":true,'
        b'"States":[{"UserCode":"ava","StateCode":"Ready"}]}'
    )


def test_what_xml_cannot_carry_is_not_sent():
    (message,) = Soap("k<&", "1").changes([Told("a\x00b<", "R&D \ud83d")], AT)
    assert b"<r:UserCode>a b&lt;</r:UserCode>" in message.body and b"R&amp;D  " in message.body
    assert b"k&lt;&amp;" in message.body


def test_a_code_has_at_most_25_characters_and_it_is_said(calabrio):
    provider = account()
    long = agent("ava", "NOT_READY", "Training for the new telephone system")
    Pusher(provider.open_line())(long)
    assert codes(calabrio) == {"ava": "Training for the new tele"}
    (remark,) = provider.remarks(picture(long))
    assert "is sent as “Training for the new tele”" in remark


def test_who_has_no_agent_id_is_left_out_and_listed(calabrio):
    provider = account(agent_id_is="employee_id")
    both = agent("ava", employee_id=" E-1 "), agent("ben")
    Pusher(provider.open_line())(*both)
    assert codes(calabrio) == {"E-1": "Ready"}
    assert provider.remarks(picture(*both)) == ["Agent “ben” is left out: no employee id to know them by."]


@pytest.mark.parametrize("ending", ["", "/", "/Rta/State/Batch", "/RTA/TeleoptiRtaService.svc"])
def test_the_url_may_be_entered_with_and_without_its_ending(ending):
    provider = account()
    provider.account.simulated = False
    provider.properties["url"] = f"https://wfm.example.com/TeleoptiWFM{ending}"
    assert provider.base_url == "https://wfm.example.com/TeleoptiWFM"


def test_the_feed_process_drives_it():
    assert issubclass(WfmCalabrio, ConnectedFeed)


def test_a_source_id_has_at_most_50_characters():
    form = WfmCalabrio.Properties(data={"source_id": "x" * 51, "periodic_update_interval": 10})
    assert "at most 50" in str(form.errors["source_id"])


def test_only_one_wfm_account_can_exist():
    AccountFactory(provider="wfm_http", properties={})
    second = AccountFactory.build(provider="wfm_calabrio", properties={"source_id": "1"})
    with pytest.raises(ValidationError):
        second.full_clean()
