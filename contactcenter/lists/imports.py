"""Imports: from a vendor's query, a campaign or a file, page by page.

A page is fetched first and then stored in one transaction together with its cursor. Killed before that, the page is
fetched again; killed after it, the next one is. Nothing comes twice: a row is unique in its list."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from contactcenter.crm_access import NotConfigured, connect
from contactcenter.errors import NotPossible
from contactcenter.models import CallingList, ListFilePart, ListImport, ListRow
from integrations.capabilities import CallingListSource, CursorLost

from . import files, rows, runs
from .mapping import FieldMapping
from .rows import Incoming
from .runs import Status

PREVIEW_ROWS = 5
KEEP = timedelta(days=90)
KEEP_DRAFTS = timedelta(days=1)
MOST_RESTARTS = 3
Source = CallingList.Source


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page as it came, and where to go on; see `capabilities.SourcePage`."""

    rows: list[Incoming]
    cursor: str
    total: int | None = None
    wait: float = 0


# -- asking for one


def source_of(calling_list: CallingList) -> Any:
    """The provider from which people can be read. Raises `NotPossible` with words for the administrator."""
    account = calling_list.account
    if account is None:
        raise NotPossible("This list has no account. Choose one on the list's page, or upload a file.")
    try:
        provider = connect(account)
    except NotConfigured as reason:
        raise NotPossible(str(reason)) from None
    if not isinstance(provider, CallingListSource):
        raise NotPossible(f"Lists cannot be read from “{account.name}”. Choose a Salesforce account.")
    return provider


def draft_query(calling_list: CallingList, query: str, by: str) -> ListImport:
    """An import by a query, with its first rows. Raises `NotPossible` and `IntegrationError`."""
    return _draft(calling_list, by, source=Source.QUERY, query=query.strip())


def draft_campaign(calling_list: CallingList, campaign: str, name: str, by: str) -> ListImport:
    query = source_of(calling_list).campaign_query(campaign)
    return _draft(calling_list, by, source=Source.CAMPAIGN, query=query, campaign_id=campaign, campaign_name=name[:200])


def _draft(calling_list: CallingList, by: str, **facts: Any) -> ListImport:
    provider = source_of(calling_list)
    columns = provider.columns(facts["query"])
    sample = provider.sample(facts["query"], PREVIEW_ROWS)
    preview = [[row.values[column] for column in columns] for row in sample.rows]
    return ListImport.objects.create(
        calling_list=calling_list, asked_by=by, columns=list(columns), preview=preview, **facts
    )


@transaction.atomic
def draft_file(calling_list: CallingList, source: IO[bytes], name: str, size: int, by: str) -> ListImport:
    """An import of an uploaded file, which is kept in parts until it is taken in. Raises `NotPossible`."""
    found = files.read(source, size)
    run = ListImport.objects.create(
        calling_list=calling_list, asked_by=by, source=Source.FILE, file_name=name[:200], columns=list(found.columns),
        file_facts=found.facts, total=0,
    )  # fmt: skip
    for number, part in enumerate(found.parts()):
        ListFilePart.objects.create(run=run, number=number, rows=part)
        run.total = (run.total or 0) + len(part)
        run.preview = run.preview or [_whole(values, found.columns) for _number, values in part[:PREVIEW_ROWS]]
    if not run.total:
        raise NotPossible("The file has a heading and no rows.", "file")
    run.save(update_fields=["total", "preview"])
    return run


def _whole(values: list[str], columns: tuple[str, ...]) -> list[str]:
    return [*values, *[""] * len(columns)][: len(columns)]


def start(run: ListImport, mapping: FieldMapping) -> None:
    """Begin with a draft; the mapping and where people come from are remembered on the list.

    Raises `NotPossible` while another import of the list is under way."""
    try:
        with transaction.atomic():
            draft = ListImport.objects.filter(pk=run.pk, status=Status.DRAFT)
            begun = draft.update(status=Status.OPEN, mapping=mapping.dump(), due_at=timezone.now())
    except IntegrityError:
        raise NotPossible("Another import into this list is under way. Wait for its end, or stop it.") from None
    if not begun:
        raise NotPossible("This import was started already.")
    remembered: dict[str, Any] = {"source": run.source, "mapping": mapping.dump()}
    if run.source == Source.QUERY:
        remembered["query"] = run.query
    if run.campaign_id:
        remembered |= {"campaign_id": run.campaign_id, "campaign_name": run.campaign_name}
    CallingList.objects.filter(pk=run.calling_list_id).update(**remembered)
    runs.send_soon(ListImport, run.pk)


# -- doing it


def work(pk: int) -> ListImport | None:
    """Bring an import on for a while. What a worker calls."""
    run = ListImport.objects.select_related("calling_list__account").filter(pk=pk).first()
    return runs.drive(run, step) if run else None


def step(run: ListImport, owner: str) -> float | None:
    """One page."""
    try:
        fetched = _from_file(run) if run.source == Source.FILE else _from_vendor(run)
    except CursorLost:
        return _again(run, owner)
    with transaction.atomic():
        runs.save(run, owner)  # takes the run's row: whoever is faster stores the page
        _count(run, owner, fetched, rows.store(run, fetched.rows))
        if not fetched.cursor:
            runs.finish(run, owner)
            run.parts.all().delete()
            return None
    return fetched.wait


def _count(run: ListImport, owner: str, fetched: Fetched, counts: rows.Counts) -> None:
    runs.save(
        run, owner, cursor=fetched.cursor, read=run.read + len(fetched.rows), added=run.added + counts.added,
        updated=run.updated + counts.updated, refused=run.refused + counts.refused,
        reasons=dict(Counter(run.reasons) + counts.reasons),
        total=run.total if fetched.total is None else fetched.total,
    )  # fmt: skip


def _from_vendor(run: ListImport) -> Fetched:
    page = _provider(run).page(run.query, run.cursor)
    runs.note_success(run)
    incoming = [
        Incoming(number, row.values, row.record, row.campaign, row.member, row.excluded)
        for number, row in enumerate(page.rows, run.read + 1)
    ]
    return Fetched(incoming, page.cursor, page.total, page.wait)


def _provider(run: ListImport) -> Any:
    """Raises `NotConfigured`."""
    try:
        return source_of(run.calling_list)
    except NotPossible as reason:
        raise NotConfigured(reason.sentence) from None


def _from_file(run: ListImport) -> Fetched:
    """The cursor is the number of the next part."""
    number = int(run.cursor or 0)
    part = run.parts.filter(number=number).first()
    incoming = []
    for row_number, values in part.rows if part else []:
        by_column, problem = files.values_of(run.columns, values)
        incoming.append(Incoming(row_number, by_column, problem=problem))
    more = run.parts.filter(number=number + 1).exists()
    return Fetched(incoming, str(number + 1) if more else "")


@transaction.atomic
def _again(run: ListImport, owner: str) -> float | None:
    """The vendor has forgotten our place: from the beginning. Rows that came already are known again."""
    if run.restarts >= MOST_RESTARTS:
        text = "The vendor has lost our place in the answer several times. Try again later, or with a smaller query."
        runs.save(run, owner, status=Status.STUCK, error=text, finished_at=timezone.now())
        return None
    runs.save(
        run, owner, cursor="", restarts=run.restarts + 1, read=0, added=0, updated=0, refused=0, reasons={}, total=None
    )
    run.refused_rows.all().delete()
    ListRow.objects.filter(seen_by=run).update(seen_by=None)
    return 0


def prune(now: Any = None) -> int:
    """Forget drafts that nobody started, and with old imports the rows that they refused."""
    moment = now or timezone.now()
    drafts = ListImport.objects.filter(status=Status.DRAFT, created_at__lt=moment - KEEP_DRAFTS)
    ended = ListImport.objects.filter(status__in=(Status.DONE, Status.STOPPED), finished_at__lt=moment - KEEP)
    return drafts.delete()[0] + ended.delete()[0]


def refused(run: ListImport) -> Iterable[list[str]]:
    """The refused rows as a table with its heading, streamed."""
    yield ["Row", "Reason", *run.columns]
    for row in run.refused_rows.order_by("id").iterator(chunk_size=2000):
        yield [str(row.number), row.reason, *map(str, row.values)]
