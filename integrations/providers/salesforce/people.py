"""Callers among contacts, leads and accounts, and our agents among the users.

Salesforce's search normalises the spelling of phone numbers, but its index lags behind by seconds to minutes, and it
matches parts. So the number is searched in two forms; if nobody has it, records of the last hour are asked for by
SOQL; and whatever comes back is compared here digit by digit."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from integrations import phone_match
from integrations.capabilities import CrmAgent, PeopleDirectory, PhoneMatches, Record

from . import soql
from .answers import kind_of, many
from .properties import BY_EMAIL, BY_FEDERATION, BY_MAPPING
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
AGENT_SECONDS = 300
SHORTEST_TERM = 2


class People(PeopleDirectory, Records):
    def find_by_phone(self, e164: str, received: str) -> PhoneMatches:
        """People with this number; the query is the one that was sent last. One request in the usual case."""
        number = phone_match.wanted(e164, received, self._country())
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
        whole = [text.removeprefix("+") for text in phone_match.e164_forms(number, country)]
        found = dict.fromkeys([*whole, *phone_match.nationals(number, country)])
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
        endings = [soql.literal(f"%{text}") for text in phone_match.endings(number)] or [soql.literal(number)]
        numbers = " OR ".join(f"{field} LIKE {text}" for field in PHONES[kind] for text in endings)
        only = f" AND {ONLY[kind]}" if kind in ONLY else ""
        return soql.query((FIELDS[kind],), kind, f"SystemModstamp >= {since}{only} AND ({numbers})", limit=MOST_PEOPLE)

    def _with_number(self, rows: Iterator[dict[str, Any]] | list[dict[str, Any]], number: str) -> list[Record]:
        found = [self.record(kind_of(row), row) for row in rows if kind_of(row) in PHONES and row.get("Id")]
        return [person(record) for record in found if has_number(record, number, self._country())]

    def find_agent(self, *, email: str, login: str) -> CrmAgent | None:
        """The one active user that stands for our agent; see *Agent map key*.

        Two users with the same address count as none: a call must not be booked on somebody else."""
        rule = self.properties["agent_map_key"]
        if rule == BY_MAPPING:
            return None
        who = hashlib.sha256(f"{rule}\0{email}\0{login}".encode()).hexdigest()
        remembered = f"salesforce-agent:{self.account.public_id}:{who}"
        known: CrmAgent | None = cache.get(remembered)
        if known is None:
            known = next(filter(None, (self._user(*way) for way in ways(rule, email, login))), None)
            if known:
                cache.set(remembered, known, AGENT_SECONDS)
        return known

    def _user(self, field: str, text: str) -> CrmAgent | None:
        if not text:
            return None
        query = soql.query(("Id", "Name"), "User", f"IsActive = true AND {field} = {soql.literal(text)}", limit=3)
        rows = list(self.rows(query, limit=3, purpose="Find agent"))
        return CrmAgent(str(rows[0]["Id"]), str(rows[0].get("Name") or "")) if len(rows) == 1 else None


def ways(rule: str, email: str, login: str) -> list[tuple[str, str]]:
    """The fields of User in which an agent is looked for, in order, and what they must hold."""
    by_email, by_username = ("Email", email), ("Username", login)
    if rule == BY_EMAIL:
        return [by_email, by_username]
    return [("FederationIdentifier", login), by_email] if rule == BY_FEDERATION else [by_username]


def has_number(record: Record, number: str, country: str) -> bool:
    stored = (record.fields.get(name, "") for name in PHONES[record.ref.kind])
    return any(phone_match.same(text, number, country) for text in stored if text)


def person(record: Record) -> Record:
    """The record with `company` and `email` under the names that are shown beside a caller of any CRM."""
    company = record.fields.get("Account.Name") or record.fields.get("Company", "")
    fields = {**record.fields, "company": company, "email": record.fields.get("Email", "")}
    return Record(record.ref, fields, record.title, record.url)
