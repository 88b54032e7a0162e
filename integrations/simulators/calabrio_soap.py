"""The SOAP side of the simulated Calabrio service: what a message says, in the order in which it must say it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree
from starlette.responses import Response

OPERATIONS = "http://tempuri.org/"
TYPES = "http://schemas.datacontract.org/2004/07/Teleopti.Ccc.Rta.WebService"
BATCH, SINGLE = "SaveBatchExternalUserState", "SaveExternalUserState"
BATCH_ORDER = ("authenticationKey", "platformTypeId", "sourceId", "externalUserStateBatch")
SINGLE_ORDER = (
    "authenticationKey", "userCode", "stateCode", "stateDescription", "isLoggedOn", "secondsInState", "timestamp",
    "platformTypeId", "sourceId", "batchId", "isSnapshot",
)  # fmt: skip
STATE_ORDER = (
    "BatchId", "IsLoggedOn", "IsSnapshot", "SecondsInState", "StateCode", "StateDescription", "Timestamp", "UserCode",
)  # fmt: skip
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,7})?Z?")
NO_BATCH = "0001-01-01T00:00:00"


class Unreadable(Exception):
    """No message of this service."""


@dataclass(frozen=True)
class State:
    user: str
    code: str
    logged_on: bool
    batch: str
    is_snapshot: bool


@dataclass
class Message:
    operation: str
    key: str = ""
    platform: str = ""
    source: str = ""
    states: list[State] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


def read(body: bytes, action: str) -> Message:
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"The message is not XML: {error}") from None
    operation = next(
        (e for e in root.iter() if e.tag in (f"{{{OPERATIONS}}}{BATCH}", f"{{{OPERATIONS}}}{SINGLE}")), None
    )
    if operation is None:
        raise Unreadable("The message has no operation of this service")
    message = Message(etree.QName(operation).localname)
    if action.strip('"') != f"{OPERATIONS}ITeleoptiRtaService/{message.operation}":
        message.complaints.append(f"SOAPAction {action!r} does not name the operation")
    batch = message.operation == BATCH
    values = taken(operation, BATCH_ORDER if batch else SINGLE_ORDER, OPERATIONS, message)
    message.key, message.platform = words(values, "authenticationKey"), words(values, "platformTypeId")
    message.source = words(values, "sourceId")
    message.states = many(values.get("externalUserStateBatch"), message) if batch else [single(values)]
    return message


def taken(parent: Any, order: tuple[str, ...], namespace: str, message: Message) -> dict[str, Any]:
    """Members that come in the order of the contract; one that is out of order counts as missing."""
    found: dict[str, Any] = {}
    place = -1
    for child in parent:
        name = etree.QName(child).localname
        if etree.QName(child).namespace != namespace or name not in order:
            message.complaints.append(f"{name} does not belong into {etree.QName(parent).localname}")
        elif order.index(name) <= place:
            message.complaints.append(f"{name} is out of order, and so counts as missing")
        else:
            found[name], place = child, order.index(name)
    return found


def many(listed: Any, message: Message) -> list[State]:
    found = []
    for element in listed if listed is not None else ():
        values = taken(element, STATE_ORDER, TYPES, message)
        missing = [name for name in STATE_ORDER if name not in values]
        if missing:
            message.complaints.append(f"a state lacks {', '.join(missing)}")
        for name in ("BatchId", "Timestamp"):
            if name in values and not MOMENT.fullmatch(words(values, name)):
                message.complaints.append(f"{name} is no time: {words(values, name)!r}")
        if "SecondsInState" in values and not words(values, "SecondsInState").isdigit():
            message.complaints.append(f"SecondsInState is no number: {words(values, 'SecondsInState')!r}")
        found.append(
            State(
                words(values, "UserCode"), words(values, "StateCode"), words(values, "IsLoggedOn") == "true",
                words(values, "BatchId"), words(values, "IsSnapshot") == "true",
            )
        )  # fmt: skip
    return found


def single(values: dict[str, Any]) -> State:
    return State(
        words(values, "userCode"), words(values, "stateCode"), words(values, "isLoggedOn") == "true",
        words(values, "batchId"), words(values, "isSnapshot") == "true",
    )  # fmt: skip


def words(values: dict[str, Any], name: str) -> str:
    return str(values[name].text or "") if name in values else ""


def result(operation: str, number: int) -> Response:
    inner = f"<{operation}Result>{number}</{operation}Result>"
    return _envelope(f'<{operation}Response xmlns="{OPERATIONS}">{inner}</{operation}Response>', 200)


def fault(text: str) -> Response:
    inner = f"<s:Fault><faultcode>s:Client</faultcode><faultstring>{escape(text)}</faultstring></s:Fault>"
    return _envelope(inner, 500)


def _envelope(inner: str, status: int) -> Response:
    body = f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{inner}</s:Body></s:Envelope>'
    return Response(body, status, media_type="text/xml")
