"""Callers and agents among Zendesk's users.

Phone numbers are free text; the search compares digits, and an asterisk stands for any others in front or behind
(developer.zendesk.com, "Retrieving the Zendesk user id of a caller"). Whatever comes back is compared here number by
number. A user may have further numbers, which the search knows and the profile does not show: for those the identities
are read."""

from collections.abc import Sequence
from typing import Any

import phonenumbers
from django import forms

from integrations.actions import Result, action
from integrations.agent_match import AgentLookup
from integrations.capabilities import CrmUser, PhoneMatches, Record, RecordRef
from integrations.phone import match

from .answers import list_in
from .records import Records

LIMIT = 100
MOST_IDENTITIES = 5  # requests while a caller waits
FEW_USERS = 20
AGENT_KEYS = {"email": ("email", "login"), "employee_id": ("employee_id",), "mapping": ()}
AGENT_ROLES = ("agent", "admin")


class LookUpForm(forms.Form):
    phone = forms.CharField(
        label="Phone number", max_length=40, help_text="As it would arrive with a call, for example +1 415 555 0132."
    )


class People(AgentLookup, Records):
    _everybody: list[CrmUser] | None = None

    def find_by_phone(self, e164: str, received: str) -> PhoneMatches:
        """Customers with this number; the query is the one that was sent last. One request in the usual case."""
        region = str(self.properties["default_country"])
        asked = match.wanted(e164, received, region)
        query = ""
        for pattern in patterns(asked, region):
            query = f"type:user role:end-user phone:{pattern}"
            found = self._with_number(query, asked, region)
            if found:
                return PhoneMatches(tuple(found), query)
        return PhoneMatches((), query)

    def _with_number(self, query: str, asked: str, region: str) -> list[Record]:
        rows = [row for row in self.rows(query, "user", limit=LIMIT, purpose="Find caller") if is_customer(row)]
        sure = [row for row in rows if match.same(str(row.get("phone") or ""), asked, region)]
        unsure = [row for row in rows if row not in sure][:MOST_IDENTITIES]
        return [self.record("user", row) for row in (*sure, *(r for r in unsure if self._has_other(r, asked, region)))]

    def _has_other(self, row: dict[str, Any], asked: str, region: str) -> bool:
        path = self.path(RecordRef("user", str(row["id"])), "/identities")
        listed = list_in(self.http.get(path, purpose="Read numbers of caller"), "identities")
        numbers = (str(entry.get("value") or "") for entry in listed if entry.get("type") == "phone_number")
        return any(match.same(text, asked, region) for text in numbers)

    def agent_keys(self) -> tuple[str, ...]:
        """*Agent map key*. Zendesk has no user names: our agents' count where they are addresses (`users_with`)."""
        return AGENT_KEYS[str(self.properties["agent_map_key"])]

    def users_with(self, key: str, values: Sequence[str]) -> list[CrmUser]:
        """One address is searched for; for many, all agents and administrators are read, a hundred a request."""
        asked = [value for value in values if key != "login" or "@" in value]
        if not asked:
            return []
        few = key in ("email", "login") and len({value.casefold() for value in asked}) == 1
        return self._searched(asked[0]) if few else self._staff()

    def users_like(self, text: str) -> list[CrmUser]:
        wanted = text.replace('"', "").strip()
        queries = [f'type:user role:{role} "{wanted}"' for role in AGENT_ROLES] if wanted else []
        rows = [row for query in queries for row in self.rows(query, "user", limit=FEW_USERS, purpose="Find agents")]
        return [user for user in map(user_of, filter(is_staff, rows)) if user.active]

    def _searched(self, address: str) -> list[CrmUser]:
        query = f'type:user email:"{address.replace(chr(34), "")}"'
        rows = self.rows(query, "user", limit=FEW_USERS, purpose="Find agents")
        return [user_of(row) for row in rows if is_staff(row)]

    def _staff(self) -> list[CrmUser]:
        """Everybody who is no customer; read once in the life of this object, which is that of one piece of work."""
        if self._everybody is None:
            self._everybody = [user_of(row) for row in self.staff() if is_staff(row)]
        return self._everybody

    @action("Look up", form=LookUpForm, help_text="Asks Zendesk who has a phone number, as a call would.")
    def look_up(self, phone: str) -> Result:
        number = match.parse(phone, str(self.properties["default_country"]))
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if number else ""
        matches = self.find_by_phone(e164, phone)
        rows = tuple(
            (person.title, f"{person.fields.get('phone') or 'another number'}, {person.url}")
            for person in matches.people
        )
        asked = (("Query", matches.query),) if matches.query else ()
        count = len(rows)
        message = (
            f"{count} customer{'' if count == 1 else 's'} with this number." if rows else "Nobody has this number."
        )
        return Result(True, message, rows=(*rows, *asked))


def patterns(asked: str, region: str) -> list[str]:
    """What to ask for, the usual first: numbers that end in the caller's digits, then those with an extension behind.

    Without a country code in front, because a profile may lack it; the comparison afterwards knows the country."""
    known = match.nationals(asked, region)
    if not asked.startswith("+"):
        return known
    return [*(f"*{national}" for national in known), *(f"*{national}*" for national in known)]


def is_customer(row: dict[str, Any]) -> bool:
    """A deleted user stays in the index for a while."""
    return row.get("role", "end-user") == "end-user" and row.get("active") is not False


def is_staff(row: dict[str, Any]) -> bool:
    return row.get("role") in AGENT_ROLES


def user_of(row: dict[str, Any]) -> CrmUser:
    """The address is the log-in, too. A deleted user stays in the index for a while."""
    address = str(row.get("email") or "")
    active = row.get("active") is not False and not row.get("suspended")
    external = str(row.get("external_id") or "")
    return CrmUser(str(row["id"]), str(row.get("name") or ""), address, address, external, active=active)
