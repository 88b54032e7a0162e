"""A CRM in memory, for what a real one does only by accident: fail, hang up or be killed at one exact moment."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.db import connection

from integrations import catalogue
from integrations.capabilities import (
    Activity,
    CallFacts,
    Crm,
    CrmAgent,
    EmbedHost,
    PeopleDirectory,
    PhoneMatches,
    Record,
    RecordRef,
    ScreenPop,
)
from integrations.errors import Cause, Rejected
from integrations.properties import PropertiesForm
from integrations.providers.base import Provider

DON = {"sys_id": "don", "name": "Don Goodliffe", "phone": "(415) 555-0132"}
INCIDENT = {"sys_id": "inc1", "number": "INC0010001", "short_description": "Cannot print", "caller_id": "don"}


@dataclass
class Server:
    """What the vendor has, and what it is told to do wrong. `moments` maps "create:before" or "create:after" to what
    happens then; it is called with the server."""

    people: list[dict[str, str]] = field(default_factory=lambda: [dict(DON)])
    incidents: list[dict[str, str]] = field(default_factory=lambda: [dict(INCIDENT)])
    agents: dict[str, str] = field(default_factory=dict)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    history: list[tuple[str, str, Activity]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    moments: dict[str, Callable[["Server"], None]] = field(default_factory=dict)

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [record for record in self.records.values() if record["kind"] == kind]

    def when(self, moment: str, error: BaseException, *, times: int = 1000) -> None:
        """Raise at this moment, so many times."""
        left = [times]

        def act(server: "Server") -> None:
            left[0] -= 1
            if left[0] >= 0:
                raise error

        self.moments[moment] = act

    def healthy(self) -> None:
        self.moments.clear()

    def at(self, moment: str) -> None:
        assert not connection.in_atomic_block, "a vendor was called inside a transaction"
        for name in (moment, f"*:{moment.partition(':')[2]}"):
            if name in self.moments:
                self.moments[name](self)


server = Server()


class FakeCrm(Provider, Crm, PeopleDirectory, EmbedHost):
    key = "fake_crm"
    label = "Fake CRM"
    type = catalogue.SERVICENOW
    query_language = "servicenow"
    host_module = "servicenow"

    class Properties(PropertiesForm):
        close_on_release = forms.BooleanField(required=False, initial=True)
        activity_record = forms.CharField(initial="interaction")

    @property
    def base_url(self) -> str:
        return "https://fake.example.com"

    def _call(self, name: str, work: Callable[[], Any]) -> Any:
        server.at(f"{name}:before")
        server.calls.append(name)
        result = work()
        server.at(f"{name}:after")
        return result

    def search(self, kind: str, query: str, *, limit: int = 50) -> list[Record]:
        rows = self._call("search", lambda: [r for r in server.incidents if f"caller_id={r['caller_id']}" in query])
        return [self._record(kind, row) for row in rows[:limit]]

    def get(self, ref: RecordRef) -> Record:
        return self._record(ref.kind, self._find(ref))

    def create(self, kind: str, fields: dict[str, Any], *, key: str = "") -> RecordRef:
        def insert() -> RecordRef:
            new = f"{kind}{len(server.records) + 1}"
            server.records[new] = {"kind": kind, "key": key, **fields}
            return RecordRef(kind, new)

        return self._call("create", insert)

    def find_created(self, kind: str, key: str) -> RecordRef | None:
        def look() -> RecordRef | None:
            found = [i for i, record in server.records.items() if (record["kind"], record["key"]) == (kind, key)]
            return RecordRef(kind, found[0]) if found else None

        return self._call("find_created", look)

    def update(self, ref: RecordRef, fields: dict[str, Any]) -> None:
        self._call("update", lambda: self._find(ref).update(fields))

    def add_activity(self, ref: RecordRef, activity: Activity) -> None:
        self._find(ref)
        self._call("add_activity", lambda: server.history.append((ref.kind, ref.id, activity)))

    def has_activity(self, ref: RecordRef, key: str) -> bool:
        return self._call("has_activity", lambda: any(a.key == key for k, i, a in server.history if i == ref.id))

    def record_url(self, ref: RecordRef) -> str:
        return f"{self.base_url}/{ref.kind}/{ref.id}"

    def find_by_phone(self, e164: str, received: str) -> PhoneMatches:
        people = self._call("find_by_phone", lambda: list(server.people))
        return PhoneMatches(tuple(self._record("sys_user", row) for row in people), f"phoneIN{e164}")

    def find_agent(self, *, email: str, login: str, employee_id: str = "") -> CrmAgent | None:
        found = self._call("find_agent", lambda: server.agents.get(email) or server.agents.get(login))
        return CrmAgent(found) if found else None

    def web_origin(self) -> str:
        return self.base_url

    def client_library(self) -> str:
        return ""

    def screen_pop(self, ref: RecordRef | None, facts: CallFacts) -> ScreenPop:
        if ref is None:
            url = f"{self.base_url}/new?phone={facts.phone}"
            return ScreenPop("New record", url, entity="incident", query="sys_id=-1")
        return ScreenPop("Open the record", self.record_url(ref), entity=ref.kind, query=f"sys_id={ref.id}")

    def _find(self, ref: RecordRef) -> dict[str, Any]:
        if ref.id not in server.records:
            raise Rejected("There is no such record.", cause=Cause.NOT_FOUND, status=404)
        return server.records[ref.id]

    def _record(self, kind: str, row: dict[str, str]) -> Record:
        ref = RecordRef(kind, row["sys_id"])
        return Record(ref, row, row.get("name") or row.get("number", ""), self.record_url(ref))
