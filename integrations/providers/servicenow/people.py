"""Callers and agents in ServiceNow's user table (customer contacts are users too).

Phone columns are free text without a format. So the usual spellings are asked for first; if nobody has one of them,
everybody whose number contains the last four digits. Whatever comes back is compared here digit by digit, because the
instance widens a query that it does not understand and answers with anybody."""

from collections.abc import Iterable, Sequence

import phonenumbers

from integrations.agent_match import AgentLookup
from integrations.batches import batched
from integrations.capabilities import CrmUser, PhoneMatches, Record
from integrations.phone import match

from . import query as encoded
from .tables import Tables

USERS = "sys_user"
PHONES = ("phone", "mobile_phone", "home_phone")
PERSON = ("sys_id", "name", "user_name", "email", "title", "city", "country", "active", "vip", *PHONES)
AGENT = ("sys_id", "name", "user_name", "email", "employee_number", "active")
USER_COLUMNS = {"id": "sys_id", "email": "email", "login": "user_name", "employee_id": "employee_number"}
AGENT_KEYS = {"email": ("email", "login"), "user_name": ("login",), "employee_id": ("employee_id",), "mapping": ()}
MOST_VALUES = 50  # in one condition: the query travels in the address
MOST_USERS = 1000
FEW_USERS = 20
ENDING_LIMIT = 200


class People(AgentLookup, Tables):
    def find_by_phone(self, e164: str, received: str) -> PhoneMatches:
        """Active users with this number; the query is the one that was sent last. One request in the usual case."""
        region = str(self.properties["default_country"])
        number = match.wanted(e164, received, region)
        if not match.digits(number):
            return PhoneMatches(())
        spelt = encoded.one_of(match.spellings(number, region, received))
        query = f"active=true^{encoded.any_of(PHONES, 'IN', spelt)}"
        found = self._with_number(query, number, region)
        endings = match.endings(number)
        if not found and endings:
            query = "active=true^" + "^OR".join(encoded.any_of(PHONES, "LIKE", ending) for ending in endings)
            found = self._with_number(query, number, region)
        return PhoneMatches(tuple(found), query)

    def _with_number(self, query: str, number: str, region: str) -> list[Record]:
        rows = self.rows(USERS, query, limit=ENDING_LIMIT, fields=PERSON, purpose="Find caller")
        return [self.record(USERS, row) for row in rows if row.get("sys_id") and has_number(row, number, region)]

    def agent_keys(self) -> tuple[str, ...]:
        """*Agent map key*; with the e-mail address, the user name comes second (the order of the guide)."""
        return AGENT_KEYS[str(self.properties["agent_map_key"])]

    def users_with(self, key: str, values: Sequence[str]) -> list[CrmUser]:
        return [
            user
            for part in batched(values, MOST_VALUES)
            for user in self._users(f"{USER_COLUMNS[key]}IN{encoded.one_of(part)}", limit=MOST_USERS)
        ]

    def users_like(self, text: str) -> list[CrmUser]:
        wanted = encoded.value(text)
        asked = f"active=true^{encoded.any_of(('name', 'user_name', 'email'), 'LIKE', wanted)}^ORDERBYname"
        return [user for user in self._users(asked, limit=FEW_USERS) if user.active] if wanted else []

    def _users(self, query: str, *, limit: int) -> list[CrmUser]:
        rows = self.rows(USERS, query, limit=limit, fields=AGENT, purpose="Find agents")
        return [user_of(row) for row in rows if row.get("sys_id")]


def user_of(row: dict[str, str]) -> CrmUser:
    return CrmUser(
        row["sys_id"], row.get("name", ""), row.get("user_name", ""), row.get("email", ""),
        row.get("employee_number", ""), active=is_active(row),
    )  # fmt: skip


def has_number(row: dict[str, str], number: str, region: str) -> bool:
    """Whether an active user has this number in one of the phone columns, read by the rules of the user's country."""
    own = row.get("country", "").upper()
    home = own if own in phonenumbers.SUPPORTED_REGIONS else region
    return is_active(row) and any(match.same(text, number, home) for text in _phones(row))


def is_active(row: dict[str, str]) -> bool:
    """A column that the user may not read is missing; the query has asked for active users already."""
    return row.get("active", "true") != "false"


def _phones(row: dict[str, str]) -> Iterable[str]:
    return filter(None, (row.get(name, "") for name in PHONES))
