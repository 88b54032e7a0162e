"""Which commands say an event to the API server: "API Server Commands" and "API Server Parameters and Data Types".

An event may be several commands (the start of a session: one for each call in progress) or none. Prefixes are added
here and nowhere else. Values that the API may fail on are changed, identifiers never."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from integrations.capabilities import RecordingEvent

from .properties import DATA, KEEP_DAYS, LOGIN, LOGOUT, START, STOP
from .results import ENDED_ALREADY

TEST = "TEST"
LONGEST_VALUE = 255
# "Using angle brackets, some special characters, and symbols may not work correctly."
REPLACED = str.maketrans({"<": "(", ">": ")", "&": "+", '"': "'", "\\": "/", "`": "'"})
UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")  # what XML 1.0 forbids is among them
DIRECTIONS = {"inbound": "I", "outbound": "O"}
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Command:
    """One request without its number. `problem`: why it cannot be sent, as a sentence; `remark`: what was changed;
    `also_fine`: labels of results that say that nothing is left to do."""

    name: str
    fields: tuple[tuple[str, str], ...] = ()
    problem: str = ""
    remark: str = ""
    also_fine: frozenset[str] = frozenset()

    def xml(self, request_id: int) -> bytes:
        """The line of the TCP interface, with its CR LF."""
        fields = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in self.fields)
        request = f"<TYPE>{self.name}</TYPE><REQUESTID>{request_id}</REQUESTID>{fields}"
        return f"<REQUEST>{request}</REQUEST>\r\n".encode()

    def query(self, request_id: int) -> list[tuple[str, str]]:
        """The parameters of the web API, in small letters as in NICE's example."""
        head = [("type", self.name.lower()), ("requestid", str(request_id))]
        return [*head, *((name.lower(), value) for name, value in self.fields)]


class Vocabulary:
    """The commands of one account, from its properties."""

    def __init__(self, properties: Mapping[str, Any]) -> None:
        self.properties = properties
        self.names = {row["event"]: row["command"] for row in properties["commands"] or ()}
        self.columns = {row["name"].casefold(): row["column"] for row in properties["data_mapping"] or ()}
        self.says: dict[str, Callable[[Body], Iterator[Command]]] = {
            "session.start": self._begin,
            "session.end": self._close,
            LOGIN: lambda body: self._agent(LOGIN, body),
            LOGOUT: lambda body: self._agent(LOGOUT, body),
            START: self._start,
            "call.party_added": lambda body: self._start({**body, "parties": [body["party"]]}),
            "call.party_removed": lambda body: self._stop({**body, "parties": [body["party"]]}),
            # Who takes the call starts it with a `call.started` of their own.
            "call.transferred": self._stop,
            DATA: self._update,
            STOP: self._stop,
        }

    def of(self, event: RecordingEvent) -> Iterator[Command]:
        """What says this event, in order. Nothing for an event without a command."""
        says = self.says.get(event.type)
        return says(event.body) if says else iter(())

    # -- events

    def _begin(self, body: Body) -> Iterator[Command]:
        """What ended unheard, who is there, and which calls are talked on."""
        yield from self._close(body)
        for agent in body.get("agents", ()):
            yield from self._agent(LOGIN, agent)
        for call in body.get("calls", ()):
            if call.get("state") != "offered":
                told = {"call": call, "parties": call.get("parties", ()), "data": call.get("data", {})}
                yield from self._start(told)
                yield from self._update(told)

    def _close(self, body: Body) -> Iterator[Command]:
        closed = body.get("closed") or {}
        for call in closed.get("calls", ()):
            yield from self._stop({"call": call, "parties": call.get("parties", ())})
        for agent in closed.get("agents", ()):
            yield from self._agent(LOGOUT, agent)

    def _agent(self, event: str, agent: Body) -> Iterator[Command]:
        """Phone and agent together, because this is what associates them."""
        name = self.names.get(event)
        if not name:
            return
        user = "CRM_USER" if self.properties["identify_by"] == "CRM_USER" else "SYS_USER"
        phone = self._device(name, agent)
        yield phone if phone.problem else Command(name, (*phone.fields, (user, self._login(agent))))

    def _start(self, body: Body) -> Iterator[Command]:
        details = self._details(body["call"]) if self.properties["call_details"] == "on" else ()
        return self._calls(START, body, details)

    def _stop(self, body: Body) -> Iterator[Command]:
        """Nothing for a call that nobody answered: it was never started."""
        return self._calls(STOP, body) if body.get("cause") != "abandoned" else iter(())

    def _update(self, body: Body) -> Iterator[Command]:
        values, remark = self._values(body.get("data") or {})
        if remark and not values:
            return iter([Command(self.names[DATA], problem=remark)] if self.names.get(DATA) else ())
        return self._calls(DATA, body, values, remark) if values else iter(())

    # -- parts of commands

    def _calls(
        self, event: str, body: Body, fields: tuple[tuple[str, str], ...] = (), remark: str = ""
    ) -> Iterator[Command]:
        """The command for each of our agents in the call."""
        name = self.names.get(event)
        for party in body.get("parties", ()) if name else ():
            if party.get("role") == "agent":
                phone = self._phone(str(name), party)
                whole = (*phone.fields, *self._instance(body["call"]), *fields)
                fine = ENDED_ALREADY if event == STOP else frozenset()
                yield phone if phone.problem else Command(str(name), whole, remark=remark, also_fine=fine)

    def _phone(self, name: str, agent: Body) -> Command:
        """The command so far: whose call it is."""
        by = self.properties["identify_by"]
        return self._device(name, agent) if by == "DEVICEID" else Command(name, ((by, self._login(agent)),))

    def _device(self, name: str, agent: Body) -> Command:
        extension = agent.get("extension")
        if extension:
            return Command(name, (("DEVICEID", f"{self.properties['extension_prefix']}{extension}"),))
        who = agent.get("agent_id")
        return Command(name, problem=f"The agent “{who}” has no extension, by which Uptivity would know the phone.")

    def _login(self, agent: Body) -> str:
        return f"{self.properties['agent_id_prefix']}{agent.get('agent_id')}"

    def _instance(self, call: Body) -> tuple[tuple[str, str], ...]:
        return (("CALLINSTANCE", str(call["id"])),) if self.properties["call_instance"] == "on" else ()

    @staticmethod
    def _details(call: Body) -> tuple[tuple[str, str], ...]:
        """What is known of the call. ANI is who calls, DNIS the number that was called."""
        known = {
            "ANI": call.get("from"),
            "DNIS": call.get("to"),
            "CALLDIRECTION": DIRECTIONS.get(str(call.get("direction"))),
            "CALLID": call.get("id"),
        }
        return tuple((name, cleaned(str(value))) for name, value in known.items() if value)

    def _values(self, data: Body) -> tuple[tuple[tuple[str, str], ...], str]:
        """The mapped values, and a sentence about those that are not sent as they are."""
        values, changed, left_out = [], [], []
        for name, value in data.items():
            column = self.columns.get(str(name).casefold())
            text = cleaned(str(value))
            if column == KEEP_DAYS and not (text.isascii() and text.isdigit()):
                left_out.append(f"“{name}” is not sent as KEEPDAYS, because it is not a whole number.")
            elif column:
                values.append((column, text))
                changed += [f"“{name}”"] if text != str(value) else []
        if changed:
            left_out.append(f"Characters that the API may not take were replaced, or cut off, in {', '.join(changed)}.")
        return tuple(values), " ".join(left_out)


def cleaned(value: str) -> str:
    """A value without what the API may fail on, cut to what a column is taken to hold."""
    return UNPRINTABLE.sub(" ", value).strip().translate(REPLACED)[:LONGEST_VALUE]
