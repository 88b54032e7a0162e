"""Users, organizations, tickets and their comments. Ids are whole numbers, times ISO 8601 in UTC."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

Record = dict[str, Any]
KINDS = ("ticket", "user", "organization")
PLURAL = {"ticket": "tickets", "user": "users", "organization": "organizations"}


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Store:
    def __init__(self) -> None:
        self.tables: dict[str, dict[int, Record]] = {kind: {} for kind in KINDS}
        self.comments: dict[int, list[Record]] = {}
        self.identities: dict[int, list[Record]] = {}
        #: When the search index learns of a record: seconds since the epoch.
        self.written: dict[tuple[str, int], float] = {}
        self.ids = {
            "ticket": itertools.count(1001),
            "user": itertools.count(5001),
            "organization": itertools.count(7001),
        }
        self.parts = itertools.count(90001)

    def add(self, kind: str, values: Record) -> Record:
        number = next(self.ids[kind])
        record = {"id": number, **values, "created_at": now(), "updated_at": now()}
        self.tables[kind][number] = record
        self.written[kind, number] = time.time()
        return record

    def change(self, kind: str, record: Record, values: Record) -> None:
        record.update(values)
        record["updated_at"] = now()
        self.written[kind, record["id"]] = time.time()

    def get(self, kind: str, number: int) -> Record | None:
        return self.tables[kind].get(number)

    def rows(self, kind: str) -> list[Record]:
        return list(self.tables[kind].values())

    def first(self, kind: str, **wanted: Any) -> Record | None:
        same = (r for r in self.rows(kind) if all(_folded(r.get(n)) == _folded(v) for n, v in wanted.items()))
        return next(same, None)

    def add_comment(self, ticket: Record, author: Record, comment: Record) -> Record:
        made = {"id": next(self.parts), "type": "Comment", "author_id": author["id"], "created_at": now(), **comment}
        self.comments.setdefault(ticket["id"], []).append(made)
        return made

    def add_identity(self, user: Record, kind: str, value: str) -> None:
        listed = self.identities.setdefault(user["id"], [])
        entry = {"id": next(self.parts), "user_id": user["id"], "type": kind, "value": value, "primary": not listed}
        listed.append(entry)

    def phones(self, user: Record) -> Iterable[str]:
        """Every number of a user: that of the profile and those among the identities."""
        others = (i["value"] for i in self.identities.get(user["id"], []) if i["type"] == "phone_number")
        return filter(None, (user.get("phone") or "", *others))


def digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
