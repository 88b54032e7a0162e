"""Which user of a CRM one of our agents is. One rule for all CRMs; each says which of its columns count (`agent_keys`).

Nothing is guessed: several users with one address, a user who has left, another spelling are findings, told as such."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from django.core.cache import cache

from .capabilities.crm import CrmAgent, CrmUser, PeopleDirectory, UserDirectory

AGENT_SECONDS = 300
# The names of keys for people. `id` is the mapping table's.
KEYS = {
    "email": "e-mail",
    "login": "user name",
    "employee_id": "employee id",
    "federation_id": "federation ID",
    "id": "mapping table",
}


class Status(StrEnum):
    MATCHED = "matched"
    BY_HAND = "by_hand"
    MISSING = "missing"
    INACTIVE = "inactive"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class AgentFacts:
    """What we know of our agent. `user_id`: the CRM's user in the mapping table, empty where there is none."""

    email: str = ""
    login: str = ""
    employee_id: str = ""
    user_id: str = ""

    def value(self, key: str) -> str:
        """What the CRM's column must hold. A federation ID is the name under which single sign-on knows the person."""
        return {
            "email": self.email,
            "login": self.login,
            "employee_id": self.employee_id,
            "federation_id": self.login,
            "id": self.user_id,
        }[key].strip()


@dataclass(frozen=True, slots=True)
class Finding:
    """`key`: by which column; `note`: a sentence where there is something to say."""

    status: Status
    user: CrmUser | None = None
    key: str = ""
    note: str = ""

    @property
    def settles(self) -> bool:
        """Whether the next key need not be tried: a person was found, or too many were."""
        return self.status in (Status.MATCHED, Status.BY_HAND, Status.AMBIGUOUS)


NOBODY = Finding(Status.MISSING)


def wanted(values: Iterable[str]) -> list[str]:
    """What to ask for: as we write it and in small letters, because not every CRM compares without case."""
    given = [value for value in values if value]
    return list(dict.fromkeys([*given, *(value.casefold() for value in given)]))


def judge(facts: AgentFacts, key: str, users: Iterable[CrmUser]) -> Finding:
    """Whom of these users the key means. Every user is compared: a CRM may answer more than it was asked."""
    value = facts.value(key)
    if not value:
        return NOBODY
    same = {user.id: user for user in users if user.id and getattr(user, key).casefold() == value.casefold()}
    active = [user for user in same.values() if user.active]
    if len(active) > 1:
        return _narrowed(facts, key, value, active)
    if active:
        return _found(key, value, active[0])
    if same:
        gone = next(iter(same.values()))
        return Finding(Status.INACTIVE, gone, key, f"{gone.name or gone.login or gone.id} is not active there.")
    return NOBODY


def _found(key: str, value: str, user: CrmUser) -> Finding:
    stored = getattr(user, key)
    note = f"Written differently there: {stored}." if stored != value and key != "id" else ""
    return Finding(Status.BY_HAND if key == "id" else Status.MATCHED, user, key, note)


def _narrowed(facts: AgentFacts, key: str, value: str, users: list[CrmUser]) -> Finding:
    """Of several with one e-mail address, the one whose user name is the agent's; otherwise it stays open."""
    word = KEYS[key]
    mine = [user for user in users if key == "email" and facts.login and user.login == facts.login]
    if len(mine) == 1:
        return Finding(Status.MATCHED, mine[0], key, f"{len(users)} users have this {word}; the user name decides.")
    names = ", ".join(user.name or user.login or user.id for user in users[:5])
    note = f"{len(users)} users there have the {word} {value}: {names}{' ...' if len(users) > 5 else ''}"
    return Finding(Status.AMBIGUOUS, None, key, note)


def find(directory: UserDirectory, people: Sequence[AgentFacts]) -> list[Finding]:
    """One finding for each agent, in order, with few requests: all open agents are asked for by one key at a time.

    The mapping table comes first and is checked, too. Raises `IntegrationError`."""
    findings = [NOBODY] * len(people)
    _by_key(directory, people, findings, "id", [n for n, facts in enumerate(people) if facts.user_id])
    for key in directory.agent_keys():
        rest = [n for n, facts in enumerate(people) if not (facts.user_id or findings[n].settles)]
        _by_key(directory, people, findings, key, rest)
    return findings


def _by_key(
    directory: UserDirectory, people: Sequence[AgentFacts], findings: list[Finding], key: str, which: list[int]
) -> None:
    values = wanted(people[n].value(key) for n in which)
    users = directory.users_with(key, values) if values else []
    for n in which:
        found = judge(people[n], key, users)
        if found.status != Status.MISSING:
            findings[n] = found
        elif key == "id":
            findings[n] = replace(NOBODY, key=key, note=f"The user {people[n].user_id} of the mapping table is gone.")


class AgentLookup(UserDirectory, PeopleDirectory):
    """Finds one agent while work waits, by the same rule; who was found is remembered for a few minutes."""

    account: Any

    def find_agent(self, *, email: str, login: str, employee_id: str = "") -> CrmAgent | None:
        keys = self.agent_keys()
        if not keys:
            return None
        remembered = f"crm-agent:{self.account.public_id}:{hash_of((*keys, email.casefold(), login, employee_id))}"
        known: CrmAgent | None = cache.get(remembered)
        if known is None:
            [found] = find(self, [AgentFacts(email, login, employee_id)])
            known = CrmAgent(found.user.id, found.user.name) if found.user and found.status == Status.MATCHED else None
            if known:
                cache.set(remembered, known, AGENT_SECONDS)
        return known


def hash_of(parts: tuple[str, ...]) -> str:
    """A name for the cache: no blanks, no length, no addresses in clear."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]
