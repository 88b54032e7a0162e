"""One page of people into the list: numbers are read, twins refused, what is known is brought up to date.

Everything about a page is stored in one transaction with the place to go on from (`imports`), so a page is in the list
entirely or not at all, however often it is read."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from contactcenter.models import ContactCenter, ListImport, ListRow, RefusedRow
from contactcenter.phone import PhoneNumber, normalise
from integrations.capabilities import Exclusion, RecordRef

from .mapping import FieldMapping

NO_NUMBER, BAD_NUMBER, TWICE, BAD_ROW = "no_number", "bad_number", "twice", "bad_row"
# For the summary of an import; `%d` of them.
REASONS = {
    NO_NUMBER: "without a phone number",
    BAD_NUMBER: "with a number that is none",
    TWICE: "that are there already",
    BAD_ROW: "with too many values",
    str(Exclusion.DO_NOT_CALL): "who must not be called (DoNotCall)",
    str(Exclusion.CONVERTED): "that were converted (IsConverted)",
}
SENTENCES = {
    Exclusion.DO_NOT_CALL: "The record says: do not call.",
    Exclusion.CONVERTED: "The lead was converted: its contact takes its place.",
}
BROUGHT_UP_TO_DATE = (
    "number", "e164", "name", "columns", "record_kind", "record_id", "campaign_id", "member_id", "seen_by",
    "source_row",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Incoming:
    """One row of a source. `number` is the row's, as people count; `problem` what is wrong with its form."""

    number: int
    values: dict[str, str]
    record: RecordRef | None = None
    campaign: str = ""
    member: str = ""
    excluded: Exclusion | None = None
    problem: str = ""


@dataclass(slots=True)
class Counts:
    added: int = 0
    updated: int = 0
    refused: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Page:
    run: ListImport
    mapping: FieldMapping
    region: str
    ready: dict[str, ListRow] = field(default_factory=dict)
    refused: list[RefusedRow] = field(default_factory=list)
    unwanted: set[str] = field(default_factory=set)
    counts: Counts = field(default_factory=Counts)

    def refuse(self, row: Incoming, kind: str, reason: str) -> None:
        values = [row.values.get(column, "") for column in self.run.columns]
        self.refused.append(RefusedRow(run=self.run, number=row.number, values=values, reason=reason[:300]))
        self.counts.reasons[kind] += 1

    def read(self, row: Incoming) -> None:
        """Sort one row in: ready, or refused with the reason."""
        if row.problem:
            return self.refuse(row, BAD_ROW, row.problem)
        if row.excluded:
            self.unwanted.add(_key(row, ""))
            return self.refuse(row, str(row.excluded), SENTENCES[row.excluded])
        text = self.mapping.number(row.values)
        if not text:
            return self.refuse(row, NO_NUMBER, f"There is no number in {' or '.join(self.mapping.phone)}.")
        phone = normalise(text, self.region)
        if not phone.e164:
            return self.refuse(row, BAD_NUMBER, f"“{text[:60]}” is not a phone number ({self.region}).")
        key = _key(row, phone.e164)
        twin = self.ready.get(key)
        if twin is not None:
            return self.refuse(row, TWICE, f"Repeats row {twin.source_row}: {_who(twin, key)}.")
        self.ready[key] = self._row(row, key, phone)
        return None

    def _row(self, row: Incoming, key: str, phone: PhoneNumber) -> ListRow:
        record = row.record or RecordRef("", "")
        return ListRow(
            calling_list_id=self.run.calling_list_id, key=key, number=phone.raw[:60], e164=phone.e164,
            name=self.mapping.full_name(row.values)[:200], columns=self.mapping.shown(row.values),
            record_kind=record.kind, record_id=record.id, campaign_id=row.campaign, member_id=row.member,
            added_by=self.run, seen_by=self.run, source_row=row.number,
        )  # fmt: skip


def _key(row: Incoming, e164: str) -> str:
    return f"{row.record.kind}:{row.record.id}" if row.record else f"tel:{e164}"


def _who(row: Any, key: str) -> str:
    return f"the same number, {row.e164}" if key.startswith("tel:") else f"the same record, {key.partition(':')[2]}"


def store(run: ListImport, page: Iterable[Incoming]) -> Counts:
    """Take a page in. Must be the caller's transaction, under the lease of `run`. Reads no more than a page."""
    region = run.calling_list.region or ContactCenter.current().default_region
    sorted_in = _Page(run, FieldMapping.load(run.mapping), region)
    rows = {row.number: row for row in page}
    for row in rows.values():
        sorted_in.read(row)
    _compare(sorted_in, rows)
    ListRow.objects.bulk_create(
        sorted_in.ready.values(), update_conflicts=True, unique_fields=["calling_list", "key"],
        update_fields=BROUGHT_UP_TO_DATE, batch_size=1000,
    )  # fmt: skip
    _take_away(run, sorted_in.unwanted)
    RefusedRow.objects.bulk_create(sorted_in.refused, batch_size=1000)
    sorted_in.counts.refused = len(sorted_in.refused)
    return sorted_in.counts


def _compare(page: _Page, rows: dict[int, Incoming]) -> None:
    """Which of the rows are in the list already: brought up to date, or twins and refused."""
    for known in _known(page.run, list(page.ready)):
        row = page.ready[known.key]
        if known.seen_by_id == page.run.pk:
            reason = f"Repeats row {known.source_row}: {_who(known, known.key)}."
        elif known.key.startswith("tel:"):
            reason = f"Repeats {known.name or 'a row'} ({known.e164}), which is in the list already."
        else:
            page.counts.updated += known.added_by_id != page.run.pk
            continue
        del page.ready[known.key]
        page.refuse(rows[row.source_row], TWICE, reason)
    page.counts.added = len(page.ready) - page.counts.updated


def _known(run: ListImport, keys: Sequence[str]) -> Iterable[ListRow]:
    found = ListRow.objects.filter(calling_list_id=run.calling_list_id, key__in=keys)
    return found.only("key", "name", "e164", "added_by_id", "seen_by_id", "source_row")


def _take_away(run: ListImport, keys: set[str]) -> None:
    """Who does not want to be called any more is not called any more."""
    waiting = ListRow.objects.filter(calling_list_id=run.calling_list_id, key__in=keys, state=ListRow.State.TO_CALL)
    waiting.update(state=ListRow.State.DO_NOT_CALL)
