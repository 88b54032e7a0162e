"""The records of the organisation, in memory; ids as Salesforce makes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from . import schema

Row = dict[str, Any]
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def record_id(prefix: str, number: int) -> str:
    """Prefix, instance, number, and the checksum that makes 15 case-sensitive characters 18 that need no case."""
    text = ""
    while number:
        number, rest = divmod(number, len(DIGITS))
        text = DIGITS[rest] + text
    return checked(f"{prefix}Dm{text.rjust(10, '0')}")


def checked(short: str) -> str:
    """15 characters and the checksum: one letter for each five, a bit for every capital."""
    chunks = (short[n : n + 5] for n in (0, 5, 10))
    return short + "".join(ALPHABET[sum(1 << i for i, c in enumerate(chunk) if c.isupper())] for chunk in chunks)


def now() -> datetime:
    return datetime.now(UTC)


def written(moment: datetime) -> str:
    """Times as the REST API writes them."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


class Store:
    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Row]] = {name: {} for name in schema.ENTITIES}
        self.deleted: set[str] = set()
        self._numbers = dict.fromkeys(schema.ENTITIES, 0)

    def of(self, entity: schema.Entity) -> list[Row]:
        return list(self.rows[entity.name].values())

    def get(self, entity: schema.Entity, id_: str) -> Row | None:
        full = checked(id_) if len(id_) == 15 else id_
        return self.rows[entity.name].get(full)

    def find(self, id_: str) -> tuple[schema.Entity, Row] | None:
        """Any record by its id; the first three characters say of which object."""
        for entity in schema.ENTITIES.values():
            if id_.startswith(entity.prefix) and (row := self.get(entity, id_)):
                return entity, row
        return None

    def insert(self, entity: schema.Entity, values: Row, by: str) -> Row:
        self._numbers[entity.name] += 1
        number = self._numbers[entity.name]
        defaults = {name: each.default for name, each in entity.fields.items()}
        moment = written(now())
        row: Row = {
            **defaults,
            "Id": record_id(entity.prefix, number),
            "CreatedDate": moment,
            "CreatedById": by or None,
        }
        if "OwnerId" in entity.fields:
            row["OwnerId"] = by or None
        if entity.name == "Case":
            row["CaseNumber"] = f"{1000 + number:08d}"
        self.rows[entity.name][row["Id"]] = row
        self.write(entity, row, values)
        return row

    def write(self, entity: schema.Entity, row: Row, values: Row) -> None:
        row.update(values)
        row["LastModifiedDate"] = row["SystemModstamp"] = written(now())
        self._compute(entity, row)

    def _compute(self, entity: schema.Entity, row: Row) -> None:
        if "LastName" in entity.fields:
            row["Name"] = " ".join(filter(None, (row.get("FirstName"), row.get("LastName"))))
        if entity.name == "Case":
            row["IsClosed"] = row.get("Status") == "Closed"
            row["ClosedDate"] = (row.get("ClosedDate") or written(now())) if row["IsClosed"] else None
        if entity.name == "Task":
            row["IsClosed"] = row.get("Status") == "Completed"
            row["AccountId"] = self._account_of(row)
        if entity.name == "CampaignMember":
            self._respond(row)

    def statuses(self, campaign: str) -> dict[str, Row]:
        """The statuses that members of a campaign may have, by label."""
        rows = self.rows["CampaignMemberStatus"].values()
        return {row["Label"]: row for row in rows if row["CampaignId"] == campaign}

    def _respond(self, member: Row) -> None:
        """A status that the campaign does not have becomes its default one, without a word; HasResponded follows from
        the status (object reference, "CampaignMember")."""
        known = self.statuses(member["CampaignId"])
        if member.get("Status") not in known:
            member["Status"] = next((label for label, row in known.items() if row["IsDefault"]), None)
        member["HasResponded"] = bool(known.get(member["Status"] or "", {}).get("HasResponded"))
        if member["HasResponded"] and not member.get("FirstRespondedDate"):
            member["FirstRespondedDate"] = written(now())[:10]

    def _account_of(self, task: Row) -> str | None:
        """The account that a task belongs to follows from its relations and cannot be written."""
        for name in ("WhatId", "WhoId"):
            found = self.find(task.get(name) or "")
            if found and found[0].name == "Account":
                return str(found[1]["Id"])
            if found and found[1].get("AccountId"):
                return str(found[1]["AccountId"])
        return None

    def delete(self, entity: schema.Entity, id_: str) -> None:
        del self.rows[entity.name][id_]
        self.deleted.add(id_)
