"""NICE Uptivity: requests to the byte, which commands say which event, what each answer means, and answers that cannot
be trusted."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from django.db import transaction

from integrations.capabilities import FeedContext, RecordingEvent
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, Rejected, Unavailable
from integrations.providers.nice_uptivity import NiceUptivity
from integrations.providers.nice_uptivity.commands import Command, Vocabulary, cleaned
from integrations.providers.nice_uptivity.properties import COMMANDS, NiceUptivityProperties
from integrations.providers.nice_uptivity.results import Refused, Result, check, read
from integrations.simulators.nice_uptivity import rules
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

AT = datetime(2026, 1, 15, 9, 0, 2, tzinfo=UTC)
# "API Overview" of NICE's help, written on one line.
TEST_REQUEST = b"<REQUEST><TYPE>TEST</TYPE><REQUESTID>1</REQUESTID></REQUEST>\r\n"
TEST_RESULT = (
    b"<RESULT><REQUESTID>1</REQUESTID><REQUESTTYPE>TEST</REQUESTTYPE><RESULTTYPE>API_OK</RESULTTYPE>"
    b"<RESULTCODE>20</RESULTCODE><RESULTMSG>API_OK</RESULTMSG></RESULT>"
)
# "API Server Command Results", as it is shown there.
SHOWN_ERROR = b"""<RESULT>
<REQUESTID>1</REQUESTID>
<RESULTTYPE>ERROR</RESULTTYPE>
<RESULTCODE>17</RESULTCODE>
<RESULTMSG> API_ERROR_NO_DEFAULT_RECORDING_PATH</RESULTMSG>
</RESULT>
"""
CALL = {"id": "c-7781", "global_id": "g-5521", "direction": "inbound", "from": "+15551230000", "to": "+15559870000"}
AVA = {"role": "agent", "agent_id": "ava", "extension": "1001"}
BEN = {"role": "agent", "agent_id": "ben", "extension": "1002"}
CUSTOMER = {"role": "customer", "number": "+15551230000"}
LOGINS = [*COMMANDS[:3], {"event": "agent.login", "command": "AGENTLOGIN"},
          {"event": "agent.logout", "command": "AGENTLOGOUT"}]  # fmt: skip
MAPPING = [{"name": "Order", "column": "USER1"}, {"name": "Note", "column": "USER2"},
           {"name": "Keep", "column": "KEEPDAYS"}]  # fmt: skip


def event(kind: str, **body: Any) -> RecordingEvent:
    return RecordingEvent(f"{kind}-{body.get('call', {}).get('id', '')}", kind, AT, body)


def started(call: str = "c-7781", agent: dict[str, Any] = AVA) -> RecordingEvent:
    return event("call.started", call={**CALL, "id": call}, parties=[agent, CUSTOMER])


def ended(call: str = "c-7781", agent: dict[str, Any] = AVA, cause: str = "customer") -> RecordingEvent:
    return event("call.ended", call={**CALL, "id": call}, parties=[agent, CUSTOMER], cause=cause, duration=9)


def data(**values: Any) -> RecordingEvent:
    return event("call.data", call=CALL, parties=[AVA, CUSTOMER], data=values)


def context(sequence: int = 1) -> FeedContext:
    return FeedContext(sequence, 60.0)


def words(happened: RecordingEvent, **properties: Any) -> list[Command]:
    return list(Vocabulary({**NiceUptivityProperties.defaults(), **properties}).of(happened))


def lines(happened: RecordingEvent, **properties: Any) -> list[bytes]:
    return [command.xml(number) for number, command in enumerate(words(happened, **properties), 1)]


# -- to the byte


def test_the_echo_test_is_the_one_of_nices_page() -> None:
    assert Command("TEST").xml(1) == TEST_REQUEST
    assert read(TEST_RESULT) == Result("1", 20, "API_OK", "API_OK")
    assert rules.read_line(TEST_REQUEST) == [("TYPE", "TEST"), ("REQUESTID", "1")]
    assert rules.result_xml("1", "TEST", 20) == TEST_RESULT


def test_the_web_api_is_asked_as_nices_example_asks() -> None:
    """webAPI.aspx?type=callupdate&requestid=18213567&deviceid=200&user1=SpecialCall&user2=10121968&keepdays=3650"""
    mapping = [{"name": "a", "column": "USER1"}, {"name": "b", "column": "USER2"}, {"name": "c", "column": "KEEPDAYS"}]
    agent = {**AVA, "extension": "200"}
    told = event("call.data", call=CALL, parties=[agent], data={"a": "SpecialCall", "b": "10121968", "c": "3650"})
    (command,) = words(told, data_mapping=mapping)
    assert "&".join(f"{name}={value}" for name, value in command.query(18213567)) == (
        "type=callupdate&requestid=18213567&deviceid=200&user1=SpecialCall&user2=10121968&keepdays=3650"
    )


def test_a_call_is_started_updated_and_stopped() -> None:
    assert lines(started()) == [
        b"<REQUEST><TYPE>CALLSTART</TYPE><REQUESTID>1</REQUESTID><DEVICEID>1001</DEVICEID><ANI>+15551230000</ANI>"
        b"<DNIS>+15559870000</DNIS><CALLDIRECTION>I</CALLDIRECTION><CALLID>c-7781</CALLID></REQUEST>\r\n"
    ]
    assert lines(started(), call_details="off", call_instance="on", extension_prefix="9-") == [
        b"<REQUEST><TYPE>CALLSTART</TYPE><REQUESTID>1</REQUESTID><DEVICEID>9-1001</DEVICEID>"
        b"<CALLINSTANCE>c-7781</CALLINSTANCE></REQUEST>\r\n"
    ]
    assert lines(data(order="35436"), data_mapping=MAPPING) == [
        b"<REQUEST><TYPE>CALLUPDATE</TYPE><REQUESTID>1</REQUESTID><DEVICEID>1001</DEVICEID><USER1>35436</USER1>"
        b"</REQUEST>\r\n"
    ]
    assert lines(ended()) == [
        b"<REQUEST><TYPE>CALLSTOP</TYPE><REQUESTID>1</REQUESTID><DEVICEID>1001</DEVICEID></REQUEST>\r\n"
    ]


def test_identifiers_are_escaped_and_never_changed() -> None:
    assert b"<DEVICEID>a&lt;b&amp;c</DEVICEID>" in lines(started(agent={**AVA, "extension": "a<b&c"}))[0]
    (line,) = lines(started(agent={**AVA, "agent_id": "åsa<x>"}), identify_by="SYS_USER", agent_id_prefix="BP-")
    assert "<SYS_USER>BP-åsa&lt;x&gt;</SYS_USER>".encode() in line
    assert dict(rules.read_line(line))["SYS_USER"] == "BP-åsa<x>"


# -- which events, which commands


def names(happened: RecordingEvent, **properties: Any) -> list[str]:
    return [f"{command.name} {dict(command.fields).get('DEVICEID', '')}" for command in words(happened, **properties)]


@pytest.mark.parametrize(
    ("happened", "told"),
    [
        (event("call.offered", call=CALL, parties=[AVA]), []),
        (event("call.held", call=CALL, agent_id="ava"), []),
        (event("agent.state", agent_id="ava", extension="1001", state="READY"), []),
        (started(), ["CALLSTART 1001"]),
        (event("call.started", call=CALL, parties=[CUSTOMER]), []),
        (event("call.transferred", call=CALL, parties=[AVA, CUSTOMER], party=BEN), ["CALLSTOP 1001"]),
        (event("call.party_added", call=CALL, party=BEN), ["CALLSTART 1002"]),
        (event("call.party_added", call=CALL, party=CUSTOMER), []),
        (event("call.party_removed", call=CALL, party=BEN), ["CALLSTOP 1002"]),
        (ended(), ["CALLSTOP 1001"]),
        (ended(cause="abandoned"), []),
        (event("agent.login", agent_id="ava", extension="1001"), []),
        (event("something.new"), []),
        (event("session.end", reason="disabled"), []),
    ],
)
def test_an_event_is_said_by_its_command(happened: RecordingEvent, told: list[str]) -> None:
    assert names(happened) == told


def test_log_ins_are_said_where_their_names_were_entered() -> None:
    (command,) = words(event("agent.login", agent_id="ava", extension="1001"), commands=LOGINS, agent_id_prefix="BP-",
                       extension_prefix="9-")  # fmt: skip
    assert command == Command("AGENTLOGIN", (("DEVICEID", "9-1001"), ("SYS_USER", "BP-ava")))
    (command,) = words(event("agent.logout", agent_id="ava", extension="1001"), commands=LOGINS, identify_by="CRM_USER")
    assert command == Command("AGENTLOGOUT", (("DEVICEID", "1001"), ("CRM_USER", "ava")))


def test_a_session_begins_with_what_ended_who_is_there_and_what_is_talked_on() -> None:
    calls = [
        {**CALL, "id": "c-1", "state": "started", "parties": [AVA, CUSTOMER], "data": {"Order": "1"}},
        {**CALL, "id": "c-2", "state": "offered", "parties": [BEN, CUSTOMER], "data": {}},
        {**CALL, "id": "c-3", "state": "held", "parties": [BEN, CUSTOMER]},
    ]
    closed = {"agents": [{"agent_id": "eve", "extension": "1005"}], "calls": [{"id": "c-0", "parties": [AVA]}]}
    start = event("session.start", agents=[{"agent_id": "ava", "extension": "1001"}], calls=calls, closed=closed)
    assert names(start, commands=LOGINS, data_mapping=MAPPING) == [
        "CALLSTOP 1001", "AGENTLOGOUT 1005", "AGENTLOGIN 1001", "CALLSTART 1001", "CALLUPDATE 1001", "CALLSTART 1002",
    ]  # fmt: skip
    end = event("session.end", reason="disabled", closed={"agents": [], "calls": calls})
    assert names(end) == ["CALLSTOP 1001", "CALLSTOP 1002", "CALLSTOP 1002"]


def test_only_mapped_data_is_sent_whatever_its_case() -> None:
    (command,) = words(data(ORDER="1", Secret="2", keep="90"), data_mapping=MAPPING)
    assert command.fields[1:] == (("USER1", "1"), ("KEEPDAYS", "90"))
    assert words(data(Secret="2"), data_mapping=MAPPING) == []
    assert words(data(Order="2")) == []
    nowhere = [{"event": "call.data", "command": ""}]
    assert words(data(Order="2", Keep="x"), data_mapping=MAPPING, commands=nowhere) == []


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("35436", "35436"), ("<b>bold</b>", "(b)bold(/b)"), ('A & B "C"', "A + B 'C'"), ("C:\\x", "C:/x"),
        ("one\r\ntwo\tthree\x00", "one two three"), ("O'Brien", "O'Brien"), ("東京", "東京"), ("\ud800", ""),
        ("x" * 300, "x" * 255),
    ],
)  # fmt: skip
def test_values_that_the_api_may_fail_on_are_changed_and_told(value: str, sent: str) -> None:
    assert cleaned(value) == sent
    (command,) = words(data(Order=value, Note="plain"), data_mapping=MAPPING)
    assert dict(command.fields)["USER2"] == "plain"
    assert ("“Order”" in command.remark) == (value != sent)
    assert b"plain" in command.xml(1)


def test_keep_days_must_be_a_number() -> None:
    (command,) = words(data(Order="1", Keep="forever"), data_mapping=MAPPING)
    assert command.fields[1:] == (("USER1", "1"),) and "“Keep” is not sent as KEEPDAYS" in command.remark
    (command,) = words(data(Keep="forever"), data_mapping=MAPPING)
    assert "not a whole number" in command.problem


def test_an_agent_without_an_extension_is_told_and_not_sent() -> None:
    (command,) = words(started(agent={**AVA, "extension": ""}))
    assert command.fields == () and "“ava” has no extension" in command.problem
    assert words(started(agent={**AVA, "extension": None}), identify_by="SYS_USER")[0].problem == ""


# -- what is answered


def result(code: int, label: str = "", request_id: str = "7") -> Result:
    return Result(request_id, code, label or rules.RESULTS.get(code, ""), label)


@pytest.mark.parametrize("code", [0, 1, 9, 13, 20])
def test_what_the_recorder_makes_of_a_request_is_its_business(code: int) -> None:
    check(read(f"<RESULT><REQUESTID>7</REQUESTID><RESULTCODE>{code}</RESULTCODE></RESULT>".encode()), 7)


@pytest.mark.parametrize("code", [3, 4, 7, 8, 10, 11, 12, 14, 15, 16, 17, 19, 22, 23, 24, 25, 26, 28, 31, 99])
def test_most_errors_are_about_the_one_request(code: int) -> None:
    answer = f"<RESULT><REQUESTID>7</REQUESTID><RESULTTYPE>ERROR</RESULTTYPE><RESULTCODE>{code}</RESULTCODE></RESULT>"
    with pytest.raises(Refused) as refusal:
        check(read(answer.encode()), 7)
    assert str(code) in refusal.value.vendor_code


@pytest.mark.parametrize("code", [2, 6, 18])
def test_a_recorder_that_cannot_record_at_all_is_tried_later(code: int) -> None:
    with pytest.raises(Unavailable) as trouble:
        check(read(f"<RESULT><REQUESTID>7</REQUESTID><RESULTCODE>{code}</RESULTCODE></RESULT>".encode()), 7)
    assert trouble.value.cause == Cause.REMOTE_ERROR and str(code) in str(trouble.value)


def test_the_label_that_came_counts_more_than_the_code() -> None:
    """NICE's list gives 17 another name than NICE's example does."""
    found = read(SHOWN_ERROR)
    assert (found.code, found.label) == (17, "API_ERROR_NO_DEFAULT_RECORDING_PATH")
    with pytest.raises(Unavailable):
        check(found, 1)


def test_an_end_that_came_already_is_no_error_and_anything_else_is() -> None:
    stop = words(ended())[0]
    check(result(7), 7, also_fine=stop.also_fine)
    with pytest.raises(Refused):
        check(result(7), 7, also_fine=words(started())[0].also_fine)


def test_the_answer_to_another_request_is_not_taken_for_ours() -> None:
    with pytest.raises(Unavailable):
        check(result(20, request_id="6"), 7)


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"nonsense", b"<RESULT>", b"<RESULT></RESULT>", b"<OTHER><REQUESTID>1</REQUESTID></OTHER>",
        b"<RESULT><REQUESTID>1</REQUESTID><RESULTCODE>ok</RESULTCODE></RESULT>",
        b"<RESULT><REQUESTID>1</REQUESTID><RESULTCODE>" + "²".encode() + b"</RESULTCODE></RESULT>",
        b"<RESULT><REQUESTID>1</REQUESTID><RESULTCODE>" + b"9" * 5000 + b"</RESULTCODE></RESULT>",
        b'<!DOCTYPE r [<!ENTITY a "b">]><RESULT><REQUESTID>1</REQUESTID><RESULTCODE>20</RESULTCODE></RESULT>',
        b"<RESULT>" + b"<a>" * 2000 + b"</RESULT>",
    ],
)  # fmt: skip
def test_anything_else_is_no_result(answer: bytes) -> None:
    with pytest.raises(Rejected) as refusal:
        read(answer)
    assert type(refusal.value) is Rejected


# -- against the strict server

Connect = Callable[..., NiceUptivity]
both = pytest.mark.parametrize("interface", ["tcp", "http"])


@pytest.fixture
def server(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("nice_uptivity")


@pytest.fixture
def connect(server: Vendor, transactional_db: None) -> Connect:
    def make(*, password: str = "", **properties: Any) -> NiceUptivity:
        account = AccountFactory(
            provider="nice_uptivity", properties=properties, secrets={"password": password} if password else {}
        )
        account.full_clean()
        provider: NiceUptivity = account.connect()
        return provider

    return make


STORY = (
    event("session.start", agents=[{"agent_id": "ava", "extension": "1001"}], calls=[]),
    event("agent.login", agent_id="ben", extension="1002"),
    started(),
    data(Order="35436", Note="<VIP>", Keep="90"),
    started("c-2", BEN),
    event("call.transferred", call=CALL, parties=[AVA, CUSTOMER], party=BEN),
    ended("c-2", BEN),
    started(agent=BEN),
)


@both
def test_a_story_is_taken_without_a_complaint(connect: Connect, server: Vendor, interface: str) -> None:
    server.settings(extension_prefix="9-", agent_prefix="BP-")
    provider = connect(
        interface=interface, commands=LOGINS, data_mapping=MAPPING, extension_prefix="9-", agent_id_prefix="BP-"
    )
    delivered = provider.push_events(STORY, context())
    provider.keep_alive(context(2), active_agents=2, active_calls=1)
    assert (delivered.events, delivered.refused) == (len(STORY), ()) and "“Note”" in delivered.warning
    board = server.board()
    assert board["problems"] == []
    assert {p["device"]: (p["in_call"], p["call"]) for p in board["phones"]} == {
        "9-1001": (False, "c-7781"), "9-1002": (True, "c-7781"),
    }  # fmt: skip
    assert board["agents"] == ["BP-ava", "BP-ben"]
    assert board["phones"][0]["values"] == {"USER1": "35436", "USER2": "(VIP)", "KEEPDAYS": "90"} | {
        name: value for name, value in board["phones"][0]["values"].items() if name in ("ANI", "DNIS")
    }
    assert (board["tests"], board["connections"]) == (1, 2 if interface == "tcp" else 0)
    assert (delivered.heard != "") == (interface == "tcp")


@both
def test_the_test_changes_nothing(connect: Connect, server: Vendor, interface: str) -> None:
    (passed,) = connect(interface=interface).probes()
    board = server.board()
    assert "20 API_OK" in passed.text
    assert (board["tests"], board["commands"], board["problems"]) == (1, 0, [])


def test_nobody_is_called_for_events_that_have_no_command(connect: Connect, server: Vendor) -> None:
    quiet = [event("agent.state", agent_id="ava", extension="1", state="READY")] * 3
    assert connect().push_events(quiet, context()).events == 3
    assert server.board()["connections"] == 0


@both
def test_a_poisoned_event_is_handed_back_and_the_next_ones_go_on(
    connect: Connect, server: Vendor, interface: str
) -> None:
    server.settings(unknown_phones=["1001"])
    delivered = connect(interface=interface).push_events([started(), started("c-2", BEN), ended("c-2", BEN)], context())
    assert delivered.events == 3
    (refused,) = delivered.refused
    assert refused.event.type == "call.started"
    assert refused.reason == "CALLSTART: Uptivity refused it: it does not know this phone (8 API_DEVICE_INVALID)."
    phones = {phone["device"]: phone["calls"] for phone in server.board()["phones"]}
    assert phones == {"1002": 1}


@both
@pytest.mark.parametrize("code", [6, 2])
def test_a_server_out_of_order_keeps_what_was_not_told(
    connect: Connect, server: Vendor, interface: str, code: int
) -> None:
    server.fault("refusal", times=1, options={"code": code})
    with pytest.raises(Unavailable):
        connect(interface=interface).push_events([started()], context())
    assert connect(interface=interface).push_events([started(), ended()], context(2)).refused == ()


def test_an_outage_in_the_middle_tells_how_far_it_came(connect: Connect, server: Vendor) -> None:
    provider = connect()
    provider.push_events([started()], context())
    server.fault("reset", times=1)
    with pytest.raises(Unavailable):
        provider.push_events([ended()], context(2))
    cut = [started("c-2", BEN), ended("c-2", BEN), ended()]
    undisturbed = {"fault": "slow", "times": 2, "options": {"delay": 0}}
    requests.put(f"{server.address}/_faults", json=[undisturbed, {"fault": "reset", "times": 1}], timeout=5)
    assert provider.push_events(cut, context(3)).events == 2
    assert provider.push_events(cut[2:], context(4)).events == 1
    assert server.board()["problems"] == []
    assert not any(phone["in_call"] for phone in server.board()["phones"])


def test_a_slow_server_is_left_before_the_lease_runs_out(
    connect: Connect, server: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.providers.nice_uptivity.provider.LONGEST_PUSH", 0.3)
    server.fault("slow", options={"delay": 0.2})
    assert connect().push_events([started(), data(Order="1"), ended()] * 4, context()).events in (2, 3, 4)


def test_a_session_that_takes_too_long_is_given_up(
    connect: Connect, server: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.providers.nice_uptivity.provider.LONGEST_EVENT", 0.3)
    server.fault("slow", options={"delay": 0.2})
    agents = [{"agent_id": f"a{n}", "extension": str(n)} for n in range(9)]
    with pytest.raises(Unavailable):
        connect(commands=LOGINS).push_events([event("session.start", agents=agents, calls=[])], context())


@pytest.mark.parametrize("fault", ["reset", "server_error", "half_close", "hang", "silent", "truncated"])
def test_a_connection_that_fails_is_an_outage(
    connect: Connect, server: Vendor, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.providers.nice_uptivity.conversation.ANSWER_SECONDS", 0.4)
    server.fault(fault, times=1)
    with pytest.raises(Unavailable):
        connect().push_events([started()], context())
    assert connect().push_events([started(), ended()], context(2)).refused == ()
    assert server.board()["problems"] == []


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("other_id", Cause.REMOTE_ERROR), ("entities", Cause.REMOTE_ERROR), ("oversized", Cause.REMOTE_ERROR),
        ("wrong_shape", Cause.INVALID_DATA), ("html", Cause.WRONG_HOST),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_refuses_no_event(connect: Connect, server: Vendor, fault: str, cause: Cause) -> None:
    provider = connect()
    server.fault(fault, times=1)
    with pytest.raises(IntegrationError) as trouble:
        provider.push_events([started()], context())
    assert (trouble.value.cause, isinstance(trouble.value, Refused)) == (cause, False)
    assert provider.push_events([ended()], context(2)).events == 1


def test_packets_may_be_cut_anywhere(connect: Connect, server: Vendor) -> None:
    server.fault("split")
    assert connect().push_events([started(), ended()], context()).refused == ()
    assert server.board()["connections"] == 1


def test_an_answer_too_many_is_never_taken_for_the_next_one(connect: Connect, server: Vendor) -> None:
    server.fault("twice", times=1)
    delivered = connect().push_events([started(), ended(), started("c-2"), ended("c-2")], context())
    assert (delivered.events, delivered.refused) == (4, ())
    assert server.board()["connections"] == 2 and server.board()["problems"] == []


@pytest.mark.parametrize(
    "written", [TEST_RESULT + b"\r\n", TEST_RESULT, b"\r\n \n" + TEST_RESULT.replace(b"><", b">\r\n  <")]
)
def test_an_answer_may_be_laid_out_as_it_likes(transactional_db: None, settings: Any, written: bytes) -> None:
    settings.INTEGRATIONS_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    with answering(written) as port:
        account = AccountFactory(
            provider="nice_uptivity", simulated=False, properties={"host_name": "127.0.0.1", "port": port}
        )
        assert list(account.connect().probes())


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """A server that gives one answer to whatever comes, and keeps the connection open."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            opened, _ = listener.accept()
            with opened:
                assert opened.recv(1000) == TEST_REQUEST
                opened.sendall(answer)
                opened.recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


def test_the_log_in_of_a_proxy_is_sent_where_it_is_wanted(connect: Connect, server: Vendor) -> None:
    server.settings(password="proxy-password")
    with pytest.raises(AuthenticationFailed):
        list(connect(interface="http").probes())
    right = connect(interface="http", username="demo-uptivity", password="proxy-password")
    assert list(right.probes())
    assert "proxy-password" not in str(server.arrived())


@pytest.mark.parametrize(("status", "refused"), [(400, True), (414, True), (500, False), (503, False), (404, False)])
def test_what_a_web_server_refuses_about_the_request_is_poison_too(
    connect: Connect, server: Vendor, status: int, refused: bool
) -> None:
    server.fault("server_error", times=1, options={"status": status})
    provider = connect(interface="http")
    if not refused:
        with pytest.raises(IntegrationError):
            provider.push_events([started()], context())
        return
    delivered = provider.push_events([started(), started("c-2", BEN)], context())
    assert (delivered.events, len(delivered.refused)) == (2, 1)


def test_nothing_is_said_inside_a_transaction(connect: Connect) -> None:
    provider = connect()
    with transaction.atomic(), pytest.raises(RuntimeError):
        provider.push_events([started()], context())


# -- the strict server itself


@pytest.mark.parametrize(
    ("sent", "complaint"),
    [
        (TEST_REQUEST.replace(b"\r\n", b"\n"), "does not end with CR LF"),
        (b" " + TEST_REQUEST, "nothing else"),
        (TEST_REQUEST.replace(b"<TYPE>", b"<type>"), "nothing else"),
        (TEST_REQUEST.replace(b"</TYPE>", b"</TYP>"), "closed by its own name"),
        (TEST_REQUEST.replace(b">1<", b">one<"), "REQUESTID in digits"),
        (TEST_REQUEST + TEST_REQUEST, "does not follow"),
        (Command("CALLSTART", (("ANI", "1"),)).xml(1), "none of DEVICEID"),
        (Command("CALLSTART", (("DEVICEID", "1"), ("COLOUR", "red"))).xml(1), "COLOUR is no parameter"),
        (Command("CALLSTART", (("DEVICEID", ""),)).xml(1), "DEVICEID is blank"),
        (Command("CALLUPDATE", (("DEVICEID", "1"), ("USER1", "<b>"))).xml(1), "may not work"),
        (Command("CALLUPDATE", (("DEVICEID", "1"), ("USER1", "x"))).xml(1), "there is no call on 1"),
        (Command("CALLSTOP", (("DEVICEID", "1"),)).xml(1), "there is no call on 1"),
        (Command("CALLSTART", (("DEVICEID", "1"), ("CALLID", "a"))).xml(1)
         + Command("CALLSTART", (("DEVICEID", "1"), ("CALLID", "b"))).xml(2), "starts while 'a' is on the phone"),
    ],
)  # fmt: skip
def test_the_server_complains_about_every_breach(server: Vendor, simulators: str, sent: bytes, complaint: str) -> None:
    port = int(simulators.rsplit(":", 1)[1]) + NiceUptivity.simulator_port
    with socket.create_connection(("127.0.0.1", port), timeout=5) as opened:
        opened.sendall(sent)
        opened.shutdown(socket.SHUT_WR)
        while opened.recv(1000):
            pass
    assert any(complaint in problem for problem in server.board()["problems"])


def test_prefixes_are_checked(connect: Connect, server: Vendor) -> None:
    server.settings(extension_prefix="9-")
    connect().push_events([started()], context())
    assert "lacks the prefix" in server.board()["problems"][0]
    connect(extension_prefix="9-9-").push_events([started("c-2", BEN)], context(2))
    assert "twice" in server.board()["problems"][0]


# -- the form


def form(*, simulated: bool = False, **entered: Any) -> NiceUptivityProperties:
    values = {**NiceUptivityProperties.defaults(), "host_name": "uptivity.example.com", **entered}
    return NiceUptivityProperties(data=values, simulated=simulated)


def test_the_defaults_are_nices_names_and_nothing_that_is_guessed() -> None:
    entered = form()
    assert entered.is_valid(), entered.errors
    values = entered.cleaned_data
    assert {row["event"]: row["command"] for row in values["commands"]} == {
        "call.started": "CALLSTART", "call.data": "CALLUPDATE", "call.ended": "CALLSTOP",
        "agent.login": "", "agent.logout": "",
    }  # fmt: skip
    assert (values["keep_alive_update_interval"], values["port"], values["data_mapping"]) == (60, None, [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("host_name", ""), ("host_name", "not a host"), ("port", 70_000), ("keep_alive_update_interval", 4),
        ("commands", [{"event": "call.started", "command": "CALL START"}]),
        ("commands", [{"event": "", "command": "CALLSTART"}]),
        ("commands", [{"event": "call.started", "command": "A"}, {"event": "call.started", "command": "B"}]),
        ("data_mapping", [{"name": "", "column": "USER1"}]),
        ("data_mapping", [{"name": "Order", "column": "USER16"}]),
        ("data_mapping", [{"name": "Order", "column": "USER1"}, {"name": "Note", "column": "USER1"}]),
        ("username", "somebody"),
    ],
)  # fmt: skip
def test_a_mistake_is_shown_on_its_field(name: str, value: Any) -> None:
    assert name in form(**{name: value}).errors


def test_a_user_name_needs_its_password_and_the_web_api() -> None:
    assert set(form(interface="https", username="u").errors) == {"password"}
    assert form(interface="https", username="u", password="p").is_valid()
    assert set(form(interface="http", username="a:b", password="p").errors) == {"username"}


def test_names_of_commands_are_written_in_capitals() -> None:
    rows = [{"event": "agent.login", "command": "agentlogin"}]
    entered = form(commands=rows)
    assert entered.is_valid() and entered.cleaned_data["commands"][0]["command"] == "AGENTLOGIN"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("entered", "address"),
    [
        ({"interface": "tcp"}, "tcp://uptivity.example.com:5620"),
        ({"interface": "http"}, "http://uptivity.example.com:2012"),
        ({"interface": "https"}, "https://uptivity.example.com:2013"),
        ({"interface": "https", "port": 8443}, "https://uptivity.example.com:8443"),
        ({"interface": "tcp", "host_name": "2001:db8::7"}, "tcp://[2001:db8::7]:5620"),
    ],
)
def test_the_port_is_nices_unless_another_is_entered(entered: dict[str, Any], address: str) -> None:
    properties = {"host_name": "uptivity.example.com", **entered}
    account = AccountFactory(provider="nice_uptivity", simulated=False, properties=properties)
    account.full_clean()
    assert account.connect().base_url == address
