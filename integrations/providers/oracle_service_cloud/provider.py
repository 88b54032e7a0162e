"""Records through Connect REST: ROQL by GET, records by GET, POST and PATCH.

PATCH answers 200 without content. Parts of a record (threads, notes) are added under the record's address, so that
nothing that is there can be replaced by mistake."""

from collections.abc import Iterator
from typing import Any

from integrations import catalogue
from integrations.capabilities import Record, RecordRef
from integrations.diagnosis.doctor import Passed
from integrations.providers.osvc import ServiceCloud, roql
from integrations.providers.osvc.advice import REST_ADVICE
from integrations.providers.osvc.browser_ui import BrowserUi
from integrations.providers.osvc.probes import probes
from integrations.providers.osvc.roql import Statement
from integrations.providers.osvc.service_cloud import record_id

from . import answers
from .properties import BASIC, OracleProperties
from .sign_in import SignIn

NOTE, PLAIN_TEXT = {"id": 1}, {"id": 1}
EXPANDED = "emails,phones"


class OracleServiceCloud(SignIn, BrowserUi, ServiceCloud):
    """Oracle Service Cloud: Crm, PeopleDirectory and EmbedHost."""

    key = "oracle_service_cloud"
    label = "Oracle Service Cloud"
    type = catalogue.ORACLE
    documentation_url = "https://docs.oracle.com/en/cloud/saas/b2c-service/cxsvc/"
    advice = REST_ADVICE
    Properties = OracleProperties
    CONTACTS, ACCOUNTS, ACCOUNT_EMAIL = "contacts", "accounts", "emails.address"
    INCIDENTS = "incidents"

    def probes(self) -> Iterator[Passed]:
        login = str(self.properties["user_name"] or "") if self.properties["authentication"] == BASIC else ""
        return probes(self, login)

    def rows(self, statement: Statement, *, purpose: str) -> list[dict[str, str]]:
        path = f"{self._root}/queryResults/"
        response = self.http.get(path, params={"query": statement.text}, purpose=purpose)
        return answers.table(response, statement.columns)

    def get(self, ref: RecordRef) -> Record:
        expand = {"expand": EXPANDED} if ref.kind in (self.CONTACTS, self.ACCOUNTS) else None
        fields = answers.record(self.http.get(self.path(ref), params=expand, purpose="Read record"))
        return self.record(ref.kind, fields["id"], fields)

    def make(self, kind: str, fields: dict[str, Any], *, note: str) -> RecordRef:
        body = answers.body_of(fields)
        if note:
            body["notes"] = [*body.get("notes", []), {"text": note}]
        response = self.http.post(f"{self._root}/{roql.name(kind)}", json=body, purpose="Create record")
        return RecordRef(kind, answers.created(response))

    def update(self, ref: RecordRef, fields: dict[str, Any]) -> None:
        method, headers = "PATCH", {}
        if self.properties["override_method"]:
            method, headers = "POST", {"X-HTTP-Method-Override": "PATCH"}
        body = answers.body_of(fields)
        self.http.request(method, self.path(ref), json=body, headers=headers, purpose="Update record")

    def delete(self, ref: RecordRef) -> None:
        self.http.delete(self.path(ref), purpose="Delete record")

    def append(self, ref: RecordRef, part: str, text: str) -> None:
        body: dict[str, Any] = {"text": text}
        if part == "threads":
            body |= {"entryType": NOTE, "contentType": PLAIN_TEXT}
        self.http.post(f"{self.path(ref)}/{part}", json=body, purpose="Post activity")

    def history(self, ref: RecordRef, part: str) -> list[str]:
        response = self.http.get(self.path(ref), params={"expand": part}, purpose="Look for posted activity")
        return answers.texts(response, part)

    @property
    def _root(self) -> str:
        return f"/services/rest/connect/{self.properties['api_version']}"

    def path(self, ref: RecordRef) -> str:
        return f"{self._root}/{roql.name(ref.kind)}/{record_id(ref.id)}"
