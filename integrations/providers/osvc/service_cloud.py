"""The part of both providers that does not depend on the door: look-ups, finding again what was written, activity text.

Neither door has an idempotency key. After a crash between request and answer we look before we write again:

* An incident or task that we create ends its subject or name in "(ref <key>)"; any other record gets a note that ends
  in the line "Call reference <key>".
* A thread or note of ours ends in the same line. Threads and notes are read with their record."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar
from urllib.parse import quote

import phonenumbers
from django import forms

from integrations.actions import Result, action
from integrations.activity_text import entry, holds_reference, mark_of, marked, reference_line
from integrations.agent_match import AgentLookup
from integrations.batches import batched
from integrations.capabilities import Activity, Crm, CrmUser, PhoneMatches, Record, RecordDeletion, RecordRef
from integrations.diagnosis.doctor import explain
from integrations.errors import Cause, IntegrationError, Rejected
from integrations.phone import match
from integrations.providers.base import Provider

from . import roql
from .roql import Statement

MOST_ROWS = 200
LONGEST_SUBJECT = 240  # of an incident; a longer one would be cut, and the key with it
AGENT_KEYS = {"email": ("email", "login"), "user_name": ("login",), "mapping": ()}
MOST_VALUES = 50  # in one condition: the query travels in the address
MOST_USERS = 1000
FEW_USERS = 20
SHORTEST_ENDING = 7
# What ends in the key when we make one; everything else gets a note.
MARKED_FIELDS = {"incident": "subject", "task": "name"}
COLUMNS = {
    "incident": ("id", "lookupName", "subject", "createdTime", "updatedTime"),
    "contact": ("id", "lookupName", "name.first", "name.last", "title"),
    "account": ("id", "lookupName", "login", "displayName"),
    "organization": ("id", "lookupName", "name"),
}
PLAIN_COLUMNS = ("id", "lookupName")


def record_id(text: str) -> str:
    """Raises `Rejected` for what is no id: it goes into addresses."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Rejected(f'"{text[:80]}" is not the id of a record: ids are whole numbers.', cause=Cause.INVALID_DATA)
    return text


def singular(kind: str) -> str:
    """`incidents` (REST) and `Incident` (SOAP) are the same object."""
    return kind.lower().removesuffix("s")


class CallerForm(forms.Form):
    """The dialog of *Look up caller*."""

    phone = forms.CharField(
        label="Phone number",
        max_length=40,
        help_text="As a caller's number arrives, for example +1 415 555 0132. Contacts only; nothing is changed.",
    )


class ServiceCloud(Crm, RecordDeletion, AgentLookup, Provider):
    """A door adds `rows`, `get`, `make`, `update`, `delete`, `append` and `history`, and its names of objects."""

    query_language = "roql"
    history_without_page = True
    CONTACTS: ClassVar[str]
    INCIDENTS: ClassVar[str]
    ACCOUNTS: ClassVar[str]
    ACCOUNT_EMAIL: ClassVar[str]

    @property
    def base_url(self) -> str:
        return self.account.simulator_url if self.account.simulated else str(self.properties["url"] or "").rstrip("/")

    # -- what a door does in its own way

    @abstractmethod
    def rows(self, statement: Statement, *, purpose: str) -> list[dict[str, str]]:
        """The rows of a query: column as asked, value as text."""

    @abstractmethod
    def make(self, kind: str, fields: dict[str, Any], *, note: str) -> RecordRef:
        """A new record; with a note on it where one is given."""

    @abstractmethod
    def append(self, ref: RecordRef, part: str, text: str) -> None:
        """One more private entry in `threads` or `notes`."""

    @abstractmethod
    def history(self, ref: RecordRef, part: str) -> list[str]:
        """The texts in `threads` or `notes`."""

    # -- records

    def search(self, kind: str, query: str, *, limit: int = 50) -> list[Record]:
        """`query` is a condition, or a whole SELECT with the column id."""
        statement = roql.written(query, kind, COLUMNS.get(singular(kind), PLAIN_COLUMNS), limit)
        return list(self.records(kind, statement, purpose="Search"))[:limit]

    def records(self, kind: str, statement: Statement, *, purpose: str) -> Iterator[Record]:
        """Each record once: a condition on a list gives a row for every entry that fits."""
        seen = set()
        for row in self.rows(statement, purpose=purpose):
            found = next((value for name, value in row.items() if name.casefold() == "id"), "")
            if found and found not in seen:
                seen.add(found)
                yield self.record(kind, found, row)

    def record(self, kind: str, found: str, fields: dict[str, str]) -> Record:
        ref = RecordRef(kind, record_id(found))
        named = {name.casefold(): value for name, value in fields.items()}
        title = named.get("lookupname") or named.get("displayname") or named.get("subject") or f"{kind} {found}"
        return Record(ref, {name: value for name, value in fields.items() if value}, title, self.record_url(ref))

    def create(self, kind: str, fields: dict[str, Any], *, key: str = "") -> RecordRef:
        title = MARKED_FIELDS.get(singular(kind))
        if not key:
            return self.make(kind, fields, note="")
        if not title:
            return self.make(kind, fields, note=reference_line(key))
        name = next((given for given in fields if given.casefold() == title), title)
        text = marked(str(fields.get(name) or ""), key, longest=LONGEST_SUBJECT)
        return self.make(kind, {**fields, name: text}, note="")

    def find_created(self, kind: str, key: str) -> RecordRef | None:
        title = MARKED_FIELDS.get(singular(kind))
        column, wanted = (title, mark_of(key)) if title else ("notes.text", reference_line(key))
        statement = roql.select(("id", column), kind, roql.containing(column, wanted), MOST_ROWS)
        for row in self.rows(statement, purpose="Look for created record"):
            text = row[column].strip()
            if text.endswith(wanted) if title else holds_reference(text, key):
                return RecordRef(kind, record_id(row["id"]))
        return None

    def add_activity(self, ref: RecordRef, activity: Activity) -> None:
        """A private thread of an incident, a note on any other record."""
        self.append(ref, part_of(ref), entry(activity))

    def has_activity(self, ref: RecordRef, key: str) -> bool:
        return any(holds_reference(text, key) for text in self.history(ref, part_of(ref)))

    def record_url(self, ref: RecordRef) -> str:
        pattern = str(self.properties["record_url_pattern"])
        kind = quote(singular(roql.name(ref.kind)), safe="")
        return self.base_url + pattern.replace("{object}", kind).replace("{id}", record_id(ref.id))

    # -- people

    @action("Look up caller", form=CallerForm, help_text="Who would be named for a call from this number, and why.")
    def look_up_caller(self, phone: str) -> Result:
        parsed = match.parse(phone, str(self.properties["default_country"]))
        e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if parsed else ""
        try:
            found = self.find_by_phone(e164, phone)
        except IntegrationError as error:
            verdict = explain(self, error)
            return Result(False, verdict.message, rows=verdict.rows, verdict=verdict)
        people = tuple((person.title, person.fields["phones.number"]) for person in found.people)
        message = f"{len(people)} found." if people else f"Nobody has the number {e164 or phone}."
        return Result(True, message, rows=(*people, *((("Asked", found.query),) if found.query else ())))

    def find_by_phone(self, e164: str, received: str) -> PhoneMatches:
        """Contacts with this number; one request in the usual case, a second for numbers with an extension.

        `rawNumber` holds the digits of a number as it was typed, with or without country code."""
        region = str(self.properties["default_country"])
        number = match.wanted(e164, received, region)
        if not match.digits(number):
            return PhoneMatches(())
        spelt = dict.fromkeys(map(match.digits, match.spellings(number, region, received)))
        statement = self._contacts(roql.one_of("phones.rawNumber", filter(None, spelt)))
        found = self._with_number(statement, number, region)
        for ending in () if found else match.nationals(number, region):
            if len(ending) >= SHORTEST_ENDING and not found:
                statement = self._contacts(roql.containing("phones.rawNumber", ending))
                found = self._with_number(statement, number, region)
        return PhoneMatches(tuple(found), statement.text)

    def _contacts(self, condition: str) -> Statement:
        return roql.select((*COLUMNS["contact"], "phones.number"), self.CONTACTS, condition, MOST_ROWS)

    def _with_number(self, statement: Statement, number: str, region: str) -> list[Record]:
        """People whose number is the caller's, digit by digit, each once."""
        people: dict[str, Record] = {}
        for row in self.rows(statement, purpose="Find caller"):
            if match.same(row["phones.number"], number, region):
                people.setdefault(row["id"], self.record(self.CONTACTS, row["id"], row))
        return list(people.values())

    def agent_keys(self) -> tuple[str, ...]:
        """*Agent map key*. Staff accounts have no employee number, and no column that says that one is disabled."""
        return AGENT_KEYS[str(self.properties["agent_map_key"])]

    def users_with(self, key: str, values: Sequence[str]) -> list[CrmUser]:
        column = {"id": "id", "login": "login", "email": self.ACCOUNT_EMAIL}[key]
        safe = [value for value in values if not roql.UNSAFE.search(value) and (key != "id" or value.isdecimal())]
        unsafe = [value for value in values if key != "id" and roql.UNSAFE.search(value)]
        conditions = [roql.one_of(column, part) for part in batched(safe, MOST_VALUES)]
        conditions += [roql.equal(column, value) for value in unsafe]
        return [user for condition in conditions for user in self._accounts(condition)]

    def users_like(self, text: str) -> list[CrmUser]:
        wanted = roql.UNSAFE.sub("_", text.strip())
        columns = ("login", "displayName", self.ACCOUNT_EMAIL)
        found = (u for column in columns for u in self._accounts(roql.containing(column, wanted), limit=FEW_USERS))
        return list({user.id: user for user in found}.values())[:FEW_USERS] if wanted else []

    def _accounts(self, condition: str, *, limit: int = MOST_USERS) -> list[CrmUser]:
        columns = ("id", "login", "displayName", self.ACCOUNT_EMAIL)
        rows = self.rows(roql.select(columns, self.ACCOUNTS, condition, limit), purpose="Find agents")
        return [
            CrmUser(row["id"], row["displayName"] or row["login"], row["login"], row[self.ACCOUNT_EMAIL])
            for row in rows
        ]


def part_of(ref: RecordRef) -> str:
    return "threads" if singular(ref.kind) == "incident" else "notes"
