"""Which columns of a source hold the number, the name, and what agents shall see."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_PHONES = 4
MOST_SHOWN = 20
# Words in names of columns, the best first; German, French, Spanish and Japanese for files from offices there.
PHONE_WORDS = ("mobile", "handy", "mobil", "movil", "móvil", "携帯", "phone", "telefon", "teléfono", "téléphone",
               "telephone", "tel", "number", "nummer", "電話")  # fmt: skip
NAME_WORDS = ("full name", "name", "nom", "nombre", "名前", "氏名")
PARTS_OF_NAMES = (("first", "last"), ("vorname", "nachname"), ("prénom", "nom"), ("given", "family"), ("名", "姓"))
NO_PHONE = ("fax", "phone type", "call")
NO_NAME = ("company", "user", "account", "file", "firma", "campaign")
IDS = re.compile(r"(?:^|\.)(?:\w*Id)$")


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """`phone`: the first column of these that holds something. `name`: joined by blanks. `columns`: for the agent."""

    phone: tuple[str, ...]
    name: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    @classmethod
    def load(cls, stored: Mapping[str, Any]) -> "FieldMapping":
        return cls(*(tuple(stored.get(name, ())) for name in ("phone", "name", "columns")))

    def dump(self) -> dict[str, list[str]]:
        return {"phone": list(self.phone), "name": list(self.name), "columns": list(self.columns)}

    def number(self, values: Mapping[str, str]) -> str:
        return next((values[c].strip() for c in self.phone if values.get(c, "").strip()), "")

    def full_name(self, values: Mapping[str, str]) -> str:
        return " ".join(filter(None, (values.get(column, "").strip() for column in self.name)))

    def shown(self, values: Mapping[str, str]) -> dict[str, str]:
        return {column: values[column] for column in self.columns if values.get(column)}


def guess(columns: Sequence[str], remembered: Mapping[str, Any] | None = None) -> FieldMapping:
    """What was chosen the last time where these columns still have it, else a guess by the columns' names."""
    before = FieldMapping.load(remembered or {})
    if before.phone and set(before.phone) <= set(columns):
        known = set(columns)
        return FieldMapping(
            before.phone,
            tuple(c for c in before.name if c in known),
            tuple(c for c in before.columns if c in known),
        )
    phones = _by_words(columns, PHONE_WORDS, NO_PHONE)[:MOST_PHONES]
    names = _names([c for c in columns if c not in phones])
    rest = [c for c in columns if c not in {*phones, *names} and not IDS.search(c)]
    return FieldMapping(tuple(phones), tuple(names), tuple(rest[:MOST_SHOWN]))


def _names(columns: Sequence[str]) -> list[str]:
    plain = {column: _plain(column) for column in columns}
    for parts in PARTS_OF_NAMES:
        found = [next((c for c in columns if part in plain[c]), "") for part in parts]
        if all(found) and len(set(found)) == len(found):
            return found
    candidates = _by_words(columns, NAME_WORDS, NO_NAME)
    # A contact's and a lead's name: one of both is filled.
    same = [c for c in candidates if _plain(c.rpartition(".")[2]) == _plain(candidates[0].rpartition(".")[2])]
    return same[:2] if "." in "".join(same) else same[:1]


def _by_words(columns: Sequence[str], wanted: Sequence[str], unwanted: Sequence[str]) -> list[str]:
    """Columns with one of the words, those with the better word first."""
    ranked = []
    for place, column in enumerate(columns):
        text = _plain(column.rpartition(".")[2])
        rank = next((n for n, word in enumerate(wanted) if word in text), None)
        if rank is not None and not any(word in text for word in unwanted):
            ranked.append((rank, place, column))
    return [column for _rank, _place, column in sorted(ranked)]


def _plain(column: str) -> str:
    """ "MobilePhone", "mobile_phone" and "Mobile phone" are the same words."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column)
    return re.sub(r"[\s_-]+", " ", spaced).strip().lower()
