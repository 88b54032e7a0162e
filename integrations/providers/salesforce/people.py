"""Callers among contacts, leads and accounts, and our agents among the users.

Salesforce's search normalises the spelling of phone numbers, but its index lags behind by seconds to minutes, and it
matches parts. So the number is searched in two forms; if nobody has it, records of the last hour are asked for by
SOQL; and whatever comes back is compared here digit by digit."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from integrations.agent_match import AgentLookup
from integrations.batches import batched
from integrations.capabilities import CrmUser, PhoneMatches, Record
from integrations.phone import match

from . import soql
from .answers import kind_of, many
from .properties import BY_EMAIL, BY_EMPLOYEE, BY_FEDERATION, BY_MAPPING, BY_USERNAME
from .records import Records

FIELDS = {
    "Contact": "Id, Name, Email, Phone, MobilePhone, HomePhone, OtherPhone, AccountId, Account.Name",
    "Lead": "Id, Name, Email, Company, Phone, MobilePhone",
    "Account": "Id, Name, Phone",
}
PHONES = {
    "Contact": ("Phone", "MobilePhone", "HomePhone", "OtherPhone"),
    "Lead": ("Phone", "MobilePhone"),
    "Account": ("Phone",),
}
ONLY = {"Lead": "IsConverted = false"}
MOST_PEOPLE = 200
FRESH = timedelta(hours=1)
USER_FIELDS = {
    "id": "Id", "email": "Email", "login": "Username", "employee_id": "EmployeeNumber",
    "federation_id": "FederationIdentifier",
}  # fmt: skip
USER = ("Name", "IsActive", *USER_FIELDS.values())
AGENT_KEYS = {
    BY_EMAIL: ("email", "login"),
    BY_USERNAME: ("login",),
    BY_FEDERATION: ("federation_id", "email"),
    BY_EMPLOYEE: ("employee_id",),
    BY_MAPPING: (),
}
RECORD_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
MOST_VALUES = 50  # in one condition: the query travels in the address
MOST_USERS = 1000
FEW_USERS = 20
SHORTEST_TERM = 2


class People(AgentLookup, Records):
    def find_by_phone(self, e164: str, received: str) -> PhoneMatches:
        """People with this number; the query is the one that was sent last. One request in the usual case."""
        number = match.wanted(e164, received, self._country())
        terms = self._terms(number)
        if not terms:
            return PhoneMatches(())
        query = self._search_for(terms)
        response = self.call("GET", self.data("/search"), params={"q": query}, purpose="Find caller")
        found = self._with_number(many(response, "searchRecords"), number)
        for kind in () if found else self._kinds():
            query = self._fresh(kind, number)
            found += self._with_number(self.rows(query, limit=MOST_PEOPLE, purpose="Find caller"), number)
        return PhoneMatches(tuple(found), query)

    def _kinds(self) -> list[str]:
        return str(self.properties["look_up_in"]).split(", ")

    def _terms(self, number: str) -> list[str]:
        """The digits with and without country code, as people store them."""
        country = self._country()
        whole = [text.removeprefix("+") for text in match.e164_forms(number, country)]
        found = dict.fromkeys([*whole, *match.nationals(number, country)])
        return [text for text in found if len(text) >= SHORTEST_TERM]

    def _country(self) -> str:
        return str(self.properties["default_country"])

    def _search_for(self, terms: list[str]) -> str:
        parts = [f"{kind}({FIELDS[kind]}{f' WHERE {ONLY[kind]}' if kind in ONLY else ''})" for kind in self._kinds()]
        wanted = " OR ".join(map(soql.term, terms))
        return f"FIND {{{wanted}}} IN PHONE FIELDS RETURNING {', '.join(parts)} LIMIT {MOST_PEOPLE}"

    def _fresh(self, kind: str, number: str) -> str:
        """Records that the search index may not have yet."""
        since = f"{timezone.now() - FRESH:%Y-%m-%dT%H:%M:%SZ}"
        endings = [soql.literal(f"%{text}") for text in match.endings(number)] or [soql.literal(number)]
        numbers = " OR ".join(f"{field} LIKE {text}" for field in PHONES[kind] for text in endings)
        only = f" AND {ONLY[kind]}" if kind in ONLY else ""
        return soql.query((FIELDS[kind],), kind, f"SystemModstamp >= {since}{only} AND ({numbers})", limit=MOST_PEOPLE)

    def _with_number(self, rows: Iterator[dict[str, Any]] | list[dict[str, Any]], number: str) -> list[Record]:
        found = [self.record(kind_of(row), row) for row in rows if kind_of(row) in PHONES and row.get("Id")]
        return [person(record) for record in found if has_number(record, number, self._country())]

    def agent_keys(self) -> tuple[str, ...]:
        """See *Agent map key*."""
        return AGENT_KEYS[str(self.properties["agent_map_key"])]

    def users_with(self, key: str, values: Sequence[str]) -> list[CrmUser]:
        asked = [value for value in values if key != "id" or is_record_id(value)]
        return [
            user
            for part in batched(asked, MOST_VALUES)
            for user in self._users(f"{USER_FIELDS[key]} IN ({', '.join(map(soql.literal, part))})", limit=MOST_USERS)
        ]

    def users_like(self, text: str) -> list[CrmUser]:
        if not text.strip():
            return []
        wanted = soql.containing(text.strip())
        condition = " OR ".join(f"{field} LIKE {wanted}" for field in ("Name", "Username", "Email"))
        return self._users(f"IsActive = true AND ({condition})", limit=FEW_USERS)

    def _users(self, condition: str, *, limit: int) -> list[CrmUser]:
        query = soql.query(USER, "User", condition, limit=limit)
        return [user_of(row) for row in self.rows(query, limit=limit, purpose="Find agents") if row.get("Id")]


def user_of(row: dict[str, Any]) -> CrmUser:
    values = {name: str(row.get(field) or "") for name, field in USER_FIELDS.items()}
    return CrmUser(**values, name=str(row.get("Name") or ""), active=row.get("IsActive") is not False)


def is_record_id(text: str) -> bool:
    """What is none makes Salesforce refuse the whole query (`INVALID_QUERY_FILTER_OPERATOR`)."""
    return bool(RECORD_ID.fullmatch(text))


def has_number(record: Record, number: str, country: str) -> bool:
    stored = (record.fields.get(name, "") for name in PHONES[record.ref.kind])
    return any(match.same(text, number, country) for text in stored if text)


def person(record: Record) -> Record:
    """The record with `company` and `email` under the names that are shown beside a caller of any CRM."""
    company = record.fields.get("Account.Name") or record.fields.get("Company", "")
    fields = {**record.fields, "company": company, "email": record.fields.get("Email", "")}
    return Record(record.ref, fields, record.title, record.url)
