"""The SOAP 1.1 call `SaveBatchExternalUserState`, which all generations understand.

The members of a state come in the order of the contract, which is alphabetical: the service takes one that is out of
order for missing. The oldest generation refuses more than 50 states at once, so a snapshot comes in parts with one
`BatchId` and is closed by a state with an empty user code."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from .rest import Message
from .states import Told

SERVICE = "/RTA/TeleoptiRtaService.svc"
ACTION = '"http://tempuri.org/ITeleoptiRtaService/SaveBatchExternalUserState"'
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": ACTION, "Accept": "text/xml"}
MOST = 50
NO_BATCH = "0001-01-01T00:00:00"
PLATFORM = "00000000-0000-0000-0000-000000000000"
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")  # XML cannot carry them
ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    '<SaveBatchExternalUserState xmlns="http://tempuri.org/" '
    'xmlns:r="http://schemas.datacontract.org/2004/07/Teleopti.Ccc.Rta.WebService">'
    "<authenticationKey>{key}</authenticationKey><platformTypeId>" + PLATFORM + "</platformTypeId>"
    "<sourceId>{source}</sourceId><externalUserStateBatch>{states}</externalUserStateBatch>"
    "</SaveBatchExternalUserState></s:Body></s:Envelope>"
)
STATE = (
    "<r:ExternalUserState><r:BatchId>{batch}</r:BatchId><r:IsLoggedOn>{logged_on}</r:IsLoggedOn>"
    "<r:IsSnapshot>{snapshot}</r:IsSnapshot><r:SecondsInState>{seconds}</r:SecondsInState>"
    "<r:StateCode>{code}</r:StateCode><r:StateDescription>{code}</r:StateDescription>"
    "<r:Timestamp>{at}</r:Timestamp><r:UserCode>{user}</r:UserCode></r:ExternalUserState>"
)
CLOSING = Told("", "")


class Soap:
    """`source` names this contact centre at Calabrio."""

    answers = True  # a number that says what became of it

    def __init__(self, key: str, source: str) -> None:
        self.key = key
        self.source = source

    def test(self, at: datetime) -> Message:
        """An empty batch: the key is looked at first, and nobody's state is touched."""
        return self._batch([], at, NO_BATCH)

    def changes(self, told: Sequence[Told], at: datetime) -> Iterator[Message]:
        for start in range(0, len(told), MOST):
            yield self._batch(told[start : start + MOST], at, NO_BATCH)

    def snapshot(self, told: Sequence[Told], at: datetime) -> Iterator[Message]:
        batch = stamp(at)
        for start in range(0, len(told), MOST):
            yield self._batch(told[start : start + MOST], at, batch)
        yield self._batch([CLOSING], at, batch)

    def _batch(self, told: Sequence[Told], at: datetime, batch: str) -> Message:
        states = "".join(
            STATE.format(
                batch=batch, logged_on=boolean(each.logged_on), snapshot=boolean(batch != NO_BATCH),
                seconds=each.seconds, code=text(each.code), at=stamp(at), user=text(each.user),
            )
            for each in told
        )  # fmt: skip
        body = ENVELOPE.format(key=text(self.key), source=text(self.source), states=states)
        return Message(SERVICE, body.encode(), HEADERS, sum(each is not CLOSING for each in told))


def stamp(moment: datetime) -> str:
    """To the microsecond: two snapshots of one second are two."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def boolean(value: object) -> str:
    return "true" if value else "false"


def text(value: str) -> str:
    return escape(CONTROL.sub(" ", value))
