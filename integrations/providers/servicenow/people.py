"""Callers and agents in ServiceNow's user table (customer contacts are users too).

Phone columns are free text without a format. So the usual spellings are asked for first; if nobody has one of them,
everybody whose number contains the last four digits. Whatever comes back is compared here digit by digit, because the
instance widens a query that it does not understand and answers with anybody."""

from collections.abc import Iterable

import phonenumbers
from django.core.cache import cache

from integrations import phone_match
from integrations.capabilities import CrmAgent, PeopleDirectory, PhoneMatches, Record

from . import query as encoded
from .tables import Tables

USERS = "sys_user"
PHONES = ("phone", "mobile_phone", "home_phone")
PERSON = ("sys_id", "name", "user_name", "email", "title", "city", "country", "active", "vip", *PHONES)
AGENT = ("sys_id", "name", "user_name", "email", "active")
ENDING_LIMIT = 200
AGENT_SECONDS = 300


class People(PeopleDirectory, Tables):
    def find_by_phone(self, e164: str, received: str) -> PhoneMatches:
        """Active users with this number; the query is the one that was sent last. One request in the usual case."""
        region = str(self.properties["default_country"])
        number = phone_match.wanted(e164, received, region)
        if not phone_match.digits(number):
            return PhoneMatches(())
        spelt = encoded.one_of(phone_match.spellings(number, region, received))
        query = f"active=true^{encoded.any_of(PHONES, 'IN', spelt)}"
        found = self._with_number(query, number, region)
        endings = phone_match.endings(number)
        if not found and endings:
            query = "active=true^" + "^OR".join(encoded.any_of(PHONES, "LIKE", ending) for ending in endings)
            found = self._with_number(query, number, region)
        return PhoneMatches(tuple(found), query)

    def _with_number(self, query: str, number: str, region: str) -> list[Record]:
        rows = self.rows(USERS, query, limit=ENDING_LIMIT, fields=PERSON, purpose="Find caller")
        return [self.record(USERS, row) for row in rows if row.get("sys_id") and has_number(row, number, region)]

    def find_agent(self, *, email: str, login: str) -> CrmAgent | None:
        """The one active user with the agent's e-mail address, else with the agent's user name; see *Agent map key*.

        Two users with the same address count as none: a call must not be booked on somebody else."""
        rule = self.properties["agent_map_key"]
        if rule == "mapping":
            return None
        remembered = f"servicenow-agent:{self.account.public_id}:{rule}:{email}:{login}"
        known = cache.get(remembered)
        if known is None:
            known = (self._user("email", email) if rule == "email" else None) or self._user("user_name", login)
            if known:
                cache.set(remembered, known, AGENT_SECONDS)
        return known

    def _user(self, column: str, text: str) -> CrmAgent | None:
        wanted = encoded.value(text)
        if not wanted:
            return None
        query = f"active=true^{column}={wanted}"
        rows = list(self.rows(USERS, query, limit=3, fields=AGENT, purpose="Find agent"))
        same = [row for row in rows if is_active(row) and row.get(column, "").casefold() == wanted.casefold()]
        return CrmAgent(same[0]["sys_id"], same[0].get("name", "")) if len(same) == 1 else None


def has_number(row: dict[str, str], number: str, region: str) -> bool:
    """Whether an active user has this number in one of the phone columns, read by the rules of the user's country."""
    own = row.get("country", "").upper()
    home = own if own in phonenumbers.SUPPORTED_REGIONS else region
    return is_active(row) and any(phone_match.same(text, number, home) for text in _phones(row))


def is_active(row: dict[str, str]) -> bool:
    """A column that the user may not read is missing; the query has asked for active users already."""
    return row.get("active", "true") != "false"


def _phones(row: dict[str, str]) -> Iterable[str]:
    return filter(None, (row.get(name, "") for name in PHONES))
