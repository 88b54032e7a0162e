"""A query for a calling list: what the administrator wrote, taken apart, and with the fields that we need ourselves."""

import re
from dataclasses import dataclass

from integrations.errors import Cause, Rejected

from . import soql

WHOLE = re.compile(r"^\s*SELECT\s+(?P<fields>.+?)\s+FROM\s+(?P<kind>\w+)(?:\s+(?P<tail>.*))?$", re.I | re.S)
FIELD = re.compile(r"^[A-Za-z]\w*(?:\.[A-Za-z]\w*){0,5}$")
TAIL = re.compile(r"^(WHERE|ORDER\s+BY|LIMIT|OFFSET|USING\s+SCOPE|WITH)\b", re.I)
LITERAL_OR_LIMIT = re.compile(rf"(?P<literal>{soql.LITERAL.pattern})|\b(?:LIMIT|OFFSET)\s+\d+", re.I | re.S)
# What we must know of everybody: which record it is, and whether calls are allowed.
NEEDED = {
    "Contact": ("Id", "DoNotCall"),
    "Lead": ("Id", "DoNotCall", "IsConverted"),
    "CampaignMember": (
        "Id", "CampaignId", "ContactId", "LeadId", "Contact.DoNotCall", "Lead.DoNotCall", "Lead.IsConverted",
    ),
}  # fmt: skip
MEMBER_FIELDS = (
    "Contact.Name", "Contact.Phone", "Contact.MobilePhone", "Contact.Email",
    "Lead.Name", "Lead.Phone", "Lead.MobilePhone", "Lead.Company", "Status",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ListQuery:
    """`fields` as they were written, `tail` everything after the object."""

    kind: str
    fields: tuple[str, ...]
    tail: str

    @property
    def text(self) -> str:
        """The query as it is sent."""
        return f"{soql.query(self._all(), self.kind)} {self.tail}".strip()

    def sample(self, count: int) -> str:
        """The same for the first rows only."""
        tail = LITERAL_OR_LIMIT.sub(lambda match: match["literal"] or "", self.tail)
        return f"{soql.query(self._all(), self.kind)} {tail.strip()}".strip() + f" LIMIT {count}"

    def _all(self) -> tuple[str, ...]:
        written = {name.lower() for name in self.fields}
        return (*self.fields, *(name for name in NEEDED[self.kind] if name.lower() not in written))


def parse(text: str) -> ListQuery:
    """Raises `Rejected` with field "query" for what is no list of people."""
    match = WHOLE.match(text.strip().rstrip(";"))
    if match is None:
        raise _refused("This is no query. Write SELECT fields FROM Contact, Lead or CampaignMember.")
    kind = next((name for name in NEEDED if name.lower() == match["kind"].lower()), "")
    if not kind:
        known = ", ".join(NEEDED)
        raise _refused(f"A list cannot be made of {match['kind']}. Query one of {known}.")
    fields = tuple(dict.fromkeys(name.strip() for name in match["fields"].split(",")))
    wrong = next((name for name in fields if not FIELD.match(name)), None)
    if wrong is not None:
        raise _refused(f'"{wrong[:60]}" is not a field. Name fields one by one, without functions and subqueries.')
    tail = (match["tail"] or "").strip()
    if tail and not TAIL.match(tail):
        raise _refused(f'"{tail.split()[0][:60]}" is not expected after {kind}. Leave out aliases and GROUP BY.')
    return ListQuery(kind, fields, tail)


def _refused(text: str) -> Rejected:
    return Rejected(text, cause=Cause.INVALID_DATA, field="query")
