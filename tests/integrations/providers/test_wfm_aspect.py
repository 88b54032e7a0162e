"""WFM over TCP: profile `rta-fixed-1` to the byte, an open line, a harmless test, and receivers that misbehave."""

import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from integrations.addresses import SIMULATOR_PORTS
from integrations.capabilities import ActiveInteraction, AgentSnapshot, ConnectedFeed, FeedContext, Snapshot
from integrations.errors import Cause, Rejected, Unavailable
from integrations.models import IntegrationAccount
from integrations.providers import registry
from integrations.providers.wfm_aspect import WfmAspect
from integrations.providers.wfm_aspect.layout import Field, Layout, cut, fields_of, layout_of
from integrations.providers.wfm_aspect.line import RtaLine, header
from integrations.providers.wfm_aspect.properties import HEADER, RECORD, WfmAspectProperties
from integrations.simulators import SIMULATORS
from integrations.simulators.listening import ListeningSimulator
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
JO = AgentSnapshot("jsmith", "E1", "1001", "Jo", "Smith", "T", "NOT_READY", "Lunch", AT - timedelta(seconds=95))
ACTIVE = ActiveInteraction("Kundtjänst Sverige", "voice", "inbound", AT)
ASA = AgentSnapshot("åberg", None, "1002", "Åsa", "Berg", "T", "BUSY", None, AT - timedelta(seconds=8), (), ACTIVE)
MAPPING = [{"reason": "Lunch", "code": 12}]
EXPECTED = (
    "RTA1F202601150900000000000100002"
    "jsmith    1001  00500012000095                    "
    "åberg     1002  00200000000008Kundtjänst Sverige  "
)


def picture(*agents: AgentSnapshot, at: datetime = AT) -> Snapshot:
    return Snapshot(at, tuple(agents), ())


def connect(*, simulated: bool = True, **properties: Any) -> WfmAspect:
    IntegrationAccount.objects.all().delete()
    entered = {"reason_codes_mapping": MAPPING, **properties}
    made: WfmAspect = AccountFactory(provider="wfm_aspect", simulated=simulated, properties=entered).connect()
    return made


@pytest.fixture
def receiver(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("wfm_aspect")


def eventually(receiver: Vendor, **wanted: Any) -> dict[str, Any]:
    """The receiver works in threads of its own."""
    for _ in range(100):
        board = receiver.board()
        if all(board[name] == value for name, value in wanted.items()):
            return board
        time.sleep(0.02)
    raise AssertionError(f"{wanted}: {board}")


def states(board: dict[str, Any]) -> dict[str, str]:
    return {agent["agent_id"]: agent["state"] for agent in board["agents"]}


# -- bytes


class Recorded:
    """What a stream was given to send."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def taken(self) -> list[str]:
        texts, self.sent = [data.decode("utf-16-le") for data in self.sent], []
        return texts


def line_of(**properties: Any) -> tuple[RtaLine, Recorded]:
    provider, stream = connect(**properties), Recorded()
    options = {"full_every": provider.properties["full_update_interval"], "keeps_alive": True}
    return RtaLine(stream, provider.layout, provider.coding, **options), stream  # type: ignore[arg-type]


def test_a_full_update_to_the_byte() -> None:
    line, stream = line_of()
    line.push(picture(JO, ASA), FeedContext(1, 10.0))
    (sent,) = stream.sent
    assert sent == EXPECTED.encode("utf-16-le") and len(sent) == 264
    assert sent[:16].hex(" ") == "52 00 54 00 41 00 31 00 46 00 32 00 30 00 32 00"


def test_a_keep_alive_to_the_byte() -> None:
    line, stream = line_of()
    line.push(picture(JO), FeedContext(1, 10.0))
    line.push(picture(JO, at=AT + timedelta(seconds=10)), FeedContext(2, 10.0))
    assert stream.taken()[1] == "RTA1K202601150900100000000200000"
    assert len("RTA1K202601150900100000000200000".encode("utf-16-le")) == 64


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        (Field("team", 5), "😀😀😀", "😀😀 "),
        (Field("team", 4), "😀😀😀", "😀😀"),
        (Field("team", 3), "ab\r\ncd", "ab "),
        (Field("team", 6), "a\tb\x00c", "a b c "),
        (Field("team", 4, "left"), "ab", "  ab"),
        (Field("team", 4), "", "    "),
        (Field("time_in_state", 3, "zeros"), 7, "007"),
        (Field("time_in_state", 3, "zeros"), 1000, "999"),
        (Field("time_in_state", 3, "zeros"), -5, "000"),
        (Field("time_in_state", 3, "left"), 7, "  7"),
        (Field("time_in_state", 3), 7, "7  "),
    ],
)
def test_a_value_has_exactly_its_size(field: Field, value: str | int, text: str) -> None:
    assert field.text(value) == text


def test_a_cut_never_leaves_half_a_character() -> None:
    assert [cut("a😀b", size) for size in range(5)] == ["", "a", "a", "a😀", "a😀b"]
    assert cut("\ud83d", 3) == "?"  # half a character that somebody stored


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"encoding": "utf-16-be"}, EXPECTED.encode("utf-16-be")),
        ({"encoding": "ascii"}, EXPECTED.replace("å", "?").replace("ä", "?").encode()),
        (
            {"record_separator": "crlf"},
            f"{EXPECTED[:32]}\r\n{EXPECTED[32:82]}\r\n{EXPECTED[82:]}\r\n".encode("utf-16-le"),
        ),
        ({"header": "off"}, EXPECTED[32:].encode("utf-16-le")),
    ],
)
def test_other_receivers(properties: dict[str, Any], expected: bytes) -> None:
    line, stream = line_of(**properties)
    line.push(picture(JO, ASA), FeedContext(1, 10.0))
    assert stream.sent == [expected]
    assert not expected.startswith((b"\xff\xfe", b"\xfe\xff"))


def test_order_and_other_fields() -> None:
    rows = [
        {"field": "state_code", "size": 2, "fill": "zeros"},
        {"field": "filler", "size": 1, "fill": "right"},
        {"field": "agent_id", "size": 8, "fill": "left"},
        {"field": "reason_name", "size": 6, "fill": "right"},
        {"field": "state_name", "size": 5, "fill": "right"},
        {"field": "event_time", "size": 14, "fill": "right"},
    ]
    line, stream = line_of(record_field_sizes=rows, header="off")
    line.push(picture(JO), FeedContext(1, 10.0))
    assert stream.taken() == ["05   jsmithLunch Not R20260115085825"]


def test_the_sequence_starts_again_after_its_highest_number() -> None:
    numbers = [header("F", AT, number)["sequence"] for number in (0, 1, 99_999_999, 100_000_000, 100_000_001)]
    assert numbers == [0, 1, 99_999_999, 1, 2]


def test_more_agents_than_the_header_can_count_are_not_sent() -> None:
    layout = Layout((Field("count", 1, "zeros"),), fields_of(RECORD))
    with pytest.raises(Rejected, match="10 agents do not fit into a count of 1 digits"):
        layout.message({}, [{}] * 10)


# -- everything, changes, nothing


def test_after_everything_only_changes_are_sent() -> None:
    line, stream = line_of()
    line.push(picture(ASA, JO), FeedContext(1, 10.0))
    ready = JO._replace(state="READY", reason=None, state_since=AT)
    line.push(picture(ASA, ready), FeedContext(2, 10.0))
    line.push(picture(ready), FeedContext(3, 10.0))
    line.push(picture(ready), FeedContext(4, 10.0))
    full, change, logout, nothing = stream.taken()
    assert full[4] == "F" and full[27:32] == "00002"
    assert change[4] == "D" and change[32:] == "jsmith    1001  00100000000000                    "
    assert logout[4] == "D" and logout[32:] == "åberg     1002  02700000000000                    "
    assert nothing[4] == "K"


@pytest.mark.parametrize(
    "changed",
    [
        JO._replace(reason="Break"),
        JO._replace(state="READY", reason=None),
        JO._replace(active=ACTIVE),
    ],
)
def test_state_reason_and_service_are_changes(changed: AgentSnapshot) -> None:
    line, stream = line_of()
    line.push(picture(JO), FeedContext(1, 10.0))
    line.push(picture(changed), FeedContext(2, 10.0))
    assert stream.taken()[1][4] == "D"


def test_a_change_that_was_taken_back_is_none() -> None:
    line, stream = line_of()
    line.push(picture(JO), FeedContext(1, 10.0))
    line.push(picture(JO._replace(state_since=AT)), FeedContext(2, 10.0))
    assert stream.taken()[1][4] == "K"


def test_everything_is_sent_again_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    line, stream = line_of(full_update_interval=900)
    clock = [1000.0]
    monkeypatch.setattr("integrations.providers.wfm_aspect.line.time.monotonic", lambda: clock[0])
    for seconds in (0, 899, 1, 1):
        clock[0] += seconds
        line.push(picture(JO), FeedContext(1, 10.0))
    assert [text[4] for text in stream.taken()] == ["F", "K", "F", "K"]


def test_an_empty_full_update_is_told_when_everybody_really_is_out() -> None:
    line, stream = line_of()
    line.push(picture(), FeedContext(1, 10.0))
    assert stream.taken() == ["RTA1F202601150900000000000100000"]


def test_bare_records_have_no_keep_alive_and_no_goodbye(receiver: Vendor) -> None:
    line, stream = line_of(header="off")
    line.push(picture(JO), FeedContext(1, 10.0))
    line.push(picture(JO), FeedContext(2, 10.0))
    assert len(stream.taken()) == 1
    provider = connect(send_keep_alive="off")
    opened = provider.open_line()
    opened.push(picture(JO), FeedContext(1, 10.0))
    opened.push(picture(JO), FeedContext(2, 10.0))
    opened.close()
    assert eventually(receiver, full=1)["keep_alive"] == 0


# -- who is left out, and which reasons have no code


def test_an_identity_is_never_cut() -> None:
    fits, long = JO._replace(login_id="a" * 10), JO._replace(login_id="b" * 11)
    line, stream = line_of()
    line.push(picture(fits, long), FeedContext(1, 10.0))
    (sent,) = stream.taken()
    assert sent[27:32] == "00001" and sent[32:42] == "a" * 10
    assert connect().remarks(picture(fits, long)) == [
        f"Agent “{'b' * 11}” is left out: “{'b' * 11}” does not fit into 10 characters."
    ]


def test_whoever_gets_an_identity_that_does_not_fit_is_logged_out_until_they_have_one_that_does(
    receiver: Vendor,
) -> None:
    line = connect(agent_id_is="extension").open_line()
    kinds = []
    for number, extension in enumerate(("1001", "1" * 11, "1002"), start=1):
        pushed = line.push(picture(JO._replace(extension=extension)), FeedContext(number, 10.0))
        kinds.append((pushed.kind, sorted(line.known)))
    assert kinds == [("full", ["jsmith"]), ("delta", []), ("delta", ["jsmith"])]
    line.close()


def test_agents_may_be_known_by_their_employee_id() -> None:
    line, stream = line_of(agent_id_is="employee_id")
    line.push(picture(JO, ASA), FeedContext(1, 10.0))
    assert stream.taken()[0][32:42] == "E1        "
    assert connect(agent_id_is="employee_id").remarks(picture(JO, ASA)) == [
        "Agent “åberg” is left out: no employee id to know them by."
    ]


def test_a_reason_without_a_code_is_sent_as_the_accounts_own_and_told() -> None:
    line, stream = line_of(reason_codes_mapping=[], unmapped_reason_code=99)
    line.push(picture(JO), FeedContext(1, 10.0))
    assert stream.taken()[0][51:56] == "00099"
    provider = connect(reason_codes_mapping=[], unmapped_reason_code=99)
    assert provider.remarks(picture(JO, ASA)) == ["The reason “Lunch” has no code and is sent as 99."]
    assert connect().remarks(picture(JO, ASA)) == []


# -- against the receiver


def test_the_receivers_table_is_the_picture(receiver: Vendor) -> None:
    provider = connect()
    assert isinstance(provider, ConnectedFeed)
    line = provider.open_line()
    line.push(picture(JO, ASA), FeedContext(1, 10.0))
    board = eventually(receiver, full=1)
    assert states(board) == {"jsmith": "NOT_READY", "åberg": "BUSY"} and board["problems"] == []
    jo = board["agents"][0]
    assert (jo["reason_code"], jo["time_in_state"], jo["extension"]) == (12, 95, "1001")
    line.push(picture(JO._replace(state="READY", reason=None)), FeedContext(2, 10.0))
    assert states(eventually(receiver, delta=1)) == {"jsmith": "READY"}
    line.close(FeedContext(3, 10.0))
    assert eventually(receiver, goodbyes=1)["last_sequence"] == 3


def test_the_test_changes_nothing_on_the_board(receiver: Vendor) -> None:
    provider = connect()
    provider.push(picture(JO), FeedContext(5, 10.0))
    eventually(receiver, full=1)
    result = provider.test_connection()
    assert result.ok and result.message == "Connection is valid"
    board = eventually(receiver, tests=1)
    assert states(board) == {"jsmith": "NOT_READY"} and board["full"] == 1 and board["last_sequence"] == 5


def test_without_a_header_the_test_only_connects(receiver: Vendor) -> None:
    assert connect(header="off").test_connection().ok
    board = eventually(receiver, connections=2)  # the doctor's look at the port, and the test
    assert (board["tests"], board["records"], board["problems"]) == (0, 0, [])


SMALLER = [{**row, "size": 9} if row["field"] == "agent_id" else dict(row) for row in RECORD]


def test_sizes_changed_on_one_side_only_are_noticed_with_the_place(receiver: Vendor) -> None:
    connect(record_field_sizes=SMALLER).push(picture(JO, ASA), FeedContext(1, 10.0))
    problem = eventually(receiver, connections=1) and wait_for_problem(receiver)
    assert "check failed at offset" in problem
    receiver.settings(record=[[row["field"], row["size"]] for row in SMALLER])
    connect(record_field_sizes=SMALLER).push(picture(JO, ASA), FeedContext(2, 10.0))
    assert states(eventually(receiver, full=1)) == {"jsmith": "NOT_READY", "åberg": "BUSY"}


def wait_for_problem(receiver: Vendor) -> str:
    for _ in range(100):
        found = receiver.board()["problems"]
        if found:
            return str(found[0])
        time.sleep(0.02)
    raise AssertionError("no problem was noticed")


def test_the_wrong_byte_order_is_noticed(receiver: Vendor) -> None:
    connect(encoding="utf-16-be").push(picture(JO), FeedContext(1, 10.0))
    assert "signature check failed at offset 0" in wait_for_problem(receiver)
    assert receiver.board()["agents"] == []


@pytest.mark.parametrize(
    ("fault", "cause"),
    [("reset", Cause.UNREACHABLE), ("server_error", Cause.REMOTE_ERROR), ("html", Cause.WRONG_HOST)],
)
def test_what_the_test_hears(receiver: Vendor, fault: str, cause: Cause) -> None:
    receiver.fault(fault)
    with pytest.raises(Unavailable) as failure:
        list(connect().probes())
    assert failure.value.cause == cause


@pytest.mark.parametrize("fault", ["reset", "server_error"])
def test_a_peer_that_is_gone_is_noticed_before_the_next_update(receiver: Vendor, fault: str) -> None:
    line = connect().open_line()
    receiver.fault(fault)
    line.push(picture(JO), FeedContext(1, 10.0))
    with pytest.raises(Unavailable) as failure:
        for _ in range(100):
            line.listen()
            time.sleep(0.02)
    assert failure.value.cause == Cause.UNREACHABLE
    line.close(FeedContext(2, 10.0))  # does no harm


@pytest.fixture
def deaf(settings: Any) -> Iterator[int]:
    """A receiver that takes the connection and never reads; its port."""
    settings.INTEGRATIONS_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        yield int(listener.getsockname()[1])


def test_a_receiver_that_does_not_read_is_left_in_time(deaf: int) -> None:
    provider = connect(simulated=False, host_name="127.0.0.1", port=deaf, periodic_update_interval=1)
    line = provider.open_line()
    many = picture(*(JO._replace(login_id=f"agent{n}") for n in range(40_000)))
    began = time.monotonic()
    with pytest.raises(Unavailable) as failure:
        line.push(many, FeedContext(1, 1.0))
    assert failure.value.cause == Cause.TIMEOUT and time.monotonic() - began < 10
    line.close()


def test_what_a_receiver_says_is_read_and_forgotten(settings: Any) -> None:
    settings.INTEGRATIONS_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        line = connect(simulated=False, host_name="127.0.0.1", port=listener.getsockname()[1]).open_line()
        peer, _ = listener.accept()
        peer.sendall(b"OK")
        time.sleep(0.05)
        line.listen()
        line.push(picture(JO), FeedContext(1, 10.0))
        assert peer.recv(4)[:2] == b"R\x00"
        peer.close()
        line.close()


# -- the receiver is strict


def send(receiver: Vendor, *messages: bytes) -> str:
    host, _, port = receiver.board()["listening"].partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as opened:
        for message in messages:
            opened.sendall(message)
        assert opened.recv(10) == b""
    return wait_for_problem(receiver)


def message(kind: str, sequence: int, *records: dict[str, Any]) -> bytes:
    return Layout(fields_of(HEADER), fields_of(RECORD)).message(header(kind, AT, sequence), records)


def test_changes_before_everything_are_refused(receiver: Vendor) -> None:
    assert send(receiver, message("D", 1)) == "changes came before everything on this connection"


def test_a_sequence_that_goes_back_is_refused(receiver: Vendor) -> None:
    assert send(receiver, message("F", 5), message("K", 5)) == "sequence 5 does not follow 5"


def test_an_unknown_state_is_refused_with_its_place(receiver: Vendor) -> None:
    record = {"agent_id": "x", "state_code": 9, "reason_code": 0, "time_in_state": 0}
    assert send(receiver, message("F", 1, record)) == "state_code check failed at offset 96: '009'"


def test_bytes_may_arrive_one_by_one(receiver: Vendor) -> None:
    host, _, port = receiver.board()["listening"].partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as opened:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in EXPECTED.encode("utf-16-le"):
            opened.send(bytes([byte]))
        board = eventually(receiver, full=1)
    assert states(board) == {"jsmith": "NOT_READY", "åberg": "BUSY"} and board["problems"] == []


def test_each_listening_simulator_has_the_port_that_its_accounts_use() -> None:
    listening = {s.key: s.tcp_port for s in SIMULATORS if issubclass(s, ListeningSimulator)}
    assert listening == {key: p.simulator_port for key, p in registry().items() if hasattr(p, "simulator_port")}
    assert len(set(listening.values())) == len(listening)
    assert all(0 < port < SIMULATOR_PORTS for port in listening.values())


# -- the page


def test_a_preview_shows_one_record_in_characters_and_hex() -> None:
    entered = {"login": "jsmith", "employee_id": "", "extension": "1001", "state": "NOT_READY", "reason": "Lunch"}
    result = connect().preview_record(**entered, seconds=95, workgroup="")
    rows = dict(result.rows)
    assert result.ok and result.message.startswith("164 bytes for one agent.")
    assert rows["Characters"] == "jsmith····1001··00500012000095····················"
    assert rows["State code (3)"] == "005"
    assert rows["Record in hex"].startswith("6a 00 73 00 6d 00") and len(rows["Record in hex"].split()) == 100
    assert rows["Header before it"].startswith("RTA1F2")
    long = connect().preview_record(**{**entered, "login": "x" * 11}, seconds=0, workgroup="")
    assert not long.ok and "does not fit" in long.message


def form(**data: Any) -> WfmAspectProperties:
    choices = {"agent_id_is": "login_id", "encoding": "utf-16-le", "record_separator": "none", "header": "on",
               "send_keep_alive": "on", "tls": "off"}  # fmt: skip
    numbers = {"periodic_update_interval": 10, "port": 7000, "unmapped_reason_code": 0, "full_update_interval": 900}
    tables = {"record_field_sizes": RECORD, "header_field_sizes": HEADER}
    entered = {"host_name": "rta.example.com", **choices, **numbers, **tables, **data}
    return WfmAspectProperties(data=entered, simulated=False)


def test_the_guides_fields_come_first_and_the_protocol_is_fixed() -> None:
    labels = [field.label for field in WfmAspectProperties.base_fields.values()]
    assert labels[:6] == [
        "Periodic update interval", "Protocol", "Host name", "Port", "Record field sizes", "Reason codes mapping",
    ]  # fmt: skip
    filled = form(protocol="http_post")
    assert filled.is_valid() and filled.cleaned_data["protocol"] == "tcp_aspect"
    assert layout_of(filled.cleaned_data) == Layout(fields_of(HEADER), fields_of(RECORD))


def rows(**sizes: Any) -> list[dict[str, Any]]:
    return [{**row, "size": sizes.get(row["field"], row["size"])} for row in RECORD]


@pytest.mark.parametrize(
    ("data", "field", "words"),
    [
        ({"host_name": ""}, "host_name", "not simulated"),
        ({"port": 70_000}, "port", "65535"),
        ({"record_field_sizes": RECORD[1:]}, "record_field_sizes", "“Agent ID” is missing"),
        ({"record_field_sizes": [*RECORD, RECORD[0]]}, "record_field_sizes", "“Agent ID” is listed twice"),
        ({"record_field_sizes": rows(agent_id=0)}, "record_field_sizes", "from 1 to 200"),
        ({"record_field_sizes": rows(agent_id="ten")}, "record_field_sizes", "from 1 to 200"),
        ({"record_field_sizes": rows(state_code=1)}, "record_field_sizes", "from 2 to 200"),
        (
            {"record_field_sizes": [{**RECORD[0], "fill": "zeros"}, *RECORD[1:]]},
            "record_field_sizes",
            "zeros are for numbers",
        ),
        ({"record_field_sizes": [*RECORD, {"field": "age", "size": 3}]}, "record_field_sizes", "no field “age”"),
        ({"record_field_sizes": [*RECORD, {"size": 3}]}, "record_field_sizes", "no field beside it"),
        ({"header_field_sizes": HEADER[:4]}, "header_field_sizes", "“Number of records” is missing"),
        (
            {"record_field_sizes": rows(reason_code=1), "reason_codes_mapping": MAPPING},
            "record_field_sizes",
            "The code 12 does not fit into 1 digits",
        ),
    ],
)
def test_a_mistake_is_shown_on_its_field(data: dict[str, Any], field: str, words: str) -> None:
    errors = form(**data).errors
    assert set(errors) == {field} and words in str(errors[field])


def test_only_one_wfm_account_can_exist_whatever_its_protocol() -> None:
    connect()
    with pytest.raises(ValidationError, match="Only one account of this type"):
        second = AccountFactory.build(provider="wfm_http", name="Second", properties={"url": "https://x.example.com"})
        second.full_clean()
